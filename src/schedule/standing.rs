//! How the plan stands in the ledger, and what comes next: what `lumbung schedule`, `lumbung status` and the console show.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::due::{Decision, Known, Occurrence, due, occurrences};
use super::plan::{Job, JobId, Plan};
use crate::warehouse::{
    JobHold, JobOrder, OccurrenceFilter, OccurrenceRecord, ScheduleRecord, Warehouse, WarehouseError,
};

/// Most times of one job that are looked at.
const TIMES_MAX: usize = 10_000;

/// What the ledger knows of a plan.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    known: BTreeMap<JobId, Known>,
    /// Occurrences that have not ended, oldest first.
    pub open: Vec<OccurrenceRecord>,
    /// The newest occurrence of each job that ended and was not skipped.
    pub last: BTreeMap<String, OccurrenceRecord>,
    /// Jobs that are held back, by name.
    pub holds: BTreeMap<String, JobHold>,
    /// What was asked for and not begun, oldest first.
    pub orders: Vec<JobOrder>,
}

/// Something that runs, is due, or will be.
#[derive(Debug, Clone)]
pub struct Prospect<'a> {
    /// Of which job.
    pub job: &'a Job,
    /// When it runs or was due; of what is to come, when it begins.
    pub at: DateTime<Utc>,
    /// What is to be said of it.
    pub what: Outlook,
}

/// What is to be said of a time of a job.
#[derive(Debug, Clone)]
pub enum Outlook {
    /// It was taken up and has not ended.
    Open(OccurrenceRecord),
    /// Somebody asked for it, and nobody has begun it.
    Asked(JobOrder),
    /// It is due, and nobody has run or skipped it.
    Due(Decision),
    /// It will be due.
    Coming(Occurrence),
}

impl Standing {
    /// How `plan` stands at `now`.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn of(warehouse: &Warehouse, plan: &Plan, now: DateTime<Utc>) -> Result<Self, WarehouseError> {
        let mut open = warehouse.occurrences(&OccurrenceFilter { open: true, ..OccurrenceFilter::default() })?;
        open.reverse();
        let mut last = BTreeMap::new();
        for job in plan.jobs.iter().map(|job| job.id.to_string()) {
            let newest = OccurrenceFilter {
                job: Some(&job),
                without_skipped: true,
                limit: Some(2),
                ..OccurrenceFilter::default()
            };
            let ended = warehouse.occurrences(&newest)?.into_iter().find(|record| record.state.is_final());
            last.extend(ended.map(|record| (job, record)));
        }
        let holds = warehouse.held_jobs()?.into_iter().map(|hold| (hold.job.clone(), hold)).collect();
        let known = known(plan, &warehouse.schedules(now)?, &open);
        Ok(Self { known, open, last, holds, orders: warehouse.open_orders(now)? })
    }

    /// What a scheduler would decide at `now`, were nothing held back.
    #[must_use]
    pub fn due<'a>(&self, plan: &'a Plan, now: DateTime<Utc>) -> Vec<(&'a Job, DateTime<Utc>, Decision)> {
        let due = due(&plan.jobs, &self.known, &plan.calendar, now).into_iter();
        due.filter_map(|due| Some((plan.job(&due.job)?, due.due_at, due.decision))).collect()
    }

    /// Everything that runs, was asked for or is due at `now`, in this order, then what comes up to `until` by time.
    #[must_use]
    pub fn prospects<'a>(&self, plan: &'a Plan, (now, until): (DateTime<Utc>, DateTime<Utc>)) -> Vec<Prospect<'a>> {
        let named = |name: &str| plan.job(&name.parse().ok()?);
        let open = self.open.iter().filter_map(|record| {
            Some(Prospect { job: named(&record.job)?, at: record.due_at, what: Outlook::Open(record.clone()) })
        });
        let asked = self.orders.iter().filter_map(|order| {
            Some(Prospect { job: named(&order.job)?, at: order.at, what: Outlook::Asked(order.clone()) })
        });
        let due = self.due(plan, now).into_iter();
        let due = due.map(|(job, at, decision)| Prospect { job, at, what: Outlook::Due(decision) });
        let mut all: Vec<Prospect<'a>> = open.chain(asked).chain(due).collect();
        let mut coming: Vec<Prospect<'a>> = Vec::new();
        for job in &plan.jobs {
            let times = occurrences(job, &plan.calendar, (now, until), TIMES_MAX).into_iter();
            let one =
                |time: Occurrence| Prospect { job, at: job.starts_at(time.due_at), what: Outlook::Coming(time) };
            coming.extend(times.map(one));
        }
        coming.sort_by_key(|prospect| prospect.at);
        all.extend(coming);
        all
    }
}

/// What is known of each job of `plan`. A schedule that was changed since has no past.
fn known(plan: &Plan, schedules: &[ScheduleRecord], open: &[OccurrenceRecord]) -> BTreeMap<JobId, Known> {
    let one = |schedule: &ScheduleRecord| {
        let job = plan.job(&schedule.job.parse().ok()?)?;
        let busy = open.iter().any(|record| record.job == schedule.job);
        let known = Known { since: schedule.since, accounted: schedule.accounted, busy };
        (job.spec_sha256() == schedule.spec_sha256).then(|| (job.id.clone(), known))
    };
    schedules.iter().filter_map(one).collect()
}
