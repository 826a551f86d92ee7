//! Golden tests of the revenue marts: revisions, currencies, repayments, the year of booking, targets, last year's date.

use serde_json::{Value, json};

use super::super::fixture::{Fixture, json_rows};
use super::but;

fn row(ntpn: &str, akun: &str, rupiah: &str, inserted: &str) -> Value {
    json!({"kdsatker": "017202", "ntpn": ntpn, "akun": akun, "rupiah": rupiah, "tgl_buku": "2019-04-08",
        "mata_uang": "IDR", "tanggal_insert": inserted, "tanggal_insert_date": inserted})
}

#[tokio::test]
async fn each_payment_counts_once_in_rupiah_only() {
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
            but(row("CCCC", "425341", "9", "2019-05-03"), "tgl_buku", Value::Null),
        ],
    );
    let catalog = fixture.catalog().await;
    let sql = "SELECT akun, bulan, jenis, count(*) AS n, sum(rupiah) AS rupiah FROM pnbp_transaksi
        GROUP BY akun, bulan, jenis ORDER BY akun, bulan";
    let line = |akun: &str, bulan: Option<i32>, jenis: &str, n: i32, rupiah: &str| json!({"akun": akun, "bulan": bulan, "jenis": jenis, "n": n, "rupiah": rupiah});
    assert_eq!(
        json_rows(&catalog, sql).await,
        [
            line("425341", Some(4), "penerimaan", 2, "100.00"),
            line("425341", Some(5), "penerimaan", 1, "100.00"),
            line("425341", None, "penerimaan", 1, "9.00"),
            line("425342", Some(4), "penerimaan", 1, "100.00"),
            line("425912", Some(4), "pengembalian belanja tahun lalu", 1, "3825000.00"),
        ]
    );
    // The unbooked payment is in no month.
    let sql = "SELECT jenis, bulan, rupiah_kumulatif FROM pnbp_bulanan WHERE bulan = 5 ORDER BY jenis";
    assert_eq!(
        json_rows(&catalog, sql).await,
        [
            json!({"jenis": "penerimaan", "bulan": 5, "rupiah_kumulatif": "300.00"}),
            json!({"jenis": "pengembalian belanja tahun lalu", "bulan": 5, "rupiah_kumulatif": "3825000.00"}),
        ]
    );
}

#[tokio::test]
async fn the_year_is_that_of_booking_and_a_target_shows_without_revenue() {
    let late = but(row("AAAA", "425341", "100", "2020-01-03"), "tgl_buku", "2019-12-31");
    let target = |akun: &str| json!({"tahun_anggaran": 2019, "kdsatker": "017202", "akun": akun, "target": "400"});
    let fixture = Fixture::new()
        .with("detail_pnbp", 2020, &[late])
        .with_reference("pnbp_target", &[target("425341"), target("425342")]);
    let sql = "SELECT tahun_anggaran, akun, rupiah, target, capaian_pct FROM pnbp_akun ORDER BY akun";
    let line = |akun: &str, rupiah: &str, pct: &str| json!({"tahun_anggaran": 2019, "akun": akun, "rupiah": rupiah, "target": "400.00", "capaian_pct": pct});
    assert_eq!(fixture.rows(sql).await, [line("425341", "100.00", "25.0000"), line("425342", "0.00", "0.0000")]);
}
