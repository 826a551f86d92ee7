//! What the ledger knows of queries that people keep.

use super::{Ledger, instant_of};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::saved::{Kept, SAVED_MAX, SavedQuery};
use crate::warehouse::sqlite::instant;
use rusqlite::{OptionalExtension, Row, params};

impl Ledger {
    /// Keeps a query, unless there are too many.
    pub(crate) fn save_query(&mut self, query: &SavedQuery) -> Result<Kept, WarehouseError> {
        self.transaction("keep a query", |tx| {
            let others = "SELECT count(*) FROM saved_queries WHERE owner = ?1 AND name <> ?2";
            let others: u32 = tx.query_row(others, [&query.owner, &query.name], |row| row.get(0))?;
            if others >= SAVED_MAX {
                return Ok(Kept::Full);
            }
            tx.execute(
                "INSERT INTO saved_queries (owner, name, sql, shared, saved_at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (owner, name) DO UPDATE
                     SET sql = excluded.sql, shared = excluded.shared, saved_at = excluded.saved_at",
                params![query.owner, query.name, query.sql, query.shared, instant(query.saved_at)],
            )?;
            Ok(Kept::Saved)
        })
    }

    /// Throws a query away.
    pub(crate) fn remove_query(&mut self, owner: &str, name: &str) -> Result<bool, WarehouseError> {
        self.transaction("throw a query away", |tx| {
            let removed = tx.execute("DELETE FROM saved_queries WHERE owner = ?1 AND name = ?2", [owner, name])?;
            Ok(removed > 0)
        })
    }

    /// One query that `reader` may see.
    pub(crate) fn saved_query(
        &self,
        reader: &str,
        (owner, name): (&str, &str),
    ) -> Result<Option<SavedQuery>, WarehouseError> {
        self.call("read a query that is kept", |connection| {
            let mut query = connection.prepare_cached(
                "SELECT * FROM saved_queries WHERE owner = ?2 AND name = ?3 AND (shared OR owner = ?1)",
            )?;
            query.query_row([reader, owner, name], saved_of).optional()
        })
    }

    /// The queries that `reader` may see, after an owner and a name.
    pub(crate) fn saved_queries(
        &self,
        reader: &str,
        (owner, name): (&str, &str),
        limit: u32,
    ) -> Result<Vec<SavedQuery>, WarehouseError> {
        self.call("list queries that are kept", |connection| {
            let mut query = connection.prepare_cached(
                "SELECT * FROM saved_queries WHERE (shared OR owner = ?1) AND (owner, name) > (?2, ?3)
                 ORDER BY owner, name LIMIT ?4",
            )?;
            query.query_map(params![reader, owner, name, limit], saved_of)?.collect()
        })
    }
}

fn saved_of(row: &Row<'_>) -> rusqlite::Result<SavedQuery> {
    Ok(SavedQuery {
        owner: row.get("owner")?,
        name: row.get("name")?,
        sql: row.get("sql")?,
        shared: row.get("shared")?,
        saved_at: instant_of(row, "saved_at")?,
    })
}
