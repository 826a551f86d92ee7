//! The listener over real sockets.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::Extension;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::{ConnectionLimits, Listener, Peer, Stop, Stopper};
use crate::serve::ServeError;

const LIMITS: ConnectionLimits = ConnectionLimits {
    connections_max: 2,
    header_timeout: Duration::from_millis(300),
    drain: Duration::from_secs(5),
};

/// A listener that serves in the background.
struct Served {
    address: SocketAddr,
    stopper: Stopper,
    cut_off: JoinHandle<usize>,
}

async fn served(router: Router, limits: ConnectionLimits) -> Served {
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), None, limits).await.unwrap();
    let address = listener.base_url().strip_prefix("http://").unwrap().parse().unwrap();
    let (stopper, stop) = Stop::channel();
    Served { address, stopper, cut_off: tokio::spawn(listener.serve(router, stop)) }
}

fn router() -> Router {
    Router::new().route("/", get(|Extension(Peer(peer)): Extension<Peer>| async move { peer.ip().to_string() }))
}

/// Sends `bytes` and reads until the other side closes.
async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_request_knows_its_peer_and_pipelined_ones_are_answered_in_turn() {
    let served = served(router(), LIMITS).await;
    let answers =
        exchange(served.address, b"GET / HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(answers.matches("127.0.0.1").count(), 2, "{answers}");
    served.stopper.stop();
    assert_eq!(served.cut_off.await.unwrap(), 0);
}

#[tokio::test]
async fn slow_headers_are_told_and_idle_connections_closed_in_silence() {
    let served = served(router(), LIMITS).await;
    let slow = exchange(served.address, b"GET / HTTP/1.1\r\nhost:").await;
    assert!(slow.starts_with("HTTP/1.1 408 "), "{slow}");
    assert_eq!(exchange(served.address, b"").await, "");
}

#[tokio::test]
async fn garbage_and_long_headers_get_a_status_and_the_next_client_is_served() {
    let served = served(router(), LIMITS).await;
    for garbage in
        [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"]
    {
        let answer = exchange(served.address, garbage).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    let long = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(64 << 10));
    assert!(exchange(served.address, long.as_bytes()).await.starts_with("HTTP/1.1 431 "));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(200));
    assert!(exchange(served.address, many.as_bytes()).await.starts_with("HTTP/1.1 431 "));
    let smuggled = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef";
    assert!(exchange(served.address, smuggled).await.starts_with("HTTP/1.1 400 "));
    let good = exchange(served.address, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(good.starts_with("HTTP/1.1 200 "), "{good}");
}

#[tokio::test]
async fn who_sends_a_body_that_nobody_reads_still_gets_the_answer() {
    let refuse = || async { ([("connection", "close")], axum::http::StatusCode::PAYLOAD_TOO_LARGE) };
    let served = served(Router::new().route("/", post(refuse)), LIMITS).await;
    let n = 8 << 20;
    let request = [format!("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {n}\r\n\r\n").into_bytes(), vec![b'x'; n]];
    let answer = exchange(served.address, &request.concat()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn beyond_the_limit_a_connection_waits_for_a_place() {
    let limits = ConnectionLimits { header_timeout: Duration::from_secs(60), ..LIMITS };
    let served = served(router(), limits).await;
    let first = TcpStream::connect(served.address).await.unwrap();
    let _second = TcpStream::connect(served.address).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let mut third = std::pin::pin!(exchange(served.address, request));
    let early = tokio::time::timeout(Duration::from_millis(100), third.as_mut()).await;
    assert!(early.is_err(), "{early:?}");
    drop(first);
    assert!(third.await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn the_drain_waits_for_a_running_request_and_cuts_off_an_endless_one() {
    let release = std::sync::Arc::new(tokio::sync::Notify::new());
    let held = std::sync::Arc::clone(&release);
    let router = Router::new()
        .route("/held", get(move || async move { held.notified().await }))
        .route("/endless", get(std::future::pending::<()>));
    let served = served(router.clone(), LIMITS).await;
    let address = served.address;
    let request = tokio::spawn(async move { exchange(address, b"GET /held HTTP/1.1\r\nhost: x\r\n\r\n").await });
    // The second connection's answer shows that the first one's request was taken before.
    let missing = exchange(address, b"GET /no HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(missing.starts_with("HTTP/1.1 404 "));
    served.stopper.stop();
    release.notify_one();
    let answer = request.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(served.cut_off.await.unwrap(), 0);
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");

    let limits = ConnectionLimits { drain: Duration::from_millis(100), ..LIMITS };
    let served = super::tests::served(router, limits).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let other = exchange(served.address, b"GET /no HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(other.starts_with("HTTP/1.1 404 "));
    served.stopper.stop();
    assert_eq!(served.cut_off.await.unwrap(), 1);
}

#[tokio::test]
async fn without_tls_only_this_machine_is_served() {
    let refused = Listener::bind("0.0.0.0:0".parse().unwrap(), None, LIMITS).await.unwrap_err();
    assert!(matches!(refused, ServeError::Plain { .. }));
    assert!(refused.to_string().contains("set serve.tls_cert and serve.tls_key, or bind to 127.0.0.1"));
    let first = Listener::bind("127.0.0.1:0".parse().unwrap(), None, LIMITS).await.unwrap();
    let again = Listener::bind(first.base_url()[7..].parse().unwrap(), None, LIMITS).await.unwrap_err();
    assert!(matches!(again, ServeError::Bind { .. }), "{again}");
}
