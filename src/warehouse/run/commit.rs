//! The commit of one run, or of several that become visible together: what is to be published is checked, then one
//! transaction records what is intended, then `publish` takes it to its end.

use super::{Phase, Run};
use crate::warehouse::disk;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::ledger::{Intended, Intent};
use crate::warehouse::publish;
use crate::warehouse::record::{CommitMode, Committed, Outcome};
use crate::warehouse::stage::StagedFile;
use crate::warehouse::steps::Step;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One run's part of a commit.
#[derive(Debug)]
pub struct ToCommit {
    /// The run; it ends with the commit.
    pub run: Run,
    /// The files to publish, all staged by this run.
    pub staged: Vec<StagedFile>,
    /// How the commit treats what is there.
    pub mode: CommitMode,
    /// Stands in the ledger beside the run.
    pub note: Option<String>,
}

/// Publishes the files of several runs of one warehouse: all become visible, or none, also after a crash. The answers stand in
/// the order of `commits`.
///
/// # Errors
/// Before the intents are recorded every run ends as failed and nothing changes. After that they stay `committing`
/// ([`WarehouseError::BrokeOff`]): the next run of one of the datasets, or the next open, takes all of them to their end.
pub fn commit_together(mut commits: Vec<ToCommit>, at: DateTime<Utc>) -> Result<Vec<Committed>, WarehouseError> {
    let Some(house) = commits.first().map(|first| Arc::clone(&first.run.house)) else { return Ok(vec![]) };
    if let Err((at_fault, refused)) = intend(&mut commits, at) {
        for (i, commit) in commits.iter_mut().enumerate() {
            let reason = match at_fault {
                Some(other) if other != i => {
                    format!("committed together with another run, which was refused: {refused}")
                }
                _ => refused.to_string(),
            };
            commit.run.end(Outcome::Failed, Some(&reason), at);
        }
        return Err(refused);
    }
    commits.iter_mut().for_each(|commit| commit.run.phase = Phase::Settled);
    house.steps.reached(Step::IntentRecorded, house.layout.root())?;
    let runs: Vec<_> = commits.iter().map(|commit| (&commit.run.id, commit.run.dataset())).collect();
    let broke_off = |source| WarehouseError::BrokeOff { run: runs[0].0.clone(), source: Box::new(source) };
    let published = publish::roll_forward(&house, &runs).map_err(broke_off)?;
    for (one, (_, dataset)) in published.iter().zip(&runs) {
        tracing::info!(run.id = %one.run, %dataset, n_rows = one.rows, size_bytes = one.bytes, "committed");
    }
    if let Err(error) = publish::sweep(&house, at) {
        tracing::warn!(%error, "could not remove replaced files; the next commit tries again");
    }
    commits.iter().for_each(|commit| commit.run.bound_archive());
    Ok(published)
}

/// Checks what is to be published, then records what is intended, all in one transaction. An error comes with the place of
/// the run it is about, where it is about one.
fn intend(commits: &mut [ToCommit], at: DateTime<Utc>) -> Result<(), (Option<usize>, WarehouseError)> {
    let house = Arc::clone(&commits[0].run.house);
    let mut files = Vec::with_capacity(commits.len());
    for (i, commit) in commits.iter_mut().enumerate() {
        let of_run = |refused| (Some(i), refused);
        if !Arc::ptr_eq(&commit.run.house, &house) {
            return Err(of_run(commit.run.misuse("runs of different warehouses cannot be committed together")));
        }
        let staged = std::mem::take(&mut commit.staged);
        files.push(commit.run.prepare(staged, commit.mode).map_err(of_run)?);
    }
    let accepted: Vec<_> = commits.iter().map(|commit| commit.run.notes().accepted.clone()).collect();
    let intents: Vec<Intent<'_>> = commits
        .iter()
        .zip(files.iter().zip(&accepted))
        .map(|(ToCommit { run, mode, note, .. }, (files, accepted))| Intent {
            run: &run.id,
            dataset: &run.start.dataset,
            mode: *mode,
            at,
            note: note.as_deref(),
            accepted: accepted.as_ref(),
            files,
        })
        .collect();
    house.ledger().intend(&intents).map_err(|refused| (None, refused))
}

impl Run {
    /// Publishes the staged files: all become visible, or none. `note` stands in the ledger beside the run.
    ///
    /// # Errors
    /// Those of [`commit_together`], of which this is the case of one run.
    pub fn commit(
        self,
        staged: Vec<StagedFile>,
        mode: CommitMode,
        at: DateTime<Utc>,
        note: Option<&str>,
    ) -> Result<Committed, WarehouseError> {
        let alone = ToCommit { run: self, staged, mode, note: note.map(str::to_owned) };
        let mut committed = commit_together(vec![alone], at)?;
        Ok(committed.pop().expect("one run is committed, so there is one answer"))
    }

    /// Checks what is to be published and makes everything durable that its intent will speak of.
    fn prepare(&self, staged: Vec<StagedFile>, mode: CommitMode) -> Result<Vec<Intended>, WarehouseError> {
        if staged.is_empty() {
            return Err(self.misuse("nothing is staged: a run that publishes nothing is finished, not committed"));
        }
        let mut paths = Vec::with_capacity(staged.len());
        let mut files = Vec::with_capacity(staged.len());
        for file in staged {
            if file.run != self.id || !disk::exists(&file.path)? {
                return Err(self.misuse(&format!("the file staged for {} was discarded", file.partition)));
            }
            let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned());
            files.push(Intended {
                latest: file.partition.latest_folder(mode)?,
                in_latest: true,
                partition: file.partition,
                staged: name.unwrap_or_default(),
                rows: file.rows,
                bytes: file.bytes,
                sums: file.sums,
                carries_on: file.carries_on,
                profile: file.profile,
            });
            paths.push(file.path);
        }
        self.decide_latest(mode, &mut files)?;
        disk::sync_parents(&paths, self.house.layout.root())?;
        self.archive.sync()?;
        let mut notes = self.notes();
        notes.originals.close()?;
        self.flush(&mut notes)?;
        Ok(files)
    }

    /// Decides which files `latest` is to show: of a snapshot the newest date only, so that a back-dated run fills
    /// `history` and nothing else. Also refuses a dataset that changes its folders midway.
    fn decide_latest(&self, mode: CommitMode, files: &mut [Intended]) -> Result<(), WarehouseError> {
        let current = self.house.ledger().current(&self.start.dataset)?;
        let mut partitions = BTreeSet::new();
        let mut newest: BTreeMap<String, NaiveDate> = BTreeMap::new();
        let shape = current.as_ref().map_or_else(|| files[0].partition.shape(), |current| current.shape.clone());
        if current.as_ref().is_some_and(|current| current.mode != mode) {
            return Err(self.misuse(&format!("its files so far were not committed as {mode}")));
        }
        newest.extend(current.into_iter().flat_map(|current| current.newest));
        for file in files.iter() {
            if file.partition.shape() != shape {
                let found = file.partition.shape();
                return Err(self.misuse(&format!("its folders are keyed {shape}, the staged file by {found}")));
            }
            if !partitions.insert(file.partition.clone()) {
                return Err(self.misuse(&format!("{} is staged twice", file.partition)));
            }
            let date = file.partition.date();
            newest.entry(file.latest.clone()).and_modify(|newest| *newest = date.max(*newest)).or_insert(date);
        }
        for file in files {
            file.in_latest = newest.get(&file.latest) == Some(&file.partition.date());
        }
        Ok(())
    }
}
