//! What a writer does first: take up what a dead process left. Runs `committing` are rolled forward, runs `running` are
//! marked failed, and staging that belongs to nobody is removed.

use super::archive;
use super::disk::{self, Lock};
use super::error::WarehouseError;
use super::house::House;
use super::id::{DatasetId, RunId};
use super::publish;
use super::record::{Outcome, RunStatus};
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
        if let Some(_lock) = Lock::try_take(&house.layout.dataset_lock(&dataset))? {
            settle(house, &dataset, now)?;
        }
    }
    remove_orphans(house)?;
    publish::sweep(house, now)
}

/// Brings every unfinished run of `dataset` to an end. The dataset's lock is held, so none of them is alive.
pub(crate) fn settle(house: &House, dataset: &DatasetId, now: DateTime<Utc>) -> Result<(), WarehouseError> {
    let unfinished = house.ledger().unfinished(Some(dataset))?;
    for dead in unfinished {
        if dead.committing {
            publish::roll_forward(house, &dead.run, dataset)?;
            tracing::warn!(run.id = %dead.run, %dataset, "finished the commit that a dead process had begun");
        } else {
            house.ledger().finish(&dead.run, Outcome::Failed, Some(DIED), now)?;
            disk::remove_folder(&house.layout.staging(&dead.run))?;
            archive::forget(house, dataset, &dead.run)?;
            tracing::warn!(run.id = %dead.run, %dataset, "marked a run failed whose process died");
        }
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
