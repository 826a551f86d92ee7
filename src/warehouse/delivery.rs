//! Mail on its way out: one row a delivery in the ledger and the message's bytes in `state/outbox`, both durable before anybody
//! connects, so that every attempt carries the same bytes and no crash loses or doubles a mail.
//!
//! The rows are moved by compare and swap: whoever moves one says in which state it believes it. What moves are allowed is
//! the sender's business (`mail::state`).

mod address;
mod kept;
mod sender;

pub use address::MailAddress;
pub use sender::OutboxLog;

pub(crate) use kept::{Kept, enqueue};

use chrono::{DateTime, Utc};

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeliveryState {
    /// Nobody has tried yet, or somebody said try again: the next sender takes it up.
    Pending,
    /// A sender has it in hand.
    Sending,
    /// The server took it: it is never sent again.
    Accepted,
    /// The server refused it for good.
    Refused,
    /// It certainly was not taken: sent again from `retry_at` on.
    Retry,
    /// Nobody knows whether the server took it: never sent again unless somebody says so.
    Ambiguous,
    /// It certainly was not taken, and its time is over.
    GivenUp,
}

impl DeliveryState {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Pending, Self::Sending, Self::Accepted, Self::Refused, Self::Retry, Self::Ambiguous, Self::GivenUp];

    /// The word of the ledger.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Retry => "retry",
            Self::Ambiguous => "ambiguous",
            Self::GivenUp => "given_up",
        }
    }

    /// The state that `word` stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether nothing happens any more unless the operator says so.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Accepted | Self::Refused | Self::Ambiguous | Self::GivenUp)
    }
}

/// How far an attempt came: the stage that was entered last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeliveryStage {
    /// Finding and reaching the server.
    Connect,
    /// Its greeting, and what it can do.
    Greeting,
    /// The TLS handshake.
    Tls,
    /// Proving who sends.
    Auth,
    /// `MAIL FROM`.
    Mail,
    /// `RCPT TO`.
    Rcpt,
    /// `DATA`.
    Data,
    /// The message itself.
    Body,
    /// The final dot: from here on the server may have taken it.
    Dot,
}

impl DeliveryStage {
    /// All of them, in order.
    pub const ALL: [Self; 9] = [
        Self::Connect,
        Self::Greeting,
        Self::Tls,
        Self::Auth,
        Self::Mail,
        Self::Rcpt,
        Self::Data,
        Self::Body,
        Self::Dot,
    ];

    /// The word of the ledger.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::Tls => "tls",
            Self::Auth => "auth",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
            Self::Data => "data",
            Self::Body => "body",
            Self::Dot => "dot",
        }
    }

    /// The stage that `word` stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.word() == word)
    }
}

/// What is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryKind {
    /// An edition, to a recipient of its report: one for each.
    Edition,
    /// A marked proof of an edition; it never counts as the edition's delivery.
    Proof,
    /// A note to the operator.
    Alert,
}

impl DeliveryKind {
    /// The word of the ledger.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Edition => "edition",
            Self::Proof => "proof",
            Self::Alert => "alert",
        }
    }

    /// The kind that `word` stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Edition, Self::Proof, Self::Alert].into_iter().find(|kind| kind.word() == word)
    }
}

/// One delivery as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// Its number in the ledger.
    pub seq: u64,
    /// What is delivered.
    pub kind: DeliveryKind,
    /// The edition; of an alert, its own name.
    pub edition: String,
    /// The only recipient.
    pub recipient: MailAddress,
    /// With its angle brackets.
    pub message_id: String,
    /// The message's file, relative to `state/outbox`.
    pub file: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Its size.
    pub size_bytes: u64,
    /// How it stands.
    pub state: DeliveryState,
    /// The stage entered last; `None` before the first attempt.
    pub stage: Option<DeliveryStage>,
    /// Attempts begun.
    pub attempts: u32,
    /// Not before then; only of [`DeliveryState::Retry`].
    pub retry_at: Option<DateTime<Utc>>,
    /// The code of the server's last reply, where there was one.
    pub reply_code: Option<u16>,
    /// What it said, or why there is no reply; addresses masked.
    pub reply: Option<String>,
    /// Who had it sent.
    pub operator: String,
    /// Who had it sent again although it may have arrived.
    pub resent_by: Option<String>,
    /// When it was laid in the outbox.
    pub created_at: DateTime<Utc>,
    /// Since when its time runs: laid in, or told to go again.
    pub due_since: DateTime<Utc>,
    /// When the last attempt began.
    pub sent_at: Option<DateTime<Utc>>,
    /// When a final state was reached.
    pub finished_at: Option<DateTime<Utc>>,
}

/// A message that is to be laid in the outbox.
#[derive(Debug, Clone, Copy)]
pub struct NewDelivery<'a> {
    /// What it is.
    pub kind: DeliveryKind,
    /// The edition.
    pub edition: &'a str,
    /// The only recipient.
    pub recipient: &'a str,
    /// With its angle brackets.
    pub message_id: &'a str,
    /// The message as it goes over the wire.
    pub eml: &'a [u8],
}

/// What became of messages that were laid in the outbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Enqueued {
    /// Laid in now.
    pub new: usize,
    /// Already there: the bytes of the first time stay.
    pub standing: usize,
}

/// Which deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deliveries<'a> {
    /// All of them.
    All,
    /// Those of an edition, its proofs among them; `<report>-<date>` without a variant also means every variant.
    Edition(&'a str),
    /// The one with this Message-ID.
    Message(&'a str),
}

/// A row that is moved.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryChange<'a> {
    /// Which.
    pub seq: u64,
    /// The state it is believed to be in; in another one nothing is changed.
    pub from: DeliveryState,
    /// How it stands now.
    pub to: DeliveryState,
    /// The stage entered last.
    pub stage: Option<DeliveryStage>,
    /// Attempts begun.
    pub attempts: u32,
    /// Not before then.
    pub retry_at: Option<DateTime<Utc>>,
    /// Since when its time runs.
    pub due_since: DateTime<Utc>,
    /// The code of the server's reply.
    pub reply_code: Option<u16>,
    /// What it said; the full recipient is masked before it is kept.
    pub reply: Option<&'a str>,
    /// Who has it sent again although it may have arrived.
    pub resent_by: Option<&'a str>,
}

impl DeliveryRecord {
    /// Whether a sender may take it up at `now`.
    #[must_use]
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        match self.state {
            DeliveryState::Pending => true,
            DeliveryState::Retry => self.retry_at.is_none_or(|at| at <= now),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
