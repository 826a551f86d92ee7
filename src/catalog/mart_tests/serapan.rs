//! Golden tests of the absorption and fund marts: reversals, summary rows, other budget types, lines of one side.

use serde_json::{Value, json};

use super::super::fixture::{Fixture, json_rows};
use super::{but, dipa, fa, posting, violations};

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
    // Count and sums beside what is computed from the sums: one aggregate must not change the other's type.
    let eselon1 = "SELECT nmes1, jumlah_satker, pagu, realisasi, blokir, serapan_pct, serapan_efektif_pct
        FROM serapan_eselon1";
    assert_eq!(
        json_rows(&catalog, eselon1).await,
        [json!({"nmes1": "SEKRETARIAT JENDERAL", "jumlah_satker": 3, "pagu": "3500000.00", "realisasi": "539999.50",
            "blokir": "500000.00", "serapan_pct": "15.4286", "serapan_efektif_pct": "18.0000"})]
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
async fn a_location_without_a_region_is_listed_with_its_share() {
    let at = |lokasi: &str, amount: &str| but(dipa("500001", "521111", amount), "lokasi", lokasi);
    // A province, one of its regencies, and places nobody mapped (new Papua; a header's letters).
    let rows = [at("0500", "50"), at("0514", "25"), at("3500", "5"), at("3701", "15"), at("P100", "5")];
    let fixture = Fixture::new().with("dipa_belanja", 2026, &rows);
    let found = fixture.rows(include_str!("../../../queries/check/lokasi_tanpa_wilayah.sql")).await;
    let told: Vec<[&Value; 3]> = found.iter().map(|row| [&row["lokasi"], &row["pagu"], &row["pagu_pct"]]).collect();
    assert_eq!(json!(told), json!([["3701", "15.00", "15.0000"], ["P100", "5.00", "5.0000"]]));
}
