//! What can go wrong in the warehouse, by what the operator has to do about it.

use super::archive::ArchiveError;
use super::backup::BackupError;
use super::id::{DatasetId, RunId};
use crate::quality::RecountError;
use parquet::errors::ParquetError;
use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

/// What an error asks of the operator; the command line gives each kind its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The disk is full, a folder may not be written, the ledger is damaged: exit 73.
    CannotWrite,
    /// The rows are not what was promised; nothing was published: exit 65.
    DataRefused,
    /// Another run of the same dataset holds the lock: exit 73.
    Locked,
    /// There is no warehouse at that path.
    NoWarehouse,
    /// It was made by a newer version of this program: exit 78.
    Configuration,
    /// A raw page is sealed, and not to the identity that was given: exit 77.
    NotAuthorised,
    /// The caller broke a rule of this module: exit 70.
    Internal,
}

/// An error of the warehouse. Every variant names the file, the dataset or the column.
#[derive(Debug, thiserror::Error)]
pub enum WarehouseError {
    /// The file system refused.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The disk (or the user's quota) is full.
    #[error("cannot {action} {path}: the disk is full; free some space and run again")]
    DiskFull {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
    },
    /// No warehouse where one should be read.
    #[error("no warehouse at {path}: load something first, or name the right folder with --warehouse")]
    NoWarehouse {
        /// The folder that was named.
        path: PathBuf,
    },
    /// Another run of the dataset is at work.
    #[error("{dataset} is being loaded by {run}; wait until it ends, then run again")]
    Locked {
        /// The dataset asked for.
        dataset: DatasetId,
        /// Who holds it: "run 2026…", or "another run" in the instant before it has a row in the ledger.
        run: String,
    },
    /// Another process sends records by the same method.
    #[error("records of {method} are being sent by another process; wait until it ends, then run again")]
    SendingLocked {
        /// `source.method`.
        method: String,
    },
    /// Another process sends mail.
    #[error("the mail of this outbox is being sent by {by}; wait until it ends, then run again")]
    OutboxLocked {
        /// Who sends.
        by: String,
    },
    /// Somebody else sends mail from here on: this process had no word with the ledger for too long.
    #[error("the lease of the outbox was lost to another sender; nothing more is sent from here")]
    OutboxLost,
    /// Another process runs what is due.
    #[error("what is due in this warehouse is run by {by}")]
    ScheduleLocked {
        /// Who.
        by: String,
    },
    /// Somebody else runs what is due from here on: this process had no word with the ledger for too long.
    #[error("the lease of the schedule was lost to another process; nothing more is begun from here")]
    ScheduleLost,
    /// Another process removes what may go.
    #[error("another process removes what may go by the rules of retention; wait until it ends, then run again")]
    RemovalLocked,
    /// There is too little room for a load.
    #[error(
        "{free_mb} MB are free on the disk of {path}, and loading {dataset} takes {needed_mb} MB: {least_mb} MB that stay free \
         (warehouse.disk_free_min_mb) and twice the size of its last load; `lumbung gc` shows what may go"
    )]
    NoRoom {
        /// The warehouse.
        path: PathBuf,
        /// What is to be loaded.
        dataset: DatasetId,
        /// What is free.
        free_mb: u64,
        /// What has to be.
        needed_mb: u64,
        /// What has to stay free.
        least_mb: u64,
    },
    /// A backup, or the place where one is to be restored, is not as it has to be.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// A message in the outbox is not what was laid in.
    #[error("{path} does not hold the message that was laid in the outbox; it is not sent")]
    MessageChanged {
        /// Its file.
        path: PathBuf,
    },
    /// The ledger, or the inbox store, was written by another version of this program.
    #[error("the database {path} has version {found} and this program knows version {known}; {hint}")]
    DatabaseVersion {
        /// Its file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version this program writes.
        known: i64,
        /// What to do.
        hint: &'static str,
    },
    /// SQLite refused.
    #[error("cannot {action} in {path}: {source}")]
    Database {
        /// What was tried.
        action: &'static str,
        /// The ledger's file, or that of the inbox store.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The Parquet writer refused.
    #[error("cannot {action} {path}: {source}")]
    Parquet {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the writer said.
        source: ParquetError,
    },
    /// The written file could not be counted again.
    #[error("nothing was published: {0}")]
    Recount(#[from] RecountError),
    /// The written file does not hold what was handed to the writer.
    #[error("{0}; nothing was published")]
    Mismatch(Box<Mismatch>),
    /// The commit is written down as intended and broke off: folders may show it already, the ledger does not.
    #[error("{source}; the snapshot of run {run} is whole and on record, the next load finishes its commit")]
    BrokeOff {
        /// The run, which stays `committing`.
        run: RunId,
        /// What broke it off.
        source: Box<WarehouseError>,
    },
    /// A raw page cannot be read back.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A part of a recorded edition, or what it stands on, is not what was recorded.
    #[error("{path} does not hold what was recorded: it was changed or damaged; take it from a backup")]
    RecordAltered {
        /// Its file.
        path: PathBuf,
    },
    /// Rows that do not fit: another schema, a sum beyond 38 digits.
    #[error("{dataset}: {reason}; nothing was published")]
    Refused {
        /// The dataset being loaded.
        dataset: DatasetId,
        /// What does not fit.
        reason: String,
    },
    /// A name that cannot stand in a path or the ledger.
    #[error("{text:?} is not a {what}: {rule}")]
    Name {
        /// What the text was meant to be.
        what: &'static str,
        /// The text.
        text: String,
        /// What is allowed.
        rule: &'static str,
    },
    /// The caller broke a rule of this module.
    #[error("{0}")]
    Misuse(String),
}

/// A written file does not hold what was handed to the writer.
#[derive(Debug, thiserror::Error)]
#[error("{dataset}, {what}: {written} were written and {path} holds {counted}")]
pub struct Mismatch {
    /// The dataset being loaded.
    pub dataset: DatasetId,
    /// "rows", or "the sum of column …".
    pub what: String,
    /// What was handed to the writer.
    pub written: String,
    /// What the recount found.
    pub counted: String,
    /// The staged file.
    pub path: PathBuf,
}

impl WarehouseError {
    /// What this error asks of the operator.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Io { .. }
            | Self::DiskFull { .. }
            | Self::NoRoom { .. }
            | Self::Database { .. }
            | Self::DatabaseVersion { .. }
            | Self::Parquet { .. } => ErrorKind::CannotWrite,
            Self::Recount(_) | Self::Mismatch(_) | Self::Refused { .. } | Self::MessageChanged { .. } => {
                ErrorKind::DataRefused
            }
            Self::Archive(error) if error.is_identity() => ErrorKind::NotAuthorised,
            Self::Archive(ArchiveError::Io { .. }) => ErrorKind::CannotWrite,
            Self::Archive(_) => ErrorKind::DataRefused,
            Self::Locked { .. }
            | Self::SendingLocked { .. }
            | Self::OutboxLocked { .. }
            | Self::OutboxLost
            | Self::RemovalLocked
            | Self::ScheduleLocked { .. }
            | Self::ScheduleLost => ErrorKind::Locked,
            Self::BrokeOff { source, .. } => source.kind(),
            Self::NoWarehouse { .. } => ErrorKind::NoWarehouse,
            Self::Name { .. } | Self::Misuse(_) => ErrorKind::Internal,
            Self::RecordAltered { .. } => ErrorKind::DataRefused,
            Self::Backup(error) => error.kind(),
        }
    }

    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        if is_disk_full(&source) { Self::DiskFull { action, path } } else { Self::Io { action, path, source } }
    }

    pub(crate) fn parquet(action: &'static str, path: &Path, source: ParquetError) -> Self {
        let path = path.to_path_buf();
        if caused_by_full_disk(&source) {
            Self::DiskFull { action, path }
        } else {
            Self::Parquet { action, path, source }
        }
    }

    pub(crate) fn database(action: &'static str, path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_path_buf();
        if is_ledger_disk_full(&source) {
            Self::DiskFull { action, path }
        } else {
            Self::Database { action, path, source }
        }
    }
}

/// Whether SQLite found no space: for the ledger itself, or (an I/O error of its own kind) for the index beside it that
/// processes share, without which it cannot even be opened.
pub(crate) fn is_ledger_disk_full(error: &rusqlite::Error) -> bool {
    let no_index = |error: &rusqlite::ffi::Error| error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE;
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) || error.sqlite_error().is_some_and(no_index)
}

fn is_disk_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Whether an I/O error for want of space stands anywhere in the chain of causes.
fn caused_by_full_disk(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(is_disk_full) {
            return true;
        }
        cause = error.source();
    }
    false
}
