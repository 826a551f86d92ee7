//! `Authorization: Bearer <token>`, one token a fiscal year.

use reqwest::RequestBuilder;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

/// Puts the token on `request`, marked sensitive so that no debug print shows it.
pub(super) fn sign(request: RequestBuilder, token: &SecretString) -> RequestBuilder {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
        .expect("config only hands out tokens of visible ASCII");
    value.set_sensitive(true);
    request.header(AUTHORIZATION, value)
}

#[cfg(test)]
mod tests {
    use super::sign;

    #[test]
    fn the_token_is_sent_and_never_printed() {
        let request = sign(reqwest::Client::new().get("http://127.0.0.1/"), &"s3cret".to_owned().into());
        let request = request.build().unwrap();
        assert_eq!(request.headers()["authorization"], "Bearer s3cret");
        assert!(!format!("{request:?}").contains("s3cret"));
    }
}
