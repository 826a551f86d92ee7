//! The inbox: what sources push to us, `POST /inbox/<source>/<path>`.
//!
//! In the order a request takes: [`limit`] how often its client may ask, [`route`] who may push what, `body` its bytes within
//! time and memory, `strict` whether they are JSON, `auth` its token, `examine` every column of every table it fills,
//! `receive` sealed and on disk, `answer` the source's own envelope. A push is acknowledged only when it is durable.

mod answer;
mod auth;
mod body;
mod examine;
mod fill;
mod limit;
mod lookup;
mod receive;
mod route;
mod strict;
mod turned;
mod words;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::any;
use chrono::TimeDelta;
use tokio::sync::Semaphore;

use super::ServeError;
use crate::clock::Clock;
use crate::config::{Credentials, InboxSettings, ServeSettings};
use crate::contract::Contract;
use crate::privacy::PiiKey;
use crate::seal::vault::Vault;
use crate::warehouse::{DatasetId, InboxWriter};
use body::BodyLimits;
use limit::ClientLimit;
use lookup::Lookups;
pub use lookup::{Catalogs, LOOKUP_TIMEOUT};
use route::Sender;

/// What the inbox of this deployment is made from.
pub struct InboxParts<'a> {
    /// Every source's contract.
    pub contracts: &'a [Contract],
    /// Where the sources' secrets come from.
    pub credentials: &'a Credentials,
    /// The limits of pushes.
    pub inbox: &'a InboxSettings,
    /// The limits of connections.
    pub serve: &'a ServeSettings,
    /// Seals pushes and marks them.
    pub key: Arc<PiiKey>,
    /// The time.
    pub clock: Clock,
    /// Takes what was found good.
    pub writer: InboxWriter,
    /// What questions are answered from.
    pub catalogs: Arc<dyn Catalogs>,
}

/// The inbox of this deployment.
pub struct InboxServer {
    senders: BTreeMap<String, Arc<Sender>>,
    clients: ClientLimit,
    body: BodyLimits,
    depth_max: usize,
    token_tolerance: TimeDelta,
    key: Arc<PiiKey>,
    vault: Vault,
    clock: Clock,
    writer: InboxWriter,
    lookups: Lookups,
    /// Pushes that are judged and sealed at the same time: as many as there are cores.
    judging: Arc<Semaphore>,
}

impl InboxServer {
    /// The inbox of every source whose secrets are set.
    ///
    /// # Errors
    /// [`ServeError`] where no source has its secrets, or one has only some, or a contract cannot be served.
    pub fn new(parts: InboxParts<'_>) -> Result<Arc<Self>, ServeError> {
        let senders = route::senders(parts.contracts, parts.credentials, &parts.key)?;
        let at_least_one = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let seconds = Duration::from_secs;
        let n_cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        Ok(Arc::new(Self {
            senders,
            clients: ClientLimit::new(at_least_one(parts.inbox.requests_per_second), at_least_one(parts.inbox.burst)),
            body: BodyLimits::new(
                parts.inbox.body_bytes_max,
                seconds(parts.serve.body_timeout_secs),
                seconds(parts.serve.header_timeout_secs),
            ),
            depth_max: parts.inbox.depth_max,
            token_tolerance: TimeDelta::minutes(parts.inbox.token_tolerance_minutes),
            vault: Vault::new(&parts.key),
            key: parts.key,
            clock: parts.clock,
            writer: parts.writer,
            lookups: Lookups::new(parts.catalogs),
            judging: Arc::new(Semaphore::new(n_cores)),
        }))
    }

    /// Whether any secret of an inbox is set: then somebody wants one.
    #[must_use]
    pub fn has_secrets(contracts: &[Contract], credentials: &Credentials) -> bool {
        let inboxes = contracts.iter().filter_map(|contract| Some((&contract.source, contract.inbox.as_ref()?)));
        let mut variables = inboxes.flat_map(|(source, inbox)| route::variables(source, &inbox.auth));
        variables.any(|variable| credentials.has(&variable))
    }

    /// The names of the secrets that open the inbox of a source; `None` where its contract has none.
    #[must_use]
    pub fn variables(contract: &Contract) -> Option<Vec<String>> {
        contract.inbox.as_ref().map(|inbox| route::variables(&contract.source, &inbox.auth))
    }

    /// Whether the inbox of a source would open.
    ///
    /// # Errors
    /// [`ServeError::HalfSecret`], [`ServeError::Credential`]: some of its secrets are set, and it cannot.
    pub fn opens(contract: &Contract, credentials: &Credentials) -> Result<bool, ServeError> {
        let Some(inbox) = &contract.inbox else { return Ok(false) };
        Ok(route::proof(&contract.source, &inbox.auth, credentials)?.is_some())
    }

    /// All routes of pushes, and the answer to whoever asks for anything else.
    pub fn router(self: Arc<Self>) -> Router {
        self.routes().fallback(unknown)
    }

    /// The same without an answer to what it does not know: for a listener that knows more.
    pub(in crate::serve) fn routes(self: Arc<Self>) -> Router {
        let method = any(receive::handle);
        Router::new()
            .route("/inbox/{source}/{*path}", method)
            .route("/inbox", any(unknown))
            .route("/inbox/{source}", any(unknown))
            .with_state(self)
    }

    /// The sources whose inbox is open, by name.
    #[must_use]
    pub fn sources(&self) -> Vec<&str> {
        self.senders.keys().map(String::as_str).collect()
    }

    /// Every dataset that can be pushed to.
    #[must_use]
    pub fn datasets(&self) -> Vec<&DatasetId> {
        self.senders.values().flat_map(|sender| sender.routes.values()).map(|route| &route.dataset).collect()
    }

    /// Says that the warehouse changed: the next question is answered from what is committed by then.
    pub async fn warehouse_changed(&self) {
        self.lookups.forget().await;
    }
}

async fn unknown() -> Response {
    answer::plain(StatusCode::NOT_FOUND, "alamat tidak dikenal")
}

#[cfg(test)]
mod tests;
