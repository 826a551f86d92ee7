//! The one scheduler of a warehouse: who may write what became of occurrences.

use super::{OccurrenceEnd, OccurrenceFilter, OccurrenceRecord, ScheduleRecord};
use crate::warehouse::delivery::Lease;
use crate::warehouse::disk::Lock;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::house::House;
use crate::warehouse::id::RunId;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;

/// The lease of the scheduler itself.
const SCHEDULER: &str = "schedule";

/// The schedule in the hand of its one scheduler.
#[derive(Debug)]
pub struct ScheduleLog {
    house: Arc<House>,
    holder: String,
    host: String,
    lasts: TimeDelta,
    _lock: Lock,
}

impl ScheduleLog {
    pub(in crate::warehouse) fn open(
        house: Arc<House>,
        lasts: TimeDelta,
        at: DateTime<Utc>,
    ) -> Result<Self, WarehouseError> {
        house.require_writable()?;
        let Some(lock) = Lock::try_take(&house.layout.schedule_lock())? else {
            return Err(WarehouseError::ScheduleLocked { by: "another process".to_owned() });
        };
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let log = Self { holder: RunId::new(at).to_string(), host, lasts, house, _lock: lock };
        // The lock says that nobody of this machine is at work: its leases are those of the dead.
        log.house.ledger().drop_leases_of_host(&log.host)?;
        match log.take(SCHEDULER, at)? {
            None => Ok(log),
            Some((host, until)) => {
                let by = format!("a process on {host} (until {})", until.format("%Y-%m-%dT%H:%M:%SZ"));
                Err(WarehouseError::ScheduleLocked { by })
            }
        }
    }

    fn lease(&self, at: DateTime<Utc>) -> Lease<'_> {
        Lease { holder: &self.holder, host: &self.host, until: at + self.lasts }
    }

    fn take(&self, name: &str, at: DateTime<Utc>) -> Result<Option<(String, DateTime<Utc>)>, WarehouseError> {
        self.house.ledger().take_named_lease(name, &self.lease(at), (at, self.lasts))
    }

    fn held(&self, held: bool) -> Result<(), WarehouseError> {
        if held { Ok(()) } else { Err(WarehouseError::ScheduleLost) }
    }

    /// Says that the scheduler is alive, for all its leases.
    ///
    /// # Errors
    /// [`WarehouseError::ScheduleLost`] where another one took over; else when the ledger cannot be written.
    pub fn renew(&self, at: DateTime<Utc>) -> Result<(), WarehouseError> {
        let held = self.house.ledger().renew_leases(SCHEDULER, &self.lease(at))?;
        self.held(held)
    }

    /// Takes `dataset` for one load at a time, until the lease is dropped; `None` where somebody else has it.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn lease_dataset(
        self: &Arc<Self>,
        dataset: &str,
        at: DateTime<Utc>,
    ) -> Result<Option<DatasetLease>, WarehouseError> {
        let name = format!("dataset:{dataset}");
        let taken = self.take(&name, at)?.is_none();
        Ok(taken.then(|| DatasetLease { log: Arc::clone(self), name }))
    }

    /// Notes the schedules there are, by job and SHA-256 of what they say, and gives how each stands: one that is new or changed
    /// has nothing before `at`, one that is gone is forgotten. What was skipped in the future, by a clock that was wrong then, is
    /// open again.
    ///
    /// # Errors
    /// When the lease is lost or the ledger cannot be written.
    pub fn sync(&self, specs: &[(String, String)], at: DateTime<Utc>) -> Result<Vec<ScheduleRecord>, WarehouseError> {
        let held = self.house.ledger().sync_schedules(SCHEDULER, &self.lease(at), specs, at)?;
        self.held(held)?;
        self.house.ledger().schedules(at)
    }

    /// Accounts for occurrences that never run, by job, time and reason.
    ///
    /// # Errors
    /// When the lease is lost or the ledger cannot be written: then none of them is in.
    pub fn skip(&self, skipped: &[(String, DateTime<Utc>, String)], at: DateTime<Utc>) -> Result<(), WarehouseError> {
        let held = self.house.ledger().skip_occurrences(SCHEDULER, &self.lease(at), skipped, at)?;
        self.held(held)
    }

    /// Begins an attempt: the first one of an occurrence that is new, else the next.
    ///
    /// # Errors
    /// When it runs or has ended, the lease is lost or the ledger cannot be written: then nothing may be done.
    pub fn begin(
        &self,
        job: &str,
        due_at: DateTime<Utc>,
        at: DateTime<Utc>,
    ) -> Result<OccurrenceRecord, WarehouseError> {
        let begun = self.house.ledger().begin_occurrence(SCHEDULER, &self.lease(at), (job, due_at), at)?;
        begun.ok_or(WarehouseError::ScheduleLost)
    }

    /// Leaves an occurrence that runs as `end` says.
    ///
    /// # Errors
    /// When it does not run, the lease is lost or the ledger cannot be written.
    pub fn end(
        &self,
        record: &OccurrenceRecord,
        end: &OccurrenceEnd<'_>,
        at: DateTime<Utc>,
    ) -> Result<OccurrenceRecord, WarehouseError> {
        let held = self.house.ledger().end_occurrence(SCHEDULER, &self.lease(at), (record, end), at)?;
        self.held(held)?;
        Ok(OccurrenceRecord {
            state: end.state,
            attempt: end.attempt,
            next_at: end.next_at,
            finished_at: end.state.is_final().then_some(at),
            reason: end.reason.map(str::to_owned),
            run: end.run.map(str::to_owned).or_else(|| record.run.clone()),
            ..record.clone()
        })
    }

    /// The occurrences that have not ended.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn open_occurrences(&self) -> Result<Vec<OccurrenceRecord>, WarehouseError> {
        self.house.ledger().occurrences(&OccurrenceFilter { open: true, ..OccurrenceFilter::default() })
    }
}

impl Drop for ScheduleLog {
    fn drop(&mut self) {
        if let Err(error) = self.house.ledger().drop_leases(&self.holder, None) {
            tracing::debug!(%error, "the lease of the schedule stays until it runs out");
        }
    }
}

/// A dataset that nobody else loads; given back when it is dropped.
#[derive(Debug)]
pub struct DatasetLease {
    log: Arc<ScheduleLog>,
    name: String,
}

impl Drop for DatasetLease {
    fn drop(&mut self) {
        if let Err(error) = self.log.house.ledger().drop_leases(&self.log.holder, Some(&self.name)) {
            tracing::debug!(%error, lease = self.name, "the lease stays until it runs out");
        }
    }
}
