//! What is told of the materialised marts.

use crate::warehouse::id::RunId;
use crate::warehouse::record::{RunStatus, Sums};
use chrono::{DateTime, Utc};

/// The file of one mart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MartFile {
    /// The mart, without its schema.
    pub mart: String,
    /// The run that wrote the file, and its name.
    pub file: RunId,
    /// A digest of what it was made from: SQL, snapshots, reference tables.
    pub inputs: String,
    /// Rows in it.
    pub rows: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// Sums of its money columns.
    pub sums: Sums,
    /// When it was made.
    pub made_at: DateTime<Utc>,
}

/// One attempt at all marts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MartRunRecord {
    /// The attempt.
    pub run: RunId,
    /// How it stands: `committed` = shown, `held` by a data test, `failed`, or at work.
    pub status: RunStatus,
    /// Why nothing was shown, where that is so.
    pub reason: Option<String>,
    /// A digest of the committed files it was made from.
    pub snapshots: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// What one data test said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataTestRecord {
    /// Its name.
    pub name: String,
    /// `error` or `warning`.
    pub severity: String,
    /// Rows that break the rule; `None` where the test could not run.
    pub rows: Option<u64>,
    /// Why it could not run.
    pub problem: Option<String>,
}

/// How the marts stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MartState {
    /// The last attempt.
    pub last: Option<MartRunRecord>,
    /// The last attempt that is shown.
    pub shown: Option<MartRunRecord>,
    /// The files that are shown, by mart.
    pub files: Vec<MartFile>,
    /// What the data tests said before the last attempt.
    pub tests: Vec<DataTestRecord>,
}
