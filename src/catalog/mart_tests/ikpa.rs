//! Golden tests of the IKPA marts: the sample rows of the source's own document, and scores that cannot be known.

use serde_json::{Value, json};

use super::super::CheckReport;
use super::super::fixture::{Fixture, json_rows};
use super::{but, violations};

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

#[tokio::test]
async fn a_weight_that_no_regulation_knows_is_listed() {
    // 2024 has no renkas any more, dispensasi SPM only deducts, and penyerapan weighs 20; UP is switched off here.
    let row = json!({"kdsatker": "056011", "periode": "06", "bbt_ind_realisasi": "15", "bbt_ind_renkas": "5",
        "bbt_ind_dis_spm": "5", "bbt_ind_kontrak": "10", "bbt_ind_up": "0"});
    let fixture = Fixture::new().with("capaian_ik_satker", 2025, std::slice::from_ref(&row)).with(
        "capaian_ik_satker",
        2020,
        std::slice::from_ref(&row),
    );
    let catalog = fixture.catalog().await;
    let sql = include_str!("../../../queries/check/ikpa_bobot_lain.sql");
    let found: Vec<Value> = json_rows(&catalog, sql).await;
    let told: Vec<[&Value; 4]> = found
        .iter()
        .map(|row| [&row["tahun_anggaran"], &row["kunci"], &row["bobot"], &row["bobot_peraturan"]])
        .collect();
    // Of 2020 only a sample is known.
    assert_eq!(
        json!(told),
        json!([
            [2025, "dispensasi_spm", "5.00", null],
            [2025, "realisasi", "15.00", "20.00"],
            [2025, "renkas", "5.00", null]
        ])
    );
}
