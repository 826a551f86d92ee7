//! `lumbung status`: how fresh every dataset is, what runs next, and the marts.

mod jobs;
mod marts;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Context;
use super::exit::Failure;
use super::output::{OutputFormat, Table, grouped, print, print_json};
use crate::warehouse::{AsOf, CommittedFile, Freshness, RunStatus, Warehouse};

pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
    let files = warehouse.committed_files(AsOf::Latest)?;
    let now = context.clock.now();
    let mut table =
        Table::new(&["dataset", "state", ">rows", "newest data", ">age h", "last good run", "last attempt"]);
    let freshness = warehouse.freshness()?;
    let never_asked = never_asked(context, &freshness)?;
    for fresh in freshness {
        let told = Told::of(&fresh, &files, now);
        if context.output == OutputFormat::Json {
            print_json(&told.as_json(&fresh))?;
        } else {
            table.row(told.cells(&fresh));
        }
    }
    for name in never_asked {
        if context.output == OutputFormat::Json {
            print_json(&json!({ "dataset": name, "state": "never loaded", "rows": 0 }))?;
        } else {
            let blank = String::new;
            table.row(vec![name, "never loaded".to_owned(), grouped(0), blank(), blank(), blank(), blank()]);
        }
    }
    let marts = marts::Told::of(&warehouse)?;
    let jobs = jobs::Told::of(context, &warehouse)?;
    match context.output {
        OutputFormat::Table => {
            let jobs = jobs.map(|jobs| format!("{}\n", jobs.as_text())).unwrap_or_default();
            print(&format!("{}\n{jobs}{}", table.render(), marts.as_text(context)))
        }
        OutputFormat::Json => {
            jobs.iter().flat_map(jobs::Told::as_json).try_for_each(|line| print_json(&line))?;
            print_json(&marts.as_json())
        }
    }
}

/// The datasets of the contracts that no run ever asked for.
fn never_asked(context: &Context, freshness: &[Freshness]) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for contract in context.folder.contracts()? {
        // What is switched off is not missed.
        if context.config.sources.get(&contract.source).is_some_and(|settings| !settings.enabled) {
            continue;
        }
        for dataset in &contract.datasets {
            let name = format!("{}.{}", contract.source, dataset.name);
            if !freshness.iter().any(|fresh| fresh.dataset.to_string() == name) {
                names.push(name);
            }
        }
    }
    Ok(names)
}

/// What is said of one dataset.
struct Told {
    state: &'static str,
    rows: u64,
    newest: Option<String>,
    age_hours: Option<i64>,
    last_good: Option<String>,
}

impl Told {
    fn of(fresh: &Freshness, files: &[CommittedFile], now: DateTime<Utc>) -> Self {
        let year = fresh.tahun_anggaran.map(|year| year.to_string());
        let own: Vec<&CommittedFile> = files
            .iter()
            .filter(|file| file.dataset == fresh.dataset)
            .filter(|file| year.is_none() || file.partition.get("tahun_anggaran") == year.as_deref())
            .collect();
        let state = match (&fresh.committed, fresh.stale) {
            (None, _) if fresh.attempt.status == RunStatus::Empty => "empty",
            (None, _) => "never loaded",
            (Some(_), true) => "stale",
            (Some(_), false) => "fresh",
        };
        Self {
            state,
            rows: own.iter().map(|file| file.rows).sum(),
            newest: own.iter().map(|file| file.snapshot_date).max().map(|date| date.to_string()),
            age_hours: fresh.good_at.map(|at| (now - at).num_hours()),
            last_good: fresh.committed.as_ref().map(|run| run.run.to_string()),
        }
    }

    fn as_json(&self, fresh: &Freshness) -> Value {
        json!({
            "dataset": fresh.dataset.to_string(),
            "tahun_anggaran": fresh.tahun_anggaran,
            "state": self.state,
            "rows": self.rows,
            "newest_data": self.newest,
            "age_hours": self.age_hours,
            "last_good_run": self.last_good,
            "last_attempt": { "run": fresh.attempt.run.to_string(), "status": fresh.attempt.status.word(),
                              "reason": fresh.attempt.reason },
        })
    }

    fn cells(self, fresh: &Freshness) -> Vec<String> {
        let name = match fresh.tahun_anggaran {
            Some(year) => format!("{} {year}", fresh.dataset),
            None => fresh.dataset.to_string(),
        };
        let attempt = match &fresh.attempt.reason {
            Some(reason) => format!("{}: {reason}", fresh.attempt.status.word()),
            None => fresh.attempt.status.word().to_owned(),
        };
        vec![
            name,
            self.state.to_owned(),
            grouped(self.rows),
            self.newest.unwrap_or_default(),
            self.age_hours.map(|hours| hours.to_string()).unwrap_or_default(),
            self.last_good.unwrap_or_default(),
            attempt,
        ]
    }
}
