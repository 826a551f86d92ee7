//! Showing a new tree of marts, and taking up what a dead process left of that.

use super::{MartFile, paths};
use crate::warehouse::disk;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::house::House;
use crate::warehouse::id::RunId;
use crate::warehouse::publish;
use crate::warehouse::record::Outcome;
use crate::warehouse::steps::Step;
use crate::warehouse::swap;
use chrono::{DateTime, Utc};
use std::path::{Path, PathBuf};

/// Sees to it that the new tree is what it is to be, and durable.
pub(super) fn prepare(house: &House, run: &RunId, files: &[MartFile]) -> Result<(), WarehouseError> {
    let tree = house.layout.staged_marts(run);
    if listed(&tree)? != paths(files) {
        let what = format!("run {run}: what is staged below {} is not what was to be shown", tree.display());
        return Err(WarehouseError::Misuse(what));
    }
    let staged: Vec<PathBuf> = paths(files).into_iter().map(|path| tree.join(path)).collect();
    disk::sync_parents(&staged, house.layout.root())?;
    house.steps.reached(Step::SwapsPrepared, &tree)
}

/// Takes an attempt whose intent is recorded to its end. The marts' lock is held.
pub(super) fn roll_forward(house: &House, run: &RunId) -> Result<(), WarehouseError> {
    let files = house.ledger().mart_files(run)?;
    let (tree, target) = (house.layout.staged_marts(run), house.layout.marts());
    if listed(&target)? != paths(&files) {
        swap::put_in_place(&tree, &target, &house.steps)?;
    }
    house.steps.reached(Step::Swapped, &target)?;
    disk::sync_parents(std::slice::from_ref(&target), house.layout.root())?;
    house.steps.reached(Step::TreeDurable, &target)?;
    house.ledger().commit_marts(run)?;
    house.steps.reached(Step::CommitRecorded, house.layout.root())?;
    if let Err(error) = publish::retire(house, run) {
        tracing::warn!(run.id = %run, %error, "could not move the replaced marts away; the next open does");
    }
    tracing::info!(run.id = %run, n_marts = files.len(), "the marts are shown");
    house.steps.reached(Step::Retired, house.layout.root())
}

/// Brings every unfinished attempt to an end. The marts' lock is held, so none of them is alive.
pub(crate) fn settle(house: &House, now: DateTime<Utc>) -> Result<(), WarehouseError> {
    let unfinished = house.ledger().unfinished_marts()?;
    for (run, committing) in unfinished {
        if committing {
            roll_forward(house, &run)?;
            tracing::warn!(run.id = %run, "showed the marts that a dead process had made");
        } else {
            let died = "aborted: the process ended before the marts were made";
            house.ledger().finish_marts(&run, Outcome::Failed, died, now)?;
            disk::remove_folder(&house.layout.staging(&run))?;
        }
    }
    Ok(())
}

/// The files of a tree of marts, relative to it; none where there is no tree.
fn listed(tree: &Path) -> Result<Vec<PathBuf>, WarehouseError> {
    let mut found = Vec::new();
    if !disk::exists(tree)? {
        return Ok(found);
    }
    for mart in disk::names(tree)? {
        for file in disk::names(&tree.join(&mart))? {
            found.push(PathBuf::from(&mart).join(file));
        }
    }
    found.sort();
    Ok(found)
}
