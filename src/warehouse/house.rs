//! What the parts of an open warehouse share.

use super::error::WarehouseError;
use super::layout::Layout;
use super::ledger::Ledger;
use super::steps::Steps;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The folders, the ledger and the steps of one open warehouse.
#[derive(Debug)]
pub(crate) struct House {
    pub(crate) layout: Layout,
    pub(crate) steps: Steps,
    /// Bytes that a load leaves free on the disk; 0 for as few as it likes.
    pub(crate) free_min: AtomicU64,
    ledger: Mutex<Ledger>,
    writable: bool,
}

impl House {
    pub(crate) fn new(layout: Layout, ledger: Ledger, steps: Steps, writable: bool) -> Self {
        Self { layout, steps, free_min: AtomicU64::new(0), ledger: Mutex::new(ledger), writable }
    }

    /// The ledger, for one statement or transaction.
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // A thread that panicked left no half transaction: SQLite rolled it back.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it was opened to write.
    pub(crate) fn is_writable(&self) -> bool {
        self.writable
    }

    /// Fails where the warehouse was opened to read.
    pub(crate) fn require_writable(&self) -> Result<(), WarehouseError> {
        if self.writable {
            return Ok(());
        }
        Err(WarehouseError::Misuse(format!("{} was opened for reading only", self.layout.root().display())))
    }
}
