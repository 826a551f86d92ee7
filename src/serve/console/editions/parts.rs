//! The page of an edition exactly as it was sent, and its files.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::super::ConsoleServer;
use super::super::problem::Problem;
use super::super::signed::{Right, Signed};
use super::EditionPath;

/// A recorded page has its style within it and its pictures as `data:`. It gets nothing else: no script, no form, no other address;
/// `sandbox` makes it a stranger to this site even where somebody opens it by itself.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; \
    base-uri 'none'; frame-ancestors 'self'; sandbox";

pub(super) async fn content(
    State(server): State<Arc<ConsoleServer>>,
    signed: Signed,
    path: Result<Path<EditionPath>, PathRejection>,
) -> Result<Response, Problem> {
    signed.may(Right::Reports)?;
    let Path(path) = path.map_err(|_| Problem::NotFound)?;
    let html = server.blocking(move |server| Ok(server.parts.desk.html(&server.record(&path)?)?)).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_POLICY)),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN")),
    ];
    Ok((StatusCode::OK, headers, html).into_response())
}

#[derive(Deserialize)]
pub(super) struct FilePath {
    report: String,
    edition: String,
    number: u32,
    name: String,
}

pub(super) async fn file(
    State(server): State<Arc<ConsoleServer>>,
    signed: Signed,
    path: Result<Path<FilePath>, PathRejection>,
) -> Result<Response, Problem> {
    signed.may(Right::Reports)?;
    let Path(FilePath { report, edition, number, name }) = path.map_err(|_| Problem::NotFound)?;
    let path = EditionPath { report, edition, number };
    let (name, bytes) = server
        .blocking(move |server| {
            let bytes = server.parts.desk.file(&server.record(&path)?, &name)?;
            Ok((name, bytes))
        })
        .await?;
    let kind = match name.rsplit_once('.').map(|(_, kind)| kind) {
        Some("pdf") => "application/pdf",
        Some("xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Some("csv") => "text/csv; charset=utf-8",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    };
    // It is the name of a recorded part: letters, digits, hyphens and dots.
    let disposition =
        HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).map_err(|_| Problem::NotFound)?;
    let headers: [(HeaderName, HeaderValue); 2] =
        [(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CONTENT_DISPOSITION, disposition)];
    Ok((StatusCode::OK, headers, bytes).into_response())
}
