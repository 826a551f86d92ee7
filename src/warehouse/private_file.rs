//! A file that only its owner may read, sealed where what goes into it is personal.

use super::archive::Seal;
use crate::seal::Sealing;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Bytes that are gathered before the disk gets them: zstd hands over some ten thousand at a time.
const BUFFER_BYTES: usize = 128 * 1024;

/// An open private file: itself, or the seal over it.
#[derive(Debug)]
pub(super) enum PrivateFile {
    Open(BufWriter<File>),
    Sealed(Box<Sealing<BufWriter<File>>>),
}

impl PrivateFile {
    /// Makes the file, which must not be there yet. For whom there is nobody to seal to the caller keeps nothing, so it is
    /// not sealed then.
    pub(super) fn create(path: &Path, seal: &Seal) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        let file = BufWriter::with_capacity(BUFFER_BYTES, file);
        match seal {
            Seal::To(recipient) => Ok(Self::Sealed(Box::new(Sealing::new(recipient, file)?))),
            Seal::Open | Seal::Nothing => Ok(Self::Open(file)),
        }
    }

    /// Writes the end: a sealed file cannot be opened without it.
    pub(super) fn finish(self) -> io::Result<()> {
        let mut file = match self {
            Self::Open(file) => file,
            Self::Sealed(sealing) => sealing.finish()?,
        };
        file.flush()
    }

    /// Gives up: what is still in the buffer is not written.
    pub(super) fn abandon(self) {
        if let Self::Open(file) = self {
            drop(file.into_parts());
        }
    }
}

impl Write for PrivateFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Open(file) => file.write(bytes),
            Self::Sealed(sealing) => sealing.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Open(file) => file.flush(),
            Self::Sealed(sealing) => sealing.flush(),
        }
    }
}
