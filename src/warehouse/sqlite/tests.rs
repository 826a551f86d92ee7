//! Reading a database without the right to write.

use super::{Database, Schema, immutable_uri};
use crate::warehouse::WarehouseError;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

static SCHEMA: Schema =
    Schema { migrations: &["CREATE TABLE t (x)", "INSERT INTO t VALUES (7)"], update: "write once" };

fn sevens(database: &Database) -> i64 {
    database.call("count", |c| c.query_row("SELECT count(*) FROM t WHERE x = 7", [], |row| row.get(0))).unwrap()
}

#[test]
fn a_database_can_be_read_where_no_lock_file_may_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a b%2F#?.db");
    drop(Database::open(&path, &SCHEMA).unwrap());
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let before = std::fs::read_dir(folder.path()).unwrap().count();
    let connection = Connection::open_with_flags(immutable_uri(&path), flags).unwrap();
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!((version, std::fs::read_dir(folder.path()).unwrap().count()), (2, before));
    assert!(Database::open_to_read(Path::new("/no/such/ledger.db"), &SCHEMA).is_err());
}

#[test]
fn migrations_are_applied_once_and_to_what_stands_for_a_missing_file_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    assert_eq!(sevens(&Database::in_memory(&path, &SCHEMA).unwrap()), 1);
    assert!(!path.exists());
    for _ in 0..2 {
        assert_eq!(sevens(&Database::open(&path, &SCHEMA).unwrap()), 1);
    }
    assert_eq!(sevens(&Database::open_to_read(&path, &SCHEMA).unwrap()), 1);
}

#[test]
fn a_transaction_that_fails_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut database = Database::open(&folder.path().join("t.db"), &SCHEMA).unwrap();
    let failed = database.transaction("insert", |tx| {
        tx.execute("INSERT INTO t VALUES (7)", [])?;
        tx.execute("INSERT INTO nowhere VALUES (7)", [])
    });
    let failed = failed.unwrap_err();
    assert!(matches!(failed, WarehouseError::Database { action: "insert", .. }), "{failed}");
    assert!(failed.to_string().contains("t.db"), "{failed}");
    assert_eq!(sevens(&database), 1);
}
