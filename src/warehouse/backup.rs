//! Backups of what cannot be made again: the ledger, the inbox store, mail that may still go out, recorded editions. Made while
//! others work; the snapshots themselves are files that never change, for any program that copies files.
//!
//! A backup is a folder that only its owner may enter: `manifest.json` names every member with its SHA-256. It is written aside and
//! appears when it is whole.
//!
//! In reading order: `copy` takes both databases at one moment; `manifest` proves a backup; `restore` puts one in its place;
//! `reconcile` says what a ledger and the disk do not agree on.

mod copy;
mod manifest;
mod reconcile;
mod restore;

pub use manifest::{BackupManifest, BackupMember};
pub use reconcile::{LostFile, Reconciliation, StrayFile};
pub use restore::Restored;

use super::Warehouse;
use super::error::{ErrorKind, WarehouseError};
use super::ledger::{Ledger, SCHEMA as LEDGER};
use chrono::{DateTime, Utc};
use std::path::{Path, PathBuf};

/// The ledger's member.
const LEDGER_MEMBER: &str = "ledger.db.zst";
/// The inbox store's member.
const INBOX_MEMBER: &str = "inbox.db.zst";
/// The folder of mails.
const OUTBOX: &str = "outbox";
/// The folder of recorded editions.
const EDITIONS: &str = "editions";

/// What is wrong with a backup, or with the place where it is to go.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Something stands where the backup is to be made.
    #[error("{path} is there already; name a folder that is not")]
    Exists {
        /// The folder that was named.
        path: PathBuf,
    },
    /// It is not whole, or was changed.
    #[error("the backup {path} is damaged: {reason}; take another one")]
    Damaged {
        /// Its folder.
        path: PathBuf,
        /// What shows it.
        reason: String,
    },
    /// A newer program made it.
    #[error(
        "the backup {path} has {what} of version {found} and this program knows version {known}; use the newer lumbung"
    )]
    Newer {
        /// Its folder.
        path: PathBuf,
        /// The ledger, the inbox store or the backup's form.
        what: &'static str,
        /// Its version.
        found: i64,
        /// What this program knows.
        known: i64,
    },
    /// There is a ledger, or an inbox store, already.
    #[error("{path} is there already; --force moves ledger and inbox store aside")]
    LedgerThere {
        /// Which.
        path: PathBuf,
    },
    /// Somebody is at work on the warehouse.
    #[error("{path} is in use: stop `lumbung serve` and wait for loads to end, then restore")]
    InUse {
        /// What is held.
        path: PathBuf,
    },
    /// Others wrote all the time.
    #[error("the ledger was written without a pause while its copy was to begin; try again")]
    NoMoment,
}

impl BackupError {
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::Damaged { .. } => ErrorKind::DataRefused,
            Self::Newer { .. } => ErrorKind::Configuration,
            Self::Exists { .. } | Self::LedgerThere { .. } => ErrorKind::CannotWrite,
            Self::InUse { .. } | Self::NoMoment => ErrorKind::Locked,
        }
    }
}

/// What a backup is made with.
#[derive(Debug, Clone, Copy)]
pub struct BackupRequest<'a> {
    /// The folder to be made.
    pub folder: &'a Path,
    /// Whether recorded editions are in it; snapshots that they keep never are.
    pub editions: bool,
    /// The version of the program.
    pub program: &'a str,
    /// Now.
    pub at: DateTime<Utc>,
}

impl Warehouse {
    /// Makes a backup. Others may write meanwhile: ledger and inbox store are those of one moment.
    ///
    /// # Errors
    /// [`BackupError::Exists`], or when a database or the disk refuses: then there is no such folder.
    pub fn backup(&self, request: &BackupRequest<'_>) -> Result<BackupManifest, WarehouseError> {
        copy::backup(&self.house, request)
    }

    /// What the ledger and the disk do not agree on.
    ///
    /// # Errors
    /// When the ledger or the disk cannot be read.
    pub fn reconcile(&self) -> Result<Reconciliation, WarehouseError> {
        reconcile::reconcile(&self.house)
    }

    /// Notes files that are gone from the disk as removed: their datasets can be read again, without them.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn drop_lost(&self, lost: &[LostFile], operator: &str, at: DateTime<Utc>) -> Result<(), WarehouseError> {
        reconcile::drop_lost(&self.house, lost, operator, at)
    }
}

/// Proves every member of a backup, and that its databases are sound.
///
/// # Errors
/// [`BackupError::Damaged`] or [`BackupError::Newer`].
pub fn verify_backup(folder: &Path) -> Result<BackupManifest, WarehouseError> {
    let manifest = manifest::verify(folder)?;
    manifest::verify_databases(folder, &manifest)?;
    Ok(manifest)
}

/// Puts a backup into the warehouse at `root`, which has no ledger; with `force` one that it has is moved aside. What may have happened
/// since the backup was made is not done again: mail that waited is in doubt, and no time of a schedule before `at` is due.
///
/// # Errors
/// When the backup is damaged or newer, somebody is at work on the warehouse, or the disk refuses.
pub fn restore_backup(
    folder: &Path,
    root: &Path,
    force: bool,
    at: DateTime<Utc>,
) -> Result<(Warehouse, Restored), WarehouseError> {
    let restored = restore::restore(folder, root, force, at)?;
    Ok((Warehouse::open(root, at)?, restored))
}

/// The ledger's version that this program writes.
fn ledger_version() -> i64 {
    LEDGER.version()
}

/// Opens a copy of a ledger and brings it up to date.
fn open_ledger(path: &Path) -> Result<Ledger, WarehouseError> {
    Ledger::open(path)
}
