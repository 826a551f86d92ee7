//! One body: inflated where it is gzip (announced or not), judged, and passed on when it holds rows. What streams is
//! judged by its beginning and passed on as it arrives; a document is held and judged whole.

use std::io::Write;
use std::sync::Arc;

use flate2::write::MultiGzDecoder;

use super::WorkerError;
use crate::contract::{Contract, Dataset};
use crate::decode::DecodeError;
use crate::source::envelope::document::DOCUMENT_BYTES_MAX;
use crate::source::envelope::{JUDGED_BYTES, Judged, Verdict, judge, judge_document};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The body of one page.
pub(super) struct Body {
    contract: Arc<Contract>,
    dataset: Arc<Dataset>,
    status: u16,
    n_inflated: u64,
    coding: Coding,
    /// The beginning, until it is judged; all of a document.
    head: Vec<u8>,
    verdict: Option<Verdict>,
}

enum Coding {
    /// Too few bytes yet.
    Unknown(Vec<u8>),
    Plain,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
}

/// Takes inflated bytes that hold rows.
type Feed<'a> = &'a mut dyn FnMut(&[u8]) -> Result<(), WorkerError>;

impl Body {
    /// `room` is where the beginning is put, or the document: that of the page before, whose memory is mapped already.
    pub(super) fn new(status: u16, contract: &Arc<Contract>, dataset: &Arc<Dataset>, room: Vec<u8>) -> Self {
        Self {
            contract: Arc::clone(contract),
            dataset: Arc::clone(dataset),
            status,
            n_inflated: 0,
            coding: Coding::Unknown(Vec::new()),
            head: room,
            verdict: None,
        }
    }

    pub(super) fn take(&mut self, bytes: &[u8], feed: Feed<'_>) -> Result<(), WorkerError> {
        if let Coding::Unknown(first) = &mut self.coding {
            first.extend_from_slice(bytes);
            if first.len() < GZIP_MAGIC.len() {
                return Ok(());
            }
            let first = std::mem::take(first);
            self.coding = if first.starts_with(&GZIP_MAGIC) {
                Coding::Gzip(Box::new(MultiGzDecoder::new(Vec::new())))
            } else {
                Coding::Plain
            };
            return self.inflate(&first, feed);
        }
        self.inflate(bytes, feed)
    }

    /// Whether the rest of the body is not worth reading: it holds no rows, and what it says was said at its beginning.
    pub(super) fn is_waste(&self) -> bool {
        const HEARD_OUT_BYTES: u64 = 256 * 1024;
        self.n_inflated > HEARD_OUT_BYTES && self.verdict.as_ref().is_some_and(|verdict| *verdict != Verdict::Rows)
    }

    /// The document, once it was judged to hold rows; `None` for what streams.
    pub(super) fn take_document(&mut self) -> Option<Vec<u8>> {
        self.dataset.is_document().then(|| std::mem::take(&mut self.head))
    }

    /// Ends the body and says what it is.
    pub(super) fn finish(&mut self, feed: Feed<'_>) -> Result<Judged, WorkerError> {
        match &mut self.coding {
            Coding::Unknown(first) => {
                let first = std::mem::take(first);
                self.coding = Coding::Plain;
                self.inflate(&first, feed)?;
            }
            Coding::Plain => {}
            Coding::Gzip(decoder) => {
                decoder.try_finish().map_err(|_| DecodeError::Truncated { rows: 0 })?;
                let rest = std::mem::take(decoder.get_mut());
                self.text(&rest, feed)?;
            }
        }
        if self.dataset.is_document() {
            return Ok(judge_document(&self.contract, &self.dataset, self.status, &self.head)?);
        }
        if self.verdict.is_none() {
            self.judge(feed)?;
        }
        Ok(self.verdict.clone().expect("judged above").into())
    }

    fn inflate(&mut self, bytes: &[u8], feed: Feed<'_>) -> Result<(), WorkerError> {
        if matches!(self.coding, Coding::Plain) {
            return self.text(bytes, feed);
        }
        // In small bites, so that a bomb is noticed before it fills the memory.
        const BITE: usize = 16_384;
        for bite in bytes.chunks(BITE) {
            let Coding::Gzip(decoder) = &mut self.coding else { break };
            decoder
                .write_all(bite)
                .map_err(|error| DecodeError::Malformed { rows: 0, reason: format!("broken gzip: {error}") })?;
            let text = std::mem::take(decoder.get_mut());
            self.text(&text, feed)?;
        }
        Ok(())
    }

    fn text(&mut self, text: &[u8], feed: Feed<'_>) -> Result<(), WorkerError> {
        self.n_inflated += text.len() as u64;
        let bytes_max = self.contract.http.body_bytes_max;
        if self.n_inflated > bytes_max {
            let reason = format!("longer than {bytes_max} bytes (body_bytes_max in the contract)");
            return Err(DecodeError::Malformed { rows: 0, reason }.into());
        }
        if self.dataset.is_document() {
            return self.hold(text);
        }
        match self.verdict {
            Some(Verdict::Rows) => feed(text),
            Some(_) => Ok(()),
            None => {
                self.head.extend_from_slice(text);
                if self.head.len() >= JUDGED_BYTES { self.judge(feed) } else { Ok(()) }
            }
        }
    }

    /// Keeps a piece of a document.
    fn hold(&mut self, text: &[u8]) -> Result<(), WorkerError> {
        if self.head.len() + text.len() > DOCUMENT_BYTES_MAX {
            return Err(DecodeError::DocumentTooLong { bytes_max: DOCUMENT_BYTES_MAX }.into());
        }
        self.head.extend_from_slice(text);
        Ok(())
    }

    fn judge(&mut self, feed: Feed<'_>) -> Result<(), WorkerError> {
        let head = std::mem::take(&mut self.head);
        let judged = &head[..head.len().min(JUDGED_BYTES)];
        let verdict = judge(&self.contract, &self.dataset, self.status, judged);
        let has_rows = verdict == Verdict::Rows;
        self.verdict = Some(verdict);
        if has_rows { feed(&head) } else { Ok(()) }
    }
}
