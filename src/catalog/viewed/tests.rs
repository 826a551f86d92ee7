//! Which columns are read as views, and that rows are those of plain texts.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Decimal128Array, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::util::display::array_value_to_string;
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::ExecutionPlan;
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;

use super::downcast;
use crate::catalog::{Catalog, MemoryTable, Rows, SessionLimits, TableFile, TableSource, ViewSet};

/// Lines of three tables: short and long texts, empty ones and NULLs.
fn lines() -> (SchemaRef, RecordBatch) {
    let columns = Arc::new(Schema::new(vec![
        Field::new("unit", DataType::Utf8, true),
        Field::new("akun", DataType::Utf8, true),
        Field::new("jenis", DataType::Utf8, true),
        Field::new("nilai", DataType::Decimal128(20, 2), true),
        Field::new("tahun", DataType::Int32, true),
    ]));
    let units = ["012345", "a name that is longer than a view holds", "", "012ZZZ", "Ünit"];
    let unit = (0..4_000).map(|i| (i % 7 != 6).then(|| units[i % 5]));
    let akun = (0..4_000).map(|i| (i % 11 != 3).then(|| format!("{}", 511_111 + (i % 13) * 10_000)));
    let jenis = (0..4_000).map(|i| (i % 5 != 2).then_some(["2", "1"][i % 2]));
    let nilai = Decimal128Array::from_iter((0..4_000).map(|i| (i % 17 != 0).then_some(i128::from(i) * 101)));
    let batch = RecordBatch::try_new(
        Arc::clone(&columns),
        vec![
            Arc::new(unit.collect::<StringArray>()),
            Arc::new(akun.collect::<StringArray>()),
            Arc::new(jenis.collect::<StringArray>()),
            Arc::new(nilai.with_precision_and_scale(20, 2).unwrap()),
            Arc::new(Int32Array::from_iter((0..4_000).map(|i| Some(2_024 + i % 3)))),
        ],
    );
    (columns, batch.unwrap())
}

const TABLES: [&str; 2] = ["lines", "others"];

/// The lines in files, and the same in memory, where nothing is a view.
fn catalogs() -> (TempDir, Catalog, Catalog) {
    let dir = tempfile::tempdir().unwrap();
    let (columns, batch) = lines();
    let table = |name: &str| {
        let files = (0..2).map(|part| {
            let path = dir.path().join(format!("{name}-{part}.parquet"));
            let file = std::fs::File::create(&path).unwrap();
            let mut writer = ArrowWriter::try_new(file, Arc::clone(&columns), None).unwrap();
            writer.write(&batch.slice(part * 2_000, 2_000)).unwrap();
            writer.close().unwrap();
            let bytes = std::fs::metadata(&path).unwrap().len();
            TableFile { path, partition_values: Vec::new(), bytes, rows: Some(2_000) }
        });
        TableSource {
            schema: "src".to_owned(),
            table: name.to_owned(),
            columns: Arc::clone(&columns),
            partition_columns: Vec::new(),
            identifying: Vec::new(),
            files: files.collect(),
            refused: None,
        }
    };
    let held = |name: &str| MemoryTable {
        schema: "src".to_owned(),
        table: name.to_owned(),
        columns: Arc::clone(&columns),
        rows: Rows::Held(vec![batch.clone()]),
    };
    let views = ViewSet::default();
    let of_files = Catalog::build(TABLES.map(table).to_vec(), &views, SessionLimits::default()).unwrap();
    let of_memory =
        Catalog::build_with(Vec::new(), TABLES.map(held).to_vec(), &views, SessionLimits::default()).unwrap();
    (dir, of_files, of_memory)
}

