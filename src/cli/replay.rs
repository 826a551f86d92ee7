//! `lumbung replay`: decode archived pages again, without asking the source.

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::Args;

use super::exit::Failure;
use super::progress::Watcher;
use super::snapshot::{Target, loader, print_reports, worst};
use super::{Context, marts, session};
use crate::config::{self, SourceSettings};
use crate::contract::Contract;
use crate::load::{LoadReport, ReplayRequest, YearsProbed};
use crate::seal::Identity;
use crate::warehouse::{RunDetail, RunId, Warehouse};

/// Decode the archived pages of a run again, under today's contract and key; the source is not asked
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lumbung replay 20261121T053000123Z-7f3a9c1e\n  \
    lumbung replay RUN --identity archive.identity\n  lumbung replay RUN --accept\n\n\
    Runs that were committed, held or failed keep their pages; `lumbung runs` lists them. docs/privacy.md says who keeps \
    the identity.")]
pub(crate) struct ReplayArgs {
    /// The runs whose pages are decoded again
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<String>,
    /// The file with the identity that opens sealed pages
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// The snapshot date [default: that of the run]
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<NaiveDate>,
    /// Publish even when much less comes out than stands there
    #[arg(long)]
    accept_shrink: bool,
    /// Publish even when too many rows are refused; the ledger notes who (LUMBUNG_OPERATOR, else the user) and when
    #[arg(long)]
    accept: bool,
    /// Publish even when columns look quite different from before; the ledger notes who and when
    #[arg(long)]
    accept_drift: bool,
    /// Leave the materialised marts as they are
    #[arg(long)]
    no_marts: bool,
}

pub(crate) async fn run(context: &Context, args: &ReplayArgs) -> Result<(), Failure> {
    let contracts = context.folder.contracts()?;
    let identity = args.identity.as_deref().map(Identity::read).transpose()?;
    let today = context.clock.today(context.config.deployment.timezone);
    if let Some(date) = args.date.filter(|date| *date > today) {
        return Err(Failure::usage(format!("--date {date} lies in the future (today is {today})")));
    }
    require_warehouse(&context.warehouse)?;
    let warehouse = Warehouse::open(&context.warehouse, context.clock.now())?;
    let runs: Vec<RunDetail> = args.runs.iter().map(|name| known(&warehouse, name)).collect::<Result<_, _>>()?;
    let mut reports = Vec::new();
    for run in &runs {
        let request = ReplayRequest {
            run,
            identity: identity.as_ref(),
            date: args.date,
            accept_shrink: args.accept_shrink,
            accept_quarantine: args.accept,
            accept_drift: args.accept_drift,
            operator: config::operator(),
        };
        reports.extend(replay(context, &contracts, &warehouse, &request).await?);
    }
    print_reports(context, &reports)?;
    if !args.no_marts {
        marts::after_load(context, &warehouse, &reports).await;
    }
    worst(&reports).map_or(Ok(()), |code| Err(Failure::told(code)))
}

/// Fails where there is no warehouse: a replay makes none.
pub(crate) fn require_warehouse(path: &Path) -> Result<(), Failure> {
    Warehouse::open_for_reading(path).map(|_| ()).or_else(|error| match error.kind() {
        crate::warehouse::ErrorKind::NoWarehouse => Err(error.into()),
        // Whatever else is wrong, an older ledger among it, the open that writes settles or tells.
        _ => Ok(()),
    })
}

fn known(warehouse: &Warehouse, name: &str) -> Result<RunDetail, Failure> {
    let unknown = || Failure::usage(format!("no run is called {name}; `lumbung runs` lists them"));
    let run: RunId = name.parse().map_err(|_| unknown())?;
    warehouse.run(&run)?.ok_or_else(unknown)
}

/// Replays one run under the contract of its source.
pub(crate) async fn replay(
    context: &Context,
    contracts: &[Contract],
    warehouse: &Warehouse,
    request: &ReplayRequest<'_>,
) -> Result<Vec<LoadReport>, Failure> {
    let source = request.run.run.dataset.source();
    let Some(contract) = contracts.iter().find(|contract| contract.source == source) else {
        return Err(Failure::usage(format!("no contract describes the source {source}")));
    };
    let settings = context.config.sources.get(source).cloned();
    let settings = settings.unwrap_or_else(|| SourceSettings::default_for(source));
    let (watcher, probed) = (Watcher::new(context.quiet), YearsProbed::default());
    let loaded = session::LoadedRows { context, warehouse };
    let target = Target { contract, dataset: &contract.datasets[0], settings };
    Ok(loader(context, warehouse, &target, (&probed, &watcher, &loaded)).replay(request).await)
}
