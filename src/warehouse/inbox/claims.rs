//! Out of the store, exactly once: a run claims what waits, and when the ledger says that it is committed its pushes are
//! loaded; else they wait again. The claim is durable before the run reads a byte, so whatever dies between, the next run of
//! the dataset can tell from the ledger which it was. The dataset's lock is held by whoever claims.

use super::Inbox;
use super::record::{ClaimedPush, PushId, Settled, WaitingDay};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::id::{DatasetId, RunId};
use crate::warehouse::record::RunStatus;
use crate::warehouse::sqlite::{count_of, instant, instant_of, parsed, run_of, to_sql};
use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::{Row, Transaction, params};
use std::time::Duration;

/// Sealed bytes deleted in one transaction, up to the last push.
const EMPTIED_BYTES_MAX: u64 = 4 << 20;
/// Pushes whose bodies are deleted in one transaction.
const EMPTIED_PUSHES_MAX: u32 = 1_000;
/// Between two of them the store is free, for longer than a writer that found it busy waits before it asks again at first.
const BREATH: Duration = Duration::from_millis(5);

/// Where the ledger stands on a run; `None` where it does not know it.
type StatusOf<'a> = &'a dyn Fn(&RunId) -> Result<Option<RunStatus>, WarehouseError>;

impl Inbox {
    /// What waits for `dataset` and is not claimed, by day.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn waiting_days(&self, dataset: &DatasetId) -> Result<Vec<WaitingDay>, WarehouseError> {
        self.read("look for waiting pushes", |connection| {
            let mut query = connection.prepare_cached(
                "SELECT day, count(*) AS pushes, sum(size_bytes) AS bytes FROM pushes
                 WHERE source = ?1 AND dataset = ?2 AND state = 'waiting' GROUP BY day ORDER BY day",
            )?;
            let days = query.query_map([dataset.source(), dataset.dataset()], day_of)?;
            days.collect()
        })
    }

    /// Gives the run the `most` pushes of `dataset` that have waited longest; says how many there were.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn claim(&self, dataset: &DatasetId, run: &RunId, most: u64) -> Result<u64, WarehouseError> {
        self.write("claim pushes", |tx| {
            let claimed = tx.execute(
                "UPDATE pushes SET state = 'claimed', run = ?3 WHERE seq IN
                    (SELECT seq FROM pushes WHERE source = ?1 AND dataset = ?2 AND state = 'waiting'
                     ORDER BY seq LIMIT ?4)",
                params![dataset.source(), dataset.dataset(), run.as_str(), to_sql(most)],
            )?;
            Ok(claimed as u64)
        })
    }

    /// What the run has claimed, by day.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn claimed_days(&self, run: &RunId) -> Result<Vec<WaitingDay>, WarehouseError> {
        self.read("look for claimed pushes", |connection| {
            let mut query = connection.prepare_cached(
                "SELECT day, count(*) AS pushes, sum(size_bytes) AS bytes FROM pushes
                 WHERE run = ?1 AND state = 'claimed' GROUP BY day ORDER BY day",
            )?;
            let days = query.query_map([run.as_str()], day_of)?;
            days.collect()
        })
    }

    /// The pushes of one day that the run has claimed, in the order of their arrival, from the one behind `after` on: as many
    /// as have `bytes_max` sealed bytes together, and one at least. None are left when the answer is empty.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn claimed(
        &self,
        run: &RunId,
        day: NaiveDate,
        after: Option<u64>,
        bytes_max: u64,
    ) -> Result<Vec<ClaimedPush>, WarehouseError> {
        self.read("read claimed pushes", |connection| {
            let mut query = connection.prepare_cached(
                "SELECT p.seq, received_at, change, content, key_id, size_bytes, sealed
                 FROM pushes AS p JOIN bodies USING (seq)
                 WHERE run = ?1 AND day = ?2 AND state = 'claimed' AND p.seq > ?3 ORDER BY p.seq",
            )?;
            let mut rows = query.query(params![run.as_str(), day.to_string(), after.map_or(-1, to_sql)])?;
            let (mut pushes, mut bytes) = (Vec::new(), 0_u64);
            while let Some(row) = rows.next()? {
                bytes = bytes.saturating_add(count_of(row, "size_bytes")?);
                if bytes > bytes_max && !pushes.is_empty() {
                    break;
                }
                pushes.push(claimed_of(row)?);
            }
            Ok(pushes)
        })
    }

    /// Settles what runs claimed that never told what became of them. Pushes of a committed run are loaded and their bodies
    /// deleted; those of a run that ended otherwise, or that the ledger does not know, wait again; those of a run that is
    /// still at work or `committing` stay claimed.
    ///
    /// # Errors
    /// When the store cannot be written, or `status_of` fails.
    pub fn settle_claims(&self, dataset: &DatasetId, status_of: StatusOf<'_>) -> Result<Settled, WarehouseError> {
        let runs: Vec<RunId> = self.read("look for claims", |connection| {
            let mut query = connection.prepare_cached(
                "SELECT DISTINCT run FROM pushes WHERE state = 'claimed' AND source = ?1 AND dataset = ?2 ORDER BY run",
            )?;
            let runs = query.query_map([dataset.source(), dataset.dataset()], |row| run_of(row, "run"))?;
            runs.collect()
        })?;
        let mut settled = Settled::default();
        for run in runs {
            match status_of(&run)? {
                Some(RunStatus::Committed) => settled.loaded += self.mark_loaded(&run, run.began_at())?,
                Some(RunStatus::Running | RunStatus::Committing) => {
                    settled.claimed += self.claimed_days(&run)?.iter().map(|day| day.pushes).sum::<u64>();
                }
                Some(RunStatus::Unchanged | RunStatus::Empty | RunStatus::Held | RunStatus::Failed) | None => {
                    settled.waiting += self.release(&run)?;
                }
            }
        }
        self.empty_loaded()?;
        Ok(settled)
    }

    /// The run is committed: what it claimed is loaded, and the bodies are deleted. Says how many pushes those were.
    ///
    /// # Errors
    /// When the store cannot be written; [`Inbox::settle_claims`] makes up for it.
    pub fn loaded(&self, run: &RunId, at: DateTime<Utc>) -> Result<u64, WarehouseError> {
        self.mark_loaded(run, Some(at))
    }

    fn mark_loaded(&self, run: &RunId, at: Option<DateTime<Utc>>) -> Result<u64, WarehouseError> {
        let loaded = self.write("note loaded pushes", |tx| {
            let loaded = tx.execute(
                "UPDATE pushes SET state = 'loaded', loaded_at = ?2 WHERE run = ?1 AND state = 'claimed'",
                params![run.as_str(), at.map(instant)],
            )?;
            Ok(loaded as u64)
        })?;
        self.empty_loaded()?;
        Ok(loaded)
    }

    /// Deletes the bodies of loaded pushes, a few a transaction: overwriting them takes time, and meanwhile nobody who brings
    /// a push gets an answer. What a dead process left of them goes with the next.
    fn empty_loaded(&self) -> Result<(), WarehouseError> {
        while self.write("delete loaded pushes", empty_some)? {
            std::thread::sleep(BREATH);
        }
        Ok(())
    }

    /// The run published nothing and never will: what it claimed waits again. Not for a run whose commit broke off, which
    /// the next run takes to its end. Says how many pushes those were.
    ///
    /// # Errors
    /// When the store cannot be written; [`Inbox::settle_claims`] makes up for it.
    pub fn release(&self, run: &RunId) -> Result<u64, WarehouseError> {
        self.write("release pushes", |tx| {
            let released = tx.execute(
                "UPDATE pushes SET state = 'waiting', run = NULL WHERE run = ?1 AND state = 'claimed'",
                [run.as_str()],
            )?;
            Ok(released as u64)
        })
    }

    /// Forgets loaded pushes received before `before`: the same content would be stored again, and where no later push of
    /// a key is remembered its changes are counted from 0. Says how many went.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn forget(&self, before: DateTime<Utc>) -> Result<u64, WarehouseError> {
        self.write("forget loaded pushes", |tx| {
            delete(tx, "DELETE FROM pushes WHERE state = 'loaded' AND has_body = 0 AND received_at < ?1", before)
        })
    }

    /// Lets go of refused pushes received before `before`. Says how many went.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn forget_refused(&self, before: DateTime<Utc>) -> Result<u64, WarehouseError> {
        self.write("forget refused pushes", |tx| delete(tx, "DELETE FROM refused WHERE received_at < ?1", before))
    }
}

