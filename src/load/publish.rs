//! The end of a load: every table's staged files are published, or every run is closed with the reason why not.

use std::path::PathBuf;
use std::sync::Arc;

use super::group::{Group, Table, Totals};
use super::{LoadError, LoadErrorKind, LoadReport, Loader, Status, ToPublish, ask, plan};
use crate::contract::{Dataset, Paging};
use crate::warehouse::{
    CommitMode, DatasetId, Outcome as Unpublished, Run, RunId, StagedFile, ToCommit, commit_together,
};

/// How a table's run ends.
enum End {
    /// Its files are published.
    Commit(Vec<StagedFile>),
    /// Nothing is, and that is fine.
    Finish(Unpublished, Option<&'static str>),
}

impl Loader<'_> {
    /// Publishes what landed in every table, or closes all runs with the reason why not.
    pub(super) fn settle(
        &self,
        group: Group,
        landed: Result<ToPublish, LoadError>,
        dataset: &Dataset,
    ) -> Vec<LoadReport> {
        match landed {
            Ok(ToPublish { staged, files, nothing_new }) => {
                let reports = self.publish(group.tables, staged, nothing_new);
                let moves = matches!(dataset.paging, Paging::Files { done: true });
                if moves { self.file_away(reports, &files) } else { reports }
            }
            Err(error) => self.close_all(group.tables, dataset, error),
        }
    }

    /// Marks every run as held or failed; tables that no run could begin for are told of, too.
    fn close_all(&self, tables: Vec<Table>, dataset: &Dataset, error: LoadError) -> Vec<LoadReport> {
        let (kind, text) = (error.kind(), error.to_string());
        let (mut tables, mut error) = (tables.into_iter(), Some(error));
        let all = std::iter::once(dataset).chain(self.contract.further_tables(dataset));
        let mut reports = Vec::new();
        for id in all.map(|dataset| plan::dataset_id(self.contract, dataset)) {
            // The reason is told once in full; the tables beside it point there.
            let error = error.take().unwrap_or_else(|| LoadError::Together { kind, reason: text.clone() });
            let (run, totals) = match tables.next() {
                Some(Table { run, totals, .. }) => {
                    let run = into_inner(run);
                    let run_id = run.id().clone();
                    self.close(run, &error);
                    (Some(run_id), totals)
                }
                None => (None, Totals::default()),
            };
            let status = if kind == LoadErrorKind::Held { Status::Held } else { Status::Failed };
            reports.push(self.report(id, run, status, totals, Some(error)));
        }
        reports
    }

    /// Marks a run as held or failed.
    fn close(&self, run: Run, error: &LoadError) {
        let held = error.kind() == LoadErrorKind::Held;
        let outcome = if held { Unpublished::Held } else { Unpublished::Failed };
        let dataset = run.dataset().clone();
        if let Err(silent) = run.finish(outcome, Some(&error.to_string()), self.clock.now()) {
            // Why the load failed matters more than that the ledger could not say so.
            tracing::warn!(%dataset, error = %silent, "the failure is not in the ledger");
        }
    }

    /// Publishes the files of all tables in one commit, and ends the runs that have none.
    fn publish(&self, tables: Vec<Table>, staged: Vec<Vec<StagedFile>>, nothing_new: bool) -> Vec<LoadReport> {
        let now = self.clock.now();
        let (mut commits, mut outcomes) = (Vec::new(), Vec::with_capacity(tables.len()));
        let mut reports = Vec::with_capacity(tables.len());
        // Where nothing had come in, nothing is staged for any table.
        let staged = staged.into_iter().chain(std::iter::repeat_with(Vec::new));
        for (Table { id, dataset, run, totals, .. }, staged) in tables.into_iter().zip(staged) {
            let run = into_inner(run);
            let run_id = run.id().clone();
            match end_of(staged, &totals, nothing_new) {
                End::Commit(staged) => {
                    let mode = if dataset.accumulates() { CommitMode::Accumulate } else { CommitMode::Snapshot };
                    commits.push(ToCommit { run, staged, mode, note: totals.note() });
                    outcomes.push(None);
                }
                End::Finish(outcome, reason) => outcomes.push(Some((run, outcome, reason))),
            }
            reports.push(self.report(id, Some(run_id), Status::Committed, totals, None));
        }
        let committed = if commits.is_empty() { Ok(()) } else { commit_together(commits, now).map(|_| ()) };
        let mut failure = committed.err().map(LoadError::from);
        let together = failure.as_ref().map(|error| (error.kind(), error.to_string()));
        for (report, outcome) in reports.iter_mut().zip(outcomes) {
            let error = match outcome {
                Some((run, outcome, reason)) => {
                    report.status = if outcome == Unpublished::Empty { Status::Empty } else { Status::Unchanged };
                    run.finish(outcome, reason, now).err().map(LoadError::from)
                }
                None => together.as_ref().map(|(kind, reason)| {
                    let (kind, reason) = (*kind, reason.clone());
                    failure.take().unwrap_or(LoadError::Together { kind, reason })
                }),
            };
            if error.is_some() {
                report.status = Status::Failed;
                report.error = error;
            }
        }
        reports
    }

    /// Moves committed files out of the drop folder. What stays there is read again and found unchanged.
    fn file_away(&self, mut reports: Vec<LoadReport>, files: &[PathBuf]) -> Vec<LoadReport> {
        if reports.iter().all(|report| report.error.is_none())
            && let Err(error) = ask::move_to_done(files)
            && let Some(first) = reports.first_mut()
        {
            first.error = Some(error);
        }
        reports
    }

    pub(super) fn report(
        &self,
        dataset: DatasetId,
        run: Option<RunId>,
        status: Status,
        totals: Totals,
        error: Option<LoadError>,
    ) -> LoadReport {
        LoadReport {
            path: self.warehouse.root().join("latest").join(dataset.source()).join(dataset.dataset()),
            dataset,
            run,
            status,
            rows: totals.rows,
            quarantined: totals.quarantined,
            pages: totals.pages,
            bytes: totals.bytes,
            control: totals.control,
            seconds: 0.0,
            unknown_keys: totals.unknown_keys,
            error,
        }
    }
}

/// How a run ends that nothing speaks against.
fn end_of(staged: Vec<StagedFile>, totals: &Totals, nothing_new: bool) -> End {
    if nothing_new {
        End::Finish(Unpublished::Unchanged, Some("nothing new had come in"))
    } else if !staged.is_empty() {
        End::Commit(staged)
    } else if totals.rows == 0 {
        End::Finish(Unpublished::Empty, None)
    } else {
        End::Finish(Unpublished::Unchanged, None)
    }
}

/// The run of a table, which nobody else holds any more.
fn into_inner(run: Arc<Run>) -> Run {
    Arc::into_inner(run).expect("the workers of a load end before it does")
}
