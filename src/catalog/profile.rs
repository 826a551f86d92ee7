//! What stands in each column of a table, in one pass over it: `\profile` of the shell, and the console's pages.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema};

use super::error::CatalogError;
use super::session::{Catalog, QueryResult};
use super::shape::{ColumnShape, TableShape};

/// Figures of a column in the one row that the query gives: values, distinct ones, least, greatest, sum.
const FIGURES: usize = 5;

/// The profile of `shape`: a row a column, `column`, `type`, `rows`, `nulls`, `distinct_approx`, `min`, `max`, `sum`. Least and
/// greatest of the columns in `hashed` say nothing and are left out.
///
/// # Errors
/// When the table cannot be read within the limits of the catalog.
pub async fn profile(catalog: &Catalog, shape: &TableShape, hashed: &[String]) -> Result<QueryResult, CatalogError> {
    let batches = catalog.query_read_only(&query(shape, hashed)).await?.collect().await?;
    let row = batches.iter().find(|batch| batch.num_rows() == 1);
    let row = row.ok_or_else(|| CatalogError::Internal("a profile is one row".to_owned()))?;
    let text = |i: usize| -> Option<String> {
        let column = row.column(i);
        let shown = arrow::util::display::array_value_to_string(column, 0).ok()?;
        column.is_valid(0).then_some(shown)
    };
    let number = |i: usize| text(i).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    let rows = number(0);
    let figures = |of: usize| -> Vec<Option<String>> {
        (0..shape.columns.len()).map(|column| text(1 + column * FIGURES + of)).collect()
    };
    let strings = |values: Vec<Option<String>>| Arc::new(StringArray::from(values)) as ArrayRef;
    let values = (0..shape.columns.len()).map(|column| number(1 + column * FIGURES));
    let nulls: UInt64Array = values.map(|values| Some(rows.saturating_sub(values))).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("column", strings(shape.columns.iter().map(|column| Some(column.name.clone())).collect())),
        ("type", strings(shape.columns.iter().map(|column| Some(column.sql_type())).collect())),
        ("rows", Arc::new(UInt64Array::from(vec![rows; shape.columns.len()]))),
        ("nulls", Arc::new(nulls)),
        ("distinct_approx", strings(figures(1))),
        ("min", strings(figures(2))),
        ("max", strings(figures(3))),
        ("sum", strings(figures(4))),
    ];
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch =
        RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(|e| CatalogError::Internal(e.to_string()))?;
    Ok(QueryResult::from_batches(schema, vec![batch]))
}

/// One row: the number of rows, then the figures of each column.
fn query(shape: &TableShape, hashed: &[String]) -> String {
    let nothing = "CAST(NULL AS VARCHAR)".to_owned();
    let mut wanted = vec!["count(*)".to_owned()];
    for column in &shape.columns {
        let name = format!("\"{}\"", column.name.replace('"', "\"\""));
        let is_hashed = hashed.contains(&column.name);
        let extreme = |of: &str| match is_hashed || column.data_type.is_nested() {
            true => nothing.clone(),
            false => format!("CAST({of}({name}) AS VARCHAR)"),
        };
        wanted.push(format!("count({name})"));
        wanted.push(format!("approx_distinct(CAST({name} AS VARCHAR))"));
        wanted.push(extreme("min"));
        wanted.push(extreme("max"));
        wanted.push(if is_summed(column) { format!("CAST(sum({name}) AS VARCHAR)") } else { nothing.clone() });
    }
    // Every expression has a name of its own: two columns of NULLs would be called the same.
    let named: Vec<String> = wanted.iter().enumerate().map(|(i, expr)| format!("{expr} AS f{i}")).collect();
    format!("SELECT {} FROM \"{}\".\"{}\"", named.join(", "), shape.schema, shape.table)
}

/// Amounts add up; years, counts and codes do not.
fn is_summed(column: &ColumnShape) -> bool {
    matches!(column.data_type, DataType::Decimal128(..) | DataType::Decimal256(..))
}
