//! What the ledger has of the materialised marts: attempts, the files that are shown, what the data tests said.

use super::read::status_of;
use super::{Ledger, count_of, instant, instant_of, run_of, sums_of, sums_to_text, to_sql};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::id::RunId;
use crate::warehouse::marts::{DataTestRecord, MartFile, MartRunRecord};
use crate::warehouse::record::{Outcome, RunStatus};
use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, params};

impl Ledger {
    /// Enters an attempt as `running`.
    pub(crate) fn begin_marts(&mut self, run: &RunId, at: DateTime<Utc>) -> Result<(), WarehouseError> {
        self.transaction("begin the marts", |tx| {
            tx.execute(
                "INSERT INTO mart_runs (run, status, started_at) VALUES (?1, 'running', ?2)",
                params![run.as_str(), instant(at)],
            )?;
            Ok(())
        })
    }

    /// Notes what the data tests said.
    pub(crate) fn note_tests(&mut self, run: &RunId, tests: &[DataTestRecord]) -> Result<(), WarehouseError> {
        self.transaction("note the data tests", |tx| {
            let mut insert = tx.prepare_cached(
                "INSERT INTO data_tests (run, name, severity, n_rows, problem) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for test in tests {
                let rows = test.rows.map(to_sql);
                insert.execute(params![run.as_str(), test.name, test.severity, rows, test.problem])?;
            }
            Ok(())
        })
    }

    /// Ends an attempt that publishes nothing.
    pub(crate) fn finish_marts(
        &mut self,
        run: &RunId,
        outcome: Outcome,
        reason: &str,
        at: DateTime<Utc>,
    ) -> Result<(), WarehouseError> {
        self.transaction("end the marts", |tx| {
            tx.execute(
                "UPDATE mart_runs SET status = ?2, reason = ?3, finished_at = ?4 WHERE run = ?1 AND status = 'running'",
                params![run.as_str(), RunStatus::from(outcome).word(), reason, instant(at)],
            )?;
            Ok(())
        })
    }

    /// Takes back the entry of an attempt that found nothing to do.
    pub(crate) fn withdraw_marts(&mut self, run: &RunId) -> Result<(), WarehouseError> {
        self.transaction("withdraw the marts", |tx| {
            tx.execute("DELETE FROM mart_runs WHERE run = ?1 AND status = 'running'", [run.as_str()])?;
            Ok(())
        })
    }

