//! Each fault does what it says.

use super::{NO_DATA, TODAY, ask, bytes, payments, rows, start, text, value};
use crate::sandbox::Sandbox;
use reqwest::StatusCode;
use serde_json::Value;
use std::io::Read;
use std::time::{Duration, Instant};

const FUNDS: &str = "DataFA";
const DIPA: &str = "DipaBelanjaKL/BELANJA";
const PNBP: &str = "DetailPNBPAllRev/GL/20261030";

/// The undisturbed answer of the same world.
async fn truth(path: &str) -> Value {
    value(&start(TODAY, &[]).await, 2026, path).await
}

async fn raw(sandbox: &Sandbox, path: &str) -> Vec<u8> {
    bytes(ask(sandbox, 2026, path).send().await.unwrap()).await
}

fn numbers(rows: &[Value]) -> Vec<usize> {
    rows.iter().map(|row| row["ROWNUM"].as_str().unwrap().parse().unwrap()).collect()
}

#[tokio::test]
async fn overrun_makes_balances_negative() {
    let sandbox = start(TODAY, &["overrun"]).await;
    let minus =
        |rows: Vec<Value>| rows.iter().filter(|row| row["BALANCING_AMT"].as_str().unwrap().starts_with('-')).count();
    assert!(minus(rows(&sandbox, 2026, FUNDS).await) > 0);
    assert_eq!(minus(rows(&start(TODAY, &[]).await, 2026, FUNDS).await), 0);
    let spent = super::sum(rows(&sandbox, 2026, "RealisasiKL").await.iter().map(|row| &row["AMOUNT"]));
    let actual = super::sum(rows(&sandbox, 2026, FUNDS).await.iter().map(|row| &row["ACTUAL_AMT"]));
    assert_eq!(spent, actual);
}

#[tokio::test]
async fn maxdate_moves_once() {
    let sandbox = start(TODAY, &["maxdate-moves"]).await;
    let max_date = async |page: &str| rows(&sandbox, 2026, page).await[0]["MAXDATE"].clone();
    assert_eq!(max_date("RealisasiKL/1/10").await, "30-OCT-26");
    assert_eq!(max_date("RealisasiKL/11/20").await, "31-OCT-26");
    assert_eq!(max_date("RealisasiKL/1/10").await, "31-OCT-26");
    assert_eq!(rows(&sandbox, 2025, "RealisasiKL/1/10").await[0]["MAXDATE"], "30-DEC-25");
}

#[tokio::test]
async fn rownum_gap_happens_once() {
    let sandbox = start(TODAY, &["rownum-gap"]).await;
    assert_eq!(numbers(&rows(&sandbox, 2026, "RealisasiKL/1/5").await), [1, 2, 4, 5]);
    assert_eq!(numbers(&rows(&sandbox, 2026, "RealisasiKL/1/5").await), [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn pages_overlap_or_are_short() {
    let sandbox = start(TODAY, &["page-overlap"]).await;
    assert_eq!(numbers(&rows(&sandbox, 2026, "RealisasiKL/1/3").await), [1, 2, 3]);
    assert_eq!(numbers(&rows(&sandbox, 2026, "RealisasiKL/4/6").await), [3, 4, 5, 6]);
    let sandbox = start(TODAY, &["short-page-mid"]).await;
    assert_eq!(rows(&sandbox, 2026, "RealisasiKL/1/20").await.len(), 18);
    let all = rows(&sandbox, 2026, "RealisasiKL").await.len();
    assert_eq!(rows(&sandbox, 2026, &format!("RealisasiKL/{}/{}", all - 19, all)).await.len(), 20);
}

#[tokio::test]
async fn one_row_may_be_a_bare_object() {
    let sandbox = start("2026-02-10", &["single-object"]).await;
    assert_eq!(value(&sandbox, 2026, "CapaianIKKLRe").await["PERIODE"], "01");
    assert_eq!(value(&sandbox, 2026, "RealisasiKL/2/2").await["ROWNUM"], "2");
    assert_eq!(rows(&sandbox, 2026, "RealisasiKL/2/3").await.len(), 2);
    assert_eq!(rows(&sandbox, 2025, "CapaianIKKLRe").await.len(), 12);
}

#[tokio::test]
async fn text_may_have_a_comma_or_a_mark_too_many() {
    let sandbox = start(TODAY, &["trailing-comma"]).await;
    let body = String::from_utf8(raw(&sandbox, FUNDS).await).unwrap();
    assert!(body.ends_with("},]") && serde_json::from_str::<Value>(&body).is_err());
    let repaired = body.replace("},]", "}]");
    assert_eq!(serde_json::from_str::<Value>(&repaired).unwrap(), truth(FUNDS).await);
    let sandbox = start(TODAY, &["bom@dipa_belanja"]).await;
    let body = raw(&sandbox, DIPA).await;
    assert_eq!(
        serde_json::from_slice::<Value>(body.strip_prefix(b"\xEF\xBB\xBF").unwrap()).unwrap(),
        truth(DIPA).await
    );
    assert_eq!(value(&sandbox, 2026, FUNDS).await, truth(FUNDS).await);
}

#[tokio::test]
async fn a_page_of_html_comes_as_200() {
    let sandbox = start(TODAY, &["html-fatal"]).await;
    let (status, body) = text(ask(&sandbox, 2026, FUNDS)).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("<b>Fatal error</b>"));
}

#[tokio::test]
async fn a_truncated_body_is_a_well_formed_answer() {
    let sandbox = start(TODAY, &["truncated@realisasi_belanja"]).await;
    for path in ["RealisasiKL", "RealisasiKL/1/500"] {
        let response = ask(&sandbox, 2026, path).send().await.unwrap();
        let length = response.content_length().unwrap();
        let body = bytes(response).await;
        assert_eq!(body.len() as u64, length);
        assert!(serde_json::from_slice::<Value>(&body).is_err());
        assert!(body.starts_with(b"[{\"ROWNUM\":\"1\""));
    }
    assert_eq!(value(&sandbox, 2026, FUNDS).await, truth(FUNDS).await);
}

#[tokio::test]
async fn a_cut_connection_is_an_error_after_some_bytes() {
    let sandbox = start(TODAY, &["cut-connection"]).await;
    let mut response = ask(&sandbox, 2026, FUNDS).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let mut received = 0;
    let error = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => received += chunk.len(),
            Ok(None) => panic!("the body ended in good order"),
            Err(error) => break error,
        }
    };
    assert!(received > 0, "{error}");
}

