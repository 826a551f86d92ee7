//! Bytes to `RecordBatch`, driven by the contract: the hot path of a load.
//!
//! A page arrives in chunks of any size. [`Decoder::push`] reads the rows that are whole, keeps the rest for the next
//! chunk and never builds an intermediate value per row: a row is a set of byte ranges ([`row::Row`]), each range is
//! parsed to its column's type, and only when all of them parse is the row appended. Memory is bounded by one batch and
//! one row, however long the answer is. The ways rows can be written are strategies under `source::shape`.

mod brackets;
mod builder;
pub(crate) mod date;
mod error;
mod extract;
#[cfg(test)]
pub(crate) mod fixture;
mod growing;
pub mod inspect;
mod lane;
mod memo;
mod reading;
pub mod row;
pub(crate) mod scan;
pub(crate) mod value;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use chrono_tz::Tz;

use crate::contract::{Dataset, RowShape};
use crate::privacy::PiiKey;
pub use brackets::Brackets;
use builder::BatchBuilder;
pub use error::DecodeError;
pub(crate) use extract::integer as whole_number_in;
use lane::Lane;
use row::{Keys, Row, RowReader, Step};

/// Most rows in a batch. At 19 columns a batch of realisasi is about 1.5 MB: small enough to stay in the cache between
/// decoder and writer.
pub const BATCH_ROWS: usize = 8_192;

/// Text in a batch, in bytes, beyond which no further row is added: a batch of very long texts has fewer rows.
const BATCH_TEXT_BYTES: usize = 64 << 20;

/// Longest row (or header) accepted, in bytes.
pub const ROW_BYTES_MAX: usize = 1 << 20;

/// Bytes of a chunk that are put behind the beginning of a row at a time: a row or some.
const STITCH_BYTES: usize = 4_096;

/// Refused rows kept with their reason in one page; further ones are only counted.
pub const REFUSED_KEPT_MAX: usize = 1_000;

/// Distinct unknown keys counted by name.
const UNKNOWN_KEYS_MAX: usize = 1_000;

/// A row that was not taken, and why. The reason never holds a value of a personal dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// 1-based position in the page.
    pub row: u64,
    /// The column at fault, where it is one.
    pub column: Option<String>,
    /// What is wrong.
    pub reason: String,
    /// The row as received; absent where rows are personal, unless somebody asked for it to seal it.
    pub original: Option<Vec<u8>>,
}

/// What one page held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PageSummary {
    /// Rows taken.
    pub rows: u64,
    /// Rows refused.
    pub refused: u64,
    /// Elements that were `null` instead of a row.
    pub nulls: u64,
}

/// What decoding needs besides the dataset's own contract.
#[derive(Debug, Clone)]
pub struct DecodeSettings {
    /// The zone of instants that are written without an offset: the source's.
    pub zone: Tz,
    /// The secret under which personal values are hashed; needed by datasets with key columns only.
    pub pii_key: Option<Arc<PiiKey>>,
}

/// Decodes the pages of one dataset, one after the other, into batches that may span pages.
pub struct Decoder {
    reader: Box<dyn RowReader>,
    new_reader: fn(&Dataset) -> Box<dyn RowReader>,
    dataset: Arc<Dataset>,
    row: Row,
    builder: BatchBuilder,
    lane: Lane,
    /// What is left of the chunks so far: the beginning of a row, or of the frame.
    buffer: Vec<u8>,
    /// The buffer's length at which reading on is worth it.
    read_at_len: usize,
    originals: bool,
    page: PageSummary,
    done: bool,
    refused: Vec<Refused>,
    unknown: BTreeMap<String, u64>,
    /// Key indices and values of the columns that the request fills.
    parameters: Vec<(usize, Vec<u8>)>,
}

impl Decoder {
    /// A decoder for `dataset`, whose rows `new_reader` knows how to read.
    ///
    /// # Errors
    /// [`DecodeError::NoPiiKey`] when the dataset has key columns and the settings no key.
    pub fn new(
        dataset: Arc<Dataset>,
        new_reader: fn(&Dataset) -> Box<dyn RowReader>,
        settings: DecodeSettings,
    ) -> Result<Self, DecodeError> {
        Ok(Self {
            reader: new_reader(&dataset),
            new_reader,
            row: Row::new(Keys::of(&dataset)),
            builder: BatchBuilder::new(&dataset, settings)?,
            lane: Lane::default(),
            buffer: Vec::new(),
            read_at_len: 0,
            originals: !dataset.personal,
            page: PageSummary::default(),
            done: false,
            refused: Vec::new(),
            unknown: BTreeMap::new(),
            parameters: Vec::new(),
            dataset,
        })
    }

