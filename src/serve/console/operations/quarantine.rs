//! `/operasi/karantina`: what rows were refused for, over the newest runs that refused some.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::super::ConsoleServer;
use super::super::frame::{Frame, Section};
use super::super::page::page;
use super::super::problem::Problem;
use super::super::signed::{Right, Signed};
use super::super::units;
use super::shortened;
use crate::warehouse::{RefusalCount, Stretch};

/// The newest runs with refused rows that are looked at.
const RUNS: u32 = 50;
/// Reasons of a page.
const PAGE_REASONS: u32 = 50;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    mulai: u32,
}

struct Reason {
    dataset: String,
    column: String,
    reason: String,
    rows: String,
    runs: String,
    newest: String,
}

#[derive(Template)]
#[template(path = "console/operasi-karantina.html")]
struct QuarantinePage {
    frame: Frame,
    tab: &'static str,
    looked_at: u32,
    reasons: Vec<Reason>,
    next: Option<String>,
    first: Option<&'static str>,
}

pub(super) async fn list(
    State(server): State<Arc<ConsoleServer>>,
    signed: Signed,
    Query(Asked { mulai }): Query<Asked>,
) -> Result<Response, Problem> {
    signed.may(Right::Operate)?;
    let portion = Stretch { skip: mulai, limit: PAGE_REASONS + 1 };
    let found = server.blocking(move |server| {
        server.parts.warehouse.refusals(RUNS, portion).map_err(|error| Problem::internal(&error))
    });
    let mut found = found.await?;
    let more = found.len() > PAGE_REASONS as usize;
    found.truncate(PAGE_REASONS as usize);
    let template = QuarantinePage {
        frame: Frame::new("Karantina", Section::Operations, &signed),
        tab: "karantina",
        looked_at: RUNS,
        reasons: found.iter().map(reason).collect(),
        next: more.then(|| format!("/operasi/karantina?mulai={}", mulai.saturating_add(PAGE_REASONS))),
        first: (mulai > 0).then_some("/operasi/karantina"),
    };
    Ok(page(&template, StatusCode::OK))
}

fn reason(count: &RefusalCount) -> Reason {
    Reason {
        dataset: count.dataset.to_string(),
        column: count.column.clone().unwrap_or_default(),
        reason: shortened(&count.reason),
        rows: units::grouped(count.rows),
        runs: units::grouped(count.runs),
        newest: count.newest.to_string(),
    }
}
