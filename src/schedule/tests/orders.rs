//! What an operator asks of the scheduler: to run a job now, once, and to hold one back.

use super::runs::{BEGIN, LIMITS, Script, book, house, plan, to_rest};
use super::{at, job};
use crate::schedule::{Job, Outcome, Outlook, Runner, Standing};
use crate::warehouse::JobHold;
use chrono::TimeDelta;

fn hold(job: &str) -> JobHold {
    let (job, by, reason) = (job.to_owned(), "ani".to_owned(), "sumber diperbaiki".to_owned());
    JobHold { job, by, reason, since: at(BEGIN) }
}

#[tokio::test]
async fn what_was_asked_for_runs_once_and_the_schedule_goes_on() {
    let (_folder, warehouse) = house();
    let plan = plan(vec![job("source:omspan", "0 30 4 * * *")]);
    let work = Script::default();
    let mut runner = Runner::new(&warehouse, &plan, &work, LIMITS);
    to_rest(&mut runner, at(BEGIN)).await;
    warehouse.order_job("source:omspan", "ani", at("2026-11-01T10:00:00Z")).unwrap();
    warehouse.order_job("source:omspan", "budi", at("2026-11-01T10:00:20Z")).unwrap();
    for minute in 1..4 {
        to_rest(&mut runner, at("2026-11-01T10:00:00Z") + TimeDelta::minutes(minute)).await;
    }
    assert_eq!(work.took(), ["source:omspan 1", "marts"]);
    to_rest(&mut runner, at("2026-11-01T21:30:00Z")).await;
    assert_eq!(work.took(), ["source:omspan 1", "marts"]);
    assert_eq!(book(&warehouse), ["source:omspan 01 10:00 done 1", "source:omspan 01 21:30 done 1"]);
}

#[tokio::test]
async fn what_was_asked_for_fails_and_is_tried_again_like_any_other() {
    let (_folder, warehouse) = house();
    let plan = plan(vec![job("source:omspan", "0 30 4 * * *")]);
    let work = Script::default().ends("source:omspan", &[Outcome::Failed("down".to_owned())]);
    let mut runner = Runner::new(&warehouse, &plan, &work, LIMITS);
    to_rest(&mut runner, at(BEGIN)).await;
    let asked = at("2026-11-01T10:00:00Z");
    warehouse.order_job("source:omspan", "ani", asked).unwrap();
    to_rest(&mut runner, asked + TimeDelta::seconds(1)).await;
    to_rest(&mut runner, asked + TimeDelta::minutes(2)).await;
    assert_eq!(work.took(), ["source:omspan 1", "source:omspan 2", "marts"]);
    assert_eq!(book(&warehouse), ["source:omspan 01 10:00 done 2"]);
}

#[tokio::test]
async fn no_time_of_the_schedule_is_lost_behind_what_was_asked_for() {
    let (_folder, warehouse) = house();
    // It is due at 21:30 and begins within an hour; somebody asks for it in between.
    let late = Job { jitter: TimeDelta::hours(1), ..job("source:omspan", "0 30 4 * * *") };
    let due_at = at("2026-11-01T21:30:00Z");
    let starts = late.starts_at(due_at);
    assert!(starts > due_at + TimeDelta::seconds(2), "the example needs a wait");
    let plan = plan(vec![late]);
    let work = Script::default();
    let mut runner = Runner::new(&warehouse, &plan, &work, LIMITS);
    to_rest(&mut runner, at(BEGIN)).await;
    warehouse.order_job("source:omspan", "ani", due_at + TimeDelta::seconds(1)).unwrap();
    to_rest(&mut runner, due_at + TimeDelta::seconds(2)).await;
    assert_eq!(work.took(), [""; 0], "its own time comes first");
    to_rest(&mut runner, starts).await;
    to_rest(&mut runner, starts + TimeDelta::minutes(1)).await;
    assert_eq!(book(&warehouse), ["source:omspan 01 21:30 done 1", "source:omspan 01 21:30 done 1"]);
}

#[tokio::test]
async fn a_job_that_is_held_is_skipped_with_the_reason_until_it_is_released() {
    let (_folder, warehouse) = house();
    let plan = plan(vec![job("source:omspan", "0 30 4 * * *"), job("source:sipp", "0 30 4 * * *")]);
    let work = Script::default().ends("source:omspan", &[Outcome::Failed("down".to_owned())]);
    let mut runner = Runner::new(&warehouse, &plan, &work, LIMITS);
    to_rest(&mut runner, at(BEGIN)).await;
    let first = at("2026-11-01T21:30:00Z");
    to_rest(&mut runner, first).await;
    assert_eq!(work.took(), ["source:omspan 1", "source:sipp 1", "marts"]);
    warehouse.hold_job(&hold("source:omspan")).unwrap();
    warehouse.hold_job(&hold("source:sipp")).unwrap();
    warehouse.order_job("source:sipp", "ani", first + TimeDelta::minutes(10)).unwrap();
    to_rest(&mut runner, first + TimeDelta::minutes(30)).await;
    assert_eq!(work.took(), [""; 0], "neither the next attempt nor what was asked for begins");
    to_rest(&mut runner, first + TimeDelta::days(1)).await;
    assert_eq!(work.took(), [""; 0]);
    let now = first + TimeDelta::days(1);
    let standing = Standing::of(&warehouse, &plan, now).unwrap();
    assert_eq!(standing.holds.len(), 2);
    let prospects = standing.prospects(&plan, (now, now + TimeDelta::days(2)));
    assert!(prospects.iter().any(|prospect| matches!(prospect.what, Outlook::Open(_))));
    let skipped = warehouse.occurrences(&crate::warehouse::OccurrenceFilter::default()).unwrap();
    let skipped = skipped.iter().find(|record| record.job == "source:sipp").unwrap();
    assert_eq!(skipped.reason.as_deref(), Some("held back by ani: sumber diperbaiki"));
    for job in ["source:omspan", "source:sipp"] {
        assert!(warehouse.release_job(job).unwrap());
    }
    to_rest(&mut runner, now + TimeDelta::minutes(1)).await;
    assert_eq!(work.took()[0], "source:omspan 2", "what waited goes on");
    to_rest(&mut runner, now + TimeDelta::days(1)).await;
    assert!(work.took().contains(&"source:sipp 1".to_owned()));
}
