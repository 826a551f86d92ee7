//! The SQL pages over HTTP: questions run, are stopped and downloaded; nothing is written, and nobody sees what is another's.

use std::time::{Duration, Instant};

use super::visitor::{Daemon, INJECTIONS, Place, Visitor, assert_escaped};
use crate::harness::{python, python_has};

/// A question that never ends by itself.
const ENDLESS: &str =
    "SELECT count(*) FROM range(1, 100000) a CROSS JOIN range(1, 100000) b CROSS JOIN range(1, 100000) c";

fn place() -> Place {
    Place::with(&["omspan.dipa_belanja", "omspan.capaian_ik_kl"])
}

/// Asks, and gives the page of the answer, which is there at once or after a while.
fn ask(visitor: &Visitor, sql: &str) -> (String, String) {
    let begun = visitor.post("/sql/jalan", &[("sql", sql)]);
    assert_eq!(begun.status.as_u16(), 303, "{}", begun.text());
    let place = begun.place();
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let page = visitor.get(&place).text();
        if !page.contains("data-running") || Instant::now() > until {
            return (place, page);
        }
    }
}

#[test]
fn a_question_is_answered_with_exact_values_types_and_downloads() {
    let house = place();
    let daemon = house.serve(&["schedule.enabled=false"]);
    let ana = daemon.visitor("ana");
    let sql =
        "SELECT '007' AS kode, CAST(12345678901234567.05 AS DECIMAL(20,2)) AS uang, NULL AS kosong, 2026 AS tahun";
    let (place, page) = ask(&ana, sql);
    assert!(page.contains("12345678901234567.05") && page.contains(">007<") && page.contains(">NULL<"), "{page}");
    assert!(page.contains("numeric(20,2)") && page.contains("class=\"num\">2026"), "{page}");
    assert!(page.contains("Baris 1–1 dari 1"), "{page}");
    let id = place.rsplit('/').next().unwrap();

    let file = |bentuk: &str| ana.post("/sql/unduh", &[("id", id), ("bentuk", bentuk)]);
    let csv = file("csv");
    assert_eq!(csv.text(), "kode,uang,kosong,tahun\n007,12345678901234567.05,,2026\n");
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert!(csv.header("content-disposition").starts_with("attachment; filename=\"lumbung-2026"));
    assert_eq!(csv.header("cache-control"), "no-store");
    let (xlsx, parquet) = (file("xlsx"), file("parquet"));
    assert!(xlsx.body.starts_with(b"PK") && parquet.body.starts_with(b"PAR1"));
    if python_has(&["openpyxl", "pyarrow"]) {
        let (book, table) = (house.lab.path().join("a.xlsx"), house.lab.path().join("a.parquet"));
        std::fs::write(&book, &xlsx.body).unwrap();
        std::fs::write(&table, &parquet.body).unwrap();
        let read = "import sys, openpyxl, pyarrow.parquet as pq\n\
                    print([c.value for c in list(openpyxl.load_workbook(sys.argv[1]).active.rows)[1]])\n\
                    print(pq.read_table(sys.argv[2]).to_pylist()[0]['uang'])";
        let told = python(read, &[book.to_str().unwrap(), table.to_str().unwrap()]);
        assert_eq!(told, "['007', '12345678901234567.05', None, 2026]\n12345678901234567.05\n");
    }
    for unknown in ["json", "csv\r\nX-Injected: 1", "../../a"] {
        assert_eq!(file(unknown).status.as_u16(), 404, "{unknown}");
    }
    let log = daemon.terminate();
    assert!(log.contains("a statement was answered") && log.contains("analyst"), "{log}");
    assert!(!log.contains("12345678901234567"), "values are never in the log");
}

#[test]
fn long_answers_are_cut_with_a_notice_and_shown_page_by_page() {
    let house = place();
    let daemon = house.serve(&["schedule.enabled=false", "serve.postgres.rows_max=2000"]);
    let ana = daemon.visitor("ana");
    let (place, page) = ask(&ana, "SELECT value, repeat('<&>', 60) AS t FROM range(1, 1501)");
    assert!(page.contains("hanya 1000 baris pertama"), "{page}");
    assert!(page.len() < 150_000, "{} bytes", page.len());
    assert!(page.contains("mulai="), "it leads on");
    let last = ana.get(&format!("{place}?mulai=999")).text();
    assert!(last.contains("Baris 1000–1000 dari 1000"), "{last}");
    let id = place.rsplit('/').next().unwrap().to_owned();
    let csv = ana.post("/sql/unduh", &[("id", &id), ("bentuk", "csv")]);
    assert_eq!(csv.text().lines().count(), 1_501, "a file has them all");
    let (place, _) = ask(&ana, "SELECT value FROM range(1, 2003)");
    let id = place.rsplit('/').next().unwrap().to_owned();
    let refused = ana.post("/sql/unduh", &[("id", &id), ("bentuk", "csv")]);
    assert_eq!(refused.status.as_u16(), 409, "no half of a file");
    assert!(refused.text().contains("Melewati batas"), "{}", refused.text());
}

