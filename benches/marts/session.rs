//! The sessions that are measured, and what the peer is told of them.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use lumbung::catalog::{
    Catalog, CatalogError, MemoryTable, Rows, SessionLimits, TableSource, ViewSet, dataset_tables, ledger_tables,
    reference_tables,
};
use lumbung::reference::Reference;
use lumbung::warehouse::AsOf;
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::house::House;

/// Threads of either side.
pub(crate) const THREADS: usize = 2;

/// One open session.
pub(crate) struct Session {
    runtime: Runtime,
    catalog: Catalog,
}

/// What one run of a query gave.
pub(crate) struct Ran {
    pub(crate) rows: usize,
    pub(crate) took: Duration,
    pub(crate) schema: SchemaRef,
    pub(crate) batches: Vec<RecordBatch>,
}

impl Session {
    /// A session as `lumbung sql` opens it.
    pub(crate) fn open(house: &House, views: &ViewSet, limits: &SessionLimits) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .enable_all()
            .build()
            .expect("a runtime");
        let (tables, memory) = tables(house);
        let catalog = Catalog::build_with(tables, memory, views, limits.clone()).expect("a catalog");
        let problems = runtime.block_on(catalog.problems()).expect("views that can be planned");
        assert!(problems.is_empty(), "{problems:?}");
        Self { runtime, catalog }
    }

    /// Plans and runs `sql` and takes all its rows.
    pub(crate) fn run(&self, sql: &str) -> Ran {
        self.try_run(sql).unwrap_or_else(|e| panic!("{sql}: {e}"))
    }

    /// The same, or why it failed.
    pub(crate) fn try_run(&self, sql: &str) -> Result<Ran, CatalogError> {
        let began = Instant::now();
        let (schema, batches) = self.runtime.block_on(async {
            let result = self.catalog.query(sql).await?;
            let schema = result.schema.clone();
            Ok::<_, CatalogError>((schema, result.collect().await?))
        })?;
        let took = began.elapsed();
        Ok(Ran { rows: batches.iter().map(RecordBatch::num_rows).sum(), took, schema, batches })
    }

    /// Tables of the sources, latest snapshots.
    pub(crate) fn latest_tables(&self) -> Vec<String> {
        let ours =
            |name: &String| !["mart.", "ops.", "ref.", "history."].iter().any(|schema| name.starts_with(schema));
        self.catalog.table_names().into_iter().filter(ours).collect()
    }
}

fn tables(house: &House) -> (Vec<TableSource>, Vec<MemoryTable>) {
    let warehouse = house.warehouse();
    let reference = Reference::load(&house.config).expect("the reference lists are good");
    let files = Arc::new(warehouse.committed_set(AsOf::Latest).expect("the ledger can be read"));
    let mut tables = dataset_tables(&files, &house.contracts);
    let (imported, mut memory) = reference_tables(&files, &reference);
    tables.extend(imported);
    memory.extend(ledger_tables(&warehouse, &files, AsOf::Latest));
    (tables, memory)
}

/// Everything the peer needs to answer the same questions: tables as lists of committed files, tables in memory as files
/// of their rows, views and data tests as SQL.
pub(crate) fn manifest(house: &House, views: &ViewSet, memory_bytes: usize) -> Value {
    let (files, memory) = tables(house);
    let held = house.folder.join("held");
    fs::create_dir_all(&held).expect("the cache folder can be written");
    let of_files = files.iter().map(|table| {
        json!({
            "schema": table.schema, "table": table.table,
            "files": table.files.iter().map(|file| file.path.display().to_string()).collect::<Vec<_>>(),
            "partitions": table.partition_columns.iter().map(|(name, ty)| json!([name, sql_type(ty)])).collect::<Vec<_>>(),
            "columns": table.columns.fields().iter().map(|f| json!([f.name(), sql_type(f.data_type())])).collect::<Vec<_>>(),
        })
    });
    let in_memory = memory.iter().map(|table| {
        let path = held.join(format!("{}.{}.parquet", table.schema, table.table));
        let rows = match &table.rows {
            Rows::Held(batches) => batches.clone(),
            Rows::Later(read) => read().expect("the ledger can be read"),
        };
        write_parquet(&path, &table.columns, &rows);
        json!({ "schema": table.schema, "table": table.table, "held": path.display().to_string() })
    });
    let sql =
        |file: &lumbung::catalog::ViewFile| json!({ "name": file.name, "sql": file.sql, "head": file.comment() });
    json!({
        "threads": THREADS,
        "memory_bytes": memory_bytes,
        "spill": house.folder.join("spill").display().to_string(),
        "tables": of_files.chain(in_memory).collect::<Vec<_>>(),
        "views": views.views().map(sql).collect::<Vec<_>>(),
        "checks": views.checks().map(sql).collect::<Vec<_>>(),
    })
}

/// The name DuckDB has for a type of a contract.
fn sql_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 => "VARCHAR".to_owned(),
        DataType::Int32 => "INTEGER".to_owned(),
        DataType::Int64 => "BIGINT".to_owned(),
        DataType::Boolean => "BOOLEAN".to_owned(),
        DataType::Date32 => "DATE".to_owned(),
        DataType::Timestamp(_, _) => "TIMESTAMP WITH TIME ZONE".to_owned(),
        DataType::Decimal128(precision, scale) => format!("DECIMAL({precision},{scale})"),
        other => panic!("no contract has columns of type {other}"),
    }
}

/// Writes rows where the peer can read them.
pub(crate) fn write_parquet(path: &Path, schema: &SchemaRef, batches: &[RecordBatch]) {
    let file = File::create(path).expect("the cache folder can be written");
    let mut writer = ArrowWriter::try_new(file, schema.clone(), None).expect("a writer");
    batches.iter().for_each(|batch| writer.write(batch).expect("rows are written"));
    writer.close().expect("the file is closed");
}
