//! What one transaction of the writer does: pushes in, refused ones in, counters up, what is too much out.

use super::record::{InboxLimits, NewPush, NewRefused, PushId, PushOutcome, Receipt};
use crate::warehouse::sqlite::{instant, to_sql};
use chrono::{NaiveDate, TimeDelta};
use rusqlite::{Transaction, named_params, params};
use std::collections::BTreeMap;

/// Sealed bytes of refused pushes kept, whatever their number: a sender that errs must not fill the disk.
const REFUSED_BYTES_MAX: u64 = 256 << 20;

/// What is counted together: source, method, day, outcome.
pub(super) type TallyKey = (String, String, NaiveDate, PushOutcome);
/// Counters that are not in the store yet.
pub(super) type Counts = BTreeMap<TallyKey, u64>;

/// There is no room for a push: so many bytes are held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Full {
    pub(super) held: u64,
}

/// Stores one push, or finds that it is here already.
pub(super) fn insert_push(
    tx: &Transaction<'_>,
    push: &NewPush,
    limits: &InboxLimits,
) -> rusqlite::Result<Result<Receipt, Full>> {
    let id = PushId::of(&push.content);
    let (source, dataset) = (push.dataset.source(), push.dataset.dataset());
    let mut known = tx.prepare_cached("SELECT 1 FROM pushes WHERE source = ?1 AND dataset = ?2 AND content = ?3")?;
    if known.exists(params![source, dataset, push.content])? {
        return Ok(Ok(Receipt { id, known: true }));
    }
    let held: i64 = tx.prepare_cached("SELECT bodies_bytes FROM held")?.query_row([], |row| row.get(0))?;
    let (held, size) = (held.unsigned_abs(), push.sealed.len() as u64);
    if held.saturating_add(size) > limits.waiting_bytes_max {
        return Ok(Err(Full { held }));
    }
    // The highest number so far and one more, not a count: pushes that are forgotten must not give their numbers again.
    let mut insert = tx.prepare_cached(
        "INSERT INTO pushes (source, dataset, day, received_at, content, push_key, change, key_id, size_bytes)
         VALUES (:source, :dataset, :day, :at, :content, :key,
            (SELECT coalesce(max(change) + 1, 0) FROM pushes
             WHERE source = :source AND dataset = :dataset AND push_key = :key),
            :key_id, :size)",
    )?;
    insert.execute(named_params! {
        ":source": source,
        ":dataset": dataset,
        ":day": push.day.to_string(),
        ":at": instant(push.received_at),
        ":content": push.content,
        ":key": push.key,
        ":key_id": push.key_id,
        ":size": to_sql(size),
    })?;
    let mut body = tx.prepare_cached("INSERT INTO bodies (seq, sealed) VALUES (?1, ?2)")?;
    body.execute(params![tx.last_insert_rowid(), push.sealed])?;
    Ok(Ok(Receipt { id, known: false }))
}

/// Keeps a refused push, and lets go of what is too old or too much.
pub(super) fn insert_refused(
    tx: &Transaction<'_>,
    refused: &NewRefused,
    limits: &InboxLimits,
) -> rusqlite::Result<()> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO refused (source, dataset, received_at, columns, reason, key_id, sealed)
         VALUES (:source, :dataset, :at, :columns, :reason, :key_id, :sealed)",
    )?;
    insert.execute(named_params! {
        ":source": refused.dataset.source(),
        ":dataset": refused.dataset.dataset(),
        ":at": instant(refused.received_at),
        ":columns": serde_json::to_string(&refused.columns).expect("a list of texts is always JSON"),
        ":reason": refused.reason,
        ":key_id": refused.key_id,
        ":sealed": refused.sealed,
    })?;
    let newest = tx.last_insert_rowid();
    let since = refused.received_at - TimeDelta::days(i64::from(limits.refused_days));
    // Numbers are given in order and go from the oldest on, so there are none missing between.
    tx.prepare_cached("DELETE FROM refused WHERE seq <= ?1 OR received_at < ?2")?
        .execute(params![newest.saturating_sub(to_sql(limits.refused_max)), instant(since)])?;
    let_go(tx, REFUSED_BYTES_MAX)
}

/// Lets go of the oldest refused pushes until the rest has `bytes_max` sealed bytes at most.
pub(super) fn let_go(tx: &Transaction<'_>, bytes_max: u64) -> rusqlite::Result<()> {
    let held: i64 = tx.prepare_cached("SELECT refused_bytes FROM held")?.query_row([], |row| row.get(0))?;
    if held.unsigned_abs() > bytes_max {
        let mut delete = tx.prepare_cached(
            "DELETE FROM refused WHERE seq IN (SELECT seq FROM
                (SELECT seq, sum(length(sealed)) OVER (ORDER BY seq DESC) AS bytes FROM refused) WHERE bytes > ?1)",
        )?;
        delete.execute([to_sql(bytes_max)])?;
    }
    Ok(())
}

/// Adds to the counters.
pub(super) fn add_counts(tx: &Transaction<'_>, counts: &Counts) -> rusqlite::Result<()> {
    let mut add = tx.prepare_cached(
        "INSERT INTO tallies (source, method, day, outcome, pushes) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET pushes = pushes + excluded.pushes",
    )?;
    for ((source, method, day, outcome), pushes) in counts {
        add.execute(params![source, method, day.to_string(), outcome.word(), to_sql(*pushes)])?;
    }
    Ok(())
}
