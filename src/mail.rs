//! Mail that leaves the house: what a delivery is made of, and where it goes.
//!
//! A message is rendered once and travels as bytes: whoever delivers it never changes it, so every attempt carries the
//! same bytes and the same Message-ID. [`FileTransport`] lays messages in a folder, for `demo`, `render` and a body that
//! sends with its own system; everything else goes through the outbox.
//!
//! | file | what |
//! |---|---|
//! | [`outbox`] | lays messages in, and sends what is due: the one sender |
//! | [`state`] | how a delivery moves: a pure function |
//! | `road` | by SMTP or into a folder |
//! | `smtp` | one message over one connection, stage by stage |
//! | [`proof`] | an edition's message as a marked proof for somebody else |
//! | `alert` | what the operator is told of bad ends |
//!
//! **Invariants**
//! - Bytes and Message-ID are durable before anybody connects; the stage is, before the final dot.
//! - What may have been taken is never sent again unless the operator says so.
//! - No address in full, and no password, in a log, an error or a table.

mod alert;
mod file;
pub mod outbox;
pub mod proof;
mod road;
mod smtp;
pub mod state;

pub use alert::note;
pub use file::FileTransport;
pub use lettre::Address;

use crate::config::CredentialError;
use crate::warehouse::WarehouseError;
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

/// A message with its envelope.
pub(crate) struct Letter<'a> {
    pub(crate) from: &'a Address,
    pub(crate) to: &'a Address,
    pub(crate) eml: &'a [u8],
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
    /// The outbox or the ledger refused: nothing more was sent.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// There is no password.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// Nothing would leave this machine.
    #[error(
        "mail.transport is \"file\": files in a folder are no delivery, and nothing was sent; set transport = \"smtp\" and \
         smtp_url, or file_is_delivery = true where another system takes the files"
    )]
    NoDelivery,
    /// An address of `lumbung.toml` is none.
    #[error("lumbung.toml: mail.{key} is no mail address: {reason}")]
    Address {
        /// The key.
        key: &'static str,
        /// Why.
        reason: String,
    },
    /// The further certificate authorities cannot be read.
    #[error("lumbung.toml: mail.ca_bundle {path} cannot be used: {reason}")]
    CaBundle {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {reason}")]
    Tls {
        /// Why.
        reason: String,
    },
    /// Two messages of an edition are for the same recipient: one of them would be lost.
    #[error("edition {edition} has two messages for {recipient}: one edition is one message a recipient")]
    Twice {
        /// The edition.
        edition: String,
        /// The address, masked.
        recipient: String,
    },
    /// A line end that servers read differently: what follows it could be taken for commands.
    #[error("the message of edition {edition} to {recipient} has a line end that is not CRLF; it is not sent")]
    BareLineEnd {
        /// The edition.
        edition: String,
        /// The address, masked.
        recipient: String,
    },
}
