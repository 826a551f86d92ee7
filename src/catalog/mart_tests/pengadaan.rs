//! Golden tests of the procurement marts: orders that no satker is mapped to, months of one side, the 40 % mark.

use serde_json::{Value, json};

use super::super::fixture::{Fixture, json_rows};
use super::{dipa, posting};

fn order(id: &str, satker: &str, value: &str) -> Value {
    json!({"tanggal_transaksi": "2026-01-20", "transaksi_id": id, "bumn_id": "A", "nama_project": "x",
        "kategori_project": "1", "total_nilai_project": value, "tipe_nilai_project": "OPEX", "kategori_umkm": "1",
        "uid_umkm": "1", "tanggal_invoice": "2026-02-01", "id_satker": satker, "is_pdn": 1, "tkdn": "50"})
}

#[tokio::test]
async fn what_no_mapping_reaches_stays_in_sight() {
    let fixture = Fixture::new()
        .with("transaksi", 2026, &[order("a", "S1", "40"), order("b", "S8", "5"), order("c", "S9", "15")])
        .with("dipa_belanja", 2026, &[dipa("400001", "521111", "100")])
        .with("realisasi_belanja", 2026, &[posting("400001", "531111", "2026-02-02", "50")])
        .with_reference("padi_satker", &[json!({"id_satker": "S1", "kdsatker": "400001"})]);
    let catalog = fixture.catalog().await;
    let satker = "SELECT kdsatker, jumlah_id_satker, nilai, umk_pct, rata_waktu_siklus FROM pengadaan_satker ORDER BY kdsatker";
    let line = |kd: &str, n: i32, nilai: &str| json!({"kdsatker": kd, "jumlah_id_satker": n, "nilai": nilai, "umk_pct": null, "rata_waktu_siklus": null});
    assert_eq!(
        json_rows(&catalog, satker).await,
        [line("(belum terpetakan)", 2, "20.00"), line("400001", 1, "40.00")]
    );
    let kategori = "SELECT kategori_project, nm_kategori_project, porsi_pct FROM pengadaan_kategori";
    assert_eq!(
        json_rows(&catalog, kategori).await,
        [json!({"kategori_project": "1", "nm_kategori_project": "(belum terpetakan)", "porsi_pct": "100.0000"})]
    );
    let months = "SELECT bulan, kdsatker, nilai_padi, realisasi_barang_modal AS r, padi_pct
        FROM pengadaan_vs_realisasi ORDER BY bulan, kdsatker";
    let line = |bulan: i32, kd: &str, nilai: &str, r: &str, pct: Option<&str>| json!({"bulan": bulan, "kdsatker": kd, "nilai_padi": nilai, "r": r, "padi_pct": pct});
    assert_eq!(
        json_rows(&catalog, months).await,
        [
            line(1, "(belum terpetakan)", "20.00", "0.00", None),
            line(1, "400001", "40.00", "0.00", None),
            line(2, "400001", "0.00", "50.00", Some("0.0000")),
        ]
    );
    // Regions take all of it, and the check that says so holds.
    let regions = "SELECT kode_wilayah, pagu, nilai_padi FROM wilayah_ringkas";
    assert_eq!(
        json_rows(&catalog, regions).await,
        [json!({"kode_wilayah": "(belum terpetakan)", "pagu": "100.00", "nilai_padi": "60.00"})]
    );
    let sql = include_str!("../../../queries/check/wilayah_tidak_lengkap.sql");
    assert_eq!(json_rows(&catalog, sql).await, [] as [Value; 0]);
}

#[tokio::test]
async fn forty_percent_is_enough_and_one_unknown_class_leaves_it_open() {
    let classes = [
        json!({"kode": "1", "nama": "Mikro", "kelas": "mikro"}),
        json!({"kode": "2", "nama": "Besar", "kelas": "besar"}),
    ];
    let large = super::but(order("b", "S1", "60"), "kategori_umkm", "2");
    let sql = "SELECT umk_pct, memenuhi_target_umk AS enough FROM pengadaan_satker";
    let known = Fixture::new()
        .with("transaksi", 2026, &[order("a", "S1", "40"), large.clone()])
        .with_reference("padi_kategori_umkm", &classes);
    assert_eq!(known.rows(sql).await, [json!({"umk_pct": "40.0000", "enough": "true"})]);
    let open = Fixture::new()
        .with("transaksi", 2026, &[order("a", "S1", "40"), super::but(large, "kategori_umkm", "3")])
        .with_reference("padi_kategori_umkm", &classes);
    assert_eq!(open.rows(sql).await, [json!({"umk_pct": null, "enough": null})]);
}
