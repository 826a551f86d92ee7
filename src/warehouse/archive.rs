//! The archive of raw pages, `state/raw`: what a source answered, byte for byte, compressed and, where rows are personal,
//! sealed. From it a page is decoded again when the contract was wrong, without asking the source.
//!
//! One file a page, `<source>/<dataset>/<run>/<number>.zst[.age]`, readable by its owner only. The ledger says which page
//! a file holds and the SHA-256 its bytes had; [`ArchiveReader`] believes nothing else. A sealed page may have a note before
//! it, in a frame that zstd skips: the parameters of its request, which the ledger may not have. `age -d | zstd -d` gives
//! the body as it was received.

mod keep;
mod reader;
mod writer;

pub(crate) use keep::{bound, forget};
pub use reader::{ArchiveError, ArchiveReader, ArchivedPage};
pub use writer::{ArchiveWriter, RunArchive};

use crate::seal::Recipient;

/// Begins a frame that zstd skips.
const NOTE_MAGIC: [u8; 4] = [0x50, 0x2a, 0x4d, 0x18];

/// Longest note beside a page, in bytes.
const NOTE_BYTES_MAX: u32 = 1 << 20;

/// What a run may keep of the answers beside the rows it publishes.
#[derive(Debug, Clone)]
pub struct Keeping {
    /// Who may read it.
    pub seal: Seal,
    /// How hard raw pages are compressed (zstd, 1 to 19); `None` keeps no raw pages.
    pub level: Option<i32>,
}

/// Who may read what is kept.
#[derive(Debug, Clone)]
pub enum Seal {
    /// Whoever may enter `state`: nothing in it is personal.
    Open,
    /// Whoever holds the identity of this recipient.
    To(Recipient),
    /// Nobody, because it is personal and there is no recipient: nothing is kept at all.
    Nothing,
}

impl Keeping {
    /// Keeps everything in the open, at the fastest level: for datasets without personal data.
    #[must_use]
    pub fn open() -> Self {
        Self { seal: Seal::Open, level: Some(1) }
    }

    /// Whether the originals of refused rows are kept.
    #[must_use]
    pub fn originals(&self) -> bool {
        !matches!(self.seal, Seal::Nothing)
    }

    /// Whether raw pages are kept.
    #[must_use]
    pub fn pages(&self) -> bool {
        self.level.is_some() && self.originals()
    }
}

#[cfg(test)]
mod tests;
