//! Which times there are, and which of them are due.

use super::{at, calendar, job, known, times};
use crate::config::{DayRule, Misfire};
use crate::schedule::due::LOOK_MAX;
use crate::schedule::{Decision, Due, Job, JobId, Known, SkipReason, due};
use chrono::TimeDelta;
use std::collections::BTreeMap;

/// What is due of one job, a word each.
fn decided(job: &Job, known: Known, now: &str) -> Vec<String> {
    let known = BTreeMap::from([(job.id.clone(), known)]);
    let word = |due: Due| {
        let local = due.due_at.with_timezone(&job.zone).format("%d %H:%M").to_string();
        match due.decision {
            Decision::Run => format!("run {local}"),
            Decision::Skip(SkipReason::Free(_)) => format!("free {local}"),
            Decision::Skip(SkipReason::Missed(_)) => format!("missed {local}"),
            Decision::Skip(SkipReason::Held { .. }) => format!("held {local}"),
        }
    };
    due(std::slice::from_ref(job), &known, &calendar(), at(now)).into_iter().map(word).collect()
}

#[test]
fn days_are_chosen_by_rule() {
    let with = |days| Job { days, ..job("report:x", "0 0 6 * * *") };
    // 15 and 16 August 2026 are a weekend, the 17th is the day of independence.
    let span = ("2026-08-13T23:30:00Z", "2026-08-18T23:30:00Z");
    assert_eq!(
        times(&with(DayRule::WorkingDays), span.0, span.1),
        [
            "Sat 15 06:00 free (Saturday)",
            "Sun 16 06:00 free (Sunday)",
            "Mon 17 06:00 free (Hari Kemerdekaan Republik Indonesia)",
            "Tue 18 06:00",
            "Wed 19 06:00"
        ]
    );
    // Moved times that meet one that is there anyway are that one.
    assert_eq!(times(&with(DayRule::NextWorkingDay), span.0, span.1), ["Tue 18 06:00", "Wed 19 06:00"]);
    let monthly = Job { days: DayRule::NextWorkingDay, ..job("report:x", "0 0 6 16 * *") };
    assert_eq!(times(&monthly, span.0, span.1), ["Tue 18 06:00 from Sun 16 06:00 (Sunday)"]);
    // The look begins after the Sunday, and the Tuesday is still found.
    assert_eq!(times(&monthly, "2026-08-17T12:00:00Z", span.1).len(), 1);
    assert_eq!(times(&monthly, "2026-08-17T23:00:00Z", span.1), [""; 0]);
    let first = with(DayRule::FirstWorkingDayOfMonth);
    assert_eq!(
        times(&first, "2026-04-20T00:00:00Z", "2026-07-31T00:00:00Z"),
        ["Mon 04 06:00", "Tue 02 06:00", "Wed 01 06:00"]
    );
}

#[test]
fn zones_differ_and_a_day_is_that_of_the_zone() {
    // 23.30 UTC on Friday is Saturday in Jakarta.
    let early = Job { days: DayRule::WorkingDays, ..job("report:x", "0 30 6 * * *") };
    assert_eq!(times(&early, "2026-11-06T23:00:00Z", "2026-11-07T00:00:00Z"), ["Sat 07 06:30 free (Saturday)"]);
    let east = Job { zone: chrono_tz::Asia::Jayapura, ..early };
    assert_eq!(times(&east, "2026-11-06T21:00:00Z", "2026-11-06T22:00:00Z"), ["Sat 07 06:30 free (Saturday)"]);
}

#[test]
fn nothing_of_before_the_schedule_was_seen_is_due() {
    let daily = job("source:omspan", "0 30 4 * * *");
    let since = "2026-11-01T21:30:00Z";
    assert_eq!(decided(&daily, known(since, None), "2026-11-02T21:29:59Z"), [""; 0]);
    assert_eq!(decided(&daily, known(since, None), "2026-11-02T21:30:00Z"), ["run 03 04:30"]);
    // The ledger knows older times of another cron line: it is the newer of the two that counts.
    let edited = known("2026-11-05T00:00:00Z", Some("2026-11-01T21:30:00Z"));
    assert_eq!(decided(&daily, edited, "2026-11-05T12:00:00Z"), [""; 0]);
    assert!(due(&[daily], &BTreeMap::new(), &calendar(), at("2026-11-05T12:00:00Z")).is_empty());
}

