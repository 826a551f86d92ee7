//! How fast records are sent: a source that is written to is not hurried.

use std::time::Duration;

use tokio::time::Instant;

use super::Stop;

/// Lets one record pass after the other.
pub(super) struct Pace {
    every: Duration,
    next: Option<Instant>,
}

impl Pace {
    /// At most `rate` records a second, at least one.
    pub(super) fn new(rate: u32) -> Self {
        Self { every: Duration::from_secs(1) / rate.max(1), next: None }
    }

    /// Waits for the next record's turn; `false` where somebody said stop meanwhile.
    pub(super) async fn turn(&mut self, stop: &Stop) -> bool {
        let wait = self.wait(Instant::now());
        if !wait.is_zero() {
            stop.sleep(wait).await;
        }
        !stop.is_asked()
    }

    /// How long the next record waits that is ready at `now`.
    fn wait(&mut self, now: Instant) -> Duration {
        let at = self.next.unwrap_or(now).max(now);
        self.next = Some(at + self.every);
        at - now
    }
}

#[cfg(test)]
mod tests {
    use super::{Pace, Stop};
    use std::time::Duration;
    use tokio::time::Instant;

    #[tokio::test]
    async fn records_keep_their_distance_and_a_stop_is_heard_at_once() {
        let (mut pace, now) = (Pace::new(5), Instant::now());
        let waits: Vec<u128> = (0..4).map(|_| pace.wait(now).as_millis()).collect();
        assert_eq!(waits, [0, 200, 400, 600]);
        assert_eq!(pace.wait(now + Duration::from_secs(9)), Duration::ZERO, "no hurry to catch up");
        assert_eq!(pace.wait(now + Duration::from_secs(9)), Duration::from_millis(200));
        let (stopper, stop) = Stop::channel();
        stopper.stop();
        let mut slow = Pace::new(1);
        slow.next = Some(now + Duration::from_secs(3_600));
        assert!(!slow.turn(&stop).await);
    }
}
