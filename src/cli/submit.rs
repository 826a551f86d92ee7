//! `lumbung submit`: records checked and sent to a source, one by one.

mod input;
mod list;
mod print;
mod watch;

use std::path::PathBuf;

use clap::Args;

use super::exit::{Code, Failure};
use super::progress::talk;
use super::{Context, session};
use crate::config::{self, SourceSettings};
use crate::contract::{Contract, Method};
use crate::load::Loaded;
use crate::source::reach::Reach;
use crate::submit::{Checked, Fate, Ready, SendOptions, SendReport, Stop, Stopped, Stopper, SubmitError, Submitter};
use crate::warehouse::{ErrorKind, SubmissionRecord, SubmissionState, Warehouse};
use watch::SendWatcher;

/// Check records and send them to a source, one by one
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lumbung submit --list\n  lumbung submit padi.transaksi orders.csv\n  \
    lumbung submit padi.transaksi orders.csv --send\n  \
    lumbung submit padi.transaksi --sql \"SELECT * FROM mart.my_orders\" --send --partial\n  \
    cat order.json | lumbung submit padi.transaksi -\n\nWithout --send nothing leaves. A record that was accepted is never sent \
    again: run the same command\nagain after whatever went wrong.")]
pub(crate) struct SubmitArgs {
    /// What is sent where, e.g. padi.transaksi (see --list)
    #[arg(value_name = "SOURCE.METHOD", required_unless_present = "list")]
    method: Option<String>,
    /// JSON, JSON lines or CSV; - for standard input
    #[arg(value_name = "FILE", conflicts_with_all = ["sql", "query_file"])]
    file: Option<PathBuf>,
    /// json, ndjson or csv [default: by the file's extension, else by its content]
    #[arg(long, requires = "file")]
    format: Option<String>,
    /// Send the rows of a query over the warehouse; its columns are named as the contract's
    #[arg(long, value_name = "SELECT", conflicts_with = "query_file")]
    sql: Option<String>,
    /// Read the query from a file
    #[arg(short = 'f', long, value_name = "FILE.sql")]
    query_file: Option<PathBuf>,
    /// Only check (this is what happens without --send, too)
    #[arg(long, conflicts_with = "send")]
    dry_run: bool,
    /// Send the records, if all of them fit
    #[arg(long)]
    send: bool,
    /// Send those that fit although others do not
    #[arg(long, requires = "send")]
    partial: bool,
    /// Send although a table that records are compared with is not loaded
    #[arg(long, requires = "send")]
    unchecked: bool,
    /// Send again what may have arrived, where the source cannot be asked: look there first
    #[arg(long, requires = "send")]
    resend_ambiguous: bool,
    /// Records a second, at most
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rate: u32,
    /// The methods that records can be sent by; with one of them, its columns
    #[arg(long, conflicts_with_all = ["file", "send"])]
    list: bool,
    /// An accepted record was deleted at the source and may be sent anew (repeatable): its key, as ops.submissions has it or
    /// with commas
    #[arg(long, value_name = "KEY", conflicts_with_all = ["file", "send", "list"])]
    deleted: Vec<String>,
}

/// Nothing is loaded where there is no warehouse.
struct NothingLoaded;

#[async_trait::async_trait]
impl Loaded for NothingLoaded {
    async fn rows(&self, _sql: &str) -> Result<Vec<Vec<(String, String)>>, String> {
        Err("there is no warehouse yet".to_owned())
    }
}

pub(crate) async fn run(context: &Context, args: &SubmitArgs) -> Result<(), Failure> {
    let contracts = context.folder.contracts()?;
    let Some(name) = &args.method else { return list::methods(context, &contracts) };
    let (contract, method) = find(&contracts, name)?;
    if args.list {
        return list::columns(context, contract, method);
    }
    if !args.deleted.is_empty() {
        return forget(context, args, contract, method);
    }
    let warehouse = warehouse(context, args.send)?;
    let rows = warehouse.as_ref().map(|warehouse| session::LoadedRows { context, warehouse });
    let loaded: &dyn Loaded = rows.as_ref().map_or(&NothingLoaded, |rows| rows);
    let settings = settings(context, contract);
    let reach = Reach { contract, settings: &settings, credentials: &context.credentials };
    let submitter = Submitter::new(reach, method, &context.config.privacy, loaded, context.clock)?;
    let records = input::records(args, submitter.submission(), loaded).await?;
    let known = match &warehouse {
        Some(warehouse) => warehouse.submissions(Some(submitter.id()), None)?,
        None => Vec::new(),
    };
    let checked = submitter.check(&records, &known).await?;
    drop(records);
    for unchecked in &checked.unchecked {
        talk(&format!("not checked: {}: {}", unchecked.says, unchecked.why));
    }
    let report = match &warehouse {
        Some(warehouse) if may_send(args, &checked) => {
            Some(send(context, args, (warehouse, &submitter), &checked, &known).await?)
        }
        _ => None,
    };
    print::results(context, &checked, report.as_ref())?;
    verdict(args, &checked, report.as_ref())
}

