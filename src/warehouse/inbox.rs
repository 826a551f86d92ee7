//! The inbox store, `state/inbox.db`: pushes that were accepted and wait to be loaded, sealed. A push is in here, durable,
//! before its sender hears that it arrived, and its bytes go when the run that loaded it is committed.
//!
//! In reading order: `record` has what goes in and out, `schema` the tables; [`InboxWriter`] is the one way in, many pushes a
//! transaction; `claims` is the way out, exactly once; `look` is for people.
//!
//! **Invariants**
//! - A push that was answered is here, or loaded; one that was not may be here.
//! - The same content of a dataset is stored once while it is remembered.
//! - A push is claimed by one run at most, and loaded only by a run that the ledger calls committed.

mod claims;
mod look;
mod record;
mod schema;
mod store;
mod writer;

pub use record::{
    ClaimedPush, InboxLimits, InboxStatus, InboxTally, InboxWaiting, NewPush, NewRefused, PushId, PushOutcome,
    Receipt, RefusedPush, Settled, WaitingDay,
};
pub use writer::{InboxError, InboxWriter};

use super::disk::{self, Lock};
use super::error::WarehouseError;
use super::house::House;
use super::sqlite::{Database, Schema};
use rusqlite::{Connection, Transaction};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The store's tables.
pub(super) static SCHEMA: Schema =
    Schema { migrations: schema::MIGRATIONS, update: "start lumbung serve once, or load a dataset of the inbox" };

/// Pages of the write-ahead log after which it is written back: 16 MiB, some hundred pushes. More often would make every
/// few commits wait for the disk twice.
const CHECKPOINT_PAGES: i64 = 4_096;
/// What stays of the log's file after it was written back, in bytes.
const LOG_BYTES_KEPT: i64 = 64 << 20;

/// The open store. Clones share one connection; all methods block. Several processes may have it open.
#[derive(Debug, Clone)]
pub struct Inbox {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    database: Mutex<Database>,
    house: Arc<House>,
}

impl Inbox {
    pub(super) fn open(house: &Arc<House>) -> Result<Self, WarehouseError> {
        let database = Mutex::new(open(house)?);
        Ok(Self { shared: Arc::new(Shared { database, house: Arc::clone(house) }) })
    }

    /// A connection of its own, so that a load which reads many pushes holds up nobody who brings some.
    fn another_connection(&self) -> Result<Database, WarehouseError> {
        self.shared.house.require_writable()?;
        open(&self.shared.house)
    }

    fn database(&self) -> MutexGuard<'_, Database> {
        // A thread that panicked left no half transaction: SQLite rolled it back.
        self.shared.database.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, WarehouseError> {
        self.database().call(action, work)
    }

    fn write<T>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, WarehouseError> {
        self.shared.house.require_writable()?;
        self.database().transaction(action, work)
    }
}

fn open(house: &House) -> Result<Database, WarehouseError> {
    let path = house.layout.inbox();
    if house.is_writable() {
        // Two processes that open at once: the second finds the tables made.
        let _opening = Lock::wait(&house.layout.open_lock())?;
        return open_to_write(&path, house.layout.root());
    }
    if disk::exists(&path)? {
        return Database::open_to_read(&path, &SCHEMA);
    }
    Database::in_memory(&path, &SCHEMA)
}

fn open_to_write(path: &Path, root: &Path) -> Result<Database, WarehouseError> {
    // SQLite gives its files beside it the same permissions.
    let is_new = disk::create_private_file(path)?;
    let database = Database::open(path, &SCHEMA)?;
    database.call("prepare", |connection| {
        // What is deleted is overwritten: a sealed push does not outlive its loading in a free page.
        connection.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
        connection.pragma_update_and_check(None, "wal_autocheckpoint", CHECKPOINT_PAGES, |_| Ok(()))?;
        connection.pragma_update_and_check(None, "journal_size_limit", LOG_BYTES_KEPT, |_| Ok(()))
    })?;
    if is_new {
        disk::sync_parents(&[path.to_path_buf()], root)?;
    }
    Ok(database)
}

#[cfg(test)]
mod tests;
