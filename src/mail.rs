//! Mail that leaves the house: what a delivery is made of, and where it goes.
//!
//! A message is rendered once and travels as bytes: whoever delivers it never changes it, so every attempt carries the
//! same bytes and the same Message-ID. [`FileTransport`] lays messages in a folder, for `demo`, `render` and a body that
//! sends with its own system.

mod file;

pub use file::FileTransport;

use lettre::Address;
use std::path::PathBuf;

/// One mail of one edition to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The edition, e.g. `serapan-anggaran-2026-11-02`.
    pub edition: String,
    /// The only recipient.
    pub recipient: Address,
    /// With its angle brackets; the same for every attempt at this edition and recipient.
    pub message_id: String,
    /// The message as it goes over the wire, CRLF line ends.
    pub eml: Vec<u8>,
}

/// Why a message could not be delivered.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The outbox folder or the file could not be written.
    #[error("cannot write {path}: {source}; make the outbox folder writable")]
    Write {
        /// The folder or file.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
}
