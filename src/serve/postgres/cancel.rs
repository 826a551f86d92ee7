//! Requests to cancel: they come by a connection of their own, with the number and the secret of the one that is meant.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::login::random_text;

/// Every session that can be asked to stop what it does.
#[derive(Debug, Default)]
pub(super) struct Cancels {
    last: AtomicI32,
    sessions: Mutex<HashMap<i32, (i32, watch::Sender<()>)>>,
}

/// One session's entry; it goes when this is dropped.
#[derive(Debug)]
pub(super) struct Cancelled {
    all: Arc<Cancels>,
    /// The number of the session.
    pub(super) process: i32,
    /// What its client alone is told.
    pub(super) secret: i32,
    heard: watch::Receiver<()>,
}

impl Cancels {
    /// Enters a session.
    pub(super) fn enter(self: &Arc<Self>) -> Cancelled {
        let process = self.last.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let digest = Sha256::digest(random_text().as_bytes());
        let secret = i32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
        let (order, heard) = watch::channel(());
        self.sessions().insert(process, (secret, order));
        Cancelled { all: Arc::clone(self), process, secret, heard }
    }

    /// Stops what the session `process` does now, if `secret` is its own.
    pub(super) fn cancel(&self, process: i32, secret: i32) {
        if let Some((known, order)) = self.sessions().get(&process)
            && *known == secret
        {
            order.send_replace(());
        }
    }

    fn sessions(&self) -> std::sync::MutexGuard<'_, HashMap<i32, (i32, watch::Sender<()>)>> {
        // Whoever panicked left a map behind that is whole.
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cancelled {
    /// What came before does not count any more: a statement begins.
    pub(super) fn begin(&mut self) {
        self.heard.mark_unchanged();
    }

    /// Returns when the statement is to stop.
    pub(super) async fn asked(&mut self) {
        if self.heard.changed().await.is_err() {
            // Nobody can ask any more.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Cancelled {
    fn drop(&mut self) {
        self.all.sessions().remove(&self.process);
    }
}

#[cfg(test)]
mod tests {
    use super::Cancels;
    use futures::FutureExt;
    use std::sync::Arc;

    #[test]
    fn only_who_knows_the_secret_stops_what_runs_now() {
        let cancels = Arc::new(Cancels::default());
        let mut session = cancels.enter();
        cancels.cancel(session.process, session.secret);
        session.begin();
        assert!(session.asked().now_or_never().is_none(), "what came before the statement does not count");
        cancels.cancel(session.process, session.secret ^ 1);
        assert!(session.asked().now_or_never().is_none());
        cancels.cancel(session.process, session.secret);
        assert!(session.asked().now_or_never().is_some());
        let process = session.process;
        drop(session);
        assert!(!cancels.sessions().contains_key(&process));
    }
}
