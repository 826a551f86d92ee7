//! What clients really do, one after the other against one port.

use std::process::Command;

use super::house::{House, Port, has};
use crate::harness::{Ran, python_has};

#[test]
fn psql_looks_around_and_asks() {
    if !has("psql", "--version") {
        return;
    }
    let house = House::new();
    let port = house.serve(true, &[]);
    let rows =
        house.lab.ok(&["sql", "--format", "csv", "SELECT count(*), sum(amount) FROM omspan.dipa_belanja"]).stdout;
    let rows = rows.lines().nth(1).unwrap().replace(',', "|");
    let told = port.psql(
        "ana",
        "\\dn\n\\d\n\\dt omspan.*\n\\d omspan.dipa_belanja\n\\d serapan_satker\n\\d+ serapan_satker\n\\l\n\\du\n\\dT\n\\df\n\\dp\n\
         \\dv mart.serapan*\n\\sv serapan_satker\n\\dx\n\\conninfo\n\
         SELECT count(*), sum(amount) FROM omspan.dipa_belanja;\n",
    );
    assert!(!told.contains("ERROR"), "{told}");
    for wanted in [
        "mart|serapan_satker|view|analyst",
        "omspan|dipa_belanja|table|analyst",
        "amount|numeric(20,2)|||",
        "snapshot_date|date||not null|",
        "lumbung|analyst|UTF-8",
        "SSL connection",
        rows.as_str(),
    ] {
        assert!(told.contains(wanted), "{wanted} is missing in\n{told}");
    }
    let told = port.psql(
        "ana",
        "PREPARE p(text, int) AS SELECT count(*) > $2 FROM omspan.dipa_belanja WHERE kdsatker <> $1;\n\
         EXECUTE p('x', 0);\nEXECUTE p('x');\nDEALLOCATE p;\nEXECUTE p('x', 0);\n\
         BEGIN;\nDECLARE c CURSOR FOR SELECT v FROM (VALUES (1), (2), (3), (4)) t(v) ORDER BY v;\n\
         FETCH 2 FROM c;\nFETCH FORWARD 5 FROM c;\nFETCH NEXT FROM c;\nCLOSE c;\n\
         SAVEPOINT s;\nSELECT nothing;\nSELECT 5;\nROLLBACK TO s;\nSELECT 6;\nCOMMIT;\nCOMMIT;\n\
         SET statement_timeout = '1ms';\nSELECT count(*) FROM mart.serapan_satker;\nRESET statement_timeout;\n\
         \\copy omspan.dipa_belanja to 'out.csv'\nSELECT 7; SELECT 8;\n;\n-- nothing\nSHOW search_path;\n\
         SET search_path = omspan;\nSELECT count(*) > 0 FROM dipa_belanja;\n",
    );
    for wanted in [
        "t\nERROR:  08P01",
        "ERROR:  26000",
        "DECLARE CURSOR\n1\n2\n3\n4\nCLOSE CURSOR",
        "ERROR:  42703",
        "ERROR:  25P02",
        "ROLLBACK\n6\nCOMMIT",
        "WARNING:  25P01",
        "ERROR:  57014",
        "ERROR:  0A000",
        "7\n8\nmart\nSET\nt",
    ] {
        // The two outputs of psql are told one after the other.
        let there = wanted.lines().all(|line| told.contains(line));
        assert!(there, "{wanted} is missing in\n{told}");
    }
}

/// Types both ways and in both forms, lists, portions, transactions, mistakes, cancel.
const PSYCOPG: &str = r#"
import datetime, decimal, os, threading, psycopg
D = decimal.Decimal
connection = psycopg.connect(os.environ["DSN"], autocommit=True)
assert connection.info.server_version == 160006
row = "SELECT '0512' AS code, CAST(1.50 AS DECIMAL(20,2)) AS money, DATE '2026-10-31' AS day, " \
    "TIMESTAMP '2026-10-31 06:00:00.5' AS clock, TIMESTAMP '2026-10-31 06:00:00.5' AT TIME ZONE 'UTC' AS instant, true AS yes, " \
    "CAST(7 AS SMALLINT) AS small, 7 AS big, 2.5::float8 AS half, NULL AS nothing, ARRAY['a', NULL, 'b c'] AS words, " \
    "INTERVAL '1 day 2 hours' AS span, CAST(99999999999999999999999999999999999999 AS DECIMAL(38,0)) AS wide, " \
    "CAST(1 AS DECIMAL(38,30)) / 3 AS third"