#[test]
fn what_was_missed_is_made_up_for_by_rule() {
    let with = |misfire| Job { misfire, ..job("source:omspan", "0 30 4 * * *") };
    let silence = known("2026-10-01T00:00:00Z", Some("2026-10-31T21:30:00Z"));
    let [late, soon] = ["2026-11-04T23:00:00Z", "2026-11-04T22:00:00Z"];
    let all = ["missed 02 04:30", "missed 03 04:30", "missed 04 04:30", "run 05 04:30"];
    assert_eq!(decided(&with(Misfire::Last), silence, late), all);
    assert_eq!(decided(&with(Misfire::Skip), silence, soon), all);
    let none = ["missed 02 04:30", "missed 03 04:30", "missed 04 04:30", "missed 05 04:30"];
    assert_eq!(decided(&with(Misfire::Skip), silence, late), none);
    let three = ["missed 02 04:30", "run 03 04:30", "run 04 04:30", "run 05 04:30"];
    assert_eq!(decided(&with(Misfire::All(3)), silence, late), three);
    // Whatever runs keeps others waiting.
    assert_eq!(decided(&with(Misfire::All(3)), Known { busy: true, ..silence }, late), [""; 0]);
    // Free days are told as such, and take no place of those that are made up for.
    let working = Job { days: DayRule::WorkingDays, ..with(Misfire::All(2)) };
    let since = known("2026-10-29T00:00:00Z", None);
    assert_eq!(
        decided(&working, since, "2026-11-02T22:00:00Z"),
        ["missed 30 04:30", "free 31 04:30", "free 01 04:30", "run 02 04:30", "run 03 04:30"]
    );
}

#[test]
fn a_clock_that_jumps_back_runs_nothing_twice() {
    let daily = job("source:omspan", "0 30 4 * * *");
    let ran = known("2026-10-01T00:00:00Z", Some("2026-11-01T21:30:00Z"));
    for now in ["2026-11-01T21:30:00Z", "2026-11-01T20:00:00Z", "2026-10-01T00:00:00Z"] {
        assert_eq!(decided(&daily, ran, now), [""; 0], "{now}");
    }
}

#[test]
fn a_very_long_silence_is_decided_in_several_looks() {
    let often = Job { misfire: Misfire::All(2), ..job("source:omspan", "0 * * * * *") };
    let now = at("2026-11-01T00:00:00Z");
    let n_minutes = 2 * LOOK_MAX + 5;
    let mut known =
        Known { since: now - TimeDelta::minutes(i64::try_from(n_minutes).unwrap()), accounted: None, busy: false };
    let (mut n_missed, mut ran, mut looks) = (0, Vec::new(), 0);
    while ran.is_empty() {
        looks += 1;
        let all = BTreeMap::from([(often.id.clone(), known)]);
        for due in due(std::slice::from_ref(&often), &all, &calendar(), now) {
            known.accounted = Some(due.due_at);
            match due.decision {
                Decision::Run => ran.push(due.due_at),
                Decision::Skip(_) => n_missed += 1,
            }
        }
        assert!(looks < 10);
    }
    assert_eq!((looks, n_missed), (3, n_minutes - 2));
    assert_eq!(ran, [now - TimeDelta::minutes(1), now]);
}

#[test]
fn jitter_is_the_same_each_time_and_below_its_bound() {
    let bound = TimeDelta::seconds(90);
    let jittered = Job { jitter: bound, ..job("source:omspan", "0 30 4 * * *") };
    let other = Job { id: JobId::Source("padi".to_owned()), ..jittered.clone() };
    let mut seen = std::collections::BTreeSet::new();
    for day in 0..400 {
        let due_at = at("2026-01-01T21:30:00Z") + TimeDelta::days(day);
        let late = jittered.starts_at(due_at) - due_at;
        assert!(late >= TimeDelta::zero() && late < bound, "{late}");
        assert_eq!(jittered.clone().starts_at(due_at) - due_at, late);
        seen.insert((late, other.starts_at(due_at) - due_at));
    }
    assert!(seen.len() > 300, "{} of 400 differ", seen.len());
    let due_at = at("2026-11-01T21:30:00Z");
    let starts = jittered.starts_at(due_at);
    let since = known("2026-11-01T00:00:00Z", None);
    assert_eq!(decided(&jittered, since, &(starts - TimeDelta::seconds(1)).to_rfc3339()), [""; 0]);
    assert_eq!(decided(&jittered, since, &starts.to_rfc3339()), ["run 02 04:30"]);
}

#[test]
fn a_job_is_known_by_its_name_and_its_schedule_by_what_decides() {
    for name in ["source:omspan", "dataset:omspan.detail_pnbp", "report:pnbp"] {
        assert_eq!(name.parse::<JobId>().unwrap().to_string(), name);
    }
    for wrong in ["omspan", "source:", "dataset:omspan", "view:x"] {
        assert!(wrong.parse::<JobId>().is_err(), "{wrong}");
    }
    let one = job("source:omspan", "0 30 4 * * *");
    let same = Job { retries: 9, jitter: TimeDelta::seconds(9), timeout: std::time::Duration::ZERO, ..one.clone() };
    assert_eq!(one.spec_sha256(), same.spec_sha256());
    for other in [
        Job { cron: "0 31 4 * * *".parse().unwrap(), ..one.clone() },
        Job { zone: chrono_tz::Asia::Makassar, ..one.clone() },
        Job { days: DayRule::WorkingDays, ..one.clone() },
        Job { misfire: Misfire::Skip, ..one.clone() },
    ] {
        assert_ne!(one.spec_sha256(), other.spec_sha256(), "{}", other.spec());
    }
}
