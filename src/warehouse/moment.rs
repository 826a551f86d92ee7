//! One reading of the ledger, and the same reading again later: what an edition stands on.
//!
//! A session as of a day still changes while the day lasts: runs end, partitions are replaced. A [`Moment`] does not: it is
//! a list of files, none of which is ever overwritten, and a mark in the ledger, whose runs are never removed.

use super::disk;
use super::editions;
use super::error::WarehouseError;
use super::id::{DatasetId, RunId};
use super::layout::{Layout, Tree};
use super::partition::Partition;
use super::record::{CommitMode, CommittedFile, CommittedSet, Sums};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// The committed files of a moment, and how far the ledger had come.
#[derive(Debug, Clone)]
pub struct Moment {
    /// The day whose snapshots are meant: nothing of a later one is in it.
    pub day: Option<NaiveDate>,
    /// The files.
    pub files: Arc<CommittedSet>,
    /// How far the ledger had come.
    pub mark: LedgerMark,
}

/// How far the ledger had come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerMark {
    /// The number of the last run that had begun.
    pub runs: u64,
    /// The runs that had not ended.
    pub open: Vec<RunId>,
}

/// A file of a moment, as it is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedFile {
    /// `source.dataset`.
    pub dataset: String,
    /// Its folders, `tahun_anggaran=2026/snapshot_date=2026-11-21`.
    pub partition: String,
    /// The run that wrote it.
    pub run: String,
    /// `snapshot` or `accumulate`.
    pub mode: String,
    /// The day of the snapshot or of the events.
    pub snapshot_date: NaiveDate,
    /// When it was committed.
    pub committed_at: DateTime<Utc>,
    /// Rows in it.
    pub rows: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// Whether nothing newer stood in its place.
    pub latest: bool,
    /// SHA-256 of the file; only of those whose rows are read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl Moment {
    /// This moment, in which an older snapshot may stand for one that retention removed.
    #[must_use]
    pub fn with_older(self) -> Self {
        let files = CommittedSet { removed: Vec::new(), ..CommittedSet::clone(&self.files) };
        Self { files: Arc::new(files), ..self }
    }

    /// The files that nothing newer stood in the place of.
    pub fn latest(&self) -> impl Iterator<Item = &CommittedFile> {
        self.files.latest()
    }

    /// Every file of the moment and whether nothing newer stood in its place.
    pub fn retained(&self) -> impl Iterator<Item = (&CommittedFile, bool)> {
        self.files.retained.iter().zip(self.files.shown.iter().copied())
    }
}

impl PinnedFile {
    /// `file` without its hash.
    #[must_use]
    pub fn of(file: &CommittedFile, latest: bool) -> Self {
        Self {
            dataset: file.dataset.to_string(),
            partition: file.partition.to_string(),
            run: file.run.to_string(),
            mode: file.mode.word().to_owned(),
            snapshot_date: file.snapshot_date,
            committed_at: file.committed_at,
            rows: file.rows,
            bytes: file.bytes,
            latest,
            sha256: None,
        }
    }
}

/// What is there of a file that was written down with its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinnedState {
    /// It is there.
    Same,
    /// Another one is there: it was changed or damaged.
    Changed,
    /// It is not there.
    Gone,
}

/// Reads the file again.
pub(crate) fn state_of(layout: &Layout, pinned: &PinnedFile) -> Result<PinnedState, WarehouseError> {
    let set = set_of(layout, std::slice::from_ref(pinned))?;
    let path = set.retained.first().map(|file| &file.path).expect("one file gives one");
    Ok(match disk::exists(path)? {
        false => PinnedState::Gone,
        true if pinned.sha256.as_ref() == Some(&editions::sha256_of(path)?) => PinnedState::Same,
        true => PinnedState::Changed,
    })
}

/// The files as the ledger's readers open them.
pub(crate) fn set_of(layout: &Layout, pinned: &[PinnedFile]) -> Result<CommittedSet, WarehouseError> {
    let file = |pinned: &PinnedFile| -> Result<CommittedFile, WarehouseError> {
        let dataset: DatasetId = pinned.dataset.parse()?;
        let (partition, run): (Partition, RunId) = (pinned.partition.parse()?, pinned.run.parse()?);
        let mode = CommitMode::from_word(&pinned.mode).ok_or_else(|| WarehouseError::Name {
            what: "mode of a commit",
            text: pinned.mode.clone(),
            rule: "snapshot or accumulate",
        })?;
        Ok(CommittedFile {
            path: path(layout, pinned, layout.file(&dataset, &pinned.partition, &run))?,
            history_path: layout.published(Tree::History, &dataset, &pinned.partition).join(run.file_name()),
            rows: pinned.rows,
            bytes: pinned.bytes,
            snapshot_date: pinned.snapshot_date,
            committed_at: pinned.committed_at,
            sums: Sums::new(),
            dataset,
            partition,
            mode,
            run,
        })
    };
    let retained = pinned.iter().map(file).collect::<Result<_, WarehouseError>>()?;
    Ok(CommittedSet { retained, shown: pinned.iter().map(|pinned| pinned.latest).collect(), removed: Vec::new() })
}

/// Where a file is: `own` as long as it was not replaced, then what was kept of it.
fn path(layout: &Layout, pinned: &PinnedFile, own: PathBuf) -> Result<PathBuf, WarehouseError> {
    match pinned.sha256.as_ref().map(|sha256| layout.edition_file(sha256)) {
        Some(kept) if !disk::exists(&own)? && disk::exists(&kept)? => Ok(kept),
        _ => Ok(own),
    }
}
