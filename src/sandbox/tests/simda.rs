//! SIMDA answers as its document says.

use super::{TODAY, ask_of, document, keys, start, text};
use crate::sandbox::Sandbox;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Every agency's answer to a question, over both years.
async fn all(sandbox: &Sandbox, question: &str) -> Vec<Value> {
    let agencies = document(sandbox, "simda", "instansi").await["data"].as_array().unwrap().clone();
    let mut answers = Vec::new();
    for year in [2025, 2026] {
        for agency in &agencies {
            let (office, id) = (&agency["idKantor"], &agency["idInstansi"]);
            let path = format!("{question}?tahun={year}&idKantor={office}&idInstansi={id}");
            answers.push(document(sandbox, "simda", &path).await);
        }
    }
    answers
}

/// What stands at a path of keys, through arrays and objects alike.
fn at<'a>(value: &'a Value, path: &[&str]) -> Vec<&'a Value> {
    let elements = match value {
        Value::Array(elements) => elements.iter().collect(),
        other => vec![other],
    };
    match path {
        [] => elements,
        [key, rest @ ..] => elements.into_iter().flat_map(|element| at(&element[*key], rest)).collect(),
    }
}

const KEGIATAN: [&str; 4] = ["data", "dataUrusan", "dataProgram", "dataKegiatan"];
const LEAF: [&str; 11] = [
    "data",
    "dataUrusan",
    "dataProgram",
    "dataKegiatan",
    "dataBelanja",
    "dataRekKelompok",
    "dataRekBelanja",
    "dataRekBagian",
    "dataSubBagian",
    "dataRincian",
    "dataSubRincian",
];

fn number(leaf: &Value, key: &str) -> i64 {
    match &leaf[key] {
        Value::String(empty) if empty.is_empty() => 1,
        value => value.as_i64().unwrap_or_else(|| panic!("{key} of {leaf}")),
    }
}

#[tokio::test]
async fn the_envelope_is_the_documents() {
    let sandbox = start(TODAY, &[]).await;
    let answer = document(&sandbox, "simda", "instansi").await;
    assert_eq!(keys(&answer), ["code", "status", "message", "request", "datetime", "data"]);
    let head: Vec<&Value> = answer.as_object().unwrap().values().take(5).collect();
    assert_eq!(json!(head), json!([200, "success", "OKE", "instansi", "2026-11-01 08:12:12"]));
    let first = &answer["data"][0];
    assert_eq!(
        first,
        &json!({ "idKantor": 1, "idInstansi": 1, "jenis": "skpd", "namaInstansi": "Dinas Komunikasi dan Informatika" })
    );
    assert_eq!(answer["data"].as_array().unwrap().len() as u64, sandbox.control().datasets["simda.instansi"].rows);
}

#[tokio::test]
async fn aims_add_up_to_their_total() {
    let sandbox = start(TODAY, &[]).await;
    let answers = all(&sandbox, "renstra").await;
    let path = ["data", "dataMisi", "dataTujuan", "dataSasaran"];
    let leaves: Vec<&Value> = answers.iter().flat_map(|answer| at(answer, &path)).collect();
    assert_eq!(leaves.len() as u64, sandbox.control().datasets["simda.renstra"].rows);
    assert!(leaves.iter().all(|leaf| keys(leaf) == ["idSasaran", "namaSasaran"]));
    assert!(answers.iter().any(|answer| answer["data"] == json!([])), "a kelurahan has no aims of its own");
}

#[tokio::test]
async fn budgets_add_up_to_their_totals() {
    let sandbox = start(TODAY, &[]).await;
    let answers = all(&sandbox, "rka").await;
    let leaves: Vec<&Value> = answers.iter().flat_map(|answer| at(answer, &LEAF)).collect();
    let (mut sum, mut ids) = (0_i64, BTreeSet::new());
    for leaf in &leaves {
        assert_eq!(keys(leaf).len(), 10);
        let product: i64 = ["volume1", "volume2", "volume3", "nilai"].iter().map(|key| number(leaf, key)).product();
        assert_eq!(number(leaf, "jumlah"), product);
        sum += product;
        ids.insert(leaf["idSubRincian"].as_i64().unwrap());
    }
    assert!(leaves.iter().any(|leaf| leaf["volume3"] == "" && leaf["satuan3"] == ""));
    let control = sandbox.control();
    let totals = &control.datasets["simda.rka"];
    assert_eq!((totals.rows, &totals.sums["jumlah"]), (leaves.len() as u64, &format!("{sum}.00")));
    for (name, above, key) in [
        ("rka_indikator_program", &KEGIATAN[..3], "dataIndikatorProgram"),
        ("rka_indikator_kegiatan", &KEGIATAN[..], "dataIndikatorKegiatan"),
    ] {
        let path: Vec<&str> = above.iter().copied().chain([key]).collect();
        let count = answers.iter().flat_map(|answer| at(answer, &path)).count();
        assert_eq!(count as u64, control.datasets[&format!("simda.{name}")].rows, "{name}");
    }
    for kegiatan in answers.iter().flat_map(|answer| at(answer, &KEGIATAN)) {
        let items: i64 = at(kegiatan, &LEAF[4..]).iter().map(|leaf| number(leaf, "jumlah")).sum();
        assert!(number(kegiatan, "pagu") >= items);
        assert!(at(kegiatan, &["dataBelanja", "dataRekKelompok"]).iter().all(|group| group["rekKelompok"] == 2));
    }
    assert!(answers.iter().any(|answer| answer["status"] == "success" && answer["data"] == json!([])));
}

