//! Tests of the session: which files a table reads, what SQL from outside may do, how errors read.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use serde_json::{Value, json};

use super::super::fixture::{Fixture, json_rows, write};
use super::super::{
    Catalog, CatalogError, ErrorKind, MemoryTable, Rows, SessionLimits, TableFile, TableSource, ViewSet,
};

/// Three years of one table, one row each.
fn years() -> Fixture {
    let row = |amount: &str| json!({"kdsatker": "012345", "akun": "521111", "amount": amount});
    Fixture::new().with("dipa_belanja", 2024, &[row("1.50")]).with("dipa_belanja", 2025, &[row("2.50")]).with(
        "dipa_belanja",
        2026,
        &[row("4.50")],
    )
}

async fn build(fixture: &Fixture, limits: SessionLimits) -> Catalog {
    Catalog::build(fixture.tables.clone(), &ViewSet::default(), limits).unwrap()
}

async fn refusal(catalog: &Catalog, sql: &str) -> CatalogError {
    match catalog.query_read_only(sql).await {
        Ok(result) => result.collect().await.expect_err(sql),
        Err(error) => error,
    }
}

#[tokio::test]
async fn partition_values_are_typed_and_prune_files_before_they_are_opened() {
    let fixture = years();
    let catalog = build(&fixture, SessionLimits::default()).await;
    let sql = "SELECT kdsatker, amount, tahun_anggaran, snapshot_date FROM omspan.dipa_belanja
        WHERE tahun_anggaran = 2025 AND snapshot_date >= DATE '2025-01-01' AND amount > 1";
    assert_eq!(
        json_rows(&catalog, sql).await,
        [json!({"kdsatker": "012345", "amount": "2.50", "tahun_anggaran": 2025, "snapshot_date": "2025-12-02"})]
    );
    // The files of the other years are gone: they are not needed.
    std::fs::remove_file(&fixture.tables[0].files[0].path).unwrap();
    std::fs::remove_file(&fixture.tables[0].files[2].path).unwrap();
    assert_eq!(json_rows(&catalog, sql).await.len(), 1);
    let all = catalog.query("SELECT sum(amount) FROM omspan.dipa_belanja").await.unwrap();
    let error = all.collect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(!error.to_string().contains(&fixture.dir().display().to_string()), "{error}");
}

#[tokio::test]
async fn only_listed_files_are_read_whatever_lies_beside_them() {
    let fixture = years();
    let beside = fixture.tables[0].files[0].path.with_file_name("z.parquet");
    std::fs::copy(&fixture.tables[0].files[0].path, beside).unwrap();
    let catalog = build(&fixture, SessionLimits::default()).await;
    let sql = "SELECT count(*) AS n, sum(amount) AS amount FROM omspan.dipa_belanja";
    assert_eq!(json_rows(&catalog, sql).await, [json!({"n": 3, "amount": "8.50"})]);
}

#[tokio::test]
async fn a_column_that_a_file_lacks_reads_as_null() {
    let mut fixture = years();
    let old = Arc::new(Schema::new(vec![Field::new("kdsatker", DataType::Utf8, false)]));
    let path = fixture.dir().join("old.parquet");
    let bytes = write(&path, &old, &[json!({"kdsatker": "099999"})]);
    let table = &mut fixture.tables[0];
    table.files.push(TableFile {
        path,
        partition_values: vec!["2020".into(), "2020-12-31".into()],
        bytes,
        rows: None,
    });
    // Even a column the contract calls required: the old file was committed before the contract had it.
    let strict: Vec<Field> = table.columns.fields().iter().map(|f| f.as_ref().clone().with_nullable(false)).collect();
    table.columns = Arc::new(Schema::new(strict));
    let catalog = build(&fixture, SessionLimits::default()).await;
    let sql = "SELECT kdsatker, amount, tahun_anggaran FROM omspan.dipa_belanja WHERE amount IS NULL";
    assert_eq!(
        json_rows(&catalog, sql).await,
        [json!({"kdsatker": "099999", "amount": null, "tahun_anggaran": 2020})]
    );
}

#[tokio::test]
async fn tables_that_do_not_fit_their_files_are_refused() {
    let bad = |change: &dyn Fn(&mut TableSource)| {
        let mut tables = years().tables;
        change(&mut tables[0]);
        Catalog::build(tables, &ViewSet::default(), SessionLimits::default()).unwrap_err().to_string()
    };
    let twice = bad(&|t| t.files.push(t.files[0].clone()));
    assert!(twice.contains("omspan.dipa_belanja") && twice.contains("listed twice"), "{twice}");
    let year = bad(&|t| t.files[0].partition_values[0] = "20x4".into());
    assert!(year.contains("tahun_anggaran=20x4 is not Int32"), "{year}");
    let missing = bad(&|t| drop(t.files[0].partition_values.pop()));
    assert!(missing.contains("1 partition values for 2 columns"), "{missing}");
    let clash = bad(&|t| t.partition_columns[0].0 = "akun".into());
    assert!(clash.contains("column akun occurs twice"), "{clash}");
}

