//! Out of the archive: a page's body in chunks, proved to be what the ledger saw when it was received.

use super::{NOTE_BYTES_MAX, NOTE_MAGIC};
use crate::seal::{self, Identity, SealError};
use crate::warehouse::record::PageRecord;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use zstd::stream::read::Decoder;

/// Bytes read at once.
const CHUNK_BYTES: usize = 64 << 10;

/// A page that cannot be read back.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The page was not kept, or is gone.
    #[error("{what} is not in the archive; load it from the source again")]
    Missing {
        /// The page or its file.
        what: String,
    },
    /// Sealed, and no identity was given.
    #[error("{path} is sealed; give the file with its identity: --identity FILE")]
    NoIdentity {
        /// The file.
        path: PathBuf,
    },
    /// Sealed to someone else.
    #[error("{path} was not sealed to the identity given; the one that belongs to it is needed")]
    WrongIdentity {
        /// The file.
        path: PathBuf,
    },
    /// Cut off or changed.
    #[error("{path} is damaged: {reason}; load it from the source again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What shows it.
        reason: String,
    },
    /// The file system refused.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl ArchiveError {
    /// Whether another identity would help.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        matches!(self, Self::NoIdentity { .. } | Self::WrongIdentity { .. })
    }
}

/// A page as the archive has it: where, and what it must be.
#[derive(Debug, Clone)]
pub struct ArchivedPage {
    /// What the ledger says of it.
    pub page: PageRecord,
    /// Its file.
    pub path: PathBuf,
}

/// One page, as it is read back: its body through [`Read`], which only ends well when the whole body was what the ledger
/// says was received.
pub struct ArchiveReader {
    path: PathBuf,
    body: Box<dyn Read + Send>,
    note: Option<String>,
    hash: Sha256,
    n_bytes: u64,
    expected: (u64, String),
    ended: bool,
}

impl std::fmt::Debug for ArchiveReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ArchiveReader").field("path", &self.path).finish_non_exhaustive()
    }
}

impl ArchiveReader {
    /// Opens a page; `identity` where it is sealed.
    ///
    /// # Errors
    /// When it is not there, sealed without the right identity, or no archived page.
    pub fn open(archived: &ArchivedPage, identity: Option<&Identity>) -> Result<Self, ArchiveError> {
        let path = archived.path.clone();
        let file = match File::open(&path) {
            Ok(file) => BufReader::new(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ArchiveError::Missing { what: path.display().to_string() });
            }
            Err(source) => return Err(ArchiveError::Io { path, source }),
        };
        let sealed = archived.page.raw.as_ref().is_some_and(|raw| raw.sealed);
        let mut stored: Box<dyn Read + Send> = if sealed {
            let identity = identity.ok_or_else(|| ArchiveError::NoIdentity { path: path.clone() })?;
            Box::new(seal::open(file, identity).map_err(|error| unsealed(&path, error))?)
        } else {
            Box::new(file)
        };
        let (note, head) = read_note(&mut stored).map_err(|error| damaged(&path, &error))?;
        let body = Decoder::new(Cursor::new(head).chain(stored)).map_err(|error| damaged(&path, &error))?;
        let expected = (archived.page.bytes, archived.page.sha256.clone());
        Ok(Self { path, body: Box::new(body), note, hash: Sha256::new(), n_bytes: 0, expected, ended: false })
    }

    /// Reads a page to its end and forgets it: whether it is there, whole and readable. Gives the note beside it.
    ///
    /// # Errors
    /// As [`ArchiveReader::open`], and when the body is not what was received.
    pub fn verify(archived: &ArchivedPage, identity: Option<&Identity>) -> Result<Option<String>, ArchiveError> {
        let mut reader = Self::open(archived, identity)?;
        let mut chunk = vec![0; CHUNK_BYTES];
        while reader.fill(&mut chunk)? > 0 {}
        Ok(reader.note)
    }

    fn fill(&mut self, chunk: &mut [u8]) -> Result<usize, ArchiveError> {
        if self.ended || chunk.is_empty() {
            return Ok(0);
        }
        let n = self.body.read(chunk).map_err(|error| damaged(&self.path, &error))?;
        self.n_bytes += n as u64;
        self.hash.update(&chunk[..n]);
        let (n_bytes, sha256) = &self.expected;
        let other = |reason: String| ArchiveError::Damaged { path: self.path.clone(), reason };
        if self.n_bytes > *n_bytes {
            return Err(other(format!("it holds more than the {n_bytes} bytes that were received")));
        }
        if n > 0 {
            return Ok(n);
        }
        self.ended = true;
        let found: String = self.hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        if found == *sha256 { Ok(0) } else { Err(other(format!("its SHA-256 is {found}, the ledger has {sha256}"))) }
    }
}

impl Read for ArchiveReader {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        self.fill(chunk).map_err(io::Error::other)
    }
}

/// Takes the note from the beginning; without one, gives back what was read of the body.
fn read_note(stored: &mut impl Read) -> io::Result<(Option<String>, Vec<u8>)> {
    let mut word = [0; 4];
    stored.read_exact(&mut word)?;
    if word != NOTE_MAGIC {
        return Ok((None, word.to_vec()));
    }
    stored.read_exact(&mut word)?;
    let n_bytes = u32::from_le_bytes(word);
    if n_bytes > NOTE_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the note before the page is too long"));
    }
    let mut note = String::new();
    if stored.take(u64::from(n_bytes)).read_to_string(&mut note)? < n_bytes as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok((Some(note), Vec::new()))
}

fn unsealed(path: &Path, error: SealError) -> ArchiveError {
    let path = path.to_path_buf();
    match error {
        SealError::NoMatch => ArchiveError::WrongIdentity { path },
        SealError::Io(source) => ArchiveError::Io { path, source },
        other => ArchiveError::Damaged { path, reason: other.to_string() },
    }
}

/// What a decompressor or a seal says of a body that is not whole.
fn damaged(path: &Path, error: &io::Error) -> ArchiveError {
    ArchiveError::Damaged { path: path.to_path_buf(), reason: error.to_string() }
}
