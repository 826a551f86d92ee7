//! The difference of two snapshots: rows added, removed and changed, column by column.
//!
//! Snapshots of millions of rows and dozens of columns must fit into little memory, so whole rows never meet. One column at
//! a time is streamed by Polars and let go: first those that identify a row are folded into one hash a row, and the sorted
//! hashes of both sides merged, which says which row of the one side is which of the other; then each further column is
//! put into that order and compared. What is held at any time is the hashes, the row numbers, and one column twice.
//!
//! It knows nothing of the warehouse: paths of Parquet files go in, figures and rows come out.

mod column;
mod hashed;
mod pairs;
mod rows;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use polars::prelude::{DataType, Engine, Expr, LazyFrame, NULL, PolarsError, Series, UnionArgs, col, concat, lit};

use super::scan;
use super::sum::ExactSum;
use pairs::Pairs;

/// Two snapshots and how to tell their rows apart.
#[derive(Debug, Clone, Copy)]
pub struct DiffRequest<'a> {
    /// The files of the older snapshot.
    pub from: &'a [PathBuf],
    /// The files of the newer one.
    pub to: &'a [PathBuf],
    /// The columns that identify a row. None: rows are compared whole, as often as each is there; nothing is ever changed
    /// then, only added and removed.
    pub key: &'a [String],
    /// The columns that are compared, in the dataset's order; those of the key may be among them.
    pub columns: &'a [String],
    /// Most rows of each kind that are handed on.
    pub rows: usize,
    /// Set it to end the comparison before the next column is read.
    pub stop: &'a AtomicBool,
}

/// What differs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// Rows of the older snapshot.
    pub rows_from: u64,
    /// Rows of the newer one.
    pub rows_to: u64,
    /// Keys that only the newer one has.
    pub added: u64,
    /// Keys that only the older one has.
    pub removed: u64,
    /// Keys that both have, with another value in some column.
    pub changed: u64,
    /// Every column but the keys, in the dataset's order.
    pub columns: Vec<ColumnDifference>,
}

/// What differs in one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnDifference {
    /// Its name.
    pub column: String,
    /// Rows that both have, with another value here.
    pub changed: u64,
    /// For decimals: what the rows come to.
    pub money: Option<MoneyDifference>,
}

/// Sums of a decimal column; `NULL` adds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MoneyDifference {
    /// Of the rows added.
    pub added: ExactSum,
    /// Of the rows removed.
    pub removed: ExactSum,
    /// Of new minus old over the rows that both have.
    pub changed: ExactSum,
}

impl MoneyDifference {
    /// By how much the column's total moved.
    #[must_use]
    pub fn net(&self) -> ExactSum {
        let unscaled = self.added.unscaled - self.removed.unscaled + self.changed.unscaled;
        ExactSum { unscaled, scale: self.added.scale }
    }
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Only the newer snapshot has it.
    Added,
    /// Only the older one has it.
    Removed,
    /// Both have it, with different values.
    Changed,
}

impl Fate {
    /// The word for people and scripts.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// One row that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowDifference {
    /// What became of it.
    pub fate: Fate,
    /// The values of its key columns; `None` = NULL. Empty where rows are compared whole.
    pub key: Vec<Option<String>>,
    /// The columns that changed; of a row added or removed, those that hold anything.
    pub cells: Vec<Cell>,
}

/// One value of a row that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The column.
    pub column: String,
    /// What the older snapshot has; `None` = NULL, or no such row.
    pub old: Option<String>,
    /// What the newer one has.
    pub new: Option<String>,
}

