//! The ledger's own promises: versions, durability settings, reading without the right to write.

use super::schema::MIGRATIONS;
use super::{Ledger, SCHEMA};
use crate::warehouse::{RunId, RunStatus, WarehouseError};
use rusqlite::Connection;

#[test]
fn a_new_ledger_has_the_known_version_and_is_durable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = Ledger::open(&path).unwrap();
    let number = |name: &str| {
        ledger.call("ask", |c| c.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0))).unwrap()
    };
    let mode: String = ledger.call("ask", |c| c.query_row("PRAGMA journal_mode", [], |row| row.get(0))).unwrap();
    assert_eq!((number("user_version"), mode.as_str()), (SCHEMA.version(), "wal"));
    assert_eq!((number("synchronous"), number("foreign_keys")), (2, 1));
    drop(ledger);
    assert_eq!(Ledger::open(&path).unwrap().database.version().unwrap(), SCHEMA.version());
}

#[test]
fn a_ledger_of_another_version_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let mark = |version: i64| {
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "user_version", version).unwrap();
    };
    drop(Ledger::open(&path).unwrap());
    mark(SCHEMA.version() + 1);
    for refused in [Ledger::open(&path).unwrap_err(), Ledger::open_to_read(&path).unwrap_err()] {
        assert!(matches!(refused, WarehouseError::DatabaseVersion { .. }), "{refused}");
        assert!(refused.to_string().contains("use the newer lumbung"), "{refused}");
    }
    mark(0);
    let old = Ledger::open_to_read(&path).unwrap_err().to_string();
    assert!(old.contains("lumbung snapshot"), "{old}");
}

#[test]
fn a_ledger_of_the_first_version_is_brought_up_to_date_with_its_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(MIGRATIONS[0]).unwrap();
    old.execute_batch(
        "INSERT INTO runs (run, source, dataset, contract_version, status, started_at)
         VALUES ('20261120T053000000Z-7f3a9c1e', 's', 'd', 1, 'held', '2026-11-20T05:30:00.000Z');
         INSERT INTO pages (run, attempt, window, page, url, size_bytes, sha256, n_rows, n_quarantined, started_at,
            duration_ms, verdict)
         VALUES ('20261120T053000000Z-7f3a9c1e', 1, '2026', 1, 'u', 1, 'aa', 1, 0, '2026-11-20T05:30:00.000Z', 1, 'rows');
         PRAGMA user_version = 1",
    )
    .unwrap();
    drop(old);
    let refused = Ledger::open_to_read(&path).unwrap_err().to_string();
    assert!(
        refused.contains(&format!("has version 1 and this program knows version {}", SCHEMA.version())),
        "{refused}"
    );
    let ledger = Ledger::open(&path).unwrap();
    assert_eq!(ledger.database.version().unwrap(), SCHEMA.version());
    let run: RunId = "20261120T053000000Z-7f3a9c1e".parse().unwrap();
    let detail = ledger.run(&run).unwrap().unwrap();
    assert_eq!((detail.run.status, &detail.run.key_id, &detail.run.accepted), (RunStatus::Held, &None, &None));
    assert_eq!((detail.pages.len(), &detail.pages[0].page.raw), (1, &None));
    drop(ledger);
    assert!(Ledger::open_to_read(&path).is_ok());
}

/// The statements that a database's tables were made by, by name.
fn tables(ledger: &Ledger) -> Vec<(String, String)> {
    let ask = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name";
    let rows = ledger.call("ask", |connection| {
        connection.prepare(ask)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    });
    rows.unwrap()
}

/// Whatever release wrote the ledger, this one makes the same tables of it, keeps what stands in it, and does so once.
#[test]
fn a_ledger_of_every_older_version_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let new = tables(&Ledger::open(&folder.path().join("new.db")).unwrap());
    assert!(new.len() > 20, "{new:?}");
    for version in 1..MIGRATIONS.len() {
        let path = folder.path().join(format!("{version}.db"));
        let old = Connection::open(&path).unwrap();
        MIGRATIONS[..version].iter().for_each(|migration| old.execute_batch(migration).unwrap());
        old.execute_batch(
            "INSERT INTO runs (run, source, dataset, contract_version, status, started_at, n_rows)
             VALUES ('20261120T053000000Z-7f3a9c1e', 's', 'd', 1, 'committed', '2026-11-20T05:30:00.000Z', 7)",
        )
        .unwrap();
        old.pragma_update(None, "user_version", i64::try_from(version).unwrap()).unwrap();
        drop(old);
        for time in ["first", "second"] {
            let ledger = Ledger::open(&path).unwrap();
            assert_eq!(ledger.database.version().unwrap(), SCHEMA.version(), "version {version}, {time}");
            assert_eq!(tables(&ledger), new, "version {version}, {time}");
            let run: RunId = "20261120T053000000Z-7f3a9c1e".parse().unwrap();
            assert_eq!(ledger.run(&run).unwrap().unwrap().run.rows, 7, "version {version}, {time}");
        }
    }
}

#[test]
fn one_partition_cannot_have_two_current_files() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
    let insert = |run: &str| {
        let statements = format!(
            "INSERT INTO runs (run, source, dataset, contract_version, status, started_at)
             VALUES ('{run}', 's', 'd', 1, 'committed', 't');
             INSERT INTO partitions (run, source, dataset, partition, shape, mode, latest, in_latest, partition_date, staged,
                n_rows, size_bytes, sums, state, committed_at)
             VALUES ('{run}', 's', 'd', 'p', 'k', 'snapshot', '', 1, '2026-11-20', '', 1, 1, '{{}}', 'current', 't')"
        );
        ledger.call("insert", |connection| connection.execute_batch(&statements))
    };
    insert("a").unwrap();
    assert!(insert("b").unwrap_err().to_string().contains("UNIQUE"));
}
