//! What the runner begins, in which order and within which limits, and what a restart finds.

use super::{at, calendar, job};
use crate::schedule::{Attempt, Ended, Job, Limits, News, Outcome, Plan, Ran, Runner, Work};
use crate::warehouse::{OccurrenceEnd, OccurrenceFilter, OccurrenceState, Warehouse};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use tempfile::TempDir;
use tokio::sync::Notify;

/// Work whose attempts end as they are told to, in turn; without a word they end well at once.
#[derive(Default)]
pub(super) struct Script {
    ends: RefCell<BTreeMap<String, Vec<Outcome>>>,
    /// Jobs whose attempts wait until somebody lets them go.
    held_up: BTreeMap<String, Notify>,
    log: RefCell<Vec<String>>,
    news: RefCell<Vec<String>>,
    /// Nobody can be told at the moment.
    mute: Cell<bool>,
    panics: bool,
}

impl Script {
    pub(super) fn ends(self, job: &str, outcomes: &[Outcome]) -> Self {
        self.ends.borrow_mut().insert(job.to_owned(), outcomes.to_vec());
        self
    }

    fn holding_up(mut self, job: &str) -> Self {
        self.held_up.insert(job.to_owned(), Notify::new());
        self
    }

    pub(super) fn took(&self) -> Vec<String> {
        std::mem::take(&mut self.log.borrow_mut())
    }

    fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.news.borrow_mut())
    }
}

#[async_trait(?Send)]
impl Work for Script {
    async fn attempt(&self, attempt: &Attempt) -> Ended {
        let job = attempt.job.id.to_string();
        self.log.borrow_mut().push(format!("{job} {}", attempt.number));
        assert!(!self.panics, "a bug");
        let lease = attempt.job.loads.first().map(|dataset| attempt.lease(dataset, attempt.at).unwrap());
        assert!(lease.is_none_or(|lease| lease.is_some()), "nobody else has it");
        if let Some(gate) = self.held_up.get(&job) {
            gate.notified().await;
        }
        let mut ends = self.ends.borrow_mut();
        let next = ends.get_mut(&job).filter(|outcomes| !outcomes.is_empty()).map(|outcomes| outcomes.remove(0));
        let outcome = next.unwrap_or(Outcome::Done(None));
        Ended { changed: attempt.job.id.is_load() && outcome == Outcome::Done(None), outcome, run: None }
    }

    async fn marts(&self) {
        self.log.borrow_mut().push("marts".to_owned());
    }

    async fn mail(&self) {}

    fn tell(&self, news: &News) -> bool {
        let reason = news.reason.as_deref().unwrap_or_default();
        self.news.borrow_mut().push(format!("{} {}: {reason}", news.job, news.state.word()));
        !self.mute.get()
    }
}

pub(super) const LIMITS: Limits = Limits { loads_max: 2, queries_max: 1, lease: TimeDelta::minutes(5) };

pub(super) fn plan(jobs: Vec<Job>) -> Plan {
    Plan { jobs, calendar: calendar() }
}

pub(super) fn house() -> (TempDir, Warehouse) {
    let folder = TempDir::new().unwrap();
    let warehouse = Warehouse::open(folder.path(), at(BEGIN)).unwrap();
    (folder, warehouse)
}

pub(super) const BEGIN: &str = "2026-11-01T00:00:00Z";

/// Looks at `now`, and again after whatever ended, until nothing runs.
pub(super) async fn to_rest(runner: &mut Runner<'_>, now: DateTime<Utc>) {
    runner.tick(now).unwrap();
    while runner.is_busy() {
        let ran = runner.next().await;
        runner.ended(ran, now).unwrap();
        runner.tick(now).unwrap();
    }
}

