//! OSS over HTTP: both keys, refusals and methods that are gone.

use super::{Sandbox, TODAY, bytes, start};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

fn post(sandbox: &Sandbox, method: &str, body: &Value) -> RequestBuilder {
    reqwest::Client::new().post(format!("{}/{method}", sandbox.base_url("oss"))).body(body.to_string())
}

async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    (response.status(), serde_json::from_slice(&bytes(response).await).unwrap_or_default())
}

/// A question under the key that does not expire.
async fn ask(sandbox: &Sandbox, method: &str, body: &Value) -> (StatusCode, Value) {
    answer(post(sandbox, method, body).header("user_key", sandbox.token("oss", 2026))).await
}

/// A key from the login.
async fn login(sandbox: &Sandbox, password: &str) -> (StatusCode, Value) {
    let body = json!({"securityKey": {"user_akses": sandbox.oss_user(), "pwd_akses": password}});
    let (status, body) = answer(post(sandbox, "sendSecurityKey", &body)).await;
    (status, body["responsendSecurityKey"].clone())
}

#[tokio::test]
async fn both_keys_open_every_method() {
    let sandbox = start(TODAY, &[]).await;
    let (status, given) = login(&sandbox, &sandbox.token("oss", 2026)).await;
    assert_eq!((status, &given["masa_berlaku"]), (StatusCode::OK, &json!("2026-11-02 23:59:59")));
    let key = given["key"].as_str().unwrap();
    let nib = &sandbox.nibs()[0];
    let body = json!({"CHECKNIB": {"nib": nib}});
    let by_login = answer(post(&sandbox, "checkNIB", &body).header("OSS-API-KEY", key)).await;
    assert_eq!(by_login, ask(&sandbox, "checkNIB", &body).await);
    assert_eq!(by_login.1["responcheckNIB"]["dataNIB"]["nib"], json!(nib));
    sandbox.set_today("2026-11-04".parse().unwrap());
    let late = answer(post(&sandbox, "checkNIB", &body).header("OSS-API-KEY", key)).await;
    assert_eq!((late.0, &late.1["responcheckNIB"]["kode"]), (StatusCode::UNAUTHORIZED, &json!(401)));
}

#[tokio::test]
async fn a_key_that_expires_soon_is_good_for_two_requests() {
    let sandbox = start(TODAY, &["key-expires-soon"]).await;
    let (_, given) = login(&sandbox, &sandbox.token("oss", 2026)).await;
    let body = json!({"INQUERYNIB": {"nib": sandbox.nibs()[0]}});
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let request = post(&sandbox, "inqueryNIB", &body).header("OSS-API-KEY", given["key"].as_str().unwrap());
        let (status, answer) = answer(request).await;
        statuses.push((status.as_u16(), answer["responinqueryNIB"]["kode"].as_str().unwrap().to_owned()));
    }
    let said = |status, kode: &str| (status, kode.to_owned());
    assert_eq!(statuses, [said(200, "200"), said(200, "200"), said(401, "401")]);
    assert_eq!(ask(&sandbox, "inqueryNIB", &body).await.0, StatusCode::OK, "the other key does not expire");
}

#[tokio::test]
async fn wrong_keys_are_refused_in_the_words_of_each_method() {
    let sandbox = start(TODAY, &[]).await;
    let (status, given) = login(&sandbox, "wrong").await;
    assert_eq!((status, &given["kode"], &given["key"]), (StatusCode::UNAUTHORIZED, &json!("401"), &json!("")));
    let none = json!({});
    for (method, pointer, kode) in [
        ("inqueryNIB", "/responinqueryNIB/kode", json!("401")),
        ("inqueryProyek", "/kode_status", json!(401)),
        ("inqueryLicense", "/dataLicense/code", json!(401)),
        ("inqueryFileDS", "/responInqueryFileDS/status", json!("401")),
        ("checkLicenseStatus", "/responsecheckStatusLicense/kode", json!("401")),
    ] {
        for key in ["", "wrong"] {
            let (status, body) = answer(post(&sandbox, method, &none).header("user_key", key)).await;
            assert_eq!((status, body.pointer(pointer)), (StatusCode::UNAUTHORIZED, Some(&kode)), "{method}");
        }
    }
    let expired = start(TODAY, &["expired-key"]).await;
    let (status, body) = ask(&expired, "fetchNIB", &none).await;
    assert_eq!((status, &body["responfetchNIB"]["kode"]), (StatusCode::OK, &json!(401)));
}

#[tokio::test]
async fn a_certificate_is_asked_by_its_path_and_missed_with_400() {
    let sandbox = start(TODAY, &[]).await;
    let mut seen = [false; 2];
    for id in sandbox.id_izins() {
        let url = format!("{}/inqueryCertificate/{id}", sandbox.base_url("oss"));
        let request = reqwest::Client::new().get(url).header("user_key", sandbox.token("oss", 2026));
        let (status, body) = answer(request).await;
        let kode = body["responInqueryCertificate"]["kode"].as_str().unwrap().to_owned();
        assert_eq!(kode, status.as_u16().to_string());
        seen[usize::from(status == StatusCode::OK)] = true;
    }
    assert_eq!(seen, [true, true]);
}

#[tokio::test]
async fn faults_within_a_row_strike() {
    let sandbox = start(TODAY, &["unknown-key@oss.nib", "missing-key@oss.nib", "bad-row@oss.cek_nib"]).await;
    let nibs = sandbox.nibs();
    let (_, body) = ask(&sandbox, "inqueryNIB", &json!({"INQUERYNIB": {"nib": nibs[0]}})).await;
    let data = body["responinqueryNIB"]["dataNIB"].as_object().unwrap();
    assert!(data.contains_key("KETERANGAN") && !data.contains_key("no_npp"));
    let mut readable = Vec::new();
    for nib in &nibs[..4] {
        let (_, body) = ask(&sandbox, "checkNIB", &json!({"CHECKNIB": {"nib": nib}})).await;
        readable.push(body["responcheckNIB"]["dataNIB"]["nib"] == **nib);
    }
    assert_eq!(readable, [true, true, false, true]);
}

#[tokio::test]
async fn methods_that_the_guide_removed_are_not_found() {
    let sandbox = start(TODAY, &[]).await;
    for method in ["checkNIBError", "checkNIBUpdate", "rekonNIB", "rekonAHUNIB", "inquerynib"] {
        assert_eq!(ask(&sandbox, method, &json!({})).await.0, StatusCode::NOT_FOUND, "{method}");
    }
}

#[tokio::test]
async fn nothing_is_known_where_answers_are_empty_and_a_tenth_where_they_shrink() {
    let counted = async |fault: &str| {
        let sandbox = start(TODAY, &[fault]).await;
        let mut found = 0;
        for nib in sandbox.nibs() {
            let (_, body) = ask(&sandbox, "checkNIB", &json!({"CHECKNIB": {"nib": nib}})).await;
            found += usize::from(body["responcheckNIB"]["kode"] == 200);
        }
        (found, sandbox.nibs().len() - 1)
    };
    let (found, all) = counted("empty").await;
    assert!(found == 0 && all > 40);
    assert_eq!(counted("shrink").await.0, all.div_ceil(10));
    assert_eq!(counted("slow@omspan.dipa_belanja").await.0, all);
}
