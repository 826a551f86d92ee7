//! What the ledger knows of what was removed.
//!
//! A row of `deletions` is there before its file goes (`done_at` NULL) and says afterwards that it went: whoever opens the warehouse
//! next finishes what a dead process had marked.

use super::{Ledger, count_of, dataset_of, instant, instant_of, parsed, run_of, to_sql, word};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::id::{DatasetId, RunId};
use crate::warehouse::retention::{Deletion, DeletionKind, DeletionRecord};
use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::{Row, Transaction, named_params, params};
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

/// Occurrences that ended before a time, but for the newest of each job, by which the next ones are known.
pub(super) const OLD_OCCURRENCES: &str = "
    finished_at IS NOT NULL AND due_at < ?1
    AND due_at < (SELECT max(due_at) FROM occurrences AS newer WHERE newer.job = occurrences.job)";

/// Answers to runs that published nothing and whose bodies are gone.
pub(super) const OLD_PAGES: &str = "
    raw IS NULL AND run IN (SELECT run FROM runs WHERE finished_at < ?1
        AND status IN ('unchanged', 'empty', 'held', 'failed'))";

pub(super) const OLD_REFUSED: &str = "run IN (SELECT run FROM runs WHERE finished_at < ?1)";

impl Ledger {
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
            let mut query =
                connection.prepare_cached("SELECT * FROM deletions WHERE done_at IS NULL ORDER BY seq")?;
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
        write!(
            f,
            "the snapshot of {dataset}{year} dated {date} was removed by the rules of retention (ops.deletions)"
        )?;
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
}
