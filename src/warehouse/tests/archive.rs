//! What a run says of itself beside its figures: the key, the parameters, who accepted it, where its raw pages are.

use super::{CommitMode, DIPA, Scene, begin_keeping, files_below, noon, page, stage};
use crate::seal::{self, Identity};
use crate::warehouse::{Acceptance, Keeping, Outcome, PageRecord, QuarantineRecord, RawPage, Run, RunId, Seal};
use std::io::Read;
use std::path::PathBuf;

#[test]
fn a_run_says_its_key_its_parameters_and_who_accepted_it() {
    let scene = Scene::new();
    let first = scene.begin(DIPA, noon(20));
    first.record_page(page(1, 1)).unwrap();
    let by = Acceptance { by: "operator".to_owned(), at: noon(21) };
    first.accept(by.clone());
    let staged = stage(&first, "snapshot_date=2026-11-20", &[1]).unwrap();
    let id = first.id().clone();
    first.commit(vec![staged], CommitMode::Snapshot, noon(20), None).unwrap();
    let detail = scene.warehouse.run(&id).unwrap().unwrap();
    assert_eq!(detail.run.key_id.as_deref(), Some("1f2e3d4c"));
    assert_eq!(detail.run.parameters.as_deref(), Some(r#"{"nik":"…"}"#));
    assert_eq!((detail.run.accepted, detail.run.replay_of), (Some(by), None));
    assert_eq!(detail.pages[0].page, page(1, 1));
}

/// Archives a page of `run` and notes it.
fn archive_page(run: &Run, n: u32) -> String {
    let mut writer = run.archive().page(None).unwrap().unwrap();
    writer.write(b"[]").unwrap();
    let raw = writer.finish().unwrap();
    run.record_page(PageRecord { raw: Some(raw.clone()), ..page(n, 1) }).unwrap();
    raw.file
}

/// The pages in the archive, relative to it.
fn archived(scene: &Scene) -> Vec<String> {
    let root = scene.root().join("state/raw");
    let relative = |path: &PathBuf| path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
    files_below(&root).iter().map(relative).collect()
}

fn raw_in_ledger(scene: &Scene, run: &RunId) -> Vec<String> {
    let pages = scene.warehouse.run(run).unwrap().unwrap().pages;
    pages.into_iter().filter_map(|recorded| recorded.page.raw).map(|raw| raw.file).collect()
}

#[test]
fn pages_stay_with_what_they_made_and_go_where_nothing_was_made() {
    let scene = Scene::new();
    let run = scene.begin(DIPA, noon(20));
    let id = run.id().clone();
    // The first attempt starts over: its page is gone, also where the ledger knew it already.
    archive_page(&run, 1);
    run.discard_stage().unwrap();
    let kept = archive_page(&run, 1);
    let staged = stage(&run, "snapshot_date=2026-11-20", &[1]).unwrap();
    run.commit(vec![staged], CommitMode::Snapshot, noon(20), None).unwrap();
    assert_eq!((archived(&scene), raw_in_ledger(&scene, &id)), (vec![kept.clone()], vec![kept.clone()]));
    for outcome in [Outcome::Unchanged, Outcome::Empty] {
        let same = scene.begin(DIPA, noon(21));
        archive_page(&same, 1);
        let id = same.id().clone();
        same.finish(outcome, None, noon(21)).unwrap();
        assert_eq!((archived(&scene), raw_in_ledger(&scene, &id).len()), (vec![kept.clone()], 0));
    }
    // Replaced, and its time of grace over: nothing is left to repair.
    scene.snapshot(DIPA, "snapshot_date=2026-11-20", &[2], noon(22));
    assert_eq!(archived(&scene), [kept]);
    scene.snapshot(DIPA, "snapshot_date=2026-11-23", &[2], noon(25));
    assert_eq!((archived(&scene).len(), raw_in_ledger(&scene, &id).len()), (0, 0));
}

#[test]
fn the_last_failed_and_held_runs_keep_their_pages() {
    let scene = Scene::in_memory();
    let end = |outcome| {
        let run = scene.begin(DIPA, noon(20));
        let file = archive_page(&run, 1);
        run.finish(outcome, Some("why"), noon(20)).unwrap();
        file
    };
    let failed: Vec<String> = (0..5).map(|_| end(Outcome::Failed)).collect();
    let held: Vec<String> = (0..12).map(|_| end(Outcome::Held)).collect();
    let mut expected: Vec<String> = failed[2..].iter().chain(&held[2..]).cloned().collect();
    expected.sort();
    assert_eq!(archived(&scene), expected);
}

#[test]
fn a_replay_keeps_the_pages_it_shares_with_the_run_it_repeats() {
    let scene = Scene::new();
    let first = scene.begin(DIPA, noon(20));
    let (id, file) = (first.id().clone(), archive_page(&first, 1));
    let staged = stage(&first, "snapshot_date=2026-11-20", &[1]).unwrap();
    first.commit(vec![staged], CommitMode::Snapshot, noon(20), None).unwrap();
    let replay = scene.begin(DIPA, noon(21));
    let raw = Some(RawPage { file: file.clone(), sealed: false });
    replay.record_page(PageRecord { raw, ..page(1, 1) }).unwrap();
    let (again, staged) = (replay.id().clone(), stage(&replay, "snapshot_date=2026-11-20", &[2]).unwrap());
    replay.commit(vec![staged], CommitMode::Snapshot, noon(21), None).unwrap();
    scene.snapshot(DIPA, "snapshot_date=2026-11-23", &[2], noon(23));
    assert_eq!((archived(&scene), raw_in_ledger(&scene, &id).len()), (vec![file.clone()], 0));
    assert_eq!(raw_in_ledger(&scene, &again), [file]);
    scene.snapshot(DIPA, "snapshot_date=2026-11-20", &[3], noon(24));
    scene.snapshot(DIPA, "snapshot_date=2026-11-26", &[3], noon(26));
    assert!(archived(&scene).is_empty());
}

#[test]
fn originals_of_personal_rows_are_sealed_or_not_kept() {
    let scene = Scene::new();
    let identity = Identity::generate();
    for (seal, kept) in [(Seal::To(identity.recipients()[0].clone()), true), (Seal::Nothing, false)] {
        let keeping = Keeping { seal, level: Some(1) };
        let run = begin_keeping(&scene.warehouse, DIPA, noon(20), keeping).unwrap();
        let original = Some(&b"{\"nik\":\"3575012345678901\"}"[..]);
        let reason = "not a number";
        run.record_quarantine(&QuarantineRecord { page: 1, row: 1, column: None, reason, original }).unwrap();
        let name = format!("{}.ndjson.age", run.id());
        run.finish(Outcome::Held, None, noon(20)).unwrap();
        let path = scene.root().join("state/quarantine").join(DIPA).join(name);
        assert_eq!(path.exists(), kept);
        if kept {
            let bytes = std::fs::read(&path).unwrap();
            assert!(!bytes.windows(8).any(|window| window == b"35750123"));
            let mut text = String::new();
            seal::open(&bytes[..], &identity).unwrap().read_to_string(&mut text).unwrap();
            assert!(text.contains("3575012345678901") && text.contains("not a number"), "{text}");
        }
    }
}
