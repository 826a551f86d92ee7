//! Golden test of the OSS mart: scales written in three ways, a NIB without projects, projects of one KBLI.

use serde_json::json;

use super::super::fixture::Fixture;

#[tokio::test]
async fn businesses_are_counted_once_in_each_group() {
    let nib = |nib: &str, kind: &str, scale: &str| {
        json!({"nib": nib, "jenis_pelaku_usaha": kind, "status_penanaman_modal": "02", "skala_usaha": scale,
            "perseroan_daerah_id": "3514141005"})
    };
    let project = |nib: &str, id: &str, scale: Option<&str>, invested: &str| {
        json!({"nib": nib, "id_proyek": id, "kbli": "01111", "sektor": "018", "skala_usaha": scale,
            "jumlah_investasi": invested, "jumlah_tki_l": 2, "jumlah_tki_p": 3})
    };
    let fixture =
        Fixture::new().with("nib", 2026, &[nib("1", "02", "01"), nib("2", "01", "04"), nib("3", "02", "1")]).with(
            "nib_proyek",
            2026,
            &[
                project("1", "P1", None, "1000000"),
                project("1", "P2", Some("Usaha Mikro"), "500000"),
                project("2", "P3", Some("4"), "9000000000"),
            ],
        );
    let sql = "SELECT skala_usaha, nm_skala_usaha, kbli, pelaku, kode_provinsi, jumlah_nib, jumlah_proyek, \
               jumlah_investasi, tenaga_kerja_indonesia, tenaga_kerja_asing FROM oss_nib ORDER BY skala_usaha, kbli";
    let line = |scale: [&str; 2], kbli: Option<&str>, who: &str, counts: [i64; 2], invested: &str, workers: i64| {
        json!({"skala_usaha": scale[0], "nm_skala_usaha": scale[1], "kbli": kbli, "pelaku": who, "kode_provinsi": "35",
            "jumlah_nib": counts[0], "jumlah_proyek": counts[1], "jumlah_investasi": invested,
            "tenaga_kerja_indonesia": workers, "tenaga_kerja_asing": 0})
    };
    let (micro, large) = (["01", "Usaha Mikro"], ["04", "Usaha Besar"]);
    assert_eq!(
        fixture.rows(sql).await,
        [
            line(micro, Some("01111"), "perseorangan", [1, 2], "1500000.00", 10),
            line(micro, None, "perseorangan", [1, 0], "0.00", 0),
            line(large, Some("01111"), "badan usaha", [1, 1], "9000000000.00", 5),
        ]
    );
}
