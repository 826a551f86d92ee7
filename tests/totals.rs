//! Rows and exact money sums of a dataset, as three parties tell them: the sandbox (its control), the program
//! (`lumbung sql`) and the published files (the parquet crate).

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray};
use arrow::datatypes::Decimal128Type;
use lumbung::sandbox::{Control, ControlTotals};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::harness::{Lab, walk};

/// The rows of CSV that a query gives, the header left out; `options` go to `lumbung sql`.
pub(crate) fn csv(lab: &Lab, query: &str, options: &[&str]) -> Vec<Vec<String>> {
    let arguments = [&["sql", query, "--format", "csv"], options].concat();
    let cells = |line: &str| line.split(',').map(str::to_owned).collect();
    lab.ok(&arguments).stdout.lines().skip(1).map(cells).collect()
}

/// Every dataset of `like`, with the sums it names, as `lumbung sql` tells them in one query.
pub(crate) fn by_sql(lab: &Lab, like: &Control, options: &[&str]) -> Control {
    let mut selects = Vec::new();
    for (dataset, totals) in &like.datasets {
        selects.push(format!("SELECT '{dataset}' AS d, '' AS c, CAST(count(*) AS VARCHAR) AS v FROM {dataset}"));
        for column in totals.sums.keys() {
            let sum = format!("CAST(coalesce(sum({column}), 0.00) AS VARCHAR)");
            selects.push(format!("SELECT '{dataset}', '{column}', {sum} FROM {dataset}"));
        }
    }
    let mut told = Control::default();
    for row in csv(lab, &selects.join(" UNION ALL "), options) {
        let [dataset, column, value] = row.as_slice() else { panic!("{row:?}") };
        let totals = told.datasets.entry(dataset.clone()).or_default();
        if column.is_empty() {
            totals.rows = value.parse().unwrap();
        } else {
            totals.sums.insert(column.clone(), value.clone());
        }
    }
    told
}

/// `control` of one dataset only.
pub(crate) fn only(control: &Control, dataset: &str) -> Control {
    Control { datasets: BTreeMap::from([(dataset.to_owned(), control.datasets[dataset].clone())]) }
}

/// Every partition folder below `tree`, relative to it, with its one file. Fails on a second file, on a file in a folder
/// that has folders, and on whatever is not Parquet.
pub(crate) fn partitions(tree: &Path) -> BTreeMap<String, PathBuf> {
    let mut files = Vec::new();
    walk(tree, &mut files);
    let mut found = BTreeMap::new();
    for file in files {
        assert_eq!(file.extension().unwrap_or_default(), "parquet", "{}", file.display());
        let folder = file.parent().unwrap();
        assert_eq!(fs::read_dir(folder).unwrap().count(), 1, "{} holds more than one file", folder.display());
        found.insert(folder.strip_prefix(tree).unwrap().to_str().unwrap().to_owned(), file);
    }
    found
}

/// The totals of Parquet files, read to their last row; `columns` are money.
pub(crate) fn of_files<'a>(files: impl IntoIterator<Item = &'a PathBuf>, columns: &[&str]) -> ControlTotals {
    let (mut rows, mut sums) = (0, vec![0_i128; columns.len()]);
    for path in files {
        let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
            let batch = batch.unwrap();
            rows += batch.num_rows() as u64;
            for (column, sum) in columns.iter().zip(&mut sums) {
                let amounts = batch.column_by_name(column).unwrap().as_primitive::<Decimal128Type>();
                assert_eq!(amounts.data_type().to_string(), "Decimal128(20, 2)", "{column}");
                *sum += amounts.iter().flatten().sum::<i128>();
            }
        }
    }
    let text = |sum: i128| {
        let sign = if sum < 0 { "-" } else { "" };
        format!("{sign}{}.{:02}", sum.unsigned_abs() / 100, sum.unsigned_abs() % 100)
    };
    let sums = columns.iter().zip(sums).map(|(column, sum)| ((*column).to_owned(), text(sum))).collect();
    ControlTotals { rows, sums }
}
