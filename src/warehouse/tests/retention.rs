//! What goes by the rules of retention and what never does, from outside; and a death at every single step of it.

use super::crash::{by_ledger, by_listing, dying};
use super::{DIPA, Scene, begin, dataset, date, files_below, page, stage};
use crate::config::RetentionSettings;
use crate::warehouse::steps::{Step, Steps};
use crate::warehouse::{
    AsOf, CommitMode, DatasetId, Deletion, DeletionKind, DeliveryKind, ErrorKind, NewDelivery, NewEdition, Outcome,
    Removed, Retention, RunFilter, Warehouse, WarehouseError,
};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

const PNBP: &str = "omspan.detail_pnbp";

fn at(day: &str) -> DateTime<Utc> {
    format!("{day}T05:00:00Z").parse().unwrap()
}

fn snapshot_of(year: u32, day: &str) -> String {
    format!("tahun_anggaran={year}/snapshot_date={day}")
}

/// Few days, few months, no year.
fn settings() -> RetentionSettings {
    let mut settings = RetentionSettings { personal_max_days: 0, ..RetentionSettings::default() };
    (settings.defaults.daily_days, settings.defaults.month_ends, settings.defaults.year_ends) = (3, 2, 0);
    settings
}

/// Some snapshots of 2026 in one fiscal year, one of another, and two days of PNBP, loaded on their own days.
fn stocked(scene: &Scene) {
    for day in ["2026-06-30", "2026-08-30", "2026-08-31", "2026-10-01", "2026-10-02"] {
        scene.snapshot(DIPA, &snapshot_of(2026, day), &[i128::from(day[8..].parse::<u8>().unwrap())], at(day));
    }
    scene.snapshot(DIPA, &snapshot_of(2025, "2026-01-15"), &[100], at("2026-10-02"));
    let run = begin(&scene.warehouse, PNBP, at("2026-10-02")).unwrap();
    let days = ["2026-01-05", "2026-09-30"];
    let staged = days.map(|day| stage(&run, &format!("tahun_anggaran=2026/insert_date={day}"), &[7]).unwrap());
    run.commit(staged.into(), CommitMode::Accumulate, at("2026-10-02"), None).unwrap();
}

fn on<'a>(settings: &'a RetentionSettings, personal: &'a BTreeSet<DatasetId>, day: &str) -> Retention<'a> {
    Retention { settings, personal, today: date(day), now: at(day) }
}

fn remove(warehouse: &Warehouse, settings: &RetentionSettings, day: &str) -> Result<Removed, WarehouseError> {
    warehouse.remove(&on(settings, &BTreeSet::new(), day), "operator")
}

fn plan(warehouse: &Warehouse, settings: &RetentionSettings, day: &str) -> Vec<Deletion> {
    warehouse.removals(&on(settings, &BTreeSet::new(), day)).unwrap()
}

fn names(deletions: &[Deletion], kind: DeletionKind) -> Vec<&str> {
    deletions.iter().filter(|one| one.kind == kind).map(|one| one.name.as_str()).collect()
}

