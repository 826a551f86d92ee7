//! What the ledger knows of jobs that are held back or asked for.

use super::{Ledger, instant_of};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::orders::{JobHold, JobOrder, ORDER_LASTS};
use crate::warehouse::sqlite::instant;
use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, params};

const HOLDS: &str = "SELECT * FROM job_holds ORDER BY job";

/// Orders that are no occurrence yet. What is of the future was asked for by a clock that was ahead.
const OPEN: &str = "
    SELECT * FROM job_orders AS o
    WHERE at > ?1 AND at <= ?2 AND (?3 IS NULL OR job = ?3)
        AND NOT EXISTS (SELECT 1 FROM occurrences WHERE occurrences.job = o.job AND due_at = o.at)
    ORDER BY at, job";

impl Ledger {
    /// Holds a job back.
    pub(crate) fn hold_job(&mut self, hold: &JobHold) -> Result<(), WarehouseError> {
        self.transaction("hold a job back", |tx| {
            tx.execute(
                "INSERT INTO job_holds (job, by, reason, since) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (job) DO UPDATE SET by = excluded.by, reason = excluded.reason, since = excluded.since",
                params![hold.job, hold.by, hold.reason, instant(hold.since)],
            )?;
            Ok(())
        })
    }

    /// Lets a job run again.
    pub(crate) fn release_job(&mut self, job: &str) -> Result<bool, WarehouseError> {
        self.transaction("let a job run again", |tx| {
            Ok(tx.execute("DELETE FROM job_holds WHERE job = ?1", [job])? > 0)
        })
    }

    /// The jobs that are held back.
    pub(crate) fn held_jobs(&self) -> Result<Vec<JobHold>, WarehouseError> {
        self.call("list jobs that are held back", |connection| {
            connection.prepare_cached(HOLDS)?.query_map([], hold_of)?.collect()
        })
    }

    /// Enters an order, unless the job has an open one. Old ones go.
    pub(crate) fn order_job(&mut self, order: &JobOrder) -> Result<JobOrder, WarehouseError> {
        self.transaction("ask for a job", |tx| {
            let void = instant(order.at - ORDER_LASTS);
            tx.execute("DELETE FROM job_orders WHERE at <= ?1", [&void])?;
            let open = tx.query_row(OPEN, params![void, instant(order.at), order.job], order_of).optional()?;
            if let Some(open) = open {
                return Ok(open);
            }
            // One of the same millisecond was carried out: it was asked for then.
            let put = "INSERT INTO job_orders (job, at, by) VALUES (?1, ?2, ?3) ON CONFLICT (job, at) DO NOTHING";
            tx.execute(put, params![order.job, instant(order.at), order.by])?;
            Ok(order.clone())
        })
    }

    /// The orders that nobody took up yet.
    pub(crate) fn open_orders(&self, now: DateTime<Utc>) -> Result<Vec<JobOrder>, WarehouseError> {
        self.call("list jobs that were asked for", |connection| {
            let wanted = params![instant(now - ORDER_LASTS), instant(now), None::<&str>];
            connection.prepare_cached(OPEN)?.query_map(wanted, order_of)?.collect()
        })
    }
}

fn hold_of(row: &Row<'_>) -> rusqlite::Result<JobHold> {
    Ok(JobHold {
        job: row.get("job")?,
        by: row.get("by")?,
        reason: row.get("reason")?,
        since: instant_of(row, "since")?,
    })
}

fn order_of(row: &Row<'_>) -> rusqlite::Result<JobOrder> {
    Ok(JobOrder { job: row.get("job")?, at: instant_of(row, "at")?, by: row.get("by")? })
}
