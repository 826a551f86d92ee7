//! The few things done to the disk, each an error that names the file and, where it must be, durable.

use super::error::WarehouseError;
use chrono::{DateTime, Utc};
use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Above so many folders one `syncfs` is quicker than an `fsync` each (measured: 1500 took four seconds).
const SYNCED_SINGLY_MAX: usize = 32;

/// Makes a folder and its parents.
pub(crate) fn create_folder(path: &Path) -> Result<(), WarehouseError> {
    fs::create_dir_all(path).map_err(|e| WarehouseError::io("create the folder", path, e))
}

/// Makes a folder that only its owner may enter.
pub(crate) fn create_private_folder(path: &Path) -> Result<(), WarehouseError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|e| WarehouseError::io("create the folder", path, e))
}

/// Makes an empty file that only its owner may read; `false` where one stands there already.
pub(crate) fn create_private_file(path: &Path) -> Result<bool, WarehouseError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(WarehouseError::io("create", path, e)),
    }
}

/// Whether something stands at `path`.
pub(crate) fn exists(path: &Path) -> Result<bool, WarehouseError> {
    path.try_exists().map_err(|e| WarehouseError::io("look for", path, e))
}

/// Moves `from` to `to` on the same file system.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), WarehouseError> {
    fs::rename(from, to).map_err(|e| WarehouseError::io("move a file to", to, e))
}

/// Makes the entries of a folder durable.
fn sync_folder(path: &Path) -> Result<(), WarehouseError> {
    let synced = File::open(path).and_then(|folder| folder.sync_all());
    synced.map_err(|e| WarehouseError::io("make durable the folder", path, e))
}

/// Writes whole files that only their owner may read and makes their contents durable: a reader meets the old file or the new
/// one. Their names are durable once [`sync_parents`] was called.
pub(crate) fn write_private_files(files: &[(&Path, &[u8])]) -> Result<(), WarehouseError> {
    let at_once = cfg!(target_os = "linux") && files.len() > SYNCED_SINGLY_MAX;
    let mut written = Vec::with_capacity(files.len());
    for (path, bytes) in files {
        let aside = path.with_extension("part");
        let write = || {
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
            file.write_all(bytes)?;
            if at_once { Ok(()) } else { file.sync_all() }
        };
        write().map_err(|e| WarehouseError::io("write", &aside, e))?;
        written.push(aside);
    }
    if at_once && let Some((first, _)) = files.first() {
        sync_file_system(first.parent().unwrap_or(first))?;
    }
    written.iter().zip(files).try_for_each(|(aside, (path, _))| rename(aside, path))
}

/// Makes every folder from the parents of `paths` up to and including `top` durable, each once.
pub(crate) fn sync_parents(paths: &[PathBuf], top: &Path) -> Result<(), WarehouseError> {
    let mut parents = BTreeSet::new();
    for path in paths {
        parents.extend(path.ancestors().skip(1).take_while(|parent| parent.starts_with(top)));
    }
    sync_folders(&parents.into_iter().collect::<Vec<_>>())
}

/// Makes the entries of many folders durable: one by one while they are few, else the file system at once, because every
/// single call waits for the disk.
pub(crate) fn sync_folders(folders: &[&Path]) -> Result<(), WarehouseError> {
    match folders {
        [first, ..] if cfg!(target_os = "linux") && folders.len() > SYNCED_SINGLY_MAX => sync_file_system(first),
        few => few.iter().try_for_each(|folder| sync_folder(folder)),
    }
}

#[cfg(not(target_os = "linux"))]
use sync_folder as sync_file_system;

#[cfg(target_os = "linux")]
fn sync_file_system(folder: &Path) -> Result<(), WarehouseError> {
    let synced = File::open(folder).and_then(|folder| Ok(rustix::fs::syncfs(folder)?));
    synced.map_err(|e| WarehouseError::io("make durable the file system of", folder, e))
}

/// Makes the contents of files durable: one by one while they are few, else the file system at once.
pub(crate) fn sync_files(files: &[PathBuf]) -> Result<(), WarehouseError> {
    match files {
        [first, ..] if cfg!(target_os = "linux") && files.len() > SYNCED_SINGLY_MAX => {
            sync_file_system(first.parent().unwrap_or(first))
        }
        few => few.iter().try_for_each(|file| sync_folder(file)),
    }
}

