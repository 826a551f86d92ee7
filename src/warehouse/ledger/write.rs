//! What is written to the ledger. Every method is one transaction.

use super::profiles::insert_profile;
use super::read::status_of;
use super::{Ledger, count_of, dataset_of, instant, instant_of, parsed, run_of, sums_of, sums_to_text, to_sql};
use crate::quality::Profile;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::id::{DatasetId, RunId};
use crate::warehouse::partition::Partition;
use crate::warehouse::record::{
    Acceptance, CommitMode, Outcome, QuarantinedRow, RecordedPage, RunStart, RunStatus, Sums,
};
use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, Transaction, named_params, params};

/// A run that begins.
#[derive(Debug)]
pub(crate) struct NewRun<'a> {
    pub(crate) run: &'a RunId,
    pub(crate) start: &'a RunStart,
}

/// What a run has seen so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Totals {
    /// Pages and bytes over all attempts.
    pub(crate) pages: u64,
    pub(crate) bytes: u64,
    /// Rows and refused rows of the present attempt.
    pub(crate) rows: u64,
    pub(crate) quarantined: u64,
}

/// A run that neither ended nor is known to be dead.
#[derive(Debug, Clone)]
pub(crate) struct Unfinished {
    pub(crate) run: RunId,
    pub(crate) dataset: DatasetId,
    /// `true`: its intent is recorded, it is to be rolled forward.
    pub(crate) committing: bool,
    /// Names the group it is committed with: all of them become visible, or none. `None` where it is alone.
    pub(crate) together: Option<RunId>,
}

/// How a run stands and when it ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) status: RunStatus,
    pub(crate) finished_at: Option<DateTime<Utc>>,
}

/// What is to become visible: one run's files, all at once.
#[derive(Debug)]
pub(crate) struct Intent<'a> {
    pub(crate) run: &'a RunId,
    pub(crate) dataset: &'a DatasetId,
    pub(crate) mode: CommitMode,
    pub(crate) at: DateTime<Utc>,
    pub(crate) note: Option<&'a str>,
    pub(crate) accepted: Option<&'a Acceptance>,
    pub(crate) files: &'a [Intended],
}

/// One file of an intent.
#[derive(Debug, Clone)]
pub(crate) struct Intended {
    pub(crate) partition: Partition,
    /// The folder in `latest`, relative to the dataset's.
    pub(crate) latest: String,
    /// Whether `latest` is to show it.
    pub(crate) in_latest: bool,
    /// The file's name in staging.
    pub(crate) staged: String,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    pub(crate) sums: Sums,
    /// Whether it holds the rows of the file it replaces.
    pub(crate) carries_on: bool,
    /// What its columns look like, where that was looked at. Read back by [`Ledger::profile`] only.
    pub(crate) profile: Option<Profile>,
}

