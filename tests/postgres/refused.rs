//! What a read-only port does not do, whatever it is called, and the limits: all told with the SQLSTATE that drivers know.

use super::house::House;
use crate::harness::python_has;

/// Runs statements and prints the SQLSTATE of each, or its rows.
const STATES: &str = r#"
import os, sys, psycopg
connection = psycopg.connect(os.environ["DSN"], autocommit=True)
for statement in sys.argv[1:]:
    try:
        cursor = connection.execute(statement)
        print("ok", cursor.statusmessage)
    except psycopg.Error as error:
        print(error.sqlstate)
    assert not connection.closed
"#;

/// Statements and what each is answered: what would write to `out`, read `secret` or change the server.
fn attempts(out: &str, secret: &str) -> Vec<(String, &'static str)> {
    let table = "omspan.dipa_belanja";
    vec![
        (format!("COPY {table} TO '{out}'"), "0A000"),
        (format!("COPY {table} TO STDOUT"), "0A000"),
        (format!("COPY {table} FROM '{secret}'"), "0A000"),
        (format!("COPY (SELECT 1) TO '{out}' STORED AS CSV"), "42601"),
        (format!("COPY {table} TO PROGRAM 'touch {out}'"), "0A000"),
        (format!("CREATE EXTERNAL TABLE x STORED AS PARQUET LOCATION '{secret}'"), "25006"),
        ("CREATE TABLE x AS SELECT 1".to_owned(), "25006"),
        ("CREATE VIEW x AS SELECT 1".to_owned(), "25006"),
        ("CREATE FUNCTION f() RETURNS int AS 'SELECT 1' LANGUAGE sql".to_owned(), "25006"),
        ("CREATE SCHEMA x".to_owned(), "25006"),
        (format!("SELECT * INTO x FROM {table}"), "25006"),
        (format!("INSERT INTO {table} (kdsatker) VALUES ('1')"), "25006"),
        (format!("UPDATE {table} SET amount = 0"), "25006"),
        (format!("DELETE FROM {table}"), "25006"),
        (format!("DROP TABLE {table}"), "25006"),
        (format!("TRUNCATE {table}"), "25006"),
        (format!("EXPLAIN ANALYZE INSERT INTO {table} (kdsatker) VALUES ('1')"), "25006"),
        (format!("EXPLAIN ANALYZE DELETE FROM {table}"), "25006"),
        (format!("WITH x AS (DELETE FROM {table} RETURNING 1) SELECT * FROM x"), "0A000"),
        (format!("PREPARE x AS INSERT INTO {table} VALUES (1)"), "25006"),
        (format!("SELECT * FROM '{secret}'"), "42P01"),
        (format!("SELECT * FROM \"{secret}\""), "42P01"),
        (format!("SELECT * FROM read_parquet('{secret}')"), "42883"),
        ("SELECT pg_read_file('/etc/passwd')".to_owned(), "42883"),
        ("SELECT lo_import('/etc/passwd')".to_owned(), "42883"),
        ("SELECT pg_sleep(1)".to_owned(), "42883"),
        ("SET datafusion.execution.batch_size = 1".to_owned(), "42501"),
        ("SET datafusion.runtime.memory_limit = '100G'".to_owned(), "42501"),
        ("SHOW datafusion.execution.batch_size".to_owned(), "42501"),
        ("RESET datafusion.execution.batch_size".to_owned(), "42501"),
        ("SELECT * FROM information_schema.df_settings".to_owned(), "42P01"),
        ("SET data_directory = '/'".to_owned(), "42704"),
        ("SET ROLE ana".to_owned(), "25006"),
        ("SET SESSION AUTHORIZATION ana".to_owned(), "25006"),
        ("SET default_transaction_read_only = off".to_owned(), "22023"),
        ("BEGIN READ WRITE".to_owned(), "25006"),
        ("LISTEN x".to_owned(), "0A000"),
        ("CALL x()".to_owned(), "0A000"),
        ("GRANT ALL ON omspan.dipa_belanja TO ana".to_owned(), "25006"),
        ("VACUUM".to_owned(), "25006"),
        ("SELECT 1".to_owned(), "ok SELECT 1"),
        ("SET application_name = 'x'".to_owned(), "ok SET"),
        ("SHOW server_version".to_owned(), "ok SHOW"),
        ("DISCARD ALL".to_owned(), "ok DISCARD ALL"),
        ("RESET ALL".to_owned(), "ok RESET"),
        ("UNLISTEN *".to_owned(), "ok UNLISTEN"),
    ]
}

#[test]
fn nothing_is_written_read_from_elsewhere_or_reconfigured() {
    if !python_has(&["psycopg"]) {
        return;
    }
    let house = House::new();
    let port = house.serve(true, &[]);
    let before = house.lab.contents();
    let secret = house.path("secret.parquet");
    std::fs::write(&secret, "x").unwrap();
    let (out, secret) = (house.path("out.csv").display().to_string(), secret.display().to_string());
    let statements = attempts(&out, &secret);
    let asked: Vec<&str> = statements.iter().map(|(statement, _)| statement.as_str()).collect();
    let answers = port.python("ana", STATES, &asked);
    for ((statement, wanted), answer) in statements.iter().zip(answers.lines()) {
        assert_eq!(answer, *wanted, "{statement}");
    }
    assert_eq!(answers.lines().count(), statements.len());
    assert!(!std::path::Path::new(&out).exists());
    assert_eq!(house.lab.contents(), before);
}