/// Every occurrence, oldest first: job, day and hour, state, attempts.
pub(super) fn book(warehouse: &Warehouse) -> Vec<String> {
    let all = warehouse.occurrences(&OccurrenceFilter::default()).unwrap();
    let line = |record: &crate::warehouse::OccurrenceRecord| {
        let due = record.due_at.format("%d %H:%M");
        format!("{} {due} {} {}", record.job, record.state.word(), record.attempt)
    };
    all.iter().rev().map(line).collect()
}

#[tokio::test]
async fn a_day_runs_loads_then_marts_then_the_report_that_waited_for_them() {
    let (_folder, warehouse) = house();
    let report = Job {
        waits_for: vec!["omspan.a".to_owned()],
        patience: Some(TimeDelta::hours(4)),
        ..job("report:pnbp", "0 30 4 * * *")
    };
    let plan = plan(vec![job("report:aaa", "0 30 4 * * *"), report, job("source:omspan", "0 30 4 * * *")]);
    let work = Script::default().ends("source:omspan", &[Outcome::Failed("down".to_owned())]);
    let mut runner = Runner::new(&warehouse, &plan, &work, LIMITS);
    to_rest(&mut runner, at(BEGIN)).await;
    assert_eq!(work.took(), [""; 0], "a schedule that is new fires nothing");
    let due = at("2026-11-01T21:30:00Z");
    to_rest(&mut runner, due).await;
    // The report without datasets does not wait; the other one does, because a load of its dataset is tried again.
    assert_eq!(work.took(), ["source:omspan 1", "report:aaa 1"]);
    assert_eq!(
        book(&warehouse),
        ["source:omspan 01 21:30 retry 1", "report:pnbp 01 21:30 waiting 0", "report:aaa 01 21:30 done 1"]
    );
    to_rest(&mut runner, due + TimeDelta::seconds(59)).await;
    assert_eq!(work.took(), [""; 0], "the wait before the second attempt is not over");
    to_rest(&mut runner, due + TimeDelta::minutes(1)).await;
    assert_eq!(work.took(), ["source:omspan 2", "report:pnbp 1", "marts"]);
    assert!(book(&warehouse).iter().all(|line| line.contains("done")), "{:?}", book(&warehouse));
    assert_eq!(work.told(), [""; 0]);
}

#[tokio::test]
async fn a_report_waits_no_longer_than_its_deadline_and_its_data_is_judged_once_a_minute() {
    let (_folder, warehouse) = house();
    let report = Job {
        waits_for: vec!["omspan.a".to_owned()],
        patience: Some(TimeDelta::hours(2)),
        ..job("report:pnbp", "0 30 4 * * *")
    };
    let slow = Job { retries: 100, backoff: TimeDelta::hours(3), ..job("source:omspan", "0 30 4 * * *") };
    let plan = plan(vec![report, slow]);
    let due = at("2026-11-01T21:30:00Z");
    let wait = Outcome::Wait { until: due + TimeDelta::hours(3), why: "late".to_owned() };
    let work = Script::default()
        .ends("source:omspan", &[Outcome::Failed("down".to_owned())])
        .ends("report:pnbp", &[wait.clone(), wait, Outcome::Held("stale".to_owned())]);
    let mut runner = Runner::new(&warehouse, &plan, &work, LIMITS);
    to_rest(&mut runner, at(BEGIN)).await;
    to_rest(&mut runner, due).await;
    to_rest(&mut runner, due + TimeDelta::minutes(119)).await;
    assert_eq!(work.took(), ["source:omspan 1"]);
    // Now it is judged by what there is.
    to_rest(&mut runner, due + TimeDelta::minutes(120)).await;
    to_rest(&mut runner, due + TimeDelta::seconds(120 * 60 + 30)).await;
    assert_eq!(work.took(), ["report:pnbp 1"]);
    to_rest(&mut runner, due + TimeDelta::minutes(121)).await;
    to_rest(&mut runner, due + TimeDelta::minutes(122)).await;
    assert_eq!(work.took(), ["report:pnbp 1", "report:pnbp 1"], "waiting counts as no attempt");
    assert_eq!(work.told(), ["report:pnbp held: stale"]);
    assert_eq!(book(&warehouse)[1], "report:pnbp 01 21:30 held 1");
}

