//! `lumbung report send` and `resend`: an edition into the outbox, and what is due out of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, NaiveDate, Utc};
use clap::Args;

use super::{Composed, definition, deliveries, make, record};
use crate::cli::Context;
use crate::cli::exit::{Code, Failure};
use crate::cli::progress::talk;
use crate::config::{self, MailTransport};
use crate::mail::outbox::{Again, Outbox, Stopped, Watch, lay_in};
use crate::mail::proof::proof;
use crate::mail::{Address, MailError, Outgoing};
use crate::report::{Edition, Verdict, judge, last_due};
use crate::warehouse::{
    Deliveries, DeliveryKind, DeliveryRecord, DeliveryState, Enqueued, Warehouse, WarehouseError,
};

/// Send one edition to its recipients, through the outbox
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lumbung report send serapan-anggaran\n  \
    lumbung report send serapan-anggaran --period 2026-10-31\n  \
    lumbung report send serapan-anggaran --to me@contoh.go.id\n\n\
    An edition goes to each recipient once: run the same command again after whatever went wrong.\n\
    Its definition says how old the data may be, and whether late data waits, goes out with a banner or holds the edition.\n\
    Exit codes: 0 all accepted, 65 some refused or held for late data, 69 server unavailable, 75 some deferred, in doubt or\n\
    waiting for data, 77 login refused")]
pub(crate) struct SendArgs {
    /// The report, e.g. serapan-anggaran
    name: String,
    /// The report's date: it shows the snapshots of that day or the newest before [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    period: Option<NaiveDate>,
    /// Send although data is late; the edition says what is late
    #[arg(long)]
    late: bool,
    /// Send a marked proof to this address instead; it is no delivery of the edition
    #[arg(long, value_name = "ADDRESS")]
    to: Option<String>,
}

/// Send again what did not arrive
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lumbung report resend\n  lumbung report resend serapan-anggaran-2026-10-31 --failed\n  \
    lumbung report resend serapan-anggaran-2026-10-31 --ambiguous\n\n\
    The same bytes and the same Message-ID go out again. Without an edition: everything that is due."
)]
pub(crate) struct ResendArgs {
    /// The edition, e.g. serapan-anggaran-2026-10-31 (see report deliveries)
    #[arg(required_if_eq_any([("failed", "true"), ("ambiguous", "true")]))]
    edition: Option<String>,
    /// What was refused or given up, too, and what still waits for its time
    #[arg(long)]
    failed: bool,
    /// What may have arrived, too: look in the server's log first
    #[arg(long)]
    ambiguous: bool,
}

pub(super) async fn send(context: &Context, args: &SendArgs) -> Result<(), Failure> {
    let definition = definition(context, &args.name)?;
    let mail = &context.config.mail;
    if mail.transport == MailTransport::File && !mail.file_is_delivery {
        return Err(MailError::NoDelivery.into());
    }
    let to = args.to.as_deref().map(address).transpose()?;
    let warehouse = Warehouse::open(&context.warehouse, context.clock.now())?;
    let today = context.clock.today(context.config.deployment.timezone);
    let day = args.period.unwrap_or(today);
    let composed = make(context, &warehouse, &definition, day).await?;
    let Some(first) = composed.first() else {
        return Err(Failure::new(Code::Configuration, format!("{} has no recipients", args.name)));
    };
    if let Some(to) = to {
        return send_proof(context, &warehouse, &composed, &to).await;
    }
    if !args.late {
        may_go(first, day.min(today), context.clock.now())?;
    }
    // All of them, over one connection.
    let edition = all_of(&first.edition);
    let laid_in = lay_in_new(context, &warehouse, composed)?;
    if laid_in.standing > 0 && !context.quiet {
        let all = laid_in.standing + laid_in.new;
        talk(&format!("{} of {all} mails were in the outbox before: they stay as they were", laid_in.standing));
    }
    run(context, &warehouse, Deliveries::Edition(&edition), None).await
}

/// Sends the first message as a marked proof to `to`: it is recorded nowhere and is no delivery.
async fn send_proof(
    context: &Context,
    warehouse: &Warehouse,
    composed: &[Composed],
    to: &Address,
) -> Result<(), Failure> {
    let messages = composed.iter().flat_map(|one| &one.messages);
    let Some(first) = messages.clone().next() else {
        return Err(Failure::new(Code::Configuration, "the report has no recipients"));
    };
    let n = messages.count();
    if n > 1 && !context.quiet {
        talk(&format!("a proof of the first of {n} mails"));
    }
    let now = context.clock.now();
    let proof = proof(first, to, now);
    lay_in(warehouse, DeliveryKind::Proof, std::slice::from_ref(&proof), &config::operator(), now)?;
    run(context, warehouse, Deliveries::Message(&proof.message_id), None).await
}