impl Ledger {
    /// Enters a run as `running`.
    pub(crate) fn begin(&mut self, new: &NewRun<'_>) -> Result<(), WarehouseError> {
        let start = new.start;
        self.transaction("begin a run", |tx| {
            tx.execute(
                "INSERT INTO runs (run, source, dataset, tahun_anggaran, contract_version, status, started_at, key_id,
                    replay_of, parameters)
                 VALUES (?1, ?2, ?3, ?4, ?5, 'running', ?6, ?7, ?8, ?9)",
                params![
                    new.run.as_str(),
                    start.dataset.source(),
                    start.dataset.dataset(),
                    start.tahun_anggaran,
                    start.contract_version,
                    instant(start.at),
                    start.key_id,
                    start.replay_of.as_ref().map(RunId::as_str),
                    start.parameters
                ],
            )?;
            Ok(())
        })
    }

    /// Writes down pages and refused rows, and the run's totals with them.
    pub(crate) fn record(
        &mut self,
        run: &RunId,
        pages: &[RecordedPage],
        refused: &[QuarantinedRow],
        totals: Totals,
    ) -> Result<(), WarehouseError> {
        self.transaction("record pages", |tx| {
            pages.iter().try_for_each(|page| insert_page(tx, run, page))?;
            refused.iter().try_for_each(|row| insert_refused(tx, row))?;
            tx.execute(
                "UPDATE runs SET n_pages = ?2, size_bytes = ?3, n_rows = ?4, n_quarantined = ?5 WHERE run = ?1",
                params![
                    run.as_str(),
                    to_sql(totals.pages),
                    to_sql(totals.bytes),
                    to_sql(totals.rows),
                    to_sql(totals.quarantined)
                ],
            )?;
            Ok(())
        })
    }

    /// Forgets the refused rows of an attempt that starts over; its pages stay.
    pub(crate) fn forget_quarantine(&mut self, run: &RunId) -> Result<(), WarehouseError> {
        self.transaction("forget refused rows", |tx| {
            tx.execute("DELETE FROM quarantine WHERE run = ?1", [run.as_str()])?;
            Ok(())
        })
    }

    /// Ends a run that publishes nothing. A run that ended before, or is committing, keeps its status.
    pub(crate) fn finish(
        &mut self,
        run: &RunId,
        outcome: Outcome,
        reason: Option<&str>,
        at: DateTime<Utc>,
    ) -> Result<(), WarehouseError> {
        self.transaction("end a run", |tx| {
            tx.execute(
                "UPDATE runs SET status = ?2, reason = ?3, finished_at = ?4 WHERE run = ?1 AND status = 'running'",
                params![run.as_str(), RunStatus::from(outcome).word(), reason, instant(at)],
            )?;
            Ok(())
        })
    }

    /// Runs that did not end, of one dataset or of all, oldest first.
    pub(crate) fn unfinished(&self, dataset: Option<&DatasetId>) -> Result<Vec<Unfinished>, WarehouseError> {
        self.call("look for unfinished runs", |connection| {
            let mut query = connection.prepare(
                "SELECT run, source, dataset, status, together FROM runs WHERE status IN ('running', 'committing')
                 AND (?1 IS NULL OR (source = ?1 AND dataset = ?2)) ORDER BY seq",
            )?;
            let wanted = params![dataset.map(DatasetId::source), dataset.map(DatasetId::dataset)];
            let rows = query.query_map(wanted, |row| {
                let status: String = row.get("status")?;
                let committing = status == RunStatus::Committing.word();
                let together: Option<String> = row.get("together")?;
                let together = together.map(|_| run_of(row, "together")).transpose()?;
                Ok(Unfinished { run: run_of(row, "run")?, dataset: dataset_of(row)?, committing, together })
            })?;
            rows.collect()
        })
    }

    /// Records what is to become visible together: from here on these runs are rolled forward, whatever happens.
    pub(crate) fn intend(&mut self, intents: &[Intent<'_>]) -> Result<(), WarehouseError> {
        let together = if let [first, _, ..] = intents { Some(first.run) } else { None };
        self.transaction("record an intent", |tx| {
            intents.iter().try_for_each(|intent| insert_intent(tx, intent, together))
        })
    }

    /// The files of a run whose intent is recorded, by partition.
    pub(crate) fn intended(&self, run: &RunId) -> Result<Vec<Intended>, WarehouseError> {
        self.call("read an intent", |connection| {
            let mut query = connection
                .prepare("SELECT * FROM partitions WHERE run = ?1 AND state = 'intended' ORDER BY partition")?;
            let rows = query.query_map([run.as_str()], intended_of)?;
            rows.collect()
        })
    }

    /// Makes the files of all these runs the current ones of their partitions.
    pub(crate) fn commit<'a>(&mut self, runs: impl IntoIterator<Item = &'a RunId>) -> Result<(), WarehouseError> {
        self.transaction("record a commit", |tx| runs.into_iter().try_for_each(|run| make_current(tx, run)))
    }

    /// Replaced files that nobody may still be reading: replaced at or before `before`.
    pub(crate) fn to_sweep(&self, before: DateTime<Utc>) -> Result<Vec<(DatasetId, String, RunId)>, WarehouseError> {
        self.call("look for replaced files", |connection| {
            let mut query = connection.prepare(
                "SELECT source, dataset, partition, run FROM partitions
                 WHERE state = 'superseded' AND superseded_at <= ?1 ORDER BY seq",
            )?;
            let rows = query.query_map([instant(before)], |row| {
                Ok((dataset_of(row)?, row.get("partition")?, run_of(row, "run")?))
            })?;
            rows.collect()
        })
    }

    /// Notes that the files of [`Ledger::to_sweep`] are gone.
    pub(crate) fn swept(&mut self, before: DateTime<Utc>) -> Result<(), WarehouseError> {
        self.transaction("note removed files", |tx| {
            tx.execute(
                "DELETE FROM profiles WHERE (run, partition) IN (
                    SELECT run, partition FROM partitions WHERE state = 'superseded' AND superseded_at <= ?1)",
                [instant(before)],
            )?;
            tx.execute(
                "UPDATE partitions SET state = 'removed' WHERE state = 'superseded' AND superseded_at <= ?1",
                [instant(before)],
            )?;
            Ok(())
        })
    }

    /// How a run stands, of a dataset or of the marts; `None` where the ledger does not know it.
    pub(crate) fn standing(&self, run: &str) -> Result<Option<Standing>, WarehouseError> {
        self.call("look up a run", |connection| {
            let known = "SELECT status, finished_at FROM runs WHERE run = ?1
                 UNION ALL SELECT status, finished_at FROM mart_runs WHERE run = ?1";
            let row = connection.query_row(known, [run], |row| {
                let finished: Option<String> = row.get("finished_at")?;
                let finished_at = finished.map(|_| instant_of(row, "finished_at")).transpose()?;
                Ok(Standing { status: status_of(row)?, finished_at })
            });
            row.optional()
        })
    }
}