#[test]
fn what_may_go_goes_and_what_is_newest_stays() {
    let scene = Scene::new();
    stocked(&scene);
    let settings = settings();
    let planned = plan(&scene.warehouse, &settings, "2026-10-03");
    let gone = ["2026-06-30", "2026-08-30"].map(|day| format!("{DIPA}/{}", snapshot_of(2026, day)));
    assert_eq!(
        names(&planned, DeletionKind::Snapshot),
        gone,
        "no longer daily, and no month-end of the last two months"
    );
    assert!(planned.iter().all(|one| one.rule == "daily 3, month-ends 2, year-ends 0" && one.frees == one.bytes));
    let before = scene.committed(AsOf::All).len();
    assert_eq!(plan(&scene.warehouse, &settings, "2026-10-03"), planned, "looking changes nothing");

    let removed = remove(&scene.warehouse, &settings, "2026-10-03").unwrap();
    assert_eq!((&removed.gone, removed.busy.len()), (&planned, 0));
    assert_eq!(scene.committed(AsOf::All).len(), before - 2);
    let listed = by_listing(&scene.root(), "history");
    assert_eq!(listed.len(), before - 2, "{listed:?}");
    assert!(!scene.root().join("history/omspan/dipa_belanja").join(snapshot_of(2026, "2026-06-30")).exists());
    assert_eq!(files_below(&scene.root().join("state/files")).len(), before - 2);
    assert_eq!(scene.shown("latest").len(), 4, "two years, and two days of PNBP");
    assert_eq!(remove(&scene.warehouse, &settings, "2026-10-03").unwrap(), Removed::default(), "once is enough");

    // Years later the newest of each fiscal year is still there, and every day of PNBP.
    let left = remove(&scene.warehouse, &settings, "2031-01-01").unwrap();
    assert_eq!(names(&left.gone, DeletionKind::Snapshot).len(), 2);
    assert_eq!(scene.committed(AsOf::All), scene.committed(AsOf::Latest));
    assert_eq!(scene.committed(AsOf::Latest).len(), 4);
    // What was loaded is known for good; what was removed and why, too.
    assert_eq!(scene.warehouse.runs(&RunFilter::default()).unwrap().len(), 7);
    let told = scene.warehouse.deletions(100).unwrap();
    assert_eq!(told.len(), 4);
    assert!(told.iter().all(|one| one.done_at.is_some() && one.operator == "operator" && one.what.rows == 1));
    // The day can be loaded again.
    scene.snapshot(DIPA, &snapshot_of(2026, "2026-06-30"), &[31], at("2031-01-01"));
    assert!(scene.committed(AsOf::All).contains(&(snapshot_of(2026, "2026-06-30"), 31)));
}

#[test]
fn as_of_a_removed_day_is_told_and_never_answered_by_an_older_one() {
    let scene = Scene::new();
    stocked(&scene);
    remove(&scene.warehouse, &settings(), "2026-10-03").unwrap();
    let removed = |day: &str| -> Vec<(String, NaiveDate, Option<NaiveDate>)> {
        let gone = scene.warehouse.removed_snapshots(date(day)).unwrap();
        gone.into_iter().map(|one| (one.latest, one.date, one.before)).collect()
    };
    assert_eq!(removed("2026-06-29"), [], "nothing was there then");
    let year = || "tahun_anggaran=2026".to_owned();
    assert_eq!(removed("2026-07-31"), [(year(), date("2026-06-30"), None)]);
    assert_eq!(removed("2026-08-30"), [(year(), date("2026-08-30"), None)]);
    assert_eq!(removed("2026-08-31"), [], "the month-end is there");
    assert_eq!(removed("2026-10-02"), []);
    let set = scene.warehouse.committed_set(AsOf::Date(date("2026-08-30"))).unwrap();
    assert_eq!(set.removed().len(), 1);
    let said = set.removed()[0].to_string();
    assert!(
        said.contains("omspan.dipa_belanja of 2026 dated 2026-08-30 was removed by the rules of retention"),
        "{said}"
    );
    assert!(scene.warehouse.committed_set(AsOf::Latest).unwrap().removed().is_empty());
    // The days of PNBP were all kept.
    let mut all = settings();
    all.defaults.events_days = 100;
    let gone = remove(&scene.warehouse, &all, "2026-10-03").unwrap();
    assert_eq!(
        names(&gone.gone, DeletionKind::Snapshot),
        [format!("{PNBP}/tahun_anggaran=2026/insert_date=2026-01-05")]
    );
    assert!(!scene.root().join("latest/omspan/detail_pnbp/tahun_anggaran=2026/insert_date=2026-01-05").exists());
    // Loaded again the day is answered again.
    scene.snapshot(DIPA, &snapshot_of(2026, "2026-08-30"), &[1], at("2026-10-03"));
    assert_eq!(removed("2026-08-30"), []);
}

