//! `lumbung status`: how fresh every dataset is.

use serde_json::json;

use super::Context;
use super::exit::Failure;
use super::output::{OutputFormat, Table, grouped, print, print_json};
use crate::warehouse::{AsOf, CommittedFile, Freshness, Warehouse};

pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
    let files = warehouse.committed_files(AsOf::Latest)?;
    let now = context.clock.now();
    let mut table =
        Table::new(&["dataset", "state", ">rows", "newest data", ">age h", "last good run", "last attempt"]);
    let freshness = warehouse.freshness()?;
    let never_asked = never_asked(context, &freshness)?;
    for fresh in freshness {
        let of_year = |file: &&CommittedFile| {
            let year = fresh.tahun_anggaran.map(|year| year.to_string());
            year.is_none() || file.partition.get("tahun_anggaran") == year.as_deref()
        };
        let own: Vec<_> = files.iter().filter(|file| file.dataset == fresh.dataset).filter(of_year).collect();
        let newest = own.iter().map(|file| file.snapshot_date).max();
        let rows: u64 = own.iter().map(|file| file.rows).sum();
        let age_hours = fresh.good_at.map(|at| (now - at).num_hours());
        let state = match (&fresh.committed, fresh.stale) {
            (None, _) => "never loaded",
            (Some(_), true) => "stale",
            (Some(_), false) => "fresh",
        };
        let last_good = fresh.committed.as_ref().map(|run| run.run.to_string());
        if context.output == OutputFormat::Json {
            print_json(&json!({
                "dataset": fresh.dataset.to_string(),
                "tahun_anggaran": fresh.tahun_anggaran,
                "state": state,
                "rows": rows,
                "newest_data": newest.map(|date| date.to_string()),
                "age_hours": age_hours,
                "last_good_run": last_good,
                "last_attempt": { "run": fresh.attempt.run.to_string(), "status": fresh.attempt.status.word(),
                                  "reason": fresh.attempt.reason },
            }))?;
            continue;
        }
        let name = match fresh.tahun_anggaran {
            Some(year) => format!("{} {year}", fresh.dataset),
            None => fresh.dataset.to_string(),
        };
        let attempt = match &fresh.attempt.reason {
            Some(reason) => format!("{}: {reason}", fresh.attempt.status.word()),
            None => fresh.attempt.status.word().to_owned(),
        };
        table.row(vec![
            name,
            state.to_owned(),
            grouped(rows),
            newest.map(|date| date.to_string()).unwrap_or_default(),
            age_hours.map(|hours| hours.to_string()).unwrap_or_default(),
            last_good.unwrap_or_default(),
            attempt,
        ]);
    }
    for name in never_asked {
        if context.output == OutputFormat::Json {
            print_json(&json!({ "dataset": name, "state": "never loaded", "rows": 0 }))?;
        } else {
            let blank = String::new;
            table.row(vec![name, "never loaded".to_owned(), grouped(0), blank(), blank(), blank(), blank()]);
        }
    }
    if context.output == OutputFormat::Table { print(&table.render()) } else { Ok(()) }
}

/// The datasets of the contracts that no run ever asked for.
fn never_asked(context: &Context, freshness: &[Freshness]) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for contract in context.folder.contracts()? {
        for dataset in &contract.datasets {
            let name = format!("{}.{}", contract.source, dataset.name);
            if !freshness.iter().any(|fresh| fresh.dataset.to_string() == name) {
                names.push(name);
            }
        }
    }
    Ok(names)
}
