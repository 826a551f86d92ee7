//! What is well and what is not: one look at the warehouse, and the same findings for `lumbung status` and for the daily note to the
//! operator.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::exit::Failure;
use super::{Context, report, schedule};
use crate::config::HeartbeatRoad;
use crate::contract::Contract;
use crate::reference::Reference;
use crate::report::ReportDefinition;
use crate::schedule::{AgeLimit, AgeLimits, AgeRule, DatasetAge, Plan, Standing, ages};
use crate::warehouse::{
    AsOf, CommittedFile, DeliveryState, Freshness, Heartbeat, MartState, OccurrenceRecord, OccurrenceState,
    RunStatus, Vitals, Warehouse,
};

/// A mail that came to a bad end is a finding for so long.
const RECENT: TimeDelta = TimeDelta::days(7);

/// States of a mail that somebody has to look at.
const BAD_MAIL: [(DeliveryState, &str); 3] = [
    (DeliveryState::Ambiguous, "in doubt"),
    (DeliveryState::Refused, "refused"),
    (DeliveryState::GivenUp, "given up"),
];

/// What this deployment runs by itself, and how old its data may be.
pub(crate) struct Rules {
    /// `None` where the schedule is switched off.
    pub(crate) plan: Option<Plan>,
    pub(crate) limits: AgeLimits,
}

impl Rules {
    /// Reads them. Without a schedule a broken report is no reason to do nothing else.
    pub(crate) fn read(context: &Context, contracts: &[Contract]) -> Result<Self, Failure> {
        if !context.config.schedule.enabled {
            let definitions = report::definitions(context).unwrap_or_else(|failure| {
                tracing::warn!(reason = failure.message, "limits of reports are not known");
                Vec::new()
            });
            return Ok(Self { limits: limits(context, contracts, &definitions, None), plan: None });
        }
        let definitions = report::definitions(context)?;
        let plan = schedule::plan_of(context, contracts, &definitions, &Reference::load(&context.folder)?)?;
        Ok(Self { limits: limits(context, contracts, &definitions, Some(&plan)), plan: Some(plan) })
    }
}

fn limits(
    context: &Context,
    contracts: &[Contract],
    definitions: &[ReportDefinition],
    plan: Option<&Plan>,
) -> AgeLimits {
    let switched_off = |name: &str| {
        let own = context.config.schedule.reports.get(name);
        own.is_some_and(|own| own.enabled == Some(false))
    };
    // A report that is never made demands nothing.
    let made = definitions.iter().filter(|definition| !switched_off(&definition.name));
    let rules = made.flat_map(|definition| {
        let report = definition.name.as_str();
        definition.freshness.datasets.iter().map(move |(dataset, days)| AgeRule { report, dataset, days: *days })
    });
    let rules: Vec<AgeRule<'_>> = rules.collect();
    let loaded = plan.into_iter().flat_map(|plan| &plan.jobs).flat_map(|job| &job.loads);
    let loaded: BTreeSet<String> = loaded.filter(|name| comes_by_itself(context, contracts, name)).cloned().collect();
    AgeLimits::new(&rules, &loaded, &context.config.watch)
}

/// Whether a load of its source brings a dataset: not what is pushed, and not what is asked for with a parameter only.
fn comes_by_itself(context: &Context, contracts: &[Contract], name: &str) -> bool {
    let Some((source, dataset)) = name.split_once('.') else { return false };
    let Some(contract) = contracts.iter().find(|contract| contract.source == source) else { return false };
    let Some(dataset) = contract.dataset(dataset) else { return false };
    let given = |parameter: &String| {
        context.config.sources.get(source).is_some_and(|settings| settings.parameters.contains_key(parameter))
    };
    let asked = contract.asked_with(dataset);
    asked.receive.is_none() && asked.request.requires.iter().all(given)
}

/// Whether the daemon lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DaemonState {
    /// Nobody asked it to say so.
    NotTold,
    /// It never said anything here.
    NeverRan,
    /// It ended in good order, then.
    Ended(DateTime<Utc>),
    /// It said nothing for too long, since then.
    Silent(DateTime<Utc>),
    /// It was heard.
    Running,
}

/// How everything stands.
pub(crate) struct Look {
    pub(crate) now: DateTime<Utc>,
    pub(crate) plan: Option<Plan>,
    limits: AgeLimits,
    freshness: Vec<Freshness>,
    files: Vec<CommittedFile>,
    /// Datasets of sources that are switched on and that no run ever asked for.
    pub(crate) never_asked: Vec<String>,
    pub(crate) ledger: Option<Standing>,
    pub(crate) vitals: Vitals,
    pub(crate) heartbeat: Option<Heartbeat>,
    marts: MartState,
}

