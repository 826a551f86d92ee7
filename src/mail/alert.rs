//! What the operator is told: deliveries that came to a bad end, one mail for all of a run, and notes of others. Addresses are masked; the number is
//! that of `lumbung report deliveries`.

use super::{Address, Outgoing};
use crate::warehouse::{DeliveryRecord, DeliveryState};
use chrono::{DateTime, Utc};
use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};
use std::time::SystemTime;

/// Deliveries that an alert names; more are counted.
const NAMED_MAX: usize = 50;

/// The mail about `bad`; `None` where lettre refuses it. Its Message-ID follows from what it is about, so that laying it in
/// twice makes one.
pub(super) fn alert(
    from: &Address,
    operator: &Address,
    bad: &[DeliveryRecord],
    now: DateTime<Utc>,
) -> Option<Outgoing> {
    let mut hash = Sha256::new();
    for record in bad {
        hash.update(format!("{} {} {}\n", record.message_id, record.state.word(), record.attempts));
    }
    let digest: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let subject = format!("lumbung: {} deliveries need you", bad.len());
    message((from, operator), &format!("alert.{digest}"), (&subject, body(bad)), now)
}

/// A note to the operator about something else than deliveries; `None` where lettre refuses it. `about` tells notes apart: laying
/// in the same one twice makes one.
#[must_use]
pub fn note(
    (from, operator): (&Address, &Address),
    about: &str,
    (subject, body): (&str, String),
    now: DateTime<Utc>,
) -> Option<Outgoing> {
    let digest: String = Sha256::digest(about).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    message((from, operator), &format!("note.{digest}"), (subject, body), now)
}

fn message(
    (from, operator): (&Address, &Address),
    name: &str,
    (subject, body): (&str, String),
    now: DateTime<Utc>,
) -> Option<Outgoing> {
    let message_id = format!("<{name}@{}>", from.domain());
    let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
    let message = Message::builder()
        .from(from.clone().into())
        .to(operator.clone().into())
        .date(SystemTime::from(now))
        .message_id(Some(message_id.clone()))
        .subject(subject)
        .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
        .header(ContentType::TEXT_PLAIN)
        .body(body);
    let eml = message.ok()?.formatted();
    Some(Outgoing { edition: format!("alert-{}", now.date_naive()), recipient: operator.clone(), message_id, eml })
}

fn body(bad: &[DeliveryRecord]) -> String {
    let mut text = "These deliveries will not go on by themselves.\n\n".to_owned();
    for record in bad.iter().take(NAMED_MAX) {
        text.push_str(&format!("{}\n", line(record)));
    }
    if bad.len() > NAMED_MAX {
        text.push_str(&format!("... and {} more\n", bad.len() - NAMED_MAX));
    }
    text.push_str(
        "\nambiguous: nobody knows whether it arrived. Look for its Message-ID in the server's log, then\n\
         \x20 lumbung report resend EDITION --ambiguous\nrefused, given_up: correct the cause, then\n\
         \x20 lumbung report resend EDITION --failed\n",
    );
    text
}

/// One delivery on one line, without an address in full.
pub(super) fn line(record: &DeliveryRecord) -> String {
    let code = record.reply_code.map(|code| format!(" {code}")).unwrap_or_default();
    let stage = record.stage.map(|stage| format!(" at {}", stage.word())).unwrap_or_default();
    let why = match record.state {
        DeliveryState::GivenUp => "not taken in time",
        _ => record.state.word(),
    };
    format!(
        "no. {} {} to {}: {why}{stage}{code} {} {}",
        record.seq,
        record.edition,
        record.recipient,
        record.reply.as_deref().unwrap_or("without a reply"),
        record.message_id
    )
}
