//! The materialised marts: one Parquet file a mart, and the whole tree of them swapped in one step.
//!
//! An attempt ([`MartRun`]) builds a new tree in staging: a file for every mart that was computed anew, a link to the published
//! file for every mart whose inputs did not change. When the tree is whole and durable the ledger notes what it is to show,
//! then it is exchanged with the published one, which rests in `retired` for its time of grace. `docs/storage.md` says what a
//! crash leaves at each step; every step first looks whether it was taken, so recovery is the same code.

mod commit;
mod record;

pub(crate) use commit::settle;
pub use record::{DataTestRecord, MartFile, MartRunRecord, MartState};

use super::disk::{self, Lock};
use super::error::WarehouseError;
use super::house::House;
use super::id::{DatasetId, RunId};
use super::record::Outcome;
use super::stage::{FileWriter, MONEY_PRECISION, WrittenFile};
use super::steps::Step;
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use chrono::{DateTime, Utc};
use std::path::PathBuf;
use std::sync::Arc;

/// SQL schema of the marts, and the first half of their names in errors.
const MART: &str = "mart";

/// One attempt at all marts, under their lock. Dropped without an end it is marked failed.
#[derive(Debug)]
pub struct MartRun {
    house: Arc<House>,
    id: RunId,
    at: DateTime<Utc>,
    /// What is shown now.
    shown: Vec<MartFile>,
    /// The digest of the snapshots it was made from, where no attempt came to nothing since.
    shown_from: Option<String>,
    ended: bool,
    _lock: Lock,
}

/// Writes the file of one mart in staging. Memory is that of one row group.
pub struct MartWriter {
    house: Arc<House>,
    file: FileWriter,
    made: MartFile,
}

/// A mart of the new tree: written and counted again, or taken over from the old one.
#[derive(Debug)]
pub struct StagedMart {
    run: RunId,
    file: MartFile,
}

impl StagedMart {
    /// What the file holds.
    #[must_use]
    pub fn file(&self) -> &MartFile {
        &self.file
    }
}

impl MartRun {
    /// Begins an attempt, unless another process is at one: takes the lock, settles what a dead process left, enters the
    /// attempt in the ledger.
    pub(super) fn begin(house: Arc<House>, at: DateTime<Utc>) -> Result<Option<Self>, WarehouseError> {
        house.require_writable()?;
        let Some(lock) = Lock::try_take(&house.layout.marts_lock())? else { return Ok(None) };
        settle(&house, at)?;
        let before = state(&house)?;
        let shown_from =
            before.shown.filter(|shown| before.last.as_ref() == Some(shown)).and_then(|run| run.snapshots);
        let (shown, id) = (before.files, RunId::new(at));
        house.ledger().begin_marts(&id, at)?;
        let run = Self { house, id, at, shown, shown_from, ended: false, _lock: lock };
        disk::create_folder(&run.house.layout.staged_marts(&run.id))?;
        run.house.steps.reached(Step::Begun, run.house.layout.root())?;
        Ok(Some(run))
    }

    /// Its id, also the name of the files it writes.
    #[must_use]
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// The file that is shown for `mart` now, if it was made from these inputs and is still there.
    ///
    /// # Errors
    /// When the disk cannot be read.
    pub fn made_from(&self, mart: &str, inputs: &str) -> Result<Option<&MartFile>, WarehouseError> {
        let Some(file) = self.shown.iter().find(|file| file.mart == mart && file.inputs == inputs) else {
            return Ok(None);
        };
        Ok(disk::exists(&self.house.layout.mart_file(mart, &file.file))?.then_some(file))
    }

    /// Whether what is shown was made from these snapshots, and no attempt was held or failed since.
    #[must_use]
    pub fn is_from(&self, snapshots: &str) -> bool {
        self.shown_from.as_deref() == Some(snapshots)
    }

    /// The names of the marts that are shown now, sorted.
    pub fn shown(&self) -> impl Iterator<Item = &str> {
        self.shown.iter().map(|file| file.mart.as_str())
    }

    /// Opens a file for the rows of `mart`, made from `inputs` (a digest by which they are known again). Money columns are
    /// summed. `metadata` goes into the file beside what the warehouse says of it (`lumbung.run_id`, `.source`, `.dataset`,
    /// `.row_count`, `.sum.<column>`).
    ///
    /// # Errors
    /// When the name is no name of a mart, or the disk refuses.
    pub fn write(
        &self,
        (mart, inputs): (&str, &str),
        schema: SchemaRef,
        mut metadata: Vec<(String, String)>,
    ) -> Result<MartWriter, WarehouseError> {
        let name = DatasetId::new(MART, mart)?;
        let folder = self.house.layout.staged_marts(&self.id).join(mart);
        disk::create_folder(&folder)?;
        metadata.extend([
            ("lumbung.run_id".to_owned(), self.id.to_string()),
            ("lumbung.source".to_owned(), MART.to_owned()),
            ("lumbung.dataset".to_owned(), mart.to_owned()),
        ]);
        let control = money(&schema);
        let file = FileWriter::create(name, schema, &control, (folder.join(self.id.file_name()), metadata))?;
        let made = MartFile {
            mart: mart.to_owned(),
            file: self.id.clone(),
            inputs: inputs.to_owned(),
            rows: 0,
            bytes: 0,
            sums: Default::default(),
            made_at: self.at,
        };
        Ok(MartWriter { house: Arc::clone(&self.house), file, made })
    }

