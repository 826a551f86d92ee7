//! `lumbung submit` against the accepting end of the sandbox: the document's payload and its table, lost answers, a dead
//! process, the log.

mod kill;
mod oss;
mod table;

use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::harness::{Lab, Ran};

/// The payload of the document, word for word.
const PAYLOAD: &str = include_str!("fixtures/padi_payload.json");

/// Runs `lumbung submit` with every system's address and key.
fn submit(lab: &Lab, arguments: &[&str]) -> Ran {
    lab.systems_command(&[&["submit"], arguments].concat()).output().unwrap().into()
}

/// As [`submit`], and it must end with this code.
fn ends(lab: &Lab, code: i32, arguments: &[&str]) -> Ran {
    let ran = submit(lab, arguments);
    assert_eq!(ran.code, code, "{arguments:?}\n{}\n{}", ran.stdout, ran.stderr);
    ran
}

/// Writes a file into the laboratory.
fn file(lab: &Lab, name: &str, text: &str) -> PathBuf {
    let path = lab.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// The payload's record.
fn record() -> Value {
    serde_json::from_str::<Value>(PAYLOAD).unwrap()["transaksi"].clone()
}

/// The payload's record under other numbers.
fn records(ids: &[String]) -> String {
    let other = |id: &String| {
        let mut record = record();
        record["transaksi_id"] = json!(id);
        record
    };
    Value::from(ids.iter().map(other).collect::<Vec<Value>>()).to_string()
}

/// What the sandbox has taken: key and how often it was posted.
fn received(lab: &Lab) -> Vec<(String, u64)> {
    lab.sandbox().received().into_iter().map(|received| (received.key, received.times_posted)).collect()
}

/// The rows of `ops.submissions`.
fn log(lab: &Lab, columns: &str) -> Vec<Value> {
    let sql = format!("SELECT {columns} FROM ops.submissions ORDER BY created_at, \"key\"");
    let ran: Ran = lab.systems_command(&["sql", &sql, "--format", "ndjson"]).output().unwrap().into();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran.json_lines()
}

#[test]
fn the_documents_payload_is_accepted_as_it_stands_and_never_sent_again() {
    let lab = Lab::new(&[]);
    let payload = file(&lab, "payload.json", PAYLOAD);
    let payload = payload.to_str().unwrap();
    let dry = ends(&lab, 0, &["padi.transaksi", payload]);
    assert_eq!(dry.stdout, "1 records: 1 valid, 0 refused, 0 already accepted\n");
    assert!(dry.stderr.contains("not checked: "), "{}", dry.stderr);
    assert!(!lab.warehouse().exists(), "a check made a warehouse");
    let ran = ends(&lab, 65, &["padi.transaksi", payload, "--send"]);
    assert!(ran.stderr.contains("nothing was sent") && ran.stderr.contains("--unchecked"), "{}", ran.stderr);
    assert_eq!(received(&lab), []);

    let send = ["PADI.Transaksi", payload, "--send", "--unchecked", "--output", "json"];
    let lines = ends(&lab, 0, &send).json_lines();
    assert_eq!((&lines[0]["state"], &lines[0]["key"]), (&json!("accepted"), &json!(["ABCD", "abc"])));
    assert_eq!((&lines[0]["http_status"], &lines[0]["code"]), (&json!(200), &json!("success")));
    assert_eq!(lines[1]["summary"]["accepted"], 1);
    assert_eq!(received(&lab), [("ABCD/abc".to_owned(), 1)]);
    // Word for word, the misspelt key among them.
    let hash: String = Sha256::digest(record().to_string()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(lab.sandbox().received()[0].record_sha256, hash);

    let lines = ends(&lab, 0, &send).json_lines();
    assert_eq!(
        (&lines[0]["state"], &lines[1]["summary"]["already_accepted"]),
        (&json!("already_accepted"), &json!(1))
    );
    assert_eq!(received(&lab), [("ABCD/abc".to_owned(), 1)]);
    let columns = "source, method, \"key\", state, kd_billing, http_status, code, attempts, log, operator";
    let logged = json!({"source": "padi", "method": "transaksi", "key": r#"["ABCD","abc"]"#, "state": "accepted",
        "http_status": 200, "code": "success", "attempts": 1, "operator": "unknown",
        "log": r#"{"tanggal_transaksi":"2021-06-20","total_nilai_project":"50000000","id_satker":"14482"}"#});
    let mut row = log(&lab, columns).remove(0);
    row.as_object_mut().unwrap().remove("kd_billing");
    assert_eq!(row, logged);
    let ledger = std::fs::read(lab.warehouse().join("state/ledger.db")).unwrap();
    let name = b"Damai Sejahtera";
    assert!(!ledger.windows(name.len()).any(|window| window == name), "a vendor's name is in the ledger");
}

#[test]
fn other_content_is_refused_until_the_old_one_is_deleted() {
    let lab = Lab::new(&[]);
    let old = file(&lab, "old.json", PAYLOAD);
    ends(&lab, 0, &["padi.transaksi", old.to_str().unwrap(), "--send", "--unchecked"]);
    let new = file(&lab, "new.json", &PAYLOAD.replace("Bangun Desa", "Bangun Kota"));
    let send = ["padi.transaksi", new.to_str().unwrap(), "--send", "--unchecked"];
    let ran = ends(&lab, 65, &send);
    assert!(ran.stdout.contains("accepted on 2026-11-01 with other content"), "{}", ran.stdout);
    assert_eq!(received(&lab), [("ABCD/abc".to_owned(), 1)]);

    let url = format!("{}/padis", lab.sandbox().base_url("padi"));
    let key = lab.sandbox().token("padi", 2026);
    let delete = reqwest::Client::new().post(url).header("x-api-key", key);
    let delete = delete.json(&json!({"delete_transaksi": {"transaksi_id": ["abc"]}}));
    let status = tokio::runtime::Runtime::new().unwrap().block_on(async { delete.send().await.unwrap().status() });
    assert!(status.is_success());
    assert_eq!(ends(&lab, 2, &["padi.transaksi", "--deleted", "ABCD,abd"]).stdout, "");
    ends(&lab, 0, &["padi.transaksi", "--deleted", "ABCD,abc"]);
    ends(&lab, 0, &send);
    assert_eq!(received(&lab), [("ABCD/abc".to_owned(), 1)]);
    let states: Vec<Value> = log(&lab, "state").into_iter().map(|row| row["state"].clone()).collect();
    assert_eq!(states, ["refused", "accepted"]);
}

#[test]
fn records_come_from_csv_standard_input_and_queries() {
    let lab = Lab::new(&[]);
    let record = record();
    let names: Vec<&str> = record.as_object().unwrap().keys().map(String::as_str).collect();
    let value = |name: &&str, id: &str| match *name {
        "transaksi_id" => id.to_owned(),
        "total_nilai_project" => "\"50.000.000\"".to_owned(),
        name => format!("\"{}\"", record[name].as_str().unwrap()),
    };
    let line = |id: &str| names.iter().map(|name| value(name, id)).collect::<Vec<_>>().join(",");
    let csv = file(&lab, "orders.csv", &format!("{}\r\n{}\r\n{}\r\n", names.join(","), line("c1"), line("c2")));
    ends(&lab, 0, &["padi.transaksi", csv.to_str().unwrap(), "--send", "--unchecked", "--rate", "1000"]);

    let mut child = lab
        .systems_command(&["submit", "padi.transaksi", "-", "--send", "--unchecked"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(records(&["s1".to_owned()]).as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());

    let columns: Vec<String> = names
        .iter()
        .map(|name| match *name {
            "transaksi_id" => "'q1' AS transaksi_id".to_owned(),
            "total_nilai_project" => "CAST(50000000 AS DECIMAL(20,2)) AS total_nilai_project".to_owned(),
            "tanggal_transaksi" => "DATE '2021-06-20' AS tanggal_transaksi".to_owned(),
            "feedback" => "CAST(NULL AS VARCHAR) AS feedback".to_owned(),
            name => format!("'{}' AS {name}", record[name].as_str().unwrap()),
        })
        .collect();
    let query = file(&lab, "orders.sql", &format!("SELECT {}", columns.join(", ")));
    ends(&lab, 0, &["padi.transaksi", "-f", query.to_str().unwrap(), "--send", "--unchecked"]);
    let keys: Vec<String> = received(&lab).into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["ABCD/c1", "ABCD/c2", "ABCD/q1", "ABCD/s1"]);
    let hashes: Vec<String> = lab.sandbox().received().into_iter().map(|one| one.record_sha256).collect();
    assert_eq!(hashes.len(), 4);
    let ran = ends(&lab, 2, &["padi.transaksi", "--sql", "DELETE FROM padi.umkm"]);
    assert!(ran.stderr.contains("not a query"), "{}", ran.stderr);
}

#[test]
fn a_lost_answer_is_resolved_by_asking_the_source() {
    for fault in ["submit-cut", "submit-slow", "submit-500-once"] {
        let lab = Lab::new(&[fault]);
        let path = file(&lab, "one.json", PAYLOAD);
        let ran = ends(&lab, 0, &["padi.transaksi", path.to_str().unwrap(), "--send", "--unchecked"]);
        assert!(ran.stderr.contains("asking the source whether 1 records arrived"), "{fault}: {}", ran.stderr);
        assert_eq!(received(&lab), [("ABCD/abc".to_owned(), 1)], "{fault}");
        assert_eq!(log(&lab, "state")[0]["state"], "accepted", "{fault}");
    }
}

#[test]
fn partial_sends_what_fits_and_the_rest_is_told() {
    let lab = Lab::new(&[]);
    let ids: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
    let text = records(&ids).replacen("CAPEX", "MODAL", 1);
    let path = file(&lab, "three.json", &text);
    let path = path.to_str().unwrap();
    let ran = ends(&lab, 65, &["padi.transaksi", path, "--send", "--unchecked"]);
    assert!(
        ran.stderr.contains("1 records are refused, 2 fit") && ran.stderr.contains("--partial"),
        "{}",
        ran.stderr
    );
    assert!(ran.stdout.contains("tipe_nilai_project") && ran.stdout.contains("one of CAPEX, OPEX"), "{}", ran.stdout);
    assert_eq!(received(&lab), []);
    let ran = ends(&lab, 65, &["padi.transaksi", path, "--send", "--unchecked", "--partial"]);
    assert!(ran.stdout.contains("sent: 2 accepted, 0 refused by the source"), "{}", ran.stdout);
    assert_eq!(received(&lab).len(), 2);
}

#[test]
fn a_refused_key_and_a_source_that_is_down_have_their_codes() {
    let mut lab = Lab::new(&["unauthorised@padi.transaksi"]);
    let path = file(&lab, "one.json", PAYLOAD);
    let path = path.to_str().unwrap().to_owned();
    let send = ["padi.transaksi", &path, "--send", "--unchecked"];
    let ran = ends(&lab, 77, &send);
    assert!(!ran.stderr.contains(&lab.sandbox().token("padi", 2026)), "{}", ran.stderr);
    lab.replace_sandbox(&[]);
    let nowhere = ["--set", "sources.padi.base_url=http://127.0.0.1:9", "--set", "sources.padi.attempts=2"];
    let command = [&nowhere[..], &["submit"], &send[..]].concat();
    let ran: Ran = lab.systems_command(&command).output().unwrap().into();
    assert_eq!(ran.code, 69, "{}", ran.stderr);
    assert_eq!(log(&lab, "state")[0]["state"], "pending");
    ends(&lab, 0, &send);
    assert_eq!(received(&lab), [("ABCD/abc".to_owned(), 1)]);
}

#[test]
fn what_can_be_sent_is_listed_with_its_rules() {
    let lab = Lab::new(&[]);
    let list = ends(&lab, 0, &["--list"]).stdout;
    assert!(list.contains("padi.transaksi") && list.contains("oss.receiveLicenseStatus"), "{list}");
    let columns = ends(&lab, 0, &["padi.transaksi", "--list"]).stdout;
    assert!(columns.contains("tannggal_invoice") && columns.contains("one of 27 values"), "{columns}");
    let ran = ends(&lab, 2, &["padi.umkm", "--list"]);
    assert!(ran.stderr.contains("padi.umkm is a method (submit)"), "{}", ran.stderr);
    let ran = ends(&lab, 2, &["padi.tidakada", "x.json"]);
    assert!(ran.stderr.contains("known: ") && ran.stderr.contains("padi.transaksi"), "{}", ran.stderr);
}
