//! Where a report's rows come from, and how its code reads them.
//!
//! The caller owns the SQL session; this module only knows SQL text in and Arrow `RecordBatch`es out, so the report runs
//! over a live session, over yesterday's snapshots, or over batches a test builds.

use super::amount::Amount;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int64Type};
use chrono::NaiveDate;
use futures::future::BoxFuture;

/// What a session says when a query fails.
pub type QueryFailure = Box<dyn std::error::Error + Send + Sync>;

/// One consistent set of committed snapshots that answers SQL.
pub trait Rows: Send + Sync {
    /// All rows of one read-only query.
    fn rows<'a>(&'a self, sql: &'a str) -> BoxFuture<'a, Result<Vec<RecordBatch>, QueryFailure>>;
}

/// Why the rows of a section could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// The session refused or failed the query.
    #[error("queries/report/{query}.sql failed: {source}")]
    Query {
        /// The query's file stem.
        query: &'static str,
        /// What the session said.
        source: QueryFailure,
    },
    /// A column the report needs is not in the answer.
    #[error("queries/report/{query}.sql gives no column {column}: select it")]
    ColumnMissing {
        /// The query's file stem.
        query: &'static str,
        /// The missing column.
        column: &'static str,
    },
    /// A column has a type that cannot carry the figure exactly.
    #[error("queries/report/{query}.sql gives {column} as {found}, the report needs {wanted}: cast it in the query")]
    ColumnType {
        /// The query's file stem.
        query: &'static str,
        /// The column.
        column: &'static str,
        /// The type found.
        found: DataType,
        /// The type wanted.
        wanted: &'static str,
    },
    /// A cell that must have a value is null.
    #[error("queries/report/{query}.sql gives a null {column} in row {row}: filter or coalesce it in the query")]
    Null {
        /// The query's file stem.
        query: &'static str,
        /// The column.
        column: &'static str,
        /// The row, counted from 1.
        row: usize,
    },
    /// The batches of one answer do not fit together.
    #[error("queries/report/{query}.sql gives batches of different shapes: {source}")]
    Shape {
        /// The query's file stem.
        query: &'static str,
        /// What Arrow said.
        source: arrow::error::ArrowError,
    },
}

/// One query of a report: its file stem and its text.
#[derive(Debug, Clone, Copy)]
pub struct Query {
    /// The file's stem below `queries/report/`.
    pub name: &'static str,
    /// Plain SQL without parameters, so that it also runs in any SQL shell.
    pub sql: &'static str,
}

/// The whole answer of one query, with typed access by column name.
pub(crate) struct Table {
    query: &'static str,
    batch: Option<RecordBatch>,
}

impl Table {
    /// Asks `rows` for `query`.
    pub(crate) async fn ask(rows: &dyn Rows, query: Query) -> Result<Self, RowsError> {
        let name = query.name;
        let batches = rows.rows(query.sql).await.map_err(|source| RowsError::Query { query: name, source })?;
        let batch = match batches.first() {
            None => None,
            Some(first) => Some(
                concat_batches(&first.schema(), &batches)
                    .map_err(|source| RowsError::Shape { query: name, source })?,
            ),
        };
        Ok(Self { query: name, batch })
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.batch.as_ref().map_or(0, RecordBatch::num_rows)
    }

    /// Exact figures: decimals and integers. A float is refused, it has already lost what a figure is.
    pub(crate) fn amounts(&self, column: &'static str) -> Result<Vec<Option<Amount>>, RowsError> {
        let Some(array) = self.column(column)? else { return Ok(Vec::new()) };
        let wanted = match array.data_type() {
            DataType::Decimal128(_, scale) if *scale >= 0 => array.data_type().clone(),
            DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal256(_, scale)
                if *scale >= 0 =>
            {
                DataType::Decimal128(38, *scale)
            }
            data_type if data_type.is_integer() => DataType::Decimal128(38, 0),
            _ => return Err(self.wrong_type(column, &array, "a decimal")),
        };
        let array = self.cast(column, &array, &wanted, "a decimal of at most 38 digits")?;
        let decimals = array.as_primitive::<Decimal128Type>();
        let scale = u32::from(decimals.scale().unsigned_abs());
        Ok(decimals.iter().map(|cell| cell.map(|unscaled| Amount::new(unscaled, scale))).collect())
    }

    /// Figures that must be there.
    pub(crate) fn amounts_required(&self, column: &'static str) -> Result<Vec<Amount>, RowsError> {
        self.required(column, self.amounts(column)?)
    }

    /// Whole numbers.
    pub(crate) fn integers(&self, column: &'static str) -> Result<Vec<i64>, RowsError> {
        let Some(array) = self.column(column)? else { return Ok(Vec::new()) };
        if !array.data_type().is_integer() {
            return Err(self.wrong_type(column, &array, "an integer"));
        }
        let array = self.cast(column, &array, &DataType::Int64, "an integer of 64 bits")?;
        self.required(column, array.as_primitive::<Int64Type>().iter().collect())
    }

