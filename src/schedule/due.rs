//! Which occurrences are due: a pure function of the plan, of what the ledger has accounted for, and of the time.
//!
//! An occurrence is accounted for once it began or was skipped, and only those after the newest accounted one can be due. So none
//! runs twice, also when the clock jumps back, and none is lost: what lies between is decided in order.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};

use super::calendar::{Calendar, FREE_DAYS_MAX, FreeDay};
use super::plan::{Job, JobId};
use crate::config::{DayRule, Misfire};

/// Most occurrences of a job that are decided in one look; after a very long silence the next look goes on.
pub const LOOK_MAX: usize = 20_000;

/// What the ledger knows of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// When its schedule, as it is now, was first seen: nothing of before is ever due.
    pub since: DateTime<Utc>,
    /// The newest accounted occurrence that is not in the future.
    pub accounted: Option<DateTime<Utc>>,
    /// Whether an occurrence of it has begun and not ended: others wait.
    pub busy: bool,
}

/// One time of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// When.
    pub due_at: DateTime<Utc>,
    /// Why then.
    pub why: Why,
}

/// Why there is an occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The cron line says so.
    Cron,
    /// The cron line says `from`, which is a free day.
    Shifted {
        /// The time of the cron line.
        from: DateTime<Utc>,
        /// Why that day is free.
        free: FreeDay,
    },
    /// The cron line says so, but the day is free, and it is for working days only: it is skipped.
    Free(FreeDay),
}

/// What is to be done about an occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Of which job.
    pub job: JobId,
    /// When it was due.
    pub due_at: DateTime<Utc>,
    /// What is to be done.
    pub decision: Decision,
}

/// Run it, or account for it without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It runs.
    Run,
    /// It never runs.
    Skip(SkipReason),
}

/// Why an occurrence never runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkipReason {
    /// It falls on a free day.
    Free(FreeDay),
    /// Its time passed, and the rule for missed times gives it up.
    Missed(Misfire),
    /// An operator holds its job back.
    Held {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Free(free) => write!(f, "a free day: {free}"),
            Self::Missed(rule) => write!(f, "its time passed while nobody could run it (misfire = {rule})"),
            Self::Held { by, reason } => write!(f, "held back by {by}: {reason}"),
        }
    }
}

/// What is due at `now`, oldest first; of one job in the order in which it has to be accounted for. A job that the ledger does not
/// know is not due: it has no past.
#[must_use]
pub fn due(jobs: &[Job], known: &BTreeMap<JobId, Known>, calendar: &Calendar, now: DateTime<Utc>) -> Vec<Due> {
    let mut all: Vec<Due> = Vec::new();
    for job in jobs {
        if let Some(known) = known.get(&job.id).filter(|known| !known.busy) {
            all.extend(due_of(job, known, calendar, now));
        }
    }
    // Stable: of equal times of one job there is one.
    all.sort_by(|a, b| (a.due_at, &a.job).cmp(&(b.due_at, &b.job)));
    all
}

fn due_of(job: &Job, known: &Known, calendar: &Calendar, now: DateTime<Utc>) -> Vec<Due> {
    let after = known.accounted.map_or(known.since, |accounted| accounted.max(known.since));
    let (found, cut) = look(job, calendar, (after, now), LOOK_MAX);
    // In order: one that has not begun holds back those after it.
    let ready: Vec<Occurrence> =
        found.into_iter().take_while(|occurrence| job.starts_at(occurrence.due_at) <= now).collect();
    let kept = match job.misfire {
        Misfire::All(n) => usize::try_from(n).unwrap_or(usize::MAX),
        Misfire::Skip | Misfire::Last => 1,
    };
    let runs = |occurrence: &&Occurrence| !matches!(occurrence.why, Why::Free(_));
    let n_runs = ready.iter().filter(runs).count();
    let mut left = n_runs;
    let mut decided = Vec::with_capacity(ready.len());
    for Occurrence { due_at, why } in ready {
        let decision = match why {
            Why::Free(free) => Decision::Skip(SkipReason::Free(free)),
            Why::Cron | Why::Shifted { .. } => {
                let newest = left <= kept;
                left -= 1;
                // Whether the newest of a list that was cut are the newest of all shows in the next look.
                if newest && cut {
                    return decided;
                }
                let missed = job.misfire == Misfire::Skip && now - job.starts_at(due_at) > job.grace;
                if newest && !missed { Decision::Run } else { Decision::Skip(SkipReason::Missed(job.misfire)) }
            }
        };
        decided.push(Due { job: job.id.clone(), due_at, decision });
    }
    decided
}

