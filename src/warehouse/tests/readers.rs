//! Readers that look while a partition is replaced, and a run of five hundred partitions.

use super::{DIPA, Scene, dataset, date, noon, stage, total};
use crate::warehouse::{AsOf, CommitMode, Partition, Warehouse};
use chrono::Days;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

const PARTITION: &str = "tahun_anggaran=2026/snapshot_date=2026-11-20";
const REPLACED: i128 = 50;

/// Lists the folder as a globbing tool does and adds up what it finds. A file that was replaced between the listing and
/// the opening is looked for again: such a tool sees an error, not a wrong figure.
fn look(folder: &Path) -> i128 {
    loop {
        let names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(names.len(), 1, "{names:?}");
        match total(&names[0]) {
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            other => return other.unwrap(),
        }
    }
}

/// Calls `look` until the writer is done; what it sees never goes back in time.
fn watch(done: &AtomicBool, look: impl Fn() -> i128) -> usize {
    let (mut seen, mut last) = (0, 0);
    while !done.load(Ordering::SeqCst) {
        let now = look();
        assert!((last..=REPLACED).contains(&now), "{now} after {last}");
        (seen, last) = (seen + 1, now);
    }
    seen
}

#[test]
fn readers_never_see_none_two_or_a_wrong_total_while_a_partition_is_replaced() {
    let scene = Scene::new();
    scene.snapshot(DIPA, PARTITION, &[0], noon(20));
    let done = AtomicBool::new(false);
    let root = scene.root();
    let (history, latest) = (
        root.join("history/omspan/dipa_belanja").join(PARTITION),
        root.join("latest/omspan/dipa_belanja/tahun_anggaran=2026"),
    );
    let reader = Warehouse::open_for_reading(&root).unwrap();
    let by_ledger = || {
        let files = reader.committed_files(AsOf::Latest).unwrap();
        assert_eq!(files.len(), 1);
        // No retry: what the ledger names can be opened.
        total(&files[0].path).unwrap()
    };
    thread::scope(|scope| {
        let watching = [
            scope.spawn(|| watch(&done, || look(&history))),
            scope.spawn(|| watch(&done, || look(&latest))),
            scope.spawn(|| watch(&done, by_ledger)),
        ];
        for i in 1..=REPLACED {
            // As many rows as make the total i, so that a half-written file could not pass.
            scene.snapshot(DIPA, PARTITION, &vec![1; usize::try_from(i).unwrap()], noon(20));
        }
        done.store(true, Ordering::SeqCst);
        for thread in watching {
            assert!(thread.join().unwrap() > 1);
        }
    });
    assert_eq!((look(&history), look(&latest), by_ledger()), (REPLACED, REPLACED, REPLACED));
}

#[test]
fn a_listing_that_began_before_a_commit_still_finds_the_one_file_it_went_for() {
    let scene = Scene::new();
    scene.snapshot(DIPA, PARTITION, &[1], noon(20));
    let begun = [
        "history/omspan/dipa_belanja/tahun_anggaran=2026/snapshot_date=2026-11-20",
        "latest/omspan/dipa_belanja/tahun_anggaran=2026",
    ]
    .map(|folder| std::fs::read_dir(scene.root().join(folder)).unwrap());
    // Opened, not yet read: the folder is replaced under it and must not be emptied before its time of grace.
    let again = scene.snapshot(DIPA, PARTITION, &[2], noon(20));
    for listing in begun {
        let names: Vec<_> = listing.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert_eq!(names.len(), 1, "{names:?}");
        assert!(!names[0].starts_with(again.run.as_str()), "{names:?}");
    }
}

#[test]
fn runs_of_different_datasets_commit_side_by_side() {
    let scene = Scene::new();
    thread::scope(|scope| {
        for name in ["omspan.a", "omspan.b", "oss.a"] {
            let scene = &scene;
            scope.spawn(move || (1..=5).for_each(|day| drop(scene.snapshot(name, &of(day), &[1], noon(day)))));
        }
    });
    assert_eq!(scene.warehouse.committed_files(AsOf::All).unwrap().len(), 15);
    let latest = scene.warehouse.committed_files(AsOf::Latest).unwrap();
    assert!(latest.iter().all(|file| file.partition.to_string() == of(5)));
    assert_eq!(latest[0].dataset, dataset("omspan.a"));
}

fn of(day: u32) -> String {
    Partition::of_snapshot(None, noon(day).date_naive()).to_string()
}

#[test]
fn five_hundred_partitions_become_visible_together() {
    let scene = Scene::new();
    let run = scene.begin("omspan.detail_pnbp", noon(20));
    let day =
        |n| Partition::of_events(Some(2026), "insert_date", date("2025-07-01") + Days::new(n)).unwrap().to_string();
    let staged = (0..500).map(|n| stage(&run, &day(n), &[i128::from(n)]).unwrap()).collect();
    assert_eq!(scene.warehouse.committed_files(AsOf::Latest).unwrap().len(), 0);
    let committed = run.commit(staged, CommitMode::Accumulate, noon(20), None).unwrap();
    assert_eq!((committed.paths.len(), committed.rows), (500, 500));
    assert_eq!(committed.sums["amount"].unscaled, 499 * 500 / 2);
    assert_eq!((scene.shown("latest").len(), scene.committed(AsOf::Latest).len()), (500, 500));
}
