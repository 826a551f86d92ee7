//! What is run: attempts at occurrences, and work besides. A bug in one of them ends it alone.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::FutureExt;

use crate::schedule::plan::{Job, JobId};
use crate::schedule::settle::{Ended, Outcome};
use crate::warehouse::{DatasetLease, OccurrenceState, ScheduleLog, WarehouseError};

/// What jobs do. The runner calls it, several attempts at a time, on one thread.
#[async_trait(?Send)]
pub trait Work {
    /// Carries out one attempt: loads, or makes and lays out a report. Dropped when it takes too long.
    async fn attempt(&self, attempt: &Attempt) -> Ended;
    /// Brings the marts up to date, after loads that committed something.
    async fn marts(&self);
    /// Sends what is due in the outbox.
    async fn mail(&self);
    /// Tells the operator, or knows that nobody is to be told; `false` where that failed: then it is tried again. The same news may
    /// come twice, after a crash.
    fn tell(&self, news: &News) -> bool;
}

/// One attempt at one occurrence.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The job.
    pub job: Job,
    /// When the occurrence was due.
    pub due_at: DateTime<Utc>,
    /// When it was taken up first.
    pub started_at: DateTime<Utc>,
    /// When this attempt began.
    pub at: DateTime<Utc>,
    /// Its number; the first is 1.
    pub number: u32,
    pub(super) log: Arc<ScheduleLog>,
}

impl Attempt {
    /// Takes a dataset (`source.dataset`) for one load at a time; `None` where somebody else has it.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn lease(&self, dataset: &str, at: DateTime<Utc>) -> Result<Option<DatasetLease>, WarehouseError> {
        self.log.lease_dataset(dataset, at)
    }
}

/// Something that the operator has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// The job.
    pub job: JobId,
    /// Which of its occurrences.
    pub due_at: DateTime<Utc>,
    /// How that ended: failed or held; done, after others that were not.
    pub state: OccurrenceState,
    /// Why.
    pub reason: Option<String>,
}

/// Something that ran, and ended.
#[derive(Debug)]
pub enum Ran {
    /// An attempt.
    Attempt(JobId, Ended),
    /// The marts.
    Marts,
    /// Mail.
    Mail,
}

/// One attempt, under its time limit; a bug in it ends it alone.
pub(super) async fn carried_out(work: &dyn Work, attempt: &Attempt) -> Ended {
    // What it committed before it was broken off is committed.
    let broken_off =
        |reason: String| Ended { outcome: Outcome::Failed(reason), changed: attempt.job.id.is_load(), run: None };
    let limit = attempt.job.timeout;
    let ended = tokio::time::timeout(limit, AssertUnwindSafe(work.attempt(attempt)).catch_unwind()).await;
    match ended {
        Ok(Ok(ended)) => ended,
        Ok(Err(panic)) => broken_off(format!("a bug: {}", said(panic.as_ref()))),
        Err(_) => broken_off(format!("it took longer than {} seconds (timeout_secs)", limit.as_secs())),
    }
}

/// Work besides attempts; a bug in it ends it alone.
pub(super) async fn guarded(work: impl Future<Output = ()>, ran: Ran) -> Ran {
    if let Err(panic) = AssertUnwindSafe(work).catch_unwind().await {
        tracing::error!(reason = said(panic.as_ref()), "a bug");
    }
    ran
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no words")
}
