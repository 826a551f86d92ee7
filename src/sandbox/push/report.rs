//! What became of the pushes: one record each, and totals.

use super::Push;
use super::send::Answered;
use crate::sandbox::received::sha256;
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Records kept; of more pushes the latest.
const RECORDS_MAX: usize = 200_000;

/// What became of one push. It holds no personal value: the body is a hash.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PushRecord {
    /// The method: `receiveNIB`.
    pub kind: &'static str,
    /// What it is known by.
    pub key: Vec<String>,
    /// SHA-256 of the body, in hexadecimal.
    pub body_sha256: String,
    /// Whether it is a later state of a NIB sent before.
    pub changed: bool,
    /// Whether the inbox said that it has it: HTTP 200 with status `1` or `success`, at least once.
    pub acknowledged: bool,
    /// Times it was sent on purpose: 1 or 2.
    pub sent: usize,
    /// Tries in all, over every time it was sent.
    pub attempts: u32,
    /// HTTP status of the last answer; none = nobody answered.
    pub status: Option<u16>,
    /// How long the answer took that acknowledged it (else the last), in microseconds.
    pub latency_us: u64,
}

/// Totals of one method.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct KindTotals {
    /// Pushes.
    pub pushes: u64,
    /// Those acknowledged.
    pub acknowledged: u64,
}

/// Totals of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PushTotals {
    /// Pushes made.
    pub pushes: u64,
    /// Those the inbox says it has.
    pub acknowledged: u64,
    /// Those answered otherwise.
    pub refused: u64,
    /// Those nobody answered.
    pub unanswered: u64,
    /// Those sent twice on purpose.
    pub sent_twice: u64,
    /// Those sent twice, acknowledged twice, and in other words the second time.
    pub answered_differently: u64,
    /// Tries in all.
    pub attempts: u64,
    /// How long it took.
    pub seconds: f64,
    /// Acknowledged pushes a second.
    pub acknowledged_per_second: f64,
    /// Half of the acknowledgements came within so many milliseconds.
    pub p50_ms: f64,
    /// 99 of 100 acknowledgements came within so many milliseconds.
    pub p99_ms: f64,
    /// By method.
    pub kinds: BTreeMap<&'static str, KindTotals>,
}

/// What became of all pushes of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PushReport {
    /// One a push, in the order of the answers; of more than 200,000 the latest.
    pub pushes: Vec<PushRecord>,
    /// Over all.
    pub totals: PushTotals,
}

/// Collects.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    records: VecDeque<PushRecord>,
    totals: PushTotals,
}

impl Recorder {
    /// Notes what became of a push that was sent once or more.
    pub(super) fn add(&mut self, push: &Push, answers: &[Answered]) {
        let mut taken = answers.iter().filter(|answered| answered.is_acknowledged());
        let first = taken.next();
        let acknowledged = first.is_some();
        let differs = first.is_some_and(|first| taken.any(|other| other.body != first.body));
        let Some(told) = first.or(answers.last()) else { return };
        let attempts = answers.iter().map(|answered| answered.attempts).sum();
        let totals = &mut self.totals;
        totals.pushes += 1;
        totals.acknowledged += u64::from(acknowledged);
        totals.refused += u64::from(!acknowledged && told.status.is_some());
        totals.unanswered += u64::from(!acknowledged && told.status.is_none());
        totals.sent_twice += u64::from(answers.len() > 1);
        totals.answered_differently += u64::from(differs);
        totals.attempts += u64::from(attempts);
        let kind = totals.kinds.entry(push.kind.method()).or_default();
        kind.pushes += 1;
        kind.acknowledged += u64::from(acknowledged);
        if self.records.len() == RECORDS_MAX {
            self.records.pop_front();
        }
        self.records.push_back(PushRecord {
            kind: push.kind.method(),
            key: push.key.clone(),
            body_sha256: sha256(&push.body),
            changed: push.changed,
            acknowledged,
            sent: answers.len(),
            attempts,
            status: told.status,
            latency_us: u64::try_from(told.latency.as_micros()).unwrap_or(u64::MAX),
        });
    }

    pub(super) fn report(self, took: Duration) -> PushReport {
        let mut totals = self.totals;
        let taken = self.records.iter().filter(|record| record.acknowledged);
        let mut latencies: Vec<u64> = taken.map(|record| record.latency_us).collect();
        latencies.sort_unstable();
        totals.seconds = took.as_secs_f64();
        totals.acknowledged_per_second = totals.acknowledged as f64 / totals.seconds.max(f64::MIN_POSITIVE);
        totals.p50_ms = percentile_ms(&latencies, 50);
        totals.p99_ms = percentile_ms(&latencies, 99);
        PushReport { pushes: self.records.into(), totals }
    }
}

/// The latency that `percent` of the sorted ones do not exceed, in milliseconds; 0 where there is none.
fn percentile_ms(sorted: &[u64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).map_or(0.0, |micros| *micros as f64 / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::percentile_ms;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let micros: Vec<u64> = (1..=200).map(|n| n * 1_000).collect();
        assert_eq!((percentile_ms(&micros, 50), percentile_ms(&micros, 99)), (100.0, 198.0));
        assert_eq!((percentile_ms(&micros[..1], 50), percentile_ms(&micros[..1], 99)), (1.0, 1.0));
        assert_eq!(percentile_ms(&[], 99), 0.0);
    }
}