impl Look {
    /// Looks at `warehouse`, which may be opened to read.
    pub(crate) fn take(
        context: &Context,
        contracts: &[Contract],
        rules: Rules,
        warehouse: &Warehouse,
    ) -> Result<Self, Failure> {
        let now = context.clock.now();
        let freshness = warehouse.freshness()?;
        let ledger = rules.plan.as_ref().map(|plan| Standing::of(warehouse, plan, now)).transpose()?;
        Ok(Self {
            now,
            never_asked: never_asked(context, contracts, &freshness),
            files: warehouse.committed_files(AsOf::Latest)?,
            vitals: warehouse.vitals(now - RECENT)?,
            heartbeat: warehouse.heartbeat()?,
            marts: warehouse.mart_state()?,
            plan: rules.plan,
            limits: rules.limits,
            freshness,
            ledger,
        })
    }

    /// How old a dataset may be.
    pub(crate) fn limit_of(&self, dataset: &str) -> Option<&AgeLimit> {
        self.limits.of(dataset)
    }

    /// How every dataset stands that was ever asked for.
    pub(crate) fn datasets(&self) -> Vec<DatasetAge<'_>> {
        ages(&self.freshness, &self.files, &self.limits, self.now)
    }

    /// Everything that somebody has to know, a line each; none when all is well.
    pub(crate) fn wrong(&self, context: &Context) -> Vec<String> {
        let mut wrong: Vec<String> = self
            .datasets()
            .iter()
            .filter_map(|age| Some(format!("{}: {}", age.fresh.dataset, age.wrong()?)))
            .collect();
        let missing = self.never_asked.iter().filter(|name| self.limits.of(name).is_some());
        wrong.extend(missing.map(|name| format!("{name}: it was never loaded")));
        wrong.extend(self.failed_jobs());
        wrong.extend(self.bad_mail());
        wrong.extend(self.bad_marts());
        wrong.extend(self.silent_daemon(context));
        wrong
    }

    fn failed_jobs(&self) -> Vec<String> {
        let line = |record: &OccurrenceRecord| {
            let reason = record.reason.as_deref().unwrap_or("no reason given");
            format!("{}: {}: {reason}", record.job, record.state.word())
        };
        let last = self.ledger.iter().flat_map(|ledger| ledger.last.values());
        last.filter(|record| matches!(record.state, OccurrenceState::Failed | OccurrenceState::Held))
            .map(line)
            .collect()
    }

    fn bad_mail(&self) -> Vec<String> {
        let recent = |state| self.vitals.deliveries.iter().find(|count| count.state == state).map_or(0, |c| c.recent);
        let bad = BAD_MAIL.iter().map(|(state, words)| (recent(*state), words)).filter(|(n, _)| *n > 0);
        bad.map(|(n, words)| format!("mail: {n} {words} in the last {} days", RECENT.num_days())).collect()
    }

    fn bad_marts(&self) -> Option<String> {
        let last = self.marts.last.as_ref()?;
        let is_bad = matches!(last.status, RunStatus::Held | RunStatus::Failed);
        is_bad.then(|| {
            format!("marts: {}: {}", last.status.word(), last.reason.as_deref().unwrap_or("no reason given"))
        })
    }

    /// Whether the daemon lives, by its heartbeat.
    pub(crate) fn daemon(&self, context: &Context) -> DaemonState {
        let watch = &context.config.watch;
        let limit = TimeDelta::seconds(i64::try_from(watch.heartbeat_limit_secs).unwrap_or(i64::MAX / 1_000));
        match &self.heartbeat {
            _ if watch.heartbeat == HeartbeatRoad::Off => DaemonState::NotTold,
            None => DaemonState::NeverRan,
            Some(beat) => match beat.stopped_at {
                Some(at) => DaemonState::Ended(at),
                None if self.now - beat.at > limit => DaemonState::Silent(beat.at),
                None => DaemonState::Running,
            },
        }
    }

    /// A daemon that ought to run and says nothing.
    fn silent_daemon(&self, context: &Context) -> Option<String> {
        self.plan.as_ref()?;
        let at = |at: DateTime<Utc>| at.with_timezone(&context.config.deployment.timezone).format("%Y-%m-%d %H:%M");
        match self.daemon(context) {
            DaemonState::NotTold | DaemonState::Running => None,
            DaemonState::NeverRan => Some("daemon: it never ran here, and schedule.enabled = true".to_owned()),
            DaemonState::Ended(stopped) => Some(format!("daemon: it was ended at {}", at(stopped))),
            DaemonState::Silent(seen) => Some(format!("daemon: it has said nothing since {}", at(seen))),
        }
    }
}

/// The datasets of the contracts that no run ever asked for. What is switched off is not missed.
fn never_asked(context: &Context, contracts: &[Contract], freshness: &[Freshness]) -> Vec<String> {
    let is_on =
        |contract: &&Contract| context.config.sources.get(&contract.source).is_none_or(|settings| settings.enabled);
    let all = contracts
        .iter()
        .filter(is_on)
        .flat_map(|contract| contract.datasets.iter().map(|dataset| format!("{}.{}", contract.source, dataset.name)));
    all.filter(|name| !freshness.iter().any(|fresh| fresh.dataset.to_string() == *name)).collect()
}
