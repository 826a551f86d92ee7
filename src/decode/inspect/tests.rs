//! Every fault of a row at once, and the same judgement as decoding.

use std::sync::Arc;

use super::{Fault, Inspection, Inspector};
use crate::contract::{Contract, parse};
use crate::decode::{Brackets, DecodeError, DecodeSettings, Decoder};
use crate::privacy::PiiKey;
use crate::source::shape;

fn contract() -> Contract {
    parse("padi.toml", include_str!("../../../config/sources/padi.toml")).unwrap()
}

fn settings(contract: &Contract) -> DecodeSettings {
    let key = PiiKey::new(vec![7; 32]).unwrap();
    DecodeSettings { zone: contract.timezone, pii_key: Some(Arc::new(key)) }
}

fn inspect(document: &str) -> Result<Inspection, DecodeError> {
    let contract = contract();
    let dataset = Arc::new(contract.dataset("transaksi").unwrap().clone());
    Inspector::new(dataset, shape::reader, settings(&contract)).unwrap().inspect(document.as_bytes())
}

fn fault(column: &str, reason: &str) -> Fault {
    Fault { column: Some(column.to_owned()), reason: reason.to_owned() }
}

#[test]
fn every_column_that_does_not_fit_is_told_at_once() {
    let row = r#"{"data":[{"tanggal_transaksi":"2021-06-20","transaksi_id":null,"bumn_id":"ABCD","nama_project":"B\u00e9",
        "kategori_project":"28","total_nilai_project":"27000000.27","tipe_nilai_project":"OPEX","kategori_umkm":"1",
        "uid_umkm":"123","nama_umkm":"X","tannggal_invoice":"2021-07-17","id_satker":"1","is_pdn":"2","tkdn":"8.5",
        "is_certificate":"1","lain":1}]}"#;
    let found = inspect(row).unwrap();
    assert_eq!(found.unknown_keys, ["lain"]);
    assert_eq!(
        found.rows[0].faults,
        [
            fault("transaksi_id", "the value is missing"),
            fault("kategori_project", "none of the allowed values"),
            fault("total_nilai_project", "an amount with a fraction where whole ones are due"),
            fault("is_pdn", "a value outside the allowed range (a lost decimal point?)"),
        ]
    );
    let contract = contract();
    let of = |name| found.rows[0].texts[contract.dataset("transaksi").unwrap().column(name).unwrap()].as_deref();
    assert_eq!(of("nama_project"), Some("Bé"));
    assert_eq!(of("tanggal_invoice"), Some("2021-07-17"));
    assert_eq!((of("transaksi_id"), of("rating")), (None, None));
}

#[test]
fn what_is_inspected_as_good_is_taken_and_the_other_way_round() {
    let good = r#"{"tanggal_transaksi":"2021-06-20","transaksi_id":"T","bumn_id":"A","nama_project":"B","kategori_project":"1",
        "total_nilai_project":"5","tipe_nilai_project":"CAPEX","kategori_umkm":"1","uid_umkm":"1","nama_umkm":"X",
        "tanggal_invoice":"2021-07-17","id_satker":"1","is_pdn":"1","tkdn":"8.5","is_certificate":"1"}"#;
    let contract = contract();
    let dataset = Arc::new(contract.dataset("transaksi").unwrap().clone());
    for (from, to) in [("\"T\"", "\"T\""), ("\"T\"", "\"\""), ("8.5", "101"), ("2021-06-20", "x"), ("\"5\"", "[]")] {
        let document = format!("{{\"data\":[{}]}}", good.replacen(from, to, 1));
        let inspected = inspect(&document).unwrap();
        let mut decoder = Decoder::new(Arc::clone(&dataset), shape::reader, settings(&contract)).unwrap();
        let summary = decoder
            .document::<DecodeError>(document.as_bytes(), &Brackets::of(document.as_bytes()), &mut |_| Ok(()))
            .unwrap();
        assert_eq!(inspected.rows[0].faults.is_empty(), summary.rows == 1, "{from} {to}");
        assert_eq!(summary.rows + summary.refused, 1);
    }
}

#[test]
fn a_document_that_ends_early_or_is_broken_is_an_error() {
    assert!(matches!(inspect(r#"{"data":[{"#), Err(DecodeError::Truncated { .. })));
    assert!(matches!(inspect(r#"{"data" 1}"#), Err(DecodeError::Malformed { .. })));
    assert_eq!(inspect(r#"{"lain":[]}"#).unwrap(), Inspection::default());
}

#[test]
fn what_a_sender_writes_does_not_decide_how_much_is_remembered() {
    let keys: Vec<String> = (0..3_000).map(|n| format!("\"kunci{n}\":1")).collect();
    let long = "k".repeat(300_000);
    let found = inspect(&format!("{{\"data\":[{{\"{long}\":1,{}}}]}}", keys.join(","))).unwrap();
    assert_eq!(found.unknown_keys.len(), 1_000);
    assert!(found.unknown_keys.iter().all(|key| key.len() <= 200));
}

#[test]
fn one_long_text_around_many_rows_is_refused_before_it_is_copied_for_each() {
    let contract = parse("oss.toml", include_str!("../../../config/sources/oss.toml")).unwrap();
    let dataset = Arc::new(contract.dataset("kkpr_pemegang_saham").unwrap().clone());
    let holders = vec![r#"{"jns_pemegang_saham":"02"}"#; 400].join(",");
    let page = |nib: &str| {
        format!(
            r#"[{{"push_id":"a","diterima_pada":"2026-11-01T00:00:00Z","perubahan_ke":0,"isi":{{"dataNIB":{{"nib":"{nib}",
            "pemegang_saham":[{holders}]}}}}}}]"#
        )
    };
    let mut inspector = Inspector::new(dataset, shape::reader, settings(&contract)).unwrap();
    assert_eq!(inspector.inspect(page("9120001234567").as_bytes()).unwrap().rows.len(), 400);
    let error = inspector.inspect(page(&"9".repeat(200_000)).as_bytes()).unwrap_err();
    assert!(error.to_string().ends_with("the rows repeat too much of the objects around them"), "{error}");
}
