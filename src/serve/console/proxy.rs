//! A proxy that has signed its user in says so in a header. Believed from named addresses only; from anywhere else a request that
//! brings the header is refused, because it was written by somebody who should not.

use std::net::IpAddr;

use axum::http::HeaderMap;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::ConsoleServer;
use super::problem::Problem;

/// The header with the secret of the proxy.
const SECRET: &str = "x-lumbung-proxy-secret";

/// The user whom a proxy names; `None` where it names nobody, or nobody may.
pub(super) fn named(
    server: &ConsoleServer,
    peer: Option<IpAddr>,
    headers: &HeaderMap,
) -> Result<Option<String>, Problem> {
    let Some(header) = &server.parts.settings.proxy_header else { return Ok(None) };
    let mut values = headers.get_all(header.as_str()).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let is_known = peer.is_some_and(|peer| server.parts.settings.proxy_from.contains(&peer));
    if !is_known || !shows_the_secret(server, headers) || values.next().is_some() {
        tracing::warn!(peer = ?peer, header, "a request that is not the proxy's names a user in its header");
        return Err(Problem::Forbidden);
    }
    match value.to_str() {
        Ok(name) if !name.is_empty() => Ok(Some(name.to_owned())),
        _ => Err(Problem::Forbidden),
    }
}

fn shows_the_secret(server: &ConsoleServer, headers: &HeaderMap) -> bool {
    let Some(secret) = &server.parts.proxy_secret else { return true };
    let shown = headers.get(SECRET).map(|shown| Sha256::digest(shown.as_bytes())).unwrap_or_default();
    // Hashes, so that the time tells nothing of the secret's length either.
    Sha256::digest(secret.expose_secret()).as_slice().ct_eq(shown.as_slice()).into()
}
