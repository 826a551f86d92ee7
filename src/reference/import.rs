//! A user's file into the warehouse: read, checked as a whole, and committed like any load, so that history, as-of
//! reading and the ledger know it.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, Utc};
use sha2::{Digest, Sha256};

use super::rows::{self, Limits, ReadFile, RefusedFile};
use super::{REF, TableDefinition};
use crate::warehouse::{
    AsOf, CommitMode, CommittedFile, DatasetId, Outcome, PageRecord, Partition, Run, RunId, RunStart, Warehouse,
    WarehouseError,
};

/// Most rows of an imported list.
pub const IMPORT_ROWS_MAX: usize = 2_000_000;
/// Largest file imported, in bytes.
pub const IMPORT_BYTES_MAX: u64 = 256 << 20;
/// Most problems told of one file; all are counted.
const IMPORT_PROBLEMS_MAX: usize = 20;
/// Most a list may shrink against the one before, in percent, before it is held.
const SHRINK_PCT_MAX: u64 = 20;

/// What to import.
#[derive(Debug, Clone, Copy)]
pub struct ImportRequest<'a> {
    /// The CSV file.
    pub file: &'a Path,
    /// The day from which the list holds: the snapshot date.
    pub date: NaiveDate,
    /// Publish also a list that is much shorter than the one before.
    pub accept_shrink: bool,
    /// Now.
    pub at: DateTime<Utc>,
}

/// What became of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportStatus {
    /// Published.
    Committed,
    /// The same file is what counts already.
    Unchanged,
    /// No rows, and none before.
    Empty,
    /// Only read and checked, as asked.
    Checked,
}

impl ImportStatus {
    /// The word for people and scripts.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Unchanged => "unchanged",
            Self::Empty => "empty",
            Self::Checked => "checked",
        }
    }
}

/// An import that went well.
#[derive(Debug, Clone)]
pub struct ImportReport {
    /// `ref.<name>`.
    pub dataset: DatasetId,
    /// The run; `None` where nothing was begun.
    pub run: Option<RunId>,
    /// What became of it.
    pub status: ImportStatus,
    /// Rows of the file.
    pub rows: u64,
    /// Size of the file.
    pub bytes: u64,
    /// Codes whose parent is missing, where the table only tells them.
    pub orphans: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// Where the newest snapshot is shown; `None` for a check alone.
    pub path: Option<PathBuf>,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be opened or read.
    #[error("cannot read {file}: {source}")]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is too large to be a reference list.
    #[error("{file} is larger than {IMPORT_BYTES_MAX} bytes (IMPORT_BYTES_MAX); is it the right file?")]
    TooLarge {
        /// The file.
        file: PathBuf,
    },
    /// The file has problems.
    #[error("nothing was imported; {0}")]
    Refused(#[from] RefusedFile),
    /// The list is much shorter than the one that counts.
    #[error(
        "{dataset}: {rows} rows where the last import had {before}, a loss of more than {SHRINK_PCT_MAX} %; \
         nothing was published, --accept-shrink publishes it"
    )]
    Shrunk {
        /// The table.
        dataset: DatasetId,
        /// The run that was held.
        run: RunId,
        /// Rows of the file.
        rows: u64,
        /// Rows before.
        before: u64,
    },
    /// The warehouse refused.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}

/// A file as it was read and found good.
struct Checked {
    name: String,
    bytes: u64,
    sha256: String,
    read: ReadFile,
}

/// Reads and checks `file` as rows of `definition`, and publishes nothing.
///
/// # Errors
/// When the file cannot be read or has problems.
pub fn check_file(definition: &TableDefinition, file: &Path) -> Result<ImportReport, ImportError> {
    let began = Instant::now();
    let checked = check(definition, file)?;
    Ok(report(dataset(definition)?, &checked, ImportStatus::Checked, began))
}

/// Reads, checks and commits a file as the table's newest content. Blocks, and the recount runs an engine of its own: not
/// for a thread that drives an async runtime.
///
/// # Errors
/// When the file cannot be read, has problems or lost too many rows, or the warehouse refuses. Nothing is published then.
pub fn import(
    warehouse: &Warehouse,
    definition: &TableDefinition,
    request: &ImportRequest<'_>,
) -> Result<ImportReport, ImportError> {
    let began = Instant::now();
    let checked = check(definition, request.file)?;
    let dataset = dataset(definition)?;
    let run = warehouse.begin_run(RunStart {
        dataset: dataset.clone(),
        tahun_anggaran: None,
        contract_version: definition.version,
        control: Vec::new(),
        at: request.at,
    })?;
    let id = run.id().clone();
    run.record_page(page(&checked, request.at, began.elapsed()))?;
    let status = publish(warehouse, run, definition, request, &checked)?;
    let path = warehouse.root().join("latest").join(REF).join(&definition.name);
    Ok(ImportReport { run: Some(id), path: Some(path), ..report(dataset, &checked, status, began) })
}

