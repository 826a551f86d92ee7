//! `--cluster`: a scheduler and two executors as processes of their own on this machine give the rows that one process gives, also
//! when one of them dies over its work.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lumbung::catalog::ViewSet;
use tempfile::TempDir;

use crate::harness::{Lab, Ran, Running, walk};

/// At least so many marts have a part that groups rows of files without a table that is held whole.
const MARTS_WITH_PARTS_MIN: usize = 15;

/// Longest wait for something of another process.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the scheduler said, in the folder of the test.
const SCHEDULER_LOG: &str = "scheduler.log";

/// Every row beside every other of its satker: seconds of work in the last stage, and few rows of result.
const LONG: &str = "SELECT a.kdsatker, count(*) AS n, sum(a.amount * 2 - b.amount) AS s
    FROM omspan.realisasi_belanja AS a JOIN omspan.realisasi_belanja AS b ON a.kdsatker = b.kdsatker GROUP BY a.kdsatker";

/// One scheduler and two executors.
struct Cluster {
    url: String,
    executors: Vec<(Running, TempDir)>,
    _scheduler: Running,
}

impl Cluster {
    /// `lost_after`: seconds that an executor may be silent; a busy machine must not look like a dead one.
    fn start(lab: &Lab, lost_after: &str) -> Self {
        let arguments = ["-v", "cluster", "scheduler", "--listen", "127.0.0.1:0", "--lost-after", lost_after];
        let log = File::create(lab.path().join(SCHEDULER_LOG)).unwrap();
        let mut command = lab.bare_command();
        let mut scheduler = Running(command.args(arguments).stdout(Stdio::piped()).stderr(log).spawn().unwrap());
        let mut line = String::new();
        BufReader::new(scheduler.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("scheduler ").expect("it says where it listens").to_owned();
        let executor = |_| {
            let work = TempDir::new().unwrap();
            let mut command = lab.bare_command();
            command.args(["cluster", "executor", "--threads", "1", "--scheduler", &url, "--work"]).arg(work.path());
            (Running(command.spawn().unwrap()), work)
        };
        let executors = (0..2).map(executor).collect();
        Self { url, executors, _scheduler: scheduler }
    }
}

/// A warehouse with something of every source.
fn filled() -> Lab {
    let lab = Lab::new(&[]);
    let ran: Ran =
        lab.systems_command(&["snapshot", "omspan", "sipp", "padi", "simda", "oss"]).output().unwrap().into();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    lab
}

/// What a query prints, its lines sorted: without an ORDER BY rows have no order.
fn rows(lab: &Lab, sql: &str, cluster: Option<&str>) -> Vec<String> {
    let mut arguments = vec!["sql", sql, "--format", "csv"];
    arguments.extend(cluster.iter().flat_map(|url| ["--cluster", url]));
    let ran = lab.ok(&arguments);
    assert!(!ran.stderr.contains("asked again"), "{sql}\n{}", ran.stderr);
    let mut lines: Vec<String> = ran.stdout.lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn every_mart_has_the_same_rows_from_a_cluster() {
    let lab = filled();
    let cluster = Cluster::start(&lab, "60");
    let mut with_parts = 0;
    for view in ViewSet::embedded().views() {
        let sql = format!("SELECT * FROM mart.{}", view.name);
        let here = rows(&lab, &sql, None);
        assert_eq!(rows(&lab, &sql, Some(&cluster.url)), here, "{}", view.name);
        let plan = lab.ok(&["sql", &format!("EXPLAIN {sql}"), "--format", "csv", "--cluster", &cluster.url]);
        with_parts += usize::from(plan.stdout.contains("RemoteExec"));
    }
    assert!(with_parts >= MARTS_WITH_PARTS_MIN, "{with_parts}");
}

#[test]
fn queries_of_many_shapes_have_the_same_rows_from_a_cluster() {
    let lab = filled();
    let cluster = Cluster::start(&lab, "60");
    for sql in [
        "SELECT kdsatker, sum(amount) AS s, count(*) AS n FROM omspan.realisasi_belanja GROUP BY kdsatker",
        "SELECT count(*) AS n, sum(amount) AS s, avg(amount) AS a FROM omspan.realisasi_belanja",
        "SELECT count(DISTINCT akun) AS n FROM omspan.realisasi_belanja WHERE kdsatker LIKE '0%'",
        "SELECT kdsatker, akun, amount FROM omspan.realisasi_belanja WHERE amount > 1000000",
        "SELECT a.akun, sum(a.amount) AS s, count(b.akun) AS n FROM omspan.realisasi_belanja AS a
            LEFT JOIN (SELECT DISTINCT akun FROM omspan.dipa_belanja) AS b ON a.akun = b.akun GROUP BY a.akun",
        "SELECT akun FROM omspan.dipa_belanja WHERE akun NOT IN (SELECT akun FROM omspan.realisasi_belanja) GROUP BY akun",
        "SELECT kdsatker, rank() OVER (ORDER BY sum(amount) DESC) AS place FROM omspan.realisasi_belanja GROUP BY kdsatker",
        "SELECT tahun_anggaran, sum(amount) FROM history.omspan_realisasi_belanja GROUP BY ROLLUP (tahun_anggaran)",
        "SELECT akun, sum(amount) AS s FROM omspan.realisasi_belanja GROUP BY akun ORDER BY s DESC, akun LIMIT 3",
        "SELECT n FROM (SELECT count(*) AS n FROM omspan.realisasi_belanja WHERE akun = 'none')",
        "SELECT 1 AS one",
    ] {
        assert_eq!(rows(&lab, sql, Some(&cluster.url)), rows(&lab, sql, None), "{sql}");
    }
}

/// Waits for `happened`, which has to be soon.
fn wait_until(what: &str, happened: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < end, "{what}: it did not happen");
        std::thread::yield_now();
    }
}

