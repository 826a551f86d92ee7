//! Golden tests of the marts: the sample rows of the source's own document, and the cases that mislead.

use serde_json::{Value, json};

use super::fixture::{Fixture, json_rows};
use super::{CheckReport, ViewSet, check};

/// The Satker sample of the OMSPAN document.
fn satker_sample() -> Value {
    json!({
        "kdsatker": "017202", "nmsatker": "SEKRETARIAT UTAMA BADAN KOORDINASI PENANAMAN MODAL", "kdkppn": "088",
        "periode": "01", "ik_dispensasi_spm": "100.00", "ik_up": "0.00", "ik_data_kontrak": "18.00",
        "ik_kesalahan_spm": "100.00", "ik_retur": "100.00", "ik_hal3_dipa": "54.60", "ik_revisi_dipa": "100.00",
        "ik_kemajuan_tagihan": "0.00", "ik_rekon_lpj": "100.00", "ik_realisasi": "9.80", "ik_renkas": "100.00",
        "ik_pagu_minus": "99.99", "bbt_ind_up": "0", "bbt_ind_kontrak": "15", "bbt_ind_spm_slh": "6",
        "bbt_ind_retur": "6", "bbt_ind_hal3_dipa": "5", "bbt_ind_rev_dipa": "5", "bbt_ind_kmj_tagihan": "0",
        "bbt_ind_rekon_lpj": "5", "bbt_ind_renkas": "5", "bbt_ind_realisasi": "20", "bbt_ind_cap_output": "0",
        "bbt_ind_pagu_minus": "4", "bbt_ind_dis_spm": "4"
    })
}

/// The Eselon 1 sample of the OMSPAN document.
fn eselon1_sample() -> Value {
    json!({
        "ba": "05601", "nmba": "SEKRETARIAT JENDERAL", "periode": "11", "ik_dispensasi_spm": "100.00",
        "ik_up": "96.00", "ik_data_kontrak": "91.00", "ik_kesalahan_spm": "85.00", "ik_retur": "99.79",
        "ik_hal3_dipa": "60.64", "ik_revisi_dipa": "1.00", "ik_kemajuan_tagihan": "97.71", "ik_rekon_lpj": "67.51",
        "ik_realisasi": "85.19", "ik_renkas": "95.83", "ik_pagu_minus": "99.65", "ik_capaian_output": "58.45",
        "bbt_ind_up": "8", "bbt_ind_kontrak": "15", "bbt_ind_spm_slh": "5", "bbt_ind_retur": "5",
        "bbt_ind_hal3_dipa": "0", "bbt_ind_rev_dipa": "0", "bbt_ind_kmj_tagihan": "12", "bbt_ind_rekon_lpj": "5",
        "bbt_ind_renkas": "5", "bbt_ind_realisasi": "15", "bbt_ind_cap_output": "10", "bbt_ind_pagu_minus": "5",
        "bbt_ind_dis_spm": "5"
    })
}

