//! `/operasi`: runs, newest first, by source and by how they stand.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::super::ConsoleServer;
use super::super::frame::{Frame, Section};
use super::super::page::page;
use super::super::place::encoded;
use super::super::problem::Problem;
use super::super::signed::{Right, Signed};
use super::super::units;
use super::{STATUSES, Tag, run_tag, shortened};
use crate::warehouse::{RunFilter, RunId, RunRecord, RunStatus};

/// Runs of a page.
const PAGE_RUNS: usize = 50;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    sumber: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    sebelum: String,
}

/// A choice of a filter.
struct Choice {
    word: String,
    label: String,
    is_chosen: bool,
}

/// A run in the list.
struct Listed {
    run: String,
    dataset: String,
    year: String,
    tag: Tag,
    began: String,
    took: String,
    rows: String,
    refused: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "console/operasi.html")]
struct RunsPage {
    frame: Frame,
    tab: &'static str,
    sources: Vec<Choice>,
    statuses: Vec<Choice>,
    runs: Vec<Listed>,
    next: Option<String>,
    first: Option<String>,
}

pub(super) async fn list(
    State(server): State<Arc<ConsoleServer>>,
    signed: Signed,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    signed.may(Right::Operate)?;
    let known: Vec<String> = server.parts.contracts.iter().map(|contract| contract.source.clone()).collect();
    let source = known.iter().find(|source| **source == asked.sumber).cloned();
    let status = RunStatus::from_word(&asked.status);
    let before: Option<RunId> = asked.sebelum.parse().ok();
    let filter = RunFilter {
        source: source.clone(),
        status,
        limit: Some(u32::try_from(PAGE_RUNS + 1).expect("a small number")),
        before: before.clone(),
        ..RunFilter::default()
    };
    let found = server
        .blocking(move |server| server.parts.warehouse.runs(&filter).map_err(|error| Problem::internal(&error)));
    let mut found = found.await?;
    let more = found.len() > PAGE_RUNS;
    found.truncate(PAGE_RUNS);
    let address = |before: Option<&RunId>| {
        let before = before.map(|run| format!("&sebelum={}", encoded(run.as_str()))).unwrap_or_default();
        let source = source.as_deref().map(encoded).unwrap_or_default();
        format!("/operasi?sumber={source}&status={}{before}", status.map_or("", RunStatus::word))
    };
    let choice =
        |word: &str, label: &str, is_chosen| Choice { word: word.to_owned(), label: label.to_owned(), is_chosen };
    let template = RunsPage {
        frame: Frame::new("Operasi", Section::Operations, &signed),
        tab: "proses",
        sources: known.iter().map(|name| choice(name, name, source.as_ref() == Some(name))).collect(),
        statuses: STATUSES.map(|one| choice(one.word(), run_tag(one).0, status == Some(one))).into(),
        next: found.last().filter(|_| more).map(|last| address(Some(&last.run))),
        first: before.map(|_| address(None)),
        runs: found.iter().map(|run| listed(run, &server)).collect(),
    };
    Ok(page(&template, StatusCode::OK))
}

fn listed(run: &RunRecord, server: &ConsoleServer) -> Listed {
    Listed {
        run: run.run.to_string(),
        dataset: run.dataset.to_string(),
        year: run.tahun_anggaran.map(|year| year.to_string()).unwrap_or_default(),
        tag: run_tag(run.status),
        began: units::moment(run.started_at, server.parts.zone),
        took: run.finished_at.map(|at| units::span(at - run.started_at)).unwrap_or_default(),
        rows: units::grouped(run.rows),
        refused: if run.quarantined > 0 { units::grouped(run.quarantined) } else { String::new() },
        reason: run.reason.as_deref().map(shortened).unwrap_or_default(),
    }
}
