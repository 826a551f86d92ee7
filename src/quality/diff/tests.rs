//! Two snapshots written by the Arrow writer, compared.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow::array::{ArrayRef, Date32Array, Decimal128Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;

use super::{Cell, DiffError, DiffRequest, Difference, Fate, RowDifference};
use crate::quality::ExactSum;

/// Nobody stops it.
static GO_ON: AtomicBool = AtomicBool::new(false);

/// A row: satker, account, amount, day, name.
type Row<'a> = (&'a str, Option<&'a str>, Option<i128>, Option<i32>, Option<&'a str>);

fn write(folder: &Path, name: &str, rows: &[Row<'_>]) -> PathBuf {
    let amounts: Decimal128Array = rows.iter().map(|row| row.2).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("satker", Arc::new(rows.iter().map(|row| Some(row.0)).collect::<StringArray>())),
        ("akun", Arc::new(rows.iter().map(|row| row.1).collect::<StringArray>())),
        ("amount", Arc::new(amounts.with_precision_and_scale(20, 2).unwrap())),
        ("tanggal", Arc::new(rows.iter().map(|row| row.3).collect::<Date32Array>())),
        ("nama", Arc::new(rows.iter().map(|row| row.4).collect::<StringArray>())),
    ];
    save(
        folder,
        name,
        &RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap(),
    )
}

fn save(folder: &Path, name: &str, batch: &RecordBatch) -> PathBuf {
    let path = folder.join(name);
    let mut writer = ArrowWriter::try_new(std::fs::File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    path
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn columns() -> Vec<String> {
    names(&["satker", "akun", "amount", "tanggal", "nama"])
}

fn rupiah(unscaled: i128) -> ExactSum {
    ExactSum { unscaled, scale: 2 }
}

/// What differs, and the rows that do.
fn diff(request: &DiffRequest<'_>) -> Result<(Difference, Vec<RowDifference>), DiffError> {
    let mut rows = Vec::new();
    let mut each = |row| {
        rows.push(row);
        Ok(())
    };
    super::diff(request, &mut each).map(|found| (found, rows))
}

/// Five rows, and five of which one is new, one gone and two changed: in another order, and in two files.
fn two_snapshots(folder: &Path) -> ([PathBuf; 1], [PathBuf; 2]) {
    let old: [Row; 5] = [
        ("01", Some("51"), Some(10_000), Some(20_000), Some("a")),
        ("01", Some("52"), Some(20_000), None, Some("b")),
        ("01", None, Some(1), None, None),
        ("02", Some("51"), Some(5_050), None, Some("gone")),
        ("03", Some("51"), None, Some(20_000), None),
    ];
    let new: [Row; 3] = [
        ("03", Some("51"), Some(300), Some(20_001), None),
        ("01", None, Some(1), None, None),
        ("04", Some("57"), Some(99), None, Some("neu")),
    ];
    let newer: [Row; 2] =
        [("01", Some("52"), Some(19_900), None, None), ("01", Some("51"), Some(10_000), Some(20_000), Some("a"))];
    let from = [write(folder, "old.parquet", &old)];
    let to = [write(folder, "new[*].parquet", &new), write(folder, "newer.parquet", &newer)];
    (from, to)
}

#[test]
fn rows_are_told_apart_by_their_key_and_compared_column_by_column() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = two_snapshots(folder.path());
    let (key, columns) = (names(&["satker", "akun"]), columns());
    let request = DiffRequest { from: &from, to: &to, key: &key, columns: &columns, rows: 5, stop: &GO_ON };
    let (found, _) = diff(&request).unwrap();
    assert_eq!((found.rows_from, found.rows_to), (5, 5));
    assert_eq!((found.added, found.removed, found.changed), (1, 1, 2));
    let counts: Vec<_> = found.columns.iter().map(|column| (column.column.as_str(), column.changed)).collect();
    assert_eq!(counts, [("amount", 2), ("tanggal", 1), ("nama", 1)]);
    let money = found.columns[0].money.unwrap();
    // 300 where there was NULL, and 199.00 instead of 200.00.
    assert_eq!((money.added, money.removed, money.changed), (rupiah(99), rupiah(5_050), rupiah(200)));
    assert_eq!(money.net(), rupiah(99 - 5_050 + 200));
    assert!(found.columns[1].money.is_none());

    // Fewer rows are shown, the counts are the same.
    let (few, rows) = diff(&DiffRequest { rows: 1, ..request }).unwrap();
    assert_eq!((rows.len(), few.changed), (3, 2));
    assert_eq!(diff(&DiffRequest { from: &to, ..request }).unwrap().0.changed, 0);
}

#[test]
fn the_rows_of_each_kind_are_handed_on_with_old_and_new_values() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = two_snapshots(folder.path());
    let (key, columns) = (names(&["satker", "akun"]), columns());
    let request = DiffRequest { from: &from, to: &to, key: &key, columns: &columns, rows: usize::MAX, stop: &GO_ON };
    let (_, found) = diff(&request).unwrap();
    let some = |text: &str| Some(text.to_owned());
    let cell = |column: &str, old: Option<&str>, new: Option<&str>| Cell {
        column: column.to_owned(),
        old: old.map(str::to_owned),
        new: new.map(str::to_owned),
    };
    let row = |fate, key: [&str; 2], cells| RowDifference { fate, key: key.map(some).to_vec(), cells };
    assert_eq!(
        found,
        [
            row(Fate::Added, ["04", "57"], vec![cell("amount", None, Some("0.99")), cell("nama", None, Some("neu"))]),
            row(
                Fate::Removed,
                ["02", "51"],
                vec![cell("amount", Some("50.50"), None), cell("nama", Some("gone"), None)]
            ),
            row(
                Fate::Changed,
                ["01", "52"],
                vec![cell("amount", Some("200.00"), Some("199.00")), cell("nama", Some("b"), None)]
            ),
            row(
                Fate::Changed,
                ["03", "51"],
                vec![cell("amount", None, Some("3.00")), cell("tanggal", Some("2024-10-04"), Some("2024-10-05")),]
            ),
        ]
    );
}

