//! `lumbung snapshot`: load datasets.

use chrono::NaiveDate;
use clap::Args;
use serde_json::json;

use super::exit::{self, Code, Failure};
use super::output::{OutputFormat, Table, grouped, print, print_json};
use super::progress::{Watcher, talk};
use super::{Context, backfill, marts, session};
use crate::config::{self, SourceSettings};
use crate::contract::{Contract, Dataset};
use crate::load::{LoadReport, LoadRequest, Loaded, Loader, Progress, YearsProbed};
use crate::warehouse::Warehouse;

/// Load datasets: one snapshot of each
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lumbung snapshot\n  lumbung snapshot omspan.realisasi_belanja --tahun 2026\n  \
    lumbung snapshot omspan.detail_pnbp --from 2024-01-01 --to 2026-10-31\n  lumbung snapshot omspan.dipa_belanja --accept\n  lumbung snapshot --dry-run")]
pub(crate) struct SnapshotArgs {
    /// Sources or datasets, e.g. omspan or omspan.dipa_belanja [default: every source that is switched on]
    #[arg(value_name = "SOURCE[.DATASET]")]
    names: Vec<String>,
    /// The snapshot date [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<NaiveDate>,
    /// The fiscal year (repeatable) [default: fiscal_years of the source, else the year of the date]
    #[arg(long, value_name = "YYYY", value_parser = clap::value_parser!(i32).range(2000..=2100))]
    tahun: Vec<i32>,
    /// First day of daily data [default: what is due]. Of datasets that are named one by one, days that are there are left
    /// alone, so the same command goes on where it was stopped (docs/backfill.md)
    #[arg(long, value_name = "YYYY-MM-DD", requires = "to")]
    from: Option<NaiveDate>,
    /// Last day of daily data
    #[arg(long, value_name = "YYYY-MM-DD", requires = "from")]
    to: Option<NaiveDate>,
    /// With --from: ask for days that are there already, too
    #[arg(long, requires = "from")]
    again: bool,
    /// Least milliseconds between an answer and the next request [default: pause_ms of the source, else 0; of a back-fill 100]
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(0..=600_000))]
    pause_ms: Option<u64>,
    /// Only show what would be asked
    #[arg(long)]
    dry_run: bool,
    /// Publish even when the source holds much less than before
    #[arg(long)]
    accept_shrink: bool,
    /// Publish even when too many rows were refused; the ledger notes who (LUMBUNG_OPERATOR, else the user) and when
    #[arg(long)]
    accept: bool,
    /// Publish even when columns look quite different from before (docs/contracts.md: drift); the ledger notes who and when
    #[arg(long)]
    accept_drift: bool,
    /// Leave the materialised marts as they are
    #[arg(long)]
    no_marts: bool,
    /// A filter or required parameter of the contract (repeatable), e.g. --param kode_kemdagri=3514141005
    #[arg(long, value_name = "NAME=VALUE", value_parser = parameter)]
    param: Vec<(String, String)>,
}

impl SnapshotArgs {
    /// What is asked for.
    fn request(&self, date: NaiveDate) -> LoadRequest {
        LoadRequest {
            date,
            years: self.tahun.clone(),
            span: self.from.zip(self.to),
            accept_shrink: self.accept_shrink,
            parameters: self.param.iter().cloned().collect(),
            replay_of: None,
            accept_quarantine: self.accept,
            accept_drift: self.accept_drift,
            operator: config::operator(),
        }
    }

    /// Whether days of single datasets are asked for: such a load ends in good order when it is told to stop.
    pub(crate) fn hears_signals(&self) -> bool {
        self.from.is_some() && !self.names.is_empty() && self.names.iter().all(|name| name.contains('.'))
    }
}

fn parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

/// One dataset to load, with its contract and settings.
pub(crate) struct Target<'a> {
    pub(crate) contract: &'a Contract,
    pub(crate) dataset: &'a Dataset,
    pub(crate) settings: SourceSettings,
}

pub(crate) async fn run(context: &Context, args: &SnapshotArgs) -> Result<(), Failure> {
    let contracts = context.folder.contracts()?;
    let mut targets = targets(context, &contracts, &args.names)?;
    let today = context.clock.today(context.config.deployment.timezone);
    let date = args.date.unwrap_or(today);
    if date > today {
        return Err(Failure::usage(format!("--date {date} lies in the future (today is {today})")));
    }
    let request = args.request(date);
    check_parameters(&targets, &request)?;
    let fills = match request.span {
        Some(span) if backfill::is_possible(&targets)? && args.hears_signals() => Some(span),
        _ => None,
    };
    for target in &mut targets {
        let pause = args.pause_ms.or(target.settings.pause_ms);
        target.settings.pause_ms = pause.or(fills.map(|_| backfill::PAUSE_MS));
    }
    let warehouse = Warehouse::open(&context.warehouse, context.clock.now())?;
    if let Some(span) = fills {
        if !args.dry_run {
            say_what_is_not_kept(context, &targets);
        }
        let (again, marts) = (args.again, !args.no_marts);
        let (warehouse, targets, request) = (&warehouse, &targets[..], &request);
        let back_fill = backfill::BackFill { context, warehouse, targets, request, span, again, marts };
        return back_fill.run(args.dry_run).await;
    }
    if args.dry_run {
        return dry_run(context, &warehouse, &targets, &request);
    }
    say_what_is_not_kept(context, &targets);
    let reports = load_all(context, &warehouse, &targets, &request).await;
    print_reports(context, &reports)?;
    if !args.no_marts {
        marts::after_load(context, &warehouse, &reports).await;
    }
    match worst(&reports) {
        None => Ok(()),
        Some(code) => Err(Failure::told(code)),
    }
}

