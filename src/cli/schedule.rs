//! `lumbung schedule`: what runs by itself, when, and why.

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use clap::Args;
use serde_json::{Value, json};

use super::exit::{Code, Failure};
use super::output::{OutputFormat, Table, print, print_json};
use super::progress::talk;
use super::{Context, report};
use crate::config::{CronLine, DayRule};
use crate::contract::Contract;
use crate::reference::Reference;
use crate::report::ReportDefinition;
use crate::report::freshness::Late;
use crate::report::id_id::zone_name;
use crate::schedule::{
    Calendar, Decision, Job, JobId, Occurrence, Outlook, Plan, Prospect, ReportTimes, Standing, Why,
};
use crate::warehouse::{OccurrenceRecord, OccurrenceState, Warehouse, WarehouseError};

/// What runs by itself: when, and why
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lumbung schedule\n  lumbung schedule --days 31 --output json\n\n\
    `lumbung serve` runs it. Times are those of each job's zone. What is open or due at the moment stands first. \
    docs/schedule.md tells the rules; ops.occurrences has what became of each time.")]
pub(crate) struct ScheduleArgs {
    /// How many days to look ahead
    #[arg(long, value_name = "DAYS", default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=400))]
    days: u32,
}

pub(crate) fn run(context: &Context, args: &ScheduleArgs) -> Result<(), Failure> {
    let plan = plan(context, &context.folder.contracts()?)?;
    let now = context.clock.now();
    let until = now + TimeDelta::days(i64::from(args.days));
    let standing = standing(context, &plan, now)?;
    let lines: Vec<Line> =
        standing.prospects(&plan, (now, until)).iter().map(|prospect| Line::of(prospect, &standing)).collect();
    say_what_else(context, &plan, until);
    if context.output == OutputFormat::Json {
        return lines.iter().try_for_each(|line| print_json(&line.as_json()));
    }
    let mut table = Table::new(&["when", "job", "what", "why"]);
    lines.into_iter().for_each(|line| table.row(line.cells()));
    print(&table.render())
}

/// What runs by itself in this deployment.
pub(crate) fn plan(context: &Context, contracts: &[Contract]) -> Result<Plan, Failure> {
    plan_of(context, contracts, &report::definitions(context)?, &Reference::load(&context.folder)?)
}

/// [`plan`], of what was read before.
pub(crate) fn plan_of(
    context: &Context,
    contracts: &[Contract],
    definitions: &[ReportDefinition],
    reference: &Reference,
) -> Result<Plan, Failure> {
    let calendar = Calendar::of(reference).map_err(|error| Failure::new(Code::Configuration, error))?;
    let mailed = report::is_mailed(context);
    let times = |definition: &ReportDefinition| ReportTimes {
        name: definition.name.clone(),
        // What would not leave this machine is not made by itself.
        cron: definition.cron.parse::<CronLine>().ok().filter(|_| mailed),
        zone: definition.timezone,
        days: definition.days,
        datasets: definition.freshness.datasets.iter().map(|(dataset, _)| dataset.clone()).collect(),
        patience: match definition.freshness.late {
            Late::Wait => Some(TimeDelta::hours(definition.freshness.wait_hours)),
            Late::Hold => None,
        },
    };
    let reports: Vec<ReportTimes> = definitions.iter().map(times).collect();
    Ok(Plan::new(&context.config, contracts, &reports, calendar)?.with_retention(&context.config))
}

/// What a reader of the list would otherwise wonder about.
fn say_what_else(context: &Context, plan: &Plan, until: DateTime<Utc>) {
    if context.quiet {
        return;
    }
    if !context.config.schedule.enabled {
        talk("note: nothing of this runs, because schedule.enabled = false");
    }
    if !report::is_mailed(context) {
        talk("note: reports are not among it: mail.transport = \"file\" delivers nothing (docs/mail.md)");
    }
    let minds_days = plan.jobs.iter().any(|job| job.days != DayRule::Any);
    if minds_days && plan.calendar.last_year().is_none_or(|last| until.year() > last) {
        let last = plan.calendar.last_year().map_or_else(|| "no year".to_owned(), |year| year.to_string());
        talk(&format!("note: holidays are known up to {last} only; add later ones to reference/hari_libur.csv"));
    }
}

