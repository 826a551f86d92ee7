//! Every column that a file can have, value by value, as other programs read it: DuckDB, pyarrow and Polars know nothing of
//! who wrote it. What they skip by (statistics, the page index) is asked for with a filter.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray};
use chrono::{DateTime, Utc};
use lumbung::warehouse::{DatasetId, Keeping, Partition, RunStart, Seal, Warehouse};

use crate::harness::{python, python_has};

/// More rows than a page has, and than a dictionary of texts that never repeat.
const ROWS: usize = 40_000;

/// Compares all rows with `expected.json`, one an line, and one day's with a filter.
const COMPARE: &str = r#"
import json, sys, datetime, decimal
file, expected = sys.argv[1], [json.loads(line) for line in open(sys.argv[2], encoding="utf-8")]
def plain(value):
    if isinstance(value, (datetime.date, decimal.Decimal)): return str(value)
    return value
import pyarrow.parquet, pyarrow.compute, duckdb, polars
names = list(expected[0])
def rows(records): return [{name: plain(record[name]) for name in names} for record in records]
day = datetime.date(2026, 1, 20)
read = {
    "pyarrow": (pyarrow.parquet.read_table(file, partitioning=None).to_pylist(),
                pyarrow.parquet.read_table(file, partitioning=None, filters=[("hari", "=", day)]).to_pylist()),
    "polars": (polars.read_parquet(file, hive_partitioning=False).to_dicts(),
               polars.scan_parquet(file, hive_partitioning=False).filter(polars.col("hari") == day).collect().to_dicts()),
}
def asked(sql):
    found = duckdb.sql(sql)
    return [dict(zip(found.columns, row)) for row in found.fetchall()]
scan = f"read_parquet('{file}', hive_partitioning = false)"
read["duckdb"] = (asked(f"FROM {scan}"), asked(f"FROM {scan} WHERE hari = DATE '2026-01-20'"))
of_day = [row for row in expected if row["hari"] == str(day)]
for name, (whole, filtered) in read.items():
    whole, filtered = rows(whole), rows(filtered)
    different = next((pair for pair in zip(whole, expected) if pair[0] != pair[1]), None)
    assert len(whole) == len(expected) and different is None, (name, len(whole), different)
    assert sorted(map(str, filtered)) == sorted(map(str, of_day)) and filtered, (name, len(filtered), len(of_day))
    print(name, len(whole), len(filtered))
"#;

#[test]
fn every_value_of_every_kind_of_column_is_what_others_read() {
    if !python_has(&["pyarrow", "duckdb", "polars"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let rows = rows();
    let now: DateTime<Utc> = "2026-11-01T00:00:00Z".parse().unwrap();
    let warehouse = Warehouse::open(&folder.path().join("warehouse"), now).unwrap();
    let start = RunStart {
        dataset: DatasetId::new("omspan", "realisasi_belanja").unwrap(),
        tahun_anggaran: None,
        contract_version: 1,
        control: vec!["jumlah".to_owned(), "jumlah_atau_tidak".to_owned()],
        key_id: None,
        replay_of: None,
        parameters: None,
        keeping: Keeping { seal: Seal::Open, level: None },
        at: now,
    };
    let run = warehouse.begin_run(start).unwrap();
    let partition = Partition::of_snapshot(None, "2026-11-01".parse().unwrap());
    let mut writer = run.stage(partition, rows.schema(), Vec::new()).unwrap();
    for at in (0..ROWS).step_by(7_000) {
        writer.write(&rows.slice(at, 7_000.min(ROWS - at))).unwrap();
    }
    let staged = writer.finish().unwrap();
    let expected = folder.path().join("expected.json");
    write_expected(&rows, &expected);
    let said = python(COMPARE, &[staged.path().to_str().unwrap(), expected.to_str().unwrap()]);
    let n_of_day = ROWS / 28 + 1;
    for name in ["pyarrow", "polars", "duckdb"] {
        assert!(said.lines().any(|line| line.starts_with(&format!("{name} {ROWS} "))), "{said}");
    }
    assert!(said.contains(&format!(" {n_of_day}\n")) || said.contains(&format!(" {}\n", n_of_day - 1)), "{said}");
}

/// Codes, texts that repeat and such that do not, long ones, days and amounts, with and without NULLs.
fn rows() -> RecordBatch {
    let texts = |text: &dyn Fn(usize) -> Option<String>| -> ArrayRef {
        Arc::new((0..ROWS).map(text).collect::<StringArray>())
    };
    let days =
        |day: &dyn Fn(usize) -> Option<i32>| -> ArrayRef { Arc::new((0..ROWS).map(day).collect::<Date32Array>()) };
    let amounts = |amount: &dyn Fn(usize) -> Option<i128>| -> ArrayRef {
        let amounts: Decimal128Array = (0..ROWS).map(amount).collect();
        Arc::new(amounts.with_precision_and_scale(20, 2).unwrap())
    };
    // 2026-01-01.
    let first_day = 20_454;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("kode", texts(&|i| Some(format!("{:06}", i * 7_919 % 480)))),
        ("kode_atau_tidak", texts(&|i| (!i.is_multiple_of(5)).then(|| format!("{}", i % 3)))),
        ("satu", texts(&|_| Some("01".to_owned()))),
        ("kosong", texts(&|_| None)),
        ("unik", texts(&|i| Some(format!("uraian yang tidak terulang nomor {i}")))),
        ("panjang", texts(&|i| (i % 9 > 0).then(|| "é漢𝄞x".repeat(i % 40)))),
        ("hari", days(&|i| Some(first_day + i as i32 % 28))),
        ("hari_atau_tidak", days(&|i| (i % 4 > 0).then_some(i as i32 % 700 - 300))),
        ("jumlah", amounts(&|i| Some((i as i128 - 20_000) * 1_000_003))),
        ("jumlah_atau_tidak", amounts(&|i| (i % 3 > 0).then_some(10_i128.pow(19) - i as i128))),
        ("nomor", Arc::new((0..ROWS as i64).map(Some).collect::<Int64Array>())),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

/// The rows as one JSON object a line, amounts as texts.
fn write_expected(rows: &RecordBatch, path: &Path) {
    let mut lines = String::new();
    let schema = rows.schema();
    let shown: Vec<_> = rows
        .columns()
        .iter()
        .map(|column| arrow::util::display::ArrayFormatter::try_new(column, &Default::default()).unwrap())
        .collect();
    for row in 0..rows.num_rows() {
        let mut object = serde_json::Map::new();
        for (field, (column, shown)) in schema.fields().iter().zip(rows.columns().iter().zip(&shown)) {
            let text = shown.value(row).to_string();
            let value = match field.name().as_str() {
                _ if column.is_null(row) => serde_json::Value::Null,
                "nomor" => text.parse::<i64>().unwrap().into(),
                _ => text.into(),
            };
            object.insert(field.name().clone(), value);
        }
        writeln!(lines, "{}", serde_json::Value::Object(object)).unwrap();
    }
    std::fs::write(path, lines).unwrap();
}