async fn rows(catalog: &Catalog, sql: &str) -> Vec<String> {
    let result = catalog.query(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    let texts = result.schema.fields().iter().all(|field| *field.data_type() != DataType::Utf8View);
    assert!(texts, "{sql}: {:?}", result.schema);
    let batches = result.collect().await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    let mut rows = Vec::new();
    for batch in &batches {
        rows.extend((0..batch.num_rows()).map(|row| {
            let cells = batch.columns().iter().map(|column| match column.is_null(row) {
                true => "NULL".to_owned(),
                false => array_value_to_string(column, row).unwrap(),
            });
            cells.collect::<Vec<_>>().join("|")
        }));
    }
    rows.sort();
    rows
}

/// The columns that files are read as views, by their names.
async fn views(catalog: &Catalog, sql: &str) -> BTreeSet<String> {
    fn of(plan: &Arc<dyn ExecutionPlan>, found: &mut BTreeSet<String>) {
        if downcast::<DataSourceExec>(plan).is_some() {
            let schema = plan.schema();
            let views = schema.fields().iter().filter(|field| *field.data_type() == DataType::Utf8View);
            found.extend(views.map(|field| field.name().clone()));
        }
        plan.children().into_iter().for_each(|child| of(child, found));
    }
    let plan = catalog.context.sql(sql).await.unwrap().create_physical_plan().await.unwrap();
    let mut found = BTreeSet::new();
    of(&plan, &mut found);
    found
}

/// The columns that `sql` reads as views are `expected`, and its rows those of plain texts.
async fn check(sql: &str, expected: &[&str]) {
    let (_dir, of_files, of_memory) = catalogs();
    assert_eq!(views(&of_files, sql).await, expected.iter().map(|name| (*name).to_owned()).collect(), "{sql}");
    let found = rows(&of_files, sql).await;
    assert!(found.len() > 1, "{sql}: {found:?}");
    assert_eq!(found, rows(&of_memory, sql).await, "{sql}");
}

#[tokio::test]
async fn what_is_grouped_by_and_compared_is_read_as_views() {
    check("SELECT unit, akun, sum(nilai), count(*) FROM src.lines GROUP BY unit, akun", &["unit", "akun"]).await;
    check("SELECT unit, count(*) FROM src.lines GROUP BY unit", &["unit"]).await;
    let compared = "jenis = '2' AND akun >= '5' AND akun < '6' AND unit NOT LIKE '%Z%' AND unit <> ''";
    check(
        &format!("SELECT unit, sum(nilai) FROM src.lines WHERE {compared} GROUP BY unit"),
        &["unit", "akun", "jenis"],
    )
    .await;
    let listed = "akun IN ('511111', '521111', '531111', '541111', '551111') OR jenis IS NULL OR '1' = jenis";
    check(
        &format!("SELECT unit, akun, max(tahun) FROM src.lines WHERE {listed} GROUP BY unit, akun"),
        &["unit", "akun", "jenis"],
    )
    .await;
}

#[tokio::test]
async fn what_is_computed_with_stays_a_plain_text() {
    check("SELECT akun, count(DISTINCT unit), min(jenis) FROM src.lines GROUP BY akun", &["akun"]).await;
    check("SELECT unit, max(unit), count(*) FROM src.lines GROUP BY unit", &[]).await;
    check("SELECT substr(akun, 1, 2) AS kepala, unit, count(*) FROM src.lines GROUP BY 1, 2", &["unit"]).await;
    check("SELECT unit, akun, count(*) FROM src.lines WHERE length(akun) > 2 GROUP BY unit, akun", &["unit"]).await;
    check("SELECT unit, count(*) FILTER (WHERE akun = '511111') FROM src.lines GROUP BY unit", &["unit"]).await;
    check("SELECT unit, akun, count(*) FROM src.lines WHERE unit < akun GROUP BY unit, akun", &[]).await;
    check("SELECT coalesce(unit, '(kosong)') AS u, count(*) FROM src.lines GROUP BY 1", &[]).await;
    check("SELECT unit, akun FROM src.lines WHERE akun = '511111'", &[]).await;
    check("SELECT unit, akun, sum(nilai) FROM src.lines GROUP BY GROUPING SETS ((unit), (akun), ())", &[]).await;
}

#[tokio::test]
async fn what_is_known_of_a_column_stays_known_to_what_stands_above() {
    // The window is planned over a column of one value: partitioned by it, and not sorted.
    let sql = "SELECT unit, akun, jenis, n, row_number() OVER (PARTITION BY unit, akun ORDER BY n DESC, jenis) AS urutan
        FROM (SELECT unit, akun, jenis, count(*) AS n FROM src.lines WHERE unit = '012345' GROUP BY unit, akun, jenis) AS d";
    check(sql, &["akun", "jenis"]).await;
}

#[tokio::test]
async fn branches_of_a_union_are_of_one_kind() {
    let sql = "SELECT asal, unit, akun, sum(nilai) FROM (
            SELECT 'a' AS asal, unit, akun, nilai FROM src.lines WHERE jenis = '2'
            UNION ALL SELECT 'b', substr(unit, 1, 3), akun, nilai FROM src.others
            UNION ALL SELECT 'c', 'tertulis', NULL, 1.00
        ) AS semua GROUP BY asal, unit, akun";
    check(sql, &["unit", "akun", "jenis"]).await;
}

#[tokio::test]
async fn a_join_passes_views_on_but_not_its_keys() {
    // A few rows, so that it is them that the join holds.
    let years = "(VALUES (2024, 3000.00), (2025, 2000.00), (2026, NULL)) AS y (tahun, batas)";
    let sql = format!(
        "SELECT l.unit, l.akun, y.batas, count(*) FROM src.lines AS l LEFT JOIN {years} ON y.tahun = l.tahun
        WHERE l.jenis = '2' AND (l.nilai IS NULL OR l.nilai <= y.batas) GROUP BY l.unit, l.akun, y.batas"
    );
    check(&sql, &["unit", "akun", "jenis"]).await;
    let keys = "(VALUES ('012345', '511111'), ('', '521111'), ('012ZZZ', '531111')) AS k (u, a)";
    let sql = format!(
        "SELECT l.unit, l.akun, l.jenis, count(*) FROM src.lines AS l JOIN {keys} ON k.u = l.unit AND k.a = l.akun
        GROUP BY l.unit, l.akun, l.jenis"
    );
    check(&sql, &["jenis"]).await;
    let names = "SELECT DISTINCT l.jenis, o.akun FROM src.lines AS l JOIN src.others AS o ON o.unit = l.unit AND o.tahun = l.tahun";
    let (_dir, of_files, of_memory) = catalogs();
    assert_eq!(rows(&of_files, names).await, rows(&of_memory, names).await);
}

#[tokio::test]
async fn groupings_of_groupings_and_what_stands_above_see_plain_texts() {
    let inner = "SELECT unit, akun, jenis, sum(nilai) AS nilai FROM src.lines GROUP BY unit, akun, jenis";
    check(
        &format!("SELECT unit, count(DISTINCT akun), string_agg(jenis, ',' ORDER BY jenis), sum(nilai) FROM ({inner}) AS d GROUP BY unit"),
        &["unit", "akun", "jenis"],
    )
    .await;
    check(
        &format!(
            "SELECT d.unit, coalesce(d.akun, '(kosong)') LIKE '51%' AS lima, upper(o.jenis) AS j, d.nilai
            FROM ({inner}) AS d JOIN (SELECT unit, jenis, min(akun) AS akun FROM src.others GROUP BY unit, jenis) AS o
                ON o.unit = d.unit AND coalesce(o.jenis, '') = coalesce(d.jenis, '')
            ORDER BY 1, 2, 3, 4 LIMIT 50"
        ),
        &["unit", "akun", "jenis"],
    )
    .await;
}
