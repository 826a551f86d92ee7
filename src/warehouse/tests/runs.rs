//! What the ledger says of runs, and who may open the warehouse.

use super::{DIPA, Scene, begin, dataset, noon, page, stage};
use crate::warehouse::{
    AsOf, CommitMode, ErrorKind, Outcome, QuarantineRecord, RunFilter, RunStatus, Stretch, Warehouse,
};
use std::fs;

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
fn runs_and_what_they_did_are_read_in_portions() {
    let scene = Scene::new();
    let mut ids = Vec::new();
    for day in 20..23 {
        let run = scene.begin(DIPA, noon(day));
        (1..=3).for_each(|number| run.record_page(page(number, 1)).unwrap());
        let reasons = ["not a number", "too long", "not a number"];
        for (row, reason) in (1..).zip(reasons).take(if day == 20 { 3 } else { 1 }) {
            let refused = QuarantineRecord { page: 1, row, column: Some("amount"), reason, original: None };
            run.record_quarantine(&refused).unwrap();
        }
        ids.push(run.id().clone());
        run.finish(Outcome::Held, None, noon(day)).unwrap();
    }
    let house = &scene.warehouse;
    let listed = |before: Option<usize>, source: &str| {
        let before = before.map(|at| ids[at].clone());
        let filter = RunFilter { before, source: Some(source.to_owned()), limit: Some(2), ..RunFilter::default() };
        house.runs(&filter).unwrap().into_iter().map(|run| run.run).collect::<Vec<_>>()
    };
    let source = DIPA.split_once('.').unwrap().0;
    assert_eq!(listed(None, source), [ids[2].clone(), ids[1].clone()]);
    assert_eq!(listed(Some(1), source), [ids[0].clone()]);
    assert!(listed(None, "other").is_empty());
    let portion = |skip, limit| Stretch { skip, limit };
    assert_eq!(house.run_record(&ids[0]).unwrap().unwrap().run, ids[0]);
    let pages = house.run_pages(&ids[0], portion(1, 1)).unwrap();
    assert_eq!(pages.iter().map(|page| page.page.page).collect::<Vec<_>>(), [2]);
    assert!(house.run_partitions(&ids[0], portion(0, 9)).unwrap().is_empty());
    let refused = house.run_refusals(&ids[0], portion(1, 9)).unwrap();
    assert_eq!(refused.iter().map(|row| row.row).collect::<Vec<_>>(), [2, 3]);
    let counted = |runs, skip| {
        let counts = house.refusals(runs, portion(skip, 9)).unwrap().into_iter();
        counts.map(|count| (count.reason, count.rows, count.runs, count.newest)).collect::<Vec<_>>()
    };
    let number = |rows, runs| ("not a number".to_owned(), rows, runs, ids[2].clone());
    assert_eq!(counted(9, 0), [number(4, 3), ("too long".to_owned(), 1, 1, ids[0].clone())]);
    assert_eq!((counted(2, 0), counted(9, 2)), (vec![number(2, 2)], Vec::new()));
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
        let filter = RunFilter { dataset: Some(dataset(DIPA)), status, limit: Some(2), ..RunFilter::default() };
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
