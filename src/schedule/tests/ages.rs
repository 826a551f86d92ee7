//! How old data may be, and when it is too old.

use super::at;
use crate::config::{WatchSettings, deployment};
use crate::schedule::age::{AgeLimits, AgeRule, ages};
use crate::warehouse::{DatasetId, Freshness, RunId, RunRecord, RunStatus};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;

fn settings(more: &str) -> WatchSettings {
    deployment::parse("lumbung.toml", &format!("[watch]\n{more}"), &[]).unwrap().watch
}

fn limits(more: &str) -> AgeLimits {
    let rules = [
        AgeRule { report: "pnbp", dataset: "omspan.dipa", days: 14 },
        AgeRule { report: "serapan", dataset: "omspan.dipa", days: 7 },
        AgeRule { report: "lain", dataset: "omspan.dipa", days: 30 },
    ];
    let loaded: BTreeSet<String> = ["omspan.dipa", "omspan.ikpa"].map(str::to_owned).into();
    AgeLimits::new(&rules, &loaded, &settings(more))
}

#[test]
fn the_strictest_report_counts_then_the_common_limit_and_an_own_one_before_both() {
    let said = |limits: &AgeLimits| -> Vec<String> {
        limits.iter().map(|(name, limit)| format!("{name} {} {}", limit.age.num_hours(), limit.from)).collect()
    };
    assert_eq!(said(&limits("")), ["omspan.dipa 192 report serapan", "omspan.ikpa 72 watch.age_hours"]);
    let own = limits("age_hours = 30\ndatasets = { \"omspan.dipa\" = 0, \"simda.rka\" = 240 }");
    assert_eq!(said(&own), ["omspan.ikpa 30 watch.age_hours", "simda.rka 240 watch.datasets"]);
}

fn run(status: RunStatus, started_at: DateTime<Utc>) -> RunRecord {
    RunRecord {
        run: RunId::new(started_at),
        dataset: DatasetId::new("omspan", "dipa").unwrap(),
        tahun_anggaran: None,
        contract_version: 1,
        status,
        reason: (status == RunStatus::Failed).then(|| "answered HTTP 500".to_owned()),
        started_at,
        finished_at: Some(started_at),
        pages: 0,
        bytes: 0,
        rows: 0,
        quarantined: 0,
        key_id: None,
        accepted: None,
        replay_of: None,
        parameters: None,
    }
}

/// A dataset of which a load was good at `good`, and the last one ended as `last` says.
fn fresh(year: Option<u16>, good: Option<&str>, last: (RunStatus, &str)) -> Freshness {
    let attempt = run(last.0, at(last.1));
    let stale = matches!(last.0, RunStatus::Failed | RunStatus::Held);
    Freshness {
        dataset: DatasetId::new("omspan", "dipa").unwrap(),
        tahun_anggaran: year,
        committed: good.map(|good| run(RunStatus::Committed, at(good))),
        good_at: good.map(at),
        refused: stale.then(|| attempt.clone()),
        attempt,
        stale,
    }
}

#[test]
fn a_dataset_is_late_after_its_limit_and_says_why() {
    let limits = limits("");
    let good = "2026-11-01T00:00:00Z";
    let limit = at(good) + TimeDelta::days(8);
    for (last, now, word, wrong) in [
        ((RunStatus::Committed, good), limit, "fresh", None),
        (
            (RunStatus::Committed, good),
            limit + TimeDelta::seconds(1),
            "stale",
            Some("192 hours old; its limit is 192 (report serapan)"),
        ),
        (
            (RunStatus::Failed, "2026-11-02T00:00:00Z"),
            limit,
            "stale",
            Some("its last load failed: answered HTTP 500"),
        ),
    ] {
        let all = [fresh(None, Some(good), last)];
        let ages = ages(&all, &[], &limits, now);
        assert_eq!((ages[0].word(), ages[0].wrong().as_deref()), (word, wrong), "{now}");
    }
    let never = [fresh(None, None, (RunStatus::Failed, good))];
    let ages = ages(&never, &[], &limits, at(good));
    assert!(ages[0].is_late() && ages[0].word() == "never loaded");
    assert!(ages[0].wrong().unwrap().contains("no load was ever good"));
}

#[test]
fn a_year_that_is_not_loaded_any_more_grows_old_in_peace() {
    let limits = limits("");
    let old = fresh(Some(2025), Some("2025-12-30T00:00:00Z"), (RunStatus::Failed, "2025-12-31T00:00:00Z"));
    let new = fresh(Some(2026), Some("2026-11-01T00:00:00Z"), (RunStatus::Committed, "2026-11-01T00:00:00Z"));
    let all = [old, new];
    let ages = ages(&all, &[], &limits, at("2026-11-02T00:00:00Z"));
    assert_eq!((ages[0].is_current, ages[0].limit.is_some(), ages[0].wrong()), (false, false, None));
    assert_eq!((ages[1].is_current, ages[1].word(), ages[1].wrong()), (true, "fresh", None));
    // It still shows how it stands.
    assert_eq!(ages[0].word(), "stale");
}
