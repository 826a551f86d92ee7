//! The one scheduler of a warehouse: who may write what became of occurrences.

use super::super::orders::{JobHold, JobOrder};
use super::{OccurrenceEnd, OccurrenceFilter, OccurrenceRecord, ScheduleRecord};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::house::House;
use crate::warehouse::turn::Turn;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;

/// The schedule in the hand of its one scheduler.
#[derive(Debug)]
pub struct ScheduleLog {
    turn: Turn,
}

impl ScheduleLog {
    pub(in crate::warehouse) fn open(
        house: Arc<House>,
        lasts: TimeDelta,
        at: DateTime<Utc>,
    ) -> Result<Self, WarehouseError> {
        let lock = house.layout.schedule_lock();
        let turn = Turn::take(house, ("schedule", &lock), (lasts, at), |by| WarehouseError::ScheduleLocked { by })?;
        Ok(Self { turn })
    }

    fn held(&self, held: bool) -> Result<(), WarehouseError> {
        if held { Ok(()) } else { Err(WarehouseError::ScheduleLost) }
    }

    /// Says that the scheduler is alive, for all its leases.
    ///
    /// # Errors
    /// [`WarehouseError::ScheduleLost`] where another one took over; else when the ledger cannot be written.
    pub fn renew(&self, at: DateTime<Utc>) -> Result<(), WarehouseError> {
        let held = self.turn.house().ledger().renew_leases(&self.turn.lease(at))?;
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
        let name = format!("schedule:{dataset}");
        let taken = self.turn.take_part(&name, at)?;
        Ok(taken.then(|| DatasetLease { log: Arc::clone(self), name }))
    }

    /// Notes the schedules there are, by job and SHA-256 of what they say, and gives how each stands: one that is new or changed
    /// has nothing before `at`, one that is gone is forgotten. What was skipped in the future, by a clock that was wrong then, is
    /// open again.
    ///
    /// # Errors
    /// When the lease is lost or the ledger cannot be written.
    pub fn sync(&self, specs: &[(String, String)], at: DateTime<Utc>) -> Result<Vec<ScheduleRecord>, WarehouseError> {
        let held = self.turn.house().ledger().sync_schedules(&self.turn.lease(at), specs, at)?;
        self.held(held)?;
        self.turn.house().ledger().schedules(at)
    }

    /// Accounts for occurrences that never run, by job, time and reason.
    ///
    /// # Errors
    /// When the lease is lost or the ledger cannot be written: then none of them is in.
    pub fn skip(&self, skipped: &[(String, DateTime<Utc>, String)], at: DateTime<Utc>) -> Result<(), WarehouseError> {
        let held = self.turn.house().ledger().skip_occurrences(&self.turn.lease(at), skipped, at)?;
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
        let begun = self.turn.house().ledger().begin_occurrence(&self.turn.lease(at), (job, due_at), at)?;
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
        let held = self.turn.house().ledger().end_occurrence(&self.turn.lease(at), (record, end), at)?;
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

    /// Occurrences that ended and that the operator was not told of, the oldest first; at most 1,000.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn untold(&self) -> Result<Vec<OccurrenceRecord>, WarehouseError> {
        self.turn.house().ledger().untold_occurrences()
    }

    /// Notes that the operator was told how an occurrence ended, or need not be.
    ///
    /// # Errors
    /// When the lease is lost or the ledger cannot be written: then it is told again, in the same words.
    pub fn note_told(&self, record: &OccurrenceRecord, at: DateTime<Utc>) -> Result<(), WarehouseError> {
        let occurrence = (record.job.as_str(), record.due_at);
        let held = self.turn.house().ledger().note_occurrence_told(&self.turn.lease(at), occurrence, at)?;
        self.held(held)
    }

    /// The jobs that an operator holds back.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn holds(&self) -> Result<Vec<JobHold>, WarehouseError> {
        self.turn.house().ledger().held_jobs()
    }

    /// What an operator asked for and nobody began, the oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn orders(&self, now: DateTime<Utc>) -> Result<Vec<JobOrder>, WarehouseError> {
        self.turn.house().ledger().open_orders(now)
    }

    /// The occurrences that have not ended.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn open_occurrences(&self) -> Result<Vec<OccurrenceRecord>, WarehouseError> {
        self.turn.house().ledger().occurrences(&OccurrenceFilter { open: true, ..OccurrenceFilter::default() })
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
        self.log.turn.give_back(Some(&self.name));
    }
}
