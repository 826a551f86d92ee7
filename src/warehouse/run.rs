//! A run: one attempt at one dataset. It may fill several partitions; all become visible together, or none.

mod commit;

pub use commit::{ToCommit, commit_together};

use super::archive::{self, RunArchive};
use super::disk::{self, Lock};
use super::error::WarehouseError;
use super::house::House;
use super::id::{DatasetId, RunId};
use super::layout::Layout;
use super::ledger::{NewRun, Totals};
use super::originals::Originals;
use super::partition::Partition;
use super::record::{Acceptance, Outcome, PageRecord, QuarantineRecord, QuarantinedRow, RecordedPage, RunStart};
use super::recovery;
use super::room;
use super::stage::{Origin, StageWriter};
use super::steps::Step;
use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Utc};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Pages and refused rows held back before they are written to the ledger in one transaction.
const NOTES_HELD: usize = 256;
/// Refused rows that the ledger tells one by one. The rest is counted only: thousands of rows with the same fault say no
/// more than the first ones, and their originals are in the quarantine file.
pub const QUARANTINE_ROWS_MAX: u64 = 10_000;

/// One attempt at one dataset, under that dataset's lock. Dropped without an end it is marked failed.
#[derive(Debug)]
pub struct Run {
    house: Arc<House>,
    id: RunId,
    start: RunStart,
    notes: Mutex<Notes>,
    n_staged: AtomicU32,
    archive: RunArchive,
    phase: Phase,
    _lock: Lock,
}

/// How far a run came; what its end has to do depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing is promised: dropping it marks it failed.
    Open,
    /// The ledger knows its end, or will roll it forward.
    Settled,
}

/// What a run noted and the ledger does not know yet.
#[derive(Debug)]
struct Notes {
    attempt: u32,
    pages: Vec<RecordedPage>,
    refused: Vec<QuarantinedRow>,
    totals: Totals,
    originals: Originals,
    accepted: Option<Acceptance>,
}

impl Notes {
    fn new(originals: Originals) -> Self {
        Self { attempt: 1, pages: vec![], refused: vec![], totals: Totals::default(), originals, accepted: None }
    }
}

impl Run {
    /// Begins a run: takes the dataset's lock, settles what a dead process left, enters it in the ledger.
    pub(super) fn begin(house: Arc<House>, start: RunStart) -> Result<Self, WarehouseError> {
        house.require_writable()?;
        let dataset = &start.dataset;
        let Some(lock) = Lock::try_take(&house.layout.dataset_lock(dataset))? else {
            let at_work = house.ledger().unfinished(Some(dataset))?.pop();
            let run = at_work.map_or_else(|| "another run".to_owned(), |at_work| format!("run {}", at_work.run));
            return Err(WarehouseError::Locked { dataset: dataset.clone(), run });
        };
        recovery::settle(&house, dataset, start.at)?;
        room::require(&house, dataset)?;
        let id = RunId::new(start.at);
        house.ledger().begin(&NewRun { run: &id, start: &start })?;
        let originals = Originals::new(house.layout.quarantine(dataset, &id), start.keeping.seal.clone());
        let notes = Mutex::new(Notes::new(originals));
        let (raw, folder) = (house.layout.all_raw(), Layout::raw_folder(dataset, &id));
        let archive = RunArchive::new(raw, folder, start.keeping.clone());
        let n_staged = AtomicU32::new(0);
        let run = Self { house, id, start, notes, n_staged, archive, phase: Phase::Open, _lock: lock };
        disk::create_folder(&run.house.layout.staging(&run.id))?;
        run.house.steps.reached(Step::Begun, run.house.layout.root())?;
        Ok(run)
    }

    /// Its id, also the name of its files.
    #[must_use]
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// What is loaded.
    #[must_use]
    pub fn dataset(&self) -> &DatasetId {
        &self.start.dataset
    }

    /// Where its raw pages go.
    #[must_use]
    pub fn archive(&self) -> &RunArchive {
        &self.archive
    }

    /// Whether the originals of refused rows may be kept.
    #[must_use]
    pub fn keeps_originals(&self) -> bool {
        self.start.keeping.originals()
    }

