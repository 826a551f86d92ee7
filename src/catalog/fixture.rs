//! A tiny warehouse for the tests: every table of the shipped contracts, empty or with a few rows written as Parquet.

use std::fs::File;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use serde_json::Value;
use tempfile::TempDir;

use super::committed::identifying;
use super::ops::{empty_ledger_tables, submissions_table};
use super::reference::in_memory;
use super::{Catalog, MemoryTable, Rows, SessionLimits, TableFile, TableSource, ViewSet};
use crate::config::ConfigFolder;
use crate::contract::{Contract, Dataset, file_schema, parse};
use crate::reference::Reference;
use crate::warehouse::{SubmissionRecord, SubmissionState};

/// The shipped contracts.
const CONTRACTS: [&str; 5] = [
    include_str!("../../config/sources/omspan.toml"),
    include_str!("../../config/sources/oss.toml"),
    include_str!("../../config/sources/padi.toml"),
    include_str!("../../config/sources/simda.toml"),
    include_str!("../../config/sources/sipp.toml"),
];

/// The tables of the contracts as the warehouse would hand them over.
pub(crate) struct Fixture {
    dir: TempDir,
    pub(crate) tables: Vec<TableSource>,
    /// Rows of reference tables, in place of the shipped ones.
    reference: Vec<(String, Vec<Value>)>,
    /// Rows of `ops.submissions`.
    submissions: Vec<SubmissionRecord>,
}

impl Fixture {
    /// Every table of the contracts, without rows.
    pub(crate) fn new() -> Self {
        let mut tables = Vec::new();
        for contract in CONTRACTS {
            let contract = parse("contract.toml", contract).unwrap_or_else(|problems| panic!("{problems}"));
            tables.extend(contract.datasets.iter().map(|dataset| table(&contract, dataset)));
        }
        Self { dir: tempfile::tempdir().unwrap(), tables, reference: Vec::new(), submissions: Vec::new() }
    }

    /// Adds one committed file of a fiscal year (of no year where the source has none); a row lists only the columns it
    /// cares about.
    pub(crate) fn with(mut self, dataset: &str, year: i32, rows: &[Value]) -> Self {
        let table = self.tables.iter_mut().find(|t| t.table == dataset).unwrap();
        let number = table.files.len();
        let path = self.dir.path().join(format!("{dataset}-{year}-{number}.parquet"));
        let bytes = write(&path, &table.columns, rows);
        let mut values = vec![year.to_string(), format!("{year}-12-{:02}", number + 1)];
        values.drain(..2 - table.partition_columns.len());
        table.files.push(TableFile { path, partition_values: values, bytes, rows: None });
        self
    }

    /// Fills a reference table with these rows.
    pub(crate) fn with_reference(mut self, table: &str, rows: &[Value]) -> Self {
        self.reference.push((table.to_owned(), rows.to_vec()));
        self
    }

    /// Adds a record that was sent by `oss.<method>` and the columns its log keeps.
    pub(crate) fn with_submission(
        mut self,
        (method, key): (&str, &str),
        state: SubmissionState,
        log: &Value,
    ) -> Self {
        let at = "2026-11-01T06:00:00Z".parse().unwrap();
        self.submissions.push(SubmissionRecord {
            seq: self.submissions.len() as u64 + 1,
            source: "oss".to_owned(),
            method: method.to_owned(),
            key: serde_json::json!([key]).to_string(),
            mark: "sha256:00".to_owned(),
            state,
            attempts: 1,
            http_status: Some(200),
            code: Some("200".to_owned()),
            message: None,
            log: log.to_string(),
            operator: "budi".to_owned(),
            created_at: at,
            sent_at: at,
            finished_at: Some(at),
        });
        self
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The catalog with the embedded views and reference tables.
    pub(crate) async fn catalog(&self) -> Catalog {
        let views = ViewSet::embedded();
        let reference = Reference::load(&ConfigFolder::embedded()).unwrap();
        let mut memory: Vec<MemoryTable> = reference.tables.iter().map(in_memory).collect();
        memory.extend(empty_ledger_tables());
        for (name, rows) in &self.reference {
            let table = memory.iter_mut().find(|table| table.table == *name).unwrap();
            table.rows = Rows::Held(batches(&table.columns, rows));
        }
        memory.push(submissions_table(&self.submissions));
        let history = self.tables.iter().map(|table| TableSource {
            schema: "history".to_owned(),
            table: format!("{}_{}", table.schema, table.table),
            ..table.clone()
        });
        let tables = self.tables.iter().cloned().chain(history).collect();
        Catalog::build_with(tables, memory, &views, SessionLimits::default()).unwrap()
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

/// A dataset's table, every column of which may be NULL: rows of a test list only what they are about.
fn table(contract: &Contract, dataset: &Dataset) -> TableSource {
    let schema = file_schema(dataset);
    let fields: Vec<Field> = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true)).collect();
    let year = dataset.fiscal_year.then(|| ("tahun_anggaran".to_owned(), DataType::Int32));
    TableSource {
        schema: contract.source.clone(),
        table: dataset.name.clone(),
        columns: Arc::new(Schema::new(fields)),
        partition_columns: year.into_iter().chain([(dataset.date_key().to_owned(), DataType::Date32)]).collect(),
        identifying: identifying(dataset),
        files: Vec::new(),
        refused: None,
    }
}

fn batches(columns: &SchemaRef, rows: &[Value]) -> Vec<RecordBatch> {
    let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
    let reader = arrow::json::ReaderBuilder::new(Arc::clone(columns)).build(Cursor::new(text)).unwrap();
    reader.collect::<Result<_, _>>().unwrap()
}

/// Writes `rows` as Parquet and returns the file's size.
pub(crate) fn write(path: &Path, columns: &SchemaRef, rows: &[Value]) -> u64 {
    let batches = batches(columns, rows);
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), Arc::clone(columns), None).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.close().unwrap();
    std::fs::metadata(path).unwrap().len()
}
