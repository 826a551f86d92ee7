//! Saying stop: the record at hand is finished, nothing more is begun.

use std::time::Duration;

use tokio::sync::watch;

/// Whoever may say stop.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// Whether somebody said stop.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// A pair of the two.
    #[must_use]
    pub fn channel() -> (Stopper, Self) {
        let (sender, receiver) = watch::channel(false);
        (Stopper(sender), Self(receiver))
    }

    /// Whether somebody said stop.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Sleeps so long, or until somebody says stop.
    pub(crate) async fn sleep(&self, duration: Duration) {
        let mut stop = self.0.clone();
        let asked = async {
            if stop.wait_for(|asked| *asked).await.is_err() {
                // Nobody is left who could say it.
                std::future::pending::<()>().await;
            }
        };
        // Whether it was the time or the stop is asked for afterwards.
        let _ = tokio::time::timeout(duration, asked).await;
    }
}

impl Stopper {
    /// Says stop.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}