#[tokio::test]
async fn tables_in_memory_stand_beside_files_and_under_views() {
    let n = Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef;
    let batch = RecordBatch::try_from_iter([("n", n)]).unwrap();
    let memory = MemoryTable {
        schema: "ops".into(),
        table: "runs".into(),
        columns: batch.schema(),
        rows: Rows::Held(vec![batch]),
    };
    let views = ViewSet::default().with_view("jumlah", "SELECT sum(n) AS n FROM ops.runs");
    let catalog = Catalog::build_with(years().tables, vec![memory], &views, SessionLimits::default()).unwrap();
    assert_eq!(json_rows(&catalog, "SELECT n FROM jumlah").await, [json!({"n": 3})]);
    let names = catalog.table_names();
    assert!(names.contains(&"ops.runs".to_owned()) && names.contains(&"mart.jumlah".to_owned()), "{names:?}");
    assert!(!names.iter().any(|name| name.starts_with("information_schema")));
}

#[tokio::test]
async fn results_are_plain_types_and_decimal_literals_stay_exact() {
    let fixture = years();
    let catalog = build(&fixture, SessionLimits::default()).await;
    let sql = "SELECT concat(kdsatker, 'x') AS t, upper(arrow_cast(kdsatker, 'Utf8View')) AS v, NULL AS nothing,
        amount * 0.1 AS d, arrow_cast(kdsatker, 'Dictionary(Int32, Utf8)') AS dict FROM omspan.dipa_belanja LIMIT 1";
    let result = catalog.query(sql).await.unwrap();
    let types: Vec<DataType> = result.schema.fields().iter().map(|f| f.data_type().clone()).collect();
    assert_eq!(types[..3], [DataType::Utf8, DataType::Utf8, DataType::Utf8]);
    assert!(matches!(types[3], DataType::Decimal128(..)), "{:?}", types[3]);
    assert_eq!(types[4], DataType::Utf8);
    let batches = result.collect().await.unwrap();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 1);
}

#[tokio::test]
async fn reading_is_allowed_from_outside() {
    let fixture = years();
    let catalog = build(&fixture, SessionLimits::default()).await;
    for sql in [
        "SELECT 1;",
        "-- a comment\nWITH a AS (VALUES (1), (2)) SELECT * FROM a",
        "VALUES (1, 'x')",
        "EXPLAIN SELECT * FROM omspan.dipa_belanja",
        "EXPLAIN ANALYZE SELECT * FROM omspan.dipa_belanja",
        "SHOW TABLES",
        "SHOW COLUMNS FROM omspan.dipa_belanja",
        "DESCRIBE omspan.dipa_belanja",
        "SELECT table_name FROM information_schema.tables",
    ] {
        let rows = catalog.query_read_only(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}")).collect().await;
        assert!(rows.unwrap_or_else(|e| panic!("{sql}: {e}")).iter().any(|b| b.num_rows() > 0), "{sql}");
    }
}

#[tokio::test]
async fn everything_else_is_refused_from_outside() {
    let fixture = years();
    let catalog = build(&fixture, SessionLimits::default()).await;
    let place = fixture.tables[0].files[0].path.display().to_string();
    for sql in [
        "SELECT 1; SELECT 2",
        "CREATE TABLE t AS SELECT 1",
        "CREATE VIEW v AS SELECT 1",
        &format!("CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '{place}'"),
        "COPY (SELECT 1) TO 'out.csv'",
        "INSERT INTO omspan.dipa_belanja SELECT * FROM omspan.dipa_belanja",
        "DELETE FROM omspan.dipa_belanja",
        "UPDATE omspan.dipa_belanja SET amount = 0",
        "DROP TABLE omspan.dipa_belanja",
        "SELECT 1 INTO t",
        "SET datafusion.execution.batch_size = 1",
        "RESET datafusion.execution.batch_size",
        "PREPARE p AS SELECT 1",
        "EXPLAIN CREATE TABLE t AS SELECT 1",
        "EXPLAIN INSERT INTO omspan.dipa_belanja SELECT * FROM omspan.dipa_belanja",
        "SHOW ALL",
        "SHOW datafusion.runtime.temp_directory",
        "SELECT * FROM information_schema.df_settings",
        "SELECT (SELECT max(value) FROM information_schema.df_settings)",
        &format!("SELECT * FROM '{place}'"),
        "SELECT * FROM read_parquet('x')",
        "",
    ] {
        let error = refusal(&catalog, sql).await;
        assert_eq!(error.kind(), ErrorKind::Usage, "{sql}: {error}");
    }
    let sql = "SELECT count(*) AS n FROM omspan.dipa_belanja";
    assert_eq!(json_rows(&catalog, sql).await, [json!({"n": 3})], "nothing has changed");
}

