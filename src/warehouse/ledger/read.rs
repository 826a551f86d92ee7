//! What is read from the ledger. Every method sees one consistent state.

mod shown;

use super::{Ledger, count_of, dataset_of, instant_of, parsed, run_of, sums_of, to_sql, word};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::id::{DatasetId, RunId};
use crate::warehouse::layout::{Layout, Tree};
use crate::warehouse::moment::LedgerMark;
use crate::warehouse::partition::Partition;
use crate::warehouse::record::{
    Acceptance, AsOf, CommitMode, CommittedFile, CommittedSet, Freshness, PageRecord, PartitionRecord,
    QuarantinedRow, RawPage, RecordedPage, RunDetail, RunFilter, RunRecord, RunStatus,
};
use chrono::NaiveDate;
use rusqlite::{OptionalExtension, Row, params};
use std::collections::BTreeMap;

/// What is current in a dataset: how its folders are keyed and, a folder of `latest`, the newest date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Current {
    pub(crate) mode: CommitMode,
    pub(crate) shape: String,
    pub(crate) newest: BTreeMap<String, NaiveDate>,
}

/// What is current up to a day, or ever; `shown` where nothing newer stands in its place.
const COMMITTED_FILES: &str = "
    SELECT * FROM (
        SELECT *, mode = 'accumulate'
            OR partition_date = max(partition_date) OVER (PARTITION BY source, dataset, latest) AS shown
        FROM partitions WHERE state = 'current' AND (?1 IS NULL OR partition_date <= ?1))
    WHERE ?2 OR shown
    ORDER BY source, dataset, partition";

const RUNS: &str = "
    SELECT * FROM runs
    WHERE (?1 IS NULL OR (source = ?1 AND dataset = ?2)) AND (?3 IS NULL OR status = ?3) AND (?5 IS NULL OR seq <= ?5)
        AND (?6 IS NULL OR source = ?6) AND (?7 IS NULL OR seq < (SELECT seq FROM runs WHERE run = ?7))
    ORDER BY seq DESC LIMIT ?4";

/// By dataset and year: the last run, the last that ended, the last that published, the last that was good, the last that was not.
const FRESHNESS: &str = "
    SELECT max(seq) AS attempt,
        max(seq) FILTER (WHERE status NOT IN ('running', 'committing')) AS ended,
        max(seq) FILTER (WHERE status = 'committed') AS committed,
        max(seq) FILTER (WHERE status IN ('committed', 'unchanged', 'empty')) AS good,
        max(seq) FILTER (WHERE status IN ('held', 'failed')) AS refused
    FROM runs GROUP BY source, dataset, tahun_anggaran ORDER BY source, dataset, tahun_anggaran";

impl Ledger {
    pub(crate) fn committed_files(&self, layout: &Layout, as_of: AsOf) -> Result<Vec<CommittedFile>, WarehouseError> {
        let until = if let AsOf::Date(date) = as_of { Some(date.to_string()) } else { None };
        self.call("list committed files", |connection| {
            let mut query = connection.prepare_cached(COMMITTED_FILES)?;
            let rows = query.query_map(params![until, as_of == AsOf::All], |row| committed_file_of(row, layout))?;
            rows.collect()
        })
    }

    pub(crate) fn committed_set(
        &self,
        layout: &Layout,
        until: Option<NaiveDate>,
    ) -> Result<CommittedSet, WarehouseError> {
        let (retained, shown) = self.call("list committed files", |connection| {
            let mut query = connection.prepare_cached(COMMITTED_FILES)?;
            let rows = query.query_map(params![until.map(|day| day.to_string()), true], |row| {
                Ok((committed_file_of(row, layout)?, row.get::<_, bool>("shown")?))
            })?;
            let (retained, shown): (Vec<CommittedFile>, Vec<bool>) =
                rows.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().unzip();
            Ok((retained, shown))
        })?;
        // Read afterwards: what is removed meanwhile is told as missing although it is listed, never the other way.
        let removed = until.map(|day| self.removed_snapshots(day)).transpose()?.unwrap_or_default();
        Ok(CommittedSet { retained, shown, removed })
    }

    /// [`Ledger::committed_set`] and how far the ledger had come: one reading.
    pub(crate) fn moment(
        &self,
        layout: &Layout,
        until: Option<NaiveDate>,
    ) -> Result<(CommittedSet, LedgerMark), WarehouseError> {
        let mark = |connection: &rusqlite::Connection| -> rusqlite::Result<LedgerMark> {
            let runs =
                connection.query_row("SELECT coalesce(max(seq), 0) FROM runs", [], |row| row.get::<_, i64>(0))?;
            let mut query = connection
                .prepare_cached("SELECT run FROM runs WHERE status IN ('running', 'committing') ORDER BY seq")?;
            let open = query.query_map([], |row| run_of(row, "run"))?.collect::<rusqlite::Result<_>>()?;
            Ok(LedgerMark { runs: runs.unsigned_abs(), open })
        };
        // A commit between two readings would show: then both are taken again.
        loop {
            let before = self.call("read how far the ledger has come", mark)?;
            let set = self.committed_set(layout, until)?;
            if self.call("read how far the ledger has come", mark)? == before {
                return Ok((set, before));
            }
        }
    }