#[test]
fn a_question_is_stopped_by_its_owner_alone_by_time_and_by_leaving() {
    let house = place();
    let daemon = house.serve(&["schedule.enabled=false", "serve.postgres.statement_timeout_secs=30"]);
    let (ana, budi) = (daemon.visitor("ana"), daemon.visitor("budi"));
    let begun = ana.post("/sql/jalan", &[("sql", ENDLESS)]);
    let place = begun.place();
    let page = ana.get(&place).text();
    assert!(page.contains("data-running") && page.contains("http-equiv=\"refresh\""), "{page}");
    assert!(ana.get(&format!("{place}/keadaan")).text().contains("\"runs\":true"));
    for other in [budi.get(&place), budi.post(&format!("{place}/batal"), &[]), budi.get(&format!("{place}/keadaan"))]
    {
        assert_eq!(other.status.as_u16(), 404, "nobody else knows of it");
    }
    assert_eq!(ana.post_plain(&format!("{place}/batal"), &[]).status.as_u16(), 403, "without the token");
    let stopped = ana.post(&format!("{place}/batal"), &[]);
    assert_eq!((stopped.status.as_u16(), stopped.place()), (303, place.clone()));
    let page = ana.get(&place).text();
    assert!(page.contains("Dibatalkan") && page.contains("57014"), "{page}");

    // Whoever hangs up while they wait for the answer.
    ana.post_and_leave("/sql/jalan", &[("sql", ENDLESS)], Duration::from_millis(600));
    // One place of the session is free at once, the other as soon as the one that was left has stopped.
    let begin = || ana.post("/sql/jalan", &[("sql", ENDLESS)]);
    let first = begin();
    assert_eq!(first.status.as_u16(), 303, "{}", first.text());
    let until = Instant::now() + Duration::from_secs(20);
    let second = loop {
        let second = begin();
        if second.status.as_u16() == 303 {
            break second;
        }
        assert!(Instant::now() < until, "a question that nobody waits for goes on");
    };
    for running in [first, second] {
        ana.post(&format!("{}/batal", running.place()), &[]);
    }
    let log = daemon.terminate();
    assert!(log.matches("57014").count() >= 2, "both stops stand in the log: {log}");
}

#[test]
fn no_more_than_two_run_at_a_time_and_time_is_limited() {
    let house = place();
    let daemon = house.serve(&["schedule.enabled=false", "serve.postgres.statement_timeout_secs=5"]);
    let ana = daemon.visitor("ana");
    let places = [0, 1].map(|_| ana.post("/sql/jalan", &[("sql", ENDLESS)]).place());
    let third = ana.post("/sql/jalan", &[("sql", ENDLESS)]);
    assert_eq!(third.status.as_u16(), 409, "{}", third.text());
    let until = Instant::now() + Duration::from_secs(30);
    while places.iter().any(|place| ana.get(&format!("{place}/keadaan")).text().contains("true")) {
        assert!(Instant::now() < until, "the time of a statement is not kept");
    }
    assert!(ana.get(&places[0]).text().contains("melewati batas waktu"));
}

