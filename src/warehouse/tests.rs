//! The warehouse from outside: what is committed, what is shown, what survives.

mod archive;
mod crash;
mod readers;

use super::steps::Steps;
use super::{
    AsOf, CommitMode, Committed, DatasetId, ErrorKind, Keeping, Outcome, PageRecord, Partition, QuarantineRecord,
    RawPage, Run, RunFilter, RunStart, RunStatus, StagedFile, Warehouse, WarehouseError,
};
use arrow::array::{ArrayRef, Decimal128Array, RecordBatch, StringArray};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

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
    warehouse.begin_run(RunStart {
        dataset: dataset(name),
        tahun_anggaran: Some(2026),
        contract_version: 3,
        control: vec!["amount".to_owned()],
        key_id: Some("1f2e3d4c".to_owned()),
        replay_of: None,
        parameters: Some(r#"{"nik":"…"}"#.to_owned()),
        keeping,
        at,
    })
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

fn pairs(expected: &[(&str, i128)]) -> Vec<(String, i128)> {
    expected.iter().map(|(path, total)| ((*path).to_owned(), *total)).collect()
}

const DIPA: &str = "omspan.dipa_belanja";

#[test]
fn a_commit_is_shown_in_history_and_latest_and_known_to_the_ledger() {
    let scene = Scene::new();
    let committed = scene.snapshot(DIPA, "tahun_anggaran=2026/snapshot_date=2026-11-20", &[100, 250, -50], noon(20));
    assert_eq!((committed.rows, committed.sums["amount"].to_string().as_str()), (3, "3.00"));
    let name = format!("{}.parquet", committed.run);
    let history = "history/omspan/dipa_belanja/tahun_anggaran=2026/snapshot_date=2026-11-20";
    assert_eq!(committed.paths, [scene.root().join(history).join(&name)]);
    assert_eq!(committed.bytes, fs::metadata(&committed.paths[0]).unwrap().len());
    assert!(scene.root().join("latest/omspan/dipa_belanja/tahun_anggaran=2026").join(&name).exists());
    let files = scene.warehouse.committed_files(AsOf::Latest).unwrap();
    let [file] = files.as_slice() else { panic!("one file") };
    assert_eq!((file.dataset.to_string().as_str(), file.rows, &file.run), (DIPA, 3, &committed.run));
    assert_eq!((file.history_path.as_path(), file.snapshot_date), (committed.paths[0].as_path(), date("2026-11-20")));
    assert_eq!((file.partition.get("tahun_anggaran"), file.committed_at), (Some("2026"), noon(20)));
    assert_eq!(total(&file.path).unwrap(), 300);
    assert_eq!(files_below(&scene.root().join("state/staging")), Vec::<PathBuf>::new());
}

#[test]
fn a_rerun_replaces_its_partition_and_the_old_file_stays_openable_for_its_grace() {
    let mut scene = Scene::new();
    let partition = "tahun_anggaran=2026/snapshot_date=2026-11-20";
    scene.snapshot(DIPA, partition, &[100], noon(20));
    let before = scene.warehouse.committed_files(AsOf::Latest).unwrap();
    let again = scene.snapshot(DIPA, partition, &[700], noon(21));
    assert_eq!(scene.shown("history"), pairs(&[(&format!("omspan/dipa_belanja/{partition}"), 700)]));
    assert_eq!(scene.shown("latest"), pairs(&[("omspan/dipa_belanja/tahun_anggaran=2026", 700)]));
    assert_eq!(scene.committed(AsOf::All), pairs(&[(partition, 700)]));
    // A query that began before the commit ends on the file it began with.
    assert_eq!(total(&before[0].path).unwrap(), 100);
    let detail = scene.warehouse.run(&before[0].run).unwrap().unwrap();
    assert_eq!(detail.partitions[0].superseded_by.as_ref(), Some(&again.run));
    scene.reopen_with(Steps::default(), noon(22) - TimeDelta::milliseconds(1)).unwrap();
    assert!(before[0].path.exists());
    scene.reopen_with(Steps::default(), noon(22)).unwrap();
    assert!(!before[0].path.exists());
    assert_eq!(files_below(&scene.root().join("state/retired")), Vec::<PathBuf>::new());
    assert_eq!(scene.committed(AsOf::All), pairs(&[(partition, 700)]));
}

#[test]
fn latest_is_the_newest_snapshot_of_each_year_and_a_back_dated_run_fills_history_only() {
    let scene = Scene::new();
    let of = |year: u16, day: &str| Partition::of_snapshot(Some(year), date(day)).to_string();
    scene.snapshot(DIPA, &of(2026, "2026-11-20"), &[20], noon(20));
    scene.snapshot(DIPA, &of(2025, "2026-11-20"), &[5], noon(20));
    scene.snapshot(DIPA, &of(2026, "2026-11-21"), &[21], noon(21));
    scene.snapshot(DIPA, &of(2026, "2026-11-10"), &[10], noon(22));
    let latest = [("tahun_anggaran=2025", 5), ("tahun_anggaran=2026", 21)];
    let below = latest.map(|(folder, total)| (format!("omspan/dipa_belanja/{folder}"), total));
    assert_eq!(scene.shown("latest"), below);
    assert_eq!(scene.shown("history").len(), 4);
    let totals = |as_of| scene.committed(as_of).into_iter().map(|(_, total)| total).collect::<Vec<_>>();
    assert_eq!(totals(AsOf::Latest), [5, 21]);
    assert_eq!(totals(AsOf::Date(date("2026-11-20"))), [5, 20]);
    assert_eq!(totals(AsOf::Date(date("2026-11-19"))), [10]);
    assert_eq!(totals(AsOf::Date(date("2026-11-09"))), Vec::<i128>::new());
    assert_eq!(totals(AsOf::All), [5, 10, 20, 21]);
}

#[test]
fn a_dataset_without_fiscal_years_has_its_file_in_its_own_folder() {
    let scene = Scene::new();
    scene.snapshot("oss.nib", "snapshot_date=2026-11-20", &[1], noon(20));
    scene.snapshot("oss.kkpr", "snapshot_date=2026-11-20", &[2], noon(20));
    scene.snapshot("oss.nib", "snapshot_date=2026-11-21", &[3], noon(21));
    assert_eq!(scene.shown("latest"), pairs(&[("oss/kkpr", 2), ("oss/nib", 3)]));
}

#[test]
fn accumulating_data_is_shown_whole_and_a_run_replaces_several_days_at_once() {
    let scene = Scene::new();
    let name = "omspan.detail_pnbp";
    let day = |d: u32| {
        let date = noon(d).date_naive();
        Partition::of_events(Some(2026), "insert_date", date).unwrap().to_string()
    };
    for (days, amount, at) in [(18..=19, 1, 19), (19..=20, 7, 20)] {
        let run = scene.begin(name, noon(at));
        let staged = days.map(|d| stage(&run, &day(d), &[amount]).unwrap()).collect();
        run.commit(staged, CommitMode::Accumulate, noon(at), None).unwrap();
    }
    let expected: Vec<(String, i128)> = vec![(day(18), 1), (day(19), 7), (day(20), 7)];
    assert_eq!(scene.committed(AsOf::Latest), expected);
    assert_eq!(scene.committed(AsOf::Date(date("2026-11-19"))), expected[..2]);
    for tree in ["latest", "history"] {
        let folders: Vec<_> =
            scene.shown(tree).into_iter().map(|(f, t)| (f.replace("omspan/detail_pnbp/", ""), t)).collect();
        assert_eq!(folders, expected, "{tree}");
    }
}

#[test]
fn a_second_run_of_the_dataset_is_refused_by_name_and_other_datasets_go_on() {
    let scene = Scene::new();
    let first = scene.begin(DIPA, noon(20));
    let refused = begin(&scene.warehouse, DIPA, noon(20)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Locked);
    assert!(refused.to_string().contains(first.id().as_str()), "{refused}");
    // Nor does another process that opens the warehouse take the live run for dead.
    let other = Warehouse::open(&scene.root(), noon(20)).unwrap();
    assert_eq!(other.run(first.id()).unwrap().unwrap().run.status, RunStatus::Running);
    assert!(begin(&other, DIPA, noon(20)).is_err());
    begin(&other, "omspan.ketersediaan_dana", noon(20)).unwrap();
    let staged = vec![stage(&first, "snapshot_date=2026-11-20", &[1]).unwrap()];
    first.commit(staged, CommitMode::Snapshot, noon(20), None).unwrap();
    begin(&other, DIPA, noon(20)).unwrap();
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

#[test]
fn pages_and_refused_rows_are_on_record_and_a_restart_keeps_the_pages_only() {
    let scene = Scene::new();
    let run = scene.begin(DIPA, noon(20));
    let refuse = |row, original| {
        let refused = QuarantineRecord { page: 1, row, column: Some("amount"), reason: "not a number", original };
        run.record_quarantine(&refused).unwrap();
    };
    run.record_page(page(1, 500)).unwrap();
    let stale = stage(&run, "snapshot_date=2026-11-20", &[1]).unwrap();
    (0..300).for_each(|row| refuse(row, Some(b"{\"amount\":1e400}".as_slice())));
    run.discard_stage().unwrap();
    assert!(!stale.path.exists());
    run.record_page(page(1, 4)).unwrap();
    refuse(3, Some(b"{\"amount\":\"0.10000000000000000001\"}\n"));
    refuse(4, Some(b"\xff\xfe"));
    refuse(5, None);
    let staged = stage(&run, "snapshot_date=2026-11-20", &[2, 3]).unwrap();
    let id = run.commit(vec![staged], CommitMode::Snapshot, noon(20), Some("accepted")).unwrap().run;
    let detail = scene.warehouse.run(&id).unwrap().unwrap();
    let record = detail.run;
    assert_eq!((record.status, record.reason.as_deref()), (RunStatus::Committed, Some("accepted")));
    assert_eq!((record.pages, record.bytes, record.rows, record.quarantined), (2, 20, 2, 3));
    let attempts: Vec<_> = detail.pages.iter().map(|recorded| (recorded.attempt, recorded.page.rows)).collect();
    assert_eq!(attempts, [(1, 500), (2, 4)]);
    assert_eq!(detail.pages[1].page, page(1, 4));
    let refused = scene.warehouse.quarantine(Some(&id)).unwrap();
    assert_eq!(refused.iter().map(|row| row.row).collect::<Vec<_>>(), [3, 4, 5]);
    assert_eq!(scene.warehouse.quarantine(None).unwrap(), refused);
    let originals = scene.root().join(format!("state/quarantine/{DIPA}/{id}.ndjson"));
    let text = fs::read_to_string(originals).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].contains(r#""original":"{\"amount\":\"0.10000000000000000001\"}\n""#), "{}", lines[0]);
    assert!(lines[1].contains(r#""original_hex":"fffe""#), "{}", lines[1]);
}

#[test]
fn a_commit_of_discarded_or_ill_placed_files_changes_nothing() {
    let scene = Scene::new();
    scene.snapshot(DIPA, "tahun_anggaran=2026/snapshot_date=2026-11-20", &[1], noon(20));
    let shown = (scene.shown("history"), scene.shown("latest"));
    type Case = (&'static str, fn(&Run) -> (Vec<StagedFile>, CommitMode));
    let cases: [Case; 5] = [
        ("nothing is staged", |_| (vec![], CommitMode::Snapshot)),
        ("was discarded", |run| {
            let staged = stage(run, "tahun_anggaran=2026/snapshot_date=2026-11-21", &[1]).unwrap();
            run.discard_stage().unwrap();
            (vec![staged], CommitMode::Snapshot)
        }),
        ("is staged twice", |run| {
            let one = || stage(run, "tahun_anggaran=2026/snapshot_date=2026-11-21", &[1]).unwrap();
            (vec![one(), one()], CommitMode::Snapshot)
        }),
        ("keyed tahun_anggaran/snapshot_date", |run| {
            (vec![stage(run, "snapshot_date=2026-11-21", &[1]).unwrap()], CommitMode::Snapshot)
        }),
        ("not committed as accumulate", |run| {
            (vec![stage(run, "insert_date=2026-11-21", &[1]).unwrap()], CommitMode::Accumulate)
        }),
    ];
    for (expected, case) in cases {
        let run = scene.begin(DIPA, noon(21));
        let id = run.id().clone();
        let (staged, mode) = case(&run);
        let refused = run.commit(staged, mode, noon(21), None).unwrap_err().to_string();
        assert!(refused.contains(expected), "{expected}: {refused}");
        let record = scene.warehouse.run(&id).unwrap().unwrap().run;
        assert_eq!((record.status, record.reason.as_deref()), (RunStatus::Failed, Some(refused.as_str())));
        assert_eq!((scene.shown("history"), scene.shown("latest")), shown);
    }
}

#[test]
fn freshness_tells_the_last_good_run_and_whether_the_last_attempt_failed() {
    let scene = Scene::new();
    let fresh = || scene.warehouse.freshness().unwrap().remove(0);
    scene.snapshot(DIPA, "snapshot_date=2026-11-20", &[1], noon(20));
    assert_eq!((fresh().stale, fresh().good_at), (false, Some(noon(20))));
    scene.begin(DIPA, noon(21)).finish(Outcome::Held, Some("shrank by half"), noon(21)).unwrap();
    let held = fresh();
    assert_eq!((held.stale, held.good_at, held.attempt.status), (true, Some(noon(20)), RunStatus::Held));
    assert_eq!(held.attempt.reason.as_deref(), Some("shrank by half"));
    scene.begin(DIPA, noon(22)).finish(Outcome::Unchanged, None, noon(22)).unwrap();
    let good = fresh();
    assert_eq!((good.stale, good.good_at), (false, Some(noon(22))));
    assert_eq!(good.committed.unwrap().finished_at, Some(noon(20)));
    let running = scene.begin(DIPA, noon(23));
    assert_eq!((fresh().stale, fresh().attempt.status), (false, RunStatus::Running));
    drop(running);
    assert_eq!((fresh().stale, fresh().attempt.status), (true, RunStatus::Failed));
    let of = |status| {
        let filter = RunFilter { dataset: Some(dataset(DIPA)), status, limit: Some(2) };
        scene.warehouse.runs(&filter).unwrap().iter().map(|run| run.started_at).collect::<Vec<_>>()
    };
    assert_eq!((of(None), of(Some(RunStatus::Held))), (vec![noon(23), noon(22)], vec![noon(21)]));
}

#[test]
fn writers_that_open_at_once_share_one_new_warehouse() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Warehouse::open(folder.path(), noon(20)).unwrap();
    std::thread::scope(|scope| {
        let opened: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
        let opened: Vec<_> = opened.into_iter().map(|thread| thread.join().unwrap()).collect();
        let run = begin(&opened[0], DIPA, noon(20)).unwrap();
        assert_eq!(begin(&opened[3], DIPA, noon(20)).unwrap_err().kind(), ErrorKind::Locked);
        run.finish(Outcome::Empty, None, noon(20)).unwrap();
        assert_eq!(opened[2].runs(&RunFilter::default()).unwrap()[0].status, RunStatus::Empty);
    });
}

#[test]
fn reading_needs_a_warehouse_and_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let none = Warehouse::open_for_reading(folder.path()).unwrap_err();
    assert_eq!(none.kind(), ErrorKind::NoWarehouse);
    assert!(none.to_string().contains(folder.path().to_str().unwrap()), "{none}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let scene = Scene::new();
    let reader = Warehouse::open_for_reading(&scene.root()).unwrap();
    scene.snapshot(DIPA, "snapshot_date=2026-11-20", &[1], noon(20));
    assert_eq!(reader.committed_files(AsOf::Latest).unwrap().len(), 1);
    assert_eq!(begin(&reader, DIPA, noon(20)).unwrap_err().kind(), ErrorKind::Internal);
}
