//! `lumbung report`: editions from committed snapshots, written to a folder or sent through the outbox.

mod deliveries;
mod desk;
mod send;

mod difference;
pub(super) mod explain;
mod ground;
mod many;
mod recorded;
mod scheduled;
mod show;
mod verify;

pub(crate) use desk::Desk;
pub(crate) use recorded::record;
pub(crate) use scheduled::{Laid, is_mailed, lay_in_due};

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use chrono::NaiveDate;
use clap::{Args, Subcommand};
use futures::future::BoxFuture;
use serde_json::json;

use super::Context;
use super::exit::{Code, Failure};
use super::output::{OutputFormat, Table, print, print_json};
use super::progress::talk;
use crate::catalog::{Bound, Catalog};
use crate::contract::Contract;
use crate::mail::{FileTransport, Outgoing};
use crate::report::definition::RecipientSource;
use crate::report::message::MessageError;
use crate::report::{
    Audience, Deployment, Edition, Inputs, Logo, Parameter, Parameters, QueryFailure, QuerySet, Recipient,
    ReportDefinition, ReportError, Rows, Session, SourceNote, audiences, compose, messages, missing_column,
    other_files, recipients, required_columns, sample_parameters,
};
use crate::warehouse::{CommitMode, CommittedFile, Moment, Warehouse};
use ground::Ground;

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
    /// Write one edition (html, txt, png, xlsx, csv, pdf, eml) to a folder without sending it
    #[command(after_help = "Example:\n  lumbung report render serapan-anggaran --period 2026-10-31 --out edition")]
    Render {
        /// The report, e.g. serapan-anggaran
        name: String,
        /// The day of the edition: it shows the snapshots of that day or the newest before, and stands for the newest
        /// week or month that had ended by then [default: today]
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
    /// The editions that were recorded when they were sent
    Editions(show::EditionsArgs),
    /// One recorded edition: what it is, or the bytes of one part
    Show(show::ShowArgs),
    /// Make a recorded edition again and compare every part, byte by byte
    Verify(verify::VerifyArgs),
    /// What changed from one recorded edition to another
    Diff(difference::DiffArgs),
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
    audience: Audience,
    ground: Arc<Ground>,
}

pub(crate) async fn run(context: &Context, args: &ReportArgs) -> Result<(), Failure> {
    match &args.command {
        ReportCommand::List => list(context),
        ReportCommand::Render { name, period, out } => {
            let definition = definition(context, name)?;
            let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
            let today = context.clock.today(context.config.deployment.timezone);
            let mut paths = Vec::new();
            for composed in make(context, &warehouse, &definition, period.unwrap_or(today)).await? {
                paths.extend(write_parts(&composed, out)?);
                paths.extend(deliver(&composed, out)?);
            }
            paths.iter().try_for_each(|path| print(&format!("{}\n", path.display())))
        }
        ReportCommand::Send(args) => send::send(context, args).await,
        ReportCommand::Resend(args) => send::resend(context, args).await,
        ReportCommand::Deliveries(args) => deliveries::run(context, args),
        ReportCommand::Editions(args) => show::editions(context, args),
        ReportCommand::Show(args) => show::show(context, args),
        ReportCommand::Verify(args) => verify::run(context, args).await,
        ReportCommand::Diff(args) => difference::run(context, args),
    }
}

/// The report queries of this deployment: embedded, and `queries/report/` beside the config folder's own.
pub(crate) fn queries(context: &Context) -> Result<QuerySet, Failure> {
    let queries = QuerySet::embedded();
    match context.folder.path() {
        None => Ok(queries),
        Some(folder) => {
            let overridden = queries.with_overrides(&folder.join("queries/report"));
            overridden.map_err(|error| Failure::new(Code::Configuration, error))
        }
    }
}

/// Every report definition of this deployment.
pub(crate) fn definitions(context: &Context) -> Result<Vec<ReportDefinition>, Failure> {
    let queries = queries(context)?;
    let mut definitions: Vec<ReportDefinition> = Vec::new();
    let mut problems = Vec::new();
    for name in context.folder.list("reports", "toml") {
        let (file, text) = context.folder.read(&name)?;
        match ReportDefinition::load(&text, &file, &queries) {
            Ok(definition) => definitions.push(definition),
            Err(more) => problems.push(more.to_string()),
        }
    }
    definitions.sort_by(|a, b| (a.order, &a.name).cmp(&(b.order, &b.name)));
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
        let recipient = |source: &RecipientSource| match source {
            RecipientSource::Office(office) => office.address.to_string(),
            RecipientSource::Csv(file) => format!("of {file}"),
            RecipientSource::Query(query) => format!("of {}", query.file),
        };
        let recipients: Vec<String> = definition.recipients.iter().map(recipient).collect();
        if context.output == OutputFormat::Json {
            print_json(&json!({ "report": definition.name, "title": definition.title, "schedule": definition.cron,
                "recipients": recipients }))?;
        } else {
            table.row(vec![definition.name, definition.title, definition.cron, recipients.join(", ")]);
        }
    }
    if context.output == OutputFormat::Table { print(&table.render()) } else { Ok(()) }
}

/// A catalog as a report sees it.
pub(crate) struct Snapshots(pub(crate) Catalog);

impl Rows for Snapshots {
    fn rows<'a>(
        &'a self,
        sql: &'a str,
        parameters: &'a Parameters,
    ) -> BoxFuture<'a, Result<Vec<RecordBatch>, QueryFailure>> {
        Box::pin(async move { Ok(self.0.query_bound(sql, &bound(parameters)).await?.collect().await?) })
    }
}