    /// Takes the file that is shown for a mart over into the new tree.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn keep(&self, file: &MartFile) -> Result<StagedMart, WarehouseError> {
        let folder = self.house.layout.staged_marts(&self.id).join(&file.mart);
        disk::create_folder(&folder)?;
        disk::link(&self.house.layout.mart_file(&file.mart, &file.file), &folder.join(file.file.file_name()))?;
        Ok(StagedMart { run: self.id.clone(), file: file.clone() })
    }

    /// Notes what the data tests said before the marts were made.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn note_tests(&self, tests: &[DataTestRecord]) -> Result<(), WarehouseError> {
        self.house.ledger().note_tests(&self.id, tests)
    }

    /// Shows these marts and no others, all at once. `snapshots` is a digest of the committed files they were made from.
    ///
    /// # Errors
    /// Before the intent is recorded the attempt ends as failed and the old marts stay. After that it stays `committing`, and
    /// the next attempt or the next open takes it to its end.
    pub fn commit(
        mut self,
        marts: Vec<StagedMart>,
        snapshots: &str,
        at: DateTime<Utc>,
    ) -> Result<(), WarehouseError> {
        if marts.iter().any(|mart| mart.run != self.id) {
            return Err(WarehouseError::Misuse(format!("run {}: a mart of another run was to be shown", self.id)));
        }
        let files: Vec<MartFile> = marts.into_iter().map(|mart| mart.file).collect();
        commit::prepare(&self.house, &self.id, &files)?;
        self.house.ledger().intend_marts(&self.id, &files, snapshots, at)?;
        self.ended = true;
        self.house.steps.reached(Step::IntentRecorded, self.house.layout.root())?;
        commit::roll_forward(&self.house, &self.id)?;
        if let Err(error) = super::publish::sweep(&self.house, at) {
            tracing::warn!(%error, "could not remove replaced files; the next commit tries again");
        }
        Ok(())
    }

    /// Ends an attempt that shows nothing: held by a data test, or failed.
    ///
    /// # Errors
    /// When the ledger or the disk refuses.
    pub fn finish(mut self, outcome: Outcome, reason: &str, at: DateTime<Utc>) -> Result<(), WarehouseError> {
        self.ended = true;
        disk::remove_folder(&self.house.layout.staging(&self.id))?;
        self.house.ledger().finish_marts(&self.id, outcome, reason, at)
    }

    /// Ends an attempt that found nothing to do: as if it had not been.
    ///
    /// # Errors
    /// When the ledger or the disk refuses.
    pub fn withdraw(mut self) -> Result<(), WarehouseError> {
        self.ended = true;
        disk::remove_folder(&self.house.layout.staging(&self.id))?;
        self.house.ledger().withdraw_marts(&self.id)
    }
}

impl Drop for MartRun {
    fn drop(&mut self) {
        if self.ended || self.house.steps.stopped() {
            return;
        }
        let ended = disk::remove_folder(&self.house.layout.staging(&self.id)).and_then(|()| {
            let reason = "aborted: the attempt was given up before it ended";
            self.house.ledger().finish_marts(&self.id, Outcome::Failed, reason, self.at)
        });
        if let Err(error) = ended {
            tracing::error!(run.id = %self.id, %error, "could not note how the marts ended; the next open does");
        }
    }
}

impl MartWriter {
    /// Appends the rows of `batch`, which has the schema.
    ///
    /// # Errors
    /// When a sum leaves 38 digits, or the disk refuses.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), WarehouseError> {
        self.file.write(batch)
    }

    /// Closes the file, makes it durable, and has it counted again by an engine that shares no code with the writer.
    ///
    /// # Errors
    /// When the disk refuses, or the file does not hold what was written.
    pub fn finish(self) -> Result<StagedMart, WarehouseError> {
        let Self { house, file, made } = self;
        let WrittenFile { path, rows, bytes, sums, .. } = file.finish(Vec::new())?;
        house.steps.reached(Step::Staged, &path)?;
        Ok(StagedMart { run: made.file.clone(), file: MartFile { rows, bytes, sums, ..made } })
    }
}

/// What `status` tells of the marts.
pub(super) fn state(house: &House) -> Result<MartState, WarehouseError> {
    let ledger = house.ledger();
    let (last, shown) = ledger.last_marts()?;
    let files = shown.as_ref().map(|run| ledger.mart_files(&run.run)).transpose()?.unwrap_or_default();
    let tests = last.as_ref().map(|run| ledger.noted_tests(&run.run)).transpose()?.unwrap_or_default();
    Ok(MartState { last, shown, files, tests })
}

/// The columns of amounts; narrower decimals are scores and percentages.
fn money(schema: &SchemaRef) -> Vec<String> {
    let is_money = |ty: &DataType| matches!(ty, DataType::Decimal128(precision, _) if *precision >= MONEY_PRECISION);
    schema.fields().iter().filter(|field| is_money(field.data_type())).map(|field| field.name().clone()).collect()
}

/// The published tree as it should be: the file of each mart.
fn paths(files: &[MartFile]) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = files.iter().map(|f| PathBuf::from(&f.mart).join(f.file.file_name())).collect();
    paths.sort();
    paths
}
