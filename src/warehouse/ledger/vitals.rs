//! Counts of what stands in the ledger, for those who watch it.

use super::Ledger;
use crate::warehouse::delivery::DeliveryState;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::occurrences::OccurrenceState;
use crate::warehouse::sqlite::{count_of, instant, instant_of, word};
use crate::warehouse::vitals::{DeliveryCount, OccurrenceCount, Vitals};
use chrono::{DateTime, Utc};
use rusqlite::Row;

const OCCURRENCES: &str = "
    SELECT job, state, count(*) AS n, max(due_at) AS newest_due, max(finished_at) AS last_end
    FROM occurrences GROUP BY job, state ORDER BY job, state";

const DELIVERIES: &str = "
    SELECT state, count(*) AS n, min(due_since) AS oldest, count(*) FILTER (WHERE finished_at >= ?1) AS recent
    FROM deliveries GROUP BY state ORDER BY state";

impl Ledger {
    /// [`Vitals`] of one moment.
    pub(crate) fn vitals(&self, since: DateTime<Utc>) -> Result<Vitals, WarehouseError> {
        self.call("count what stands in the ledger", |connection| {
            // One read transaction, so that the answers belong together.
            let tx = connection.unchecked_transaction()?;
            let mut occurrences = tx.prepare_cached(OCCURRENCES)?;
            let occurrences = occurrences.query_map([], occurrences_of)?.collect::<rusqlite::Result<_>>()?;
            let mut deliveries = tx.prepare_cached(DELIVERIES)?;
            let deliveries =
                deliveries.query_map([instant(since)], deliveries_of)?.collect::<rusqlite::Result<_>>()?;
            Ok(Vitals { occurrences, deliveries })
        })
    }
}

fn occurrences_of(row: &Row<'_>) -> rusqlite::Result<OccurrenceCount> {
    let ended: Option<String> = row.get("last_end")?;
    Ok(OccurrenceCount {
        job: row.get("job")?,
        state: word(row, "state", OccurrenceState::from_word)?,
        n: count_of(row, "n")?,
        newest_due: instant_of(row, "newest_due")?,
        last_end: ended.map(|_| instant_of(row, "last_end")).transpose()?,
    })
}

fn deliveries_of(row: &Row<'_>) -> rusqlite::Result<DeliveryCount> {
    Ok(DeliveryCount {
        state: word(row, "state", DeliveryState::from_word)?,
        n: count_of(row, "n")?,
        oldest: instant_of(row, "oldest")?,
        recent: count_of(row, "recent")?,
    })
}
