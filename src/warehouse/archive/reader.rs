//! Out of the archive: a page's body in chunks, proved to be what the ledger saw when it was received.

use crate::seal::{self, Identity, SealError};
use crate::warehouse::record::PageRecord;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use zstd::stream::read::Decoder;

/// Bytes of a chunk.
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

/// One page, as it is read back.
pub struct ArchiveReader {
    path: PathBuf,
    body: Box<dyn Read + Send>,
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
        let body: Box<dyn Read + Send> = if sealed {
            let identity = identity.ok_or_else(|| ArchiveError::NoIdentity { path: path.clone() })?;
            let opened = seal::open(file, identity).map_err(|error| unsealed(&path, error))?;
            Box::new(Decoder::new(opened).map_err(|error| damaged(&path, &error))?)
        } else {
            Box::new(Decoder::with_buffer(file).map_err(|error| damaged(&path, &error))?)
        };
        let expected = (archived.page.bytes, archived.page.sha256.clone());
        Ok(Self { path, body, hash: Sha256::new(), n_bytes: 0, expected, ended: false })
    }

    /// The next bytes of the body; `None` at its end, which is only reached when the whole body is what was received.
    ///
    /// # Errors
    /// When the file is damaged, or holds another body than the ledger says.
    pub fn chunk(&mut self) -> Result<Option<Bytes>, ArchiveError> {
        if self.ended {
            return Ok(None);
        }
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        let read = self.body.by_ref().take(CHUNK_BYTES as u64).read_to_end(&mut chunk);
        read.map_err(|error| damaged(&self.path, &error))?;
        self.n_bytes += chunk.len() as u64;
        self.hash.update(&chunk);
        let (n_bytes, sha256) = &self.expected;
        let other = |what: String| ArchiveError::Damaged { path: self.path.clone(), reason: what };
        if self.n_bytes > *n_bytes {
            return Err(other(format!("it holds more than the {n_bytes} bytes that were received")));
        }
        if !chunk.is_empty() {
            return Ok(Some(chunk.into()));
        }
        self.ended = true;
        let found: String = self.hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        if found != *sha256 {
            return Err(other(format!("its SHA-256 is {found}, the ledger has {sha256}")));
        }
        Ok(None)
    }
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
