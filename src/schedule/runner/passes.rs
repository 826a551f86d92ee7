//! One look at what is open and what is due: what is accounted for without running, and what begins, in which order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt;

use super::attempt::{Ran, guarded};
use super::{AGAIN, Runner};
use crate::schedule::due::{Decision, Known, SkipReason, due, occurrences};
use crate::schedule::plan::{Job, JobId};
use crate::schedule::settle::{Ended, Outcome};
use crate::warehouse::{
    JobHold, OccurrenceEnd, OccurrenceRecord, OccurrenceState, ScheduleLog, ScheduleRecord, WarehouseError,
};

/// A retry that is further away was written by a clock that was ahead.
const RETRY_MAX: TimeDelta = TimeDelta::hours(24);

/// What the ledger says of an attempt whose process died.
const DIED: &str = "the process ended before the attempt did";

/// A job, and when it is due.
type DueJob<'a> = (&'a Job, DateTime<Utc>);

impl<'a> Runner<'a> {
    /// Settles attempts that the ledger believes running and that nobody carries out, and what is open of jobs that are gone.
    pub(super) fn close_half(&mut self, log: &Arc<ScheduleLog>, now: DateTime<Utc>) -> Result<(), WarehouseError> {
        let plan = self.plan;
        for record in log.open_occurrences()? {
            let id = record.job.parse::<JobId>();
            let Some(job) = id.ok().and_then(|id| plan.job(&id)) else {
                let attempt = record.attempt;
                let record = match record.state {
                    OccurrenceState::Running => record,
                    _ => log.begin(&record.job, record.due_at, now)?,
                };
                let reason = Some("its job is no longer in the schedule");
                log.end(&record, &OccurrenceEnd { attempt, ..end(OccurrenceState::Skipped, reason) }, now)?;
                continue;
            };
            if record.state == OccurrenceState::Running && !self.busy.contains_key(&job.id) {
                tracing::warn!(job = record.job, due_at = %record.due_at, "an attempt was left: its process died");
                self.marts_due |= job.id.is_load();
                self.write_down(&record, &Ended::plain(Outcome::Failed(DIED.to_owned())), now)?;
            }
        }
        Ok(())
    }

