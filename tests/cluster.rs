//! SQL on a cluster of processes: the rows are those of this process, whatever the query and whoever dies on the way.

mod processes;

use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lumbung::catalog::cluster::Cluster as Engine;
use lumbung::catalog::{Catalog, ViewSet};
use lumbung::warehouse::{AsOf, Warehouse};

use crate::golden::{Golden, Rows, rows};
use crate::harness::{PII_KEY, Ran, walk};
use processes::Cluster;

/// Marts with rows in the golden warehouse; most of them, so that the comparison compares something.
const WITH_ROWS: usize = 30;

/// Two parts for two executors with a slot each; more would only make a debug build slow.
const PARTS: usize = 2;

/// Queries beside the marts, each with a trait that could be lost on the way: types, order, what only one process knows.
const QUERIES: [&str; 22] = [
    "SELECT 1 AS one, 0.1 AS tenth, 'a' AS text, NULL AS nothing, DATE '2026-01-31' AS day",
    "VALUES (1, 'a'), (2, 'b')",
    "SELECT * FROM omspan.detail_pnbp",
    "SELECT * FROM omspan.realisasi_belanja WHERE tahun_anggaran = 2026 AND amount < 0",
    "SELECT * FROM omspan.realisasi_belanja WHERE tahun_anggaran = 1999",
    "SELECT snapshot_date, count(*), sum(amount) FROM history.omspan_realisasi_belanja GROUP BY snapshot_date",
    "SELECT akun, rupiah, sum(rupiah) OVER (PARTITION BY akun ORDER BY ntpn) AS running FROM omspan.detail_pnbp",
    "SELECT akun, rank() OVER (ORDER BY rupiah DESC, ntpn) AS place FROM omspan.detail_pnbp",
    "SELECT DISTINCT akun FROM omspan.detail_pnbp",
    "SELECT count(DISTINCT akun), count(DISTINCT ntpn), avg(rupiah), min(tgl_buku) FROM omspan.detail_pnbp",
    "SELECT akun FROM omspan.detail_pnbp UNION ALL SELECT akun FROM omspan.realisasi_belanja",
    "SELECT akun FROM omspan.detail_pnbp EXCEPT SELECT akun FROM omspan.realisasi_belanja",
    "SELECT * FROM omspan.detail_pnbp WHERE akun NOT IN (SELECT akun FROM omspan.realisasi_belanja)",
    "SELECT * FROM omspan.detail_pnbp d WHERE EXISTS (SELECT 1 FROM omspan.dipa_belanja b WHERE b.kdsatker = d.kdsatker)",
    "SELECT ntpn, (SELECT max(rupiah) FROM omspan.detail_pnbp) - rupiah AS below FROM omspan.detail_pnbp",
    "SELECT a.ntpn, b.ntpn AS other FROM omspan.detail_pnbp a FULL JOIN omspan.detail_pnbp b ON a.akun = b.ntpn",
    "SELECT a.ntpn, b.akun FROM omspan.detail_pnbp a LEFT JOIN omspan.realisasi_belanja b ON a.rupiah > b.amount",
    "SELECT akun, string_agg(ntpn, ', ' ORDER BY ntpn) AS all FROM omspan.detail_pnbp GROUP BY akun",
    "SELECT array_length(array_agg(akun)) AS n, unnest(make_array(1, 2)) AS each FROM omspan.detail_pnbp",
    "SELECT status, count(*) FROM ops.runs GROUP BY status",
    "SELECT r.dataset, r.rows, d.kdsatker FROM ops.runs r LEFT JOIN omspan.detail_pnbp d ON r.dataset = d.akun",
    "SELECT count(*) FROM ref.bas_akun",
];

/// Queries whose rows have an order.
const ORDERED: [&str; 3] = [
    "SELECT ntpn, rupiah FROM history.omspan_detail_pnbp ORDER BY rupiah DESC, ntpn LIMIT 7",
    "SELECT akun, sum(rupiah) AS s FROM omspan.detail_pnbp GROUP BY akun ORDER BY s, akun OFFSET 1",
    "SHOW TABLES",
];

fn on(golden: &Golden, cluster: &Cluster, as_of: AsOf) -> Catalog {
    let catalog = golden.runtime.block_on(golden.catalog(as_of));
    let files = Warehouse::files_folder(&golden.root()).unwrap();
    catalog.with_engine(Arc::new(Engine::new(cluster.url().parse().unwrap(), &files, PARTS).unwrap()))
}

