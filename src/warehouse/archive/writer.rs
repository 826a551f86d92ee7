//! Into the archive: one page at a time, compressed as it arrives. Memory stays at what zstd and age hold, about 2 MiB.

use super::{Keeping, NOTE_BYTES_MAX, NOTE_MAGIC, Seal};
use crate::warehouse::disk;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::private_file::PrivateFile;
use crate::warehouse::record::RawPage;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use zstd::stream::write::Encoder;

/// The level at which archiving must not hold a load up.
const QUICKEST_LEVEL: i32 = 1;
/// Rows repeat what stands in the rows just before them: at this level a window of 128 KiB, which stays in the cache, makes
/// the file no larger and takes a sixth of the time off (measured: docs/speed.md).
const QUICKEST_WINDOW_LOG: u32 = 17;

/// Bytes from which on a page is made durable by itself, while the load goes on: the commit would wait for them.
const SYNCED_ALONE_BYTES: u64 = 256 * 1024;

/// Where one run puts its raw pages. Clones share the numbering.
#[derive(Debug, Clone)]
pub struct RunArchive {
    /// `state/raw`.
    root: PathBuf,
    /// The run's folder in it, relative.
    folder: PathBuf,
    keeping: Keeping,
    n_pages: Arc<AtomicU32>,
}

impl RunArchive {
    pub(crate) fn new(root: PathBuf, folder: PathBuf, keeping: Keeping) -> Self {
        Self { root, folder, keeping, n_pages: Arc::new(AtomicU32::new(0)) }
    }

    /// Whether the run keeps raw pages at all.
    #[must_use]
    pub fn keeps_pages(&self) -> bool {
        self.keeping.pages()
    }

    /// Opens a file for the next page; `None` where the run keeps none. `note` is kept with it where it is sealed, and only
    /// there: it may be personal.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn page(&self, note: Option<&str>) -> Result<Option<ArchiveWriter>, WarehouseError> {
        let Some(level) = self.keeping.level.filter(|_| self.keeping.pages()) else { return Ok(None) };
        // Numbers are never used twice, so a page that is asked for again cannot meet what is left of its first try.
        let n = self.n_pages.fetch_add(1, Ordering::Relaxed) + 1;
        let sealed = matches!(self.keeping.seal, Seal::To(_));
        let name = self.folder.join(format!("{n:05}.zst{}", if sealed { ".age" } else { "" }));
        let path = self.root.join(&name);
        let raw = RawPage { file: name.to_string_lossy().into_owned(), sealed };
        let failed = |error| WarehouseError::io("archive a page in", &path, error);
        disk::create_private_folder(&self.root.join(&self.folder))?;
        let mut output = PrivateFile::create(&path, &self.keeping.seal).map_err(failed)?;
        if let Some(note) = note.filter(|_| sealed) {
            write_note(&mut output, note).map_err(failed)?;
        }
        let mut encoder = Encoder::new(output, level).map_err(failed)?;
        encoder.include_checksum(true).map_err(failed)?;
        if level == QUICKEST_LEVEL {
            encoder.window_log(QUICKEST_WINDOW_LOG).map_err(failed)?;
        }
        Ok(Some(ArchiveWriter { path, raw, encoder: Some(encoder) }))
    }

    /// Makes a page of some size durable beforehand, so that the commit need not wait for it.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn settle(&self, page: &RawPage) -> Result<(), WarehouseError> {
        let path = self.root.join(&page.file);
        let settle = || {
            let file = File::open(&path)?;
            if file.metadata()?.len() < SYNCED_ALONE_BYTES { Ok(()) } else { file.sync_data() }
        };
        settle().map_err(|error| WarehouseError::io("make durable", &path, error))
    }

    /// Makes everything that was archived so far durable.
    pub(crate) fn sync(&self) -> Result<(), WarehouseError> {
        let folder = self.root.join(&self.folder);
        if self.n_pages.load(Ordering::Relaxed) == 0 || !disk::exists(&folder)? {
            return Ok(());
        }
        let files: Vec<PathBuf> = disk::names(&folder)?.iter().map(|name| folder.join(name)).collect();
        let mut all: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
        all.extend(folder.ancestors().take_while(|parent| parent.starts_with(&self.root)));
        disk::sync_folders(&all)
    }

    /// Removes everything that was archived so far.
    pub(crate) fn remove(&self) -> Result<(), WarehouseError> {
        if self.n_pages.load(Ordering::Relaxed) == 0 {
            return Ok(());
        }
        disk::remove_folder(&self.root.join(&self.folder))
    }
}

/// The file of one page. Dropped before [`ArchiveWriter::finish`] it is removed.
pub struct ArchiveWriter {
    path: PathBuf,
    raw: RawPage,
    encoder: Option<Encoder<'static, PrivateFile>>,
}

impl std::fmt::Debug for ArchiveWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ArchiveWriter").field("raw", &self.raw).finish_non_exhaustive()
    }
}

impl ArchiveWriter {
    /// Takes the next bytes of the body.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), WarehouseError> {
        let encoder = self.encoder.as_mut().expect("present until it is finished");
        encoder.write_all(bytes).map_err(|error| WarehouseError::io("archive a page in", &self.path, error))
    }

    /// Closes the file, which now stays. It is made durable with the run's commit.
    ///
    /// # Errors
    /// When the disk refuses; the file is removed then.
    pub fn finish(mut self) -> Result<RawPage, WarehouseError> {
        let encoder = self.encoder.take().expect("present until it is finished");
        match encoder.finish().and_then(PrivateFile::finish) {
            Ok(()) => Ok(self.raw.clone()),
            Err(error) => {
                let error = WarehouseError::io("archive a page in", &self.path, error);
                disk::remove_file(&self.path)?;
                Err(error)
            }
        }
    }
}

impl Drop for ArchiveWriter {
    fn drop(&mut self) {
        if self.encoder.take().is_some()
            && let Err(error) = disk::remove_file(&self.path)
        {
            tracing::warn!(%error, "a page that broke off stays in the archive");
        }
    }
}

/// A note stands before the page in a frame that every zstd decoder skips.
fn write_note(output: &mut PrivateFile, note: &str) -> io::Result<()> {
    let too_long =
        || io::Error::new(io::ErrorKind::InvalidInput, "the parameters of the request are too long to be kept");
    let n_bytes = u32::try_from(note.len()).ok().filter(|n| *n <= NOTE_BYTES_MAX).ok_or_else(too_long)?;
    output.write_all(&NOTE_MAGIC)?;
    output.write_all(&n_bytes.to_le_bytes())?;
    output.write_all(note.as_bytes())
}
