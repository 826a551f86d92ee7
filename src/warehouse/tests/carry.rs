//! Carrying on: a day's file keeps the rows it had, and whatever does not fit is refused by name.

use super::{Scene, noon, rows, stage, start, total};
use crate::warehouse::{AsOf, Carried, CommitMode, ErrorKind, Run, RunStart, StageWriter, WarehouseError};
use arrow::array::{Array, ArrayRef, Decimal128Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

const NAME: &str = "oss.nib_masuk";
const DAY: &str = "tanggal_diterima=2026-11-20";

fn writer(run: &Run, batch: &RecordBatch) -> StageWriter {
    run.stage(DAY.parse().unwrap(), batch.schema(), vec![]).unwrap()
}

/// Loads `batch` behind what the day holds.
fn append(scene: &Scene, batch: &RecordBatch) -> (Carried, u64) {
    let run = scene.begin(NAME, noon(20));
    let mut writer = writer(&run, batch);
    let carried = writer.carry().unwrap();
    writer.write(batch).unwrap();
    let staged = writer.finish().unwrap();
    let committed = run.commit(vec![staged], CommitMode::Accumulate, noon(20), None).unwrap();
    (carried, committed.rows)
}

fn refused(scene: &Scene, start: RunStart, batch: &RecordBatch) -> WarehouseError {
    let run = scene.warehouse.begin_run(start).unwrap();
    writer(&run, batch).carry().unwrap_err()
}

fn current(scene: &Scene) -> crate::warehouse::CommittedFile {
    scene.warehouse.committed_files(AsOf::All).unwrap().remove(0)
}

fn read(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = Arc::clone(reader.schema());
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    arrow::compute::concat_batches(&schema, &batches).unwrap()
}

#[test]
fn a_day_that_fills_bit_by_bit_keeps_every_row_and_its_sums() {
    let scene = Scene::in_memory();
    let (first, n) = append(&scene, &rows(&[100, 250]));
    assert_eq!((first.rows, first.sums["amount"].unscaled, n), (0, 0, 2));
    let (second, n) = append(&scene, &rows(&[-50]));
    assert_eq!((second.rows, second.sums["amount"].to_string().as_str(), n), (2, "3.50", 3));
    // Longer than a batch on its way, and in several row groups' worth of writes.
    let many = vec![1; 20_000];
    assert_eq!(append(&scene, &rows(&many)).1, 20_003);
    let (last, n) = append(&scene, &rows(&[7]));
    assert_eq!((last.rows, last.sums["amount"].unscaled, n), (20_003, 20_300, 20_004));
    let file = current(&scene);
    assert_eq!((file.rows, file.sums["amount"].unscaled, total(&file.path).unwrap()), (20_004, 20_307, 20_307));
    let batch = read(&file.path);
    let amounts = batch.column(1).as_any().downcast_ref::<Decimal128Array>().unwrap();
    assert_eq!((amounts.value(0), amounts.value(2), amounts.value(20_003)), (100, -50, 7), "in the order they came");
}

#[test]
fn another_day_and_another_dataset_are_not_carried() {
    let scene = Scene::in_memory();
    append(&scene, &rows(&[100]));
    let run = scene.begin(NAME, noon(21));
    let mut other_day =
        run.stage("tanggal_diterima=2026-11-21".parse().unwrap(), rows(&[]).schema(), vec![]).unwrap();
    assert_eq!(other_day.carry().unwrap().rows, 0);
    let run = scene.begin("oss.nib_masuk_izin", noon(21));
    assert_eq!(writer(&run, &rows(&[])).carry().unwrap().rows, 0);
}

/// The columns of [`rows`] in another order, with one that is new before them.
fn wider(new: Field, amounts: &[i128]) -> RecordBatch {
    let batch = rows(amounts);
    let added: ArrayRef = match new.data_type() {
        DataType::Int64 => Arc::new(Int64Array::from(vec![4; amounts.len()])),
        _ => Arc::new(StringArray::from(vec!["x"; amounts.len()])),
    };
    let fields = vec![new, batch.schema().field(1).clone(), batch.schema().field(0).clone()];
    let columns = vec![added, Arc::clone(batch.column(1)), Arc::clone(batch.column(0))];
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

#[test]
fn a_column_that_came_later_is_null_in_the_rows_before_it() {
    let scene = Scene::in_memory();
    append(&scene, &rows(&[100, 200]));
    let batch = wider(Field::new("perubahan_ke", DataType::Int64, true), &[300]);
    assert_eq!(append(&scene, &batch).1, 3);
    let read = read(&current(&scene).path);
    assert_eq!(read.schema().fields(), batch.schema().fields());
    let added = read.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
    assert_eq!(added.iter().collect::<Vec<_>>(), [None, None, Some(4)]);
    assert_eq!(read.column(2).null_count(), 0);
    // A column that may not be empty cannot come later.
    let strict = wider(Field::new("wajib", DataType::Utf8, false), &[1]);
    let mut strict_columns = strict.columns().to_vec();
    strict_columns.push(Arc::new(Int64Array::from(vec![1])));
    let mut fields: Vec<_> = strict.schema().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new("perubahan_ke", DataType::Int64, true)));
    let strict = RecordBatch::try_new(Arc::new(Schema::new(fields)), strict_columns).unwrap();
    let error = refused(&scene, start(NAME, noon(20)), &strict);
    assert!(error.to_string().contains("column wajib may not be empty"), "{error}");
}

