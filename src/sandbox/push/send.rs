//! One sending: a POST with the sender's proof, repeated with the same body while nobody answers for it.

use super::{Push, PushCredentials, PushError, PushKind, PushOptions};
use crate::clock::Clock;
use bytes::{Bytes, BytesMut};
use chrono_tz::Asia::Jakarta;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, RequestBuilder, Response, StatusCode, Url};
use secrecy::ExposeSecret;
use serde_json::Value;
use sha1::{Digest, Sha1};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;
use tokio::time::Instant;

/// Longest answer read, in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Longest wait between two tries, whatever the inbox asks for.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// An inbox that says nothing for so long is not there.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What became of one sending.
#[derive(Debug, Clone)]
pub(super) struct Answered {
    /// HTTP status of the last answer; none = nobody answered.
    pub(super) status: Option<u16>,
    /// Its body; empty where it broke off.
    pub(super) body: Bytes,
    /// Tries made.
    pub(super) attempts: u32,
    /// How long the last try took.
    pub(super) latency: Duration,
}

impl Answered {
    /// Whether the inbox took the push: HTTP 200, and the envelope's status is `1` or `success`.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.status == Some(200)
            && envelope_status(&self.body).is_some_and(|status| status == "1" || status == "success")
    }

    /// Whether a good sender tries again: nobody there, trouble on the other side, or too fast.
    fn is_worth_repeating(&self) -> bool {
        match self.status {
            None => true,
            Some(status) => matches!(status, 408 | 429 | 500..=599),
        }
    }
}

/// `status` of an answer, at its top or within its one wrapper.
fn envelope_status(body: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let within = || answer.as_object()?.values().find_map(|value| value.get("status"));
    match answer.get("status").or_else(within)? {
        Value::String(status) => Some(status.clone()),
        status => Some(status.to_string()),
    }
}

/// Sends.
pub(super) struct Sender {
    http: Client,
    base: Url,
    credentials: PushCredentials,
    clock: Clock,
    attempts_max: u32,
    pause: Duration,
}

impl Sender {
    pub(super) fn new(options: &PushOptions, kinds: BTreeSet<PushKind>) -> Result<Self, PushError> {
        for kind in kinds {
            let known = match kind.source() {
                "oss" => options.credentials.oss.is_some(),
                _ => options.credentials.padi.is_some(),
            };
            if !known {
                return Err(PushError::Credential { kind });
            }
        }
        Ok(Self {
            http: client(options.ca.as_deref())?,
            base: base(&options.url).ok_or_else(|| PushError::Address(options.url.clone()))?,
            credentials: options.credentials.clone(),
            clock: options.clock,
            attempts_max: options.attempts_max.max(1),
            pause: options.pause,
        })
    }

    /// Sends until there is an answer that decides, or the tries are used up.
    pub(super) async fn send(&self, push: &Push) -> Answered {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let begin = Instant::now();
            let (answer, asked) = self.try_once(push).await;
            let answered = match answer {
                Some((status, body)) => {
                    Answered { status: Some(status.as_u16()), body, attempts, latency: begin.elapsed() }
                }
                None => Answered { status: None, body: Bytes::new(), attempts, latency: begin.elapsed() },
            };
            if attempts >= self.attempts_max || !answered.is_worth_repeating() {
                return answered;
            }
            let own = self.pause.saturating_mul(1 << (attempts - 1).min(16));
            tokio::time::sleep(asked.unwrap_or(own).min(PAUSE_MAX)).await;
        }
    }

    /// One try: the answer, and how long the inbox asks to be left alone.
    async fn try_once(&self, push: &Push) -> (Option<(StatusCode, Bytes)>, Option<Duration>) {
        let Ok(url) = self.base.join(&push.kind.path()) else { return (None, None) };
        let request = self.http.post(url).header(CONTENT_TYPE, "application/json").body(push.body.clone());
        let Ok(response) = self.signed(request, push).send().await else { return (None, None) };
        let status = response.status();
        let asked = response.headers().get(RETRY_AFTER);
        let asked = asked.and_then(|secs| secs.to_str().ok()?.parse().ok()).map(Duration::from_secs);
        (body(response).await.map(|body| (status, body)), asked)
    }

    /// The request with its sender's proof. OSS's is made of the day on which it is sent.
    fn signed(&self, request: RequestBuilder, push: &Push) -> RequestBuilder {
        match (push.kind, &self.credentials.oss, &self.credentials.padi) {
            (PushKind::Transaksi, _, Some(key)) => request.header("x-api-key", key.expose_secret()),
            (PushKind::Transaksi, _, None) | (_, None, _) => request,
            (_, Some(oss), _) => {
                let day = self.clock.today(Jakarta).format("%Y%m%d").to_string();
                request.header("Token", token(&oss.user, oss.password.expose_secret(), &push.nib, &day))
            }
        }
    }
}