fn dataset(definition: &TableDefinition) -> Result<DatasetId, WarehouseError> {
    DatasetId::new(REF, &definition.name)
}

fn report(dataset: DatasetId, checked: &Checked, status: ImportStatus, began: Instant) -> ImportReport {
    ImportReport {
        dataset,
        run: None,
        status,
        rows: checked.read.batch.num_rows() as u64,
        bytes: checked.bytes,
        orphans: checked.read.orphans,
        elapsed: began.elapsed(),
        path: None,
    }
}

fn check(definition: &TableDefinition, file: &Path) -> Result<Checked, ImportError> {
    let fail = |source| ImportError::File { file: file.to_owned(), source };
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(fail)?;
    opened.take(IMPORT_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > IMPORT_BYTES_MAX {
        return Err(ImportError::TooLarge { file: file.to_owned() });
    }
    let limits = Limits { rows: IMPORT_ROWS_MAX, rows_name: "IMPORT_ROWS_MAX", problems: IMPORT_PROBLEMS_MAX };
    let read = rows::read(definition, &file.display().to_string(), &bytes, &limits)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Checked { name, bytes: bytes.len() as u64, sha256, read })
}

/// The file as the ledger knows it: a page whose address is the file's name, without its folder.
fn page(checked: &Checked, at: DateTime<Utc>, elapsed: Duration) -> PageRecord {
    let rows = checked.read.batch.num_rows() as u64;
    PageRecord {
        window: "import".to_owned(),
        page: 1,
        url: checked.name.clone(),
        http_status: None,
        bytes: checked.bytes,
        sha256: checked.sha256.clone(),
        rows,
        quarantined: 0,
        started_at: at,
        millis: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        verdict: if rows == 0 { "empty" } else { "rows" }.to_owned(),
    }
}

/// Ends the run as what the file is against the one that counts on the request's day.
fn publish(
    warehouse: &Warehouse,
    run: Run,
    definition: &TableDefinition,
    request: &ImportRequest<'_>,
    checked: &Checked,
) -> Result<ImportStatus, ImportError> {
    let rows = checked.read.batch.num_rows() as u64;
    let committed = warehouse.committed_files(AsOf::Date(request.date))?;
    let counts = committed.iter().find(|file| file.dataset == *run.dataset());
    if let Some(file) = counts
        && is_same(warehouse, file, definition, checked)?
    {
        run.finish(Outcome::Unchanged, None, request.at)?;
        return Ok(ImportStatus::Unchanged);
    }
    let before = counts.map_or(0, |file| file.rows);
    if rows == 0 && before == 0 {
        run.finish(Outcome::Empty, None, request.at)?;
        return Ok(ImportStatus::Empty);
    }
    if !request.accept_shrink && rows < before * (100 - SHRINK_PCT_MAX) / 100 {
        let (dataset, id) = (run.dataset().clone(), run.id().clone());
        let held = ImportError::Shrunk { dataset, run: id, rows, before };
        run.finish(Outcome::Held, Some(&held.to_string()), request.at)?;
        return Err(held);
    }
    let partition = Partition::of_snapshot(None, request.date);
    let mut writer = run.stage(partition, definition.schema(), Vec::new())?;
    writer.write(&checked.read.batch)?;
    let staged = writer.finish()?;
    let mut note = format!("imported from {}", checked.name);
    if checked.read.orphans > 0 {
        note.push_str(&format!("; {} codes without their parent", checked.read.orphans));
    }
    run.commit(vec![staged], CommitMode::Snapshot, request.at, Some(&note))?;
    Ok(ImportStatus::Committed)
}

/// Whether `file` was made from the same bytes under the same definition.
fn is_same(
    warehouse: &Warehouse,
    file: &CommittedFile,
    definition: &TableDefinition,
    checked: &Checked,
) -> Result<bool, WarehouseError> {
    let Some(detail) = warehouse.run(&file.run)? else { return Ok(false) };
    let same_bytes = detail.pages.iter().any(|recorded| recorded.page.sha256 == checked.sha256);
    Ok(same_bytes && detail.run.contract_version == definition.version)
}

#[cfg(test)]
mod tests;
