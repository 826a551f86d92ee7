//! HTTP: who asks, which fiscal year the token is for, what goes wrong, and the body as a stream.

mod edits;
mod json;
mod pages;
mod spoil;

use super::control::{Control, totals};
use super::dataset::Dataset;
use super::fault::{Fault, Faults};
use super::omspan::{self, Ask, BASE_PATH};
use super::token::token;
use super::world::{AsOf, FiscalYear, World};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{Datelike, NaiveDate};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

const NO_DATA: &str = r#"{ "body": { "value": "Tidak Ada Data (no data found)" } }"#;
const WRONG_PARAMETER: &str =
    r#"[[{"colspan":26,"classes":"bold align-center","value":"Harap isi filter atau parameter terlebih dahulu"}]]"#;
const WRONG_TOKEN: &str = "Token yang dikirimkan tidak valid (Signature verification failed)";
const FATAL: &str = "<br />\n<b>Fatal error</b>:  Allowed memory size of 134217728 bytes exhausted (tried to allocate \
                     20480 bytes) in <b>/var/www/html/spanint/libs/Database.php</b> on line <b>87</b><br />\n";
const LATE: Duration = Duration::from_millis(150);

/// What all requests share.
pub(crate) struct Served {
    pub(crate) seed: u64,
    pub(crate) world: World,
    pub(crate) faults: Faults,
    /// The day the services believe it is.
    pub(crate) today: RwLock<NaiveDate>,
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
        totals(&self.years())
    }

    /// The fiscal year a request's token is for; none = wrong or no token.
    fn fiscal_year(&self, source: &str, headers: &HeaderMap) -> Option<i32> {
        let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let given = given.strip_prefix("Bearer ")?.trim();
        let year = self.today().year();
        [year, year - 1].into_iter().find(|year| token(self.seed, source, *year) == given)
    }
}

/// All routes.
pub(crate) fn router(served: Arc<Served>) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/_control", get(control))
        .route(&format!("{BASE_PATH}/{{*question}}"), get(answer))
        .with_state(served)
}

/// The questions that can be asked, one a line.
async fn index() -> String {
    let paths = [
        "DipaBelanjaKL/BELANJA",
        "RealisasiKL",
        "RealisasiKL/1/1000",
        "CapaianIKKLRe",
        "CapaianIKSatkerRe",
        "CapaianIKEselon1Re",
        "DetailPNBPAllRev/GL",
        "DetailPNBPAllRev/GL/YYYYMMDD",
        "DataFA",
    ];
    let lines: String = paths.iter().map(|path| format!("{BASE_PATH}/{path}\n")).collect();
    format!("{lines}/_control\n")
}

async fn control(State(served): State<Arc<Served>>) -> Response {
    match serde_json::to_vec(&served.control()) {
        Ok(body) => json(body),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// One question to OMSPAN.
async fn answer(
    State(served): State<Arc<Served>>,
    Path(question): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let Some((dataset, ask)) = omspan::question(&question) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let faults = &served.faults;
    if faults.on(&Fault::Slow, dataset) {
        tokio::time::sleep(LATE).await;
    }
    if let Some(refusal) = refusal(faults, dataset, uri.path()) {
        return refusal;
    }
    let year = served.fiscal_year(dataset.source(), &headers);
    let Some(year) = year.filter(|_| !faults.on(&Fault::Unauthorised, dataset)) else {
        return (StatusCode::UNAUTHORIZED, WRONG_TOKEN).into_response();
    };
    if faults.on(&Fault::HtmlFatal, dataset) {
        return ([(header::CONTENT_TYPE, "text/html; charset=UTF-8")], FATAL).into_response();
    }
    if ask == Ask::Unreadable {
        return json(WRONG_PARAMETER);
    }
    let as_of = AsOf::new(year, served.today());
    let chunks = pages::chunks(faults, served.world.year(year), as_of, (dataset, ask));
    match chunks.filter(|_| !faults.on(&Fault::Empty, dataset)) {
        Some(chunks) => spoil::respond(faults, dataset, chunks),
        None => json(NO_DATA),
    }
}

/// The answer of a server that does not even look at the question.
fn refusal(faults: &Faults, dataset: Dataset, path: &str) -> Option<Response> {
    if faults.on(&Fault::Error500, dataset) || faults.once(&Fault::Error500Once, dataset, path) {
        return Some((StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error").into_response());
    }
    if faults.once(&Fault::RateLimit, dataset, path) {
        let headers = [(header::RETRY_AFTER, "1")];
        return Some((StatusCode::TOO_MANY_REQUESTS, headers, "Too Many Requests").into_response());
    }
    None
}

fn json(body: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body.into()).into_response()
}
