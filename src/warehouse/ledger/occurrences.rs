//! What the ledger knows of schedules and of their occurrences.

use super::Ledger;
use super::leases::renewed;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::occurrences::{
    OccurrenceEnd, OccurrenceFilter, OccurrenceRecord, OccurrenceState, ScheduleRecord,
};
use crate::warehouse::sqlite::{instant, instant_of, word};
use crate::warehouse::turn::Lease;
use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, Row, params};
use std::collections::BTreeSet;

/// schedules: since when each schedule is as it is; spec_sha256: of what decides when it is due. occurrences: one time of a
/// schedule, a row; attempt: those begun that count; next_at: the next attempt, or the last moment of waiting.
pub(super) const TABLES: &str = "
    CREATE TABLE schedules (
        job TEXT PRIMARY KEY,
        spec_sha256 TEXT NOT NULL,
        since TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE occurrences (
        job TEXT NOT NULL,
        due_at TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN
            ('running', 'retry', 'waiting', 'done', 'failed', 'skipped', 'held')),
        attempt INTEGER NOT NULL,
        started_at TEXT,
        next_at TEXT,
        finished_at TEXT,
        reason TEXT,
        run TEXT,
        PRIMARY KEY (job, due_at)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX occurrences_open ON occurrences (due_at) WHERE state IN ('running', 'retry', 'waiting');
    CREATE INDEX occurrences_by_time ON occurrences (due_at);";

/// told_at: when the operator was told how it ended, or it was clear that there is nothing to tell. What ended before this was kept
/// was told then.
pub(super) const TOLD: &str = "
    ALTER TABLE occurrences ADD COLUMN told_at TEXT;
    UPDATE occurrences SET told_at = finished_at WHERE finished_at IS NOT NULL;
    CREATE INDEX occurrences_untold ON occurrences (due_at)
        WHERE told_at IS NULL AND state IN ('done', 'failed', 'held');";

/// Ends that nobody was told of, the oldest first.
const UNTOLD: &str = "
    SELECT * FROM occurrences WHERE told_at IS NULL AND state IN ('done', 'failed', 'held') ORDER BY due_at, job LIMIT 1000";

const OCCURRENCES: &str = "
    SELECT * FROM occurrences
    WHERE (?1 IS NULL OR job = ?1) AND (?2 IS NULL OR due_at < ?2) AND (NOT ?3 OR state <> 'skipped')
    ORDER BY due_at DESC, job LIMIT ?4";

const OPEN: &str = "
    SELECT * FROM occurrences
    WHERE state IN ('running', 'retry', 'waiting') AND (?1 IS NULL OR job = ?1) AND (?2 IS NULL OR due_at < ?2)
    ORDER BY due_at DESC, job LIMIT ?3";

const SCHEDULES: &str = "
    SELECT *, (SELECT max(due_at) FROM occurrences WHERE occurrences.job = schedules.job AND due_at <= ?1) AS accounted
    FROM schedules ORDER BY job";

/// A clock that is wrong by less leaves what it did as it is: its times come soon.
const FAR_AHEAD: TimeDelta = TimeDelta::days(1);

/// A first attempt, or the next one of an occurrence that waits for it.
const BEGIN: &str = "
    INSERT INTO occurrences (job, due_at, state, attempt, started_at) VALUES (?1, ?2, 'running', 1, ?3)
    ON CONFLICT (job, due_at) DO UPDATE SET state = 'running', attempt = attempt + 1, next_at = NULL
        WHERE state IN ('retry', 'waiting')";

impl Ledger {
    /// The schedules with what is accounted for up to `now`, by job.
    pub(crate) fn schedules(&self, now: DateTime<Utc>) -> Result<Vec<ScheduleRecord>, WarehouseError> {
        self.call("list schedules", |connection| {
            let mut query = connection.prepare_cached(SCHEDULES)?;
            query.query_map([instant(now)], schedule_of)?.collect()
        })
    }

    /// Occurrences, newest first.
    pub(crate) fn occurrences(&self, filter: &OccurrenceFilter<'_>) -> Result<Vec<OccurrenceRecord>, WarehouseError> {
        let OccurrenceFilter { job, open, without_skipped, before, limit } = *filter;
        let (before, limit) = (before.map(instant), limit.map_or(-1, i64::from));
        self.call("list occurrences", |connection| {
            if open {
                let mut query = connection.prepare_cached(OPEN)?;
                return query.query_map(params![job, before, limit], occurrence_of)?.collect();
            }
            let mut query = connection.prepare_cached(OCCURRENCES)?;
            query.query_map(params![job, before, without_skipped, limit], occurrence_of)?.collect()
        })
    }

    /// Brings the schedules up to `specs`; `false`, and nothing is changed, without the lease.
    pub(crate) fn sync_schedules(
        &mut self,
        lease: &Lease<'_>,
        specs: &[(String, String)],
        at: DateTime<Utc>,
    ) -> Result<bool, WarehouseError> {
        self.transaction("note the schedules", |tx| {
            if !renewed(tx, lease)? {
                return Ok(false);
            }
            // A clock that was far ahead left a beginning, and decisions, in what is the future now.
            let future = instant(at + FAR_AHEAD);
            tx.execute("UPDATE schedules SET since = ?1 WHERE since > ?2", [instant(at), future.clone()])?;
            tx.execute("DELETE FROM occurrences WHERE state = 'skipped' AND due_at > ?1", [future])?;
            let known: Vec<String> = column(tx, "SELECT job FROM schedules")?;
            let wanted: BTreeSet<&str> = specs.iter().map(|(job, _)| job.as_str()).collect();
            for job in known.iter().filter(|job| !wanted.contains(job.as_str())) {
                tx.execute("DELETE FROM schedules WHERE job = ?1", [job])?;
            }
            let mut put = tx.prepare_cached(
                "INSERT INTO schedules (job, spec_sha256, since) VALUES (?1, ?2, ?3)
                 ON CONFLICT (job) DO UPDATE SET spec_sha256 = excluded.spec_sha256, since = excluded.since
                     WHERE spec_sha256 <> excluded.spec_sha256",
            )?;
            specs.iter().try_for_each(|(job, spec)| put.execute(params![job, spec, instant(at)]).map(|_| ()))?;
            Ok(true)
        })
    }

    /// Enters occurrences that never run; `false`, and nothing is changed, without the lease.
    pub(crate) fn skip_occurrences(
        &mut self,
        lease: &Lease<'_>,
        skipped: &[(String, DateTime<Utc>, String)],
        at: DateTime<Utc>,
    ) -> Result<bool, WarehouseError> {
        self.transaction("note what is skipped", |tx| {
            if !renewed(tx, lease)? {
                return Ok(false);
            }
            let mut insert = tx.prepare_cached(
                "INSERT INTO occurrences (job, due_at, state, attempt, finished_at, reason)
                 VALUES (?1, ?2, 'skipped', 0, ?3, ?4)",
            )?;
            for (job, due_at, reason) in skipped {
                insert.execute(params![job, instant(*due_at), instant(at), reason])?;
            }
            Ok(true)
        })
    }

    /// Begins an attempt; `None`, and nothing is changed, without the lease.
    pub(crate) fn begin_occurrence(
        &mut self,
        lease: &Lease<'_>,
        (job, due_at): (&str, DateTime<Utc>),
        at: DateTime<Utc>,
    ) -> Result<Option<OccurrenceRecord>, WarehouseError> {
        self.transaction("begin what is due", |tx| {
            if !renewed(tx, lease)? {
                return Ok(None);
            }
            let changed = tx.prepare_cached(BEGIN)?.execute(params![job, instant(due_at), instant(at)])?;
            // It runs, or it has ended: it must not run twice.
            exactly_one(changed)?;
            let sql = "SELECT * FROM occurrences WHERE job = ?1 AND due_at = ?2";
            tx.query_row(sql, params![job, instant(due_at)], occurrence_of).map(Some)
        })
    }

    /// Occurrences that ended and that nobody was told of, the oldest first; at most 1,000.
    pub(crate) fn untold_occurrences(&self) -> Result<Vec<OccurrenceRecord>, WarehouseError> {
        self.call("look for ends that nobody was told of", |connection| {
            let mut query = connection.prepare_cached(UNTOLD)?;
            query.query_map([], occurrence_of)?.collect()
        })
    }

    /// Notes that the operator was told of an end; `false`, and nothing is changed, without the lease.
    pub(crate) fn note_occurrence_told(
        &mut self,
        lease: &Lease<'_>,
        (job, due_at): (&str, DateTime<Utc>),
        at: DateTime<Utc>,
    ) -> Result<bool, WarehouseError> {
        self.transaction("note what was told", |tx| {
            if !renewed(tx, lease)? {
                return Ok(false);
            }
            let sql =
                "UPDATE occurrences SET told_at = ?3 WHERE job = ?1 AND due_at = ?2 AND finished_at IS NOT NULL";
            tx.execute(sql, params![job, instant(due_at), instant(at)])?;
            Ok(true)
        })
    }

    /// Leaves an occurrence that runs; `false`, and nothing is changed, without the lease.
    pub(crate) fn end_occurrence(
        &mut self,
        lease: &Lease<'_>,
        (record, end): (&OccurrenceRecord, &OccurrenceEnd<'_>),
        at: DateTime<Utc>,
    ) -> Result<bool, WarehouseError> {
        self.transaction("note how it ended", |tx| {
            if !renewed(tx, lease)? {
                return Ok(false);
            }
            let changed = tx.execute(
                "UPDATE occurrences SET state = ?3, attempt = ?4, next_at = ?5, reason = ?6, run = coalesce(?7, run),
                    finished_at = ?8
                 WHERE job = ?1 AND due_at = ?2 AND state = 'running'",
                params![
                    record.job,
                    instant(record.due_at),
                    end.state.word(),
                    end.attempt,
                    end.next_at.map(instant),
                    end.reason,
                    end.run,
                    end.state.is_final().then(|| instant(at)),
                ],
            )?;
            exactly_one(changed)?;
            Ok(true)
        })
    }
}

fn exactly_one(changed: usize) -> rusqlite::Result<()> {
    if changed == 1 { Ok(()) } else { Err(rusqlite::Error::StatementChangedRows(changed)) }
}

fn column(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    let mut query = connection.prepare_cached(sql)?;
    query.query_map([], |row| row.get(0))?.collect()
}

fn optional(row: &Row<'_>, name: &str) -> rusqlite::Result<Option<DateTime<Utc>>> {
    let set: Option<String> = row.get(name)?;
    set.map(|_| instant_of(row, name)).transpose()
}

fn schedule_of(row: &Row<'_>) -> rusqlite::Result<ScheduleRecord> {
    Ok(ScheduleRecord {
        job: row.get("job")?,
        spec_sha256: row.get("spec_sha256")?,
        since: instant_of(row, "since")?,
        accounted: optional(row, "accounted")?,
    })
}

fn occurrence_of(row: &Row<'_>) -> rusqlite::Result<OccurrenceRecord> {
    Ok(OccurrenceRecord {
        job: row.get("job")?,
        due_at: instant_of(row, "due_at")?,
        state: word(row, "state", OccurrenceState::from_word)?,
        attempt: row.get("attempt")?,
        started_at: optional(row, "started_at")?,
        next_at: optional(row, "next_at")?,
        finished_at: optional(row, "finished_at")?,
        reason: row.get("reason")?,
        run: row.get("run")?,
    })
}
