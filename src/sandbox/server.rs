//! HTTP: all systems behind one port, and what their answers have in common: outages, keys, bodies as streams.

mod exchange;
mod spoil;
mod tail;

pub(crate) use exchange::{Exchange, Reply, Voice, json};
pub(crate) use tail::{Tail, TailListener};

use super::control::Control;
use super::fault::Faults;
use super::oss;
use super::received::Accepted;
use super::system;
use super::token::token;
use super::world::{AsOf, FiscalYear, World};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{Datelike, NaiveDate};
use serde::Serialize;
use std::sync::{Arc, PoisonError, RwLock};

/// What all requests share.
pub(crate) struct Served {
    pub(crate) seed: u64,
    pub(crate) world: World,
    pub(crate) faults: Faults,
    /// The day the services believe it is.
    pub(crate) today: RwLock<NaiveDate>,
    /// Security keys OSS has handed out.
    pub(crate) oss_keys: oss::Keys,
    /// What was sent to the systems and accepted.
    pub(crate) accepted: Accepted,
}

impl Served {
    /// The day the services believe it is.
    pub(crate) fn today(&self) -> NaiveDate {
        *self.today.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The two fiscal years that are served: last year's and today's, each as far as it is past.
    pub(crate) fn years(&self) -> [(Arc<FiscalYear>, AsOf); 2] {
        let today = self.today();
        [today.year() - 1, today.year()].map(|year| (self.world.year(year), AsOf::new(year, today)))
    }

    /// The totals of everything served.
    pub(crate) fn control(&self) -> Control {
        let of_systems = system::ALL.iter().flat_map(|system| (system.totals)(self));
        Control { datasets: of_systems.map(|(dataset, totals)| (dataset.to_string(), totals)).collect() }
    }

    /// The fiscal year that a token of `source` is for; none = a wrong token.
    pub(crate) fn year_of_token(&self, source: &str, given: &str) -> Option<i32> {
        let year = self.today().year();
        [year, year - 1].into_iter().find(|year| token(self.seed, source, *year) == given)
    }
}

/// All routes.
pub(crate) fn router(served: Arc<Served>) -> Router {
    let mut router =
        Router::new().route("/", get(index)).route("/_control", get(control)).route("/_received", get(received));
    for system in system::ALL {
        router = router.nest(system.base_path, (system.routes)());
    }
    router.with_state(served)
}

/// The questions that can be asked, one a line.
async fn index() -> String {
    let mut lines = String::new();
    for system in system::ALL {
        for question in system.questions {
            lines.push_str(&format!("{}/{question}\n", system.base_path));
        }
    }
    lines + "/_control\n/_received\n"
}

async fn control(State(served): State<Arc<Served>>) -> Response {
    document(&served.control())
}

async fn received(State(served): State<Arc<Served>>) -> Response {
    document(&served.accepted.list())
}

fn document(value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => json(body),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