#[tokio::test]
async fn bodies_may_be_compressed() {
    for (fault, announced) in [("gzip", true), ("gzip-unannounced", false)] {
        let sandbox = start(TODAY, &[fault]).await;
        for path in [FUNDS, "RealisasiKL"] {
            let response = ask(&sandbox, 2026, path).send().await.unwrap();
            let encoding = response.headers().get("content-encoding").map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(encoding, announced.then(|| "gzip".to_owned()));
            let body = bytes(response).await;
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(body.as_slice()).read_to_end(&mut plain).unwrap();
            assert!(serde_json::from_slice::<Value>(&plain).unwrap() == truth(path).await, "{path}");
        }
    }
}

#[tokio::test]
async fn answers_may_be_empty_or_shrunken() {
    let sandbox = start(TODAY, &["empty"]).await;
    for path in [FUNDS, DIPA, "RealisasiKL", "RealisasiKL/1/10", "CapaianIKKLRe", PNBP] {
        assert_eq!(text(ask(&sandbox, 2026, path)).await.1, NO_DATA);
    }
    let sandbox = start(TODAY, &["shrink"]).await;
    for path in [FUNDS, DIPA, "RealisasiKL", "CapaianIKSatkerRe"] {
        let (some, all) = (rows(&sandbox, 2026, path).await, truth(path).await);
        let all = all.as_array().unwrap();
        assert_eq!(some.len(), all.len().div_ceil(10), "{path}");
        assert_eq!(some[..], all[..some.len()], "{path}");
    }
    assert_eq!(text(ask(&sandbox, 2026, "RealisasiKL/100000/100010")).await.1, NO_DATA);
    assert_eq!(sandbox.control(), start(TODAY, &[]).await.control());
}

