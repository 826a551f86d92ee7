//! 32 connections ask for marts while snapshots are committed: nobody meets an error, every answer is of one state, a
//! transaction sees the state it began with, and all of them together stay within their memory.

use std::collections::BTreeSet;
use std::process::Stdio;

use super::house::House;
use crate::harness::{Lab, python_has};

const DATASET: &str = "omspan.realisasi_belanja";
/// The two states of the source.
const DAYS: [&str; 2] = ["2026-11-01", "2026-11-08"];
/// Connections at a time, and rounds of each.
const CONNECTIONS: &str = "32";
const ROUNDS: &str = "3";
/// Commits while they ask: at least so many, at most so many.
const COMMITS: std::ops::Range<usize> = 4..400;
/// Memory of all statements together, in MiB, and of the whole process.
const POOL_MB: u64 = 64;
const PROCESS_MB: u64 = 768;

/// Every thread asks for marts over and over: three figures of one statement have to be one state's, and so have two
/// statements of one transaction. The states seen are printed.
const ASK: &str = r#"
import os, sys, threading, psycopg
connections, rounds = int(sys.argv[1]), int(sys.argv[2])
MARTS = ["serapan_satker", "serapan_eselon1", "serapan_bulanan", "serapan_jenis_belanja", "sisa_dana", "ringkasan_pimpinan",
    "perubahan_pagu", "ikpa_satker"]
FIGURES = """SELECT (SELECT sum(amount) FROM omspan.realisasi_belanja),
    (SELECT sum(amount) FROM history.omspan_realisasi_belanja WHERE snapshot_date = DATE '2026-11-01'),
    (SELECT sum(realisasi) FROM mart.serapan_satker), (SELECT sum(realisasi) FROM mart.serapan_jenis_belanja)"""
errors, seen, started = [], set(), threading.Barrier(connections)
def ask(number):
    try:
        with psycopg.connect(os.environ["DSN"], autocommit=True) as connection:
            started.wait()
            for turn in range(rounds):
                mart = MARTS[(number + turn) % len(MARTS)]
                connection.execute(f"SELECT * FROM mart.{mart}").fetchall()
                latest, history, satker, jenis = connection.execute(FIGURES).fetchone()
                assert latest == history and satker == jenis, (latest, history, satker, jenis)
                seen.add(f"{latest} {satker}")
                with connection.transaction():
                    first = connection.execute("SELECT sum(amount) FROM omspan.realisasi_belanja").fetchone()[0]
                    connection.execute("SELECT count(*) FROM mart.serapan_satker").fetchone()
                    again = connection.execute("SELECT sum(amount) FROM omspan.realisasi_belanja").fetchone()[0]
                    assert first == again, (first, again)
    except BaseException as error:
        errors.append(f"{number}: {type(error).__name__} {error}")
        started.abort()
threads = [threading.Thread(target=ask, args=(i,)) for i in range(connections)]
for thread in threads: thread.start()
for thread in threads: thread.join()
for line in sorted(seen): print("seen", line)
for line in errors: print("error", line)
"#;

/// Loads the sandbox as it is on `day`, always as the snapshot of the first of the two days.
fn replace(lab: &Lab, day: &str) {
    lab.sandbox().set_today(day.parse().unwrap());
    let ran = lab.ok(&["snapshot", DATASET, "--date", DAYS[0], "--output", "json"]);
    assert_eq!(ran.json_lines()[0]["status"], "committed");
}

#[test]
fn many_ask_while_snapshots_commit() {
    if !python_has(&["psycopg"]) {
        return;
    }
    let mut house = House::empty();
    house.lab.set_today(DAYS[1]);
    let others = ["omspan.dipa_belanja", "omspan.ketersediaan_dana", "omspan.capaian_ik_satker"];
    house.lab.ok(&[&["snapshot"][..], &others, &["--date", DAYS[0]]].concat());
    let figures = "SELECT concat((SELECT sum(amount) FROM omspan.realisasi_belanja), ' ', \
        (SELECT sum(realisasi) FROM mart.serapan_satker)) AS f";
    let mut legal = BTreeSet::new();
    for day in DAYS {
        replace(&house.lab, day);
        let told = house.lab.ok(&["sql", "--format", "csv", figures]).stdout;
        legal.insert(told.lines().nth(1).unwrap().to_owned());
    }
    assert_eq!(legal.len(), 2, "the two states differ");
    let memory = format!("serve.postgres.memory_mb={POOL_MB}");
    let port =
        house.serve(true, &[&memory, "serve.postgres.queue_secs=600", "serve.postgres.statement_timeout_secs=900"]);

    let mut asking = port.client("python3", "ana");
    asking.arg("-c").arg(ASK).args([CONNECTIONS, ROUNDS]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut asking = asking.spawn().unwrap();
    let mut commits = 0;
    while asking.try_wait().unwrap().is_none() || commits < COMMITS.start {
        replace(&house.lab, DAYS[commits % 2]);
        commits += 1;
        assert!(commits < COMMITS.end, "the readers do not come to an end");
    }
    let output = asking.wait_with_output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let errors: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("error ")).collect();
    assert!(errors.is_empty() && output.status.success(), "{errors:#?}{}", String::from_utf8_lossy(&output.stderr));
    let seen: BTreeSet<String> =
        told.lines().filter_map(|line| line.strip_prefix("seen ")).map(str::to_owned).collect();
    assert!(seen.is_subset(&legal) && !seen.is_empty(), "{seen:?} beside {legal:?}");

    let status = std::fs::read_to_string(format!("/proc/{}/status", port.id())).unwrap_or_default();
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map(|line| line.trim().trim_end_matches(" kB"));
    let peak_mb = peak.and_then(|peak| peak.trim().parse::<u64>().ok()).map(|peak| peak / 1_024);
    let (code, log) = port.terminate();
    assert_eq!(code, 0, "{log}");
    let reserved =
        log.lines().rev().find_map(|line| line.split_once("peak=")).unwrap().1.trim().parse::<u64>().unwrap();
    eprintln!(
        "{CONNECTIONS} connections, {commits} commits, {} of 2 states seen; {} of {POOL_MB} MiB reserved, {peak_mb:?} MiB resident",
        seen.len(),
        reserved >> 20
    );
    assert!(reserved <= POOL_MB << 20, "{reserved} bytes were reserved");
    assert!(peak_mb.is_none_or(|peak| peak < PROCESS_MB), "{peak_mb:?} MiB resident");
    assert!(log.contains("a statement was answered") && !log.contains("ended by a bug"), "{log}");
}
