//! Each endpoint answers as the document says.

use super::{NO_DATA, TODAY, ask, bytes, keys, payments, rows, start, text, value};
use crate::sandbox::Sandbox;
use reqwest::StatusCode;
use serde_json::Value;
use std::collections::BTreeSet;

#[tokio::test]
async fn dipa_has_the_documents_keys() {
    let sandbox = start(TODAY, &[]).await;
    let rows = rows(&sandbox, 2026, "DipaBelanjaKL/BELANJA").await;
    let expected = [
        "KDSATKER",
        "KPPN",
        "BA",
        "BAES1",
        "AKUN",
        "PROGRAM",
        "KEGIATAN",
        "OUTPUT",
        "KEWENANGAN",
        "SUMBER_DANA",
        "LOKASI",
        "BUDGET_TYPE",
        "AMOUNT",
    ];
    for row in &rows {
        assert_eq!(keys(row), expected);
        let widths = [6, 3, 3, 5, 6, 7, 4, 3, 1, 1, 4, 1];
        for (key, width) in expected.iter().zip(widths) {
            assert_eq!(row[key].as_str().unwrap().len(), width, "{key} of {row}");
        }
        assert!(row["PROGRAM"].as_str().unwrap().starts_with(row["BAES1"].as_str().unwrap()));
        assert!(row["AMOUNT"].as_str().unwrap().parse::<i64>().is_ok());
    }
    let satker = |row: &Value| row["KDSATKER"].as_str().unwrap().to_owned();
    assert!(rows.iter().any(|row| satker(row).contains('Z')));
    assert!(rows.iter().any(|row| satker(row).starts_with('0')));
    assert!(rows.iter().any(|row| row["BUDGET_TYPE"] == "1"));
    let units: BTreeSet<&str> = rows.iter().map(|row| row["BAES1"].as_str().unwrap()).collect();
    assert_eq!(units.len(), 6);
}

#[tokio::test]
async fn realisasi_pages_are_the_whole_dump_in_pieces() {
    let sandbox = start(TODAY, &[]).await;
    let whole = rows(&sandbox, 2026, "RealisasiKL").await;
    assert_eq!(
        keys(&whole[0]),
        [
            "ROWNUM",
            "KDSATKER",
            "KPPN",
            "BA",
            "BAES1",
            "AKUN",
            "PROGRAM",
            "KEGIATAN",
            "OUTPUT",
            "KEWENANGAN",
            "SUMBER_DANA",
            "CARA_TARIK",
            "KDREGISTER",
            "LOKASI",
            "BUDGET_TYPE",
            "TANGGAL",
            "MAXDATE",
            "AMOUNT",
        ]
    );
    let numbers: Vec<usize> = whole.iter().map(|row| row["ROWNUM"].as_str().unwrap().parse().unwrap()).collect();
    assert_eq!(numbers, (1..=whole.len()).collect::<Vec<_>>());
    assert!(whole.iter().all(|row| row["MAXDATE"] == "31-OCT-26"));
    let page = rows(&sandbox, 2026, "RealisasiKL/101/250").await;
    assert_eq!(page, whole[100..250]);
    let last = rows(&sandbox, 2026, &format!("RealisasiKL/{}/999999", whole.len())).await;
    assert_eq!(last, whole[whole.len() - 1..]);
    let (status, beyond) = text(ask(&sandbox, 2026, &format!("RealisasiKL/{}/999999", whole.len() + 1))).await;
    assert_eq!((status, beyond.as_str()), (StatusCode::OK, NO_DATA));
}

#[tokio::test]
async fn the_earlier_year_is_closed() {
    let sandbox = start(TODAY, &[]).await;
    let page = rows(&sandbox, 2025, "RealisasiKL/1/10").await;
    assert!(page.iter().all(|row| row["MAXDATE"] == "31-DEC-25"));
    assert!(page.iter().all(|row| row["TANGGAL"].as_str().unwrap().ends_with("-JAN-25")));
    assert_eq!(rows(&sandbox, 2025, "CapaianIKKLRe").await.len(), 12);
    assert!(rows(&sandbox, 2025, "DataFA").await.iter().all(|row| row["KONTRAK"] == "0"));
}

