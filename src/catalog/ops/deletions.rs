//! `ops.deletions`: what was removed by the rules of retention, when and why.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray, TimestampMillisecondArray, UInt64Array};
use chrono::{DateTime, Utc};

use super::super::table::MemoryTable;
use super::memory;
use crate::warehouse::DeletionRecord;

/// One row a thing that was removed.
pub(crate) fn deletions_table(rows: &[DeletionRecord]) -> MemoryTable {
    let text = |of: fn(&DeletionRecord) -> Option<String>| {
        Arc::new(rows.iter().map(of).collect::<StringArray>()) as ArrayRef
    };
    let number =
        |of: fn(&DeletionRecord) -> u64| Arc::new(UInt64Array::from_iter_values(rows.iter().map(of))) as ArrayRef;
    let instant = |of: fn(&DeletionRecord) -> Option<DateTime<Utc>>| {
        let millis: TimestampMillisecondArray =
            rows.iter().map(|row| of(row).map(|at| at.timestamp_millis())).collect();
        Arc::new(millis.with_timezone("UTC")) as ArrayRef
    };
    memory(
        "deletions",
        vec![
            ("deletion", number(|row| row.seq)),
            ("kind", text(|row| Some(row.what.kind.word().to_owned()))),
            ("name", text(|row| Some(row.what.name.clone()))),
            ("dataset", text(|row| row.what.dataset.as_ref().map(ToString::to_string))),
            ("partition", text(|row| row.what.partition.clone())),
            ("run", text(|row| row.what.run.as_ref().map(ToString::to_string))),
            ("path", text(|row| row.what.path.clone())),
            ("bytes", number(|row| row.what.bytes)),
            ("rows", number(|row| row.what.rows)),
            ("rule", text(|row| Some(row.what.rule.clone()))),
            ("reason", text(|row| Some(row.what.reason.clone()))),
            ("operator", text(|row| Some(row.operator.clone()))),
            ("at", instant(|row| Some(row.at))),
            ("done_at", instant(|row| row.done_at)),
        ],
    )
}