    /// Notes one answer of the source.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_page(&self, page: PageRecord) -> Result<(), WarehouseError> {
        let mut notes = self.notes();
        notes.totals.pages += 1;
        notes.totals.bytes += page.bytes;
        notes.totals.rows += page.rows;
        let attempt = notes.attempt;
        notes.pages.push(RecordedPage { attempt, page });
        self.flush_if_full(&mut notes)
    }

    /// Notes one refused row. The reason never holds a personal value; the original is kept in `state/quarantine`, sealed
    /// where rows are personal, and never published.
    ///
    /// # Errors
    /// When the ledger or the quarantine file cannot be written.
    pub fn record_quarantine(&self, refused: &QuarantineRecord<'_>) -> Result<(), WarehouseError> {
        let mut notes = self.notes();
        notes.totals.quarantined += 1;
        if let Some(original) = refused.original {
            notes.originals.append(refused, original)?;
        }
        if notes.totals.quarantined <= QUARANTINE_ROWS_MAX {
            notes.refused.push(QuarantinedRow {
                run: self.id.clone(),
                dataset: self.start.dataset.clone(),
                page: refused.page,
                row: refused.row,
                column: refused.column.map(str::to_owned),
                reason: refused.reason.to_owned(),
            });
        }
        self.flush_if_full(&mut notes)
    }

    /// Writes to the ledger what was noted so far. Runs that share raw pages do so before one of them ends.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn write_notes(&self) -> Result<(), WarehouseError> {
        self.flush(&mut self.notes())
    }

    /// Notes who publishes what the gate would have held; the commit writes it down.
    pub fn accept(&self, accepted: Acceptance) {
        self.notes().accepted = Some(accepted);
    }

    /// Opens a file in staging for the rows of one partition. `metadata` goes into the file beside what the warehouse
    /// says of it (`lumbung.run_id`, `.source`, `.dataset`, `.contract_version`, `.key_id`, `.row_count`, `.sum.<column>`).
    ///
    /// # Errors
    /// When a control column is missing or not a decimal, a folder key is also a column, or the disk refuses.
    pub fn stage(
        &self,
        partition: Partition,
        schema: SchemaRef,
        metadata: Vec<(String, String)>,
    ) -> Result<StageWriter, WarehouseError> {
        // Numbers are never used twice: a writer of a discarded attempt cannot meet a file of the next one.
        let n = self.n_staged.fetch_add(1, Ordering::Relaxed);
        let path = self.house.layout.staging(&self.id).join(format!("{n:05}.parquet"));
        let origin = Origin {
            run: self.id.clone(),
            dataset: self.start.dataset.clone(),
            contract_version: self.start.contract_version,
            key_id: self.start.key_id.clone(),
            control: self.start.control.clone(),
        };
        StageWriter::create(Arc::clone(&self.house), origin, partition, schema, (path, metadata))
    }

    /// Throws away what was staged, archived and refused, because the load starts over. The pages stay on record.
    ///
    /// # Errors
    /// When the disk or the ledger refuses.
    pub fn discard_stage(&self) -> Result<(), WarehouseError> {
        let mut notes = self.notes();
        notes.attempt += 1;
        notes.totals.rows = 0;
        notes.totals.quarantined = 0;
        notes.refused.clear();
        notes.originals.discard()?;
        notes.pages.iter_mut().for_each(|recorded| recorded.page.raw = None);
        self.archive.remove()?;
        self.house.ledger().forget_raw(&self.id)?;
        self.house.ledger().forget_quarantine(&self.id)?;
        let staging = self.house.layout.staging(&self.id);
        disk::remove_folder(&staging)?;
        disk::create_folder(&staging)
    }

    /// Ends a run that publishes nothing.
    ///
    /// # Errors
    /// When the ledger or the disk refuses.
    pub fn finish(mut self, outcome: Outcome, reason: Option<&str>, at: DateTime<Utc>) -> Result<(), WarehouseError> {
        self.phase = Phase::Settled;
        self.close(outcome, reason, at)
    }

    fn misuse(&self, what: &str) -> WarehouseError {
        WarehouseError::Misuse(format!("{}, run {}: {what}", self.start.dataset, self.id))
    }

    /// Ends the run where nobody can be told of a further failure.
    fn end(&mut self, outcome: Outcome, reason: Option<&str>, at: DateTime<Utc>) {
        self.phase = Phase::Settled;
        if self.house.steps.stopped() {
            return;
        }
        if let Err(error) = self.close(outcome, reason, at) {
            tracing::error!(run.id = %self.id, %error, "could not note how the run ended; the next open does");
        }
    }

    fn close(&self, outcome: Outcome, reason: Option<&str>, at: DateTime<Utc>) -> Result<(), WarehouseError> {
        // Staging first: where the disk was full, that makes the room in which the ledger can say so.
        disk::remove_folder(&self.house.layout.staging(&self.id))?;
        let mut notes = self.notes();
        notes.originals.close()?;
        self.flush(&mut notes)?;
        if matches!(outcome, Outcome::Unchanged | Outcome::Empty) {
            // The run before has the same pages; without rows there is nothing to decode again.
            archive::forget(&self.house, &self.start.dataset, &self.id)?;
        }
        self.archive.sync()?;
        self.house.ledger().finish(&self.id, outcome, reason, at)?;
        self.bound_archive();
        Ok(())
    }

    fn bound_archive(&self) {
        if let Err(error) = archive::bound(&self.house, &self.start.dataset) {
            tracing::warn!(%error, "could not remove old raw pages; the next run tries again");
        }
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn flush_if_full(&self, notes: &mut Notes) -> Result<(), WarehouseError> {
        if notes.pages.len() + notes.refused.len() < NOTES_HELD { Ok(()) } else { self.flush(notes) }
    }

    fn flush(&self, notes: &mut Notes) -> Result<(), WarehouseError> {
        notes.originals.flush()?;
        self.house.ledger().record(&self.id, &notes.pages, &notes.refused, notes.totals)?;
        notes.pages.clear();
        notes.refused.clear();
        Ok(())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if self.phase == Phase::Open {
            let at = self.start.at;
            self.end(Outcome::Failed, Some("aborted: the run was given up before it ended"), at);
        }
    }
}
