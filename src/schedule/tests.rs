//! Times, ends and runs: what is promised of the schedule, on examples and on random histories with fixed seeds.

mod ages;
mod ends;
mod histories;
mod orders;
mod runs;
mod times;

use super::{Calendar, Job, JobId, Known, Occurrence, Why, occurrences};
use crate::config::{ConfigFolder, DayRule, Misfire};
use crate::reference::Reference;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Asia::Jakarta;
use std::time::Duration;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn calendar() -> Calendar {
    Calendar::of(&Reference::load(&ConfigFolder::embedded()).unwrap()).unwrap()
}

/// A job in Jakarta's zone on any day, that makes up for the last time, with two retries after a minute.
fn job(id: &str, cron: &str) -> Job {
    let id: JobId = id.parse().unwrap();
    let loads = match &id {
        JobId::Report(_) | JobId::Gc => Vec::new(),
        JobId::Source(name) => vec![format!("{name}.a"), format!("{name}.b")],
        JobId::Dataset(name) => vec![name.clone()],
    };
    Job {
        id,
        cron: cron.parse().unwrap(),
        zone: Jakarta,
        days: DayRule::Any,
        misfire: Misfire::Last,
        grace: TimeDelta::hours(1),
        jitter: TimeDelta::zero(),
        timeout: Duration::from_secs(3_600),
        retries: 2,
        backoff: TimeDelta::minutes(1),
        loads,
        waits_for: Vec::new(),
        patience: None,
    }
}

fn known(since: &str, accounted: Option<&str>) -> Known {
    Known { since: at(since), accounted: accounted.map(at), busy: false }
}

/// The times of a job between two, in its zone.
fn times(job: &Job, after: &str, until: &str) -> Vec<String> {
    let line = |occurrence: &Occurrence| {
        let local = |at: DateTime<Utc>| at.with_timezone(&job.zone).format("%a %d %H:%M").to_string();
        match &occurrence.why {
            Why::Cron => local(occurrence.due_at),
            Why::Shifted { from, free } => format!("{} from {} ({free})", local(occurrence.due_at), local(*from)),
            Why::Free(free) => format!("{} free ({free})", local(occurrence.due_at)),
        }
    };
    occurrences(job, &calendar(), (at(after), at(until)), 1_000).iter().map(line).collect()
}
