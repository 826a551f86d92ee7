//! How an attempt leaves its occurrence.

use super::{at, job};
use crate::schedule::Outcome;
use crate::schedule::settle::settle;
use crate::warehouse::{OccurrenceRecord, OccurrenceState};
use chrono::TimeDelta;

fn record(attempt: u32) -> OccurrenceRecord {
    OccurrenceRecord {
        job: "source:omspan".to_owned(),
        due_at: at("2026-11-01T21:30:00Z"),
        state: OccurrenceState::Running,
        attempt,
        started_at: Some(at("2026-11-01T21:30:00Z")),
        next_at: None,
        finished_at: None,
        reason: None,
        run: None,
    }
}

/// State, attempts that count and minutes until the next look, 10 minutes after the occurrence was taken up.
fn after(attempt: u32, outcome: &Outcome) -> (&'static str, u32, Option<i64>) {
    let now = at("2026-11-01T21:40:00Z");
    let settled = settle(&job("source:omspan", "0 30 4 * * *"), &record(attempt), outcome, now);
    (settled.state.word(), settled.attempt, settled.next_at.map(|next| (next - now).num_minutes()))
}

#[test]
fn a_failure_is_tried_again_with_growing_waits_and_then_it_is_final() {
    let failed = Outcome::Failed("down".to_owned());
    assert_eq!(after(1, &failed), ("retry", 1, Some(1)));
    assert_eq!(after(2, &failed), ("retry", 2, Some(2)));
    assert_eq!(after(3, &failed), ("failed", 3, None));
    let patient = job("source:omspan", "0 30 4 * * *");
    let waits: Vec<i64> = (1..=12).map(|attempt| patient.wait_after(attempt).num_minutes()).collect();
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]);
    assert_eq!(patient.wait_after(u32::MAX), TimeDelta::hours(6));
}

#[test]
fn what_is_no_attempt_does_not_count() {
    let until = at("2026-11-01T22:40:00Z");
    assert_eq!(after(1, &Outcome::Wait { until, why: "late".to_owned() }), ("waiting", 0, Some(60)));
    assert_eq!(after(2, &Outcome::Busy("a hand".to_owned())), ("retry", 1, Some(1)));
    assert_eq!(after(2, &Outcome::Stopped), ("retry", 1, Some(0)));
    // Others may not keep it waiting for ever: an attempt may take an hour.
    let busy = Outcome::Busy("a hand".to_owned());
    let settled = settle(&job("source:omspan", "0 30 4 * * *"), &record(1), &busy, at("2026-11-01T22:30:01Z"));
    assert_eq!((settled.state, settled.next_at), (OccurrenceState::Failed, None));
    assert_eq!(settled.reason.as_deref(), Some("others did not end: a hand"));
}

#[test]
fn ends_are_final_and_say_why_in_bounds() {
    assert_eq!(after(1, &Outcome::Done(None)), ("done", 1, None));
    assert_eq!(after(1, &Outcome::Held("shrunk".to_owned())), ("held", 1, None));
    let long = Outcome::Held("é".repeat(5_000));
    let settled = settle(&job("source:omspan", "0 30 4 * * *"), &record(1), &long, at("2026-11-01T22:00:00Z"));
    assert_eq!(settled.reason.unwrap().chars().count(), 1_001);
}
