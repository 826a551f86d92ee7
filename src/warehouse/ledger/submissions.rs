//! What the ledger knows of records that were sent.

use super::Ledger;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::sqlite::{count_of, instant, instant_of, to_sql, word};
use crate::warehouse::submission::{Begun, NewSubmission, SubmissionAnswer, SubmissionRecord, SubmissionState};
use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, Transaction, named_params, params};

/// Why a record is in doubt that a dead process was sending.
const LOST: &str = "the process ended before the answer came";

/// The newest rows, oldest first.
const SUBMISSIONS: &str = "
    SELECT * FROM (
        SELECT * FROM submissions WHERE ?1 IS NULL OR (source = ?1 AND method = ?2) ORDER BY seq DESC LIMIT ?3)
    ORDER BY seq";

impl Ledger {
    pub(crate) fn submissions(
        &self,
        method: Option<(&str, &str)>,
        limit: Option<u32>,
    ) -> Result<Vec<SubmissionRecord>, WarehouseError> {
        self.call("list submissions", |connection| {
            let mut query = connection.prepare_cached(SUBMISSIONS)?;
            let (source, method) = method.unzip();
            let rows = query.query_map(params![source, method, limit.map_or(-1, i64::from)], record_of)?;
            rows.collect()
        })
    }

    pub(crate) fn ambiguous_submissions(
        &self,
        source: &str,
        method: &str,
    ) -> Result<Vec<SubmissionRecord>, WarehouseError> {
        self.call("list submissions in doubt", |connection| {
            let mut query = connection.prepare_cached(
                "SELECT * FROM submissions WHERE source = ?1 AND method = ?2 AND state = 'ambiguous' ORDER BY seq",
            )?;
            let rows = query.query_map([source, method], record_of)?;
            rows.collect()
        })
    }

    /// Marks as ambiguous what a dead process was sending; the caller holds the method's lock. How many there were.
    pub(crate) fn doubt_unfinished(
        &mut self,
        source: &str,
        method: &str,
        at: DateTime<Utc>,
    ) -> Result<usize, WarehouseError> {
        self.transaction("settle submissions", |tx| {
            tx.execute(
                "UPDATE submissions SET state = 'ambiguous', message = ?3, finished_at = ?4
                 WHERE source = ?1 AND method = ?2 AND state = 'sending'",
                params![source, method, LOST, instant(at)],
            )
        })
    }

    /// Enters a record as `sending` unless one of its key stands in the way.
    pub(crate) fn begin_submission(
        &mut self,
        (source, method): (&str, &str),
        new: &NewSubmission<'_>,
        at: DateTime<Utc>,
    ) -> Result<Begun, WarehouseError> {
        self.transaction("note a submission", |tx| {
            let standing = tx.query_row(
                "SELECT * FROM submissions WHERE source = ?1 AND method = ?2 AND key = ?3 AND state <> 'refused'",
                [source, method, new.key],
                record_of,
            );
            let seq = match standing.optional()? {
                Some(record) if may_be_sent(&record, new) => {
                    send_again(tx, record.seq, new, at)?;
                    record.seq
                }
                Some(record) => return Ok(Begun::Stands(Box::new(record))),
                None => {
                    insert(tx, (source, method), new, at)?;
                    u64::try_from(tx.last_insert_rowid()).unwrap_or_default()
                }
            };
            Ok(Begun::Sending(seq))
        })
    }

    pub(crate) fn finish_submission(
        &mut self,
        seq: u64,
        answer: &SubmissionAnswer<'_>,
        at: DateTime<Utc>,
    ) -> Result<(), WarehouseError> {
        self.transaction("note an answer", |tx| {
            let changed = tx.execute(
                "UPDATE submissions SET state = ?2, http_status = ?3, code = ?4, message = ?5, finished_at = ?6
                 WHERE seq = ?1 AND state IN ('sending', 'ambiguous')",
                params![
                    to_sql(seq),
                    answer.state.word(),
                    answer.http_status,
                    answer.code,
                    answer.message,
                    instant(at)
                ],
            )?;
            if changed == 1 { Ok(()) } else { Err(rusqlite::Error::StatementChangedRows(changed)) }
        })
    }

    /// An accepted record that was deleted at the source; `false` where there is none.
    pub(crate) fn forget_submission(
        &mut self,
        (source, method): (&str, &str),
        key: &str,
        message: &str,
        at: DateTime<Utc>,
    ) -> Result<bool, WarehouseError> {
        self.transaction("forget a submission", |tx| {
            let changed = tx.execute(
                "UPDATE submissions SET state = 'refused', message = ?4, finished_at = ?5
                 WHERE source = ?1 AND method = ?2 AND key = ?3 AND state = 'accepted'",
                params![source, method, key, message, instant(at)],
            )?;
            Ok(changed > 0)
        })
    }
}

fn may_be_sent(record: &SubmissionRecord, new: &NewSubmission<'_>) -> bool {
    match record.state {
        SubmissionState::Pending => true,
        SubmissionState::Ambiguous => new.although_ambiguous,
        SubmissionState::Sending | SubmissionState::Accepted | SubmissionState::Refused => false,
    }
}

fn send_again(tx: &Transaction<'_>, seq: u64, new: &NewSubmission<'_>, at: DateTime<Utc>) -> rusqlite::Result<()> {
    let mut update = tx.prepare_cached(
        "UPDATE submissions SET state = 'sending', attempts = attempts + 1, mark = :mark, log = :log,
            operator = :operator, sent_at = :at, http_status = NULL, code = NULL, message = NULL, finished_at = NULL
         WHERE seq = :seq",
    )?;
    update.execute(named_params! {
        ":seq": to_sql(seq),
        ":mark": new.mark,
        ":log": new.log,
        ":operator": new.operator,
        ":at": instant(at),
    })?;
    Ok(())
}

fn insert(
    tx: &Transaction<'_>,
    (source, method): (&str, &str),
    new: &NewSubmission<'_>,
    at: DateTime<Utc>,
) -> rusqlite::Result<()> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO submissions (source, method, key, mark, state, attempts, log, operator, created_at, sent_at)
         VALUES (:source, :method, :key, :mark, 'sending', 1, :log, :operator, :at, :at)",
    )?;
    insert.execute(named_params! {
        ":source": source,
        ":method": method,
        ":key": new.key,
        ":mark": new.mark,
        ":log": new.log,
        ":operator": new.operator,
        ":at": instant(at),
    })?;
    Ok(())
}

fn record_of(row: &Row<'_>) -> rusqlite::Result<SubmissionRecord> {
    let finished: Option<String> = row.get("finished_at")?;
    Ok(SubmissionRecord {
        seq: count_of(row, "seq")?,
        source: row.get("source")?,
        method: row.get("method")?,
        key: row.get("key")?,
        mark: row.get("mark")?,
        state: word(row, "state", SubmissionState::from_word)?,
        attempts: row.get("attempts")?,
        http_status: row.get("http_status")?,
        code: row.get("code")?,
        message: row.get("message")?,
        log: row.get("log")?,
        operator: row.get("operator")?,
        created_at: instant_of(row, "created_at")?,
        sent_at: instant_of(row, "sent_at")?,
        finished_at: finished.map(|_| instant_of(row, "finished_at")).transpose()?,
    })
}
