//! Every exit code and what is said with it: whatever goes wrong, the message names it and what to do, and nothing that
//! was published changes.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::harness::{Lab, Ran, python, python_has};

/// The quickest dataset of all.
const SMALL: &str = "omspan.capaian_ik_kl";

/// A laboratory with a good warehouse that nothing here may change.
struct Stocked {
    lab: Lab,
    before: BTreeMap<String, Vec<u8>>,
}

impl Stocked {
    /// `datasets`, loaded the day before.
    fn with(datasets: &[&str]) -> Self {
        let mut lab = Lab::new(&[]);
        lab.set_today("2026-10-31");
        let mut arguments = vec!["--output", "json", "snapshot"];
        arguments.extend(datasets);
        lab.ok(&arguments);
        lab.set_today("2026-11-01");
        let before = lab.contents();
        assert!(!before.is_empty());
        Self { lab, before }
    }

    /// Runs `command`, which has to end with `code`, say all of `says` on stderr, and publish nothing.
    fn fails(&self, command: &mut Command, code: i32, says: &[&str]) -> Ran {
        let ran: Ran = command.output().unwrap().into();
        assert_eq!(ran.code, code, "{command:?}\n{}\n{}", ran.stdout, ran.stderr);
        for text in says {
            assert!(ran.stderr.contains(text), "{command:?} does not say {text:?}:\n{}", ran.stderr);
        }
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        assert!(self.before == self.lab.contents(), "{command:?} changed what was published");
        ran
    }

    fn refuses(&self, arguments: &[&str], code: i32, says: &[&str]) -> Ran {
        self.fails(&mut self.lab.command(arguments), code, says)
    }
}

// Who asks.

#[test]
fn a_wrong_or_missing_token_is_77_or_78() {
    let stocked = Stocked::with(&[SMALL]);
    let snapshot = ["snapshot", SMALL];
    let wrong = |token: &str| {
        let mut command = stocked.lab.command(&snapshot);
        command.env("LUMBUNG_OMSPAN_TOKEN_2026", token);
        command
    };
    let says = ["refused the token of fiscal year 2026", "check that LUMBUNG_OMSPAN_TOKEN_2026"];
    stocked.fails(&mut wrong("not-the-token"), 77, &says);
    let mut all_years = stocked.lab.bare_command();
    all_years.args(snapshot).env("LUMBUNG_OMSPAN_TOKEN", "not-the-token");
    stocked.fails(&mut all_years, 77, &["refused the token of fiscal year 2025"]);

    let says = ["no token for omspan: set LUMBUNG_OMSPAN_TOKEN_2025 or LUMBUNG_OMSPAN_TOKEN"];
    stocked.fails(stocked.lab.bare_command().args(snapshot), 78, &says);
    stocked.fails(&mut wrong("  "), 78, &["set LUMBUNG_OMSPAN_TOKEN_2026 or LUMBUNG_OMSPAN_TOKEN"]);
    stocked.fails(&mut wrong("two\nlines"), 78, &["the token in LUMBUNG_OMSPAN_TOKEN_2026 holds a character"]);
    // The setting that names the variable is a setting like any other.
    let renamed = ["--set", "sources.omspan.token_env=MY_TOKEN", "snapshot", SMALL];
    stocked.refuses(&renamed, 78, &["set MY_TOKEN_2025 or MY_TOKEN"]);

    let status = stocked.lab.ok(&["--output", "json", "status"]).json_lines();
    assert_eq!(status[0]["state"], "stale");
}