#[tokio::test]
async fn ikpa_keys_drift_as_in_the_document() {
    let sandbox = start(TODAY, &[]).await;
    let kl = rows(&sandbox, 2026, "CapaianIKKLRe").await;
    let satker = rows(&sandbox, 2026, "CapaianIKSatkerRe").await;
    let unit = rows(&sandbox, 2026, "CapaianIKEselon1Re").await;
    assert_eq!((kl.len(), unit.len(), satker.len()), (10, 60, 150));
    for (rows, head, drifted, count) in [
        (&kl, &["BA", "NMBA", "PERIODE"][..], ["IK_DATA KONTRAK", "IK_HAL3 DIPA", "BBT_IND CAP OUTPUT"], 28),
        (&satker, &["KDSATKER", "NMSATKER", "KDKPPN"], ["IK_DATA_KONTRAK", "IK_HAL3_DIPA", "BBT_IND_CAP_OUTPUT"], 29),
        (&unit, &["BA", "NMBA", "PERIODE"], ["IK_CAPAIAN_OUTPUT", "IK_HAL3_DIPA", "BBT_IND_KMJ TAGIHAN"], 29),
    ] {
        for row in rows {
            assert_eq!(&keys(row)[..3], head);
            assert_eq!(keys(row).len(), count);
            assert!(drifted.iter().all(|key| row[*key].is_string()), "{row}");
            assert_scores(row);
        }
    }
    assert_eq!(unit[0]["BA"], "05601");
    assert_eq!(kl[9]["PERIODE"], "10");
}

/// Scores are 0.00 to 100.00, and something weighs.
fn assert_scores(row: &Value) {
    let mut weights = 0;
    for (key, value) in row.as_object().unwrap() {
        let value = value.as_str().unwrap();
        if key.starts_with("IK_") {
            let (points, hundredths) = value.split_once('.').unwrap();
            assert_eq!(hundredths.len(), 2);
            assert!((points.to_owned() + hundredths).parse::<u32>().unwrap() <= 10_000, "{key} {value}");
        } else if key.starts_with("BBT_") {
            weights += value.parse::<u32>().unwrap();
        }
    }
    assert!((60..=100).contains(&weights), "{weights}");
}

#[tokio::test]
async fn pnbp_is_asked_by_the_day_it_was_inserted() {
    let sandbox = start(TODAY, &[]).await;
    let all = value(&sandbox, 2026, "DetailPNBPAllRev/GL").await;
    let header = "kdsatker,kdbilling,ntb,ntpn,nama_waj_bay,akun,budget_type,rupiah,tgl_bayar,tgl_buku,mata_uang,bank,\
                  tanggal_insert,posisi_transaksi";
    assert_eq!(all["Header"], header);
    let mut days: Vec<String> = Vec::new();
    for row in all["data"].as_array().unwrap() {
        let cells: Vec<&str> = row.as_array().unwrap().iter().map(|cell| cell.as_str().unwrap()).collect();
        assert_eq!(cells.len(), 14);
        let widths = [(0, 6), (1, 15), (2, 12), (3, 16), (5, 6)];
        assert!(widths.iter().all(|(index, width)| cells[*index].len() == *width), "{cells:?}");
        assert!(cells[1].starts_with('8') && cells[8] <= cells[9] && cells[9] <= &cells[12][..10], "{cells:?}");
        days.push(cells[12][..10].to_owned());
    }
    assert!(days.is_sorted());
    let last = days.last().unwrap();
    assert_eq!(last, "2026-10-30", "the last working day before today");
    let of_day = payments(&sandbox, 2026, &format!("DetailPNBPAllRev/GL/{}", last.replace('-', ""))).await;
    assert_eq!(of_day.len(), days.iter().filter(|day| *day == last).count());
    for nothing in ["20261031", "20261102", "20251030", "20260817"] {
        let (_, body) = text(ask(&sandbox, 2026, &format!("DetailPNBPAllRev/GL/{nothing}"))).await;
        assert_eq!(body, NO_DATA, "{nothing}");
    }
}

