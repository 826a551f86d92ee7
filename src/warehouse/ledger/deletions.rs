//! What the ledger knows of what was removed, and what it is asked so that something may be.
//!
//! A row of `deletions` is there before its file goes (`done_at` NULL) and says afterwards that it went: whoever opens the warehouse
//! next finishes what a dead process had marked.

use super::{Ledger, count_of, instant, instant_of, parsed, run_of, to_sql, word};
use crate::warehouse::editions::EditionRecord;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::id::{DatasetId, RunId};
use crate::warehouse::record::{CommitMode, RunStatus};
use crate::warehouse::retention::{Deletion, DeletionKind, DeletionRecord};
use crate::warehouse::sqlite::dataset_of;
use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::{OptionalExtension, Row, Transaction, named_params, params};
use std::fmt;

/// deletions: one thing that was removed by a rule, a row. name: what it was, path: its file or folder below the warehouse, NULL
/// where only rows of the ledger went; rule: the setting that said so; done_at: NULL while the file may still be there.
pub(super) const TABLES: &str = "
    CREATE TABLE deletions (
        seq INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        dataset TEXT,
        partition TEXT,
        run TEXT,
        path TEXT,
        size_bytes INTEGER NOT NULL,
        n_rows INTEGER NOT NULL,
        rule TEXT NOT NULL,
        reason TEXT NOT NULL,
        operator TEXT NOT NULL,
        at TEXT NOT NULL,
        done_at TEXT
    ) STRICT;
    CREATE INDEX deletions_open ON deletions (seq) WHERE done_at IS NULL;
    CREATE INDEX deletions_by_name ON deletions (kind, name);
    CREATE INDEX partitions_dropped ON partitions (source, dataset, latest, partition_date)
        WHERE state = 'removed' AND superseded_by IS NULL;";

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

/// Occurrences that ended before a time, but for the newest of each job, by which the next ones are known.
const OLD_OCCURRENCES: &str = "
    finished_at IS NOT NULL AND due_at < ?1
    AND due_at < (SELECT max(due_at) FROM occurrences AS newer WHERE newer.job = occurrences.job)";

/// Answers to runs that published nothing and whose bodies are gone.
const OLD_PAGES: &str = "
    raw IS NULL AND run IN (SELECT run FROM runs WHERE finished_at < ?1
        AND status IN ('unchanged', 'empty', 'held', 'failed'))";

const OLD_REFUSED: &str = "run IN (SELECT run FROM runs WHERE finished_at < ?1)";

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

    /// Marks what goes, in one transaction: readers of the ledger see none of it from here on. Gives those that were still there to
    /// be removed, with their numbers.
    pub(crate) fn mark_deletions(
        &mut self,
        deletions: &[Deletion],
        operator: &str,
        at: DateTime<Utc>,
    ) -> Result<Vec<(u64, Deletion)>, WarehouseError> {
        self.transaction("mark what goes", |tx| {
            let mut marked = Vec::with_capacity(deletions.len());
            for deletion in deletions {
                if take_out(tx, deletion)? {
                    marked.push((insert(tx, deletion, operator, at)?, deletion.clone()));
                }
            }
            Ok(marked)
        })
    }

    /// Notes that what was marked is gone from the disk.
    pub(crate) fn deletions_done(&mut self, marked: &[u64], at: DateTime<Utc>) -> Result<(), WarehouseError> {
        self.transaction("note what is gone", |tx| {
            let mut update = tx.prepare_cached("UPDATE deletions SET done_at = ?2 WHERE seq = ?1")?;
            marked.iter().try_for_each(|seq| update.execute(params![to_sql(*seq), instant(at)]).map(|_| ()))
        })
    }

    /// What was marked and may still be on the disk, oldest first.
    pub(crate) fn open_deletions(&self) -> Result<Vec<(u64, Deletion)>, WarehouseError> {
        self.call("look for what is to be removed", |connection| {
            let mut query = connection.prepare_cached("SELECT * FROM deletions WHERE done_at IS NULL ORDER BY seq")?;
            query.query_map([], |row| Ok((count_of(row, "seq")?, deletion_of(row)?)))?.collect()
        })
    }

    /// What was removed, in that order; the newest `limit`.
    pub(crate) fn deletions(&self, limit: u32) -> Result<Vec<DeletionRecord>, WarehouseError> {
        self.call("list what was removed", |connection| {
            let mut query = connection
                .prepare_cached("SELECT * FROM (SELECT * FROM deletions ORDER BY seq DESC LIMIT ?1) ORDER BY seq")?;
            query.query_map([limit], record_of)?.collect()
        })
    }

    /// All recorded editions, oldest first.
    pub(crate) fn all_editions(&self) -> Result<Vec<EditionRecord>, WarehouseError> {
        let mut all = self.editions(&Default::default())?;
        all.sort_by(|a, b| (a.recorded_at, &a.edition, a.number).cmp(&(b.recorded_at, &b.edition, b.number)));
        Ok(all)
    }
}