#[tokio::test]
async fn slow_sources_keep_no_others_waiting_and_one_source_is_asked_by_one_job() {
    let (_folder, warehouse) = house();
    let plan = plan(vec![
        job("dataset:omspan.c", "0 30 4 * * *"),
        job("source:omspan", "0 30 4 * * *"),
        job("source:padi", "0 30 4 * * *"),
        job("source:sipp", "0 30 4 * * *"),
    ]);
    let work = Script::default().holding_up("source:omspan");
    let mut runner = Runner::new(&warehouse, &plan, &work, LIMITS);
    runner.tick(at(BEGIN)).unwrap();
    let due = at("2026-11-01T21:30:00Z");
    runner.tick(due).unwrap();
    let mut ended = 0;
    while ended < 2 {
        let ran = runner.next().await;
        ended += usize::from(matches!(ran, Ran::Attempt(..)));
        runner.ended(ran, due).unwrap();
        runner.tick(due).unwrap();
    }
    // Two at a time, and omspan is at work.
    let took: Vec<String> = work.took().into_iter().filter(|line| line != "marts").collect();
    assert_eq!(took, ["source:omspan 1", "source:padi 1", "source:sipp 1"]);
    work.held_up["source:omspan"].notify_one();
    to_rest(&mut runner, due).await;
    assert!(work.took().contains(&"dataset:omspan.c 1".to_owned()));
    assert!(book(&warehouse).iter().all(|line| line.contains("done")));
}

#[tokio::test]
async fn the_operator_is_told_of_the_first_bad_end_and_of_the_good_one_after_it() {
    let (_folder, warehouse) = house();
    let daily = Job { retries: 0, ..job("source:omspan", "0 30 4 * * *") };
    let plan = plan(vec![daily]);
    let (down, held) = (Outcome::Failed("down".to_owned()), Outcome::Held("shrunk".to_owned()));
    let work = Script::default().ends("source:omspan", &[down.clone(), down, held, Outcome::Done(None)]);
    let mut runner = Runner::new(&warehouse, &plan, &work, LIMITS);
    to_rest(&mut runner, at(BEGIN)).await;
    let mut told = Vec::new();
    for day in 1..=5 {
        to_rest(&mut runner, at("2026-10-31T21:30:00Z") + TimeDelta::days(day)).await;
        told.push(work.told().join(", "));
    }
    assert_eq!(told, ["source:omspan failed: down", "", "", "source:omspan done: ", ""]);
}

#[tokio::test]
async fn each_bad_end_of_a_report_is_told_and_only_the_first_of_other_jobs() {
    let down = || Outcome::Failed("down".to_owned());
    for (name, told) in [
        ("gc", ["gc failed: down", "", "gc done: "].as_slice()),
        ("report:pnbp", &["report:pnbp failed: down", "report:pnbp failed: down", "report:pnbp done: "]),
    ] {
        let (_folder, warehouse) = house();
        let plan = plan(vec![Job { retries: 0, ..job(name, "0 30 4 * * *") }]);
        let work = Script::default().ends(name, &[down(), down(), Outcome::Done(None)]);
        let mut runner = Runner::new(&warehouse, &plan, &work, LIMITS);
        to_rest(&mut runner, at(BEGIN)).await;
        for (day, expected) in (1..).zip(told) {
            to_rest(&mut runner, at("2026-10-31T21:30:00Z") + TimeDelta::days(day)).await;
            assert_eq!(work.told().join(", "), *expected, "{name}, day {day}");
        }
    }
}