#[tokio::test]
async fn fund_availability_balances() {
    let sandbox = start(TODAY, &[]).await;
    let rows = rows(&sandbox, 2026, "DataFA").await;
    let expected = [
        "SATKER",
        "KPPN",
        "AKUN",
        "PROGRAM",
        "OUTPUT",
        "DANA",
        "KEWENANGAN",
        "LOKASI",
        "BUDGET_TYPE",
        "DIPA",
        "KONTRAK",
        "BLOKIR",
        "ACTUAL_AMT",
        "BALANCING_AMT",
    ];
    let mut grain = BTreeSet::new();
    for row in &rows {
        assert_eq!(keys(row), expected);
        let money = |key: &str| row[key].as_str().unwrap().parse::<i64>().unwrap();
        let rest = money("DIPA") - money("KONTRAK") - money("BLOKIR") - money("ACTUAL_AMT");
        assert_eq!(money("BALANCING_AMT"), rest);
        assert_eq!((row["OUTPUT"].as_str().unwrap().len(), row["DANA"].as_str().unwrap().len()), (7, 10));
        assert!(grain.insert(expected[..9].iter().map(|key| row[*key].to_string()).collect::<Vec<_>>()), "{row}");
    }
    assert!(rows.iter().any(|row| row["KONTRAK"] != "0"));
}

#[tokio::test]
async fn the_token_decides_the_fiscal_year() {
    let sandbox = start(TODAY, &[]).await;
    let url = format!("{}/DataFA", sandbox.base_url("omspan"));
    let client = reqwest::Client::new();
    let wrong = [
        client.get(&url),
        client.get(&url).bearer_auth("abc"),
        client.get(&url).bearer_auth(sandbox.token("omspan", 2024)),
        client.get(&url).bearer_auth(sandbox.token("sipp", 2026)),
        client.get(&url).header("Authorization", sandbox.token("omspan", 2026)),
    ];
    for request in wrong {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
        let body = String::from_utf8(bytes(response).await).unwrap();
        assert_eq!(body, "Token yang dikirimkan tidak valid (Signature verification failed)");
    }
    assert_ne!(value(&sandbox, 2025, "DataFA").await, value(&sandbox, 2026, "DataFA").await);
}