    /// The file that is current for one partition; `None` where it has none.
    pub(crate) fn current_file(
        &self,
        layout: &Layout,
        dataset: &DatasetId,
        partition: &Partition,
    ) -> Result<Option<CommittedFile>, WarehouseError> {
        self.call("look up a partition", |connection| {
            let mut query = connection.prepare_cached(
                "SELECT * FROM partitions
                 WHERE state = 'current' AND source = ?1 AND dataset = ?2 AND partition = ?3",
            )?;
            let wanted = params![dataset.source(), dataset.dataset(), partition.to_string()];
            query.query_row(wanted, |row| committed_file_of(row, layout)).optional()
        })
    }

    /// What is current in `dataset`; `None` before its first commit.
    pub(crate) fn current(&self, dataset: &DatasetId) -> Result<Option<Current>, WarehouseError> {
        self.call("look up what is current", |connection| {
            let mut query = connection.prepare(
                "SELECT mode, shape, latest, max(partition_date) AS newest FROM partitions
                 WHERE state = 'current' AND source = ?1 AND dataset = ?2 GROUP BY mode, shape, latest",
            )?;
            let mut rows = query.query([dataset.source(), dataset.dataset()])?;
            let mut current: Option<Current> = None;
            while let Some(row) = rows.next()? {
                let (mode, shape) = (mode_of(row)?, row.get("shape")?);
                let date = parsed(row, "newest", |text: String| text.parse())?;
                let newest = &mut current.get_or_insert(Current { mode, shape, newest: BTreeMap::new() }).newest;
                newest.insert(row.get("latest")?, date);
            }
            Ok(current)
        })
    }

    /// Runs are numbered without a gap and never removed, and both numbers come off an index.
    pub(crate) fn runs_ended(&self) -> Result<u64, WarehouseError> {
        self.call("count the runs that ended", |connection| {
            let mut query = connection.prepare_cached(
                "SELECT coalesce((SELECT max(seq) FROM runs), 0)
                    - (SELECT count(*) FROM runs WHERE status IN ('running', 'committing'))",
            )?;
            query.query_row([], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
        })
    }

    pub(crate) fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRecord>, WarehouseError> {
        self.call("list runs", |connection| {
            let mut query = connection.prepare_cached(RUNS)?;
            let dataset = filter.dataset.as_ref();
            let limit = filter.limit.map_or(-1, i64::from);
            let wanted = params![
                dataset.map(DatasetId::source),
                dataset.map(DatasetId::dataset),
                filter.status.map(RunStatus::word),
                limit,
                filter.until.map(to_sql),
                filter.source,
                filter.before.as_ref().map(RunId::as_str),
            ];
            let rows = query.query_map(wanted, record_of)?;
            rows.collect()
        })
    }

    /// One run with its pages and what it published; `None` where the ledger does not know it.
    pub(crate) fn run(&self, run: &RunId) -> Result<Option<RunDetail>, WarehouseError> {
        self.call("read a run", |connection| {
            let id = [run.as_str()];
            // One read transaction, so that the three answers belong together.
            let tx = connection.unchecked_transaction()?;
            let found = tx.query_row("SELECT * FROM runs WHERE run = ?1", id, record_of).optional()?;
            let Some(record) = found else { return Ok(None) };
            let mut pages = tx.prepare_cached("SELECT * FROM pages WHERE run = ?1 ORDER BY seq")?;
            let pages = pages.query_map(id, page_of)?.collect::<rusqlite::Result<_>>()?;
            let mut partitions = tx.prepare_cached(
                "SELECT * FROM partitions WHERE run = ?1 AND state <> 'intended' ORDER BY partition",
            )?;
            let partitions = partitions.query_map(id, partition_of)?.collect::<rusqlite::Result<_>>()?;
            Ok(Some(RunDetail { run: record, pages, partitions }))
        })
    }

    /// Refused rows of one run or of all, in the order they were met.
    pub(crate) fn quarantine(&self, run: Option<&RunId>) -> Result<Vec<QuarantinedRow>, WarehouseError> {
        self.call("list refused rows", |connection| {
            let mut query = connection.prepare_cached(
                "SELECT q.*, r.source, r.dataset FROM quarantine AS q JOIN runs AS r USING (run)
                 WHERE (?1 IS NULL OR run = ?1) ORDER BY q.seq",
            )?;
            query.query_map([run.map(RunId::as_str)], refused_of)?.collect()
        })
    }

    pub(crate) fn freshness(&self) -> Result<Vec<Freshness>, WarehouseError> {
        self.call("judge freshness", |connection| {
            let tx = connection.unchecked_transaction()?;
            let mut by_seq = tx.prepare_cached("SELECT * FROM runs WHERE seq = ?1")?;
            let mut run_at = |seq: Option<i64>| seq.map(|seq| by_seq.query_row([seq], record_of)).transpose();
            let mut query = tx.prepare_cached(FRESHNESS)?;
            let mut rows = query.query([])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                let Some(attempt) = run_at(row.get("attempt")?)? else { continue };
                let ended = run_at(row.get("ended")?)?;
                all.push(Freshness {
                    dataset: attempt.dataset.clone(),
                    tahun_anggaran: attempt.tahun_anggaran,
                    committed: run_at(row.get("committed")?)?,
                    good_at: run_at(row.get("good")?)?.and_then(|run| run.finished_at),
                    refused: run_at(row.get("refused")?)?,
                    attempt,
                    stale: ended.is_some_and(|run| matches!(run.status, RunStatus::Held | RunStatus::Failed)),
                });
            }
            Ok(all)
        })
    }
}

