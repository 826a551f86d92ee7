//! `ops.schedule` and `ops.occurrences`: since when each schedule is as it is, and what became of each of its times.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray, TimestampMillisecondArray, UInt32Array};
use chrono::{DateTime, Utc};

use super::super::table::MemoryTable;
use super::memory;
use crate::warehouse::{OccurrenceRecord, ScheduleRecord};

/// One row a schedule.
pub(crate) fn schedule_table(rows: &[ScheduleRecord]) -> MemoryTable {
    memory(
        "schedule",
        vec![
            ("job", text(rows, |row| Some(row.job.clone()))),
            ("since", instant(rows, |row| Some(row.since))),
            ("accounted_until", instant(rows, |row| row.accounted)),
            ("spec_sha256", text(rows, |row| Some(row.spec_sha256.clone()))),
        ],
    )
}

/// One row an occurrence.
pub(crate) fn occurrences_table(rows: &[OccurrenceRecord]) -> MemoryTable {
    let attempts = UInt32Array::from_iter_values(rows.iter().map(|row| row.attempt));
    memory(
        "occurrences",
        vec![
            ("job", text(rows, |row| Some(row.job.clone()))),
            ("due_at", instant(rows, |row| Some(row.due_at))),
            ("state", text(rows, |row| Some(row.state.word().to_owned()))),
            ("attempt", Arc::new(attempts)),
            ("started_at", instant(rows, |row| row.started_at)),
            ("next_at", instant(rows, |row| row.next_at)),
            ("finished_at", instant(rows, |row| row.finished_at)),
            ("reason", text(rows, |row| row.reason.clone())),
            ("run", text(rows, |row| row.run.clone())),
        ],
    )
}

fn text<T>(rows: &[T], of: fn(&T) -> Option<String>) -> ArrayRef {
    Arc::new(rows.iter().map(of).collect::<StringArray>())
}

fn instant<T>(rows: &[T], of: fn(&T) -> Option<DateTime<Utc>>) -> ArrayRef {
    let millis: TimestampMillisecondArray = rows.iter().map(|row| of(row).map(|at| at.timestamp_millis())).collect();
    Arc::new(millis.with_timezone("UTC"))
}
