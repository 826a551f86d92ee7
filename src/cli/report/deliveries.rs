//! `lumbung report deliveries`: what became of each mail, addresses masked.

use chrono::SecondsFormat;
use clap::Args;
use serde_json::{Value, json};

use crate::cli::Context;
use crate::cli::exit::Failure;
use crate::cli::output::{OutputFormat, Table, print, print_json};
use crate::config;
use crate::mail::outbox::arrived;
use crate::warehouse::{Deliveries, DeliveryRecord, DeliveryStage, Warehouse};

/// What became of each mail
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lumbung report deliveries\n  lumbung report deliveries serapan-anggaran-2026-10-31\n  \
    lumbung report deliveries --arrived 17\n  \
    lumbung sql \"SELECT state, count(*) FROM ops.deliveries GROUP BY state\"\n\nAddresses are masked. docs/mail.md says what \
    each state asks of you."
)]
pub(crate) struct DeliveriesArgs {
    /// Only of this edition, e.g. serapan-anggaran-2026-10-31
    edition: Option<String>,
    /// A delivery in doubt was found at the receiver's (repeatable): its number; it counts as accepted from here on
    #[arg(long, value_name = "NO")]
    arrived: Vec<u64>,
}

pub(super) fn run(context: &Context, args: &DeliveriesArgs) -> Result<(), Failure> {
    if !args.arrived.is_empty() {
        settle(context, &args.arrived)?;
    }
    let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
    let which = args.edition.as_deref().map_or(Deliveries::All, Deliveries::Edition);
    show(context, &warehouse.deliveries(which)?)
}

fn settle(context: &Context, numbers: &[u64]) -> Result<(), Failure> {
    let now = context.clock.now();
    let warehouse = Warehouse::open(&context.warehouse, now)?;
    match arrived(&warehouse, numbers, &config::operator(), now)? {
        n if n == numbers.len() => Ok(()),
        n => Err(Failure::usage(format!(
            "{n} of {} deliveries were in doubt; the others stand as they stood",
            numbers.len()
        ))
        .with_hint("lumbung report deliveries shows which are ambiguous")),
    }
}

/// A table for people, a JSON line a delivery for scripts.
pub(super) fn show(context: &Context, records: &[DeliveryRecord]) -> Result<(), Failure> {
    match context.output {
        OutputFormat::Json => records.iter().try_for_each(|record| print_json(&as_json(record))),
        OutputFormat::Table => print(&table(records)),
    }
}

fn table(records: &[DeliveryRecord]) -> String {
    let mut table =
        Table::new(&[">no.", "edition", "recipient", "state", ">attempts", "stage", ">code", "what was said"]);
    for record in records {
        let kind = match record.kind.word() {
            "proof" => " (proof)",
            _ => "",
        };
        let said = match (&record.retry_at, &record.reply) {
            (Some(at), reply) => {
                let at = at.to_rfc3339_opts(SecondsFormat::Secs, true);
                format!("again from {at}: {}", reply.as_deref().unwrap_or_default())
            }
            (None, reply) => reply.clone().unwrap_or_default(),
        };
        table.row(vec![
            record.seq.to_string(),
            format!("{}{kind}", record.edition),
            record.recipient.masked(),
            record.state.word().to_owned(),
            record.attempts.to_string(),
            record.stage.map(DeliveryStage::word).unwrap_or_default().to_owned(),
            record.reply_code.map(|code| code.to_string()).unwrap_or_default(),
            said,
        ]);
    }
    table.render()
}

fn as_json(record: &DeliveryRecord) -> Value {
    json!({
        "delivery": record.seq,
        "kind": record.kind.word(),
        "edition": record.edition,
        "recipient": record.recipient.masked(),
        "state": record.state.word(),
        "attempts": record.attempts,
        "stage": record.stage.map(DeliveryStage::word),
        "reply_code": record.reply_code,
        "reply": record.reply,
        "message_id": record.message_id,
        "retry_at": record.retry_at,
        "operator": record.operator,
        "resent_by": record.resent_by,
        "created_at": record.created_at,
        "sent_at": record.sent_at,
        "finished_at": record.finished_at,
    })
}
