//! Commits: what is shown where, what is replaced, what is refused.

use super::{DIPA, Scene, begin, date, files_below, noon, stage, total};
use crate::warehouse::steps::Steps;
use crate::warehouse::{AsOf, CommitMode, ErrorKind, Partition, Run, RunStatus, StagedFile, Warehouse};
use chrono::TimeDelta;
use std::fs;
use std::path::PathBuf;

fn pairs(expected: &[(&str, i128)]) -> Vec<(String, i128)> {
    expected.iter().map(|(path, total)| ((*path).to_owned(), *total)).collect()
}

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
