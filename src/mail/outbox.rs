//! The outbox: messages are laid in, durably, and the one sender takes up what is due.
//!
//! Before an attempt its row says `sending`; before the final dot it says so as well; after the reply it says how it went. Each
//! of these is durable before the next step, so a process may die anywhere: the next sender finds in the row whether the
//! server may have the message.

mod burst;

use super::road::Road;
use super::state::{self, Event, Next, RetryPolicy};
use super::{Address, MailError, Outgoing, alert};
use crate::clock::Clock;
use crate::config::{Credentials, MailSettings};
use crate::warehouse::{
    Deliveries, DeliveryChange, DeliveryKind, DeliveryRecord, DeliveryState, Enqueued, MailAddress, NewDelivery,
    OutboxLog, Warehouse,
};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// Seconds that a sender may be silent beyond the longest delivery before another machine believes it dead.
const LEASE_SLACK_SECS: u64 = 60;

/// What a row says of an attempt whose process died.
const DIED: &str = "the process ended before the attempt did";

/// Who watches a sender.
pub trait Watch: Sync {
    /// Whether somebody said stop: the message at hand is finished, nothing more is begun.
    fn stop_asked(&self) -> bool;
    /// An attempt ended; this is how the delivery stands now.
    fn done(&self, record: &DeliveryRecord);
    /// Something that a person should know; no address in full is in it.
    fn note(&self, text: &str);
}

/// Why sending ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// Somebody said so.
    Asked,
    /// The server refuses who sends.
    Unauthorised(String),
    /// The server cannot be reached, or takes nobody in.
    Unavailable(String),
    /// Too many connections in a row were lost in the middle of a message.
    Lost,
}

/// What the operator wants to go again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Again {
    /// What was refused or given up, and what waits for its time.
    pub failed: bool,
    /// What may have arrived.
    pub ambiguous: bool,
}

/// Lays `messages` in the outbox of `warehouse`, durably: from here on no crash loses them. A message that is there already
/// (an edition's: to the same recipient) stays as it was laid in first.
///
/// # Errors
/// [`MailError::Twice`] when two messages are for the same recipient of an edition, [`MailError::BareLineEnd`] for a message that
/// cannot go over the wire as it is, or when the disk or the ledger refuses: then none of them is in.
pub fn lay_in(
    warehouse: &Warehouse,
    kind: DeliveryKind,
    messages: &[Outgoing],
    operator: &str,
    now: DateTime<Utc>,
) -> Result<Enqueued, MailError> {
    let mut seen = BTreeMap::new();
    for message in messages {
        let recipient = message.recipient.to_string();
        let masked = || MailAddress::new(&recipient).masked();
        if !has_only_crlf(&message.eml) {
            return Err(MailError::BareLineEnd { edition: message.edition.clone(), recipient: masked() });
        }
        let key = (message.edition.as_str(), recipient.to_ascii_lowercase());
        if kind == DeliveryKind::Edition && seen.insert(key, ()).is_some() {
            return Err(MailError::Twice { edition: message.edition.clone(), recipient: masked() });
        }
    }
    let recipients: Vec<String> = messages.iter().map(|message| message.recipient.to_string()).collect();
    let new: Vec<NewDelivery<'_>> =
        messages.iter().zip(&recipients).map(|(message, recipient)| new_delivery(kind, message, recipient)).collect();
    Ok(warehouse.lay_in_outbox(&new, operator, now)?)
}

fn new_delivery<'a>(kind: DeliveryKind, message: &'a Outgoing, recipient: &'a str) -> NewDelivery<'a> {
    let Outgoing { edition, message_id, eml, .. } = message;
    NewDelivery { kind, edition, recipient, message_id, eml }
}

/// Whether every line ends with CRLF, and neither of the two stands alone.
fn has_only_crlf(eml: &[u8]) -> bool {
    let lone_lf = eml.iter().enumerate().any(|(i, byte)| *byte == b'\n' && (i == 0 || eml[i - 1] != b'\r'));
    let lone_cr = eml.iter().enumerate().any(|(i, byte)| *byte == b'\r' && eml.get(i + 1) != Some(&b'\n'));
    !lone_lf && !lone_cr
}

