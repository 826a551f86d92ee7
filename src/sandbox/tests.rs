//! The sandbox over HTTP, as a loader meets it.

mod answers;
mod bodies;
mod faults;
mod oss;
mod padi;
mod simda;
mod sipp;
mod submit;
mod totals;

use super::{Control, Fault, Sandbox, SandboxOptions, ScaleFactor};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::Value;

/// A small world late in the year.
const SCALE: f64 = 0.25;
const TODAY: &str = "2026-11-01";

async fn start(today: &str, faults: &[&str]) -> Sandbox {
    let options = SandboxOptions {
        port: 0,
        seed: 7,
        scale: ScaleFactor::new(SCALE).unwrap(),
        today: today.parse().unwrap(),
        faults: faults.iter().map(|fault| fault.parse::<Fault>().unwrap()).collect(),
    };
    Sandbox::start(options).await.unwrap()
}

/// A question to OMSPAN with the token of a fiscal year.
fn ask(sandbox: &Sandbox, year: i32, path: &str) -> RequestBuilder {
    ask_of(sandbox, "omspan", path).bearer_auth(sandbox.token("omspan", year))
}

/// A question to any system, without a token.
fn ask_of(sandbox: &Sandbox, source: &str, path: &str) -> RequestBuilder {
    reqwest::Client::new().get(format!("{}/{path}", sandbox.base_url(source)))
}

/// The answer of a system that takes bearer tokens, as JSON.
async fn document(sandbox: &Sandbox, source: &str, path: &str) -> Value {
    let (status, body) = text(ask_of(sandbox, source, path).bearer_auth(sandbox.token(source, 2026))).await;
    assert_eq!(status, StatusCode::OK, "{path}");
    serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {error}: {body:.200}"))
}

#[expect(clippy::disallowed_methods, reason = "answers of a small world on the loopback interface")]
async fn bytes(response: Response) -> Vec<u8> {
    response.bytes().await.unwrap().to_vec()
}

/// Status and body as text.
async fn text(request: RequestBuilder) -> (StatusCode, String) {
    let response = request.send().await.unwrap();
    (response.status(), String::from_utf8(bytes(response).await).unwrap())
}

/// A good answer as JSON.
async fn value(sandbox: &Sandbox, year: i32, path: &str) -> Value {
    let (status, body) = text(ask(sandbox, year, path)).await;
    assert_eq!(status, StatusCode::OK, "{path}");
    serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {error}: {body:.200}"))
}

/// The rows of a good answer.
async fn rows(sandbox: &Sandbox, year: i32, path: &str) -> Vec<Value> {
    match value(sandbox, year, path).await {
        Value::Array(rows) => rows,
        other => panic!("{path} has no rows: {other}"),
    }
}

/// The rows of a PNBP answer.
async fn payments(sandbox: &Sandbox, year: i32, path: &str) -> Vec<Value> {
    value(sandbox, year, path).await["data"].as_array().unwrap().clone()
}

fn sum<'a>(texts: impl Iterator<Item = &'a Value>) -> i128 {
    texts.map(|text| text.as_str().unwrap().parse::<i128>().unwrap()).sum()
}

fn keys(row: &Value) -> Vec<&str> {
    row.as_object().unwrap().keys().map(String::as_str).collect()
}

fn control_of(control: &Control, dataset: &str) -> (u64, Vec<(String, String)>) {
    let totals = &control.datasets[dataset];
    (totals.rows, totals.sums.clone().into_iter().collect())
}

const NO_DATA: &str = r#"{ "body": { "value": "Tidak Ada Data (no data found)" } }"#;
