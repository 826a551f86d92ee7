//! What the ledger knows of what people did in the console.

use super::{Ledger, count_of, instant, instant_of, word};
use crate::warehouse::audit::{AuditAct, AuditEntry, AuditOutcome, AuditRecord};
use crate::warehouse::error::WarehouseError;
use chrono::{DateTime, Utc};
use rusqlite::{Row, params};

/// who: the user's name, NULL where nobody is called what was typed; target: an edition, a job and the like, no personal value.
/// The second index is for the deliveries of an edition in the console.
pub(super) const TABLES: &str = "
    CREATE TABLE console_audit (
        seq INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        who TEXT,
        act TEXT NOT NULL,
        target TEXT,
        outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused', 'failed'))
    ) STRICT;
    CREATE INDEX deliveries_of_edition ON deliveries (edition, seq);
    CREATE INDEX editions_by_period ON editions (period, seq);";

impl Ledger {
    /// Notes an act.
    pub(crate) fn audit(&mut self, entry: &AuditEntry<'_>, at: DateTime<Utc>) -> Result<(), WarehouseError> {
        self.transaction("note what somebody did in the console", |tx| {
            tx.execute(
                "INSERT INTO console_audit (at, who, act, target, outcome) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![instant(at), entry.who, entry.act.word(), entry.target, entry.outcome.word()],
            )?;
            Ok(())
        })
    }

    /// The newest acts, the newest first.
    pub(crate) fn audited(&self, limit: u32) -> Result<Vec<AuditRecord>, WarehouseError> {
        self.call("list what was done in the console", |connection| {
            let mut query = connection.prepare_cached("SELECT * FROM console_audit ORDER BY seq DESC LIMIT ?1")?;
            query.query_map([limit], record_of)?.collect()
        })
    }
}

fn record_of(row: &Row<'_>) -> rusqlite::Result<AuditRecord> {
    Ok(AuditRecord {
        seq: count_of(row, "seq")?,
        at: instant_of(row, "at")?,
        who: row.get("who")?,
        act: word(row, "act", AuditAct::from_word)?,
        target: row.get("target")?,
        outcome: word(row, "outcome", AuditOutcome::from_word)?,
    })
}
