//! Pushes through the whole road: accepted, claimed, loaded, added to, interrupted, decoded again.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::{PushPage, push_context};
use crate::clock::Clock;
use crate::config::{ArchiveSettings, Credentials, PrivacySettings, SourceSettings};
use crate::contract::{Contract, parse};
use crate::load::{LoadReport, LoadRequest, Loaded, Loader, Progress, ReplayRequest, Status, YearsProbed};
use crate::privacy::{PII_KEY_ENV, PiiKey};
use crate::seal::vault::Vault;
use crate::warehouse::{AsOf, DatasetId, InboxLimits, InboxWriter, NewPush, RunStart, Warehouse};

const CONTRACT: &str = r#"
[source]
name = "izin"
title = "Perizinan"
document = "test"
version = 1
timezone = "Asia/Jakarta"
[source.inbox]
auth = { kind = "header", header = "x-api-key" }
accepted = '{"ok":"{message}"}'
refused = '{"ok":"{message}","kesalahan":{faults}}'
message = "diterima"
[[dataset]]
name = "masuk"
title = "Masuk"
grain = "one push"
direction = "receive"
transport = "inbox"
receive = { method = "kirim", key = ["nib"] }
rows_at = ["data"]
control = ["nilai"]
columns = [
  { name = "nib", type = "code(3)", required = true, class = "public", meaning = "id" },
  { name = "nilai", type = "money", class = "public", meaning = "amount" },
]
[[dataset]]
name = "masuk_rinci"
title = "Rincian"
grain = "one line of a push"
same_answer_as = "masuk"
rows_at = ["data.rinci"]
columns = [ { name = "no", type = "integer", required = true, class = "public", meaning = "line" } ]
"#;

const KEY: [u8; 32] = [7; 32];

struct Nothing;

#[async_trait::async_trait]
impl Loaded for Nothing {
    async fn rows(&self, _sql: &str) -> Result<Vec<Vec<(String, String)>>, String> {
        Ok(Vec::new())
    }
}

impl Progress for Nothing {
    fn begin(&self, _: &DatasetId, _: usize) {}
    fn advance(&self, _: &DatasetId, _: usize, _: u64, _: u64) {}
    fn retry(&self, _: &DatasetId, _: &str) {}
    fn end(&self, _: &LoadReport) {}
}

/// A warehouse with an inbox, and what loads it.
struct Place {
    folder: tempfile::TempDir,
    contract: Contract,
    settings: SourceSettings,
    credentials: Credentials,
    archive: ArchiveSettings,
    privacy: PrivacySettings,
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

impl Place {
    fn new() -> Self {
        let secret = "07".repeat(32);
        Self {
            folder: tempfile::tempdir().unwrap(),
            contract: parse("izin.toml", CONTRACT).unwrap(),
            settings: SourceSettings::default_for("izin"),
            credentials: Credentials::Given(BTreeMap::from([(PII_KEY_ENV.to_owned(), secret.into())])),
            archive: ArchiveSettings { enabled: true, recipient: None, level: 1 },
            privacy: PrivacySettings { key_file: None },
        }
    }

    fn warehouse(&self) -> Warehouse {
        Warehouse::open(self.folder.path(), at("2026-11-22T03:00:00Z")).unwrap()
    }

    async fn load(&self, warehouse: &Warehouse) -> Vec<LoadReport> {
        let dataset = self.contract.dataset("masuk").unwrap();
        let date = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        let probed = YearsProbed::default();
        self.loader(warehouse, &probed).load(dataset, &LoadRequest::of(date, "test".to_owned())).await
    }

    fn loader<'a>(&'a self, warehouse: &'a Warehouse, probed: &'a YearsProbed) -> Loader<'a> {
        Loader {
            warehouse,
            contract: &self.contract,
            settings: &self.settings,
            credentials: &self.credentials,
            archive: &self.archive,
            privacy: &self.privacy,
            clock: Clock::Fixed(at("2026-11-22T03:00:00Z")),
            probed,
            loaded: &Nothing,
            progress: &Nothing,
        }
    }
}

