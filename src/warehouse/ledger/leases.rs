//! Leases: who is at work, on whatever machine.

use super::Ledger;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::sqlite::{instant, instant_of};
use crate::warehouse::turn::Lease;
use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension, Transaction, params};

impl Ledger {
    /// Takes a lease, or says who has it. One that ran out is nobody's, and so is one that lasts longer than any: whoever wrote it
    /// had a wrong clock.
    pub(crate) fn take_lease(
        &mut self,
        lease: &Lease<'_>,
        (now, lasts): (DateTime<Utc>, TimeDelta),
    ) -> Result<Option<(String, DateTime<Utc>)>, WarehouseError> {
        self.transaction("take a lease", |tx| {
            let held = tx.query_row("SELECT host, until FROM leases WHERE name = ?1", [lease.name], |row| {
                Ok((row.get::<_, String>("host")?, instant_of(row, "until")?))
            });
            if let Some((host, until)) = held.optional()?
                && until > now
                && until <= now + lasts * 2
            {
                return Ok(Some((host, until)));
            }
            tx.execute(
                "INSERT INTO leases (name, holder, host, until) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, host = excluded.host, until = excluded.until",
                params![lease.name, lease.holder, lease.host, instant(lease.until)],
            )?;
            Ok(None)
        })
    }

    /// On which machine the holder of the lease called `name` is; `None` where nobody has it.
    pub(crate) fn lease_host(&self, name: &str, now: DateTime<Utc>) -> Result<Option<String>, WarehouseError> {
        self.call("look up a lease", |connection| {
            let mut query = connection.prepare_cached("SELECT host FROM leases WHERE name = ?1 AND until > ?2")?;
            query.query_row([name.to_owned(), instant(now)], |row| row.get(0)).optional()
        })
    }

    /// Renews all leases of a holder; `false` where it has this one no more.
    pub(crate) fn renew_leases(&mut self, lease: &Lease<'_>) -> Result<bool, WarehouseError> {
        self.transaction("renew the leases", |tx| renewed(tx, lease))
    }

    /// Gives up all leases of a holder, or one.
    pub(crate) fn drop_leases(&mut self, holder: &str, name: Option<&str>) -> Result<(), WarehouseError> {
        self.transaction("give up a lease", |tx| {
            let sql = "DELETE FROM leases WHERE holder = ?1 AND (?2 IS NULL OR name = ?2)";
            tx.execute(sql, params![holder, name]).map(|_| ())
        })
    }

    /// Drops the lease called `name`, and those of its parts, of a machine on which nobody is at that work.
    pub(crate) fn drop_leases_of_host(&mut self, name: &str, host: &str) -> Result<(), WarehouseError> {
        self.transaction("drop stale leases", |tx| {
            let sql = "DELETE FROM leases WHERE host = ?2 AND (name = ?1 OR name > ?1 || ':' AND name < ?1 || ';')";
            tx.execute(sql, [name, host]).map(|_| ())
        })
    }
}

/// Renews all leases of a holder, unless it has lost this one.
pub(super) fn renewed(tx: &Transaction<'_>, lease: &Lease<'_>) -> rusqlite::Result<bool> {
    let holds = "SELECT EXISTS (SELECT 1 FROM leases WHERE name = ?1 AND holder = ?2)";
    if !tx.query_row(holds, params![lease.name, lease.holder], |row| row.get::<_, bool>(0))? {
        return Ok(false);
    }
    tx.execute("UPDATE leases SET until = ?2 WHERE holder = ?1", params![lease.holder, instant(lease.until)])?;
    Ok(true)
}
