//! `ops.deliveries`: what became of each mail. Addresses are masked; in full they stand in the ledger's file only.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, StringArray, TimestampMillisecondArray, UInt32Array, UInt64Array};
use chrono::{DateTime, Utc};

use super::super::table::MemoryTable;
use super::memory;
use crate::warehouse::DeliveryRecord;

/// One row a delivery.
pub(super) fn deliveries_table(rows: &[DeliveryRecord]) -> MemoryTable {
    let text = |of: fn(&DeliveryRecord) -> Option<String>| {
        Arc::new(rows.iter().map(of).collect::<StringArray>()) as ArrayRef
    };
    let instant = |of: fn(&DeliveryRecord) -> Option<DateTime<Utc>>| {
        let millis: TimestampMillisecondArray =
            rows.iter().map(|row| of(row).map(|at| at.timestamp_millis())).collect();
        Arc::new(millis.with_timezone("UTC")) as ArrayRef
    };
    let numbers = UInt64Array::from_iter_values(rows.iter().map(|row| row.seq));
    let attempts = UInt32Array::from_iter_values(rows.iter().map(|row| row.attempts));
    let codes: Int32Array = rows.iter().map(|row| row.reply_code.map(i32::from)).collect();
    memory(
        "deliveries",
        vec![
            ("delivery", Arc::new(numbers)),
            ("kind", text(|row| Some(row.kind.word().to_owned()))),
            ("edition", text(|row| Some(row.edition.clone()))),
            ("recipient", text(|row| Some(row.recipient.masked()))),
            ("state", text(|row| Some(row.state.word().to_owned()))),
            ("attempts", Arc::new(attempts)),
            ("stage", text(|row| row.stage.map(|stage| stage.word().to_owned()))),
            ("reply_code", Arc::new(codes)),
            ("reply", text(|row| row.reply.clone())),
            ("message_id", text(|row| Some(row.message_id.clone()))),
            ("retry_at", instant(|row| row.retry_at)),
            ("operator", text(|row| Some(row.operator.clone()))),
            ("resent_by", text(|row| row.resent_by.clone())),
            ("created_at", instant(|row| Some(row.created_at))),
            ("sent_at", instant(|row| row.sent_at)),
            ("finished_at", instant(|row| row.finished_at)),
        ],
    )
}
