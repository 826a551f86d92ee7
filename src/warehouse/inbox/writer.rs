//! The one way into the store: a thread that takes everything that waits into one transaction and answers only when it is
//! durable. While the disk is busy with one commit the next one gathers, so a hundred senders cost little more than one.

use super::Inbox;
use super::record::{InboxLimits, NewPush, NewRefused, PushOutcome, Receipt};
use super::store::{self, Counts, Full};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::sqlite::Database;
use chrono::NaiveDate;
use rusqlite::Transaction;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// Requests that wait for the writer; who comes then waits for a place.
const QUEUE_MAX: usize = 1_024;
/// Sealed kilobytes that wait for the writer, for the same reason: memory stays bounded however large the pushes are.
const QUEUE_KIB_MAX: u32 = 64 << 10;
/// Requests of one transaction. More would make the first one wait for the last.
const BATCH_MAX: usize = 512;
/// Sealed bytes of one transaction, up to the last request.
const BATCH_BYTES_MAX: usize = 16 << 20;
/// Calls counted in memory after which the counters are written although nothing else is.
const COUNTED_MAX: u64 = 1_000;

/// Why a push was not stored.
#[derive(Debug, Clone, thiserror::Error)]
pub enum InboxError {
    /// As much waits as may. The sender is to come again later.
    #[error("the inbox is full: {held} bytes wait to be loaded, {max} may (inbox.waiting_mb_max)")]
    Full {
        /// Sealed bytes that are not loaded yet.
        held: u64,
        /// How many may be.
        max: u64,
    },
    /// The commit failed; nothing of it was stored. Everybody whose push was in it gets the same error.
    #[error("{0}")]
    Store(Arc<WarehouseError>),
    /// The writer has ended, or is about to.
    #[error("the inbox takes no more pushes: it is shutting down")]
    Stopped,
}

type Answer<T> = oneshot::Sender<Result<T, InboxError>>;

/// What the writer is asked to do. The permit gives its place in memory back when the request was dealt with.
enum Request {
    Put {
        push: NewPush,
        answer: Answer<Receipt>,
        _room: OwnedSemaphorePermit,
    },
    Refuse {
        refused: NewRefused,
        answer: Answer<()>,
        _room: OwnedSemaphorePermit,
    },
    /// Writes the counters.
    Flush {
        answer: Option<Answer<()>>,
    },
    /// Takes nothing more, deals with what waits, then answers.
    Stop {
        answer: Answer<()>,
    },
}

/// Puts pushes into the store. Clones share one writer thread, which ends when the last of them is dropped or
/// [`InboxWriter::shutdown`] is called.
#[derive(Debug, Clone)]
pub struct InboxWriter {
    requests: mpsc::Sender<Request>,
    room: Arc<Semaphore>,
    counted: Arc<Counted>,
    n_commits: Arc<AtomicU64>,
}

/// Counters on their way into the store.
#[derive(Debug, Default)]
struct Counted(Mutex<(Counts, u64)>);

impl InboxWriter {
    /// Starts the writer thread on a connection of its own.
    ///
    /// # Errors
    /// When the warehouse was opened to read, or the store cannot be opened.
    pub fn start(inbox: &Inbox, limits: InboxLimits) -> Result<Self, WarehouseError> {
        let database = inbox.another_connection()?;
        let path = database.path().to_path_buf();
        let (requests, waiting) = mpsc::channel(QUEUE_MAX);
        let counted = Arc::new(Counted::default());
        let n_commits = Arc::new(AtomicU64::new(0));
        let writer =
            Writer { database, limits, waiting, counted: Arc::clone(&counted), n_commits: Arc::clone(&n_commits) };
        let spawned = std::thread::Builder::new().name("inbox-writer".to_owned()).spawn(move || writer.work());
        spawned.map_err(|e| WarehouseError::io("start the writer of", &path, e))?;
        let room = Arc::new(Semaphore::new(QUEUE_KIB_MAX as usize));
        Ok(Self { requests, room, counted, n_commits })
    }

