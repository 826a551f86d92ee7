//! The process dies after every single step of a commit; what is readable then, and after the next open.

use super::{DIPA, Scene, begin, files_below, noon, shown, stage, total};
use crate::warehouse::steps::{Step, Steps};
use crate::warehouse::{AsOf, CommitMode, ErrorKind, RunStatus, Warehouse, WarehouseError};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Two days replaced, one new: 1 + 1 becomes 7 + 7 + 7.
const OLD: &[i128] = &[1, 1];
const NEW: &[i128] = &[7, 7, 7];

/// Notes every step and dies after the `nth`.
pub(super) fn dying(nth: usize, seen: &Arc<Mutex<Vec<Step>>>, without_exchange: bool) -> Steps {
    let seen = Arc::clone(seen);
    let stop = move |step| {
        let mut seen = seen.lock().unwrap();
        seen.push(step);
        seen.len() == nth
    };
    Steps::stopping(stop, without_exchange)
}

fn partition(day: usize, mode: CommitMode) -> String {
    let key = if mode == CommitMode::Snapshot { "snapshot_date" } else { "insert_date" };
    format!("tahun_anggaran=2026/{key}=2026-11-{day:02}")
}

fn load(warehouse: &Warehouse, amounts: &[i128], mode: CommitMode) -> Result<(), WarehouseError> {
    let run = begin(warehouse, DIPA, noon(20))?;
    let staged = amounts.iter().enumerate().map(|(i, amount)| stage(&run, &partition(18 + i, mode), &[*amount]));
    let staged = staged.collect::<Result<Vec<_>, _>>()?;
    run.commit(staged, mode, noon(20), None).map(|_| ())
}

pub(super) fn totals(files: &[PathBuf]) -> Vec<i128> {
    files.iter().map(|file| total(file).unwrap()).collect()
}

/// What the ledger's readers see.
pub(super) fn by_ledger(root: &Path) -> Vec<i128> {
    let files = Warehouse::open_for_reading(root).unwrap().committed_files(AsOf::All).unwrap();
    totals(&files.into_iter().map(|file| file.path).collect::<Vec<_>>())
}

/// What a tool sees that lists a published tree: whole files, never two in a folder.
pub(super) fn by_listing(root: &Path, tree: &str) -> BTreeMap<String, i128> {
    let shown = shown(root, tree);
    let folders: BTreeMap<String, i128> = shown.iter().cloned().collect();
    assert_eq!(folders.len(), shown.len(), "two files in one folder of {tree}: {shown:?}");
    folders
}

/// Dies after the `nth` step, looks, opens again, looks again. Returns whether there was an `nth` step.
fn die_and_reopen(nth: usize, mode: CommitMode, without_exchange: bool, seen: &mut BTreeSet<Step>) -> bool {
    let mut scene = Scene::in_memory();
    load(&scene.warehouse, OLD, mode).unwrap();
    let steps = Arc::new(Mutex::new(Vec::new()));
    scene.reopen_with(dying(nth, &steps, without_exchange), noon(20)).unwrap();
    let outcome = load(&scene.warehouse, NEW, mode);
    let steps = steps.lock().unwrap().clone();
    if steps.len() < nth {
        assert!(outcome.is_ok());
        return false;
    }
    let (last, case) = (steps[nth - 1], format!("died after step {nth}, {:?}", steps[nth - 1]));
    seen.insert(last);
    outcome.expect_err(&case);

    // Dead, not yet recovered: the ledger's readers see the old state until the commit is on record, then the new one.
    let root = scene.root();
    let recorded = matches!(last, Step::CommitRecorded | Step::Retired);
    assert_eq!(by_ledger(&root), if recorded { NEW } else { OLD }, "{case}");
    let listed = by_listing(&root, "history");
    let missing = usize::from(last == Step::OldMovedOut);
    assert!(listed.len() + missing >= 2 && listed.values().all(|t| *t == 1 || *t == 7), "{case}: {listed:?}");
    by_listing(&root, "latest");

    // Opened again: the old state if the intent was not recorded, else the new one, everywhere.
    scene.reopen_with(Steps::default(), noon(20)).unwrap();
    let promised = !matches!(last, Step::Begun | Step::Staged);
    let expected = if promised { NEW } else { OLD };
    assert_eq!(by_ledger(&root), expected, "{case}, reopened");
    assert_eq!(by_listing(&root, "history").into_values().collect::<Vec<_>>(), expected, "{case}, reopened");
    let latest = if mode == CommitMode::Snapshot { &expected[..1] } else { expected };
    assert_eq!(by_listing(&root, "latest").into_values().collect::<Vec<_>>(), latest, "{case}, reopened");
    assert_eq!(files_below(&root.join("state/staging")), Vec::<PathBuf>::new(), "{case}, reopened");
    let status = scene.warehouse.runs(&crate::warehouse::RunFilter::default()).unwrap()[0].status;
    assert_eq!(status, if promised { RunStatus::Committed } else { RunStatus::Failed }, "{case}");
    // And the dataset can be loaded again.
    load(&scene.warehouse, &[9, 9, 9], mode).unwrap();
    assert_eq!(by_ledger(&root), [9, 9, 9], "{case}, loaded again");
    true
}

