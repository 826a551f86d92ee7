//! PaDi takes transactions.

use super::{Sandbox, received, start, told};
use crate::sandbox::tests::{TODAY, control_of};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A transaction that is valid.
fn transaction(sandbox: &Sandbox, id: &str) -> Value {
    json!({
        "tanggal_transaksi": "2026-10-01", "transaksi_id": id, "bumn_id": "ATRBPN", "nama_project": "Bangun Desa",
        "kategori_project": "1", "total_nilai_project": "50000000", "tipe_nilai_project": "CAPEX",
        "kategori_umkm": "1", "uid_umkm": "123", "nama_umkm": "PT. Damai Sejahtera", "target_penyelesaian": "30",
        "tanggal_order_placement": "2026-10-01", "tanggal_confirmation": "2026-10-01",
        "tanggal_delivery": "2026-10-20", "tannggal_invoice": "2026-10-28", "total_cycle_time": "27 Hari",
        "kategori_delivery_time": "1", "rating": "4", "feedback": "OK", "deskripsi_project": "Jembatan",
        "id_satker": sandbox.padi_satkers()[0].0, "is_pdn": "1", "tkdn": "8.5", "is_certificate": "0",
        "certificate_tkdn": null,
    })
}

fn send(sandbox: &Sandbox, body: &Value) -> RequestBuilder {
    let request = reqwest::Client::new().post(format!("{}/padis", sandbox.base_url("padi")));
    request.header("x-api-key", sandbox.token("padi", 2026)).body(body.to_string())
}

async fn post(sandbox: &Sandbox, record: &Value) -> Option<(u16, Value)> {
    told(send(sandbox, &json!({ "transaksi": record }))).await.map(|(status, body)| (status.as_u16(), body))
}

/// The last row of `get_transaksi`, and how many there are.
async fn last(sandbox: &Sandbox) -> (Value, u64) {
    let ask = json!({"get_transaksi": {"size": 1, "page": 1}});
    let count = told(send(sandbox, &ask)).await.unwrap().1["count"].as_u64().unwrap();
    let ask = json!({"get_transaksi": {"size": 1, "page": count}});
    let (_, mut body) = told(send(sandbox, &ask)).await.unwrap();
    (body["data"][0].take(), count)
}

#[tokio::test]
async fn a_transaction_is_taken_shown_counted_and_taken_back() {
    let sandbox = start(TODAY, &[]).await;
    let record = transaction(&sandbox, "PO-1");
    let before = sandbox.control();
    let (_, count) = last(&sandbox).await;
    let (status, body) = post(&sandbox, &record).await.unwrap();
    assert_eq!((status, &body["status"], &body["count"]), (200, &json!("success"), &json!(1)));
    assert_eq!(body["data"][0], record);
    assert_eq!(last(&sandbox).await, (record.clone(), count + 1));
    let (rows, sums) = control_of(&sandbox.control(), "padi.transaksi");
    let (rows_before, sums_before) = control_of(&before, "padi.transaksi");
    let sum = |sums: &[(String, String)]| sums[0].1.trim_end_matches(".00").parse::<i64>().unwrap();
    assert_eq!((rows, sum(&sums)), (rows_before + 1, sum(&sums_before) + 50_000_000));
    // The same again, with other content too, is refused and counted.
    let (status, body) = post(&sandbox, &record).await.unwrap();
    assert_eq!((status, &body["messages"]), (400, &json!(["transaksi_id: sudah ada"])));
    assert_eq!((&body["status"], &body["data"]), (&json!("failed"), &json!([])));
    assert_eq!(received(&sandbox).await, [("ATRBPN/PO-1".to_owned(), 2)]);
    // Deleted, it may come again.
    let delete = json!({"delete_transaksi": {"transaksi_id": ["PO-1", "PO-2"]}});
    let (_, body) = told(send(&sandbox, &delete)).await.unwrap();
    assert_eq!((&body["status"], &body["count"]), (&json!("success"), &json!(1)));
    assert_eq!(sandbox.control(), before);
    let (status, body) = told(send(&sandbox, &delete)).await.unwrap();
    assert_eq!((status.as_u16(), &body["status"]), (400, &json!("failed")));
    assert_eq!(post(&sandbox, &record).await.unwrap().0, 200);
    assert_eq!(received(&sandbox).await, [("ATRBPN/PO-1".to_owned(), 1)]);
}

