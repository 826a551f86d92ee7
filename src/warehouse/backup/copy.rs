//! Taking a backup: both databases as of one moment, and the files that they name.

use super::manifest::{BackupManifest, BackupMember, FORMAT, MANIFEST};
use super::{BackupError, BackupRequest, EDITIONS, INBOX_MEMBER, LEDGER_MEMBER, OUTBOX};
use crate::warehouse::disk;
use crate::warehouse::editions::sha256_of;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::house::House;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often the two databases are looked at again when the ledger was written in between, and a copy goes on that had to wait.
const TRIES_MAX: usize = 1_000;

/// How long another process's transaction is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// How hard members are compressed.
const ZSTD_LEVEL: i32 = 3;

/// What the ledger holds, to be compared with after a restore.
const COUNTED: [&str; 7] = ["runs", "partitions", "pages", "deliveries", "submissions", "editions", "occurrences"];

/// Makes the backup aside, then shows it.
pub(super) fn backup(house: &House, request: &BackupRequest<'_>) -> Result<BackupManifest, WarehouseError> {
    if disk::exists(request.folder)? {
        return Err(BackupError::Exists { path: request.folder.to_path_buf() }.into());
    }
    let aside = request.folder.with_added_extension("part");
    disk::remove_folder(&aside)?;
    disk::create_private_folder(&aside)?;
    let made = Making { house, aside: &aside, members: Vec::new() }.all(request);
    let manifest = match made {
        Ok(manifest) => manifest,
        Err(error) => {
            disk::remove_folder(&aside)?;
            return Err(error);
        }
    };
    disk::rename(&aside, request.folder)?;
    if let Some(parent) = request.folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        disk::sync_folders(&[parent])?;
    }
    Ok(manifest)
}

struct Making<'a> {
    house: &'a House,
    aside: &'a Path,
    members: Vec<BackupMember>,
}

impl Making<'_> {
    fn all(mut self, request: &BackupRequest<'_>) -> Result<BackupManifest, WarehouseError> {
        let layout = &self.house.layout;
        let (ledger, inbox) = (self.aside.join("ledger.db"), self.aside.join("inbox.db"));
        let both = pinned(&layout.ledger(), &layout.inbox())?;
        let copy = copied(&both.0, &layout.ledger(), &ledger)?;
        let inbox_version = match &both.1 {
            Some(source) => Some(version(&copied(source, &layout.inbox(), &inbox)?, &inbox)?),
            None => None,
        };
        drop(both);
        let counts = counts(&copy, &ledger)?;
        let ledger_version = version(&copy, &ledger)?;
        let mails = texts(&copy, &ledger, "SELECT file FROM deliveries WHERE state <> 'accepted' ORDER BY seq")?;
        let recorded = "SELECT edition || '/' || number FROM editions WHERE state = 'recorded' ORDER BY seq";
        let editions = if request.editions { texts(&copy, &ledger, recorded)? } else { Vec::new() };
        // Without a connection there is one file and no other beside it.
        copy.close().map_err(|(_, e)| WarehouseError::database("close the copy", &ledger, e))?;
        self.pack(&ledger, LEDGER_MEMBER)?;
        if inbox_version.is_some() {
            self.pack(&inbox, INBOX_MEMBER)?;
        }
        for mail in mails {
            self.take(&layout.outbox().join(&mail), &format!("{OUTBOX}/{mail}"))?;
        }
        for edition in &editions {
            let folder = layout.editions().join(edition);
            for part in disk::names_if_any(&folder)? {
                self.take(&folder.join(&part), &format!("{EDITIONS}/{edition}/{part}"))?;
            }
        }
        if !editions.is_empty() {
            self.objects()?;
        }
        self.members.sort_by(|a, b| a.name.cmp(&b.name));
        let manifest = BackupManifest {
            format: FORMAT,
            program: request.program.to_owned(),
            made_at: request.at,
            ledger_version,
            inbox_version,
            counts,
            members: self.members,
        };
        let path = self.aside.join(MANIFEST);
        disk::write_private_files(&[(&path, &manifest.to_bytes())])?;
        let mut paths: Vec<PathBuf> = manifest.members.iter().map(|member| self.aside.join(&member.name)).collect();
        disk::sync_files(&paths)?;
        paths.push(path);
        disk::sync_parents(&paths, self.aside)?;
        Ok(manifest)
    }

    /// Compresses a copy of a database and removes the copy.
    fn pack(&mut self, from: &Path, name: &str) -> Result<(), WarehouseError> {
        let to = self.aside.join(name);
        let pack = || -> io::Result<()> {
            let target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&to)?;
            zstd::stream::copy_encode(File::open(from)?, target, ZSTD_LEVEL)
        };
        pack().map_err(|e| WarehouseError::io("compress", &to, e))?;
        disk::remove_file(from)?;
        self.note(&to, name)
    }

    /// Copies a file that never changes; one that is gone by now was let go by retention.
    fn take(&mut self, from: &Path, name: &str) -> Result<(), WarehouseError> {
        if !disk::exists(from)? {
            tracing::warn!(file = name, "is not in the backup: it is gone");
            return Ok(());
        }
        let to = self.aside.join(name);
        if let Some(folder) = to.parent() {
            disk::create_private_folder(folder)?;
        }
        copy_private(from, &to)?;
        self.note(&to, name)
    }

    /// The texts that recorded editions stand on.
    fn objects(&mut self) -> Result<(), WarehouseError> {
        let root = self.house.layout.editions().join("objects");
        for folder in disk::names_if_any(&root)? {
            for file in disk::names(&root.join(&folder))? {
                self.take(&root.join(&folder).join(&file), &format!("{EDITIONS}/objects/{folder}/{file}"))?;
            }
        }
        Ok(())
    }

    fn note(&mut self, path: &Path, name: &str) -> Result<(), WarehouseError> {
        let (bytes, sha256) = (disk::size(path)?, sha256_of(path)?);
        self.members.push(BackupMember { name: name.to_owned(), bytes, sha256 });
        Ok(())
    }
}

