//! `kill -9` of `lumbung report resend` at random points of a burst, again and again: every recipient has the mail at most once unless it is
//! reported ambiguous, and nobody is forgotten.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lumbung::clock::Clock;
use lumbung::mail::outbox::lay_in;
use lumbung::warehouse::{Deliveries, DeliveryKind, DeliveryState, Warehouse};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::sink::{Act, Sink, Tls};
use super::{EDITION, message};

/// Recipients of the burst.
const RECIPIENTS: usize = 100;
/// Kills in the suite; LUMBUNG_TEST_KILLS names another number.
const KILLS: usize = 12;
/// Moments of a conversation about one message: three commands, the message, kept, replied.
const MOMENTS_PER_MESSAGE: usize = 6;
/// Longest that a sender is let run before it is killed at a time instead of a moment.
const TIME_MAX_MICROS: u32 = 1_500_000;
/// How often it is looked whether the sender ended.
const LOOK: Duration = Duration::from_millis(1);
/// Longer than any burst takes on a busy machine.
const WAIT_MAX: Duration = Duration::from_secs(300);
/// No moment.
const NEVER: usize = usize::MAX;

#[expect(clippy::disallowed_methods, reason = "how often a person wants it to be killed")]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Lays the edition in the outbox of a new warehouse in `folder`.
pub(super) fn lay(folder: &Path) {
    let now = Clock::System.now();
    let warehouse = Warehouse::open(&folder.join("warehouse"), now).unwrap();
    let messages: Vec<_> = (0..RECIPIENTS).map(|n| message(&format!("kantor{n:03}@lab.test"), 5_000)).collect();
    lay_in(&warehouse, DeliveryKind::Edition, &messages, "penguji", now).unwrap();
}

/// Starts the program, which sends what is due of the edition to `sink`.
pub(super) fn spawn(folder: &Path, sink: &Sink) -> Child {
    Command::new(env!("CARGO_BIN_EXE_lumbung"))
        .env_clear()
        .current_dir(folder)
        .arg("--warehouse")
        .arg(folder.join("warehouse"))
        .args(["--set", "mail.transport=smtp", "--set", &format!("mail.smtp_url=smtp://{}", sink.address)])
        .args(["report", "resend", EDITION])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Who is killed at which moment.
#[derive(Default)]
struct Fate {
    victim: Mutex<Option<Child>>,
    at: AtomicUsize,
    seen: AtomicUsize,
}

impl Fate {
    /// Ends the sender, if it still lives.
    fn strike(&self) {
        if let Some(child) = self.victim.lock().unwrap().as_mut() {
            // One that has ended by itself is fine.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Waits until the sender ended; whether it did so by itself.
    fn ended(&self, limit: Duration) -> Option<bool> {
        let began = Instant::now();
        while began.elapsed() < limit {
            if let Some(status) = self.victim.lock().unwrap().as_mut().unwrap().try_wait().unwrap() {
                return Some(status.code().is_some());
            }
            std::thread::park_timeout(LOOK);
        }
        None
    }
}

/// One burst under fire until it is done, or until so many kills hit; how many did, and how many mails are in doubt.
fn burst(dice: &mut ChaCha8Rng, kills_max: usize) -> (usize, usize) {
    let folder = tempfile::tempdir().unwrap();
    lay(folder.path());
    let fate = Arc::new(Fate { at: AtomicUsize::new(NEVER), ..Fate::default() });
    let watching = Arc::clone(&fate);
    let hook = move |_, _: &str, n: usize| {
        watching.seen.store(n + 1, Ordering::SeqCst);
        if n < watching.at.load(Ordering::SeqCst) {
            return Act::Go;
        }
        watching.at.store(NEVER, Ordering::SeqCst);
        watching.strike();
        Act::Drop
    };
    let sink = Sink::start(Tls::None, Box::new(hook));
    let mut n_kills = 0;
    loop {
        let by_moment = !dice.next_u32().is_multiple_of(4);
        let more = n_kills < kills_max;
        let ahead = dice.next_u32() as usize % (RECIPIENTS * MOMENTS_PER_MESSAGE / 2);
        let at = if more && by_moment { fate.seen.load(Ordering::SeqCst) + ahead } else { NEVER };
        fate.at.store(at, Ordering::SeqCst);
        *fate.victim.lock().unwrap() = Some(spawn(folder.path(), &sink));
        let patience = match more && !by_moment {
            true => Duration::from_micros(u64::from(dice.next_u32() % TIME_MAX_MICROS)),
            false => WAIT_MAX,
        };
        match fate.ended(patience) {
            Some(true) => break,
            Some(false) => n_kills += 1,
            None => {
                assert!(more && !by_moment, "the sender hangs");
                fate.strike();
                n_kills += 1;
            }
        }
    }
    (n_kills, judged(folder.path(), &sink))
}

/// How many mails are in doubt; nothing else may be amiss.
pub(super) fn judged(folder: &Path, sink: &Sink) -> usize {
    let warehouse = Warehouse::open(&folder.join("warehouse"), Clock::System.now()).unwrap();
    let records = warehouse.deliveries(Deliveries::Edition(EDITION)).unwrap();
    let times = sink.times();
    assert_eq!(records.len(), RECIPIENTS);
    for record in &records {
        let kept = times.get(&record.message_id).copied().unwrap_or_default();
        match record.state {
            DeliveryState::Accepted => assert_eq!(kept, 1, "{record:?}"),
            DeliveryState::Ambiguous => assert!(kept <= 1, "{record:?}"),
            _ => panic!("{record:?}"),
        }
    }
    records.iter().filter(|record| record.state == DeliveryState::Ambiguous).count()
}

#[test]
fn a_sender_that_is_killed_anywhere_doubles_nothing_and_forgets_nobody() {
    let kills: usize = told("LUMBUNG_TEST_KILLS").and_then(|n| n.parse().ok()).unwrap_or(KILLS);
    let mut dice = ChaCha8Rng::seed_from_u64(told("LUMBUNG_TEST_SEED").and_then(|n| n.parse().ok()).unwrap_or(6));
    let (mut n_kills, mut n_bursts, mut n_doubtful) = (0, 0, 0);
    while n_kills < kills {
        let (hit, doubtful) = burst(&mut dice, kills - n_kills);
        assert!(doubtful <= hit, "{doubtful} in doubt after {hit} kills");
        n_kills += hit;
        n_doubtful += doubtful;
        n_bursts += 1;
    }
    eprintln!(
        "{n_kills} kills in {n_bursts} bursts of {RECIPIENTS}: {n_doubtful} mails in doubt, none twice, none lost"
    );
}