#[test]
fn personal_data_goes_by_its_age_also_the_newest() {
    let scene = Scene::new();
    let partition = |day: &str| format!("snapshot_date={day}");
    for day in ["2026-01-10", "2026-09-01"] {
        scene.snapshot("sipp.p3ke", &partition(day), &[1], at(day));
    }
    let file = scene.warehouse.committed_files(AsOf::All).unwrap().remove(0);
    let kept = scene.warehouse.keep_file(&file).unwrap();
    let kept = scene.root().join(format!("state/editions/files/{}/{kept}.parquet", &kept[..2]));
    let run = begin(&scene.warehouse, "sipp.p3ke", at("2026-01-12")).unwrap();
    run.record_page(page(1, 1)).unwrap();
    let original = scene.root().join(format!("state/quarantine/sipp.p3ke/{}.ndjson.age", run.id()));
    run.finish(Outcome::Failed, Some("x"), at("2026-01-12")).unwrap();
    std::fs::create_dir_all(original.parent().unwrap()).unwrap();
    std::fs::write(&original, "sealed").unwrap();

    let mut settings = settings();
    (settings.defaults.daily_days, settings.defaults.quarantine_days) = (10_000, 0);
    assert_eq!(plan(&scene.warehouse, &settings, "2026-10-01"), [], "no limit, nothing goes");
    settings.personal_max_days = 60;
    let removed = remove(&scene.warehouse, &settings, "2026-10-01").unwrap();
    let kinds: Vec<DeletionKind> = removed.gone.iter().map(|one| one.kind).collect();
    use DeletionKind::{EditionFile, Quarantine, RawPages, Snapshot};
    assert_eq!(kinds, [Snapshot, RawPages, Quarantine, EditionFile]);
    assert!(removed.gone.iter().all(|one| one.rule == "personal_max_days 60"), "{removed:?}");
    assert!(!kept.exists() && !original.exists());
    assert_eq!(scene.committed(AsOf::All), [(partition("2026-09-01"), 1)]);

    let emptied = remove(&scene.warehouse, &settings, "2026-12-01").unwrap();
    assert!(emptied.gone[0].reason.ends_with("it is the newest: the dataset shows empty"), "{emptied:?}");
    assert_eq!(scene.committed(AsOf::All), []);
    assert_eq!((scene.shown("latest"), scene.shown("history")), (vec![], vec![]));
    // A new load fills it again.
    scene.snapshot("sipp.p3ke", &partition("2026-12-02"), &[2], at("2026-12-02"));
    assert_eq!(scene.shown("latest"), [("sipp/p3ke".to_owned(), 2)]);
}

#[test]
fn what_a_contract_calls_personal_is_personal_without_hashes() {
    let scene = Scene::new();
    let start = crate::warehouse::RunStart { key_id: None, ..super::start("oss.nib", at("2026-01-10")) };
    let run = scene.warehouse.begin_run(start).unwrap();
    let staged = vec![stage(&run, "snapshot_date=2026-01-10", &[1]).unwrap()];
    run.commit(staged, CommitMode::Snapshot, at("2026-01-10"), None).unwrap();
    let settings = RetentionSettings { personal_max_days: 30, ..settings() };
    let judged = |personal: &[&str]| {
        let personal = personal.iter().map(|name| dataset(name)).collect();
        scene.warehouse.removals(&on(&settings, &personal, "2026-10-01")).unwrap().len()
    };
    assert_eq!((judged(&[]), judged(&["oss.nib"])), (0, 1));
}

#[test]
fn raw_pages_go_with_what_was_made_of_them() {
    let scene = Scene::new();
    for day in ["2026-08-01", "2026-08-15", "2026-10-02"] {
        let run = begin(&scene.warehouse, DIPA, at(day)).unwrap();
        let raw = format!("omspan/dipa_belanja/{}/1.zst", run.id());
        let file = scene.root().join("state/raw").join(&raw);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, [7; 100]).unwrap();
        let mut one = page(1, 1);
        one.raw = Some(crate::warehouse::RawPage { file: raw, sealed: false });
        run.record_page(one).unwrap();
        let staged = vec![stage(&run, &snapshot_of(2026, day), &[1]).unwrap()];
        run.commit(staged, CommitMode::Snapshot, at(day), None).unwrap();
    }
    let planned = plan(&scene.warehouse, &settings(), "2026-10-03");
    let raw: Vec<&Deletion> = planned.iter().filter(|one| one.kind == DeletionKind::RawPages).collect();
    assert_eq!((raw.len(), raw[0].bytes, raw[0].reason.as_str()), (1, 100, "nothing made of them is left"));
    remove(&scene.warehouse, &settings(), "2026-10-03").unwrap();
    assert_eq!(files_below(&scene.root().join("state/raw")).len(), 2);
    let mut short = settings();
    short.defaults.raw_days = 30;
    let removed = remove(&scene.warehouse, &short, "2026-10-03").unwrap();
    assert_eq!(names(&removed.gone, DeletionKind::RawPages).len(), 1, "the month-end stays, its pages do not");
    assert_eq!(files_below(&scene.root().join("state/raw")).len(), 1);
}