/// The service answers the key of 2025 with the rows of 2025, whatever year was meant, under HTTP 200.
#[test]
fn the_key_of_another_year_publishes_nothing() {
    let others_key = |lab: &Lab, arguments: &[&str]| {
        let mut command = lab.command(arguments);
        command.env("LUMBUNG_OMSPAN_TOKEN_2026", lab.sandbox().token("omspan", 2025));
        command
    };
    let load = ["--output", "json", "snapshot", "--from", "2026-10-30", "--to", "2026-10-31"];

    // Over nothing, the postings' dates tell.
    let empty = Lab::new(&[]);
    let only_2026 = ["--output", "json", "snapshot", "omspan.realisasi_belanja", "--tahun", "2026"];
    let ran: Ran = others_key(&empty, &only_2026).output().unwrap().into();
    assert_eq!(ran.code, 65, "{}", ran.stdout);
    assert!(ran.stderr.contains("the answer is of another fiscal year (tanggal 2025-"), "{}", ran.stderr);
    assert!(ran.stderr.contains("check that LUMBUNG_OMSPAN_TOKEN_2026 (or LUMBUNG_OMSPAN_TOKEN)"), "{}", ran.stderr);
    assert_eq!(empty.published(), [""; 0]);
    // Both years at once: where rows have no date, two equal answers tell.
    let ran: Ran = others_key(&empty, &load).output().unwrap().into();
    assert_eq!(ran.code, 65, "{}", ran.stdout);
    for said in ran.json_lines() {
        // 2025's key knows no payments of 2026.
        let status = if said["dataset"] == "detail_pnbp" { "empty" } else { "held" };
        let status = if said["dataset"] == "realisasi_belanja" { "failed" } else { status };
        assert_eq!(said["status"], status, "{said}");
    }
    assert!(ran.stderr.contains("the answer is that of fiscal year 2025, byte for byte"), "{}", ran.stderr);
    assert_eq!(empty.published(), [""; 0]);

    // Over a good warehouse, one year is enough.
    let good = ["omspan", "--from", "2026-10-30", "--to", "2026-10-31"];
    let stocked = Stocked::with(&good);
    let only_2026 = [&load[..], &["--tahun", "2026"]].concat();
    let ran = stocked.fails(&mut others_key(&stocked.lab, &only_2026), 65, &["LUMBUNG_OMSPAN_TOKEN_2026"]);
    for said in ran.json_lines() {
        assert!(matches!(said["status"].as_str(), Some("held" | "failed")), "{said}");
    }
    // With the right key all is well again.
    let ran = stocked.lab.ok(&load);
    assert!(ran.json_lines().iter().all(|said| said["error"].is_null()), "{}", ran.stdout);
}

// Where it is asked.

#[test]
fn a_source_that_is_down_is_69() {
    let stocked = Stocked::with(&[SMALL]);
    let refused = format!("sources.omspan.base_url=http://{}", nobody());
    let says = ["cannot be reached: Connection refused", "try 4 of 4", "hint: check base_url, DNS and the firewall"];
    stocked.refuses(&["--set", &refused, "snapshot", SMALL], 69, &says);
    // Quiet is not silent about what went wrong.
    let quiet = stocked.refuses(&["-q", "--set", &refused, "snapshot", SMALL], 69, &says[..1]);
    assert!(!quiet.stderr.contains("try 4 of 4"), "{}", quiet.stderr);
    let unknown = ["--set", "sources.omspan.base_url=https://host.invalid", "--set", "sources.omspan.attempts=1"];
    stocked.refuses(&[&unknown[..], &["snapshot", SMALL]].concat(), 69, &["https://host.invalid/CapaianIKKLRe"]);
}

/// An address of this machine where nobody listens.
fn nobody() -> std::net::SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn a_dry_run_asks_nothing_and_needs_no_token() {
    let lab = Lab::new(&[]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let here = format!("sources.omspan.base_url=http://{}", listener.local_addr().unwrap());
    let arguments = ["--output", "json", "--set", &here, "snapshot", "--dry-run", "--tahun", "2026"];
    let ran: Ran = lab.bare_command().args(arguments).output().unwrap().into();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "somebody was asked");
    let plan = ran.json_lines();
    let asked = |dataset: &str| plan.iter().filter(|line| line["dataset"] == dataset).collect::<Vec<_>>();
    assert_eq!(asked(SMALL).len(), 1);
    assert!(asked(SMALL)[0]["url"].as_str().unwrap().ends_with("/CapaianIKKLRe"));
    // The first load of daily data asks for every day of the year so far.
    assert_eq!(asked("omspan.detail_pnbp").len(), 305);
    assert_eq!(lab.published(), [""; 0]);
    assert_eq!(lab.ok(&["--output", "json", "runs"]).stdout, "");
}

