//! What runs by itself: jobs, made from the configuration.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use chrono_tz::Tz;
use sha2::{Digest, Sha256};

use super::calendar::Calendar;
use crate::config::{Config, CronLine, DayRule, JobSettings, Misfire, Problem, Problems};
use crate::contract::Contract;

/// Longest wait before another attempt.
const BACKOFF_MAX: TimeDelta = TimeDelta::hours(6);

/// A job, as the ledger and the operator know it: `source:omspan`, `dataset:omspan.detail_pnbp`, `report:pnbp`, `gc`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobId {
    /// Loads what is switched on of a source.
    Source(String),
    /// Loads one dataset, `source.dataset`.
    Dataset(String),
    /// Makes and mails a report.
    Report(String),
    /// Removes what may go by the rules of retention.
    Gc,
}

impl JobId {
    /// The source that is asked; `None` where none is.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        match self {
            Self::Source(source) => Some(source),
            Self::Dataset(dataset) => dataset.split_once('.').map(|(source, _)| source),
            Self::Report(_) | Self::Gc => None,
        }
    }

    /// Whether it loads.
    #[must_use]
    pub fn is_load(&self) -> bool {
        matches!(self, Self::Source(_) | Self::Dataset(_))
    }

    /// Whether each of its times is a thing of its own (another edition), so that a bad end after a bad end is news.
    #[must_use]
    pub fn is_report(&self) -> bool {
        matches!(self, Self::Report(_))
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(name) => write!(f, "source:{name}"),
            Self::Dataset(name) => write!(f, "dataset:{name}"),
            Self::Report(name) => write!(f, "report:{name}"),
            Self::Gc => f.write_str("gc"),
        }
    }
}

impl FromStr for JobId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("source", name)) if !name.is_empty() => Ok(Self::Source(name.to_owned())),
            Some(("dataset", name)) if name.contains('.') => Ok(Self::Dataset(name.to_owned())),
            Some(("report", name)) if !name.is_empty() => Ok(Self::Report(name.to_owned())),
            None if text == "gc" => Ok(Self::Gc),
            _ => Err("source:NAME, dataset:SOURCE.DATASET, report:NAME or gc".to_owned()),
        }
    }
}

/// One thing that runs by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// What it is.
    pub id: JobId,
    /// When.
    pub cron: CronLine,
    /// The zone of `cron`.
    pub zone: Tz,
    /// On which days.
    pub days: DayRule,
    /// What becomes of times that nobody ran.
    pub misfire: Misfire,
    /// After which a time is missed, for [`Misfire::Skip`].
    pub grace: TimeDelta,
    /// It begins up to so much late; zero for never.
    pub jitter: TimeDelta,
    /// Longest that one attempt may take.
    pub timeout: Duration,
    /// Attempts after the first.
    pub retries: u32,
    /// Wait before the second attempt; doubling after that.
    pub backoff: TimeDelta,
    /// The datasets it loads, `source.dataset`; none of what is no load.
    pub loads: Vec<String>,
    /// The datasets it waits for; none of a load.
    pub waits_for: Vec<String>,
    /// How long it waits for loads that run, from when it was taken up; `None` for as long as they run.
    pub patience: Option<TimeDelta>,
}

impl Job {
    /// What decides when it is due and what becomes of missed times, as one text: when it changes, it is another schedule.
    #[must_use]
    pub fn spec(&self) -> String {
        let Self { cron, zone, days, misfire, .. } = self;
        format!("{cron} | {zone} | {} | {misfire}", days.words())
    }

    /// The SHA-256 of [`Job::spec`], hexadecimal.
    #[must_use]
    pub fn spec_sha256(&self) -> String {
        Sha256::digest(self.spec()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// When the run that is due at `due_at` begins: less than `jitter` later, and always the same.
    #[must_use]
    pub fn starts_at(&self, due_at: DateTime<Utc>) -> DateTime<Utc> {
        let Some(bound) = u64::try_from(self.jitter.num_seconds()).ok().filter(|seconds| *seconds > 0) else {
            return due_at;
        };
        let key = format!("{}\n{}", self.id, due_at.to_rfc3339_opts(SecondsFormat::Secs, true));
        let digest: [u8; 32] = Sha256::digest(key).into();
        let number = digest.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
        due_at + TimeDelta::seconds(i64::try_from(number % bound).expect("less than the bound"))
    }

    /// The wait after attempt number `attempt`, of which the first is 1.
    #[must_use]
    pub fn wait_after(&self, attempt: u32) -> TimeDelta {
        let doublings = attempt.saturating_sub(1).min(20);
        self.backoff.checked_mul(1 << doublings).unwrap_or(BACKOFF_MAX).min(BACKOFF_MAX)
    }
}

/// When a report is due by its definition.
#[derive(Debug, Clone)]
pub struct ReportTimes {
    /// Its name.
    pub name: String,
    /// When; `None` where only by hand.
    pub cron: Option<CronLine>,
    /// The zone of `cron`.
    pub zone: Tz,
    /// On which days.
    pub days: DayRule,
    /// The datasets it stands on.
    pub datasets: Vec<String>,
    /// How long it waits for loads that run; `None` for as long as they run.
    pub patience: Option<TimeDelta>,
}

/// Everything that runs by itself.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The jobs: loads, then reports, by name; then what is removed.
    pub jobs: Vec<Job>,
    /// The free days.
    pub calendar: Calendar,
}

impl Plan {
    /// The plan of a deployment.
    ///
    /// # Errors
    /// Every name in `[schedule]` that there is no source, dataset or report of.
    pub fn new(
        config: &Config,
        contracts: &[Contract],
        reports: &[ReportTimes],
        calendar: Calendar,
    ) -> Result<Self, Problems> {
        let problems = unknown_names(config, contracts, reports);
        if !problems.is_empty() {
            return Err(Problems(problems));
        }
        let mut jobs = Vec::new();
        for contract in contracts {
            jobs.extend(load_jobs(config, contract));
        }
        jobs.extend(reports.iter().filter_map(|report| report_job(config, report)));
        jobs.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Self { jobs, calendar })
    }

