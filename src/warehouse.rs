//! Layout, ledger, stage and commit: the only writer below the warehouse folder.
//!
//! Two trees are for outside tools, `history` and `latest`: hive-style folders that hold one Parquet file each, swapped in
//! one step; a third, `marts`, is swapped as a whole. The ledger (SQLite) says what is committed; readers inside the program take their files from it, never from
//! a listing, and so see all of a run or nothing of it. `docs/storage.md` numbers the steps of a commit and says what a
//! crash after each of them leaves.
//!
//! In reading order: [`Warehouse`] opens the house; [`Run`] is one attempt at one dataset; [`StageWriter`] writes one
//! partition's file aside; `publish` moves it into place; `recovery` takes up what a dead process left.
//!
//! **Invariants**
//! - Nothing in `history` or `latest` is ever half-written, or there twice.
//! - After a crash at any point the next open finds exactly the old or exactly the new state.
//! - No file is overwritten under its own name.

mod accounts;
mod archive;
mod audit;
mod backup;
mod delivery;
mod disk;
mod editions;
mod error;
mod heartbeat;
mod house;
mod id;
mod inbox;
mod layout;
mod ledger;
mod marts;
mod moment;
mod occurrences;
mod orders;
mod originals;
mod partition;
mod private_file;
mod publish;
mod received;
mod record;
mod recovery;
mod retention;
mod room;
mod run;
mod saved;
mod shelf;
mod sqlite;
mod stage;
mod steps;
mod submission;
mod swap;
mod turn;
mod vitals;

pub use accounts::{Account, AccountError, Accounts};
pub use archive::{ArchiveError, ArchiveReader, ArchiveWriter, ArchivedPage, Keeping, RunArchive, Seal};
pub use audit::{AuditAct, AuditEntry, AuditOutcome, AuditRecord};
pub use backup::{
    BackupError, BackupManifest, BackupMember, BackupRequest, LostFile, Reconciliation, Restored, StrayFile,
    restore_backup, verify_backup,
};
pub use delivery::{
    Deliveries, DeliveryChange, DeliveryKind, DeliveryRecord, DeliveryStage, DeliveryState, Enqueued, MailAddress,
    NewDelivery, OutboxLog,
};
pub use editions::{EditionFilter, EditionRecord, NewEdition};
pub use error::{ErrorKind, Mismatch, WarehouseError};
pub use heartbeat::Heartbeat;
pub use id::{DatasetId, RunId};
pub use inbox::{
    ClaimedPush, Inbox, InboxError, InboxLimits, InboxStatus, InboxTally, InboxWaiting, InboxWriter, NewPush,
    NewRefused, PushId, PushOutcome, Receipt, RefusedPush, Settled, WaitingDay,
};
pub use ledger::RemovedSnapshot;
pub use marts::{DataTestRecord, MartFile, MartRun, MartRunRecord, MartState, MartWriter, StagedMart};
pub use moment::{LedgerMark, Moment, PinnedFile, PinnedState};
pub use occurrences::{
    DatasetLease, OccurrenceEnd, OccurrenceFilter, OccurrenceRecord, OccurrenceState, ScheduleLog, ScheduleRecord,
};
pub use orders::{HOLD_REASON_MAX, JobHold, JobOrder, ORDER_LASTS};
pub use partition::Partition;
pub use publish::GRACE;
pub use received::Received;
pub use record::{
    Acceptance, AsOf, CommitMode, Committed, CommittedFile, CommittedSet, FileProfile, Freshness, Outcome,
    PageRecord, PartitionRecord, QuarantineRecord, QuarantinedRow, RawPage, RecordedPage, RefusalCount, RunDetail,
    RunFilter, RunRecord, RunStart, RunStatus, Sums,
};
pub use retention::{Deletion, DeletionKind, DeletionRecord, KeepRule, Removed, Retention, Verdict, keep};
pub use run::{QUARANTINE_ROWS_MAX, Run, ToCommit, commit_together};
pub use saved::{Kept, SAVED_BYTES_MAX, SAVED_MAX, SAVED_NAME_MAX, SavedQuery};
pub use shelf::{ReportShelf, StateCount, Stretch};
pub use stage::{Carried, StageWriter, StagedFile};
pub use submission::{Begun, NewSubmission, OutboundLog, SubmissionAnswer, SubmissionRecord, SubmissionState};
pub use vitals::{DeliveryCount, OccurrenceCount, Space, Vitals};

use chrono::{DateTime, TimeDelta, Utc};
use disk::Lock;
use house::House;
use layout::Layout;
use ledger::Ledger;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use steps::Steps;