fn die_after_every_step(mode: CommitMode, without_exchange: bool) -> BTreeSet<Step> {
    let mut seen = BTreeSet::new();
    let died = (1..).take_while(|nth| die_and_reopen(*nth, mode, without_exchange, &mut seen)).count();
    assert!(died > 15, "only {died} steps");
    seen
}

#[test]
fn accumulating_data_is_old_or_new_after_a_crash_at_any_step() {
    let seen = die_after_every_step(CommitMode::Accumulate, false);
    assert_eq!(seen.len(), 10, "all steps but the one of the two-rename way: {seen:?}");
}

#[test]
fn a_snapshot_is_old_or_new_after_a_crash_at_any_step() {
    die_after_every_step(CommitMode::Snapshot, false);
}

#[test]
fn without_an_exchange_of_folders_it_is_old_or_new_as_well() {
    let seen = die_after_every_step(CommitMode::Accumulate, true);
    assert!(seen.contains(&Step::OldMovedOut));
}

#[test]
fn a_crash_during_recovery_is_recovered_from() {
    for nth in 1.. {
        let mut scene = Scene::in_memory();
        load(&scene.warehouse, OLD, CommitMode::Accumulate).unwrap();
        let at_intent = Steps::stopping(|step| step == Step::IntentRecorded, false);
        scene.reopen_with(at_intent, noon(20)).unwrap();
        load(&scene.warehouse, NEW, CommitMode::Accumulate).unwrap_err();
        let steps = Arc::new(Mutex::new(Vec::new()));
        let recovered = scene.reopen_with(dying(nth, &steps, false), noon(20));
        if recovered.is_ok() {
            assert!(nth > 10);
            return;
        }
        scene.reopen_with(Steps::default(), noon(20)).unwrap();
        assert_eq!(by_ledger(&scene.root()), NEW, "died after step {nth} of the recovery");
        assert_eq!(by_listing(&scene.root(), "history").into_values().collect::<Vec<_>>(), NEW);
    }
}

#[test]
fn a_commit_that_failed_halfway_is_finished_by_the_next_run_of_the_same_process() {
    let mut scene = Scene::in_memory();
    load(&scene.warehouse, OLD, CommitMode::Accumulate).unwrap();
    let once = Mutex::new(true);
    let steps =
        Steps::stopping(move |step| step == Step::Swapped && std::mem::take(&mut *once.lock().unwrap()), false);
    scene.reopen_with(steps, noon(20)).unwrap();
    let error = load(&scene.warehouse, NEW, CommitMode::Accumulate).unwrap_err();
    assert!(error.to_string().contains("the next load finishes its commit"), "{error}");
    assert_eq!(error.kind(), ErrorKind::CannotWrite);
    assert_eq!(by_ledger(&scene.root()), OLD);
    drop(begin(&scene.warehouse, DIPA, noon(21)).unwrap());
    assert_eq!(by_ledger(&scene.root()), NEW);
}