    /// The parameters of the request that is answered next: columns with `param` take their values from them.
    pub fn set_parameters(&mut self, parameters: &[(String, String)]) {
        self.parameters.clear();
        self.lane.end_page();
        for (i, column) in self.dataset.columns.iter().enumerate() {
            let value =
                column.param.as_ref().and_then(|name| parameters.iter().rev().find(|(known, _)| known == name));
            if let Some((_, value)) = value {
                self.parameters.push((self.row.keys.index_of_column(i), value.clone().into_bytes()));
            }
        }
    }

    /// Reads a whole document with these brackets, in place of [`Decoder::push`] and [`Decoder::end_page`].
    ///
    /// # Errors
    /// [`DecodeError`] when it is not complete or broken.
    pub fn document<E: From<DecodeError>>(
        &mut self,
        document: &[u8],
        brackets: &Brackets,
        emit: &mut impl FnMut(RecordBatch) -> Result<(), E>,
    ) -> Result<PageSummary, E> {
        self.reader.begin(brackets);
        self.read_rows(document, emit)?;
        let complete = std::mem::take(&mut self.done);
        self.lane.end_page();
        self.reader = (self.new_reader)(&self.dataset);
        let page = std::mem::take(&mut self.page);
        if complete { Ok(page) } else { Err(DecodeError::Truncated { rows: page.rows + page.refused }.into()) }
    }

    /// Says whether refused rows come with their original; by default not where rows are personal.
    #[must_use]
    pub fn with_originals(mut self, originals: bool) -> Self {
        self.originals = originals;
        self
    }

    /// Takes the next bytes of the page and hands every full batch to `emit`.
    ///
    /// # Errors
    /// [`DecodeError`] when the answer cannot be read on.
    pub fn push<E: From<DecodeError>>(
        &mut self,
        chunk: &[u8],
        emit: &mut impl FnMut(RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut chunk = chunk;
        // A row that began in an earlier chunk is read from the buffer, with as little of this chunk as it needs.
        while !self.buffer.is_empty() && !chunk.is_empty() {
            let n_before = self.buffer.len();
            let (stitch, rest) = chunk.split_at(chunk.len().min(STITCH_BYTES));
            self.buffer.extend_from_slice(stitch);
            let consumed = if self.buffer.len() >= self.read_at_len { self.read_buffer(emit)? } else { 0 };
            if consumed >= n_before {
                self.buffer.clear();
                chunk = &chunk[consumed - n_before..];
            } else {
                self.check_row_length()?;
                chunk = rest;
            }
        }
        if !chunk.is_empty() {
            let consumed = self.read_rows(chunk, emit)?;
            self.keep(&chunk[consumed..]);
        }
        Ok(self.check_row_length()?)
    }

    fn check_row_length(&self) -> Result<(), DecodeError> {
        if self.buffer.len() > ROW_BYTES_MAX {
            return Err(DecodeError::RowTooLong { row: self.page.rows + self.page.refused + 1 });
        }
        Ok(())
    }

    /// Ends the page and returns what it held; the decoder is ready for the next one.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] when the answer is not complete.
    pub fn end_page<E: From<DecodeError>>(
        &mut self,
        emit: &mut impl FnMut(RecordBatch) -> Result<(), E>,
    ) -> Result<PageSummary, E> {
        self.buffer.extend_from_slice(self.reader.closing());
        self.read_buffer(emit)?;
        if self.done {
            // Whatever stands behind the rows is told as such, in however many pieces it came.
            self.read_buffer(emit)?;
        }
        let rest_is_blank = self.buffer.iter().all(|&byte| scan::is_blank(byte) || byte == b',');
        let complete = (self.done || self.reader.may_end()) && rest_is_blank;
        self.buffer.clear();
        self.read_at_len = 0;
        self.done = false;
        self.lane.end_page();
        self.reader = (self.new_reader)(&self.dataset);
        let page = std::mem::take(&mut self.page);
        if complete { Ok(page) } else { Err(DecodeError::Truncated { rows: page.rows + page.refused }.into()) }
    }

    /// Forgets the page being read and the rows that no batch holds yet.
    pub fn abandon_page(&mut self) {
        self.buffer.clear();
        self.read_at_len = 0;
        self.done = false;
        self.lane.end_page();
        self.reader = (self.new_reader)(&self.dataset);
        self.page = PageSummary::default();
        self.refused.clear();
        self.builder.clear();
    }

    /// The rows that no full batch holds yet.
    ///
    /// # Errors
    /// [`DecodeError::Batch`].
    pub fn flush(&mut self) -> Result<Option<RecordBatch>, DecodeError> {
        if self.builder.is_empty() { Ok(None) } else { Ok(Some(self.builder.finish()?)) }
    }

    /// The refused rows since the last call, at most [`REFUSED_KEPT_MAX`] a page.
    pub fn take_refused(&mut self) -> Vec<Refused> {
        std::mem::take(&mut self.refused)
    }

    /// Keys that the contract does not know, with how many rows had them.
    #[must_use]
    pub fn unknown_keys(&self) -> &BTreeMap<String, u64> {
        &self.unknown
    }

    /// Reads the whole rows of the buffer, keeps the rest, and returns how many bytes were read.
    fn read_buffer<E: From<DecodeError>>(
        &mut self,
        emit: &mut impl FnMut(RecordBatch) -> Result<(), E>,
    ) -> Result<usize, E> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let consumed = self.read_rows(&buffer, emit);
        buffer.drain(..*consumed.as_ref().unwrap_or(&0));
        self.read_at_len = read_at(buffer.len());
        self.buffer = buffer;
        consumed
    }

