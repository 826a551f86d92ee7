//! What changed from one edition of a report to another.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::super::ConsoleServer;
use super::super::desk::EditionChanges;
use super::super::frame::{Frame, Section};
use super::super::page::page;
use super::super::problem::Problem;
use super::super::signed::{Right, Signed};
use super::{EditionPath, href, mark_of};
use crate::id_id;
use crate::warehouse::EditionRecord;

/// Changed figures that are shown: a page stays small, and `lumbung report diff` has all of them.
const FIGURES_SHOWN: usize = 400;

#[derive(Template)]
#[template(path = "console/compare.html")]
struct ComparePage {
    frame: Frame,
    title: String,
    old: Side,
    new: Side,
    same: String,
    /// Changed figures that are left out.
    n_more: usize,
    changes: EditionChanges,
}

/// One of the two.
struct Side {
    href: String,
    label: String,
}

/// The two editions, `edition/number`.
#[derive(Deserialize)]
pub(super) struct Wanted {
    lama: String,
    baru: String,
}

pub(super) async fn compare(
    State(server): State<Arc<ConsoleServer>>,
    signed: Signed,
    Path(report): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Problem> {
    signed.may(Right::Reports)?;
    let Query(Wanted { lama, baru }) = wanted.map_err(|_| Problem::NotFound)?;
    let compared = move |server: &ConsoleServer| {
        let side = |key: &str| server.record(&path(&report, key).ok_or(Problem::NotFound)?);
        let (old, new) = (side(&lama)?, side(&baru)?);
        let changes = server.parts.desk.changes(&old, &new)?;
        Ok((server.title_of(&report), old, new, changes))
    };
    let (title, old, new, mut changes) = server.blocking(compared).await?;
    let n_more = changes.figures.len().saturating_sub(FIGURES_SHOWN);
    changes.figures.truncate(FIGURES_SHOWN);
    let template = ComparePage {
        frame: Frame::new(format!("Bandingkan {title}"), Section::Reports, &signed),
        title,
        old: Side::of(&old),
        new: Side::of(&new),
        same: id_id::count(i64::try_from(changes.same).unwrap_or(i64::MAX)),
        n_more,
        changes,
    };
    Ok(page(&template, StatusCode::OK))
}

fn path(report: &str, key: &str) -> Option<EditionPath> {
    let (edition, number) = key.split_once('/')?;
    Some(EditionPath { report: report.to_owned(), edition: edition.to_owned(), number: number.parse().ok()? })
}

impl Side {
    fn of(record: &EditionRecord) -> Self {
        let label = format!("{} {}", id_id::date_long(record.period), mark_of(record));
        Self { href: href(record), label: label.trim_end().to_owned() }
    }
}
