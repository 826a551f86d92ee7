//! `lumbung status`: how fresh every dataset is, what runs next, whether the daemon lives, the mails and the marts.

mod daemon;
mod jobs;
mod mail;
mod marts;

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Value, json};

use super::Context;
use super::exit::{Code, Failure};
use super::health::{Look, Rules};
use super::output::{OutputFormat, Table, grouped, print, print_json};
use super::progress::talk;
use crate::schedule::DatasetAge;
use crate::warehouse::{RunRecord, Warehouse};

/// Longest reason in the table, in characters; `lumbung runs RUN` has all of it.
const REASON_CHARS_MAX: usize = 200;

/// How fresh every dataset is, what runs next, whether the daemon lives, the mails and the marts
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lumbung status\n  lumbung status --output json\n  \
    lumbung status --fail-stale --quiet > /dev/null || echo 'lumbung needs somebody'\n\n\
    The limit of a dataset is the strictest of the reports that stand on it, else watch.age_hours of lumbung.toml.\n\
    With --fail-stale the exit code is 65 when a dataset is older than its limit or its last load was not good, a job failed\n\
    or was held, a mail came to a bad end in the last 7 days, the marts could not be made, or the daemon says nothing although\n\
    schedule.enabled = true. docs/watch.md says how to watch a deployment.")]
pub(crate) struct StatusArgs {
    /// End with 65, and say why on stderr, when something is not as it should be
    #[arg(long)]
    fail_stale: bool,
}

pub(crate) fn run(context: &Context, args: &StatusArgs) -> Result<(), Failure> {
    let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
    let contracts = context.folder.contracts()?;
    let look = Look::take(context, &contracts, Rules::read(context, &contracts)?, &warehouse)?;
    let wrong = look.wrong(context);
    let marts = marts::Told::of(&warehouse)?;
    let jobs = jobs::Told::of(&look);
    let (daemon, mail) = (daemon::Told::of(context, &look), mail::Told::of(&look));
    match context.output {
        OutputFormat::Table => {
            let jobs = jobs.map(|jobs| format!("{}\n", jobs.as_text())).unwrap_or_default();
            let [daemon, mail] = [daemon.as_text(context), mail.as_text(look.now)];
            print(&format!("{}\n{jobs}{daemon}{mail}{}", table(context, &look), marts.as_text(context)))?;
        }
        OutputFormat::Json => {
            look.datasets().iter().try_for_each(|age| print_json(&as_json(age)))?;
            for name in &look.never_asked {
                let limit = look.limit_of(name).map(|limit| limit.age.num_hours());
                print_json(&json!({ "dataset": name, "state": "never loaded", "rows": 0, "limit_hours": limit }))?;
            }
            jobs.iter().flat_map(jobs::Told::as_json).try_for_each(|line| print_json(&line))?;
            print_json(&json!({ "daemon": daemon.as_json(), "mail": mail.as_json(), "wrong": wrong }))?;
            print_json(&marts.as_json())?;
        }
    }
    if !args.fail_stale || wrong.is_empty() {
        return Ok(());
    }
    wrong.iter().for_each(|line| talk(&format!("not well: {line}")));
    Err(Failure::told(Code::Data))
}

fn table(context: &Context, look: &Look) -> String {
    let header = [
        "dataset",
        "state",
        ">rows",
        "newest data",
        ">age h",
        ">limit h",
        "last good run",
        "last attempt",
        "last error",
    ];
    let mut table = Table::new(&header);
    look.datasets().iter().for_each(|age| table.row(cells(context, age)));
    for name in &look.never_asked {
        let blank = String::new;
        let limit = look.limit_of(name).map(|limit| limit.age.num_hours().to_string()).unwrap_or_default();
        let state = "never loaded".to_owned();
        table.row(vec![name.clone(), state, grouped(0), blank(), blank(), limit, blank(), blank(), blank()]);
    }
    table.render()
}

fn as_json(age: &DatasetAge<'_>) -> Value {
    let fresh = age.fresh;
    let run = |run: &RunRecord| {
        json!({ "run": run.run.to_string(), "status": run.status.word(), "reason": run.reason,
                "at": run.started_at.to_rfc3339() })
    };
    json!({
        "dataset": fresh.dataset.to_string(),
        "tahun_anggaran": fresh.tahun_anggaran,
        "state": age.word(),
        "rows": age.rows,
        "newest_data": age.newest.map(|day| day.to_string()),
        "age_hours": age.age.map(|age| age.num_hours()),
        "limit_hours": age.limit.map(|limit| limit.age.num_hours()),
        "limit_from": age.limit.map(|limit| &limit.from),
        "late": age.is_late(),
        "last_good_at": fresh.good_at.map(|at| at.to_rfc3339()),
        "last_good_run": fresh.committed.as_ref().map(|run| run.run.to_string()),
        "last_attempt": run(&fresh.attempt),
        "last_error": age.last_error().map(run),
    })
}

fn cells(context: &Context, age: &DatasetAge<'_>) -> Vec<String> {
    let fresh = age.fresh;
    let name = match fresh.tahun_anggaran {
        Some(year) => format!("{} {year}", fresh.dataset),
        None => fresh.dataset.to_string(),
    };
    let ended = |run: &RunRecord| format!("{} {}", local(context, run.started_at), run.status.word());
    let error = age.last_error().map(|run| match &run.reason {
        Some(reason) => format!("{}: {}", ended(run), shortened(reason)),
        None => ended(run),
    });
    vec![
        name,
        age.word().to_owned(),
        grouped(age.rows),
        age.newest.map(|day| day.to_string()).unwrap_or_default(),
        age.age.map(|age| age.num_hours().to_string()).unwrap_or_default(),
        age.limit.map(|limit| limit.age.num_hours().to_string()).unwrap_or_default(),
        fresh.committed.as_ref().map(|run| run.run.to_string()).unwrap_or_default(),
        ended(&fresh.attempt),
        error.unwrap_or_default(),
    ]
}

/// An instant in the deployment's zone, to the minute.
fn local(context: &Context, at: DateTime<Utc>) -> String {
    at.with_timezone(&context.config.deployment.timezone).format("%Y-%m-%d %H:%M").to_string()
}

fn shortened(reason: &str) -> String {
    let line = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(REASON_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
