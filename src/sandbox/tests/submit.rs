//! The accepting end over HTTP: what is taken, what is refused, what goes wrong, and the list of all that was taken.

mod oss;
mod padi;

use super::{Sandbox, bytes, start};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;

/// Status and JSON of an answer; none where the connection ended before there was one.
async fn told(request: RequestBuilder) -> Option<(StatusCode, Value)> {
    let response = request.send().await.ok()?;
    Some((response.status(), serde_json::from_slice(&bytes(response).await).unwrap_or_default()))
}

/// `key` and `times_posted` of everything at `/_received`.
async fn received(sandbox: &Sandbox) -> Vec<(String, u64)> {
    let (_, list) = told(reqwest::Client::new().get(sandbox.received_url())).await.unwrap();
    assert_eq!(list, serde_json::to_value(sandbox.received()).unwrap());
    let one = |entry: &Value| (entry["key"].as_str().unwrap().to_owned(), entry["times_posted"].as_u64().unwrap());
    list.as_array().unwrap().iter().map(one).collect()
}
