//! PaDi over HTTP: the key, the one URL, faults and totals.

use super::{Sandbox, TODAY, bytes, control_of, start};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

async fn send(sandbox: &Sandbox, key: &str, body: &Value) -> Response {
    let request = reqwest::Client::new().post(format!("{}/padis", sandbox.base_url("padi")));
    request.header("x-api-key", key).body(body.to_string()).send().await.unwrap()
}

async fn page(sandbox: &Sandbox, method: &str, page: usize) -> Value {
    let body = json!({ method: { "size": 500, "page": page } });
    let response = send(sandbox, &sandbox.token("padi", 2026), &body).await;
    assert_eq!(response.status(), StatusCode::OK);
    serde_json::from_slice(&bytes(response).await).unwrap()
}

async fn rows(sandbox: &Sandbox, method: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for number in 1.. {
        let mut body = page(sandbox, method, number).await;
        let Value::Array(rows) = body["data"].take() else { panic!("{body}") };
        if rows.is_empty() {
            break;
        }
        all.extend(rows);
    }
    all
}

/// A whole number given as one or as text.
fn whole(value: &Value) -> i128 {
    value.as_i64().map_or_else(|| value.as_str().unwrap().parse().unwrap(), i128::from)
}

#[tokio::test]
async fn control_is_what_padi_adds_up_to() {
    let sandbox = start(TODAY, &[]).await;
    let control = sandbox.control();
    for (method, dataset, column) in
        [("get_transaksi", "padi.transaksi", "total_nilai_project"), ("get_umkm", "padi.umkm", "total_revenue")]
    {
        let rows = rows(&sandbox, method).await;
        let sum: i128 = rows.iter().map(|row| whole(&row[column])).sum();
        let sums = vec![(column.to_owned(), format!("{sum}.00"))];
        assert_eq!(control_of(&control, dataset), (rows.len() as u64, sums));
    }
}

#[tokio::test]
async fn satker_ids_map_to_those_of_omspan() {
    let sandbox = start(TODAY, &[]).await;
    let mapping = sandbox.padi_satkers();
    assert!(mapping.iter().all(|(id, satker)| id.len() == 5 && satker.len() == 6));
    for row in rows(&sandbox, "get_transaksi").await {
        assert!(mapping.iter().any(|(id, _)| row["id_satker"] == *id), "{row}");
    }
}

#[tokio::test]
async fn a_wrong_key_and_an_unknown_method_are_refused_differently() {
    let sandbox = start(TODAY, &[]).await;
    let body = json!({"get_transaksi": {"size": 1, "page": 1}});
    let wrong = send(&sandbox, "wrong", &body).await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    let wrong: Value = serde_json::from_slice(&bytes(wrong).await).unwrap();
    assert_eq!(wrong["code"], "900901");
    let unknown = send(&sandbox, &sandbox.token("padi", 2025), &json!({"get_bumn": {}})).await;
    assert_eq!(unknown.status(), StatusCode::OK);
    let unknown: Value = serde_json::from_slice(&bytes(unknown).await).unwrap();
    assert_eq!((&unknown["status"], &unknown["data"]), (&json!("failed"), &json!([])));
}

#[tokio::test]
async fn faults_of_padi_strike() {
    let sandbox = start(TODAY, &["padi-fraction", "padi-bad-category", "padi-unknown-satker"]).await;
    let rows = rows(&sandbox, "get_transaksi").await;
    assert_eq!(rows[1]["total_nilai_project"], "27000000.27");
    assert_eq!(rows[2]["kategori_project"], "28");
    assert!(rows.iter().any(|row| row["id_satker"] == "99999"));
    let none = start(TODAY, &["empty@padi.transaksi", "unknown-key@padi.umkm", "moving-total"]).await;
    let empty = page(&none, "get_transaksi", 1).await;
    assert_eq!((&empty["status"], &empty["data"]), (&json!("success"), &json!([])));
    let (first, second) = (page(&none, "get_umkm", 1).await, page(&none, "get_umkm", 2).await);
    assert_eq!(first["data"][0]["KETERANGAN"], "ditambahkan 2026");
    assert_eq!(first["count"].as_u64().unwrap() + 1, second["count"].as_u64().unwrap());
}

#[tokio::test]
async fn personal_values_of_padi_are_listed() {
    let sandbox = start(TODAY, &[]).await;
    let listed = sandbox.personal_values();
    for row in rows(&sandbox, "get_umkm").await {
        for key in ["npwp", "alamat", "nama_pemilik_rekening", "no_rekening", "hp", "email"] {
            let value = row[key].as_str().unwrap();
            assert!(listed.binary_search_by(|known| known.as_str().cmp(value)).is_ok(), "{key} is not listed");
        }
    }
}
