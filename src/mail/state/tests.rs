//! The moves: every state against every event, and long random lives.

use super::{Event, Next, Outcome, RetryPolicy, next};
use crate::warehouse::{DeliveryKind, DeliveryRecord, DeliveryStage, DeliveryState, MailAddress};
use chrono::{DateTime, TimeDelta, Utc};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const POLICY: RetryPolicy = RetryPolicy {
    backoff: TimeDelta::seconds(300),
    backoff_max: TimeDelta::seconds(14_400),
    give_up_after: TimeDelta::seconds(259_200),
};

const OUTCOMES: [Outcome; 4] = [Outcome::Accepted, Outcome::Refused, Outcome::NotTaken, Outcome::Unknown];

fn at() -> DateTime<Utc> {
    "2026-11-01T06:00:00Z".parse().unwrap()
}

fn record(state: DeliveryState, stage: Option<DeliveryStage>) -> DeliveryRecord {
    DeliveryRecord {
        seq: 1,
        kind: DeliveryKind::Edition,
        edition: "serapan-anggaran-2026-10-31".to_owned(),
        recipient: MailAddress::new("sekjen@contoh.go.id"),
        message_id: "<a@contoh.go.id>".to_owned(),
        file: "a.eml".to_owned(),
        sha256: String::new(),
        size_bytes: 1,
        state,
        stage,
        attempts: 1,
        retry_at: None,
        reply_code: None,
        reply: None,
        operator: "budi".to_owned(),
        resent_by: None,
        created_at: at(),
        due_since: at(),
        sent_at: None,
        finished_at: None,
    }
}

fn events() -> Vec<Event> {
    let mut events = vec![
        Event::Begin,
        Event::Dot,
        Event::Died,
        Event::Tick,
        Event::Arrived,
        Event::Again { ambiguous: false },
        Event::Again { ambiguous: true },
    ];
    for stage in DeliveryStage::ALL {
        events.push(Event::Unreached(stage));
        events.extend(OUTCOMES.map(|outcome| Event::Ended(outcome, stage)));
    }
    events
}

fn moved(record: &DeliveryRecord, next: Next) -> DeliveryRecord {
    let Next { state, stage, attempts, retry_at, due_since } = next;
    DeliveryRecord { state, stage, attempts, retry_at, due_since, ..record.clone() }
}

#[test]
fn every_state_moves_by_its_own_events_only() {
    use DeliveryState::{Accepted, Ambiguous, GivenUp, Pending, Refused, Retry, Sending};
    for state in DeliveryState::ALL {
        for event in events() {
            let to = next(&record(state, Some(DeliveryStage::Mail)), event, at(), &POLICY).map(|next| next.state);
            let expected = match (state, event) {
                (Pending | Retry, Event::Begin) | (Sending, Event::Dot) => Some(Sending),
                (Pending | Retry, Event::Unreached(_)) | (Sending, Event::Died) => Some(Retry),
                (Sending, Event::Ended(Outcome::Accepted, _)) | (Ambiguous, Event::Arrived) => Some(Accepted),
                (Sending, Event::Ended(Outcome::Refused, _)) => Some(Refused),
                (Sending, Event::Ended(Outcome::NotTaken, _)) => Some(Retry),
                (Sending, Event::Ended(Outcome::Unknown, _)) => Some(Ambiguous),
                (Refused | GivenUp | Retry, Event::Again { .. }) | (Ambiguous, Event::Again { ambiguous: true }) => {
                    Some(Pending)
                }
                _ => None,
            };
            assert_eq!(to, expected, "{state:?} {event:?}");
        }
    }
}

#[test]
fn what_died_before_the_dot_goes_again_at_once_and_after_it_is_in_doubt() {
    for stage in DeliveryStage::ALL {
        let after = next(&record(DeliveryState::Sending, Some(stage)), Event::Died, at(), &POLICY).unwrap();
        if stage == DeliveryStage::Dot {
            assert_eq!((after.state, after.retry_at), (DeliveryState::Ambiguous, None));
        } else {
            assert_eq!((after.state, after.retry_at), (DeliveryState::Retry, Some(at())), "{stage:?}");
        }
    }
}

#[test]
fn the_wait_doubles_up_to_its_limit_and_ends() {
    let waits: Vec<i64> = (1..=8).map(|attempts| POLICY.wait(attempts).num_seconds()).collect();
    assert_eq!(waits, [300, 600, 1_200, 2_400, 4_800, 9_600, 14_400, 14_400]);
    assert_eq!(POLICY.wait(u32::MAX), POLICY.backoff_max);
    let mut one = record(DeliveryState::Pending, None);
    one.attempts = 0;
    let (mut now, mut tries) = (at(), 0);
    while one.state != DeliveryState::GivenUp {
        one = moved(&one, next(&one, Event::Begin, now, &POLICY).unwrap());
        let ended = Event::Ended(Outcome::NotTaken, DeliveryStage::Rcpt);
        one = moved(&one, next(&one, ended, now, &POLICY).unwrap());
        assert_eq!(next(&one, Event::Begin, now, &POLICY), None, "before its time");
        now = one.retry_at.unwrap_or(now);
        tries += 1;
    }
    assert_eq!(tries, 23, "three days of tries");
    let again = next(&one, Event::Again { ambiguous: false }, now, &POLICY).unwrap();
    assert_eq!((again.state, again.due_since, again.attempts), (DeliveryState::Pending, now, 23));
    let late = at() + TimeDelta::days(4);
    let waiting = record(DeliveryState::Pending, None);
    assert_eq!(next(&waiting, Event::Tick, late, &POLICY).unwrap().state, DeliveryState::GivenUp);
    assert_eq!(next(&waiting, Event::Tick, at(), &POLICY), None);
}

/// Lives of a hundred random events: what a server may have is never sent again unless somebody means it.
#[test]
fn no_life_sends_twice_what_may_have_been_taken() {
    let mut dice = ChaCha8Rng::seed_from_u64(7);
    let events = events();
    let mut reached = std::collections::BTreeSet::new();
    for _ in 0..5_000 {
        let mut one = DeliveryRecord { attempts: 0, ..record(DeliveryState::Pending, None) };
        let (mut now, mut may_be_there, mut meant) = (at(), false, true);
        for _ in 0..100 {
            let event = events[dice.next_u32() as usize % events.len()];
            now += TimeDelta::seconds(i64::from(dice.next_u32() % 10_000));
            let Some(after) = next(&one, event, now, &POLICY) else { continue };
            if event == Event::Begin {
                assert!(!may_be_there || meant, "{one:?} {event:?}");
                (may_be_there, meant) = (false, true);
            }
            // The server may have the message once its dot went out, until its reply says otherwise.
            match event {
                Event::Dot | Event::Ended(Outcome::Accepted | Outcome::Unknown, _) => {
                    (may_be_there, meant) = (true, false);
                }
                Event::Ended(Outcome::Refused | Outcome::NotTaken, _) => may_be_there = false,
                Event::Again { ambiguous: true } => meant = true,
                _ => {}
            }
            assert_eq!(after.retry_at.is_some(), after.state == DeliveryState::Retry);
            assert!(after.retry_at.is_none_or(|at| at >= now && at <= now + POLICY.backoff_max));
            assert!(one.state != DeliveryState::Accepted);
            one = moved(&one, after);
            reached.insert(one.state);
        }
    }
    assert_eq!(reached.len(), DeliveryState::ALL.len(), "{reached:?}");
}