/// An open warehouse. Clones share it; all methods block and may be called from any thread.
#[derive(Debug, Clone)]
pub struct Warehouse {
    house: Arc<House>,
}

impl Warehouse {
    /// Opens the warehouse at `root` to write: makes it if there is none, brings the ledger up to date, and takes up
    /// what a dead process left. `now` dates the runs that are found dead and says whose grace has passed.
    ///
    /// # Errors
    /// When a folder or the ledger cannot be written, or the ledger was written by a newer version.
    pub fn open(root: &Path, now: DateTime<Utc>) -> Result<Self, WarehouseError> {
        Self::open_with(root, now, Steps::default())
    }

    /// Opens the warehouse at `root` to read: nothing is made, moved or removed.
    ///
    /// # Errors
    /// When there is no warehouse, or its ledger cannot be read or has another version.
    pub fn open_for_reading(root: &Path) -> Result<Self, WarehouseError> {
        let layout = Layout::new(absolute(root)?);
        if !disk::exists(&layout.ledger())? {
            return Err(WarehouseError::NoWarehouse { path: layout.root().to_path_buf() });
        }
        let ledger = Ledger::open_to_read(&layout.ledger())?;
        Ok(Self { house: Arc::new(House::new(layout, ledger, Steps::default(), false)) })
    }

    fn open_with(root: &Path, now: DateTime<Utc>, steps: Steps) -> Result<Self, WarehouseError> {
        let layout = Layout::new(absolute(root)?);
        for (folder, private) in layout.folders() {
            if private { disk::create_private_folder(&folder)? } else { disk::create_folder(&folder)? }
        }
        // Two writers that open at once: the second finds everything settled.
        let _opening = Lock::wait(&layout.open_lock())?;
        let ledger = Ledger::open(&layout.ledger())?;
        let house = Arc::new(House::new(layout, ledger, steps, true));
        recovery::recover(&house, now)?;
        Ok(Self { house })
    }

