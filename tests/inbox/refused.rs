//! Who is not let in, and what is not taken: told in full, kept sealed, counted.

use serde_json::{Value, json};

use super::daemon::House;
use super::{PADI_KEY, nib, token, transaction};

#[test]
fn yesterdays_token_holds_for_a_quarter_of_an_hour() {
    let mut house = House::new();
    let body = nib("0220001234567", "I-1");
    for (now, yesterday, today) in [("2026-11-01T00:10:00+07:00", 200, 200), ("2026-11-01T00:20:00+07:00", 401, 200)]
    {
        house.now = now.to_owned();
        let daemon = house.serve(&[]);
        assert_eq!(daemon.push_nib("20261031", &body).status, yesterday, "{now}");
        assert_eq!(daemon.push_nib("20261101", &body).status, today, "{now}");
    }
}

#[test]
fn a_wrong_token_stores_nothing() {
    let house = House::new();
    let daemon = house.serve(&[]);
    let body = nib("0220001234567", "I-1").to_string();
    for wrong in [token("0220001234568", "20261101"), token("0220001234567", "20251101"), String::new()] {
        let answer = daemon.post("oss/receiveNIB", ("Token", &wrong), body.clone());
        let told = &answer.json["responreceiveNIB"];
        assert_eq!((answer.status, &told["status"], &told["kode"]), (401, &json!("2"), &json!("401")));
    }
    let upper = token("0220001234567", "20261101").to_uppercase();
    assert_eq!(daemon.post("oss/receiveNIB", ("token", &upper), body).status, 200);
    assert_eq!(daemon.post("padi/padis", ("x-api-key", "kunci"), transaction("a").to_string()).status, 401);
    daemon.terminate();
    let calls = house.sql("SELECT method, outcome, calls FROM ops.inbox ORDER BY method, outcome");
    assert_eq!(calls, ["receiveNIB,accepted,1", "receiveNIB,unauthorised,3", "transaksi,unauthorised,1"]);
    assert!(house.lines(&["inbox", "refused"]).is_empty());
}

/// The values that PaDi's document calls not valid, each with its column.
const NOT_VALID: [(&str, Option<&str>); 6] = [
    ("transaksi_id", None),
    ("bumn_id", None),
    ("kategori_project", Some("28")),
    ("total_nilai_project", Some("27000000.27")),
    ("is_pdn", Some("2")),
    ("tkdn", None),
];

#[test]
fn every_bad_column_is_named_and_the_push_is_kept_sealed() {
    let house = House::new();
    let daemon = house.serve(&[]);
    let mut all = transaction("T-1");
    for (column, value) in NOT_VALID {
        let mut body = transaction("T-1");
        for body in [&mut body, &mut all] {
            body["transaksi"][column] = json!(value);
        }
        let answer = daemon.push_transaction(&body);
        assert_eq!((answer.status, &answer.json["errors"][0]["kolom"]), (400, &json!(column)), "{answer:?}");
    }
    let answer = daemon.push_transaction(&all);
    let named: Vec<&str> =
        answer.json["errors"].as_array().unwrap().iter().map(|fault| fault["kolom"].as_str().unwrap()).collect();
    let mut expected = NOT_VALID.map(|(column, _)| column);
    expected.sort_by_key(|column| transaction_columns().iter().position(|known| known == column));
    assert_eq!(named, expected);
    let message = answer.json["messages"].as_str().unwrap();
    assert!(message.starts_with("6 kolom tidak sesuai: ") && message.chars().count() <= 255, "{message}");
    assert_eq!(daemon.terminate().code, 0);

    let refused = house.lines(&["inbox", "refused"]);
    assert_eq!(refused.len(), NOT_VALID.len() + 1);
    let id = refused[0]["id"].to_string();
    let shown = house.run(&["inbox", "show", &id]);
    assert!(shown.stderr.contains("personal data"), "{}", shown.stderr);
    assert_eq!(serde_json::from_str::<Value>(&shown.stdout).unwrap(), all);
    let mut stranger = house.bare_command(&["inbox", "show", &id]);
    let stranger: crate::harness::Ran = stranger.env("LUMBUNG_PII_KEY", "f".repeat(64)).output().unwrap().into();
    assert_eq!((stranger.code, stranger.stdout.as_str()), (77, ""));
    assert_eq!(house.run(&["inbox", "show", "9999"]).code, 2);
}

fn transaction_columns() -> Vec<String> {
    transaction("x")["transaksi"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn a_replayed_refusal_is_refused_again_and_a_corrected_push_taken() {
    let house = House::new();
    let daemon = house.serve(&[]);
    let mut bad = transaction("T-1");
    bad["transaksi"]["id_satker"] = json!(null);
    for _ in 0..2 {
        assert_eq!(daemon.push_transaction(&bad).status, 400);
    }
    assert_eq!(daemon.push_transaction(&transaction("T-1")).status, 200);
    let wrong_place = daemon.post("padi/padis", ("x-api-key", PADI_KEY), nib("0220001234567", "I-1").to_string());
    assert_eq!(wrong_place.status, 400);
    assert!(wrong_place.json["messages"].as_str().unwrap().to_lowercase().contains("transaksi"));
}
