//! The loads of one attempt: dataset after dataset, each under its lease; what a former attempt loaded is not asked for again.

use super::work::{Daily, said};
use crate::cli::progress::Watcher;
use crate::cli::session;
use crate::cli::snapshot::{self, Target};
use crate::load::{LoadError, LoadReport, LoadRequest, Status, YearsProbed};
use crate::schedule::{Attempt, Ended, JobId, Outcome};
use crate::warehouse::{DatasetId, RunFilter, RunStatus, Warehouse, WarehouseError};

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

/// Loads what `attempt` is about.
pub(super) async fn load(daily: &Daily<'_>, attempt: &Attempt) -> Ended {
    let name = match &attempt.job.id {
        JobId::Source(name) | JobId::Dataset(name) | JobId::Report(name) => name.clone(),
        JobId::Gc => return Ended::plain(Outcome::Failed("it is no load".to_owned())),
    };
    match snapshot::targets(daily.context, daily.contracts, &[name]) {
        Ok(targets) => load_all(daily, attempt, targets).await.ended(),
        Err(failure) => Ended::plain(Outcome::Failed(said(&failure))),
    }
}

async fn load_all(daily: &Daily<'_>, attempt: &Attempt, targets: Vec<Target<'_>>) -> Tally {
    let (context, warehouse) = (daily.context, &daily.scheduled.warehouse);
    let mut tally = Tally::default();
    let (watcher, probed) = (Watcher::Silent, YearsProbed::default());
    let loaded = session::LoadedRows { context, warehouse };
    let today = context.clock.today(context.config.deployment.timezone);
    let request = LoadRequest::of(today, "lumbung".to_owned());
    for target in &targets {
        let name = format!("{}.{}", target.contract.source, target.dataset.name);
        // A dataset with times of its own is loaded by those alone.
        let others = matches!(attempt.job.id, JobId::Source(_)) && !attempt.job.loads.contains(&name);
        if others || (attempt.number > 1 && is_loaded(warehouse, &name, attempt)) {
            continue;
        }
        let lease = match attempt.lease(&name, context.clock.now()) {
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
        let loader = snapshot::loader(context, warehouse, target, (&probed, &watcher, &loaded));
        let reports = loader.load(target.dataset, &request).await;
        drop(lease);
        reports.iter().for_each(|report| tally.add(report));
    }
    tally
}

/// Whether a run of the dataset ended well, or was held, since the occurrence was taken up. Where that cannot be known it is
/// loaded again, which costs time alone.
fn is_loaded(warehouse: &Warehouse, name: &str, attempt: &Attempt) -> bool {
    let Some(dataset) = name.split_once('.').and_then(|(source, dataset)| DatasetId::new(source, dataset).ok())
    else {
        return false;
    };
    let newest = RunFilter { dataset: Some(dataset), limit: Some(1), ..RunFilter::default() };
    let newest = warehouse.runs(&newest).ok().and_then(|mut runs| runs.pop());
    newest.is_some_and(|run| {
        let is_over =
            matches!(run.status, RunStatus::Committed | RunStatus::Unchanged | RunStatus::Empty | RunStatus::Held);
        is_over && run.started_at >= attempt.started_at
    })
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
    use super::Tally;
    use crate::schedule::Outcome;

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
