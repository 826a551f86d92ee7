//! What each role reads and sees: nothing beyond it is read by any name, listed in any listing, or told in any error.

use super::house::{House, has};
use crate::harness::python_has;

/// Tries questions and prints what came of each: `ok` or the SQLSTATE.
const TRY: &str = r#"
import os, sys, psycopg
connection = psycopg.connect(os.environ["DSN"], autocommit=True)
for question in sys.argv[1:]:
    try:
        connection.execute(question).fetchall()
        print("ok")
    except psycopg.Error as error:
        print(error.sqlstate)
"#;

/// Prints everything that a user can list.
const LIST: &str = r#"
import os, psycopg
connection = psycopg.connect(os.environ["DSN"], autocommit=True)
for question in [
    "SELECT nspname FROM pg_catalog.pg_namespace",
    "SELECT relname FROM pg_catalog.pg_class",
    "SELECT attname FROM pg_catalog.pg_attribute",
    "SELECT schemaname, tablename FROM pg_catalog.pg_tables",
    "SELECT schemaname, viewname, definition FROM pg_catalog.pg_views",
    "SELECT table_schema, table_name FROM information_schema.tables",
    "SELECT table_schema, table_name, column_name FROM information_schema.columns",
    "SELECT schema_name FROM information_schema.schemata",
    "SELECT table_name, view_definition FROM information_schema.views",
    "SELECT relname, pg_get_viewdef(oid) FROM pg_class",
    "SHOW TABLES",
]:
    for row in connection.execute(question).fetchall():
        print(*row)
for question in ["SELECT * FROM omspan.dipa_belanj", "SELECT * FROM dipa_belanja", "SELECT * FROM nothing.x", "SELECT x FROM mart.serapan_satker"]:
    try:
        connection.execute(question)
    except psycopg.Error as error:
        print("error:", error)
"#;

#[test]
fn a_role_reads_and_sees_its_schemas_and_nothing_else() {
    if !python_has(&["psycopg"]) {
        return;
    }
    let house = House::new();
    let port = house.serve(true, &[]);
    let questions = [
        ("SELECT count(*) FROM mart.serapan_satker", ["ok", "ok", "ok"]),
        ("SELECT count(*) FROM serapan_satker", ["ok", "ok", "ok"]),
        ("SELECT count(*) FROM omspan.dipa_belanja", ["ok", "ok", "42P01"]),
        ("SELECT count(*) FROM lumbung.omspan.dipa_belanja", ["ok", "ok", "42P01"]),
        ("SELECT count(*) FROM \"omspan\".\"dipa_belanja\"", ["ok", "ok", "42P01"]),
        ("WITH x AS (SELECT * FROM omspan.dipa_belanja) SELECT count(*) FROM x", ["ok", "ok", "42P01"]),
        ("SELECT (SELECT max(amount) FROM omspan.dipa_belanja)", ["ok", "ok", "42P01"]),
        ("SELECT 1 WHERE EXISTS (SELECT 1 FROM omspan.dipa_belanja)", ["ok", "ok", "42P01"]),
        ("DESCRIBE omspan.dipa_belanja", ["ok", "ok", "42P01"]),
        ("SELECT count(*) FROM ref.satker", ["ok", "ok", "42P01"]),
        ("SELECT count(*) FROM history.omspan_dipa_belanja", ["ok", "42P01", "42P01"]),
        ("SELECT count(*) FROM ops.runs", ["ok", "42P01", "42P01"]),
        ("SELECT count(*) FROM sipp.p3ke", ["ok", "ok", "42P01"]),
        ("SELECT count(*) FROM mart.oss_usaha", ["ok", "ok", "42P01"]),
        ("SELECT count(*) FROM mart.padi_transaksi", ["ok", "ok", "42P01"]),
        ("SELECT count(*) FROM mart.kesejahteraan_desa", ["ok", "ok", "ok"]),
        ("EXPLAIN SELECT * FROM mart.serapan_satker", ["ok", "42501", "42501"]),
        ("EXPLAIN ANALYZE SELECT * FROM mart.serapan_satker", ["ok", "42501", "42501"]),
    ];
    let asked: Vec<&str> = questions.iter().map(|(question, _)| *question).collect();
    for (i, user) in ["ana", "metabase", "kepala"].into_iter().enumerate() {
        let answers = port.python(user, TRY, &asked);
        for ((question, wanted), answer) in questions.iter().zip(answers.lines()) {
            assert_eq!(answer, wanted[i], "{user}: {question}");
        }
    }
    let listed = port.python("kepala", LIST, &[]);
    assert!(listed.contains("serapan_satker") && listed.contains("error:"), "{listed}");
    for hidden in
        ["omspan", "dipa_belanja", "history", "simda", "sipp", "oss_usaha", "padi_transaksi", "izin_wilayah"]
    {
        let line = listed.lines().find(|line| line.contains(hidden) && !line.starts_with("error:"));
        assert_eq!(line, None, "a leader sees {hidden}");
    }
    assert!(
        !listed.lines().any(|line| line.starts_with("error:") && line.contains("did you mean omspan")),
        "{listed}"
    );
    let seen_by_bi = port.python("metabase", LIST, &[]);
    assert!(seen_by_bi.contains("omspan dipa_belanja") && !seen_by_bi.contains("history"), "{seen_by_bi}");
    assert!(!seen_by_bi.contains("SELECT "), "the SQL of views names what is below them");
}

