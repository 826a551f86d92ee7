//! The ledger: SQLite, the only record of what is committed. Directory listings are never believed.

mod archive;
mod read;
mod schema;
mod submissions;
mod write;

pub(crate) use write::{Intended, Intent, NewRun, Totals};

use super::error::{WarehouseError, is_ledger_disk_full};
use super::id::{DatasetId, RunId};
use super::record::Sums;
use crate::quality::ExactSum;
use chrono::{DateTime, SecondsFormat, Utc};
use rusqlite::types::Type;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row, Transaction, TransactionBehavior};
use schema::MIGRATIONS;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a statement waits for another process's transaction; ours last milliseconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// An open ledger.
#[derive(Debug)]
pub(crate) struct Ledger {
    connection: Connection,
    path: PathBuf,
}

impl Ledger {
    /// Opens the ledger to write, makes it if there is none, and applies the migrations that are missing.
    pub(crate) fn open(path: &Path) -> Result<Self, WarehouseError> {
        let connection = Connection::open(path).map_err(|e| WarehouseError::ledger("open", path, e))?;
        let mut ledger = Self { connection, path: path.to_path_buf() };
        ledger.call("prepare", |connection| {
            connection.busy_timeout(BUSY_TIMEOUT)?;
            // The answer is the mode in force; where WAL cannot be had, SQLite's default is as safe and only slower.
            connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
            // A commit is only reported once it would survive a power cut.
            connection.pragma_update(None, "synchronous", "full")?;
            connection.pragma_update(None, "foreign_keys", true)
        })?;
        ledger.migrate()?;
        Ok(ledger)
    }

    /// Opens the ledger of an existing warehouse to read. SQLite may keep its own lock files beside it.
    pub(crate) fn open_to_read(path: &Path) -> Result<Self, WarehouseError> {
        let failed = |e| WarehouseError::ledger("open", path, e);
        let read = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let plain = Connection::open_with_flags(path, read).and_then(readable);
        let connection = match plain {
            // Whoever may not write in the folder, or has a full disk, cannot make those lock files. With no writer at
            // work none are needed.
            Err(e) if cannot_lock(&e) && !has_wal(path) => {
                let opened = Connection::open_with_flags(immutable_uri(path), read | OpenFlags::SQLITE_OPEN_URI);
                opened.and_then(readable).map_err(failed)?
            }
            other => other.map_err(failed)?,
        };
        let ledger = Self { connection, path: path.to_path_buf() };
        let hint = "open it once with a command that writes, such as lumbung snapshot";
        match ledger.version()? {
            found if found == known() => Ok(ledger),
            found if found < known() => Err(ledger.foreign(found, hint)),
            found => Err(ledger.foreign(found, "use the newer lumbung")),
        }
    }

    fn version(&self) -> Result<i64, WarehouseError> {
        let version = self.connection.query_row("PRAGMA user_version", [], |row| row.get(0));
        version.map_err(|e| WarehouseError::ledger("read the version", &self.path, e))
    }

    fn migrate(&mut self) -> Result<(), WarehouseError> {
        let found = self.version()?;
        if found > known() {
            return Err(self.foreign(found, "use the newer lumbung"));
        }
        for (done, migration) in MIGRATIONS.iter().enumerate().skip(usize::try_from(found).unwrap_or(0)) {
            self.transaction("migrate", |tx| {
                tx.execute_batch(migration)?;
                tx.pragma_update(None, "user_version", to_sql(done as u64 + 1))
            })?;
        }
        Ok(())
    }

    fn foreign(&self, found: i64, hint: &'static str) -> WarehouseError {
        WarehouseError::LedgerVersion { path: self.path.clone(), found, known: known(), hint }
    }

    fn call<T>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, WarehouseError> {
        work(&self.connection).map_err(|e| WarehouseError::ledger(action, &self.path, e))
    }

    fn transaction<T>(
        &mut self,
        action: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, WarehouseError> {
        let all = || {
            let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&tx)?;
            tx.commit()?;
            Ok(done)
        };
        all().map_err(|e| WarehouseError::ledger(action, &self.path, e))
    }
}

fn known() -> i64 {
    to_sql(MIGRATIONS.len() as u64)
}

/// Whether the schema can be read through this connection: the first statement is what takes the locks.
fn readable(connection: Connection) -> rusqlite::Result<Connection> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

fn cannot_lock(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
        || is_ledger_disk_full(error)
}

/// Whether transactions stand beside the ledger that are not in it yet. A writer that found the disk full when it opened
/// leaves an empty file.
fn has_wal(path: &Path) -> bool {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    std::fs::metadata(name).is_ok_and(|wal| wal.len() > 0)
}

fn immutable_uri(path: &Path) -> String {
    let escaped = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{escaped}?immutable=1")
}

/// An instant as the ledger writes it.
fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A count as SQLite holds it; none of ours comes near 2^63.
fn to_sql(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn sums_to_text(sums: &Sums) -> String {
    let texts: BTreeMap<&str, String> = sums.iter().map(|(column, sum)| (column.as_str(), sum.to_string())).collect();
    serde_json::to_string(&texts).expect("a map of texts is always JSON")
}

/// Reads column `name` and turns it into something better than text or an integer.
fn parsed<S: rusqlite::types::FromSql, T, E: Error + Send + Sync + 'static>(
    row: &Row<'_>,
    name: &str,
    parse: impl FnOnce(S) -> Result<T, E>,
) -> rusqlite::Result<T> {
    let index = row.as_ref().column_index(name)?;
    let failed = |e: E| rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(e));
    parse(row.get(index)?).map_err(failed)
}

fn count_of(row: &Row<'_>, name: &str) -> rusqlite::Result<u64> {
    parsed(row, name, |count: i64| u64::try_from(count))
}

fn run_of(row: &Row<'_>, name: &str) -> rusqlite::Result<RunId> {
    parsed(row, name, |text: String| text.parse())
}

fn dataset_of(row: &Row<'_>) -> rusqlite::Result<DatasetId> {
    let dataset: String = row.get("dataset")?;
    parsed(row, "source", |source: String| DatasetId::new(&source, &dataset))
}

fn instant_of(row: &Row<'_>, name: &str) -> rusqlite::Result<DateTime<Utc>> {
    parsed(row, name, |text: String| text.parse())
}

fn sums_of(row: &Row<'_>) -> rusqlite::Result<Sums> {
    let texts: BTreeMap<String, String> = parsed(row, "sums", |text: String| serde_json::from_str(&text))?;
    let sums = texts.into_iter().map(|(column, text)| Ok((column, text.parse::<ExactSum>()?)));
    parsed(row, "sums", |_: String| sums.collect::<Result<Sums, crate::quality::ParseSumError>>())
}

#[cfg(test)]
mod tests;