fn bound(parameters: &Parameters) -> Vec<(String, Bound)> {
    let value = |parameter: &Parameter| match parameter {
        Parameter::Null => Bound::Null,
        Parameter::Text(text) => Bound::Text(text.clone()),
        Parameter::Date(date) => Bound::Date(*date),
        Parameter::Decimal(unscaled, scale) => {
            Bound::Decimal(*unscaled, i8::try_from(*scale).expect("a scale of at most 38"))
        }
    };
    parameters.iter().map(|(name, parameter)| (name.clone(), value(parameter))).collect()
}

/// Plans every query of a report and holds its columns against what the definition prints; all problems at once.
pub(crate) async fn plan(catalog: &Catalog, definition: &ReportDefinition) -> Result<(), String> {
    let parameters = bound(&sample_parameters(definition));
    let mut problems = Vec::new();
    for (query, wanted) in required_columns(definition) {
        match catalog.columns_bound(&query.sql, &parameters).await {
            Err(error) => problems.push(format!("{}: {error}", query.file)),
            Ok(schema) => {
                let given: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
                problems.extend(missing_column(&query, &wanted, &given));
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// Makes the editions of the period that had ended by `day`, one an audience, from the snapshots of `day` and against the
/// newest earlier ones.
pub(crate) async fn make(
    context: &Context,
    warehouse: &Warehouse,
    definition: &ReportDefinition,
    day: NaiveDate,
) -> Result<Vec<Composed>, Failure> {
    let ground = Arc::new(Ground::take(context, warehouse, definition, day)?);
    let (current, previous) = ground.snapshots(context, warehouse)?;
    let current = Session::new(&current);
    let previous = previous.as_ref().map(|snapshots| Session::new(snapshots));
    let inputs = ground.inputs(&current, previous.as_ref());
    let offices = offices(context, definition, &current).await?;
    let mut composed = Vec::new();
    for made in many::compose_all(&ground, &inputs, audiences(definition, offices)).await {
        match made {
            Ok(one) => composed.push(one),
            // One office without figures must not keep the others from theirs.
            Err(Unmade::Report(error @ ReportError::NoFigures { variant: Some(_), .. })) => talk(&error.to_string()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(composed)
}

/// Everybody who gets the report, by what `session` answers and the CSV files of the config folder.
pub(crate) async fn offices(
    context: &Context,
    definition: &ReportDefinition,
    session: &Session<'_>,
) -> Result<Vec<Recipient>, Failure> {
    let read_csv = |name: &str| match context.folder.read(name) {
        Ok((_, text)) => Ok(text),
        Err(problems) => Err(problems.to_string()),
    };
    Ok(recipients(definition, session, &read_csv).await.map_err(ReportError::from)?)
}

/// Why an edition and its messages could not be made.
pub(super) enum Unmade {
    Report(ReportError),
    Message(MessageError),
}

impl From<Unmade> for Failure {
    fn from(error: Unmade) -> Self {
        match error {
            Unmade::Report(error) => error.into(),
            Unmade::Message(error) => Self::internal(error),
        }
    }
}

/// Makes the edition of one audience and its messages: for sending, and again from what was recorded.
pub(super) async fn compose_for(
    ground: &Arc<Ground>,
    inputs: &Inputs<'_>,
    audience: Audience,
) -> Result<Composed, Unmade> {
    let edition = compose(&ground.definition, inputs, &audience).await.map_err(Unmade::Report)?;
    let messages = messages(&edition, &audience.recipients, inputs.deployment, inputs.now);
    Ok(Composed { messages: messages.map_err(Unmade::Message)?, edition, audience, ground: Arc::clone(ground) })
}

/// The date of the snapshots before the newest of `current`.
fn previous_date(current: &Moment) -> Option<NaiveDate> {
    let dates = current.retained().map(|(file, _)| file).filter(|file| file.mode == CommitMode::Snapshot);
    let dates: BTreeSet<NaiveDate> = dates.map(|file| file.snapshot_date).collect();
    dates.into_iter().nth_back(1)
}

fn source_notes(warehouse: &Warehouse, contracts: &[Contract], current: &Moment) -> Result<Vec<SourceNote>, Failure> {
    let files: Vec<&CommittedFile> = current.latest().collect();
    let freshness = warehouse.freshness()?;
    let mut notes = Vec::new();
    for contract in contracts {
        for dataset in &contract.datasets {
            let own = |file: &&&CommittedFile| {
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

/// Writes what a mail is made of, and the attachments in every format.
fn write_parts(composed: &Composed, out: &Path) -> Result<Vec<PathBuf>, Failure> {
    let edition = &composed.edition;
    let others = other_files(edition, &composed.ground.definition, composed.ground.now)?;
    let fail = |path: &Path, error: std::io::Error| {
        Failure::new(Code::CannotWrite, format!("cannot write {}: {error}", path.display()))
    };
    std::fs::create_dir_all(out).map_err(|error| fail(out, error))?;
    let mut paths = Vec::new();
    let named = |extension: &str| format!("{}.{extension}", edition.id());
    let mut parts = vec![(named("html"), edition.html.as_bytes()), (named("txt"), edition.text.as_bytes())];
    parts.extend(edition.picture.iter().map(|picture| (named("png"), picture.png.as_slice())));
    parts.extend(edition.files.iter().chain(&others).map(|file| (file.name.clone(), &*file.bytes)));
    for (name, bytes) in parts {
        let path = out.join(name);
        std::fs::write(&path, bytes).map_err(|error| fail(&path, error))?;
        paths.push(path);
    }
    Ok(paths)
}

/// Lays every message of an edition in `folder`.
pub(crate) fn deliver(composed: &Composed, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let transport = FileTransport::new(folder);
    composed.messages.iter().map(|message| Ok(transport.deliver(message)?)).collect()
}
