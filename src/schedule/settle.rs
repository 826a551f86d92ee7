//! How an attempt leaves its occurrence: a pure function of the job, what the ledger says and how the attempt ended.

use chrono::{DateTime, TimeDelta, Utc};

use super::plan::Job;
use crate::warehouse::{OccurrenceRecord, OccurrenceState};

/// Wait before somebody who was busy is asked again.
const BUSY: TimeDelta = TimeDelta::minutes(1);

/// Longest reason that is kept, in characters.
const REASON_CHARS_MAX: usize = 1_000;

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// How.
    pub outcome: Outcome,
    /// Whether something was committed, also where the whole did not succeed.
    pub changed: bool,
    /// The run it is known by in the ledger, of several the last.
    pub run: Option<String>,
}

impl Ended {
    /// An end that changed nothing.
    #[must_use]
    pub fn plain(outcome: Outcome) -> Self {
        Self { outcome, changed: false, run: None }
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All is well; a word on it.
    Done(Option<String>),
    /// Refused by a gate or a rule: the operator has to look.
    Held(String),
    /// It failed, and may succeed later.
    Failed(String),
    /// Somebody else is at the same thing: that is no attempt.
    Busy(String),
    /// What it waits for is not there yet: that is no attempt, either.
    Wait {
        /// It is made at the latest.
        until: DateTime<Utc>,
        /// What is missing.
        why: String,
    },
    /// It was broken off because the program ends.
    Stopped,
}

/// How an occurrence stands after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Its state.
    pub state: OccurrenceState,
    /// Attempts that count.
    pub attempt: u32,
    /// Not before then; of a state that is not final.
    pub next_at: Option<DateTime<Utc>>,
    /// Why.
    pub reason: Option<String>,
}

/// How `record`, whose attempt number `record.attempt` ended with `outcome` at `now`, stands from then on.
#[must_use]
pub fn settle(job: &Job, record: &OccurrenceRecord, outcome: &Outcome, now: DateTime<Utc>) -> Settled {
    let not_counted = record.attempt.saturating_sub(1);
    let ended = |state, reason: Option<&str>| Settled {
        state,
        attempt: record.attempt,
        next_at: None,
        reason: reason.map(shortened),
    };
    let open = |state, attempt, next_at, reason: &str| Settled {
        state,
        attempt,
        next_at: Some(next_at),
        reason: Some(shortened(reason)),
    };
    match outcome {
        Outcome::Done(note) => ended(OccurrenceState::Done, note.as_deref()),
        Outcome::Held(reason) => ended(OccurrenceState::Held, Some(reason)),
        Outcome::Failed(reason) if record.attempt <= job.retries => {
            open(OccurrenceState::Retry, record.attempt, now + job.wait_after(record.attempt), reason)
        }
        Outcome::Failed(reason) => ended(OccurrenceState::Failed, Some(reason)),
        Outcome::Busy(reason) if waited_enough(job, record, now) => {
            ended(OccurrenceState::Failed, Some(&format!("others did not end: {reason}")))
        }
        Outcome::Busy(reason) => open(OccurrenceState::Retry, not_counted, now + BUSY, reason),
        Outcome::Wait { until, why } => open(OccurrenceState::Waiting, not_counted, *until, why),
        Outcome::Stopped => open(OccurrenceState::Retry, not_counted, now, "broken off: the daemon was stopped"),
    }
}

/// Whether others have kept the occurrence waiting for as long as an attempt may take.
fn waited_enough(job: &Job, record: &OccurrenceRecord, now: DateTime<Utc>) -> bool {
    let limit = TimeDelta::from_std(job.timeout).unwrap_or(TimeDelta::MAX);
    record.started_at.is_some_and(|began| now - began > limit)
}

fn shortened(reason: &str) -> String {
    match reason.char_indices().nth(REASON_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &reason[..end]),
        None => reason.to_owned(),
    }
}
