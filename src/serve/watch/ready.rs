//! Whether the daemon can do its work: one check a thing it needs.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{Beat, WatchParts};

/// Longest that the ledger may keep a writer waiting.
const LEDGER_WAIT: Duration = Duration::from_secs(1);

/// A scheduler that did not look for so long hangs: it looks every minute, and after everything that ended.
const SILENCE_MAX: TimeDelta = TimeDelta::minutes(5);

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Check {
    name: &'static str,
    problem: Option<String>,
    /// Fine, but somebody may want to know.
    note: Option<String>,
}

impl Check {
    pub(super) fn good(name: &'static str, note: Option<String>) -> Self {
        Self { name, problem: None, note }
    }

    pub(super) fn failed(name: &'static str, problem: String) -> Self {
        Self { name, problem: Some(problem), note: None }
    }

    fn of(name: &'static str, result: Result<Option<String>, String>) -> Self {
        match result {
            Ok(note) => Self::good(name, note),
            Err(problem) => Self::failed(name, problem),
        }
    }

    pub(super) fn is_good(&self) -> bool {
        self.problem.is_none()
    }
}

/// Every check but whether the daemon was told to end.
pub(super) fn checks(parts: &WatchParts, now: DateTime<Utc>) -> Vec<Check> {
    let ledger = parts.warehouse.ledger_answers(LEDGER_WAIT).and_then(|()| parts.warehouse.runs_ended());
    let mut checks = vec![
        Check::of("ledger", ledger.map(|_| None).map_err(|error| error.to_string())),
        Check::of("disk", disk(parts)),
    ];
    if let Some(pulse) = &parts.pulse {
        checks.push(Check::of("schedule", schedule(&pulse.last(), now)));
    }
    if let Some((_, writer)) = &parts.inbox {
        let alive = if writer.is_alive() { Ok(None) } else { Err("its writer has ended".to_owned()) };
        checks.push(Check::of("inbox", alive));
    }
    checks
}

fn disk(parts: &WatchParts) -> Result<Option<String>, String> {
    let space = parts.warehouse.space().map_err(|error| error.to_string())?;
    if space.free >= parts.disk_free_min {
        return Ok(None);
    }
    let mib = |bytes: u64| bytes >> 20;
    Err(format!(
        "{} MiB are free, less than {} (warehouse.disk_free_min_mb)",
        mib(space.free),
        mib(parts.disk_free_min)
    ))
}

fn schedule(beat: &Beat, now: DateTime<Utc>) -> Result<Option<String>, String> {
    let Some(at) = beat.at else { return Err("it has not looked yet".to_owned()) };
    if now - at > SILENCE_MAX {
        return Err(format!("it has not looked since {}", at.format("%Y-%m-%dT%H:%M:%SZ")));
    }
    match (&beat.error, beat.in_charge, &beat.elsewhere) {
        (Some(error), ..) => Err(error.clone()),
        (None, true, _) => Ok(None),
        (None, false, Some(by)) => Ok(Some(format!("what is due is run by {by}"))),
        (None, false, None) => Err("nobody runs what is due".to_owned()),
    }
}

/// A line for each check that failed, or `ready` and what somebody may want to know; whoever may not know reads names only.
pub(super) fn as_text(checks: &[Check], may_know: bool) -> String {
    let mut text = String::new();
    if checks.iter().all(Check::is_good) {
        text.push_str("ready\n");
    }
    for check in checks {
        match (&check.problem, &check.note) {
            (Some(problem), _) if may_know => text.push_str(&format!("{}: {}\n", check.name, in_one_line(problem))),
            (Some(_), _) => text.push_str(&format!("{}: not ready\n", check.name)),
            (None, Some(note)) if may_know => text.push_str(&format!("{}: {}\n", check.name, in_one_line(note))),
            (None, _) => {}
        }
    }
    text
}

/// The same for programs.
pub(super) fn as_json(checks: &[Check], may_know: bool) -> String {
    let one = |check: &Check| {
        let (problem, note) = (check.problem.as_ref().filter(|_| may_know), check.note.as_ref().filter(|_| may_know));
        json!({ "name": check.name, "ok": check.is_good(), "problem": problem, "note": note })
    };
    let all: Vec<_> = checks.iter().map(one).collect();
    format!("{}\n", json!({ "ready": checks.iter().all(Check::is_good), "checks": all }))
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Check, as_json, as_text, schedule};
    use crate::serve::watch::Beat;
    use chrono::{DateTime, TimeDelta, Utc};

    #[test]
    fn a_scheduler_is_well_while_it_looks_and_it_or_another_one_is_in_charge() {
        let now: DateTime<Utc> = "2026-11-01T06:00:00Z".parse().unwrap();
        let looked = Beat { at: Some(now), in_charge: true, ..Beat::default() };
        assert_eq!(schedule(&looked, now + TimeDelta::minutes(5)), Ok(None));
        let silent = schedule(&looked, now + TimeDelta::seconds(301)).unwrap_err();
        assert_eq!(silent, "it has not looked since 2026-11-01T06:00:00Z");
        assert!(schedule(&Beat::default(), now).unwrap_err().contains("not looked yet"));
        let other = Beat { in_charge: false, elsewhere: Some("a process on b".to_owned()), ..looked.clone() };
        assert_eq!(schedule(&other, now).unwrap().as_deref(), Some("what is due is run by a process on b"));
        let nobody = Beat { elsewhere: None, ..other };
        assert_eq!(schedule(&nobody, now).unwrap_err(), "nobody runs what is due");
        let broken = Beat { error: Some("cannot write".to_owned()), ..looked };
        assert_eq!(schedule(&broken, now).unwrap_err(), "cannot write");
    }

    #[test]
    fn strangers_read_names_and_no_reasons() {
        let checks = [
            Check::good("disk", Some("much".to_owned())),
            Check::failed("ledger", "cannot lock\n/a/path".to_owned()),
        ];
        assert_eq!(as_text(&checks, true), "disk: much\nledger: cannot lock /a/path\n");
        assert_eq!(as_text(&checks, false), "ledger: not ready\n");
        assert_eq!(as_text(&checks[..1], false), "ready\n");
        for (may_know, path) in [(true, true), (false, false)] {
            let json = as_json(&checks, may_know);
            assert!(json.starts_with("{\"ready\":false") && json.contains("/a/path") == path, "{json}");
        }
    }
}
