//! Golden figures: a warehouse small enough to count by hand (tests/golden/README.md has the arithmetic), committed the way
//! loads are; every figure of every mart is asserted, as of the newest day and as of the one before, and computed again by
//! DuckDB with SQL of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{DateTime, NaiveDate, Utc};
use lumbung::catalog::{Catalog, SessionLimits, ViewSet, dataset_tables, ledger_tables, reference_tables};
use lumbung::config::ConfigFolder;
use lumbung::contract::{Contract, file_schema};
use lumbung::reference::Reference;
use lumbung::warehouse::{AsOf, CommitMode, DatasetId, Keeping, Partition, RunStart, Seal, Warehouse};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::harness::python_has;

/// The newest day of the fixture, and the one that everything has an older snapshot of.
const DAYS: [&str; 2] = ["2026-03-31", "2026-03-24"];

/// Marts that `recompute.py` computes; the others are the parts these are made of, and `mutu_data`.
const RECOMPUTED: usize = 27;

/// Rows of a mart as text, NULL as `None`; sorted, because a view has no order.
type Rows = Vec<BTreeMap<String, Option<String>>>;

struct Golden {
    folder: TempDir,
    runtime: Runtime,
    config: ConfigFolder,
    contracts: Vec<Contract>,
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

impl Golden {
    /// Commits every file of `inputs/<day>/<source>.<dataset>[.<fiscal year>].ndjson`, day after day.
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let reference = folder.path().join("config/reference");
        fs::create_dir_all(&reference).unwrap();
        for file in fs::read_dir(fixture().join("reference")).unwrap().map(|file| file.unwrap().path()) {
            fs::copy(&file, reference.join(file.file_name().unwrap())).unwrap();
        }
        let config = ConfigFolder::locate(Some(&folder.path().join("config"))).unwrap();
        let contracts = config.contracts().unwrap();
        let golden = Self { folder, runtime: Runtime::new().unwrap(), config, contracts };
        let warehouse = Warehouse::open(&golden.root(), at("2025-01-01")).unwrap();
        let days: BTreeSet<PathBuf> =
            fs::read_dir(fixture().join("inputs")).unwrap().map(|day| day.unwrap().path()).collect();
        for day in days {
            let files: BTreeSet<PathBuf> = fs::read_dir(&day).unwrap().map(|file| file.unwrap().path()).collect();
            files.iter().for_each(|file| golden.commit(&warehouse, &day, file));
        }
        golden
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("warehouse")
    }

    fn commit(&self, warehouse: &Warehouse, day: &Path, file: &Path) {
        let day = day.file_name().unwrap().to_str().unwrap();
        let date: NaiveDate = day.parse().unwrap();
        let stem = file.file_stem().unwrap().to_str().unwrap();
        let mut parts = stem.split('.');
        let (source, name) = (parts.next().unwrap(), parts.next().unwrap());
        let year: Option<u16> = parts.next().map(|year| year.parse().unwrap());
        let contract = self.contracts.iter().find(|contract| contract.source == source).unwrap();
        let dataset = contract.datasets.iter().find(|dataset| dataset.name == name).unwrap();
        assert_eq!(dataset.fiscal_year, year.is_some(), "{stem}: a fiscal year in the name, or none");
        let (partition, mode) = match dataset.date_key() {
            "snapshot_date" => (Partition::of_snapshot(year, date), CommitMode::Snapshot),
            key => (Partition::of_events(year, key, date).unwrap(), CommitMode::Accumulate),
        };
        let schema = file_schema(dataset);
        let lines = BufReader::new(fs::File::open(file).unwrap());
        let reader = arrow::json::ReaderBuilder::new(schema.clone()).with_strict_mode(true).build(lines).unwrap();
        let batches: Vec<RecordBatch> = reader.collect::<Result<_, _>>().unwrap_or_else(|e| panic!("{stem}: {e}"));
        let run = warehouse
            .begin_run(RunStart {
                dataset: DatasetId::new(source, name).unwrap(),
                tahun_anggaran: year,
                contract_version: contract.version,
                control: Vec::new(),
                key_id: None,
                replay_of: None,
                parameters: None,
                keeping: Keeping { seal: Seal::Open, level: None },
                at: at(day),
            })
            .unwrap();
        let mut writer = run.stage(partition, schema, Vec::new()).unwrap();
        batches.iter().for_each(|batch| writer.write(batch).unwrap());
        let staged = writer.finish().unwrap();
        run.commit(vec![staged], mode, at(day), None).unwrap();
    }

    /// Every mart as of a day.
    fn marts(&self, day: &str) -> BTreeMap<String, Rows> {
        self.runtime.block_on(async {
            let catalog = self.catalog(AsOf::Date(day.parse().unwrap())).await;
            let mut marts = BTreeMap::new();
            for view in ViewSet::embedded().views() {
                let rows = rows(&catalog, &format!("SELECT * FROM mart.{}", view.name)).await;
                marts.insert(view.name.clone(), rows);
            }
            marts
        })
    }

