//! An answer as a file: CSV, Excel or Parquet, by the writers of `lumbung sql --format`. The question is asked anew, so that the file
//! has all its rows; one that does not fit the limits is no file at all, never half of one.
//!
//! Values are written as they are. In a workbook a text is a text cell, never a formula, whatever it begins with. CSV has no types:
//! what begins with `=`, `+`, `-` or `@` stands there unchanged, because every other reader would take a quote before it for a part
//! of the value; the page says so.

use std::io::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use futures::stream::BoxStream;
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::super::ConsoleServer;
use super::super::checked::Checked;
use super::super::problem::Problem;
use super::super::signed::Right;
use super::ROLE;
use super::fault::fault;
use crate::catalog::format;
use crate::catalog::{CatalogError, Format, QueryResult};
use crate::serve::postgres::{Asked, Desk, Told, cancelled, timed_out, told};

/// Largest file, in bytes.
pub(super) const BYTES_MAX: usize = 64 << 20;
/// Most rows of a file.
const ROWS_MAX: u64 = 1_000_000;
/// Most rows of a workbook, which is made in memory.
const XLSX_ROWS_MAX: u64 = 100_000;
/// Files that are made at a time.
static PLACES: Semaphore = Semaphore::const_new(2);

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    id: String,
    bentuk: String,
}

/// Most rows of a file here; `xlsx`: of a workbook.
pub(super) fn rows_max(server: &ConsoleServer, xlsx: bool) -> u64 {
    server.parts.sql.rows_max().min(if xlsx { XLSX_ROWS_MAX } else { ROWS_MAX })
}

pub(super) async fn download(
    State(server): State<Arc<ConsoleServer>>,
    Checked { signed, form: Wanted { id, bentuk } }: Checked<Wanted>,
) -> Result<Response, Problem> {
    signed.may(Right::Query)?;
    let question = server.questions.of(&signed, &id).ok_or(Problem::NotFound)?;
    let (format, kind, extension) = kind_of(&bentuk).ok_or(Problem::NotFound)?;
    let _place = PLACES
        .try_acquire()
        .map_err(|_| Problem::Unavailable("Berkas lain sedang dibuat. Cobalah lagi sebentar lagi.".to_owned()))?;
    let desk = &server.parts.sql;
    let entered = Entered { desk, asked: desk.asked(&signed.name, ROLE, 0, &question.sql), ended: None };
    let made = made(entered, format, rows_max(&server, format == Format::Xlsx)).await;
    let bytes = made.map_err(|told| {
        let fault = fault(&told, &question.sql);
        let hint = fault.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
        Problem::Conflict(format!("Berkas tidak dibuat. {}: {}{hint}", fault.title, fault.message))
    })?;
    let stamp = server.now().with_timezone(&server.parts.zone).format("%Y%m%d-%H%M%S");
    Ok(file(&format!("lumbung-{stamp}.{extension}"), kind, bytes))
}

fn kind_of(word: &str) -> Option<(Format, &'static str, &'static str)> {
    match word {
        "csv" => Some((Format::Csv, "text/csv; charset=utf-8", "csv")),
        "xlsx" => Some((Format::Xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx")),
        "parquet" => Some((Format::Parquet, "application/vnd.apache.parquet", "parquet")),
        _ => None,
    }
}

/// The name is made of digits and a fixed word: nothing that somebody typed stands in a header.
fn file(name: &str, kind: &'static str, bytes: Vec<u8>) -> Response {
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    let headers: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, disposition.unwrap_or_else(|_| HeaderValue::from_static("attachment"))),
    ];
    (StatusCode::OK, headers, bytes).into_response()
}

/// A question whose end is entered into the log, also where nobody waits for it any more.
struct Entered<'a> {
    desk: &'a Desk,
    asked: Asked,
    /// Rows, and why it failed.
    ended: Option<(u64, Option<Told>)>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let (rows, failed) = self.ended.take().unwrap_or((0, Some(cancelled())));
        self.desk.ended(&self.asked, rows, failed.as_ref());
    }
}

async fn made(mut entered: Entered<'_>, format: Format, rows_max: u64) -> Result<Vec<u8>, Told> {
    let desk = entered.desk;
    let mut bytes = Bounded(Vec::new());
    let work = async {
        let opened = desk.answer(&mut entered.asked).await?;
        let result = bounded(opened.result, rows_max);
        let written = format::write(result, format, &mut bytes).await;
        written.map_err(|error| match error {
            CatalogError::Write(_) => {
                Told::error("54000", format!("the file would be larger than {} MB", BYTES_MAX >> 20))
                    .with_hint("aggregate, choose fewer columns, or use lumbung sql or the SQL port")
            }
            other => told(&other),
        })
    };
    let done = tokio::time::timeout(desk.statement_timeout(), work).await.unwrap_or_else(|_| Err(timed_out()));
    entered.ended = Some(match &done {
        Ok(rows) => (*rows, None),
        Err(told) => (0, Some(told.clone())),
    });
    done.map(|_| bytes.0)
}

/// `result`, failing beyond so many rows.
fn bounded(result: QueryResult, rows_max: u64) -> QueryResult {
    let mut rows = 0;
    let counted = result.batches.map(move |batch| {
        let batch = batch?;
        rows += batch.num_rows() as u64;
        if rows > rows_max { Err(CatalogError::TooManyRows { limit: rows_max }) } else { Ok(batch) }
    });
    let batches: BoxStream<'static, _> = counted.boxed();
    QueryResult { schema: result.schema, batches }
}

/// A buffer that does not grow beyond [`BYTES_MAX`].
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > BYTES_MAX {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{BYTES_MAX, Bounded, kind_of};
    use std::io::Write;

    #[test]
    fn a_file_has_an_end_and_a_known_form() {
        let mut bounded = Bounded(vec![0; BYTES_MAX - 2]);
        assert!(bounded.write(b"ab").is_ok() && bounded.write(b"c").is_err());
        assert_eq!(bounded.0.len(), BYTES_MAX);
        assert!(["csv", "xlsx", "parquet"].iter().all(|word| kind_of(word).is_some()));
        assert!(["", "CSV", "json", "csv\r\nX: y"].iter().all(|word| kind_of(word).is_none()));
    }
}
