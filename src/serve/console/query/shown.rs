//! `/sql/hasil/{id}`: the page of a question, while it runs and after. Only the session that asked sees it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::json;

use super::super::ConsoleServer;
use super::super::checked::Checked;
use super::super::frame::{Frame, Section};
use super::super::page::{page, see};
use super::super::problem::Problem;
use super::super::signed::{Right, Signed};
use super::super::units;
use super::Limits;
use super::fault::{Fault, fault};
use super::running::{Question, Stage};
use super::table::{Answer, Cell, Column};

/// Most rows of a page.
const PAGE_ROWS: usize = 100;
/// About so many bytes of rows on a page.
const PAGE_BYTES: usize = 48 << 10;
/// What a cell takes beside its text: its tags.
const CELL_BYTES: usize = 28;

/// The rows of a page, and where they stand in the answer.
struct Rows<'a> {
    columns: &'a [Column],
    rows: Vec<(usize, Vec<(&'a Cell, bool)>)>,
    from: usize,
    to: usize,
    total: usize,
    next: Option<String>,
    first: Option<String>,
    rows_cut: bool,
    columns_cut: usize,
    cells_cut: bool,
}

#[derive(Template)]
#[template(path = "console/sql-answer.html")]
struct AnswerPage<'a> {
    frame: Frame,
    id: &'a str,
    sql: &'a str,
    limits: Limits,
    keep: &'static str,
    keep_shared: bool,
    took: String,
    runs: bool,
    seconds: u64,
    rows: Option<Rows<'a>>,
    fault: Option<Fault>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct From {
    #[serde(default)]
    mulai: usize,
}

#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

fn question(server: &ConsoleServer, signed: &Signed, id: &str) -> Result<Arc<Question>, Problem> {
    signed.may(Right::Query)?;
    server.questions.of(signed, id).ok_or(Problem::NotFound)
}

pub(super) async fn answer(
    State(server): State<Arc<ConsoleServer>>,
    signed: Signed,
    Path(id): Path<String>,
    Query(From { mulai }): Query<From>,
) -> Result<Response, Problem> {
    let question = question(&server, &signed, &id)?;
    let stage = question.stage();
    let (rows, fault, took) = match &stage {
        Stage::Running => (None, None, question.age()),
        Stage::Done(answer, took) => (Some(rows(answer, &id, mulai)), None, *took),
        Stage::Failed(told, took) => (None, Some(fault(told, &question.sql)), *took),
    };
    let title = match (&stage, &fault) {
        (Stage::Running, _) => "Pertanyaan berjalan",
        (_, Some(_)) => "Pertanyaan gagal",
        _ => "Hasil pertanyaan",
    };
    let template = AnswerPage {
        frame: Frame::new(title, Section::Query, &signed),
        id: &id,
        sql: &question.sql,
        limits: Limits::of(&server),
        keep: "",
        keep_shared: false,
        took: units::span(TimeDelta::from_std(took).unwrap_or(TimeDelta::MAX)),
        runs: matches!(stage, Stage::Running),
        seconds: question.age().as_secs(),
        rows,
        fault,
    };
    Ok(page(&template, StatusCode::OK))
}

/// How a question stands, for the script of its page.
pub(super) async fn state(
    State(server): State<Arc<ConsoleServer>>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let question = question(&server, &signed, &id)?;
    let runs = matches!(question.stage(), Stage::Running);
    let text = json!({ "runs": runs, "seconds": question.age().as_secs() }).to_string();
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

/// Stops a question.
pub(super) async fn cancel(
    State(server): State<Arc<ConsoleServer>>,
    Path(id): Path<String>,
    Checked { signed, form: Nothing {} }: Checked<Nothing>,
) -> Result<Response, Problem> {
    let question = question(&server, &signed, &id)?;
    question.stop();
    question.wait_a_moment().await;
    Ok(see(&format!("/sql/hasil/{}", question.id)))
}

/// As many rows from `from` on as a page holds; one at least.
fn rows<'a>(answer: &'a Answer, id: &str, from: usize) -> Rows<'a> {
    let total = answer.rows.len();
    let from = from.min(total.saturating_sub(1));
    let mut bytes = 0;
    let mut shown = Vec::new();
    for (number, row) in answer.rows.iter().enumerate().skip(from).take(PAGE_ROWS) {
        bytes += row.iter().map(|cell| cell.as_deref().map_or(0, escaped_bytes) + CELL_BYTES).sum::<usize>();
        if bytes > PAGE_BYTES && !shown.is_empty() {
            break;
        }
        let is_number = answer.columns.iter().map(|column| column.is_number);
        shown.push((number + 1, row.iter().zip(is_number).collect()));
    }
    let to = from + shown.len();
    Rows {
        columns: &answer.columns,
        rows: shown,
        from: (from + 1).min(total),
        to,
        total,
        next: (to < total).then(|| format!("/sql/hasil/{id}?mulai={to}")),
        first: (from > 0).then(|| format!("/sql/hasil/{id}")),
        rows_cut: answer.rows_cut,
        columns_cut: answer.columns_cut,
        cells_cut: answer.cells_cut,
    }
}

/// The bytes of `text` in a page.
fn escaped_bytes(text: &str) -> usize {
    text.bytes().map(|byte| if matches!(byte, b'<' | b'>' | b'&' | b'"' | b'\'') { 5 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::{PAGE_BYTES, PAGE_ROWS, rows};
    use crate::serve::console::query::table::{Answer, Column};

    fn answer(n: usize, columns: usize, cell: &str) -> Answer {
        let column = Column { name: "a".to_owned(), sql_type: "text".to_owned(), is_number: false };
        Answer {
            columns: vec![column; columns],
            rows: vec![vec![Some(cell.to_owned()); columns]; n],
            ..Answer::default()
        }
    }

    #[test]
    fn pages_are_short_and_lead_on() {
        let long = answer(250, 1, "1");
        let first = rows(&long, "x", 0);
        assert_eq!((first.from, first.to, first.total), (1, PAGE_ROWS, 250));
        assert_eq!((first.next.as_deref(), first.first.as_deref()), (Some("/sql/hasil/x?mulai=100"), None));
        let last = rows(&long, "x", 200);
        assert_eq!((last.from, last.to, last.next.is_none()), (201, 250, true));
        assert_eq!(rows(&long, "x", 9_999).from, 250);
        let none = rows(&answer(0, 1, ""), "x", 7).total;
        assert_eq!(none, 0);
    }

    #[test]
    fn wide_rows_fill_a_page_sooner_and_one_is_always_shown() {
        let wide = answer(100, 100, &"&".repeat(60));
        let shown = rows(&wide, "x", 0);
        assert_eq!(shown.rows.len(), PAGE_BYTES / (100 * (60 * 5 + 28)));
        let huge = answer(2, 100, &"&".repeat(600));
        assert_eq!(rows(&huge, "x", 0).rows.len(), 1);
    }
}
