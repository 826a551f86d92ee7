//! Tests of the marts and data tests: columns, types, empty tables; figures in the submodules.

mod bantuan;
mod contracts;
mod ikpa;
mod izin;
mod kesejahteraan;
mod oss;
mod padi;
mod pengadaan;
mod pnbp;
mod rka;
mod serapan;

use arrow::datatypes::DataType;
use serde_json::{Value, json};

use super::fixture::{Fixture, json_rows};
use super::{CheckReport, Severity, ViewSet, check};

fn dipa(kdsatker: &str, akun: &str, amount: &str) -> Value {
    json!({"kdsatker": kdsatker, "ba": "056", "baes1": "05601", "akun": akun, "program": "05601WA", "kegiatan": "1001",
        "output": "EBA", "budget_type": "2", "amount": amount})
}

fn posting(kdsatker: &str, akun: &str, tanggal: &str, amount: &str) -> Value {
    json!({"rownum": 1, "kdsatker": kdsatker, "ba": "056", "baes1": "05601", "akun": akun, "program": "05601WA",
        "kegiatan": "1001", "output": "EBA", "budget_type": "2", "tanggal": tanggal, "maxdate": "2026-03-15",
        "amount": amount})
}

/// A fund availability line: dipa, kontrak, blokir, actual, balancing.
fn fa(satker: &str, akun: &str, amounts: [&str; 5]) -> Value {
    let [dipa, kontrak, blokir, actual, balancing] = amounts;
    json!({"satker": satker, "akun": akun, "program": "05601WA", "output": "1001EBA", "budget_type": "2",
        "dipa": dipa, "kontrak": kontrak, "blokir": blokir, "actual_amt": actual, "balancing_amt": balancing})
}

/// `row` with one field changed.
fn but(mut row: Value, key: &str, value: impl Into<Value>) -> Value {
    row[key] = value.into();
    row
}

#[tokio::test]
async fn every_view_and_check_runs_on_empty_tables_and_no_column_is_a_float() {
    let catalog = Fixture::new().catalog().await;
    let views = ViewSet::embedded();
    assert_eq!(catalog.problems().await.unwrap(), []);
    assert!(views.views().count() >= 12 && views.checks().count() >= 4, "the queries are embedded");
    for view in views.views() {
        let result = catalog.query(&format!("SELECT * FROM mart.{}", view.name)).await.unwrap();
        let floats: Vec<_> = result.schema.fields().iter().filter(|f| f.data_type().is_floating()).cloned().collect();
        assert!(floats.is_empty(), "mart.{}: {floats:?}", view.name);
        let shares = result.schema.fields().iter().filter(|f| f.name().ends_with("_pct") || f.name() == "pct");
        let other: Vec<_> = shares.filter(|f| f.data_type() != &DataType::Decimal128(9, 4)).cloned().collect();
        assert!(other.is_empty(), "mart.{}: a percentage is DECIMAL(9,4): {other:?}", view.name);
        let rows: usize = result.collect().await.unwrap().iter().map(|b| b.num_rows()).sum();
        // The headline figures are one row, whatever there is.
        assert_eq!(rows, usize::from(view.name == "ringkasan_pimpinan"), "{}", view.name);
        assert!(view.sql.starts_with("-- Purpose: "), "{} says what it is for", view.file);
        for part in ["Grain: ", "Owner: ", "Formula: "] {
            assert!(view.comment().contains(part), "{}: {part}", view.file);
        }
    }
    for check in views.checks() {
        let result = catalog.query(&check.sql).await.unwrap();
        assert!(result.schema.fields().iter().all(|f| !f.data_type().is_floating()), "{}", check.file);
        assert!(!check.comment().is_empty(), "{} says what the rule is", check.file);
    }
    assert!(catalog.run_checks().await.iter().all(CheckReport::passed));
}

