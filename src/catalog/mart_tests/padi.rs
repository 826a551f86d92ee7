//! Golden tests of the PaDi marts and data tests: the samples of the source's own document, classes that nobody named.

use serde_json::{Value, json};

use super::super::fixture::{Fixture, json_rows};
use super::{but, violations};

/// The payload sample of the document: 27 days from placement to invoice.
fn order(id: &str) -> Value {
    json!({"tanggal_transaksi": "2021-06-20", "transaksi_id": id, "bumn_id": "ABCD", "nama_project": "Bangun Desa",
        "kategori_project": "1", "total_nilai_project": "50000000", "tipe_nilai_project": "CAPEX",
        "kategori_umkm": "1", "uid_umkm": "123", "nama_umkm": "aa11", "target_penyelesaian": 30,
        "tanggal_order_placement": "2021-06-20", "tanggal_confirmation": "2021-06-25",
        "tanggal_delivery": "2021-07-10", "tanggal_invoice": "2021-07-17", "total_cycle_time": 27,
        "id_satker": "14482", "is_pdn": 1, "tkdn": "8.5", "is_certificate": 1,
        "certificate_tkdn": "525/SJ-IND.8/TKDN/11/2019"})
}

/// The table sample: reported as 2 days, delivered before it was confirmed, the certificate in the other spelling.
fn plantation(id: &str) -> Value {
    json!({"tanggal_transaksi": "2022-06-27", "transaksi_id": id, "bumn_id": "PTPN3", "nama_project": "PENGADAAN",
        "kategori_project": "9", "total_nilai_project": "1973930", "tipe_nilai_project": "OPEX",
        "kategori_umkm": "2", "uid_umkm": "PTPN3-23016047", "nama_umkm": "bb22", "target_penyelesaian": 30,
        "tanggal_order_placement": "2022-06-27", "tanggal_confirmation": "2022-06-29",
        "tanggal_delivery": "2022-06-28", "tanggal_invoice": "2022-06-29", "total_cycle_time": 2,
        "id_satker": "14482", "is_pdn": 1, "tkdn": "70.50", "is_certificate": 1,
        "certificate_tkdn": "525/SJIND.8 /TKDN/11/2019"})
}

fn classes() -> Vec<Value> {
    vec![
        json!({"kode": "1", "nama": "Mikro", "kelas": "mikro"}),
        json!({"kode": "2", "nama": "Menengah", "kelas": "menengah"}),
    ]
}

#[tokio::test]
async fn the_cycle_time_is_counted_again() {
    let by_date = but(but(order("tgl"), "total_cycle_time", Value::Null), "total_cycle_time_tanggal", "2021-07-16");
    let fixture = Fixture::new()
        .with("transaksi", 2022, &[order("a"), but(order("b"), "total_cycle_time", 25), by_date, plantation("c")])
        .with_reference("padi_satker", &[json!({"id_satker": "14482", "kdsatker": "400001"})]);
    let catalog = fixture.catalog().await;
    let sql = "SELECT transaksi_id, kdsatker, waktu_siklus_lapor AS lapor, waktu_siklus_hitung AS hitung, \
               selisih_waktu_siklus AS selisih, sertifikat_tkdn FROM padi_transaksi ORDER BY transaksi_id";
    let line = |id: &str, lapor: i64, hitung: i64, selisih: i64| {
        json!({"transaksi_id": id, "kdsatker": "400001", "lapor": lapor, "hitung": hitung, "selisih": selisih,
            "sertifikat_tkdn": "525/SJIND.8/TKDN/11/2019"})
    };
    assert_eq!(
        json_rows(&catalog, sql).await,
        [line("a", 27, 27, 0), line("b", 25, 27, -2), line("c", 2, 2, 0), line("tgl", 26, 27, -1)]
    );
    assert_eq!(
        violations(&catalog.run_checks().await),
        [("padi_konfirmasi_setelah_kirim", 1), ("padi_waktu_siklus", 2)]
    );
}

#[tokio::test]
async fn the_umk_share_needs_every_class_and_tkdn_is_weighted() {
    let large = but(but(order("b"), "kategori_umkm", "2"), "total_nilai_project", "150000000");
    let large = but(but(large, "is_pdn", 0), "tkdn", "40.50");
    let rows = [order("a"), large];
    let sql =
        "SELECT tahun, bulan, nilai, nilai_umk, nilai_tanpa_kelas, umk_pct, pdn_pct, tkdn_pct FROM padi_umk_share";
    let known = Fixture::new().with("transaksi", 2022, &rows).with_reference("padi_kategori_umkm", &classes());
    let figures = json!({"tahun": 2021, "bulan": 6, "nilai": "200000000.00", "nilai_umk": "50000000.00",
        "nilai_tanpa_kelas": "0.00", "umk_pct": "25.0000", "pdn_pct": "25.0000", "tkdn_pct": "32.5000"});
    assert_eq!(known.rows(sql).await, std::slice::from_ref(&figures));

    // The shipped list has the four codes without their names.
    let unknown = Fixture::new().with("transaksi", 2022, &rows);
    let figures = but(but(figures, "umk_pct", Value::Null), "nilai_umk", "0.00");
    assert_eq!(unknown.rows(sql).await, [but(figures, "nilai_tanpa_kelas", "200000000.00")]);
}

#[tokio::test]
async fn orders_are_held_against_vendors_and_satkers_only_where_there_are_any() {
    let rows = [
        order("a"),
        but(order("b"), "nama_umkm", "zz99"),
        but(order("c"), "kategori_umkm", "3"),
        but(order("d"), "uid_umkm", "999"),
        order("e"),
        order("e"),
    ];
    let alone = Fixture::new().with("transaksi", 2022, &rows);
    assert_eq!(violations(&alone.catalog().await.run_checks().await), [("padi_transaksi_ganda", 1)]);

    let fixture = Fixture::new()
        .with("transaksi", 2022, &rows)
        .with("umkm", 2022, &[json!({"uid": "123", "nama_umkm": "aa11", "kategori_usaha": "1"})])
        .with_reference("padi_satker", &[json!({"id_satker": "1", "kdsatker": "400001"})]);
    let catalog = fixture.catalog().await;
    assert_eq!(
        violations(&catalog.run_checks().await),
        [("padi_satker_tidak_dikenal", 1), ("padi_transaksi_ganda", 1), ("padi_umkm_tidak_cocok", 3)]
    );
}
