//! The two formats made for eyes: an aligned table and a Markdown table.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::super::error::CatalogError;
use super::super::session::QueryResult;
use super::{Format, failed, for_each};

/// Writes columns as wide as their longest cell. Line breaks and other control characters are shown escaped.
pub(super) async fn table(result: QueryResult, out: &mut (dyn Write + Send)) -> Result<u64, CatalogError> {
    let schema = Arc::clone(&result.schema);
    let mut lines = vec![schema.fields().iter().map(|field| visible(field.name())).collect::<Vec<_>>()];
    let rows = for_each(result, |batch| {
        let cells = cells(batch, "NULL").map_err(|e| failed(Format::Table, e))?;
        lines.extend(cells.into_iter().map(|row| row.iter().map(|cell| visible(cell)).collect()));
        Ok(())
    })
    .await?;
    let columns = schema.fields().len();
    let width = |i: usize| lines.iter().map(|line| line[i].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let right: Vec<bool> = schema.fields().iter().map(|field| is_number(field.data_type())).collect();

    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        let cells: Vec<String> = (0..columns).map(|i| pad(&line[i], widths[i], right[i])).collect();
        text.push_str(format!(" {}", cells.join(" | ")).trim_end());
        text.push('\n');
        if number == 0 {
            let rules: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
            text.push_str(&rules.join("+"));
            text.push('\n');
        }
    }
    text.push_str(&format!("({rows} {})\n", if rows == 1 { "row" } else { "rows" }));
    out.write_all(text.as_bytes()).map_err(CatalogError::Write)?;
    Ok(rows)
}

/// Writes each row as a block of lines, one a column: for rows that are wider than the screen.
pub(super) async fn expanded(result: QueryResult, out: &mut (dyn Write + Send)) -> Result<u64, CatalogError> {
    let names: Vec<String> = result.schema.fields().iter().map(|field| visible(field.name())).collect();
    let mut rows: Vec<Vec<String>> = Vec::new();
    let count = for_each(result, |batch| {
        let cells = cells(batch, "NULL").map_err(|e| failed(Format::Table, e))?;
        rows.extend(cells.into_iter().map(|row| row.iter().map(|cell| visible(cell)).collect()));
        Ok(())
    })
    .await?;
    let widest = |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let left = widest(&mut names.iter());
    let right = widest(&mut rows.iter().flatten());
    let mut text = String::new();
    for (i, row) in rows.iter().enumerate() {
        let head = format!("-[ {} ]", i + 1);
        text.push_str(&format!("{head:-<width$}+{}\n", "-".repeat(right + 1), width = left + 1));
        for (name, cell) in names.iter().zip(row) {
            text.push_str(format!("{name:<left$} | {cell}").trim_end());
            text.push('\n');
        }
    }
    text.push_str(&format!("({count} {})\n", if count == 1 { "row" } else { "rows" }));
    out.write_all(text.as_bytes()).map_err(CatalogError::Write)?;
    Ok(count)
}

/// Writes a pipe table; `|` is escaped and a line break becomes `<br>`.
pub(super) async fn markdown(result: QueryResult, out: &mut (dyn Write + Send)) -> Result<u64, CatalogError> {
    let schema = Arc::clone(&result.schema);
    let escape = |text: &str| {
        let one_line = text.replace("\r\n", "\n").replace(['\n', '\r'], "<br>");
        one_line.replace('\\', "\\\\").replace('|', "\\|")
    };
    let mut put = |cells: Vec<String>| writeln!(out, "| {} |", cells.join(" | ")).map_err(CatalogError::Write);
    put(schema.fields().iter().map(|field| escape(field.name())).collect())?;
    let rule = |field: &Arc<Field>| if is_number(field.data_type()) { "---:" } else { "---" }.to_owned();
    put(schema.fields().iter().map(rule).collect())?;
    for_each(result, |batch| {
        let rows = cells(batch, "").map_err(|e| failed(Format::Markdown, e))?;
        rows.into_iter().try_for_each(|row| put(row.iter().map(|cell| escape(cell)).collect()))
    })
    .await
}

/// The cells of a batch, row by row.
fn cells(batch: &RecordBatch, null: &str) -> Result<Vec<Vec<String>>, ArrowError> {
    let options = FormatOptions::default().with_null(null);
    let columns: Vec<ArrayFormatter> =
        batch.columns().iter().map(|c| ArrayFormatter::try_new(c, &options)).collect::<Result<_, _>>()?;
    (0..batch.num_rows())
        .map(|row| columns.iter().map(|column| column.value(row).try_to_string()).collect())
        .collect()
}

/// The schema of [`flat_batch`].
pub(super) fn flat_schema(schema: &Schema) -> SchemaRef {
    let flat = |field: &Arc<Field>| match field.data_type().is_nested() {
        true => Arc::new(Field::new(field.name(), DataType::Utf8, true)),
        false => Arc::clone(field),
    };
    Arc::new(Schema::new(schema.fields().iter().map(flat).collect::<Vec<_>>()))
}

/// `batch` with lists and structs as text, for formats that have only cells.
pub(super) fn flat_batch(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let options = FormatOptions::default();
    let flat = |column: &ArrayRef| -> Result<ArrayRef, ArrowError> {
        if !column.data_type().is_nested() {
            return Ok(Arc::clone(column));
        }
        let formatter = ArrayFormatter::try_new(column, &options)?;
        let cell = |row| column.is_valid(row).then(|| formatter.value(row).try_to_string()).transpose();
        Ok(Arc::new((0..column.len()).map(cell).collect::<Result<StringArray, _>>()?))
    };
    let columns = batch.columns().iter().map(flat).collect::<Result<Vec<_>, _>>()?;
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(flat_schema(&batch.schema()), columns, &rows)
}

fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric()
}

fn pad(cell: &str, width: usize, right: bool) -> String {
    if right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
}

/// Control characters escaped: a cell must not move the cursor or colour the terminal.
fn visible(cell: &str) -> String {
    if !cell.chars().any(char::is_control) {
        return cell.to_owned();
    }
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    cell.chars().map(escape).collect()
}
