//! SIPP answers as its document says, with the flaws of a real register.

use super::{TODAY, ask_of, bytes, document, keys, start, text};
use crate::sandbox::Sandbox;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const FAMILY: [&str; 30] = [
    "id_keluarga_p3ke",
    "provinsi",
    "kabupaten_kota",
    "kecamatan",
    "desa_kelurahan",
    "kode_kemdagri",
    "desil_kesejahteraan",
    "alamat",
    "kepala_keluarga",
    "nik",
    "padan_dukcapil",
    "jenis_kelamin",
    "tanggal_lahir",
    "pekerjaan",
    "pendidikan",
    "kepemilikan_rumah",
    "memiliki_simpanan_uang_perhiasan_ternak_lainnya",
    "jenis_atap",
    "jenis_dinding",
    "jenis_lantai",
    "sumber_penerangan",
    "bahan_bakar_memasak",
    "sumber_air_minum",
    "memiliki_fasilitas_buang_air_besar",
    "penerima_bpnt",
    "penerima_bpum",
    "penerima_bst",
    "penerima_pkh",
    "penerima_sembako",
    "resiko_stunting",
];
const AID: [&str; 10] = [
    "id_keluarga_p3ke",
    "kecamatan",
    "desa_kelurahan",
    "kode_kemdagri",
    "nik",
    "nama_opd",
    "strategi",
    "program",
    "kegiatan",
    "sub_kegiatan",
];

/// All rows of a listing, page by page.
async fn all(sandbox: &Sandbox, listing: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    for page in 1.. {
        let answer = document(sandbox, "sipp", &format!("{listing}?per_page=700&page={page}")).await;
        rows.extend(answer["data"]["data"].as_array().unwrap().iter().cloned());
        if answer["data"]["next_page_url"].is_null() {
            break;
        }
    }
    rows
}

fn texts<'a>(rows: &'a [Value], key: &str) -> BTreeSet<&'a str> {
    rows.iter().map(|row| row[key].as_str().unwrap()).collect()
}

#[tokio::test]
async fn pages_hold_all_rows_and_their_total() {
    let sandbox = start(TODAY, &[]).await;
    let control = sandbox.control();
    for (listing, columns) in [("p3ke", &FAMILY[..]), ("bantuan", &AID)] {
        let rows = all(&sandbox, listing).await;
        assert_eq!(rows.len() as u64, control.datasets[&format!("sipp.{listing}")].rows);
        assert!(rows.iter().all(|row| keys(row) == columns), "{}", rows[0]);
        let first = document(&sandbox, "sipp", listing).await;
        let data = &first["data"];
        assert_eq!((&data["current_page"], &data["per_page"], &data["from"]), (&json!(1), &json!(15), &json!(1)));
        assert_eq!(data["total"], rows.len());
        assert_eq!(data["last_page"], rows.len().div_ceil(15));
        assert_eq!(data["data"].as_array().unwrap()[..], rows[..15]);
        assert!(!data["next_page_url"].as_str().unwrap().contains("127.0.0.1"), "a host nobody outside reaches");
        let size = rows.len().min(1_000);
        let full = document(&sandbox, "sipp", &format!("{listing}?per_page={size}&page=1")).await;
        assert_eq!(full["data"]["to"], size);
        let beyond = document(&sandbox, "sipp", &format!("{listing}?page=100000")).await;
        assert_eq!((&beyond["data"]["data"], &beyond["data"]["from"]), (&json!([]), &Value::Null));
    }
    assert!(!control.datasets.contains_key("sipp.tracking"), "a drill-down has no total");
}

#[tokio::test]
async fn the_register_is_spelt_as_real_ones_are() {
    let sandbox = start(TODAY, &[]).await;
    let rows = all(&sandbox, "p3ke").await;
    for key in FAMILY.iter().filter(|key| key.starts_with("penerima_") || key.starts_with("memiliki_")) {
        assert!(texts(&rows, key).is_subset(&BTreeSet::from(["Ya", "YA", "Tidak", ""])), "{key}");
    }
    let deciles = texts(&rows, "desil_kesejahteraan");
    assert!(deciles.contains("1") && deciles.contains("DESIL 1"), "{deciles:?}");
    assert!(texts(&rows, "tanggal_lahir").iter().all(|date| date.ends_with(" 0:00:00")));
    assert!(rows.iter().any(|row| row["pekerjaan"].is_null()));
    assert!(rows.iter().all(|row| row["resiko_stunting"].is_u64()));
    let niks: Vec<&str> = rows.iter().map(|row| row["nik"].as_str().unwrap()).collect();
    let masked = niks.iter().filter(|nik| nik.len() == 16 && nik.ends_with("xx")).count();
    assert!((2..50).contains(&masked), "{masked} masked of {}", niks.len());
    assert!(niks.iter().any(|nik| nik.ends_with("E+15")));
    let mut owners = BTreeMap::new();
    for nik in niks.iter().filter(|nik| nik.bytes().all(|byte| byte.is_ascii_digit())) {
        *owners.entry(nik).or_insert(0) += 1;
    }
    assert!(owners.values().any(|count| *count == 2));
    let raw = bytes(ask_of(&sandbox, "sipp", "p3ke").bearer_auth(sandbox.token("sipp", 2025)).send().await.unwrap());
    assert!(String::from_utf8(raw.await).unwrap().contains(r"\/Sederajat"), "slashes as PHP writes them");
}

