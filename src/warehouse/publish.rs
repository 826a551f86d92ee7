//! The commit after its intent is recorded: files into place, folders swapped, the ledger told. Every step first looks
//! whether it was taken, so that recovery is the same code.

use super::disk;
use super::error::WarehouseError;
use super::house::House;
use super::id::{DatasetId, RunId};
use super::layout::Tree;
use super::ledger::Intended;
use super::record::{Committed, Sums};
use super::steps::Step;
use super::swap::Swap;
use crate::quality::ExactSum;
use chrono::{DateTime, TimeDelta, Utc};
use std::path::PathBuf;

/// How long what was replaced stays: a query that began before a commit ends on its own files. Longer than any query,
/// shorter than the daily cycle doubles the disk for good.
pub const GRACE: TimeDelta = TimeDelta::hours(24);

/// Takes runs whose intents were recorded together to their end: the files of all into place, then one transaction that
/// makes them visible. The locks of all their datasets are held.
pub(crate) fn roll_forward(house: &House, group: &[(&RunId, &DatasetId)]) -> Result<Vec<Committed>, WarehouseError> {
    let mut parts = Vec::with_capacity(group.len());
    for (run, dataset) in group {
        let intended = house.ledger().intended(run)?;
        place(house, run, dataset, &intended)?;
        parts.push(intended);
    }
    for tree in [Tree::History, Tree::Latest] {
        for ((run, dataset), intended) in group.iter().zip(&parts) {
            show(house, run, (dataset, tree), intended)?;
        }
    }
    house.ledger().commit(group.iter().map(|(run, _)| *run))?;
    house.steps.reached(Step::CommitRecorded, house.layout.root())?;
    for (run, _) in group {
        if let Err(error) = retire(house, run) {
            tracing::warn!(run.id = %run, %error, "could not move the replaced folders away; the next open does");
        }
        house.steps.reached(Step::Retired, house.layout.root())?;
    }
    let all = group.iter().zip(&parts);
    Ok(all.map(|((run, dataset), intended)| committed(house, run, dataset, intended)).collect())
}

/// Moves the files from staging to where the ledger's readers will open them.
fn place(house: &House, run: &RunId, dataset: &DatasetId, intended: &[Intended]) -> Result<(), WarehouseError> {
    let staging = house.layout.staging(run);
    let file = |part: &Intended| house.layout.file(dataset, &part.partition.to_string(), run);
    let files: Vec<PathBuf> = intended.iter().map(file).collect();
    for (part, file) in intended.iter().zip(&files) {
        if !disk::exists(file)? {
            if let Some(folder) = file.parent() {
                disk::create_folder(folder)?;
            }
            disk::rename(&staging.join(&part.staged), file)?;
        }
        house.steps.reached(Step::FilePlaced, file)?;
    }
    disk::sync_parents(&files, house.layout.root())?;
    house.steps.reached(Step::FilesDurable, &staging)
}

/// Makes one published tree show the files: all folders are built first, so that little time lies between the swaps.
fn show(
    house: &House,
    run: &RunId,
    (dataset, tree): (&DatasetId, Tree),
    intended: &[Intended],
) -> Result<(), WarehouseError> {
    let mut swaps = Vec::new();
    for (i, part) in intended.iter().enumerate().filter(|(_, part)| tree == Tree::History || part.in_latest) {
        let partition = part.partition.to_string();
        let folder = if tree == Tree::History { &partition } else { &part.latest };
        let swap = Swap {
            file: house.layout.file(dataset, &partition, run),
            aside: house.layout.staging(run).join(format!("{tree:?}-{i:05}")),
            target: house.layout.published(tree, dataset, folder),
        };
        if !swap.is_done()? {
            swaps.push(swap);
        }
    }
    for swap in &swaps {
        swap.prepare()?;
    }
    disk::sync_folders(&swaps.iter().map(|swap| swap.aside.as_path()).collect::<Vec<_>>())?;
    house.steps.reached(Step::SwapsPrepared, &house.layout.tree(tree))?;
    for swap in &swaps {
        swap.publish(&house.steps)?;
        house.steps.reached(Step::Swapped, &swap.target)?;
    }
    let targets: Vec<PathBuf> = swaps.into_iter().map(|swap| swap.target).collect();
    disk::sync_parents(&targets, house.layout.root())?;
    house.steps.reached(Step::TreeDurable, &house.layout.tree(tree))
}

/// Lets the replaced folders rest: whoever is listing one still finds its file in it.
pub(crate) fn retire(house: &House, run: &RunId) -> Result<(), WarehouseError> {
    let staging = house.layout.staging(run);
    if disk::remove_empty_folder(&staging)? {
        return Ok(());
    }
    disk::rename(&staging, &house.layout.retired(run))
}

/// Removes what was replaced more than [`GRACE`] before `now`.
pub(crate) fn sweep(house: &House, now: DateTime<Utc>) -> Result<(), WarehouseError> {
    let before = now - GRACE;
    let replaced = house.ledger().to_sweep(before)?;
    for (dataset, partition, run) in &replaced {
        disk::remove_file(&house.layout.file(dataset, partition, run))?;
    }
    if !replaced.is_empty() {
        house.ledger().swept(before)?;
    }
    let retired = house.layout.all_retired();
    for name in disk::names(&retired)? {
        let standing = house.ledger().standing(&name)?;
        if standing.and_then(|run| run.finished_at).is_none_or(|finished| finished <= before) {
            disk::remove_folder(&retired.join(name))?;
        }
    }
    house.ledger().forget_marts(before)
}

fn committed(house: &House, run: &RunId, dataset: &DatasetId, intended: &[Intended]) -> Committed {
    let mut sums = Sums::new();
    for (column, sum) in intended.iter().flat_map(|part| &part.sums) {
        let total = sums.entry(column.clone()).or_insert(ExactSum { unscaled: 0, scale: sum.scale });
        total.unscaled = total.unscaled.saturating_add(sum.unscaled);
    }
    let path = |part: &Intended| {
        let folder = house.layout.published(Tree::History, dataset, &part.partition.to_string());
        folder.join(run.file_name())
    };
    Committed {
        run: run.clone(),
        paths: intended.iter().map(path).collect(),
        rows: intended.iter().map(|part| part.rows).sum(),
        bytes: intended.iter().map(|part| part.bytes).sum(),
        sums,
    }
}
