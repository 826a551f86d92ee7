//! `ops.audit`: what people did in the console that changed something, and what was refused. No personal value is among it.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray, TimestampMillisecondArray, UInt64Array};

use super::super::table::MemoryTable;
use super::memory;
use crate::warehouse::AuditRecord;

/// One row an act.
pub(crate) fn audit_table(rows: &[AuditRecord]) -> MemoryTable {
    let text =
        |of: fn(&AuditRecord) -> Option<String>| Arc::new(rows.iter().map(of).collect::<StringArray>()) as ArrayRef;
    let millis: TimestampMillisecondArray = rows.iter().map(|row| Some(row.at.timestamp_millis())).collect();
    memory(
        "audit",
        vec![
            ("act", Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.seq)))),
            ("at", Arc::new(millis.with_timezone("UTC"))),
            ("who", text(|row| row.who.clone())),
            ("what", text(|row| Some(row.act.word().to_owned()))),
            ("target", text(|row| row.target.clone())),
            ("outcome", text(|row| Some(row.outcome.word().to_owned()))),
        ],
    )
}