    /// Text, however Arrow stores it; an integer reads as its digits.
    pub(crate) fn texts(&self, column: &'static str) -> Result<Vec<Option<String>>, RowsError> {
        let Some(array) = self.column(column)? else { return Ok(Vec::new()) };
        let array = self.cast(column, &array, &DataType::Utf8, "text")?;
        Ok(array.as_string::<i32>().iter().map(|cell| cell.map(str::to_owned)).collect())
    }

    /// Text that must be there: codes and keys.
    pub(crate) fn texts_required(&self, column: &'static str) -> Result<Vec<String>, RowsError> {
        self.required(column, self.texts(column)?)
    }

    /// Dates that must be there.
    pub(crate) fn dates(&self, column: &'static str) -> Result<Vec<NaiveDate>, RowsError> {
        let Some(array) = self.column(column)? else { return Ok(Vec::new()) };
        if *array.data_type() != DataType::Date32 {
            return Err(self.wrong_type(column, &array, "a date"));
        }
        let dates = array.as_primitive::<Date32Type>();
        self.required(column, dates.iter().map(|cell| cell.and_then(Date32Type::to_naive_date_opt)).collect())
    }

    fn required<T>(&self, column: &'static str, cells: Vec<Option<T>>) -> Result<Vec<T>, RowsError> {
        let null = |row| RowsError::Null { query: self.query, column, row: row + 1 };
        cells.into_iter().enumerate().map(|(row, cell)| cell.ok_or_else(|| null(row))).collect()
    }

    fn column(&self, column: &'static str) -> Result<Option<ArrayRef>, RowsError> {
        let Some(batch) = &self.batch else { return Ok(None) };
        let array = batch.column_by_name(column).ok_or(RowsError::ColumnMissing { query: self.query, column })?;
        Ok(Some(array.clone()))
    }

    fn cast(
        &self,
        column: &'static str,
        array: &ArrayRef,
        to: &DataType,
        wanted: &'static str,
    ) -> Result<ArrayRef, RowsError> {
        let safe = cast(array, to).map_err(|_| self.wrong_type(column, array, wanted))?;
        // Arrow's cast turns what does not fit into null; a figure must not vanish that way.
        if safe.null_count() == array.null_count() { Ok(safe) } else { Err(self.wrong_type(column, array, wanted)) }
    }

    fn wrong_type(&self, column: &'static str, array: &ArrayRef, wanted: &'static str) -> RowsError {
        RowsError::ColumnType { query: self.query, column, found: array.data_type().clone(), wanted }
    }
}

#[cfg(test)]
mod tests {
    use super::{Query, QueryFailure, Rows, RowsError, Table};
    use crate::report::amount::Amount;
    use arrow::array::{ArrayRef, Decimal128Array, Float64Array, Int32Array, RecordBatch, StringViewArray};
    use futures::future::BoxFuture;
    use std::sync::Arc;

    struct Fixed(Vec<RecordBatch>);

    impl Rows for Fixed {
        fn rows<'a>(&'a self, _sql: &'a str) -> BoxFuture<'a, Result<Vec<RecordBatch>, QueryFailure>> {
            Box::pin(async { Ok(self.0.clone()) })
        }
    }

    fn batch() -> RecordBatch {
        let money = Decimal128Array::from(vec![Some(12_345), None]).with_precision_and_scale(20, 2).unwrap();
        RecordBatch::try_from_iter([
            ("money", Arc::new(money) as ArrayRef),
            ("float", Arc::new(Float64Array::from(vec![1.5, 2.5]))),
            ("year", Arc::new(Int32Array::from(vec![2026, 2025]))),
            ("name", Arc::new(StringViewArray::from(vec![Some("a"), None]))),
        ])
        .unwrap()
    }

    async fn table(batches: Vec<RecordBatch>) -> Table {
        Table::ask(&Fixed(batches), Query { name: "probe", sql: "SELECT 1" }).await.unwrap()
    }

    #[tokio::test]
    async fn figures_are_exact_and_floats_are_refused() {
        let table = table(vec![batch(), batch()]).await;
        assert_eq!(table.len(), 4);
        assert_eq!(table.amounts("money").unwrap()[0], Some(Amount::new(12_345, 2)));
        assert_eq!(table.amounts("year").unwrap()[1], Some(Amount::whole(2025)));
        assert_eq!(table.integers("year").unwrap(), [2026, 2025, 2026, 2025]);
        assert_eq!(table.texts("name").unwrap()[..2], [Some("a".to_owned()), None]);
        let message = table.amounts("float").unwrap_err().to_string();
        assert_eq!(
            message,
            "queries/report/probe.sql gives float as Float64, the report needs a decimal: cast it in the query"
        );
        assert!(matches!(table.amounts_required("money"), Err(RowsError::Null { row: 2, .. })));
        assert!(matches!(table.texts("absent"), Err(RowsError::ColumnMissing { column: "absent", .. })));
    }

    #[tokio::test]
    async fn no_batches_are_no_rows() {
        let table = table(Vec::new()).await;
        assert_eq!(table.len(), 0);
        assert!(table.amounts("money").unwrap().is_empty());
    }
}
