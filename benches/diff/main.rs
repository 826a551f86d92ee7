//! How long the difference of two snapshots takes, and how much memory.
//!
//! `cargo bench --bench diff` writes two snapshots of 2 million rows and 18 columns (the second in another order, one row in
//! a hundred gone, one in a hundred new, one in fifty changed) and compares them twice, each time in a process of its own: by
//! a key of three columns, and whole. It checks the counts, takes all rows that differ as `--format csv` does, and prints
//! seconds and the most memory the process ever had. Above 1 GB it fails. Option after `--`: `--rows N`.

#![expect(clippy::print_stdout, reason = "what a benchmark prints is its result")]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use arrow::array::{ArrayRef, Date32Array, Decimal128Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use lumbung::quality::{DiffRequest, diff};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rows written at a time.
const BATCH: u64 = 8_192;
/// Codes beside the key.
const CODES: usize = 12;
/// One row in so many is gone from, or new in, the second snapshot.
const MOVED: u64 = 100;
/// One row in so many has another amount.
const CHANGED: u64 = 50;

/// Most memory a comparison may take, in MB.
const MEMORY_MB: u64 = 1_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let after =
        |name: &str| arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1));
    let n: u64 = after("--rows").and_then(|n| n.parse().ok()).unwrap_or(2_000_000);
    if let Some(folder) = after("--compare") {
        return compare(Path::new(folder), n, arguments.iter().any(|argument| argument == "--whole"));
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    write(&folder.path().join(OLD), n, &|i| (i % MOVED != 1).then_some((i, false)));
    // Another order: a walk with a step that shares no factor with n.
    let step = (n / 3..).find(|step| gcd(*step, n) == 1).expect("some number shares none");
    write(&folder.path().join(NEW), n, &|i| {
        let i = i * step % n;
        (i % MOVED != 2).then_some((i, i % CHANGED == 3))
    });
    println!("{n} rows x {} columns, {} MB of files", CODES + 6, megabytes(folder.path()));
    for whole in [false, true] {
        let mut child = Command::new(std::env::current_exe().expect("this program has a path"));
        child.args(["--rows", &n.to_string(), "--compare"]).arg(folder.path());
        let child = if whole { child.arg("--whole") } else { &mut child };
        assert!(child.status().expect("this program starts").success(), "a comparison failed");
    }
}

/// The two snapshots within the folder.
const OLD: &str = "old.parquet";
const NEW: &str = "new.parquet";

/// One comparison, measured.
fn compare(folder: &Path, n: u64, whole: bool) {
    let columns: Vec<String> = schema().fields().iter().map(|field| field.name().clone()).collect();
    let key: &[String] = if whole { &[] } else { &["kdsatker", "nomor", "akun"].map(str::to_owned) };
    let (from, to): (Vec<PathBuf>, Vec<PathBuf>) = (vec![folder.join(OLD)], vec![folder.join(NEW)]);
    let stop = AtomicBool::new(false);
    let request = DiffRequest { from: &from, to: &to, key, columns: &columns, rows: usize::MAX, stop: &stop };
    let began = Instant::now();
    let mut rows = 0_u64;
    let mut count = |_| {
        rows += 1;
        Ok(())
    };
    let found = diff(&request, &mut count).expect("two good snapshots");
    let (seconds, memory) = (began.elapsed().as_secs_f64(), peak_memory_mb());
    let of = |every: u64, rest: u64| (0..n).filter(|i| i % every == rest).count() as u64;
    let changed = of(CHANGED, 3);
    let (added, removed) = (of(MOVED, 1), of(MOVED, 2));
    // Whole rows that changed are gone under the old values and there under the new ones.
    let expected = if whole { (added + changed, removed + changed, 0) } else { (added, removed, changed) };
    assert_eq!((found.added, found.removed, found.changed), expected);
    assert_eq!(rows, found.added + found.removed + found.changed);
    let by = if whole { "whole rows" } else { "a key of three columns" };
    println!("by {by}: added {}, removed {}, changed {}", found.added, found.removed, found.changed);
    println!("  {seconds:.1} s, {memory} MB of memory at most");
    assert!(memory <= MEMORY_MB, "more than {MEMORY_MB} MB");
}

/// Size of the files in `folder`, in MB.
fn megabytes(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).expect("the folder is there").flatten();
    files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum::<u64>() / 1_000_000
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let mut fields = vec![text("kdsatker"), text("nomor"), text("akun")];
    fields.extend((0..CODES).map(|i| text(&format!("kode_{i}"))));
    fields.push(Field::new("tanggal", DataType::Date32, true));
    fields.push(text("uraian"));
    fields.push(Field::new("amount", DataType::Decimal128(20, 2), true));
    Arc::new(Schema::new(fields))
}

/// Writes the rows that `row` gives for `0..n`: which one, and whether its amount is another.
fn write(path: &Path, n: u64, row: &dyn Fn(u64) -> Option<(u64, bool)>) {
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    let file = File::create(path).expect("a file in the temporary folder");
    let mut writer = ArrowWriter::try_new(file, schema(), Some(properties)).expect("a writer");
    for from in (0..n).step_by(usize::try_from(BATCH).expect("a small number")) {
        let rows: Vec<(u64, bool)> = (from..(from + BATCH).min(n)).filter_map(row).collect();
        writer.write(&batch(&rows)).expect("rows are written");
    }
    writer.close().expect("the file is closed");
}

fn batch(rows: &[(u64, bool)]) -> RecordBatch {
    let text = |of: &dyn Fn(u64) -> String| -> ArrayRef {
        Arc::new(rows.iter().map(|(i, _)| Some(of(*i))).collect::<StringArray>())
    };
    let mut columns = vec![
        text(&|i| format!("{:06}", i % 480)),
        text(&|i| format!("{i:010}")),
        text(&|i| format!("52{:04}", i % 97)),
    ];
    columns.extend((0..CODES as u64).map(|code| text(&|i| format!("{:05}", (i / (code + 1)) % 1_000))));
    columns.push(Arc::new(Date32Array::from_iter_values(rows.iter().map(|(i, _)| (i % 300) as i32 + 20_000))));
    columns.push(text(&|i| format!("Belanja perjalanan dinas dalam kota, kegiatan nomor {}", i % 10_000)));
    let amounts = rows.iter().map(|(i, other)| i128::from(*i) * 1_000 + i128::from(*other));
    let amounts = Decimal128Array::from_iter_values(amounts).with_precision_and_scale(20, 2);
    columns.push(Arc::new(amounts.expect("a precision that is allowed")));
    RecordBatch::try_new(schema(), columns).expect("the columns fit the schema")
}

/// The most memory this process ever had resident, in MB.
fn peak_memory_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: u64 = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or(0);
    kilobytes * 1024 / 1_000_000
}