/// The occurrences of `job` after `after` up to `until`, in order, at most `max` of them (the first).
#[must_use]
pub fn occurrences(
    job: &Job,
    calendar: &Calendar,
    (after, until): (DateTime<Utc>, DateTime<Utc>),
    max: usize,
) -> Vec<Occurrence> {
    look(job, calendar, (after, until), max).0
}

/// How far [`next`] looks.
const AHEAD: TimeDelta = TimeDelta::days(400);

/// When `job` begins next after `now`, free days left out; `None` where that is further away than a year.
#[must_use]
pub fn next(job: &Job, calendar: &Calendar, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let mut until = now + TimeDelta::days(1);
    // Near times are found without looking at all of a year.
    loop {
        let times = occurrences(job, calendar, (now, until), 2_000);
        let next = times.iter().find(|time| !matches!(time.why, Why::Free(_)));
        match next {
            Some(time) => return Some(job.starts_at(time.due_at)),
            None if until >= now + AHEAD => return None,
            None => until = now + (until - now) * 3,
        }
    }
}

/// As [`occurrences`], and whether there may be more.
fn look(
    job: &Job,
    calendar: &Calendar,
    (after, until): (DateTime<Utc>, DateTime<Utc>),
    max: usize,
) -> (Vec<Occurrence>, bool) {
    let mut found: BTreeMap<DateTime<Utc>, Why> = BTreeMap::new();
    let mut from = look_from(job, calendar, after);
    while let Some(time) = job.cron.next_after(from, job.zone).filter(|time| *time <= until) {
        if found.len() >= max {
            // Shifted ones may lie beyond others that were not looked at: all up to `from` are complete.
            found.retain(|due_at, _| *due_at <= from);
            return (listed(found), true);
        }
        from = time;
        if let Some((due_at, why)) = placed(job, calendar, time)
            && due_at > after
            && due_at <= until
        {
            // A time of the cron line itself goes before one that was shifted to it.
            let stands = matches!(why, Why::Shifted { .. }) && found.contains_key(&due_at);
            if !stands {
                found.insert(due_at, why);
            }
        }
    }
    (listed(found), false)
}

/// Where a look for times after `after` begins: what is shifted comes from the free days before.
fn look_from(job: &Job, calendar: &Calendar, after: DateTime<Utc>) -> DateTime<Utc> {
    if job.days != DayRule::NextWorkingDay {
        return after;
    }
    let mut day = after.with_timezone(&job.zone).date_naive();
    for _ in 0..=FREE_DAYS_MAX {
        match day.pred_opt().filter(|before| calendar.free(*before).is_some()) {
            Some(before) => day = before,
            None => break,
        }
    }
    let midnight = day.and_time(NaiveTime::MIN).and_local_timezone(job.zone).earliest();
    midnight.map_or(after, |midnight| after.min(midnight.with_timezone(&Utc) - TimeDelta::seconds(1)))
}

fn listed(found: BTreeMap<DateTime<Utc>, Why>) -> Vec<Occurrence> {
    found.into_iter().map(|(due_at, why)| Occurrence { due_at, why }).collect()
}

/// Where a time of the cron line falls by the rule for days; `None` where it is none.
fn placed(job: &Job, calendar: &Calendar, time: DateTime<Utc>) -> Option<(DateTime<Utc>, Why)> {
    let local = time.with_timezone(&job.zone);
    let day = local.date_naive();
    match job.days {
        DayRule::Any => Some((time, Why::Cron)),
        DayRule::FirstWorkingDayOfMonth => calendar.is_first_working_day_of_month(day).then_some((time, Why::Cron)),
        DayRule::WorkingDays => Some((time, calendar.free(day).map_or(Why::Cron, Why::Free))),
        DayRule::NextWorkingDay => {
            let free = calendar.free(day);
            let days = calendar.working_day_from(day).map(|working| (working - day).num_days().unsigned_abs());
            let moved = days.and_then(|days| local.checked_add_days(Days::new(days)));
            match (free, moved) {
                (Some(free), Some(moved)) => Some((moved.with_timezone(&Utc), Why::Shifted { from: time, free })),
                // A calendar without working days moves nothing.
                _ => Some((time, Why::Cron)),
            }
        }
    }
}
