//! A ledger that comes from a backup: what had not ended then, and what may have happened since.

use super::{Ledger, dataset_of, instant, run_of};
use crate::warehouse::disk;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::layout::Layout;
use chrono::{DateTime, Utc};
use rusqlite::params;

/// What the ledger says of what a backup broke off.
const NOT_THERE: &str = "aborted: the ledger was restored from a backup, and its files are not there";

impl Ledger {
    /// Gives up commits that cannot be taken to their end because their files are gone; says how many. Those whose files are there are
    /// finished by the next open.
    pub(crate) fn give_up_half(&mut self, layout: &Layout, at: DateTime<Utc>) -> Result<u64, WarehouseError> {
        let mut lost: Vec<String> = Vec::new();
        for run in self.unfinished(None)?.into_iter().filter(|run| run.committing) {
            let staging = layout.staging(&run.run);
            for part in self.intended(&run.run)? {
                let file = layout.file(&run.dataset, &part.partition.to_string(), &run.run);
                if !disk::exists(&file)? && !disk::exists(&staging.join(&part.staged))? {
                    // What was to become visible together does not at all.
                    lost.push(run.together.as_ref().unwrap_or(&run.run).to_string());
                }
            }
        }
        let mut editions = Vec::new();
        for (edition, aside) in self.editions_to_place()? {
            let target = layout.edition(&edition.edition, edition.number);
            if !disk::exists(&target)? && !disk::exists(&layout.editions_aside().join(aside))? {
                editions.push((edition.edition, edition.number));
            }
        }
        self.transaction("give up what cannot be finished", |tx| {
            let mut given_up = 0;
            for run in &lost {
                let own = "status = 'committing' AND (run = ?1 OR together = ?1)";
                let parts = format!(
                    "DELETE FROM partitions WHERE state = 'intended' AND run IN (SELECT run FROM runs WHERE {own})"
                );
                tx.execute(&parts, [run])?;
                let end = format!("UPDATE runs SET status = 'failed', reason = ?2, finished_at = ?3 WHERE {own}");
                given_up += tx.execute(&end, params![run, NOT_THERE, instant(at)])?;
            }
            for (edition, number) in &editions {
                let forget = "DELETE FROM editions WHERE edition = ?1 AND number = ?2 AND state = 'recording'";
                given_up += tx.execute(forget, params![edition, number])?;
            }
            let marts =
                "UPDATE mart_runs SET status = 'failed', reason = ?1, finished_at = ?2 WHERE status = 'committing'";
            given_up += tx.execute(marts, params![NOT_THERE, instant(at)])?;
            Ok(given_up as u64)
        })
    }

    /// What waited when the backup was made may be done by now: it is in doubt, and nothing of the schedule before `at` is due. Says
    /// how many mails and records are in doubt.
    pub(crate) fn doubt_what_waits(
        &mut self,
        at: DateTime<Utc>,
        made_at: DateTime<Utc>,
    ) -> Result<u64, WarehouseError> {
        let why = format!("restored from a backup of {}: nobody knows whether it went since", instant(made_at));
        self.transaction("put what waits in doubt", |tx| {
            let mails = tx.execute(
                "UPDATE deliveries SET state = 'ambiguous', retry_at = NULL, reply_code = NULL, reply = ?1, finished_at = ?2
                 WHERE state IN ('pending', 'sending', 'retry')",
                params![why, instant(at)],
            )?;
            let records = tx.execute(
                "UPDATE submissions SET state = 'ambiguous', message = ?1, finished_at = ?2
                 WHERE state IN ('pending', 'sending')",
                params![why, instant(at)],
            )?;
            tx.execute(
                "UPDATE occurrences SET state = 'skipped', next_at = NULL, finished_at = ?2, reason = ?1
                 WHERE state IN ('running', 'retry', 'waiting')",
                params![why, instant(at)],
            )?;
            tx.execute("UPDATE schedules SET since = ?1", [instant(at)])?;
            tx.execute("DELETE FROM leases", [])?;
            Ok((mails + records) as u64)
        })
    }

    /// Every file that the ledger believes on the disk, by dataset and partition: whether it is the current one.
    pub(crate) fn believed_files(&self) -> Result<Vec<BelievedFile>, WarehouseError> {
        self.call("list the files", |connection| {
            let mut query = connection.prepare(
                "SELECT source, dataset, partition, run, state, n_rows FROM partitions
                 ORDER BY source, dataset, partition, run",
            )?;
            let rows = query.query_map([], |row| {
                let state: String = row.get("state")?;
                Ok(BelievedFile {
                    dataset: dataset_of(row)?,
                    partition: row.get("partition")?,
                    run: run_of(row, "run")?,
                    is_current: state == "current",
                    is_known: state != "removed",
                    rows: super::count_of(row, "n_rows")?,
                })
            })?;
            rows.collect()
        })
    }
}

/// A file as the ledger has it.
#[derive(Debug, Clone)]
pub(crate) struct BelievedFile {
    pub(crate) dataset: crate::warehouse::DatasetId,
    pub(crate) partition: String,
    pub(crate) run: crate::warehouse::RunId,
    /// Whether readers are sent to it.
    pub(crate) is_current: bool,
    /// Whether it may be on the disk.
    pub(crate) is_known: bool,
    pub(crate) rows: u64,
}
