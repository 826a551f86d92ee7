//! How long the marts take beside DuckDB running the same SQL on the same Parquet, and whether the number of snapshots on
//! disk matters to what reads only the latest.
//!
//! `cargo bench --bench marts` generates a warehouse of 2 million realisasi rows x 30 daily snapshots once (kept below
//! `--dir`, by default in the target folder), then runs every mart in lumbung and in DuckDB in turn, both warm, with the
//! same threads and memory, and prints the medians, the ratios and their geometric mean. Whole rows are compared; another
//! result is a failure. Then it runs every mart and every latest table over two small warehouses whose newest day is the
//! same, one with 1 and one with 300 snapshots. Needs `python3` with `duckdb` and `pyarrow` for the first part.
//!
//! Options after `--`: `--dir DIR`, `--rows N`, `--days N`, `--runs N`, `--memory-mb N`, `--mart NAME` (only this one),
//! `--queries DIR` (`mart/*.sql` and `check/*.sql` that replace the embedded ones), `--part duckdb|snapshots`,
//! `--small-rows N`, `--small-days N`, `--explain MART` (prints the plan with its times and ends).

#![allow(
    clippy::manual_is_multiple_of,
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    clippy::semicolon_if_nothing_returned,
    reason = "the world of the benchmark is tables of columns: a row of a table is a line, whatever it is made of"
)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what a benchmark prints is its result")]

mod cells;
mod house;
mod peer;
mod session;
mod world;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use lumbung::catalog::{SessionLimits, ViewSet};

use house::{House, Size};
use peer::Peer;
use session::{Session, THREADS, manifest, write_parquet};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What the geometric mean over all marts may at most be, as a multiple of DuckDB's time.
const DUCKDB_RATIO_MAX: f64 = 1.0;

/// A mart that takes longer is measured once.
const LONG: Duration = Duration::from_secs(10);

/// What may at most be lost to 300 snapshots on disk.
const SNAPSHOTS_RATIO_MAX: f64 = 1.2;

struct Options {
    arguments: Vec<String>,
}

impl Options {
    fn text(&self, name: &str) -> Option<&str> {
        let at = self.arguments.iter().position(|argument| argument == name)?;
        self.arguments.get(at + 1).map(String::as_str)
    }

    fn number(&self, name: &str, default: u64) -> u64 {
        self.text(name).map_or(default, |text| text.parse().unwrap_or_else(|e| panic!("{name} {text}: {e}")))
    }

    fn runs(&self) -> usize {
        usize::try_from(self.number("--runs", 5)).expect("a small number").max(3)
    }

    fn cache(&self) -> PathBuf {
        self.text("--dir").map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("marts"), PathBuf::from)
    }

    fn views(&self) -> ViewSet {
        let views = ViewSet::embedded();
        match self.text("--queries") {
            Some(folder) => views.with_overrides(folder.as_ref()).expect("the folder can be read"),
            None => views,
        }
    }

    /// `SELECT * FROM mart.…` of every mart, or of the one asked for.
    fn marts(&self, views: &ViewSet) -> Vec<String> {
        let names = views.views().map(|view| view.name.clone());
        names.filter(|name| self.text("--mart").is_none_or(|only| only == name)).collect()
    }

    fn limits(&self) -> SessionLimits {
        let bytes = usize::try_from(self.number("--memory-mb", 1_024) << 20).expect("it fits the machine");
        let spill = self.cache().join("spill");
        fs::create_dir_all(&spill).expect("the cache folder can be written");
        SessionLimits { threads: THREADS, memory_bytes: bytes, spill_dir: Some(spill), ..SessionLimits::default() }
    }
}