/// Copies a file that only its owner may read.
pub(super) fn copy_private(from: &Path, to: &Path) -> Result<(), WarehouseError> {
    let copy = || -> io::Result<()> {
        let mut target = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(to)?;
        io::copy(&mut File::open(from)?, &mut target)?;
        target.sync_all()
    };
    copy().map_err(|e| WarehouseError::io("copy to", to, e))
}

/// Both databases, each in a transaction that sees no later change; between their beginnings nothing was written to the ledger. So no
/// push can be waiting in the one and loaded by a run of the other.
fn pinned(ledger: &Path, inbox: &Path) -> Result<(Connection, Option<Connection>), WarehouseError> {
    let watch = open(ledger)?;
    let has_inbox = disk::exists(inbox)?;
    for _ in 0..TRIES_MAX {
        let before = changes(&watch, ledger)?;
        let pinned = pin(ledger)?;
        let waiting = if has_inbox { Some(pin(inbox)?) } else { None };
        if changes(&watch, ledger)? == before {
            return Ok((pinned, waiting));
        }
    }
    Err(BackupError::NoMoment.into())
}

fn open(path: &Path) -> Result<Connection, WarehouseError> {
    let failed = |e| WarehouseError::database("open to copy", path, e);
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX);
    let connection = connection.map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    Ok(connection)
}

/// Moves whenever another connection has written.
fn changes(connection: &Connection, path: &Path) -> Result<i64, WarehouseError> {
    let read = connection.query_row("PRAGMA data_version", [], |row| row.get(0));
    read.map_err(|e| WarehouseError::database("look for changes", path, e))
}

/// A connection that has begun to read.
fn pin(path: &Path) -> Result<Connection, WarehouseError> {
    let connection = open(path)?;
    let begun = connection.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema;");
    begun.map_err(|e| WarehouseError::database("begin to copy", path, e))?;
    Ok(connection)
}

/// Copies what `source` sees to a new file; gives a connection to it.
fn copied(source: &Connection, path: &Path, to: &Path) -> Result<Connection, WarehouseError> {
    disk::create_private_file(to)?;
    let failed = |e| WarehouseError::database("copy", path, e);
    let mut target = Connection::open(to).map_err(failed)?;
    {
        let backup = Backup::new(source, &mut target).map_err(failed)?;
        let mut tries = 0;
        while backup.step(-1).map_err(failed)? != StepResult::Done {
            tries += 1;
            if tries == TRIES_MAX {
                return Err(BackupError::NoMoment.into());
            }
            // A writer is at its last page; ours last milliseconds.
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    drop(target);
    // The copy says of itself, as the original does, that it has a log beside it. It is to stand alone.
    let target = Connection::open(to).map_err(failed)?;
    target.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).map_err(failed)?;
    target.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(())).map_err(failed)?;
    Ok(target)
}

pub(super) fn version(connection: &Connection, path: &Path) -> Result<i64, WarehouseError> {
    let version = connection.query_row("PRAGMA user_version", [], |row| row.get(0));
    version.map_err(|e| WarehouseError::database("read the version", path, e))
}

/// Rows of the ledger's main tables.
pub(super) fn counts(connection: &Connection, path: &Path) -> Result<BTreeMap<String, u64>, WarehouseError> {
    let count = |table: &&str| {
        let rows = connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0));
        rows.map(|rows| ((*table).to_owned(), rows.unsigned_abs()))
    };
    let counted: rusqlite::Result<_> = COUNTED.iter().map(count).collect();
    counted.map_err(|e| WarehouseError::database("count", path, e))
}

/// The texts that `query` gives.
fn texts(connection: &Connection, path: &Path, query: &str) -> Result<Vec<String>, WarehouseError> {
    let read =
        || -> rusqlite::Result<Vec<String>> { connection.prepare(query)?.query_map([], |row| row.get(0))?.collect() };
    read().map_err(|e| WarehouseError::database("list what goes with", path, e))
}
