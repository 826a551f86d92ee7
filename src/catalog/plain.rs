//! Result types that every reader knows: the engine's views, dictionaries and large variants become plain ones.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;

/// The plain type for `data_type`; most are plain already.
fn plain_type(data_type: &DataType) -> DataType {
    match data_type {
        // NULL without a type is text: Parquet readers disagree about columns of no type.
        DataType::Utf8View | DataType::LargeUtf8 | DataType::Null => DataType::Utf8,
        DataType::BinaryView | DataType::LargeBinary => DataType::Binary,
        DataType::Dictionary(_, value) => plain_type(value),
        DataType::RunEndEncoded(_, value) => plain_type(value.data_type()),
        DataType::List(item) | DataType::ListView(item) => DataType::List(plain_field(item)),
        DataType::LargeList(item) | DataType::LargeListView(item) => DataType::LargeList(plain_field(item)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(plain_field).collect()),
        other => other.clone(),
    }
}

fn plain_field(field: &FieldRef) -> FieldRef {
    let nullable = field.is_nullable() || field.data_type() == &DataType::Null;
    Arc::new(Field::new(field.name(), plain_type(field.data_type()), nullable))
}

/// `schema` with plain types and without the engine's metadata.
pub(crate) fn plain_schema(schema: &Schema) -> SchemaRef {
    Arc::new(Schema::new(schema.fields().iter().map(plain_field).collect::<Vec<_>>()))
}

/// `batch` in `schema`, which is the [`plain_schema`] of its own.
pub(crate) fn plain_batch(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| match column.data_type() == field.data_type() {
            true => Ok(Arc::clone(column)),
            false => cast(column, field.data_type()),
        })
        .collect::<Result<Vec<_>, _>>()?;
    let rows = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &rows)
}

#[cfg(test)]
mod tests {
    use super::{plain_batch, plain_schema};
    use arrow::array::{ArrayRef, DictionaryArray, NullArray, RecordBatch, StringArray, StringViewArray};
    use arrow::datatypes::{DataType, Int32Type};
    use std::sync::Arc;

    #[test]
    fn views_dictionaries_and_untyped_nulls_become_text() {
        let words: DictionaryArray<Int32Type> = vec!["a", "b", "a"].into_iter().collect();
        let batch = RecordBatch::try_from_iter([
            ("view", Arc::new(StringViewArray::from(vec!["x", "y", "z"])) as ArrayRef),
            ("dictionary", Arc::new(words) as ArrayRef),
            ("nothing", Arc::new(NullArray::new(3)) as ArrayRef),
        ])
        .unwrap();
        let schema = plain_schema(&batch.schema());
        assert!(schema.fields().iter().all(|f| f.data_type() == &DataType::Utf8));
        let plain = plain_batch(&batch, &schema).unwrap();
        let words = plain.column(1).as_any().downcast_ref::<StringArray>().unwrap();
        assert_eq!(words.iter().flatten().collect::<Vec<_>>(), ["a", "b", "a"]);
        assert_eq!(plain.column(2).null_count(), 3);
    }
}
