//! What was acknowledged is in the tables, once.

use serde_json::json;

use super::daemon::House;
use super::{nib, transaction};
use crate::harness::say_nothing;

/// A load of its own accord would come between.
const NO_LOAD: &str = "inbox.load=0 0 0 1 1 *";

#[test]
fn pushes_are_known_again_counted_as_changes_and_end_in_parquet_once() {
    let house = House::new();
    let daemon = house.serve(&[NO_LOAD]);
    let accepted = json!({ "status": "success", "messages": "Data transaksi diterima", "data": [], "count": 1 });
    for _ in 0..2 {
        let answer = daemon.push_transaction(&transaction("abc"));
        assert_eq!((answer.status, answer.json), (200, accepted.clone()));
    }
    let mut changed = transaction("abc");
    changed["transaksi"]["rating"] = json!("5");
    assert_eq!(daemon.push_transaction(&changed).status, 200);
    let answer = daemon.push_nib("20261101", &nib("0220001234567", "I-1"));
    let accepted = json!({ "responreceiveNIB": { "status": "1", "keterangan": "Data diterima" } });
    assert_eq!((answer.status, answer.json), (200, accepted));

    let waiting = house.lines(&["inbox"]);
    let of = |lines: &[serde_json::Value], dataset: &str, key: &str| {
        lines.iter().find(|line| line["dataset"] == dataset).map(|line| line[key].as_u64().unwrap())
    };
    assert_eq!(of(&waiting, "padi.transaksi_masuk", "waiting"), Some(2));
    assert_eq!(of(&waiting, "oss.nib_masuk", "waiting"), Some(1));

    let ended = daemon.terminate();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let loaded = house.lines(&["inbox"]);
    assert_eq!(of(&loaded, "padi.transaksi_masuk", "waiting"), Some(0), "{}", ended.stderr);
    assert_eq!(of(&loaded, "padi.transaksi_masuk", "loaded"), Some(2));
    let rows = house.sql(
        "SELECT transaksi_id, rating, perubahan_ke, tanggal_diterima, tanggal_invoice FROM padi.transaksi_masuk ORDER BY 3",
    );
    assert_eq!(rows, ["abc,4,0,2026-11-01,2021-07-17", "abc,5,1,2026-11-01,2021-07-17"]);
    let rows = house.sql("SELECT nib, id_izin, length(push_id) FROM oss.nib_masuk");
    assert_eq!(rows, ["0220001234567,I-1,32"]);
    let calls = house.sql("SELECT method, outcome, calls FROM ops.inbox ORDER BY method, outcome");
    assert_eq!(calls, ["receiveNIB,accepted,1", "transaksi,accepted,2", "transaksi,known,1"]);

    // The store remembers what it knows, also after a restart, and a day that was loaded is added to.
    let daemon = house.serve(&[NO_LOAD]);
    assert_eq!(daemon.push_transaction(&transaction("abc")).status, 200);
    assert_eq!(daemon.push_transaction(&transaction("def")).status, 200);
    assert_eq!(daemon.terminate().code, 0);
    assert_eq!(house.sql("SELECT count(*), count(DISTINCT push_id) FROM padi.transaksi_masuk"), ["3,3"]);
}

#[test]
fn what_a_killed_daemon_acknowledged_is_loaded_by_the_next_one() {
    let house = House::new();
    let daemon = house.serve(&[NO_LOAD]);
    for n in 0..5 {
        assert_eq!(daemon.push_transaction(&transaction(&format!("T-{n}"))).status, 200);
    }
    // Dropped is killed.
    drop(daemon);
    assert_eq!(house.serve(&[NO_LOAD]).terminate().code, 0);
    let rows = house.sql("SELECT transaksi_id FROM padi.transaksi_masuk ORDER BY 1");
    assert_eq!(rows, ["T-0", "T-1", "T-2", "T-3", "T-4"]);
}

#[test]
fn the_schedule_loads_while_it_serves_and_a_question_sees_what_was_loaded() {
    let house = House::new();
    std::fs::create_dir_all(house.path("config/sources")).unwrap();
    let contract = include_str!("../../src/serve/inbox/tests/uji.toml");
    let lookup = "SELECT 1 FROM (VALUES ('503/12/2026')) AS d(nomor) WHERE nomor = {no_dokumen}";
    assert!(contract.contains(lookup));
    let contract = contract.replace(lookup, "SELECT 1 FROM uji.nib_masuk WHERE id_izin = {no_dokumen}");
    std::fs::write(house.path("config/sources/uji.toml"), contract).unwrap();
    std::fs::write(house.path("config/lumbung.toml"), "[sources.uji]\nenabled = true\n").unwrap();
    let often = ["--set", "inbox.load=* * * * * *", "--set", "inbox.requests_per_second=100000"];
    let mut command = house.command(&[&often[..], &["serve", "--http", "127.0.0.1:0"]].concat());
    command.env("LUMBUNG_INBOX_UJI_USER", super::OSS_USER).env("LUMBUNG_INBOX_UJI_PASSWORD", super::OSS_PASSWORD);
    let daemon = house.start(command);
    let token = super::token("0220001234567", "20261101");
    let ask = |number: &str| {
        let body = json!({ "CHECKKOMITMEN": { "nib": "0220001234567", "no_dokumen": number } });
        let answer = daemon.post("uji/checkKomitmen", ("Token", &token), body.to_string());
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json["responcheckKomitmen"]["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(ask("I-1"), "0");
    let push = json!({ "dataNIB": { "nib": "0220001234567", "id_izin": "I-1", "nama_perseroan": "PT. Damai" } });
    assert_eq!(daemon.post("uji/receiveNIB", ("Token", &token), push.to_string()).status, 200);
    // The next load takes it in; each question is an answered one, so this ends as soon as it can.
    let began = std::time::Instant::now();
    while ask("I-1") == "0" {
        assert!(began.elapsed().as_secs() < 60, "the schedule loads nothing");
    }
    assert_eq!(ask("I-2"), "0");
    assert_eq!(daemon.terminate().code, 0);
}

#[test]
fn the_marts_follow_what_the_daemon_loaded() {
    let house = House::new();
    let config = house.path("config");
    say_nothing(&config, &[]);
    let view = "-- Purpose: what was pushed.\nSELECT transaksi_id FROM padi.transaksi_masuk";
    std::fs::write(config.join("queries/mart/masuk.sql"), view).unwrap();
    // By this file a folder named config is known for one.
    std::fs::write(config.join("lumbung.toml"), "").unwrap();
    let daemon = house.serve(&[NO_LOAD, "marts.after_load=true"]);
    assert_eq!(daemon.push_transaction(&transaction("abc")).status, 200);
    let ended = daemon.terminate();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let files: Vec<_> = std::fs::read_dir(house.path("warehouse/marts/masuk")).unwrap().collect();
    assert_eq!(files.len(), 1, "{}", ended.stderr);
    assert_eq!(house.sql("SELECT * FROM mart.masuk"), ["abc"]);
    assert_eq!(house.lines(&["status"]).pop().unwrap()["marts"]["state"], "fresh");
    let again = house.lines(&["marts"]);
    assert!(again.iter().all(|line| line["status"] == "unchanged"), "{again:?}");
    let masuk = again.iter().find(|line| line["mart"] == "masuk").unwrap();
    assert_eq!(masuk["rows"], 1);
}
