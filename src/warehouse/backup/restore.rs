//! Putting a backup in its place: nobody is at work, what is there is moved aside, what may have happened since is not done again.

use super::copy::copy_private;
use super::manifest::{self, BackupManifest, unpack};
use super::{BackupError, EDITIONS, INBOX_MEMBER, LEDGER_MEMBER, OUTBOX, open_ledger};
use crate::warehouse::absolute;
use crate::warehouse::disk::{self, Lock};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::id::RunId;
use crate::warehouse::layout::Layout;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The ledger is read by other users of the machine; the umask says by whom.
const LEDGER_MODE: u32 = 0o666;
const INBOX_MODE: u32 = 0o600;

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The backup.
    pub manifest: BackupManifest,
    /// Where the ledger that was there is now.
    pub moved_to: Option<PathBuf>,
    /// What was not finished when the backup was made, and cannot be any more.
    pub given_up: u64,
    /// Mails and records of which nobody knows whether they went since.
    pub in_doubt: u64,
}

pub(super) fn restore(
    folder: &Path,
    root: &Path,
    force: bool,
    at: DateTime<Utc>,
) -> Result<Restored, WarehouseError> {
    let manifest = manifest::verify(folder)?;
    manifest::verify_databases(folder, &manifest)?;
    let layout = Layout::new(absolute(root)?);
    disk::create_folder(&layout.all_locks())?;
    for path in [layout.ledger(), layout.inbox()] {
        if disk::exists(&path)? && !force {
            return Err(BackupError::LedgerThere { path }.into());
        }
    }
    let _locks = alone(&layout)?;
    let aside = (layout.ledger().with_added_extension("part"), layout.inbox().with_added_extension("part"));
    // What a restore left that died must not be taken for the log of this one.
    let clear =
        || [&aside.0, &aside.1].into_iter().flat_map(|path| with_logs(path)).try_for_each(|p| disk::remove_file(&p));
    clear()?;
    let put = put(folder, &layout, manifest, &aside, at);
    clear()?;
    put
}

/// A database and what SQLite keeps beside it.
fn with_logs(database: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|ending| {
        let mut name = database.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    })
}

/// Unpacks and brings up to date aside, then moves: what is there away, what was unpacked into its place.
fn put(
    folder: &Path,
    layout: &Layout,
    manifest: BackupManifest,
    (ledger, inbox): &(PathBuf, PathBuf),
    at: DateTime<Utc>,
) -> Result<Restored, WarehouseError> {
    unpack(&folder.join(LEDGER_MEMBER), ledger, LEDGER_MODE)?;
    let (given_up, in_doubt) = {
        let mut opened = open_ledger(ledger)?;
        let given_up = opened.give_up_half(layout, at)?;
        (given_up, opened.doubt_what_waits(at, manifest.made_at)?)
    };
    stand_alone(ledger)?;
    if manifest.inbox_version.is_some() {
        unpack(&folder.join(INBOX_MEMBER), inbox, INBOX_MODE)?;
    }
    let moved_to = move_aside(layout, at)?;
    put_files(folder, layout, &manifest)?;
    if manifest.inbox_version.is_some() {
        disk::rename(inbox, &layout.inbox())?;
    }
    // Last: without a ledger there is no warehouse.
    disk::rename(ledger, &layout.ledger())?;
    disk::sync_parents(&[layout.ledger()], layout.root())?;
    Ok(Restored { manifest, moved_to, given_up, in_doubt })
}

/// Takes every lock there is, so that nobody loads, sends, removes or opens meanwhile.
fn alone(layout: &Layout) -> Result<Vec<Lock>, WarehouseError> {
    let folder = layout.all_locks();
    let named = disk::names(&folder)?.into_iter().map(|name| folder.join(name));
    let own = [layout.open_lock(), layout.schedule_lock(), layout.outbox_lock(), layout.removal_lock()];
    let mut paths: Vec<PathBuf> = named.chain(own).collect();
    paths.sort();
    paths.dedup();
    let taken = |path: PathBuf| Lock::try_take(&path)?.ok_or_else(|| BackupError::InUse { path }.into());
    paths.into_iter().map(taken).collect()
}

/// Moves ledger and inbox store aside, once nobody else has them open; also a log without its database, which would be taken for that of
/// the new one.
fn move_aside(layout: &Layout, at: DateTime<Utc>) -> Result<Option<PathBuf>, WarehouseError> {
    let aside = layout.all_state().join(format!("before-restore-{}", RunId::new(at)));
    for database in [layout.ledger(), layout.inbox()] {
        if disk::exists(&database)? {
            close_for_all(&database)?;
        }
    }
    let mut moved = false;
    for from in [layout.ledger(), layout.inbox()].iter().flat_map(|database| with_logs(database)) {
        if disk::exists(&from)? {
            disk::create_private_folder(&aside)?;
            let name = from.file_name().map(Path::new).expect("a database has a name");
            disk::rename(&from, &aside.join(name))?;
            moved = true;
        }
    }
    if !moved {
        return Ok(None);
    }
    disk::sync_folders(&[&aside, &layout.all_state()])?;
    Ok(Some(aside))
}

/// Writes the log back and takes the database for one: that works only where nobody else has it open. One that is damaged cannot
/// be in use.
fn close_for_all(database: &Path) -> Result<(), WarehouseError> {
    let opened = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE);
    let Ok(connection) = opened else { return Ok(()) };
    let closed = connection.busy_timeout(Duration::from_secs(1)).and_then(|()| {
        connection.pragma_update_and_check(None, "journal_mode", "delete", |row| row.get::<_, String>(0))
    });
    match closed {
        Ok(mode) if mode == "delete" => Ok(()),
        Ok(_) => Err(BackupError::InUse { path: database.to_path_buf() }.into()),
        Err(error)
            if matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) =>
        {
            Err(BackupError::InUse { path: database.to_path_buf() }.into())
        }
        Err(error) => {
            tracing::warn!(path = %database.display(), %error, "is moved aside as it is");
            Ok(())
        }
    }
}

/// Has a database without a log beside it, so that it can be moved.
fn stand_alone(path: &Path) -> Result<(), WarehouseError> {
    let alone = Connection::open(path)
        .and_then(|connection| connection.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(())));
    alone.map_err(|e| WarehouseError::database("prepare", path, e))
}

/// Mails and editions; what is there already never changes and stays.
fn put_files(folder: &Path, layout: &Layout, manifest: &BackupManifest) -> Result<(), WarehouseError> {
    let mut put = Vec::new();
    for member in &manifest.members {
        let is_file = [OUTBOX, EDITIONS].iter().any(|kind| member.name.starts_with(&format!("{kind}/")));
        let to = layout.all_state().join(&member.name);
        if !is_file || disk::exists(&to)? {
            continue;
        }
        if let Some(parent) = to.parent() {
            disk::create_private_folder(parent)?;
        }
        copy_private(&folder.join(&member.name), &to)?;
        put.push(to);
    }
    disk::sync_parents(&put, layout.root())
}
