//! Bytes after the end of an answer. A server library sees to it that a body is as long as its Content-Length says;
//! for an answer that is not, the surplus is left with the connection, which writes it before it closes.

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use bytes::{Buf, Bytes};
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// What one connection still writes before it closes; empty at first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tail(Arc<Mutex<Bytes>>);

impl Tail {
    /// Leaves bytes to write at the end. The answer must ask for the connection's close.
    pub(crate) fn set(&self, bytes: Bytes) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = bytes;
    }
}

impl Connected<IncomingStream<'_, TailListener>> for Tail {
    fn connect_info(stream: IncomingStream<'_, TailListener>) -> Self {
        stream.io().tail.clone()
    }
}

/// A listener whose connections have a [`Tail`].
pub(crate) struct TailListener(pub(crate) TcpListener);

impl Listener for TailListener {
    type Io = TailStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TailStream, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        (TailStream { stream, tail: Tail::default() }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A connection with a [`Tail`].
pub(crate) struct TailStream {
    stream: TcpStream,
    tail: Tail,
}

impl AsyncRead for TailStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for TailStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let mut tail = this.tail.0.lock().unwrap_or_else(PoisonError::into_inner);
        while !tail.is_empty() {
            let written = ready!(Pin::new(&mut this.stream).poll_write(cx, &tail))?;
            tail.advance(written);
        }
        drop(tail);
        Pin::new(&mut this.stream).poll_shutdown(cx)
    }
}
