//! Three runs that are committed together: the process dies after every single step, and all three are old or all are new.

use super::crash::{by_ledger, by_listing, dying};
use super::{Scene, begin, noon, stage};
use crate::warehouse::disk::Lock;
use crate::warehouse::steps::{Step, Steps};
use crate::warehouse::{
    AsOf, CommitMode, Committed, ErrorKind, RunFilter, RunStatus, ToCommit, Warehouse, WarehouseError,
    commit_together,
};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

const TABLES: [&str; 3] = ["oss.nib_masuk", "oss.nib_masuk_izin", "oss.nib_masuk_proyek"];
const DAY: &str = "tanggal_diterima=2026-11-20";
const OLD: [i128; 3] = [1, 1, 1];
const NEW: [i128; 3] = [7, 7, 7];

fn part(warehouse: &Warehouse, name: &str, amount: i128) -> Result<ToCommit, WarehouseError> {
    let run = begin(warehouse, name, noon(20))?;
    let staged = vec![stage(&run, DAY, &[amount])?];
    Ok(ToCommit { run, staged, mode: CommitMode::Accumulate, note: Some(format!("note of {name}")) })
}

fn load(warehouse: &Warehouse, amount: i128) -> Result<Vec<Committed>, WarehouseError> {
    let parts = TABLES.iter().map(|name| part(warehouse, name, amount)).collect::<Result<Vec<_>, _>>()?;
    commit_together(parts, noon(20))
}

fn listed(scene: &Scene, tree: &str) -> Vec<i128> {
    by_listing(&scene.root(), tree).into_values().collect()
}

/// Dies after the `nth` step, looks, recovers by `recover`, looks again. Returns the step, or `None` where there was no `nth`.
fn die_and_recover(nth: usize, recover: impl Fn(&mut Scene)) -> Option<Step> {
    let mut scene = Scene::in_memory();
    load(&scene.warehouse, 1).unwrap();
    let steps = Arc::new(Mutex::new(Vec::new()));
    scene.reopen_with(dying(nth, &steps, false), noon(20)).unwrap();
    let outcome = load(&scene.warehouse, 7);
    let steps = steps.lock().unwrap().clone();
    let Some(last) = steps.get(nth - 1).copied() else {
        assert_eq!(outcome.unwrap().iter().map(|one| one.rows).collect::<Vec<_>>(), [1, 1, 1]);
        return None;
    };
    let case = format!("died after step {nth}, {last:?}");
    outcome.expect_err(&case);
    // Dead, not yet recovered: whoever reads by the ledger sees all of it or nothing.
    let recorded = matches!(last, Step::CommitRecorded | Step::Retired);
    assert_eq!(by_ledger(&scene.root()), if recorded { NEW } else { OLD }, "{case}");
    recover(&mut scene);
    let promised = !matches!(last, Step::Begun | Step::Staged);
    let expected = if promised { NEW } else { OLD };
    assert_eq!(by_ledger(&scene.root()), expected, "{case}, recovered");
    assert_eq!(
        (listed(&scene, "history"), listed(&scene, "latest")),
        (expected.to_vec(), expected.to_vec()),
        "{case}"
    );
    load(&scene.warehouse, 9).unwrap();
    assert_eq!(by_ledger(&scene.root()), [9, 9, 9], "{case}, loaded again");
    Some(last)
}

#[test]
fn a_group_is_old_or_new_after_a_crash_at_any_step() {
    let reopen = |scene: &mut Scene| scene.reopen_with(Steps::default(), noon(20)).unwrap();
    let seen: Vec<Step> = (1..).map_while(|nth| die_and_recover(nth, reopen)).collect();
    assert!(seen.len() > 25, "only {} steps", seen.len());
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 10, "all steps but that of the two-rename way");
}

#[test]
fn the_next_run_of_any_of_the_datasets_finishes_the_commit_of_all() {
    for name in TABLES {
        // The disk failed, the process lives on: nobody opens the warehouse anew.
        let next_run = |scene: &mut Scene| {
            let run = begin(&scene.warehouse, name, noon(20)).unwrap();
            drop(run);
        };
        for step in [Step::IntentRecorded, Step::FilesDurable, Step::Swapped] {
            let mut scene = Scene::in_memory();
            load(&scene.warehouse, 1).unwrap();
            let once = Mutex::new(true);
            let stop = move |reached| reached == step && std::mem::take(&mut *once.lock().unwrap());
            scene.reopen_with(Steps::stopping(stop, false), noon(20)).unwrap();
            load(&scene.warehouse, 7).unwrap_err();
            assert_eq!(by_ledger(&scene.root()), OLD, "{step:?}");
            next_run(&mut scene);
            assert_eq!(by_ledger(&scene.root()), NEW, "{step:?}, {name}");
        }
    }
}