/// How the plan stands; to a warehouse that is not there yet nothing has happened.
fn standing(context: &Context, plan: &Plan, now: DateTime<Utc>) -> Result<Standing, Failure> {
    match Warehouse::open_for_reading(&context.warehouse) {
        Ok(warehouse) => Ok(Standing::of(&warehouse, plan, now)?),
        Err(WarehouseError::NoWarehouse { .. }) => Ok(Standing::default()),
        Err(error) => Err(error.into()),
    }
}

/// One line: something that runs, ran late or will run.
struct Line {
    local: String,
    rfc3339: String,
    job: JobId,
    cron: String,
    zone: String,
    what: &'static str,
    why: String,
    waits_for: Vec<String>,
}

impl Line {
    fn new(job: &Job, at: DateTime<Utc>, what: &'static str, why: String) -> Self {
        Self {
            local: local(job, at),
            rfc3339: at.with_timezone(&job.zone).to_rfc3339(),
            job: job.id.clone(),
            cron: job.cron.to_string(),
            zone: job.zone.to_string(),
            what,
            why,
            waits_for: job.waits_for.clone(),
        }
    }

    fn of(prospect: &Prospect<'_>, standing: &Standing) -> Self {
        let (job, at) = (prospect.job, prospect.at);
        let hold = standing.holds.get(&job.id.to_string());
        let mut line = match &prospect.what {
            Outlook::Open(record) => Self::open(job, record),
            Outlook::Asked(order) => Self::new(job, at, "due", format!("{} asked for it", order.by)),
            Outlook::Due(Decision::Run) => Self::new(job, at, "due", "nobody has run it yet".to_owned()),
            Outlook::Due(Decision::Skip(reason)) => Self::new(job, at, "skip", reason.to_string()),
            Outlook::Coming(occurrence) => Self::coming(job, occurrence),
        };
        let runs = !matches!(&prospect.what, Outlook::Open(record) if record.state == OccurrenceState::Running);
        if let Some(hold) = hold.filter(|_| runs && line.what != "skip") {
            line.what = "held";
            line.why = format!("held back by {} since {}: {}", hold.by, local(job, hold.since), hold.reason);
        }
        line
    }

    fn open(job: &Job, record: &OccurrenceRecord) -> Self {
        let reason = record.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let next = record.next_at.map(|at| local(job, at)).unwrap_or_default();
        let why = match record.state {
            OccurrenceState::Running => format!("attempt {} is at work", record.attempt),
            OccurrenceState::Retry => format!("attempt {} ended, the next follows {next}{reason}", record.attempt),
            _ if next.is_empty() => format!("waits{reason}"),
            _ => format!("waits, at the latest until {next}{reason}"),
        };
        Self::new(job, record.due_at, record.state.word(), why)
    }

    fn coming(job: &Job, occurrence: &Occurrence) -> Self {
        let at = job.starts_at(occurrence.due_at);
        let (what, mut why) = match &occurrence.why {
            Why::Cron => ("run", format!("cron {}", job.cron)),
            Why::Shifted { from, free } => ("run", format!("shifted from {}: {free}", local(job, *from))),
            Why::Free(free) => ("skip", format!("a free day: {free}")),
        };
        if job.days == DayRule::FirstWorkingDayOfMonth {
            why.push_str(", first working day of the month");
        }
        if at != occurrence.due_at {
            why.push_str(&format!(", {} s later (jitter)", (at - occurrence.due_at).num_seconds()));
        }
        if what == "run" && !job.waits_for.is_empty() {
            why.push_str(&format!("; waits for {}", job.waits_for.join(", ")));
        }
        Self::new(job, at, what, why)
    }

    fn as_json(&self) -> Value {
        json!({
            "at": self.rfc3339, "job": self.job.to_string(), "what": self.what, "why": self.why, "cron": self.cron,
            "zone": self.zone, "waits_for": self.waits_for,
        })
    }

    fn cells(self) -> Vec<String> {
        vec![self.local, self.job.to_string(), self.what.to_owned(), self.why]
    }
}

/// A time as the job's people read it: `Mon 2026-11-02 06:00 WIB`.
pub(crate) fn local(job: &Job, at: DateTime<Utc>) -> String {
    let zone = zone_name(job.zone).unwrap_or(job.zone.name());
    format!("{} {zone}", at.with_timezone(&job.zone).format("%a %Y-%m-%d %H:%M"))
}
