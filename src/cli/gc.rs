//! `lumbung gc`: what may go by the rules of retention, and its removal; and the same as a job of the schedule.

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::Context;
use super::exit::Failure;
use super::output::{OutputFormat, Table, grouped, print, print_json};
use super::progress::talk;
use super::replay::require_warehouse;
use crate::config::{self, Problem, Problems, RetentionSettings};
use crate::contract::Contract;
use crate::reference::REF;
use crate::schedule::{Ended, Outcome};
use crate::warehouse::{DatasetId, Deletion, DeletionKind, Removed, Retention, Warehouse, WarehouseError};

/// What may go by the rules of retention; with --yes it goes
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lumbung gc\n  lumbung gc --yes\n  lumbung gc --dry-run --output json\n\n\
    Without --yes nothing is removed. [retention] of lumbung.toml has the rules, docs/retention.md tells what they mean; \
    ops.deletions has what was removed, `lumbung serve` removes it once a day.")]
pub(crate) struct GcArgs {
    /// Only show what may go (the default)
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Remove it
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(context: &Context, args: &GcArgs) -> Result<(), Failure> {
    require_warehouse(&context.warehouse)?;
    let personal = personal(context, &context.folder.contracts()?)?;
    if !args.yes {
        let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
        let planned = warehouse.removals(&retention(context, &personal))?;
        show(context, &planned, "would go")?;
        if !planned.is_empty() && !context.quiet && !args.dry_run {
            talk("nothing was removed: lumbung gc --yes removes it");
        }
        return Ok(());
    }
    let warehouse = Warehouse::open(&context.warehouse, context.clock.now())?;
    let removed = warehouse.remove(&retention(context, &personal), &config::operator())?;
    for busy in &removed.busy {
        talk(&format!("note: {busy}; what may go of it goes next time"));
    }
    show(context, &removed.gone, "gone")
}

/// Removes what may go, as a job of the schedule.
pub(crate) async fn scheduled(context: &Context, contracts: &[Contract], warehouse: &Arc<Warehouse>) -> Ended {
    let personal = match personal(context, contracts) {
        Ok(personal) => personal,
        Err(failure) => return Ended::plain(Outcome::Failed(failure.message)),
    };
    let (context, warehouse) = (context.clone(), Arc::clone(warehouse));
    // Many files may go, and others have work meanwhile.
    let work = move || warehouse.remove(&retention(&context, &personal), "lumbung");
    Ended::plain(match tokio::task::spawn_blocking(work).await {
        Ok(Ok(removed)) => Outcome::Done(Some(in_words(&removed))),
        Ok(Err(error @ WarehouseError::RemovalLocked)) => Outcome::Busy(error.to_string()),
        Ok(Err(error)) => Outcome::Failed(error.to_string()),
        Err(bug) => Outcome::Failed(format!("a bug: {bug}")),
    })
}

fn in_words(removed: &Removed) -> String {
    let n = removed.gone.len();
    let bytes: u64 = removed.gone.iter().map(|one| one.frees).sum();
    let busy = removed.busy.iter().map(|busy| format!("; {busy}, the rest goes next time")).collect::<String>();
    format!("{n} things removed, {} kB free{busy}", grouped(bytes.div_ceil(1_000)))
}

fn retention<'a>(context: &'a Context, personal: &'a BTreeSet<DatasetId>) -> Retention<'a> {
    Retention {
        settings: &context.config.retention,
        personal,
        today: context.clock.today(context.config.deployment.timezone),
        now: context.clock.now(),
    }
}

/// The datasets that hold personal data. A rule for something that there is not is refused: a typo must not leave something without
/// its rule.
fn personal(context: &Context, contracts: &[Contract]) -> Result<BTreeSet<DatasetId>, Failure> {
    let problems = unknown_names(&context.config.retention, contracts);
    if !problems.is_empty() {
        return Err(Problems(problems).into());
    }
    let mut personal = BTreeSet::new();
    for contract in contracts {
        for dataset in contract.datasets.iter().filter(|dataset| dataset.personal) {
            personal.insert(DatasetId::new(&contract.source, &dataset.name)?);
        }
    }
    Ok(personal)
}

fn unknown_names(settings: &RetentionSettings, contracts: &[Contract]) -> Vec<Problem> {
    let source = |name: &str| name == REF || contracts.iter().any(|contract| contract.source == name);
    let dataset = |name: &str| match name.split_once('.') {
        Some((REF, _)) => true,
        Some((source, dataset)) => {
            contracts.iter().any(|contract| contract.source == source && contract.dataset(dataset).is_some())
        }
        None => false,
    };
    let sources = settings.sources.keys().filter(|name| !source(name)).map(|name| format!("sources.{name}"));
    let datasets = settings.datasets.keys().filter(|name| !dataset(name)).map(|name| format!("datasets.{name}"));
    let problem = |name: String| Problem {
        file: "lumbung.toml".to_owned(),
        line: 0,
        message: format!("`retention.{name}` names nothing that there is"),
        hint: "`lumbung status` lists the datasets".to_owned(),
    };
    sources.chain(datasets).map(problem).collect()
}

/// A line for each thing as JSON; for people one for each kind, dataset and rule, and the sum.
fn show(context: &Context, deletions: &[Deletion], word: &str) -> Result<(), Failure> {
    if context.output == OutputFormat::Json {
        return deletions.iter().try_for_each(|one| print_json(&as_json(one)));
    }
    if deletions.is_empty() {
        return print("nothing may go by the rules of retention\n");
    }
    let mut table = Table::new(&["what", "of", "why", "rule", ">things", ">rows", ">kB", ">kB freed"]);
    let mut groups: Vec<(&Deletion, [u64; 4])> = Vec::new();
    for one in deletions {
        let figures = [1, one.rows, one.bytes, one.frees];
        match groups.iter_mut().find(|(first, _)| group(first) == group(one)) {
            Some((_, sums)) => sums.iter_mut().zip(figures).for_each(|(sum, figure)| *sum += figure),
            None => groups.push((one, figures)),
        }
    }
    let kb = |bytes: u64| grouped(bytes.div_ceil(1_000));
    let mut total = [0_u64; 4];
    for (one, sums) in groups {
        total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        let (kind, of, reason, rule) = group(one);
        let [things, rows, bytes, frees] = sums;
        table.row(vec![
            kind.word().to_owned(),
            of,
            reason.to_owned(),
            rule.to_owned(),
            grouped(things),
            grouped(rows),
            kb(bytes),
            kb(frees),
        ]);
    }
    let [things, rows, bytes, frees] = total;
    let sums = [grouped(things), grouped(rows), kb(bytes), kb(frees)];
    table.row([word.to_owned(), String::new(), String::new(), String::new()].into_iter().chain(sums).collect());
    print(&table.render())
}

/// What is told in one line.
fn group(one: &Deletion) -> (DeletionKind, String, &str, &str) {
    let year = one.partition.as_deref().and_then(|partition| partition.strip_prefix("tahun_anggaran="));
    let year = year.and_then(|rest| rest.split('/').next()).map(|year| format!(" {year}")).unwrap_or_default();
    let dataset = one.dataset.as_ref().map(ToString::to_string).unwrap_or_default();
    // Each mail and each edition has a reason of its own.
    let reason = match one.kind {
        DeletionKind::Mail => "their deliveries ended",
        DeletionKind::Edition => "not the newest of their report",
        _ => one.reason.as_str(),
    };
    (one.kind, format!("{dataset}{year}"), reason, &one.rule)
}

fn as_json(one: &Deletion) -> serde_json::Value {
    json!({
        "kind": one.kind.word(),
        "name": one.name,
        "dataset": one.dataset.as_ref().map(ToString::to_string),
        "partition": one.partition,
        "run": one.run.as_ref().map(ToString::to_string),
        "path": one.path,
        "bytes": one.bytes,
        "frees": one.frees,
        "rows": one.rows,
        "rule": one.rule,
        "reason": one.reason,
    })
}