    /// This plan, and at its times the removal of what may go by the rules of retention, unless it is switched off.
    #[must_use]
    pub fn with_retention(mut self, config: &Config) -> Self {
        if config.retention.enabled {
            self.jobs.push(job(config, JobId::Gc, &JobSettings::default(), &config.retention.cron));
        }
        self
    }

    /// The job called `id`.
    #[must_use]
    pub fn job(&self, id: &JobId) -> Option<&Job> {
        self.jobs.iter().find(|job| job.id == *id)
    }
}

/// The job of a source and those of its datasets that have times of their own.
fn load_jobs(config: &Config, contract: &Contract) -> Vec<Job> {
    let (schedule, source) = (&config.schedule, &contract.source);
    let mut jobs = Vec::new();
    let mut of_source = Vec::new();
    for dataset in &contract.datasets {
        let name = format!("{source}.{}", dataset.name);
        let Some(own) = schedule.datasets.get(&name) else {
            of_source.push(name);
            continue;
        };
        // A dataset with an entry is loaded by it alone, also where it says enabled = false.
        if let Some(cron) = own.cron.as_ref().or(schedule.cron.as_ref()).filter(|_| own.enabled != Some(false)) {
            let loads = vec![name.clone()];
            jobs.push(Job { loads, ..job(config, JobId::Dataset(name), own, cron) });
        }
    }
    let none = JobSettings::default();
    let own = schedule.sources.get(source).unwrap_or(&none);
    let switched_on = config.sources.get(source).is_none_or(|settings| settings.enabled);
    let cron = own.cron.as_ref().or(schedule.cron.as_ref());
    if let Some(cron) = cron.filter(|_| own.enabled.unwrap_or(switched_on) && !of_source.is_empty()) {
        jobs.push(Job { loads: of_source, ..job(config, JobId::Source(source.clone()), own, cron) });
    }
    jobs
}

fn report_job(config: &Config, report: &ReportTimes) -> Option<Job> {
    let none = JobSettings::default();
    let own = config.schedule.reports.get(&report.name).unwrap_or(&none);
    let cron = own.cron.as_ref().or(report.cron.as_ref()).filter(|_| own.enabled != Some(false))?;
    Some(Job {
        zone: own.zone.unwrap_or(report.zone),
        days: own.days.unwrap_or(report.days),
        waits_for: report.datasets.clone(),
        patience: report.patience,
        ..job(config, JobId::Report(report.name.clone()), own, cron)
    })
}

/// A job with what is its own, and what holds for all where it says nothing.
fn job(config: &Config, id: JobId, own: &JobSettings, cron: &CronLine) -> Job {
    let common = &config.schedule.defaults;
    let seconds = |own: Option<u64>, common: Option<u64>| {
        let seconds = i64::try_from(own.or(common).unwrap_or(0)).unwrap_or(i64::MAX);
        TimeDelta::try_seconds(seconds).unwrap_or(TimeDelta::MAX)
    };
    Job {
        id,
        cron: cron.clone(),
        zone: own.zone.or(common.zone).unwrap_or(config.deployment.timezone),
        days: own.days.unwrap_or_default(),
        misfire: own.misfire.or(common.misfire).unwrap_or(Misfire::Last),
        grace: seconds(own.grace_secs, common.grace_secs),
        jitter: seconds(own.jitter_secs, common.jitter_secs),
        timeout: Duration::from_secs(own.timeout_secs.or(common.timeout_secs).unwrap_or(14_400)),
        retries: own.retries.or(common.retries).unwrap_or(0),
        backoff: seconds(own.backoff_secs, common.backoff_secs),
        loads: Vec::new(),
        waits_for: Vec::new(),
        patience: None,
    }
}

/// A typo in a name must not leave something without its schedule in silence.
fn unknown_names(config: &Config, contracts: &[Contract], reports: &[ReportTimes]) -> Vec<Problem> {
    let sources: BTreeSet<String> = contracts.iter().map(|contract| contract.source.clone()).collect();
    let datasets = contracts
        .iter()
        .flat_map(|contract| contract.datasets.iter().map(|dataset| format!("{}.{}", contract.source, dataset.name)));
    let datasets: BTreeSet<String> = datasets.collect();
    let reports: BTreeSet<String> = reports.iter().map(|report| report.name.clone()).collect();
    let schedule = &config.schedule;
    let mut problems = Vec::new();
    for (kind, named, known) in [
        ("sources", schedule.sources.keys().collect::<Vec<_>>(), &sources),
        ("datasets", schedule.datasets.keys().collect(), &datasets),
        ("reports", schedule.reports.keys().collect(), &reports),
    ] {
        for name in named.into_iter().filter(|name| !known.contains(*name)) {
            let nearest =
                known.iter().max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
            let hint = nearest.map(|nearest| format!("did you mean `{nearest}`?")).unwrap_or_default();
            let message = format!("`schedule.{kind}.{name}` names nothing that there is");
            problems.push(Problem { file: "lumbung.toml".to_owned(), line: 0, message, hint });
        }
    }
    problems
}
