//! `lumbung sql`: every format and file, and everything it refuses.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use super::{SMALL, Stocked};
use crate::harness::{Ran, python, python_has};

#[test]
fn bad_sql_is_2_with_a_hint() {
    let stocked = Stocked::with(&[SMALL]);
    let sql = |query: &str, says: &[&str]| drop(stocked.refuses(&["sql", query], 2, says));
    sql(
        "SELECT * FROM omspan.capaian_ik_k1",
        &["unknown table omspan.capaian_ik_k1; did you mean omspan.capaian_ik_kl"],
    );
    sql("SELECT preiode FROM omspan.capaian_ik_kl", &["unknown column preiode; did you mean periode?"]);
    sql("SELEC 1", &["found: SELEC at Line: 1, Column: 1", "is a comma, quote or bracket missing?"]);
    sql("SELECT 'open", &["Unterminated string literal"]);
    sql("", &["the query is empty"]);
    sql("SELECT 1; SELECT 2", &["2 statements instead of one"]);
    sql("SELECT 1/0", &["Divide by zero"]);
    stocked.refuses(
        &["sql", "SELECT 1", "--format", "yaml"],
        2,
        &["unknown format yaml; the formats are table, csv"],
    );
    stocked.refuses(&["sql", "-f", "no-such-file.sql"], 2, &["no-such-file.sql: No such file"]);
    let limited = ["--set", "sql.rows_max=5", "sql", "SELECT * FROM omspan.capaian_ik_kl"];
    stocked.refuses(&limited, 2, &["gives more than 5 rows; add a LIMIT or aggregate"]);
}

