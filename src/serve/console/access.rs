//! Every request: the host it names, who asks, and the headers of the answer.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::ConsoleServer;
use super::cookie;
use super::headers;
use super::problem::Problem;
use super::proxy;
use super::session::Session;
use super::signed::Signed;
use crate::serve::listener::Peer;

/// Names of this machine, as browsers on it write them.
const HERE: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Around every handler: refuses what is not for this host, says who asks ([`Signed`]), and sets the headers.
pub(super) async fn guard(State(server): State<Arc<ConsoleServer>>, mut request: Request, next: Next) -> Response {
    let secure = server.is_secure();
    let mut response = match server.admit(&mut request) {
        Ok(new_cookie) => {
            let mut response = next.run(request).await;
            if let Some(cookie) = new_cookie {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(problem) => problem.into_response(),
    };
    headers::guard(response.headers_mut(), secure);
    response
}

impl ConsoleServer {
    /// Says in the request who asks; gives the cookie of a session that begins with it.
    fn admit(&self, request: &mut Request) -> Result<Option<HeaderValue>, Problem> {
        let headers = request.headers();
        if !self.is_our_host(headers) {
            return Err(Problem::WrongHost);
        }
        let peer = request.extensions().get::<Peer>().map(|Peer(address)| address.ip().to_canonical());
        let by_proxy = proxy::named(self, peer, headers)?;
        let id = cookie::read(headers, cookie::SESSION, self.is_secure()).map(str::to_owned);
        let (signed, new_cookie) = match by_proxy {
            Some(name) => {
                let (signed, cookie) = self.signed_by_proxy(name, id.as_deref())?;
                (Some(signed), cookie)
            }
            None => (self.signed_by_session(id.as_deref())?, None),
        };
        if let Some(signed) = signed {
            request.extensions_mut().insert(signed);
        }
        Ok(new_cookie)
    }

    fn signed_by_session(&self, id: Option<&str>) -> Result<Option<Signed>, Problem> {
        let Some(id) = id else { return Ok(None) };
        let Some(session) = self.sessions.find(id, self.now()).filter(|session| !session.by_proxy) else {
            return Ok(None);
        };
        // A user who was removed, or has a new password, is not signed in any more.
        match self.users.find(&session.name)? {
            Some(account) if account.changed_at == session.account_of => Ok(Some(signed(session, account.role))),
            _ => {
                self.sessions.end(id);
                Ok(None)
            }
        }
    }

    fn signed_by_proxy(&self, name: String, id: Option<&str>) -> Result<(Signed, Option<HeaderValue>), Problem> {
        let Some(account) = self.users.find(&name)? else {
            tracing::warn!("a proxy names a user whom nobody added (lumbung user add)");
            return Err(Problem::Forbidden);
        };
        let held = id.and_then(|id| self.sessions.find(id, self.now()));
        if let Some(session) = held.filter(|session| session.by_proxy && session.name == name) {
            return Ok((signed(session, account.role), None));
        }
        let session = Session::new(name, account.changed_at, true, self.now())?;
        let (id, session) = self.sessions.begin(session)?;
        let cookie = cookie::set(cookie::SESSION, &id, self.is_secure());
        Ok((signed(session, account.role), Some(cookie)))
    }

    /// Whether the request names a host that this is. A page elsewhere whose name is made to point here names its own.
    fn is_our_host(&self, headers: &HeaderMap) -> bool {
        let Some(host) = host_of(headers) else { return false };
        let settings = &self.parts.settings;
        let is_named = settings.origin.as_deref().is_some_and(|origin| origin.ends_with(&format!("//{host}")));
        let without_port = without_port(&host);
        match self.parts.loopback {
            true => is_named || HERE.contains(&without_port),
            // Over TLS the certificate has said which host it is; a name that is set is the only one.
            false => is_named || settings.origin.is_none(),
        }
    }

    /// Whether a form was sent by a page of this site, as far as the browser tells. One that tells nothing is not refused here: its
    /// token decides.
    pub(super) fn is_from_our_page(&self, headers: &HeaderMap) -> bool {
        if headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin") {
            return false;
        }
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        let scheme = if self.parts.tls { "https" } else { "http" };
        let own = host_of(headers).map(|host| format!("{scheme}://{host}"));
        let is = |known: Option<&str>| known.is_some_and(|known| origin.as_bytes() == known.as_bytes());
        is(own.as_deref()) || is(self.parts.settings.origin.as_deref())
    }

    /// Who is at the other end, for counting attempts: behind a proxy the address that it names.
    pub(super) fn client(&self, peer: Option<Peer>, headers: &HeaderMap) -> String {
        let Some(Peer(address)) = peer else { return String::new() };
        let address = address.ip().to_canonical();
        let forwarded = headers.get_all("x-forwarded-for").iter().next_back().and_then(|line| line.to_str().ok());
        let named = forwarded.and_then(|line| line.rsplit(',').next()).and_then(|last| last.trim().parse().ok());
        let is_proxy = self.parts.settings.proxy_from.contains(&address);
        network(if is_proxy { named.unwrap_or(address) } else { address })
    }
}

fn signed(session: Session, role: crate::config::ConsoleRole) -> Signed {
    Signed { name: session.name, role, csrf: session.csrf, by_proxy: session.by_proxy }
}

/// The one host that a request names, in lower case.
fn host_of(headers: &HeaderMap) -> Option<String> {
    let mut all = headers.get_all(header::HOST).iter();
    let host = all.next()?.to_str().ok()?;
    all.next().is_none().then(|| host.to_ascii_lowercase())
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Of IPv6 the part that a provider gives to one customer.
fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let segments = address.segments();
            let [a, b, c, d] = [segments[0], segments[1], segments[2], segments[3]];
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
        }
    }
}