#[tokio::test]
async fn requests_may_be_refused() {
    let status = async |sandbox: &Sandbox, path: &str| ask(sandbox, 2026, path).send().await.unwrap().status();
    let sandbox = start(TODAY, &["error-500-once"]).await;
    for path in [FUNDS, "RealisasiKL/1/5", "RealisasiKL/6/10"] {
        assert_eq!(status(&sandbox, path).await, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(status(&sandbox, path).await, StatusCode::OK);
    }
    let sandbox = start(TODAY, &["error-500@dipa_belanja"]).await;
    for _ in 0..3 {
        assert_eq!(status(&sandbox, DIPA).await, StatusCode::INTERNAL_SERVER_ERROR);
    }
    assert_eq!(status(&sandbox, FUNDS).await, StatusCode::OK);
    let sandbox = start(TODAY, &["rate-limit"]).await;
    let response = ask(&sandbox, 2026, FUNDS).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()["retry-after"], "1");
    assert_eq!(status(&sandbox, FUNDS).await, StatusCode::OK);
    let sandbox = start(TODAY, &["unauthorised"]).await;
    assert_eq!(status(&sandbox, FUNDS).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn rows_may_be_spoiled() {
    let sandbox = start(TODAY, &["dispensasi-10000", "unknown-key", "missing-key", "bad-row"]).await;
    let kl = rows(&sandbox, 2026, "CapaianIKKLRe").await;
    assert_eq!(kl[0]["IK_DISPENSASI_SPM"], "10000");
    assert_ne!(kl[1]["IK_DISPENSASI_SPM"], "10000");
    let dipa = rows(&sandbox, 2026, DIPA).await;
    assert!(dipa.iter().all(|row| row["KETERANGAN"].is_string() && row.get("KPPN").is_none()));
    let unreadable = |row: &Value| row["AMOUNT"].as_str().unwrap().parse::<i64>().is_err();
    assert_eq!(dipa.iter().filter(|row| unreadable(row)).count(), 1);
    assert!(unreadable(&dipa[2]));
    assert_eq!(value(&sandbox, 2026, FUNDS).await, truth(FUNDS).await);
    let sandbox = start(TODAY, &["bad-row@realisasi_belanja", "unknown-key@detail_pnbp"]).await;
    let page = rows(&sandbox, 2026, "RealisasiKL/2/4").await;
    assert_eq!(page.iter().map(unreadable).collect::<Vec<_>>(), [false, true, false]);
    assert!(value(&sandbox, 2026, PNBP).await["Header"].as_str().unwrap().ends_with(",KETERANGAN"));
    assert_eq!(payments(&sandbox, 2026, PNBP).await[0].as_array().unwrap().len(), 15);
}

#[tokio::test]
async fn months_may_be_indonesian() {
    let sandbox = start(TODAY, &["indonesian-months"]).await;
    let rows = rows(&sandbox, 2026, "RealisasiKL").await;
    assert!(rows.iter().all(|row| row["MAXDATE"] == "31-OKT-26"));
    let has = |month: &str| rows.iter().any(|row| row["TANGGAL"].as_str().unwrap().contains(month));
    assert!(has("-MEI-") && has("-AGT-") && has("-OKT-") && has("-FEB-"));
    assert!(!has("-MAY-") && !has("-AUG-") && !has("-OCT-"));
}

#[tokio::test]
async fn answers_may_be_slow() {
    let sandbox = start(TODAY, &["slow@capaian_ik_kl"]).await;
    let begun = Instant::now();
    assert_eq!(value(&sandbox, 2026, "CapaianIKKLRe").await, truth("CapaianIKKLRe").await);
    assert!(begun.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn pnbp_comes_in_seven_shapes() {
    let plain = truth(PNBP).await;
    let (header, data) = (plain["Header"].as_str().unwrap(), plain["data"].as_array().unwrap());
    let names: Vec<&str> = header.split(',').collect();
    let of = async |fault: &str| value(&start(TODAY, &[fault]).await, 2026, PNBP).await;

    let array = of("pnbp-header-array").await;
    assert_eq!(array["Header"], serde_json::json!(names));
    assert_eq!(array["data"], plain["data"]);
    let object = of("pnbp-header-object").await;
    assert_eq!(object["Header"].as_object().unwrap().values().collect::<Vec<_>>(), [header]);
    assert_eq!(object["data"], plain["data"]);
    let keyed = of("pnbp-keyed").await;
    let csv = of("pnbp-csv-rows").await;
    let numbered = of("pnbp-numeric-keys").await;
    for (index, row) in data.iter().enumerate() {
        let cells: Vec<&str> = row.as_array().unwrap().iter().map(|cell| cell.as_str().unwrap()).collect();
        assert_eq!(csv["data"][index], cells.join(","));
        for (column, (name, cell)) in names.iter().zip(&cells).enumerate() {
            assert_eq!(keyed[index][*name], *cell);
            assert_eq!(numbered["data"][index][column.to_string()], *cell);
        }
    }
    let braces = String::from_utf8(raw(&start(TODAY, &["pnbp-braces"]).await, PNBP).await).unwrap();
    assert!(
        braces
            .starts_with(&format!(r#"{{ "Header": {{ "{header}" }},"data":[{{ "{}","#, data[0][0].as_str().unwrap()))
    );
    assert!(serde_json::from_str::<Value>(&braces).is_err());
}