/// Looks whether mail could leave: the settings and the password and, unless `offline`, the server up to the login. Nothing is sent.
///
/// # Errors
/// When a setting or the password is missing.
pub async fn probe(
    settings: &MailSettings,
    credentials: &Credentials,
    offline: bool,
) -> Result<Option<Stopped>, MailError> {
    for (key, text) in [("from", Some(&settings.from)), ("operator", settings.operator.as_ref())] {
        text.map(|text| address(key, text)).transpose()?;
    }
    let road = Road::new(settings, credentials)?;
    if offline {
        return Ok(None);
    }
    match road.open().await {
        Ok(line) => {
            line.close().await;
            Ok(None)
        }
        Err(fault) => Ok(Some(burst::stopped(&fault))),
    }
}

/// Settles deliveries in doubt that were found at the receiver's: they count as accepted from here on. How many of `numbers` were
/// in doubt.
///
/// # Errors
/// When somebody sends at the moment, or the ledger cannot be written.
pub fn arrived(
    warehouse: &Warehouse,
    numbers: &[u64],
    operator: &str,
    now: DateTime<Utc>,
) -> Result<usize, MailError> {
    let log = warehouse.outbox(seconds(LEASE_SLACK_SECS), now)?;
    let said = format!("found at the receiver's, says {operator}");
    // No time plays a part in this move.
    let [backoff, backoff_max, give_up_after] = [TimeDelta::zero(); 3];
    let policy = RetryPolicy { backoff, backoff_max, give_up_after };
    let records = log.deliveries(Deliveries::All)?;
    let changes: Vec<DeliveryChange<'_>> = records
        .iter()
        .filter(|record| numbers.contains(&record.seq))
        .filter_map(|record| {
            let next = state::next(record, Event::Arrived, now, &policy)?;
            Some(change(record, &next, Said { text: Some(&said), ..Said::of(record) }))
        })
        .collect();
    log.apply(&changes, now)?;
    Ok(changes.len())
}

/// The one sender of an outbox.
pub struct Outbox {
    log: OutboxLog,
    road: Road,
    from: Address,
    operator: Option<Address>,
    policy: RetryPolicy,
    clock: Clock,
}

impl Outbox {
    /// Takes the outbox in hand. What a dead process was sending goes again where its final dot had not left, and is ambiguous
    /// where it may have.
    ///
    /// # Errors
    /// When another process sends, a setting or the password is missing, or the ledger cannot be written.
    pub fn open(
        warehouse: &Warehouse,
        settings: &MailSettings,
        credentials: &Credentials,
        clock: Clock,
    ) -> Result<Self, MailError> {
        let road = Road::new(settings, credentials)?;
        let longest = settings.smtp.as_ref().map_or(0, |smtp| smtp.timeouts.total()) + LEASE_SLACK_SECS;
        let outbox = Self {
            from: address("from", &settings.from)?,
            operator: settings.operator.as_deref().map(|text| address("operator", text)).transpose()?,
            policy: RetryPolicy {
                backoff: seconds(settings.retry.backoff_secs),
                backoff_max: seconds(settings.retry.backoff_max_secs),
                give_up_after: seconds(settings.retry.give_up_hours.saturating_mul(3_600)),
            },
            log: warehouse.outbox(seconds(longest), clock.now())?,
            road,
            clock,
        };
        outbox.recover()?;
        Ok(outbox)
    }

    fn recover(&self) -> Result<(), MailError> {
        for record in self.log.open_deliveries(Deliveries::All)? {
            if record.state != DeliveryState::Sending {
                continue;
            }
            let recovered = self.step(&record, Event::Died, Said { text: Some(DIED), ..Said::default() })?;
            if let Some(record) = recovered {
                tracing::warn!("a process died with this delivery in hand: {}", alert::line(&record));
            }
        }
        Ok(())
    }

