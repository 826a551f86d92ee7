//! The sandbox as the caller: what OSS and a PaDi buyer send to an inbox, over real HTTP, as often and as badly as they
//! do. `kind` says what can be sent, `sequence` in which order and with which bodies, `send` is one push with its
//! repetitions, `report` what became of all of them.

mod kind;
mod options;
mod report;
mod send;
mod sequence;
#[cfg(test)]
mod tests;

pub use kind::PushKind;
pub use options::{Extent, OssUser, PushCredentials, PushError, PushOptions};
pub use report::{KindTotals, PushRecord, PushReport, PushTotals};
pub use sequence::{Push, Pushes};

use crate::sandbox::world::Dice;
use report::Recorder;
use send::{Answered, Sender};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Sends pushes to an inbox. Cheap to clone: all clones are one pusher.
#[derive(Clone)]
pub struct Pusher(Arc<Inner>);

struct Inner {
    pushes: Pushes,
    options: PushOptions,
    sender: Sender,
    /// Number of the next push.
    next: AtomicU64,
    acknowledged: AtomicU64,
    stopping: AtomicBool,
    recorder: Mutex<Recorder>,
}

impl std::fmt::Debug for Pusher {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Pusher({})", self.0.options.url)
    }
}

/// How often a push is sent on purpose, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Times {
    Once,
    /// Again when the answer is there.
    TwiceInTurn,
    /// Twice at the same moment.
    TwiceAtOnce,
}

impl Pusher {
    /// A pusher of `pushes`.
    ///
    /// # Errors
    /// [`PushError`]: an address that is none, a credential that a kind needs and is not given, certificates that
    /// cannot be used.
    pub fn new(pushes: Pushes, options: PushOptions) -> Result<Self, PushError> {
        let sender = Sender::new(&options, pushes.kinds())?;
        Ok(Self(Arc::new(Inner {
            pushes,
            options,
            sender,
            next: AtomicU64::new(0),
            acknowledged: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            recorder: Mutex::default(),
        })))
    }

    /// Pushes acknowledged so far.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        self.0.acknowledged.load(Ordering::Relaxed)
    }

    /// Lets the clients end with the push they are at; [`Pusher::run`] then returns.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    /// Sends until the extent is reached or [`Pusher::stop`] is called, and says what became of every push. A second
    /// run goes on where the first ended.
    pub async fn run(&self) -> PushReport {
        let begin = Instant::now();
        let mut clients = JoinSet::new();
        for _ in 0..self.0.options.clients.get() {
            let inner = Arc::clone(&self.0);
            clients.spawn(async move { inner.client(begin).await });
        }
        while let Some(client) = clients.join_next().await {
            if let Some(panic) = client.err().and_then(|error| error.try_into_panic().ok()) {
                std::panic::resume_unwind(panic);
            }
        }
        let recorder = std::mem::take(&mut *self.0.recorder.lock().unwrap_or_else(PoisonError::into_inner));
        recorder.report(begin.elapsed())
    }
}

impl Inner {
    /// One client: takes the next push, waits until it is due, sends it.
    async fn client(&self, begin: Instant) {
        while !self.stopping.load(Ordering::Relaxed) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if !self.options.extent.holds(number, self.pushes.len()) {
                return;
            }
            if let Some(rate) = self.options.per_second {
                tokio::time::sleep_until(begin + due(number, rate.get())).await;
            }
            self.one(number).await;
        }
    }

    async fn one(&self, number: u64) {
        let Some(push) = self.pushes.at(number) else { return };
        let times = self.times(number);
        let answers = match times {
            Times::Once => vec![self.sender.send(&push).await],
            Times::TwiceInTurn => vec![self.sender.send(&push).await, self.sender.send(&push).await],
            Times::TwiceAtOnce => {
                let (first, second) = tokio::join!(self.sender.send(&push), self.sender.send(&push));
                vec![first, second]
            }
        };
        if answers.iter().any(Answered::is_acknowledged) {
            self.acknowledged.fetch_add(1, Ordering::Relaxed);
        }
        let mut recorder = self.recorder.lock().unwrap_or_else(PoisonError::into_inner);
        recorder.add(&push, &answers);
    }

    /// How often push `number` is sent: the same in every run.
    fn times(&self, number: u64) -> Times {
        let dice = &mut Dice::new(self.options.seed, &format!("push twice {number}"));
        match (dice.chance(self.options.twice_per_mille.into()), dice.chance(500)) {
            (false, _) => Times::Once,
            (true, false) => Times::TwiceInTurn,
            (true, true) => Times::TwiceAtOnce,
        }
    }
}

/// When push `number` is due after the first, at `rate` a second.
fn due(number: u64, rate: u32) -> Duration {
    let rate = u64::from(rate);
    let nanos = number % rate * 1_000_000_000 / rate;
    Duration::from_secs(number / rate) + Duration::from_nanos(nanos)
}