    /// The warehouse folder, absolute.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.house.layout.root()
    }

    /// Begins a run under the dataset's lock.
    ///
    /// # Errors
    /// [`WarehouseError::Locked`] where another run of the dataset is at work; else when the disk or the ledger refuses.
    pub fn begin_run(&self, start: RunStart) -> Result<Run, WarehouseError> {
        Run::begin(Arc::clone(&self.house), start)
    }

    /// Begins an attempt at the materialised marts; `None` where another process is at one. The folder and the ledger are
    /// asked at once; nobody is waited for.
    ///
    /// # Errors
    /// When the disk or the ledger refuses.
    pub fn begin_marts(&self, at: DateTime<Utc>) -> Result<Option<MartRun>, WarehouseError> {
        MartRun::begin(Arc::clone(&self.house), at)
    }

    /// How the materialised marts stand.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn mart_state(&self) -> Result<MartState, WarehouseError> {
        marts::state(&self.house)
    }

    /// What is known of the columns of a committed file; `None` where the ledger does not know its run.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn profile_of(&self, file: &CommittedFile) -> Result<Option<FileProfile>, WarehouseError> {
        self.house.ledger().profile(&file.run, &file.partition)
    }

    /// The committed files as of a date, by dataset and partition: one consistent state, taken from the ledger.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn committed_files(&self, as_of: AsOf) -> Result<Vec<CommittedFile>, WarehouseError> {
        self.house.ledger().committed_files(&self.house.layout, as_of)
    }

    /// Every retained file up to `as_of` and which of them are the newest: one consistent state, read once.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn committed_set(&self, as_of: AsOf) -> Result<CommittedSet, WarehouseError> {
        let until = if let AsOf::Date(day) = as_of { Some(day) } else { None };
        self.house.ledger().committed_set(&self.house.layout, until)
    }

    /// How many runs have ended. It grows with every commit, so two readings that are equal say that nothing was committed in
    /// between; cheap.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn runs_ended(&self) -> Result<u64, WarehouseError> {
        self.house.ledger().runs_ended()
    }

    /// Runs, newest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRecord>, WarehouseError> {
        self.house.ledger().runs(filter)
    }

    /// One run with its pages and what it published; `None` where there is no such run.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn run(&self, run: &RunId) -> Result<Option<RunDetail>, WarehouseError> {
        self.house.ledger().run(run)
    }

    /// One run, without its pages; `None` where there is no such run.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn run_record(&self, run: &RunId) -> Result<Option<RunRecord>, WarehouseError> {
        self.house.ledger().run_record(run)
    }

    /// A portion of the pages of a run, in the order they were asked for.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn run_pages(&self, run: &RunId, portion: Stretch) -> Result<Vec<RecordedPage>, WarehouseError> {
        self.house.ledger().run_pages(run, portion)
    }

    /// A portion of what a run published, by partition.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn run_partitions(&self, run: &RunId, portion: Stretch) -> Result<Vec<PartitionRecord>, WarehouseError> {
        self.house.ledger().run_partitions(run, portion)
    }

    /// A portion of the rows that a run refused, in the order they were met.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn run_refusals(&self, run: &RunId, portion: Stretch) -> Result<Vec<QuarantinedRow>, WarehouseError> {
        self.house.ledger().run_refusals(run, portion)
    }

    /// For what the newest `runs` runs with refused rows refused them, the newest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn refusals(&self, runs: u32, portion: Stretch) -> Result<Vec<RefusalCount>, WarehouseError> {
        self.house.ledger().refusals(runs, portion)
    }

    /// The runs whose rows the file that `run` published for `partition` holds, oldest first: itself, and those of the
    /// files that it carries on.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn carried_runs(&self, run: &RunId, partition: &Partition) -> Result<Vec<RunId>, WarehouseError> {
        self.house.ledger().carried_runs(run, partition)
    }

    /// Where the archive has a page; `None` where it was not kept.
    #[must_use]
    pub fn archived(&self, page: &PageRecord) -> Option<ArchivedPage> {
        let raw = page.raw.as_ref()?;
        Some(ArchivedPage { path: self.house.layout.all_raw().join(&raw.file), page: page.clone() })
    }

    /// The refused rows of one run, or of all; at most [`QUARANTINE_ROWS_MAX`] a run.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn quarantine(&self, run: Option<&RunId>) -> Result<Vec<QuarantinedRow>, WarehouseError> {
        self.house.ledger().quarantine(run)
    }

    /// The inbox store: opens it, or makes it where the warehouse was opened to write. To a reader a store that nobody made
    /// yet is one in which nothing waits.
    ///
    /// # Errors
    /// When the disk or SQLite refuses, or the store was written by a newer version.
    pub fn inbox(&self) -> Result<Inbox, WarehouseError> {
        Inbox::open(&self.house)
    }

    /// Settles what earlier runs claimed of the pushes for `dataset` and did not tell the inbox: pushes of runs that the
    /// ledger knows as committed are loaded, those of runs that ended otherwise wait again. The caller's run holds the
    /// dataset's lock and has claimed nothing yet.
    ///
    /// # Errors
    /// When the store cannot be written or the ledger cannot be read.
    pub fn settle_inbox(&self, dataset: &DatasetId) -> Result<Settled, WarehouseError> {
        let status_of = |run: &RunId| Ok(self.house.ledger().standing(run.as_str())?.map(|run| run.status));
        self.inbox()?.settle_claims(dataset, &status_of)
    }

    /// Opens the log of what is sent to `source` by `method`, for one sender at a time. Records that a dead process was sending
    /// are ambiguous from here on; `at` dates that.
    ///
    /// # Errors
    /// [`WarehouseError::SendingLocked`] where another process sends by the same method; else when the disk refuses.
    pub fn outbound_log(&self, source: &str, method: &str, at: DateTime<Utc>) -> Result<OutboundLog, WarehouseError> {
        OutboundLog::open(Arc::clone(&self.house), source, method, at)
    }

    /// What was sent to sources, in the order it was first sent: by one method (source and name) or all; the newest `limit`.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn submissions(
        &self,
        method: Option<(&str, &str)>,
        limit: Option<u32>,
    ) -> Result<Vec<SubmissionRecord>, WarehouseError> {
        self.house.ledger().submissions(method, limit)
    }

    /// Lays messages in the outbox, durably, and says how many were there already: a delivery of an edition is known by edition
    /// and recipient, and the bytes of the first time stay.
    ///
    /// # Errors
    /// When the disk or the ledger refuses: then none of them is in.
    pub fn lay_in_outbox(
        &self,
        messages: &[NewDelivery<'_>],
        operator: &str,
        at: DateTime<Utc>,
    ) -> Result<Enqueued, WarehouseError> {
        delivery::enqueue(&self.house, messages, operator, at)
    }

    /// Takes the outbox in hand, for one sender at a time. `lasts`: longest that a sender says nothing to the ledger; a sender on
    /// another machine is believed dead after that.
    ///
    /// # Errors
    /// [`WarehouseError::OutboxLocked`] where another process sends; else when the disk refuses.
    pub fn outbox(&self, lasts: TimeDelta, at: DateTime<Utc>) -> Result<OutboxLog, WarehouseError> {
        OutboxLog::open(Arc::clone(&self.house), lasts, at)
    }

    /// Deliveries, in the order they were laid in.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn deliveries(&self, which: Deliveries<'_>) -> Result<Vec<DeliveryRecord>, WarehouseError> {
        self.house.ledger().deliveries(which, false)
    }

    /// The deliveries that are not in a final state, in the order they were laid in.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn open_deliveries(&self) -> Result<Vec<DeliveryRecord>, WarehouseError> {
        self.house.ledger().deliveries(Deliveries::All, true)
    }

    /// How fresh every dataset is, a fiscal year, by name and year.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn freshness(&self) -> Result<Vec<Freshness>, WarehouseError> {
        self.house.ledger().freshness()
    }

    /// [`Warehouse::committed_set`] and how far the ledger had come, read as one: what an edition stands on.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn moment(&self, day: Option<chrono::NaiveDate>) -> Result<Moment, WarehouseError> {
        let (files, mark) = self.house.ledger().moment(&self.house.layout, day)?;
        Ok(Moment { day, files: Arc::new(files), mark })
    }

    /// The files of a moment that was recorded, whether or not they are still there.
    ///
    /// # Errors
    /// When a name in it is none.
    pub fn pinned(&self, files: &[PinnedFile]) -> Result<CommittedSet, WarehouseError> {
        moment::set_of(&self.house.layout, files)
    }

    /// What is there of a file of a recorded moment: all of it is read.
    ///
    /// # Errors
    /// When a name in it is none, or the file cannot be read.
    pub fn pinned_state(&self, file: &PinnedFile) -> Result<PinnedState, WarehouseError> {
        moment::state_of(&self.house.layout, file)
    }

    /// Keeps a committed file for the editions that read it: it can be read again after its partition was replaced. Gives its
    /// SHA-256, hexadecimal.
    ///
    /// # Errors
    /// When the file cannot be read or kept, or the warehouse is only read.
    pub fn keep_file(&self, file: &CommittedFile) -> Result<String, WarehouseError> {
        editions::keep_file(&self.house, file)
    }

    /// The SHA-256 of a committed file, hexadecimal. It is computed once: no file is written twice under its name.
    ///
    /// # Errors
    /// When the file or the ledger cannot be read.
    pub fn file_sha256(&self, file: &CommittedFile) -> Result<String, WarehouseError> {
        editions::file_sha256(&self.house, file)
    }

    /// Records editions, all or none of them, and `objects`, the texts they stand on: each part as exact bytes, never
    /// overwritten. An edition whose newest record holds the same parts is not recorded again. Gives each edition's record.
    ///
    /// # Errors
    /// When the disk or the ledger refuses.
    pub fn record_editions(
        &self,
        editions: &[NewEdition<'_>],
        objects: &[&[u8]],
        at: DateTime<Utc>,
    ) -> Result<Vec<EditionRecord>, WarehouseError> {
        editions::record(&self.house, editions, objects, at)
    }

    /// Recorded editions, newest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn editions(&self, filter: &EditionFilter<'_>) -> Result<Vec<EditionRecord>, WarehouseError> {
        self.house.ledger().editions(filter)
    }

    /// The bytes of one part of a recorded edition.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn edition_part(&self, edition: &EditionRecord, name: &str) -> Result<Vec<u8>, WarehouseError> {
        editions::part(&self.house, edition, name)
    }

    /// The manifest of a recorded edition.
    ///
    /// # Errors
    /// [`WarehouseError::RecordAltered`] where it is not what was recorded; else when it cannot be read.
    pub fn edition_manifest(&self, edition: &EditionRecord) -> Result<Vec<u8>, WarehouseError> {
        editions::manifest(&self.house, edition)
    }

    /// What recorded editions stand on, by its SHA-256.
    ///
    /// # Errors
    /// [`WarehouseError::RecordAltered`] where it is not what was recorded; else when it cannot be read.
    pub fn edition_object(&self, sha256: &str) -> Result<Vec<u8>, WarehouseError> {
        editions::object(&self.house, sha256)
    }
}

/// The root, fixed now: a later change of the working folder does not move the warehouse.
fn absolute(root: &Path) -> Result<PathBuf, WarehouseError> {
    let fixed = if root.as_os_str().is_empty() {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "the path is empty"))
    } else {
        std::path::absolute(root)
    };
    fixed.map_err(|e| WarehouseError::io("find the warehouse", root, e))
}

#[cfg(test)]
mod tests;