    /// Lets deliveries of `edition` go again; how many there are of each kind of doubt stands in the log. `operator`: who says
    /// so.
    ///
    /// # Errors
    /// When the ledger cannot be read or written.
    pub fn again(&self, edition: &str, again: Again, operator: &str) -> Result<Vec<DeliveryRecord>, MailError> {
        let mut moved = Vec::new();
        for record in self.log.deliveries(Deliveries::Edition(edition))? {
            let doubtful = record.state == DeliveryState::Ambiguous;
            let meant = if doubtful { again.ambiguous } else { again.failed };
            if !meant || record.kind != DeliveryKind::Edition {
                continue;
            }
            let said = Said { resent_by: doubtful.then_some(operator), ..Said::of(&record) };
            if let Some(after) = self.step(&record, Event::Again { ambiguous: doubtful }, said)? {
                if doubtful {
                    tracing::warn!(operator, "sent again although it may have arrived: {}", alert::line(&after));
                }
                moved.push(record);
            }
        }
        Ok(moved)
    }

    /// Moves a delivery by `event`, durably; `None` where the event does not move it.
    fn step(
        &self,
        record: &DeliveryRecord,
        event: Event,
        said: Said<'_>,
    ) -> Result<Option<DeliveryRecord>, MailError> {
        let now = self.clock.now();
        let Some(next) = state::next(record, event, now, &self.policy) else { return Ok(None) };
        let change = change(record, &next, said);
        self.log.apply(&[change], now)?;
        Ok(Some(after(record, &change)))
    }

    /// Tells the operator of bad ends nobody was told of: a line in the log for each, and one mail.
    fn tell(&self) -> Result<(), MailError> {
        let bad = self.log.untold()?;
        if bad.is_empty() {
            return Ok(());
        }
        for record in &bad {
            tracing::error!("{}", alert::line(record));
        }
        let now = self.clock.now();
        let message = self.operator.as_ref().and_then(|operator| alert::alert(&self.from, operator, &bad, now));
        let recipient = message.as_ref().map(|message| message.recipient.to_string()).unwrap_or_default();
        let new = message.as_ref().map(|message| new_delivery(DeliveryKind::Alert, message, &recipient));
        self.log.told(&bad, new.as_ref(), now)?;
        Ok(())
    }
}

fn address(key: &'static str, text: &str) -> Result<Address, MailError> {
    text.parse::<Address>().map_err(|error| MailError::Address { key, reason: error.to_string() })
}

fn seconds(n: u64) -> TimeDelta {
    TimeDelta::try_seconds(i64::try_from(n).unwrap_or(i64::MAX)).unwrap_or(TimeDelta::MAX)
}

/// What was said of a delivery when it moved.
#[derive(Debug, Clone, Copy, Default)]
struct Said<'a> {
    code: Option<u16>,
    text: Option<&'a str>,
    resent_by: Option<&'a str>,
}

impl<'a> Said<'a> {
    /// What was said last.
    fn of(record: &'a DeliveryRecord) -> Self {
        Self { code: record.reply_code, text: record.reply.as_deref(), resent_by: None }
    }
}

fn change<'a>(record: &DeliveryRecord, next: &Next, said: Said<'a>) -> DeliveryChange<'a> {
    DeliveryChange {
        seq: record.seq,
        from: record.state,
        to: next.state,
        stage: next.stage,
        attempts: next.attempts,
        retry_at: next.retry_at,
        due_since: next.due_since,
        reply_code: said.code,
        reply: said.text,
        resent_by: said.resent_by,
    }
}

/// `record` after `change`, but for the times, which the ledger knows.
fn after(record: &DeliveryRecord, change: &DeliveryChange<'_>) -> DeliveryRecord {
    DeliveryRecord {
        state: change.to,
        stage: change.stage,
        attempts: change.attempts,
        retry_at: change.retry_at,
        due_since: change.due_since,
        reply_code: change.reply_code,
        reply: change.reply.map(MailAddress::mask_all),
        ..record.clone()
    }
}

#[cfg(test)]
mod tests;
