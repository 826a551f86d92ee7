//! A form that a signed-in user sent from a page of this site.

use std::sync::Arc;

use axum::Form;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq;

use super::ConsoleServer;
use super::problem::Problem;
use super::signed::Signed;

/// Most bytes of a form, where a handler names no other bound.
pub(super) const FORM_BYTES_MAX: usize = 16 << 10;

/// The fields `T` of a form of at most `BYTES` bytes, and who sent it. Taken only from a page of this site, with the token of the
/// user's session in the field `csrf`.
pub(super) struct Checked<T, const BYTES: usize = FORM_BYTES_MAX> {
    pub(super) signed: Signed,
    pub(super) form: T,
}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    csrf: String,
}

impl<T: DeserializeOwned, const BYTES: usize> FromRequest<Arc<ConsoleServer>> for Checked<T, BYTES> {
    type Rejection = Response;

    async fn from_request(request: Request, server: &Arc<ConsoleServer>) -> Result<Self, Response> {
        let Some(signed) = request.extensions().get::<Signed>().cloned() else {
            return Err(Problem::SignedOut.into_response());
        };
        let token = signed.csrf.clone();
        let form = checked(request, server, BYTES, &token).await.map_err(IntoResponse::into_response)?;
        Ok(Self { signed, form })
    }
}

/// The fields of a form that has `token`.
pub(super) async fn checked<T: DeserializeOwned>(
    request: Request,
    server: &ConsoleServer,
    bytes_max: usize,
    token: &str,
) -> Result<T, Problem> {
    let headers = request.headers().clone();
    if !server.is_from_our_page(&headers) {
        tracing::warn!("a form from another site was refused");
        return Err(Problem::NotOurForm);
    }
    let body = body_of(request, server, bytes_max).await?;
    let Token { csrf } = fields(&headers, &body).await.map_err(|_| Problem::NotOurForm)?;
    if token.is_empty() || !bool::from(csrf.as_bytes().ct_eq(token.as_bytes())) {
        tracing::warn!("a form without the token of its user was refused");
        return Err(Problem::NotOurForm);
    }
    fields(&headers, &body).await.map_err(|_| Problem::Unreadable("Isian formulir tidak lengkap.".to_owned()))
}

async fn body_of(request: Request, server: &ConsoleServer, bytes_max: usize) -> Result<Bytes, Problem> {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if announced.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length > bytes_max) {
        return Err(Problem::TooLong);
    }
    let read = to_bytes(request.into_body(), bytes_max);
    match tokio::time::timeout(server.parts.body_timeout, read).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(Problem::TooLong),
        Err(_) => Err(Problem::TooSlow),
    }
}

/// Reads the body as the fields of a form, which only the right content type is.
async fn fields<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<T, axum::extract::rejection::FormRejection> {
    let mut request = Request::new(Body::from(body.clone()));
    *request.method_mut() = Method::POST;
    *request.headers_mut() = headers.clone();
    Form::<T>::from_request(request, &()).await.map(|Form(fields)| fields)
}
