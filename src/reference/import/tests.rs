//! Tests of the import: what is published, what is refused, and what the ledger says of it.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use tempfile::TempDir;

use super::{ImportError, ImportReport, ImportRequest, ImportStatus, check_file, import};
use crate::config::ConfigFolder;
use crate::reference::{Reference, TableDefinition};
use crate::warehouse::{AsOf, RunFilter, RunStatus, Warehouse};

/// A warehouse, a folder for files, and the definition of `ref.wilayah`.
struct Bench {
    folder: TempDir,
    warehouse: Warehouse,
    wilayah: TableDefinition,
}

fn at(day: u32) -> DateTime<Utc> {
    format!("2026-03-{day:02}T05:00:00Z").parse().unwrap()
}

fn date(day: u32) -> NaiveDate {
    at(day).date_naive()
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let warehouse = Warehouse::open(&folder.path().join("warehouse"), at(1)).unwrap();
        let reference = Reference::load(&ConfigFolder::embedded()).unwrap();
        let wilayah = reference.table("wilayah").unwrap().definition.clone();
        Self { folder, warehouse, wilayah }
    }

    fn write(&self, text: &str) -> PathBuf {
        let file = self.folder.path().join("daftar.csv");
        std::fs::write(&file, text).unwrap();
        file
    }

    fn import(&self, text: &str, day: u32, accept_shrink: bool) -> Result<ImportReport, ImportError> {
        let file = self.write(text);
        let request = ImportRequest { file: &file, date: date(day), accept_shrink, at: at(day) };
        import(&self.warehouse, &self.wilayah, &request)
    }

    /// Rows of what counts on a day.
    fn rows(&self, as_of: AsOf) -> u64 {
        self.warehouse.committed_files(as_of).unwrap().iter().map(|file| file.rows).sum()
    }
}

/// A province and `n` regencies.
fn list(n: usize) -> String {
    let rows: String = (1..=n).map(|i| format!("35.{i:02},Kabupaten {i}\n")).collect();
    format!("kode,nama\n35,Jawa Timur\n{rows}")
}

#[test]
fn a_good_list_is_published_and_known_to_the_ledger() {
    let bench = Bench::new();
    let report = bench.import(&list(9), 1, false).unwrap();
    assert_eq!((report.status, report.rows), (ImportStatus::Committed, 10));
    assert_eq!(report.dataset.to_string(), "ref.wilayah");
    assert!(report.path.unwrap().is_dir());
    let detail = bench.warehouse.run(&report.run.unwrap()).unwrap().unwrap();
    assert_eq!(detail.run.status, RunStatus::Committed);
    assert_eq!(detail.run.reason.as_deref(), Some("imported from daftar.csv"));
    let page = &detail.pages[0].page;
    assert_eq!((page.url.as_str(), page.rows, page.bytes), ("daftar.csv", 10, list(9).len() as u64));

    let again = bench.import(&list(9), 2, false).unwrap();
    assert_eq!(again.status, ImportStatus::Unchanged);
    let longer = bench.import(&list(12), 3, false).unwrap();
    assert_eq!((longer.status, longer.rows), (ImportStatus::Committed, 13));
    assert_eq!([1, 2, 3].map(|day| bench.rows(AsOf::Date(date(day)))), [10, 10, 13]);
    assert_eq!((bench.rows(AsOf::Latest), bench.rows(AsOf::All)), (13, 23));
}

#[test]
fn a_bad_list_changes_nothing_and_says_everything() {
    let bench = Bench::new();
    bench.import(&list(9), 1, false).unwrap();
    let orphans: String = (0..30).map(|i| format!("36.{i:02},x\n")).collect();
    let error = bench.import(&format!("{}{orphans}", list(9)), 2, false).unwrap_err();
    let ImportError::Refused(refused) = &error else { panic!("{error}") };
    assert_eq!((refused.problems.len(), refused.total), (20, 30));
    let told = error.to_string();
    assert!(told.starts_with("nothing was imported; ") && told.contains("30 problems, the first 20"), "{told}");
    assert!(told.contains("daftar.csv:12: the parent of kode is not in the list"), "{told}");
    assert_eq!(bench.rows(AsOf::Latest), 10);
    assert_eq!(bench.warehouse.runs(&RunFilter::default()).unwrap().len(), 1, "a file that was refused is no run");
    let missing = check_file(&bench.wilayah, &bench.folder.path().join("none.csv")).unwrap_err();
    assert!(matches!(missing, ImportError::File { .. }));
}

#[test]
fn a_list_that_lost_its_rows_is_held_until_told_otherwise() {
    let bench = Bench::new();
    assert_eq!(bench.import("kode,nama\n", 1, false).unwrap().status, ImportStatus::Empty);
    bench.import(&list(9), 2, false).unwrap();
    // A fifth may go.
    assert_eq!(bench.import(&list(7), 3, false).unwrap().status, ImportStatus::Committed);
    for text in [list(3), "kode,nama\n".to_owned()] {
        let error = bench.import(&text, 4, false).unwrap_err();
        let ImportError::Shrunk { run, before: 8, .. } = &error else { panic!("{error}") };
        assert_eq!(bench.warehouse.run(run).unwrap().unwrap().run.status, RunStatus::Held);
        assert_eq!(bench.rows(AsOf::Latest), 8);
    }
    assert_eq!(bench.import("kode,nama\n", 4, true).unwrap().status, ImportStatus::Committed);
    assert_eq!(bench.rows(AsOf::Latest), 0);
}

#[test]
fn a_check_alone_publishes_nothing() {
    let bench = Bench::new();
    let report = check_file(&bench.wilayah, &bench.write(&list(3))).unwrap();
    assert_eq!((report.status, report.rows, report.run), (ImportStatus::Checked, 4, None));
    assert_eq!(bench.rows(AsOf::All), 0);
    assert!(bench.warehouse.runs(&RunFilter::default()).unwrap().is_empty());
}
