//! Why a load did not publish, by what the operator has to do about it.

use thiserror::Error;

use crate::config::CredentialError;
use crate::decode::DecodeError;
use crate::source::fetch::FetchError;
use crate::source::reach::ReachError;
use crate::warehouse::{self, WarehouseError};

/// What an error asks of the operator; the command line gives each kind its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadErrorKind {
    /// The request makes no sense: usage.
    Usage,
    /// A secret or a setting is missing: configuration.
    Configuration,
    /// The source refused who asks.
    NotAuthorised,
    /// The source is down, or answers with anything but data.
    Unavailable,
    /// The answer breaks the contract.
    DataRefused,
    /// Shrunk, emptied or too much in quarantine: nothing is published until told so.
    Held,
    /// The warehouse cannot be written.
    CannotWrite,
    /// A bug.
    Internal,
}

/// Why a load did not publish.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The request makes no sense for the dataset.
    #[error("{0}")]
    Request(String),
    /// No usable secret.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The source refused the token.
    #[error("{url} refused the token{year}: check that {variable} holds the key of this source and fiscal year")]
    Unauthorised {
        /// What was asked.
        url: String,
        /// " of fiscal year 2026", or nothing.
        year: String,
        /// The variable that should hold it.
        variable: String,
    },
    /// The source did not understand the request.
    #[error("{url} did not understand the request (it answered that a filter or parameter is missing)")]
    WrongParameter {
        /// What was asked.
        url: String,
    },
    /// The source answered with something that is no data.
    #[error("{url} answered with {what} instead of data")]
    Garbage {
        /// What was asked.
        url: String,
        /// What it looks like.
        what: String,
    },
    /// The source says that it failed or cannot answer now.
    #[error("{url}: the source says that it failed, {why}")]
    SaysFailed {
        /// What was asked.
        url: String,
        /// What it says of the reason.
        why: String,
    },
    /// A setting of this deployment is wrong.
    #[error("{0}")]
    Setting(String),
    /// A drop folder or a list file cannot be used.
    #[error("{0}")]
    Folder(String),
    /// Another table of the same answers could not be published, so this one is not, either.
    #[error("not published, because the dataset it is loaded with was not: {reason}")]
    Together {
        /// What that asks of the operator.
        kind: LoadErrorKind,
        /// Why.
        reason: String,
    },
    /// The conversation failed.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The body cannot be read.
    #[error("{url}: {error}")]
    Decode {
        /// What was asked.
        url: String,
        /// Why.
        error: DecodeError,
        /// Whether rows of the page are staged already, so that only a new beginning helps.
        spilled: bool,
    },
    /// A page broke off after rows of it were staged.
    #[error("{0}")]
    BrokenOffLate(FetchError),
    /// The source moved while it was read.
    #[error("the source changed while it was read: {0}")]
    Moved(String),
    /// The rows are those of another fiscal year.
    #[error(
        "{label}: the answer is of another fiscal year ({found}): check that {variable} holds the key of this one"
    )]
    OtherYear {
        /// The window.
        label: String,
        /// What shows it.
        found: String,
        /// The variable that should hold the key.
        variable: String,
    },
    /// The gate holds the snapshot.
    #[error("held, the last good snapshot stays: {0}")]
    Held(String),
    /// The warehouse refused.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// A thread of the load died: a bug.
    #[error("a worker of the load ended early: {0}")]
    Worker(String),
}

impl From<ReachError> for LoadError {
    fn from(error: ReachError) -> Self {
        match error {
            ReachError::Credential(error) => Self::Credential(error),
            ReachError::Setting(reason) => Self::Setting(reason),
        }
    }
}

impl LoadError {
    /// What the error asks of the operator.
    #[must_use]
    pub fn kind(&self) -> LoadErrorKind {
        match self {
            Self::Request(_) => LoadErrorKind::Usage,
            Self::Together { kind, .. } => *kind,
            Self::Credential(_) | Self::Setting(_) | Self::Folder(_) | Self::Fetch(FetchError::SetUp(_)) => {
                LoadErrorKind::Configuration
            }
            Self::Fetch(FetchError::Login { .. }) => LoadErrorKind::NotAuthorised,
            Self::Unauthorised { .. } => LoadErrorKind::NotAuthorised,
            Self::Fetch(FetchError::TooLong { .. })
            | Self::WrongParameter { .. }
            | Self::Moved(_)
            | Self::OtherYear { .. } => LoadErrorKind::DataRefused,
            Self::Decode { error: DecodeError::Truncated { .. }, .. } => LoadErrorKind::Unavailable,
            Self::Decode { error: DecodeError::Batch(_), .. } | Self::Worker(_) => LoadErrorKind::Internal,
            Self::Decode { .. } => LoadErrorKind::DataRefused,
            Self::Fetch(_) | Self::BrokenOffLate(_) | Self::Garbage { .. } | Self::SaysFailed { .. } => {
                LoadErrorKind::Unavailable
            }
            Self::Held(_) => LoadErrorKind::Held,
            Self::Warehouse(error) => match error.kind() {
                warehouse::ErrorKind::DataRefused => LoadErrorKind::DataRefused,
                warehouse::ErrorKind::Internal => LoadErrorKind::Internal,
                warehouse::ErrorKind::NotAuthorised => LoadErrorKind::NotAuthorised,
                _ => LoadErrorKind::CannotWrite,
            },
        }
    }

    /// What to do, where the message itself does not say it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Fetch(FetchError::Unreachable { .. }) => {
                Some("check base_url, DNS and the firewall; `lumbung check` tries to reach every source")
            }
            Self::Fetch(FetchError::Status { status: 300..=499, .. }) => {
                Some("check base_url in lumbung.toml and the path in the contract")
            }
            Self::Fetch(FetchError::Status { .. }) | Self::Garbage { .. } | Self::SaysFailed { .. } => {
                Some("the service is in trouble: run again later, and tell its operators if it stays so")
            }
            Self::Fetch(FetchError::BrokenOff { .. })
            | Self::BrokenOffLate(_)
            | Self::Decode { error: DecodeError::Truncated { .. }, .. } => {
                Some("run again later; where it keeps happening, set a smaller page_rows")
            }
            Self::Decode { error: DecodeError::Malformed { .. } | DecodeError::RowTooLong { .. }, .. }
            | Self::WrongParameter { .. } => {
                Some("compare the answer with the contract of the source; `lumbung runs RUN` lists what was asked")
            }
            Self::Moved(_) => {
                Some("run again when the source is at rest; where it stays so, page_rows = 0 asks for all at once")
            }
            _ => None,
        }
    }

    /// Whether asking for the same page again may help.
    pub(super) fn asks_for_retry(&self) -> bool {
        match self {
            Self::Fetch(error) => error.is_transient(),
            Self::Garbage { .. } | Self::SaysFailed { .. } => true,
            Self::Decode {
                error: DecodeError::Truncated { .. } | DecodeError::Malformed { .. }, spilled, ..
            } => !spilled,
            _ => false,
        }
    }

    /// Whether loading everything again may help.
    pub(super) fn asks_for_restart(&self) -> bool {
        match self {
            Self::Moved(_) | Self::BrokenOffLate(_) => true,
            Self::Decode {
                error: DecodeError::Truncated { .. } | DecodeError::Malformed { .. }, spilled, ..
            } => *spilled,
            _ => false,
        }
    }
}
