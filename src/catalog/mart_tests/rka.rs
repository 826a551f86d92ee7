//! Golden tests of the budget plan: the sample of the source's own document, which spends more than its ceiling.

use serde_json::{Value, json};

use super::super::fixture::{Fixture, json_rows};
use super::{but, violations};

/// The sample of the document: 2 x 12 x 1 x 800,000 = 19,200,000 under a ceiling of 17,155,000.
fn internet() -> Value {
    json!({"id_kantor": "1", "id_instansi": "1", "id_program": "16", "nama_program": "Program Rehabilitasi",
        "id_kegiatan": "4", "id_rka": "8688", "nama_kegiatan": "Sosialisasi Perda Perparkiran", "pagu": "17155000",
        "id_sub_rincian": "123267", "nama_sub_rincian": "Internet", "volume1": "2", "volume2": "12", "volume3": "1",
        "nilai": "800000", "jumlah": "19200000"})
}

#[tokio::test]
async fn an_activity_is_held_against_its_ceiling_and_an_item_against_its_factors() {
    let paper = but(but(but(internet(), "id_sub_rincian", "2"), "volume2", Value::Null), "volume3", Value::Null);
    let paper = but(but(paper, "nilai", "1000.25"), "jumlah", "2000.50");
    let rounded = but(but(paper.clone(), "id_sub_rincian", "3"), "jumlah", "2001");
    let wrong = but(but(paper.clone(), "id_sub_rincian", "4"), "jumlah", "2002");
    let mut indicator = but(but(internet(), "id_rka", "9000"), "id_kegiatan", "5");
    for key in ["id_sub_rincian", "nama_sub_rincian", "volume1", "volume2", "volume3", "nilai", "jumlah"] {
        indicator.as_object_mut().unwrap().remove(key);
    }
    let fixture = Fixture::new()
        .with("instansi", 2026, &[json!({"id_kantor": "1", "id_instansi": "1", "nama_instansi": "Dinas Kominfo"})])
        .with("rka", 2026, &[internet(), paper, rounded, wrong])
        .with("rka_indikator_kegiatan", 2026, &[indicator]);
    let catalog = fixture.catalog().await;
    let sql = "SELECT tahun_anggaran, nama_instansi, id_rka, pagu, jumlah, sisa_pagu, jumlah_rincian, jumlah_pct \
               FROM rka_kegiatan ORDER BY id_rka";
    let line = |rka: &str, jumlah: &str, sisa: &str, rincian: i64, pct: &str| {
        json!({"tahun_anggaran": 2026, "nama_instansi": "Dinas Kominfo", "id_rka": rka, "pagu": "17155000.00",
            "jumlah": jumlah, "sisa_pagu": sisa, "jumlah_rincian": rincian, "jumlah_pct": pct})
    };
    assert_eq!(
        json_rows(&catalog, sql).await,
        [line("8688", "19206003.50", "-2051003.50", 4, "111.9557"), line("9000", "0.00", "17155000.00", 0, "0.0000"),]
    );
    assert_eq!(violations(&catalog.run_checks().await), [("rka_jumlah_salah", 1), ("rka_melebihi_pagu", 1)]);
}