#[tokio::test]
async fn wrong_parameters_are_answered_with_a_cell() {
    let sandbox = start(TODAY, &[]).await;
    let cell = r#"[[{"colspan":26,"classes":"bold align-center","value":"Harap isi filter atau parameter terlebih dahulu"}]]"#;
    for wrong in ["RealisasiKL/x/5", "RealisasiKL/9/5", "RealisasiKL/0/5", "DetailPNBPAllRev/GL/20261301"] {
        let (status, body) = text(ask(&sandbox, 2026, wrong)).await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, cell), "{wrong}");
    }
    let (status, _) = text(ask(&sandbox, 2026, "realisasikl")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_new_year_begins_empty() {
    let sandbox = start("2026-01-01", &[]).await;
    for empty in ["RealisasiKL", "RealisasiKL/1/10", "CapaianIKKLRe", "DetailPNBPAllRev/GL"] {
        assert_eq!(text(ask(&sandbox, 2026, empty)).await.1, NO_DATA, "{empty}");
    }
    assert!(rows(&sandbox, 2026, "DataFA").await.iter().all(|row| row["ACTUAL_AMT"] == "0"));
    sandbox.set_today("2026-03-02".parse().unwrap());
    assert_eq!(rows(&sandbox, 2026, "CapaianIKKLRe").await.len(), 2);
}

#[tokio::test]
async fn moving_the_day_only_adds_rows() {
    let sandbox = start("2026-10-27", &[]).await;
    let without_max_date = |rows: Vec<Value>| -> Vec<Value> {
        let drop = |mut row: Value| {
            row.as_object_mut().unwrap().remove("MAXDATE");
            row
        };
        rows.into_iter().map(drop).collect()
    };
    let before = without_max_date(rows(&sandbox, 2026, "RealisasiKL").await);
    let paid = payments(&sandbox, 2026, "DetailPNBPAllRev/GL").await;
    let dipa = value(&sandbox, 2026, "DipaBelanjaKL/BELANJA").await;
    sandbox.set_today("2026-11-03".parse().unwrap());
    let after = without_max_date(rows(&sandbox, 2026, "RealisasiKL").await);
    assert!(after.len() > before.len());
    assert_eq!(after[..before.len()], before);
    let paid_after = payments(&sandbox, 2026, "DetailPNBPAllRev/GL").await;
    assert!(paid_after.len() > paid.len());
    assert_eq!(paid_after[..paid.len()], paid);
    assert_eq!(value(&sandbox, 2026, "DipaBelanjaKL/BELANJA").await, dipa);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_bytes() {
    let (one, two) = (start(TODAY, &[]).await, start(TODAY, &[]).await);
    let paths = [
        "DipaBelanjaKL/BELANJA",
        "RealisasiKL",
        "CapaianIKKLRe",
        "CapaianIKSatkerRe",
        "CapaianIKEselon1Re",
        "DetailPNBPAllRev/GL",
        "DataFA",
    ];
    for path in paths {
        for year in [2025, 2026] {
            let (first, second) = (text(ask(&one, year, path)).await, text(ask(&two, year, path)).await);
            assert!(first == second, "{path} of {year} differs");
        }
    }
    assert_eq!(one.control(), two.control());
    // The same world whether it began on this day or came to it.
    let moved = start("2026-05-05", &[]).await;
    moved.set_today(TODAY.parse().unwrap());
    assert_eq!(text(ask(&moved, 2026, "DataFA")).await, text(ask(&one, 2026, "DataFA")).await);
}

#[tokio::test]
async fn nothing_tells_that_it_is_a_sandbox() {
    let sandbox = start(TODAY, &[]).await;
    let response = ask(&sandbox, 2026, "DataFA").send().await.unwrap();
    let names: Vec<String> = response.headers().keys().map(ToString::to_string).collect();
    let plain = ["content-type", "content-length", "transfer-encoding", "date"];
    assert!(names.iter().all(|name| plain.contains(&name.as_str())), "{names:?}");
}

#[tokio::test]
async fn a_stopped_or_dropped_sandbox_is_gone() {
    let refused = async |sandbox: Sandbox, stop: bool| {
        let url = sandbox.control_url();
        assert!(reqwest::get(&url).await.unwrap().status().is_success());
        if stop {
            sandbox.stop().await;
        } else {
            drop(sandbox);
        }
        for _ in 0..1000 {
            if reqwest::get(&url).await.is_err() {
                return true;
            }
            tokio::task::yield_now().await;
        }
        false
    };
    assert!(refused(start(TODAY, &[]).await, true).await);
    assert!(refused(start(TODAY, &[]).await, false).await);
}

#[test]
fn a_scale_is_a_number_in_its_range() {
    use crate::sandbox::ScaleFactor;
    assert_eq!("1".parse::<ScaleFactor>().unwrap(), ScaleFactor::DEMO);
    for wrong in ["0", "-1", "NaN", "101", "big"] {
        let error = wrong.parse::<ScaleFactor>().unwrap_err().to_string();
        assert!(error.contains(wrong), "{error}");
    }
}
