//! The loads of one attempt: dataset after dataset, each under its lease; what a former attempt loaded is not asked for again.

use chrono::{DateTime, NaiveDate, Utc};

use super::work::{Daily, said};
use crate::cli::progress::Watcher;
use crate::cli::session;
use crate::cli::snapshot::{self, Target};
use crate::load::{LoadError, LoadErrorKind, LoadReport, LoadRequest, Loader, Status, YearsProbed};
use crate::schedule::{Attempt, Ended, JobId, Outcome};
use crate::warehouse::{DatasetId, RunFilter, RunRecord, RunStatus, WarehouseError};

/// What the loads of an attempt came to.
#[derive(Debug, Default)]
struct Tally {
    failed: Vec<String>,
    busy: Vec<String>,
    held: Vec<String>,
    n_loaded: usize,
    changed: bool,
    run: Option<String>,
}

/// Loads `name`, a source or a dataset, which `attempt` is about.
pub(super) async fn load(daily: &Daily<'_>, name: &str, attempt: &Attempt) -> Ended {
    match snapshot::targets(daily.context, daily.contracts, &[name.to_owned()]) {
        Ok(targets) => load_all(daily, attempt, targets).await.ended(),
        Err(failure) => Ended::plain(Outcome::Failed(said(&failure))),
    }
}

async fn load_all(daily: &Daily<'_>, attempt: &Attempt, targets: Vec<Target<'_>>) -> Tally {
    let (context, warehouse) = (daily.context, &*daily.scheduled.warehouse);
    let mut tally = Tally::default();
    let (watcher, probed) = (Watcher::Silent, YearsProbed::default());
    let loaded = session::LoadedRows { context, warehouse };
    let today = context.clock.today(context.config.deployment.timezone);
    for target in &targets {
        let name = format!("{}.{}", target.contract.source, target.dataset.name);
        // A dataset with times of its own is loaded by those alone.
        if matches!(attempt.job.id, JobId::Source(_)) && !attempt.job.loads.contains(&name) {
            continue;
        }
        let loader = snapshot::loader(context, warehouse, target, (&probed, &watcher, &loaded));
        let done = if attempt.number > 1 { done_since(&loader, &name, attempt.started_at) } else { Vec::new() };
        // What an attempt before held is not forgotten because this one does not ask for it again.
        tally.held.extend(still_held(&done).map(|why| format!("{name}: {why}")));
        let due = due(&loader, (target, &name), today, &done);
        if due.is_empty() {
            continue;
        }
        let _lease = match attempt.lease(&name, context.clock.now()) {
            Ok(Some(lease)) => lease,
            Ok(None) => {
                tally.busy.push(format!("{name} is being loaded by another process"));
                continue;
            }
            Err(error) => {
                tally.failed.push(format!("{name}: {error}"));
                break;
            }
        };
        for year in due {
            let years = year.into_iter().collect();
            let request = LoadRequest { years, ..LoadRequest::of(today, "lumbung".to_owned()) };
            for report in loader.load(target.dataset, &request).await {
                match year {
                    Some(year) if is_refused(&report) => {
                        // Its token may have ended with it: that is no reason to call the load of this year a failure.
                        tracing::warn!(dataset = %report.dataset, year, "the year before is not loaded any more");
                    }
                    _ => tally.add(&report),
                }
            }
        }
    }
    tally
}

fn is_refused(report: &LoadReport) -> bool {
    report.error.as_ref().is_some_and(|error| error.kind() == LoadErrorKind::NotAuthorised)
}