/// Takes the thing out of what readers see; `false` where it is not there any more, or is needed.
fn take_out(tx: &Transaction<'_>, deletion: &Deletion) -> rusqlite::Result<bool> {
    let run = deletion.run.as_ref().map(RunId::as_str);
    let changed = match deletion.kind {
        DeletionKind::Snapshot => tx.execute(
            "UPDATE partitions SET state = 'removed' WHERE run = ?1 AND partition = ?2 AND state = 'current'",
            params![run, deletion.partition],
        )?,
        DeletionKind::Edition => {
            let (edition, number) = deletion.name.rsplit_once('/').unwrap_or((&deletion.name, ""));
            tx.execute(
                "DELETE FROM editions WHERE edition = ?1 AND CAST(number AS TEXT) = ?2 AND state = 'recorded'",
                [edition, number],
            )?
        }
        DeletionKind::Occurrences => old(tx, "occurrences", OLD_OCCURRENCES, deletion)?,
        DeletionKind::Answers => old(tx, "pages", OLD_PAGES, deletion)?,
        DeletionKind::RefusedRows => old(tx, "quarantine", OLD_REFUSED, deletion)?,
        // These are known to nobody but by their files.
        DeletionKind::RawPages
        | DeletionKind::Quarantine
        | DeletionKind::EditionFile
        | DeletionKind::EditionObject
        | DeletionKind::Mail => 1,
    };
    if deletion.kind == DeletionKind::Snapshot && changed == 1 {
        let profile = "DELETE FROM profiles WHERE run = ?1 AND partition = ?2";
        tx.execute(profile, params![run, deletion.partition])?;
    }
    Ok(changed > 0)
}

fn old(tx: &Transaction<'_>, table: &str, condition: &str, deletion: &Deletion) -> rusqlite::Result<usize> {
    let Some(before) = deletion.before else { return Ok(0) };
    tx.execute(&format!("DELETE FROM {table} WHERE {condition}"), [instant(before)])
}

fn insert(tx: &Transaction<'_>, deletion: &Deletion, operator: &str, at: DateTime<Utc>) -> rusqlite::Result<u64> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO deletions (kind, name, dataset, partition, run, path, size_bytes, n_rows, rule, reason, operator, at,
            done_at)
         VALUES (:kind, :name, :dataset, :partition, :run, :path, :bytes, :rows, :rule, :reason, :operator, :at, :done)",
    )?;
    insert.execute(named_params! {
        ":kind": deletion.kind.word(),
        ":name": deletion.name,
        ":dataset": deletion.dataset.as_ref().map(ToString::to_string),
        ":partition": deletion.partition,
        ":run": deletion.run.as_ref().map(RunId::as_str),
        ":path": deletion.path,
        ":bytes": to_sql(deletion.bytes),
        ":rows": to_sql(deletion.rows),
        ":rule": deletion.rule,
        ":reason": deletion.reason,
        ":operator": operator,
        ":at": instant(at),
        // Rows went with this transaction; a file goes after it.
        ":done": deletion.path.is_none().then(|| instant(at)),
    })?;
    Ok(tx.last_insert_rowid().unsigned_abs())
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