/// A question that never ends by itself.
const ENDLESS: &str =
    "SELECT count(*) FROM range(1, 100000) a CROSS JOIN range(1, 100000) b CROSS JOIN range(1, 100000) c";

#[test]
fn limits_are_kept_and_told() {
    if !python_has(&["psycopg"]) {
        return;
    }
    let house = House::new();
    let settings = [
        "serve.postgres.statement_timeout_secs=60",
        "serve.postgres.rows_max=100",
        "serve.postgres.sql_bytes_max=2000",
        "serve.postgres.memory_mb=16",
        "serve.postgres.spill_mb=1",
        "serve.postgres.statements_max=1",
        "serve.postgres.queue_secs=1",
        "serve.postgres.transaction_idle_secs=2",
        "serve.postgres.prepared_max=3",
    ];
    let port = house.serve(true, &settings);
    let long = format!("SELECT '{}'", "x".repeat(2_000));
    let statements = [
        ("SET statement_timeout = '1s'", "ok SET"),
        (ENDLESS, "57014"),
        ("RESET statement_timeout", "ok RESET"),
        ("SELECT * FROM range(1, 101)", "ok SELECT 100"),
        ("SELECT * FROM range(1, 102)", "54000"),
        (long.as_str(), "25006"),
        (
            "SELECT value, lag(value) OVER (ORDER BY -value) FROM range(1, 20000000) ORDER BY value % 1000, value",
            "53200",
        ),
        ("SELECT 1", "ok SELECT 1"),
    ];
    let asked: Vec<&str> = statements.iter().map(|(statement, _)| *statement).collect();
    let answers = port.python("ana", STATES, &asked);
    let answers: Vec<&str> = answers.lines().collect();
    assert_eq!(answers, statements.map(|(_, wanted)| wanted));
    let told = port.python("ana", BUSY_AND_IDLE, &[ENDLESS]);
    assert_eq!(told, "busy 53000\nprepared 54000\nidle 25P03\n");
}

/// One statement takes the only place, another waits for it in vain; a fourth prepared statement; a transaction that sleeps.
const BUSY_AND_IDLE: &str = r#"
import os, sys, threading, psycopg
first, second = (psycopg.connect(os.environ["DSN"], autocommit=True) for _ in range(2))
first.execute("SET statement_timeout = '5s'")
def endless():
    try:
        first.execute(sys.argv[1])
    except psycopg.errors.QueryCanceled:
        pass
thread = threading.Thread(target=endless)
thread.start()
state = None
while thread.is_alive() and state is None:
    try:
        second.execute("SELECT 1")
    except psycopg.Error as error:
        state = error.sqlstate
thread.join()
print("busy", state)
try:
    for i in range(5):
        second.execute(f"PREPARE p{i} AS SELECT 1")
except psycopg.Error as error:
    print("prepared", error.sqlstate)
second.autocommit = False
second.execute("SELECT 1")
try:
    # The server says goodbye by itself; nothing is sent until it has.
    second.pgconn.socket
    import select
    select.select([second.pgconn.socket], [], [], 30)
    second.execute("SELECT 1")
except psycopg.Error as error:
    print("idle", error.sqlstate or ("25P03" if "idle-in-transaction" in str(error) else error))
"#;

#[test]
fn a_number_of_a_person_is_hashed_and_never_logged() {
    if !python_has(&["psycopg"]) {
        return;
    }
    let house = House::empty();
    let mut load = house.lab.systems_command(&["snapshot", "sipp.p3ke", "omspan.capaian_ik_kl"]);
    assert!(load.status().unwrap().success());
    let port = house.serve(true, &["serve.postgres.rows_max=100000"]);
    let program = r#"
import os, sys, psycopg
connection = psycopg.connect(os.environ["DSN"], autocommit=True)
number = sys.argv[1]
for server in (False, True):
    cursor = connection.execute("SELECT count(*) FROM sipp.p3ke WHERE nik = %s", [number], prepare=server)
    print(cursor.fetchone()[0])
print(psycopg.ClientCursor(connection).execute("SELECT count(*) FROM sipp.p3ke WHERE nik IN (%s)", [number]).fetchone()[0])
for question in ["SELECT nik FROM sipp.p3ke WHERE nik LIKE %s", "SELECT nope FROM sipp.p3ke WHERE nik = %s", "SELECT CAST(%s AS INT)"]:
    try:
        psycopg.ClientCursor(connection).execute(question, [number])
    except psycopg.Error as error:
        print(error.sqlstate)
"#;
    // Found by its hash: somebody of the list, whoever it is.
    let person = house.lab.sandbox().control().datasets["sipp.p3ke"].rows;
    assert!(person > 0);
    let number = "3514120101800001";
    let told = port.python("ana", program, &[number]);
    assert_eq!(told, "0\n0\n0\n42809\n42703\n22P02\n");
    let (code, log) = port.terminate();
    assert_eq!(code, 0);
    assert!(log.contains("sipp.p3ke WHERE nik"), "statements are logged: {log}");
    assert!(!log.contains(number), "a number stands in the log");
}
