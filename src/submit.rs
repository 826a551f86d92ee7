//! Records that go out to a source: read, checked against the contract and against what is loaded, sent one by one, and
//! entered in the ledger so that none that was accepted is ever sent again.
//!
//! | file | what |
//! |---|---|
//! | [`records`] | a file or a query as JSON objects |
//! | [`judge`] | every column of every record, all faults at once; duplicates; what was accepted before |
//! | [`reference`](mod@reference) | values that must stand together in a loaded table |
//! | `wire` | the form that is sent |
//! | [`send`] | one POST a record, with the ledger's word before and after it |
//! | `answer` | what an answer says became of the record |
//! | `confirm` | asks the source whether a record arrived whose answer was lost |
//!
//! **Invariants**
//! - A record is in the ledger, durably, before its request leaves.
//! - It is sent again only where it certainly did not arrive, or somebody said so knowing that nobody knows.
//! - No personal value is in the ledger, a log, an error or the table of refusals.

mod answer;
mod confirm;
pub mod judge;
pub mod records;
pub mod reference;
pub mod send;
mod wire;

use std::sync::Arc;

use thiserror::Error;

use crate::clock::Clock;
use crate::config::{CredentialError, PrivacySettings};
use crate::contract::{Contract, Method, Submission};
use crate::decode::DecodeError;
use crate::load::Loaded;
use crate::privacy::PiiKey;
use crate::source::fetch::FetchError;
use crate::source::reach::{Reach, ReachError};
use crate::warehouse::WarehouseError;

pub use judge::{Checked, Fate, JudgedRecord, Ready, Refusal};
pub use reference::Unchecked;
pub use send::{SendOptions, SendReport, Sending, Sent, Stop, Stopped, Stopper};

/// Checks and sends the records of one method.
pub struct Submitter<'a> {
    reach: Reach<'a>,
    method: &'a Method,
    submission: &'a Submission,
    loaded: &'a dyn Loaded,
    clock: Clock,
    pii_key: Option<Arc<PiiKey>>,
}

/// Why nothing can be checked or sent.
#[derive(Debug, Error)]
pub enum SubmitError {
    /// The contract does not say how the method's records are sent, or says what cannot be done.
    #[error("{0}")]
    Contract(String),
    /// No usable secret, or a wrong setting.
    #[error(transparent)]
    Reach(#[from] ReachError),
    /// There is no key for personal values.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The columns cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The client cannot be set up.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The ledger refused: nothing more was sent.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}

impl<'a> Submitter<'a> {
    /// Who checks and sends records of `method`.
    ///
    /// # Errors
    /// [`SubmitError::Contract`] for a method without `[method.submit]`, [`SubmitError::Credential`] when its records hold
    /// personal values and there is no key to compare them under.
    pub fn new(
        reach: Reach<'a>,
        method: &'a Method,
        privacy: &PrivacySettings,
        loaded: &'a dyn Loaded,
        clock: Clock,
    ) -> Result<Self, SubmitError> {
        let source = &reach.contract.source;
        let submission = method.submit.as_ref().ok_or_else(|| SubmitError::Contract(not_sent(source, method)))?;
        let pii_key = if submission.record.needs_pii_key() {
            Some(Arc::new(reach.credentials.pii_key(privacy.key_file.as_deref())?))
        } else {
            None
        };
        Ok(Self { reach, method, submission, loaded, clock, pii_key })
    }

    /// What is sent and how.
    #[must_use]
    pub fn submission(&self) -> &'a Submission {
        self.submission
    }

    /// The source's name and the method's.
    #[must_use]
    pub fn id(&self) -> (&'a str, &'a str) {
        (&self.reach.contract.source, &self.method.name)
    }

    fn contract(&self) -> &'a Contract {
        self.reach.contract
    }
}

/// Why records of `method` are not sent.
fn not_sent(source: &str, method: &Method) -> String {
    let note = if method.note.is_empty() { String::new() } else { format!(": {}", method.note) };
    let direction = method.direction.word();
    format!("{source}.{} is a method ({direction}){note}; its contract has no [method.submit]", method.name)
}