/// The K/L sample of the OMSPAN document; its dispensasi is printed "10000" there.
fn kl_sample(dispensasi: Option<&str>) -> Value {
    json!({
        "ba": "065", "nmba": "BADAN KOORDINASI PENANAMAN MODAL", "periode": "01", "ik_dispensasi_spm": dispensasi,
        "ik_up": "100.00", "ik_data_kontrak": "38.00", "ik_kesalahan_spm": "100.00", "ik_retur": "100.00",
        "ik_hal3_dipa": "41.76", "ik_revisi_dipa": "100.00", "ik_kemajuan_tagihan": "0.00", "ik_rekon_lpj": "61.11",
        "ik_realisasi": "5.47", "ik_renkas": "100.00", "ik_pagu_minus": "99.99", "bbt_ind_up": "10",
        "bbt_ind_kontrak": "15", "bbt_ind_spm_slh": "6", "bbt_ind_retur": "6", "bbt_ind_hal3_dipa": "5",
        "bbt_ind_rev_dipa": "5", "bbt_ind_kmj_tagihan": "0", "bbt_ind_rekon_lpj": "5", "bbt_ind_renkas": "5",
        "bbt_ind_realisasi": "20", "bbt_ind_cap_output": "0", "bbt_ind_pagu_minus": "4", "bbt_ind_dis_spm": "4"
    })
}

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
    assert!(views.views().count() >= 12 && views.checks().count() >= 4, "the queries are embedded");
    for view in views.views() {
        let result = catalog.query(&format!("SELECT * FROM mart.{}", view.name)).await.unwrap();
        let floats: Vec<_> = result.schema.fields().iter().filter(|f| f.data_type().is_floating()).cloned().collect();
        assert!(floats.is_empty(), "mart.{}: {floats:?}", view.name);
        assert_eq!(result.collect().await.unwrap().iter().map(|b| b.num_rows()).sum::<usize>(), 0, "{}", view.name);
        assert!(view.sql.starts_with("-- Purpose: "), "{} says what it is for", view.file);
        assert!(view.comment().contains("Grain: ") && view.comment().contains("Owner: "), "{}", view.file);
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
async fn the_documents_samples_give_the_known_ikpa_scores() {
    let fixture = Fixture::new()
        .with("capaian_ik_satker", 2020, &[satker_sample()])
        .with("capaian_ik_eselon1", 2020, &[eselon1_sample()])
        .with("capaian_ik_kl", 2020, &[kl_sample(Some("100.00"))]);
    let catalog = fixture.catalog().await;
    assert_eq!(
        json_rows(&catalog, "SELECT * FROM ikpa_satker").await,
        [json!({"tahun_anggaran": 2020, "periode": "01", "kdsatker": "017202",
            "nmsatker": "SEKRETARIAT UTAMA BADAN KOORDINASI PENANAMAN MODAL", "kdkppn": "088",
            "jumlah_bobot": "75.00", "nilai_ikpa": "56.52", "kategori": "kurang",
            "indikator_terlemah": "Penyerapan anggaran", "nilai_terlemah": "9.80"})]
    );
    assert_eq!(
        json_rows(&catalog, "SELECT * FROM ikpa_eselon1").await,
        [json!({"tahun_anggaran": 2020, "periode": "11", "ba": "05601", "nmba": "SEKRETARIAT JENDERAL",
            "jumlah_bobot": "90.00", "nilai_ikpa": "87.85", "kategori": "cukup",
            "indikator_terlemah": "Capaian output", "nilai_terlemah": "58.45"})]
    );
    let kl = json_rows(&catalog, "SELECT jumlah_bobot, nilai_ikpa, kategori FROM ikpa_kl").await;
    assert_eq!(kl, [json!({"jumlah_bobot": "85.00", "nilai_ikpa": "61.10", "kategori": "kurang"})]);
    assert!(catalog.run_checks().await.iter().all(CheckReport::passed));
}

#[tokio::test]
async fn an_ikpa_score_that_cannot_be_known_is_null_and_reported() {
    let mut no_weight = satker_sample();
    for (key, value) in no_weight.as_object_mut().unwrap() {
        if key.starts_with("bbt_") {
            *value = json!("0");
        }
    }
    let fixture = Fixture::new()
        .with("capaian_ik_satker", 2020, &[no_weight, but(satker_sample(), "kdsatker", "01Z000")])
        .with("capaian_ik_kl", 2020, &[kl_sample(None)]);
    let catalog = fixture.catalog().await;
    let satker = "SELECT kdsatker, jumlah_bobot, nilai_ikpa, kategori, indikator_terlemah FROM ikpa_satker";
    assert_eq!(
        json_rows(&catalog, satker).await,
        [json!({"kdsatker": "017202", "jumlah_bobot": "0.00", "nilai_ikpa": null, "kategori": null,
            "indikator_terlemah": null})]
    );
    let kl = "SELECT jumlah_bobot, nilai_ikpa, kategori, indikator_terlemah FROM ikpa_kl";
    assert_eq!(
        json_rows(&catalog, kl).await,
        [json!({"jumlah_bobot": "85.00", "nilai_ikpa": null, "kategori": null,
            "indikator_terlemah": "Penyerapan anggaran"})]
    );
    assert_eq!(violations(&catalog.run_checks().await), [("ikpa_tanpa_nilai", 1)]);
}

#[tokio::test]
async fn ikpa_categories_start_at_their_lower_bounds() {
    let with = |kdsatker: &str, nilai: &str| json!({"kdsatker": kdsatker, "periode": "06", "ik_realisasi": nilai, "bbt_ind_realisasi": "20"});
    let scores = ["95.00", "94.99", "89.00", "88.99", "70.00", "69.99"];
    let rows: Vec<Value> = scores.iter().enumerate().map(|(i, s)| with(&format!("00000{i}"), s)).collect();
    let fixture = Fixture::new().with("capaian_ik_satker", 2026, &rows);
    let found = fixture.rows("SELECT kategori FROM ikpa_satker ORDER BY kdsatker").await;
    let found: Vec<&str> = found.iter().map(|row| row["kategori"].as_str().unwrap()).collect();
    assert_eq!(found, ["sangat baik", "baik", "baik", "cukup", "cukup", "kurang"]);
}

/// Two satkers, a reversal, and one of everything that must not count.
fn spending() -> Fixture {
    Fixture::new()
        .with(
            "dipa_belanja",
            2026,
            &[
                dipa("400001", "521111", "1000000"),
                dipa("400001", "531111", "2000000"),
                dipa("400002", "511111", "500000"),
                dipa("4000ZZ", "521111", "9999999"),
                dipa("400001", "425341", "9999999"),
                but(dipa("400001", "521111", "9999999"), "budget_type", "1"),
                but(dipa("400001", "521111", "9999999"), "amount", Value::Null),
            ],
        )
        .with(
            "realisasi_belanja",
            2026,
            &[
                posting("400001", "521111", "2026-01-10", "700000"),
                posting("400001", "521111", "2026-03-02", "-200000.50"),
                posting("400003", "521111", "2026-01-31", "40000"),
                posting("4000ZZ", "521111", "2026-01-31", "9999999"),
                posting("400001", "425341", "2026-01-31", "9999999"),
                posting("400001", "521111", "2026-03-16", "9999999"),
                but(posting("400001", "521111", "2026-01-10", "9999999"), "budget_type", "3"),
            ],
        )
        .with("ketersediaan_dana", 2026, &[fa("400001", "531111", ["2000000", "0", "500000", "0", "1500000"])])
        .with(
            "capaian_ik_satker",
            2026,
            &[
                json!({"kdsatker": "400001", "nmsatker": "LAMA", "periode": "01"}),
                json!({"kdsatker": "400001", "nmsatker": "KANTOR PERTANAHAN", "periode": "02"}),
            ],
        )
        .with("capaian_ik_eselon1", 2026, &[json!({"ba": "05601", "nmba": "SEKRETARIAT JENDERAL", "periode": "02"})])
}

#[tokio::test]
async fn serapan_satker_counts_what_counts_and_shows_both_sides() {
    let rows = spending().rows("SELECT * FROM serapan_satker ORDER BY kdsatker").await;
    let base = json!({"tahun_anggaran": 2026, "per_tanggal": "2026-03-15", "ba": "056", "baes1": "05601"});
    let expected = [
        json!({"kdsatker": "400001", "nmsatker": "KANTOR PERTANAHAN", "pagu": "3000000.00", "realisasi": "499999.50",
            "blokir": "500000.00", "sisa_pagu": "2500000.50", "serapan_pct": "16.6667",
            "serapan_efektif_pct": "20.0000"}),
        json!({"kdsatker": "400002", "nmsatker": null, "pagu": "500000.00", "realisasi": "0.00", "blokir": "0.00",
            "sisa_pagu": "500000.00", "serapan_pct": "0.0000", "serapan_efektif_pct": "0.0000"}),
        json!({"kdsatker": "400003", "nmsatker": null, "pagu": "0.00", "realisasi": "40000.00", "blokir": "0.00",
            "sisa_pagu": "-40000.00", "serapan_pct": null, "serapan_efektif_pct": null}),
    ];
    assert_eq!(rows.len(), expected.len(), "{rows:?}");
    for (row, expected) in rows.iter().zip(expected) {
        for (key, value) in base.as_object().unwrap().iter().chain(expected.as_object().unwrap()) {
            assert_eq!(&row[key], value, "{key} of {}", row["kdsatker"]);
        }
    }
}

#[tokio::test]
async fn serapan_eselon1_and_jenis_belanja_sum_the_same_lines() {
    let fixture = spending();
    let catalog = fixture.catalog().await;
    let eselon1 =
        json_rows(&catalog, "SELECT nmes1, jumlah_satker, pagu, realisasi, blokir FROM serapan_eselon1").await;
    assert_eq!(
        eselon1,
        [json!({"nmes1": "SEKRETARIAT JENDERAL", "jumlah_satker": 3, "pagu": "3500000.00", "realisasi": "539999.50",
            "blokir": "500000.00"})]
    );
    let jenis = "SELECT jenis_belanja, nm_jenis_belanja, pagu, realisasi, serapan_efektif_pct
        FROM serapan_jenis_belanja ORDER BY 1";
    assert_eq!(
        json_rows(&catalog, jenis).await,
        [
            json!({"jenis_belanja": "51", "nm_jenis_belanja": "Belanja Pegawai", "pagu": "500000.00",
                "realisasi": "0.00", "serapan_efektif_pct": "0.0000"}),
            json!({"jenis_belanja": "52", "nm_jenis_belanja": "Belanja Barang", "pagu": "1000000.00",
                "realisasi": "539999.50", "serapan_efektif_pct": "54.0000"}),
            json!({"jenis_belanja": "53", "nm_jenis_belanja": "Belanja Modal", "pagu": "2000000.00",
                "realisasi": "0.00", "serapan_efektif_pct": "0.0000"}),
        ]
    );
}

#[tokio::test]
async fn serapan_bulanan_has_every_month_up_to_the_data_date() {
    let rows = spending().rows("SELECT * FROM serapan_bulanan ORDER BY bulan").await;
    let found: Vec<[&Value; 4]> = rows
        .iter()
        .map(|r| [&r["bulan"], &r["realisasi"], &r["realisasi_kumulatif"], &r["serapan_kumulatif_pct"]])
        .collect();
    assert_eq!(
        json!(found),
        json!([
            [1, "740000.00", "740000.00", "21.1429"],
            [2, "0.00", "740000.00", "21.1429"],
            [3, "-200000.50", "539999.50", "15.4286"],
        ])
    );
}

#[tokio::test]
async fn a_posting_outside_its_fiscal_year_keeps_the_yearly_total() {
    let late = but(posting("400001", "521111", "2027-01-05", "30"), "maxdate", "2027-01-08");
    let fixture = Fixture::new().with("realisasi_belanja", 2026, &[late]);
    let rows = fixture.rows("SELECT bulan, realisasi_kumulatif FROM serapan_bulanan ORDER BY bulan").await;
    assert_eq!(rows.len(), 12);
    assert_eq!(rows[11], json!({"bulan": 12, "realisasi_kumulatif": "30.00"}));
}

#[tokio::test]
async fn sisa_dana_shows_the_documents_sample_and_lines_of_one_side() {
    // The document's own line, then one that differs, one only in DIPA, one only in FA.
    let fixture = Fixture::new()
        .with(
            "dipa_belanja",
            2026,
            &[
                dipa("060038", "521114", "3520000"),
                dipa("060038", "521211", "100"),
                dipa("060038", "521811", "70"),
                but(dipa("060038", "521114", "999"), "budget_type", "1"),
            ],
        )
        .with(
            "realisasi_belanja",
            2026,
            &[posting("060038", "521114", "2026-02-01", "43000"), posting("060038", "521211", "2026-02-01", "10")],
        )
        .with(
            "ketersediaan_dana",
            2026,
            &[
                fa("060038", "521114", ["3520000", "0", "0", "43000", "3477000"]),
                fa("060038", "521211", ["100", "5", "1", "12", "80"]),
                fa("060038", "521999", ["60", "0", "0", "0", "60"]),
                but(fa("060038", "521114", ["999", "0", "0", "0", "999"]), "budget_type", "1"),
            ],
        );
    let catalog = fixture.catalog().await;
    let rows = json_rows(&catalog, "SELECT * FROM sisa_dana ORDER BY akun").await;
    let found: Vec<[&Value; 8]> = rows
        .iter()
        .map(|r| {
            [
                "akun",
                "pagu",
                "fa_dipa",
                "dana_tersedia",
                "selisih_dipa",
                "selisih_realisasi",
                "selisih_balancing",
                "status",
            ]
            .map(|column| &r[column])
        })
        .collect();
    assert_eq!(
        json!(found),
        json!([
            ["521114", "3520000.00", "3520000.00", "3477000.00", "0.00", "0.00", "0.00", "cocok"],
            ["521211", "100.00", "100.00", "82.00", "0.00", "2.00", "-2.00", "beda realisasi, balancing"],
            ["521811", "70.00", "0.00", "0.00", "-70.00", "0.00", "0.00", "hanya di DIPA/realisasi"],
            ["521999", "0.00", "60.00", "60.00", "60.00", "0.00", "0.00", "hanya di FA"],
        ])
    );
    assert_eq!(violations(&catalog.run_checks().await), [("fa_tidak_cocok", 3)]);
}

#[tokio::test]
async fn years_do_not_mix() {
    let fixture = Fixture::new()
        .with("dipa_belanja", 2025, &[dipa("400001", "521111", "100")])
        .with("dipa_belanja", 2026, &[dipa("400001", "521111", "300")])
        .with("realisasi_belanja", 2026, &[posting("400001", "521111", "2026-01-31", "150")]);
    let sql = "SELECT tahun_anggaran, per_tanggal, pagu, realisasi FROM serapan_satker ORDER BY 1";
    assert_eq!(
        fixture.rows(sql).await,
        [
            json!({"tahun_anggaran": 2025, "per_tanggal": null, "pagu": "100.00", "realisasi": "0.00"}),
            json!({"tahun_anggaran": 2026, "per_tanggal": "2026-03-15", "pagu": "300.00", "realisasi": "150.00"}),
        ]
    );
}

#[tokio::test]
async fn a_percentage_beyond_its_type_is_null_and_large_money_stays_exact() {
    let fixture = Fixture::new()
        .with(
            "dipa_belanja",
            2026,
            &[
                dipa("400001", "521111", "0.01"),
                dipa("400002", "521111", "999999999999999999.99"),
                dipa("400002", "521112", "999999999999999999.99"),
            ],
        )
        .with(
            "realisasi_belanja",
            2026,
            &[
                posting("400001", "521111", "2026-01-31", "999999999999999999.99"),
                posting("400002", "521111", "2026-01-31", "999999999999999999.99"),
            ],
        );
    let sql = "SELECT pagu, realisasi, serapan_pct FROM serapan_satker ORDER BY kdsatker";
    assert_eq!(
        fixture.rows(sql).await,
        [
            json!({"pagu": "0.01", "realisasi": "999999999999999999.99", "serapan_pct": null}),
            json!({"pagu": "1999999999999999999.98", "realisasi": "999999999999999999.99", "serapan_pct": "50.0000"}),
        ]
    );
}

#[tokio::test]
async fn a_satker_of_two_units_is_one_row_and_each_unit_keeps_its_lines() {
    let fixture = Fixture::new().with(
        "dipa_belanja",
        2026,
        &[dipa("400001", "521111", "100"), but(dipa("400001", "521111", "300"), "baes1", "05604")],
    );
    let catalog = fixture.catalog().await;
    assert_eq!(
        json_rows(&catalog, "SELECT baes1, pagu FROM serapan_satker").await,
        [json!({"baes1": "05604", "pagu": "400.00"})]
    );
    assert_eq!(
        json_rows(&catalog, "SELECT baes1, pagu FROM serapan_eselon1 ORDER BY 1").await,
        [json!({"baes1": "05601", "pagu": "100.00"}), json!({"baes1": "05604", "pagu": "300.00"})]
    );
}

#[tokio::test]
async fn pnbp_counts_each_payment_once_in_rupiah_only() {
    let row = |ntpn: &str, akun: &str, rupiah: &str, inserted: &str| {
        json!({"kdsatker": "017202", "ntpn": ntpn, "akun": akun, "rupiah": rupiah, "tgl_buku": "2019-04-08",
            "mata_uang": "IDR", "tanggal_insert": inserted, "tanggal_insert_date": inserted})
    };
    let fixture = Fixture::new().with(
        "detail_pnbp",
        2019,
        &[
            row("792E02CON8MM4E48", "425912", "3825000", "2019-04-13"),
            row("AAAA", "425341", "100", "2019-04-13"),
            but(row("AAAA", "425341", "100", "2019-05-02"), "tgl_buku", "2019-05-01"),
            row("AAAA", "425342", "100", "2019-04-13"),
            but(row("BBBB", "425341", "7", "2019-04-13"), "mata_uang", "USD"),
            but(row("", "425341", "50", "2019-04-13"), "ntpn", Value::Null),
            but(row("", "425341", "50", "2019-04-13"), "ntpn", Value::Null),
        ],
    );
    let sql = "SELECT akun, bulan, jenis, jumlah_transaksi, rupiah FROM pnbp_akun ORDER BY akun, bulan";
    let line = |akun: &str, bulan: i32, jenis: &str, n: i32, rupiah: &str| json!({"akun": akun, "bulan": bulan, "jenis": jenis, "jumlah_transaksi": n, "rupiah": rupiah});
    assert_eq!(
        fixture.rows(sql).await,
        [
            line("425341", 4, "penerimaan", 2, "100.00"),
            line("425341", 5, "penerimaan", 1, "100.00"),
            line("425342", 4, "penerimaan", 1, "100.00"),
            line("425912", 4, "pengembalian belanja tahun lalu", 1, "3825000.00"),
        ]
    );
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
    let sample = &report.outcome.as_ref().unwrap().sample;
    assert_eq!(sample.iter().map(|b| b.num_rows()).sum::<usize>(), check::SAMPLE_ROWS);
    assert!(report.comment.starts_with("A satker that spends"));
}

/// Name and row count of the checks that found something; every check has to run.
fn violations(reports: &[CheckReport]) -> Vec<(&str, u64)> {
    let run = |r: &'_ CheckReport| r.outcome.as_ref().unwrap_or_else(|e| panic!("{}: {e}", r.file)).rows;
    reports.iter().map(|r| (r.name.as_str(), run(r))).filter(|(_, rows)| *rows > 0).collect()
}
