//! The tables of a push judged without a server.

use std::sync::Arc;

use super::{BYTES_BEFORE_RENEWAL, Findings, Tables};
use crate::contract::{Contract, Dataset, parse};
use crate::decode::DecodeSettings;
use crate::privacy::PiiKey;

fn contract() -> Contract {
    parse("uji.toml", include_str!("../tests/uji.toml")).unwrap()
}

fn tables() -> Tables {
    let contract = contract();
    let own = contract.dataset("nib_masuk").unwrap();
    let datasets: Vec<Dataset> = std::iter::once(own).chain(contract.further_tables(own)).cloned().collect();
    assert_eq!(datasets.len(), 2);
    let key = PiiKey::new(vec![7; 32]).unwrap();
    Tables::new(datasets, DecodeSettings { zone: contract.timezone, pii_key: Some(Arc::new(key)) }).unwrap()
}

fn judge(tables: &Tables, body: &str) -> Findings {
    tables.open(body.as_bytes()).unwrap().judge()
}

/// The faults as one line.
fn told(findings: &Findings) -> String {
    let each = findings.faults.iter().map(|fault| format!("{} ({})", fault.column, fault.reason));
    each.collect::<Vec<_>>().join(", ")
}

const GOOD: &str = r#"{"dataNIB":{"nib":"0220001234567","id_izin":"I-1","tgl_terbit_nib":"2026-10-31","nama_perseroan":"PT Uji",
    "pemegang_saham":[{"flag_asing":"N","total_modal":"1000000"},{"flag_asing":"Y","total_modal":null}]}}"#;

#[test]
fn a_good_push_has_nothing_to_tell_and_its_texts_are_read() {
    let tables = tables();
    let opened = tables.open(GOOD.as_bytes()).unwrap();
    assert_eq!((opened.text("nib"), opened.text("nothing")), (Some("0220001234567"), None));
    let key = ["nib".to_owned(), "id_izin".to_owned()];
    assert_eq!(opened.texts(&key).unwrap(), ["0220001234567", "I-1"]);
    assert!(opened.has_rows());
    let findings = opened.judge();
    assert_eq!((told(&findings).as_str(), findings.unknown_keys.len()), ("", 0));
}

#[test]
fn every_fault_of_every_table_is_told_at_once_by_the_senders_own_names() {
    let body = GOOD
        .replace("0220001234567", "220001234567")
        .replace("2026-10-31", "31 Oktober")
        .replace("PT Uji", &"x".repeat(21))
        .replace(r#""flag_asing":"Y""#, r#""flag_asing":"ya","baru":1"#)
        .replace("1000000", "1,5.0");
    let findings = judge(&tables(), &body);
    assert_eq!(
        told(&findings),
        "nib (kode terlalu pendek (nol di depan hilang?)), tgl_terbit_nib (format tanggal tidak sesuai), \
         nama_perseroan (teks terlalu panjang), pemegang_saham[1].nib (kode terlalu pendek (nol di depan hilang?)), \
         pemegang_saham[1].total_modal (pemisah ribuan salah tempat), \
         pemegang_saham[2].nib (kode terlalu pendek (nol di depan hilang?)), \
         pemegang_saham[2].flag_asing (bukan nilai yang diperbolehkan)"
    );
    assert_eq!(findings.unknown_keys.len(), 1);
    assert!(findings.unknown_keys[0].eq_ignore_ascii_case("baru"));
}

#[test]
fn a_push_without_its_wrapper_names_it() {
    let tables = tables();
    for body in ["5", "[]", "null"] {
        let told = told(&judge(&tables, body));
        assert!(told.to_lowercase().starts_with("datanib (") && !told.contains("pemegang"), "{body}: {told}");
    }
    for body in ["{}", r#"{"dataNIB":null}"#, r#"{"dataNIB":[]}"#, r#"{"nib":"0220001234567"}"#] {
        let opened = tables.open(body.as_bytes()).unwrap();
        assert!(!opened.has_rows(), "{body}");
        let told = told(&opened.judge());
        assert!(told.eq_ignore_ascii_case("dataNIB (tidak ada dalam isi permintaan)"), "{body}: {told}");
    }
}

#[test]
fn rows_without_end_are_refused_before_they_fill_the_memory() {
    let tables = tables();
    let own = format!(r#"{{"dataNIB":[{}]}}"#, vec![r#"{"x":1}"#; 101].join(","));
    assert!(told(&judge(&tables, &own)).contains("terlalu banyak baris"));
    let further =
        GOOD.replace(r#"{"flag_asing":"N","total_modal":"1000000"}"#, &vec![r#"{"x":1}"#; 20_001].join(","));
    assert!(told(&judge(&tables, &further)).contains("pemegang_saham (terlalu banyak baris)"));
    let many = GOOD.replace(r#"{"flag_asing":"N","total_modal":"1000000"}"#, &vec![r#"{"x":1}"#; 5_000].join(","));
    assert_eq!(judge(&tables, &many).faults.len(), 1_000);
}

#[test]
fn what_judges_is_used_again_and_made_anew_in_time() {
    let tables = tables();
    assert_eq!(tables.resting().len(), 1);
    judge(&tables, GOOD);
    judge(&tables, GOOD);
    let n_bytes = tables.resting().first().map(|resting| resting.n_bytes);
    assert_eq!(n_bytes, Some(2 * GOOD.len()));
    tables.resting()[0].n_bytes = BYTES_BEFORE_RENEWAL;
    judge(&tables, GOOD);
    assert!(tables.resting().is_empty());
    assert!(judge(&tables, GOOD).faults.is_empty());
}
