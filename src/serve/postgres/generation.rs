//! The states of the warehouse: a catalog for each that somebody still reads.
//!
//! A statement sees the newest state, a transaction the state it began with. Whether something was committed since is asked
//! of the ledger before each statement; if so, one statement builds the catalog and the others wait for it. A state that
//! nobody reads any more goes with the last one that did; files that a commit replaced stay for 24 hours, far longer than any
//! statement or transaction.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::reply::Told;
use super::sqlstate::{self, INTERNAL};
use crate::catalog::port::{Audience, Port};
use crate::catalog::{Catalog, SharedEngine};
use crate::config::PostgresRole;

/// Where states come from.
#[async_trait]
pub trait States: Send + Sync {
    /// A number that grows whenever the ledger has something new to show; cheap.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    fn mark(&self) -> Result<u64, String>;

    /// A catalog of the newest state, within `engine`, and the mark it has.
    ///
    /// # Errors
    /// When it cannot be opened.
    async fn newest(&self, engine: Arc<SharedEngine>) -> Result<(u64, Catalog), String>;
}

/// One state of the warehouse.
pub(super) struct State {
    /// Its mark.
    pub(super) mark: u64,
    catalog: Arc<Catalog>,
    ports: [OnceLock<Arc<Port>>; PostgresRole::ALL.len()],
}

impl State {
    /// The catalog of it, without a role.
    pub(super) fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog)
    }
}

/// All states, of which the newest is kept.
pub(super) struct Generations {
    states: Arc<dyn States>,
    engine: Arc<SharedEngine>,
    /// In the order of [`PostgresRole::ALL`].
    audiences: [Audience; PostgresRole::ALL.len()],
    newest: Mutex<Option<Arc<State>>>,
}

impl Generations {
    pub(super) fn new(
        states: Arc<dyn States>,
        engine: Arc<SharedEngine>,
        audiences: [Audience; PostgresRole::ALL.len()],
    ) -> Self {
        Self { states, engine, audiences, newest: Mutex::new(None) }
    }

    /// The newest state.
    pub(super) async fn newest(&self) -> Result<Arc<State>, Told> {
        let unread = |reason: String| {
            tracing::error!(reason, "the newest state of the warehouse cannot be opened");
            Told::error("58000", "the newest state of the warehouse cannot be opened").with_hint("ask the operator")
        };
        let states = Arc::clone(&self.states);
        let asked = tokio::task::spawn_blocking(move || states.mark()).await;
        let mark = asked.map_err(|error| unread(error.to_string()))?.map_err(unread)?;
        let mut newest = self.newest.lock().await;
        if let Some(state) = newest.as_ref().filter(|state| state.mark >= mark) {
            return Ok(Arc::clone(state));
        }
        let (mark, catalog) = self.states.newest(Arc::clone(&self.engine)).await.map_err(unread)?;
        let state = Arc::new(State {
            mark,
            catalog: Arc::new(catalog),
            ports: [const { OnceLock::new() }; PostgresRole::ALL.len()],
        });
        tracing::debug!(mark, "a new state of the warehouse is read");
        *newest = Some(Arc::clone(&state));
        Ok(state)
    }

    /// `state` as `role` sees it.
    pub(super) fn port(&self, state: &State, role: PostgresRole) -> Result<Arc<Port>, Told> {
        let at = PostgresRole::ALL.iter().position(|one| *one == role).expect("ALL has every role");
        if let Some(port) = state.ports[at].get() {
            return Ok(Arc::clone(port));
        }
        let port = Port::open(Arc::clone(&state.catalog), self.audiences[at].clone()).map_err(|error| {
            tracing::error!(%error, "the system tables cannot be made");
            Told::error(INTERNAL, sqlstate::told(&error).message)
        })?;
        Ok(Arc::clone(state.ports[at].get_or_init(|| Arc::new(port))))
    }
}
