//! The end that accepts: one transaction a post, judged by the document's table, kept, shown by `get_transaksi` and taken
//! back by `delete_transaksi`.

mod rules;
#[cfg(test)]
mod tests;

use super::{Answer, Market, SYSTEM, Shelf};
use crate::sandbox::dataset::Dataset;
use crate::sandbox::server::{Reply, Served};
use crate::sandbox::submission::{Outcome, Submission};
use axum::http::StatusCode;
use rules::text;
use serde_json::{Value, json};

/// The method that writes, as it is known at `/_received`.
pub(super) const METHOD: &str = "transaksi";

/// What is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Order {
    /// A new transaction.
    Post(Value),
    /// Transactions to forget, by `transaksi_id`.
    Delete(Value),
}

impl Order {
    /// The order in a body; none = the body is a question, or nothing.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut request: Value = serde_json::from_slice(body).ok()?;
        let (key, content) = request.as_object_mut()?.iter_mut().next()?;
        match key.as_str() {
            "transaksi" => Some(Self::Post(content.take())),
            "delete_transaksi" => Some(Self::Delete(content.take())),
            _ => None,
        }
    }

    /// Does it.
    pub(super) fn carry_out(&self, served: &Served) -> Outcome {
        match self {
            Self::Post(record) => post(served, record),
            Self::Delete(parameters) => delete(served, parameters).into(),
        }
    }
}

fn post(served: &Served, record: &Value) -> Outcome {
    let shelf = Shelf::of(&served.world, served.today());
    let market = shelf.market();
    let faults = rules::faults(record, &rules::Known::new(&market, served.world.satkers().len()));
    if !faults.is_empty() {
        return refusal(&faults).reply().into();
    }
    let part = |name: &str| text(&record[name]).unwrap_or_default();
    let (buyer, id) = (part("bumn_id"), part("transaksi_id"));
    let known = || refusal(&["transaksi_id: sudah ada".to_owned()]).reply();
    if is_served(&market, &buyer, &id) {
        return known().into();
    }
    let key = format!("{buyer}/{id}");
    let submission = Submission { dataset: Dataset::PadiTransaksi, method: METHOD, key, record };
    let accepted = || {
        let message = "Data transaksi berhasil disimpan";
        Answer::ok(json!({ "status": "success", "messages": message, "data": [record], "count": 1 })).reply()
    };
    submission.settle(served, accepted, known)
}

/// The total of an accepted record, in whole rupiah.
pub(super) fn total(record: &Value) -> Option<i128> {
    text(&record["total_nilai_project"])?.parse().ok()
}

/// Whether the world has this transaction already.
fn is_served(market: &Market<'_>, buyer: &str, id: &str) -> bool {
    buyer == super::BUYER && market.purchases.iter().any(|purchase| purchase.id == id)
}

fn delete(served: &Served, parameters: &Value) -> Reply {
    let ids: Vec<&str> =
        parameters["transaksi_id"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if ids.is_empty() {
        return refusal(&["transaksi_id: harus berupa daftar yang tidak kosong".to_owned()]).reply();
    }
    let is_gone = |record: &Value| text(&record["transaksi_id"]).is_some_and(|id| ids.contains(&id.as_str()));
    match served.accepted.remove(SYSTEM.source, METHOD, is_gone) {
        0 => refusal(&["transaksi_id: tidak ditemukan".to_owned()]).reply(),
        count => {
            let message = "Data transaksi berhasil dihapus";
            Answer::ok(json!({ "status": "success", "messages": message, "data": [], "count": count })).reply()
        }
    }
}

/// The refusal of a record: every column that is wrong, with what is.
fn refusal(messages: &[String]) -> Answer {
    let body = json!({ "status": "failed", "messages": messages, "data": [] });
    Answer { status: StatusCode::BAD_REQUEST, body }
}