    /// Keeps what is left of a chunk.
    fn keep(&mut self, rest: &[u8]) {
        self.buffer.extend_from_slice(rest);
        self.read_at_len = read_at(rest.len());
    }

    fn read_rows<E: From<DecodeError>>(
        &mut self,
        buffer: &[u8],
        emit: &mut impl FnMut(RecordBatch) -> Result<(), E>,
    ) -> Result<usize, E> {
        let mut at = 0;
        loop {
            let mut ahead = self.reader.ahead(at);
            while let Some(next) = ahead
                && let Some(end) = {
                    let with = (&mut self.row, &*self.reader, &self.parameters[..]);
                    self.lane.take(buffer, next, with, &mut self.builder)
                }
            {
                at = end;
                self.reader.passed();
                ahead = self.reader.ahead(at);
                self.page.rows += 1;
                if self.builder.is_full() {
                    emit(self.builder.finish().map_err(DecodeError::from)?)?;
                }
            }
            let start = at;
            self.row.clear();
            let step = self
                .reader
                .next(buffer, &mut at, &mut self.row)
                .map_err(|reason| DecodeError::Malformed { rows: self.page.rows + self.page.refused, reason })?;
            match step {
                Step::NeedMore => return Ok(start),
                Step::Done => {
                    self.done = true;
                    return Ok(at);
                }
                Step::Frame => {}
                Step::Null => self.page.nulls += 1,
                Step::Row => {
                    if self.take_row(buffer, start, at)
                        && let Some(ahead) = ahead
                    {
                        let end = self.row.span.map_or(at, |(_, end)| end);
                        self.lane.learn(&buffer[..end], ahead, &mut self.row, &self.builder);
                    }
                    if self.builder.is_full() {
                        emit(self.builder.finish().map_err(DecodeError::from)?)?;
                    }
                }
            }
        }
    }

    /// Appends the row, or keeps why it is refused; says whether it was taken.
    fn take_row(&mut self, buffer: &[u8], start: usize, end: usize) -> bool {
        for (index, value) in &self.parameters {
            self.row.set_text(*index, value);
        }
        for name in self.row.unknown_names(buffer) {
            if let Some(count) = self.unknown.get_mut(name.as_ref()) {
                *count += 1;
            } else if self.unknown.len() < UNKNOWN_KEYS_MAX {
                self.unknown.insert(name.into_owned(), 1);
            }
        }
        match self.builder.append(&self.row, buffer) {
            Ok(()) => {
                self.page.rows += 1;
                true
            }
            Err(refusal) => {
                self.page.refused += 1;
                if self.refused.len() < REFUSED_KEPT_MAX {
                    let (start, end) = self.row.span.unwrap_or((start, end));
                    let raw = &buffer[start..end];
                    let raw = match self.dataset.rows {
                        // A comma belongs to the first field.
                        RowShape::Csv { .. } => raw,
                        _ => raw.trim_ascii_start().strip_prefix(b",").unwrap_or(raw),
                    };
                    self.refused.push(Refused {
                        row: self.page.rows + self.page.refused,
                        column: refusal.column,
                        reason: refusal.reason,
                        original: self.originals.then(|| raw.trim_ascii().to_vec()),
                    });
                }
                false
            }
        }
    }
}

/// The length of the buffer at which a row that was not whole at `length` is looked at again: twice as long, so that a long
/// row in tiny chunks costs no quadratic time; and no longer than a row may be.
fn read_at(length: usize) -> usize {
    (length * 2).min(ROW_BYTES_MAX + 1)
}
