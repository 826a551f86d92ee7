//! The materialised marts: all old or all new, after a death at every single step; what did not change is the same file.

use super::crash::dying;
use super::{DIPA, Scene, files_below, noon, rows, total};
use crate::warehouse::steps::{Step, Steps};
use crate::warehouse::{DataTestRecord, MartRun, Outcome, RunStatus, Warehouse, WarehouseError};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Marts by name: what they were made from, and the one amount in them.
type Marts<'a> = &'a [(&'a str, &'a str, i128)];

const OLD: Marts<'_> = &[("gone", "g1", 3), ("kept", "k1", 5), ("moved", "m1", 1)];
const NEW: Marts<'_> = &[("kept", "k1", 5), ("moved", "m2", 2), ("new", "n1", 7)];

fn begin(warehouse: &Warehouse, at: DateTime<Utc>) -> Result<MartRun, WarehouseError> {
    Ok(warehouse.begin_marts(at)?.expect("nobody else makes the marts"))
}

/// Makes these marts as the program does: what is shown and was made from the same stays.
fn make(warehouse: &Warehouse, marts: Marts<'_>, snapshots: &str, at: DateTime<Utc>) -> Result<(), WarehouseError> {
    let run = begin(warehouse, at)?;
    let mut staged = Vec::new();
    for (name, inputs, amount) in marts {
        if let Some(file) = run.made_from(name, inputs)? {
            staged.push(run.keep(file)?);
            continue;
        }
        let batch = rows(&[*amount]);
        let mut writer = run.write((name, inputs), batch.schema(), vec![("lumbung.version".into(), "1".into())])?;
        writer.write(&batch)?;
        staged.push(writer.finish()?);
    }
    run.commit(staged, snapshots, at)
}

fn expected(marts: Marts<'_>) -> BTreeMap<String, i128> {
    marts.iter().map(|(name, _, amount)| ((*name).to_owned(), *amount)).collect()
}

/// What a tool sees that lists the tree: one whole file a mart.
fn shown(root: &Path) -> BTreeMap<String, i128> {
    let tree = root.join("marts");
    let files = if tree.is_dir() { files_below(&tree) } else { Vec::new() };
    let mart = |path: &PathBuf| path.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
    let shown: BTreeMap<String, i128> = files.iter().map(|path| (mart(path), total(path).unwrap())).collect();
    assert_eq!(shown.len(), files.len(), "two files of one mart: {files:?}");
    shown
}

/// The same by the ledger.
fn by_ledger(warehouse: &Warehouse) -> BTreeMap<String, i128> {
    let files = warehouse.mart_state().unwrap().files;
    files.into_iter().map(|file| (file.mart, file.sums["amount"].unscaled)).collect()
}

#[test]
fn marts_are_shown_together_and_what_did_not_change_is_the_same_file() {
    let scene = Scene::new();
    let root = scene.root();
    assert_eq!(scene.warehouse.mart_state().unwrap().last, None);
    make(&scene.warehouse, OLD, "s1", noon(20)).unwrap();
    assert_eq!((shown(&root), by_ledger(&scene.warehouse)), (expected(OLD), expected(OLD)));
    let inode = |mart: &str| {
        let file = fs::read_dir(root.join("marts").join(mart)).unwrap().next().unwrap().unwrap();
        (file.file_name(), file.metadata().unwrap().ino())
    };
    let (kept, moved) = (inode("kept"), inode("moved"));
    make(&scene.warehouse, NEW, "s2", noon(21)).unwrap();
    assert_eq!((shown(&root), by_ledger(&scene.warehouse)), (expected(NEW), expected(NEW)));
    assert_eq!(inode("kept"), kept);
    assert_ne!(inode("moved").0, moved.0, "no name is ever written twice");
    let state = scene.warehouse.mart_state().unwrap();
    assert_eq!(state.shown.as_ref().unwrap().snapshots.as_deref(), Some("s2"));
    assert_eq!(state.last, state.shown);
    let run = begin(&scene.warehouse, noon(21)).unwrap();
    assert!(run.is_from("s2") && !run.is_from("s1"));
    assert!(scene.warehouse.begin_marts(noon(21)).unwrap().is_none(), "one at a time");
    run.withdraw().unwrap();
    assert_eq!(scene.warehouse.mart_state().unwrap(), state, "as if it had not been");
    assert_eq!(files_below(&root.join("state/staging")), Vec::<PathBuf>::new());
}

#[test]
fn what_is_replaced_rests_for_its_time_of_grace() {
    let mut scene = Scene::new();
    make(&scene.warehouse, OLD, "s1", noon(20)).unwrap();
    make(&scene.warehouse, NEW, "s2", noon(21)).unwrap();
    let retired = scene.root().join("state/retired");
    assert_eq!(files_below(&retired).len(), OLD.len());
    let grace = crate::warehouse::GRACE;
    scene.reopen_with(Steps::default(), noon(21) + grace - TimeDelta::seconds(1)).unwrap();
    assert_eq!(files_below(&retired).len(), OLD.len());
    scene.reopen_with(Steps::default(), noon(21) + grace).unwrap();
    assert_eq!(files_below(&retired).len(), 0);
    assert_eq!(shown(&scene.root()), expected(NEW));
    assert_eq!(by_ledger(&scene.warehouse), expected(NEW), "the run that is shown is not forgotten");
}

