//! What a backup says of itself, and the proof that it is so.

use super::copy::{counts, version};
use super::{BackupError, INBOX_MEMBER, LEDGER_MEMBER, ledger_version};
use crate::warehouse::disk;
use crate::warehouse::editions::sha256_of;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::inbox::SCHEMA as INBOX;
use chrono::{DateTime, Utc};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path};

/// The form of a backup.
pub(super) const FORMAT: u32 = 1;
/// The file that names all others.
pub(super) const MANIFEST: &str = "manifest.json";

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupManifest {
    /// The form of the folder; this program knows 1.
    pub format: u32,
    /// The version of the program that made it.
    pub program: String,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// How many migrations the ledger had.
    pub ledger_version: i64,
    /// The same of the inbox store; `None` where there was none.
    pub inbox_version: Option<i64>,
    /// Rows of the ledger's main tables.
    pub counts: BTreeMap<String, u64>,
    /// Every file, by its name.
    pub members: Vec<BackupMember>,
}

/// One file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupMember {
    /// Its path in the folder, with slashes.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
}

impl BackupManifest {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("texts and numbers are always JSON");
        bytes.push(b'\n');
        bytes
    }

    /// Bytes of all members.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.members.iter().map(|member| member.bytes).sum()
    }
}

/// Reads the manifest and looks at every member: it is there, and its bytes are those that were written.
pub(super) fn verify(folder: &Path) -> Result<BackupManifest, WarehouseError> {
    let damaged = |reason: String| BackupError::Damaged { path: folder.to_path_buf(), reason };
    let bytes = fs::read(folder.join(MANIFEST)).map_err(|e| damaged(format!("{MANIFEST}: {e}")))?;
    let form = serde_json::from_slice::<Form>(&bytes).map_err(|e| damaged(format!("{MANIFEST}: {e}")))?;
    let newer = |what, found, known| BackupError::Newer { path: folder.to_path_buf(), what, found, known };
    if form.format > FORMAT {
        return Err(newer("a form", form.format.into(), FORMAT.into()).into());
    }
    let manifest: BackupManifest = serde_json::from_slice(&bytes).map_err(|e| damaged(format!("{MANIFEST}: {e}")))?;
    if manifest.ledger_version > ledger_version() {
        return Err(newer("a ledger", manifest.ledger_version, ledger_version()).into());
    }
    if let Some(found) = manifest.inbox_version.filter(|found| *found > INBOX.version()) {
        return Err(newer("an inbox store", found, INBOX.version()).into());
    }
    for member in &manifest.members {
        let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
        if !Path::new(&member.name).components().all(plain) {
            return Err(damaged(format!("{:?} is no name of a member", member.name)).into());
        }
        let path = folder.join(&member.name);
        if !disk::exists(&path)? {
            return Err(damaged(format!("{} is missing", member.name)).into());
        }
        if disk::size(&path)? != member.bytes || sha256_of(&path)? != member.sha256 {
            return Err(damaged(format!("{} does not hold what was written", member.name)).into());
        }
    }
    let has = |name: &str| manifest.members.iter().any(|member| member.name == name);
    if !has(LEDGER_MEMBER) || has(INBOX_MEMBER) != manifest.inbox_version.is_some() {
        return Err(damaged(format!("{LEDGER_MEMBER} or {INBOX_MEMBER} is not named")).into());
    }
    Ok(manifest)
}

/// What every form of a manifest has.
#[derive(Deserialize)]
struct Form {
    format: u32,
}

/// Unpacks both databases aside and has SQLite look through them.
pub(super) fn verify_databases(folder: &Path, manifest: &BackupManifest) -> Result<(), WarehouseError> {
    let aside = folder.with_added_extension(format!("verify-{}", std::process::id()));
    disk::remove_folder(&aside)?;
    disk::create_private_folder(&aside)?;
    let looked = look(folder, &aside, manifest);
    disk::remove_folder(&aside)?;
    looked
}

fn look(folder: &Path, aside: &Path, manifest: &BackupManifest) -> Result<(), WarehouseError> {
    let damaged = |reason: String| BackupError::Damaged { path: folder.to_path_buf(), reason };
    let versions = [(LEDGER_MEMBER, Some(manifest.ledger_version)), (INBOX_MEMBER, manifest.inbox_version)];
    for (name, expected) in versions {
        let Some(expected) = expected else { continue };
        let path = aside.join("database");
        unpack(&folder.join(name), &path, 0o600)?;
        let failed = |e| WarehouseError::database("look through", &path, e);
        let connection = Connection::open(&path).map_err(failed)?;
        let word: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(failed)?;
        if word != "ok" || version(&connection, &path)? != expected {
            return Err(damaged(format!("{name}: {word}")).into());
        }
        if name == LEDGER_MEMBER && counts(&connection, &path)? != manifest.counts {
            return Err(damaged(format!("{name} does not have the rows that {MANIFEST} tells")).into());
        }
        drop(connection);
        disk::remove_file(&path)?;
    }
    Ok(())
}

/// Unpacks a member to a file with these permissions, made durable.
pub(super) fn unpack(from: &Path, to: &Path, mode: u32) -> Result<(), WarehouseError> {
    disk::remove_file(to)?;
    let unpack = || -> io::Result<()> {
        let target = OpenOptions::new().write(true).create_new(true).mode(mode).open(to)?;
        zstd::stream::copy_decode(File::open(from)?, &target)?;
        target.sync_all()
    };
    unpack().map_err(|e| WarehouseError::io("unpack to", to, e))
}
