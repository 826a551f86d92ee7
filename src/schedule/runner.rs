//! What runs at the moment: occurrences that are due begin, within limits, and how they end is written down.
//!
//! The runner owns no clock and waits for nothing but its own work: somebody calls [`Runner::tick`] once a minute and whenever
//! an attempt ended. Nothing that is due is kept in memory; the ledger is the queue.

mod attempt;
mod passes;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::LocalBoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};

use super::plan::{Job, JobId, Plan};
use super::settle::{Ended, Outcome, settle};
use crate::warehouse::{
    OccurrenceEnd, OccurrenceFilter, OccurrenceRecord, OccurrenceState, ScheduleLog, Warehouse, WarehouseError,
};
use attempt::{carried_out, guarded};

pub use attempt::{Attempt, News, Ran, Work};

/// How often what waits is judged anew, and mail is tried again.
const AGAIN: TimeDelta = TimeDelta::minutes(1);

/// How much runs at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Loads, each of another source.
    pub loads_max: usize,
    /// Reports and makings of the marts.
    pub queries_max: usize,
    /// How long other machines believe a silent scheduler alive.
    pub lease: TimeDelta,
}

/// Everything that runs.
pub struct Runner<'a> {
    warehouse: &'a Warehouse,
    plan: &'a Plan,
    work: &'a dyn Work,
    limits: Limits,
    /// `None` while another process is the scheduler.
    log: Option<Arc<ScheduleLog>>,
    /// Who that is.
    elsewhere: Option<String>,
    running: FuturesUnordered<LocalBoxFuture<'a, Ran>>,
    /// The occurrences whose attempts run.
    busy: BTreeMap<JobId, OccurrenceRecord>,
    /// When what waits was judged last.
    judged: BTreeMap<JobId, DateTime<Utc>>,
    marts_due: bool,
    marts_run: bool,
    mail_runs: bool,
    mail_after: Option<DateTime<Utc>>,
}

impl<'a> Runner<'a> {
    /// A runner that has begun nothing.
    #[must_use]
    pub fn new(warehouse: &'a Warehouse, plan: &'a Plan, work: &'a dyn Work, limits: Limits) -> Self {
        Self {
            warehouse,
            plan,
            work,
            limits,
            log: None,
            elsewhere: None,
            running: FuturesUnordered::new(),
            busy: BTreeMap::new(),
            judged: BTreeMap::new(),
            marts_due: false,
            marts_run: false,
            mail_runs: false,
            mail_after: None,
        }
    }

