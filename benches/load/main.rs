//! How fast a load runs, how much memory it takes, and against what.
//!
//! `cargo bench --bench load` writes 2 million realisasi rows as one JSON answer (the un-paged `RealisasiKL`), serves it
//! from another process over loopback HTTP and loads it into an empty warehouse: fetch, hash, decode, check, Parquet,
//! recount, commit. Beside it, in the same run and from the same bytes: the decoder alone, serde_json into a typed row,
//! and DuckDB's `read_json` into zstd Parquet where python3 has duckdb. Machines are noisy: quote the ratios.
//!
//! Options after `--`: `--rows N`, `--runs N`.

#![expect(clippy::print_stdout, reason = "what a benchmark prints is its result")]

mod peers;
mod rows;
mod server;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lumbung::clock::Clock;
use lumbung::config::{ArchiveSettings, ConfigFolder, Credentials, PrivacySettings, SourceSettings};
use lumbung::contract::{Contract, Dataset};
use lumbung::decode::{DecodeError, DecodeSettings, Decoder};
use lumbung::load::{LoadReport, LoadRequest, Loaded, Loader, Progress, Status, YearsProbed};
use lumbung::source::shape;
use lumbung::warehouse::{DatasetId, Warehouse};
use secrecy::SecretString;
use server::Server;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bytes the decoder is fed at a time, as a network would.
const CHUNK_BYTES: usize = 256 * 1024;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, file] = &arguments[..]
        && flag == "--serve"
    {
        server::serve(Path::new(file));
        return;
    }
    let option = |name: &str, default: usize| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)?.parse().ok()).unwrap_or(default)
    };
    let (n_rows, n_runs) = (option("--rows", 2_000_000), option("--runs", 3).max(1));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let body = folder.path().join("realisasi.json");
    let n_bytes = rows::write(&body, n_rows).expect("the answer is written");
    println!("{n_rows} rows, {:.0} MB of JSON, median of {n_runs}\n", mega(n_bytes));
    println!("{:34} {:>12} {:>10} {:>9}", "", "rows/s", "MB/s", "seconds");
    let measure = |name: &str, run: &mut dyn FnMut()| {
        let seconds = median(n_runs, run);
        let rate = n_rows as f64 / seconds;
        println!("{name:34} {rate:>12.0} {:>10.0} {seconds:>9.2}", mega(n_bytes) / seconds);
        seconds
    };
    let server = Server::start(&body);
    let (contract, settings) = contract(&server.base_url);
    // First, while nothing else has touched this process's memory.
    let load = measure("lumbung, HTTP to committed Parquet", &mut || load(&contract, &settings, n_rows as u64));
    println!("{:34} {:>12} MB at most\n", "  memory of the loading process", peak_memory_mb());
    let decode = measure("lumbung, decoder alone (1 thread)", &mut || decode(&contract, &body));
    let serde = measure("serde_json, typed rows (1 thread)", &mut || peers::serde_rows(&body));
    println!("\nload : serde_json rows          {:.1} x as fast", serde / load);
    println!("decoder : serde_json rows       {:.1} x as fast", serde / decode);
    match peers::duckdb(&body, folder.path(), n_runs) {
        Some(seconds) => {
            let rate = n_rows as f64 / seconds;
            println!(
                "{:34} {rate:>12.0} {:>10.0} {seconds:>9.2}",
                "DuckDB, read_json to Parquet",
                mega(n_bytes) / seconds
            );
            println!("load : DuckDB                   {:.1} x as fast", seconds / load);
        }
        None => println!("skipped: needs python3 with duckdb"),
    }
}

fn mega(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// The middle of `n` timed runs, in seconds.
fn median(n: usize, run: &mut dyn FnMut()) -> f64 {
    let mut times: Vec<Duration> = (0..n)
        .map(|_| {
            let began = Instant::now();
            run();
            began.elapsed()
        })
        .collect();
    times.sort();
    times[n / 2].as_secs_f64()
}

/// The most memory this process ever had resident, in MB.
fn peak_memory_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: u64 = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or(0);
    kilobytes / 1024
}

/// The shipped contract, pointed at the server.
fn contract(base_url: &str) -> (Contract, SourceSettings) {
    let contracts = ConfigFolder::embedded().contracts().expect("the shipped contracts are good");
    let contract = contracts.into_iter().find(|contract| contract.source == "omspan").expect("omspan is shipped");
    let settings = SourceSettings {
        base_url: Some(base_url.to_owned()),
        page_rows: Some(0),
        fiscal_years: vec![2026],
        ..SourceSettings::default_for("omspan")
    };
    (contract, settings)
}

fn realisasi(contract: &Contract) -> &Dataset {
    contract.dataset("realisasi_belanja").expect("omspan has it")
}

struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &DatasetId, _: usize) {}
    fn advance(&self, _: &DatasetId, _: usize, _: u64, _: u64) {}
    fn retry(&self, _: &DatasetId, _: &str) {}
    fn end(&self, _: &LoadReport) {}
}

/// No request of this benchmark is repeated for loaded rows.
struct NothingLoaded;

#[async_trait::async_trait]
impl Loaded for NothingLoaded {
    async fn rows(&self, _: &str) -> Result<Vec<Vec<(String, String)>>, String> {
        Ok(Vec::new())
    }
}

/// One load into an empty warehouse, as it is configured by default: raw pages are archived.
fn load(contract: &Contract, settings: &SourceSettings, n_rows: u64) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clock = Clock::Fixed("2026-11-01T00:00:00Z".parse().expect("an instant"));
    let warehouse = Warehouse::open(folder.path(), clock.now()).expect("an empty warehouse");
    let token = SecretString::from("benchmark".to_owned());
    let credentials = Credentials::Given([("LUMBUNG_OMSPAN_TOKEN".to_owned(), token)].into());
    let archive = ArchiveSettings { enabled: true, recipient: None, level: 1 };
    let privacy = PrivacySettings { key_file: None };
    let probed = YearsProbed::default();
    let loader = Loader {
        warehouse: &warehouse,
        contract,
        settings,
        credentials: &credentials,
        archive: &archive,
        privacy: &privacy,
        loaded: &NothingLoaded,
        clock,
        probed: &probed,
        progress: &Silent,
    };
    let date = "2026-11-01".parse().expect("a date");
    let request = LoadRequest::of(date, String::new());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let reports = runtime.expect("a runtime").block_on(loader.load(realisasi(contract), &request));
    let report = &reports[0];
    assert_eq!((report.status, report.rows), (Status::Committed, n_rows), "{:?}", report.error);
}

/// Decodes the body from memory-mapped-like chunks, keeping nothing.
fn decode(contract: &Contract, body: &Path) {
    let settings = DecodeSettings { zone: contract.timezone, pii_key: None };
    let mut decoder =
        Decoder::new(Arc::new(realisasi(contract).clone()), shape::reader, settings).expect("no column is hashed");
    let mut file = std::fs::File::open(body).expect("the answer is there");
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut emit = |batch: arrow::array::RecordBatch| {
        std::hint::black_box(batch.num_rows());
        Ok::<(), DecodeError>(())
    };
    loop {
        let n = std::io::Read::read(&mut file, &mut chunk).expect("the answer is readable");
        if n == 0 {
            break;
        }
        decoder.push(&chunk[..n], &mut emit).expect("the answer is good");
    }
    decoder.end_page(&mut emit).expect("the answer is whole");
}