// What is configured.

#[test]
fn a_broken_contract_is_78_with_every_problem_at_once() {
    let stocked = Stocked::with(&[SMALL]);
    let folder = stocked.lab.config(&[
        ("kind = \"bearer\"", "kind = \"barer\""),
        ("{ name = \"kppn\", type = \"code(3)\"", "{ name = \"kppn\", type = \"cod(3)\""),
        ("personal = false", "persnal = false"),
        ("control = [\"amount\"]", "control = [\"amont\"]"),
    ]);
    let problems = [
        "omspan.toml:17: unknown kind of authentication \"barer\" (hint: known: bearer)",
        "`dataset[0].columns[1].type` cannot be \"cod(3)\" (hint: one of code(n)",
        "unknown key `dataset[0].persnal` (hint: did you mean `personal`?)",
        "`control` names the unknown column \"amont\"",
    ];
    for command in [&["snapshot", SMALL][..], &["sql", "SELECT 1"]] {
        let ran = stocked.refuses(&[&["--config", &folder], command].concat(), 78, &problems);
        for line in ran.stderr.lines() {
            let place = line.split_once("omspan.toml:").expect("a file").1.split(':').next().unwrap();
            assert!(place.parse::<usize>().is_ok_and(|line| line > 0), "no line number: {line}");
        }
    }
    let check = stocked.refuses(&["--config", &folder, "check", "--offline"], 78, &[]);
    assert!(problems.iter().all(|problem| check.stdout.contains(problem)), "{}", check.stdout);

    let here = stocked.lab.path().join("does-not-exist");
    stocked.refuses(&["--config", here.to_str().unwrap(), "status"], 78, &["is no folder", "leave --config out"]);
}

#[test]
fn a_broken_lumbung_toml_or_set_is_78_with_every_problem_at_once() {
    let stocked = Stocked::with(&[SMALL]);
    let folder = stocked.lab.config(&[]);
    let file = std::path::Path::new(&folder).join("lumbung.toml");
    std::fs::write(&file, "[sources.omspan]\nbase_ulr = \"x\"\n\n[sql]\nmemory_mb = \"lots\"\n[maill]\n").unwrap();
    let says = [
        "lumbung.toml:2: unknown key `sources.omspan.base_ulr` (hint: did you mean `base_url`?)",
        "lumbung.toml:5: `sql.memory_mb` must be a whole number",
        "lumbung.toml:6: unknown key `maill` (hint: did you mean `mail`?)",
    ];
    // (The laboratory's own --set of base_url is one more key, and a good one.)
    for command in [&["snapshot", SMALL][..], &["status"], &["sql", "SELECT 1"], &["check"], &["runs"], &["test"]] {
        stocked.refuses(&[&["--config", &folder], command].concat(), 78, &says);
    }
    let set = ["--set", "sources.omspan.page_rows=many", "--set", "sql.timeout=3", "--set", "nonsense", "status"];
    let says = [
        "--set: `sources.omspan.page_rows` must be a whole number",
        "--set: unknown key `sql.timeout` (hint: did you mean `timeout_secs`?)",
        "\"nonsense\" is no key=value",
    ];
    stocked.refuses(&set, 78, &says);
    let plain = ["--set", "sources.omspan.base_url=http://spanint.example.go.id", "snapshot", SMALL];
    stocked.refuses(&plain, 78, &["only https, or http to this machine"]);
}

// What is typed.

