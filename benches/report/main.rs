//! How many editions a second `lumbung report send` makes, records and hands to a mail server.
//!
//! `cargo bench --bench report` generates a ministry of 1,000 satker once (kept below `--dir`, by default in the target folder),
//! then sends `kartu-satker`, one card a satker, to a mail server on this machine: HTML, text, chart and workbook, recorded and
//! through the outbox as any other mail. The time is that of the whole process. Every recipient must get exactly one mail with
//! all its parts; anything else fails the run. Beside it stand the time of one card alone, which is what does not grow with the
//! cards, and the time the same process needs to make them without sending (`report render`).
//!
//! Options after `--`: `--dir DIR`, `--satkers N`, `--rows N` (postings), `--runs N`.

#![allow(
    clippy::manual_is_multiple_of,
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    clippy::semicolon_if_nothing_returned,
    dead_code,
    reason = "the world is shared with the benchmark of the marts: a row of a table is a line, whatever it is made of"
)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what a benchmark prints is its result")]

#[path = "../marts/cells.rs"]
mod cells;
#[path = "../marts/house.rs"]
mod house;
mod sink;
#[path = "../marts/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use house::{House, Size};
use sink::{Mail, Sink};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What is aimed at on two cores, in editions a second.
const AIM: f64 = 50.0;

/// The day of the editions, and when they are made.
const DAY: &str = "2026-10-31";
const NOW: &str = "2026-11-04T00:00:00Z";

fn option(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}

fn number(name: &str, default: u64) -> u64 {
    option(name).map_or(default, |text| text.parse().unwrap_or_else(|e| panic!("{name} {text}: {e}")))
}

fn main() -> ExitCode {
    let cache =
        option("--dir").map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("report"), PathBuf::from);
    let satkers = number("--satkers", 1_000);
    let size = Size { postings: number("--rows", 400_000), days: 2, satkers };
    let house = House::open(&cache, size);
    let sink = Sink::start();
    configure(&house.folder, &sink);
    let mut good = true;
    let mut best = 0.0_f64;
    let one = seconds(&run(&house.folder, "render", &["--out", "one"], "one"));
    println!("{satkers} satker, {} postings; made only: {one:.1} s", size.postings);
    for nth in 1..=number("--runs", 3) {
        let took = run(&house.folder, "send", &["--late"], &format!("run{nth}"));
        let mails = sink.take();
        good &= is_complete(&mails, satkers);
        let rate = mails.len() as f64 / seconds(&took);
        best = best.max(rate);
        let kilobytes = mails.iter().map(|mail| mail.bytes).sum::<usize>() / mails.len().max(1) / 1_024;
        println!(
            "run {nth}: {} mails of {kilobytes} KiB in {:.1} s: {rate:.1} editions/s",
            mails.len(),
            seconds(&took)
        );
    }
    println!("best {best:.1} editions/s, aim {AIM}");
    if good && best >= AIM { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn seconds(time: &Duration) -> f64 {
    time.as_secs_f64()
}

/// The settings of this run beside the generated reference tables.
fn configure(folder: &Path, sink: &Sink) {
    let text = format!(
        "[mail]\ntransport = \"smtp\"\nsmtp_url = \"smtp://{}\"\nfrom = \"lumbung@contoh.go.id\"\n\n[marts]\nafter_load = false\n",
        sink.address
    );
    fs::write(folder.join("config/lumbung.toml"), text).expect("the cache folder can be written");
}

/// One command over a copy of the warehouse, as an operator runs it; how long it took from start to exit.
fn run(folder: &Path, command: &str, arguments: &[&str], copy: &str) -> Duration {
    let warehouse = folder.join(copy);
    let _ = fs::remove_dir_all(&warehouse);
    let copied = Command::new("cp").arg("-a").arg(folder.join("warehouse")).arg(&warehouse).status();
    assert!(copied.expect("cp is there").success(), "the warehouse can be copied");
    let began = Instant::now();
    let ran = Command::new(env!("CARGO_BIN_EXE_lumbung"))
        .current_dir(&warehouse)
        .arg("--warehouse")
        .arg(&warehouse)
        .arg("--config")
        .arg(folder.join("config"))
        .args(["--now", NOW, "--quiet", "report", command, "kartu-satker", "--period", DAY])
        .args(arguments)
        .output()
        .expect("the program of this build");
    let took = began.elapsed();
    assert!(ran.status.success(), "{command}: {}", String::from_utf8_lossy(&ran.stderr));
    fs::remove_dir_all(&warehouse).expect("the copy can be removed");
    took
}

/// Whether each satker got one mail, and each mail all its parts.
fn is_complete(mails: &[Mail], satkers: u64) -> bool {
    let recipients: BTreeSet<&str> = mails.iter().map(|mail| mail.recipient.as_str()).collect();
    let whole =
        mails.iter().filter(|mail| mail.has_html && mail.has_text && mail.has_chart && mail.has_workbook).count();
    let good = recipients.len() == mails.len() && mails.len() as u64 == satkers && whole == mails.len();
    if !good {
        eprintln!(
            "{} mails to {} recipients, {whole} of them whole, of {satkers} satker",
            mails.len(),
            recipients.len()
        );
    }
    good
}