#[test]
fn a_crash_during_the_recovery_of_a_group_is_recovered_from() {
    for nth in 1.. {
        let mut scene = Scene::in_memory();
        load(&scene.warehouse, 1).unwrap();
        // Two of the three files were placed when the first process died.
        let placed = Mutex::new(0);
        let at_second = move |step| {
            let mut placed = placed.lock().unwrap();
            *placed += usize::from(step == Step::FilePlaced);
            *placed == 2
        };
        scene.reopen_with(Steps::stopping(at_second, false), noon(20)).unwrap();
        load(&scene.warehouse, 7).unwrap_err();
        let steps = Arc::new(Mutex::new(Vec::new()));
        let recovered = scene.reopen_with(dying(nth, &steps, false), noon(20));
        let seen = by_ledger(&scene.root());
        assert!(seen == OLD || seen == NEW, "half of it after step {nth} of the recovery: {seen:?}");
        scene.reopen_with(Steps::default(), noon(20)).unwrap();
        assert_eq!(by_ledger(&scene.root()), NEW, "died after step {nth} of the recovery");
        if recovered.is_ok() {
            assert!(nth > 15);
            return;
        }
    }
}

#[test]
fn a_group_that_somebody_else_is_finishing_is_left_to_them() {
    let mut scene = Scene::in_memory();
    load(&scene.warehouse, 1).unwrap();
    scene.reopen_with(Steps::stopping(|step| step == Step::IntentRecorded, false), noon(20)).unwrap();
    load(&scene.warehouse, 7).unwrap_err();
    let lock = scene.root().join(format!("state/locks/{}.lock", TABLES[2]));
    let held = Lock::try_take(&lock).unwrap().unwrap();
    // To open is not to wait, and not to publish the two that could be.
    scene.reopen_with(Steps::default(), noon(20)).unwrap();
    assert_eq!(by_ledger(&scene.root()), OLD);
    let refused = begin(&scene.warehouse, TABLES[0], noon(20)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Locked);
    assert!(refused.to_string().contains(TABLES[2]), "{refused}");
    drop(held);
    drop(begin(&scene.warehouse, TABLES[0], noon(20)).unwrap());
    assert_eq!(by_ledger(&scene.root()), NEW);
}

#[test]
fn a_reader_of_the_ledger_never_sees_some_of_a_group() {
    let scene = Scene::in_memory();
    load(&scene.warehouse, 0).unwrap();
    let reader = Warehouse::open_for_reading(&scene.root()).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut seen = BTreeSet::new();
            while !done.load(Ordering::SeqCst) {
                let files = reader.committed_files(AsOf::All).unwrap();
                let sums: BTreeSet<i128> = files.iter().map(|file| file.sums["amount"].unscaled).collect();
                assert_eq!((files.len(), sums.len()), (3, 1), "{sums:?}");
                seen.extend(sums);
            }
            seen.len()
        });
        (1..=20).for_each(|amount| drop(load(&scene.warehouse, amount).unwrap()));
        done.store(true, Ordering::SeqCst);
        assert!(watching.join().unwrap() > 3);
    });
}

#[test]
fn one_run_that_cannot_be_committed_fails_all_and_says_which() {
    let scene = Scene::in_memory();
    load(&scene.warehouse, 1).unwrap();
    let mut parts: Vec<ToCommit> = TABLES.iter().map(|name| part(&scene.warehouse, name, 7).unwrap()).collect();
    parts[1].staged.clear();
    let refused = commit_together(parts, noon(20)).unwrap_err().to_string();
    assert!(refused.contains(TABLES[1]) && refused.contains("nothing is staged"), "{refused}");
    assert_eq!(scene.committed(AsOf::All).into_iter().map(|(_, total)| total).collect::<Vec<_>>(), OLD);
    let mut runs = scene.warehouse.runs(&RunFilter { limit: Some(3), ..RunFilter::default() }).unwrap();
    runs.reverse();
    assert!(runs.iter().all(|run| run.status == RunStatus::Failed));
    let reasons: Vec<String> = runs.into_iter().map(|run| run.reason.unwrap()).collect();
    assert_eq!(reasons[1], refused);
    for other in [&reasons[0], &reasons[2]] {
        assert!(other.starts_with("committed together with another run") && other.ends_with(&refused), "{other}");
    }
    load(&scene.warehouse, 9).unwrap();
}

#[test]
fn every_run_of_a_group_has_its_own_figures_and_note_and_none_is_nothing() {
    let scene = Scene::in_memory();
    assert_eq!(commit_together(vec![], noon(20)).unwrap(), []);
    let committed = load(&scene.warehouse, 5).unwrap();
    for (one, name) in committed.iter().zip(TABLES) {
        let run = scene.warehouse.run(&one.run).unwrap().unwrap().run;
        assert_eq!((run.dataset.to_string().as_str(), run.status), (name, RunStatus::Committed));
        assert_eq!(run.reason, Some(format!("note of {name}")));
        assert_eq!((one.rows, one.sums["amount"].unscaled, one.paths.len()), (1, 5, 1));
    }
    // Runs of two warehouses have no ledger in common.
    let other = Scene::in_memory();
    let parts = vec![part(&scene.warehouse, TABLES[0], 6).unwrap(), part(&other.warehouse, TABLES[1], 6).unwrap()];
    let refused = commit_together(parts, noon(20)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Internal);
    assert_eq!(by_ledger(&scene.root()), [5, 5, 5]);
}
