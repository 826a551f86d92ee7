//! The warehouse of the benchmark: generated once, committed the way loads are, so that ledger, `latest` and `history` are
//! real.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Days, NaiveDate, Utc};
use lumbung::config::ConfigFolder;
use lumbung::contract::{Contract, Dataset, file_schema};
use lumbung::warehouse::{CommitMode, DatasetId, Keeping, Partition, Run, RunStart, Seal, StagedFile, Warehouse};

use crate::cells::{Table, batch, kept};
use crate::world::World;

/// The newest day of every generated warehouse.
const TODAY: &str = "2026-10-30";
/// Rows made and written at a time.
const BATCH: u64 = 64 * 1024;
/// Satker of a ministry.
const SATKERS: u64 = 480;
/// Changes when what is generated does, so that an old cache is not taken for a new one.
const EDITION: u32 = 1;

/// How large a generated warehouse is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Realisasi rows a day; everything else is a share of them.
    pub(crate) postings: u64,
    /// Daily snapshots.
    pub(crate) days: u32,
    /// Satker, at most.
    pub(crate) satkers: u64,
}

impl Size {
    /// A ministry of the usual size.
    pub(crate) fn new(postings: u64, days: u32) -> Self {
        Self { postings, days, satkers: SATKERS }
    }

    fn folder(self) -> String {
        let satkers = if self.satkers == SATKERS { String::new() } else { format!("-{}", self.satkers) };
        format!("{}x{}{satkers}-{EDITION}", self.postings, self.days)
    }
}

/// A generated warehouse.
pub(crate) struct House {
    /// Holds `config/` and `warehouse/`.
    pub(crate) folder: PathBuf,
    pub(crate) config: ConfigFolder,
    pub(crate) contracts: Vec<Contract>,
}

impl House {
    /// The warehouse of this `size` below `cache`; generated where it is not there yet.
    pub(crate) fn open(cache: &Path, size: Size) -> Self {
        let folder = cache.join(size.folder());
        let done = folder.join("done");
        if !done.exists() {
            fs::remove_dir_all(&folder)
                .or_else(|e| if e.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(e) })
                .expect("an unfinished warehouse can be removed");
            let began = Instant::now();
            eprintln!("generating {} postings x {} days ...", size.postings, size.days);
            generate(&folder, size);
            fs::write(&done, "").expect("the cache folder can be written");
            eprintln!("generated in {:.0} s", began.elapsed().as_secs_f64());
        }
        let (config, contracts) = configuration(&folder);
        Self { folder, config, contracts }
    }

    pub(crate) fn warehouse(&self) -> Warehouse {
        Warehouse::open_for_reading(&self.folder.join("warehouse")).expect("a warehouse was generated")
    }
}

fn configuration(folder: &Path) -> (ConfigFolder, Vec<Contract>) {
    let config = ConfigFolder::locate(Some(&folder.join("config"))).expect("the config folder was written");
    let contracts = config.contracts().expect("the contracts of this release");
    (config, contracts)
}

fn generate(folder: &Path, size: Size) {
    let today: NaiveDate = TODAY.parse().expect("a date");
    let world = World::new(size.postings, size.satkers, today);
    let reference = folder.join("config/reference");
    fs::create_dir_all(&reference).expect("the cache folder can be written");
    for (name, text) in world.reference() {
        fs::write(reference.join(format!("{name}.csv")), text).expect("the cache folder can be written");
    }
    let (_, contracts) = configuration(folder);
    let warehouse = Warehouse::open(&folder.join("warehouse"), at(today)).expect("a new warehouse");
    for table in world.tables() {
        let contract = contracts.iter().find(|contract| contract.source == table.source).expect("a known source");
        let dataset = contract.datasets.iter().find(|dataset| dataset.name == table.name).expect("a known dataset");
        let began = Instant::now();
        let writer = Writer { world: &world, warehouse: &warehouse, contract, dataset, table: &table, today };
        if dataset.date_key() == "snapshot_date" {
            writer.snapshots(size.days)
        } else {
            writer.events()
        }
        eprintln!("  {}.{}: {:.1} s", table.source, table.name, began.elapsed().as_secs_f64());
    }
}

