//! Judging rows without keeping them: every column of every row that does not fit, not only the first. For whoever has to
//! be told all at once: a sender at the door, an operator before anything is sent.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::builder::BatchBuilder;
use super::row::{Keys, Row, RowReader, Step};
use super::{DecodeError, DecodeSettings, UNKNOWN_KEYS_MAX, scan};
use crate::contract::{Dataset, EXTRA_COLUMN};

/// Most rows of one document that are looked at.
pub const ROWS_INSPECTED_MAX: usize = 100_000;

/// What a document holds for one dataset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inspection {
    /// Its rows, in their order.
    pub rows: Vec<InspectedRow>,
    /// Keys that the contract does not know, once each; not more than a thousand.
    pub unknown_keys: Vec<String>,
}

/// One row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InspectedRow {
    /// What does not fit, in the order of the columns; empty = the row would be taken.
    pub faults: Vec<Fault>,
    /// What stands in each column of the contract, as text and as it was received; `None` for nothing, null, an object or
    /// a list. Personal values are among them: for the caller's eyes, never for a message.
    pub texts: Vec<Option<String>>,
}

/// A column that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The column; `None` when it is the row as a whole.
    pub column: Option<String>,
    /// What is wrong: a fixed text, which never holds a value.
    pub reason: String,
}

/// Judges documents of one dataset.
pub struct Inspector {
    dataset: Arc<Dataset>,
    new_reader: fn(&Dataset) -> Box<dyn RowReader>,
    row: Row,
    builder: BatchBuilder,
    rows_max: usize,
}

impl Inspector {
    /// An inspector of `dataset`, whose rows `new_reader` knows how to read.
    ///
    /// # Errors
    /// [`DecodeError::NoPiiKey`] when the dataset has key columns and the settings no key.
    pub fn new(
        dataset: Arc<Dataset>,
        new_reader: fn(&Dataset) -> Box<dyn RowReader>,
        settings: DecodeSettings,
    ) -> Result<Self, DecodeError> {
        let row = Row::new(Keys::of(&dataset));
        Ok(Self {
            row,
            builder: BatchBuilder::new(&dataset, settings)?,
            new_reader,
            dataset,
            rows_max: ROWS_INSPECTED_MAX,
        })
    }

    /// At most so many rows of one document: each is held in memory, and a row may be as short as `{}`.
    #[must_use]
    pub fn with_rows_max(mut self, rows_max: usize) -> Self {
        self.rows_max = rows_max;
        self
    }

    /// The dataset that is judged.
    #[must_use]
    pub fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// Judges every row of a whole document.
    ///
    /// # Errors
    /// [`DecodeError`] when it is broken, incomplete, or holds more than [`ROWS_INSPECTED_MAX`] rows (or fewer:
    /// [`Inspector::with_rows_max`]).
    pub fn inspect(&mut self, document: &[u8]) -> Result<Inspection, DecodeError> {
        let mut reader = (self.new_reader)(&self.dataset);
        let mut inspection = Inspection::default();
        let mut unknown = BTreeSet::new();
        let mut at = 0;
        loop {
            self.row.clear();
            let n_rows = inspection.rows.len() as u64;
            let malformed = |reason| DecodeError::Malformed { rows: n_rows, reason };
            match reader.next(document, &mut at, &mut self.row).map_err(malformed)? {
                Step::Row if inspection.rows.len() == self.rows_max => {
                    return Err(DecodeError::TooManyRows { rows_max: self.rows_max });
                }
                Step::Row => {
                    for name in self.row.unknown_names(document) {
                        if unknown.len() < UNKNOWN_KEYS_MAX
                            && name != EXTRA_COLUMN
                            && !unknown.contains(name.as_ref())
                        {
                            unknown.insert(name.clone().into_owned());
                            inspection.unknown_keys.push(name.into_owned());
                        }
                    }
                    inspection.rows.push(self.judge(document));
                }
                Step::Frame | Step::Null => {}
                Step::Done => return Ok(inspection),
                Step::NeedMore => return Err(DecodeError::Truncated { rows: n_rows }),
            }
        }
    }

    fn judge(&mut self, document: &[u8]) -> InspectedRow {
        let text = |column| {
            let slot = self.row.slot(column);
            scan::text(slot.kind?, self.row.bytes(document, slot))
        };
        let texts = (0..self.dataset.columns.len()).map(text).collect();
        InspectedRow { faults: self.builder.faults(&self.row, document), texts }
    }
}

#[cfg(test)]
mod tests;
