//! How fast a source is asked.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

/// The least time between an answer and the next request; clones of a client keep it together.
#[derive(Debug, Clone, Default)]
pub(super) struct Pace {
    pause: Duration,
    /// When the last answer began, or failed to.
    last: Arc<Mutex<Option<Instant>>>,
}

impl Pace {
    /// A pace with this pause.
    pub(super) fn of(pause: Duration) -> Self {
        Self { pause, ..Self::default() }
    }

    /// Waits until the next request may leave. Nothing is held where there is no pause.
    pub(super) async fn keep(&self) {
        if self.pause.is_zero() {
            return;
        }
        if let Some(last) = *self.last.lock().await {
            tokio::time::sleep_until(last + self.pause).await;
        }
    }

    /// Says that an answer began, or failed to.
    pub(super) async fn note(&self) {
        if !self.pause.is_zero() {
            *self.last.lock().await = Some(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;
    use std::time::Duration;

    #[tokio::test]
    async fn a_paced_client_leaves_the_source_alone_in_between() {
        let pace = Pace::of(Duration::from_millis(5));
        let began = tokio::time::Instant::now();
        for _ in 0..3 {
            pace.keep().await;
            pace.note().await;
        }
        assert!(began.elapsed() >= pace.pause * 2);
    }
}