#[tokio::test]
async fn codes_of_aid_are_those_of_plans() {
    let sandbox = start(TODAY, &[]).await;
    let health = document(&sandbox, "simda", "rka?tahun=2026&idKantor=3&idInstansi=3").await;
    let programs = at(&health, &KEGIATAN[..3]);
    let name = |number: i64| programs.iter().find(|one| one["idProgram"] == number).map(|one| &one["namaProgram"]);
    assert_eq!(name(5).unwrap(), "Program Pemberdayaan Masyarakat Bidang Kesehatan");
    assert_eq!(
        (&health["data"][0]["idJenisUrusan"], &health["data"][0]["dataUrusan"][0]["idUrusan"]),
        (&json!(1), &json!(2))
    );
    let kegiatan = at(&health, &KEGIATAN);
    assert!(kegiatan.iter().any(|one| one["idKegiatan"] == 202));
}

#[tokio::test]
async fn wrong_parameters_fail_under_status_200() {
    let sandbox = start(TODAY, &[]).await;
    for question in ["renstra", "rka"] {
        for wrong in [
            "",
            "?tahun=2026",
            "?tahun=x&idKantor=3&idInstansi=3",
            "?tahun=2019&idKantor=3&idInstansi=3",
            "?tahun=2026&idKantor=3&idInstansi=4",
            "?tahun=2026&idKantor=-1&idInstansi=99999999999",
        ] {
            let answer = document(&sandbox, "simda", &format!("{question}{wrong}")).await;
            assert_eq!((&answer["code"], &answer["status"]), (&json!(200), &json!("failed")), "{question}{wrong}");
            assert_eq!(answer["data"], json!([]));
        }
    }
    let (status, body) = text(ask_of(&sandbox, "simda", "instansi")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["status"], "failed");
}

#[tokio::test]
async fn budgets_go_wrong_on_demand() {
    const PATH: &str = "rka?tahun=2026&idKantor=3&idInstansi=3";
    let truth = document(&start(TODAY, &[]).await, "simda", PATH).await;
    let body_of = async |fault: &str| {
        let sandbox = start(TODAY, &[fault]).await;
        text(ask_of(&sandbox, "simda", PATH).bearer_auth(sandbox.token("simda", 2026))).await.1
    };
    let array: Value = serde_json::from_str(&body_of("rek-kelompok-array").await).unwrap();
    let groups =
        |answer: &Value| at(answer, &LEAF[..5]).iter().map(|one| one["dataRekKelompok"].clone()).collect::<Vec<_>>();
    assert!(groups(&array).iter().all(Value::is_array) && groups(&truth).iter().all(Value::is_object));
    let bare = body_of("rek-kelompok-bare").await;
    assert!(bare.contains(r#""dataRekKelompok":["rekKelompok":2,"namaRekKelompok":"#));
    assert!(serde_json::from_str::<Value>(&bare).is_err());
    let comma = body_of("trailing-comma@rka").await;
    assert!(serde_json::from_str::<Value>(&comma).is_err());
    assert_eq!(serde_json::from_str::<Value>(&comma.replace(",}", "}")).unwrap(), truth);
    let wrong: Value = serde_json::from_str(&body_of("rka-jumlah-wrong").await).unwrap();
    let differ = at(&wrong, &LEAF).iter().zip(at(&truth, &LEAF)).filter(|(wrong, right)| **wrong != *right).count();
    assert_eq!(differ, at(&truth, &KEGIATAN).len());
    let shrunk: Value = serde_json::from_str(&body_of("shrink").await).unwrap();
    assert_eq!(at(&shrunk, &LEAF).len(), at(&truth, &LEAF).len().div_ceil(10));
    let empty: Value = serde_json::from_str(&body_of("empty").await).unwrap();
    assert_eq!((&empty["status"], &empty["data"]), (&json!("success"), &json!([])));
    let bad: Value = serde_json::from_str(&body_of("bad-row@rka").await).unwrap();
    let unreadable: Vec<bool> = at(&bad, &LEAF).iter().map(|leaf| leaf["jumlah"].is_string()).collect();
    assert_eq!(unreadable.iter().position(|bad| *bad), Some(2));
}
