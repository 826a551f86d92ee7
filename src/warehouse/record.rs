//! What callers hand to a run and read back from the ledger.

use super::archive::Keeping;
use super::id::{DatasetId, RunId};
use super::ledger::RemovedSnapshot;
use super::partition::Partition;
use crate::quality::{ExactSum, Profile};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Control sums by column.
pub type Sums = BTreeMap<String, ExactSum>;

/// What a run is about to load.
#[derive(Debug, Clone)]
pub struct RunStart {
    /// The dataset.
    pub dataset: DatasetId,
    /// The fiscal year asked for, where the source has them: freshness is told a year.
    pub tahun_anggaran: Option<u16>,
    /// The version of the contract in force.
    pub contract_version: u32,
    /// The money columns whose sums are controlled.
    pub control: Vec<String>,
    /// The id of the PII key that columns of class `key` are hashed under, where there are any.
    pub key_id: Option<String>,
    /// The run whose archived pages are decoded again; `None` where the source is asked.
    pub replay_of: Option<RunId>,
    /// What was asked for beyond the date, as a JSON object; values that are personal as "…".
    pub parameters: Option<String>,
    /// What may be kept of the answers beside the rows.
    pub keeping: Keeping,
    /// Now.
    pub at: DateTime<Utc>,
}

/// Who published what the gate would have held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// The operator, as the machine knows them.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Where the archive has the body of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawPage {
    /// The file, relative to `state/raw`.
    pub file: String,
    /// Whether it is sealed: only the identity opens it.
    pub sealed: bool,
}

/// One answer of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRecord {
    /// The span asked for, as the plan names it.
    pub window: String,
    /// The page within its window, from 1.
    pub page: u32,
    /// The address asked, never with a token or another secret.
    pub url: String,
    /// The HTTP status; `None` where no answer came.
    pub http_status: Option<u16>,
    /// Size of the body in bytes, as received.
    pub bytes: u64,
    /// SHA-256 of the body, hexadecimal; empty where no answer came.
    pub sha256: String,
    /// Rows in the page, the refused ones included.
    pub rows: u64,
    /// Rows refused.
    pub quarantined: u64,
    /// When it was asked for.
    pub started_at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// What the answer was taken for, such as `rows`, `empty`, `unauthorised`.
    pub verdict: String,
    /// The body in the archive; `None` where it is not kept.
    pub raw: Option<RawPage>,
    /// What the request was repeated for, as a JSON object; values that are personal as "…".
    pub parameters: Option<String>,
}

/// A page as the ledger holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedPage {
    /// From 1; one more each time the load started over.
    pub attempt: u32,
    /// The page.
    pub page: PageRecord,
}

/// A row that was refused.
#[derive(Debug, Clone)]
pub struct QuarantineRecord<'a> {
    /// The page it came in, from 1.
    pub page: u32,
    /// Its place in the page, from 1.
    pub row: u64,
    /// The column at fault, if one is.
    pub column: Option<&'a str>,
    /// Why, without the offending value: it may be personal.
    pub reason: &'a str,
    /// The row as received; kept only as far as the run's [`Keeping`] allows.
    pub original: Option<&'a [u8]>,
}

/// A refused row as the ledger holds it (`ops.quarantine`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedRow {
    /// The run that met it.
    pub run: RunId,
    /// The dataset.
    pub dataset: DatasetId,
    /// The page it came in, from 1.
    pub page: u32,
    /// Its place in the page, from 1.
    pub row: u64,
    /// The column at fault, if one is.
    pub column: Option<String>,
    /// Why.
    pub reason: String,
}

/// How a commit treats what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitMode {
    /// A dated snapshot of everything: `latest` shows the newest of each fiscal year.
    Snapshot,
    /// Events by their own date: `latest` shows every partition.
    Accumulate,
}

/// How a run ends that publishes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The source holds what the last snapshot holds.
    Unchanged,
    /// No rows, and none before.
    Empty,
    /// Refused by the gate; the last good snapshot stays.
    Held,
    /// It could not be loaded; the last good snapshot stays.
    Failed,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    /// At work.
    Running,
    /// Verified and written down; its files are being moved into place.
    Committing,
    /// Published.
    Committed,
    /// The source holds what the last snapshot holds.
    Unchanged,
    /// No rows, and none before.
    Empty,
    /// Refused by the gate.
    Held,
    /// Could not be loaded.
    Failed,
}

/// One name an enum's case, both ways, for the ledger and for people.
macro_rules! words {
    ($kind:ty { $($case:ident = $word:literal),+ $(,)? }) => {
        impl $kind {
            /// The word in the ledger, in SQL and on the screen.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$case => $word),+ }
            }

            pub(crate) fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$case),)+ _ => None }
            }
        }

        impl ::std::fmt::Display for $kind {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

pub(super) use words;

words!(CommitMode { Snapshot = "snapshot", Accumulate = "accumulate" });
words!(RunStatus {
    Running = "running",
    Committing = "committing",
    Committed = "committed",
    Unchanged = "unchanged",
    Empty = "empty",
    Held = "held",
    Failed = "failed",
});

impl From<Outcome> for RunStatus {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Unchanged => Self::Unchanged,
            Outcome::Empty => Self::Empty,
            Outcome::Held => Self::Held,
            Outcome::Failed => Self::Failed,
        }
    }
}

/// What a commit published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The run.
    pub run: RunId,
    /// The files in `history`, in the order of their partitions.
    pub paths: Vec<PathBuf>,
    /// Rows over all files.
    pub rows: u64,
    /// Bytes over all files.
    pub bytes: u64,
    /// Control sums over all files.
    pub sums: Sums,
}

