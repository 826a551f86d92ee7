//! The warehouse from outside: what is committed, what is shown, what survives.

mod archive;
mod backup;
mod carry;
mod commits;
mod crash;
mod editions;
mod marts;
mod readers;
mod retention;
mod runs;
mod together;

use super::steps::Steps;
use super::{
    AsOf, CommitMode, Committed, DatasetId, Keeping, PageRecord, RawPage, Run, RunStart, StagedFile, Warehouse,
    WarehouseError,
};
use arrow::array::{ArrayRef, Decimal128Array, RecordBatch, StringArray};
use chrono::{DateTime, NaiveDate, Utc};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

pub(super) const DIPA: &str = "omspan.dipa_belanja";

/// Noon of a day of November 2026.
pub(super) fn noon(day: u32) -> DateTime<Utc> {
    format!("2026-11-{day:02}T12:00:00Z").parse().unwrap()
}

pub(super) fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(super) fn dataset(name: &str) -> DatasetId {
    name.parse().unwrap()
}

/// Rows with these amounts, in hundredths.
pub(super) fn rows(amounts: &[i128]) -> RecordBatch {
    let codes: ArrayRef = Arc::new(StringArray::from(vec!["001020"; amounts.len()]));
    let money = Decimal128Array::from(amounts.to_vec()).with_precision_and_scale(20, 2).unwrap();
    RecordBatch::try_from_iter([("kdsatker", codes), ("amount", Arc::new(money))]).unwrap()
}

pub(super) struct Scene {
    pub(super) folder: TempDir,
    pub(super) warehouse: Warehouse,
}

impl Scene {
    pub(super) fn new() -> Self {
        Self::in_folder(tempfile::tempdir().unwrap())
    }

    /// In memory where the machine has such a folder: a test that only pretends to lose power need not wait for disks.
    pub(super) fn in_memory() -> Self {
        Self::in_folder(tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap())
    }

    fn in_folder(folder: TempDir) -> Self {
        let warehouse = Warehouse::open(&folder.path().join("w"), noon(1)).unwrap();
        Self { folder, warehouse }
    }

    pub(super) fn root(&self) -> PathBuf {
        self.folder.path().join("w")
    }

    /// The "process" dies and another one, with these steps, opens the warehouse.
    pub(super) fn reopen_with(&mut self, steps: Steps, now: DateTime<Utc>) -> Result<(), WarehouseError> {
        self.warehouse = Warehouse::open_with(&self.root(), now, steps)?;
        Ok(())
    }

    pub(super) fn begin(&self, name: &str, at: DateTime<Utc>) -> Run {
        begin(&self.warehouse, name, at).unwrap()
    }

    pub(super) fn snapshot(&self, name: &str, partition: &str, amounts: &[i128], at: DateTime<Utc>) -> Committed {
        let run = self.begin(name, at);
        let staged = vec![stage(&run, partition, amounts).unwrap()];
        run.commit(staged, CommitMode::Snapshot, at, None).unwrap()
    }

    /// Every Parquet file of a published tree with its total, by path without the run's name.
    pub(super) fn shown(&self, tree: &str) -> Vec<(String, i128)> {
        shown(&self.root(), tree)
    }

    /// Every committed file's partition and total, read as the ledger says.
    pub(super) fn committed(&self, as_of: AsOf) -> Vec<(String, i128)> {
        let files = self.warehouse.committed_files(as_of).unwrap();
        files.iter().map(|file| (file.partition.to_string(), total(&file.path).unwrap())).collect()
    }
}

pub(super) fn begin(warehouse: &Warehouse, name: &str, at: DateTime<Utc>) -> Result<Run, WarehouseError> {
    begin_keeping(warehouse, name, at, Keeping::open())
}

pub(super) fn begin_keeping(
    warehouse: &Warehouse,
    name: &str,
    at: DateTime<Utc>,
    keeping: Keeping,
) -> Result<Run, WarehouseError> {
    warehouse.begin_run(RunStart { keeping, ..start(name, at) })
}

/// What a run of the dataset begins with.
pub(super) fn start(name: &str, at: DateTime<Utc>) -> RunStart {
    RunStart {
        dataset: dataset(name),
        tahun_anggaran: Some(2026),
        contract_version: 3,
        control: vec!["amount".to_owned()],
        key_id: Some("1f2e3d4c".to_owned()),
        replay_of: None,
        parameters: Some(r#"{"nik":"…"}"#.to_owned()),
        keeping: Keeping::open(),
        at,
    }
}

pub(super) fn stage(run: &Run, partition: &str, amounts: &[i128]) -> Result<StagedFile, WarehouseError> {
    let batch = rows(amounts);
    let mut writer = run.stage(partition.parse().unwrap(), batch.schema(), vec![])?;
    writer.write(&batch)?;
    writer.finish()
}

/// The sum of a file's amounts, read with the parquet crate.
pub(super) fn total(path: &Path) -> std::io::Result<i128> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?).unwrap().build().unwrap();
    let of = |batch: RecordBatch| -> i128 {
        let amounts = batch.column_by_name("amount").unwrap();
        amounts.as_any().downcast_ref::<Decimal128Array>().unwrap().iter().flatten().sum()
    };
    Ok(reader.map(|batch| of(batch.unwrap())).sum())
}

pub(super) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

pub(super) fn shown(root: &Path, tree: &str) -> Vec<(String, i128)> {
    let tree = root.join(tree);
    let show = |path: PathBuf| {
        assert_eq!(path.extension().unwrap(), "parquet", "{}", path.display());
        let folder = path.parent().unwrap().strip_prefix(&tree).unwrap().to_str().unwrap().to_owned();
        (folder, total(&path).unwrap())
    };
    files_below(&tree).into_iter().map(show).collect()
}

pub(super) fn page(n: u32, rows: u64) -> PageRecord {
    PageRecord {
        window: "2026".to_owned(),
        page: n,
        url: "http://127.0.0.1/RealisasiKL/1/2".to_owned(),
        http_status: Some(200),
        bytes: 10,
        sha256: "ab".repeat(32),
        rows,
        quarantined: 0,
        started_at: noon(20),
        millis: 5,
        verdict: "rows".to_owned(),
        raw: Some(RawPage { file: format!("omspan/d/r/{n}.1.zst.age"), sealed: true }),
        parameters: Some("{\"kode\":\"7\"}".to_owned()),
    }
}
