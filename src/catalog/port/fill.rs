//! Catalog tables from a few values a row: what a row does not name has its column's empty value.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::error::Result;

/// The values of one row, by column.
pub(super) type Row = BTreeMap<&'static str, String>;

/// A row of these columns and values.
pub(super) fn row<const N: usize>(cells: [(&'static str, String); N]) -> Row {
    cells.into_iter().collect()
}

/// A schema of texts and numbers: `columns` are names, those of numbers with a `#` in front.
pub(super) fn schema(columns: &[&str]) -> SchemaRef {
    let field = |name: &&str| match name.strip_prefix('#') {
        Some(name) => Field::new(name, DataType::Int32, true),
        None => Field::new(*name, DataType::Utf8, true),
    };
    Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()))
}

/// A table of `rows` in `schema`.
pub(super) fn table(schema: SchemaRef, rows: &[Row]) -> Result<Arc<dyn TableProvider>> {
    let columns = schema.fields().iter().map(|field| column(field, rows)).collect::<Result<Vec<_>>>()?;
    let count = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &count)?;
    Ok(Arc::new(MemTable::try_new(schema, vec![vec![batch]])?))
}

fn column(field: &Field, rows: &[Row]) -> Result<ArrayRef> {
    let empty = match field.data_type() {
        _ if field.is_nullable() => None,
        DataType::Utf8 => Some(""),
        DataType::Boolean => Some("false"),
        _ => Some("0"),
    };
    let texts: StringArray =
        rows.iter().map(|row| row.get(field.name().as_str()).map(String::as_str).or(empty)).collect();
    match field.data_type() {
        DataType::Utf8 => Ok(Arc::new(texts)),
        // Privileges and the like: nobody has any to show.
        DataType::List(_) => Ok(new_null_array(field.data_type(), rows.len())),
        other => Ok(cast(&texts, other)?),
    }
}

#[cfg(test)]
mod tests {
    use super::{row, schema, table};

    #[test]
    fn what_is_not_named_is_empty() {
        let made = table(schema(&["name", "#size"]), &[row([("name", "a".to_owned())])]).unwrap();
        assert_eq!(made.schema().field(1).data_type(), &arrow::datatypes::DataType::Int32);
    }
}
