//! Between decoder and encoder: holds a page back until it is whole, and checks what it passes on.

use std::sync::Arc;

use arrow::array::RecordBatch;

use super::encoder::Encoder;
use super::{TableSetting, WorkerError};
use crate::decode::BATCH_ROWS;
use crate::load::check::{Continuity, FiscalYear};
use crate::warehouse::{Carried, StagedFile};

/// Rows of a page that are held back until the page is whole, so that it can be asked for again when it breaks off. A
/// longer page is passed on; when that breaks off, the load begins again.
const HELD_ROWS_MAX: usize = 16 * BATCH_ROWS;

/// Bytes of a page that are held back: rows of long texts, or of what is repeated around them, reach it first.
const HELD_BYTES_MAX: usize = 64 << 20;

/// The rows of one table on their way to its file.
pub(super) struct Sink {
    held: Vec<RecordBatch>,
    n_held: usize,
    n_held_bytes: usize,
    spilled: bool,
    continuity: Continuity,
    fiscal_year: FiscalYear,
    encoder: Encoder,
}

impl Sink {
    pub(super) fn new(setting: &TableSetting, fiscal_year: Option<i32>) -> Self {
        let TableSetting { dataset, run, partition, carries } = setting;
        Self {
            held: Vec::new(),
            n_held: 0,
            n_held_bytes: 0,
            spilled: false,
            continuity: Continuity::new(dataset),
            fiscal_year: FiscalYear::new(dataset, fiscal_year),
            encoder: Encoder::new(Arc::clone(run), partition.clone(), dataset, *carries),
        }
    }

    pub(super) fn take(&mut self, batch: RecordBatch) -> Result<(), WorkerError> {
        self.encoder.wait();
        self.n_held += batch.num_rows();
        self.n_held_bytes += batch.get_array_memory_size();
        self.held.push(batch);
        if self.spilled || self.n_held > HELD_ROWS_MAX || self.n_held_bytes > HELD_BYTES_MAX {
            self.spilled = true;
            self.release()?;
        }
        Ok(())
    }

    /// Passes on what is held.
    pub(super) fn release(&mut self) -> Result<(), WorkerError> {
        (self.n_held, self.n_held_bytes) = (0, 0);
        for batch in self.held.drain(..) {
            self.fiscal_year.check(&batch).map_err(WorkerError::OtherYear)?;
            self.continuity.take(&batch).map_err(WorkerError::Moved)?;
            self.encoder.send(batch)?;
        }
        Ok(())
    }

    /// The page is whole: what is passed on from here belongs to the next one.
    pub(super) fn next_page(&mut self) {
        self.spilled = false;
    }

    /// Forgets the held rows; true when rows of the page were passed on already.
    pub(super) fn forget(&mut self) -> bool {
        self.held.clear();
        (self.n_held, self.n_held_bytes) = (0, 0);
        std::mem::take(&mut self.spilled)
    }

    /// Ends the window, in which `refused` rows went to quarantine.
    pub(super) fn finish(&mut self, refused: u64) -> Result<Option<(StagedFile, Carried)>, WorkerError> {
        self.continuity.finish(refused).map_err(WorkerError::Moved)?;
        self.encoder.finish()
    }
}
