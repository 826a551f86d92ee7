//! Recorded editions: exact bytes, never overwritten, whole or not at all after a death at every single step.

use super::crash::dying;
use super::{DIPA, Scene, date, files_below, noon};
use crate::warehouse::steps::{Step, Steps};
use crate::warehouse::{
    EditionFilter, EditionRecord, NewEdition, PinnedFile, PinnedState, RunFilter, Warehouse, WarehouseError,
};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

const NAME: &str = "serapan-anggaran-2026-10-31";

fn edition<'a>(name: &str, text: &'a [u8], reason: Option<&str>) -> NewEdition<'a> {
    NewEdition {
        edition: name.to_owned(),
        report: "serapan-anggaran".to_owned(),
        variant: None,
        period: date("2026-10-31"),
        day: date("2026-11-01"),
        made_at: noon(1),
        program: "0.1.0".to_owned(),
        definition_version: 1,
        manifest: [b"manifest of ", text].concat(),
        parts: vec![("edition.txt".to_owned(), text), ("1.eml".to_owned(), b"To: someone".as_slice())],
        reason: reason.map(str::to_owned),
    }
}

fn record(warehouse: &Warehouse, text: &[u8]) -> Result<Vec<EditionRecord>, WarehouseError> {
    let both = [edition(NAME, text, None), edition(&format!("{NAME}-431001"), text, None)];
    warehouse.record_editions(&both, &[b"SELECT 1".as_slice(), text], noon(2))
}

fn recorded(warehouse: &Warehouse, name: &str) -> Vec<(u32, Vec<u8>)> {
    let filter = EditionFilter { edition: Some(name), ..EditionFilter::default() };
    let records = warehouse.editions(&filter).unwrap();
    records.iter().map(|record| (record.number, warehouse.edition_part(record, "edition.txt").unwrap())).collect()
}

fn editions_folder(scene: &Scene) -> PathBuf {
    scene.root().join("state/editions")
}

#[test]
fn other_bytes_are_another_number_and_the_same_bytes_are_not() {
    let scene = Scene::new();
    let warehouse = &scene.warehouse;
    let first = record(warehouse, b"one").unwrap();
    assert_eq!((first.len(), first[0].number, first[0].reason.as_deref()), (2, 1, None));
    assert_eq!(record(warehouse, b"one").unwrap(), first, "what is recorded already stays as it is");
    let why = Some("other snapshots");
    let again = warehouse.record_editions(&[edition(NAME, b"two", why)], &[], noon(3)).unwrap();
    assert_eq!((again[0].number, again[0].reason.as_deref()), (2, why));
    assert_eq!(recorded(warehouse, NAME), [(2, b"two".to_vec()), (1, b"one".to_vec())]);
    let unsaid = warehouse.record_editions(&[edition(NAME, b"three", None)], &[], noon(3)).unwrap();
    assert_eq!(unsaid[0].reason.as_deref(), Some("composed again with other bytes"));
    let of_report = EditionFilter { report: Some("serapan-anggaran"), ..EditionFilter::default() };
    assert_eq!(warehouse.editions(&of_report).unwrap().len(), 4);
    let before = EditionFilter { before: Some(date("2026-10-31")), ..of_report };
    assert_eq!(warehouse.editions(&before).unwrap().len(), 0);
    assert_eq!(files_below(&editions_folder(&scene).join("aside")), Vec::<PathBuf>::new());
}

#[test]
fn what_was_changed_is_not_given_back_as_recorded() {
    let scene = Scene::new();
    let first = record(&scene.warehouse, b"one").unwrap().remove(0);
    let folder = editions_folder(&scene).join(NAME).join("1");
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&folder.join("1.eml"))), (0o700, 0o600), "messages name their recipients");
    assert_eq!(scene.warehouse.edition_manifest(&first).unwrap(), b"manifest of one");
    fs::write(folder.join("manifest.json"), "{}").unwrap();
    let error = scene.warehouse.edition_manifest(&first).unwrap_err().to_string();
    assert!(error.contains("manifest.json does not hold what was recorded"), "{error}");
    let select = "e004ebd5b5532a4b85984a62f8ad48a81aa3460c1ca07701f386135d72cdecf5";
    assert_eq!(scene.warehouse.edition_object(select).unwrap(), b"SELECT 1");
    let file = editions_folder(&scene).join(format!("objects/{}/{select}.zst", &select[..2]));
    fs::write(&file, zstd::bulk::compress(b"SELECT 2", 1).unwrap()).unwrap();
    assert!(matches!(scene.warehouse.edition_object(select), Err(WarehouseError::RecordAltered { .. })));
}

#[test]
fn a_name_cannot_lead_out_of_its_folder() {
    let scene = Scene::new();
    for name in ["../x-2026-10-31", "x", "X-2026-10-31", "x-2026-10-31/.."] {
        let refused = scene.warehouse.record_editions(&[edition(name, b"one", None)], &[], noon(2));
        assert!(matches!(refused, Err(WarehouseError::Name { .. })), "{name}");
    }
    let mut odd = edition(NAME, b"one", None);
    odd.parts[0].0 = "../edition.txt".to_owned();
    assert!(matches!(scene.warehouse.record_editions(&[odd], &[], noon(2)), Err(WarehouseError::Name { .. })));
    let first = record(&scene.warehouse, b"one").unwrap().remove(0);
    assert_eq!(first.number, 1, "what was refused left nothing");
    assert!(scene.warehouse.edition_part(&first, "../1/edition.txt").is_err());
    assert_eq!(files_below(&editions_folder(&scene).join("aside")), Vec::<PathBuf>::new());
}

