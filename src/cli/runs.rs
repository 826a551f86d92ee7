//! `lumbung runs`: what was loaded when, and what became of it.

use clap::Args;
use serde_json::{Value, json};

use super::Context;
use super::exit::Failure;
use super::output::{OutputFormat, Table, grouped, print, print_json};
use crate::warehouse::{RunDetail, RunFilter, RunId, RunRecord, Warehouse};

/// What was loaded when, and what became of it
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lumbung runs\n  lumbung runs --limit 100 --output json\n  lumbung runs RUN")]
pub(crate) struct RunsArgs {
    /// One run, with its pages, partitions and refused rows
    run: Option<String>,
    /// At most so many, newest first
    #[arg(long, default_value_t = 20)]
    limit: u32,
}

pub(crate) fn run(context: &Context, args: &RunsArgs) -> Result<(), Failure> {
    let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
    match &args.run {
        None => list(context, &warehouse, args.limit),
        Some(name) => one(context, &warehouse, name),
    }
}

fn list(context: &Context, warehouse: &Warehouse, limit: u32) -> Result<(), Failure> {
    let runs = warehouse.runs(&RunFilter { limit: Some(limit), ..RunFilter::default() })?;
    if context.output == OutputFormat::Json {
        return runs.iter().try_for_each(|run| print_json(&as_json(run)));
    }
    let mut table = Table::new(&["run", "dataset", "status", ">rows", ">quarantined", ">pages", "reason"]);
    for run in runs {
        table.row(vec![
            run.run.to_string(),
            run.dataset.to_string(),
            run.status.word().to_owned(),
            grouped(run.rows),
            grouped(run.quarantined),
            grouped(run.pages),
            run.reason.unwrap_or_default(),
        ]);
    }
    print(&table.render())
}

fn as_json(run: &RunRecord) -> Value {
    json!({
        "run": run.run.to_string(),
        "dataset": run.dataset.to_string(),
        "tahun_anggaran": run.tahun_anggaran,
        "status": run.status.word(),
        "reason": run.reason,
        "started_at": run.started_at.to_rfc3339(),
        "finished_at": run.finished_at.map(|at| at.to_rfc3339()),
        "rows": run.rows,
        "quarantined": run.quarantined,
        "pages": run.pages,
        "bytes": run.bytes,
        "contract_version": run.contract_version,
        "key_id": run.key_id,
        "accepted_by": run.accepted.as_ref().map(|accepted| &accepted.by),
        "accepted_at": run.accepted.as_ref().map(|accepted| accepted.at.to_rfc3339()),
        "replay_of": run.replay_of.as_ref().map(ToString::to_string),
        "parameters": run.parameters,
    })
}

fn one(context: &Context, warehouse: &Warehouse, name: &str) -> Result<(), Failure> {
    let unknown = || Failure::usage(format!("no run is called {name}; `lumbung runs` lists them"));
    let id: RunId = name.parse().map_err(|_| unknown())?;
    let detail = warehouse.run(&id)?.ok_or_else(unknown)?;
    let refused = warehouse.quarantine(Some(&id))?;
    if context.output == OutputFormat::Json {
        let mut value = as_json(&detail.run);
        value["pages"] = detail.pages.iter().map(|page| page_json(&page.page, page.attempt)).collect();
        value["partitions"] = partitions_json(&detail);
        value["quarantine"] = refused
            .iter()
            .map(|row| json!({ "page": row.page, "row": row.row, "column": row.column, "reason": row.reason }))
            .collect();
        return print_json(&value);
    }
    let mut pages = Table::new(&[
        "window", ">page", ">try", "verdict", ">http", ">rows", ">bytes", ">ms", "sha256", "archived", "url",
    ]);
    for recorded in &detail.pages {
        let page = &recorded.page;
        pages.row(vec![
            page.window.clone(),
            page.page.to_string(),
            recorded.attempt.to_string(),
            page.verdict.clone(),
            page.http_status.map(|status| status.to_string()).unwrap_or_default(),
            grouped(page.rows),
            grouped(page.bytes),
            grouped(page.millis),
            page.sha256.chars().take(12).collect(),
            page.raw.as_ref().map_or("", |raw| if raw.sealed { "sealed" } else { "yes" }).to_owned(),
            page.url.clone(),
        ]);
    }
    let mut partitions = Table::new(&["partition", ">rows", ">bytes", "control", "replaced by"]);
    for partition in &detail.partitions {
        let control: Vec<String> = partition.sums.iter().map(|(column, sum)| format!("{column} {sum}")).collect();
        partitions.row(vec![
            partition.partition.to_string(),
            grouped(partition.rows),
            grouped(partition.bytes),
            control.join(", "),
            partition.superseded_by.as_ref().map(ToString::to_string).unwrap_or_default(),
        ]);
    }
    let mut quarantine = Table::new(&[">page", ">row", "column", "reason"]);
    for row in &refused {
        let column = row.column.clone().unwrap_or_default();
        quarantine.row(vec![row.page.to_string(), row.row.to_string(), column, row.reason.clone()]);
    }
    print(&format!(
        "{}  {}  {}\n{}\npages\n{}\npartitions\n{}\nquarantine\n{}",
        detail.run.run,
        detail.run.dataset,
        detail.run.status.word(),
        remarks(&detail.run),
        pages.render(),
        partitions.render(),
        quarantine.render()
    ))
}

/// What there is to say of a run beyond its figures, a line each.
fn remarks(run: &RunRecord) -> String {
    let accepted = run.accepted.as_ref().map(|accepted| format!("accepted by {} at {}", accepted.by, accepted.at));
    let lines = [
        run.reason.clone(),
        accepted,
        run.replay_of.as_ref().map(|run| format!("replay of {run}")),
        run.parameters.as_ref().map(|parameters| format!("asked with {parameters}")),
        run.key_id.as_ref().map(|key| format!("hashed under the key {key}")),
    ];
    lines.into_iter().flatten().map(|line| format!("  {line}\n")).collect()
}

fn page_json(page: &crate::warehouse::PageRecord, attempt: u32) -> Value {
    json!({
        "window": page.window, "page": page.page, "try": attempt, "verdict": page.verdict,
        "http_status": page.http_status, "rows": page.rows, "quarantined": page.quarantined, "bytes": page.bytes,
        "millis": page.millis, "sha256": page.sha256, "url": page.url,
        "raw": page.raw.as_ref().map(|raw| &raw.file), "raw_sealed": page.raw.as_ref().map(|raw| raw.sealed),
    })
}

fn partitions_json(detail: &RunDetail) -> Value {
    let one = |partition: &crate::warehouse::PartitionRecord| {
        let control: serde_json::Map<String, Value> =
            partition.sums.iter().map(|(column, sum)| (column.clone(), json!(sum.to_string()))).collect();
        json!({
            "partition": partition.partition.to_string(), "rows": partition.rows, "bytes": partition.bytes,
            "control": control, "replaced_by": partition.superseded_by.as_ref().map(ToString::to_string),
        })
    };
    detail.partitions.iter().map(one).collect()
}
