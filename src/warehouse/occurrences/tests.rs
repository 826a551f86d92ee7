//! The ledger of the schedule: written by one scheduler only, each occurrence moved in order, clocks that were wrong forgiven.

use super::{OccurrenceEnd, OccurrenceFilter, OccurrenceRecord, OccurrenceState, ScheduleLog};
use crate::warehouse::{ErrorKind, Warehouse, WarehouseError};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use tempfile::TempDir;

const LEASE: TimeDelta = TimeDelta::minutes(5);

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn noon() -> DateTime<Utc> {
    at("2026-11-01T12:00:00Z")
}

fn house() -> (TempDir, Warehouse) {
    let folder = TempDir::new().unwrap();
    let warehouse = Warehouse::open(folder.path(), noon()).unwrap();
    (folder, warehouse)
}

fn specs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(job, spec)| ((*job).to_owned(), (*spec).to_owned())).collect()
}

fn ended(state: OccurrenceState) -> OccurrenceEnd<'static> {
    OccurrenceEnd { state, attempt: 1, next_at: None, reason: Some("why"), run: Some("r1") }
}

fn skip(log: &ScheduleLog, due_at: &str, now: DateTime<Utc>) {
    log.skip(&[("source:a".to_owned(), at(due_at), "missed".to_owned())], now).unwrap();
}

#[test]
fn a_schedule_is_known_since_it_was_seen_as_it_is() {
    let (_folder, warehouse) = house();
    let log = warehouse.scheduler(LEASE, noon()).unwrap();
    let later = noon() + TimeDelta::hours(1);
    let seen = log.sync(&specs(&[("source:a", "x"), ("source:b", "x")]), noon()).unwrap();
    assert!(seen.iter().all(|schedule| schedule.since == noon() && schedule.accounted.is_none()));
    skip(&log, "2026-11-01T12:30:00Z", later);
    let seen = log.sync(&specs(&[("source:a", "x"), ("source:b", "y")]), later).unwrap();
    assert_eq!((seen[0].since, seen[0].accounted), (noon(), Some(at("2026-11-01T12:30:00Z"))));
    assert_eq!(seen[1].since, later, "an edited schedule begins anew");
    // Gone and back again: nothing of before.
    assert_eq!(log.sync(&specs(&[("source:b", "y")]), later).unwrap().len(), 1);
    let back = log.sync(&specs(&[("source:a", "x")]), later + TimeDelta::hours(1)).unwrap();
    assert_eq!(back[0].since, later + TimeDelta::hours(1));
    assert_eq!(warehouse.schedules(later).unwrap().len(), 1);
}

#[test]
fn an_occurrence_moves_in_order_and_never_twice() {
    let (_folder, warehouse) = house();
    let log = warehouse.scheduler(LEASE, noon()).unwrap();
    let due = at("2026-11-01T11:30:00Z");
    let first = log.begin("source:a", due, noon()).unwrap();
    assert_eq!((first.state, first.attempt, first.started_at), (OccurrenceState::Running, 1, Some(noon())));
    let twice = log.begin("source:a", due, noon()).unwrap_err();
    assert!(matches!(twice, WarehouseError::Database { .. }), "{twice}");
    let retry = OccurrenceEnd { next_at: Some(noon()), ..ended(OccurrenceState::Retry) };
    let waits = log.end(&first, &retry, noon()).unwrap();
    assert!(log.end(&first, &ended(OccurrenceState::Done), noon()).is_err(), "it does not run");
    assert_eq!(log.open_occurrences().unwrap(), [waits]);
    let second = log.begin("source:a", due, noon() + TimeDelta::minutes(1)).unwrap();
    assert_eq!((second.attempt, second.started_at, second.next_at), (2, Some(noon()), None));
    let end = OccurrenceEnd { attempt: 2, run: None, ..ended(OccurrenceState::Done) };
    let done = log.end(&second, &end, noon() + TimeDelta::minutes(2)).unwrap();
    let written: Vec<OccurrenceRecord> = warehouse.occurrences(&OccurrenceFilter::default()).unwrap();
    assert_eq!(written, [done]);
    assert_eq!((written[0].run.as_deref(), written[0].finished_at.is_some()), (Some("r1"), true));
    assert!(log.begin("source:a", due, noon()).is_err(), "it has ended");
    // All or none: the second of these is there.
    let both = [at("2026-11-01T11:40:00Z"), due].map(|due| ("source:a".to_owned(), due, "x".to_owned()));
    assert!(log.skip(&both, noon()).is_err());
    assert_eq!(warehouse.occurrences(&OccurrenceFilter::default()).unwrap().len(), 1);
}

