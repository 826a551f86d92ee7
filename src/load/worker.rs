//! The threads behind a window: one decodes what arrives, one a table writes Parquet. The network never waits for the
//! disk longer than the bounded queues between them allow, and memory stays flat.

mod body;
mod decoding;
mod encoder;
mod sink;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::contract::{Contract, Dataset};
use crate::decode::{DecodeError, PageSummary, Refused};
use crate::privacy::PiiKey;
use crate::source::envelope::Verdict;
use crate::warehouse::{Carried, Partition, Run, StagedFile, WarehouseError};
use decoding::Decoding;

/// Chunks of a body that may wait for the decoder.
const QUEUED_CHUNKS: usize = 8;

/// What one page was.
#[derive(Debug)]
pub(super) struct PageReport {
    pub(super) verdict: Verdict,
    /// Rows there are in all, where the answer says so.
    pub(super) total: Option<u64>,
    /// What each table took of it, in the order of the setting.
    pub(super) tables: Vec<TablePage>,
}

/// What one table took of a page.
#[derive(Debug, Default)]
pub(super) struct TablePage {
    pub(super) summary: PageSummary,
    pub(super) refused: Vec<Refused>,
}

/// What one window came to, for one table.
#[derive(Debug)]
pub(super) struct WindowReport {
    /// The staged file, with what it carries on; absent when there were no rows.
    pub(super) staged: Option<(StagedFile, Carried)>,
    /// Keys that the contract does not know.
    pub(super) unknown_keys: BTreeMap<String, u64>,
}

/// Why a page or window could not be taken.
#[derive(Debug, Error)]
pub(super) enum WorkerError {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error("{0}")]
    Moved(String),
    #[error("{0}")]
    OtherYear(String),
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    #[error("{0}")]
    Died(String),
}

impl WorkerError {
    /// Whether the page may be decoded again some day, under a better contract: what it holds can be read, but not as the
    /// contract says.
    pub(super) fn is_worth_keeping(&self) -> bool {
        match self {
            Self::Decode(
                DecodeError::Truncated { .. }
                | DecodeError::Malformed { .. }
                | DecodeError::RowTooLong { .. }
                | DecodeError::DocumentTooLong { .. },
            )
            | Self::Warehouse(_)
            | Self::Died(_) => false,
            Self::Decode(_) | Self::Moved(_) | Self::OtherYear(_) => true,
        }
    }
}

/// A failed page, and whether rows of it are staged already.
#[derive(Debug)]
pub(super) struct PageFailure {
    pub(super) error: WorkerError,
    pub(super) spilled: bool,
}

/// What is known of an answer before its body.
#[derive(Debug, Clone)]
pub(super) struct AnswerHead {
    /// The HTTP status.
    pub(super) status: u16,
    /// What the request was repeated for.
    pub(super) parameters: Arc<Vec<(String, String)>>,
}

enum Message {
    Begin(AnswerHead),
    Chunk(Bytes),
    End(oneshot::Sender<Result<PageReport, Box<PageFailure>>>),
    Drop(oneshot::Sender<bool>),
    Close(oneshot::Sender<Result<Vec<WindowReport>, WorkerError>>),
}

/// The async side's handle to the threads of one window.
pub(super) struct Worker {
    messages: mpsc::Sender<Message>,
    /// The page cannot be taken any more: reading on is of no use.
    gave_up: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

/// What the threads need to know.
pub(super) struct Setting {
    pub(super) contract: Arc<Contract>,
    /// The tables that the answers fill; the first is the dataset that is asked for.
    pub(super) tables: Vec<TableSetting>,
    /// The fiscal year asked for.
    pub(super) fiscal_year: Option<i32>,
    /// The secret that personal values are hashed under.
    pub(super) pii_key: Option<Arc<PiiKey>>,
}

/// One table that answers fill.
pub(super) struct TableSetting {
    pub(super) dataset: Arc<Dataset>,
    pub(super) run: Arc<Run>,
    pub(super) partition: Partition,
    /// Whether the rows of the partition's file so far stay, before the new ones.
    pub(super) carries: bool,
}

impl Worker {
    pub(super) fn start(setting: Setting) -> Result<Self, WorkerError> {
        let (messages, inbox) = mpsc::channel(QUEUED_CHUNKS);
        let gave_up = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&gave_up);
        let decoding = Decoding::new(setting, flag)?;
        let thread = tokio::task::spawn_blocking(move || decoding.work(inbox));
        Ok(Self { messages, gave_up, thread })
    }

    /// Whether the page begun last cannot be taken any more; [`Worker::end`] says why.
    pub(super) fn gave_up(&self) -> bool {
        self.gave_up.load(Ordering::Relaxed)
    }

    pub(super) async fn begin(&self, head: AnswerHead) -> Result<(), WorkerError> {
        // Here, not by the thread: whoever sends the page asks at once whether it is wanted.
        self.gave_up.store(false, Ordering::Relaxed);
        self.send(Message::Begin(head)).await
    }

    pub(super) async fn chunk(&self, bytes: Bytes) -> Result<(), WorkerError> {
        self.send(Message::Chunk(bytes)).await
    }

    /// Ends a page: its rows are checked and passed on.
    pub(super) async fn end(&self) -> Result<PageReport, Box<PageFailure>> {
        let died = |error| Box::new(PageFailure { error, spilled: true });
        self.ask(Message::End).await.map_err(died)?
    }

    /// Forgets a page; true when rows of it were passed on already.
    pub(super) async fn drop_page(&self) -> Result<bool, WorkerError> {
        self.ask(Message::Drop).await
    }

    /// Ends the window; one report a table.
    pub(super) async fn close(self) -> Result<Vec<WindowReport>, WorkerError> {
        let reports = self.ask(Message::Close).await?;
        self.stop().await;
        reports
    }

    /// Ends the threads; what was staged stays unfinished.
    pub(super) async fn stop(self) {
        drop(self.messages);
        if let Err(error) = self.thread.await {
            tracing::error!(%error, "the decoding thread died");
        }
    }

    async fn send(&self, message: Message) -> Result<(), WorkerError> {
        self.messages.send(message).await.map_err(|_| WorkerError::Died("the decoding thread is gone".to_owned()))
    }

    async fn ask<T>(&self, question: impl FnOnce(oneshot::Sender<T>) -> Message) -> Result<T, WorkerError> {
        let (reply, answer) = oneshot::channel();
        self.send(question(reply)).await?;
        answer.await.map_err(|_| WorkerError::Died("the decoding thread gave no answer".to_owned()))
    }
}
