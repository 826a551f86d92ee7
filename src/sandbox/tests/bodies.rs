//! Answers whose body or key is wrong, of every system alike.

use super::{TODAY, ask_of, bytes, start, text};
use crate::sandbox::Sandbox;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;
use std::io::Read;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One question a system.
const QUESTIONS: [(&str, &str); 3] = [("omspan", "CapaianIKKLRe"), ("sipp", "p3ke"), ("simda", "instansi")];

fn question(sandbox: &Sandbox, source: &str, path: &str) -> RequestBuilder {
    ask_of(sandbox, source, path).bearer_auth(sandbox.token(source, 2026))
}

#[tokio::test]
async fn a_key_may_have_expired() {
    let sandbox = start(TODAY, &["expired-key"]).await;
    for (source, path) in QUESTIONS {
        let (status, expired) = text(question(&sandbox, source, path)).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        let (status, wrong) = text(ask_of(&sandbox, source, path).bearer_auth("abc")).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_ne!(expired, wrong, "{source} says which it is");
    }
}

#[tokio::test]
async fn outages_strike_each_system_by_itself() {
    let sandbox = start(TODAY, &["error-500-once", "rate-limit@instansi"]).await;
    for (source, path) in QUESTIONS {
        let status = async || text(question(&sandbox, source, path)).await.0;
        assert_eq!(status().await, StatusCode::INTERNAL_SERVER_ERROR, "{source}");
        if source == "simda" {
            assert_eq!(status().await, StatusCode::TOO_MANY_REQUESTS);
        }
        assert_eq!(status().await, StatusCode::OK, "{source}");
    }
}

#[tokio::test]
async fn bodies_are_spoilt_in_every_system() {
    let truth = start(TODAY, &[]).await;
    for fault in ["bom", "gzip", "gzip-unannounced", "truncated", "html-fatal"] {
        let sandbox = start(TODAY, &[fault]).await;
        for (source, path) in QUESTIONS {
            let whole = text(question(&truth, source, path)).await.1;
            let response = question(&sandbox, source, path).send().await.unwrap();
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(response.headers().contains_key("content-encoding"), fault == "gzip");
            let body = bytes(response).await;
            let unpacked = || {
                let mut plain = String::new();
                flate2::read::GzDecoder::new(body.as_slice()).read_to_string(&mut plain).unwrap();
                plain
            };
            match fault {
                "bom" => assert_eq!(body.strip_prefix(b"\xEF\xBB\xBF").unwrap(), whole.as_bytes()),
                "truncated" => assert_eq!(body, whole.as_bytes()[..whole.len() / 2]),
                "html-fatal" => assert!(body.starts_with(b"<"), "{source}"),
                _ => assert_eq!(unpacked(), whole),
            }
        }
    }
    let sandbox = start(TODAY, &["cut-connection"]).await;
    for (source, path) in QUESTIONS {
        let mut response = question(&sandbox, source, path).send().await.unwrap();
        while let Ok(chunk) = response.chunk().await {
            assert!(chunk.is_some(), "{source}: the body ended in good order");
        }
    }
}

#[tokio::test]
async fn a_slow_body_ends_whole() {
    let sandbox = start(TODAY, &["slow-body"]).await;
    let truth = start(TODAY, &[]).await;
    for (source, path) in QUESTIONS {
        let begun = Instant::now();
        let mut response = question(&sandbox, source, path).send().await.unwrap();
        let (mut body, mut pieces) = (Vec::new(), 0);
        while let Some(chunk) = response.chunk().await.unwrap() {
            body.extend_from_slice(&chunk);
            pieces += 1;
        }
        assert!(pieces > 1 && begun.elapsed() > Duration::from_millis(300), "{pieces} pieces");
        assert_eq!(String::from_utf8(body).unwrap(), text(question(&truth, source, path)).await.1);
    }
}

#[tokio::test]
async fn a_stalled_body_begins_and_never_ends() {
    let sandbox = start(TODAY, &["stalled-body"]).await;
    for (source, path) in QUESTIONS {
        let mut response = question(&sandbox, source, path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let first = response.chunk().await.unwrap().unwrap();
        assert_eq!(first.len(), 16);
        let next = tokio::time::timeout(Duration::from_millis(200), response.chunk()).await;
        assert!(next.is_err(), "{next:?}");
    }
}

#[tokio::test]
async fn an_overlong_body_is_twice_what_was_announced() {
    let sandbox = start(TODAY, &["overlong"]).await;
    let truth = start(TODAY, &[]).await;
    for (source, path) in QUESTIONS {
        let whole = text(question(&truth, source, path)).await.1;
        let raw = raw(&sandbox, source, path).await;
        let (head, body) = raw.split_once("\r\n\r\n").unwrap();
        assert!(head.to_lowercase().contains(&format!("content-length: {}", whole.len() / 2)), "{head}");
        assert_eq!(body, whole, "{source}");
        // A client that believes the head sees half a document.
        let half = bytes(question(&sandbox, source, path).send().await.unwrap()).await;
        assert_eq!(half, whole.as_bytes()[..whole.len() / 2]);
        assert!(serde_json::from_slice::<Value>(&half).is_err());
    }
}

/// Everything the server sends to one question until it closes.
async fn raw(sandbox: &Sandbox, source: &str, path: &str) -> String {
    let url = format!("{}/{path}", sandbox.base_url(source));
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let token = sandbox.token(source, 2026);
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn brackets_come_until_the_client_hangs_up() {
    let sandbox = start(TODAY, &["nested-brackets"]).await;
    for (source, path) in QUESTIONS {
        let mut response = question(&sandbox, source, path).send().await.unwrap();
        let mut received = 0;
        while received < 8 * 1024 * 1024 {
            let chunk = response.chunk().await.unwrap().unwrap();
            assert!(chunk.iter().all(|byte| *byte == b'['));
            received += chunk.len();
        }
        drop(response);
    }
    let begun = Instant::now();
    sandbox.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(2), "an answer went on after its client hung up");
}
