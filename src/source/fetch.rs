//! The HTTP conversation: one request, its bounded retries, and a body that arrives in chunks.

mod pace;
#[cfg(test)]
mod tests;

use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use flate2::read::MultiGzDecoder;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, RequestBuilder, Response};
use thiserror::Error;

use super::auth::Signature;
use super::request::Request;
use crate::contract::{HttpLimits, HttpMethod};
use pace::Pace;

/// A conversation that failed.
#[derive(Debug, Error)]
pub enum FetchError {
    /// The client could not be made.
    #[error("the HTTP client cannot be set up: {0}")]
    SetUp(String),
    /// Nobody answered.
    #[error("{url} cannot be reached: {reason}")]
    Unreachable {
        /// The address, without secrets.
        url: String,
        /// What the network said.
        reason: String,
    },
    /// The server answered that it cannot answer.
    #[error("{url} answered HTTP {status}")]
    Status {
        /// The address, without secrets.
        url: String,
        /// The status.
        status: u16,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The body stopped before its end.
    #[error("the answer of {url} broke off: {reason}")]
    BrokenOff {
        /// The address, without secrets.
        url: String,
        /// What the network said.
        reason: String,
    },
    /// No key was to be had.
    #[error("the login at {url} failed: {reason}")]
    Login {
        /// The address.
        url: String,
        /// Why.
        reason: String,
    },
    /// A file or an archived page cannot be read.
    #[error("{name} cannot be read: {reason}")]
    Unreadable {
        /// The file's name.
        name: String,
        /// Why.
        reason: String,
    },
    /// The body is longer than the contract allows.
    #[error("the answer of {url} is longer than {bytes_max} bytes (body_bytes_max in the contract)")]
    TooLong {
        /// The address, without secrets.
        url: String,
        /// The limit.
        bytes_max: u64,
    },
}

impl FetchError {
    /// Whether asking again may help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::BrokenOff { .. } => true,
            Self::Status { status, .. } => matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
            Self::SetUp(_) | Self::TooLong { .. } | Self::Login { .. } | Self::Unreadable { .. } => false,
        }
    }

    /// How long the server asks to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// Longest wait that a server's Retry-After can ask of us.
const RETRY_AFTER_SECS_MAX: u64 = 600;

/// Longest wait between two tries.
const BACKOFF_SECS_MAX: u64 = 300;

/// How long to wait before try number `attempt` (2 is the first repetition).
#[must_use]
pub fn pause(limits: &HttpLimits, attempt: u32, retry_after: Option<Duration>) -> Duration {
    let doubled = limits.backoff_secs.saturating_mul(1 << attempt.saturating_sub(2).min(16));
    let own = Duration::from_secs(doubled.min(BACKOFF_SECS_MAX));
    retry_after.unwrap_or(own).min(Duration::from_secs(RETRY_AFTER_SECS_MAX))
}

/// A request that got no answer.
#[derive(Debug, Error)]
#[error("{error}")]
pub struct Unanswered {
    /// Why.
    pub error: FetchError,
    /// Whether it certainly never left, so that the source cannot have acted on it.
    pub never_left: bool,
}

/// Talks to one source.
#[derive(Debug, Clone)]
pub struct SourceClient {
    http: Client,
    limits: HttpLimits,
    pace: Pace,
}

impl SourceClient {
    /// A client under the contract's limits. `ca_bundle` adds certificate authorities; checks are never switched off.
    ///
    /// # Errors
    /// [`FetchError::SetUp`] when the bundle cannot be used.
    pub fn new(limits: HttpLimits, ca_bundle: Option<&Path>) -> Result<Self, FetchError> {
        let mut builder = Client::builder()
            .connect_timeout(Duration::from_secs(limits.connect_timeout_secs))
            .read_timeout(Duration::from_secs(limits.read_timeout_secs))
            // A redirect would be a login page or another host: neither may see the token or pass for data.
            .redirect(Policy::none())
            .user_agent(concat!("lumbung/", env!("CARGO_PKG_VERSION")));
        if let Some(path) = ca_bundle {
            let file = path.display();
            let pem = std::fs::read(path).map_err(|error| FetchError::SetUp(format!("ca_bundle {file}: {error}")))?;
            let certificates = Certificate::from_pem_bundle(&pem)
                .map_err(|error| FetchError::SetUp(format!("ca_bundle {file}: {error}")))?;
            if certificates.is_empty() {
                return Err(FetchError::SetUp(format!("ca_bundle {file} holds no certificate")));
            }
            for certificate in certificates {
                builder = builder.add_root_certificate(certificate);
            }
        }
        let http = builder.build().map_err(|error| FetchError::SetUp(error.to_string()))?;
        Ok(Self { http, limits, pace: Pace::default() })
    }

    /// The client, leaving the source alone for at least `pause` between an answer and the next request.
    #[must_use]
    pub fn paced(self, pause: Duration) -> Self {
        Self { pace: Pace::of(pause), ..self }
    }

    /// The limits this client keeps.
    #[must_use]
    pub fn limits(&self) -> &HttpLimits {
        &self.limits
    }

    /// Sends one request and returns the answer as soon as its head is there. A status that is neither success nor an
    /// answer about the token is an error; with `hears_refusals`, other answers of status 4xx are given to the caller, too,
    /// because their bodies say what is wrong.
    ///
    /// # Errors
    /// [`FetchError::Unreachable`] or [`FetchError::Status`].
    pub async fn send(
        &self,
        request: &Request,
        signature: Option<&Signature>,
        hears_refusals: bool,
    ) -> Result<Answer, FetchError> {
        let Request { shown, .. } = request;
        self.pace.keep().await;
        let sent = self.builder(request, signature).send().await;
        self.pace.note().await;
        let response =
            sent.map_err(|error| FetchError::Unreachable { url: shown.clone(), reason: reason(&error) })?;
        let status = response.status().as_u16();
        let heard = matches!(status, 401 | 403)
            || (hears_refusals && matches!(status, 400..=499 if !matches!(status, 408 | 429)));
        if !response.status().is_success() && !heard {
            return Err(FetchError::Status {
                url: shown.clone(),
                status,
                retry_after: retry_after(response.headers()),
            });
        }
        Ok(self.answer(shown.clone(), response))
    }

