//! Golden test of the permits beside their PNBP: paid, not paid yet, paid without a permit, sent twice.

use serde_json::{Value, json};

use super::super::fixture::{Fixture, json_rows};
use super::but;
use crate::warehouse::SubmissionState;

#[tokio::test]
async fn permits_meet_their_payments_and_what_does_not_match_stays() {
    let paid = |billing: &str, ntpn: &str, rupiah: &str, inserted: &str| {
        json!({"kdsatker": "017202", "kdbilling": billing, "ntpn": ntpn, "akun": "425341", "rupiah": rupiah,
            "tgl_bayar": "2026-04-08", "tgl_buku": "2026-04-09", "mata_uang": "IDR", "tanggal_insert": inserted,
            "tanggal_insert_date": inserted})
    };
    let billing = |code: &str| json!({"kd_billing": code});
    use SubmissionState::{Accepted, Refused};
    let fixture = Fixture::new()
        .with_submission(("receiveLicense", "I-1"), Accepted, &billing("820000000000001"))
        .with_submission(("receiveLicenseStatus", "I-1"), Refused, &billing("820000000000001"))
        .with_submission(("receiveLicenseStatus", "I-2"), Accepted, &billing("820000000000002"))
        .with_submission(("receiveLegal", "I-3"), Accepted, &json!({}))
        .with(
            "detail_pnbp",
            2026,
            &[
                paid("820000000000001", "N1", "250000", "2026-04-13"),
                paid("820000000000001", "N1", "250000", "2026-05-02"),
                paid("820000000000001", "N2", "50000", "2026-04-13"),
                paid("820000000000009", "N9", "10", "2026-04-13"),
                but(paid("820000000000002", "N3", "7", "2026-04-13"), "mata_uang", "USD"),
            ],
        );
    let catalog = fixture.catalog().await;
    let sql = "SELECT kd_billing, kecocokan, jumlah_kirim AS kirim, jumlah_diterima AS terima, jumlah_ntpn AS ntpn, \
               rupiah FROM izin_pnbp ORDER BY kd_billing";
    let line = |code: &str, kecocokan: &str, counts: [i64; 3], rupiah: Value| {
        json!({"kd_billing": code, "kecocokan": kecocokan, "kirim": counts[0], "terima": counts[1], "ntpn": counts[2],
            "rupiah": rupiah})
    };
    assert_eq!(
        json_rows(&catalog, sql).await,
        [
            line("820000000000001", "terbayar", [2, 1, 2], json!("300000.00")),
            line("820000000000002", "belum terbayar", [1, 1, 0], Value::Null),
            line("820000000000009", "tanpa izin", [0, 0, 1], json!("10.00")),
        ]
    );
    let sql =
        "SELECT source, method, \"key\", state, kd_billing, http_status, log FROM ops.submissions WHERE log = '{}'";
    assert_eq!(
        json_rows(&catalog, sql).await,
        [
            json!({"source": "oss", "method": "receiveLegal", "key": "[\"I-3\"]", "state": "accepted", "kd_billing": null,
            "http_status": 200, "log": "{}"})
        ]
    );
}