#[test]
fn a_wrong_command_line_is_2() {
    let stocked = Stocked::with(&[SMALL]);
    stocked.refuses(&["snapshot", SMALL, "--date", "2026-13-01"], 2, &["invalid value '2026-13-01'"]);
    let future = ["snapshot", SMALL, "--date", "2026-11-02"];
    stocked.refuses(&future, 2, &["--date 2026-11-02 lies in the future (today is 2026-11-01)"]);
    let unknown = ["snapshot", "omspan.realisasi", "sipp", SMALL];
    let says = ["unknown dataset omspan.realisasi, sipp", "known: omspan.dipa_belanja, omspan.realisasi_belanja"];
    stocked.refuses(&unknown, 2, &says);
    let backwards = ["snapshot", "omspan.detail_pnbp", "--from", "2026-10-31", "--to", "2026-10-30"];
    stocked.refuses(&backwards, 2, &["--from 2026-10-31 lies after --to 2026-10-30"]);
    stocked.refuses(&["snapshot", SMALL, "--tahun", "26"], 2, &["26 is not in 2000..=2100"]);
    stocked.refuses(&["snapshot", SMALL, "--date", "yesterday"], 2, &["invalid value 'yesterday'"]);
    stocked.refuses(&["--output", "yaml", "status"], 2, &["possible values: table, json"]);
    stocked.refuses(&["snapshoot"], 2, &["snapshot"]);
    stocked.refuses(&["runs", "no-such-run"], 2, &["no run is called no-such-run; `lumbung runs` lists them"]);
    stocked.refuses(&[], 2, &["Usage: lumbung"]);
}

#[test]
fn without_a_warehouse_reading_is_78() {
    let lab = Lab::new(&[]);
    for command in [&["sql", "SELECT 1"][..], &["status"], &["runs"], &["test"]] {
        let ran = lab.run(command);
        assert_eq!(ran.code, 78, "{}", ran.stderr);
        assert!(ran.stderr.contains("no warehouse at"), "{}", ran.stderr);
        assert!(ran.stderr.contains("load something first"), "{}", ran.stderr);
    }
    assert!(!lab.warehouse().exists(), "reading made a warehouse");
}

// SQL.

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

// What the operator looks at.

#[test]
fn a_snapshot_says_one_json_line_a_dataset() {
    let lab = Lab::new(&["error-500@capaian_ik_satker"]);
    let names = ["omspan.dipa_belanja", SMALL, "omspan.capaian_ik_satker"];
    let ran = lab.run(&[&["--output", "json", "snapshot"], &names[..]].concat());
    // One dataset failed: that is the exit code, and the others are there.
    assert_eq!(ran.code, 69, "{}", ran.stderr);
    let lines = ran.json_lines();
    assert_eq!(lines.len(), 3);
    let documented = "source dataset run status rows quarantined pages bytes control seconds path";
    for (line, name) in lines.iter().zip(names) {
        let keys: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys[..11].join(" "), documented, "{line}");
        let more: &[&str] = if line["status"] == "failed" { &["error", "hint"] } else { &[] };
        assert_eq!(&keys[11..], more, "{line}");
        assert_eq!(format!("{}.{}", line["source"].as_str().unwrap(), line["dataset"].as_str().unwrap()), name);
        let path = std::path::Path::new(line["path"].as_str().unwrap());
        assert_eq!(path.is_dir(), line["status"] == "committed", "{line}");
    }
    assert_eq!(lines[0]["control"], serde_json::json!(lab.control().datasets[names[0]].sums));
    assert_eq!((lines[0]["pages"].as_u64(), lines[2]["pages"].as_u64()), (Some(2), Some(4)));
    assert!(lines[0]["bytes"].as_u64().unwrap() > 0 && lines[0]["seconds"].as_f64().unwrap() > 0.0);
    // The same again: nothing new, and said so.
    let again = lab.ok(&["--output", "json", "snapshot", names[0]]).json_lines();
    assert_eq!((again[0]["status"].as_str(), &again[0]["rows"]), (Some("unchanged"), &lines[0]["rows"]));
}

