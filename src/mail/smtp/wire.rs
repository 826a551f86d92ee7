//! The connection below SMTP, with one guard: what a server (or whoever sits before it) sends in the clear ahead of its time does
//! not count as said under TLS.
//!
//! lettre keeps what it read beyond a reply and goes on with it after STARTTLS. Replies that were slipped in before the handshake
//! would be believed after it, a "250 queued" among them. So until the handshake no byte beyond a reply's last line is read;
//! what comes too early meets the handshake, which fails of it.

use lettre::transport::smtp::client::AsyncTokioStream;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The first byte of a handshake.
const TLS_HANDSHAKE: u8 = 0x16;

/// A TCP connection, guarded until TLS begins.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    /// Whether bytes are read one by one, so that nobody reads ahead.
    guarded: bool,
}

impl Wire {
    /// `guarded`: TLS is to follow on this connection.
    pub(super) fn new(stream: TcpStream, guarded: bool) -> Self {
        Self { stream, guarded }
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.guarded || buf.remaining() == 0 {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let mut byte = [0];
        let mut one = ReadBuf::new(&mut byte);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut one))?;
        buf.put_slice(one.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if buf.first() == Some(&TLS_HANDSHAKE) {
            self.guarded = false;
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
