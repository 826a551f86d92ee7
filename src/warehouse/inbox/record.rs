//! What goes into the inbox store and what comes out of it.

use crate::warehouse::id::DatasetId;
use crate::warehouse::record::words;
use chrono::{DateTime, NaiveDate, Utc};
use std::fmt;

/// Bytes of the content mark that name a push.
const ID_BYTES: usize = 16;

/// The name of a push: 32 lower hexadecimal digits, made from its content, so the same push always has the same one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PushId(String);

impl PushId {
    /// The name of the push with this content mark.
    #[must_use]
    pub fn of(content: &[u8; 32]) -> Self {
        Self(content[..ID_BYTES].iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PushId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A push that was found good.
#[derive(Clone)]
pub struct NewPush {
    /// The dataset it is for.
    pub dataset: DatasetId,
    /// The day it was received in the source's time zone: the partition it will stand in.
    pub day: NaiveDate,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// The keyed mark of its body.
    pub content: [u8; 32],
    /// The keyed mark of its key columns; `None` where the dataset has none.
    pub key: Option<[u8; 32]>,
    /// The id of the key that marked and sealed it.
    pub key_id: String,
    /// The body, sealed.
    pub sealed: Vec<u8>,
}

/// What the sender of a push may be told: it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its name.
    pub id: PushId,
    /// Whether the same content of the same dataset was here before; nothing was stored then.
    pub known: bool,
}

/// A push that was refused although its sender proved who it is.
#[derive(Clone)]
pub struct NewRefused {
    /// The dataset it was for.
    pub dataset: DatasetId,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// The columns at fault.
    pub columns: Vec<String>,
    /// Why, never with a value: it may be personal.
    pub reason: String,
    /// The id of the key that sealed it.
    pub key_id: String,
    /// The body, sealed.
    pub sealed: Vec<u8>,
}

/// How much the store holds.
#[derive(Debug, Clone, Copy)]
pub struct InboxLimits {
    /// Sealed bytes of pushes that are not loaded yet; beyond them pushes are turned away.
    pub waiting_bytes_max: u64,
    /// Refused pushes kept; the oldest go first.
    pub refused_max: u64,
    /// Days a refused push is kept.
    pub refused_days: u32,
}

/// What became of a call to the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PushOutcome {
    /// Stored.
    Accepted,
    /// The same content was stored before.
    Known,
    /// Its sender is known, its columns are not right.
    Refused,
    /// Its sender did not prove who it is.
    Unauthorised,
    /// Not a document that could be read.
    Malformed,
    /// Too many, too large or too slow, or the store was full.
    Limited,
}

words!(PushOutcome {
    Accepted = "accepted",
    Known = "known",
    Refused = "refused",
    Unauthorised = "unauthorised",
    Malformed = "malformed",
    Limited = "limited",
});

/// Pushes of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingDay {
    /// The day they were received in the source's time zone.
    pub day: NaiveDate,
    /// How many.
    pub pushes: u64,
    /// Their sealed bytes.
    pub bytes: u64,
}

/// A push as the run gets it that claimed it.
#[derive(Clone)]
pub struct ClaimedPush {
    /// Its place in the order of arrival; where the next page begins.
    pub seq: u64,
    /// Its name.
    pub id: PushId,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// How many pushes with the same key came before it.
    pub change: u64,
    /// The keyed mark of its body.
    pub content: [u8; 32],
    /// The id of the key that marked and sealed it.
    pub key_id: String,
    /// The body, sealed.
    pub sealed: Vec<u8>,
}

/// What became of pushes that earlier runs had claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settled {
    /// Their run is committed: loaded.
    pub loaded: u64,
    /// Their run published nothing: they wait again.
    pub waiting: u64,
    /// Their run is not at its end: they stay claimed.
    pub claimed: u64,
}

/// How one dataset of the inbox stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxStatus {
    /// The dataset.
    pub dataset: DatasetId,
    /// Pushes that are not loaded yet, the claimed ones included.
    pub waiting: u64,
    /// Their sealed bytes.
    pub waiting_bytes: u64,
    /// When the oldest of them was received.
    pub oldest_waiting: Option<DateTime<Utc>>,
    /// Loaded pushes that are still remembered.
    pub loaded: u64,
    /// When pushes were last loaded.
    pub last_loaded: Option<DateTime<Utc>>,
    /// Refused pushes that are still kept.
    pub refused: u64,
}

/// What waits for one dataset of the inbox, and what was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxWaiting {
    /// The dataset.
    pub dataset: DatasetId,
    /// Pushes that are not loaded yet, the claimed ones included.
    pub pushes: u64,
    /// Their sealed bytes.
    pub bytes: u64,
    /// When the oldest of them was received.
    pub oldest: Option<DateTime<Utc>>,
    /// Refused pushes that are still kept.
    pub refused: u64,
}

/// How often calls of one method ended in one way on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxTally {
    /// The source.
    pub source: String,
    /// The method.
    pub method: String,
    /// The day, as the caller counts days.
    pub day: NaiveDate,
    /// How they ended.
    pub outcome: PushOutcome,
    /// How many.
    pub pushes: u64,
}

/// A refused push, without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedPush {
    /// Its number, to ask for the original by.
    pub id: u64,
    /// The dataset it was for.
    pub dataset: DatasetId,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// The columns at fault.
    pub columns: Vec<String>,
    /// Why.
    pub reason: String,
    /// The id of the key that sealed it.
    pub key_id: String,
}
