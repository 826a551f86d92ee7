//! Room on the disk: a load that would fill it does not begin. A full disk stops more than a load: the ledger, the inbox, mail.

use super::Warehouse;
use super::error::WarehouseError;
use super::house::House;
use super::id::DatasetId;
use super::vitals::Space;
use std::sync::atomic::Ordering;

/// What is staged and its raw pages stand on the disk beside what is there.
const TIMES_THE_LAST: u64 = 2;

impl Warehouse {
    /// Lets no run begin that could leave less than `bytes` free on the disk; 0 lets all begin.
    pub fn keep_free(&self, bytes: u64) {
        self.house.free_min.store(bytes, Ordering::Relaxed);
    }
}

/// Fails where there is too little room to load `dataset` once more.
pub(super) fn require(house: &House, dataset: &DatasetId) -> Result<(), WarehouseError> {
    let least = house.free_min.load(Ordering::Relaxed);
    if least == 0 {
        return Ok(());
    }
    let free = Space::of(house.layout.root())?.free;
    let needed = least.saturating_add(house.ledger().last_commit_bytes(dataset)?.saturating_mul(TIMES_THE_LAST));
    if free >= needed {
        return Ok(());
    }
    let mb = |bytes: u64| bytes >> 20;
    Err(WarehouseError::NoRoom {
        path: house.layout.root().to_path_buf(),
        dataset: dataset.clone(),
        free_mb: mb(free),
        // Rounded up: what is said to be needed is enough.
        needed_mb: mb(needed.saturating_add((1 << 20) - 1)),
        least_mb: mb(least),
    })
}
