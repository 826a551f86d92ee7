//! OMSPAN over HTTP: the questions as paths, and how the service words what is not rows.

use super::pages;
use super::{Ask, question};
use crate::sandbox::fault::Fault;
use crate::sandbox::server::{Exchange, Reply, Served, Voice, json};
use crate::sandbox::world::AsOf;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::collections::BTreeSet;
use std::sync::Arc;

const NO_DATA: &str = r#"{ "body": { "value": "Tidak Ada Data (no data found)" } }"#;
const WRONG_PARAMETER: &str =
    r#"[[{"colspan":26,"classes":"bold align-center","value":"Harap isi filter atau parameter terlebih dahulu"}]]"#;
const WRONG_TOKEN: &str = "Token yang dikirimkan tidak valid (Signature verification failed)";
const EXPIRED_TOKEN: &str = "Token yang dikirimkan tidak valid (Expired token)";
const FATAL: &str = "<br />\n<b>Fatal error</b>:  Allowed memory size of 134217728 bytes exhausted (tried to allocate \
                     20480 bytes) in <b>/var/www/html/spanint/libs/Database.php</b> on line <b>87</b><br />\n";

const VOICE: Voice = Voice {
    year_of_key: |exchange| exchange.year_of_bearer(super::SYSTEM.source),
    wrong_key: || (StatusCode::UNAUTHORIZED, WRONG_TOKEN).into_response(),
    expired_key: || (StatusCode::UNAUTHORIZED, EXPIRED_TOKEN).into_response(),
    fatal: FATAL,
};

/// All questions: paths are case-sensitive and taken apart by [`question`].
pub(super) fn routes() -> Router<Arc<Served>> {
    Router::new().route("/{*question}", get(answer))
}

/// Names of all who pay in either year, whether inserted yet or not.
pub(super) fn personal_values(served: &Served, values: &mut BTreeSet<String>) {
    for (year, _) in served.years() {
        values.extend(year.payers());
    }
}

async fn answer(Path(path): Path<String>, exchange: Exchange) -> Response {
    let Some((dataset, ask)) = question(&path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let served = &exchange.served;
    let compose = |year: i32| {
        if ask == Ask::Unreadable {
            return Reply::Plain(json(WRONG_PARAMETER));
        }
        let as_of = AsOf::new(year, served.today());
        let chunks = pages::chunks(&served.faults, served.world.year(year), as_of, (dataset, ask));
        match chunks.filter(|_| !served.faults.on(&Fault::Empty, dataset)) {
            Some(chunks) => Reply::stream(chunks),
            None => Reply::Plain(json(NO_DATA)),
        }
    };
    exchange.answer(dataset, &VOICE, compose).await
}