#[test]
fn occurrences_are_listed_as_asked() {
    let (_folder, warehouse) = house();
    let log = warehouse.scheduler(LEASE, noon()).unwrap();
    skip(&log, "2026-11-01T10:00:00Z", noon());
    let done = log.begin("source:a", at("2026-11-01T11:00:00Z"), noon()).unwrap();
    log.end(&done, &ended(OccurrenceState::Done), noon()).unwrap();
    log.begin("source:b", at("2026-11-01T11:30:00Z"), noon()).unwrap();
    let listed = |filter: OccurrenceFilter<'_>| {
        let records = warehouse.occurrences(&filter).unwrap();
        records.iter().map(|record| record.due_at.format("%H:%M").to_string()).collect::<Vec<_>>().join(" ")
    };
    let all = OccurrenceFilter::default();
    assert_eq!(listed(all), "11:30 11:00 10:00");
    assert_eq!(listed(OccurrenceFilter { limit: Some(2), ..all }), "11:30 11:00");
    assert_eq!(listed(OccurrenceFilter { job: Some("source:a"), ..all }), "11:00 10:00");
    assert_eq!(listed(OccurrenceFilter { without_skipped: true, job: Some("source:a"), ..all }), "11:00");
    assert_eq!(listed(OccurrenceFilter { open: true, ..all }), "11:30");
    assert_eq!(listed(OccurrenceFilter { before: Some(at("2026-11-01T11:00:00Z")), ..all }), "10:00");
}

#[test]
fn one_process_schedules_and_one_that_lost_its_lease_writes_nothing() {
    let (folder, warehouse) = house();
    let log = warehouse.scheduler(LEASE, noon()).unwrap();
    let other = Warehouse::open(folder.path(), noon()).unwrap();
    let refused = other.scheduler(LEASE, noon()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Locked);
    assert!(refused.to_string().contains("another process"), "{refused}");
    // Another machine took over, whose locks this one does not see.
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    warehouse.house.ledger().drop_leases_of_host("schedule", &host).unwrap();
    for lost in [
        log.renew(noon()).unwrap_err(),
        log.sync(&[], noon()).unwrap_err(),
        log.skip(&[], noon()).unwrap_err(),
        log.begin("source:a", noon(), noon()).unwrap_err(),
    ] {
        assert!(matches!(lost, WarehouseError::ScheduleLost), "{lost}");
    }
    assert!(warehouse.occurrences(&OccurrenceFilter::default()).unwrap().is_empty());
    drop(log);
    assert!(other.scheduler(LEASE, noon()).is_ok());
}

#[test]
fn a_lease_of_another_machine_counts_until_it_runs_out() {
    let (_folder, warehouse) = house();
    let write = |until: DateTime<Utc>| {
        let log = warehouse.scheduler(LEASE, noon()).unwrap();
        let foreign = crate::warehouse::turn::Lease { name: "schedule", holder: "x", host: "elsewhere", until };
        drop(log);
        warehouse.house.ledger().take_lease(&foreign, (noon(), LEASE)).unwrap();
    };
    write(noon() + TimeDelta::minutes(4));
    let refused = warehouse.scheduler(LEASE, noon()).unwrap_err().to_string();
    assert!(refused.contains("a process on elsewhere (until 2026-11-01T12:04:00Z)"), "{refused}");
    assert!(warehouse.scheduler(LEASE, noon() + TimeDelta::minutes(4)).is_ok(), "it ran out");
    // Whoever wrote this had a wrong clock: no lease lasts a year.
    write(noon() + TimeDelta::days(365));
    assert!(warehouse.scheduler(LEASE, noon()).is_ok());
}

#[test]
fn a_dataset_is_loaded_by_one_at_a_time() {
    let (_folder, warehouse) = house();
    let log = Arc::new(warehouse.scheduler(LEASE, noon()).unwrap());
    let lease = log.lease_dataset("omspan.a", noon()).unwrap();
    assert!(lease.is_some());
    assert!(log.lease_dataset("omspan.a", noon()).unwrap().is_none());
    assert!(log.lease_dataset("omspan.b", noon()).unwrap().is_some());
    // It is renewed with the scheduler's own.
    log.renew(noon() + TimeDelta::minutes(4)).unwrap();
    assert!(log.lease_dataset("omspan.a", noon() + TimeDelta::minutes(8)).unwrap().is_none());
    drop(lease);
    assert!(log.lease_dataset("omspan.a", noon() + TimeDelta::minutes(8)).unwrap().is_some());
}

#[test]
fn a_clock_that_was_years_ahead_does_not_stop_the_schedule() {
    let (_folder, warehouse) = house();
    let log = warehouse.scheduler(LEASE, noon()).unwrap();
    log.sync(&specs(&[("source:a", "x")]), at("2030-01-01T00:00:00Z")).unwrap();
    skip(&log, "2026-11-01T11:00:00Z", at("2030-01-01T00:00:00Z"));
    skip(&log, "2026-11-01T20:00:00Z", at("2030-01-01T00:00:00Z"));
    skip(&log, "2029-12-31T00:00:00Z", at("2030-01-01T00:00:00Z"));
    let ran = log.begin("source:a", at("2030-01-01T00:00:00Z"), at("2030-01-01T00:00:00Z")).unwrap();
    log.end(&ran, &ended(OccurrenceState::Done), at("2030-01-01T00:00:00Z")).unwrap();
    let seen = log.sync(&specs(&[("source:a", "x")]), noon()).unwrap();
    assert_eq!((seen[0].since, seen[0].accounted), (noon(), Some(at("2026-11-01T11:00:00Z"))));
    let left = warehouse.occurrences(&OccurrenceFilter::default()).unwrap();
    let left: Vec<String> = left.iter().map(|record| record.due_at.format("%Y-%m-%d").to_string()).collect();
    // What ran stays as it is; what was only skipped far ahead is open again.
    assert_eq!(left, ["2030-01-01", "2026-11-01", "2026-11-01"]);
}
