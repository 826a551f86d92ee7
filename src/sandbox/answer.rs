//! An answer that is one JSON document, small enough to be made whole.

use super::server::Reply;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

/// HTTP status and body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Answer {
    /// An answer with status 200, whatever its body says.
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body }
    }

    /// The answer as it is sent, untouched by faults.
    pub(crate) fn response(self) -> Response {
        let headers = [(header::CONTENT_TYPE, "application/json")];
        (self.status, headers, self.body.to_string()).into_response()
    }

    /// The answer as a reply: faults may spoil it where its status is 200.
    pub(crate) fn reply(self) -> Reply {
        if self.status == StatusCode::OK {
            Reply::whole(self.body.to_string())
        } else {
            Reply::Plain(self.response())
        }
    }
}
