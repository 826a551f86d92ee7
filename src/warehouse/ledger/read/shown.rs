//! What pages of the console show of runs: one portion at a time, however long the whole is.

use super::{count_of, page_of, partition_of, record_of, refused_of, run_of};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::id::RunId;
use crate::warehouse::ledger::{Ledger, dataset_of};
use crate::warehouse::record::{PartitionRecord, QuarantinedRow, RecordedPage, RefusalCount, RunRecord};
use crate::warehouse::shelf::Stretch;
use rusqlite::{OptionalExtension, Row, params};

/// The newest runs with refused rows, and what they were refused for. `run` is that of the greatest `seq`, as SQLite promises of a
/// column beside a single max().
const BY_REASON: &str = "
    SELECT r.source, r.dataset, q.column_name, q.reason, count(*) AS n_rows, count(DISTINCT q.run) AS n_runs,
        max(r.seq) AS newest, r.run AS run
    FROM (SELECT seq, run, source, dataset FROM runs WHERE n_quarantined > 0 ORDER BY seq DESC LIMIT ?1) AS r
    JOIN quarantine AS q USING (run)
    GROUP BY r.source, r.dataset, q.column_name, q.reason
    ORDER BY newest DESC, n_rows DESC, r.source, r.dataset, q.column_name, q.reason
    LIMIT ?2 OFFSET ?3";

impl Ledger {
    /// One run, without its pages.
    pub(crate) fn run_record(&self, run: &RunId) -> Result<Option<RunRecord>, WarehouseError> {
        self.call("read a run", |connection| {
            let mut query = connection.prepare_cached("SELECT * FROM runs WHERE run = ?1")?;
            query.query_row([run.as_str()], record_of).optional()
        })
    }

    /// A portion of the pages of a run.
    pub(crate) fn run_pages(&self, run: &RunId, of: Stretch) -> Result<Vec<RecordedPage>, WarehouseError> {
        self.call("list the pages of a run", |connection| {
            let sql = "SELECT * FROM pages WHERE run = ?1 ORDER BY seq LIMIT ?2 OFFSET ?3";
            let mut query = connection.prepare_cached(sql)?;
            query.query_map(params![run.as_str(), of.limit, of.skip], page_of)?.collect()
        })
    }

    /// A portion of the partitions that a run published.
    pub(crate) fn run_partitions(&self, run: &RunId, of: Stretch) -> Result<Vec<PartitionRecord>, WarehouseError> {
        self.call("list the partitions of a run", |connection| {
            let sql = "SELECT * FROM partitions WHERE run = ?1 AND state <> 'intended'
                       ORDER BY partition LIMIT ?2 OFFSET ?3";
            let mut query = connection.prepare_cached(sql)?;
            query.query_map(params![run.as_str(), of.limit, of.skip], partition_of)?.collect()
        })
    }

    /// A portion of the rows that a run refused.
    pub(crate) fn run_refusals(&self, run: &RunId, of: Stretch) -> Result<Vec<QuarantinedRow>, WarehouseError> {
        self.call("list the refused rows of a run", |connection| {
            let sql = "SELECT q.*, r.source, r.dataset FROM quarantine AS q JOIN runs AS r USING (run)
                       WHERE run = ?1 ORDER BY q.seq LIMIT ?2 OFFSET ?3";
            let mut query = connection.prepare_cached(sql)?;
            query.query_map(params![run.as_str(), of.limit, of.skip], refused_of)?.collect()
        })
    }

    /// What the newest `runs` runs with refused rows refused them for.
    pub(crate) fn refusals(&self, runs: u32, of: Stretch) -> Result<Vec<RefusalCount>, WarehouseError> {
        self.call("count refused rows by reason", |connection| {
            let mut query = connection.prepare_cached(BY_REASON)?;
            query.query_map(params![runs, of.limit, of.skip], count_of_reason)?.collect()
        })
    }
}

fn count_of_reason(row: &Row<'_>) -> rusqlite::Result<RefusalCount> {
    Ok(RefusalCount {
        dataset: dataset_of(row)?,
        column: row.get("column_name")?,
        reason: row.get("reason")?,
        rows: count_of(row, "n_rows")?,
        runs: count_of(row, "n_runs")?,
        newest: run_of(row, "run")?,
    })
}
