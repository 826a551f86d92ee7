//! Who may see figures and reasons: whoever asks from this machine, or shows the token where one is configured.

use axum::http::{HeaderMap, header};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::serve::listener::Peer;

/// Headers by which a proxy says that it asks for somebody else. Its connection comes from this machine, its question does not.
const FORWARDED: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];

/// The scheme of the token.
const BEARER: &str = "bearer ";

/// Who may see what.
#[derive(Debug)]
pub struct Access {
    /// Whether there are figures at all.
    pub metrics: bool,
    /// What whoever asks has to show; `None`: only this machine may ask.
    pub token: Option<SecretString>,
}

/// Why somebody sees no figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There are none.
    Off,
    /// They are for this machine only.
    NotFromHere,
    /// The token is missing or wrong.
    NoToken,
}

impl Access {
    /// Whether whoever asks may see figures.
    pub(super) fn figures(&self, peer: Option<Peer>, headers: &HeaderMap) -> Result<(), Refusal> {
        if !self.metrics {
            return Err(Refusal::Off);
        }
        if self.may_know(peer, headers) {
            return Ok(());
        }
        Err(if self.token.is_some() { Refusal::NoToken } else { Refusal::NotFromHere })
    }

    /// Whether whoever asks may know why something is as it is.
    pub(super) fn may_know(&self, peer: Option<Peer>, headers: &HeaderMap) -> bool {
        match &self.token {
            Some(token) => shown(headers).is_some_and(|shown| is_same(shown, token.expose_secret())),
            None => is_from_here(peer, headers),
        }
    }
}

fn is_from_here(peer: Option<Peer>, headers: &HeaderMap) -> bool {
    let is_loopback = peer.is_some_and(|Peer(address)| address.ip().to_canonical().is_loopback());
    is_loopback && !FORWARDED.iter().any(|name| headers.contains_key(*name))
}

fn shown(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_at_checked(BEARER.len())?;
    scheme.eq_ignore_ascii_case(BEARER).then(|| token.trim())
}

/// In a time that tells nothing of where two tokens differ, nor of how long the right one is.
fn is_same(one: &str, other: &str) -> bool {
    Sha256::digest(one).as_slice().ct_eq(Sha256::digest(other).as_slice()).into()
}

#[cfg(test)]
mod tests {
    use super::{Access, Refusal};
    use crate::serve::listener::Peer;
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn without_a_token_only_this_machine_may_ask_and_not_for_others() {
        let access = Access { metrics: true, token: None };
        let ask = |peer: &str, pairs: &[_]| {
            let peer = Some(Peer(peer.parse().unwrap()));
            access.figures(peer, &headers(pairs))
        };
        for here in ["127.0.0.1:9", "[::1]:9", "[::ffff:127.0.0.1]:9"] {
            assert_eq!(ask(here, &[]), Ok(()), "{here}");
            for name in ["forwarded", "x-forwarded-for", "x-real-ip"] {
                assert_eq!(ask(here, &[(name, "10.1.2.3")]), Err(Refusal::NotFromHere), "{name}");
            }
        }
        assert_eq!(ask("10.1.2.3:9", &[]), Err(Refusal::NotFromHere));
        assert_eq!(ask("10.1.2.3:9", &[("authorization", "Bearer x")]), Err(Refusal::NotFromHere));
        assert_eq!(access.figures(None, &HeaderMap::new()), Err(Refusal::NotFromHere));
    }

    #[test]
    fn with_a_token_everybody_shows_it() {
        let access = Access { metrics: true, token: Some("a word nobody guesses".to_owned().into()) };
        let ask = |peer: &str, pairs: &[_]| access.figures(Some(Peer(peer.parse().unwrap())), &headers(pairs));
        for peer in ["10.1.2.3:9", "127.0.0.1:9"] {
            for right in ["Bearer a word nobody guesses", "bearer a word nobody guesses"] {
                assert_eq!(ask(peer, &[("authorization", right)]), Ok(()));
            }
            for wrong in ["Bearer a word", "Basic a word nobody guesses", "Bearer", "Bearer ", "é"] {
                let value = HeaderValue::from_bytes(wrong.as_bytes()).unwrap();
                let headers = HeaderMap::from_iter([(axum::http::header::AUTHORIZATION, value)]);
                let peer = Some(Peer(peer.parse().unwrap()));
                assert_eq!(access.figures(peer, &headers), Err(Refusal::NoToken), "{wrong}");
            }
            assert_eq!(ask(peer, &[]), Err(Refusal::NoToken));
        }
        assert!(!format!("{access:?}").contains("nobody"), "{access:?}");
        let off = Access { metrics: false, ..access };
        assert_eq!(off.figures(None, &HeaderMap::new()), Err(Refusal::Off));
    }
}
