//! What the ledger is asked so that something may be removed: what is stored, archived, kept for editions, delivered.

use super::deletions::{OLD_OCCURRENCES, OLD_PAGES, OLD_REFUSED};
use super::{Ledger, count_of, dataset_of, instant, instant_of, parsed, run_of, word};
use crate::warehouse::editions::EditionRecord;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::id::{DatasetId, RunId};
use crate::warehouse::record::{CommitMode, RunStatus};
use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::Row;

/// A file that is current, with what its rules ask.
#[derive(Debug, Clone)]
pub(crate) struct StoredFile {
    pub(crate) dataset: DatasetId,
    pub(crate) partition: String,
    pub(crate) run: RunId,
    pub(crate) mode: CommitMode,
    /// Its folder in `latest`: what stands there replaces one another.
    pub(crate) latest: String,
    pub(crate) date: NaiveDate,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    /// Whether its rows were hashed under a PII key: then they are personal, whatever a contract says today.
    pub(crate) hashed: bool,
    /// The SHA-256, where an edition read it.
    pub(crate) sha256: Option<String>,
}

/// A run whose answers are in the archive.
#[derive(Debug, Clone)]
pub(crate) struct ArchivedRun {
    pub(crate) run: RunId,
    pub(crate) dataset: DatasetId,
    pub(crate) status: RunStatus,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) sealed: bool,
    pub(crate) pages: u64,
}

/// A file that an edition keeps beyond its partition.
#[derive(Debug, Clone)]
pub(crate) struct HashedFile {
    pub(crate) sha256: String,
    pub(crate) dataset: DatasetId,
    pub(crate) date: NaiveDate,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    pub(crate) hashed: bool,
}

/// A mail whose delivery ended, and whose bytes nobody removed.
#[derive(Debug, Clone)]
pub(crate) struct EndedDelivery {
    pub(crate) file: String,
    pub(crate) edition: String,
    pub(crate) bytes: u64,
    pub(crate) finished_at: DateTime<Utc>,
}

const ARCHIVED: &str = "
    SELECT r.run, r.source, r.dataset, r.status, r.started_at, max(coalesce(p.raw_sealed, 0)) AS sealed, count(*) AS n_pages
    FROM runs AS r JOIN pages AS p USING (run)
    WHERE p.raw IS NOT NULL AND r.status NOT IN ('running', 'committing')
    GROUP BY r.run, r.source, r.dataset, r.status, r.started_at ORDER BY r.seq";

/// The files of a run, and those that carry their rows on, that are not gone.
const HEIRS: &str = "
    WITH RECURSIVE heirs (run, partition, state) AS (
        SELECT run, partition, state FROM partitions WHERE run = ?1
        UNION
        SELECT p.run, p.partition, p.state FROM heirs AS h
        JOIN partitions AS own ON own.run = h.run AND own.partition = h.partition
        JOIN partitions AS p ON p.run = own.superseded_by AND p.partition = own.partition AND p.carries_on = 1)
    SELECT run, partition FROM heirs WHERE state <> 'removed'";

impl Ledger {
    /// Every file that is current, by dataset and date.
    pub(crate) fn stored_files(&self) -> Result<Vec<StoredFile>, WarehouseError> {
        self.call("list what is stored", |connection| {
            let mut query = connection.prepare(
                "SELECT p.*, r.key_id IS NOT NULL AS hashed, h.sha256 FROM partitions AS p JOIN runs AS r USING (run)
                 LEFT JOIN file_hashes AS h ON h.run = p.run AND h.partition = p.partition
                 WHERE p.state = 'current' ORDER BY p.source, p.dataset, p.partition_date, p.partition",
            )?;
            query.query_map([], stored_of)?.collect()
        })
    }

    /// Runs whose answers are kept, oldest first.
    pub(crate) fn archived_runs(&self) -> Result<Vec<ArchivedRun>, WarehouseError> {
        self.call("list what is archived", |connection| {
            let mut query = connection.prepare(ARCHIVED)?;
            let rows = query.query_map([], |row| {
                Ok(ArchivedRun {
                    run: run_of(row, "run")?,
                    dataset: dataset_of(row)?,
                    status: word(row, "status", RunStatus::from_word)?,
                    started_at: instant_of(row, "started_at")?,
                    sealed: row.get("sealed")?,
                    pages: count_of(row, "n_pages")?,
                })
            })?;
            rows.collect()
        })
    }

    /// The files that hold rows of a run, by run and partition.
    pub(crate) fn heirs(&self, run: &RunId) -> Result<Vec<(RunId, String)>, WarehouseError> {
        self.call("look for what is left of a run", |connection| {
            let mut query = connection.prepare_cached(HEIRS)?;
            query.query_map([run.as_str()], |row| Ok((run_of(row, "run")?, row.get("partition")?)))?.collect()
        })
    }

