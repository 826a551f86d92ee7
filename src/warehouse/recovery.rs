//! What a writer does first: take up what a dead process left. Runs `committing` are rolled forward, runs `running` are
//! marked failed, and staging that belongs to nobody is removed.

use super::archive;
use super::disk::{self, Lock};
use super::editions;
use super::error::WarehouseError;
use super::house::House;
use super::id::{DatasetId, RunId};
use super::ledger::Unfinished;
use super::marts;
use super::publish;
use super::record::{Outcome, RunStatus};
use super::retention;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// What the ledger says of a run whose process died.
const DIED: &str = "aborted: the process ended before the run did";

/// Settles every dataset that nobody is loading, then tidies up.
pub(crate) fn recover(house: &House, now: DateTime<Utc>) -> Result<(), WarehouseError> {
    let unfinished = house.ledger().unfinished(None)?;
    let datasets: BTreeSet<DatasetId> = unfinished.into_iter().map(|run| run.dataset).collect();
    for dataset in datasets {
        // Who holds the lock is alive and finishes its own run.
        let Some(_lock) = Lock::try_take(&house.layout.dataset_lock(&dataset))? else { continue };
        match settle(house, &dataset, now) {
            // Whoever begins a run of the group just now finishes its commit first.
            Ok(()) | Err(WarehouseError::Locked { .. }) => {}
            Err(failed) => return Err(failed),
        }
    }
    settle_marts(house, now)?;
    editions::settle(house)?;
    retention::settle(house, now)?;
    remove_orphans(house)?;
    publish::sweep(house, now)
}

/// Settles the marts, unless somebody is making them.
fn settle_marts(house: &House, now: DateTime<Utc>) -> Result<(), WarehouseError> {
    if house.ledger().unfinished_marts()?.is_empty() {
        return Ok(());
    }
    match Lock::try_take(&house.layout.marts_lock())? {
        Some(_lock) => marts::settle(house, now),
        None => Ok(()),
    }
}

/// Brings every unfinished run of `dataset` to an end. The dataset's lock is held, so none of them is alive.
///
/// # Errors
/// [`WarehouseError::Locked`] where such a run was being committed together with others and another process is at work on
/// one of those datasets; else when the disk or the ledger refuses.
pub(crate) fn settle(house: &House, dataset: &DatasetId, now: DateTime<Utc>) -> Result<(), WarehouseError> {
    let unfinished = house.ledger().unfinished(Some(dataset))?;
    for dead in unfinished {
        if dead.committing {
            finish_commit(house, dead)?;
        } else {
            house.ledger().finish(&dead.run, Outcome::Failed, Some(DIED), now)?;
            disk::remove_folder(&house.layout.staging(&dead.run))?;
            archive::forget(house, dataset, &dead.run)?;
            tracing::warn!(run.id = %dead.run, %dataset, "marked a run failed whose process died");
        }
    }
    Ok(())
}

/// Rolls a dead run's commit forward, and with it those of the runs it was to be committed with. They become visible in one
/// transaction, so while this dataset's lock is held none of them can have been finished by somebody else.
fn finish_commit(house: &House, dead: Unfinished) -> Result<(), WarehouseError> {
    let mates = match &dead.together {
        Some(_) => house.ledger().unfinished(None)?,
        None => vec![],
    };
    let mates = mates.into_iter().filter(|mate| mate.together == dead.together && mate.run != dead.run);
    let mut locks = Vec::new();
    let mut group = vec![];
    for mate in mates {
        let Some(lock) = Lock::try_take(&house.layout.dataset_lock(&mate.dataset))? else {
            return Err(WarehouseError::Locked {
                dataset: mate.dataset,
                run: format!("what finishes run {}", mate.run),
            });
        };
        locks.push(lock);
        group.push(mate);
    }
    group.push(dead);
    // In the order they began, as the commit itself would have taken them.
    group.sort_by(|a, b| a.run.cmp(&b.run));
    let runs: Vec<_> = group.iter().map(|run| (&run.run, &run.dataset)).collect();
    publish::roll_forward(house, &runs)?;
    for (run, dataset) in runs {
        tracing::warn!(run.id = %run, %dataset, "finished the commit that a dead process had begun");
    }
    Ok(())
}

/// Removes staging folders of runs that ended.
fn remove_orphans(house: &House) -> Result<(), WarehouseError> {
    // Listed first, asked afterwards: a run enters the ledger before its folder exists.
    for name in disk::names(&house.layout.all_staging())? {
        let status = house.ledger().standing(&name)?.map(|run| run.status);
        match status {
            Some(RunStatus::Running | RunStatus::Committing) => {}
            // Died between the last two steps: its replaced folders still have their time of grace.
            Some(RunStatus::Committed) => publish::retire(house, &name.parse::<RunId>()?)?,
            _ => disk::remove_folder(&house.layout.all_staging().join(name))?,
        }
    }
    Ok(())
}
