//! How a request proves who asks: a bearer token, a token in a header, or a key that a login hands out.

mod login;

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use reqwest::RequestBuilder;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::fetch::{FetchError, SourceClient};
use crate::contract::{Auth, AuthKind, Contract};
use login::Key;

/// What a request carries to prove who asks.
#[derive(Debug, Clone)]
pub struct Signature {
    header: HeaderName,
    prefix: &'static str,
    secret: SecretString,
}

impl Signature {
    /// `Authorization: Bearer <token>`.
    #[must_use]
    pub fn bearer(token: SecretString) -> Self {
        Self { header: AUTHORIZATION, prefix: "Bearer ", secret: token }
    }

    fn in_header(header: &str, secret: SecretString) -> Self {
        let header = HeaderName::from_bytes(header.as_bytes()).expect("the contract checks its header names");
        Self { header, prefix: "", secret }
    }

    /// Puts it on `request`, marked sensitive so that no debug print shows it.
    pub(super) fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        let text = format!("{}{}", self.prefix, self.secret.expose_secret());
        let mut value = HeaderValue::from_str(&text).expect("config and login only hand out visible ASCII");
        value.set_sensitive(true);
        request.header(self.header.clone(), value)
    }
}

/// Signs the requests of one source with one secret, and logs in where that is due.
#[derive(Debug)]
pub struct Signer {
    auth: Auth,
    secret: SecretString,
    /// Who logs in.
    user: String,
    /// The key of the last login.
    key: Mutex<Option<Key>>,
}

impl Signer {
    /// A signer by `auth`; `user` is only used to log in.
    #[must_use]
    pub fn new(auth: Auth, secret: SecretString, user: String) -> Self {
        Self { auth, secret, user, key: Mutex::new(None) }
    }

    /// What the next request carries; logs in first where there is no key or it has expired.
    ///
    /// # Errors
    /// [`FetchError`] when the login fails.
    pub async fn signature(
        &self,
        client: &SourceClient,
        contract: &Contract,
        base_url: &str,
        now: DateTime<Utc>,
    ) -> Result<Signature, FetchError> {
        let login = match &self.auth.kind {
            AuthKind::Bearer => return Ok(Signature::bearer(self.secret.clone())),
            AuthKind::Header { header } => return Ok(Signature::in_header(header, self.secret.clone())),
            AuthKind::Login(login) => login,
        };
        let held = self.lock().as_ref().filter(|key| key.holds_at(now)).map(|key| key.secret.clone());
        let key = match held {
            Some(key) => key,
            None => {
                let key = login::log_in(client, contract, login, base_url, (&self.user, &self.secret)).await?;
                let secret = key.secret.clone();
                *self.lock() = Some(key);
                secret
            }
        };
        Ok(Signature::in_header(&login.header, key))
    }

    /// Forgets the key of the last login, because it was refused; true when a new one may do better.
    pub fn renew(&self) -> bool {
        self.lock().take().is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Key>> {
        self.key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Signature;

    #[test]
    fn the_token_is_sent_and_never_printed() {
        let client = reqwest::Client::new();
        let signed = |signature: &Signature| signature.sign(client.get("http://127.0.0.1/")).build().unwrap();
        let bearer = Signature::bearer("s3cret".to_owned().into());
        let request = signed(&bearer);
        assert_eq!(request.headers()["authorization"], "Bearer s3cret");
        assert!(!format!("{request:?} {bearer:?}").contains("s3cret"));
        let request = signed(&Signature::in_header("x-api-key", "s3cret".to_owned().into()));
        assert_eq!(request.headers()["x-api-key"], "s3cret");
    }
}