    /// The committed files that were ever hashed: editions read them.
    pub(crate) fn hashed_files(&self) -> Result<Vec<HashedFile>, WarehouseError> {
        self.call("list what editions read", |connection| {
            let mut query = connection.prepare(
                "SELECT h.sha256, p.source, p.dataset, p.partition_date, p.n_rows, p.size_bytes,
                    r.key_id IS NOT NULL AS hashed
                 FROM file_hashes AS h JOIN partitions AS p ON p.run = h.run AND p.partition = h.partition
                 JOIN runs AS r ON r.run = h.run ORDER BY p.partition_date, h.sha256",
            )?;
            let rows = query.query_map([], |row| {
                Ok(HashedFile {
                    sha256: row.get("sha256")?,
                    dataset: dataset_of(row)?,
                    date: parsed(row, "partition_date", |text: String| text.parse())?,
                    rows: count_of(row, "n_rows")?,
                    bytes: count_of(row, "size_bytes")?,
                    hashed: row.get("hashed")?,
                })
            })?;
            rows.collect()
        })
    }

    /// Mails whose deliveries ended before `before` and whose bytes are not marked as removed.
    pub(crate) fn ended_deliveries(&self, before: DateTime<Utc>) -> Result<Vec<EndedDelivery>, WarehouseError> {
        self.call("list mails that were delivered", |connection| {
            let mut query = connection.prepare(
                "SELECT file, edition, size_bytes, finished_at FROM deliveries AS d
                 WHERE state IN ('accepted', 'refused', 'given_up', 'ambiguous') AND finished_at < ?1
                    AND NOT EXISTS (SELECT 1 FROM deletions WHERE kind = 'mail' AND name = d.file)
                 ORDER BY seq",
            )?;
            let rows = query.query_map([instant(before)], |row| {
                Ok(EndedDelivery {
                    file: row.get("file")?,
                    edition: row.get("edition")?,
                    bytes: count_of(row, "size_bytes")?,
                    finished_at: instant_of(row, "finished_at")?,
                })
            })?;
            rows.collect()
        })
    }

    /// How many rows of each kind are older than its limit: occurrences, pages, refused rows. `None` asks for none.
    pub(crate) fn old_rows(
        &self,
        occurrences: Option<DateTime<Utc>>,
        runs: Option<DateTime<Utc>>,
    ) -> Result<[u64; 3], WarehouseError> {
        self.call("count old rows", |connection| {
            let count = |table: &str, condition: &str, before: Option<DateTime<Utc>>| -> rusqlite::Result<u64> {
                let Some(before) = before else { return Ok(0) };
                let query = format!("SELECT count(*) FROM {table} WHERE {condition}");
                connection.query_row(&query, [instant(before)], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
            };
            Ok([
                count("occurrences", OLD_OCCURRENCES, occurrences)?,
                count("pages", OLD_PAGES, runs)?,
                count("quarantine", OLD_REFUSED, runs)?,
            ])
        })
    }

    /// All recorded editions, oldest first.
    pub(crate) fn all_editions(&self) -> Result<Vec<EditionRecord>, WarehouseError> {
        let mut all = self.editions(&Default::default())?;
        all.sort_by(|a, b| (a.recorded_at, &a.edition, a.number).cmp(&(b.recorded_at, &b.edition, b.number)));
        Ok(all)
    }

    /// Bytes that the last commit of a dataset came to; 0 before the first.
    pub(crate) fn last_commit_bytes(&self, dataset: &DatasetId) -> Result<u64, WarehouseError> {
        self.call("look up the last commit", |connection| {
            let bytes = connection.query_row(
                "SELECT sum(size_bytes) FROM partitions WHERE run = (
                    SELECT run FROM runs WHERE source = ?1 AND dataset = ?2 AND status = 'committed'
                    ORDER BY seq DESC LIMIT 1)",
                [dataset.source(), dataset.dataset()],
                |row| row.get::<_, Option<i64>>(0),
            );
            Ok(bytes?.map_or(0, i64::unsigned_abs))
        })
    }
}

fn stored_of(row: &Row<'_>) -> rusqlite::Result<StoredFile> {
    Ok(StoredFile {
        dataset: dataset_of(row)?,
        partition: row.get("partition")?,
        run: run_of(row, "run")?,
        mode: word(row, "mode", CommitMode::from_word)?,
        latest: row.get("latest")?,
        date: parsed(row, "partition_date", |text: String| text.parse())?,
        rows: count_of(row, "n_rows")?,
        bytes: count_of(row, "size_bytes")?,
        hashed: row.get("hashed")?,
        sha256: row.get("sha256")?,
    })
}