    /// Accounts for what never runs, and gives the oldest of what is to run, a job.
    pub(super) fn account(
        &self,
        log: &Arc<ScheduleLog>,
        (schedules, open): (&[ScheduleRecord], &[OccurrenceRecord]),
        now: DateTime<Utc>,
    ) -> Result<Vec<DueJob<'a>>, WarehouseError> {
        let known = schedules.iter().filter_map(|schedule| {
            let busy = open.iter().any(|record| record.job == schedule.job);
            let known = Known { since: schedule.since, accounted: schedule.accounted, busy };
            Some((schedule.job.parse().ok()?, known))
        });
        let known: BTreeMap<JobId, Known> = known.collect();
        let mut skipped = Vec::new();
        let mut runs: Vec<(&Job, DateTime<Utc>)> = Vec::new();
        let holds = log.holds()?;
        for due in due(&self.plan.jobs, &known, &self.plan.calendar, now) {
            if runs.iter().any(|(job, _)| job.id == due.job) {
                // What comes after is accounted for after it.
                continue;
            }
            match held_back(&holds, &due.job, due.decision) {
                Decision::Skip(reason) => skipped.push((due.job.to_string(), due.due_at, reason.to_string())),
                Decision::Run => runs.extend(self.plan.job(&due.job).map(|job| (job, due.due_at))),
            }
        }
        if !skipped.is_empty() {
            log.skip(&skipped, now)?;
        }
        runs.extend(self.asked_for(log, (&holds, &known), &runs, now)?);
        Ok(runs)
    }

    /// What an operator asked for, where nothing of the job runs, is due or is soon to begin: its own times come first, so that
    /// none of them is lost behind the newer one that the order becomes.
    fn asked_for(
        &self,
        log: &Arc<ScheduleLog>,
        (holds, known): (&[JobHold], &BTreeMap<JobId, Known>),
        runs: &[DueJob<'a>],
        now: DateTime<Utc>,
    ) -> Result<Vec<DueJob<'a>>, WarehouseError> {
        let plan = self.plan;
        let mut asked: Vec<DueJob<'a>> = Vec::new();
        for order in log.orders(now)? {
            let Some(job) = order.job.parse::<JobId>().ok().and_then(|id| plan.job(&id)) else { continue };
            let Some(known) = known.get(&job.id).filter(|known| !known.busy) else { continue };
            let after = known.accounted.map_or(known.since, |accounted| accounted.max(known.since));
            let own = occurrences(job, &plan.calendar, (after, order.at), 1);
            let is_held = holds.iter().any(|hold| hold.job == order.job);
            let begins = runs.iter().chain(&asked).any(|(other, _)| other.id == job.id);
            if own.is_empty() && !is_held && !begins {
                asked.push((job, order.at));
            }
        }
        Ok(asked)
    }

    pub(super) fn begin_loads(
        &mut self,
        log: &Arc<ScheduleLog>,
        open: &[OccurrenceRecord],
        due_now: &[DueJob<'a>],
        now: DateTime<Utc>,
    ) -> Result<(), WarehouseError> {
        let plan = self.plan;
        let holds = log.holds()?;
        let is_free = |record: &&OccurrenceRecord| holds.iter().all(|hold| hold.job != record.job);
        let again = open.iter().filter(|record| record.state == OccurrenceState::Retry && is_time(record, now));
        let again = again.filter(is_free);
        let again = again.filter_map(|record| Some((plan.job(&record.job.parse().ok()?)?, record.due_at)));
        let mut loads: Vec<(&Job, DateTime<Utc>)> = again.chain(due_now.iter().copied()).collect();
        loads.retain(|(job, _)| job.id.is_load());
        // The oldest first.
        loads.sort_by_key(|(_, due_at)| *due_at);
        for (job, due_at) in loads {
            if self.may_load(job) {
                self.begin(log, (job, due_at), now)?;
            }
        }
        Ok(())
    }

    pub(super) fn begin_reports(
        &mut self,
        log: &Arc<ScheduleLog>,
        open: &[OccurrenceRecord],
        due_now: &[DueJob<'a>],
        now: DateTime<Utc>,
    ) -> Result<(), WarehouseError> {
        let plan = self.plan;
        let holds = log.holds()?;
        let is_free = |record: &&OccurrenceRecord| holds.iter().all(|hold| hold.job != record.job);
        let waiting = open.iter().filter(is_free).filter_map(|record| {
            let job = plan.job(&record.job.parse().ok()?)?;
            (record.state != OccurrenceState::Running).then_some((job, record.due_at, Some(record)))
        });
        let new = due_now.iter().map(|(job, due_at)| (*job, *due_at, None));
        let mut reports: Vec<(&Job, DateTime<Utc>, Option<&OccurrenceRecord>)> = waiting.chain(new).collect();
        reports.retain(|(job, _, _)| !job.id.is_load());
        reports.sort_by_key(|(_, due_at, _)| *due_at);
        for (job, due_at, record) in reports {
            let began = record.and_then(|record| record.started_at).unwrap_or(now);
            let patient = job.patience.is_none_or(|patience| now < began + patience);
            let pending = if patient { self.pending(job, began, open, due_now) } else { Vec::new() };
            if !pending.is_empty() {
                if record.is_none() {
                    self.let_wait(log, (job, due_at), &pending, now)?;
                }
                continue;
            }
            let is_time = match record {
                Some(record) if record.state == OccurrenceState::Waiting => self.is_worth_judging(job, record, now),
                Some(record) => is_time(record, now),
                None => true,
            };
            if is_time && self.n_queries() < self.limits.queries_max {
                self.judged.insert(job.id.clone(), now);
                self.begin(log, (job, due_at), now)?;
            }
        }
        Ok(())
    }

    /// The loads that a report waits for: of its datasets, due when it was taken up, and not ended.
    fn pending(
        &self,
        report: &Job,
        began: DateTime<Utc>,
        open: &[OccurrenceRecord],
        due_now: &[DueJob<'a>],
    ) -> Vec<String> {
        let wanted: BTreeSet<&String> = report.waits_for.iter().collect();
        let open = open.iter().filter_map(|record| Some((self.plan.job(&record.job.parse().ok()?)?, record.due_at)));
        let pending = open.chain(due_now.iter().copied());
        let pending =
            pending.filter(|(job, due_at)| *due_at <= began && job.loads.iter().any(|name| wanted.contains(name)));
        pending.map(|(job, _)| job.id.to_string()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Takes a report up and lets it wait for loads.
    fn let_wait(
        &self,
        log: &Arc<ScheduleLog>,
        (job, due_at): (&Job, DateTime<Utc>),
        pending: &[String],
        now: DateTime<Utc>,
    ) -> Result<(), WarehouseError> {
        let record = log.begin(&job.id.to_string(), due_at, now)?;
        let reason = format!("waits for {}", pending.join(", "));
        let left = OccurrenceEnd {
            attempt: 0,
            next_at: job.patience.map(|patience| now + patience),
            ..end(OccurrenceState::Waiting, Some(&reason))
        };
        log.end(&record, &left, now).map(|_| ())
    }

    /// Whether something may have changed for a report that waits: its deadline came, a load ended, or a minute passed.
    fn is_worth_judging(&self, job: &Job, record: &OccurrenceRecord, now: DateTime<Utc>) -> bool {
        let judged = self.judged.get(&job.id);
        let late = record.next_at.is_some_and(|until| until <= now);
        match judged {
            None => true,
            Some(at) => (late && *at < now) || now - *at >= AGAIN || *at > now,
        }
    }

    pub(super) fn begin_mail(&mut self, now: DateTime<Utc>) -> Result<(), WarehouseError> {
        let rests = self.mail_after.is_some_and(|after| now < after && after <= now + AGAIN);
        if self.mail_runs || rests {
            return Ok(());
        }
        if self.warehouse.open_deliveries()?.iter().any(|delivery| delivery.is_due(now)) {
            self.mail_runs = true;
            let work = self.work;
            self.running.push(guarded(async move { work.mail().await }, Ran::Mail).boxed_local());
        }
        Ok(())
    }
}

/// What is decided of `job` where it may be held back: then none of its times runs.
fn held_back(holds: &[JobHold], job: &JobId, decision: Decision) -> Decision {
    let hold = holds.iter().find(|hold| decision == Decision::Run && hold.job == job.to_string());
    match hold {
        Some(hold) => Decision::Skip(SkipReason::Held { by: hold.by.clone(), reason: hold.reason.clone() }),
        None => decision,
    }
}

/// Whether the next attempt of a retry may begin.
fn is_time(record: &OccurrenceRecord, now: DateTime<Utc>) -> bool {
    record.next_at.is_none_or(|at| at <= now || at > now + RETRY_MAX)
}

fn end(state: OccurrenceState, reason: Option<&str>) -> OccurrenceEnd<'_> {
    OccurrenceEnd { state, attempt: 0, next_at: None, reason, run: None }
}
