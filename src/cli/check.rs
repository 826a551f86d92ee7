//! `lumbung check`: everything that can be wrong before a load, each with what to do about it.

mod doors;
mod mail;
mod place;
mod source;

use clap::Args;
use serde_json::json;

use super::exit::{Code, Failure};
use super::output::{OutputFormat, Table, print, print_json};
use super::snapshot::NOT_SEALED;
use super::{Context, report, session};
use crate::catalog::Catalog;
use crate::config::{ArchiveSettings, Problems};
use crate::contract::{Contract, Dataset};
use crate::reference::Reference;
use crate::report::{ReportDefinition, Session};
use crate::serve::inbox::InboxServer;
use crate::warehouse::{AsOf, Warehouse};

/// Check config, contracts, views, credentials and sources
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lumbung check\n  lumbung check --offline --output json")]
pub(crate) struct CheckArgs {
    /// Do not try to reach the sources and the mail server
    #[arg(long)]
    offline: bool,
}

/// One thing looked at.
struct Finding {
    what: String,
    problem: Option<(Code, String)>,
    /// Fine, but somebody should know.
    remark: Option<String>,
}

impl Finding {
    fn new(what: impl Into<String>, result: Result<(), (Code, String)>) -> Self {
        Self { what: what.into(), problem: result.err(), remark: None }
    }

    fn remark(what: impl Into<String>, remark: impl Into<String>) -> Self {
        Self { what: what.into(), problem: None, remark: Some(remark.into()) }
    }
}

pub(crate) async fn run(context: &Context, args: &CheckArgs) -> Result<(), Failure> {
    // Reading the config is done by now: a broken one never comes here.
    let mut findings = vec![Finding::new("lumbung.toml", Ok(())), place::folder(context)];
    let configuration = |problems: Problems| (Code::Configuration, problems.to_string());
    let contracts = match context.folder.contracts() {
        Ok(contracts) => {
            findings.extend(contracts.iter().map(|c| Finding::new(format!("contract {}", c.source), Ok(()))));
            contracts
        }
        Err(problems) => {
            findings.push(Finding::new("contracts", Err(configuration(problems))));
            Vec::new()
        }
    };
    let definitions = reports(context, &mut findings);
    let reference = reference(context, &mut findings);
    findings.push(Finding::new("warehouse", warehouse(context)));
    findings.extend(place::disk(context));
    findings.extend(place::environment_file(context));
    if !contracts.is_empty() {
        let plan = super::schedule::plan_of(context, &contracts, &definitions, &reference);
        let result = plan.map(|_| ()).map_err(|failure| (failure.code, failure.message));
        findings.push(Finding::new("schedule", result));
    }
    privacy(context, &contracts, &mut findings);
    queries(context, (&contracts, &reference), &definitions, &mut findings).await;
    for contract in &contracts {
        source::source(context, contract, args.offline, &mut findings).await;
    }
    doors::doors(context, &contracts, &mut findings);
    mail::mail(context, args.offline, &mut findings).await;
    show(context, &findings)
}

/// The definitions that are good.
fn reports(context: &Context, findings: &mut Vec<Finding>) -> Vec<ReportDefinition> {
    let queries = match report::queries(context) {
        Ok(queries) => queries,
        Err(failure) => {
            findings.push(Finding::new("report queries", Err((failure.code, failure.message))));
            return Vec::new();
        }
    };
    let mut definitions = Vec::new();
    for name in context.folder.list("reports", "toml") {
        let loaded = context.folder.read(&name);
        let loaded = loaded.and_then(|(file, text)| ReportDefinition::load(&text, &file, &queries));
        let result = loaded.map(|definition| definitions.push(definition));
        findings.push(Finding::new(name, result.map_err(|problems| (Code::Configuration, problems.to_string()))));
    }
    definitions
}

/// The reference tables; the broken ones without rows, so that the views can be planned all the same.
fn reference(context: &Context, findings: &mut Vec<Finding>) -> Reference {
    let (reference, problems) = Reference::load_what_is_good(&context.folder);
    let result = if problems.0.is_empty() { Ok(()) } else { Err((Code::Configuration, problems.to_string())) };
    findings.push(Finding::new("reference tables", result));
    reference
}

fn warehouse(context: &Context) -> Result<(), (Code, String)> {
    match Warehouse::open(&context.warehouse, context.clock.now()) {
        Ok(_) => Ok(()),
        Err(error) => {
            let failure = Failure::from(error);
            Err((failure.code, failure.message))
        }
    }
}

