//! `/data/{table}/profil`: what stands in each column, computed when somebody asks, within the limits of the SQL port and a shorter
//! time. Least and greatest are values of a row, so columns about persons show none, and tables whose rows are persons none at all.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::UInt64Type;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::ConsoleServer;
use super::super::frame::{Frame, Section};
use super::super::page::page;
use super::super::problem::Problem;
use super::super::signed::{Right, Signed};
use super::super::units::grouped;
use crate::catalog::TableEntry;
use crate::catalog::dictionary::Access;

/// Longest that a profile may take.
const PROFILE_TIMEOUT: Duration = Duration::from_secs(20);
/// Longest value that is shown, in characters.
const VALUE_CHARS: usize = 80;

/// A column and what stands in it.
struct Profiled {
    name: String,
    sql_type: String,
    nulls: String,
    filled: String,
    distinct: String,
    least: String,
    greatest: String,
    is_number: bool,
}

#[derive(Template)]
#[template(path = "console/data-profile.html")]
struct ProfilePage {
    frame: Frame,
    name: String,
    rows: String,
    columns: Vec<Profiled>,
    /// Whether values of rows are shown.
    shows_values: bool,
    /// Why there is none.
    failed: Option<String>,
}

pub(super) async fn show(
    State(server): State<Arc<ConsoleServer>>,
    signed: Signed,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    signed.may(Right::Data)?;
    let stock = server.stock().await?;
    let table = stock.table(&name).ok_or(Problem::NotFound)?;
    let shape = stock.shapes.get(&name).ok_or(Problem::NotFound)?;
    let hidden = hidden(table);
    let done = server.parts.sql.profile(shape, &hidden, PROFILE_TIMEOUT).await;
    let (columns, rows, failed) = match done {
        Ok(batch) => (profiled(&batch), rows_of(&batch), None),
        Err(told) => (Vec::new(), 0, Some(told.message)),
    };
    let template = ProfilePage {
        frame: Frame::new(format!("Profil {name}"), Section::Data, &signed),
        name,
        rows: grouped(rows),
        columns,
        shows_values: table.access != Access::NonPublic,
        failed,
    };
    let status = if template.failed.is_some() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    Ok(page(&template, status))
}

/// Columns of which no value is shown.
fn hidden(table: &TableEntry) -> Vec<String> {
    let is_personal = table.access == Access::NonPublic;
    let columns = table.columns.iter().filter(|column| is_personal || column.class != "public");
    columns.map(|column| column.name.clone()).collect()
}

fn rows_of(batch: &RecordBatch) -> u64 {
    let rows = batch.column_by_name("rows").and_then(|column| column.as_primitive_opt::<UInt64Type>());
    rows.filter(|rows| !rows.is_empty()).map_or(0, |rows| rows.value(0))
}

fn profiled(batch: &RecordBatch) -> Vec<Profiled> {
    let text = |name: &str, row: usize| -> String {
        let column = batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
        column.filter(|column| column.is_valid(row)).map(|column| column.value(row).to_owned()).unwrap_or_default()
    };
    let nulls = batch.column_by_name("nulls").and_then(|column| column.as_primitive_opt::<UInt64Type>());
    let rows = rows_of(batch);
    let one = |row: usize| {
        let empty = nulls.map_or(0, |nulls| nulls.value(row));
        let sql_type = text("type", row);
        let is_number = ["DECIMAL", "INTEGER", "BIGINT", "Float"].iter().any(|word| sql_type.starts_with(word));
        Profiled {
            name: text("column", row),
            nulls: grouped(empty),
            filled: percent(rows.saturating_sub(empty), rows),
            distinct: text("distinct_approx", row).parse::<u64>().map(grouped).unwrap_or_default(),
            least: shortened(&text("min", row)),
            greatest: shortened(&text("max", row)),
            is_number,
            sql_type,
        }
    };
    (0..batch.num_rows()).map(one).collect()
}

/// `99,7%` of `whole`, cut: what is not all is never 100%.
fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return String::new();
    }
    let thousandths = u128::from(part) * 1_000 / u128::from(whole);
    format!("{},{}%", thousandths / 10, thousandths % 10)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(VALUE_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn what_is_not_all_is_never_a_hundred_percent() {
        assert_eq!(
            (percent(1, 3), percent(9_999, 10_000), percent(5, 5)),
            ("33,3%".to_owned(), "99,9%".to_owned(), "100,0%".to_owned())
        );
        assert_eq!(percent(0, 0), "");
    }
}
