//! Questions that run, and their answers for a while.
//!
//! A question belongs to the session that asked it: nobody else sees it, waits for it or stops it. It is stopped when its time is up,
//! when its owner says so, and when nobody has asked for it for a while: whoever closed the browser does not wait any more.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::super::signed::Signed;
use super::ROLE;
use super::table::{self, Answer};
use crate::privacy::random_bytes;
use crate::serve::postgres::{Asked, Desk, Told, cancelled, timed_out};

/// Most questions of a session that run at a time.
const RUNNING_MAX: usize = 2;
/// Most answers of a session that are kept; the oldest goes first.
const KEPT_PER_SESSION: usize = 4;
/// Most answers that are kept of all.
const KEPT_MAX: usize = 40;
/// How long an answer is kept after somebody last looked at it.
const KEPT_FOR: Duration = Duration::from_secs(15 * 60);
/// How long the browser is let wait for an answer before it is shown that the question runs.
const MOMENT: Duration = Duration::from_secs(2);
/// A question that nobody has asked for in so long is stopped. Its page asks every two seconds, in a tab behind others once a minute.
const FORGOTTEN: Duration = Duration::from_secs(90);

/// Every question.
#[derive(Default)]
pub(in crate::serve::console) struct Questions {
    all: Mutex<HashMap<String, Arc<Question>>>,
    last: AtomicI32,
}

/// There are too many that run.
pub(super) struct Refused;

/// How a question stands.
#[derive(Clone)]
pub(super) enum Stage {
    /// It is being answered.
    Running,
    /// Its answer, and how long it took.
    Done(Arc<Answer>, Duration),
    /// Why there is none, and how long that took.
    Failed(Arc<Told>, Duration),
}

/// A question.
pub(super) struct Question {
    /// What its owner names it by: nobody guesses it.
    pub(super) id: String,
    /// The session that asked.
    owner: String,
    /// What was asked.
    pub(super) sql: String,
    began: Instant,
    seen: Mutex<Instant>,
    stage: watch::Sender<Stage>,
    stopped: Notify,
    was_stopped: AtomicBool,
}

/// Stops a question when it is dropped, unless it was let go.
pub(super) struct Held(Option<Arc<Question>>);

impl Held {
    /// From here on the question goes on by itself.
    pub(super) fn let_go(mut self) {
        self.0 = None;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(question) = self.0.take() {
            question.stop();
        }
    }
}

impl Questions {
    /// Begins to answer `sql` for whoever is signed in.
    pub(super) fn begin(&self, desk: &Arc<Desk>, signed: &Signed, sql: &str) -> Result<Arc<Question>, Refused> {
        let owner = owner(signed);
        let mut all = self.all();
        make_room(&mut all, &owner);
        let running = all.values().filter(|question| question.owner == owner && question.runs()).count();
        // Without random bytes nobody could be told apart.
        let Some(id) = random_id().filter(|_| running < RUNNING_MAX) else { return Err(Refused) };
        let question = Arc::new(Question {
            id: id.clone(),
            owner,
            sql: sql.to_owned(),
            began: Instant::now(),
            seen: Mutex::new(Instant::now()),
            stage: watch::Sender::new(Stage::Running),
            stopped: Notify::new(),
            was_stopped: AtomicBool::new(false),
        });
        all.insert(id, Arc::clone(&question));
        let process = self.last.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let asked = desk.asked(&signed.name, ROLE, process, sql);
        tokio::spawn(answer(Arc::clone(desk), Arc::clone(&question), asked));
        Ok(question)
    }

    /// The question `id` of whoever is signed in; they are looking at it now.
    pub(super) fn of(&self, signed: &Signed, id: &str) -> Option<Arc<Question>> {
        let question = self.all().get(id).filter(|question| question.owner == owner(signed)).cloned()?;
        *lock(&question.seen) = Instant::now();
        Some(question)
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Arc<Question>>> {
        lock(&self.all)
    }
}

impl Question {
    /// Stops it, if it still runs.
    pub(super) fn stop(&self) {
        self.was_stopped.store(true, Ordering::Release);
        self.stopped.notify_one();
    }

    /// How it stands.
    pub(super) fn stage(&self) -> Stage {
        self.stage.borrow().clone()
    }

    /// Since how long it was asked.
    pub(super) fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// Waits until it is answered, but not for long.
    pub(super) async fn wait_a_moment(&self) {
        let mut heard = self.stage.subscribe();
        let ended = heard.wait_for(|stage| !matches!(stage, Stage::Running));
        // Whichever comes first: its page says how it stands.
        let _ = tokio::time::timeout(MOMENT, ended).await;
    }

    /// Stops it when what is given is dropped.
    pub(super) fn hold(self: &Arc<Self>) -> Held {
        Held(Some(Arc::clone(self)))
    }

    fn runs(&self) -> bool {
        matches!(*self.stage.borrow(), Stage::Running)
    }

    fn seen(&self) -> Instant {
        *lock(&self.seen)
    }

    /// Returns when nobody wants the answer any more.
    async fn unwanted(&self) {
        loop {
            let forgotten = self.seen() + FORGOTTEN;
            tokio::select! {
                () = self.stopped.notified() => return,
                () = tokio::time::sleep_until(forgotten) => {
                    if self.seen() + FORGOTTEN <= Instant::now() {
                        return;
                    }
                }
            }
            if self.was_stopped.load(Ordering::Acquire) {
                return;
            }
        }
    }
}

/// Answers a question, or stops, and enters it into the log.
async fn answer(desk: Arc<Desk>, question: Arc<Question>, mut asked: Asked) {
    let work = async {
        let opened = desk.answer(&mut asked).await?;
        table::read(opened).await
    };
    let ended = tokio::select! {
        biased;
        () = question.unwanted() => Err(cancelled()),
        () = tokio::time::sleep(desk.statement_timeout()) => Err(timed_out()),
        done = work => done,
    };
    let took = question.age();
    let rows = ended.as_ref().map_or(0, |answer| answer.rows.len() as u64);
    desk.ended(&asked, rows, ended.as_ref().err());
    question.stage.send_replace(match ended {
        Ok(answer) => Stage::Done(Arc::new(answer), took),
        Err(told) => Stage::Failed(Arc::new(told), took),
    });
}

/// Who owns a question: the session, known by the token of its forms; the map of questions does not hold that itself.
fn owner(signed: &Signed) -> String {
    hex(&Sha256::digest(format!("{}\n{}", signed.name, signed.csrf)))
}

fn random_id() -> Option<String> {
    random_bytes().ok().map(|bytes| hex(&bytes[..16.min(bytes.len())]))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Forgets answers that are old or too many, of one session and of all.
fn make_room(all: &mut HashMap<String, Arc<Question>>, owner: &str) {
    all.retain(|_, question| question.runs() || question.seen().elapsed() < KEPT_FOR);
    let ended_of = |all: &HashMap<String, Arc<Question>>, of: Option<&str>| {
        let ended = all.values().filter(|question| !question.runs() && of.is_none_or(|of| question.owner == of));
        let mut ended: Vec<(Instant, String)> =
            ended.map(|question| (question.seen(), question.id.clone())).collect();
        ended.sort();
        ended
    };
    for (of, most) in [(Some(owner), KEPT_PER_SESSION), (None, KEPT_MAX)] {
        let ended = ended_of(all, of);
        for (_, id) in ended.iter().take((ended.len() + 1).saturating_sub(most)) {
            all.remove(id);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What stands in it is whole, whoever panicked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