    /// Whether something runs.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !self.running.is_empty()
    }

    /// Whether this process is the scheduler of the warehouse.
    #[must_use]
    pub fn is_in_charge(&self) -> bool {
        self.log.is_some()
    }

    /// Which other process is the scheduler, as far as that is known; `None` where this one is, or nobody was asked yet.
    #[must_use]
    pub fn elsewhere(&self) -> Option<&str> {
        self.elsewhere.as_deref()
    }

    /// Attempts that run at the moment.
    #[must_use]
    pub fn n_running(&self) -> usize {
        self.busy.len()
    }

    /// Begins what is due at `now` and may run.
    ///
    /// # Errors
    /// When the ledger cannot be read or written; the next tick goes on. Where another process took over, what runs here is
    /// broken off.
    pub fn tick(&mut self, now: DateTime<Utc>) -> Result<(), WarehouseError> {
        let Some(log) = self.take_charge(now)? else { return Ok(()) };
        let looked = self.look(&log, now);
        if matches!(looked, Err(WarehouseError::ScheduleLost)) {
            self.running.clear();
            self.busy.clear();
            (self.marts_run, self.mail_runs, self.log) = (false, false, None);
        }
        looked
    }

    /// What ended next; waits for ever while nothing runs. Nothing is lost where this is dropped.
    pub async fn next(&mut self) -> Ran {
        match self.running.next().await {
            Some(ran) => ran,
            None => std::future::pending().await,
        }
    }

    /// Writes down how something ended.
    ///
    /// # Errors
    /// When the ledger cannot be written: then the attempt counts as one whose process died.
    pub fn ended(&mut self, ran: Ran, now: DateTime<Utc>) -> Result<(), WarehouseError> {
        match ran {
            Ran::Marts => self.marts_run = false,
            Ran::Mail => (self.mail_runs, self.mail_after) = (false, Some(now + AGAIN)),
            Ran::Attempt(id, ended) => {
                // It was taken out when the lease was lost.
                let Some(record) = self.busy.remove(&id) else { return Ok(()) };
                if ended.changed {
                    self.marts_due = true;
                    // What waits for data is judged at once.
                    self.judged.clear();
                }
                if ended.outcome != Outcome::Stopped && !id.is_load() {
                    self.mail_after = None;
                }
                self.write_down(&record, &ended, now)?;
            }
        }
        Ok(())
    }

    /// Breaks off whatever runs: attempts are made again, and these do not count.
    pub fn break_off(&mut self, now: DateTime<Utc>) {
        self.running.clear();
        self.marts_due |= self.marts_run;
        (self.marts_run, self.mail_runs) = (false, false);
        for record in std::mem::take(&mut self.busy).into_values() {
            tracing::warn!(job = record.job, "broken off: it did not end in time");
            if let Err(error) = self.write_down(&record, &Ended::plain(Outcome::Stopped), now) {
                tracing::error!(job = record.job, %error, "cannot write down that it was broken off");
            }
        }
    }

    fn take_charge(&mut self, now: DateTime<Utc>) -> Result<Option<Arc<ScheduleLog>>, WarehouseError> {
        if let Some(log) = &self.log {
            return Ok(Some(Arc::clone(log)));
        }
        match self.warehouse.scheduler(self.limits.lease, now) {
            Ok(log) => {
                let log = Arc::new(log);
                self.log = Some(Arc::clone(&log));
                self.elsewhere = None;
                Ok(Some(log))
            }
            Err(WarehouseError::ScheduleLocked { by }) => {
                tracing::info!(by, "nothing is begun here: another process runs what is due");
                self.elsewhere = Some(by);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// One look at everything, in order: what died, what was not told, loads, reports, marts, mail.
    fn look(&mut self, log: &Arc<ScheduleLog>, now: DateTime<Utc>) -> Result<(), WarehouseError> {
        let specs: Vec<(String, String)> =
            self.plan.jobs.iter().map(|job| (job.id.to_string(), job.spec_sha256())).collect();
        let schedules = log.sync(&specs, now)?;
        self.close_half(log, now)?;
        // What a process that died between an end and the word of it left untold, and what could not be told before.
        for record in log.untold()? {
            self.tell(log, &record, now)?;
        }
        let open = log.open_occurrences()?;
        let due_now = self.account(log, (&schedules, &open), now)?;
        self.begin_loads(log, &open, &due_now, now)?;
        let open = log.open_occurrences()?;
        self.begin_reports(log, &open, &due_now, now)?;
        if self.marts_due && !self.marts_run && self.n_queries() < self.limits.queries_max {
            (self.marts_due, self.marts_run) = (false, true);
            let work = self.work;
            self.running.push(guarded(async move { work.marts().await }, Ran::Marts).boxed_local());
        }
        self.begin_mail(now)
    }

    fn n_queries(&self) -> usize {
        self.busy.keys().filter(|id| !id.is_load()).count() + usize::from(self.marts_run)
    }

    /// Whether there is room for a load, and its source is asked by nobody else here.
    fn may_load(&self, job: &Job) -> bool {
        let mut loads = self.busy.keys().filter(|id| id.is_load());
        self.busy.keys().filter(|id| id.is_load()).count() < self.limits.loads_max
            && loads.all(|id| id.source() != job.id.source())
    }

    fn begin(
        &mut self,
        log: &Arc<ScheduleLog>,
        (job, due_at): (&'a Job, DateTime<Utc>),
        now: DateTime<Utc>,
    ) -> Result<(), WarehouseError> {
        let record = log.begin(&job.id.to_string(), due_at, now)?;
        tracing::info!(job = record.job, %due_at, attempt = record.attempt, "begun");
        let attempt = Attempt {
            job: job.clone(),
            due_at,
            started_at: record.started_at.unwrap_or(now),
            at: now,
            number: record.attempt,
            log: Arc::clone(log),
        };
        self.busy.insert(job.id.clone(), record);
        let work = self.work;
        self.running
            .push(async move { Ran::Attempt(job.id.clone(), carried_out(work, &attempt).await) }.boxed_local());
        Ok(())
    }

    fn write_down(&self, record: &OccurrenceRecord, ended: &Ended, now: DateTime<Utc>) -> Result<(), WarehouseError> {
        let (Some(log), Ok(id)) = (&self.log, record.job.parse::<JobId>()) else { return Ok(()) };
        let Some(job) = self.plan.job(&id) else { return Ok(()) };
        let settled = settle(job, record, &ended.outcome, now);
        let left = OccurrenceEnd {
            state: settled.state,
            attempt: settled.attempt,
            next_at: settled.next_at,
            reason: settled.reason.as_deref(),
            run: ended.run.as_deref(),
        };
        let record = log.end(record, &left, now)?;
        tracing::info!(job = record.job, due_at = %record.due_at, state = record.state.word(), reason = record.reason, "ended");
        if record.state.is_final() {
            self.tell(log, &record, now)?;
        }
        Ok(())
    }

    /// Tells the operator of the first bad end of a job and of the good one after it; of a report, of each bad end: each is another
    /// edition. The ledger keeps what was told: a process that dies in between leaves it to the next, and what is told twice in
    /// the same words is one note.
    fn tell(&self, log: &ScheduleLog, record: &OccurrenceRecord, now: DateTime<Utc>) -> Result<(), WarehouseError> {
        let Ok(job) = record.job.parse::<JobId>() else { return log.note_told(record, now) };
        let before = OccurrenceFilter {
            job: Some(&record.job),
            without_skipped: true,
            before: Some(record.due_at),
            limit: Some(1),
            ..OccurrenceFilter::default()
        };
        let before = self.warehouse.occurrences(&before)?.pop();
        let is_bad = |state| matches!(state, OccurrenceState::Failed | OccurrenceState::Held);
        let was_bad = before.is_some_and(|before| is_bad(before.state));
        if is_bad(record.state) != was_bad || (is_bad(record.state) && job.is_report()) {
            let (due_at, state, reason) = (record.due_at, record.state, record.reason.clone());
            if !self.work.tell(&News { job, due_at, state, reason }) {
                return Ok(());
            }
        }
        log.note_told(record, now)
    }
}
