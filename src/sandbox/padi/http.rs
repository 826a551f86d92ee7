//! PaDi over HTTP: the one URL, the key in a header, and the words of the gateway in front of it.

use super::submit::Order;
use super::{Answer, Question, SYSTEM, Shelf, Spoiled, answer};
use crate::sandbox::dataset::Dataset;
use crate::sandbox::document::RowFaults;
use crate::sandbox::fault::{Fault, Faults};
use crate::sandbox::server::{Exchange, Served, Voice};
use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use serde_json::json;
use std::sync::Arc;

/// The header the key stands in.
const KEY_HEADER: &str = "x-api-key";

const VOICE: Voice = Voice {
    year_of_key: |exchange| {
        let key = exchange.headers.get(KEY_HEADER)?.to_str().ok()?;
        exchange.served.year_of_token(SYSTEM.source, key.trim())
    },
    wrong_key: || gateway("900901", "Invalid Credentials"),
    expired_key: || gateway("900901", "Access Token Expired"),
    fatal: "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>",
};

pub(super) fn routes() -> Router<Arc<Served>> {
    Router::new().route("/padis", post(padis))
}

async fn padis(exchange: Exchange, body: Bytes) -> Response {
    if let Some(order) = Order::read(&body) {
        return carry_out(&exchange, &order).await;
    }
    let question = Question::read(&body);
    // A refusal counts as an answer about the transactions: it needs the key as well.
    let dataset = question.as_ref().map_or(Dataset::PadiTransaksi, |question| question.dataset());
    let compose = |_year| match question {
        Ok(question) => {
            let shelf = Shelf::new(&exchange.served);
            answer(&shelf.market(), question, spoiled(&exchange.served.faults, dataset)).reply()
        }
        Err(refusal) => refusal.reply(),
    };
    exchange.answer(dataset, &VOICE, compose).await
}

/// The answer to a body that writes.
async fn carry_out(exchange: &Exchange, order: &Order) -> Response {
    let mut wait = None;
    let compose = |_year| {
        let outcome = order.carry_out(&exchange.served);
        wait = outcome.wait;
        outcome.reply
    };
    let response = exchange.answer(Dataset::PadiTransaksi, &VOICE, compose).await;
    if let Some(wait) = wait {
        tokio::time::sleep(wait).await;
    }
    response
}

/// What goes wrong with answers of `dataset`.
fn spoiled(faults: &Faults, dataset: Dataset) -> Spoiled {
    let on = |fault| faults.on(&fault, dataset);
    Spoiled {
        fraction: on(Fault::PadiFraction),
        bad_category: on(Fault::PadiBadCategory),
        unknown_satker: on(Fault::PadiUnknownSatker),
        empty: on(Fault::Empty),
        shrink: on(Fault::Shrink),
        page_overlap: on(Fault::PageOverlap),
        short_page: on(Fault::ShortPageMid),
        moving_total: on(Fault::MovingTotal),
        rows: Some(match dataset {
            Dataset::PadiUmkm => RowFaults::new(faults, dataset, "jenis_kegiatan_usaha", "uid"),
            _ => RowFaults::new(faults, dataset, "feedback", "total_nilai_project"),
        }),
    }
}

/// What the gateway says before PaDi sees the request.
fn gateway(code: &str, message: &str) -> Response {
    let description = "Make sure you have provided the correct security credentials";
    let body = json!({ "code": code, "message": message, "description": description });
    Answer { status: StatusCode::UNAUTHORIZED, body }.response()
}
