//! Golden tests of the aid marts: masked NIKs, programmes found in the budget; regions are in `kesejahteraan`.

use serde_json::{Value, json};

use super::super::fixture::{Fixture, json_rows};
use super::{but, violations};

const BENDOMUNGAL: &str = "3514141005";
const COWEK: &str = "3514012004";

fn family(id: &str, village: &str, decile: i64, nik: Option<&str>) -> Value {
    let (district, name) = if village == COWEK { ("PURWODADI", "COWEK") } else { ("BANGIL", "BENDOMUNGAL") };
    json!({"id_keluarga_p3ke": id, "kecamatan": district, "desa_kelurahan": name, "kode_kemdagri": village,
        "desil_kesejahteraan": decile, "nik": nik, "nik_keadaan": if nik.is_some() { "utuh" } else { "tersamar" }})
}

fn aid(nik: Option<&str>, program: &str) -> Value {
    json!({"nik": nik, "nik_keadaan": if nik.is_some() { "utuh" } else { "tersamar" }, "kecamatan": "BANGIL",
        "desa_kelurahan": "BENDOMUNGAL", "kode_kemdagri": BENDOMUNGAL, "nama_opd": "DINAS KESEHATAN",
        "program_kode": program, "program_nama": "PROGRAM PEMBERDAYAAN BIDANG KESEHATAN",
        "kegiatan_kode": "1.02.05.2.02", "kegiatan_nama": "Pelaksanaan Sehat",
        "sub_kegiatan_kode": "1.02.05.2.02.02", "sub_kegiatan_nama": "Penumbuhan Kesadaran Keluarga"})
}

/// Two villages; one family twice, one without a whole NIK, aid to a stranger, to nobody, and twice to one family.
fn region() -> Fixture {
    Fixture::new()
        .with(
            "p3ke",
            2026,
            &[
                family("1", BENDOMUNGAL, 1, Some("aa")),
                family("1", BENDOMUNGAL, 2, Some("aa")),
                family("2", BENDOMUNGAL, 1, None),
                family("3", BENDOMUNGAL, 2, Some("cc")),
                family("4", BENDOMUNGAL, 4, Some("dd")),
                family("5", COWEK, 1, Some("ee")),
                family("6", COWEK, 3, Some("ee")),
            ],
        )
        .with(
            "bantuan",
            2026,
            &[
                aid(Some("aa"), "1.02.05"),
                aid(Some("aa"), "1.05.02"),
                aid(Some("cc"), "1.02.05"),
                aid(Some("cc"), "1.02.05"),
                aid(Some("zz"), "1.02.05"),
                aid(None, "1.02.05"),
            ],
        )
}

#[tokio::test]
async fn a_nik_heading_two_families_and_masked_ones_are_listed() {
    // One NIK heads the families 5 and 6; masked NIKs are counted by table.
    let region = region();
    let catalog = region.catalog().await;
    assert_eq!(violations(&catalog.run_checks().await), [("nik_ganda_p3ke", 1), ("nik_tersamar", 2)]);
    // So few people are told about nowhere.
    let told = "SELECT count(*) AS n FROM kesejahteraan_wilayah WHERE keluarga_desil_1 > 0 OR penerima > 0";
    assert_eq!(json_rows(&catalog, told).await, [json!({"n": 0})]);
}

fn item(instansi: &str, program: &str, kegiatan: &str, pagu: &str) -> Value {
    json!({"id_kantor": "1", "id_instansi": instansi, "id_program": program, "nama_program": program,
        "id_kegiatan": kegiatan, "id_rka": format!("{instansi}-{kegiatan}"), "nama_kegiatan": kegiatan, "pagu": pagu,
        "id_sub_rincian": "1", "volume1": "1", "nilai": pagu, "jumlah": pagu})
}

#[tokio::test]
async fn a_programme_is_found_in_the_budget_by_the_deepest_name() {
    let other = |name: &str, program: &str| {
        but(but(aid(Some("aa"), "1.02.05"), "sub_kegiatan_nama", name), "kegiatan_nama", program)
    };
    let nowhere = but(other("Tidak Ada", "Tidak Ada"), "program_nama", "TIDAK ADA");
    let fixture = Fixture::new()
        .with("bantuan", 2026, &[aid(Some("aa"), "1.02.05"), other("Tidak Ada", "Tidak Ada"), nowhere])
        .with(
            "rka",
            2026,
            &[
                item("7", "1.02.05 Program Pemberdayaan Bidang Kesehatan", "Penumbuhan kesadaran, keluarga.", "100"),
                item("7", "1.02.05 Program Pemberdayaan Bidang Kesehatan", "Lainnya", "50"),
                item("8", "Program Pemberdayaan Bidang Kesehatan", "Lainnya", "1000"),
            ],
        )
        .with_reference("opd_instansi", &[json!({"nama_opd": "Dinas Kesehatan", "id_instansi": "7"})]);
    let catalog = fixture.catalog().await;
    let sql = "SELECT sub_kegiatan_nama, program_nama, cocok_pada, tahun_anggaran, pagu FROM bantuan_program \
               ORDER BY pagu NULLS LAST";
    let line = |sub: &str, program: &str, found: &str, year: Option<i64>, pagu: Option<&str>| {
        json!({"sub_kegiatan_nama": sub, "program_nama": program, "cocok_pada": found, "tahun_anggaran": year,
            "pagu": pagu})
    };
    let health = "PROGRAM PEMBERDAYAAN BIDANG KESEHATAN";
    assert_eq!(
        json_rows(&catalog, sql).await,
        [
            line("Penumbuhan Kesadaran Keluarga", health, "sub kegiatan", Some(2026), Some("100.00")),
            line("Tidak Ada", health, "program", Some(2026), Some("150.00")),
            line("Tidak Ada", "TIDAK ADA", "(belum terpetakan)", None, None),
        ]
    );
    // An activity stands behind two kinds of aid and counts once in its programme.
    let sql =
        "SELECT program_nama, cocok_pada, jumlah_kegiatan_rka AS n, pagu_program, pagu_kegiatan, jumlah_penerima
        FROM anggaran_kesejahteraan ORDER BY program_nama";
    assert_eq!(
        json_rows(&catalog, sql).await,
        [
            json!({"program_nama": health, "cocok_pada": "program", "n": 2, "pagu_program": "150.00",
                "pagu_kegiatan": "150.00", "jumlah_penerima": null}),
            json!({"program_nama": "TIDAK ADA", "cocok_pada": "(belum terpetakan)", "n": 0, "pagu_program": null,
                "pagu_kegiatan": null, "jumlah_penerima": null}),
        ]
    );
}
