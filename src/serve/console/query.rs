//! `/sql`: questions in SQL, under the rules of the SQL port: the role `analyst`, its engine, memory, places, time and log
//! (`serve::postgres::Desk`).
//!
//! | file | what |
//! |---|---|
//! | [`running`] | questions that run, and their answers for a while |
//! | [`table`] | an answer as text, within limits |
//! | [`shown`] | the pages of an answer, running or not |
//! | [`download`] | an answer as a file |
//! | [`saved`] | queries that people keep |
//! | [`fault`] | what is wrong with a statement, and where |

mod download;
mod fault;
mod running;
mod saved;
mod shown;
mod table;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::ConsoleServer;
use super::checked::Checked;
use super::frame::{Frame, Section};
use super::page::{page, see};
use super::problem::Problem;
use super::signed::{Right, Signed};
use crate::config::PostgresRole;
use crate::warehouse::SavedQuery;
pub(super) use running::Questions;
use running::Refused;

/// Longest statement that the editor takes, in bytes; a form writes some characters as three.
const SQL_BYTES_MAX: usize = 16 << 10;
/// The same as a form.
const SQL_FORM_BYTES: usize = 4 * SQL_BYTES_MAX;
/// Longest statement that an address may bring along, in bytes.
const LINK_BYTES_MAX: usize = 2_000;
/// Whatever somebody is in the console: in SQL an analyst.
const ROLE: PostgresRole = PostgresRole::Analyst;

/// The limits that the pages name.
pub(super) struct Limits {
    pub(super) rows: String,
    pub(super) seconds: u64,
    pub(super) download_rows: String,
    pub(super) xlsx_rows: String,
    pub(super) download_mb: usize,
}

impl Limits {
    pub(super) fn of(server: &ConsoleServer) -> Self {
        Self {
            rows: super::units::grouped(table::ROWS_MAX as u64),
            seconds: server.parts.sql.statement_timeout().as_secs(),
            download_rows: super::units::grouped(download::rows_max(server, false)),
            xlsx_rows: super::units::grouped(download::rows_max(server, true)),
            download_mb: download::BYTES_MAX >> 20,
        }
    }
}

/// What the editor shows.
#[derive(Template)]
#[template(path = "console/sql.html")]
pub(super) struct EditorPage {
    frame: Frame,
    sql: String,
    limits: Limits,
    saved: Vec<saved::Listed>,
    /// The kept query that stands in the editor.
    opened: Option<saved::Opened>,
    /// The name under which the form would keep it.
    keep: String,
    keep_shared: bool,
    /// The address of more of the kept queries.
    more: Option<String>,
    /// A word on what was just done.
    done: Option<&'static str>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    sesudah: String,
    #[serde(default)]
    kabar: String,
}

#[derive(Debug, Deserialize)]
struct Statement {
    sql: String,
}

pub(super) fn routes() -> Router<Arc<ConsoleServer>> {
    Router::new()
        .route("/sql", get(editor))
        .route("/sql/jalan", post(run))
        .route("/sql/unduh", post(download::download))
        .route("/sql/kata", get(vocabulary))
        .route("/sql/hasil/{id}", get(shown::answer))
        .route("/sql/hasil/{id}/keadaan", get(shown::state))
        .route("/sql/hasil/{id}/batal", post(shown::cancel))
        .route("/sql/simpan", post(saved::save))
        .route("/sql/hapus", post(saved::remove))
        .route("/sql/simpanan/{owner}/{name}", get(saved::open))
}

async fn editor(
    State(server): State<Arc<ConsoleServer>>,
    signed: Signed,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    signed.may(Right::Query)?;
    editor_page(&server, &signed, asked, None).await
}

/// The editor, with the statement of the address or of a query that is kept.
async fn editor_page(
    server: &Arc<ConsoleServer>,
    signed: &Signed,
    asked: Asked,
    opened: Option<SavedQuery>,
) -> Result<Response, Problem> {
    let (saved, more) = saved::listed(server, &signed.name, &asked.sesudah).await?;
    let is_short = asked.q.len() <= LINK_BYTES_MAX;
    let sql = match &opened {
        Some(query) => query.sql.clone(),
        None if is_short => asked.q,
        None => String::new(),
    };
    let own = opened.as_ref().filter(|query| query.owner == signed.name);
    let template = EditorPage {
        frame: Frame::new("SQL", Section::Query, signed),
        keep: own.map(|query| query.name.clone()).unwrap_or_default(),
        keep_shared: own.is_some_and(|query| query.shared),
        sql,
        limits: Limits::of(server),
        saved,
        opened: opened.map(|query| saved::Opened::of(query, &signed.name)),
        more,
        done: saved::word(&asked.kabar),
    };
    Ok(page(&template, StatusCode::OK))
}

/// Runs a statement. What ends soon is shown at once; for the rest there is a page that asks again by itself.
async fn run(
    State(server): State<Arc<ConsoleServer>>,
    Checked { signed, form: Statement { sql } }: Checked<Statement, SQL_FORM_BYTES>,
) -> Result<Response, Problem> {
    signed.may(Right::Query)?;
    let sql = plain_lines(&sql);
    if sql.len() > SQL_BYTES_MAX {
        return Err(Problem::TooLong);
    }
    if sql.trim().is_empty() {
        return Err(Problem::Unreadable("Tulis dahulu pertanyaan SQL-nya.".to_owned()));
    }
    let begun = server.questions.begin(&server.parts.sql, &signed, &sql);
    let question = begun.map_err(|Refused| {
        let words = "Masih ada pertanyaan Anda yang berjalan. Tunggu sampai selesai, atau batalkan.";
        Problem::Conflict(words.to_owned())
    })?;
    // Whoever goes away meanwhile drops this, and the question with it.
    let held = question.hold();
    question.wait_a_moment().await;
    held.let_go();
    Ok(see(&format!("/sql/hasil/{}", question.id)))
}

/// A statement as it was typed: forms end lines with two characters.
fn plain_lines(sql: &str) -> String {
    sql.replace("\r\n", "\n")
}

/// What the editor completes.
async fn vocabulary(State(server): State<Arc<ConsoleServer>>, signed: Signed) -> Result<Response, Problem> {
    signed.may(Right::Query)?;
    let stock = server.stock().await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], stock.vocabulary.clone()).into_response())
}