#[test]
fn runs_and_status_tell_what_happened() {
    let lab = Lab::new(&["bad-row", "error-500@capaian_ik_satker"]);
    let ran = lab.run(&["--output", "json", "snapshot", "omspan.dipa_belanja", SMALL, "omspan.capaian_ik_satker"]);
    let [dipa, small, satker] = &ran.json_lines()[..] else { panic!("{}", ran.stdout) };

    let runs = lab.ok(&["--output", "json", "runs"]).json_lines();
    let newest_first: Vec<&Value> = runs.iter().map(|run| &run["run"]).collect();
    assert_eq!(newest_first, [&satker["run"], &small["run"], &dipa["run"]]);
    for (run, said) in runs.iter().zip([satker, small, dipa]) {
        for key in ["status", "rows", "quarantined", "pages", "bytes"] {
            assert_eq!(run[key], said[key], "{key} of {run}");
        }
    }
    assert_eq!(lab.ok(&["--output", "json", "runs", "--limit", "1"]).json_lines().len(), 1);

    let one = lab.ok(&["--output", "json", "runs", dipa["run"].as_str().unwrap()]).json_lines().remove(0);
    assert_eq!(one["pages"].as_array().unwrap().len(), 2);
    assert_eq!(one["partitions"][0]["partition"], "tahun_anggaran=2025/snapshot_date=2026-11-01");
    assert_eq!(one["quarantine"].as_array().unwrap().len(), 2);
    let people = lab.ok(&["runs", dipa["run"].as_str().unwrap()]).stdout;
    for text in ["DipaBelanjaKL/BELANJA", "tahun_anggaran=2026/snapshot_date=2026-11-01", "no number"] {
        assert!(people.contains(text), "no {text} in\n{people}");
    }

    let status = lab.ok(&["--output", "json", "status"]).json_lines();
    let states: Vec<(&str, &str)> =
        status.iter().map(|s| (s["dataset"].as_str().unwrap(), s["state"].as_str().unwrap())).collect();
    let satker = ("omspan.capaian_ik_satker", "never loaded");
    assert_eq!(states, [(SMALL, "fresh"), satker, ("omspan.dipa_belanja", "fresh")]);
    let people = lab.ok(&["status"]).stdout;
    assert!(people.contains("never loaded") && people.contains("answered HTTP 500"), "{people}");
}

#[test]
fn check_gives_the_code_of_the_worst_finding() {
    let lab = Lab::new(&[]);
    let good = lab.ok(&["--output", "json", "check"]).json_lines();
    assert!(good.iter().all(|finding| finding["ok"] == true), "{good:?}");
    let looked_at: Vec<&str> = good.iter().map(|finding| finding["what"].as_str().unwrap()).collect();
    for what in
        ["lumbung.toml", "contract omspan", "warehouse", "views", "token of omspan for 2026", "omspan reachable"]
    {
        assert!(looked_at.contains(&what), "{what} is not checked: {looked_at:?}");
    }
    let down = format!("sources.omspan.base_url=http://{}", nobody());
    let check = ["--output", "json", "--set", &down, "check"];
    let ran = lab.run(&check);
    assert_eq!(ran.code, 69, "{}", ran.stdout);
    assert!(ran.stdout.contains("check base_url, DNS and the firewall"), "{}", ran.stdout);
    assert_eq!(lab.run(&[&check[..], &["--offline"]].concat()).code, 0);
    let ran: Ran = lab.bare_command().args(check).output().unwrap().into();
    assert_eq!(ran.code, 78, "a missing token weighs more than a source that is down: {}", ran.stdout);
    let bad: Vec<Value> = ran.json_lines().into_iter().filter(|finding| finding["ok"] == false).collect();
    assert_eq!(bad.len(), 3, "both tokens and the source: {bad:?}");
    assert!(bad[0]["problem"].as_str().unwrap().contains("set LUMBUNG_OMSPAN_TOKEN_2025 or"), "{bad:?}");
    assert_eq!(lab.published(), [""; 0]);
}

