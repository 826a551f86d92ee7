//! Staging: what is in the file, and that a file which does not hold what was written is refused.

use super::file::{Control, Encoder, ROW_GROUP_ROWS, compare};
use crate::quality::{ColumnTotal, ExactSum, Recount};
use crate::warehouse::tests::{Scene, begin, dataset, noon, rows, stage};
use crate::warehouse::{ErrorKind, Partition, WarehouseError};
use arrow::array::{ArrayRef, Decimal128Array, RecordBatch, StringArray};
use parquet::basic::Compression;
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;

const NAME: &str = "omspan.realisasi_belanja";
const PARTITION: &str = "snapshot_date=2026-11-20";

#[test]
fn the_file_says_where_it_comes_from_and_what_it_holds() {
    let scene = Scene::new();
    let run = scene.begin(NAME, noon(20));
    let batch = rows(&[100, -250]);
    let extra = vec![("lumbung.window".to_owned(), "2026".to_owned())];
    let mut writer = run.stage(PARTITION.parse().unwrap(), batch.schema(), extra).unwrap();
    writer.write(&batch).unwrap();
    writer.write(&rows(&[7])).unwrap();
    let staged = writer.finish().unwrap();
    assert_eq!((staged.rows(), staged.sums()["amount"].to_string().as_str()), (3, "-1.43"));
    let reader = SerializedFileReader::new(File::open(&staged.path).unwrap()).unwrap();
    let metadata = reader.metadata();
    let said = metadata.file_metadata().key_value_metadata().unwrap().iter();
    let said: BTreeMap<&str, &str> = said
        .filter(|kv| kv.key.starts_with("lumbung."))
        .map(|kv| (kv.key.as_str(), kv.value.as_deref().unwrap()))
        .collect();
    let expected = BTreeMap::from([
        ("lumbung.contract_version", "3"),
        ("lumbung.dataset", "realisasi_belanja"),
        ("lumbung.key_id", "1f2e3d4c"),
        ("lumbung.row_count", "3"),
        ("lumbung.run_id", run.id().as_str()),
        ("lumbung.source", "omspan"),
        ("lumbung.sum.amount", "-1.43"),
        ("lumbung.window", "2026"),
    ]);
    assert_eq!(said, expected);
    let column = metadata.row_group(0).column(1);
    assert!(matches!(column.compression(), Compression::ZSTD(_)));
    assert!(column.statistics().is_some());
}

#[test]
fn memory_is_that_of_one_row_group_however_long_the_file() {
    let scene = Scene::new();
    let run = scene.begin(NAME, noon(20));
    let mut writer = run.stage(PARTITION.parse().unwrap(), wide(0, 1).schema(), vec![]).unwrap();
    let mut peak = 0;
    for batch in 0..(ROW_GROUP_ROWS / 8192) * 2 + 1 {
        writer.write(&wide(batch * 8192, 8192)).unwrap();
        peak = peak.max(writer.file.encoder.memory());
    }
    assert!(peak < 24 << 20, "{peak} bytes");
    let staged = writer.finish().unwrap();
    let reader = SerializedFileReader::new(File::open(&staged.path).unwrap()).unwrap();
    assert!(reader.metadata().num_row_groups() >= 3);
}

