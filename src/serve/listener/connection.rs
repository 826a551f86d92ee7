//! One connection: TLS, its requests, and an end that lets the client read the last answer.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::Stop;
use super::stall::StallGuard;

/// Longest TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest wait for a client to take in more of an answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// Longest headers of a request, in bytes: a token and what proxies add are far below.
const HEADER_BYTES_MAX: usize = 32 << 10;

/// Most headers of a request.
const HEADERS_MAX: usize = 64;

/// How long, and for how many bytes, the rest of a request is read away after its refusal. A connection closed on unread
/// bytes is reset, and a reset makes the client lose the answer that says what was wrong.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES_MAX: u64 = 16 << 20;

/// What a client is told that did not finish its headers.
const HEADERS_TOO_SLOW: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Who is at the other end of the connection; every request carries it as an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// A request that the router answers.
type Answering = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// Serves one connection to its end. Whatever the other side does ends here.
pub(super) async fn run(
    (stream, peer): (TcpStream, SocketAddr),
    tls: Option<TlsAcceptor>,
    router: Router,
    header_timeout: Duration,
    stop: Stop,
) {
    // Answers are small: they are not held back for more to come. Without it they are late, not wrong.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return serve(stream, peer, router, header_timeout, stop).await };
    match tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
        Ok(Ok(stream)) => serve(stream, peer, router, header_timeout, stop).await,
        Ok(Err(error)) => tracing::debug!(%peer, %error, "the TLS handshake failed"),
        Err(_) => tracing::debug!(%peer, "the TLS handshake took too long"),
    }
}

async fn serve<S>(stream: S, peer: SocketAddr, router: Router, header_timeout: Duration, mut stop: Stop)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| -> Answering {
        request.extensions_mut().insert(Peer(peer));
        Box::pin(router.call(request))
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_buf_size(HEADER_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(StallGuard::new(stream, WRITE_TIMEOUT)), service);
    let mut draining = false;
    let ended = loop {
        tokio::select! {
            ended = poll_fn(|context| connection.poll_without_shutdown(context)) => break ended,
            () = stop.ordered(), if !draining => {
                draining = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    let parts = connection.into_parts();
    let mut stream = parts.io.into_inner();
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection ended early");
        // An idle connection is closed without a word; one that began a request is told why.
        if error.is_timeout() && !parts.read_buf.is_empty() && stream.write_all(HEADERS_TOO_SLOW).await.is_err() {
            return;
        }
    }
    if stream.shutdown().await.is_ok() && !draining {
        let mut rest = stream.take(LINGER_BYTES_MAX);
        // Whether the client closes, breaks off or takes too long: this is the end of it.
        let _ = tokio::time::timeout(LINGER, discard(&mut rest)).await;
    }
}

/// Reads to the end and keeps nothing.
async fn discard(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<()> {
    let mut buffer = [0; 8 << 10];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}
