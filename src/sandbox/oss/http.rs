//! OSS over HTTP: a path a method, and both ways to show a key.

use super::method::Method;
use super::{Registry, SYSTEM, submit};
use crate::sandbox::answer::Answer;
use crate::sandbox::document::RowFaults;
use crate::sandbox::fault::Fault;
use crate::sandbox::server::{Exchange, Served, Voice};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use bytes::Bytes;
use chrono::Datelike;
use serde_json::{Value, json};
use std::sync::Arc;

/// The header of the key that does not expire.
const USER_KEY: &str = "user_key";
/// The header of a key from `sendSecurityKey`.
const SECURITY_KEY: &str = "OSS-API-KEY";
/// Who may ask for a security key; the password is the source's token.
pub(crate) const USER: &str = "kl056";

pub(super) const FATAL: &str = "<!DOCTYPE html>\n<html><head><title>Server Error</title></head><body><h1>500 | Server Error</h1>\
                     </body></html>\n";

/// How each method refuses, in the order of [`Method::ALL`].
const VOICES: [Voice; 10] = [
    voice::<0>(),
    voice::<1>(),
    voice::<2>(),
    voice::<3>(),
    voice::<4>(),
    voice::<5>(),
    voice::<6>(),
    voice::<7>(),
    voice::<8>(),
    voice::<9>(),
];

/// A wrong key is refused in the HTTP status and in the envelope, an expired one in the envelope alone.
const fn voice<const AT: usize>() -> Voice {
    Voice {
        year_of_key,
        wrong_key: || {
            let body = Method::ALL[AT].refusal(401, "User Akses Tidak Valid").body;
            Answer { status: StatusCode::UNAUTHORIZED, body }.response()
        },
        expired_key: || Method::ALL[AT].refusal(401, "Masa berlaku key telah habis").response(),
        fatal: FATAL,
    }
}

pub(super) fn routes() -> Router<Arc<Served>> {
    let mut router = Router::new().route("/sendSecurityKey", post(send_security_key));
    for at in 0..Method::ALL.len() {
        router = router.route(Method::ALL[at].path(), asking(at));
    }
    router.merge(submit::routes())
}

/// The route of a method: by POST, the one without a body by GET as well.
fn asking(at: usize) -> MethodRouter<Arc<Served>> {
    match Method::ALL[at] {
        Method::InqueryCertificate => {
            let by_id = move |Path(id): Path<String>, exchange: Exchange| async move {
                answer(at, &exchange, &[], Some(&id)).await
            };
            get(by_id).post(by_id)
        }
        _ => post(move |exchange: Exchange, body: Bytes| async move { answer(at, &exchange, &body, None).await }),
    }
}

async fn answer(at: usize, exchange: &Exchange, body: &[u8], id: Option<&str>) -> Response {
    let method = Method::ALL[at];
    let (served, dataset) = (&exchange.served, method.dataset());
    let compose = |_year| {
        if served.faults.on(&Fault::Empty, dataset) {
            return method.refusal(400, "Data tidak ditemukan").reply();
        }
        let mut registry = Registry::new(served);
        if served.faults.on(&Fault::Shrink, dataset) {
            registry.limit = Some(registry.known().len().div_ceil(10));
        }
        let mut answer = method.answer(&registry, body, id);
        if method == Method::CheckLicenseStatus {
            submit::overlay(&served.accepted, &mut answer.body);
        }
        if let Some((data, optional, required)) = method.row()
            && let Some(row) = answer.body.pointer_mut(data)
        {
            let at = registry.place_of(body).unwrap_or(usize::MAX);
            RowFaults::new(&served.faults, dataset, optional, required).apply(at, row);
        }
        answer.reply()
    };
    exchange.answer(dataset, &VOICES[at], compose).await
}

/// Today's year where a request shows a good key of either kind.
pub(super) fn year_of_key(exchange: &Exchange) -> Option<i32> {
    let served = &exchange.served;
    let shown = |name: &str| exchange.headers.get(name)?.to_str().ok().map(str::trim);
    let good = match (shown(USER_KEY), shown(SECURITY_KEY)) {
        (Some(key), _) => served.year_of_token(SYSTEM.source, key).is_some(),
        (None, Some(key)) => {
            served.oss_keys.admit(key, served.today(), served.faults.in_world(&Fault::KeyExpiresSoon))
        }
        (None, None) => false,
    };
    good.then(|| served.today().year())
}

/// The login: user and password for a key and the end of its life.
async fn send_security_key(State(served): State<Arc<Served>>, body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let given = |name: &str| request["securityKey"][name].as_str().unwrap_or_default();
    let known = given("user_akses") == USER && served.year_of_token(SYSTEM.source, given("pwd_akses")).is_some();
    let answer = if known {
        let (key, until) = served.oss_keys.issue(served.seed, served.today());
        json!({"kode": "200", "keterangan": "Sukses", "key": key, "masa_berlaku": until})
    } else {
        json!({"kode": "401", "keterangan": "User Akses Tidak Valid", "key": "", "masa_berlaku": ""})
    };
    let status = if known { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
    Answer { status, body: json!({ "responsendSecurityKey": answer }) }.response()
}