    /// Compares with what DuckDB makes of the same files, by SQL of its own.
    fn recompute(&self, day: &str, marts: &BTreeMap<String, Rows>) {
        let ran = Command::new("python3")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .arg(fixture().join("recompute.py"))
            .args([self.root(), fixture().join("reference")])
            .arg(day)
            .output()
            .unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let mut compared = 0;
        for line in String::from_utf8(ran.stdout).unwrap().lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let mart = line["mart"].as_str().unwrap();
            let mut recomputed: Rows = serde_json::from_value(line["rows"].clone()).unwrap();
            recomputed.sort();
            assert_eq!(ndjson(&recomputed), ndjson(&marts[mart]), "as of {day}, mart.{mart}: DuckDB on the left");
            compared += 1;
        }
        assert!(compared >= RECOMPUTED, "only {compared} marts were recomputed");
    }

    async fn catalog(&self, as_of: AsOf) -> Catalog {
        let warehouse = Warehouse::open_for_reading(&self.root()).unwrap();
        let reference = Reference::load(&self.config).unwrap();
        let files = Arc::new(warehouse.committed_set(as_of).unwrap());
        let mut tables = dataset_tables(&files, &self.contracts);
        let (imported, mut memory) = reference_tables(&files, &reference);
        tables.extend(imported);
        memory.extend(ledger_tables(&warehouse, &files, as_of));
        let catalog = Catalog::build_with(tables, memory, &ViewSet::embedded(), SessionLimits::default()).unwrap();
        assert_eq!(catalog.problems().await.unwrap(), []);
        catalog
    }
}

fn at(day: &str) -> DateTime<Utc> {
    format!("{day}T05:00:00Z").parse().unwrap()
}

async fn rows(catalog: &Catalog, sql: &str) -> Rows {
    let batches = catalog.query(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}")).collect().await;
    let options = FormatOptions::default();
    let mut rows = Rows::new();
    for batch in batches.unwrap_or_else(|e| panic!("{sql}: {e}")) {
        let schema = batch.schema();
        for row in 0..batch.num_rows() {
            let cell = |column: usize| {
                let array = batch.column(column);
                let text = || ArrayFormatter::try_new(array, &options).unwrap().value(row).to_string();
                (!array.is_null(row)).then(text)
            };
            rows.push(schema.fields().iter().enumerate().map(|(i, f)| (f.name().clone(), cell(i))).collect());
        }
    }
    rows.sort();
    rows
}

/// One JSON object a line, keys and lines sorted.
fn ndjson(rows: &Rows) -> String {
    rows.iter().map(|row| serde_json::to_string(row).unwrap() + "\n").collect()
}

#[test]
fn every_figure_of_every_mart_is_the_one_counted_by_hand_and_the_one_duckdb_counts() {
    let golden = Golden::new();
    let duckdb = python_has(&["duckdb"]);
    for day in DAYS {
        let marts = golden.marts(day);
        let mut wrong = String::new();
        for (mart, rows) in &marts {
            let file = fixture().join("expected").join(day).join(format!("{mart}.ndjson"));
            let found = ndjson(rows);
            if fs::read_to_string(&file).unwrap_or_else(|e| format!("{e}")) != found {
                wrong.push_str(&format!("=== {day}/{mart}.ndjson\n{found}"));
            }
        }
        assert!(wrong.is_empty(), "other figures than written down:\n{wrong}");
        if duckdb {
            golden.recompute(day, &marts);
        }
    }
}

/// What changes between the two days changes in the marts, and a session as of a day knows nothing of later ones.
#[test]
fn a_session_as_of_a_day_shows_the_figures_of_that_day() {
    let golden = Golden::new();
    let between = golden.runtime.block_on(golden.catalog(AsOf::Date("2026-03-28".parse().unwrap())));
    let one = |sql: &str| {
        let rows = golden.runtime.block_on(rows(&between, sql));
        rows[0].values().next().unwrap().clone().unwrap()
    };
    assert_eq!(one("SELECT pagu FROM mart.ringkasan_pimpinan"), "2100000.00");
    assert_eq!(one("SELECT max(snapshot_date) FROM history.omspan_dipa_belanja"), "2026-03-24");
    assert_eq!(one("SELECT count(*) FROM mart.perubahan_pagu"), "0");
    assert_eq!(one("SELECT count(*) FROM ops.snapshots WHERE snapshot_date > DATE '2026-03-28'"), "0");
    assert_eq!(one("SELECT count(*) FROM ops.runs WHERE started_at > TIMESTAMP '2026-03-29'"), "0");
    // Revenue is there up to its own day of insertion.
    assert_eq!(one("SELECT max(insert_date) FROM omspan.detail_pnbp"), "2026-03-25");
}
