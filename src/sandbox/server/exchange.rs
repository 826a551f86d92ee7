//! One request and its answer: what happens before a system looks at the question (delay, outage, key), and the body
//! on its way out.

use super::spoil::{self, Chunks};
use super::{Served, Tail};
use crate::sandbox::dataset::Dataset;
use crate::sandbox::fault::{Fault, Faults};
use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

const LATE: Duration = Duration::from_millis(150);

/// A request, apart from its body. An extractor: a handler that also reads the body takes it as its last parameter.
pub(crate) struct Exchange {
    pub(crate) served: Arc<Served>,
    /// The path below the system's base path.
    pub(crate) path: String,
    /// The query's parameters, decoded.
    pub(crate) parameters: HashMap<String, String>,
    pub(crate) headers: HeaderMap,
    tail: Tail,
}

impl FromRequestParts<Arc<Served>> for Exchange {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, served: &Arc<Served>) -> Result<Self, StatusCode> {
        let Query(parameters) = Query::try_from_uri(&parts.uri).map_err(|_| StatusCode::BAD_REQUEST)?;
        let tail = parts.extensions.get::<ConnectInfo<Tail>>().map(|info| info.0.clone()).unwrap_or_default();
        Ok(Self {
            served: Arc::clone(served),
            path: parts.uri.path().to_owned(),
            parameters,
            headers: parts.headers.clone(),
            tail,
        })
    }
}

/// How a system knows a key, and its words for what is not an answer.
pub(crate) struct Voice {
    /// The fiscal year the request's key opens (today's year where keys have no year); none = a wrong key.
    pub(crate) year_of_key: fn(&Exchange) -> Option<i32>,
    /// The answer to a wrong key.
    pub(crate) wrong_key: fn() -> Response,
    /// The answer to a key that was good once.
    pub(crate) expired_key: fn() -> Response,
    /// The page of HTML that comes with status 200 when the program behind it broke down.
    pub(crate) fatal: &'static str,
}

/// What a system has to say.
pub(crate) enum Reply {
    /// Rows: a body that faults may spoil.
    Body(Chunks),
    /// Anything else, sent as it is.
    Plain(Response),
}

impl Reply {
    /// A body whose chunks are made when they are asked for.
    pub(crate) fn stream(chunks: impl Iterator<Item = Bytes> + Send + 'static) -> Self {
        Self::Body(Box::new(chunks.map(Ok)))
    }

    /// A body that is whole already.
    pub(crate) fn whole(body: impl Into<Bytes>) -> Self {
        Self::stream(std::iter::once(body.into()))
    }
}

impl Exchange {
    /// A parameter of the query; none where it is absent or blank.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The fiscal year of the bearer token, for a system that asks for one.
    pub(crate) fn year_of_bearer(&self, source: &str) -> Option<i32> {
        let given = self.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        self.served.year_of_token(source, given.strip_prefix("Bearer ")?.trim())
    }

    /// The answer about `dataset`: `compose` is asked, with the fiscal year of the key, once nothing stands against it.
    pub(crate) async fn answer<F>(&self, dataset: Dataset, voice: &Voice, compose: F) -> Response
    where
        F: FnOnce(i32) -> Reply + Send,
    {
        let faults = &self.served.faults;
        if faults.on(&Fault::Slow, dataset) {
            tokio::time::sleep(LATE).await;
        }
        if let Some(refusal) = outage(faults, dataset, &self.path) {
            return refusal;
        }
        let Some(year) = (voice.year_of_key)(self).filter(|_| !faults.on(&Fault::Unauthorised, dataset)) else {
            return (voice.wrong_key)();
        };
        if faults.on(&Fault::ExpiredKey, dataset) {
            return (voice.expired_key)();
        }
        if faults.on(&Fault::HtmlFatal, dataset) {
            return ([(header::CONTENT_TYPE, "text/html; charset=UTF-8")], voice.fatal).into_response();
        }
        match compose(year) {
            Reply::Body(chunks) => spoil::respond(faults, dataset, chunks, &self.tail),
            Reply::Plain(response) => response,
        }
    }
}

/// The answer of a server that does not even look at the question.
fn outage(faults: &Faults, dataset: Dataset, path: &str) -> Option<Response> {
    if faults.on(&Fault::Error500, dataset) || faults.once(&Fault::Error500Once, dataset, path) {
        return Some((StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error").into_response());
    }
    if faults.once(&Fault::RateLimit, dataset, path) {
        let headers = [(header::RETRY_AFTER, "1")];
        return Some((StatusCode::TOO_MANY_REQUESTS, headers, "Too Many Requests").into_response());
    }
    None
}

/// A JSON answer with status 200.
pub(crate) fn json(body: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body.into()).into_response()
}
