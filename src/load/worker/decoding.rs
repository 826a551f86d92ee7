//! The decoding thread of one window: a body in, batches of every table out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;

use super::body::Body;
use super::sink::Sink;
use super::{AnswerHead, Message, PageFailure, PageReport, Setting, TablePage, WindowReport, WorkerError};
use crate::contract::{Contract, Dataset};
use crate::decode::{DecodeSettings, Decoder, PageSummary};
use crate::source::envelope::{Judged, Verdict};
use crate::source::shape;

/// The thread's state.
pub(super) struct Decoding {
    contract: Arc<Contract>,
    tables: Vec<Table>,
    body: Body,
    /// Where the last document lay, empty.
    room: Vec<u8>,
    /// Raised when the page cannot be taken any more.
    gave_up: Arc<AtomicBool>,
}

/// One table that the answers fill.
struct Table {
    dataset: Arc<Dataset>,
    decoder: Decoder,
    sink: Sink,
    refused: u64,
}

impl Decoding {
    pub(super) fn new(setting: Setting, gave_up: Arc<AtomicBool>) -> Result<Self, WorkerError> {
        let Setting { contract, tables, fiscal_year, pii_key } = setting;
        let mut decoded = Vec::with_capacity(tables.len());
        for table in tables {
            let settings = DecodeSettings { zone: contract.timezone, pii_key: pii_key.clone() };
            let decoder = Decoder::new(Arc::clone(&table.dataset), shape::reader, settings)?;
            decoded.push(Table {
                decoder: decoder.with_originals(table.run.keeps_originals()),
                sink: Sink::new(&table, fiscal_year),
                dataset: table.dataset,
                refused: 0,
            });
        }
        let body = Body::new(0, &contract, &decoded[0].dataset, Vec::new());
        Ok(Self { body, room: Vec::new(), tables: decoded, contract, gave_up })
    }

    pub(super) fn work(mut self, mut inbox: mpsc::Receiver<Message>) {
        let mut failed: Option<WorkerError> = None;
        while let Some(message) = inbox.blocking_recv() {
            match message {
                Message::Begin(head) => self.begin(&head),
                Message::Chunk(bytes) => {
                    if failed.is_none() {
                        failed = self.take(&bytes).err();
                        // What can be read, if not under this contract, is archived to its end.
                        let lost = failed.as_ref().is_some_and(|error| !error.is_worth_keeping());
                        self.gave_up.store(lost || self.body.is_waste(), Ordering::Relaxed);
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

    fn begin(&mut self, head: &AnswerHead) {
        let room = std::mem::take(&mut self.room);
        self.body = Body::new(head.status, &self.contract, &self.tables[0].dataset, room);
        for table in &mut self.tables {
            table.decoder.set_parameters(&head.parameters);
        }
    }

    /// Takes the next bytes. What is no document fills one table, as it arrives.
    fn take(&mut self, bytes: &[u8]) -> Result<(), WorkerError> {
        let Table { decoder, sink, .. } = &mut self.tables[0];
        self.body.take(bytes, &mut |text| decoder.push(text, &mut |batch| sink.take(batch)))
    }

    fn end_page(&mut self, failed: Option<WorkerError>) -> Result<PageReport, Box<PageFailure>> {
        let ended = match failed {
            Some(error) => Err(error),
            None => self.finish_page(),
        };
        match ended {
            Ok((Judged { verdict, total, .. }, summaries)) => {
                let mut pages = Vec::with_capacity(self.tables.len());
                for (table, summary) in self.tables.iter_mut().zip(summaries) {
                    table.refused += summary.refused;
                    table.sink.next_page();
                    pages.push(TablePage { summary, refused: table.decoder.take_refused() });
                }
                Ok(PageReport { verdict, total, tables: pages })
            }
            Err(error) => {
                let spilled = self.forget_page();
                Err(Box::new(PageFailure { error, spilled }))
            }
        }
    }

    /// Decodes what is left of the page; when every table could, all of them pass their rows on.
    fn finish_page(&mut self) -> Result<(Judged, Vec<PageSummary>), WorkerError> {
        let judged = {
            let Table { decoder, sink, .. } = &mut self.tables[0];
            self.body.finish(&mut |text| decoder.push(text, &mut |batch| sink.take(batch)))?
        };
        if judged.verdict != Verdict::Rows {
            return Ok((judged, vec![PageSummary::default(); self.tables.len()]));
        }
        let document = self.body.take_document();
        let mut summaries = Vec::with_capacity(self.tables.len());
        for Table { decoder, sink, .. } in &mut self.tables {
            let summary = match &document {
                Some(document) => decoder.document(document, &judged.brackets, &mut |batch| sink.take(batch))?,
                None => decoder.end_page(&mut |batch| sink.take(batch))?,
            };
            if let Some(batch) = decoder.flush()? {
                sink.take(batch)?;
            }
            summaries.push(summary);
        }
        for table in &mut self.tables {
            table.sink.release()?;
        }
        self.room = document.unwrap_or_default();
        self.room.clear();
        Ok((judged, summaries))
    }

    fn forget_page(&mut self) -> bool {
        let mut spilled = false;
        for table in &mut self.tables {
            table.decoder.abandon_page();
            spilled |= table.sink.forget();
        }
        spilled
    }

    fn close(&mut self) -> Result<Vec<WindowReport>, WorkerError> {
        let mut reports = Vec::with_capacity(self.tables.len());
        for table in &mut self.tables {
            let staged = table.sink.finish(table.refused)?;
            reports.push(WindowReport { staged, unknown_keys: table.decoder.unknown_keys().clone() });
        }
        Ok(reports)
    }
}
