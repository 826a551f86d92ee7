//! Polars: an engine that shares no code with the writer looks at what was written.
//!
//! [`recount`] re-reads one Parquet file and says how many rows it holds and what its money columns add up to. It knows
//! nothing of the warehouse: a path goes in, exact figures come out, so that the warehouse can refuse a file that does
//! not hold what was handed to the writer. [`profile`] and [`drift`](mod@drift) are the quality gate on staged data: what a file's
//! columns look like, and whether that is too far from the snapshot before. [`diff`](mod@diff) says what differs between two
//! snapshots.
//!
//! **Invariant**: no figure passes through a float. Polars sums decimals as 128-bit integers.

pub mod diff;
pub mod drift;
mod profile;
mod sum;

pub use diff::{DiffError, DiffRequest, Difference, RowDifference, diff};
pub use drift::drift;
pub use profile::{Profile, ProfileRequest, profile};
pub use sum::{ExactSum, ParseSumError};

use polars::prelude::{
    AnyValue, DataFrame, Engine, Expr, HiveOptions, IdxSize, LazyFrame, PlRefPath, PolarsError, ScanArgsParquet, col,
    len,
};
use std::path::{Path, PathBuf};

/// What one Parquet file holds, as Polars counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recount {
    /// Rows in the file.
    pub rows: u64,
    /// One entry a money column, in the order asked for.
    pub columns: Vec<ColumnTotal>,
}

/// The total of one money column. `NULL` adds nothing; a column of `NULL`s only adds up to zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnTotal {
    /// The column's name.
    pub column: String,
    /// The exact sum at the column's own scale.
    pub sum: ExactSum,
    /// How many values are `NULL`.
    pub nulls: u64,
}

/// Why a file could not be counted.
#[derive(Debug, thiserror::Error)]
pub enum RecountError {
    /// Polars cannot read the file, or a column is missing from it.
    #[error("cannot recount {path}: {source}")]
    Read {
        /// The file that was read.
        path: PathBuf,
        /// What Polars said.
        source: PolarsError,
    },
    /// A column to be summed is not a decimal.
    #[error("cannot recount {path}: column {column} is {found}, only decimals are summed")]
    NotDecimal {
        /// The file that was read.
        path: PathBuf,
        /// The column that was asked for.
        column: String,
        /// What the column holds instead.
        found: String,
    },
    /// A sum that no `Decimal128` holds.
    #[error("cannot recount {path}: the sum of column {column} is too great")]
    TooGreat {
        /// The file that was read.
        path: PathBuf,
        /// The column that was summed.
        column: String,
    },
}

/// Rows of a file that are looked at together. Polars keeps what it has read of a file until the query ends: of ten million
/// rows a hundred megabytes, of a million one tenth.
const STEP_ROWS: u64 = 1 << 20;

/// Counts the rows of the Parquet file at `path` and sums its `money` columns (decimals) exactly.
///
/// The file is streamed in steps, so memory stays flat however long it is; column statistics are not believed.
///
/// # Errors
/// When the file cannot be read, a column is missing, or a column is not a decimal.
pub fn recount(path: &Path, money: &[String]) -> Result<Recount, RecountError> {
    recount_by(STEP_ROWS, path, money)
}

fn recount_by(step_rows: u64, path: &Path, money: &[String]) -> Result<Recount, RecountError> {
    let mut counted: Option<Recount> = None;
    in_steps(step_rows, path, |rows| {
        let frame = totals(rows, money).map_err(|source| RecountError::Read { path: path.to_path_buf(), source })?;
        let columns = money.iter().enumerate().map(|(i, column)| column_total(&frame, path, i, column));
        let step = Recount { rows: count(&frame, path, "rows")?, columns: columns.collect::<Result<_, _>>()? };
        let n = step.rows;
        counted = Some(match counted.take() {
            Some(before) => before.and(&step, path)?,
            None => step,
        });
        Ok(n)
    })?;
    Ok(counted.expect("there is a step, if one without rows"))
}

/// Hands over the rows of a file, `step_rows` at a time. `step` says how many rows it found.
fn in_steps(
    step_rows: u64,
    path: &Path,
    mut step: impl FnMut(LazyFrame) -> Result<u64, RecountError>,
) -> Result<(), RecountError> {
    let read = |source| RecountError::Read { path: path.to_path_buf(), source };
    let mut at = 0;
    loop {
        let n = step(scan(path).map_err(read)?.slice(at, step_rows as IdxSize))?;
        if n < step_rows {
            return Ok(());
        }
        at += i64::try_from(n).expect("a file has far fewer rows");
    }
}

impl Recount {
    /// The figures of both steps together.
    fn and(mut self, next: &Self, path: &Path) -> Result<Self, RecountError> {
        self.rows += next.rows;
        for (total, more) in self.columns.iter_mut().zip(&next.columns) {
            total.nulls += more.nulls;
            total.sum.unscaled = total
                .sum
                .unscaled
                .checked_add(more.sum.unscaled)
                .ok_or_else(|| RecountError::TooGreat { path: path.to_path_buf(), column: total.column.clone() })?;
        }
        Ok(self)
    }
}

/// One row: `rows`, then `sum<i>` and `nulls<i>` of every money column.
fn totals(rows: LazyFrame, money: &[String]) -> Result<DataFrame, PolarsError> {
    let mut wanted: Vec<Expr> = vec![len().alias("rows")];
    for (i, column) in money.iter().enumerate() {
        wanted.push(col(column.as_str()).sum().alias(format!("sum{i}")));
        // A sum is streamed; `null_count` would hold the whole column.
        wanted.push(col(column.as_str()).is_null().sum().alias(format!("nulls{i}")));
    }
    Ok(rows.select(wanted).collect_with_engine(Engine::Streaming)?.unwrap_single())
}

/// One file, taken literally: no pattern, no columns out of its folders' names, no belief in its statistics.
fn scan(path: &Path) -> Result<LazyFrame, PolarsError> {
    let args = ScanArgsParquet {
        glob: false,
        hive_options: HiveOptions { enabled: Some(false), ..HiveOptions::default() },
        use_statistics: false,
        cache: false,
        ..ScanArgsParquet::default()
    };
    LazyFrame::scan_parquet(PlRefPath::try_from_path(path)?, args)
}

fn column_total(frame: &DataFrame, path: &Path, i: usize, column: &str) -> Result<ColumnTotal, RecountError> {
    let sum = match value(frame, path, &format!("sum{i}"))? {
        AnyValue::Decimal(unscaled, _, scale) => ExactSum { unscaled, scale: scale_of(scale) },
        other => {
            let found = other.dtype().to_string();
            return Err(RecountError::NotDecimal { path: path.to_path_buf(), column: column.to_owned(), found });
        }
    };
    Ok(ColumnTotal { column: column.to_owned(), sum, nulls: count(frame, path, &format!("nulls{i}"))? })
}

fn scale_of(scale: usize) -> u8 {
    u8::try_from(scale).expect("a decimal's scale is at most its 38 digits")
}

fn count(frame: &DataFrame, path: &Path, name: &str) -> Result<u64, RecountError> {
    Ok(value(frame, path, name)?.extract::<u64>().expect("a count is an unsigned integer"))
}

fn value<'a>(frame: &'a DataFrame, path: &Path, name: &str) -> Result<AnyValue<'a>, RecountError> {
    let cell = frame.column(name).and_then(|column| column.get(0));
    cell.map_err(|source| RecountError::Read { path: path.to_path_buf(), source })
}

#[cfg(test)]
mod tests;
