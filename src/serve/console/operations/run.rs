//! `/operasi/proses/{run}`: one run as the ledger has it. The lines that the program logged meanwhile are not kept with a run; its
//! pages, its reason and its refused rows are.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::TimeDelta;
use serde::Deserialize;

use super::super::ConsoleServer;
use super::super::frame::{Frame, Section};
use super::super::page::page;
use super::super::problem::Problem;
use super::super::signed::{Right, Signed};
use super::super::units;
use super::{Tag, run_tag, shortened};
use crate::warehouse::{PartitionRecord, QuarantinedRow, RecordedPage, RunId, RunRecord, Stretch};

/// Requests, partitions or refused rows of a page, each in their own list.
const PORTION: u32 = 50;
/// Longest address of a request that is shown, in characters.
const URL_CHARS: usize = 160;

/// Which portions are asked for: how many are passed over.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    permintaan: u32,
    #[serde(default)]
    partisi: u32,
    #[serde(default)]
    baris: u32,
}

/// A list of which a portion is shown.
struct Part<T> {
    shown: Vec<T>,
    from: u32,
    next: Option<u32>,
}

struct Request {
    window: String,
    page: u32,
    attempt: u32,
    verdict: String,
    http: String,
    rows: String,
    size: String,
    took: String,
    sha: String,
    archived: &'static str,
    url: String,
}

struct Published {
    partition: String,
    rows: String,
    size: String,
    control: Vec<(String, String)>,
    superseded_by: Option<String>,
}

struct RefusedRow {
    page: u32,
    row: u64,
    column: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "console/operasi-proses.html")]
struct RunPage {
    frame: Frame,
    run: String,
    dataset: String,
    tag: Tag,
    reason: Option<String>,
    facts: Vec<(&'static str, String)>,
    replay_of: Option<String>,
    requests: Part<Request>,
    published: Part<Published>,
    refused: Part<RefusedRow>,
}

/// What the ledger has of a run.
struct Found {
    record: RunRecord,
    pages: Vec<RecordedPage>,
    partitions: Vec<PartitionRecord>,
    refused: Vec<QuarantinedRow>,
}

pub(super) async fn show(
    State(server): State<Arc<ConsoleServer>>,
    signed: Signed,
    Path(run): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    signed.may(Right::Operate)?;
    let id: RunId = run.parse().map_err(|_| Problem::NotFound)?;
    let skips = (asked.permintaan, asked.partisi, asked.baris);
    let found = server.blocking(move |server| read(server, &id, skips)).await?;
    let record = &found.record;
    let template = RunPage {
        frame: Frame::new(format!("Proses {}", record.dataset), Section::Operations, &signed),
        run: record.run.to_string(),
        dataset: record.dataset.to_string(),
        tag: run_tag(record.status),
        reason: record.reason.clone(),
        facts: facts(record, &server),
        replay_of: record.replay_of.as_ref().map(ToString::to_string),
        requests: part(found.pages.iter().map(request), skips.0),
        published: part(found.partitions.iter().map(published), skips.1),
        refused: part(found.refused.iter().map(refused), skips.2),
    };
    Ok(page(&template, StatusCode::OK))
}

fn read(server: &ConsoleServer, run: &RunId, skips: (u32, u32, u32)) -> Result<Found, Problem> {
    let warehouse = &server.parts.warehouse;
    let failed = |error| Problem::internal(&error);
    let portion = |skip| Stretch { skip, limit: PORTION + 1 };
    Ok(Found {
        record: warehouse.run_record(run).map_err(failed)?.ok_or(Problem::NotFound)?,
        pages: warehouse.run_pages(run, portion(skips.0)).map_err(failed)?,
        partitions: warehouse.run_partitions(run, portion(skips.1)).map_err(failed)?,
        refused: warehouse.run_refusals(run, portion(skips.2)).map_err(failed)?,
    })
}

/// The portion after `skip`, of which one more than is shown was read.
fn part<T>(read: impl Iterator<Item = T>, skip: u32) -> Part<T> {
    let mut shown: Vec<T> = read.collect();
    let more = shown.len() > PORTION as usize;
    shown.truncate(PORTION as usize);
    Part { shown, from: skip, next: more.then(|| skip.saturating_add(PORTION)) }
}

fn facts(run: &RunRecord, server: &ConsoleServer) -> Vec<(&'static str, String)> {
    let zone = server.parts.zone;
    let text = |text: Option<String>| text.unwrap_or_default();
    let accepted = run.accepted.as_ref();
    let accepted = accepted.map(|accepted| format!("{}, {}", accepted.by, units::moment(accepted.at, zone)));
    let mut facts = vec![
        ("Mulai", units::moment(run.started_at, zone)),
        ("Selesai", text(run.finished_at.map(|at| units::moment(at, zone)))),
        ("Lama", text(run.finished_at.map(|at| units::span(at - run.started_at)))),
        ("Tahun anggaran", text(run.tahun_anggaran.map(|year| year.to_string()))),
        ("Baris", units::grouped(run.rows)),
        ("Baris ditolak", units::grouped(run.quarantined)),
        ("Permintaan", units::grouped(run.pages)),
        ("Diterima", units::bytes(run.bytes)),
        ("Versi kontrak", run.contract_version.to_string()),
        ("Disetujui oleh", text(accepted)),
        ("Diminta dengan", text(run.parameters.clone())),
        ("Kunci hash", text(run.key_id.clone())),
    ];
    facts.retain(|(_, words)| !words.is_empty());
    facts
}

fn request(recorded: &RecordedPage) -> Request {
    let page = &recorded.page;
    Request {
        window: page.window.clone(),
        page: page.page,
        attempt: recorded.attempt,
        verdict: page.verdict.clone(),
        http: page.http_status.map(|status| status.to_string()).unwrap_or_default(),
        rows: units::grouped(page.rows),
        size: units::bytes(page.bytes),
        took: units::span(TimeDelta::milliseconds(i64::try_from(page.millis).unwrap_or(i64::MAX))),
        sha: page.sha256.chars().take(12).collect(),
        archived: match &page.raw {
            None => "tidak",
            Some(raw) if raw.sealed => "ya, tersegel",
            Some(_) => "ya",
        },
        url: page.url.chars().take(URL_CHARS).collect(),
    }
}

fn published(partition: &PartitionRecord) -> Published {
    Published {
        partition: partition.partition.to_string(),
        rows: units::grouped(partition.rows),
        size: units::bytes(partition.bytes),
        control: partition.sums.iter().map(|(column, sum)| (column.clone(), sum.to_string())).collect(),
        superseded_by: partition.superseded_by.as_ref().map(ToString::to_string),
    }
}

fn refused(row: &QuarantinedRow) -> RefusedRow {
    RefusedRow {
        page: row.page,
        row: row.row,
        column: row.column.clone().unwrap_or_default(),
        reason: shortened(&row.reason),
    }
}
