//! Backups: made while others write, proved, put back; what is damaged or newer is refused, what is older is brought up to date.

use super::{DIPA, Scene, begin, date, files_below, noon, stage};
use crate::warehouse::ledger::SCHEMA;
use crate::warehouse::{
    AsOf, BackupManifest, BackupRequest, CommitMode, Deliveries, DeliveryKind, DeliveryState, EditionFilter,
    ErrorKind, NewDelivery, NewEdition, RunFilter, RunStatus, Warehouse, restore_backup, verify_backup,
};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

fn partition(day: u32) -> String {
    format!("tahun_anggaran=2026/snapshot_date=2026-11-{day:02}")
}

fn back_up(scene: &Scene, name: &str) -> (PathBuf, BackupManifest) {
    let folder = scene.folder.path().join(name);
    let request = BackupRequest { folder: &folder, editions: true, program: "0.1.0", at: noon(20) };
    let made = Warehouse::open_for_reading(&scene.root()).unwrap().backup(&request).unwrap();
    (folder, made)
}

/// A snapshot, a mail that waits, an edition and an inbox store.
fn stocked() -> Scene {
    let scene = Scene::new();
    scene.snapshot(DIPA, &partition(18), &[1, 2], noon(18));
    let mail = NewDelivery {
        kind: DeliveryKind::Edition,
        edition: "pnbp-2026-10-31",
        recipient: "a@contoh.go.id",
        message_id: "<1@x>",
        eml: b"To: someone",
    };
    scene.warehouse.lay_in_outbox(&[mail], "operator", noon(18)).unwrap();
    let edition = NewEdition {
        edition: "pnbp-2026-10-31".to_owned(),
        report: "pnbp".to_owned(),
        variant: None,
        period: date("2026-10-31"),
        day: date("2026-11-01"),
        made_at: noon(18),
        program: "0.1.0".to_owned(),
        definition_version: 1,
        manifest: b"{}".to_vec(),
        parts: vec![("edition.txt".to_owned(), b"text".as_slice())],
        reason: None,
    };
    scene.warehouse.record_editions(&[edition], &[b"SELECT 1"], noon(18)).unwrap();
    scene.warehouse.inbox().unwrap();
    scene
}

/// The disk loses everything but the snapshots.
fn lose_state(root: &Path) {
    for entry in fs::read_dir(root.join("state")).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true if path.ends_with("files") => {}
            true => fs::remove_dir_all(path).unwrap(),
            false => fs::remove_file(path).unwrap(),
        }
    }
}

