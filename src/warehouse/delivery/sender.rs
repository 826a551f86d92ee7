//! The one sender: who may move deliveries, under a lock of the system and a lease in the ledger.
//!
//! The lock is lifted by the system when the process dies, so on one machine nobody waits for the dead. Where several machines
//! share the folder their locks may not see each other: there the lease counts, which every write renews and checks. A sender
//! that lost it writes nothing more, and so sends no final dot more.

use super::kept::hex;
use super::{Deliveries, DeliveryChange, DeliveryRecord, NewDelivery};
use crate::warehouse::disk::Lock;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::house::House;
use crate::warehouse::id::RunId;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use std::fs;
use std::sync::Arc;

/// What the lease says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lease<'a> {
    pub(crate) holder: &'a str,
    pub(crate) host: &'a str,
    pub(crate) until: DateTime<Utc>,
}

/// The outbox in the hand of its one sender.
#[derive(Debug)]
pub struct OutboxLog {
    house: Arc<House>,
    holder: String,
    host: String,
    lasts: TimeDelta,
    _lock: Lock,
}

impl OutboxLog {
    pub(in crate::warehouse) fn open(
        house: Arc<House>,
        lasts: TimeDelta,
        at: DateTime<Utc>,
    ) -> Result<Self, WarehouseError> {
        house.require_writable()?;
        let Some(lock) = Lock::try_take(&house.layout.outbox_lock())? else {
            return Err(WarehouseError::OutboxLocked { by: "another process".to_owned() });
        };
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let log = Self { holder: RunId::new(at).to_string(), host, lasts, house, _lock: lock };
        let other = log.house.ledger().take_lease(&log.lease(at), at)?;
        match other {
            None => Ok(log),
            Some((host, until)) => {
                let by = format!("a process on {host} (until {})", until.format("%Y-%m-%dT%H:%M:%SZ"));
                Err(WarehouseError::OutboxLocked { by })
            }
        }
    }

    fn lease(&self, at: DateTime<Utc>) -> Lease<'_> {
        Lease { holder: &self.holder, host: &self.host, until: at + self.lasts }
    }

    /// The deliveries that are not in a final state, in the order they were laid in.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn open_deliveries(&self, which: Deliveries<'_>) -> Result<Vec<DeliveryRecord>, WarehouseError> {
        self.house.ledger().deliveries(which, true)
    }

    /// Deliveries, in the order they were laid in.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn deliveries(&self, which: Deliveries<'_>) -> Result<Vec<DeliveryRecord>, WarehouseError> {
        self.house.ledger().deliveries(which, false)
    }

    /// The bytes of a delivery, as they were laid in.
    ///
    /// # Errors
    /// When the file cannot be read, or does not hold what was laid in.
    pub fn message(&self, record: &DeliveryRecord) -> Result<Vec<u8>, WarehouseError> {
        let path = self.house.layout.outbox().join(&record.file);
        let bytes = fs::read(&path).map_err(|e| WarehouseError::io("read the message", &path, e))?;
        if hex(&Sha256::digest(&bytes)) == record.sha256 {
            return Ok(bytes);
        }
        Err(WarehouseError::MessageChanged { path })
    }

    /// Moves rows, all or none, and renews the lease.
    ///
    /// # Errors
    /// When a row is in another state, the lease is lost or the ledger cannot be written: then nothing may be sent.
    pub fn apply(&self, changes: &[DeliveryChange<'_>], at: DateTime<Utc>) -> Result<(), WarehouseError> {
        let held = self.house.ledger().change_deliveries(&self.lease(at), changes, at)?;
        if held { Ok(()) } else { Err(WarehouseError::OutboxLost) }
    }

    /// Deliveries of editions that came to a bad end nobody was told of.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn untold(&self) -> Result<Vec<DeliveryRecord>, WarehouseError> {
        self.house.ledger().untold_deliveries()
    }

    /// Notes that the operator was told of `about`; with `alert`, by a message that is laid in first.
    ///
    /// # Errors
    /// When the outbox cannot be written.
    pub fn told(
        &self,
        about: &[DeliveryRecord],
        alert: Option<&NewDelivery<'_>>,
        at: DateTime<Utc>,
    ) -> Result<(), WarehouseError> {
        // An alert that is laid in and not noted is known by its Message-ID, which follows from what it is about.
        if let Some(alert) = alert {
            super::enqueue(&self.house, std::slice::from_ref(alert), "lumbung", at)?;
        }
        self.house.ledger().note_told(about, at)
    }
}

impl Drop for OutboxLog {
    fn drop(&mut self) {
        if let Err(error) = self.house.ledger().drop_lease(&self.holder) {
            tracing::debug!(%error, "the lease of the outbox stays until it runs out");
        }
    }
}
