//! How fast a load runs, how much memory it takes, and against what.
//!
//! `cargo bench --bench load` writes 2 million realisasi rows as 20 JSON answers (`RealisasiKL/{from}/{to}`), serves them
//! from another process over loopback HTTP (nginx where it is installed) and loads them into an empty warehouse: fetch, hash,
//! archive, decode, check, Parquet, recount, commit. Beside it, in the same run and from the same files: the decoder alone, a
//! pure scan, serde_json into a typed row, and DuckDB and Polars from disk into zstd Parquet where python3 has them. DuckDB
//! reads several files at a time, so that it has both cores; of one file with one array it reads with one.
//! Machines are noisy: loads and DuckDB run in turn, and the ratio is the middle of the pairs'. Quote the ratios.
//!
//! `--shape rka` and `--shape padi` decode and load documents instead (SIMDA's trees, `--rows` leaves; PaDi's pages) and
//! compare them, by the byte, with as many bytes of flat rows.
//!
//! Options after `--`: `--rows N`, `--page-rows N`, `--runs N`, `--shape flat|rka|padi`, `--part load` (nothing but the load).

#![expect(clippy::print_stdout, reason = "what a benchmark prints is its result")]

mod decoding;
mod loading;
mod peers;
mod rows;
mod server;
mod trees;

use std::path::{Path, PathBuf};
use std::time::Instant;

use loading::Job;
use lumbung::contract::Dataset;
use lumbung::quality::{ProfileRequest, profile};
use peers::{DuckDb, Peer};
use rows::Pages;
use server::Server;
use trees::Documents;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, file] = &arguments[..]
        && flag == "--serve"
    {
        server::serve(Path::new(file));
        return;
    }
    let text = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).map(String::as_str)
    };
    let number = |name: &str, default: usize| text(name).and_then(|given| given.parse().ok()).unwrap_or(default);
    let n_runs = number("--runs", 3).max(1);
    match text("--shape").unwrap_or("flat") {
        "flat" => {
            let (n_rows, page_rows) = (number("--rows", 2_000_000), number("--page-rows", 100_000));
            flat((n_rows, page_rows.max(1)), n_runs, text("--part") == Some("load"));
        }
        "rka" => nested(&trees::plans(number("--rows", 1_000_000)), n_runs),
        "padi" => nested(&trees::orders(number("--rows", 200_000)), n_runs),
        other => println!("--shape is flat, rka or padi, not {other}"),
    }
}

/// Prints one line of the table and returns the seconds.
struct Table {
    n_rows: usize,
    n_bytes: u64,
    n_runs: usize,
}

impl Table {
    fn measure(&self, name: &str, run: &mut dyn FnMut()) -> f64 {
        let seconds = median(self.n_runs, run);
        self.line(name, seconds);
        seconds
    }

    fn line(&self, name: &str, seconds: f64) {
        let (rate, bytes) = (self.n_rows as f64 / seconds, mega(self.n_bytes) / seconds);
        println!("{name:36} {rate:>12.0} {bytes:>10.0} {seconds:>9.2}");
    }
}

