//! What the ledger knows of mail that goes out, and of who sends it.

use super::Ledger;
use super::leases::renewed;
use crate::warehouse::delivery::{
    Deliveries, DeliveryChange, DeliveryKind, DeliveryRecord, DeliveryStage, DeliveryState, Kept, MailAddress,
    NewDelivery,
};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::sqlite::{count_of, instant, instant_of, to_sql, word};
use crate::warehouse::turn::Lease;
use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::{Row, Transaction, named_params, params};

const DELIVERIES: &str = "
    SELECT * FROM deliveries
    WHERE (?1 IS NULL OR edition = ?1 OR (?4 AND edition > ?1 || '-' AND edition < ?1 || '.')) AND (?2 IS NULL OR message_id = ?2)
        AND (NOT ?3 OR state IN ('pending', 'sending', 'retry'))
    ORDER BY seq";

/// What stands of a message already: for an edition any of the same recipient, else the same message.
const STANDING: &str = "
    SELECT EXISTS (SELECT 1 FROM deliveries WHERE message_id = ?4
        OR (?1 = 'edition' AND kind = 'edition' AND edition = ?2 AND lower(recipient) = lower(?3)))";

const CHANGE: &str = "
    UPDATE deliveries SET state = :to, stage = :stage, attempts = :attempts, retry_at = :retry_at, due_since = :due_since,
        reply_code = :code, reply = :reply, resent_by = coalesce(:resent_by, resent_by),
        sent_at = CASE WHEN :begins THEN :at ELSE sent_at END,
        finished_at = CASE WHEN :ends THEN :at END,
        told_at = CASE WHEN :ends THEN told_at END
    WHERE seq = :seq AND state = :from";

/// Whether it is the edition for everybody: what its variants are called begins with its name.
fn ends_with_date(edition: &str) -> bool {
    let from = edition.len().saturating_sub("2026-10-31".len());
    edition.get(from..).is_some_and(|date| date.parse::<NaiveDate>().is_ok())
}

impl Ledger {
    /// Deliveries in the order they were laid in; with `open`, only those not in a final state.
    pub(crate) fn deliveries(
        &self,
        which: Deliveries<'_>,
        open: bool,
    ) -> Result<Vec<DeliveryRecord>, WarehouseError> {
        let (edition, message) = match which {
            Deliveries::All => (None, None),
            Deliveries::Edition(edition) => (Some(edition), None),
            Deliveries::Message(id) => (None, Some(id)),
        };
        self.call("list deliveries", |connection| {
            let mut query = connection.prepare_cached(DELIVERIES)?;
            query
                .query_map(params![edition, message, open, edition.is_some_and(ends_with_date)], record_of)?
                .collect()
        })
    }

    /// Of each message whether it is there already.
    pub(crate) fn standing_deliveries(&self, messages: &[NewDelivery<'_>]) -> Result<Vec<bool>, WarehouseError> {
        self.call("look for deliveries", |connection| {
            let mut query = connection.prepare_cached(STANDING)?;
            let stands = |new: &NewDelivery<'_>| {
                query
                    .query_row(params![new.kind.word(), new.edition, new.recipient, new.message_id], |row| row.get(0))
            };
            messages.iter().map(stands).collect()
        })
    }

    /// Enters messages whose files are durable.
    pub(crate) fn insert_deliveries(
        &mut self,
        messages: &[Kept<'_>],
        operator: &str,
        at: DateTime<Utc>,
    ) -> Result<(), WarehouseError> {
        self.transaction("note deliveries", |tx| {
            let mut insert = tx.prepare_cached(
                "INSERT INTO deliveries (kind, edition, recipient, message_id, file, sha256, size_bytes, state, attempts,
                    operator, created_at, due_since)
                 VALUES (:kind, :edition, :recipient, :message_id, :file, :sha256, :size, 'pending', 0, :operator, :at, :at)",
            )?;
            for Kept { new, file, sha256 } in messages {
                insert.execute(named_params! {
                    ":kind": new.kind.word(),
                    ":edition": new.edition,
                    ":recipient": new.recipient,
                    ":message_id": new.message_id,
                    ":file": file,
                    ":sha256": sha256,
                    ":size": to_sql(new.eml.len() as u64),
                    ":operator": operator,
                    ":at": instant(at),
                })?;
            }
            Ok(())
        })
    }