#[test]
fn a_column_that_went_or_changed_its_type_is_refused_by_name() {
    let scene = Scene::in_memory();
    append(&scene, &rows(&[100]));
    let money = rows(&[1]).project(&[1]).unwrap();
    let number: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let retyped =
        RecordBatch::try_from_iter([("kdsatker", number), ("amount", Arc::clone(money.column(0)))]).unwrap();
    for (batch, expected) in [
        (money, "column kdsatker of the file so far of tanggal_diterima=2026-11-20 is not in the contract any more"),
        (retyped, "column kdsatker is Utf8 in the file so far of tanggal_diterima=2026-11-20 and Int64 now"),
    ] {
        let error = refused(&scene, start(NAME, noon(20)), &batch);
        assert_eq!(error.kind(), ErrorKind::DataRefused);
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert_eq!(current(&scene).rows, 1);
}

#[test]
fn rows_that_were_hashed_under_another_key_are_not_mixed() {
    let scene = Scene::in_memory();
    append(&scene, &rows(&[100]));
    for key_id in [Some("99999999".to_owned()), None] {
        let error = refused(&scene, RunStart { key_id, ..start(NAME, noon(20)) }, &rows(&[1]));
        assert_eq!(error.kind(), ErrorKind::DataRefused);
        let text = error.to_string();
        assert!(text.contains("under another key (1f2e3d4c, now") && text.contains("lumbung key rotate"), "{text}");
    }
}

#[test]
fn old_rows_come_first() {
    let scene = Scene::in_memory();
    append(&scene, &rows(&[100]));
    let run = scene.begin(NAME, noon(20));
    let mut writer = writer(&run, &rows(&[1]));
    writer.write(&rows(&[1])).unwrap();
    assert_eq!(writer.carry().unwrap_err().kind(), ErrorKind::Internal);
}

#[test]
fn a_file_that_does_not_hold_what_was_published_is_not_carried_on() {
    let scene = Scene::in_memory();
    append(&scene, &rows(&[100, 200]));
    for (amounts, expected) in
        [(&[100][..], "rows: 2 were written"), (&[100, 201], "the sum of column amount: 3.00 were written")]
    {
        // Somebody put another whole Parquet file into its place.
        let run = scene.begin(NAME, noon(20));
        let other = stage(&run, DAY, amounts).unwrap();
        let path = current(&scene).path;
        fs::remove_file(&path).unwrap();
        fs::copy(&other.path, &path).unwrap();
        let error = writer(&run, &rows(&[1])).carry().unwrap_err();
        assert!(matches!(error, WarehouseError::Mismatch(_)) && error.to_string().contains(expected), "{error}");
    }
    fs::remove_file(current(&scene).path).unwrap();
    let error = refused(&scene, start(NAME, noon(20)), &rows(&[1]));
    assert_eq!(error.kind(), ErrorKind::CannotWrite);
}