#[test]
fn a_snapshot_may_be_missing_and_a_column_new() {
    let folder = tempfile::tempdir().unwrap();
    let rows: [Row; 2] = [("01", Some("51"), Some(7), None, None), ("02", None, None, None, None)];
    let with = [write(folder.path(), "with.parquet", &rows)];
    let codes: ArrayRef = Arc::new(StringArray::from(vec!["01", "02"]));
    let without = [save(folder.path(), "without.parquet", &RecordBatch::try_from_iter([("satker", codes)]).unwrap())];
    let (key, columns) = (names(&["satker"]), columns());
    let request = DiffRequest { from: &[], to: &with, key: &key, columns: &columns, rows: 0, stop: &GO_ON };
    let (from_nothing, _) = diff(&request).unwrap();
    assert_eq!((from_nothing.added, from_nothing.removed, from_nothing.changed), (2, 0, 0));
    assert_eq!(from_nothing.columns[1].money.unwrap().net(), rupiah(7));
    let (to_nothing, _) = diff(&DiffRequest { from: &with, to: &[], ..request }).unwrap();
    assert_eq!((to_nothing.added, to_nothing.removed), (0, 2));
    // What the older contract did not have was NULL.
    let (grown, _) = diff(&DiffRequest { from: &without, ..request }).unwrap();
    assert_eq!((grown.added, grown.removed, grown.changed), (0, 0, 1));
    assert_eq!(grown.columns[1].money.unwrap().changed, rupiah(7));
}

#[test]
fn a_key_that_does_not_tell_rows_apart_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let row: Row = ("01", Some("51"), Some(1), None, None);
    let twice = [write(folder.path(), "twice.parquet", &[row, row, ("02", None, None, None, None)])];
    let (key, columns) = (names(&["satker", "akun"]), columns());
    let request = DiffRequest { from: &[], to: &twice, key: &key, columns: &columns, rows: 0, stop: &GO_ON };
    let error = diff(&request).unwrap_err();
    assert!(matches!(error, DiffError::Ambiguous { rows: 2, side: "newer", .. }), "{error}");
    let key = names(&["nik"]);
    let error = diff(&DiffRequest { key: &key, ..request }).unwrap_err();
    assert_eq!(error.to_string(), "the key column nik is in no file of the newer snapshot");
}

#[test]
fn rows_without_a_key_are_compared_whole_and_as_often_as_they_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let row: Row = ("01", Some("51"), Some(150), Some(20_000), Some("a"));
    let other: Row = ("01", Some("51"), Some(-150), Some(20_000), Some("a"));
    let nothing: Row = ("02", None, None, None, None);
    let empty: Row = ("02", Some(""), None, None, None);
    let from = [write(folder.path(), "old.parquet", &[row, row, nothing, other])];
    let to = [write(folder.path(), "new.parquet", &[row, empty, row, row, other])];
    let columns = columns();
    let request = DiffRequest { from: &from, to: &to, key: &[], columns: &columns, rows: usize::MAX, stop: &GO_ON };
    let (found, rows) = diff(&request).unwrap();
    assert_eq!((found.added, found.removed, found.changed), (2, 1, 0));
    let money = found.columns[2].money.unwrap();
    assert_eq!((money.added, money.removed, money.changed), (rupiah(150), rupiah(0), rupiah(0)));
    // An empty text is another value than NULL, and of the row that is there once more one is new.
    let fates: Vec<_> = rows.iter().map(|row| (row.fate, row.key.len(), row.cells.len())).collect();
    assert_eq!(fates, [(Fate::Added, 0, 2), (Fate::Added, 0, 5), (Fate::Removed, 0, 1)]);
}

#[test]
fn a_row_that_cannot_be_handed_on_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = two_snapshots(folder.path());
    let (key, columns) = (names(&["satker", "akun"]), columns());
    let request = DiffRequest { from: &from, to: &to, key: &key, columns: &columns, rows: 5, stop: &GO_ON };
    let error = super::diff(&request, &mut |_| Err(std::io::ErrorKind::StorageFull.into())).unwrap_err();
    assert!(matches!(error, DiffError::Write(_)), "{error}");
}

#[test]
fn it_ends_when_it_is_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = two_snapshots(folder.path());
    let (key, columns) = (names(&["satker", "akun"]), columns());
    let stop = AtomicBool::new(true);
    let request = DiffRequest { from: &from, to: &to, key: &key, columns: &columns, rows: 5, stop: &stop };
    assert!(matches!(diff(&request).unwrap_err(), DiffError::Stopped));
}