/// Whether personal data can be hashed, and whether its raw pages can be kept.
fn privacy(context: &Context, contracts: &[Contract], findings: &mut Vec<Finding>) {
    let switched_on = |contract: &&Contract| context.config.sources.get(&contract.source).is_none_or(|s| s.enabled);
    let datasets = || contracts.iter().filter(switched_on).flat_map(|contract| &contract.datasets);
    // What is pushed is sealed under it.
    let takes_in = context.config.inbox.enabled && InboxServer::has_secrets(contracts, &context.credentials);
    if takes_in || datasets().any(Dataset::needs_pii_key) {
        let key = context.credentials.pii_key(context.config.privacy.key_file.as_deref());
        findings.push(match key {
            Ok(key) => Finding::remark("key for personal data", format!("ok, its id is {}", key.key_id())),
            Err(error) => Finding::new("key for personal data", Err((Code::Configuration, error.to_string()))),
        });
    }
    if datasets().any(|dataset| dataset.personal) {
        let kept = match &context.config.archive {
            archive if !archive.enabled => "ok, no raw pages are kept (archive.enabled)".to_owned(),
            ArchiveSettings { recipient: Some(recipient), .. } => format!("ok, sealed to {recipient}"),
            ArchiveSettings { recipient: None, .. } => format!("ok, but {NOT_SEALED}"),
        };
        findings.push(Finding::remark("raw pages of personal data", kept));
    }
}

/// Plans every view and report query over the tables there are, loaded or not.
async fn queries(
    context: &Context,
    tables: (&[Contract], &Reference),
    definitions: &[ReportDefinition],
    findings: &mut Vec<Finding>,
) {
    let catalog = match build(context, tables) {
        Ok(catalog) => catalog,
        Err(failure) => {
            findings.push(Finding::new("views", Err((failure.code, failure.message))));
            return;
        }
    };
    let problems = match catalog.problems().await {
        Ok(problems) => problems,
        Err(error) => {
            findings.push(Finding::new("views", Err((Code::Internal, error.to_string()))));
            return;
        }
    };
    if problems.is_empty() {
        findings.push(Finding::new("views", Ok(())));
    }
    for problem in problems {
        let result = Err((Code::Configuration, problem.to_string()));
        findings.push(Finding::new(format!("query {}", problem.name), result));
    }
    for definition in definitions {
        let result = report::plan(&catalog, definition).await.map_err(|problems| (Code::Configuration, problems));
        findings.push(Finding::new(format!("queries of report {}", definition.name), result));
    }
    let snapshots = report::Snapshots(catalog);
    for definition in definitions {
        let offices = report::offices(context, definition, &Session::new(&snapshots)).await;
        findings.push(match offices {
            Ok(offices) if offices.is_empty() => {
                let remark = format!("ok, but nobody gets it: [[recipients]] in reports/{}.toml", definition.name);
                Finding::remark(format!("recipients of report {}", definition.name), remark)
            }
            Ok(offices) => {
                let remark = format!("ok, {}", offices.len());
                Finding::remark(format!("recipients of report {}", definition.name), remark)
            }
            Err(failure) => Finding::new(
                format!("recipients of report {}", definition.name),
                Err((failure.code, failure.message)),
            ),
        });
    }
}

fn build(context: &Context, tables: (&[Contract], &Reference)) -> Result<Catalog, Failure> {
    let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
    session::with_reference(context, &warehouse, tables, AsOf::Latest)
}

fn show(context: &Context, findings: &[Finding]) -> Result<(), Failure> {
    let mut table = Table::new(&["what", "result"]);
    for finding in findings {
        let fine = finding.remark.as_deref().unwrap_or("ok");
        let result = finding.problem.as_ref().map_or(fine, |(_, text)| text.as_str());
        if context.output == OutputFormat::Json {
            print_json(&json!({ "what": finding.what, "ok": finding.problem.is_none(), "problem":
                finding.problem.as_ref().map(|(_, text)| text), "remark": finding.remark }))?;
        } else {
            for (i, line) in result.lines().enumerate() {
                table.row(vec![if i == 0 { finding.what.clone() } else { String::new() }, line.to_owned()]);
            }
        }
    }
    if context.output == OutputFormat::Table {
        print(&table.render())?;
    }
    let worst = findings.iter().filter_map(|finding| finding.problem.as_ref()).map(|(code, _)| *code).max();
    worst.map_or(Ok(()), |code| Err(Failure::told(code)))
}
