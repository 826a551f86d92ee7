//! What the ledger knows of raw pages. A file may belong to several runs: a replay refers to the pages it read.

use super::{Ledger, run_of};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::id::{DatasetId, RunId};
use crate::warehouse::partition::Partition;
use rusqlite::params;
use std::collections::BTreeSet;

/// Runs of a dataset that published nothing and are not among the last ones, and published runs that nothing is left of.
const TOO_LONG: &str = "
    SELECT run FROM (
        SELECT run, status, row_number() OVER (PARTITION BY status ORDER BY seq DESC) AS age FROM runs AS r
        WHERE source = ?1 AND dataset = ?2 AND status IN ('held', 'failed')
          AND EXISTS (SELECT 1 FROM pages AS p WHERE p.run = r.run AND p.raw IS NOT NULL))
    WHERE age > CASE status WHEN 'held' THEN ?3 ELSE ?4 END
    UNION ALL
    SELECT run FROM runs AS r
    WHERE source = ?1 AND dataset = ?2 AND status = 'committed'
      AND EXISTS (SELECT 1 FROM pages AS p WHERE p.run = r.run AND p.raw IS NOT NULL)
      AND NOT EXISTS (
        -- Its files, and those that carry their rows on.
        WITH RECURSIVE heirs (run, partition, state, superseded_by) AS (
            SELECT run, partition, state, superseded_by FROM partitions WHERE run = r.run
            UNION
            SELECT p.run, p.partition, p.state, p.superseded_by FROM heirs AS h
            JOIN partitions AS p ON p.run = h.superseded_by AND p.partition = h.partition AND p.carries_on = 1)
        SELECT 1 FROM heirs WHERE state <> 'removed')";

/// The runs whose rows a file of a partition holds: its own, and as long as the file carries on the one before that one's.
const CARRIED: &str = "
    WITH RECURSIVE carried (run, carries_on, depth) AS (
        SELECT run, carries_on, 0 FROM partitions WHERE run = ?1 AND partition = ?2
        UNION ALL
        SELECT p.run, p.carries_on, c.depth + 1 FROM carried AS c
        JOIN partitions AS p ON p.superseded_by = c.run AND p.partition = ?2
        JOIN runs AS r ON r.run = p.run AND (r.source, r.dataset) = (SELECT source, dataset FROM runs WHERE run = ?1)
        WHERE c.carries_on = 1)
    SELECT run FROM carried ORDER BY depth DESC";

impl Ledger {
    /// The files of a run's raw pages, relative to the archive.
    pub(crate) fn raw_files(&self, run: &RunId) -> Result<BTreeSet<String>, WarehouseError> {
        self.texts("SELECT DISTINCT raw FROM pages WHERE run = ?1 AND raw IS NOT NULL", run)
    }

    /// Those among the files in a run's own folder, or of its pages, that other runs refer to.
    pub(crate) fn raw_files_shared(&self, run: &RunId) -> Result<BTreeSet<String>, WarehouseError> {
        let shared =
            "SELECT DISTINCT p.raw FROM pages AS p JOIN pages AS other ON other.raw = p.raw AND other.run <> ?1
            WHERE p.run = ?1 AND p.raw IS NOT NULL";
        self.texts(shared, run)
    }

    /// The runs whose rows the file of `run` holds in `partition`, oldest first.
    pub(crate) fn carried_runs(&self, run: &RunId, partition: &Partition) -> Result<Vec<RunId>, WarehouseError> {
        self.call("look up the runs that a file carries on", |connection| {
            let mut query = connection.prepare_cached(CARRIED)?;
            let rows = query.query_map([run.as_str(), &partition.to_string()], |row| run_of(row, "run"))?;
            rows.collect()
        })
    }

    /// Notes that a run's raw pages are gone.
    pub(crate) fn forget_raw(&mut self, run: &RunId) -> Result<(), WarehouseError> {
        self.transaction("note removed pages", |tx| {
            let forget = "UPDATE pages SET raw = NULL, raw_sealed = NULL WHERE run = ?1 AND raw IS NOT NULL";
            tx.execute(forget, [run.as_str()])?;
            Ok(())
        })
    }

    /// Runs of `dataset` whose raw pages have been kept long enough: beyond the last `held` and `failed` ones, and those
    /// whose files are all replaced and gone.
    pub(crate) fn archived_too_long(
        &self,
        dataset: &DatasetId,
        held: u32,
        failed: u32,
    ) -> Result<Vec<RunId>, WarehouseError> {
        self.call("look for old raw pages", |connection| {
            let mut query = connection.prepare_cached(TOO_LONG)?;
            let wanted = params![dataset.source(), dataset.dataset(), held, failed];
            let rows = query.query_map(wanted, |row| run_of(row, "run"))?;
            rows.collect()
        })
    }

    fn texts(&self, query: &'static str, run: &RunId) -> Result<BTreeSet<String>, WarehouseError> {
        self.call("look up raw pages", |connection| {
            let mut query = connection.prepare_cached(query)?;
            let rows = query.query_map([run.as_str()], |row| row.get(0))?;
            rows.collect()
        })
    }
}