/// Puts pushes of these numbers into the inbox, one line each more than the number's last digit.
async fn push(warehouse: &Warehouse, numbers: &[u32]) {
    let (key, writer) = (PiiKey::new(KEY.to_vec()).unwrap(), writer(warehouse));
    for number in numbers {
        let lines: Vec<String> = (0..=number % 10).map(|no| format!("{{\"no\":{no}}}")).collect();
        let body =
            format!("{{\"data\":{{\"nib\":\"{number:03}\",\"nilai\":{number},\"rinci\":[{}]}}}}", lines.join(","));
        writer.put(sealed(&key, body.as_bytes())).await.unwrap();
    }
    writer.shutdown().await.unwrap();
}

fn sealed(key: &PiiKey, body: &[u8]) -> NewPush {
    NewPush {
        dataset: DatasetId::new("izin", "masuk").unwrap(),
        day: NaiveDate::from_ymd_opt(2026, 11, 22).unwrap(),
        received_at: at("2026-11-22T02:00:00Z"),
        content: key.mark(b"push", &[body]),
        key: None,
        key_id: key.key_id().to_owned(),
        sealed: Vault::new(key).seal(&push_context("izin", "masuk"), body),
    }
}

fn writer(warehouse: &Warehouse) -> InboxWriter {
    InboxWriter::start(
        &warehouse.inbox().unwrap(),
        InboxLimits { waiting_bytes_max: 1 << 20, refused_max: 10, refused_days: 1 },
    )
    .unwrap()
}

/// Rows and money of a table, out of the one file it has.
fn held(warehouse: &Warehouse, table: &str) -> (u64, Option<String>) {
    let files = warehouse.committed_files(AsOf::All).unwrap();
    let of_table: Vec<_> = files.iter().filter(|file| file.dataset.dataset() == table).collect();
    assert!(of_table.len() <= 1, "a day is one file");
    let sum = of_table.first().and_then(|file| file.sums.get("nilai")).map(ToString::to_string);
    (of_table.first().map_or(0, |file| file.rows), sum)
}

fn statuses(reports: &[LoadReport]) -> Vec<(Status, u64)> {
    reports.iter().map(|report| (report.status, report.rows)).collect()
}

