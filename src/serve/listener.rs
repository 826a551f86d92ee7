//! The listener: connections from outside, their limits, TLS, and the end of them.
//!
//! `axum::serve` has no time limits, so the accept loop is written on hyper. A connection that dawdles with its headers is
//! answered 408 and closed; one that does not read its answers is dropped; beyond `connections_max` new ones wait in the
//! system's queue. Plain HTTP never leaves this machine: without TLS only a loopback address is bound.

mod connection;
mod stall;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{JoinError, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::ServeError;
pub use connection::Peer;
pub(in crate::serve) use stall::StallGuard;
pub use tls::{HTTP, acceptor};

/// Pause after the system refused a connection (no file descriptors left): trying at once would burn a core.
pub(in crate::serve) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What a connection may take.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// Most connections at once; further ones wait in the system's queue.
    pub connections_max: usize,
    /// Longest wait for the headers of a request, from its first byte or the end of the one before: an idle connection is
    /// closed after it, too.
    pub header_timeout: Duration,
    /// Longest wait for running requests once the end was asked for.
    pub drain: Duration,
}

/// Tells everything that serves to come to an end.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// The order to stop, and those who hear it.
    #[must_use]
    pub fn channel() -> (Stopper, Self) {
        let (sender, receiver) = watch::channel(false);
        (Stopper(sender), Self(receiver))
    }

    /// Returns once the order was given, or when nobody is left to give it.
    pub async fn ordered(&mut self) {
        // An error says that the sender is gone: then nobody waits for answers any more.
        let _ = self.0.wait_for(|stop| *stop).await;
    }

    /// Whether the order was given.
    #[must_use]
    pub fn is_ordered(&self) -> bool {
        *self.0.borrow()
    }
}

/// Gives the order to stop; so does dropping it.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

impl Stopper {
    /// Gives the order.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// A bound address, ready to serve.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    limits: ConnectionLimits,
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener").field("address", &self.address).field("tls", &self.tls.is_some()).finish()
    }
}

impl Listener {
    /// Binds `address`; port 0 takes any free one.
    ///
    /// # Errors
    /// [`ServeError::Plain`] for an address that others reach while there is no TLS; [`ServeError::Bind`].
    pub async fn bind(
        address: SocketAddr,
        tls: Option<TlsAcceptor>,
        limits: ConnectionLimits,
    ) -> Result<Self, ServeError> {
        if tls.is_none() && !address.ip().is_loopback() {
            return Err(ServeError::Plain { address });
        }
        let failed = |source| ServeError::Bind { address, source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self { socket, address, tls, limits })
    }

    /// The address that it is bound to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as clients write it.
    #[must_use]
    pub fn base_url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Serves `router` until the order to stop, then lets running requests end within the drain time. Returns how many
    /// connections had to be cut off.
    pub async fn serve(self, router: Router, mut stop: Stop) -> usize {
        let places = Arc::new(Semaphore::new(self.limits.connections_max));
        let mut open = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                () = stop.ordered() => break,
                Some(ended) = open.join_next(), if !open.is_empty() => note_end(ended),
                accepted = accept(&self.socket, &places) => match accepted {
                    Ok((stream, peer, place)) => {
                        let (tls, router, stop) = (self.tls.clone(), router.clone(), stop.clone());
                        let header_timeout = self.limits.header_timeout;
                        open.spawn(async move {
                            connection::run((stream, peer), tls, router, header_timeout, stop).await;
                            drop(place);
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        // From here on the system refuses new connections.
        drop(self.socket);
        drain(open, self.limits.drain).await
    }
}

/// The next connection, as soon as there is a place for it.
async fn accept(
    socket: &TcpListener,
    places: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, peer) = socket.accept().await?;
    Ok((stream, peer, place))
}

/// Waits for the open connections, each of which has heard the order to stop, and cuts off what is left.
pub(in crate::serve) async fn drain(mut open: JoinSet<()>, within: Duration) -> usize {
    let all = async {
        while let Some(ended) = open.join_next().await {
            note_end(ended);
        }
    };
    if tokio::time::timeout(within, all).await.is_ok() {
        return 0;
    }
    let left = open.len();
    tracing::warn!(left, "connections were cut off: their requests did not end in time");
    open.shutdown().await;
    left
}

/// A connection is a task of its own: what goes wrong in it ends it alone.
pub(in crate::serve) fn note_end(ended: Result<(), JoinError>) {
    if let Err(error) = ended.map_err(|error| error.is_panic()) {
        tracing::error!(panicked = error, "a connection ended by a bug");
    }
}

#[cfg(test)]
mod tests;