#[test]
fn editions_go_by_age_and_with_them_what_only_they_stand_on() {
    let scene = Scene::new();
    scene.snapshot(DIPA, &snapshot_of(2026, "2026-10-02"), &[1], at("2026-10-02"));
    let file = scene.warehouse.committed_files(AsOf::All).unwrap().remove(0);
    let unneeded = scene.warehouse.keep_file(&file).unwrap();
    let sha256 = |text: &str| Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    // A manifest names a text, which names another.
    let inner = "SELECT 1".to_owned();
    let outer = format!("{{\"query\":\"{}\"}}", sha256(&inner));
    let record = |day: &str, texts: &[&str]| {
        let edition = NewEdition {
            edition: format!("pnbp-{day}"),
            report: "pnbp".to_owned(),
            variant: None,
            period: date(day),
            day: date(day),
            made_at: at(day),
            program: "0.1.0".to_owned(),
            definition_version: 1,
            manifest: format!("{{\"grounds\":\"{}\"}}", sha256(texts[0])).into_bytes(),
            parts: vec![("edition.txt".to_owned(), b"text".as_slice())],
            reason: None,
        };
        let objects: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
        scene.warehouse.record_editions(&[edition], &objects, at(day)).unwrap();
    };
    record("2026-09-30", &["only the old one"]);
    record("2026-10-31", &[&outer, &inner]);
    let settings = RetentionSettings { editions_days: 30, ..settings() };
    assert_eq!(plan(&scene.warehouse, &settings, "2026-10-15"), []);
    let removed = remove(&scene.warehouse, &settings, "2040-01-01").unwrap();
    let object = |text: &str| format!("state/editions/objects/{}/{}.zst", &sha256(text)[..2], sha256(text));
    assert_eq!(names(&removed.gone, DeletionKind::Edition), ["pnbp-2026-09-30/1"], "the newest of a report stays");
    assert_eq!(names(&removed.gone, DeletionKind::EditionObject), [object("only the old one")]);
    let file = format!("state/editions/files/{}/{unneeded}.parquet", &unneeded[..2]);
    assert_eq!(names(&removed.gone, DeletionKind::EditionFile), [&file]);
    assert!(removed.gone.iter().filter(|one| one.kind == DeletionKind::EditionFile).all(|one| one.frees == 0));
    let left = files_below(&scene.root().join("state/editions"));
    let left: Vec<String> =
        left.iter().map(|path| path.strip_prefix(scene.root()).unwrap().to_str().unwrap().to_owned()).collect();
    let mut expected = vec![object(&outer), object(&inner)];
    expected.extend(["edition.txt", "manifest.json"].map(|part| format!("state/editions/pnbp-2026-10-31/1/{part}")));
    expected.sort();
    assert_eq!(left, expected);
    assert_eq!(scene.warehouse.editions(&Default::default()).unwrap().len(), 1);
}

#[test]
fn mails_that_were_delivered_and_rows_of_the_ledger_have_their_own_age() {
    let scene = Scene::new();
    let mail = |id: &'static str| NewDelivery {
        kind: DeliveryKind::Edition,
        edition: "pnbp-2026-10-31",
        recipient: id,
        message_id: id,
        eml: b"To: someone",
    };
    scene.warehouse.lay_in_outbox(&[mail("<1@x>"), mail("<2@x>")], "operator", at("2026-01-01")).unwrap();
    let run = begin(&scene.warehouse, DIPA, at("2026-01-01")).unwrap();
    run.record_page(page(1, 3)).unwrap();
    run.finish(Outcome::Failed, Some("x"), at("2026-01-01")).unwrap();
    {
        let connection = rusqlite::Connection::open(scene.root().join("state/ledger.db")).unwrap();
        let rows = "UPDATE deliveries SET state = 'accepted', finished_at = '2026-01-01T06:00:00.000Z' WHERE seq = 1;
            UPDATE pages SET raw = NULL;
            INSERT INTO occurrences (job, due_at, state, attempt, finished_at) VALUES
                ('a', '2026-01-01T00:00:00.000Z', 'done', 1, '2026-01-01T00:00:00.000Z'),
                ('a', '2026-01-02T00:00:00.000Z', 'done', 1, '2026-01-02T00:00:00.000Z'),
                ('b', '2026-01-01T00:00:00.000Z', 'waiting', 1, NULL);";
        connection.execute_batch(rows).unwrap();
    }
    assert_eq!(plan(&scene.warehouse, &settings(), "2026-02-01"), []);
    let removed = remove(&scene.warehouse, &settings(), "2028-01-01").unwrap();
    let counted: BTreeMap<DeletionKind, u64> = removed.gone.iter().map(|one| (one.kind, one.rows)).collect();
    use DeletionKind::{Answers, Mail, Occurrences};
    assert_eq!(counted, BTreeMap::from([(Mail, 0), (Occurrences, 1), (Answers, 1)]));
    assert_eq!(files_below(&scene.root().join("state/outbox")).len(), 1, "what waits keeps its bytes");
    let jobs = scene.warehouse.occurrences(&Default::default()).unwrap();
    assert_eq!(jobs.len(), 2, "the newest of each job says what is accounted for");
    assert_eq!(scene.warehouse.runs(&RunFilter::default()).unwrap().len(), 1);
    assert_eq!(remove(&scene.warehouse, &settings(), "2028-01-01").unwrap(), Removed::default());
}