/// What holds for personal datasets where nobody can be sealed to.
pub(crate) const NOT_SEALED: &str = "not kept: there is no [archive] recipient to seal them to, so a wrong contract cannot \
    be repaired with `lumbung replay`; `lumbung key identity FILE` makes one";

/// Says once a load what the archive will not have.
fn say_what_is_not_kept(context: &Context, targets: &[Target<'_>]) {
    let archive = &context.config.archive;
    if archive.enabled && archive.recipient.is_none() && !context.quiet && targets.iter().any(|t| t.dataset.personal)
    {
        talk(&format!("note: raw pages and refused rows of personal datasets are {NOT_SEALED}"));
    }
}

/// The datasets that `names` mean, in contract order; all that are switched on when there are no names.
pub(crate) fn targets<'a>(
    context: &Context,
    contracts: &'a [Contract],
    names: &[String],
) -> Result<Vec<Target<'a>>, Failure> {
    let mut matched = vec![false; names.len()];
    let mut targets: Vec<Target<'a>> = Vec::new();
    for contract in contracts {
        let settings = context
            .config
            .sources
            .get(&contract.source)
            .cloned()
            .unwrap_or_else(|| SourceSettings::default_for(&contract.source));
        for dataset in &contract.datasets {
            let full = format!("{}.{}", contract.source, dataset.name);
            for (name, matched) in names.iter().zip(&mut matched) {
                *matched |= *name == contract.source || *name == full;
            }
            let named = names.contains(&full);
            // A drill-down is loaded when it is named, or when the deployment gives what it asks for.
            let drill_down = dataset.request.requires.iter().any(|name| !settings.parameters.contains_key(name));
            let swept = names.contains(&contract.source) || (names.is_empty() && settings.enabled);
            let asked = contract.asked_with(dataset);
            let twice = targets.iter().any(|t| t.contract.source == contract.source && t.dataset.name == asked.name);
            if (named || (swept && !drill_down)) && !twice {
                targets.push(Target { contract, dataset: asked, settings: settings.clone() });
            }
        }
    }
    let unknown: Vec<&str> =
        names.iter().zip(&matched).filter(|(_, matched)| !**matched).map(|(name, _)| name.as_str()).collect();
    if !unknown.is_empty() {
        if let Some(explanation) = unknown.iter().find_map(|name| method_note(contracts, name)) {
            return Err(Failure::usage(explanation));
        }
        let message = format!("unknown dataset {}{}", unknown.join(", "), nearest_names(contracts, &unknown));
        return Err(Failure::usage(message));
    }
    if targets.is_empty() {
        let hint = "set enabled = true for a source in lumbung.toml, or name it";
        return Err(Failure::new(Code::Configuration, "no source is switched on").with_hint(hint));
    }
    Ok(targets)
}

/// The datasets that `unknown` names may mean, and the sources there are.
fn nearest_names(contracts: &[Contract], unknown: &[&str]) -> String {
    const ALIKE: f64 = 0.85;
    let all = contracts.iter().flat_map(|contract| {
        let datasets = contract.datasets.iter().map(|dataset| format!("{}.{}", contract.source, dataset.name));
        std::iter::once(contract.source.clone()).chain(datasets)
    });
    let near: Vec<String> =
        all.filter(|known| unknown.iter().any(|name| strsim::jaro_winkler(known, name) > ALIKE)).take(5).collect();
    let sources: Vec<&str> = contracts.iter().map(|contract| contract.source.as_str()).collect();
    let meant = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(", ")) };
    format!("{meant} Known sources: {}", sources.join(", "))
}

/// What the contract says of a method that nothing is loaded from under its own name.
fn method_note(contracts: &[Contract], name: &str) -> Option<String> {
    let (source, method) = name.split_once('.')?;
    let contract = contracts.iter().find(|contract| contract.source == source)?;
    let found = contract.methods.iter().find(|known| known.name.eq_ignore_ascii_case(method))?;
    let dataset = match &found.dataset {
        Some(dataset) => format!("; its dataset is {source}.{dataset}"),
        None => String::new(),
    };
    let note = if found.note.is_empty() { String::new() } else { format!(": {}", found.note) };
    Some(format!("{source}.{} is a method ({}){note}{dataset}", found.name, found.direction.word()))
}

