//! The port for clients of PostgreSQL: read-only SQL over the committed snapshots, within roles and limits.
//!
//! | file | what |
//! |---|---|
//! | `connection` | the opening of a connection: TLS, who is there, or a request to cancel |
//! | `login` | SCRAM-SHA-256, bound to the TLS channel |
//! | [`role`] | what the roles may see |
//! | `session` | messages in their order: transactions, prepared statements, cursors |
//! | [`Desk`] | where questions are answered, also the console's: engine, gate, states, roles, log |
//! | `generation` | the states of the warehouse that somebody reads |
//! | `gate` | so many statements at a time |
//! | `cancel` | requests to cancel |
//! | `settings` | what a client may set |
//! | `encode`, `parameter` | values on the wire, out and in |
//! | `wire`, `reply`, `channel` | messages, byte by byte |
//! | `sqlstate` | failures in PostgreSQL's words |
//! | `journal` | the log of statements, without values |
//!
//! The engine's side is `catalog::port`; what is written here and what is taken from libraries, and why, stands in
//! docs/postgres.md.

mod cancel;
mod channel;
mod connection;
mod desk;
mod encode;
mod gate;
mod generation;
mod journal;
mod login;
mod parameter;
mod reply;
pub mod role;
mod session;
mod settings;
mod sqlstate;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::ServeError;
use super::listener::{ACCEPT_PAUSE, Stop, drain, note_end};
use crate::config::{PostgresRole, PostgresSettings};
use cancel::Cancels;
pub use connection::ALPN;
pub(in crate::serve) use desk::{Asked, Opened, cancelled, timed_out, told};
pub use desk::{Desk, DeskParts};
pub use generation::States;
use login::Logins;
pub(in crate::serve) use reply::Told;

/// Connections beyond the limit that may still open: to ask for a cancel, or to be told that there is no place.
const SPARE_CONNECTIONS: usize = 16;

/// Somebody who may connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortUser {
    /// The name to log in with.
    pub name: String,
    /// What it may see.
    pub role: PostgresRole,
}

/// What a port is made of.
pub struct PortParts<'a> {
    /// `[serve.postgres]`.
    pub settings: &'a PostgresSettings,
    /// Who may connect, with their passwords.
    pub users: Vec<(PortUser, SecretString)>,
    /// Where questions are answered.
    pub desk: Arc<Desk>,
    /// The chain and key of the server, and the chain's PEM; without them only this machine is spoken to.
    pub tls: Option<(TlsAcceptor, Vec<u8>)>,
    /// Longest wait for running statements on the way out.
    pub drain: Duration,
}

/// Limits of every session.
#[derive(Debug, Clone, Copy)]
struct Limits {
    login: Duration,
    idle: Duration,
    transaction_idle: Duration,
    statement: Duration,
    rows: u64,
    sql_bytes: usize,
    /// Prepared statements, cursors, savepoints.
    prepared: usize,
}

/// What all sessions share.
struct Server {
    logins: Logins,
    tls: Option<TlsAcceptor>,
    desk: Arc<Desk>,
    cancels: Arc<Cancels>,
    sessions: Arc<Semaphore>,
    limits: Limits,
}

/// A bound port, ready to serve.
pub struct PortServer {
    socket: TcpListener,
    address: SocketAddr,
    server: Arc<Server>,
    connections_max: usize,
    drain: Duration,
}

impl std::fmt::Debug for PortServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PortServer").field("address", &self.address).finish_non_exhaustive()
    }
}

impl PortServer {
    /// Binds `address`; port 0 takes any free one.
    ///
    /// # Errors
    /// [`ServeError::PlainPort`] for an address that others reach while there is no TLS, [`ServeError::NoPortUser`] when nobody
    /// may connect, [`ServeError::Bind`].
    pub async fn bind(address: SocketAddr, parts: PortParts<'_>) -> Result<Self, ServeError> {
        if parts.tls.is_none() && !address.ip().is_loopback() {
            return Err(ServeError::PlainPort { address });
        }
        if parts.users.is_empty() {
            return Err(ServeError::NoPortUser);
        }
        let settings = parts.settings;
        let failed = |source| ServeError::Bind { address, source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        let (tls, pem) = parts.tls.unzip();
        let server = Server {
            logins: Logins::new(parts.users, pem.as_deref()),
            tls,
            desk: parts.desk,
            cancels: Arc::default(),
            sessions: Arc::new(Semaphore::new(settings.connections_max)),
            limits: limits(settings),
        };
        let connections_max = settings.connections_max;
        Ok(Self { socket, address, server: Arc::new(server), connections_max, drain: parts.drain })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the order to stop, then lets running statements end within the drain time. Returns how many connections
    /// had to be cut off.
    pub async fn serve(self, mut stop: Stop) -> usize {
        let places = Arc::new(Semaphore::new(self.connections_max + SPARE_CONNECTIONS));
        let mut open = JoinSet::new();
        loop {
            let accepted = async {
                let place = Arc::clone(&places).acquire_owned().await.map_err(std::io::Error::other)?;
                self.socket.accept().await.map(|(stream, peer)| (stream, peer, place))
            };
            tokio::select! {
                biased;
                () = stop.ordered() => break,
                Some(ended) = open.join_next(), if !open.is_empty() => note_end(ended),
                accepted = accepted => match accepted {
                    Ok((stream, peer, place)) => {
                        let (server, stop) = (Arc::clone(&self.server), stop.clone());
                        open.spawn(async move {
                            connection::run(server, (stream, peer), stop).await;
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
        drop(self.socket);
        let cut_off = drain(open, self.drain).await;
        let peak = self.server.desk.peak();
        tracing::info!(peak, "the most memory that statements had reserved together, in bytes");
        cut_off
    }
}

fn limits(settings: &PostgresSettings) -> Limits {
    Limits {
        login: Duration::from_secs(settings.login_timeout_secs),
        idle: Duration::from_secs(settings.idle_timeout_secs),
        transaction_idle: Duration::from_secs(settings.transaction_idle_secs),
        statement: Duration::from_secs(settings.statement_timeout_secs),
        rows: settings.rows_max,
        sql_bytes: settings.sql_bytes_max,
        prepared: settings.prepared_max,
    }
}