/// OSS's proof: SHA-1 of user, password, NIB and day (`Ymd`), in hexadecimal.
fn token(user: &str, password: &str, nib: &str, day: &str) -> String {
    let digest = Sha1::digest(format!("{user}{password}{nib}{day}"));
    digest.iter().fold(String::with_capacity(40), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes what is written");
        text
    })
}

/// A whole body; none where it breaks off or does not end.
async fn body(mut response: Response) -> Option<Bytes> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body.freeze())
}

/// The address with a slash at its end, so that paths go below it.
fn base(url: &str) -> Option<Url> {
    let mut url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let path = match url.path().trim_end_matches('/') {
        "" => "/inbox/".to_owned(),
        path => format!("{path}/"),
    };
    url.set_path(&path);
    Some(url)
}

fn client(ca: Option<&[u8]>) -> Result<Client, PushError> {
    let mut builder = Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .redirect(Policy::none())
        .user_agent(concat!("lumbung-sandbox/", env!("CARGO_PKG_VERSION")));
    if let Some(pem) = ca {
        let unusable = |error: reqwest::Error| PushError::Client(format!("the certificates: {error}"));
        let certificates = Certificate::from_pem_bundle(pem).map_err(unusable)?;
        if certificates.is_empty() {
            return Err(PushError::Client("the certificates: the file holds none".to_owned()));
        }
        for certificate in certificates {
            builder = builder.add_root_certificate(certificate);
        }
    }
    builder.build().map_err(|error| PushError::Client(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::{Answered, base, token};
    use bytes::Bytes;
    use std::time::Duration;

    #[test]
    fn the_token_is_the_sha1_of_user_password_nib_and_day() {
        // printf 'oss-klrahasia812012345678920261101' | sha1sum
        assert_eq!(
            token("oss-kl", "rahasia", "8120123456789", "20261101"),
            "3ceb51256293549ebfa045455032ddbf870461ba"
        );
    }

    #[test]
    fn an_inbox_is_below_its_address() {
        let of = |url: &str| base(url).and_then(|base| base.join("oss/receiveNIB").ok()).map(String::from);
        assert_eq!(of("http://127.0.0.1:8088").as_deref(), Some("http://127.0.0.1:8088/inbox/oss/receiveNIB"));
        assert_eq!(of("http://127.0.0.1:8088/inbox").as_deref(), Some("http://127.0.0.1:8088/inbox/oss/receiveNIB"));
        assert_eq!(of("https://x.example/a/b/").as_deref(), Some("https://x.example/a/b/oss/receiveNIB"));
        assert_eq!(of("ftp://x.example"), None);
        assert_eq!(of("127.0.0.1"), None);
    }

    #[test]
    fn only_the_envelope_says_that_a_push_was_taken() {
        let answered = |status, body: &'static str| Answered {
            status: Some(status),
            body: Bytes::from_static(body.as_bytes()),
            attempts: 1,
            latency: Duration::ZERO,
        };
        for (status, body, taken) in [
            (200, r#"{"responreceiveNIB":{"status":"1","keterangan":"Data diterima"}}"#, true),
            (200, r#"{"responreceiveNIB":{"status":1}}"#, true),
            (200, r#"{"status":"success","messages":"","data":[]}"#, true),
            (200, r#"{"responreceiveNIB":{"status":"2"}}"#, false),
            (200, r#"{"status":"failed"}"#, false),
            (202, r#"{"status":"success"}"#, false),
            (200, "", false),
            (200, "1", false),
        ] {
            assert_eq!(answered(status, body).is_acknowledged(), taken, "{status} {body}");
        }
        let repeated: Vec<u16> = [200, 400, 401, 408, 413, 429, 500, 503]
            .into_iter()
            .filter(|s| answered(*s, "").is_worth_repeating())
            .collect();
        assert_eq!(repeated, [408, 429, 500, 503]);
    }
}
