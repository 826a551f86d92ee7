//! A tiny warehouse for the tests: every OMSPAN table of the contract, empty or with a few rows written as Parquet.

use std::fs::File;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use serde_json::Value;
use tempfile::TempDir;

use super::reference::in_memory;
use super::{Catalog, SessionLimits, TableFile, TableSource, ViewSet};
use crate::config::ConfigFolder;
use crate::reference::Reference;

const CONTRACT: &str = include_str!("../../config/sources/omspan.toml");

/// The OMSPAN tables as the warehouse would hand them over.
pub(crate) struct Fixture {
    dir: TempDir,
    pub(crate) tables: Vec<TableSource>,
}

impl Fixture {
    /// Every table of the contract, without rows.
    pub(crate) fn new() -> Self {
        let contract: toml::Table = CONTRACT.parse().unwrap();
        let tables = contract["dataset"].as_array().unwrap().iter().map(table).collect();
        Self { dir: tempfile::tempdir().unwrap(), tables }
    }

    /// Adds one committed file of a fiscal year; a row lists only the columns it cares about.
    pub(crate) fn with(mut self, dataset: &str, year: i32, rows: &[Value]) -> Self {
        let table = self.tables.iter_mut().find(|t| t.table == dataset).unwrap();
        let number = table.files.len();
        let path = self.dir.path().join(format!("{dataset}-{year}-{number}.parquet"));
        let bytes = write(&path, &table.columns, rows);
        let values = vec![year.to_string(), format!("{year}-12-{:02}", number + 1)];
        table.files.push(TableFile { path, partition_values: values, bytes });
        self
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The catalog with the embedded views and reference tables; all views have to plan.
    pub(crate) async fn catalog(&self) -> Catalog {
        let views = ViewSet::embedded();
        let reference = Reference::load(&ConfigFolder::embedded()).unwrap();
        let memory = reference.tables.iter().map(in_memory).collect();
        let catalog =
            Catalog::build_with(self.tables.clone(), memory, &views, SessionLimits::default()).await.unwrap();
        assert_eq!(catalog.problems(), [], "views that do not plan");
        catalog
    }

    /// Rows of a query as JSON objects; decimals are strings here so that tests compare them exactly.
    pub(crate) async fn rows(&self, sql: &str) -> Vec<Value> {
        json_rows(&self.catalog().await, sql).await
    }
}

/// Rows of a query as JSON objects, numbers with a point as strings.
pub(crate) async fn json_rows(catalog: &Catalog, sql: &str) -> Vec<Value> {
    let result = catalog.query(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    let schema = Arc::clone(&result.schema);
    let batches = result.collect().await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    let options = arrow::util::display::FormatOptions::default();
    let mut rows = Vec::new();
    for batch in &batches {
        for row in 0..batch.num_rows() {
            let cell = |column: usize| {
                let array = batch.column(column);
                if array.is_null(row) {
                    return Value::Null;
                }
                let formatter = arrow::util::display::ArrayFormatter::try_new(array, &options).unwrap();
                let text = formatter.value(row).to_string();
                if array.data_type().is_integer() { text.parse().unwrap() } else { Value::String(text) }
            };
            let pairs = schema.fields().iter().enumerate().map(|(i, field)| (field.name().clone(), cell(i)));
            rows.push(Value::Object(pairs.collect()));
        }
    }
    rows
}

fn table(dataset: &toml::Value) -> TableSource {
    let columns = dataset["columns"].as_array().unwrap();
    let kept = columns.iter().filter(|c| c["class"].as_str() != Some("drop"));
    let fields: Vec<Field> =
        kept.map(|c| Field::new(c["name"].as_str().unwrap(), data_type(c["type"].as_str().unwrap()), true)).collect();
    TableSource {
        schema: "omspan".to_owned(),
        table: dataset["name"].as_str().unwrap().to_owned(),
        columns: Arc::new(Schema::new(fields)),
        partition_columns: vec![
            ("tahun_anggaran".to_owned(), DataType::Int32),
            ("snapshot_date".to_owned(), DataType::Date32),
        ],
        files: Vec::new(),
    }
}

fn data_type(name: &str) -> DataType {
    match name {
        "money" => DataType::Decimal128(20, 2),
        "decimal(5,2)" => DataType::Decimal128(5, 2),
        "date" => DataType::Date32,
        "integer" => DataType::Int64,
        _ => DataType::Utf8,
    }
}

/// Writes `rows` as Parquet and returns the file's size.
pub(crate) fn write(path: &Path, columns: &SchemaRef, rows: &[Value]) -> u64 {
    let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
    let reader = arrow::json::ReaderBuilder::new(Arc::clone(columns)).build(Cursor::new(text)).unwrap();
    let batches: Vec<RecordBatch> = reader.collect::<Result<_, _>>().unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), Arc::clone(columns), None).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.close().unwrap();
    std::fs::metadata(path).unwrap().len()
}
