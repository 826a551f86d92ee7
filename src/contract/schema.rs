//! The Arrow schema of a dataset's files.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use super::{Class, Column, ColumnType, Dataset};

/// The column that keeps unknown keys, as one JSON object a row; NULL when there were none.
pub const EXTRA_COLUMN: &str = "extra";

impl ColumnType {
    /// The Arrow type that stores this.
    #[must_use]
    pub fn data_type(&self) -> DataType {
        match self {
            Self::Code { .. } | Self::Text | Self::KeyState(_) => DataType::Utf8,
            Self::Money => DataType::Decimal128(20, 2),
            Self::Decimal { precision, scale } => {
                DataType::Decimal128(*precision, i8::try_from(*scale).expect("a scale is at most 38"))
            }
            Self::Integer => DataType::Int64,
            Self::Boolean => DataType::Boolean,
            Self::Date(_) => DataType::Date32,
            Self::Timestamp(_) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Any => DataType::Null,
        }
    }
}

impl Column {
    /// The Arrow type of the stored column: a keyed one is the hash's text, a coarse one the year.
    #[must_use]
    pub fn data_type(&self) -> DataType {
        match self.class {
            Class::Key(_) => DataType::Utf8,
            Class::Coarse => DataType::Int64,
            Class::Public | Class::Drop => self.ty.data_type(),
        }
    }
}

impl Dataset {
    /// Whether decoding it takes the secret under which personal values are hashed.
    #[must_use]
    pub fn needs_pii_key(&self) -> bool {
        self.columns.iter().any(|column| matches!(column.class, Class::Key(_)))
    }
}

/// The schema of a dataset's Parquet files: the stored columns in contract order, then `extra` unless rows are personal
/// (an unknown key could hold anything). The partition keys stand in the path, not in the file.
#[must_use]
pub fn file_schema(dataset: &Dataset) -> SchemaRef {
    let stored = dataset.columns.iter().filter(|column| column.is_stored());
    let mut fields: Vec<Field> =
        stored.map(|column| Field::new(&column.name, column.data_type(), !column.required)).collect();
    if !dataset.personal {
        fields.push(Field::new(EXTRA_COLUMN, DataType::Utf8, true));
    }
    Arc::new(Schema::new(fields))
}
