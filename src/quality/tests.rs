//! The recount, against files written by the Arrow writer.

use super::{ColumnTotal, ExactSum, Recount, RecountError, recount, recount_by};
use arrow::array::{ArrayRef, Decimal128Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn write(folder: &Path, batches: &[RecordBatch]) -> PathBuf {
    let path = folder.join("k=1[*].parquet");
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batches[0].schema(), None).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
        writer.flush().unwrap();
    }
    writer.close().unwrap();
    path
}

fn money(values: Vec<Option<i128>>, precision: u8, scale: i8) -> ArrayRef {
    Arc::new(Decimal128Array::from(values).with_precision_and_scale(precision, scale).unwrap())
}

fn total(column: &str, unscaled: i128, scale: u8, nulls: u64) -> ColumnTotal {
    ColumnTotal { column: column.to_owned(), sum: ExactSum { unscaled, scale }, nulls }
}

#[test]
fn rows_sums_and_nulls_are_counted_over_all_row_groups() {
    let folder = tempfile::tempdir().unwrap();
    let batch = |amounts: Vec<Option<i128>>| {
        let codes = StringArray::from(vec!["010101"; amounts.len()]);
        let wide = amounts.iter().map(|a| a.map(|a| a * 10_i128.pow(15) + 1)).collect();
        let columns: Vec<(&str, ArrayRef)> =
            vec![("kdsatker", Arc::new(codes)), ("amount", money(amounts, 20, 2)), ("wide", money(wide, 38, 4))];
        RecordBatch::try_from_iter(columns).unwrap()
    };
    let path = write(folder.path(), &[batch(vec![Some(150), None, Some(-50)]), batch(vec![Some(7), None])]);
    let counted = recount(&path, &["amount".to_owned(), "wide".to_owned()]).unwrap();
    let wide = 107 * 10_i128.pow(15) + 3;
    assert_eq!(counted, Recount { rows: 5, columns: vec![total("amount", 107, 2, 2), total("wide", wide, 4, 2)] });
    // Steps that end within a row group, with one, and with the file.
    for step_rows in 1..=6 {
        assert_eq!(recount_by(step_rows, &path, &["amount".to_owned(), "wide".to_owned()]).unwrap(), counted);
    }
    assert_eq!(recount(&path, &[]).unwrap().rows, 5);
}

#[test]
fn small_decimals_empty_files_and_all_null_columns_are_exact() {
    let folder = tempfile::tempdir().unwrap();
    // Five digits are stored as 32-bit, fifteen as 64-bit integers: other code paths of the reader.
    for precision in [5, 15, 38] {
        let full = RecordBatch::try_from_iter([("a", money(vec![Some(99_999); 1000], precision, 2))]).unwrap();
        let path = write(folder.path(), &[full]);
        assert_eq!(recount(&path, &["a".to_owned()]).unwrap().columns, vec![total("a", 99_999_000, 2, 0)]);
    }
    let empty = RecordBatch::try_from_iter([("a", money(vec![], 20, 2))]).unwrap();
    let path = write(folder.path(), &[empty]);
    assert_eq!(recount(&path, &["a".to_owned()]).unwrap(), Recount { rows: 0, columns: vec![total("a", 0, 2, 0)] });
    let nulls = RecordBatch::try_from_iter([("a", money(vec![None, None], 20, 2))]).unwrap();
    let path = write(folder.path(), &[nulls]);
    assert_eq!(recount(&path, &["a".to_owned()]).unwrap(), Recount { rows: 2, columns: vec![total("a", 0, 2, 2)] });
}

#[test]
fn a_damaged_file_a_missing_column_and_a_text_column_are_errors_that_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let codes: ArrayRef = Arc::new(StringArray::from(vec!["1"]));
    let path = write(folder.path(), &[RecordBatch::try_from_iter([("code", codes)]).unwrap()]);
    let missing = recount(&path, &["amount".to_owned()]).unwrap_err();
    assert!(missing.to_string().contains("amount"), "{missing}");
    assert!(matches!(
        recount(&path, &["code".to_owned()]),
        Err(RecountError::NotDecimal { .. } | RecountError::Read { .. })
    ));
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 6]).unwrap();
    assert!(recount(&path, &[]).unwrap_err().to_string().contains("k=1[*].parquet"));
}