    /// Moves rows and renews the lease; `false`, and nothing is changed, where somebody else holds it.
    pub(crate) fn change_deliveries(
        &mut self,
        lease: &Lease<'_>,
        changes: &[DeliveryChange<'_>],
        at: DateTime<Utc>,
    ) -> Result<bool, WarehouseError> {
        self.transaction("move deliveries", |tx| {
            if !renewed(tx, lease)? {
                return Ok(false);
            }
            changes.iter().try_for_each(|change| apply(tx, change, at))?;
            Ok(true)
        })
    }

    pub(crate) fn untold_deliveries(&self) -> Result<Vec<DeliveryRecord>, WarehouseError> {
        self.call("list deliveries that failed", |connection| {
            let mut query = connection.prepare_cached(
                "SELECT * FROM deliveries
                 WHERE kind = 'edition' AND state IN ('refused', 'ambiguous', 'given_up') AND told_at IS NULL ORDER BY seq",
            )?;
            query.query_map([], record_of)?.collect()
        })
    }

    pub(crate) fn note_told(&mut self, about: &[DeliveryRecord], at: DateTime<Utc>) -> Result<(), WarehouseError> {
        self.transaction("note an alert", |tx| {
            let mut update = tx.prepare_cached("UPDATE deliveries SET told_at = ?2 WHERE seq = ?1")?;
            about.iter().try_for_each(|one| update.execute(params![to_sql(one.seq), instant(at)]).map(|_| ()))
        })
    }
}

fn apply(tx: &Transaction<'_>, change: &DeliveryChange<'_>, at: DateTime<Utc>) -> rusqlite::Result<()> {
    let begins = change.to == DeliveryState::Sending && change.from != DeliveryState::Sending;
    let changed = tx.prepare_cached(CHANGE)?.execute(named_params! {
        ":seq": to_sql(change.seq),
        ":from": change.from.word(),
        ":to": change.to.word(),
        ":stage": change.stage.map(DeliveryStage::word),
        ":attempts": change.attempts,
        ":retry_at": change.retry_at.map(instant),
        ":due_since": instant(change.due_since),
        ":code": change.reply_code,
        ":reply": change.reply.map(MailAddress::mask_all),
        ":resent_by": change.resent_by,
        ":begins": begins,
        ":ends": change.to.is_final(),
        ":at": instant(at),
    })?;
    // Another state than believed: somebody else moved it, and what was to happen must not.
    if changed == 1 { Ok(()) } else { Err(rusqlite::Error::StatementChangedRows(changed)) }
}

pub(super) fn record_of(row: &Row<'_>) -> rusqlite::Result<DeliveryRecord> {
    let optional = |name: &str| {
        let set: Option<String> = row.get(name)?;
        set.map(|_| instant_of(row, name)).transpose()
    };
    let stage: Option<String> = row.get("stage")?;
    Ok(DeliveryRecord {
        seq: count_of(row, "seq")?,
        kind: word(row, "kind", DeliveryKind::from_word)?,
        edition: row.get("edition")?,
        recipient: MailAddress::new(row.get::<_, String>("recipient")?),
        message_id: row.get("message_id")?,
        file: row.get("file")?,
        sha256: row.get("sha256")?,
        size_bytes: count_of(row, "size_bytes")?,
        state: word(row, "state", DeliveryState::from_word)?,
        stage: stage.map(|_| word(row, "stage", DeliveryStage::from_word)).transpose()?,
        attempts: row.get("attempts")?,
        retry_at: optional("retry_at")?,
        reply_code: row.get("reply_code")?,
        reply: row.get("reply")?,
        operator: row.get("operator")?,
        resent_by: row.get("resent_by")?,
        created_at: instant_of(row, "created_at")?,
        due_since: instant_of(row, "due_since")?,
        sent_at: optional("sent_at")?,
        finished_at: optional("finished_at")?,
    })
}