    /// Stores a push, or finds that the same content is here already. The answer comes when it is durable; whoever stops
    /// waiting for it does not know whether it was stored.
    ///
    /// # Errors
    /// [`InboxError::Full`] where too much waits already, [`InboxError::Store`] where the commit failed,
    /// [`InboxError::Stopped`] after [`InboxWriter::shutdown`].
    pub async fn put(&self, push: NewPush) -> Result<Receipt, InboxError> {
        let room = self.room_for(push.sealed.len()).await?;
        self.ask(|answer| Request::Put { push, answer, _room: room }).await
    }

    /// Keeps a push that was refused, among the newest ones and for so many days as the limits say.
    ///
    /// # Errors
    /// [`InboxError::Store`] where the commit failed, [`InboxError::Stopped`] after [`InboxWriter::shutdown`].
    pub async fn refuse(&self, refused: NewRefused) -> Result<(), InboxError> {
        let room = self.room_for(refused.sealed.len()).await?;
        self.ask(|answer| Request::Refuse { refused, answer, _room: room }).await
    }

    /// Counts how a call ended. The counter is written with the next push, every thousand calls, and at the shutdown; a crash
    /// may lose what was counted since. `method` is one of the contract's, not whatever a caller wrote.
    pub fn tally(&self, source: &str, method: &str, day: NaiveDate, outcome: PushOutcome) {
        let n = {
            let mut counted = self.counted.lock();
            *counted.0.entry((source.to_owned(), method.to_owned(), day, outcome)).or_default() += 1;
            counted.1 += 1;
            counted.1
        };
        if n % COUNTED_MAX == 0 {
            // Where the queue is full the writer is at work and takes the counters along anyway.
            drop(self.requests.try_send(Request::Flush { answer: None }));
        }
    }

    /// Writes the counters now.
    ///
    /// # Errors
    /// [`InboxError::Store`] where the commit failed, [`InboxError::Stopped`] after [`InboxWriter::shutdown`].
    pub async fn flush(&self) -> Result<(), InboxError> {
        self.ask(|answer| Request::Flush { answer: Some(answer) }).await
    }

    /// Takes nothing more, stores what waits, writes the counters, and ends the thread. Pushes that come later are told
    /// [`InboxError::Stopped`].
    ///
    /// # Errors
    /// [`InboxError::Stopped`] where somebody else did before.
    pub async fn shutdown(&self) -> Result<(), InboxError> {
        self.ask(|answer| Request::Stop { answer }).await
    }

    /// Whether the writer is at work: it has not ended, neither as it was told nor by a bug.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.requests.is_closed()
    }

    /// Transactions the writer has committed since it started.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.n_commits.load(Ordering::Relaxed)
    }

    async fn ask<T>(&self, request: impl FnOnce(Answer<T>) -> Request) -> Result<T, InboxError> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(request(answer)).await.map_err(|_| InboxError::Stopped)?;
        answered.await.map_err(|_| InboxError::Stopped)?
    }

    async fn room_for(&self, bytes: usize) -> Result<OwnedSemaphorePermit, InboxError> {
        let kib = u32::try_from(bytes / 1024 + 1).unwrap_or(u32::MAX).min(QUEUE_KIB_MAX);
        Arc::clone(&self.room).acquire_many_owned(kib).await.map_err(|_| InboxError::Stopped)
    }
}

impl Counted {
    fn lock(&self) -> MutexGuard<'_, (Counts, u64)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Counts {
        std::mem::take(&mut *self.lock()).0
    }

    /// Puts back what could not be written.
    fn give_back(&self, counts: Counts) {
        let mut counted = self.lock();
        for (key, n) in counts {
            *counted.0.entry(key).or_default() += n;
            counted.1 += n;
        }
    }
}

/// The thread's side.
struct Writer {
    database: Database,
    limits: InboxLimits,
    waiting: mpsc::Receiver<Request>,
    counted: Arc<Counted>,
    n_commits: Arc<AtomicU64>,
}