fn at(day: NaiveDate) -> DateTime<Utc> {
    day.and_hms_opt(5, 0, 0).expect("a time of day").and_utc()
}

/// Writes one dataset.
struct Writer<'a> {
    world: &'a World,
    warehouse: &'a Warehouse,
    contract: &'a Contract,
    dataset: &'a Dataset,
    table: &'a Table,
    today: NaiveDate,
}

impl Writer<'_> {
    /// A snapshot a day, oldest first, ending today.
    fn snapshots(&self, days: u32) {
        let schema = file_schema(self.dataset);
        for (name, _) in &self.table.cells {
            assert!(schema.index_of(name).is_ok(), "{}.{} has no column {name}", self.table.source, self.table.name);
        }
        let year =
            self.dataset.fiscal_year.then(|| u16::try_from(chrono::Datelike::year(&self.today)).expect("our time"));
        let mut batches: Vec<RecordBatch> = Vec::new();
        for age in (0..days).rev() {
            let day = self.today - Days::new(u64::from(age));
            batches = self.day(&schema, age, &batches);
            let run = self.begin(year, day);
            let mut writer =
                run.stage(Partition::of_snapshot(year, day), schema.clone(), Vec::new()).expect("a stage");
            for (i, batch) in batches.iter().enumerate() {
                let rows = kept(self.world, self.table, batch.clone(), i as u64 * BATCH, age);
                writer.write(&rows).expect("rows are written");
            }
            let staged = writer.finish().expect("the file is what was written");
            run.commit(vec![staged], CommitMode::Snapshot, at(day), None).expect("a commit");
        }
    }

    fn day(&self, schema: &SchemaRef, age: u32, before: &[RecordBatch]) -> Vec<RecordBatch> {
        let starts = (0..self.table.rows).step_by(usize::try_from(BATCH).expect("a small number"));
        let of = |(i, from): (usize, u64)| {
            let rows = from..(from + BATCH).min(self.table.rows);
            batch((self.world, self.table, schema), rows, age, before.get(i))
        };
        starts.enumerate().map(of).collect()
    }

    /// A partition for every day on which something was inserted, of a fiscal year in one run.
    fn events(&self) {
        let schema = file_schema(self.dataset);
        let mut days = self.world.payment_days.iter().enumerate().peekable();
        while let Some((_, (year, _))) = days.peek().copied() {
            let run = self.begin(Some(*year), self.today);
            let mut staged: Vec<StagedFile> = Vec::new();
            while let Some((i, (_, day))) = days.next_if(|(_, (of, _))| of == year) {
                let partition = Partition::of_events(Some(*year), self.dataset.date_key(), *day).expect("a good key");
                let mut writer = run.stage(partition, schema.clone(), Vec::new()).expect("a stage");
                let rows = batch((self.world, self.table, &schema), self.world.payments(i), 0, None);
                writer.write(&rows).expect("rows are written");
                staged.push(writer.finish().expect("the file is what was written"));
            }
            run.commit(staged, CommitMode::Accumulate, at(self.today), None).expect("a commit");
        }
    }

    fn begin(&self, tahun_anggaran: Option<u16>, day: NaiveDate) -> Run {
        self.warehouse
            .begin_run(RunStart {
                dataset: DatasetId::new(self.table.source, self.table.name).expect("a good name"),
                tahun_anggaran,
                contract_version: self.contract.version,
                control: self.dataset.control.iter().map(|i| self.dataset.columns[*i].name.clone()).collect(),
                key_id: None,
                replay_of: None,
                parameters: None,
                keeping: Keeping { seal: Seal::Open, level: None },
                at: at(day),
            })
            .expect("a run")
    }
}
