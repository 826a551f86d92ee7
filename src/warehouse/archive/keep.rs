//! How long raw pages stay: those of a published run as long as what it published, those of a run that published nothing
//! while somebody may still want to repair or accept it.

use crate::warehouse::disk;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::house::House;
use crate::warehouse::id::{DatasetId, RunId};

/// Failed runs of a dataset whose raw pages stay: the last ones, to repair a contract by.
const FAILED_RUNS_KEPT: u32 = 3;

/// Held runs of a dataset whose raw pages stay, until somebody accepts one.
const HELD_RUNS_KEPT: u32 = 10;

/// Removes the raw pages of runs that nobody will want again. The dataset's lock is held.
pub(crate) fn bound(house: &House, dataset: &DatasetId) -> Result<(), WarehouseError> {
    let old = house.ledger().archived_too_long(dataset, HELD_RUNS_KEPT, FAILED_RUNS_KEPT)?;
    old.iter().try_for_each(|run| forget(house, dataset, run))
}

/// Removes a run's raw pages, but for those that a replay of it refers to as well.
pub(crate) fn forget(house: &House, dataset: &DatasetId, run: &RunId) -> Result<(), WarehouseError> {
    let root = house.layout.all_raw();
    let shared = house.ledger().raw_files_shared(run)?;
    let folder = house.layout.raw(dataset, run);
    if shared.is_empty() {
        // Also what the ledger does not know of: the pages of a process that died.
        disk::remove_folder(&folder)?;
    }
    for file in house.ledger().raw_files(run)?.into_iter().filter(|file| !shared.contains(file)) {
        // A replay's pages lie in the folder of the run it repeats.
        let path = root.join(&file);
        disk::remove_file(&path)?;
        if let Some(folder) = path.parent().filter(|folder| folder.exists()) {
            disk::remove_empty_folder(folder)?;
        }
    }
    house.ledger().forget_raw(run)
}