pub(super) fn status_of(row: &Row<'_>) -> rusqlite::Result<RunStatus> {
    word(row, "status", RunStatus::from_word)
}

fn mode_of(row: &Row<'_>) -> rusqlite::Result<CommitMode> {
    word(row, "mode", CommitMode::from_word)
}

fn committed_file_of(row: &Row<'_>, layout: &Layout) -> rusqlite::Result<CommittedFile> {
    let (dataset, run) = (dataset_of(row)?, run_of(row, "run")?);
    let folder: String = row.get("partition")?;
    Ok(CommittedFile {
        partition: parsed(row, "partition", |text: String| text.parse())?,
        mode: mode_of(row)?,
        path: layout.file(&dataset, &folder, &run),
        history_path: layout.published(Tree::History, &dataset, &folder).join(run.file_name()),
        rows: count_of(row, "n_rows")?,
        bytes: count_of(row, "size_bytes")?,
        snapshot_date: parsed(row, "partition_date", |text: String| text.parse())?,
        committed_at: instant_of(row, "committed_at")?,
        sums: sums_of(row)?,
        dataset,
        run,
    })
}

fn record_of(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    let finished: Option<String> = row.get("finished_at")?;
    let replayed: Option<String> = row.get("replay_of")?;
    Ok(RunRecord {
        run: run_of(row, "run")?,
        dataset: dataset_of(row)?,
        tahun_anggaran: row.get("tahun_anggaran")?,
        contract_version: row.get("contract_version")?,
        status: status_of(row)?,
        reason: row.get("reason")?,
        started_at: instant_of(row, "started_at")?,
        finished_at: finished.map(|_| instant_of(row, "finished_at")).transpose()?,
        pages: count_of(row, "n_pages")?,
        bytes: count_of(row, "size_bytes")?,
        rows: count_of(row, "n_rows")?,
        quarantined: count_of(row, "n_quarantined")?,
        key_id: row.get("key_id")?,
        accepted: acceptance_of(row)?,
        replay_of: replayed.map(|_| run_of(row, "replay_of")).transpose()?,
        parameters: row.get("parameters")?,
    })
}

fn acceptance_of(row: &Row<'_>) -> rusqlite::Result<Option<Acceptance>> {
    let by: Option<String> = row.get("accepted_by")?;
    by.map(|by| Ok(Acceptance { by, at: instant_of(row, "accepted_at")? })).transpose()
}

fn refused_of(row: &Row<'_>) -> rusqlite::Result<QuarantinedRow> {
    Ok(QuarantinedRow {
        run: run_of(row, "run")?,
        dataset: dataset_of(row)?,
        page: row.get("page")?,
        row: count_of(row, "row")?,
        column: row.get("column_name")?,
        reason: row.get("reason")?,
    })
}

fn raw_of(row: &Row<'_>) -> rusqlite::Result<Option<RawPage>> {
    let file: Option<String> = row.get("raw")?;
    let sealed: Option<bool> = row.get("raw_sealed")?;
    Ok(file.map(|file| RawPage { file, sealed: sealed == Some(true) }))
}

fn page_of(row: &Row<'_>) -> rusqlite::Result<RecordedPage> {
    let page = PageRecord {
        window: row.get("window")?,
        page: row.get("page")?,
        url: row.get("url")?,
        http_status: row.get("http_status")?,
        bytes: count_of(row, "size_bytes")?,
        sha256: row.get("sha256")?,
        rows: count_of(row, "n_rows")?,
        quarantined: count_of(row, "n_quarantined")?,
        started_at: instant_of(row, "started_at")?,
        millis: count_of(row, "duration_ms")?,
        verdict: row.get("verdict")?,
        raw: raw_of(row)?,
        parameters: row.get("parameters")?,
    };
    Ok(RecordedPage { attempt: row.get("attempt")?, page })
}

fn partition_of(row: &Row<'_>) -> rusqlite::Result<PartitionRecord> {
    let by: Option<String> = row.get("superseded_by")?;
    Ok(PartitionRecord {
        partition: parsed(row, "partition", |text: String| text.parse())?,
        rows: count_of(row, "n_rows")?,
        bytes: count_of(row, "size_bytes")?,
        sums: sums_of(row)?,
        superseded_by: by.map(|_| run_of(row, "superseded_by")).transpose()?,
    })
}