#[test]
fn every_command_has_help_with_an_example() {
    let commands: [&[&str]; 12] = [
        &[],
        &["demo"],
        &["sandbox"],
        &["snapshot"],
        &["sql"],
        &["check"],
        &["status"],
        &["runs"],
        &["test"],
        &["report"],
        &["report", "list"],
        &["report", "render"],
    ];
    let help = |command: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_lumbung"));
        let ran: Ran = program.env_clear().args(command).arg("--help").output().unwrap().into();
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{command:?}");
        ran.stdout
    };
    for command in commands {
        let text = help(command);
        let example = format!("  lumbung {}", command.join(" "));
        assert!(text.contains(example.trim_end()) || text.contains("Try it: lumbung demo"), "{command:?}:\n{text}");
        assert!(command.is_empty() || text.contains("Example"), "{command:?}:\n{text}");
    }
    // A command that is new stands in this list.
    let listed = |text: &str| {
        let lines = text.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
        let names = lines.take_while(|line| line.starts_with("  ")).filter_map(|line| line.split_whitespace().next());
        names.filter(|name| *name != "help").map(str::to_owned).collect::<Vec<_>>()
    };
    for name in listed(&help(&[])) {
        assert!(commands.contains(&&[name.as_str()][..]), "{name} is not in this test");
    }
    for name in listed(&help(&["report"])) {
        assert!(commands.contains(&&["report", name.as_str()][..]), "report {name} is not in this test");
    }
}

#[test]
fn what_goes_to_no_terminal_has_no_escape_codes() {
    let lab = Lab::new(&["error-500@capaian_ik_satker"]);
    let commands: [&[&str]; 8] = [
        &["-vv", "snapshot", SMALL, "omspan.capaian_ik_satker"],
        &["sql", "SELECT * FROM omspan.capaian_ik_kl"],
        &["sql", "SELECT nothing"],
        &["status"],
        &["runs"],
        &["check"],
        &["--help"],
        &["snapshoot"],
    ];
    for command in commands {
        let ran = lab.run(command);
        for text in [&ran.stdout, &ran.stderr] {
            assert!(!text.contains('\u{1b}'), "{command:?}: {text:?}");
        }
        assert!(!(ran.stdout.is_empty() && ran.stderr.is_empty()), "{command:?} says nothing");
    }
}

/// On a terminal NO_COLOR takes the colours away; whatever moves the cursor may stay.
#[test]
fn no_color_is_honoured_on_a_terminal() {
    if !python_has(&["pty"]) {
        return;
    }
    let lab = Lab::new(&[]);
    let on_a_terminal = |arguments: &[&str], no_color: bool| {
        let program = lab.command(arguments);
        let words: Vec<&str> = std::iter::once(program.get_program())
            .chain(program.get_args())
            .map(|word| word.to_str().unwrap())
            .collect();
        let mut command = Command::new("python3");
        command
            .args(["-c", "import pty, sys; pty.spawn(sys.argv[1:])"])
            .args(words)
            .current_dir(lab.path())
            .stdin(Stdio::null());
        command.env("TERM", "xterm-256color").env_remove("NO_COLOR");
        command.envs(program.get_envs().filter_map(|(key, value)| Some((key, value?))));
        if no_color {
            command.env("NO_COLOR", "1");
        }
        let ran: Ran = command.output().unwrap().into();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stdout
    };
    let coloured = |text: &str| {
        let escapes = text.split("\u{1b}[").skip(1);
        escapes
            .filter(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m'))
            .count()
    };
    assert!(coloured(&on_a_terminal(&["--help"], false)) > 0, "the test sees colours where there are some");
    for arguments in [&["--help"][..], &["-vv", "snapshot", SMALL], &["sql", "SELECT 1"], &["status"], &["snapshoot"]]
    {
        let text = on_a_terminal(arguments, true);
        assert!(text.len() > 10, "{arguments:?} says nothing");
        assert_eq!(coloured(&text), 0, "{arguments:?}: {text}");
    }
}