#[test]
fn marts_that_are_held_or_fail_leave_those_before() {
    let scene = Scene::new();
    make(&scene.warehouse, OLD, "s1", noon(20)).unwrap();
    for (outcome, status) in [(Outcome::Held, RunStatus::Held), (Outcome::Failed, RunStatus::Failed)] {
        let run = begin(&scene.warehouse, noon(21)).unwrap();
        let test =
            DataTestRecord { name: "ikpa_ganda".into(), severity: "error".into(), rows: Some(3), problem: None };
        run.note_tests(std::slice::from_ref(&test)).unwrap();
        let mut writer = run.write(("moved", "m9"), rows(&[9]).schema(), vec![]).unwrap();
        writer.write(&rows(&[9])).unwrap();
        drop(writer.finish().unwrap());
        run.finish(outcome, "because", noon(21)).unwrap();
        let state = scene.warehouse.mart_state().unwrap();
        let last = state.last.unwrap();
        assert_eq!((last.status, last.reason.as_deref()), (status, Some("because")));
        assert_eq!((state.files.len(), state.tests), (OLD.len(), vec![test]));
        assert!(!begin(&scene.warehouse, noon(21)).unwrap().is_from("s1"), "the last attempt came to nothing");
    }
    assert_eq!(shown(&scene.root()), expected(OLD));
    let given_up = scene.warehouse.mart_state().unwrap().last.unwrap();
    assert!(given_up.reason.unwrap().starts_with("aborted: the attempt was given up"));
}

#[test]
fn only_what_was_staged_can_be_shown() {
    let scene = Scene::new();
    let run = begin(&scene.warehouse, noon(20)).unwrap();
    let mut writer = run.write(("a", "i"), rows(&[1]).schema(), vec![]).unwrap();
    writer.write(&rows(&[1])).unwrap();
    drop(writer.finish().unwrap());
    let refused = run.commit(vec![], "s", noon(20)).unwrap_err().to_string();
    assert!(refused.contains("is not what was to be shown"), "{refused}");
    assert_eq!(shown(&scene.root()), BTreeMap::new());
    assert_eq!(scene.warehouse.mart_state().unwrap().last.unwrap().status, RunStatus::Failed);
    let run = begin(&scene.warehouse, noon(20)).unwrap();
    assert!(run.write(("../x", "i"), rows(&[1]).schema(), vec![]).is_err());
}

/// Dies after the `nth` step, looks, opens again, looks again. Returns whether there was an `nth` step.
fn die_and_reopen(nth: usize, without_exchange: bool, seen: &mut BTreeSet<Step>) -> bool {
    let mut scene = Scene::in_memory();
    make(&scene.warehouse, OLD, "s1", noon(20)).unwrap();
    let steps = Arc::new(Mutex::new(Vec::new()));
    scene.reopen_with(dying(nth, &steps, without_exchange), noon(20)).unwrap();
    let outcome = make(&scene.warehouse, NEW, "s2", noon(20));
    let steps = steps.lock().unwrap().clone();
    if steps.len() < nth {
        assert!(outcome.is_ok());
        return false;
    }
    let (last, case) = (steps[nth - 1], format!("died after step {nth}, {:?}", steps[nth - 1]));
    seen.insert(last);
    outcome.expect_err(&case);
    let root = scene.root();
    let listed = shown(&root);
    let swapped = matches!(last, Step::Swapped | Step::TreeDurable | Step::CommitRecorded | Step::Retired);
    match last {
        Step::OldMovedOut => assert_eq!(listed, BTreeMap::new(), "{case}"),
        _ => assert_eq!(listed, expected(if swapped { NEW } else { OLD }), "{case}"),
    }
    scene.reopen_with(Steps::default(), noon(20)).unwrap();
    let promised = swapped || matches!(last, Step::IntentRecorded | Step::OldMovedOut);
    let now = if promised { NEW } else { OLD };
    assert_eq!((shown(&root), by_ledger(&scene.warehouse)), (expected(now), expected(now)), "{case}, reopened");
    assert_eq!(files_below(&root.join("state/staging")), Vec::<PathBuf>::new(), "{case}, reopened");
    let status = scene.warehouse.mart_state().unwrap().last.unwrap().status;
    assert_eq!(status, if promised { RunStatus::Committed } else { RunStatus::Failed }, "{case}");
    // And they can be made again.
    make(&scene.warehouse, &[("moved", "m3", 9)], "s3", noon(20)).unwrap();
    assert_eq!(shown(&root), BTreeMap::from([("moved".to_owned(), 9)]), "{case}, made again");
    true
}

#[test]
fn marts_are_all_old_or_all_new_after_a_crash_at_any_step() {
    for without_exchange in [false, true] {
        let mut seen = BTreeSet::new();
        let died = (1..).take_while(|nth| die_and_reopen(*nth, without_exchange, &mut seen)).count();
        assert!(died >= 9, "only {died} steps");
        assert_eq!(seen.contains(&Step::OldMovedOut), without_exchange);
        assert!(seen.contains(&Step::Staged) && seen.contains(&Step::SwapsPrepared), "{seen:?}");
    }
}

#[test]
fn who_opens_the_warehouse_meanwhile_leaves_a_living_attempt_alone() {
    let scene = Scene::new();
    let run = begin(&scene.warehouse, noon(20)).unwrap();
    let mut writer = run.write(("a", "i"), rows(&[4]).schema(), vec![]).unwrap();
    writer.write(&rows(&[4])).unwrap();
    let other = Warehouse::open(&scene.root(), noon(20)).unwrap();
    assert!(other.begin_marts(noon(20)).unwrap().is_none());
    drop(other.begin_run(super::start(DIPA, noon(20))).unwrap());
    run.commit(vec![writer.finish().unwrap()], "s", noon(20)).unwrap();
    assert_eq!(shown(&scene.root()), BTreeMap::from([("a".to_owned(), 4)]));
}