fn deletion_of(row: &Row<'_>) -> rusqlite::Result<Deletion> {
    let dataset: Option<String> = row.get("dataset")?;
    let run: Option<String> = row.get("run")?;
    Ok(Deletion {
        kind: word(row, "kind", DeletionKind::from_word)?,
        name: row.get("name")?,
        dataset: dataset.map(|_| parsed(row, "dataset", |text: String| text.parse())).transpose()?,
        partition: row.get("partition")?,
        run: run.map(|_| run_of(row, "run")).transpose()?,
        path: row.get("path")?,
        bytes: count_of(row, "size_bytes")?,
        frees: count_of(row, "size_bytes")?,
        rows: count_of(row, "n_rows")?,
        rule: row.get("rule")?,
        reason: row.get("reason")?,
        before: None,
    })
}

fn record_of(row: &Row<'_>) -> rusqlite::Result<DeletionRecord> {
    let done: Option<String> = row.get("done_at")?;
    Ok(DeletionRecord {
        seq: count_of(row, "seq")?,
        what: deletion_of(row)?,
        operator: row.get("operator")?,
        at: instant_of(row, "at")?,
        done_at: done.map(|_| instant_of(row, "done_at")).transpose()?,
    })
}

/// The newest snapshots up to a day that retention removed, where nothing newer of these days is left: what stands there is older than
/// what stood there then.
const DROPPED: &str = "
    SELECT source, dataset, latest, max(partition_date) AS removed,
        (SELECT max(partition_date) FROM partitions AS c WHERE c.state = 'current' AND c.source = p.source
            AND c.dataset = p.dataset AND c.latest = p.latest AND c.partition_date <= ?1) AS left_over
    FROM partitions AS p
    WHERE state = 'removed' AND superseded_by IS NULL AND mode = 'snapshot' AND partition_date <= ?1
    GROUP BY source, dataset, latest
    HAVING max(partition_date) > coalesce(left_over, '')
    ORDER BY source, dataset, latest";

/// A snapshot that is asked for by its day and was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedSnapshot {
    /// The dataset.
    pub dataset: DatasetId,
    /// Its folder in `latest`, `tahun_anggaran=2026`; empty where the dataset has no fiscal years.
    pub latest: String,
    /// Its date.
    pub date: NaiveDate,
    /// The newest one before it that is still there.
    pub before: Option<NaiveDate>,
}

/// What a reader as of a day is told.
impl fmt::Display for RemovedSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dataset, latest, date, before } = self;
        let year = latest.split_once('=').map(|(_, year)| format!(" of {year}")).unwrap_or_default();
        write!(f, "the snapshot of {dataset}{year} dated {date} was removed by the rules of retention (ops.deletions)")?;
        let (source, name) = (dataset.source(), dataset.dataset());
        match before {
            Some(before) => {
                write!(f, "; the newest before it is of {before}, and history.{source}_{name} has what is kept")
            }
            None => write!(f, ", and none before it is kept"),
        }
    }
}

impl Ledger {
    /// What was removed of the snapshots that a reader as of `day` means.
    pub(crate) fn removed_snapshots(&self, day: NaiveDate) -> Result<Vec<RemovedSnapshot>, WarehouseError> {
        self.call("look for removed snapshots", |connection| {
            let mut query = connection.prepare_cached(DROPPED)?;
            let rows = query.query_map([day.to_string()], |row| {
                let before: Option<String> = row.get("left_over")?;
                Ok(RemovedSnapshot {
                    dataset: dataset_of(row)?,
                    latest: row.get("latest")?,
                    date: parsed(row, "removed", |text: String| text.parse())?,
                    before: before.map(|_| parsed(row, "left_over", |text: String| text.parse())).transpose()?,
                })
            })?;
            rows.collect()
        })
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
            Ok(bytes.optional()?.flatten().map_or(0, i64::unsigned_abs))
        })
    }
}