/// What goes into one transaction.
#[derive(Default)]
struct Batch {
    requests: Vec<Request>,
    bytes: usize,
}

/// What a put is told once the transaction is durable; the others are only told that it is.
type Done = Option<Result<Receipt, Full>>;

impl Writer {
    fn work(mut self) {
        let mut stopping = Vec::new();
        while let Some(first) = self.waiting.blocking_recv() {
            let batch = self.gather(first, &mut stopping);
            self.commit(batch);
        }
        self.commit(Batch::default());
        // Closed before the answer: who waited for the shutdown may take the warehouse away.
        let Self { database, .. } = self;
        drop(database);
        for answer in stopping {
            drop(answer.send(Ok(())));
        }
    }

    /// Takes along all that waits, within the limits of one transaction.
    fn gather(&mut self, first: Request, stopping: &mut Vec<Answer<()>>) -> Batch {
        let mut batch = Batch::default();
        let mut next = Some(first);
        while let Some(request) = next {
            match request {
                Request::Stop { answer } => {
                    self.waiting.close();
                    stopping.push(answer);
                }
                request => {
                    batch.bytes += request.bytes();
                    batch.requests.push(request);
                }
            }
            let is_full = batch.requests.len() >= BATCH_MAX || batch.bytes >= BATCH_BYTES_MAX;
            next = if is_full { None } else { self.waiting.try_recv().ok() };
        }
        batch
    }

    /// One transaction; nobody is answered before it is durable.
    fn commit(&mut self, batch: Batch) {
        let counts = self.counted.take();
        if batch.requests.is_empty() && counts.is_empty() {
            return;
        }
        let limits = self.limits;
        let stored = self.database.transaction("store pushes", |tx| {
            store::add_counts(tx, &counts)?;
            batch.requests.iter().map(|request| request.store(tx, &limits)).collect::<rusqlite::Result<Vec<Done>>>()
        });
        match stored {
            Ok(done) => {
                self.n_commits.fetch_add(1, Ordering::Relaxed);
                for (request, done) in batch.requests.into_iter().zip(done) {
                    request.answer(Ok(done), limits.waiting_bytes_max);
                }
            }
            Err(error) => {
                tracing::error!(%error, n_requests = batch.requests.len(), "the inbox could not store what came");
                self.counted.give_back(counts);
                let error = Arc::new(error);
                for request in batch.requests {
                    request.answer(Err(Arc::clone(&error)), limits.waiting_bytes_max);
                }
            }
        }
    }
}

impl Request {
    fn bytes(&self) -> usize {
        match self {
            Self::Put { push, .. } => push.sealed.len(),
            Self::Refuse { refused, .. } => refused.sealed.len(),
            Self::Flush { .. } | Self::Stop { .. } => 0,
        }
    }

    fn store(&self, tx: &Transaction<'_>, limits: &InboxLimits) -> rusqlite::Result<Done> {
        match self {
            Self::Put { push, .. } => store::insert_push(tx, push, limits).map(Some),
            Self::Refuse { refused, .. } => store::insert_refused(tx, refused, limits).map(|()| None),
            Self::Flush { .. } | Self::Stop { .. } => Ok(None),
        }
    }

    /// Tells whoever waits; one who does not wait any more is not missed.
    fn answer(self, stored: Result<Done, Arc<WarehouseError>>, max: u64) {
        let stored = stored.map_err(InboxError::Store);
        match self {
            Self::Put { answer, .. } => {
                let receipt = stored.and_then(|done| {
                    let put = done.expect("a put was answered by the store");
                    put.map_err(|Full { held }| InboxError::Full { held, max })
                });
                drop(answer.send(receipt));
            }
            Self::Refuse { answer, .. } | Self::Stop { answer } | Self::Flush { answer: Some(answer) } => {
                drop(answer.send(stored.map(|_| ())));
            }
            Self::Flush { answer: None } => {}
        }
    }
}
