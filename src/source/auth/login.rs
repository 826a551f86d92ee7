//! Asking for a key with user and password.

use chrono::{DateTime, NaiveDateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::contract::{Contract, HttpMethod, JsonPath, Login};
use crate::source::document::root;
use crate::source::envelope::document::first_text;
use crate::source::fetch::{FetchError, SourceClient};
use crate::source::request::Request;

/// A key that was handed out.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) secret: SecretString,
    /// Until when it holds, where the answer says so.
    until: Option<DateTime<Utc>>,
}

/// Seconds before its end in which a key is not used any more.
const MARGIN_SECS: i64 = 30;

/// Longest answer to a login.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

impl Key {
    pub(super) fn holds_at(&self, now: DateTime<Utc>) -> bool {
        self.until.is_none_or(|until| (until - now).num_seconds() > MARGIN_SECS)
    }
}

/// Logs in.
pub(super) async fn log_in(
    client: &SourceClient,
    contract: &Contract,
    login: &Login,
    base_url: &str,
    (user, secret): (&str, &SecretString),
) -> Result<Key, FetchError> {
    let url = format!("{base_url}/{}", login.path);
    let escaped = |text: &str| {
        let quoted = serde_json::Value::from(text).to_string();
        quoted[1..quoted.len() - 1].to_owned()
    };
    // One pass, so that a password with braces is not taken for a placeholder.
    let (before, after) = login.body.split_once("{secret}").unwrap_or((&login.body, ""));
    let user = escaped(user);
    let with_user = |part: &str| part.replace("{user}", &user);
    let body = format!("{}{}{}", with_user(before), escaped(secret.expose_secret()), with_user(after));
    let request = Request { method: HttpMethod::Post, shown: url.clone(), url: url.clone(), body: Some(body) };
    let mut answer = client.send(&request, None, true).await?;
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > ANSWER_BYTES_MAX {
            return Err(FetchError::Login {
                url,
                reason: format!("the answer is longer than {ANSWER_BYTES_MAX} bytes"),
            });
        }
    }
    let refused = |reason: &str| FetchError::Login { url: url.clone(), reason: reason.to_owned() };
    if !(200..300).contains(&answer.status) {
        return Err(refused(&format!("HTTP {}", answer.status)));
    }
    let Ok(Some((document, _))) = root(&bytes[..]) else { return Err(refused("the answer is no JSON")) };
    let said = |paths: &[JsonPath]| first_text(paths, &bytes[..], document).ok().flatten();
    let key = said(&login.key_at).ok_or_else(|| refused("the answer holds no key: are user and password right?"))?;
    if !key.bytes().all(|byte| (0x21..=0x7e).contains(&byte)) {
        return Err(refused("the key holds a character that no HTTP header may carry"));
    }
    let until = said(&login.expires_at).and_then(|text| until(&text, contract));
    Ok(Key { secret: key.into(), until })
}

/// `YYYY-MM-DD HH:MM:SS` in the source's zone, or an instant with its offset; what cannot be read is no limit: a key that is
/// refused is asked for again.
fn until(text: &str, contract: &Contract) -> Option<DateTime<Utc>> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text.trim()) {
        return Some(instant.to_utc());
    }
    let local = NaiveDateTime::parse_from_str(text.trim(), "%Y-%m-%d %H:%M:%S").ok()?;
    Some(local.and_local_timezone(contract.timezone).earliest()?.to_utc())
}
