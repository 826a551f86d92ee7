//! What was sent to sources: one row a record, durable before its request leaves, so that a record which was accepted is
//! never sent again and one whose answer was lost is known to be in doubt.

use super::disk::Lock;
use super::error::WarehouseError;
use super::house::House;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// How a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubmissionState {
    /// It certainly did not arrive: the next run sends it.
    Pending,
    /// Its request is on the way.
    Sending,
    /// The source took it: it is never sent again.
    Accepted,
    /// The source refused it: it may be sent again.
    Refused,
    /// Nobody knows whether it arrived.
    Ambiguous,
}

impl SubmissionState {
    /// The word of the ledger.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Ambiguous => "ambiguous",
        }
    }

    /// The state that `word` stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Pending, Self::Sending, Self::Accepted, Self::Refused, Self::Ambiguous];
        all.into_iter().find(|state| state.word() == word)
    }
}

/// One record as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmissionRecord {
    /// Its number in the ledger.
    pub seq: u64,
    /// The source it was sent to.
    pub source: String,
    /// By which method.
    pub method: String,
    /// The values it is known by, as a JSON list.
    pub key: String,
    /// By which the same content is known again.
    pub mark: String,
    /// How it stands.
    pub state: SubmissionState,
    /// Requests made.
    pub attempts: u32,
    /// HTTP status of the last answer.
    pub http_status: Option<u16>,
    /// The source's own code in it.
    pub code: Option<String>,
    /// What the source said, or why nobody knows.
    pub message: Option<String>,
    /// The columns that the contract keeps, as a JSON object.
    pub log: String,
    /// Who sent it.
    pub operator: String,
    /// When it was first to be sent.
    pub created_at: DateTime<Utc>,
    /// When its last request left.
    pub sent_at: DateTime<Utc>,
    /// When it was known how that went.
    pub finished_at: Option<DateTime<Utc>>,
}

/// A record that is about to be sent.
#[derive(Debug, Clone, Copy)]
pub struct NewSubmission<'a> {
    /// The values it is known by, as a JSON list; none of them personal.
    pub key: &'a str,
    /// By which the same content is known again; tells nothing of it.
    pub mark: &'a str,
    /// The columns that the contract keeps, as a JSON object; none of them personal.
    pub log: &'a str,
    /// Who sends it.
    pub operator: &'a str,
    /// Send it although an earlier request may have arrived.
    pub although_ambiguous: bool,
}

/// Whether a record may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Yes: the ledger has it as `sending` under this number, and its request may leave.
    Sending(u64),
    /// No: it stands like this already.
    Stands(Box<SubmissionRecord>),
}

/// How a request went.
#[derive(Debug, Clone, Copy)]
pub struct SubmissionAnswer<'a> {
    /// How the record stands now.
    pub state: SubmissionState,
    /// HTTP status, where there was an answer.
    pub http_status: Option<u16>,
    /// The source's own code.
    pub code: Option<&'a str>,
    /// What it said; never a personal value.
    pub message: Option<&'a str>,
}

/// The log of what one sender sends by one method, under a lock that the system lifts when the process dies.
#[derive(Debug)]
pub struct OutboundLog {
    house: Arc<House>,
    source: String,
    method: String,
    _lock: Lock,
}

impl OutboundLog {
    pub(super) fn open(
        house: Arc<House>,
        source: &str,
        method: &str,
        at: DateTime<Utc>,
    ) -> Result<Self, WarehouseError> {
        house.require_writable()?;
        let Some(lock) = Lock::try_take(&house.layout.submission_lock(source, method))? else {
            return Err(WarehouseError::SendingLocked { method: format!("{source}.{method}") });
        };
        let n_lost = house.ledger().doubt_unfinished(source, method, at)?;
        if n_lost > 0 {
            tracing::warn!(
                source,
                method,
                n_lost,
                "records were being sent when a process died: they may have arrived"
            );
        }
        Ok(Self { house, source: source.to_owned(), method: method.to_owned(), _lock: lock })
    }

    /// Enters a record as `sending`, or says how it stands.
    ///
    /// # Errors
    /// When the ledger cannot be written: then nothing may be sent.
    pub fn begin(&self, new: &NewSubmission<'_>, at: DateTime<Utc>) -> Result<Begun, WarehouseError> {
        self.house.ledger().begin_submission((&self.source, &self.method), new, at)
    }

    /// Notes how the record `seq` stands now.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn finish(&self, seq: u64, answer: &SubmissionAnswer<'_>, at: DateTime<Utc>) -> Result<(), WarehouseError> {
        self.house.ledger().finish_submission(seq, answer, at)
    }

    /// The records of this method of which nobody knows whether they arrived.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn ambiguous(&self) -> Result<Vec<SubmissionRecord>, WarehouseError> {
        self.house.ledger().ambiguous_submissions(&self.source, &self.method)
    }

    /// Forgets that the record with this key was accepted, because it was deleted at the source; `message` says who says so.
    /// `false` where no such record was accepted.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn deleted(&self, key: &str, message: &str, at: DateTime<Utc>) -> Result<bool, WarehouseError> {
        self.house.ledger().forget_submission((&self.source, &self.method), key, message, at)
    }
}

#[cfg(test)]
mod tests;