    /// Records which files are to be shown: from here on the attempt is rolled forward, whatever happens.
    pub(crate) fn intend_marts(
        &mut self,
        run: &RunId,
        files: &[MartFile],
        snapshots: &str,
        at: DateTime<Utc>,
    ) -> Result<(), WarehouseError> {
        self.transaction("record which marts are to be shown", |tx| {
            let mut insert = tx.prepare_cached(
                "INSERT INTO mart_files (run, mart, file, inputs, n_rows, size_bytes, sums, made_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?;
            for file in files {
                let (rows, bytes, sums) = (to_sql(file.rows), to_sql(file.bytes), sums_to_text(&file.sums));
                let made = instant(file.made_at);
                insert.execute(params![
                    run.as_str(),
                    file.mart,
                    file.file.as_str(),
                    file.inputs,
                    rows,
                    bytes,
                    sums,
                    made
                ])?;
            }
            let changed = tx.execute(
                "UPDATE mart_runs SET status = 'committing', snapshots = ?2, finished_at = ?3
                 WHERE run = ?1 AND status = 'running'",
                params![run.as_str(), snapshots, instant(at)],
            )?;
            if changed == 1 { Ok(()) } else { Err(rusqlite::Error::StatementChangedRows(changed)) }
        })
    }

    /// The marts of `run` are shown.
    pub(crate) fn commit_marts(&mut self, run: &RunId) -> Result<(), WarehouseError> {
        self.transaction("record that the marts are shown", |tx| {
            let done = "UPDATE mart_runs SET status = 'committed' WHERE run = ?1 AND status = 'committing'";
            tx.execute(done, [run.as_str()])?;
            Ok(())
        })
    }

    /// Attempts that did not end, oldest first; whether their intent is recorded.
    pub(crate) fn unfinished_marts(&self) -> Result<Vec<(RunId, bool)>, WarehouseError> {
        self.call("look for unfinished marts", |connection| {
            let mut query = connection.prepare(
                "SELECT run, status FROM mart_runs WHERE status IN ('running', 'committing') ORDER BY seq",
            )?;
            let rows =
                query.query_map([], |row| Ok((run_of(row, "run")?, status_of(row)? == RunStatus::Committing)))?;
            rows.collect()
        })
    }

    /// The files of an attempt whose intent is recorded, by mart.
    pub(crate) fn mart_files(&self, run: &RunId) -> Result<Vec<MartFile>, WarehouseError> {
        self.call("list the marts", |connection| {
            let mut query = connection.prepare_cached("SELECT * FROM mart_files WHERE run = ?1 ORDER BY mart")?;
            let rows = query.query_map([run.as_str()], mart_file_of)?;
            rows.collect()
        })
    }

    /// The last attempt, and the last that is shown.
    pub(crate) fn last_marts(&self) -> Result<(Option<MartRunRecord>, Option<MartRunRecord>), WarehouseError> {
        self.call("look for the last marts", |connection| {
            let tx = connection.unchecked_transaction()?;
            let one = |condition: &str| {
                let query = format!("SELECT * FROM mart_runs WHERE {condition} ORDER BY seq DESC LIMIT 1");
                tx.query_row(&query, [], mart_run_of).optional()
            };
            Ok((one("true")?, one("status = 'committed'")?))
        })
    }

    /// What the data tests said before `run`, by name.
    pub(crate) fn noted_tests(&self, run: &RunId) -> Result<Vec<DataTestRecord>, WarehouseError> {
        self.call("list the data tests", |connection| {
            let mut query = connection.prepare_cached("SELECT * FROM data_tests WHERE run = ?1 ORDER BY name")?;
            let rows = query.query_map([run.as_str()], |row| {
                let rows: Option<i64> = row.get("n_rows")?;
                Ok(DataTestRecord {
                    name: row.get("name")?,
                    severity: row.get("severity")?,
                    rows: rows.map(|_| count_of(row, "n_rows")).transpose()?,
                    problem: row.get("problem")?,
                })
            })?;
            rows.collect()
        })
    }

    /// Forgets attempts that ended at or before `before`, but for the last one and the last that is shown.
    pub(crate) fn forget_marts(&mut self, before: DateTime<Utc>) -> Result<(), WarehouseError> {
        self.transaction("forget old marts", |tx| {
            tx.execute(
                "DELETE FROM mart_runs WHERE finished_at <= ?1 AND seq NOT IN (
                    SELECT max(seq) FROM mart_runs
                    UNION ALL SELECT coalesce(max(seq), 0) FROM mart_runs WHERE status = 'committed')",
                [instant(before)],
            )?;
            Ok(())
        })
    }
}

fn mart_file_of(row: &Row<'_>) -> rusqlite::Result<MartFile> {
    Ok(MartFile {
        mart: row.get("mart")?,
        file: run_of(row, "file")?,
        inputs: row.get("inputs")?,
        rows: count_of(row, "n_rows")?,
        bytes: count_of(row, "size_bytes")?,
        sums: sums_of(row)?,
        made_at: instant_of(row, "made_at")?,
    })
}

fn mart_run_of(row: &Row<'_>) -> rusqlite::Result<MartRunRecord> {
    let finished: Option<String> = row.get("finished_at")?;
    Ok(MartRunRecord {
        run: run_of(row, "run")?,
        status: status_of(row)?,
        reason: row.get("reason")?,
        snapshots: row.get("snapshots")?,
        started_at: instant_of(row, "started_at")?,
        finished_at: finished.map(|_| instant_of(row, "finished_at")).transpose()?,
    })
}
