//! What was received for each window.

use super::{Ledger, count_of, instant_of};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::id::DatasetId;
use crate::warehouse::received::Received;
use std::collections::BTreeMap;

/// A replay received nothing: it read again what the run before it had.
const RECEIVED: &str = "
    SELECT p.window, max(p.started_at) AS asked_at, sum(p.n_rows - p.n_quarantined) AS n_rows, count(*) AS n_pages,
        sum(p.duration_ms) AS duration_ms
    FROM runs AS r JOIN pages AS p USING (run)
    WHERE r.source = ?1 AND r.dataset = ?2 AND r.status IN ('committed', 'unchanged', 'empty') AND r.replay_of IS NULL
        AND p.verdict IN ('rows', 'empty')
    GROUP BY p.window";

impl Ledger {
    /// What runs of a dataset that ended well received, by window.
    pub(crate) fn received(&self, dataset: &DatasetId) -> Result<BTreeMap<String, Received>, WarehouseError> {
        self.call("look up what was received", |connection| {
            let mut query = connection.prepare_cached(RECEIVED)?;
            let windows = query.query_map([dataset.source(), dataset.dataset()], |row| {
                let received = Received {
                    at: instant_of(row, "asked_at")?,
                    rows: count_of(row, "n_rows")?,
                    pages: count_of(row, "n_pages")?,
                    millis: count_of(row, "duration_ms")?,
                };
                Ok((row.get("window")?, received))
            })?;
            windows.collect()
        })
    }
}
