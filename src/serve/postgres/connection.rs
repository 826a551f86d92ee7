//! The opening of a connection: TLS first, then a login or a request to cancel. Where the server has TLS, nothing else is
//! spoken: whoever comes without is told so and sent away before it says a password.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;

use super::Server;
use super::channel::{self, Channel, Ended, Io, Trouble};
use super::reply::Told;
use super::session::Session;
use super::settings::ClientSettings;
use super::sqlstate::{NOT_OFFERED, TOO_MANY_CONNECTIONS};
use super::wire::{Malformed, Opening};
use crate::serve::listener::{StallGuard, Stop};

/// The name of the one database.
const DATABASE: &str = "lumbung";

/// What begins a TLS handshake that is not asked for first (sslnegotiation=direct).
const TLS_HANDSHAKE: u8 = 0x16;

/// The protocol's name within TLS.
pub const ALPN: &[u8] = b"postgresql";

/// Longest wait for a client to take in more of an answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// Rounds of asking for TLS or GSSAPI before a session has to begin.
const ROUNDS_MAX: usize = 3;

/// Serves one connection to its end. Whatever the other side does ends here.
pub(super) async fn run(server: Arc<Server>, (stream, peer): (TcpStream, SocketAddr), stop: Stop) {
    // Answers are not held back for more to come. Without it they are late, not wrong.
    let _ = stream.set_nodelay(true);
    match tokio::time::timeout(server.limits.login, open(&server, stream, peer)).await {
        Ok(Ok(Some((session, place)))) => {
            session.run(stop).await;
            drop(place);
        }
        Ok(Ok(None)) => {}
        Ok(Err(ended)) => tracing::debug!(%peer, %ended, "a connection did not open"),
        Err(_) => tracing::debug!(%peer, "a connection took too long to open"),
    }
}

/// What a client asked for in its opening message.
struct Start {
    minor: u16,
    parameters: Vec<(String, String)>,
}

impl Start {
    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Opens a session and takes its place; `None` where the client wanted none, or was refused.
async fn open(
    server: &Arc<Server>,
    stream: TcpStream,
    peer: SocketAddr,
) -> Result<Option<(Session, OwnedSemaphorePermit)>, Ended> {
    let Some((stream, secure, start)) = negotiate(server, stream).await? else { return Ok(None) };
    let mut channel = Channel::new(StallGuard::new(stream, WRITE_TIMEOUT), server.limits.sql_bytes);
    match admit(server, &mut channel, secure, &start).await {
        Ok((user, place)) => {
            tracing::info!(user = user.name, role = user.role.word(), %peer, secure, "a client logged in");
            let mut settings = ClientSettings::new(&user.name, secure, server.limits.statement);
            settings.opened_with(&start.parameters);
            let session = Session::new(Arc::clone(server), channel, user, (server.cancels.enter(), settings));
            Ok(Some((session, place)))
        }
        Err(Trouble::Told(told)) => {
            tracing::warn!(%peer, secure, state = told.state, "a client was turned away");
            channel.replies.error(&told);
            channel.close().await;
            Ok(None)
        }
        Err(Trouble::Ended(ended)) => Err(ended),
    }
}

/// Brings the connection to the point where a session is asked for; over TLS, if the server has it and the client asks.
async fn negotiate(server: &Server, mut stream: TcpStream) -> Result<Option<(Box<dyn Io>, bool, Start)>, Ended> {
    let mut first = [0];
    if let Some(tls) = &server.tls
        && stream.peek(&mut first).await? == 1
        && first[0] == TLS_HANDSHAKE
    {
        let mut stream = tls.accept(stream).await?;
        if stream.get_ref().1.alpn_protocol() != Some(ALPN) {
            return Err(Malformed("it speaks TLS at once, but not for PostgreSQL").into());
        }
        return begun(server, channel::opening(&mut stream).await?)
            .map(|start| Some((Box::new(stream) as _, true, start?)));
    }
    for _ in 0..ROUNDS_MAX {
        match channel::opening(&mut stream).await? {
            Opening::Tls => match &server.tls {
                Some(tls) => {
                    stream.write_all(b"S").await?;
                    // What the client sent before the handshake is read by the handshake, which refuses it.
                    let mut stream = tls.accept(stream).await?;
                    let opening = channel::opening(&mut stream).await?;
                    return Ok(begun(server, opening)?.map(|start| (Box::new(stream) as _, true, start)));
                }
                None => stream.write_all(b"N").await?,
            },
            Opening::Gss => stream.write_all(b"N").await?,
            opening => return Ok(begun(server, opening)?.map(|start| (Box::new(stream) as _, false, start))),
        }
    }
    Err(Malformed("it asks for TLS again and again").into())
}

/// What a client wants that asked for its session; a request to cancel is done here.
fn begun(server: &Server, opening: Opening) -> Result<Option<Start>, Ended> {
    match opening {
        Opening::Start { minor, parameters } => Ok(Some(Start { minor, parameters })),
        Opening::Cancel { process, secret } => {
            server.cancels.cancel(process, secret);
            Ok(None)
        }
        Opening::Tls | Opening::Gss => Err(Malformed("it asks for encryption within encryption").into()),
    }
}

/// Lets a client in that proves who it is, if there is a place for it.
async fn admit(
    server: &Server,
    channel: &mut Channel,
    secure: bool,
    start: &Start,
) -> Result<(super::PortUser, OwnedSemaphorePermit), Trouble> {
    if server.tls.is_some() && !secure {
        let told = Told::fatal("28000", "connections without TLS are refused");
        return Err(told.with_hint("connect with sslmode=require, better verify-full").into());
    }
    let options: Vec<&str> =
        start.parameters.iter().map(|(name, _)| name.as_str()).filter(|name| name.starts_with("_pq_.")).collect();
    if start.minor > 0 || !options.is_empty() {
        channel.replies.negotiate_version(&options);
    }
    if start.parameter("replication").is_some_and(|value| !matches!(value, "false" | "off" | "0" | "no")) {
        return Err(Told::fatal(NOT_OFFERED, "replication is not offered").into());
    }
    let name = start.parameter("user").ok_or_else(|| Told::fatal("28000", "no user name was given"))?;
    let user = server.logins.admit(channel, name, secure).await?;
    let database = start.parameter("database").unwrap_or(name);
    if database != DATABASE {
        let shown: String = database.chars().filter(|c| !c.is_control()).take(63).collect();
        let told = Told::fatal("3D000", format!("database \"{shown}\" does not exist"));
        return Err(told.with_hint(format!("the database is called {DATABASE}")).into());
    }
    let place = Arc::clone(&server.sessions).try_acquire_owned();
    let place = place.map_err(|_| Told::fatal(TOO_MANY_CONNECTIONS, "sorry, too many clients already"))?;
    Ok((user, place))
}