/// Flat rows: the load, and everybody else over the same bytes.
fn flat((n_rows, page_rows): (usize, usize), n_runs: usize, is_load_alone: bool) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().join("served");
    let Pages { files: pages, n_bytes } = Pages::write(&root, n_rows, page_rows).expect("the answers are written");
    let table = Table { n_rows, n_bytes, n_runs };
    let server = Server::start(&root, folder.path());
    let (n_pages, mega_bytes) = (pages.len(), mega(n_bytes));
    println!(
        "{n_rows} rows, {n_pages} pages, {mega_bytes:.0} MB of JSON, median of {n_runs}; served by {}\n",
        server.name
    );
    println!("{:36} {:>12} {:>10} {:>9}", "", "rows/s", "MB/s", "seconds");
    let job = flat_job(&server, (n_rows, page_rows));
    let contract = &job.contract;
    let dataset = contract.dataset(job.dataset).expect("omspan has it");
    // Started before this process asks for small pages, which it would inherit.
    let mut duckdb = if is_load_alone { None } else { DuckDb::start(&pages, folder.path()) };
    lumbung::serve::pages::small();
    let (mut folder_of_load, mut peaks, mut loads, mut of_duckdb) = (None, Vec::new(), Vec::new(), Vec::new());
    // In turn: a machine that is slow for a while is slow for both.
    for _ in 0..n_runs {
        let began = Instant::now();
        let loaded = job.run();
        loads.push(began.elapsed().as_secs_f64());
        // The one before is removed here, which is no part of a load.
        folder_of_load = Some(loaded);
        peaks.push(peak_memory_mb());
        of_duckdb.extend(duckdb.as_mut().and_then(DuckDb::run));
    }
    drop(duckdb);
    let load = middle(&loads);
    table.line("lumbung, HTTP to committed Parquet", load);
    // What the allocator keeps of one load, another load has beside its own.
    println!("{:36} {:>12} MB at most, {} after {n_runs} loads", "  memory, one load", peaks[0], peak_memory_mb());
    let committed = Committed::look(folder_of_load.expect("it ran").path(), dataset);
    println!("{:36} {:>12.1} MB", "  Parquet", mega(committed.parquet_bytes));
    println!("{:36} {:>12.1} MB", "  raw pages, compressed", mega(committed.archive_bytes));
    println!("{:36} {:>12.2} s", "  of it, the look at the columns", committed.look_seconds);
    println!("{:36} {:>12.2} s\n", "  the same with NULLs from the file", committed.full_look_seconds);
    if is_load_alone {
        return;
    }
    let texts: Vec<Vec<u8>> = pages.iter().map(|page| std::fs::read(page).expect("a page is readable")).collect();
    let decode = table.measure("lumbung, decoder alone (1 thread)", &mut || {
        assert_eq!(decoding::stream(contract, dataset, &texts), n_rows as u64);
    });
    let scan = table.measure("a pure scan (1 thread)", &mut || texts.iter().for_each(|text| peers::scan(text)));
    let serde = table.measure("serde_json, typed rows (1 thread)", &mut || {
        texts.iter().for_each(|text| peers::serde_rows(text));
    });
    drop(texts);
    println!("\ndecoder : pure scan                  {:.2} of its rate", scan / decode);
    println!("decoder : serde_json rows            {:.1} x as fast", serde / decode);
    println!("load : serde_json rows               {:.1} x as fast\n", serde / load);
    against("DuckDB", &of_duckdb, &table, &loads, committed.parquet_bytes);
    nix::sys::prctl::set_thp_disable(false).expect("what was set can be taken back");
    let polars: Vec<Peer> = peers::polars(&pages, folder.path()).into_iter().collect();
    against("Polars", &polars, &table, &[load], committed.parquet_bytes);
}

/// A peer's runs, each beside the load before it.
fn against(name: &str, runs: &[Peer], table: &Table, loads: &[f64], parquet_bytes: u64) {
    let Some(last) = runs.last() else {
        println!("skipped: needs python3 with {}", name.to_lowercase());
        return;
    };
    let ratios: Vec<f64> = runs.iter().zip(loads).map(|(peer, load)| peer.seconds / load).collect();
    let shown: Vec<String> = ratios.iter().map(|ratio| format!("{ratio:.2}")).collect();
    table.line(
        &format!("{name}, JSON files to Parquet"),
        middle(&runs.iter().map(|peer| peer.seconds).collect::<Vec<_>>()),
    );
    println!("{:36} {:>12} MB at most", "  memory", last.memory_mb);
    println!("load : {name}                        {:.2} x as fast ({})", middle(&ratios), shown.join(", "));
    println!(
        "Parquet : {name}                     {:.2} x the bytes\n",
        parquet_bytes as f64 / last.parquet_bytes as f64
    );
}

/// The load of flat rows from `server`.
fn flat_job(server: &Server, (n_rows, page_rows): (usize, usize)) -> Job {
    let mut job = Job::of("omspan", "realisasi_belanja", &server.base_url, n_rows as u64);
    job.settings.page_rows = Some(page_rows as u64);
    job
}