/// Removes a folder and all in it; none there is fine.
pub(crate) fn remove_folder(path: &Path) -> Result<(), WarehouseError> {
    none_is_fine(fs::remove_dir_all(path)).map_err(|e| WarehouseError::io("remove the folder", path, e))
}

/// Removes a folder if nothing is in it; says whether it is gone.
pub(crate) fn remove_empty_folder(path: &Path) -> Result<bool, WarehouseError> {
    match none_is_fine(fs::remove_dir(path)) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(false),
        Err(e) => Err(WarehouseError::io("remove the folder", path, e)),
    }
}

/// Removes a file; none there is fine.
pub(crate) fn remove_file(path: &Path) -> Result<(), WarehouseError> {
    none_is_fine(fs::remove_file(path)).map_err(|e| WarehouseError::io("remove", path, e))
}

fn none_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// The names in a folder.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>, WarehouseError> {
    let listed = || -> io::Result<Vec<String>> {
        fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    };
    listed().map_err(|e| WarehouseError::io("list", folder, e))
}

/// The names in a folder; none where there is no folder.
pub(crate) fn names_if_any(folder: &Path) -> Result<Vec<String>, WarehouseError> {
    if exists(folder)? { names(folder) } else { Ok(Vec::new()) }
}

/// The size of a file in bytes; 0 where there is none.
pub(crate) fn size(path: &Path) -> Result<u64, WarehouseError> {
    Ok(looked_at(path)?.map_or(0, |found| found.len()))
}

/// Whether a file has no other name; true where there is none.
pub(crate) fn is_last_name(path: &Path) -> Result<bool, WarehouseError> {
    Ok(looked_at(path)?.is_none_or(|found| found.nlink() <= 1))
}

/// When a file, or one of its names, was made or changed last.
pub(crate) fn changed_at(path: &Path) -> Result<DateTime<Utc>, WarehouseError> {
    let seconds = looked_at(path)?.map_or(0, |found| found.ctime());
    Ok(DateTime::from_timestamp(seconds, 0).unwrap_or_default())
}

fn looked_at(path: &Path) -> Result<Option<fs::Metadata>, WarehouseError> {
    match fs::metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(WarehouseError::io("look at", path, e)),
    }
}

/// Makes `to` another name of the file `from`; a durable copy where the file system has no hard links.
pub(crate) fn link(from: &Path, to: &Path) -> Result<(), WarehouseError> {
    let Err(refused) = fs::hard_link(from, to) else { return Ok(()) };
    let no_links = [Errno::PERM, Errno::OPNOTSUPP, Errno::NOSYS, Errno::MLINK];
    if !no_links.iter().any(|errno| refused.raw_os_error() == Some(errno.raw_os_error())) {
        return Err(WarehouseError::io("link a file to", to, refused));
    }
    tracing::warn!(path = %to.display(), "the file system has no hard links: copying instead");
    let copied = fs::copy(from, to).and_then(|_| File::open(to)?.sync_all());
    copied.map_err(|e| WarehouseError::io("copy a file to", to, e))
}

/// Exchanges two folders in one step; `false` where the file system cannot.
pub(crate) fn exchange(one: &Path, other: &Path) -> Result<bool, WarehouseError> {
    match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(false),
        Err(e) => Err(WarehouseError::io("exchange the folder", other, e.into())),
    }
}

/// A lock on a file, held until it is dropped or the process dies.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock at once, or `None` where another holds it.
    pub(crate) fn try_take(path: &Path) -> Result<Option<Self>, WarehouseError> {
        Self::take(path, FlockOperation::NonBlockingLockExclusive)
    }

    /// Waits for the lock. Only for locks that are held for moments.
    pub(crate) fn wait(path: &Path) -> Result<Self, WarehouseError> {
        let taken = Self::take(path, FlockOperation::LockExclusive)?;
        Ok(taken.expect("a waiting lock is never refused as held"))
    }

    fn take(path: &Path, operation: FlockOperation) -> Result<Option<Self>, WarehouseError> {
        // The file is never removed: two processes must always meet at the same one.
        let opened = OpenOptions::new().create(true).append(true).open(path);
        let file = opened.map_err(|e| WarehouseError::io("open the lock", path, e))?;
        loop {
            match flock(&file, operation) {
                Ok(()) => return Ok(Some(Self { _file: file })),
                Err(Errno::WOULDBLOCK) => return Ok(None),
                Err(Errno::INTR) => {}
                Err(e) => return Err(WarehouseError::io("take the lock", path, e.into())),
            }
        }
    }
}
