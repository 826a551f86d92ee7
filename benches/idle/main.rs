//! What an idle daemon takes: start to ready, resident memory, computing time a minute.
//!
//! `cargo bench --bench idle` builds a warehouse with 300 daily snapshots of one dataset, committed the way loads are, starts the
//! real `lumbung serve` on it (schedule on, nothing due; inbox open; file heartbeat), asks `/readyz` until it says ready, and then
//! leaves it alone for a minute. It fails beyond the limits of the house: 60 MB, 1 s, and one thousandth of a core.
//!
//! Options after `--`: `--snapshots N` (300), `--rows N` of each (1,000), `--seconds N` to watch (60), `--starts N` (5).

#![expect(clippy::print_stdout, reason = "what a benchmark prints is its result")]

mod house;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use house::{NOW, fill};

/// Resident memory, in bytes: 60 MB.
const RESIDENT_MAX: u64 = 60_000_000;
/// From the start of the process to `/readyz` = 200, the best and the worst of all starts.
const READY_MAX: Duration = Duration::from_secs(1);
/// Computing time in a minute: a thousandth of a core, which no tool shows.
const CPU_A_MINUTE_MAX: Duration = Duration::from_millis(60);
/// A daemon that takes longer than this will not come.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let option = |name: &str, default: u32| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)?.parse().ok()).unwrap_or(default)
    };
    let (snapshots, rows) = (option("--snapshots", 300), option("--rows", 1_000));
    let (seconds, starts) = (option("--seconds", 60).max(1), option("--starts", 5).max(1));
    // Not below /tmp, which may be memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let began = Instant::now();
    fill(&folder.path().join("warehouse"), snapshots, rows);
    println!("{snapshots} snapshots of {rows} rows made in {:.1} s", began.elapsed().as_secs_f64());
    let mut ready: Vec<Duration> = Vec::new();
    for _ in 1..starts {
        let (daemon, took) = Daemon::start(folder.path());
        ready.push(took);
        daemon.end();
    }
    let (daemon, took) = Daemon::start(folder.path());
    ready.push(took);
    ready.sort_unstable();
    let [first, last] = [ready[0], ready[ready.len() - 1]];
    let (cpu, resident) = daemon.watch(Duration::from_secs(u64::from(seconds)));
    daemon.end();
    let cpu = cpu * 60 / seconds;
    let good = [
        line("start to ready, quickest", millis(first), millis(READY_MAX), "ms"),
        line("start to ready, slowest", millis(last), millis(READY_MAX), "ms"),
        line("resident memory, highest of all samples", resident / 1_000, RESIDENT_MAX / 1_000, "kB"),
        line("computing time a minute", millis(cpu), millis(CPU_A_MINUTE_MAX), "ms"),
    ];
    if good.iter().all(|good| *good) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Prints a figure beside its limit; whether it is within.
fn line(what: &str, found: u64, limit: u64, unit: &str) -> bool {
    let verdict = if found <= limit { "" } else { "  TOO MUCH" };
    println!("{what:44} {found:>10} {unit}, limit {limit} {unit}{verdict}");
    found <= limit
}

/// A running daemon, killed when it is dropped.
struct Daemon {
    child: Child,
}

impl Daemon {
    /// Starts it and asks until it is ready; how long that took from the start of the process.
    fn start(folder: &Path) -> (Self, Duration) {
        let began = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_lumbung"));
        command.env_clear().current_dir(folder).args(["--warehouse", "warehouse", "--now", NOW, "--quiet"]);
        command.env("LUMBUNG_PII_KEY", "00".repeat(32)).env("LUMBUNG_INBOX_PADI_TOKEN", "a token of the benchmark");
        command.args(["--output", "json", "serve", "--http", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut said = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut said).expect("text");
        let daemon = Self { child };
        let said: serde_json::Value = serde_json::from_str(&said).expect("it says where it listens");
        let address = said["http"].as_str().expect("it listens").trim_start_matches("http://").to_owned();
        while !is_ready(&address) {
            assert!(began.elapsed() < PATIENCE, "it does not become ready");
            std::thread::sleep(Duration::from_millis(2));
        }
        (daemon, began.elapsed())
    }

    /// Leaves it alone for `span`; what it computed meanwhile, and the most memory it held at any look.
    fn watch(&self, span: Duration) -> (Duration, u64) {
        // What the start left to do is done.
        std::thread::sleep(Duration::from_secs(2));
        let (before, began) = (self.cpu(), Instant::now());
        let mut highest = self.resident();
        while began.elapsed() < span {
            std::thread::sleep(Duration::from_secs(1).min(span));
            highest = highest.max(self.resident());
        }
        (self.cpu().saturating_sub(before), highest)
    }

    fn proc(&self, name: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{name}", self.child.id())).expect("a Linux with /proc")
    }

    /// In user mode and in the system, all threads.
    fn cpu(&self) -> Duration {
        let stat = self.proc("stat");
        let (_, rest) = stat.rsplit_once(')').expect("the name stands in brackets");
        let fields: Vec<u64> =
            rest.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse().expect("a number")).collect();
        // A hundred ticks a second, on every Linux there is.
        Duration::from_millis(fields.iter().sum::<u64>() * 10)
    }

    fn resident(&self) -> u64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it runs");
        line.trim().trim_end_matches("kB").trim().parse::<u64>().expect("a number") * 1_024
    }

    /// Asks it to end, which it must do well.
    fn end(mut self) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(told.expect("kill").success());
        assert!(self.child.wait().expect("a child of our own").success(), "it ends well");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Ended already, where all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_ready(address: &str) -> bool {
    let asked = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: lumbung\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    asked().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}