#[test]
fn a_deployment_may_keep_persons_from_dashboards() {
    if !python_has(&["psycopg"]) {
        return;
    }
    let house = House::new();
    let port = house.serve(true, &["serve.postgres.bi_sees_persons=false"]);
    let asked = [
        "SELECT 1 FROM sipp.p3ke",
        "SELECT 1 FROM mart.oss_usaha",
        "SELECT 1 FROM omspan.dipa_belanja",
        "SELECT 1 FROM mart.oss_nib",
    ];
    assert_eq!(port.python("metabase", TRY, &asked), "42P01\n42P01\nok\nok\n");
    assert_eq!(port.python("ana", TRY, &asked), "ok\nok\nok\nok\n");
}

#[test]
fn who_is_not_who_it_says_is_turned_away() {
    if !has("psql", "--version") {
        return;
    }
    let house = House::new();
    let port = house.serve(true, &["serve.postgres.connections_max=1"]);
    let tried = |user: &str, password: &str, more: &str| {
        let mut command = port.client("psql", "ana");
        command.env("PGPASSWORD", password).arg("-XAtc").arg("SELECT 1").arg(format!("{} {more}", port.dsn(user)));
        let output = command.output().unwrap();
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    let word = "an analyst's word";
    assert_eq!(tried("ana", word, ""), "1\n");
    assert_eq!(tried("ana", word, "channel_binding=require"), "1\n", "the login is bound to the channel");
    for (user, password) in [("ana", "another word"), ("kepala", word), ("nobody", word)] {
        let told = tried(user, password, "");
        assert!(told.contains(&format!("password authentication failed for user \"{user}\"")), "{told}");
    }
    assert!(tried("ana", word, "sslmode=disable").contains("connections without TLS are refused"));
    assert!(tried("ana", word, "dbname=other").contains("the database is called lumbung"));
    assert!(tried("ana", word, "replication=database").contains("replication"));
    // The one place is taken: the second is told so, and a cancel would still get through.
    let told = port.psql("ana", "\\! psql -XAtc 'SELECT 1' \"$DSN\" 2>&1\nSELECT 'still here';\n");
    assert!(told.contains("too many clients") && told.contains("still here"), "{told}");
    let (code, log) = port.terminate();
    assert_eq!(code, 0);
    for word in ["an analyst's word", "another word"] {
        assert!(!log.contains(word), "a password stands in the log");
    }
}
