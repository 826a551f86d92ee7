//! A result as table, CSV, JSON, NDJSON, Parquet, XLSX or Markdown.
//!
//! Decimals are printed with all their digits and never pass through a float (XLSX: see [`xlsx`]). Dates are ISO 8601,
//! instants are UTC. Nothing is cut: what a format cannot hold is an error that says so.
//!
//! | format | NULL | decimals | streams |
//! |---|---|---|---|
//! | `table` | `NULL` | text, right-aligned | no, it measures the columns first |
//! | `csv` | empty | text | yes |
//! | `json`, `ndjson` | `null` | JSON numbers with all digits | yes |
//! | `parquet` | NULL | decimal | yes |
//! | `xlsx` | empty cell | numbers up to 15 digits, else text | no |
//! | `markdown` | empty | text, right-aligned | yes |

mod text;
pub mod xlsx;

use std::collections::BTreeSet;
use std::fmt;
use std::io::Write;
use std::str::FromStr;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use arrow::json::writer::{JsonArray, JsonFormat, LineDelimited};
use futures::StreamExt;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::error::CatalogError;
use super::session::QueryResult;

/// How a result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Aligned columns for a terminal, with the number of rows below.
    Table,
    /// RFC 4180 with `\n`, header first, quoted where needed.
    Csv,
    /// One array of objects.
    Json,
    /// One object a line.
    Ndjson,
    /// Parquet, zstd.
    Parquet,
    /// An Excel workbook with one sheet.
    Xlsx,
    /// A pipe table.
    Markdown,
}

impl Format {
    /// Every format, in the order of the documentation.
    pub const ALL: [Self; 7] =
        [Self::Table, Self::Csv, Self::Json, Self::Ndjson, Self::Parquet, Self::Xlsx, Self::Markdown];

    /// The name on the command line; [`FromStr`] reads it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
            Self::Xlsx => "xlsx",
            Self::Markdown => "markdown",
        }
    }

    /// Is the output bytes that do not belong on a terminal?
    #[must_use]
    pub fn is_binary(self) -> bool {
        matches!(self, Self::Parquet | Self::Xlsx)
    }

    fn fail(self, reason: impl fmt::Display) -> CatalogError {
        CatalogError::Format { format: self.name(), reason: reason.to_string() }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = CatalogError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|format| format.name()).collect();
            CatalogError::Query(format!("unknown format {name}; the formats are {}", names.join(", ")))
        })
    }
}

/// Writes every row of `result` to `out` and returns their number. After an error `out` may hold a beginning.
pub async fn write(result: QueryResult, format: Format, out: &mut (dyn Write + Send)) -> Result<u64, CatalogError> {
    match format {
        Format::Table => text::table(result, out).await,
        Format::Markdown => text::markdown(result, out).await,
        Format::Csv => csv(result, out).await,
        Format::Json => json::<JsonArray>(result, format, out).await,
        Format::Ndjson => json::<LineDelimited>(result, format, out).await,
        Format::Parquet => parquet(result, out).await,
        Format::Xlsx => xlsx::write(result, out).await,
    }
}

/// Writes every row of `result` as a block, one line a column, and returns their number.
pub async fn expanded(result: QueryResult, out: &mut (dyn Write + Send)) -> Result<u64, CatalogError> {
    text::expanded(result, out).await
}

/// Hands each batch to `each` and counts the rows.
async fn for_each(
    mut result: QueryResult,
    mut each: impl FnMut(&RecordBatch) -> Result<(), CatalogError>,
) -> Result<u64, CatalogError> {
    let mut rows = 0;
    while let Some(batch) = result.batches.next().await {
        let batch = batch?;
        rows += batch.num_rows() as u64;
        each(&batch)?;
    }
    Ok(rows)
}

async fn csv(result: QueryResult, out: &mut (dyn Write + Send)) -> Result<u64, CatalogError> {
    let schema = Arc::clone(&result.schema);
    let mut writer = arrow::csv::WriterBuilder::new().with_header(true).build(out);
    // An empty batch first: the header stands even when no row follows.
    writer.write(&RecordBatch::new_empty(text::flat_schema(&schema))).map_err(|e| failed(Format::Csv, e))?;
    for_each(result, |batch| {
        let flat = text::flat_batch(batch).map_err(|e| failed(Format::Csv, e))?;
        writer.write(&flat).map_err(|e| failed(Format::Csv, e))
    })
    .await
}

async fn json<F: JsonFormat>(
    result: QueryResult,
    format: Format,
    out: &mut (dyn Write + Send),
) -> Result<u64, CatalogError> {
    distinct_names(&result.schema, format)?;
    let mut writer = arrow::json::WriterBuilder::new().with_explicit_nulls(true).build::<_, F>(&mut *out);
    let rows = for_each(result, |batch| writer.write(batch).map_err(|e| failed(format, e))).await?;
    writer.finish().map_err(|e| failed(format, e))?;
    drop(writer);
    if format == Format::Json {
        out.write_all(b"\n").map_err(CatalogError::Write)?;
    }
    Ok(rows)
}

async fn parquet(result: QueryResult, out: &mut (dyn Write + Send)) -> Result<u64, CatalogError> {
    distinct_names(&result.schema, Format::Parquet)?;
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    let schema = Arc::clone(&result.schema);
    let fail = |error: ParquetError| match error {
        ParquetError::External(cause) => match cause.downcast::<std::io::Error>() {
            Ok(source) => CatalogError::Write(*source),
            Err(other) => Format::Parquet.fail(other),
        },
        other => Format::Parquet.fail(other),
    };
    let mut writer = ArrowWriter::try_new(out, schema, Some(properties)).map_err(fail)?;
    let rows = for_each(result, |batch| writer.write(batch).map_err(fail)).await?;
    writer.close().map_err(fail)?;
    Ok(rows)
}

/// Readers of JSON and Parquet silently keep one of two columns with the same name.
fn distinct_names(schema: &Schema, format: Format) -> Result<(), CatalogError> {
    let mut seen = BTreeSet::new();
    match schema.fields().iter().find(|field| !seen.insert(field.name())) {
        Some(twice) => {
            Err(format.fail(format_args!("two columns are called {}; give one another name with AS", twice.name())))
        }
        None => Ok(()),
    }
}

/// Tells a failing output from a value that the format cannot hold.
fn failed(format: Format, error: ArrowError) -> CatalogError {
    match error {
        ArrowError::IoError(_, source) => CatalogError::Write(source),
        other => format.fail(other),
    }
}

#[cfg(test)]
mod tests;