/// Documents: decoded, then loaded, and compared by the byte with flat rows.
fn nested(documents: &Documents, n_runs: usize) {
    const PAGE_ROWS: usize = 100_000;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().join("served");
    let n_bytes: usize = documents.texts.iter().map(String::len).sum();
    let n_flat_rows = n_bytes / 323;
    let flat = Pages::write(&root, n_flat_rows, PAGE_ROWS).expect("the answers are written");
    documents.write(&root).expect("the documents are written");
    let server = Server::start(&root, folder.path());
    lumbung::serve::pages::small();
    let job_of_rows = flat_job(&server, (n_flat_rows, PAGE_ROWS));
    let job = documents.job(&server.base_url);
    let dataset = job.contract.dataset(job.dataset).expect("the contract has it");
    let of_rows = job_of_rows.contract.dataset(job_of_rows.dataset).expect("omspan has it");
    let texts: Vec<Vec<u8>> =
        flat.files.iter().map(|page| std::fs::read(page).expect("a page is readable")).collect();
    let (n_rows, n_documents) = (job.n_rows, documents.texts.len());
    println!("{n_rows} rows, {:.0} MB in {n_documents} documents; served by {}\n", n_bytes as f64 / 1e6, server.name);
    println!("{:36} {:>12} {:>10} {:>9}", "", "rows/s", "MB/s", "seconds");
    let table = Table { n_rows: n_rows as usize, n_bytes: n_bytes as u64, n_runs };
    let table_of_rows = Table { n_rows: n_flat_rows, n_bytes: flat.n_bytes, n_runs };
    // In turn, and the ratio is the middle of the pairs': a machine that is slow for a while is slow for both.
    let in_turn = |what: &str, nested: &mut dyn FnMut(), of_flat: &mut dyn FnMut()| {
        let pairs: Vec<(f64, f64)> = (0..n_runs).map(|_| (median(1, nested), median(1, of_flat))).collect();
        let (times, flat_times): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        table.line(&format!("{}.{}, {what}", job.contract.source, job.dataset), middle(&times));
        table_of_rows.line(&format!("flat rows, {what}"), middle(&flat_times));
        let by_bytes = flat.n_bytes as f64 / n_bytes as f64;
        let ratios: Vec<f64> = pairs.iter().map(|(nested, of_flat)| nested / of_flat * by_bytes).collect();
        println!("{:36} {:>12.1} x the time of a byte\n", "", middle(&ratios));
    };
    let decode = &mut || {
        assert_eq!(decoding::documents(&job.contract, dataset, &documents.texts), n_rows);
    };
    let decode_flat = &mut || {
        assert_eq!(decoding::stream(&job_of_rows.contract, of_rows, &texts), n_flat_rows as u64);
    };
    in_turn("decoder alone (1 thread)", decode, decode_flat);
    // Warehouses are removed at the end, which is no part of a load.
    let (mut loaded, mut loaded_flat) = (Vec::new(), Vec::new());
    in_turn("HTTP to committed Parquet", &mut || loaded.push(job.run()), &mut || loaded_flat.push(job_of_rows.run()));
}

fn mega(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// The middle of `n` timed runs, in seconds.
fn median(n: usize, run: &mut dyn FnMut()) -> f64 {
    let times: Vec<f64> = (0..n)
        .map(|_| {
            let began = Instant::now();
            run();
            began.elapsed().as_secs_f64()
        })
        .collect();
    middle(&times)
}

/// The middle of some figures.
fn middle(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// The most memory this process ever had resident, in MB.
fn peak_memory_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: u64 = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or(0);
    kilobytes / 1024
}

/// What a load left behind, and what it costs to look at the columns of it.
struct Committed {
    parquet_bytes: u64,
    archive_bytes: u64,
    look_seconds: f64,
    full_look_seconds: f64,
}

impl Committed {
    fn look(folder: &Path, dataset: &Dataset) -> Self {
        let files = files(folder);
        let ends = |path: &PathBuf, ending: &str| path.to_string_lossy().ends_with(ending);
        let bytes = |ending: &str| {
            let of = files.iter().filter(|path| ends(path, ending));
            of.filter_map(|path| path.metadata().ok()).map(|metadata| metadata.len()).sum()
        };
        let parquet = files.iter().find(|path| ends(path, ".parquet")).expect("something was committed");
        let seconds = |request: &ProfileRequest| {
            let began = Instant::now();
            profile(parquet, request).expect("the file is good");
            began.elapsed().as_secs_f64()
        };
        let distinct = ProfileRequest { nulls: Vec::new(), distinct: dataset.drift.distinct.clone() };
        let optional = dataset.columns.iter().filter(|column| !column.required).map(|column| column.name.clone());
        let full = ProfileRequest { nulls: optional.collect(), ..distinct.clone() };
        Self {
            // Published under two names, which are one file.
            parquet_bytes: parquet.metadata().map_or(0, |metadata| metadata.len()),
            archive_bytes: bytes(".zst"),
            look_seconds: seconds(&distinct),
            full_look_seconds: seconds(&full),
        }
    }
}

/// Every file below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.flat_map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { vec![entry.path()] }).collect()
}