/// Which snapshots to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// The newest snapshot of each fiscal year, and all accumulated data.
    Latest,
    /// The same as it would be had nothing dated after this day been loaded.
    Date(NaiveDate),
    /// Every retained snapshot.
    All,
}

/// The committed files of a moment.
#[derive(Debug, Clone, Default)]
pub struct CommittedSet {
    /// Every retained file, by dataset and partition.
    pub retained: Vec<CommittedFile>,
    /// For each of them: does nothing newer stand in its place?
    pub(crate) shown: Vec<bool>,
    /// Of a past day: the snapshots it means that retention removed.
    pub(crate) removed: Vec<RemovedSnapshot>,
}

impl CommittedSet {
    /// The newest snapshot of each fiscal year, and all accumulated data.
    pub fn latest(&self) -> impl Iterator<Item = &CommittedFile> {
        self.retained.iter().zip(&self.shown).filter(|(_, shown)| **shown).map(|(file, _)| file)
    }
}

impl CommittedSet {
    /// Of a past day: the snapshots it means that retention removed. Older ones stand in their place.
    #[must_use]
    pub fn removed(&self) -> &[RemovedSnapshot] {
        &self.removed
    }
}

/// One published file, as the ledger knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedFile {
    /// The dataset.
    pub dataset: DatasetId,
    /// Its partition; take the keys from here, not from the path.
    pub partition: Partition,
    /// Snapshot or accumulating data.
    pub mode: CommitMode,
    /// The file to open. It stays for [`super::GRACE`] after it was replaced, so a query that runs while a commit
    /// happens ends on the files it began with.
    pub path: PathBuf,
    /// The same file in `history`, to show to people.
    pub history_path: PathBuf,
    /// Rows in it.
    pub rows: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// The run that wrote it.
    pub run: RunId,
    /// The day of the snapshot; for accumulating data the day of the events.
    pub snapshot_date: NaiveDate,
    /// When it was committed.
    pub committed_at: DateTime<Utc>,
    /// Control sums.
    pub sums: Sums,
}

/// What is known of a committed file's columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileProfile {
    /// Version of the contract it was read under.
    pub contract_version: u32,
    /// What the columns look like; `None` where nobody looked.
    pub profile: Option<Profile>,
}

/// One run (`ops.runs`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// The run.
    pub run: RunId,
    /// The dataset.
    pub dataset: DatasetId,
    /// The fiscal year asked for.
    pub tahun_anggaran: Option<u16>,
    /// The version of the contract in force.
    pub contract_version: u32,
    /// Where it stands.
    pub status: RunStatus,
    /// Why it published nothing, or a note on what it published.
    pub reason: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended; `None` while it runs.
    pub finished_at: Option<DateTime<Utc>>,
    /// Pages received, over all attempts.
    pub pages: u64,
    /// Bytes received, over all attempts.
    pub bytes: u64,
    /// Rows published; for a run that published nothing, rows received in its last attempt.
    pub rows: u64,
    /// Rows refused in its last attempt.
    pub quarantined: u64,
    /// The id of the PII key that its rows were hashed under.
    pub key_id: Option<String>,
    /// Who published it although the gate would have held it.
    pub accepted: Option<Acceptance>,
    /// The run whose archived pages it decoded again.
    pub replay_of: Option<RunId>,
    /// What was asked for beyond the date, as a JSON object; personal values as "…".
    pub parameters: Option<String>,
}

/// One file a run published, also when it was replaced since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionRecord {
    /// The partition.
    pub partition: Partition,
    /// Rows in its file.
    pub rows: u64,
    /// Size of its file in bytes.
    pub bytes: u64,
    /// Control sums.
    pub sums: Sums,
    /// The run that replaced it, if one did.
    pub superseded_by: Option<RunId>,
}

/// A run with all that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDetail {
    /// The run.
    pub run: RunRecord,
    /// Its pages in the order they were received.
    pub pages: Vec<RecordedPage>,
    /// What it published.
    pub partitions: Vec<PartitionRecord>,
}

/// Which runs to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Only of this dataset.
    pub dataset: Option<DatasetId>,
    /// Only of this source.
    pub source: Option<String>,
    /// Only those that stand like this.
    pub status: Option<RunStatus>,
    /// At most so many.
    pub limit: Option<u32>,
    /// Only those that had begun when the ledger stood at this mark ([`super::LedgerMark::runs`]).
    pub until: Option<u64>,
    /// Only those that began before this one; none where there is no such run.
    pub before: Option<RunId>,
}

/// For what rows were refused, and how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalCount {
    /// The dataset.
    pub dataset: DatasetId,
    /// The column, where it was one.
    pub column: Option<String>,
    /// The reason; never a value.
    pub reason: String,
    /// Rows.
    pub rows: u64,
    /// Runs that refused some.
    pub runs: u64,
    /// The newest of these.
    pub newest: RunId,
}

/// How fresh one dataset is, a fiscal year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    /// The dataset.
    pub dataset: DatasetId,
    /// The fiscal year asked for.
    pub tahun_anggaran: Option<u16>,
    /// The last run that published.
    pub committed: Option<RunRecord>,
    /// When a run last found the warehouse and the source in agreement: committed, unchanged or empty.
    pub good_at: Option<DateTime<Utc>>,
    /// The last run that was held or failed, also where a good one followed.
    pub refused: Option<RunRecord>,
    /// The last run, whatever became of it.
    pub attempt: RunRecord,
    /// The last run that ended was held or failed: what is shown is older than it should be.
    pub stale: bool,
}
