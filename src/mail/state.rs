//! How a delivery moves: a pure function from how it stands and what happened to how it stands then.
//!
//! ```text
//! pending ──begin──► sending ──┬─ accepted
//!    ▲                  │      ├─ refused
//!    │                  │      ├─ ambiguous
//!    │                  ▼      ▼
//!    └──── again ──── retry ─► given_up        (ambiguous ── arrived ──► accepted)
//! ```
//!
//! **Invariants**
//! - Nothing leaves `accepted`.
//! - Nothing leaves `ambiguous` unless the operator says so, and means the ambiguous ones.
//! - What ended, or died, before the final dot may go again; after it, only a reply of the server says how it went.

use crate::warehouse::{DeliveryRecord, DeliveryStage, DeliveryState};
use chrono::{DateTime, TimeDelta, Utc};

/// When what was not taken goes again, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// The wait after the first attempt; it doubles from attempt to attempt.
    pub backoff: TimeDelta,
    /// The longest wait.
    pub backoff_max: TimeDelta,
    /// A delivery that was not taken for so long is given up.
    pub give_up_after: TimeDelta,
}

impl RetryPolicy {
    /// The wait after so many attempts.
    #[must_use]
    pub fn wait(&self, attempts: u32) -> TimeDelta {
        let doublings = attempts.saturating_sub(1).min(30);
        let wait = self.backoff.checked_mul(1_i32 << doublings).unwrap_or(self.backoff_max);
        wait.min(self.backoff_max)
    }
}

/// What a server did with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It took it.
    Accepted,
    /// It refused it for good.
    Refused,
    /// It certainly did not take it, and may another time.
    NotTaken,
    /// Nobody knows.
    Unknown,
}

/// Something that happens to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A sender takes it up.
    Begin,
    /// The message is out but for its final dot, which follows.
    Dot,
    /// The attempt ended at this stage.
    Ended(Outcome, DeliveryStage),
    /// The process that had it in hand is dead.
    Died,
    /// No server took anybody in, up to this stage.
    Unreached(DeliveryStage),
    /// Time has passed.
    Tick,
    /// The operator found it at the receiver's.
    Arrived,
    /// The operator says again; `ambiguous`: knowing that it may have arrived.
    Again {
        /// Whether deliveries in doubt are meant, too.
        ambiguous: bool,
    },
}

/// How a delivery stands after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// Its state.
    pub state: DeliveryState,
    /// The stage entered last.
    pub stage: Option<DeliveryStage>,
    /// Attempts begun.
    pub attempts: u32,
    /// Not before then.
    pub retry_at: Option<DateTime<Utc>>,
    /// Since when its time runs.
    pub due_since: DateTime<Utc>,
}

/// Where `record` goes when `event` happens at `now`; `None` where the event does not move it.
#[must_use]
pub fn next(record: &DeliveryRecord, event: Event, now: DateTime<Utc>, policy: &RetryPolicy) -> Option<Next> {
    use DeliveryState::{Accepted, Ambiguous, GivenUp, Pending, Refused, Retry, Sending};
    let stays = Next {
        state: record.state,
        stage: record.stage,
        attempts: record.attempts,
        retry_at: None,
        due_since: record.due_since,
    };
    let to = |state, stage| Some(Next { state, stage, ..stays });
    // What was not taken goes again, unless its time is over by then.
    let later = |wait: TimeDelta, stage| {
        let at = now + wait;
        let state = if at > record.due_since + policy.give_up_after { GivenUp } else { Retry };
        Some(Next { state, stage, retry_at: (state == Retry).then_some(at), ..stays })
    };
    match (record.state, event) {
        (Pending | Retry, Event::Begin) if record.is_due(now) => {
            Some(Next { state: Sending, stage: Some(DeliveryStage::Mail), attempts: record.attempts + 1, ..stays })
        }
        (Sending, Event::Dot) => to(Sending, Some(DeliveryStage::Dot)),
        (Sending, Event::Ended(outcome, stage)) => match outcome {
            Outcome::Accepted => to(Accepted, Some(stage)),
            Outcome::Refused => to(Refused, Some(stage)),
            Outcome::Unknown => to(Ambiguous, Some(stage)),
            Outcome::NotTaken => later(policy.wait(record.attempts), Some(stage)),
        },
        (Sending, Event::Died) if record.stage >= Some(DeliveryStage::Dot) => to(Ambiguous, record.stage),
        (Sending, Event::Died) => later(TimeDelta::zero(), record.stage),
        (Pending | Retry, Event::Unreached(stage)) => later(policy.backoff, Some(stage)),
        (Pending | Retry, Event::Tick) if now > record.due_since + policy.give_up_after => to(GivenUp, record.stage),
        (Refused | GivenUp | Retry, Event::Again { .. }) | (Ambiguous, Event::Again { ambiguous: true }) => {
            Some(Next { state: Pending, due_since: now, ..stays })
        }
        (Ambiguous, Event::Arrived) => to(Accepted, record.stage),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