/// Whether the data lets the edition of `day` go out now, by the freshness rule of its definition.
fn may_go(composed: &Composed, day: NaiveDate, now: DateTime<Utc>) -> Result<(), Failure> {
    const LATE: &str = "load what is late, or send it with a banner that says so: --late";
    let definition = &composed.ground.definition;
    let due = last_due(&definition.cron, definition.timezone, now).unwrap_or(now);
    match judge(&definition.freshness, &composed.ground.sources, day, due, now) {
        Verdict::Ready | Verdict::SendWithBanner(_) => Ok(()),
        Verdict::Wait { until, why } => {
            let until = until.with_timezone(&definition.timezone).format("%Y-%m-%d %H:%M %Z");
            let message = format!("{} waits for its data until {until}: {}", definition.name, why.join(" "));
            Err(Failure::new(Code::Deferred, message).with_hint(LATE))
        }
        Verdict::Hold(why) => {
            let message = format!("{} is held, its data is late: {}", definition.name, why.join(" "));
            Err(Failure::new(Code::Data, message).with_hint(LATE))
        }
    }
}

/// Records the editions that have a message the outbox does not know, then lays the messages in. In this order: what lies in
/// the outbox can be shown and made again, whatever happens in between.
pub(super) fn lay_in_new(
    context: &Context,
    warehouse: &Warehouse,
    composed: Vec<Composed>,
) -> Result<Enqueued, Failure> {
    let mut new = Vec::new();
    let mut standing = 0;
    let known = known(warehouse, &composed)?;
    for mut one in composed {
        let known = known.get(&one.edition.id());
        let is_new =
            |address: &Address| known.is_none_or(|known| !known.contains(&address.to_string().to_ascii_lowercase()));
        standing += one.messages.iter().filter(|message| !is_new(&message.recipient)).count();
        one.messages.retain(|message| is_new(&message.recipient));
        one.audience.recipients.retain(|recipient| is_new(&recipient.address));
        if !one.messages.is_empty() {
            new.push(one);
        }
    }
    record(context, warehouse, &new)?;
    let messages: Vec<Outgoing> = new.into_iter().flat_map(|one| one.messages).collect();
    let now = context.clock.now();
    let laid_in = lay_in(warehouse, DeliveryKind::Edition, &messages, &config::operator(), now)?;
    Ok(Enqueued { standing: laid_in.standing + standing, ..laid_in })
}

/// To whom each edition of `composed` was laid in before, in lower case. All are editions of one report for one date.
fn known(warehouse: &Warehouse, composed: &[Composed]) -> Result<BTreeMap<String, BTreeSet<String>>, Failure> {
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let Some(first) = composed.first() else { return Ok(known) };
    for record in warehouse.deliveries(Deliveries::Edition(&all_of(&first.edition)))? {
        if record.kind == DeliveryKind::Edition {
            known.entry(record.edition).or_default().insert(record.recipient.expose().to_ascii_lowercase());
        }
    }
    Ok(known)
}

/// What the editions of one report for one date are called together: the name without the variant.
fn all_of(edition: &Edition) -> String {
    format!("{}-{}", edition.name, edition.period)
}

fn address(text: &str) -> Result<Address, Failure> {
    text.parse().map_err(|error| Failure::usage(format!("--to is no mail address: {error}")))
}

pub(super) async fn resend(context: &Context, args: &ResendArgs) -> Result<(), Failure> {
    let warehouse = Warehouse::open(&context.warehouse, context.clock.now())?;
    let Some(edition) = args.edition.as_deref() else {
        return run(context, &warehouse, Deliveries::All, None).await;
    };
    if warehouse.deliveries(Deliveries::Edition(edition))?.is_empty() {
        return Err(Failure::usage(format!("nothing was ever sent of an edition {edition}"))
            .with_hint("lumbung report deliveries lists them"));
    }
    let again = Again { failed: args.failed, ambiguous: args.ambiguous };
    run(context, &warehouse, Deliveries::Edition(edition), Some((edition, again))).await
}

