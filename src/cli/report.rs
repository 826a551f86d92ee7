//! `lumbung report`: editions from committed snapshots, written to a folder or sent through the outbox.

mod deliveries;
mod send;

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use futures::future::BoxFuture;
use serde_json::json;

use super::exit::{Code, Failure};
use super::output::{OutputFormat, Table, print, print_json};
use super::{Context, session};
use crate::catalog::Catalog;
use crate::mail::{FileTransport, Outgoing};
use crate::report::{
    Deployment, Edition, Inputs, Logo, QueryFailure, ReportDefinition, Rows, SourceNote, compose, messages,
};
use crate::warehouse::{AsOf, CommittedFile, Warehouse};

/// Reports: which there are, and what they say for a period
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lumbung report list\n  lumbung report render serapan-anggaran --out edition")]
pub(crate) struct ReportArgs {
    #[command(subcommand)]
    command: ReportCommand,
}

#[derive(Debug, Subcommand)]
enum ReportCommand {
    /// The reports there are, with schedule and recipients
    #[command(after_help = "Example:\n  lumbung report list --output json")]
    List,
    /// Write one edition (html, txt, eml) to a folder without sending it
    #[command(after_help = "Example:\n  lumbung report render serapan-anggaran --period 2026-10-31 --out edition")]
    Render {
        /// The report, e.g. serapan-anggaran
        name: String,
        /// The report's date: it shows the snapshots of that day or the newest before [default: today]
        #[arg(long, value_name = "YYYY-MM-DD")]
        period: Option<NaiveDate>,
        /// The folder; it is made when it is missing
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Send one edition to its recipients, through the outbox
    Send(send::SendArgs),
    /// Send again what did not arrive
    Resend(send::ResendArgs),
    /// What became of each mail
    Deliveries(deliveries::DeliveriesArgs),
}

impl ReportArgs {
    /// Whether the command finishes the mail at hand when it is interrupted.
    pub(crate) fn hears_signals(&self) -> bool {
        matches!(self.command, ReportCommand::Send(_) | ReportCommand::Resend(_))
    }
}

/// An edition and its messages.
pub(crate) struct Composed {
    pub(crate) edition: Edition,
    pub(crate) messages: Vec<Outgoing>,
}

pub(crate) async fn run(context: &Context, args: &ReportArgs) -> Result<(), Failure> {
    match &args.command {
        ReportCommand::List => list(context),
        ReportCommand::Render { name, period, out } => {
            let definition = definition(context, name)?;
            let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
            let today = context.clock.today(context.config.deployment.timezone);
            let composed = make(context, &warehouse, &definition, period.unwrap_or(today)).await?;
            let mut paths = write_parts(&composed.edition, out)?;
            paths.extend(deliver(&composed, out)?);
            paths.iter().try_for_each(|path| print(&format!("{}\n", path.display())))
        }
        ReportCommand::Send(args) => send::send(context, args).await,
        ReportCommand::Resend(args) => send::resend(context, args).await,
        ReportCommand::Deliveries(args) => deliveries::run(context, args),
    }
}

/// Every report definition of this deployment.
pub(crate) fn definitions(context: &Context) -> Result<Vec<ReportDefinition>, Failure> {
    let mut definitions = Vec::new();
    let mut problems = Vec::new();
    for name in context.folder.list("reports", "toml") {
        let (file, text) = context.folder.read(&name)?;
        match ReportDefinition::load(&text, &file) {
            Ok(definition) => definitions.push(definition),
            Err(more) => problems.extend(more.iter().map(ToString::to_string)),
        }
    }
    if problems.is_empty() { Ok(definitions) } else { Err(Failure::new(Code::Configuration, problems.join("\n"))) }
}

fn definition(context: &Context, name: &str) -> Result<ReportDefinition, Failure> {
    let definitions = definitions(context)?;
    let known: Vec<String> = definitions.iter().map(|definition| definition.name.clone()).collect();
    definitions
        .into_iter()
        .find(|definition| definition.name == name)
        .ok_or_else(|| Failure::usage(format!("no report is called {name}; known: {}", known.join(", "))))
}

fn list(context: &Context) -> Result<(), Failure> {
    let mut table = Table::new(&["report", "title", "schedule", "recipients"]);
    for definition in definitions(context)? {
        let recipients: Vec<String> = definition.recipients.iter().map(|r| r.address.to_string()).collect();
        if context.output == OutputFormat::Json {
            print_json(&json!({ "report": definition.name, "title": definition.title, "schedule": definition.cron,
                "recipients": recipients }))?;
        } else {
            table.row(vec![definition.name, definition.title, definition.cron, recipients.join(", ")]);
        }
    }
    if context.output == OutputFormat::Table { print(&table.render()) } else { Ok(()) }
}

/// A session as the report sees it.
struct Session(Catalog);

impl Rows for Session {
    fn rows<'a>(&'a self, sql: &'a str) -> BoxFuture<'a, Result<Vec<arrow::array::RecordBatch>, QueryFailure>> {
        Box::pin(async move { Ok(self.0.query(sql).await?.collect().await?) })
    }
}

/// Makes the edition of `period` from the snapshots of that day, against the newest earlier ones.
pub(crate) async fn make(
    context: &Context,
    warehouse: &Warehouse,
    definition: &ReportDefinition,
    period: NaiveDate,
) -> Result<Composed, Failure> {
    let current = Session(session::open(context, warehouse, AsOf::Date(period))?);
    let previous = match previous_date(warehouse, period)? {
        Some(date) => Some(Session(session::open(context, warehouse, AsOf::Date(date))?)),
        None => None,
    };
    let sources = source_notes(context, warehouse, period)?;
    let deployment = deployment(context)?;
    let now = context.clock.now();
    let inputs = Inputs {
        current: &current,
        previous: previous.as_ref().map(|session| session as &dyn Rows),
        sources: &sources,
        period,
        now,
        deployment: &deployment,
    };
    let edition = compose(definition, &inputs).await?;
    let messages = messages(&edition, definition, &deployment, now).map_err(Failure::internal)?;
    Ok(Composed { edition, messages })
}

/// The date of the snapshots before those that `period` shows.
fn previous_date(warehouse: &Warehouse, period: NaiveDate) -> Result<Option<NaiveDate>, Failure> {
    let dated = |files: Vec<CommittedFile>| -> Vec<NaiveDate> {
        let snapshots = files.into_iter().filter(|file| file.mode == crate::warehouse::CommitMode::Snapshot);
        snapshots.map(|file| file.snapshot_date).collect()
    };
    let shown = dated(warehouse.committed_files(AsOf::Date(period))?).into_iter().max();
    let all = dated(warehouse.committed_files(AsOf::All)?);
    Ok(shown.and_then(|shown| all.into_iter().filter(|date| *date < shown).max()))
}

fn source_notes(context: &Context, warehouse: &Warehouse, period: NaiveDate) -> Result<Vec<SourceNote>, Failure> {
    let files = warehouse.committed_files(AsOf::Date(period))?;
    let freshness = warehouse.freshness()?;
    let mut notes = Vec::new();
    for contract in context.folder.contracts()? {
        for dataset in &contract.datasets {
            let own = |file: &&CommittedFile| {
                file.dataset.source() == contract.source && file.dataset.dataset() == dataset.name
            };
            let Some(newest) = files.iter().filter(own).max_by_key(|file| file.committed_at) else { continue };
            let run = warehouse.run(&newest.run)?.map(|detail| detail.run);
            notes.push(SourceNote {
                dataset: newest.dataset.to_string(),
                title: dataset.title.clone(),
                snapshot_date: newest.snapshot_date,
                extracted_at: run.as_ref().map_or(newest.committed_at, |run| run.started_at),
                rows: files.iter().filter(own).map(|file| file.rows).sum(),
                run: newest.run.to_string(),
                stale: freshness.iter().any(|fresh| fresh.dataset == newest.dataset && fresh.stale),
                quarantined: run.map_or(0, |run| run.quarantined),
            });
        }
    }
    Ok(notes)
}

fn deployment(context: &Context) -> Result<Deployment, Failure> {
    let address = |key: &str, text: &str| {
        text.parse().map_err(|error| {
            Failure::new(Code::Configuration, format!("lumbung.toml: {key} \"{text}\" is no mail address: {error}"))
        })
    };
    let names = &context.config.deployment;
    Ok(Deployment {
        agency: names.agency.clone(),
        contact_unit: names.unit.clone(),
        contact_address: address("deployment.contact", &names.contact)?,
        from_name: format!("Lumbung Data {}", names.agency),
        from_address: address("mail.from", &context.config.mail.from)?,
        logo: Some(Logo::granary()),
    })
}

fn write_parts(edition: &Edition, out: &Path) -> Result<Vec<PathBuf>, Failure> {
    let fail = |path: &Path, error: std::io::Error| {
        Failure::new(Code::CannotWrite, format!("cannot write {}: {error}", path.display()))
    };
    std::fs::create_dir_all(out).map_err(|error| fail(out, error))?;
    let mut paths = Vec::new();
    for (extension, text) in [("html", &edition.html), ("txt", &edition.text)] {
        let path = out.join(format!("{}.{extension}", edition.id()));
        std::fs::write(&path, text).map_err(|error| fail(&path, error))?;
        paths.push(path);
    }
    Ok(paths)
}

/// Lays every message of an edition in `folder`.
pub(crate) fn deliver(composed: &Composed, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let transport = FileTransport::new(folder);
    composed.messages.iter().map(|message| Ok(transport.deliver(message)?)).collect()
}