#[tokio::test]
async fn every_view_has_the_columns_the_reports_rely_on() {
    let catalog = Fixture::new().catalog().await;
    let serapan = "pagu, realisasi, blokir, sisa_pagu, serapan_pct, serapan_efektif_pct";
    let ikpa = "jumlah_bobot, nilai_ikpa, kategori, indikator_terlemah, nilai_terlemah";
    let expected = [
        ("serapan_satker", format!("tahun_anggaran, per_tanggal, ba, baes1, kdsatker, nmsatker, {serapan}")),
        ("serapan_eselon1", format!("tahun_anggaran, per_tanggal, ba, baes1, nmes1, jumlah_satker, {serapan}")),
        ("serapan_jenis_belanja", format!("tahun_anggaran, per_tanggal, jenis_belanja, nm_jenis_belanja, {serapan}")),
        (
            "serapan_bulanan",
            "tahun_anggaran, per_tanggal, bulan, realisasi, realisasi_kumulatif, pagu, serapan_kumulatif_pct".into(),
        ),
        (
            "sisa_dana",
            "tahun_anggaran, kdsatker, akun, pagu, realisasi, fa_dipa, fa_kontrak, fa_blokir, fa_actual, \
             fa_balancing, dana_tersedia, selisih_dipa, selisih_realisasi, selisih_balancing, status"
                .into(),
        ),
        ("ikpa_satker", format!("tahun_anggaran, periode, kdsatker, nmsatker, kdkppn, {ikpa}")),
        ("ikpa_eselon1", format!("tahun_anggaran, periode, ba, nmba, {ikpa}")),
        ("ikpa_kl", format!("tahun_anggaran, periode, ba, nmba, {ikpa}")),
    ];
    for (view, columns) in expected {
        let schema = catalog.query(&format!("SELECT * FROM mart.{view}")).await.unwrap().schema;
        let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        assert_eq!(names.join(", "), columns, "mart.{view}");
        for (name, data_type) in [("serapan_pct", "Decimal128(9, 4)"), ("nilai_ikpa", "Decimal128(7, 2)")] {
            let Ok(field) = schema.field_with_name(name) else { continue };
            assert_eq!(field.data_type().to_string(), data_type, "mart.{view}.{name}");
        }
    }
}

#[tokio::test]
async fn checks_count_every_violation_and_keep_a_sample() {
    let rows: Vec<Value> = (0..30).map(|i| posting(&format!("5000{i:02}"), "521111", "2026-01-31", "10")).collect();
    let late = posting("500000", "521111", "2026-03-20", "10");
    let fixture = Fixture::new()
        .with("realisasi_belanja", 2026, &rows)
        .with("realisasi_belanja", 2026, &[late])
        .with("capaian_ik_satker", 2026, &[json!({"kdsatker": "500001", "periode": "01", "ik_up": "526.98"})]);
    let reports = fixture.catalog().await.run_checks().await;
    assert_eq!(
        violations(&reports),
        [
            ("ikpa_di_luar_rentang", 1),
            ("realisasi_melebihi_pagu", 30),
            ("realisasi_setelah_tanggal_data", 1),
            ("satker_tanpa_pagu", 30),
        ]
    );
    let report = reports.iter().find(|r| r.name == "satker_tanpa_pagu").unwrap();
    assert_eq!(report.severity, Severity::Warning);
    assert_eq!(reports.iter().find(|r| r.name == "ikpa_di_luar_rentang").unwrap().severity, Severity::Error);
    let sample = &report.outcome.as_ref().unwrap().sample;
    assert_eq!(sample.iter().map(|b| b.num_rows()).sum::<usize>(), check::SAMPLE_ROWS);
    assert!(report.comment.starts_with("A satker that spends"));
}

#[tokio::test]
async fn mutu_data_shows_what_the_data_tests_find() {
    let fixture = Fixture::new()
        .with("realisasi_belanja", 2026, &[posting("500000", "521111", "2026-01-31", "10")])
        .with("capaian_ik_satker", 2026, &[json!({"kdsatker": "500001", "periode": "01", "ik_up": "526.98"})]);
    let catalog = fixture.catalog().await;
    let tests = "SELECT count(*) AS n, count(rows) AS planned FROM ops.data_tests";
    let n = ViewSet::embedded().checks().count();
    assert_eq!(json_rows(&catalog, tests).await, [json!({"n": n, "planned": n})]);
    let sql = "SELECT objek, jumlah, status FROM mutu_data WHERE kelompok = 'uji data' ORDER BY objek";
    let line = |objek: &str, status: &str| json!({"objek": objek, "jumlah": 1, "status": status});
    assert_eq!(
        json_rows(&catalog, sql).await,
        [
            line("ikpa_di_luar_rentang", "kesalahan"),
            line("realisasi_melebihi_pagu", "peringatan"),
            line("satker_tanpa_pagu", "peringatan"),
        ]
    );
}

/// Name and row count of the checks that found something; every check has to run.
fn violations(reports: &[CheckReport]) -> Vec<(&str, u64)> {
    let run = |r: &'_ CheckReport| r.outcome.as_ref().unwrap_or_else(|e| panic!("{}: {e}", r.file)).rows;
    reports.iter().map(|r| (r.name.as_str(), run(r))).filter(|(_, rows)| *rows > 0).collect()
}
