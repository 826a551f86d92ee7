//! The document's table, row by row, against its own payload.

use super::Order;
use super::rules::{Known, faults};
use crate::sandbox::padi::{Shelf, messages};
use crate::sandbox::world::{Recipe, World};
use serde_json::{Value, json};

/// The payload of the document, word for word.
const EXAMPLE: &str = r#"{
"transaksi": {
"tanggal_transaksi": "2021-06-20",
"transaksi_id": "abc",
"bumn_id": "ABCD",
"nama_project": "Bangun Desa",
"kategori_project": "1",
"total_nilai_project": "50000000",
"tipe_nilai_project": "CAPEX",
"kategori_umkm": "1",
"uid_umkm": "123",
"nama_umkm": "PT. Damai Sejahtera",
"target_penyelesaian": "30",
"tanggal_order_placement": "2021-06-20",
"tanggal_confirmation": "2021-06-20",
"tanggal_delivery": "2021-07-10",
"tannggal_invoice": "2021-07-17",
"total_cycle_time": "27 Hari",
"kategori_delivery_time": "1",
"rating": "4",
"feedback": "OK",
"deskripsi_project": "Project Membangun Jembatan",
"id_satker": "14482",
"is_pdn": "1",
"tkdn": "8.5",
"is_certificate": "1",
"certificate_tkdn": "525/SJ-IND.8/TKDN/11/2019"
}
}"#;

fn world() -> World {
    World::new(Recipe { seed: 7, scale: 0.25, overrun: false })
}

fn judged(world: &World, record: &Value) -> Vec<String> {
    let shelf = Shelf::of(world, "2026-11-01".parse().unwrap());
    let market = shelf.market();
    faults(record, &Known::new(&market, world.satkers().len()))
}

fn example() -> Value {
    let Some(Order::Post(record)) = Order::read(EXAMPLE.as_bytes()) else { panic!("a transaction") };
    record
}

#[test]
fn the_documents_payload_is_valid_and_so_is_every_transaction_of_the_world() {
    let world = world();
    assert_eq!(judged(&world, &example()), Vec::<String>::new());
    let shelf = Shelf::of(&world, "2026-11-01".parse().unwrap());
    let all = messages(&shelf);
    assert!(all.len() > 100);
    for message in all {
        assert_eq!(message.body["transaksi"].as_object().unwrap().len(), 25);
        assert_eq!(judged(&world, &message.body["transaksi"]), Vec::<String>::new(), "{:?}", message.key);
    }
}

#[test]
fn every_invalid_value_of_the_table_is_refused_by_its_column() {
    let world = world();
    let null = [
        "tanggal_transaksi",
        "transaksi_id",
        "bumn_id",
        "nama_project",
        "kategori_project",
        "total_nilai_project",
        "tipe_nilai_project",
        "kategori_umkm",
        "uid_umkm",
        "nama_umkm",
        "tannggal_invoice",
        "id_satker",
        "is_pdn",
        "tkdn",
        "is_certificate",
    ];
    let mut wrong: Vec<(&str, Value)> = Vec::new();
    for column in null {
        wrong.extend([json!(null), json!(""), json!("NULL"), json!(true)].map(|value| (column, value)));
    }
    wrong.extend([
        ("tanggal_transaksi", json!("20-06-2021")),
        ("tanggal_transaksi", json!("2021-02-30")),
        ("tanggal_delivery", json!("2021-7-10")),
        ("transaksi_id", json!("x".repeat(101))),
        ("nama_project", json!("x".repeat(256))),
        ("kategori_project", json!("28")),
        ("kategori_project", json!("0")),
        ("kategori_project", json!("Konstruksi")),
        ("total_nilai_project", json!("27000000.27")),
        ("total_nilai_project", json!(27000000.27)),
        ("total_nilai_project", json!("50.000.000")),
        ("tipe_nilai_project", json!("capex")),
        ("kategori_umkm", json!("5")),
        ("kategori_umkm", json!("2")),
        ("uid_umkm", json!("124")),
        ("nama_umkm", json!("PT Damai Sejahtera")),
        ("id_satker", json!("99999")),
        ("id_satker", json!("014482")),
        ("is_pdn", json!("2")),
        ("tkdn", json!("8,5")),
        ("is_certificate", json!("Y")),
        ("certificate_tkdn", json!("x".repeat(101))),
    ]);
    for (column, value) in wrong {
        let mut record = example();
        record[column] = value.clone();
        let faults = judged(&world, &record);
        assert!(faults.iter().any(|fault| fault.starts_with(&format!("{column}: "))), "{column} {value}: {faults:?}");
        let others = faults.iter().filter(|fault| !fault.starts_with(column)).count();
        assert!(others == 0 || column == "uid_umkm", "{column} {value}: {faults:?}");
    }
}

#[test]
fn what_the_table_leaves_open_may_be_null_and_numbers_may_be_numbers() {
    let world = world();
    let mut record = example();
    for column in ["target_penyelesaian", "tanggal_delivery", "total_cycle_time", "rating", "certificate_tkdn"] {
        record[column] = Value::Null;
    }
    record.as_object_mut().unwrap().remove("feedback");
    for (column, value) in [("total_nilai_project", json!(50_000_000)), ("is_pdn", json!(0)), ("tkdn", json!(70.5))] {
        record[column] = value;
    }
    assert_eq!(judged(&world, &record), Vec::<String>::new());
    // Spelt as in the table.
    let invoice = record.as_object_mut().unwrap().remove("tannggal_invoice").unwrap();
    assert_eq!(judged(&world, &record), ["tanggal_invoice: tidak boleh NULL"]);
    record["tanggal_invoice"] = invoice;
    assert_eq!(judged(&world, &record), Vec::<String>::new());
}

#[test]
fn all_faults_are_named_at_once_in_the_tables_order() {
    let world = world();
    let none = judged(&world, &json!({}));
    assert_eq!(none.len(), 15, "{none:?}");
    assert!(none[0].starts_with("tanggal_transaksi: ") && none[14].starts_with("is_certificate: "));
    for not_one in [json!([]), json!("abc"), json!(null)] {
        assert_eq!(judged(&world, &not_one), ["transaksi: harus berupa satu objek"]);
    }
}
