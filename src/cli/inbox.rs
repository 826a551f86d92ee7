//! `lumbung inbox`: what was pushed, and what became of it.

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde_json::json;

use super::Context;
use super::exit::{Code, Failure};
use super::output::{OutputFormat, Table, grouped, print, print_json};
use super::progress::talk;
use crate::load::inbox::push_context;
use crate::seal::vault::Vault;
use crate::warehouse::{InboxStatus, RefusedPush, Warehouse};

/// What was pushed: what waits, what was loaded, what was refused
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lumbung inbox\n  lumbung inbox calls --output json\n  lumbung inbox refused --limit 10\n  \
    lumbung inbox show 17"
)]
pub(crate) struct InboxArgs {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Every dataset that is pushed to: what waits and what was loaded (the default)
    #[command(after_help = "Example:\n  lumbung inbox list --output json")]
    List,
    /// How calls ended, by day and method
    #[command(after_help = "Example:\n  lumbung inbox calls --output json")]
    Calls,
    /// The pushes that were refused, newest first
    #[command(after_help = "Example:\n  lumbung inbox refused --limit 10")]
    Refused {
        /// At most so many
        #[arg(long, default_value_t = 20)]
        limit: u64,
    },
    /// The original of a refused push, personal data and all
    #[command(after_help = "Example:\n  lumbung inbox show 17")]
    Show {
        /// Its number in `lumbung inbox refused`
        id: u64,
    },
}

pub(crate) fn run(context: &Context, args: &InboxArgs) -> Result<(), Failure> {
    let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
    match args.what {
        None | Some(What::List) => list(context, &warehouse),
        Some(What::Calls) => calls(context, &warehouse),
        Some(What::Refused { limit }) => refused(context, &warehouse, limit),
        Some(What::Show { id }) => show(context, &warehouse, id),
    }
}

fn list(context: &Context, warehouse: &Warehouse) -> Result<(), Failure> {
    let mut table =
        Table::new(&["dataset", ">waiting", ">kB", "oldest waiting", ">loaded", "last loaded", ">refused"]);
    for status in warehouse.inbox()?.inbox_status()? {
        if context.output == OutputFormat::Json {
            print_json(&as_json(&status))?;
            continue;
        }
        table.row(vec![
            status.dataset.to_string(),
            grouped(status.waiting),
            grouped(status.waiting_bytes.div_ceil(1_000)),
            local(context, status.oldest_waiting),
            grouped(status.loaded),
            local(context, status.last_loaded),
            grouped(status.refused),
        ]);
    }
    if context.output == OutputFormat::Table { print(&table.render()) } else { Ok(()) }
}

fn as_json(status: &InboxStatus) -> serde_json::Value {
    json!({
        "dataset": status.dataset.to_string(),
        "waiting": status.waiting,
        "waiting_bytes": status.waiting_bytes,
        "oldest_waiting": status.oldest_waiting.map(|at| at.to_rfc3339()),
        "loaded": status.loaded,
        "last_loaded": status.last_loaded.map(|at| at.to_rfc3339()),
        "refused": status.refused,
    })
}

fn calls(context: &Context, warehouse: &Warehouse) -> Result<(), Failure> {
    let mut table = Table::new(&["day", "source", "method", "outcome", ">calls"]);
    for tally in warehouse.inbox()?.inbox_tallies()? {
        let (day, outcome) = (tally.day.to_string(), tally.outcome.word());
        if context.output == OutputFormat::Json {
            print_json(&json!({
                "day": day, "source": tally.source, "method": tally.method, "outcome": outcome, "calls": tally.pushes
            }))?;
            continue;
        }
        table.row(vec![day, tally.source, tally.method, outcome.to_owned(), grouped(tally.pushes)]);
    }
    if context.output == OutputFormat::Table { print(&table.render()) } else { Ok(()) }
}

fn refused(context: &Context, warehouse: &Warehouse, limit: u64) -> Result<(), Failure> {
    let mut table = Table::new(&[">id", "dataset", "received", "what is wrong"]);
    for push in warehouse.inbox()?.refused(limit)? {
        if context.output == OutputFormat::Json {
            print_json(&json!({
                "id": push.id,
                "dataset": push.dataset.to_string(),
                "received_at": push.received_at.to_rfc3339(),
                "columns": push.columns,
                "reason": push.reason,
            }))?;
            continue;
        }
        table.row(vec![
            push.id.to_string(),
            push.dataset.to_string(),
            local(context, Some(push.received_at)),
            push.reason,
        ]);
    }
    if context.output == OutputFormat::Table { print(&table.render()) } else { Ok(()) }
}

/// Prints the original of one refused push as it came.
fn show(context: &Context, warehouse: &Warehouse, id: u64) -> Result<(), Failure> {
    let inbox = warehouse.inbox()?;
    let gone =
        || Failure::usage(format!("no refused push {id} is kept; `lumbung inbox refused` lists those that are"));
    let push: RefusedPush = inbox.refused(u64::MAX)?.into_iter().find(|push| push.id == id).ok_or_else(gone)?;
    let (key_id, sealed) = inbox.refused_original(id)?.ok_or_else(gone)?;
    let key = context.credentials.pii_key(context.config.privacy.key_file.as_deref())?;
    if key.key_id() != key_id {
        let message = format!("push {id} was sealed with the key {key_id}, and this one is {}", key.key_id());
        return Err(Failure::new(Code::NotAuthorised, message));
    }
    let context_of_push = push_context(push.dataset.source(), push.dataset.dataset());
    let original = Vault::new(&key).open(&context_of_push, &sealed)?;
    talk("note: what follows may hold personal data; handle it as UU 27/2022 asks");
    print(&String::from_utf8_lossy(&original))?;
    if original.ends_with(b"\n") { Ok(()) } else { print("\n") }
}

/// An instant in the deployment's zone, to the second.
fn local(context: &Context, at: Option<DateTime<Utc>>) -> String {
    let zone = context.config.deployment.timezone;
    at.map(|at| at.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default()
}
