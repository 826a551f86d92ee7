//! A record on its way into a system: accepted once, refused the second time, and what goes wrong meanwhile.

use super::dataset::Dataset;
use super::fault::Fault;
use super::server::{Reply, Served};
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde_json::Value;
use std::io;
use std::time::Duration;

/// How late a slow answer comes: longer than a caller with a limit of one second waits.
const LATE: Duration = Duration::from_millis(1_500);

/// A record whose fields are all right.
pub(crate) struct Submission<'a> {
    /// Where its faults are looked up, and its source.
    pub(crate) dataset: Dataset,
    /// The method it came by.
    pub(crate) method: &'static str,
    /// What it is known by.
    pub(crate) key: String,
    pub(crate) record: &'a Value,
}

/// What becomes of a record.
pub(crate) struct Outcome {
    pub(crate) reply: Reply,
    /// How late the answer is to leave.
    pub(crate) wait: Option<Duration>,
}

impl From<Reply> for Outcome {
    fn from(reply: Reply) -> Self {
        Self { reply, wait: None }
    }
}

impl Submission<'_> {
    /// Takes the record in: `accepted` or, where it is known already, `known` is the answer, unless a fault strikes.
    pub(crate) fn settle(
        &self,
        served: &Served,
        accepted: impl FnOnce() -> Reply,
        known: impl FnOnce() -> Reply,
    ) -> Outcome {
        let strikes = |fault| served.faults.once(&fault, self.dataset, &format!("{} {}", self.method, self.key));
        if strikes(Fault::Submit500Once) {
            let response = (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error").into_response();
            return Reply::Plain(response).into();
        }
        if !served.accepted.take((self.dataset.source(), self.method), &self.key, self.record) {
            return known().into();
        }
        let reply = if strikes(Fault::SubmitCut) { Reply::Plain(cut()) } else { accepted() };
        Outcome { reply, wait: strikes(Fault::SubmitSlow).then_some(LATE) }
    }
}

/// A connection that ends before the answer begins: a body that breaks off at once takes the head with it.
fn cut() -> Response {
    let broken = io::Error::from(io::ErrorKind::ConnectionAborted);
    Body::from_stream(stream::iter([Err::<Vec<u8>, _>(broken)])).into_response()
}