/// The method that `name` means, without regard to case.
fn find<'a>(contracts: &'a [Contract], name: &str) -> Result<(&'a Contract, &'a Method), Failure> {
    let (source, method) = name.split_once('.').unwrap_or((name, ""));
    let contract = contracts.iter().find(|contract| contract.source.eq_ignore_ascii_case(source));
    let found = contract.and_then(|contract| Some((contract, contract.method(method)?)));
    found.ok_or_else(|| {
        let known = list::names(contracts);
        Failure::usage(format!("nothing is sent by \"{name}\"; known: {}", known.join(", ")))
            .with_hint("lumbung submit --list shows what can be sent")
    })
}

fn settings(context: &Context, contract: &Contract) -> SourceSettings {
    let known = context.config.sources.get(&contract.source).cloned();
    known.unwrap_or_else(|| SourceSettings::default_for(&contract.source))
}

/// The warehouse; to check records none is needed.
fn warehouse(context: &Context, send: bool) -> Result<Option<Warehouse>, Failure> {
    if send {
        return Ok(Some(Warehouse::open(&context.warehouse, context.clock.now())?));
    }
    match Warehouse::open_for_reading(&context.warehouse) {
        Ok(warehouse) => Ok(Some(warehouse)),
        Err(error) if error.kind() == ErrorKind::NoWarehouse => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn may_send(args: &SubmitArgs, checked: &Checked) -> bool {
    let (refused, _, _) = checked.counts();
    args.send && (refused == 0 || args.partial) && (checked.unchecked.is_empty() || args.unchecked)
}

async fn send(
    context: &Context,
    args: &SubmitArgs,
    (warehouse, submitter): (&Warehouse, &Submitter<'_>),
    checked: &Checked,
    known: &[SubmissionRecord],
) -> Result<SendReport, Failure> {
    let ready = |record: &crate::submit::JudgedRecord| match &record.fate {
        Fate::Ready(ready) => Some((record.row, ready.clone())),
        Fate::Refused | Fate::Accepted => None,
    };
    let ready: Vec<(u64, Ready)> = checked.records.iter().filter_map(ready).collect();
    let in_doubt =
        |record: &SubmissionRecord| matches!(record.state, SubmissionState::Sending | SubmissionState::Ambiguous);
    if ready.is_empty() && !known.iter().any(in_doubt) {
        return Ok(SendReport::default());
    }
    let (source, method) = submitter.id();
    let log = warehouse.outbound_log(source, method, context.clock.now())?;
    let options =
        SendOptions { rate: args.rate, resend_ambiguous: args.resend_ambiguous, operator: config::operator() };
    let watcher = SendWatcher::new(context.quiet);
    let (stopper, stop) = Stop::channel();
    tokio::select! {
        report = submitter.send(&log, ready, &options, (&watcher, &stop)) => Ok(report?),
        () = told_twice(&stopper) => Err(Failure::new(
            Code::Interrupted,
            "interrupted; the record at hand may have arrived: the next run finds out",
        )),
    }
}

/// Ends at the second Ctrl-C; the first only says stop.
async fn told_twice(stopper: &Stopper) {
    for n in 1..=2 {
        if tokio::signal::ctrl_c().await.is_err() {
            // Nobody can be heard: the work goes on.
            std::future::pending::<()>().await;
        }
        if n == 1 {
            stopper.stop();
            talk("finishing the record at hand; Ctrl-C again ends at once");
        }
    }
}

/// The exit code, and what to say beside the results.
fn verdict(args: &SubmitArgs, checked: &Checked, report: Option<&SendReport>) -> Result<(), Failure> {
    let (refused, _, ready) = checked.counts();
    let Some(report) = report else {
        if args.send && !checked.unchecked.is_empty() && !args.unchecked {
            return Err(Failure::new(Code::Data, "nothing was sent: what records are compared with is not loaded")
                .with_hint("load it with lumbung snapshot, or send without that check: --unchecked"));
        }
        if args.send && refused > 0 {
            let message = format!("nothing was sent: {refused} records are refused, {ready} fit");
            return Err(Failure::new(Code::Data, message).with_hint("correct them, or send the others: --partial"));
        }
        return if refused > 0 { Err(Failure::told(Code::Data)) } else { Ok(()) };
    };
    let in_doubt = report.count(SubmissionState::Ambiguous);
    match &report.stopped {
        Some(Stopped::Unauthorised(why)) => Err(Failure::new(Code::NotAuthorised, format!("not authorised: {why}"))),
        Some(Stopped::Unavailable(why)) => {
            let message = format!("the source takes nothing now, {} records are left: {why}", report.n_left + 1);
            Err(Failure::new(Code::Unavailable, message).with_hint("run the same command again later"))
        }
        Some(Stopped::Asked) => {
            Err(Failure::new(Code::Interrupted, format!("stopped as told, {} records are left", report.n_left))
                .with_hint("run the same command again to go on"))
        }
        Some(Stopped::Lost) => {
            let message = format!("stopped: too many answers were lost; {} records are left", report.n_left);
            Err(Failure::new(Code::Deferred, message).with_hint("run the same command again later"))
        }
        None if in_doubt > 0 => {
            let message = format!("{in_doubt} records may have arrived or not, and are not sent again");
            Err(Failure::new(Code::Deferred, message).with_hint(
                "look for them at the source, then run again, with --resend-ambiguous where they are missing",
            ))
        }
        None if report.count(SubmissionState::Pending) > 0 => Err(Failure::told(Code::Deferred)),
        None if refused + report.count(SubmissionState::Refused) > 0 => Err(Failure::told(Code::Data)),
        None => Ok(()),
    }
}

/// `--deleted`: the log forgets that records were accepted.
fn forget(context: &Context, args: &SubmitArgs, contract: &Contract, method: &Method) -> Result<(), Failure> {
    let submission = method.submit.as_ref().map(|submission| submission.key.len());
    let n_parts = submission.ok_or_else(|| SubmitError::Contract(format!("nothing is sent by {}", method.name)))?;
    let keys: Vec<String> = args.deleted.iter().map(|text| key(text, n_parts)).collect::<Result<_, _>>()?;
    let warehouse = Warehouse::open(&context.warehouse, context.clock.now())?;
    let log = warehouse.outbound_log(&contract.source, &method.name, context.clock.now())?;
    let message = format!("deleted at the source, says {}", config::operator());
    for key in keys {
        if !log.deleted(&key, &message, context.clock.now())? {
            return Err(Failure::usage(format!(
                "no record {key} of {}.{} was accepted",
                contract.source, method.name
            )));
        }
        talk(&format!("{key}: may be sent anew"));
    }
    Ok(())
}

/// A key as the ledger has it: a JSON list, or its parts with commas between them.
fn key(text: &str, n_parts: usize) -> Result<String, Failure> {
    let parts: Vec<String> = match serde_json::from_str(text) {
        Ok(parts) => parts,
        Err(_) => text.splitn(n_parts, ',').map(|part| part.trim().to_owned()).collect(),
    };
    if parts.len() != n_parts || parts.iter().any(String::is_empty) {
        return Err(Failure::usage(format!("the key \"{text}\" has not {n_parts} parts")));
    }
    Ok(serde_json::Value::from(parts).to_string())
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn keys_are_lists_or_have_commas() {
        assert_eq!(key("ABCD, abc", 2).unwrap(), r#"["ABCD","abc"]"#);
        assert_eq!(key(r#"["ABCD","a,b"]"#, 2).unwrap(), r#"["ABCD","a,b"]"#);
        assert_eq!(key("a,b", 1).unwrap(), r#"["a,b"]"#);
        assert!(key("ABCD", 2).is_err() && key(r#"["a"]"#, 2).is_err() && key("a,", 2).is_err());
    }
}
