//! Statements of clients: each is sorted into its kind, and questions about data stay as they were written.

use super::{PortStatement, parse};

fn one(sql: &str) -> PortStatement {
    let mut all = parse(sql, 1_000).unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert_eq!(all.len(), 1, "{sql}");
    all.remove(0)
}

/// What the engine is asked in the end.
fn asked(sql: &str) -> String {
    match one(sql) {
        PortStatement::Query(query) => query.statement.to_string(),
        other => panic!("{sql}: {other:?}"),
    }
}

#[test]
fn a_question_about_data_is_never_rewritten() {
    for sql in [
        "SELECT a.x, (SELECT max(b.y) FROM omspan.b AS b WHERE b.x = a.x) FROM omspan.a AS a",
        "SELECT current_date, x FROM omspan.a WHERE x = ANY(y)",
        "SELECT x FROM omspan.a WHERE EXISTS (SELECT 1 FROM pg_catalog.pg_class AS c WHERE c.oid = a.x)",
        "SELECT x COLLATE \"C\" FROM omspan.a",
    ] {
        assert_eq!(asked(sql), sql);
    }
    // One about the catalog is, and so is one that asks for no table at all.
    assert!(asked("SELECT n.nspname FROM pg_namespace n").contains("pg_catalog.pg_namespace"));
    assert!(asked("SELECT pg_catalog.version()").contains("version() AS version"));
    assert!(asked("SELECT current_schema").contains("current_schema()"));
}

#[test]
fn statements_are_sorted() {
    use PortStatement as S;
    assert!(matches!(one("BEGIN"), S::Begin { read_write: false }));
    assert!(matches!(one("START TRANSACTION READ WRITE"), S::Begin { read_write: true }));
    assert!(matches!(one("BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY"), S::Begin { read_write: false }));
    assert!(matches!(one("END"), S::Commit));
    assert!(matches!(one("ROLLBACK"), S::Rollback));
    assert!(matches!(one("ROLLBACK TO SAVEPOINT s"), S::RollbackTo(name) if name == "s"));
    assert!(matches!(one("SHOW ALL"), S::Show(None)));
    assert!(
        matches!(one("SHOW TRANSACTION ISOLATION LEVEL"), S::Show(Some(name)) if name == "transaction isolation level")
    );
    assert!(matches!(one("RESET ALL"), S::Reset(None)));
    assert!(matches!(one("DISCARD ALL"), S::DiscardAll));
    assert!(matches!(one("DEALLOCATE ALL"), S::Deallocate(None)));
    assert!(matches!(one("DEALLOCATE \"all\""), S::Deallocate(Some(_))));
    assert!(matches!(one("CLOSE ALL"), S::Close(None)));
    assert!(matches!(one("FETCH FORWARD 10 FROM c"), S::Fetch { rows: Some(10), .. }));
    assert!(matches!(one("FETCH ALL FROM c"), S::Fetch { rows: None, .. }));
    assert!(matches!(one("FETCH BACKWARD 1 FROM c"), S::Refused { writes: false, .. }));
    assert!(matches!(one("DECLARE c CURSOR WITH HOLD FOR SELECT 1"), S::Declare { hold: true, .. }));
    assert!(matches!(one("PREPARE p(int) AS SELECT $1"), S::Prepare { types, .. } if types.len() == 1));
    assert!(matches!(one("EXECUTE p(1, 'x')"), S::Execute { values, .. } if values.len() == 2));
    assert!(matches!(one("SHOW TABLES"), S::Query(query) if query.is_about_catalog()));
    assert!(matches!(one("EXPLAIN SELECT 1"), S::Query(query) if query.is_explain()));
    assert!(matches!(one("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"), S::Nothing("SET")));
    assert!(parse("-- nothing\n;;", 1_000).unwrap().is_empty());
    assert_eq!(parse("SELECT 1; SELECT 2;", 1_000).unwrap().len(), 2);
}

#[test]
fn settings_are_taken_as_they_are_meant() {
    for (sql, name, value, local) in [
        ("SET DateStyle = 'ISO, MDY'", "datestyle", Some("ISO, MDY"), false),
        ("SET extra_float_digits TO 3", "extra_float_digits", Some("3"), false),
        ("SET LOCAL search_path = omspan, mart", "search_path", Some("omspan, mart"), true),
        ("SET TIME ZONE 'Asia/Jakarta'", "timezone", Some("Asia/Jakarta"), false),
        ("SET TimeZone TO DEFAULT", "timezone", None, false),
        ("SET NAMES 'UTF8'", "client_encoding", Some("UTF8"), false),
        ("SET datafusion.execution.batch_size = 1", "datafusion.execution.batch_size", Some("1"), false),
    ] {
        let PortStatement::Set { name: found, value: set, local: only_here } = one(sql) else { panic!("{sql}") };
        assert_eq!((found.as_str(), set.as_deref(), only_here), (name, value, local), "{sql}");
    }
}

#[test]
fn whatever_would_write_is_refused() {
    for sql in [
        "INSERT INTO a VALUES (1)",
        "UPDATE a SET b = 1",
        "DELETE FROM a",
        "CREATE TABLE a (b INT)",
        "DROP TABLE a",
        "ALTER TABLE a ADD COLUMN b INT",
        "TRUNCATE a",
        "GRANT SELECT ON a TO b",
        "SET ROLE x",
        "EXPLAIN ANALYZE INSERT INTO a VALUES (1)",
        "PREPARE p AS DELETE FROM a",
        "CREATE EXTENSION x",
        "VACUUM",
    ] {
        assert!(matches!(one(sql), PortStatement::Refused { writes: true, .. }), "{sql}: {:?}", one(sql));
    }
    for sql in ["COPY a TO STDOUT", "COPY a FROM '/etc/passwd'", "LISTEN x", "CALL f()"] {
        assert!(matches!(one(sql), PortStatement::Refused { writes: false, .. }), "{sql}: {:?}", one(sql));
    }
}

#[test]
fn what_is_too_long_too_deep_or_too_much_is_refused() {
    assert!(parse(&"x".repeat(1_001), 1_000).is_err());
    assert!(parse(&format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000)), 100_000).is_err());
    assert!(parse(&"SELECT 1;".repeat(65), 10_000).is_err());
    let error = parse("SELECT FROM WHERE (", 1_000).unwrap_err().to_string();
    assert!(error.contains("missing?"), "{error}");
}