#[tokio::test]
async fn what_is_wrong_is_refused_by_its_columns_and_kept_nowhere() {
    let sandbox = start(TODAY, &[]).await;
    let (_, count) = last(&sandbox).await;
    let mut record = transaction(&sandbox, "PO-1");
    record["total_nilai_project"] = json!("27000000.27");
    record["nama_umkm"] = json!("SOKI TAMELIN");
    let (status, body) = post(&sandbox, &record).await.unwrap();
    let expected = json!([
        "total_nilai_project: harus berupa INTEGER",
        "nama_umkm: tidak sama dengan kolom nama_umkm pada Data UMKM",
    ]);
    assert_eq!((status, &body["messages"]), (400, &expected));
    assert_eq!((received(&sandbox).await.len(), last(&sandbox).await.1), (0, count));
    let wrong = reqwest::Client::new().post(format!("{}/padis", sandbox.base_url("padi"))).header("x-api-key", "x");
    let record = json!({ "transaksi": transaction(&sandbox, "PO-1") });
    assert_eq!(told(wrong.body(record.to_string())).await.unwrap().0, StatusCode::UNAUTHORIZED);
    assert!(received(&sandbox).await.is_empty());
}

#[tokio::test]
async fn a_transaction_of_the_world_is_known_already() {
    let sandbox = start(TODAY, &[]).await;
    let mut record = last(&sandbox).await.0;
    let day = ["Tanggal_transaksi", "tanggal_transaksi"].iter().find_map(|key| record.get(key)).cloned();
    record["tanggal_transaksi"] = day.unwrap();
    let (status, body) = post(&sandbox, &record).await.unwrap();
    assert_eq!((status, &body["messages"]), (400, &json!(["transaksi_id: sudah ada"])));
    assert!(received(&sandbox).await.is_empty());
}

#[tokio::test]
async fn a_cut_connection_leaves_a_record_that_was_taken() {
    let sandbox = start(TODAY, &["submit-cut"]).await;
    for id in ["PO-1", "PO-2"] {
        let record = transaction(&sandbox, id);
        assert_eq!(post(&sandbox, &record).await, None, "no answer at all");
        assert_eq!(last(&sandbox).await.0, record);
        assert_eq!(post(&sandbox, &record).await.unwrap().1["messages"], json!(["transaksi_id: sudah ada"]));
    }
    assert_eq!(received(&sandbox).await, [("ATRBPN/PO-1".to_owned(), 2), ("ATRBPN/PO-2".to_owned(), 2)]);
}

#[tokio::test]
async fn an_outage_comes_before_a_record_is_taken_and_a_late_answer_after() {
    let sandbox = start(TODAY, &["submit-500-once@padi.transaksi", "submit-slow"]).await;
    let record = transaction(&sandbox, "PO-1");
    assert_eq!(post(&sandbox, &record).await.unwrap().0, 500);
    assert!(received(&sandbox).await.is_empty());
    let begin = Instant::now();
    assert_eq!(post(&sandbox, &record).await.unwrap().0, 200);
    assert!(begin.elapsed() >= Duration::from_millis(1_500));
    assert_eq!(received(&sandbox).await, [("ATRBPN/PO-1".to_owned(), 1)]);
    let oss_only = start(TODAY, &["submit-500-once@oss.izin"]).await;
    assert_eq!(post(&oss_only, &record).await.unwrap().0, 200);
}