UTC = datetime.timezone.utc
clock = datetime.datetime(2026, 10, 31, 6, 0, 0, 500000)
wanted = ["0512", D("1.50"), datetime.date(2026, 10, 31), clock, clock.replace(tzinfo=UTC), True, 7, 7, 2.5, None,
    ["a", None, "b c"], datetime.timedelta(days=1, hours=2), D("9" * 38)]
for binary in (False, True):
    got = list(connection.cursor(binary=binary).execute(row).fetchone())
    assert got[:-1] == wanted, (binary, got)
    assert str(got[-1]).startswith("0.3333333"), got
    assert [str(v) for v in got[1:2]] == ["1.50"], got
ask = "SELECT count(*) FROM omspan.dipa_belanja WHERE tahun_anggaran = %s AND amount > %s AND snapshot_date <= %s AND kdsatker <> %s"
values = [2026, D("0.005"), datetime.date(2099, 1, 1), "x"]
counts = {connection.execute(ask, values, prepare=p, binary=b).fetchone()[0] for p in (False, True) for b in (False, True) for _ in range(3)}
assert len(counts) == 1 and counts.pop() > 0
one = lambda sql, *values: connection.execute(sql, values).fetchone()[0]
assert one("SELECT %s", "text") == "text"
assert one("SELECT %s::int + %s::int", 1, 2) == 3
# Nothing is rounded on the way in.
assert one("SELECT count(*) FROM (VALUES (CAST(1.01 AS DECIMAL(20,2)))) t(v) WHERE v = %s", D("1.005")) == 0
assert one("SELECT count(*) > 0 FROM omspan.dipa_belanja WHERE tahun_anggaran = ANY(%s)", [2025, 2026]) is True
assert one("SELECT count(*) FROM omspan.dipa_belanja WHERE kdsatker = ANY(%s)", ["x", "y"]) == 0
assert one("SELECT count(*) FROM (SELECT 1 FROM omspan.dipa_belanja LIMIT %s) t", 3) == 3
total = one("SELECT count(*) FROM omspan.dipa_belanja")
with connection.transaction():
    with connection.cursor(name="portions") as cursor:
        cursor.itersize = 50
        assert sum(1 for _ in cursor.execute("SELECT * FROM omspan.dipa_belanja")) == total
for sql, state in [("SELECT 1/0", "22012"), ("SELECT * FROM nothing", "42P01"), ("SELECT nope FROM omspan.dipa_belanja", "42703"),
    ("SELECT", "42601"), ("SELECT FROM WHERE (", "42601"), ("SELECT nope(1)", "42883"), ("SELECT 'a'::int", "22P02")]:
    try:
        connection.execute(sql)
        raise SystemExit(sql)
    except psycopg.Error as error:
        assert error.sqlstate == state, (sql, error.sqlstate, error)
# A text with several statements is answered one by one, the first mistake ends it.
cursor = connection.execute("SELECT 1; SELECT 2")
assert cursor.fetchone() == (1,) and cursor.nextset() and cursor.fetchone() == (2,)
# A cancel stops what runs, from another connection and in no time.
done = threading.Event()
def stop():
    while not done.is_set():
        if connection.pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
            connection.cancel()
threading.Thread(target=stop, daemon=True).start()
try:
    connection.execute("SELECT count(*) FROM range(1, 100000) a CROSS JOIN range(1, 100000) b CROSS JOIN range(1, 100000) c")
    raise SystemExit("it ended by itself")
except psycopg.errors.QueryCanceled as error:
    assert "user request" in str(error)
finally:
    done.set()
