//! The seed's rules over records: the payload as it stands, every value that is not valid, what is loaded, what was sent.

use async_trait::async_trait;

use super::{Checked, Fate};
use crate::clock::Clock;
use crate::config::{Credentials, PrivacySettings, SourceSettings};
use crate::contract::{Contract, parse};
use crate::load::Loaded;
use crate::privacy::{KeyForm, PiiKey};
use crate::source::reach::Reach;
use crate::submit::Submitter;
use crate::submit::records::{InputFormat, read};
use crate::warehouse::{SubmissionRecord, SubmissionState};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// The payload of the document.
const PAYLOAD: &str = include_str!("../../../tests/fixtures/padi_payload.json");

/// Answers queries from a list: a word of the query and the rows.
#[derive(Default)]
struct Tables(Vec<(&'static str, Vec<Vec<String>>)>);

#[async_trait]
impl Loaded for Tables {
    async fn rows(&self, sql: &str) -> Result<Vec<Vec<(String, String)>>, String> {
        let found = self.0.iter().find(|(word, _)| sql.contains(word)).map(|(_, rows)| rows.clone());
        let named = |row: Vec<String>| row.into_iter().map(|text| ("x".to_owned(), text)).collect();
        Ok(found.unwrap_or_default().into_iter().map(named).collect())
    }
}

/// The vendor of the payload, whose name is stored as its hash, and its satker.
fn tables() -> Tables {
    let hash = PiiKey::from_text(KEY).unwrap().keyed(KeyForm::Text, "PT. DAMAI SEJAHTERA").unwrap();
    let row = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<String>>();
    let tables = vec![
        ("padi.umkm", vec![row(&["123", &hash, "1"]), row(&["9", &hash, "2"])]),
        ("padi_satker", vec![row(&["14482"])]),
    ];
    Tables(tables)
}

async fn check_with(tables: &Tables, text: &str, known: &[SubmissionRecord]) -> Checked {
    let contract: Contract = parse("padi.toml", include_str!("../../../config/sources/padi.toml")).unwrap();
    let settings = SourceSettings::default_for("padi");
    let credentials = Credentials::Given([("LUMBUNG_PII_KEY".to_owned(), KEY.to_owned().into())].into());
    let reach = Reach { contract: &contract, settings: &settings, credentials: &credentials };
    let clock = Clock::Fixed("2026-11-01T06:00:00Z".parse().unwrap());
    let method = contract.method("transaksi").unwrap();
    let privacy = PrivacySettings { key_file: None };
    let submitter = Submitter::new(reach, method, &privacy, tables, clock).unwrap();
    let format = InputFormat::of_content(text.as_bytes());
    let records = read(text.as_bytes(), format, submitter.submission()).unwrap();
    submitter.check(&records, known).await.unwrap()
}

async fn check(text: &str) -> Checked {
    check_with(&tables(), text, &[]).await
}

/// The payload with one text in place of another.
fn with(old: &str, new: &str) -> String {
    assert!(PAYLOAD.contains(old), "{old}");
    PAYLOAD.replacen(old, new, 1)
}

/// What is refused: column and value.
fn refused(checked: &Checked) -> Vec<(String, String)> {
    let refusals = checked.records.iter().flat_map(|record| &record.refusals);
    refusals.map(|refusal| (refusal.column.clone().unwrap_or_default(), refusal.value.clone())).collect()
}

#[tokio::test]
async fn the_documents_payload_is_sent_as_it_stands() {
    let checked = check(PAYLOAD).await;
    assert_eq!((checked.counts(), refused(&checked)), ((0, 0, 1), vec![]));
    assert_eq!((checked.unchecked.len(), checked.records[0].notes.len()), (0, 0));
    let Fate::Ready(ready) = &checked.records[0].fate else { panic!("refused") };
    let (sent, given): (serde_json::Value, serde_json::Value) =
        (serde_json::from_str(&ready.body).unwrap(), serde_json::from_str(PAYLOAD).unwrap());
    assert_eq!(sent, given);
    assert_eq!(ready.key, r#"["ABCD","abc"]"#);
    assert_eq!(
        ready.log,
        r#"{"tanggal_transaksi":"2021-06-20","total_nilai_project":"50000000","id_satker":"14482"}"#
    );
    assert!(!ready.mark.contains("DAMAI"));
}

#[tokio::test]
async fn every_refusal_names_its_column_and_shows_no_personal_value() {
    let cases = [
        (r#""tanggal_transaksi": "2021-06-20""#, r#""tanggal_transaksi": null"#, "tanggal_transaksi", ""),
        (r#""transaksi_id": "abc""#, r#""transaksi_id": "NULL""#, "transaksi_id", ""),
        (r#""kategori_project": "1""#, r#""kategori_project": "28""#, "kategori_project", "28"),
        (r#""50000000""#, r#""27000000.27""#, "total_nilai_project", "27000000.27"),
        (r#""50000000""#, "27000000.27", "total_nilai_project", "27000000.27"),
        (r#""CAPEX""#, r#""MODAL""#, "tipe_nilai_project", "MODAL"),
        (
            r#""tannggal_invoice": "2021-07-17""#,
            r#""tannggal_invoice": "17/07/2021""#,
            "tanggal_invoice",
            "17/07/2021",
        ),
        (r#""is_pdn": "1""#, r#""is_pdn": 2"#, "is_pdn", "2"),
        (r#""tkdn": "8.5""#, r#""tkdn": ["8.5"]"#, "tkdn", ""),
        (r#""nama_umkm": "PT. Damai Sejahtera""#, r#""nama_umkm": """#, "nama_umkm", ""),
        (r#""nama_umkm": "PT. Damai Sejahtera""#, r#""nama_umkm": "PT. Lain""#, "nama_umkm", "…"),
        (r#""kategori_umkm": "1""#, r#""kategori_umkm": "3""#, "kategori_umkm", "3"),
        (r#""uid_umkm": "123""#, r#""uid_umkm": "124""#, "uid_umkm", "124"),
        (r#""id_satker": "14482""#, r#""id_satker": "1""#, "id_satker", "1"),
        (r#""rating": "4""#, r#""ratng": "4""#, "ratng", "…"),
        (r#""feedback": "OK""#, r#""feedback": {"a": 1}"#, "feedback", "…"),
    ];
    for (old, new, column, value) in cases {
        let found = refused(&check(&with(old, new)).await);
        // A list in place of a number is told once, as the missing number or as the list.
        let value = if new.contains('[') { found[0].1.clone() } else { value.to_owned() };
        assert_eq!(found, [(column.to_owned(), value)], "{new}");
    }
    let many = with(r#""is_pdn": "1""#, r#""is_pdn": "x""#).replace(r#""tkdn": "8.5""#, r#""tkdn": "101""#);
    assert_eq!(refused(&check(&many).await).len(), 2, "all at once");
    assert_eq!(refused(&check("{\"transaksi\":{}}").await).len(), 15, "the mandatory ones");
}

#[tokio::test]
async fn what_the_document_leaves_free_is_sent_with_a_word() {
    let checked = check(&with(r#""tanggal_delivery": "2021-07-10""#, r#""tanggal_delivery": "10 Juli""#)).await;
    assert_eq!(checked.counts(), (0, 0, 1));
    let note = &checked.records[0].notes[0];
    assert_eq!((note.column.as_deref(), note.value.as_str()), (Some("tanggal_delivery"), "10 Juli"));
    // Days or a date: one reading of two is enough.
    let dated = check(&with(r#""total_cycle_time": "27 Hari""#, r#""total_cycle_time": "2021-07-17""#)).await;
    assert_eq!((dated.counts(), dated.records[0].notes.len()), ((0, 0, 1), 0));
}

#[tokio::test]
async fn what_is_not_loaded_is_said_and_not_guessed() {
    let checked = check_with(&Tables::default(), PAYLOAD, &[]).await;
    let why: Vec<&str> = checked.unchecked.iter().map(|unchecked| unchecked.why.as_str()).collect();
    assert_eq!(why, ["padi.umkm is not loaded", "ref.padi_satker is not loaded"]);
    assert_eq!(checked.counts(), (0, 0, 1));
}

#[tokio::test]
async fn a_key_counts_once_and_what_was_accepted_is_not_sent_again() {
    let twice = format!("[{PAYLOAD},{PAYLOAD}]");
    let checked = check(&twice).await;
    assert_eq!(checked.counts(), (1, 0, 1));
    assert_eq!(checked.records[1].refusals[0].reason, "record 1 has the same key");
    let Fate::Ready(ready) = &checked.records[0].fate else { panic!("refused") };
    let at = "2026-10-31T06:00:00Z".parse().unwrap();
    let standing = |mark: &str, state| SubmissionRecord {
        seq: 1,
        source: "padi".to_owned(),
        method: "transaksi".to_owned(),
        key: ready.key.clone(),
        mark: mark.to_owned(),
        state,
        attempts: 1,
        http_status: Some(200),
        code: None,
        message: None,
        log: "{}".to_owned(),
        operator: "budi".to_owned(),
        created_at: at,
        sent_at: at,
        finished_at: Some(at),
    };
    let tables = tables();
    let known = [standing(&ready.mark, SubmissionState::Accepted)];
    assert_eq!(check_with(&tables, PAYLOAD, &known).await.counts(), (0, 1, 0));
    let changed = check_with(&tables, &with("Bangun Desa", "Bangun Kota"), &known).await;
    assert_eq!(changed.counts(), (1, 0, 0));
    let refusal = &changed.records[0].refusals[0];
    assert_eq!((refusal.column.as_deref(), refusal.value.as_str()), (Some("bumn_id, transaksi_id"), "ABCD, abc"));
    assert!(refusal.reason.starts_with("accepted on 2026-10-31 with other content: delete it"), "{}", refusal.reason);
    // Marks under another key tell nothing, and a record in doubt is the sender's affair.
    let known = [standing("0123456789abcdef:00", SubmissionState::Accepted)];
    assert_eq!(check_with(&tables, &with("Bangun Desa", "Bangun Kota"), &known).await.counts(), (0, 1, 0));
    let known = [standing("x:1", SubmissionState::Ambiguous)];
    assert_eq!(check_with(&tables, PAYLOAD, &known).await.counts(), (0, 0, 1));
}
