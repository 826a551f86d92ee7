//! What monitors ask the daemon, `GET` on its listener:
//!
//! | path | answers |
//! |---|---|
//! | `/healthz` | 200 while the process lives; says nothing else |
//! | `/readyz` | 200 when it can do its work, else 503 and a line for each check that failed ([`ready`]) |
//! | `/metrics` | figures for Prometheus ([`metrics`], text format 0.0.4) |
//!
//! Figures and reasons are computed when somebody asks, from the ledger through a connection of its own, one at a time, and kept for
//! some seconds: a monitor that asks often costs no more. No personal data is among them, and labels are names of the configuration.

mod access;
mod exposition;
mod metrics;
mod process;
mod pulse;
mod ready;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Mutex;

use super::console::ConsoleServer;
use super::inbox::InboxServer;
use super::listener::{Peer, Stop};
use crate::clock::Clock;
use crate::schedule::AgeLimits;
use crate::warehouse::{Inbox, InboxWriter, Warehouse};
pub use access::Access;
use access::Refusal;
pub use pulse::{Beat, Pulse};
use ready::Check;

/// How long figures are kept.
const FIGURES_LAST: TimeDelta = TimeDelta::seconds(5);
/// How long the checks of `/readyz` are kept when all is well.
const CHECKS_LAST: TimeDelta = TimeDelta::seconds(2);
/// And when something is not: a daemon that has just begun is ready in a moment.
const FAULTS_LAST: TimeDelta = TimeDelta::milliseconds(50);
/// Longest that anybody waits for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);

/// What is watched.
pub struct WatchParts {
    /// The warehouse, opened to read: no question waits for the daemon's own work, and none holds it up.
    pub warehouse: Warehouse,
    /// The inbox and its writer, where there is one.
    pub inbox: Option<(Inbox, InboxWriter)>,
    /// Every dataset of the contracts, `source.dataset`: figures of others are left out.
    pub datasets: BTreeSet<String>,
    /// How old they may be.
    pub limits: AgeLimits,
    /// The jobs that run by themselves.
    pub jobs: Vec<String>,
    /// What the scheduler last said; `None` where the schedule is switched off.
    pub pulse: Option<Arc<Pulse>>,
    /// The time.
    pub clock: Clock,
    /// When the daemon started.
    pub started_at: DateTime<Utc>,
    /// Free space below which it is not ready, in bytes.
    pub disk_free_min: u64,
    /// Who may see what.
    pub access: Access,
    /// Whether it was told to end.
    pub stop: Stop,
}

/// Answers monitors.
pub struct WatchServer {
    parts: Arc<WatchParts>,
    figures: Kept<Result<String, String>>,
    checks: Kept<Vec<Check>>,
}

impl WatchServer {
    /// A server over these parts.
    #[must_use]
    pub fn new(parts: WatchParts) -> Arc<Self> {
        Arc::new(Self {
            parts: Arc::new(parts),
            figures: Kept::new(|_| FIGURES_LAST),
            checks: Kept::new(|checks| checks_last(checks)),
        })
    }

    /// Its routes, and those of the inbox and the console where there are such.
    pub fn router(self: Arc<Self>, inbox: Option<Arc<InboxServer>>, console: Option<Arc<ConsoleServer>>) -> Router {
        let own = Router::new()
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics_page))
            .with_state(self);
        match (inbox, console) {
            (Some(inbox), Some(console)) => own.merge(inbox.routes()).merge(console.router()),
            (Some(inbox), None) => own.merge(inbox.router()),
            (None, Some(console)) => own.merge(console.router()),
            (None, None) => own,
        }
    }

    async fn checks(&self) -> Vec<Check> {
        let parts = Arc::clone(&self.parts);
        let now = parts.clock.now();
        let found = self.checks.get(now, move || ready::checks(&parts, now)).await;
        let mut checks =
            found.unwrap_or_else(|| vec![Check::failed("ledger", "it did not answer in time".to_owned())]);
        // This one is never an old answer.
        checks.push(match self.parts.stop.is_ordered() {
            true => Check::failed("draining", "the daemon was told to end".to_owned()),
            false => Check::good("draining", None),
        });
        checks
    }
}