#[test]
fn what_somebody_is_at_work_on_waits_and_two_do_not_remove_at_once() {
    let scene = Scene::new();
    stocked(&scene);
    let loading = begin(&scene.warehouse, DIPA, at("2026-10-03")).unwrap();
    let removed = remove(&scene.warehouse, &settings(), "2026-10-03").unwrap();
    assert_eq!((removed.gone.len(), removed.busy), (0, vec![format!("{DIPA} is being loaded")]));
    drop(loading);
    let locked = crate::warehouse::disk::Lock::try_take(&scene.root().join("state/locks/removal.lock")).unwrap();
    let refused = remove(&scene.warehouse, &settings(), "2026-10-03").unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Locked);
    drop(locked);
    assert_eq!(remove(&scene.warehouse, &settings(), "2026-10-03").unwrap().gone.len(), 2);
    let reading = Warehouse::open_for_reading(&scene.root()).unwrap();
    assert!(remove(&reading, &settings(), "2026-10-03").is_err());
}

/// Dies after the `nth` step of a removal, looks, opens again, looks again. Returns whether there was an `nth` step.
fn die_and_reopen(nth: usize, seen: &mut BTreeSet<Step>) -> bool {
    let mut scene = Scene::in_memory();
    stocked(&scene);
    let now = at("2026-10-03");
    let steps = Arc::new(Mutex::new(Vec::new()));
    scene.reopen_with(dying(nth, &steps, false), now).unwrap();
    let outcome = remove(&scene.warehouse, &settings(), "2026-10-03");
    let steps = steps.lock().unwrap().clone();
    if steps.len() < nth {
        assert!(outcome.is_ok());
        return false;
    }
    let case = format!("died after step {nth}, {:?}", steps[nth - 1]);
    seen.insert(steps[nth - 1]);
    outcome.expect_err(&case);
    // Readers of the ledger see none of it, and can open all that they see.
    assert_eq!(by_ledger(&scene.root()).len(), 6, "{case}");
    scene.reopen_with(Steps::default(), now + TimeDelta::hours(1)).unwrap();
    assert_eq!((by_ledger(&scene.root()).len(), by_listing(&scene.root(), "history").len()), (6, 6), "{case}");
    assert_eq!(files_below(&scene.root().join("state/files")).len(), 6, "{case}");
    assert_eq!(files_below(&scene.root().join("state/retired")).len(), 0, "{case}");
    let told = scene.warehouse.deletions(10).unwrap();
    assert_eq!(told.len(), 2, "{case}");
    assert!(told.iter().all(|one| one.done_at.is_some()), "{case}");
    assert_eq!(remove(&scene.warehouse, &settings(), "2026-10-03").unwrap(), Removed::default(), "{case}");
    true
}

#[test]
fn a_death_at_any_step_is_finished_by_the_next_open() {
    let mut seen = BTreeSet::new();
    let steps = (1..).take_while(|nth| die_and_reopen(*nth, &mut seen)).count();
    assert_eq!(steps, 4, "marked, two taken away, recorded");
    assert_eq!(seen, BTreeSet::from([Step::Marked, Step::TakenAway, Step::RemovalRecorded]));
}
