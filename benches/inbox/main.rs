//! How many pushes a second the inbox acknowledges, each durable before it is, and whether one is lost or doubled when
//! the daemon is killed in the middle.
//!
//! `cargo bench --bench inbox` (with `--profile dev` for a quick build) starts `lumbung serve`, lets 32 clients of the
//! sandbox push 20,000 times over loopback, one in ten twice, kills the daemon with SIGKILL at half of the
//! acknowledgements, starts it again, loads what waits and compares every acknowledged push with the Parquet files. In the
//! same run and the same folder it measures what one write and fsync after the other costs on this disk: the
//! acknowledgements beyond that rate are the group commit's. It fails when a push is lost or doubled.
//!
//! Options after `--`: `--pushes N`, `--clients N`.

#![expect(clippy::print_stdout, reason = "what a benchmark prints is its result")]

mod disk;
#[path = "../../tests/inbox/mortal.rs"]
mod mortal;
#[path = "../../tests/inbox/tally.rs"]
mod tally;

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use lumbung::sandbox::{Extent, PushOptions, PushReport, Pusher};
use tokio::runtime::Runtime;

use mortal::{Mortal, clock, credentials};
use tally::{DATASETS, compare, pushes};

/// The world that the pushes are taken from; beyond it businesses come again under new numbers.
const SCALE: &str = "1";
/// One client may ask as often as it can: all 32 have one address.
const SETTINGS: [&str; 2] = ["inbox.requests_per_second=1000000", "inbox.burst=1000000"];
/// How long each measurement of the disk takes.
const DISK: Duration = Duration::from_secs(2);
/// How often it is looked whether it is time to kill.
const LOOK: Duration = Duration::from_millis(1);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let option = |name: &str, default: u64| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)?.parse().ok()).unwrap_or(default)
    };
    let (count, clients) = (option("--pushes", 20_000), option("--clients", 32).max(1));
    // Not below /tmp, which may be memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let before = disk::fsyncs_per_second(folder.path(), DISK);
    let mut daemon = Mortal::start(folder.path(), &SETTINGS);
    let (report, commits) = push(&mut daemon, count, clients);
    daemon.kill();
    let after = disk::fsyncs_per_second(folder.path(), DISK);
    print(&report, commits, (before, after));
    let began = Instant::now();
    daemon.load(&DATASETS);
    println!("{:44} {:>10.1} s", "load of what waited", began.elapsed().as_secs_f64());
    let tally = compare(&pushes(SCALE), count, &report.pushes, &daemon.warehouse());
    println!("{:44} {:>10}", "different pushes acknowledged", tally.acknowledged);
    println!("{:44} {:>10}", "different pushes not acknowledged", tally.others);
    println!("{:44} {:>10}", "pushes found in Parquet", tally.rows);
    for wrong in tally.wrong.iter().take(20) {
        println!("wrong: {wrong}");
    }
    if tally.wrong.is_empty() && report.totals.answered_differently == 0 {
        println!("nothing lost, nothing doubled");
        ExitCode::SUCCESS
    } else {
        println!("{} wrong, {} answered differently", tally.wrong.len(), report.totals.answered_differently);
        ExitCode::FAILURE
    }
}

/// Pushes, with a kill in the middle; returns what became of the pushes, and the transactions the inbox took for them.
fn push(daemon: &mut Mortal, count: u64, clients: u64) -> (PushReport, u64) {
    let options = PushOptions {
        extent: Extent::Count(count),
        clients: usize::try_from(clients).ok().and_then(NonZeroUsize::new).expect("at least one client"),
        twice_per_mille: 100,
        attempts_max: 60,
        ..PushOptions::new(&daemon.url(), credentials(), clock())
    };
    let pusher = Pusher::new(pushes(SCALE), options).expect("a good address and credentials");
    let runtime = Runtime::new().expect("a runtime");
    let mut commits = disk::Commits::of(&daemon.warehouse());
    let running = runtime.spawn({
        let pusher = pusher.clone();
        async move { pusher.run().await }
    });
    while pusher.acknowledged() < count / 2 && !running.is_finished() {
        std::thread::park_timeout(LOOK);
    }
    commits.pause();
    daemon.kill();
    let at = pusher.acknowledged();
    daemon.start_again();
    println!("killed after {at} acknowledgements, and started again");
    commits.resume();
    let report = runtime.block_on(running).expect("the pusher does not panic");
    commits.pause();
    (report, commits.counted)
}

fn print(report: &PushReport, commits: u64, (before, after): (f64, f64)) {
    let totals = &report.totals;
    let rate = totals.acknowledged_per_second;
    println!("{:44} {:>10} of {} in {:.1} s", "acknowledged", totals.acknowledged, totals.pushes, totals.seconds);
    println!("{:44} {rate:>10.0} /s", "acknowledged pushes, the restart included");
    println!("{:44} {:>10.1} ms", "p50 of an acknowledgement", totals.p50_ms);
    println!("{:44} {:>10.1} ms", "p99 of an acknowledgement", totals.p99_ms);
    println!("{:44} {:>10} sent twice, {} tries", "repetitions", totals.sent_twice, totals.attempts);
    println!("{:44} {before:>10.0} /s before, {after:.0} /s after", "write of 4 KiB and fsync, one after the other");
    println!("{:44} {commits:>10}", "transactions of the inbox, an fsync each");
    println!(
        "{:44} {:>10.1}",
        "acknowledged pushes a transaction",
        totals.acknowledged as f64 / commits.max(1) as f64
    );
    println!("{:44} {:>10.1}", "acknowledged pushes : fsyncs of the idle disk", rate / before.max(after));
}
