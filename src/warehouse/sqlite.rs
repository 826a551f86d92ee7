//! SQLite as the warehouse uses it: a commit survives a power cut, the tables are a list of migrations, and it can be read
//! where nothing may be written. The ledger and the inbox store are such databases.

use super::error::{WarehouseError, is_ledger_disk_full};
use super::id::{DatasetId, RunId};
use chrono::{DateTime, SecondsFormat, Utc};
use rusqlite::types::{FromSql, Type};
use rusqlite::{Connection, ErrorCode, OpenFlags, Row, Transaction, TransactionBehavior};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a statement waits for another process's transaction; ours last milliseconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// The tables of one kind of database.
#[derive(Debug)]
pub(crate) struct Schema {
    /// `PRAGMA user_version` = how many of these were applied. One that was released is never edited; add another.
    pub(crate) migrations: &'static [&'static str],
    /// What brings an older file up to date, for whoever may only read it.
    pub(crate) update: &'static str,
}

impl Schema {
    /// The version this program writes.
    pub(crate) fn version(&self) -> i64 {
        to_sql(self.migrations.len() as u64)
    }
}

/// An open database.
#[derive(Debug)]
pub(crate) struct Database {
    connection: Connection,
    path: PathBuf,
    schema: &'static Schema,
}

impl Database {
    /// Opens it to write, makes it if there is none, and applies the migrations that are missing.
    pub(crate) fn open(path: &Path, schema: &'static Schema) -> Result<Self, WarehouseError> {
        let connection = Connection::open(path).map_err(|e| WarehouseError::database("open", path, e))?;
        let mut database = Self { connection, path: path.to_path_buf(), schema };
        database.call("prepare", |connection| {
            connection.busy_timeout(BUSY_TIMEOUT)?;
            // The answer is the mode in force; where WAL cannot be had, SQLite's default is as safe and only slower.
            connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
            // A commit is only reported once it would survive a power cut.
            connection.pragma_update(None, "synchronous", "full")?;
            connection.pragma_update(None, "foreign_keys", true)
        })?;
        database.migrate()?;
        Ok(database)
    }

    /// Opens an existing one to read. SQLite may keep its own lock files beside it.
    pub(crate) fn open_to_read(path: &Path, schema: &'static Schema) -> Result<Self, WarehouseError> {
        let failed = |e| WarehouseError::database("open", path, e);
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
        let database = Self { connection, path: path.to_path_buf(), schema };
        match database.version()? {
            found if found == schema.version() => Ok(database),
            found if found < schema.version() => Err(database.foreign(found, schema.update)),
            found => Err(database.foreign(found, "use the newer lumbung")),
        }
    }

    /// An empty one that stands for the file `path`, which nobody made yet: it reads as what it is, nothing.
    pub(crate) fn in_memory(path: &Path, schema: &'static Schema) -> Result<Self, WarehouseError> {
        let connection = Connection::open_in_memory().map_err(|e| WarehouseError::database("open", path, e))?;
        let mut database = Self { connection, path: path.to_path_buf(), schema };
        database.migrate()?;
        Ok(database)
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How many migrations were applied to it.
    pub(crate) fn version(&self) -> Result<i64, WarehouseError> {
        let version = self.connection.query_row("PRAGMA user_version", [], |row| row.get(0));
        version.map_err(|e| WarehouseError::database("read the version", &self.path, e))
    }

    fn migrate(&mut self) -> Result<(), WarehouseError> {
        let found = self.version()?;
        if found > self.schema.version() {
            return Err(self.foreign(found, "use the newer lumbung"));
        }
        for (done, migration) in self.schema.migrations.iter().enumerate().skip(usize::try_from(found).unwrap_or(0)) {
            self.transaction("migrate", |tx| {
                tx.execute_batch(migration)?;
                tx.pragma_update(None, "user_version", to_sql(done as u64 + 1))
            })?;
        }
        Ok(())
    }

    fn foreign(&self, found: i64, hint: &'static str) -> WarehouseError {
        WarehouseError::DatabaseVersion { path: self.path.clone(), found, known: self.schema.version(), hint }
    }

    /// Calls for one statement, or for several that are a read transaction.
    pub(crate) fn call<T>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, WarehouseError> {
        work(&self.connection).map_err(|e| WarehouseError::database(action, &self.path, e))
    }

    /// One transaction: all of `work` is durable afterwards, or nothing of it happened.
    pub(crate) fn transaction<T>(
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
        all().map_err(|e| WarehouseError::database(action, &self.path, e))
    }
}

/// Whether the database at `path` can be read, and locked to write, by one more connection that waits for others no longer than
/// `within`. Nothing is written.
pub(crate) fn answers(path: &Path, within: Duration) -> Result<(), WarehouseError> {
    let asked = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(within)?;
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        tx.rollback()
    };
    asked().map_err(|e| WarehouseError::database("lock", path, e))
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

/// Whether transactions stand beside the file that are not in it yet. A writer that found the disk full when it opened
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

/// An instant as it is written: UTC RFC 3339 with milliseconds, which sorts as text.
pub(crate) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A count as SQLite holds it; none of ours comes near 2^63.
pub(crate) fn to_sql(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Reads column `name` and turns it into something better than text or an integer.
pub(crate) fn parsed<S: FromSql, T, E: Error + Send + Sync + 'static>(
    row: &Row<'_>,
    name: &str,
    parse: impl FnOnce(S) -> Result<T, E>,
) -> rusqlite::Result<T> {
    let index = row.as_ref().column_index(name)?;
    let failed = |e: E| rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(e));
    parse(row.get(index)?).map_err(failed)
}

/// A word that this program does not know.
pub(crate) fn word<T>(row: &Row<'_>, name: &str, parse: impl FnOnce(&str) -> Option<T>) -> rusqlite::Result<T> {
    use std::io::{Error, ErrorKind};
    let unknown = |text: &str| Error::new(ErrorKind::InvalidData, format!("unknown word {text:?}"));
    parsed(row, name, |text: String| parse(&text).ok_or_else(|| unknown(&text)))
}

pub(crate) fn count_of(row: &Row<'_>, name: &str) -> rusqlite::Result<u64> {
    parsed(row, name, |count: i64| u64::try_from(count))
}

pub(crate) fn run_of(row: &Row<'_>, name: &str) -> rusqlite::Result<RunId> {
    parsed(row, name, |text: String| text.parse())
}

pub(crate) fn dataset_of(row: &Row<'_>) -> rusqlite::Result<DatasetId> {
    let dataset: String = row.get("dataset")?;
    parsed(row, "source", |source: String| DatasetId::new(&source, &dataset))
}

pub(crate) fn instant_of(row: &Row<'_>, name: &str) -> rusqlite::Result<DateTime<Utc>> {
    parsed(row, name, |text: String| text.parse())
}

#[cfg(test)]
mod tests;
