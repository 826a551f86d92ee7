//! Retention: what may go by the rules of `[retention]`, why, and its removal.
//!
//! [`plan`](Warehouse::removals) only looks. [`Warehouse::remove`] works a plan off: the ledger marks what goes (from here on its
//! readers do not see it), the files go, the ledger says that they are gone. Whoever opens the warehouse next finishes what was
//! marked. Files that a query has open stay readable to it until it closes them.
//!
//! In reading order: [`keep`](keep()) judges the snapshots of one dataset; `plan` judges everything; `references` says what recorded editions
//! need; `carry_out` removes.
//!
//! **Invariants**
//! - The newest snapshot of a dataset goes by the age of personal data only; nothing of a single day goes by a rule for snapshots.
//! - What a recorded edition stands on stays as long as the edition, but for personal data beyond its age.
//! - Rows of `runs` stay: what was loaded once is known for good.

mod carry_out;
mod keep;
mod plan;
mod references;

pub use keep::{KeepRule, Verdict, keep};

pub(crate) use carry_out::settle;

use super::Warehouse;
use super::error::WarehouseError;
use super::id::{DatasetId, RunId};
use super::ledger::RemovedSnapshot;
use crate::config::RetentionSettings;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeSet;

/// What is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeletionKind {
    /// The file of one partition: a snapshot, or one day's rows.
    Snapshot,
    /// The answers that a run archived.
    RawPages,
    /// The originals of the rows that a run refused.
    Quarantine,
    /// One record of an edition.
    Edition,
    /// A snapshot that editions read, kept beyond its partition.
    EditionFile,
    /// A text that editions stand on.
    EditionObject,
    /// The bytes of a mail whose delivery ended.
    Mail,
    /// What the ledger tells of times of schedules.
    Occurrences,
    /// What the ledger tells of answers to runs that published nothing.
    Answers,
    /// What the ledger tells of refused rows.
    RefusedRows,
}

impl DeletionKind {
    /// All of them, in the order in which they go.
    pub const ALL: [Self; 10] = [
        Self::Snapshot,
        Self::RawPages,
        Self::Quarantine,
        Self::Edition,
        Self::EditionFile,
        Self::EditionObject,
        Self::Mail,
        Self::Occurrences,
        Self::Answers,
        Self::RefusedRows,
    ];

    /// The word of the ledger.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::RawPages => "raw_pages",
            Self::Quarantine => "quarantine",
            Self::Edition => "edition",
            Self::EditionFile => "edition_file",
            Self::EditionObject => "edition_object",
            Self::Mail => "mail",
            Self::Occurrences => "occurrences",
            Self::Answers => "answers",
            Self::RefusedRows => "refused_rows",
        }
    }

    /// The kind that `word` stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// One thing that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// What it is.
    pub kind: DeletionKind,
    /// What it is called: dataset and partition, a run, `edition/number`, a file in the outbox, a table of the ledger.
    pub name: String,
    /// The dataset, where it belongs to one.
    pub dataset: Option<DatasetId>,
    /// The partition, of a snapshot.
    pub partition: Option<String>,
    /// The run that wrote it.
    pub run: Option<RunId>,
    /// Its file or folder, relative to the warehouse; `None` of rows of the ledger.
    pub path: Option<String>,
    /// Its size in bytes.
    pub bytes: u64,
    /// Bytes that the disk has more afterwards: none where an edition keeps the same file.
    pub frees: u64,
    /// Its rows: of a file, or of the ledger.
    pub rows: u64,
    /// The setting that says so.
    pub rule: String,
    /// Why, in words.
    pub reason: String,
    /// Of rows of the ledger: those before then.
    pub before: Option<DateTime<Utc>>,
}

/// Something that was removed, or is being removed (`ops.deletions`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletionRecord {
    /// Its number in the ledger.
    pub seq: u64,
    /// What it was.
    pub what: Deletion,
    /// Who had it removed.
    pub operator: String,
    /// When it was marked: from then on readers did not see it.
    pub at: DateTime<Utc>,
    /// When it was gone from the disk.
    pub done_at: Option<DateTime<Utc>>,
}

/// What the rules are applied to.
#[derive(Debug, Clone, Copy)]
pub struct Retention<'a> {
    /// The rules.
    pub settings: &'a RetentionSettings,
    /// The datasets that hold personal data by their contracts.
    pub personal: &'a BTreeSet<DatasetId>,
    /// The present day, in the deployment's zone.
    pub today: NaiveDate,
    /// Now.
    pub now: DateTime<Utc>,
}

/// What became of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removed {
    /// What is gone.
    pub gone: Vec<Deletion>,
    /// What somebody is at work on just now: it goes next time.
    pub busy: Vec<String>,
}

impl Warehouse {
    /// What may go by the rules, in the order in which it goes. Nothing is changed.
    ///
    /// # Errors
    /// When the ledger or the disk cannot be read.
    pub fn removals(&self, retention: &Retention<'_>) -> Result<Vec<Deletion>, WarehouseError> {
        plan::plan(&self.house, retention)
    }

    /// Removes what may go by the rules at this moment, and notes each thing in the ledger.
    ///
    /// # Errors
    /// [`WarehouseError::RemovalLocked`] where another process removes; else when the ledger or the disk refuses: what is marked by then
    /// goes with the next open.
    pub fn remove(&self, retention: &Retention<'_>, operator: &str) -> Result<Removed, WarehouseError> {
        carry_out::carry_out(&self.house, retention, operator)
    }

    /// What was removed, in that order; the newest `limit`.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn deletions(&self, limit: u32) -> Result<Vec<DeletionRecord>, WarehouseError> {
        self.house.ledger().deletions(limit)
    }

    /// The snapshots that a reader as of `day` means and that retention removed: what stands there instead is older.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn removed_snapshots(&self, day: NaiveDate) -> Result<Vec<RemovedSnapshot>, WarehouseError> {
        self.house.ledger().removed_snapshots(day)
    }
}
