//! What was received for each window of a dataset: what a back-fill need not ask for again.

use super::Warehouse;
use super::error::WarehouseError;
use super::id::DatasetId;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// What good runs received for one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// When it was asked for last.
    pub at: DateTime<Utc>,
    /// Rows that were taken, over all runs: none means that the window is known to be empty.
    pub rows: u64,
    /// Answers.
    pub pages: u64,
    /// How long they took, all together, in milliseconds.
    pub millis: u64,
}

impl Warehouse {
    /// What runs of `dataset` that ended well received from the source, by window as the ledger names it.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn received(&self, dataset: &DatasetId) -> Result<BTreeMap<String, Received>, WarehouseError> {
        self.house.ledger().received(dataset)
    }
}