#[tokio::test]
async fn aid_joins_families_villages_and_agencies() {
    let sandbox = start(TODAY, &[]).await;
    let (families, aid) = (all(&sandbox, "p3ke").await, all(&sandbox, "bantuan").await);
    let (niks, ids) = (texts(&families, "nik"), texts(&families, "id_keluarga_p3ke"));
    let joined = aid.iter().filter(|row| niks.contains(row["nik"].as_str().unwrap())).count();
    assert!(joined * 100 / aid.len() > 88, "{joined} of {}", aid.len());
    let outside = aid.iter().filter(|row| row["id_keluarga_p3ke"] == "").count();
    assert!(outside > 0 && outside * 100 / aid.len() < 10, "{outside} recipients outside the register");
    assert!(
        aid.iter()
            .all(|row| row["id_keluarga_p3ke"] == "" || ids.contains(row["id_keluarga_p3ke"].as_str().unwrap()))
    );
    let agencies = document(&sandbox, "simda", "instansi").await;
    let names: BTreeSet<String> = agencies["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["namaInstansi"].as_str().unwrap().to_uppercase())
        .collect();
    assert!(texts(&aid, "nama_opd").iter().all(|name| names.contains(*name)));
    let codes = texts(&aid, "kegiatan");
    assert!(codes.iter().any(|code| code.starts_with(".02.05.202. Pelaksanaan")), "{codes:?}");
    assert!(codes.iter().any(|code| code.starts_with("1.02.05.2.02 Pelaksanaan")));
    let programs = texts(&aid, "program");
    assert!(programs.contains("1.02.05. PROGRAM PEMBERDAYAAN MASYARAKAT BIDANG KESEHATAN"), "{programs:?}");
    assert!(programs.iter().all(|code| code.starts_with(|first: char| first.is_ascii_digit())));
}

#[tokio::test]
async fn filters_narrow_both_listings() {
    let sandbox = start(TODAY, &[]).await;
    let total = async |question: &str| document(&sandbox, "sipp", question).await["data"]["total"].as_u64().unwrap();
    for listing in ["p3ke", "bantuan"] {
        let whole = total(listing).await;
        let village = total(&format!("{listing}?kode_kemdagri=3514141005")).await;
        assert!(0 < village && village < whole);
        assert_eq!(total(&format!("{listing}?kecamatan=bangil&desa_kelurahan=Bendomungal")).await, village);
        assert!(total(&format!("{listing}?kecamatan=BANGIL")).await > village);
        assert_eq!(total(&format!("{listing}?kode_kemdagri=9999999999")).await, 0);
        assert_eq!(total(&format!("{listing}?kecamatan=")).await, whole, "a blank filter is none");
        let nik = sandbox.some_nik().unwrap();
        assert!(total(&format!("{listing}?nik={nik}")).await >= 1);
    }
}

#[tokio::test]
async fn tracking_shows_one_person() {
    let sandbox = start(TODAY, &[]).await;
    let nik = sandbox.some_nik().unwrap();
    let answer = document(&sandbox, "sipp", &format!("tracking?nik={nik}")).await;
    let (profile, aid) = (&answer["data"]["profile"], answer["data"]["bantuan"].as_array().unwrap());
    assert_eq!((keys(profile), &profile["nik"]), (FAMILY.to_vec(), &json!(nik)));
    assert_eq!(keys(&aid[0]), AID[5..]);
    let listed = document(&sandbox, "sipp", &format!("bantuan?nik={nik}")).await;
    assert_eq!(listed["data"]["total"], aid.len());
    let unknown = document(&sandbox, "sipp", "tracking?nik=3514000000000001").await;
    assert_eq!(unknown["data"], json!({ "profile": null, "bantuan": [] }));
    for missing in ["tracking", "tracking?nik="] {
        let (status, body) = text(ask_of(&sandbox, "sipp", missing).bearer_auth(sandbox.token("sipp", 2026))).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(serde_json::from_str::<Value>(&body).unwrap()["errors"]["nik"].is_array());
    }
}

#[tokio::test]
async fn keys_are_asked_for() {
    let sandbox = start(TODAY, &[]).await;
    for wrong in [None, Some("abc".to_owned()), Some(sandbox.token("omspan", 2026))] {
        let request = ask_of(&sandbox, "sipp", "p3ke");
        let request = wrong.into_iter().fold(request, |request, token| request.bearer_auth(token));
        assert_eq!(text(request).await, (StatusCode::UNAUTHORIZED, r#"{"message":"Unauthenticated."}"#.to_owned()));
    }
    let expired = start(TODAY, &["expired-key@sipp.p3ke"]).await;
    let ask = |listing: &str| ask_of(&expired, "sipp", listing).bearer_auth(expired.token("sipp", 2026));
    let (status, body) = text(ask("p3ke")).await;
    assert_eq!((status, body.as_str()), (StatusCode::UNAUTHORIZED, r#"{"message":"Token has expired."}"#));
    assert_eq!(text(ask("bantuan")).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_later_day_adds_rows_at_the_end() {
    let sandbox = start("2026-10-25", &[]).await;
    let before = (all(&sandbox, "p3ke").await, all(&sandbox, "bantuan").await);
    sandbox.set_today(TODAY.parse().unwrap());
    let after = (all(&sandbox, "p3ke").await, all(&sandbox, "bantuan").await);
    for (before, after) in [(before.0, after.0), (before.1, after.1)] {
        assert!(before.len() < after.len() && after.len() < before.len() + 30);
        assert_eq!(after[..before.len()], before);
    }
}

#[tokio::test]
async fn pages_go_wrong_on_demand() {
    let total = |answer: &Value| answer["data"]["total"].as_u64().unwrap();
    let sandbox = start(TODAY, &["moving-total@sipp.p3ke"]).await;
    let first = document(&sandbox, "sipp", "p3ke?per_page=100").await;
    let second = document(&sandbox, "sipp", "p3ke?per_page=100&page=2").await;
    assert_eq!(total(&first) + 1, total(&second));
    assert_eq!(total(&document(&sandbox, "sipp", "p3ke?per_page=100").await), total(&second), "it moves once");
    let len = |answer: &Value| answer["data"]["data"].as_array().unwrap().len();
    let sandbox = start(TODAY, &["short-page-mid"]).await;
    assert_eq!(len(&document(&sandbox, "sipp", "p3ke?per_page=100&page=2").await), 90);
    let sandbox = start(TODAY, &["page-overlap"]).await;
    let first = document(&sandbox, "sipp", "bantuan?per_page=100").await;
    let second = document(&sandbox, "sipp", "bantuan?per_page=100&page=2").await;
    assert_eq!((len(&first), len(&second)), (100, 101));
    assert_eq!(first["data"]["data"][99], second["data"]["data"][0]);
    let sandbox = start(TODAY, &["empty@p3ke", "shrink@bantuan"]).await;
    let none = document(&sandbox, "sipp", "p3ke").await;
    assert_eq!((total(&none), &none["data"]["to"]), (0, &Value::Null));
    let rows = sandbox.control().datasets["sipp.bantuan"].rows;
    assert_eq!(total(&document(&sandbox, "sipp", "bantuan").await), rows.div_ceil(10));
}

#[tokio::test]
async fn rows_go_wrong_on_demand() {
    let faults = ["bad-row@p3ke", "unknown-key@p3ke", "missing-key@p3ke", "trailing-comma@bantuan"];
    let sandbox = start(TODAY, &faults).await;
    let rows = document(&sandbox, "sipp", "p3ke").await["data"]["data"].as_array().unwrap().clone();
    assert!(rows.iter().all(|row| row["KETERANGAN"].is_string() && row.get("pekerjaan").is_none()));
    let unreadable = rows.iter().map(|row| row["resiko_stunting"].is_string()).collect::<Vec<_>>();
    assert_eq!(unreadable.iter().filter(|bad| **bad).count(), 1);
    assert!(unreadable[2]);
    let (_, body) = text(ask_of(&sandbox, "sipp", "bantuan").bearer_auth(sandbox.token("sipp", 2026))).await;
    assert!(body.contains("},],") && serde_json::from_str::<Value>(&body).is_err());
    let single = start(TODAY, &["single-object"]).await;
    let one = document(&single, "sipp", "p3ke?per_page=1").await;
    assert!(one["data"]["data"].is_object());
}

#[tokio::test]
async fn personal_values_are_listed() {
    let sandbox = start(TODAY, &[]).await;
    let listed: BTreeSet<String> = sandbox.personal_values().into_iter().collect();
    for row in all(&sandbox, "p3ke").await {
        for key in ["kepala_keluarga", "alamat"] {
            assert!(listed.contains(row[key].as_str().unwrap()), "{key}");
        }
        let nik = row["nik"].as_str().unwrap();
        assert!(listed.contains(nik) || nik.ends_with("xx") || nik.ends_with("E+15"));
    }
    for row in all(&sandbox, "bantuan").await {
        let nik = row["nik"].as_str().unwrap();
        assert!(listed.contains(nik) || nik.ends_with("xx") || nik.ends_with("E+15"));
    }
    assert!(listed.contains(&sandbox.some_nik().unwrap()));
    assert!(listed.iter().all(|value| value.len() >= 8), "short values would be found everywhere");
}