fn has_a_file(folder: &Path) -> bool {
    let mut files: Vec<PathBuf> = Vec::new();
    walk(folder, &mut files);
    !files.is_empty()
}

/// [`LONG`] at work on `cluster`.
fn long_query(lab: &Lab, cluster: &Cluster) -> Child {
    let mut command: Command = lab.command(&["sql", LONG, "--format", "csv", "--cluster", &cluster.url]);
    let query = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("both executors work", || cluster.executors.iter().all(|(_, work)| has_a_file(work.path())));
    query
}

#[test]
fn an_executor_that_dies_over_its_work_is_done_without() {
    let lab = filled();
    let mut cluster = Cluster::start(&lab, "10");
    let here = rows(&lab, LONG, None);
    let mut query = long_query(&lab, &cluster);
    // SIGKILL.
    drop(cluster.executors.pop());
    assert!(query.try_wait().unwrap().is_none(), "the answer was there before the executor died");
    let ran: Ran = query.wait_with_output().unwrap().into();
    let scheduler = std::fs::read_to_string(lab.path().join(SCHEDULER_LOG)).unwrap();
    assert_eq!(ran.code, 0, "{}\n{scheduler}", ran.stderr);
    let mut lines: Vec<String> = ran.stdout.lines().map(str::to_owned).collect();
    lines.sort_unstable();
    assert_eq!(lines, here);
}

#[test]
fn work_that_nobody_waits_for_is_cancelled() {
    let lab = filled();
    let cluster = Cluster::start(&lab, "60");
    let query = long_query(&lab, &cluster);
    assert!(Command::new("kill").args(["-INT", &query.id().to_string()]).status().unwrap().success());
    let ran: Ran = query.wait_with_output().unwrap().into();
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    let log = || std::fs::read_to_string(lab.path().join(SCHEDULER_LOG)).unwrap();
    wait_until("the scheduler hears of it", || log().contains("cancellation request for job"));
}

#[test]
fn a_cluster_that_is_not_there_is_named() {
    let lab = Lab::new(&[]);
    lab.ok(&["snapshot", "omspan.dipa_belanja"]);
    let sql = "SELECT akun, sum(amount) FROM omspan.dipa_belanja GROUP BY akun";
    let ran = lab.run(&["sql", sql, "--cluster", "df://127.0.0.1:9"]);
    assert_eq!(ran.code, 69, "{}", ran.stderr);
    assert!(ran.stderr.contains("df://127.0.0.1:9"), "{}", ran.stderr);
    let ran = lab.run(&["sql", sql, "--cluster", "127.0.0.1:9"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
}

#[test]
fn only_a_trusted_network_reaches_a_cluster() {
    let lab = Lab::new(&[]);
    let ran = lab.run(&["cluster", "scheduler", "--listen", "0.0.0.0:0"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("--trust-network"), "{}", ran.stderr);
    let ran = lab.run(&["cluster", "executor", "--host", "0.0.0.0", "--scheduler", "df://127.0.0.1:9"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
}