/// Statements that would write, read files or change the server, and how each is told.
fn attempts(out: &str, secret: &str) -> Vec<(String, &'static str)> {
    let table = "omspan.dipa_belanja";
    vec![
        (format!("COPY {table} TO '{out}'"), "0A000"),
        (format!("COPY (SELECT 1) TO '{out}' STORED AS CSV"), "42601"),
        (format!("CREATE EXTERNAL TABLE x STORED AS PARQUET LOCATION '{secret}'"), "25006"),
        ("CREATE TABLE x AS SELECT 1".to_owned(), "25006"),
        (format!("SELECT * INTO x FROM {table}"), "25006"),
        (format!("INSERT INTO {table} (kdsatker) VALUES ('1')"), "25006"),
        (format!("DELETE FROM {table}"), "25006"),
        (format!("DROP TABLE {table}"), "25006"),
        (format!("EXPLAIN ANALYZE DELETE FROM {table}"), "25006"),
        (format!("WITH x AS (DELETE FROM {table} RETURNING 1) SELECT * FROM x"), "0A000"),
        (format!("SELECT * FROM '{secret}'"), "42P01"),
        (format!("SELECT * FROM read_parquet('{secret}')"), "42883"),
        ("SELECT pg_read_file('/etc/passwd')".to_owned(), "42883"),
        ("SELECT * FROM information_schema.df_settings".to_owned(), "42P01"),
        ("SET datafusion.execution.batch_size = 1".to_owned(), "0A000"),
        ("SET ROLE leader".to_owned(), "25006"),
        ("BEGIN".to_owned(), "0A000"),
        ("SELECT 1; SELECT 2".to_owned(), "0A000"),
        ("-- nothing".to_owned(), "42601"),
        ("SELECT $1".to_owned(), "42P02"),
        ("GRANT ALL ON omspan.dipa_belanja TO ana".to_owned(), "25006"),
    ]
}

#[test]
fn nothing_is_written_and_no_file_is_read() {
    let house = place();
    let daemon = house.serve(&["schedule.enabled=false"]);
    let ana = daemon.visitor("ana");
    let before = house.lab.published();
    let secret = house.lab.path().join("secret.parquet");
    std::fs::write(&secret, "x").unwrap();
    let out = house.lab.path().join("out.csv");
    for (sql, state) in attempts(out.to_str().unwrap(), secret.to_str().unwrap()) {
        let (_, page) = ask(&ana, &sql);
        assert!(page.contains(&format!("SQLSTATE {state}")), "{sql}: {page}");
    }
    assert!(!out.exists());
    assert_eq!(house.lab.published(), before);
}

#[test]
fn mistakes_are_shown_where_they_stand_with_the_nearest_names() {
    let house = place();
    let daemon = house.serve(&["schedule.enabled=false"]);
    let ana = daemon.visitor("ana");
    let (_, page) = ask(&ana, "SELECT *\nFROM omspan.dipa_belanja WHERE\nORDER BY");
    assert!(page.contains("Letak kesalahan") && page.contains("<mark>"), "{page}");
    let (_, page) = ask(&ana, "SELECT * FROM omspan.dipa_belanj");
    assert!(page.contains("did you mean omspan.dipa_belanja?"), "{page}");
    let (_, page) = ask(&ana, "SELECT amout FROM omspan.dipa_belanja");
    assert!(page.contains("did you mean amount"), "{page}");
}

#[test]
fn queries_are_kept_shared_opened_and_thrown_away() {
    let house = place();
    let daemon = house.serve(&["schedule.enabled=false"]);
    let (ana, budi) = (daemon.visitor("ana"), daemon.visitor("budi"));
    let keep = |visitor: &Visitor, name: &str, sql: &str, share: &str| {
        visitor.post("/sql/simpan", &[("nama", name), ("sql", sql), ("bagi", share)])
    };
    let kept = keep(&ana, "pagu-2026", "SELECT 1 AS satu", "ya");
    assert_eq!(kept.place(), "/sql/simpanan/ana/pagu-2026?kabar=disimpan");
    assert!(ana.get(&kept.place()).text().contains("Kueri disimpan."));
    assert_eq!(keep(&ana, "pribadi", "SELECT 2", "").status.as_u16(), 303);
    let seen = budi.get("/sql").text();
    assert!(seen.contains("pagu-2026") && !seen.contains("pribadi"), "{seen}");
    assert!(budi.get("/sql/simpanan/ana/pagu-2026").text().contains("SELECT 1 AS satu"));
    assert_eq!(budi.get("/sql/simpanan/ana/pribadi").status.as_u16(), 404);
    assert_eq!(budi.post("/sql/hapus", &[("nama", "pagu-2026")]).status.as_u16(), 404, "it is not theirs");
    assert_eq!(ana.post("/sql/hapus", &[("nama", "pagu-2026")]).place(), "/sql?kabar=dihapus");
    assert_eq!(ana.get("/sql/simpanan/ana/pagu-2026").status.as_u16(), 404);
    for personal in ["SELECT * FROM sipp.p3ke WHERE nik = '3514120101800001'", "SELECT 1 -- 3514120101800001"] {
        let refused = keep(&ana, "orang", personal, "");
        assert_eq!(refused.status.as_u16(), 409, "{personal}");
        assert!(!refused.text().contains("3514120101800001"));
    }
    for name in ["", "A b", "../x", "a\r\nb", "<b>", &"a".repeat(41)] {
        assert_eq!(keep(&ana, name, "SELECT 1", "").status.as_u16(), 400, "{name}");
    }
    let ledger = lumbung::warehouse::Warehouse::open_for_reading(&house.lab.warehouse()).unwrap();
    let acts: Vec<String> = ledger
        .audited(10)
        .unwrap()
        .iter()
        .filter_map(|act| Some(format!("{} {}: {}", act.act.word(), act.target.as_deref()?, act.outcome.word())))
        .collect();
    assert_eq!(
        acts,
        [
            "remove_query ana/pagu-2026: done",
            "remove_query budi/pagu-2026: failed",
            "save_query ana/pribadi: done",
            "save_query ana/pagu-2026: done"
        ]
    );
}