#[tokio::test]
async fn attempts_are_not_told_and_each_end_is_told_once_across_restarts() {
    let (_folder, warehouse) = house();
    let plan = plan(vec![job("source:omspan", "0 30 4 * * *")]);
    let down = || Outcome::Failed("down".to_owned());
    let work = Script::default().ends("source:omspan", &[down(), down(), down(), down(), down(), down()]);
    let due = at("2026-11-01T21:30:00Z");
    let minutes = |n| due + TimeDelta::minutes(n);
    let mut runner = Runner::new(&warehouse, &plan, &work, LIMITS);
    to_rest(&mut runner, at(BEGIN)).await;
    to_rest(&mut runner, due).await;
    to_rest(&mut runner, minutes(1)).await;
    assert_eq!(work.told(), [""; 0], "two attempts of three failed: that is nobody's business yet");
    // The third one is the last, and the outbox cannot be written just then: it is tried at every look.
    work.mute.set(true);
    to_rest(&mut runner, minutes(3)).await;
    assert!(!work.told().is_empty());
    to_rest(&mut runner, minutes(4)).await;
    assert_eq!(work.told(), ["source:omspan failed: down"]);
    drop(runner);
    // Started again: it is told now, and never again.
    work.mute.set(false);
    for minute in 5..8 {
        let mut runner = Runner::new(&warehouse, &plan, &work, LIMITS);
        to_rest(&mut runner, minutes(minute)).await;
        assert_eq!(work.told(), if minute == 5 { vec!["source:omspan failed: down"] } else { vec![] }, "{minute}");
    }
    // The next day fails as well: no news. The day after it is well: once.
    let mut runner = Runner::new(&warehouse, &plan, &work, LIMITS);
    for minute in [0, 1, 3] {
        to_rest(&mut runner, due + TimeDelta::days(1) + TimeDelta::minutes(minute)).await;
    }
    assert_eq!(work.told(), [""; 0]);
    to_rest(&mut runner, due + TimeDelta::days(2)).await;
    drop(runner);
    let mut runner = Runner::new(&warehouse, &plan, &work, LIMITS);
    to_rest(&mut runner, due + TimeDelta::days(2) + TimeDelta::minutes(1)).await;
    assert_eq!(work.told(), ["source:omspan done: "]);
}

#[tokio::test]
async fn an_end_whose_process_died_before_it_was_told_is_told_by_the_next() {
    let (_folder, warehouse) = house();
    let plan = plan(vec![job("source:omspan", "0 30 4 * * *")]);
    let due = at("2026-11-01T21:30:00Z");
    {
        let log = warehouse.scheduler(LIMITS.lease, due).unwrap();
        let running = log.begin("source:omspan", due, due).unwrap();
        let end = OccurrenceEnd {
            state: OccurrenceState::Held,
            attempt: 1,
            next_at: None,
            reason: Some("shrunk"),
            run: None,
        };
        log.end(&running, &end, due).unwrap();
    }
    let work = Script::default();
    for _ in 0..2 {
        let mut runner = Runner::new(&warehouse, &plan, &work, LIMITS);
        to_rest(&mut runner, due + TimeDelta::minutes(1)).await;
    }
    assert_eq!(work.told(), ["source:omspan held: shrunk"]);
}

#[tokio::test]
async fn what_a_dead_process_left_is_closed_and_what_was_broken_off_is_made_again() {
    let (_folder, warehouse) = house();
    let plan = plan(vec![job("source:omspan", "0 30 4 * * *")]);
    let work = Script::default().holding_up("source:omspan");
    let due = at("2026-11-01T21:30:00Z");
    {
        let mut runner = Runner::new(&warehouse, &plan, &work, LIMITS);
        runner.tick(at(BEGIN)).unwrap();
        runner.tick(due).unwrap();
        // Nobody writes down how it ended: as if the process had died.
        assert!(runner.is_busy());
    }
    assert_eq!(book(&warehouse), ["source:omspan 01 21:30 running 1"]);
    let mut runner = Runner::new(&warehouse, &plan, &work, LIMITS);
    runner.tick(due + TimeDelta::minutes(3)).unwrap();
    assert_eq!(book(&warehouse), ["source:omspan 01 21:30 retry 1"]);
    runner.tick(due + TimeDelta::minutes(4)).unwrap();
    runner.break_off(due + TimeDelta::minutes(5));
    assert_eq!(book(&warehouse), ["source:omspan 01 21:30 retry 1"], "broken off by us, and not counted");
    runner.tick(due + TimeDelta::minutes(5)).unwrap();
    work.held_up["source:omspan"].notify_one();
    to_rest(&mut runner, due + TimeDelta::minutes(5)).await;
    assert_eq!(book(&warehouse), ["source:omspan 01 21:30 done 2"]);
}