/// A parameter that no target knows is a typo, and a load that ignored it would ask for everything.
fn check_parameters(targets: &[Target<'_>], request: &LoadRequest) -> Result<(), Failure> {
    for name in request.parameters.keys() {
        let knows = |target: &Target<'_>| {
            let request = &target.dataset.request;
            request.filters.contains(name) || request.requires.contains(name)
        };
        if !targets.iter().any(knows) {
            let message =
                format!("no dataset named here has a parameter `{name}`; docs/contracts.md: filters, requires");
            return Err(Failure::usage(message));
        }
    }
    Ok(())
}

/// Loads the targets one after the other.
pub(crate) async fn load_all(
    context: &Context,
    warehouse: &Warehouse,
    targets: &[Target<'_>],
    request: &LoadRequest,
) -> Vec<LoadReport> {
    let watcher = Watcher::new(context.quiet);
    let probed = YearsProbed::default();
    let loaded = session::LoadedRows { context, warehouse };
    let mut reports = Vec::with_capacity(targets.len());
    for target in targets {
        let loader = loader(context, warehouse, target, (&probed, &watcher, &loaded));
        reports.extend(loader.load(target.dataset, request).await);
    }
    reports
}

pub(crate) fn loader<'a>(
    context: &'a Context,
    warehouse: &'a Warehouse,
    target: &'a Target<'_>,
    (probed, progress, loaded): (&'a YearsProbed, &'a dyn Progress, &'a dyn Loaded),
) -> Loader<'a> {
    warehouse.keep_free(context.config.warehouse.disk_free_min_mb.saturating_mul(1 << 20));
    Loader {
        warehouse,
        contract: target.contract,
        settings: &target.settings,
        credentials: &context.credentials,
        archive: &context.config.archive,
        privacy: &context.config.privacy,
        clock: context.clock,
        probed,
        loaded,
        progress,
    }
}

fn dry_run(
    context: &Context,
    warehouse: &Warehouse,
    targets: &[Target<'_>],
    request: &LoadRequest,
) -> Result<(), Failure> {
    let (watcher, probed) = (Watcher::new(true), YearsProbed::default());
    let loaded = session::LoadedRows { context, warehouse };
    let mut table = Table::new(&["dataset", "year", "date", "first request"]);
    for target in targets {
        let loader = loader(context, warehouse, target, (&probed, &watcher, &loaded));
        let id = format!("{}.{}", target.contract.source, target.dataset.name);
        for window in loader.plan(target.dataset, request)? {
            let url = loader.first_url(target.dataset, &window);
            let year = window.fiscal_year.map(|year| year.to_string()).unwrap_or_default();
            match context.output {
                OutputFormat::Table => table.row(vec![id.clone(), year, window.date.to_string(), url]),
                OutputFormat::Json => print_json(&json!({
                    "dataset": id, "tahun_anggaran": window.fiscal_year, "date": window.date.to_string(), "url": url
                }))?,
            }
        }
    }
    if context.output == OutputFormat::Table { print(&table.render()) } else { Ok(()) }
}

pub(crate) fn print_reports(context: &Context, reports: &[LoadReport]) -> Result<(), Failure> {
    if context.output == OutputFormat::Json {
        return reports.iter().try_for_each(|report| print_json(&as_json(report)));
    }
    print_table(&reports.iter().collect::<Vec<_>>())
}

/// The table for people.
pub(super) fn print_table(reports: &[&LoadReport]) -> Result<(), Failure> {
    let mut table = Table::new(&["dataset", "status", ">rows", ">quarantined", "control", "run"]);
    for report in reports {
        let control: Vec<String> = report.control.iter().map(|(column, sum)| format!("{column} {sum}")).collect();
        table.row(vec![
            report.dataset.to_string(),
            report.status.word().to_owned(),
            grouped(report.rows),
            grouped(report.quarantined),
            control.join(", "),
            report.run.as_ref().map(ToString::to_string).unwrap_or_default(),
        ]);
    }
    print(&table.render())
}

pub(super) fn as_json(report: &LoadReport) -> serde_json::Value {
    let mut value = json!({
        "source": report.dataset.source(),
        "dataset": report.dataset.dataset(),
        "run": report.run.as_ref().map(ToString::to_string),
        "status": report.status.word(),
        "rows": report.rows,
        "quarantined": report.quarantined,
        "pages": report.pages,
        "bytes": report.bytes,
        "control": report.control,
        "seconds": (report.seconds * 1_000.0).round() / 1_000.0,
        "path": report.path.display().to_string(),
    });
    if let Some(error) = &report.error {
        value["error"] = json!(error.to_string());
        value["hint"] = json!(error.hint());
    }
    value
}

/// The exit code of the worst dataset; the order is that of how much an operator has to do at once.
pub(crate) fn worst(reports: &[LoadReport]) -> Option<Code> {
    let codes = reports.iter().filter_map(|report| report.error.as_ref()).map(|error| exit::code_of(error.kind()));
    codes.max()
}
