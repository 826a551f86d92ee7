//! What people ask of the inbox: what waits and since when, what was refused and why, how often which call ended how.

use super::Inbox;
use super::record::{InboxStatus, InboxTally, InboxWaiting, PushOutcome, RefusedPush};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::sqlite::{count_of, dataset_of, instant_of, parsed, to_sql, word};
use rusqlite::{OptionalExtension, Row};
use std::collections::BTreeSet;

/// A refused push alone makes a dataset appear, too.
const STATUS: &str = "
    SELECT source, dataset, sum(waiting) AS waiting, sum(waiting_bytes) AS waiting_bytes,
        min(oldest_waiting) AS oldest_waiting, sum(loaded) AS loaded, max(last_loaded) AS last_loaded,
        sum(refused) AS refused
    FROM (
        SELECT source, dataset, count(*) FILTER (WHERE state <> 'loaded') AS waiting,
            coalesce(sum(size_bytes) FILTER (WHERE state <> 'loaded'), 0) AS waiting_bytes,
            min(received_at) FILTER (WHERE state <> 'loaded') AS oldest_waiting,
            count(*) FILTER (WHERE state = 'loaded') AS loaded, max(loaded_at) AS last_loaded, 0 AS refused
        FROM pushes GROUP BY source, dataset
        UNION ALL
        SELECT source, dataset, 0, 0, NULL, 0, NULL, count(*) FROM refused GROUP BY source, dataset)
    GROUP BY source, dataset ORDER BY source, dataset";

/// What is loaded is not looked at: of that there may be a year's.
const WAITING: &str = "
    SELECT source, dataset, sum(pushes) AS pushes, sum(bytes) AS bytes, min(oldest) AS oldest, sum(refused) AS refused
    FROM (
        SELECT source, dataset, count(*) AS pushes, sum(size_bytes) AS bytes, min(received_at) AS oldest, 0 AS refused
        FROM pushes WHERE state = 'waiting' GROUP BY source, dataset
        UNION ALL
        SELECT source, dataset, count(*), sum(size_bytes), min(received_at), 0
        FROM pushes WHERE state = 'claimed' GROUP BY source, dataset
        UNION ALL
        SELECT source, dataset, 0, 0, NULL, count(*) FROM refused GROUP BY source, dataset)
    GROUP BY source, dataset ORDER BY source, dataset";

impl Inbox {
    /// What waits and what was refused, of the datasets of which there is any; cheap, however much was loaded before.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn inbox_waiting(&self) -> Result<Vec<InboxWaiting>, WarehouseError> {
        self.read("look at what waits", |connection| {
            let mut query = connection.prepare_cached(WAITING)?;
            let rows = query.query_map([], waiting_of)?;
            rows.collect()
        })
    }

    /// How every dataset stands that ever was pushed to, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn inbox_status(&self) -> Result<Vec<InboxStatus>, WarehouseError> {
        self.read("look at the inbox", |connection| {
            let mut query = connection.prepare_cached(STATUS)?;
            let rows = query.query_map([], status_of)?;
            rows.collect()
        })
    }

    /// How often calls ended how, by source, method, day and outcome. The running server's latest ones come a little late.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn inbox_tallies(&self) -> Result<Vec<InboxTally>, WarehouseError> {
        self.read("read the counters", |connection| {
            let mut query =
                connection.prepare_cached("SELECT * FROM tallies ORDER BY source, method, day, outcome")?;
            let rows = query.query_map([], tally_of)?;
            rows.collect()
        })
    }

    /// The `limit` newest refused pushes, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn refused(&self, limit: u64) -> Result<Vec<RefusedPush>, WarehouseError> {
        self.read("list refused pushes", |connection| {
            let mut query = connection.prepare_cached(
                "SELECT seq, source, dataset, received_at, columns, reason, key_id FROM refused
                 ORDER BY seq DESC LIMIT ?1",
            )?;
            let rows = query.query_map([to_sql(limit)], refused_of)?;
            rows.collect()
        })
    }

    /// The sealed body of a refused push and the id of the key that sealed it; `None` where it is not kept any more.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn refused_original(&self, id: u64) -> Result<Option<(String, Vec<u8>)>, WarehouseError> {
        self.read("read a refused push", |connection| {
            let mut query = connection.prepare_cached("SELECT key_id, sealed FROM refused WHERE seq = ?1")?;
            query.query_row([to_sql(id)], |row| Ok((row.get("key_id")?, row.get("sealed")?))).optional()
        })
    }

    /// The ids of the keys that pushes which are not loaded yet are sealed with.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn key_ids_waiting(&self) -> Result<BTreeSet<String>, WarehouseError> {
        self.read("look for waiting pushes", |connection| {
            let mut query =
                connection.prepare_cached("SELECT DISTINCT key_id FROM pushes WHERE state <> 'loaded'")?;
            let rows = query.query_map([], |row| row.get(0))?;
            rows.collect()
        })
    }
}

fn status_of(row: &Row<'_>) -> rusqlite::Result<InboxStatus> {
    let instant = |name: &str| {
        let text: Option<String> = row.get(name)?;
        text.map(|_| instant_of(row, name)).transpose()
    };
    Ok(InboxStatus {
        dataset: dataset_of(row)?,
        waiting: count_of(row, "waiting")?,
        waiting_bytes: count_of(row, "waiting_bytes")?,
        oldest_waiting: instant("oldest_waiting")?,
        loaded: count_of(row, "loaded")?,
        last_loaded: instant("last_loaded")?,
        refused: count_of(row, "refused")?,
    })
}

fn waiting_of(row: &Row<'_>) -> rusqlite::Result<InboxWaiting> {
    let oldest: Option<String> = row.get("oldest")?;
    Ok(InboxWaiting {
        dataset: dataset_of(row)?,
        pushes: count_of(row, "pushes")?,
        bytes: count_of(row, "bytes")?,
        oldest: oldest.map(|_| instant_of(row, "oldest")).transpose()?,
        refused: count_of(row, "refused")?,
    })
}

fn tally_of(row: &Row<'_>) -> rusqlite::Result<InboxTally> {
    Ok(InboxTally {
        source: row.get("source")?,
        method: row.get("method")?,
        day: parsed(row, "day", |text: String| text.parse())?,
        outcome: word(row, "outcome", PushOutcome::from_word)?,
        pushes: count_of(row, "pushes")?,
    })
}

fn refused_of(row: &Row<'_>) -> rusqlite::Result<RefusedPush> {
    Ok(RefusedPush {
        id: count_of(row, "seq")?,
        dataset: dataset_of(row)?,
        received_at: instant_of(row, "received_at")?,
        columns: parsed(row, "columns", |text: String| serde_json::from_str(&text))?,
        reason: row.get("reason")?,
        key_id: row.get("key_id")?,
    })
}
