//! The accepting methods over HTTP: a path each, under the same keys as the asking ones.

use super::Filing;
use crate::sandbox::answer::Answer;
use crate::sandbox::oss::http::{FATAL, year_of_key};
use crate::sandbox::server::{Exchange, Served, Voice};
use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use std::sync::Arc;

/// How each method refuses, in the order of [`Filing::ALL`].
const VOICES: [Voice; 6] = [voice::<0>(), voice::<1>(), voice::<2>(), voice::<3>(), voice::<4>(), voice::<5>()];

/// A wrong key is refused in the HTTP status and in the envelope, an expired one in the envelope alone.
const fn voice<const AT: usize>() -> Voice {
    Voice {
        year_of_key,
        wrong_key: || {
            let body = Filing::ALL[AT].refusal(401, "User Akses Tidak Valid").body;
            Answer { status: StatusCode::UNAUTHORIZED, body }.response()
        },
        expired_key: || Filing::ALL[AT].refusal(401, "Masa berlaku key telah habis").response(),
        fatal: FATAL,
    }
}

/// The routes of all accepting methods.
pub(in crate::sandbox::oss) fn routes() -> Router<Arc<Served>> {
    let mut router = Router::new();
    for (filing, voice) in Filing::ALL.into_iter().zip(&VOICES) {
        let path = format!("/{}", filing.method());
        let take =
            move |exchange: Exchange, body: Bytes| async move { answer(filing, voice, &exchange, &body).await };
        router = router.route(&path, post(take));
    }
    router
}

async fn answer(filing: Filing, voice: &Voice, exchange: &Exchange, body: &[u8]) -> Response {
    let mut wait = None;
    let compose = |_year| {
        let outcome = filing.file(&exchange.served, body);
        wait = outcome.wait;
        outcome.reply
    };
    let response = exchange.answer(filing.dataset(), voice, compose).await;
    if let Some(wait) = wait {
        tokio::time::sleep(wait).await;
    }
    response
}