# The zone of instants is the client's.
connection = psycopg.connect(os.environ["DSN"] + " options='-c timezone=Asia/Jakarta'", autocommit=True)
assert connection.execute("SELECT TIMESTAMP '2026-10-31 06:00:00' AT TIME ZONE 'UTC'").fetchone()[0].utcoffset() == datetime.timedelta(hours=7)
print("all well")
"#;

#[test]
fn psycopg_in_both_forms() {
    if !python_has(&["psycopg"]) {
        return;
    }
    let house = House::new();
    assert_eq!(house.serve(true, &[]).python("ana", PSYCOPG, &[]), "all well\n");
}

const SQLALCHEMY: &str = r#"
import os, sys, decimal, sqlalchemy as sa
for driver in sys.argv[1:]:
    url = sa.URL.create(f"postgresql+{driver}", "ana", os.environ["PGPASSWORD"], "localhost", int(os.environ["PORT"]), "lumbung",
        query={"sslmode": "verify-full", "sslrootcert": os.environ["CERT"]})
    engine = sa.create_engine(url)
    look = sa.inspect(engine)
    assert look.default_schema_name == "mart"
    assert "omspan" in look.get_schema_names() and not any(name.startswith("pg_") for name in look.get_schema_names())
    assert "dipa_belanja" in look.get_table_names(schema="omspan")
    assert "serapan_satker" in look.get_view_names() and look.get_table_names() == []
    assert look.has_table("dipa_belanja", schema="omspan") and not look.has_table("dipa_belanja")
    columns = {column["name"]: column for column in look.get_columns("dipa_belanja", schema="omspan")}
    assert str(columns["amount"]["type"]) == "NUMERIC(20, 2)" and columns["amount"]["nullable"]
    assert str(columns["snapshot_date"]["type"]) == "DATE" and not columns["snapshot_date"]["nullable"]
    assert str(columns["tahun_anggaran"]["type"]) == "INTEGER" and str(columns["kdsatker"]["type"]) == "TEXT"
    assert [c["name"] for c in look.get_columns("serapan_satker")][0] == "tahun_anggaran"
    for empty in (look.get_foreign_keys, look.get_indexes, look.get_unique_constraints, look.get_check_constraints):
        assert empty("dipa_belanja", schema="omspan") == [], empty
    assert look.get_pk_constraint("dipa_belanja", schema="omspan")["constrained_columns"] == []
    table = sa.Table("dipa_belanja", sa.MetaData(), schema="omspan", autoload_with=engine)
    with engine.connect() as connection:
        question = sa.select(sa.func.count(), sa.func.sum(table.c.amount)).where(table.c.tahun_anggaran.in_([2025, 2026]))
        count, amount = connection.execute(question).one()
        assert count > 0 and isinstance(amount, decimal.Decimal)
        whole = connection.execute(sa.text("SELECT sum(amount) FROM omspan.dipa_belanja")).scalar_one()
        assert amount == whole
        portions = connection.execution_options(stream_results=True, max_row_buffer=50).execute(sa.select(table.c.kdsatker))
        assert sum(1 for _ in portions) == connection.execute(sa.text("SELECT count(*) FROM omspan.dipa_belanja")).scalar_one()
    engine.dispose()
print("all well")
"#;

#[test]
fn sqlalchemy_reflects() {
    let drivers: Vec<&str> = ["psycopg", "psycopg2"].into_iter().filter(|driver| python_has(&[driver])).collect();
    if drivers.is_empty() || !python_has(&["sqlalchemy"]) {
        return;
    }
    let house = House::new();
    assert_eq!(house.serve(true, &[]).python("ana", SQLALCHEMY, &drivers), "all well\n");
}

/// Where Debian keeps the driver.
const JDBC: &str = "/usr/share/java/postgresql.jar";