/// Dies after the `nth` step while both editions are recorded a second time, looks, opens again, looks again. Returns whether there
/// was an `nth` step.
fn die_and_reopen(nth: usize, seen: &mut BTreeSet<Step>) -> bool {
    let mut scene = Scene::in_memory();
    record(&scene.warehouse, b"one").unwrap();
    let steps = Arc::new(Mutex::new(Vec::new()));
    scene.reopen_with(dying(nth, &steps, false), noon(3)).unwrap();
    let outcome = record(&scene.warehouse, b"two");
    let steps = steps.lock().unwrap().clone();
    if steps.len() < nth {
        assert!(outcome.is_ok());
        return false;
    }
    let case = format!("died after step {nth}, {:?}", steps[nth - 1]);
    seen.insert(steps[nth - 1]);
    outcome.expect_err(&case);
    let both = [NAME.to_owned(), format!("{NAME}-431001")];
    let whole = |scene: &Scene, case: &str| {
        let all: Vec<_> = both.iter().map(|name| recorded(&scene.warehouse, name)).collect();
        let (old, new) = (vec![(1, b"one".to_vec())], vec![(2, b"two".to_vec()), (1, b"one".to_vec())]);
        assert!(all.iter().all(|one| *one == old) || all.iter().all(|one| *one == new), "{case}: {all:?}");
        all[0].len()
    };
    whole(&scene, &case);
    scene.reopen_with(Steps::default(), noon(3)).unwrap();
    let intended = steps[..nth].contains(&Step::IntentRecorded);
    assert_eq!(whole(&scene, &case), if intended { 2 } else { 1 }, "{case}");
    let left = files_below(&editions_folder(&scene).join("aside"));
    assert_eq!(left, Vec::<PathBuf>::new(), "{case}");
    let again = record(&scene.warehouse, b"two").unwrap();
    assert_eq!((again[0].number, again[1].number), (2, 2), "{case}: what is there is not recorded again");
    let number = |path: PathBuf| path.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
    let files = both.iter().flat_map(|name| files_below(&editions_folder(&scene).join(name)));
    let numbers: BTreeSet<String> = files.map(number).collect();
    assert_eq!(numbers, BTreeSet::from(["1".to_owned(), "2".to_owned()]), "{case}");
    true
}

#[test]
fn a_death_at_any_step_leaves_all_or_nothing() {
    let mut seen = BTreeSet::new();
    let steps = (1..).take_while(|nth| die_and_reopen(*nth, &mut seen)).count();
    assert_eq!(steps, 6, "staged, intended, two placed, durable, recorded");
    assert_eq!(seen.len(), 5, "{seen:?}");
}

#[test]
fn a_moment_reads_the_same_after_the_warehouse_moved_on() {
    let scene = Scene::new();
    let partition = "tahun_anggaran=2026/snapshot_date=2026-11-20";
    scene.snapshot(DIPA, partition, &[1, 2], noon(20));
    let moment = scene.warehouse.moment(Some(date("2026-11-20"))).unwrap();
    let pinned: Vec<PinnedFile> = moment.retained().map(|(file, latest)| PinnedFile::of(file, latest)).collect();
    let sha256 = scene.warehouse.keep_file(&moment.files.retained[0]).unwrap();
    assert_eq!(
        scene.warehouse.keep_file(&moment.files.retained[0]).unwrap(),
        sha256,
        "keeping twice is keeping once"
    );
    assert_eq!((pinned.len(), moment.mark.runs, moment.mark.open.len()), (1, 1, 0));
    let hashed = PinnedFile { sha256: Some(sha256), ..pinned[0].clone() };
    let read = || {
        let again = scene.warehouse.pinned(std::slice::from_ref(&hashed)).unwrap();
        assert_eq!(again.retained.len(), 1);
        assert_eq!(super::total(&again.retained[0].path).unwrap(), 3);
        assert_eq!(scene.warehouse.pinned_state(&hashed).unwrap(), PinnedState::Same);
        again.retained[0].path.clone()
    };
    // The partition is replaced; the old file has its time of grace.
    scene.snapshot(DIPA, partition, &[5], noon(20));
    assert_eq!(read(), moment.files.retained[0].path);
    let other = PinnedFile { sha256: Some("00".repeat(32)), ..pinned[0].clone() };
    assert_eq!(scene.warehouse.pinned_state(&other).unwrap(), PinnedState::Changed);
    // Another day comes, the grace is over, and what was kept is read.
    scene.snapshot(DIPA, "tahun_anggaran=2026/snapshot_date=2026-11-21", &[9], noon(21));
    let kept = read();
    assert_ne!(kept, moment.files.retained[0].path);
    assert_eq!(scene.warehouse.pinned_state(&pinned[0]).unwrap(), PinnedState::Gone);
    fs::remove_file(&kept).unwrap();
    assert_eq!(scene.warehouse.pinned_state(&hashed).unwrap(), PinnedState::Gone);
}

#[test]
fn a_mark_tells_which_runs_had_begun_and_which_had_not_ended() {
    let scene = Scene::new();
    scene.snapshot(DIPA, "tahun_anggaran=2026/snapshot_date=2026-11-20", &[1], noon(20));
    let at_work = scene.begin("omspan.realisasi_belanja", noon(20));
    let mark = scene.warehouse.moment(None).unwrap().mark;
    assert_eq!((mark.runs, mark.open.len()), (2, 1));
    drop(at_work);
    scene.snapshot(DIPA, "tahun_anggaran=2026/snapshot_date=2026-11-21", &[2], noon(21));
    let until = RunFilter { until: Some(mark.runs), ..RunFilter::default() };
    let begun: Vec<_> = scene.warehouse.runs(&until).unwrap().into_iter().map(|run| run.run).collect();
    assert_eq!((begun.len(), &begun[0]), (2, &mark.open[0]), "newest first");
    assert_eq!(scene.warehouse.moment(None).unwrap().mark.runs, 3);
}
