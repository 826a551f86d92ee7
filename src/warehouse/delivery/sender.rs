//! The one sender: who may move deliveries ([`Turn`]). One that lost its turn writes nothing more, and so sends no final dot more.

use super::kept::hex;
use super::{Deliveries, DeliveryChange, DeliveryRecord, NewDelivery};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::house::House;
use crate::warehouse::turn::Turn;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use std::fs;
use std::sync::Arc;

/// The outbox in the hand of its one sender.
#[derive(Debug)]
pub struct OutboxLog {
    turn: Turn,
}

impl OutboxLog {
    pub(in crate::warehouse) fn open(
        house: Arc<House>,
        lasts: TimeDelta,
        at: DateTime<Utc>,
    ) -> Result<Self, WarehouseError> {
        let lock = house.layout.outbox_lock();
        let turn = Turn::take(house, ("outbox", &lock), (lasts, at), |by| WarehouseError::OutboxLocked { by })?;
        Ok(Self { turn })
    }

    /// The deliveries that are not in a final state, in the order they were laid in.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn open_deliveries(&self, which: Deliveries<'_>) -> Result<Vec<DeliveryRecord>, WarehouseError> {
        self.turn.house().ledger().deliveries(which, true)
    }

    /// Deliveries, in the order they were laid in.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn deliveries(&self, which: Deliveries<'_>) -> Result<Vec<DeliveryRecord>, WarehouseError> {
        self.turn.house().ledger().deliveries(which, false)
    }

    /// The bytes of a delivery, as they were laid in.
    ///
    /// # Errors
    /// When the file cannot be read, or does not hold what was laid in.
    pub fn message(&self, record: &DeliveryRecord) -> Result<Vec<u8>, WarehouseError> {
        let path = self.turn.house().layout.outbox().join(&record.file);
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
        let held = self.turn.house().ledger().change_deliveries(&self.turn.lease(at), changes, at)?;
        if held { Ok(()) } else { Err(WarehouseError::OutboxLost) }
    }

    /// Deliveries of editions that came to a bad end nobody was told of.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn untold(&self) -> Result<Vec<DeliveryRecord>, WarehouseError> {
        self.turn.house().ledger().untold_deliveries()
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
            super::enqueue(self.turn.house(), std::slice::from_ref(alert), "lumbung", at)?;
        }
        self.turn.house().ledger().note_told(about, at)
    }
}
