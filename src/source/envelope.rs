//! Envelopes: what kind of answer a body is. An HTTP 200 is not a success.

pub mod spanint;

use crate::contract::{Contract, Dataset, Envelope};

/// What an answer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Rows begin.
    Rows,
    /// The service says that there are none.
    Empty,
    /// The request was not understood.
    WrongParameter,
    /// The token was refused.
    Unauthorised,
    /// Anything else, with what it looks like.
    Garbage(String),
}

impl Verdict {
    /// One word for the ledger.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Empty => "empty",
            Self::WrongParameter => "wrong_parameter",
            Self::Unauthorised => "unauthorised",
            Self::Garbage(_) => "garbage",
        }
    }
}

/// Bytes of a body that are enough to judge it.
pub const JUDGED_BYTES: usize = 8_192;

/// Judges the first [`JUDGED_BYTES`] of a body (all of it when it is shorter) under an HTTP status.
#[must_use]
pub fn judge(contract: &Contract, dataset: &Dataset, status: u16, head: &[u8]) -> Verdict {
    if matches!(status, 401 | 403) {
        return Verdict::Unauthorised;
    }
    match dataset.envelope {
        Envelope::Spanint => spanint::judge(&contract.answers, dataset, head),
    }
}