#[test]
fn sql_cannot_write() {
    let stocked = Stocked::with(&[SMALL]);
    let outside = stocked.lab.path().join("stolen");
    let outside = outside.to_str().unwrap();
    let attempts = [
        "DROP TABLE omspan.capaian_ik_kl".to_owned(),
        "DROP VIEW mart.satker".to_owned(),
        "DELETE FROM omspan.capaian_ik_kl".to_owned(),
        "UPDATE omspan.capaian_ik_kl SET ba = '000'".to_owned(),
        "TRUNCATE TABLE omspan.capaian_ik_kl".to_owned(),
        "INSERT INTO omspan.capaian_ik_kl SELECT * FROM omspan.capaian_ik_kl".to_owned(),
        "WITH w AS (INSERT INTO omspan.capaian_ik_kl SELECT * FROM omspan.capaian_ik_kl) SELECT * FROM w".to_owned(),
        "SELECT * INTO omspan.copy FROM omspan.capaian_ik_kl".to_owned(),
        "CREATE TABLE t AS SELECT 1".to_owned(),
        "CREATE VIEW v AS SELECT 1".to_owned(),
        format!("COPY (SELECT * FROM omspan.capaian_ik_kl) TO '{outside}.parquet'"),
        format!("COPY omspan.capaian_ik_kl TO '{outside}' STORED AS CSV"),
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'".to_owned(),
        "SET datafusion.execution.batch_size = 1".to_owned(),
        "EXPLAIN ANALYZE INSERT INTO omspan.capaian_ik_kl SELECT * FROM omspan.capaian_ik_kl".to_owned(),
        "/* SELECT */ DROP TABLE omspan.capaian_ik_kl".to_owned(),
    ];
    for attempt in &attempts {
        let ran = stocked.refuses(&["sql", attempt], 2, &["error: "]);
        assert_eq!(ran.stdout, "", "{attempt}");
    }
    stocked.refuses(&["sql", &attempts[0]], 2, &["only SELECT, VALUES, EXPLAIN, SHOW and DESCRIBE are allowed here"]);
    // Files beside the tables cannot be read, either.
    for query in ["SELECT * FROM '/etc/passwd'", "SELECT * FROM read_csv('/etc/passwd')"] {
        stocked.refuses(&["sql", query], 2, &["error: "]);
    }
    let found: Vec<_> = std::fs::read_dir(stocked.lab.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(found, ["warehouse"]);
}

#[test]
fn results_come_in_every_format() {
    let stocked = Stocked::with(&[SMALL]);
    let query = "SELECT ba, periode, tahun_anggaran, ik_realisasi, CAST(NULL AS VARCHAR) AS kosong, 'a,\"b\"|c' AS teks \
                 FROM omspan.capaian_ik_kl WHERE periode <= '02' ORDER BY tahun_anggaran, periode";
    let sql = |format: &str| stocked.lab.ok(&["sql", "--format", format, query]).stdout;

    let ndjson: Vec<Value> = sql("ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(ndjson.len(), 4);
    assert_eq!((&ndjson[0]["periode"], &ndjson[0]["tahun_anggaran"]), (&"01".into(), &2025.into()));
    assert_eq!((&ndjson[0]["kosong"], &ndjson[0]["teks"]), (&Value::Null, &"a,\"b\"|c".into()));
    let json: Value = serde_json::from_str(&sql("json")).unwrap();
    assert_eq!(json, Value::Array(ndjson));

    let csv = sql("csv");
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "ba,periode,tahun_anggaran,ik_realisasi,kosong,teks");
    assert_eq!(lines.len(), 5);
    // Codes keep their zeros, scores their decimals, NULL is empty, and what needs quotes has them.
    assert!(lines[1].starts_with("056,01,2025,") && lines[1].ends_with(",,\"a,\"\"b\"\"|c\""), "{}", lines[1]);

    let markdown = sql("markdown");
    assert!(markdown.starts_with("| ba | periode | tahun_anggaran |"), "{markdown}");
    assert!(markdown.contains("a,\"b\"\\|c"), "a bar inside a cell: {markdown}");
    let table = sql("table");
    assert!(table.contains("(4 rows)") && table.contains("NULL"), "{table}");
    assert_eq!(stocked.lab.ok(&["sql", query]).stdout, table, "a table is the default");
    assert_eq!(stocked.lab.ok(&["--output", "json", "sql", query]).stdout, sql("json"));
}

#[test]
fn a_query_comes_from_a_file_or_a_pipe_too() {
    let stocked = Stocked::with(&[SMALL]);
    let file = stocked.lab.path().join("query.sql");
    std::fs::write(&file, "-- twelve months and nine\nSELECT count(*) AS n FROM omspan.capaian_ik_kl;\n").unwrap();
    let ran = stocked.lab.ok(&["sql", "-f", file.to_str().unwrap(), "--format", "csv"]);
    assert_eq!(ran.stdout, "n\n21\n");
    let mut child = stocked
        .lab
        .command(&["sql", "--format", "csv"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"SELECT count(*) AS n FROM omspan.capaian_ik_kl").unwrap();
    let ran: Ran = child.wait_with_output().unwrap().into();
    assert_eq!(ran.stdout, "n\n21\n");
}

#[test]
fn result_files_are_whole_or_not_there() {
    let stocked = Stocked::with(&["omspan.dipa_belanja"]);
    let path = |name: &str| stocked.lab.path().join(name).to_str().unwrap().to_owned();
    let all = "SELECT kdsatker, kppn, amount, tahun_anggaran FROM omspan.dipa_belanja";
    for format in ["csv", "json", "ndjson", "markdown", "table", "parquet", "xlsx"] {
        let out = path(&format!("out.{format}"));
        let ran = stocked.lab.ok(&["sql", all, "--format", format, "-o", &out]);
        assert_eq!(ran.stdout, "", "{format}");
        assert!(std::fs::metadata(&out).unwrap().len() > 0, "{format}");
    }
    // A query that fails on its way neither leaves a new file nor spoils an old one.
    let broken = "SELECT 1 / (amount - amount) AS x FROM omspan.dipa_belanja";
    std::fs::write(path("old.csv"), "precious\n").unwrap();
    for (name, format) in [("old.csv", "csv"), ("new.csv", "csv"), ("new.parquet", "parquet"), ("new.xlsx", "xlsx")] {
        stocked.refuses(&["sql", broken, "--format", format, "-o", &path(name)], 2, &["Divide by zero"]);
    }
    assert_eq!(std::fs::read_to_string(path("old.csv")).unwrap(), "precious\n");
    let nowhere = path("no-such-folder/out.csv");
    stocked.refuses(&["sql", all, "--format", "csv", "-o", &nowhere], 73, &["no-such-folder", "No such file"]);
    let left: Vec<String> = std::fs::read_dir(stocked.lab.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("new") || name.ends_with(".part") || name == "no-such-folder")
        .collect();
    assert_eq!(left, [""; 0]);

    let truth = stocked.lab.control().datasets["omspan.dipa_belanja"].clone();
    let expected = format!("{} {}", truth.rows, truth.sums["amount"]);
    if python_has(&["pyarrow"]) {
        let program = "import sys, pyarrow.parquet as pq, pyarrow.compute as pc\n\
                       t = pq.read_table(sys.argv[1])\n\
                       assert t.schema.field('kdsatker').type == 'string', t.schema\n\
                       assert str(t.schema.field('amount').type) == 'decimal128(20, 2)', t.schema\n\
                       print(t.num_rows, pc.sum(t['amount']))";
        assert_eq!(python(program, &[&path("out.parquet")]).trim(), expected);
    }
    if python_has(&["openpyxl"]) {
        let program = "import sys, openpyxl, decimal\n\
                       rows = list(openpyxl.load_workbook(sys.argv[1]).active.iter_rows(values_only=True))\n\
                       assert rows[0] == ('kdsatker', 'kppn', 'amount', 'tahun_anggaran'), rows[0]\n\
                       assert all(isinstance(r[0], str) and len(r[0]) == 6 for r in rows[1:])\n\
                       total = sum(decimal.Decimal(str(r[2])) for r in rows[1:])\n\
                       print(len(rows) - 1, total.quantize(decimal.Decimal('0.01')))";
        assert_eq!(python(program, &[&path("out.xlsx")]).trim(), expected);
    }
    assert!(std::fs::read(path("out.xlsx")).unwrap().starts_with(b"PK"), "xlsx is a zip file");
}
