//! The document's table of 25 columns: every value it calls not valid is refused with the column's name, by `lumbung submit`
//! and by the other end alike, and what it leaves free is taken by both.

use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{ends, file, received};
use crate::harness::{Lab, Ran};

/// Column by column what is not valid; NULL is not valid where `null` is listed.
fn table() -> Vec<(&'static str, Vec<Value>)> {
    let null = || vec![Value::Null, json!("NULL"), json!("")];
    let and = |more: &[&str]| null().into_iter().chain(more.iter().map(|text| json!(text))).collect::<Vec<Value>>();
    let long = |n: usize| "x".repeat(n);
    vec![
        ("tanggal_transaksi", and(&["27-06-2022"])),
        ("transaksi_id", and(&[&long(101)])),
        ("bumn_id", null()),
        ("nama_project", and(&[&long(256)])),
        ("kategori_project", and(&["28", "0", "X"])),
        ("total_nilai_project", and(&["27000000.27", "dua juta"])),
        ("tipe_nilai_project", and(&["MODAL"])),
        ("kategori_umkm", and(&["5", "other"])),
        ("uid_umkm", and(&["nobody", &long(101)])),
        ("nama_umkm", and(&["SOMEBODY ELSE"])),
        ("target_penyelesaian", vec![]),
        ("tanggal_order_placement", vec![]),
        ("tanggal_confirmation", vec![]),
        ("tanggal_delivery", vec![]),
        ("tanggal_invoice", and(&["x"])),
        ("total_cycle_time", vec![]),
        ("kategori_delivery_time", vec![]),
        ("rating", vec![]),
        ("feedback", vec![]),
        ("deskripsi_project", vec![]),
        ("id_satker", and(&["99999999"])),
        ("is_pdn", and(&["2", "ya"])),
        ("tkdn", and(&["banyak"])),
        ("is_certificate", and(&["2"])),
        ("certificate_tkdn", vec![]),
    ]
}

/// A record that both sides take: with a vendor and a satker of the simulated world.
fn valid(lab: &Lab, runtime: &Runtime) -> Value {
    let vendors = post(lab, runtime, &json!({"get_umkm": {"size": 1, "page": 1}})).1;
    let vendor = &vendors["data"][0];
    let mut record = super::record();
    record["uid_umkm"] = vendor["uid"].clone();
    record["nama_umkm"] = vendor["nama_umkm"].clone();
    record["kategori_umkm"] = vendor["kategori_usaha"].clone();
    record["id_satker"] = json!(lab.sandbox().padi_satkers()[0].0);
    record
}

/// Posts a body to PaDi; status and answer.
fn post(lab: &Lab, runtime: &Runtime, body: &Value) -> (u16, Value) {
    let url = format!("{}/padis", lab.sandbox().base_url("padi"));
    let request = reqwest::Client::new().post(url).header("x-api-key", lab.sandbox().token("padi", 2026)).json(body);
    runtime.block_on(async {
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    })
}

/// A laboratory in which vendors and satkers are loaded.
fn loaded() -> Lab {
    let lab = Lab::new(&[]);
    let lines: String = lab.sandbox().padi_satkers().iter().map(|(id, kd)| format!("{id},{kd}\n")).collect();
    let satkers = file(&lab, "padi_satker.csv", &format!("id_satker,kdsatker\n{lines}"));
    lab.ok(&["reference", "import", "padi_satker", satkers.to_str().unwrap()]);
    let ran: Ran = lab.systems_command(&["snapshot", "padi.umkm"]).output().unwrap().into();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    lab
}

/// The record with another value in a column; the invoice's date stands under the misspelt key.
fn with(record: &Value, column: &str, value: &Value, n: usize) -> Value {
    let mut record = record.clone();
    record["transaksi_id"] = json!(format!("T-{n}"));
    let key = if column == "tanggal_invoice" { "tannggal_invoice" } else { column };
    record[key] = value.clone();
    record
}

#[test]
fn every_value_that_is_not_valid_is_refused_by_its_column_on_both_sides() {
    let (lab, runtime) = (loaded(), Runtime::new().unwrap());
    let record = valid(&lab, &runtime);
    let cases: Vec<(&str, Value)> = table()
        .into_iter()
        .flat_map(|(column, values)| values.into_iter().map(move |value| (column, value)))
        .collect();
    assert_eq!((table().len(), cases.len() > 50), (25, true));
    let list: Vec<Value> =
        cases.iter().enumerate().map(|(n, (column, value))| with(&record, column, value, n)).collect();
    let path = file(&lab, "invalid.json", &Value::from(list.clone()).to_string());
    let ran = ends(&lab, 65, &["padi.transaksi", path.to_str().unwrap(), "--send", "--partial", "--output", "json"]);
    let lines = ran.json_lines();
    let name = record["nama_umkm"].as_str().unwrap();
    assert!(!ran.stdout.contains(name) && !ran.stdout.contains("SOMEBODY"), "a vendor's name is shown");
    for (n, (column, value)) in cases.iter().enumerate() {
        let (line, refusals) = (&lines[n], lines[n]["refusals"].as_array().unwrap());
        assert_eq!(line["state"], "refused");
        let columns: Vec<&str> = refusals.iter().map(|refusal| refusal["column"].as_str().unwrap()).collect();
        assert_eq!(columns, [*column], "{value}");
        assert!(refusals.iter().all(|refusal| refusal["rule"].as_str().is_some_and(|rule| !rule.is_empty())));
        let (status, told) = post(&lab, &runtime, &json!({"transaksi": list[n]}));
        let told = told["messages"].to_string().replace("tannggal_invoice", "tanggal_invoice");
        assert!(status == 400 && told.contains(&format!("\"{column}: ")), "{column} {value}: {status} {told}");
    }
    assert_eq!(received(&lab), []);
}

#[test]
fn what_the_document_leaves_free_is_taken_by_both_sides() {
    let (lab, runtime) = (loaded(), Runtime::new().unwrap());
    let record = valid(&lab, &runtime);
    let free = || table().into_iter().filter(|(_, values)| values.is_empty()).map(|(column, _)| column);
    let is_date = |column: &str| column.starts_with("tanggal_");
    let mut list = vec![with(&record, "feedback", &json!("OK"), 0)];
    for column in free() {
        list.push(with(&record, column, &Value::Null, list.len()));
        if !is_date(column) {
            list.push(with(&record, column, &json!("n.a"), list.len()));
        }
        let mut without = with(&record, column, &Value::Null, list.len());
        without.as_object_mut().unwrap().remove(column);
        list.push(without);
    }
    let path = file(&lab, "free.json", &Value::from(list.clone()).to_string());
    let send = ["padi.transaksi", path.to_str().unwrap(), "--send", "--rate", "1000"];
    let ran = ends(&lab, 0, &send);
    assert!(ran.stdout.contains(&format!("sent: {} accepted, 0 refused", list.len())), "{}", ran.stdout);
    assert!(received(&lab).iter().all(|(_, times)| *times == 1));
    assert_eq!(received(&lab).len(), list.len());
}