    /// Sends one request that changes something at the source, once, and returns the answer whatever its status is: what
    /// became of the request is for the caller to judge.
    ///
    /// # Errors
    /// [`Unanswered`] when no answer began.
    pub async fn deliver(&self, request: &Request, signature: &Signature) -> Result<Answer, Unanswered> {
        let sent = self.builder(request, Some(signature)).send().await;
        let response = sent.map_err(|error| {
            let unreachable = FetchError::Unreachable { url: request.shown.clone(), reason: reason(&error) };
            Unanswered { never_left: error.is_connect() || error.is_builder(), error: unreachable }
        })?;
        Ok(self.answer(request.shown.clone(), response))
    }

    fn builder(&self, request: &Request, signature: Option<&Signature>) -> RequestBuilder {
        let builder = match request.method {
            HttpMethod::Get => self.http.get(&request.url),
            HttpMethod::Post => self.http.post(&request.url).header(CONTENT_TYPE, "application/json"),
        };
        let mut builder = builder.header(ACCEPT, "application/json, */*;q=0.1").header(ACCEPT_ENCODING, "gzip");
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        match signature {
            Some(signature) => signature.sign(builder),
            None => builder,
        }
    }

    fn answer(&self, url: String, response: Response) -> Answer {
        let (status, retry_after) = (response.status().as_u16(), retry_after(response.headers()));
        let bytes_max = self.limits.body_bytes_max;
        Answer { url, status, retry_after, body: Body::Http(response), n_bytes: 0, bytes_max }
    }
}

/// How long a server asks to be left alone: in seconds, or until a date, which is read against the server's own clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let after = text(RETRY_AFTER)?;
    if let Ok(seconds) = after.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text: &str| DateTime::parse_from_rfc2822(text).ok();
    let left = date(after)? - date(text(DATE)?)?;
    Some(left.to_std().unwrap_or_default())
}

/// The innermost cause: reqwest's own text repeats the URL and hides what happened.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if error.is_timeout() { format!("timed out ({cause})") } else { cause.to_string() }
}

/// An answer whose body is still arriving.
pub struct Answer {
    url: String,
    /// The HTTP status; 200 for what comes from a disk.
    pub status: u16,
    /// How long the source asks to be left alone.
    pub retry_after: Option<Duration>,
    body: Body,
    n_bytes: u64,
    bytes_max: u64,
}

/// Where a body comes from.
enum Body {
    Http(Response),
    Reader(Box<dyn Read + Send>),
}

/// Bytes read from a disk at a time.
const READ_BYTES: usize = 64 * 1024;

impl Answer {
    /// An answer that lies on a disk; `name` is what errors call it.
    #[must_use]
    pub fn from_reader(name: String, reader: Box<dyn Read + Send>, bytes_max: u64) -> Self {
        Self { url: name, status: 200, retry_after: None, body: Body::Reader(reader), n_bytes: 0, bytes_max }
    }

    /// The next bytes of the body as they were sent (possibly gzip); `None` at its end.
    ///
    /// # Errors
    /// [`FetchError::BrokenOff`], [`FetchError::Unreadable`] or [`FetchError::TooLong`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, FetchError> {
        let chunk = match &mut self.body {
            Body::Http(response) => {
                let broken = |error| FetchError::BrokenOff { url: self.url.clone(), reason: reason(&error) };
                response.chunk().await.map_err(broken)?
            }
            Body::Reader(reader) => {
                let unreadable =
                    |error: io::Error| FetchError::Unreadable { name: self.url.clone(), reason: error.to_string() };
                let mut bytes = vec![0; READ_BYTES];
                let n = tokio::task::block_in_place(|| reader.read(&mut bytes)).map_err(unreadable)?;
                bytes.truncate(n);
                (n > 0).then(|| Bytes::from(bytes))
            }
        };
        self.n_bytes += chunk.as_ref().map_or(0, |bytes| bytes.len() as u64);
        if self.n_bytes > self.bytes_max {
            return Err(FetchError::TooLong { url: self.url.clone(), bytes_max: self.bytes_max });
        }
        Ok(chunk)
    }
}

/// The first bytes of every gzip stream.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

impl Answer {
    /// The whole body, inflated where it is gzip (announced or not); for answers that are small by nature.
    ///
    /// # Errors
    /// As [`Answer::chunk`]; [`FetchError::TooLong`] beyond `bytes_max` bytes, inflated or not.
    pub async fn whole(&mut self, bytes_max: usize) -> Result<Vec<u8>, FetchError> {
        let too_long = |url: &str| FetchError::TooLong { url: url.to_owned(), bytes_max: bytes_max as u64 };
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > bytes_max {
                return Err(too_long(&self.url));
            }
        }
        if !body.starts_with(&GZIP_MAGIC) {
            return Ok(body);
        }
        let mut inflated = Vec::new();
        let limited = MultiGzDecoder::new(body.as_slice()).take(bytes_max as u64 + 1).read_to_end(&mut inflated);
        limited.map_err(|_| FetchError::BrokenOff { url: self.url.clone(), reason: "broken gzip".to_owned() })?;
        if inflated.len() > bytes_max { Err(too_long(&self.url)) } else { Ok(inflated) }
    }
}