async fn readyz(State(server): State<Arc<WatchServer>>, request: Request) -> Response {
    let (peer, headers) = asked_by(&request);
    let checks = server.checks().await;
    let may_know = server.parts.access.may_know(peer, headers);
    let status = if checks.iter().all(Check::is_good) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    if wants_json(headers) {
        return answer(status, "application/json", ready::as_json(&checks, may_know));
    }
    answer(status, "text/plain; charset=utf-8", ready::as_text(&checks, may_know))
}

async fn metrics_page(State(server): State<Arc<WatchServer>>, request: Request) -> Response {
    let (peer, headers) = asked_by(&request);
    if let Err(refusal) = server.parts.access.figures(peer, headers) {
        return refused(refusal);
    }
    let parts = Arc::clone(&server.parts);
    let now = parts.clock.now();
    let figures =
        server.figures.get(now, move || metrics::page(&parts, now).map_err(|error| error.to_string())).await;
    match figures {
        Some(Ok(text)) => answer(StatusCode::OK, exposition::CONTENT_TYPE, text),
        Some(Err(error)) => {
            tracing::error!(error, "the figures for monitors cannot be made");
            answer(
                StatusCode::SERVICE_UNAVAILABLE,
                "text/plain; charset=utf-8",
                "the ledger cannot be read\n".to_owned(),
            )
        }
        None => answer(StatusCode::SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", "not in time\n".to_owned()),
    }
}

fn asked_by(request: &Request) -> (Option<Peer>, &HeaderMap) {
    (request.extensions().get::<Peer>().copied(), request.headers())
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.split(',').any(|kind| kind.trim().starts_with("application/json")))
}

fn refused(refusal: Refusal) -> Response {
    let plain = "text/plain; charset=utf-8";
    match refusal {
        Refusal::Off => answer(StatusCode::NOT_FOUND, plain, "serve.metrics = false\n".to_owned()),
        Refusal::NotFromHere => {
            let text = "figures are for this machine only, unless serve.metrics_token_env names a token\n";
            answer(StatusCode::FORBIDDEN, plain, text.to_owned())
        }
        Refusal::NoToken => {
            let mut response = answer(StatusCode::UNAUTHORIZED, plain, "the token is missing or wrong\n".to_owned());
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            response
        }
    }
}

fn answer(status: StatusCode, kind: &'static str, text: String) -> Response {
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")];
    (status, headers, text).into_response()
}

fn checks_last(checks: &[Check]) -> TimeDelta {
    if checks.iter().all(Check::is_good) { CHECKS_LAST } else { FAULTS_LAST }
}

/// Something, and when it was made.
type Made<T> = Option<(DateTime<Utc>, T)>;

/// What was made last; made anew, by one at a time, when it is older than `lasts` says.
struct Kept<T> {
    value: Arc<Mutex<Made<T>>>,
    lasts: fn(&T) -> TimeDelta,
}

impl<T: Clone + Send + 'static> Kept<T> {
    fn new(lasts: fn(&T) -> TimeDelta) -> Self {
        Self { value: Arc::new(Mutex::new(None)), lasts }
    }

    /// What was made last, or what `make` makes now; `None` where that takes too long.
    async fn get(&self, now: DateTime<Utc>, make: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let made = async {
            let mut kept = Arc::clone(&self.value).lock_owned().await;
            if let Some((at, value)) = kept.as_ref()
                && *at <= now
                && now - *at < (self.lasts)(value)
            {
                return Some(value.clone());
            }
            // The lock goes along: whoever stops waiting does not let a second one begin beside it.
            let work = tokio::task::spawn_blocking(move || {
                let value = make();
                *kept = Some((now, value.clone()));
                value
            });
            work.await.ok()
        };
        tokio::time::timeout(ANSWER_TIMEOUT, made).await.ok().flatten()
    }
}

#[cfg(test)]
mod tests;