fn insert_page(tx: &Transaction<'_>, run: &RunId, recorded: &RecordedPage) -> rusqlite::Result<()> {
    let page = &recorded.page;
    let mut insert = tx.prepare_cached(
        "INSERT INTO pages (run, attempt, window, page, url, http_status, size_bytes, sha256, n_rows, n_quarantined,
            started_at, duration_ms, verdict, raw, raw_sealed, parameters)
         VALUES (:run, :attempt, :window, :page, :url, :status, :bytes, :sha256, :rows, :quarantined, :at, :ms, :verdict,
            :raw, :raw_sealed, :parameters)",
    )?;
    insert.execute(named_params! {
        ":run": run.as_str(),
        ":attempt": recorded.attempt,
        ":window": page.window,
        ":page": page.page,
        ":url": page.url,
        ":status": page.http_status,
        ":bytes": to_sql(page.bytes),
        ":sha256": page.sha256,
        ":rows": to_sql(page.rows),
        ":quarantined": to_sql(page.quarantined),
        ":at": instant(page.started_at),
        ":ms": to_sql(page.millis),
        ":verdict": page.verdict,
        ":raw": page.raw.as_ref().map(|raw| &raw.file),
        ":parameters": page.parameters,
        ":raw_sealed": page.raw.as_ref().map(|raw| raw.sealed),
    })?;
    Ok(())
}

fn insert_refused(tx: &Transaction<'_>, row: &QuarantinedRow) -> rusqlite::Result<()> {
    let mut insert = tx
        .prepare_cached("INSERT INTO quarantine (run, page, row, column_name, reason) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    insert.execute(params![row.run.as_str(), row.page, to_sql(row.row), row.column, row.reason])?;
    Ok(())
}

fn insert_intent(tx: &Transaction<'_>, intent: &Intent<'_>, together: Option<&RunId>) -> rusqlite::Result<()> {
    let n_rows: u64 = intent.files.iter().map(|file| file.rows).sum();
    intent.files.iter().try_for_each(|file| insert_intended(tx, intent, file))?;
    let changed = tx.execute(
        "UPDATE runs SET status = 'committing', reason = ?2, finished_at = ?3, n_rows = ?4, accepted_by = ?5,
            accepted_at = ?6, together = ?7
         WHERE run = ?1 AND status = 'running'",
        params![
            intent.run.as_str(),
            intent.note,
            instant(intent.at),
            to_sql(n_rows),
            intent.accepted.map(|accepted| &accepted.by),
            intent.accepted.map(|accepted| instant(accepted.at)),
            together.map(RunId::as_str)
        ],
    )?;
    if changed == 1 { Ok(()) } else { Err(rusqlite::Error::StatementChangedRows(changed)) }
}

fn make_current(tx: &Transaction<'_>, run: &RunId) -> rusqlite::Result<()> {
    let run = [run.as_str()];
    tx.execute(
        "UPDATE partitions SET state = 'superseded', superseded_by = ?1,
            superseded_at = (SELECT finished_at FROM runs WHERE run = ?1)
         WHERE state = 'current' AND (source, dataset, partition) IN
            (SELECT source, dataset, partition FROM partitions WHERE run = ?1 AND state = 'intended')",
        run,
    )?;
    tx.execute("UPDATE partitions SET state = 'current' WHERE run = ?1 AND state = 'intended'", run)?;
    tx.execute("UPDATE runs SET status = 'committed' WHERE run = ?1 AND status = 'committing'", run)?;
    Ok(())
}

fn insert_intended(tx: &Transaction<'_>, intent: &Intent<'_>, file: &Intended) -> rusqlite::Result<()> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO partitions (run, source, dataset, partition, shape, mode, latest, in_latest, partition_date, staged,
            n_rows, size_bytes, sums, carries_on, state, committed_at)
         VALUES (:run, :source, :dataset, :partition, :shape, :mode, :latest, :in_latest, :date, :staged,
            :rows, :bytes, :sums, :carries_on, 'intended', :at)",
    )?;
    insert.execute(named_params! {
        ":run": intent.run.as_str(),
        ":source": intent.dataset.source(),
        ":dataset": intent.dataset.dataset(),
        ":partition": file.partition.to_string(),
        ":shape": file.partition.shape(),
        ":mode": intent.mode.word(),
        ":latest": file.latest,
        ":in_latest": file.in_latest,
        ":date": file.partition.date().to_string(),
        ":staged": file.staged,
        ":rows": to_sql(file.rows),
        ":bytes": to_sql(file.bytes),
        ":sums": sums_to_text(&file.sums),
        ":carries_on": file.carries_on,
        ":at": instant(intent.at),
    })?;
    if let Some(profile) = &file.profile {
        insert_profile(tx, intent.run, &file.partition, profile)?;
    }
    Ok(())
}

fn intended_of(row: &Row<'_>) -> rusqlite::Result<Intended> {
    Ok(Intended {
        partition: parsed(row, "partition", |text: String| text.parse())?,
        latest: row.get("latest")?,
        in_latest: row.get("in_latest")?,
        staged: row.get("staged")?,
        rows: count_of(row, "n_rows")?,
        bytes: count_of(row, "size_bytes")?,
        sums: sums_of(row)?,
        carries_on: row.get("carries_on")?,
        profile: None,
    })
}
