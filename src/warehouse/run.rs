//! A run: one attempt at one dataset. It may fill several partitions; all become visible together, or none.

use super::archive::{self, RunArchive};
use super::disk::{self, Lock};
use super::error::WarehouseError;
use super::house::House;
use super::id::{DatasetId, RunId};
use super::layout::Layout;
use super::ledger::{Intended, Intent, NewRun, Totals};
use super::originals::Originals;
use super::partition::Partition;
use super::publish;
use super::record::{
    Acceptance, CommitMode, Committed, Outcome, PageRecord, QuarantineRecord, QuarantinedRow, RecordedPage, RunStart,
};
use super::recovery;
use super::stage::{Origin, StageWriter, StagedFile};
use super::steps::Step;
use arrow::datatypes::SchemaRef;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::{BTreeMap, BTreeSet};
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

    /// Publishes the staged files: all become visible, or none. `note` stands in the ledger beside the run.
    ///
    /// # Errors
    /// Before the intent is recorded the run ends as failed and nothing changes. After that it stays `committing`: the
    /// next run of the dataset, or the next open, takes it to its end.
    pub fn commit(
        mut self,
        staged: Vec<StagedFile>,
        mode: CommitMode,
        at: DateTime<Utc>,
        note: Option<&str>,
    ) -> Result<Committed, WarehouseError> {
        if let Err(refused) = self.intend(staged, mode, at, note) {
            self.end(Outcome::Failed, Some(&refused.to_string()), at);
            return Err(refused);
        }
        self.phase = Phase::Settled;
        let (house, dataset) = (&self.house, &self.start.dataset);
        house.steps.reached(Step::IntentRecorded, house.layout.root())?;
        let broke_off = |source| WarehouseError::BrokeOff { run: self.id.clone(), source: Box::new(source) };
        let committed = publish::roll_forward(house, &self.id, dataset).map_err(broke_off)?;
        tracing::info!(run.id = %self.id, %dataset, n_rows = committed.rows, size_bytes = committed.bytes, "committed");
        if let Err(error) = publish::sweep(house, at) {
            tracing::warn!(%error, "could not remove replaced files; the next commit tries again");
        }
        self.bound_archive();
        Ok(committed)
    }

    /// Ends a run that publishes nothing.
    ///
    /// # Errors
    /// When the ledger or the disk refuses.
    pub fn finish(mut self, outcome: Outcome, reason: Option<&str>, at: DateTime<Utc>) -> Result<(), WarehouseError> {
        self.phase = Phase::Settled;
        self.close(outcome, reason, at)
    }

    /// Checks what is to be published and records the intent.
    fn intend(
        &self,
        staged: Vec<StagedFile>,
        mode: CommitMode,
        at: DateTime<Utc>,
        note: Option<&str>,
    ) -> Result<(), WarehouseError> {
        if staged.is_empty() {
            return Err(self.misuse("nothing is staged: a run that publishes nothing is finished, not committed"));
        }
        let mut paths = Vec::with_capacity(staged.len());
        let mut files = Vec::with_capacity(staged.len());
        for file in staged {
            if file.run != self.id || !disk::exists(&file.path)? {
                return Err(self.misuse(&format!("the file staged for {} was discarded", file.partition)));
            }
            let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned());
            files.push(Intended {
                latest: file.partition.latest_folder(mode)?,
                in_latest: true,
                partition: file.partition,
                staged: name.unwrap_or_default(),
                rows: file.rows,
                bytes: file.bytes,
                sums: file.sums,
            });
            paths.push(file.path);
        }
        self.decide_latest(mode, &mut files)?;
        disk::sync_parents(&paths, self.house.layout.root())?;
        self.archive.sync()?;
        let mut notes = self.notes();
        notes.originals.close()?;
        self.flush(&mut notes)?;
        let (run, dataset) = (&self.id, &self.start.dataset);
        let accepted = notes.accepted.as_ref();
        self.house.ledger().intend(&Intent { run, dataset, mode, at, note, accepted, files: &files })
    }

    /// Decides which files `latest` is to show: of a snapshot the newest date only, so that a back-dated run fills
    /// `history` and nothing else. Also refuses a dataset that changes its folders midway.
    fn decide_latest(&self, mode: CommitMode, files: &mut [Intended]) -> Result<(), WarehouseError> {
        let current = self.house.ledger().current(&self.start.dataset)?;
        let mut partitions = BTreeSet::new();
        let mut newest: BTreeMap<String, NaiveDate> = BTreeMap::new();
        let shape = current.as_ref().map_or_else(|| files[0].partition.shape(), |current| current.shape.clone());
        if current.as_ref().is_some_and(|current| current.mode != mode) {
            return Err(self.misuse(&format!("its files so far were not committed as {mode}")));
        }
        newest.extend(current.into_iter().flat_map(|current| current.newest));
        for file in files.iter() {
            if file.partition.shape() != shape {
                let found = file.partition.shape();
                return Err(self.misuse(&format!("its folders are keyed {shape}, the staged file by {found}")));
            }
            if !partitions.insert(file.partition.clone()) {
                return Err(self.misuse(&format!("{} is staged twice", file.partition)));
            }
            let date = file.partition.date();
            newest.entry(file.latest.clone()).and_modify(|newest| *newest = date.max(*newest)).or_insert(date);
        }
        for file in files {
            file.in_latest = newest.get(&file.latest) == Some(&file.partition.date());
        }
        Ok(())
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