#[tokio::test]
async fn a_bug_in_an_attempt_ends_it_alone() {
    let (_folder, warehouse) = house();
    let plan = plan(vec![Job { retries: 0, ..job("source:omspan", "0 30 4 * * *") }]);
    let work = Script { panics: true, ..Script::default() };
    let mut runner = Runner::new(&warehouse, &plan, &work, LIMITS);
    to_rest(&mut runner, at(BEGIN)).await;
    to_rest(&mut runner, at("2026-11-01T21:30:00Z")).await;
    assert_eq!(work.told(), ["source:omspan failed: a bug: a bug"]);
}

#[tokio::test]
async fn a_second_scheduler_begins_nothing_until_the_first_is_gone() {
    let (folder, warehouse) = house();
    let plan = plan(vec![job("source:omspan", "0 30 4 * * *")]);
    let work = Script::default();
    let other = Warehouse::open(folder.path(), at(BEGIN)).unwrap();
    let mut first = Runner::new(&warehouse, &plan, &work, LIMITS);
    let mut second = Runner::new(&other, &plan, &work, LIMITS);
    to_rest(&mut first, at(BEGIN)).await;
    to_rest(&mut second, at("2026-11-01T21:30:00Z")).await;
    assert!(first.is_in_charge() && !second.is_in_charge());
    assert_eq!((first.elsewhere(), second.elsewhere()), (None, Some("another process")));
    assert_eq!(work.took(), [""; 0]);
    drop(first);
    to_rest(&mut second, at("2026-11-01T21:31:00Z")).await;
    assert_eq!(work.took(), ["source:omspan 1", "marts"]);
}

#[tokio::test]
async fn a_job_that_is_gone_leaves_nothing_open_and_comes_back_without_a_past() {
    let (_folder, warehouse) = house();
    let both = plan(vec![job("source:omspan", "0 30 4 * * *"), job("source:padi", "0 30 4 * * *")]);
    let one = plan(vec![job("source:padi", "0 30 4 * * *")]);
    let due = at("2026-11-01T21:30:00Z");
    let work = Script::default().ends("source:omspan", &[Outcome::Failed("down".to_owned())]);
    let mut runner = Runner::new(&warehouse, &both, &work, LIMITS);
    to_rest(&mut runner, at(BEGIN)).await;
    to_rest(&mut runner, due).await;
    drop(runner);
    let mut runner = Runner::new(&warehouse, &one, &work, LIMITS);
    to_rest(&mut runner, due + TimeDelta::minutes(1)).await;
    assert_eq!(book(&warehouse)[1], "source:omspan 01 21:30 skipped 1");
    drop(runner);
    let mut runner = Runner::new(&warehouse, &both, &work, LIMITS);
    to_rest(&mut runner, due + TimeDelta::days(3)).await;
    let open = warehouse.occurrences(&OccurrenceFilter { open: true, ..OccurrenceFilter::default() }).unwrap();
    assert!(open.is_empty());
    let omspan =
        warehouse.occurrences(&OccurrenceFilter { job: Some("source:omspan"), ..OccurrenceFilter::default() });
    assert_eq!(omspan.unwrap().len(), 1, "three days without it are not made up for");
    let states: Vec<OccurrenceState> =
        warehouse.occurrences(&OccurrenceFilter::default()).unwrap().iter().map(|record| record.state).collect();
    assert_eq!(states.iter().filter(|state| **state == OccurrenceState::Done).count(), 2);
}