#[test]
fn what_is_typed_is_never_more_than_text() {
    let house = place();
    let daemon = house.serve(&["schedule.enabled=false"]);
    let ana = daemon.visitor("ana");
    for injected in INJECTIONS {
        let quoted = injected.replace('\'', "''");
        let (place, page) = ask(&ana, &format!("SELECT '{quoted}' AS \"{}\"", injected.replace('"', "\"\"")));
        assert_escaped(&page, injected);
        assert!(!page.contains("SQLSTATE"), "{page}");
        let id = place.rsplit('/').next().unwrap().to_owned();
        let file = ana.post("/sql/unduh", &[("id", &id), ("bentuk", "csv")]);
        assert!(file.headers.get("x").is_none() && file.headers.get("set-cookie").is_none());
        assert_eq!(file.header("x-content-type-options"), "nosniff");
        assert_escaped(&ask(&ana, injected).1, injected);
        assert_escaped(
            &ana.get(&format!("/sql?q={}", injected.bytes().map(|b| format!("%{b:02X}")).collect::<String>())).text(),
            injected,
        );
    }
    // Formulas of a workbook: text, as it was.
    let (place, _) = ask(&ana, "SELECT '=1+1' AS a, '@x' AS b, '-1' AS c");
    let id = place.rsplit('/').next().unwrap().to_owned();
    let book = ana.post("/sql/unduh", &[("id", &id), ("bentuk", "xlsx")]);
    if python_has(&["openpyxl"]) {
        let path = house.lab.path().join("formula.xlsx");
        std::fs::write(&path, &book.body).unwrap();
        let read = "import sys, openpyxl\n\
                    print([(c.value, c.data_type) for c in list(openpyxl.load_workbook(sys.argv[1]).active.rows)[1]])";
        let told = python(read, &[path.to_str().unwrap()]);
        assert!(!told.contains("'f'"), "no formula: {told}");
    }
}

#[test]
fn leaders_have_no_sql() {
    let house = place();
    let daemon = house.serve(&["schedule.enabled=false"]);
    let kepala = daemon.visitor("kepala");
    for path in
        ["/sql", "/sql/kata", "/sql/simpanan/ana/x", "/sql/hasil/x", "/data", "/data/mart.serapan_satker", "/operasi"]
    {
        assert_eq!(kepala.get(path).status.as_u16(), 403, "{path}");
    }
    for (path, field) in [("/sql/jalan", "sql"), ("/sql/unduh", "id"), ("/sql/hapus", "nama")] {
        let fields = [(field, "SELECT 1"), ("bentuk", "csv")];
        assert_eq!(kepala.post(path, &fields).status.as_u16(), 403, "{path}");
    }
    assert!(!kepala.get("/").text().contains("href=\"/sql\""));
    words_are_offered_to_analysts(&daemon);
}

fn words_are_offered_to_analysts(daemon: &Daemon) {
    let words = daemon.visitor("ana").get("/sql/kata");
    assert!(words.body.len() < 150_000, "{} bytes", words.body.len());
    let words: serde_json::Value = serde_json::from_slice(&words.body).unwrap();
    assert!(words["keywords"].as_array().unwrap().len() > 30);
    assert!(words["tables"]["omspan.dipa_belanja"].as_array().unwrap().iter().any(|column| column == "amount"));
}