#[test]
fn jdbc_lists_prepares_and_cancels() {
    if !has("java", "-version") || !std::path::Path::new(JDBC).exists() {
        eprintln!("skipped: needs java and {JDBC}");
        return;
    }
    let house = House::new();
    let port = house.serve(true, &[]);
    let url = format!(
        "jdbc:postgresql://localhost:{}/lumbung?sslmode=verify-full&sslrootcert={}",
        port.number,
        house.path("tls.crt").display()
    );
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/postgres/Client.java");
    let mut java = Command::new("java");
    let ran: Ran = java.args(["-cp", JDBC, program, &url, "ana", "an analyst's word"]).output().unwrap().into();
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let told = |name: &str| {
        let line = ran.stdout.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("{name} is missing in\n{}", ran.stdout))
    };
    assert!(told("tables").contains("dipa_belanja TABLE"), "{}", ran.stdout);
    assert!(told("views").contains("serapan_satker"), "{}", ran.stdout);
    let columns = told("columns");
    for wanted in ["amount numeric 20 2", "snapshot_date date", "tahun_anggaran int4", "kdsatker text"] {
        assert!(columns.contains(wanted), "{columns}");
    }
    for empty in ["keys", "imported keys", "indexes"] {
        assert_eq!(told(empty).trim(), "0");
    }
    assert_eq!(told("row 0"), told("row 6"), "texts and binary values say the same");
    assert_eq!(told("described"), "numeric 20 2");
    for (name, wanted) in [
        ("version", "16"),
        ("read only", "true"),
        ("types", "true"),
        ("catalogs", "1 lumbung"),
        ("texts", "0"),
        ("lists", "true"),
        ("instants", "true"),
        ("portions", "true"),
        ("after", "1"),
    ] {
        assert_eq!(told(name), wanted, "{name}");
    }
    assert!(told("timeout").starts_with("failed 57014"), "{}", told("timeout"));
    assert!(told("write").starts_with("failed 25006"), "{}", told("write"));
}

#[test]
fn odbc_connects_lists_and_asks() {
    if !has("isql", "--version") || !odbc_driver_is_there() {
        eprintln!("skipped: needs isql and the driver \"PostgreSQL Unicode\"");
        return;
    }
    let house = House::new();
    let port = house.serve(true, &[]);
    let source = format!(
        "[lumbung]\nDriver=PostgreSQL Unicode\nServername=localhost\nPort={}\nDatabase=lumbung\nSSLmode=require\n",
        port.number
    );
    std::fs::write(house.path("odbc.ini"), source).unwrap();
    let isql = |script: &str, password: &str| isql(&house, &port, script, password);
    let told = isql(
        "SELECT count(*), sum(amount) FROM omspan.dipa_belanja\nSELECT amount, snapshot_date, tahun_anggaran FROM \
         omspan.dipa_belanja ORDER BY amount DESC LIMIT 1\nhelp\nhelp serapan_satker\nSELECT 1/0\nSELECT 42\n",
        "an analyst's word",
    );
    let count =
        house.lab.ok(&["sql", "--format", "csv", "SELECT count(*), sum(amount) FROM omspan.dipa_belanja"]).stdout;
    let (rows, amount) = count.lines().nth(1).unwrap().split_once(',').unwrap();
    for wanted in [rows, amount, "dipa_belanja", "serapan_satker", "serapan_pct", "Divide by zero", "42"] {
        assert!(told.contains(wanted), "{wanted} is missing in\n{told}");
    }
    assert!(isql("SELECT 1\n", "another word").contains("password authentication failed"));
}

fn odbc_driver_is_there() -> bool {
    let drivers = Command::new("odbcinst").args(["-q", "-d"]).output();
    drivers.is_ok_and(|found| String::from_utf8_lossy(&found.stdout).contains("PostgreSQL Unicode"))
}

fn isql(house: &House, port: &Port, script: &str, password: &str) -> String {
    let mut command = port.client("isql", "ana");
    command.env("ODBCINI", house.path("odbc.ini")).args(["-v", "-b", "-d|", "lumbung", "ana", password]);
    let mut child = command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // It may have given up before it reads.
    let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), script.as_bytes());
    let ran: Ran = child.wait_with_output().unwrap().into();
    format!("{}{}", ran.stdout, ran.stderr)
}