/// Deletes the oldest bodies of loaded pushes; says whether there may be more.
fn empty_some(tx: &Transaction<'_>) -> rusqlite::Result<bool> {
    let mut query = tx.prepare_cached(
        "SELECT seq, size_bytes FROM pushes WHERE state = 'loaded' AND has_body = 1 ORDER BY seq LIMIT ?1",
    )?;
    let mut rows = query.query([EMPTIED_PUSHES_MAX])?;
    let (mut bytes, mut last) = (0_u64, None);
    while let Some(row) = rows.next()?
        && bytes < EMPTIED_BYTES_MAX
    {
        bytes += count_of(row, "size_bytes")?;
        last = Some(row.get::<_, i64>("seq")?);
    }
    let Some(last) = last else { return Ok(false) };
    let those = "state = 'loaded' AND has_body = 1 AND seq <= ?1";
    tx.execute(&format!("DELETE FROM bodies WHERE seq IN (SELECT seq FROM pushes WHERE {those})"), [last])?;
    tx.execute(&format!("UPDATE pushes SET has_body = 0 WHERE {those}"), [last])?;
    Ok(true)
}

fn delete(tx: &Transaction<'_>, statement: &str, before: DateTime<Utc>) -> rusqlite::Result<u64> {
    tx.execute(statement, [instant(before)]).map(|n| n as u64)
}

fn day_of(row: &Row<'_>) -> rusqlite::Result<WaitingDay> {
    Ok(WaitingDay {
        day: parsed(row, "day", |text: String| text.parse())?,
        pushes: count_of(row, "pushes")?,
        bytes: count_of(row, "bytes")?,
    })
}

fn claimed_of(row: &Row<'_>) -> rusqlite::Result<ClaimedPush> {
    let content = row.get("content")?;
    Ok(ClaimedPush {
        seq: count_of(row, "seq")?,
        id: PushId::of(&content),
        received_at: instant_of(row, "received_at")?,
        change: count_of(row, "change")?,
        content,
        key_id: row.get("key_id")?,
        sealed: row.get("sealed")?,
    })
}