/// Why two snapshots could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum DiffError {
    /// Polars cannot read a file.
    #[error("cannot compare the snapshots: {0}")]
    Read(#[from] PolarsError),
    /// A key column is in neither snapshot.
    #[error("the key column {column} is in no file of the {side} snapshot")]
    NoKey {
        /// The column.
        column: String,
        /// `older` or `newer`.
        side: &'static str,
    },
    /// The key does not tell rows apart.
    #[error("the key {key} does not tell the rows apart: {rows} rows of the {side} snapshot share it with others")]
    Ambiguous {
        /// The key columns.
        key: String,
        /// Rows whose key another row has, too.
        rows: u64,
        /// `older` or `newer`.
        side: &'static str,
    },
    /// More rows than can be numbered.
    #[error("a snapshot has more rows than can be compared (2^32)")]
    TooManyRows,
    /// Somebody asked for it.
    #[error("the comparison was stopped")]
    Stopped,
    /// The rows cannot be handed on.
    #[error("cannot write the rows that differ: {0}")]
    Write(#[from] std::io::Error),
}

/// Compares two snapshots and hands the rows that differ to `each`: those added, those removed, those changed, each in
/// the order of their files. Rows are the same row when all key columns are equal, NULL being equal to NULL; the key must be
/// unique within each snapshot. A column that a file lacks counts as NULL.
///
/// # Errors
/// When a file cannot be read, a key column is missing, the key is not unique, or `each` fails.
pub fn diff(
    request: &DiffRequest<'_>,
    each: &mut dyn FnMut(RowDifference) -> std::io::Result<()>,
) -> Result<Difference, DiffError> {
    let side = |name, paths| Side::open(name, paths, request.stop);
    let (from, to) = (side("older", request.from)?, side("newer", request.to)?);
    let pairs = Pairs::of(&from, &to, request)?;
    let mut found = Difference {
        rows_from: pairs.rows_from,
        rows_to: pairs.rows_to,
        added: pairs.added.len() as u64,
        removed: pairs.removed.len() as u64,
        ..Difference::default()
    };
    let mut changed = vec![false; pairs.both.len()];
    for name in request.columns.iter().filter(|column| !request.key.contains(column)) {
        let column = column::Both::read(&from, &to, name)?;
        found.columns.push(column.compare(name, &pairs, &mut changed)?);
    }
    found.changed = changed.iter().filter(|changed| **changed).count() as u64;
    let shown = pairs.first(request.rows, &changed);
    // The hand-over reads the columns again and needs neither.
    drop((pairs, changed));
    rows::hand_over(request, (&from, &to), &shown, each)?;
    Ok(found)
}

/// One snapshot: its files, and which columns each has.
struct Side<'a> {
    name: &'static str,
    stop: &'a AtomicBool,
    files: Vec<(LazyFrame, Vec<(String, DataType)>)>,
}

impl<'a> Side<'a> {
    fn open(name: &'static str, paths: &[PathBuf], stop: &'a AtomicBool) -> Result<Self, PolarsError> {
        let file = |path: &PathBuf| -> Result<_, PolarsError> {
            let mut scan = scan(path)?;
            let schema = scan.collect_schema()?;
            let columns = schema.iter().map(|(name, ty)| (name.to_string(), ty.clone())).collect();
            Ok((scan, columns))
        };
        Ok(Self { name, stop, files: paths.iter().map(file).collect::<Result<_, _>>()? })
    }

    /// The type of a column, in the first file that has it.
    fn data_type(&self, column: &str) -> Option<&DataType> {
        let mut all = self.files.iter().flat_map(|(_, columns)| columns);
        all.find(|(name, _)| name == column).map(|(_, ty)| ty)
    }

    /// The values of one column in all files, one after the other: always in the same order, so that a row has one number.
    fn column(&self, name: &str, ty: &DataType) -> Result<Series, DiffError> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(DiffError::Stopped);
        }
        let of_file = |(scan, has): &(LazyFrame, Vec<(String, DataType)>)| {
            let wanted: Expr = match has.iter().find(|(own, _)| own == name) {
                Some((_, own)) if own == ty => col(name),
                Some(_) => col(name).cast(ty.clone()),
                None => lit(NULL).cast(ty.clone()).alias(name),
            };
            // A literal alone would be one row: beside the file's own columns it is as long as they are.
            scan.clone().with_columns([wanted]).select([col(name)])
        };
        let mut parts: Vec<LazyFrame> = self.files.iter().map(of_file).collect();
        let frame = match parts.len() {
            0 => return Ok(Series::new_empty(name.into(), ty)),
            1 => parts.remove(0),
            _ => concat(parts, UnionArgs::default())?,
        };
        let frame = frame.collect_with_engine(Engine::Streaming)?.unwrap_single();
        Ok(frame.column(name)?.as_materialized_series().clone())
    }
}

/// The type in which a column of both sides is compared: the newer one's; where they are too different, text.
fn common_type(from: &Side<'_>, to: &Side<'_>, name: &str) -> DataType {
    match (from.data_type(name), to.data_type(name)) {
        (Some(old), Some(new)) if old != new && !(old.is_decimal() && new.is_decimal()) => DataType::String,
        (_, Some(ty)) | (Some(ty), None) => ty.clone(),
        (None, None) => DataType::String,
    }
}

#[cfg(test)]
mod tests;