/// Sends what is due of `which` and shows how that stands then.
async fn run(
    context: &Context,
    warehouse: &Warehouse,
    which: Deliveries<'_>,
    again: Option<(&str, Again)>,
) -> Result<(), Failure> {
    let outbox = match Outbox::open(warehouse, &context.config.mail, &context.credentials, context.clock) {
        Ok(outbox) => outbox,
        // Nothing is lost: it is in the outbox.
        Err(MailError::Warehouse(error @ WarehouseError::OutboxLocked { .. })) => {
            return Err(Failure::new(Code::Deferred, error).with_hint("then: lumbung report resend"));
        }
        Err(error) => return Err(error.into()),
    };
    let before = states(warehouse, which)?;
    if let Some((edition, again)) = again {
        say_again(&outbox.again(edition, again, &config::operator())?);
    }
    let watch = Watcher { stop: AtomicBool::new(false), quiet: context.quiet };
    let stopped = tokio::select! {
        stopped = outbox.send(which, &watch) => stopped?,
        () = told_twice(&watch) => return Err(Failure::new(
            Code::Interrupted,
            "interrupted; the mail at hand may have arrived: the next run finds out",
        )),
    };
    let mut records = warehouse.deliveries(which)?;
    if which == Deliveries::All {
        // Everything is a long list: what this run had in hand.
        records.retain(|record| !before.contains(&(record.seq, record.state)) || !record.state.is_final());
    }
    deliveries::show(context, &records)?;
    if matches!(which, Deliveries::Edition(_)) {
        // A proof is no delivery of the edition.
        records.retain(|record| record.kind == DeliveryKind::Edition);
    }
    verdict(&records, stopped)
}

/// How each delivery that is over by now stood.
fn states(warehouse: &Warehouse, which: Deliveries<'_>) -> Result<Vec<(u64, DeliveryState)>, Failure> {
    Ok(warehouse.deliveries(which)?.iter().map(|record| (record.seq, record.state)).collect())
}

/// Says what goes again, the doubtful ones by name.
fn say_again(moved: &[DeliveryRecord]) {
    for record in moved.iter().filter(|record| record.state == DeliveryState::Ambiguous) {
        talk(&format!(
            "no. {} to {} may have arrived already: the same mail goes out again, under the same Message-ID {}",
            record.seq, record.recipient, record.message_id
        ));
    }
}

/// Watches a sender: a word on stderr, and Ctrl-C.
struct Watcher {
    stop: AtomicBool,
    quiet: bool,
}

impl Watch for Watcher {
    fn stop_asked(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn done(&self, _: &DeliveryRecord) {}

    fn note(&self, text: &str) {
        if !self.quiet {
            talk(text);
        }
    }
}

/// Ends at the second Ctrl-C; the first only says stop.
async fn told_twice(watch: &Watcher) {
    for n in 1..=2 {
        if tokio::signal::ctrl_c().await.is_err() {
            // Nobody can be heard: the work goes on.
            std::future::pending::<()>().await;
        }
        if n == 1 {
            watch.stop.store(true, Ordering::Relaxed);
            talk("finishing the mail at hand; Ctrl-C again ends at once");
        }
    }
}

/// The exit code, and what to do.
fn verdict(records: &[DeliveryRecord], stopped: Option<Stopped>) -> Result<(), Failure> {
    let count = |states: &[DeliveryState]| records.iter().filter(|record| states.contains(&record.state)).count();
    let waiting = count(&[DeliveryState::Pending, DeliveryState::Retry, DeliveryState::Sending]);
    let doubtful = count(&[DeliveryState::Ambiguous]);
    let failed = count(&[DeliveryState::Refused, DeliveryState::GivenUp]);
    const AGAIN: &str = "lumbung report resend sends what is due; with EDITION --failed at once";
    match stopped {
        Some(Stopped::Unauthorised(why)) => Err(Failure::new(
            Code::NotAuthorised,
            format!("the mail server refuses the sender, {waiting} mails wait: {why}"),
        )
        .with_hint("check mail.smtp_url, mail.from and LUMBUNG_SMTP_PASSWORD")),
        Some(Stopped::Unavailable(why)) => {
            let message = format!("the mail server is unavailable, {waiting} mails wait: {why}");
            Err(Failure::new(Code::Unavailable, message).with_hint(AGAIN))
        }
        Some(Stopped::Asked) => {
            Err(Failure::new(Code::Interrupted, format!("stopped as told, {waiting} mails wait")).with_hint(AGAIN))
        }
        Some(Stopped::Lost) => {
            let message =
                format!("stopped: too many connections were lost; {waiting} mails wait, {doubtful} are in doubt");
            Err(Failure::new(Code::Deferred, message).with_hint(AGAIN))
        }
        None if doubtful > 0 => {
            let message = format!("{doubtful} mails may have arrived or not, and are not sent again");
            Err(Failure::new(Code::Deferred, message).with_hint(
                "look for their Message-ID in the server's log, then lumbung report resend EDITION --ambiguous",
            ))
        }
        None if waiting > 0 => {
            Err(Failure::new(Code::Deferred, format!("{waiting} mails wait for another attempt")).with_hint(AGAIN))
        }
        None if failed > 0 => Err(Failure::new(Code::Data, format!("{failed} mails were refused or given up"))
            .with_hint("correct the cause, then lumbung report resend EDITION --failed")),
        None => Ok(()),
    }
}