/// The rows and the types of a query.
async fn answer(catalog: &Catalog, sql: &str) -> (String, Rows) {
    let result = catalog.query(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    let columns: Vec<String> =
        result.schema.fields().iter().map(|f| format!("{} {}", f.name(), f.data_type())).collect();
    drop(result);
    (columns.join(", "), rows(catalog, sql).await)
}

#[test]
fn every_mart_has_the_same_rows_on_a_cluster() {
    let golden = Golden::new();
    let cluster = Cluster::start(&golden.root(), 2);
    for as_of in [AsOf::Latest, AsOf::Date("2026-03-24".parse().unwrap())] {
        let here = golden.runtime.block_on(golden.catalog(as_of));
        let there = on(&golden, &cluster, as_of);
        let (mut with_rows, mut took) = (0, [Duration::ZERO; 2]);
        for view in ViewSet::embedded().views() {
            let sql = format!("SELECT * FROM mart.{}", view.name);
            let begin = Instant::now();
            let expected = golden.runtime.block_on(answer(&here, &sql));
            took[0] += begin.elapsed();
            let begin = Instant::now();
            assert_eq!(golden.runtime.block_on(answer(&there, &sql)), expected, "{sql}");
            took[1] += begin.elapsed();
            with_rows += usize::from(!expected.1.is_empty());
        }
        eprintln!("the marts twice, as of {as_of:?}: here {:.2?}, on the cluster {:.2?}", took[0], took[1]);
        assert!(with_rows >= WITH_ROWS, "only {with_rows} marts have rows");
    }
    // Both took part: each made room for what it might have to spill.
    for executor in 0..2 {
        let work = cluster.work_folder(executor);
        assert!(std::fs::read_dir(&work).unwrap().next().is_some(), "{} is empty", work.display());
    }
}

#[test]
fn queries_of_every_kind_have_the_same_rows_on_a_cluster() {
    let golden = Golden::new();
    let cluster = Cluster::start(&golden.root(), 2);
    let here = golden.runtime.block_on(golden.catalog(AsOf::Latest));
    let there = on(&golden, &cluster, AsOf::Latest);
    for sql in QUERIES {
        let expected = golden.runtime.block_on(answer(&here, sql));
        assert_eq!(golden.runtime.block_on(answer(&there, sql)), expected, "{sql}");
    }
    for sql in ORDERED {
        let csv = |catalog: &Catalog| {
            let mut text = Vec::new();
            golden.runtime.block_on(async {
                let result = catalog.query_read_only(sql).await.unwrap();
                lumbung::catalog::format::write(result, lumbung::catalog::Format::Csv, &mut text).await.unwrap();
            });
            String::from_utf8(text).unwrap()
        };
        assert_eq!(csv(&there), csv(&here), "{sql}");
    }
    // What was fetched is cleared away.
    golden.runtime.block_on(there.settle());
    assert!(until(|| (0..2).all(|executor| !has_files(&cluster.work_folder(executor)))), "rows stay behind");
}

/// The program over the golden warehouse.
fn lumbung(golden: &Golden, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lumbung"));
    command.env_clear().env("LUMBUNG_PII_KEY", PII_KEY).current_dir(golden.root());
    let output: Output = command.arg("--warehouse").arg(golden.root()).args(arguments).output().unwrap();
    output.into()
}

#[test]
fn the_program_says_the_same_with_and_without_a_cluster() {
    let golden = Golden::new();
    let mut cluster = Cluster::start(&golden.root(), 1);
    let both = |arguments: &[&str]| {
        let with = [&["sql", "--cluster", cluster.url()], arguments].concat();
        let [here, there] = [[&["sql"], arguments].concat(), with].map(|arguments| lumbung(&golden, &arguments));
        assert_eq!((there.code, &there.stdout), (here.code, &here.stdout), "{arguments:?}\n{}", there.stderr);
        (here, there)
    };
    let (_, marts) = both(&["--format", "csv", "SELECT * FROM mart.ringkasan_pimpinan"]);
    assert_eq!(marts.stdout.lines().count(), 2);
    both(&["--as-of", "2026-03-24", "SELECT pagu FROM mart.ringkasan_pimpinan"]);
    // A personal number is hashed before the plan leaves.
    both(&["SELECT count(*) FROM sipp.p3ke WHERE nik = '3318104512780001'"]);
    for refused in [
        "INSERT INTO omspan.detail_pnbp VALUES (1)",
        "COPY omspan.detail_pnbp TO 'x.csv'",
        "SELECT * FROM information_schema.df_settings",
        "SELECT nothing FROM omspan.detail_pnbp",
        "SELECT * FROM mart.ringkasan",
    ] {
        let (here, there) = both(&[refused]);
        assert_eq!((there.code, there.stderr), (2, here.stderr), "{refused}");
    }
    // What fails while it runs fails with the same code; the text says where it was.
    let (_, failed) = both(&["SELECT akun, 1 / (length(akun) - 6) FROM omspan.detail_pnbp"]);
    assert_eq!(failed.code, 2, "{}", failed.stderr);
    assert!(failed.stderr.contains("Divide by zero"), "{}", failed.stderr);
    let rows = ["--set", "sql.rows_max=3", "SELECT * FROM omspan.detail_pnbp"];
    let (_, many) = both(&rows);
    assert!(many.code == 2 && many.stderr.contains("more than 3 rows"), "{}", many.stderr);
    // A plan that only one process can run says so.
    for (alone, why) in [
        ("EXPLAIN ANALYZE SELECT * FROM omspan.detail_pnbp", "EXPLAIN ANALYZE"),
        (
            "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT * FROM n",
            "Recursive",
        ),
    ] {
        let ran = lumbung(&golden, &["sql", "--cluster", cluster.url(), alone]);
        assert_eq!(ran.code, 2, "{alone}: {}", ran.stderr);
        assert!(ran.stderr.contains(why) && ran.stderr.contains("without --cluster"), "{}", ran.stderr);
    }
    assert_eq!(cluster.executors[0].terminate(), Some(0));
    assert_eq!(cluster.scheduler.terminate(), Some(0));
    let gone = lumbung(&golden, &["sql", "--cluster", cluster.url(), "SELECT 1"]);
    assert_eq!(gone.code, 69, "{}", gone.stderr);
    assert!(gone.stderr.contains("cannot be reached") && gone.stderr.contains(cluster.url()), "{}", gone.stderr);
    let wrong = lumbung(&golden, &["sql", "--cluster", "http://127.0.0.1", "SELECT 1"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("df://host:50050"), "{}", wrong.stderr);
}

/// A query that takes long, of two stages: the files of detail_pnbp are shared among both executors.
fn long_query(times: usize) -> String {
    let joins: String = (1..times).map(|i| format!(", history.omspan_detail_pnbp t{i}")).collect();
    format!(
        "SELECT t0.akun, t1.akun AS other, count(*) AS n, sum(t0.rupiah + t1.rupiah) AS s, min(t2.ntpn) AS m \
         FROM history.omspan_detail_pnbp t0{joins} GROUP BY t0.akun, t1.akun"
    )
}

#[test]
fn a_query_that_times_out_is_stopped_on_the_cluster() {
    let golden = Golden::new();
    let cluster = Cluster::start(&golden.root(), 1);
    let long = long_query(12);
    let ran = lumbung(&golden, &["--set", "sql.timeout_secs=2", "sql", "--cluster", cluster.url(), &long]);
    assert!(ran.code == 2 && ran.stderr.contains("longer than 2 s"), "{} {}", ran.code, ran.stderr);
    // The only slot is free again: the stopped query would take it for hours.
    let next = lumbung(&golden, &["sql", "--cluster", cluster.url(), "SELECT count(*) FROM omspan.detail_pnbp"]);
    assert_eq!(next.code, 0, "{}", next.stderr);
}

#[test]
fn killing_an_executor_while_a_query_runs_changes_nothing() {
    let golden = Golden::new();
    // A killed executor is only a proof where its work is not done yet: where it was, the query has to be longer.
    for times in [6, 7, 8] {
        let mut cluster = Cluster::start(&golden.root(), 2);
        let there = Arc::new(on(&golden, &cluster, AsOf::Latest));
        let sql = long_query(times);
        let running = golden.runtime.spawn({
            let (there, sql) = (Arc::clone(&there), sql.clone());
            async move { rows(&there, &sql).await }
        });
        let work = cluster.work_folder(0);
        let begun = until(|| has_files(&work) || running.is_finished());
        assert!(begun, "the executor never began");
        if running.is_finished() {
            continue;
        }
        cluster.executors[0].kill();
        if running.is_finished() {
            continue;
        }
        let found = golden.runtime.block_on(running).unwrap();
        let here = golden.runtime.block_on(golden.catalog(AsOf::Latest));
        assert_eq!(found, golden.runtime.block_on(rows(&here, &sql)));
        assert!(!found.is_empty());
        // And the next query goes to who is left.
        let next = golden.runtime.block_on(rows(&there, "SELECT count(*) AS n FROM mart.ringkasan_pimpinan"));
        assert_eq!(next[0]["n"].as_deref(), Some("1"));
        return;
    }
    panic!("every query was done before its executor could be killed");
}

fn has_files(folder: &std::path::Path) -> bool {
    let mut files = Vec::new();
    walk(folder, &mut files);
    !files.is_empty()
}

/// Looks again and again, for a minute at most.
fn until(seen: impl Fn() -> bool) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(60) {
        if seen() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    false
}

#[test]
fn an_executor_opens_files_of_its_own_warehouse_only() {
    let golden = Golden::new();
    let other = tempfile::TempDir::new().unwrap();
    Warehouse::open(other.path(), "2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
    let cluster = Cluster::start(other.path(), 1);
    let ran = lumbung(&golden, &["sql", "--cluster", cluster.url(), "SELECT count(akun) FROM omspan.detail_pnbp"]);
    assert_eq!(ran.code, 73, "{}", ran.stderr);
    assert!(ran.stderr.contains("omspan/detail_pnbp/") && ran.stderr.contains("this executor's"), "{}", ran.stderr);
    assert!(!ran.stderr.contains(golden.root().to_str().unwrap()), "{}", ran.stderr);
}