/// Nineteen columns of `n` codes that never repeat, from the row `start`: the worst the writer meets.
fn wide(start: usize, n: usize) -> RecordBatch {
    let mut columns: Vec<(String, ArrayRef)> = (0..18)
        .map(|c| {
            let codes =
                (start..start + n).map(|i| format!("{:016x}", (i * 31 + c + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            (
                format!("c{c}"),
                Arc::new(codes.collect::<Vec<_>>().into_iter().map(Some).collect::<StringArray>()) as ArrayRef,
            )
        })
        .collect();
    let money = Decimal128Array::from_iter_values((start..start + n).map(|i| i as i128 * 1_000_003));
    columns.push(("amount".to_owned(), Arc::new(money.with_precision_and_scale(20, 2).unwrap())));
    RecordBatch::try_from_iter(columns).unwrap()
}

#[test]
fn a_recount_that_differs_names_the_column_and_both_figures() {
    let sum = |unscaled| ExactSum { unscaled, scale: 2 };
    let control = [Control { column: "amount".to_owned(), index: 1, sum: sum(12_345), nulls: 1 }];
    let counted = |rows, unscaled, nulls| Recount {
        rows,
        columns: vec![ColumnTotal { column: "amount".to_owned(), sum: sum(unscaled), nulls }],
    };
    let name = dataset(NAME);
    let check = |counted: &Recount| compare(&name, Path::new("staged.parquet"), (9, &control), counted);
    check(&counted(9, 12_345, 1)).unwrap();
    for (found, expected) in [
        (counted(8, 12_345, 1), "rows: 9 were written and staged.parquet holds 8"),
        (counted(9, 12_344, 1), "the sum of column amount: 123.45 were written and staged.parquet holds 123.44"),
        (counted(9, 12_345, 2), "empty values in column amount: 1 were written and staged.parquet holds 2"),
    ] {
        let refused = check(&found).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::DataRefused);
        assert!(refused.to_string().contains(expected), "{refused}");
    }
}

#[test]
fn a_file_that_was_damaged_behind_the_writer_is_not_staged() {
    let scene = Scene::new();
    let run = scene.begin(NAME, noon(20));
    let batch = rows(&[1, 2, 3]);
    let mut writer = run.stage(PARTITION.parse().unwrap(), batch.schema(), vec![]).unwrap();
    writer.write(&batch).unwrap();
    writer.file.encoder.end_group().unwrap();
    // Another file's bytes come to stand under the name while the writer still holds its own.
    let other = stage(&run, PARTITION, &[1, 2, 4]).unwrap();
    let path = writer.file.path.clone();
    std::fs::remove_file(&path).unwrap();
    std::fs::copy(other.path, path).unwrap();
    let refused = writer.finish().unwrap_err();
    assert!(matches!(refused, WarehouseError::Mismatch(_)), "{refused}");
}

#[test]
fn a_schema_that_does_not_fit_is_refused_before_anything_is_written() {
    let scene = Scene::new();
    let run = scene.begin(NAME, noon(20));
    let partition: Partition = PARTITION.parse().unwrap();
    let text: ArrayRef = Arc::new(StringArray::from(vec!["1"]));
    let of =
        |names: &[&str]| RecordBatch::try_from_iter(names.iter().map(|name| (*name, Arc::clone(&text)))).unwrap();
    for (names, expected) in [
        (&["amount"][..], "control column amount is not a Decimal128 column"),
        (&["other"], "control column amount is not a Decimal128 column"),
        (&["amount", "snapshot_date"], "snapshot_date is a folder key and a column"),
    ] {
        let refused = run.stage(partition.clone(), of(names).schema(), vec![]).err().unwrap();
        assert!(refused.to_string().contains(expected), "{refused}");
    }
    let mut writer = run.stage(partition, rows(&[1]).schema(), vec![]).unwrap();
    assert_eq!(writer.write(&of(&["kdsatker"])).unwrap_err().kind(), ErrorKind::DataRefused);
    let huge = Decimal128Array::from(vec![10_i128.pow(38) - 1]).with_precision_and_scale(38, 2).unwrap();
    let huge = RecordBatch::try_from_iter([("amount", Arc::new(huge) as ArrayRef)]).unwrap();
    let mut writer = run.stage("snapshot_date=2026-11-21".parse().unwrap(), huge.schema(), vec![]).unwrap();
    writer.write(&huge).unwrap();
    assert!(writer.write(&huge).unwrap_err().to_string().contains("more than 38 digits"));
    assert!(begin(&scene.warehouse, NAME, noon(20)).is_err(), "the run is still at work");
}

#[test]
fn a_full_disk_is_told_as_such() {
    let full = || OpenOptions::new().write(true).open("/dev/full").unwrap();
    let batch = rows(&[1; 1000]);
    let mut encoder = Encoder::new(BufWriter::with_capacity(16, full()), batch.schema()).unwrap();
    let failed = encoder.write(&batch).and_then(|()| encoder.finish().map(|_| ())).unwrap_err();
    let error = WarehouseError::parquet("write", Path::new("staged.parquet"), failed);
    assert!(matches!(error, WarehouseError::DiskFull { .. }), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::CannotWrite);
    let io = std::io::Write::write_all(&mut full(), b"x").unwrap_err();
    assert!(matches!(WarehouseError::io("write", Path::new("x"), io), WarehouseError::DiskFull { .. }));
}