fn main() -> ExitCode {
    let options = Options { arguments: std::env::args().collect() };
    if let Some(mart) = options.text("--explain") {
        let house = House::open(
            &options.cache(),
            Size::new(options.number("--rows", 2_000_000), options.number("--days", 30) as u32),
        );
        let session = Session::open(&house, &options.views(), &options.limits());
        session.run(&format!("SELECT * FROM mart.{mart}"));
        let plan = session.run(&format!("EXPLAIN ANALYZE SELECT * FROM mart.{mart}"));
        for batch in &plan.batches {
            println!(
                "{}",
                arrow::util::pretty::pretty_format_batches(std::slice::from_ref(batch)).expect("a plan is text")
            );
        }
        return ExitCode::SUCCESS;
    }
    let part = options.text("--part");
    let mut good = true;
    if part.is_none_or(|part| part == "duckdb") {
        good &= beside_duckdb(&options);
    }
    if part.is_none_or(|part| part == "snapshots") {
        good &= one_and_many_snapshots(&options);
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn beside_duckdb(options: &Options) -> bool {
    let (rows, days) = (options.number("--rows", 2_000_000), options.number("--days", 30) as u32);
    let house = House::open(&options.cache(), Size::new(rows, days));
    let (views, limits) = (options.views(), options.limits());
    let listing = house.folder.join("manifest.json");
    let told = manifest(&house, &views, limits.memory_bytes);
    fs::write(&listing, told.to_string()).expect("the cache folder can be written");
    let Some(mut duckdb) = Peer::start(&listing) else {
        println!("skipped: needs duckdb (python3 with the packages duckdb and pyarrow)");
        return true;
    };
    let session = Session::open(&house, &views, &limits);
    println!(
        "{rows} realisasi rows x {days} snapshots, {THREADS} threads, {} MB, median of {} runs in turn, ms",
        limits.memory_bytes >> 20,
        options.runs()
    );
    println!("{:24} {:>9} {:>10} {:>10} {:>7}", "mart", "rows", "lumbung", "DuckDB", "ratio");
    let (mut ratios, mut wrong) = (Vec::new(), Vec::new());
    for mart in options.marts(&views) {
        match race(&session, &mut duckdb, &mart, &house.folder, options.runs()) {
            Ok(Race { rows, ours, theirs, differences }) => {
                let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
                let note = if differences.is_empty() { "" } else { "  DIFFERENT" };
                println!("{mart:24} {rows:>9} {:>10.1} {:>10.1} {ratio:>7.2}{note}", millis(ours), millis(theirs));
                ratios.push(ratio);
                wrong.extend(differences.into_iter().map(|line| format!("{mart}: {line}")));
            }
            Err(reason) => {
                println!("{mart:24} FAILED");
                wrong.push(format!("{mart}: {reason}"));
            }
        }
    }
    let mean = geometric_mean(&ratios);
    println!("{:24} {:>9} {:>10} {:>10} {mean:>7.2}", "geometric mean", "", "", "");
    wrong.iter().for_each(|line| println!("{line}"));
    wrong.is_empty() && mean <= DUCKDB_RATIO_MAX
}

/// One mart in both engines.
struct Race {
    rows: usize,
    ours: Duration,
    theirs: Duration,
    /// Rows that are not the same, in words.
    differences: Vec<String>,
}

fn race(session: &Session, duckdb: &mut Peer, mart: &str, folder: &Path, runs: usize) -> Result<Race, String> {
    let sql = format!("SELECT * FROM mart.{mart}");
    let file = folder.join("result.parquet");
    let result = session.try_run(&sql).map_err(|error| format!("lumbung: {error}"))?;
    write_parquet(&file, &result.schema, &result.batches);
    let (rows, first) = (result.rows, result.took);
    drop(result);
    let differences = duckdb.compare(&sql, &file).map_err(|error| format!("DuckDB: {error}"))?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..if first > LONG { 1 } else { runs } {
        ours.push(session.try_run(&sql).map_err(|error| format!("lumbung: {error}"))?.took);
        theirs.push(duckdb.run(&sql).map_err(|error| format!("DuckDB: {error}"))?);
    }
    Ok(Race { rows, ours: median(ours), theirs: median(theirs), differences })
}

fn one_and_many_snapshots(options: &Options) -> bool {
    let (rows, days) = (options.number("--small-rows", 20_000), options.number("--small-days", 300) as u32);
    let (views, limits) = (options.views(), options.limits());
    let cache = options.cache();
    let one = Session::open(&House::open(&cache, Size::new(rows, 1)), &views, &limits);
    let many = Session::open(&House::open(&cache, Size::new(rows, days)), &views, &limits);
    println!("{rows} realisasi rows, median of {} runs in turn, ms", options.runs() * 3);
    println!("{:34} {:>9} {:>10} {:>10} {:>7}", "latest", "rows", "1 snapshot", format!("{days}"), "ratio");
    let tables = one.latest_tables().into_iter().filter(|_| options.text("--mart").is_none());
    let mut ratios = Vec::new();
    for name in options.marts(&views).into_iter().map(|mart| format!("mart.{mart}")).chain(tables) {
        let sql = format!("SELECT * FROM {name}");
        let (rows, _) = (one.run(&sql).rows, many.run(&sql));
        if rows == 0 {
            continue;
        }
        let (mut alone, mut among) = (Vec::new(), Vec::new());
        for _ in 0..options.runs() * 3 {
            alone.push(one.run(&sql).took);
            among.push(many.run(&sql).took);
        }
        let (alone, among) = (median(alone), median(among));
        let ratio = among.as_secs_f64() / alone.as_secs_f64();
        println!("{name:34} {rows:>9} {:>10.2} {:>10.2} {ratio:>7.2}", millis(alone), millis(among));
        ratios.push(ratio);
    }
    let mean = geometric_mean(&ratios);
    println!("{:34} {:>9} {:>10} {:>10} {mean:>7.2}", "geometric mean", "", "", "");
    mean <= SNAPSHOTS_RATIO_MAX
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn geometric_mean(ratios: &[f64]) -> f64 {
    (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp()
}
