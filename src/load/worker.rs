//! The two threads behind a window: one decodes what arrives, one writes Parquet. The network never waits for the disk
//! longer than the bounded queues between them allow, and memory stays flat.

mod body;
mod encoder;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use bytes::Bytes;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::check::{Continuity, FiscalYear};
use crate::contract::{Contract, Dataset};
use crate::decode::{BATCH_ROWS, DecodeError, Decoder, PageSummary, Refused};
use crate::source::envelope::Verdict;
use crate::source::shape;
use crate::warehouse::{Partition, Run, StagedFile, WarehouseError};
use body::Body;
use encoder::Encoder;

/// Chunks of a body that may wait for the decoder.
const QUEUED_CHUNKS: usize = 8;

/// Rows of a page that are held back until the page is whole, so that it can be asked for again when it breaks off. A
/// longer page is passed on; when that breaks off, the load begins again.
const HELD_ROWS_MAX: usize = 16 * BATCH_ROWS;

/// What one page was.
#[derive(Debug)]
pub(super) struct PageReport {
    pub(super) verdict: Verdict,
    pub(super) summary: PageSummary,
    pub(super) refused: Vec<Refused>,
}

/// What one window came to.
#[derive(Debug)]
pub(super) struct WindowReport {
    /// The staged file; absent when there were no rows.
    pub(super) staged: Option<StagedFile>,
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

/// A failed page, and whether rows of it are staged already.
#[derive(Debug)]
pub(super) struct PageFailure {
    pub(super) error: WorkerError,
    pub(super) spilled: bool,
}

enum Message {
    Begin { status: u16 },
    Chunk(Bytes),
    End(oneshot::Sender<Result<PageReport, Box<PageFailure>>>),
    Drop(oneshot::Sender<bool>),
    Close(oneshot::Sender<Result<WindowReport, WorkerError>>),
}

/// The async side's handle to the threads of one window.
pub(super) struct Worker {
    messages: mpsc::Sender<Message>,
    thread: JoinHandle<()>,
}

/// What the threads need to know.
pub(super) struct Setting {
    pub(super) contract: Arc<Contract>,
    pub(super) dataset: Arc<Dataset>,
    /// The fiscal year asked for.
    pub(super) fiscal_year: Option<i32>,
    pub(super) run: Arc<Run>,
    pub(super) partition: Partition,
}

impl Worker {
    pub(super) fn start(setting: Setting) -> Self {
        let (messages, inbox) = mpsc::channel(QUEUED_CHUNKS);
        let thread = tokio::task::spawn_blocking(move || Decoding::new(setting).work(inbox));
        Self { messages, thread }
    }

    pub(super) async fn begin(&self, status: u16) -> Result<(), WorkerError> {
        self.send(Message::Begin { status }).await
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

    /// Ends the window.
    pub(super) async fn close(self) -> Result<WindowReport, WorkerError> {
        let report = self.ask(Message::Close).await?;
        self.stop().await;
        report
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

/// The decoding thread's state.
struct Decoding {
    contract: Arc<Contract>,
    dataset: Arc<Dataset>,
    decoder: Decoder,
    sink: Sink,
    body: Body,
    refused: u64,
}

impl Decoding {
    fn new(setting: Setting) -> Self {
        let Setting { contract, dataset, fiscal_year, run, partition } = setting;
        Self {
            decoder: Decoder::new(Arc::clone(&dataset), shape::reader),
            sink: Sink {
                held: Vec::new(),
                n_held: 0,
                spilled: false,
                continuity: Continuity::new(&dataset),
                fiscal_year: FiscalYear::new(&dataset, fiscal_year),
                encoder: Encoder::new(run, partition, &dataset),
            },
            body: Body::new(0, &contract, &dataset),
            refused: 0,
            contract,
            dataset,
        }
    }

    fn work(mut self, mut inbox: mpsc::Receiver<Message>) {
        let mut failed: Option<WorkerError> = None;
        while let Some(message) = inbox.blocking_recv() {
            match message {
                Message::Begin { status } => self.body = Body::new(status, &self.contract, &self.dataset),
                Message::Chunk(bytes) => {
                    if failed.is_none() {
                        failed = self.take(&bytes).err();
                    }
                }
                // A reply that nobody waits for belongs to a load that was given up.
                Message::End(reply) => {
                    let _ = reply.send(self.end_page(failed.take()));
                }
                Message::Drop(reply) => {
                    failed = None;
                    let _ = reply.send(self.forget_page());
                }
                Message::Close(reply) => {
                    let _ = reply.send(self.close());
                    return;
                }
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), WorkerError> {
        let Self { body, decoder, sink, .. } = self;
        body.take(bytes, &mut |text| decoder.push(text, &mut |batch| sink.take(batch)))
    }

    fn end_page(&mut self, failed: Option<WorkerError>) -> Result<PageReport, Box<PageFailure>> {
        let ended = match failed {
            Some(error) => Err(error),
            None => self.finish_page(),
        };
        match ended {
            Ok((verdict, summary)) => {
                self.refused += summary.refused;
                self.sink.spilled = false;
                Ok(PageReport { verdict, summary, refused: self.decoder.take_refused() })
            }
            Err(error) => {
                let spilled = self.forget_page();
                Err(Box::new(PageFailure { error, spilled }))
            }
        }
    }

    fn finish_page(&mut self) -> Result<(Verdict, PageSummary), WorkerError> {
        let Self { body, decoder, sink, .. } = self;
        let verdict = body.finish(&mut |text| decoder.push(text, &mut |batch| sink.take(batch)))?;
        if verdict != Verdict::Rows {
            return Ok((verdict, PageSummary::default()));
        }
        let summary = decoder.end_page(&mut |batch| sink.take(batch))?;
        if let Some(batch) = decoder.flush()? {
            sink.take(batch)?;
        }
        sink.release()?;
        Ok((verdict, summary))
    }

    fn forget_page(&mut self) -> bool {
        self.decoder.abandon_page();
        self.sink.forget()
    }

    fn close(&mut self) -> Result<WindowReport, WorkerError> {
        self.sink.continuity.finish(self.refused).map_err(WorkerError::Moved)?;
        let staged = self.sink.encoder.finish()?;
        Ok(WindowReport { staged, unknown_keys: self.decoder.unknown_keys().clone() })
    }
}

/// Between decoder and encoder: holds a page back until it is whole, and checks what it passes on.
struct Sink {
    held: Vec<RecordBatch>,
    n_held: usize,
    spilled: bool,
    continuity: Continuity,
    fiscal_year: FiscalYear,
    encoder: Encoder,
}

impl Sink {
    fn take(&mut self, batch: RecordBatch) -> Result<(), WorkerError> {
        self.n_held += batch.num_rows();
        self.held.push(batch);
        if self.spilled || self.n_held > HELD_ROWS_MAX {
            self.spilled = true;
            self.release()?;
        }
        Ok(())
    }

    fn release(&mut self) -> Result<(), WorkerError> {
        self.n_held = 0;
        for batch in self.held.drain(..) {
            self.fiscal_year.check(&batch).map_err(WorkerError::OtherYear)?;
            self.continuity.take(&batch).map_err(WorkerError::Moved)?;
            self.encoder.send(batch)?;
        }
        Ok(())
    }

    /// Forgets the held rows; true when rows of the page were passed on already.
    fn forget(&mut self) -> bool {
        self.held.clear();
        self.n_held = 0;
        std::mem::take(&mut self.spilled)
    }
}