#[test]
fn a_backup_is_whole_private_and_restored_as_it_was() {
    let scene = stocked();
    let (folder, made) = back_up(&scene, "b");
    let names: Vec<&str> = made.members.iter().map(|member| member.name.split('/').next().unwrap()).collect();
    assert_eq!(names, ["editions", "editions", "editions", "inbox.db.zst", "ledger.db.zst", "outbox"]);
    assert_eq!((made.counts["runs"], made.counts["deliveries"], made.counts["editions"]), (1, 1, 1));
    for path in files_below(&folder) {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(verify_backup(&folder).unwrap(), made);
    let again = BackupRequest { folder: &folder, editions: false, program: "0.1.0", at: noon(20) };
    assert!(scene.warehouse.backup(&again).unwrap_err().to_string().contains("is there already"));

    let (files, runs) = (scene.committed(AsOf::All), scene.warehouse.runs(&RunFilter::default()).unwrap());
    let refused = restore_backup(&folder, &scene.root(), false, noon(21)).unwrap_err().to_string();
    assert!(refused.contains("--force moves ledger and inbox store aside"), "{refused}");
    let root = scene.root();
    let Scene { folder: home, warehouse } = scene;
    drop(warehouse);
    fs::remove_file(root.join("state/ledger.db")).unwrap();
    let refused = restore_backup(&folder, &root, false, noon(21)).unwrap_err().to_string();
    assert!(refused.contains("inbox.db is there already"), "acknowledged pushes are not written over: {refused}");
    lose_state(&root);
    fs::write(root.join("state/ledger.db-wal"), "the log of another ledger").unwrap();
    let (warehouse, restored) = restore_backup(&folder, &root, false, noon(21)).unwrap();
    let scene = Scene { warehouse, folder: home };
    let log = restored.moved_to.unwrap().join("ledger.db-wal");
    assert_eq!(fs::read(log).unwrap(), b"the log of another ledger");
    assert_eq!((restored.given_up, restored.in_doubt), (0, 1));
    assert_eq!(scene.committed(AsOf::All), files);
    assert_eq!(scene.warehouse.runs(&RunFilter::default()).unwrap(), runs);
    let found = scene.warehouse.reconcile().unwrap();
    assert!(found.lost.is_empty() && found.stray.is_empty(), "{found:?}");
    let edition = scene.warehouse.editions(&EditionFilter::default()).unwrap().remove(0);
    assert_eq!(scene.warehouse.edition_part(&edition, "edition.txt").unwrap(), b"text");
    assert_eq!(fs::metadata(root.join("state/inbox.db")).unwrap().permissions().mode() & 0o777, 0o600);
    // What waited may have gone since: nobody sends it again without being told to.
    let mail = scene.warehouse.deliveries(Deliveries::All).unwrap().remove(0);
    assert_eq!(mail.state, DeliveryState::Ambiguous);
    assert!(mail.reply.unwrap().starts_with("restored from a backup of 2026-11-20T12:00:00.000Z"));
    assert!(root.join("state/outbox").join(&mail.file).exists());
    scene.snapshot(DIPA, &partition(21), &[9], noon(21));
    assert_eq!(scene.committed(AsOf::Latest), [(partition(21), 9)]);
}

#[test]
fn what_ledger_and_disk_do_not_agree_on_is_told() {
    let scene = stocked();
    scene.snapshot(DIPA, &partition(19), &[5], noon(19));
    let (folder, _) = back_up(&scene, "b");
    let lost = scene.warehouse.committed_files(AsOf::All).unwrap().remove(1);
    scene.snapshot(DIPA, &partition(20), &[6], noon(20));
    fs::remove_file(&lost.path).unwrap();
    let (root, folder_kept) = (scene.root(), scene.folder);
    drop(scene.warehouse);
    let (warehouse, restored) = restore_backup(&folder, &root, true, noon(21)).unwrap();
    let moved = restored.moved_to.unwrap();
    assert!(moved.join("ledger.db").exists() && moved.join("inbox.db").exists());
    let scene = Scene { warehouse, folder: folder_kept };
    let found = scene.warehouse.reconcile().unwrap();
    assert_eq!(found.lost.iter().map(|one| one.partition.clone()).collect::<Vec<_>>(), [partition(19)]);
    assert_eq!(found.stray.iter().map(|one| one.partition.clone()).collect::<Vec<_>>(), [partition(20)]);
    assert_eq!((found.stray[0].dataset.as_str(), found.lost[0].run.clone()), (DIPA, lost.run));
    scene.warehouse.drop_lost(&found.lost, "operator", noon(21)).unwrap();
    assert_eq!(scene.committed(AsOf::All), [(partition(18), 3)]);
    assert!(scene.warehouse.reconcile().unwrap().lost.is_empty());
    // The day that the ledger does not know is loaded again, in the place of the old file.
    scene.snapshot(DIPA, &partition(20), &[6], noon(21));
    assert_eq!(scene.shown("history").iter().filter(|(name, _)| name.ends_with("2026-11-20")).count(), 1);
}

#[test]
fn an_open_warehouse_is_not_restored_over() {
    let scene = stocked();
    let (folder, _) = back_up(&scene, "b");
    let used = restore_backup(&folder, &scene.root(), true, noon(21)).unwrap_err();
    assert_eq!(used.kind(), ErrorKind::Locked, "{used}");
    let loading = begin(&scene.warehouse, DIPA, noon(21)).unwrap();
    let used = restore_backup(&folder, &scene.root(), true, noon(21)).unwrap_err().to_string();
    assert!(used.contains("omspan.dipa_belanja.lock is in use"), "{used}");
    drop(loading);
    assert_eq!(scene.committed(AsOf::All).len(), 1, "nothing was moved");
}

#[test]
fn a_damaged_backup_is_refused() {
    let scene = stocked();
    let (folder, made) = back_up(&scene, "b");
    let target = scene.folder.path().join("other");
    let refused = |what: &str| {
        let error = restore_backup(&folder, &target, false, noon(21)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DataRefused, "{what}: {error}");
        assert!(verify_backup(&folder).unwrap_err().to_string().contains("is damaged"), "{what}");
        assert!(!target.join("state/ledger.db").exists());
    };
    for member in &made.members {
        let path = folder.join(&member.name);
        let good = fs::read(&path).unwrap();
        let mut bad = good.clone();
        let middle = bad.len() / 2;
        bad[middle] ^= 1;
        fs::write(&path, &bad).unwrap();
        refused(&member.name);
        fs::remove_file(&path).unwrap();
        refused(&member.name);
        fs::write(&path, &good).unwrap();
    }
    let manifest = folder.join("manifest.json");
    let good = fs::read_to_string(&manifest).unwrap();
    for bad in
        [good.replace("\"runs\": 1", "\"runs\": 2"), good.replace("outbox/", "../outbox/"), good[..50].to_owned()]
    {
        fs::write(&manifest, bad).unwrap();
        refused("manifest.json");
    }
    fs::write(&manifest, good).unwrap();
    verify_backup(&folder).unwrap();
}

/// The backup with its ledger at another version.
fn with_version(folder: &Path, version: i64, change: &str) {
    let path = folder.join("aside.db");
    let packed = fs::File::open(folder.join("ledger.db.zst")).unwrap();
    zstd::stream::copy_decode(packed, fs::File::create(&path).unwrap()).unwrap();
    let ledger = rusqlite::Connection::open(&path).unwrap();
    ledger.execute_batch(change).unwrap();
    ledger.pragma_update(None, "user_version", version).unwrap();
    drop(ledger);
    let packed = zstd::stream::encode_all(fs::File::open(&path).unwrap(), 1).unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(folder.join("ledger.db.zst"), &packed).unwrap();
    let manifest = folder.join("manifest.json");
    let mut told: BackupManifest = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    told.ledger_version = version;
    let member = told.members.iter_mut().find(|member| member.name == "ledger.db.zst").unwrap();
    member.bytes = packed.len() as u64;
    member.sha256 = crate::warehouse::editions::sha256_of(&folder.join("ledger.db.zst")).unwrap();
    fs::write(manifest, serde_json::to_vec(&told).unwrap()).unwrap();
}

#[test]
fn an_older_ledger_is_brought_up_to_date_and_a_newer_one_is_refused() {
    let scene = stocked();
    let (folder, _) = back_up(&scene, "b");
    let other = scene.folder.path().join("other");
    with_version(&folder, SCHEMA.version() + 1, "");
    let newer = restore_backup(&folder, &other, false, noon(21)).unwrap_err();
    assert_eq!(newer.kind(), ErrorKind::Configuration);
    assert!(newer.to_string().contains("use the newer lumbung"), "{newer}");
    const BEFORE: &str = "DROP TABLE deletions; DROP INDEX partitions_dropped; DROP INDEX occurrences_untold;
        ALTER TABLE occurrences DROP COLUMN told_at; DROP TABLE console_audit; DROP INDEX deliveries_of_edition;
        DROP INDEX editions_by_period; DROP TABLE saved_queries; DROP TABLE job_holds; DROP TABLE job_orders;
        DROP INDEX runs_with_refusals";
    with_version(&folder, 9, BEFORE);
    let (warehouse, restored) = restore_backup(&folder, &other, false, noon(21)).unwrap();
    assert_eq!(restored.manifest.ledger_version, 9);
    assert_eq!(warehouse.runs(&RunFilter::default()).unwrap().len(), 1);
    assert_eq!(warehouse.deletions(10).unwrap(), []);
    // Nothing but the ledger is there: its snapshot is told as gone.
    assert_eq!(warehouse.reconcile().unwrap().lost.len(), 1);
}

#[test]
fn a_commit_that_was_under_way_is_given_up_where_its_files_are_gone() {
    let scene = stocked();
    let run = begin(&scene.warehouse, DIPA, noon(19)).unwrap();
    let id = run.id().clone();
    let staged = vec![stage(&run, &partition(19), &[4]).unwrap()];
    // As the ledger stands in the middle of a commit, the files elsewhere.
    run.commit(staged, CommitMode::Snapshot, noon(19), None).unwrap();
    {
        let ledger = rusqlite::Connection::open(scene.root().join("state/ledger.db")).unwrap();
        let half = format!(
            "UPDATE runs SET status = 'committing' WHERE run = '{id}'; UPDATE partitions SET state = 'intended' WHERE run = '{id}'"
        );
        ledger.execute_batch(&half).unwrap();
    }
    let (folder, _) = back_up(&scene, "b");
    let other = scene.folder.path().join("other");
    let (warehouse, restored) = restore_backup(&folder, &other, false, noon(21)).unwrap();
    assert_eq!(restored.given_up, 1);
    assert_eq!(warehouse.run(&id).unwrap().unwrap().run.status, RunStatus::Failed);
}

#[test]
fn a_backup_made_while_others_write_is_of_one_moment() {
    let scene = stocked();
    let stop = AtomicBool::new(false);
    std::thread::scope(|threads| {
        let writer = threads.spawn(|| {
            let mut day = 1;
            while !stop.load(Ordering::Relaxed) {
                scene.snapshot(DIPA, &partition(1 + day % 15), &[i128::from(day)], noon(19));
                day += 1;
            }
            day
        });
        for n in 0..5 {
            let (folder, made) = back_up(&scene, &format!("b{n}"));
            assert_eq!(verify_backup(&folder).unwrap(), made);
            let (warehouse, _) =
                restore_backup(&folder, &scene.folder.path().join(format!("w{n}")), false, noon(21)).unwrap();
            assert_eq!(warehouse.runs(&RunFilter::default()).unwrap().len() as u64, made.counts["runs"]);
            let current = warehouse.committed_files(AsOf::All).unwrap();
            assert!(!current.is_empty());
        }
        stop.store(true, Ordering::Relaxed);
        assert!(writer.join().unwrap() > 1);
    });
}