#[tokio::test]
async fn plans_and_errors_name_no_place_on_the_machine() {
    let fixture = years();
    let catalog = build(&fixture, SessionLimits::default()).await;
    let place = fixture.dir().file_name().unwrap().to_str().unwrap();
    for sql in [
        "EXPLAIN VERBOSE SELECT * FROM omspan.dipa_belanja",
        "EXPLAIN ANALYZE VERBOSE SELECT * FROM omspan.dipa_belanja",
    ] {
        let rows = json!(json_rows(&catalog, sql).await).to_string();
        assert!(rows.contains("omspan/dipa_belanja/tahun_anggaran=2024"), "{rows}");
        assert!(!rows.contains(place), "{rows}");
    }
}

#[tokio::test]
async fn limits_bind_sql_from_outside() {
    let fixture = years();
    let rows = build(&fixture, SessionLimits { rows: 2, ..SessionLimits::default() }).await;
    assert!(matches!(
        refusal(&rows, "SELECT * FROM omspan.dipa_belanja").await,
        CatalogError::TooManyRows { limit: 2 }
    ));
    assert!(rows.query("SELECT * FROM omspan.dipa_belanja").await.unwrap().collect().await.is_ok());

    let time =
        build(&fixture, SessionLimits { timeout: Duration::from_millis(50), ..SessionLimits::default() }).await;
    for endless in [
        "SELECT count(b.value) FROM generate_series(1, 1000) AS a CROSS JOIN generate_series(1, 1000000000) AS b",
        "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
    ] {
        let error = refusal(&time, endless).await;
        assert!(matches!(error, CatalogError::Timeout { .. }), "{error}");
        assert_eq!(error.kind(), ErrorKind::Limit);
    }

    let memory = build(&fixture, SessionLimits { memory_bytes: 1024 * 1024, ..SessionLimits::default() }).await;
    let error = refusal(&memory, "SELECT value FROM generate_series(1, 1000000) ORDER BY value DESC").await;
    assert!(matches!(error, CatalogError::Memory(_)), "{error}");

    let text = build(&fixture, SessionLimits { sql_bytes: 8, ..SessionLimits::default() }).await;
    assert_eq!(refusal(&text, "SELECT 12345").await.kind(), ErrorKind::Usage);
}

#[tokio::test]
async fn unknown_names_come_with_the_nearest_ones() {
    let fixture = years();
    let catalog = build(&fixture, SessionLimits::default()).await;
    let error = |sql: &'static str| {
        let catalog = &catalog;
        async move { catalog.query_read_only(sql).await.map(drop).unwrap_err() }
    };
    let table = error("SELECT * FROM omspan.dipa_blanja").await;
    assert_eq!(table.to_string(), "unknown table omspan.dipa_blanja; did you mean omspan.dipa_belanja?");
    assert_eq!(table.kind(), ErrorKind::Usage);
    let column = error("SELECT kdsater FROM omspan.dipa_belanja").await;
    assert!(column.to_string().starts_with("unknown column kdsater; did you mean kdsatker"), "{column}");
    let function = error("SELECT uper(kdsatker) FROM omspan.dipa_belanja").await;
    assert!(function.to_string().contains("upper"), "{function}");
    let syntax = error("SELECT FROM WHERE").await;
    assert_eq!(syntax.kind(), ErrorKind::Usage, "{syntax}");
    let value = catalog.query_read_only("SELECT CAST('x' AS INT) FROM omspan.dipa_belanja").await;
    let value = match value {
        Ok(result) => result.collect().await.unwrap_err(),
        Err(error) => error,
    };
    assert_eq!(value.kind(), ErrorKind::Usage, "{value}");
}

#[tokio::test]
async fn a_catalog_keeps_showing_what_it_was_built_from() {
    let fixture = years();
    let before = build(&fixture, SessionLimits::default()).await;
    let row: Value = json!({"kdsatker": "012345", "akun": "521111", "amount": "100"});
    let fixture = fixture.with("dipa_belanja", 2026, &[row]);
    let after = build(&fixture, SessionLimits::default()).await;
    let sql = "SELECT sum(amount) AS amount FROM omspan.dipa_belanja";
    assert_eq!(json_rows(&before, sql).await, [json!({"amount": "8.50"})]);
    assert_eq!(json_rows(&after, sql).await, [json!({"amount": "108.50"})]);
}