/// What an attempt has to load of a dataset: the fiscal year that is being closed, then what a load that is told no years
/// asks for (`None`); without what attempts before have `done`. What cannot be known is loaded, which costs time alone.
fn due(
    loader: &Loader<'_>,
    (target, name): (&Target<'_>, &str),
    today: NaiveDate,
    done: &[RunRecord],
) -> Vec<Option<i32>> {
    let closing = loader.closing_year(target.dataset, today).unwrap_or_else(|error| {
        tracing::warn!(dataset = name, %error, "whether the year before is to be loaded is not known");
        None
    });
    let is_done = |year: &Option<i32>| {
        let years = || done.iter().map(|run| run.tahun_anggaran.map(i32::from));
        match year {
            Some(_) => years().any(|of| of == *year),
            None => years().any(|of| closing.is_none() || of != closing),
        }
    };
    closing.map(Some).into_iter().chain([None]).filter(|year| !is_done(year)).collect()
}

/// Why runs were held after which no better one of their year came; newest first.
fn still_held(done: &[RunRecord]) -> impl Iterator<Item = &str> {
    let is_newest =
        |at: usize, run: &RunRecord| done[..at].iter().all(|later| later.tahun_anggaran != run.tahun_anggaran);
    let held = done.iter().enumerate().filter(move |(at, run)| run.status == RunStatus::Held && is_newest(*at, run));
    held.map(|(_, run)| run.reason.as_deref().unwrap_or("no reason given"))
}

/// Runs of a dataset that are looked at: one attempt makes two.
const RUNS_MAX: u32 = 20;

/// The runs of a dataset that ended well, or were held, since `began`.
fn done_since(loader: &Loader<'_>, name: &str, began: DateTime<Utc>) -> Vec<RunRecord> {
    let dataset = name.split_once('.').and_then(|(source, dataset)| DatasetId::new(source, dataset).ok());
    let Some(dataset) = dataset else { return Vec::new() };
    let newest = RunFilter { dataset: Some(dataset), limit: Some(RUNS_MAX), ..RunFilter::default() };
    let runs = loader.warehouse.runs(&newest).unwrap_or_default().into_iter();
    let is_over =
        |status| matches!(status, RunStatus::Committed | RunStatus::Unchanged | RunStatus::Empty | RunStatus::Held);
    runs.filter(|run| run.started_at >= began && is_over(run.status)).collect()
}

impl Tally {
    fn add(&mut self, report: &LoadReport) {
        self.run = report.run.as_ref().map(ToString::to_string).or(self.run.take());
        self.n_loaded += 1;
        let why = report.error.as_ref().map_or_else(|| "no reason given".to_owned(), ToString::to_string);
        let line = format!("{}: {why}", report.dataset);
        match (&report.error, report.status) {
            (_, Status::Committed) => self.changed = true,
            (_, Status::Unchanged | Status::Empty) => {}
            (_, Status::Held) => self.held.push(line),
            (Some(LoadError::Warehouse(WarehouseError::Locked { .. })), Status::Failed) => self.busy.push(line),
            (_, Status::Failed) => self.failed.push(line),
        }
    }

    /// The worst counts: what failed is tried again before anybody is told of what was held.
    fn ended(self) -> Ended {
        let held = self.held.join("; ");
        let outcome = if !self.failed.is_empty() {
            let failed = self.failed.join("; ");
            Outcome::Failed(if held.is_empty() { failed } else { format!("{failed}; held: {held}") })
        } else if !self.busy.is_empty() {
            Outcome::Busy(self.busy.join("; "))
        } else if !held.is_empty() {
            Outcome::Held(held)
        } else {
            Outcome::Done(Some(format!("{} datasets loaded", self.n_loaded)))
        };
        Ended { outcome, changed: self.changed, run: self.run }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::{Tally, still_held};
    use crate::schedule::Outcome;
    use crate::warehouse::{DatasetId, RunId, RunRecord, RunStatus};

    fn run(year: u16, status: RunStatus, reason: Option<&str>) -> RunRecord {
        let at: DateTime<Utc> = "2026-11-01T06:00:00Z".parse().unwrap();
        RunRecord {
            run: RunId::new(at),
            dataset: DatasetId::new("omspan", "dipa_belanja").unwrap(),
            tahun_anggaran: Some(year),
            contract_version: 1,
            status,
            reason: reason.map(str::to_owned),
            started_at: at,
            finished_at: Some(at),
            pages: 0,
            bytes: 0,
            rows: 0,
            quarantined: 0,
            key_id: None,
            accepted: None,
            replay_of: None,
            parameters: None,
        }
    }

    #[test]
    fn what_was_held_is_told_until_a_better_run_of_its_year_came() {
        let held = |runs: &[RunRecord]| still_held(runs).map(str::to_owned).collect::<Vec<_>>();
        let shrunk = || run(2026, RunStatus::Held, Some("shrunk"));
        assert_eq!(held(&[shrunk()]), ["shrunk"]);
        assert_eq!(held(&[run(2025, RunStatus::Committed, None), shrunk()]), ["shrunk"]);
        // Newest first.
        assert_eq!(held(&[run(2026, RunStatus::Committed, None), shrunk()]), [""; 0]);
        assert_eq!(held(&[run(2026, RunStatus::Held, None), shrunk()]), ["no reason given"]);
    }

    #[test]
    fn the_worst_of_all_loads_counts() {
        let lists = |failed: &[&str], busy: &[&str], held: &[&str]| {
            let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect();
            Tally { failed: owned(failed), busy: owned(busy), held: owned(held), n_loaded: 2, ..Tally::default() }
        };
        for (tally, expected) in [
            (lists(&[], &[], &[]), Outcome::Done(Some("2 datasets loaded".to_owned()))),
            (lists(&[], &[], &["a: shrunk"]), Outcome::Held("a: shrunk".to_owned())),
            (lists(&[], &["b"], &["a"]), Outcome::Busy("b".to_owned())),
            (lists(&["c", "d"], &["b"], &["a"]), Outcome::Failed("c; d; held: a".to_owned())),
        ] {
            assert_eq!(tally.ended().outcome, expected);
        }
    }
}