#[test]
fn a_page_is_a_list_of_pushes_as_they_came() {
    assert_eq!(PushPage::default().finish(), b"[]");
    let mut page = PushPage::default();
    let at = DateTime::from_timestamp_micros(1_700_000_000_000_001).unwrap();
    page.add("ab", at, 0, b"{ \"x\" : 1 }");
    page.add("cd", at, 2, b"{}");
    let text = String::from_utf8(page.finish()).unwrap();
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(read[0]["diterima_pada"], "2023-11-14T22:13:20.000001Z");
    assert_eq!((&read[1]["perubahan_ke"], &read[0]["isi"]["x"]), (&2.into(), &1.into()));
    assert!(text.contains("\"isi\":{ \"x\" : 1 }"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_added_to_and_stays_one_file() {
    let place = Place::new();
    let warehouse = place.warehouse();
    assert_eq!(statuses(&place.load(&warehouse).await), [(Status::Unchanged, 0), (Status::Unchanged, 0)]);
    push(&warehouse, &[10, 21]).await;
    assert_eq!(statuses(&place.load(&warehouse).await), [(Status::Committed, 2), (Status::Committed, 3)]);
    push(&warehouse, &[10, 32]).await;
    let reports = place.load(&warehouse).await;
    assert_eq!(statuses(&reports), [(Status::Committed, 1), (Status::Committed, 3)]);
    assert_eq!(reports[0].control["nilai"], "32.00", "what this load took, not what the day holds");
    assert_eq!(held(&warehouse, "masuk"), (3, Some("63.00".to_owned())));
    assert_eq!(held(&warehouse, "masuk_rinci"), (6, None));
    assert_eq!(statuses(&place.load(&warehouse).await), [(Status::Unchanged, 0), (Status::Unchanged, 0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_without_lines_leave_those_of_the_day() {
    let place = Place::new();
    let warehouse = place.warehouse();
    push(&warehouse, &[12]).await;
    place.load(&warehouse).await;
    let writer = writer(&warehouse);
    let key = PiiKey::new(KEY.to_vec()).unwrap();
    writer.put(sealed(&key, br#"{"data":{"nib":"040","nilai":40,"rinci":[]}}"#)).await.unwrap();
    writer.shutdown().await.unwrap();
    assert_eq!(statuses(&place.load(&warehouse).await), [(Status::Committed, 1), (Status::Empty, 0)]);
    assert_eq!(held(&warehouse, "masuk"), (2, Some("52.00".to_owned())));
    assert_eq!(held(&warehouse, "masuk_rinci"), (3, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_process_claimed_is_loaded_once() {
    let place = Place::new();
    let warehouse = place.warehouse();
    push(&warehouse, &[10, 21, 32]).await;
    let id = DatasetId::new("izin", "masuk").unwrap();
    let start = RunStart {
        dataset: id.clone(),
        tahun_anggaran: None,
        contract_version: 1,
        control: vec!["nilai".to_owned()],
        key_id: None,
        replay_of: None,
        keeping: crate::warehouse::Keeping { seal: crate::warehouse::Seal::Open, level: None },
        parameters: None,
        at: at("2026-11-22T02:30:00Z"),
    };
    let run = warehouse.begin_run(start).unwrap();
    assert_eq!(warehouse.inbox().unwrap().claim(&id, run.id(), 2).unwrap(), 2);
    // The run is given up: its claim says nothing of that yet.
    drop(run);
    assert_eq!(statuses(&place.load(&warehouse).await)[0], (Status::Committed, 3));
    assert_eq!(held(&warehouse, "masuk"), (3, Some("63.00".to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_makes_the_whole_day_again() {
    let place = Place::new();
    let warehouse = place.warehouse();
    for numbers in [[10, 21], [32, 43], [54, 65]] {
        push(&warehouse, &numbers).await;
        place.load(&warehouse).await;
    }
    let before = (held(&warehouse, "masuk"), held(&warehouse, "masuk_rinci"));
    let runs = warehouse.runs(&crate::warehouse::RunFilter::default()).unwrap();
    let first = runs.iter().rfind(|run| run.dataset.dataset() == "masuk").unwrap();
    let detail = warehouse.run(&first.run).unwrap().unwrap();
    let request = ReplayRequest {
        run: &detail,
        identity: None,
        date: None,
        accept_shrink: false,
        accept_quarantine: false,
        accept_drift: false,
        operator: "test".to_owned(),
    };
    let probed = YearsProbed::default();
    let reports = place.loader(&warehouse, &probed).replay(&request).await;
    assert!(reports.iter().all(|report| report.error.is_none()), "{reports:?}");
    assert_eq!((held(&warehouse, "masuk"), held(&warehouse, "masuk_rinci")), before);
    push(&warehouse, &[76]).await;
    place.load(&warehouse).await;
    assert_eq!(held(&warehouse, "masuk").0, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_sealed_under_another_key_wait_for_it() {
    let mut place = Place::new();
    let warehouse = place.warehouse();
    push(&warehouse, &[10]).await;
    let other = "08".repeat(32);
    place.credentials = Credentials::Given(BTreeMap::from([(PII_KEY_ENV.to_owned(), other.into())]));
    let reports = place.load(&warehouse).await;
    let told = reports[0].error.as_ref().unwrap().to_string();
    assert!(told.contains("is sealed under the key"), "{told}");
    let place = Place { folder: place.folder, ..Place::new() };
    assert_eq!(statuses(&place.load(&warehouse).await)[0], (Status::Committed, 1));
}
