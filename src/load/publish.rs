//! The end of a load: every table's staged files are published, or every run is closed with the reason why not.

use std::path::PathBuf;
use std::sync::Arc;

use super::group::{Group, Table, Totals};
use super::{LoadError, LoadErrorKind, LoadReport, Loader, Status, ToPublish, ask, plan};
use crate::contract::{Dataset, Paging};
use crate::warehouse::{CommitMode, DatasetId, Outcome as Unpublished, Run, RunId, StagedFile};

impl Loader<'_> {
    /// Publishes what landed in every table, or closes all runs with the reason why not.
    pub(super) fn settle(
        &self,
        group: Group,
        landed: Result<ToPublish, LoadError>,
        dataset: &Dataset,
    ) -> Vec<LoadReport> {
        let further = self.contract.further_tables(dataset);
        let all: Vec<DatasetId> =
            std::iter::once(dataset).chain(further).map(|dataset| plan::dataset_id(self.contract, dataset)).collect();
        let mut tables = group.tables.into_iter();
        let (mut staged, mut failure) = match landed {
            Ok(ToPublish { staged, files, nothing_new }) => {
                let reports = self.publish(tables, staged, nothing_new);
                let moves = matches!(dataset.paging, Paging::Files { done: true });
                return if moves { self.file_away(reports, &files) } else { reports };
            }
            Err(error) => (all.into_iter(), Some(error)),
        };
        let (kind, text) = failure.as_ref().map(|error| (error.kind(), error.to_string())).expect("set above");
        let mut reports = Vec::new();
        for id in staged.by_ref() {
            let table = tables.next();
            // The reason is told once in full; the tables beside it point there.
            let error = failure.take().unwrap_or_else(|| LoadError::Together { kind, reason: text.clone() });
            let (run, totals) = match table {
                Some(Table { run, totals, .. }) => {
                    let run = into_inner(run);
                    let run_id = run.id().clone();
                    self.close(run, &error);
                    (Some(run_id), totals)
                }
                None => (None, Totals::default()),
            };
            let status = if error.kind() == LoadErrorKind::Held { Status::Held } else { Status::Failed };
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

    fn publish(
        &self,
        tables: impl Iterator<Item = Table>,
        staged: Vec<Vec<StagedFile>>,
        nothing_new: bool,
    ) -> Vec<LoadReport> {
        let mut staged = staged.into_iter();
        tables
            .map(|Table { id, dataset, run, totals, .. }| {
                let run = into_inner(run);
                let run_id = run.id().clone();
                let files = staged.next().unwrap_or_default();
                let published = self.publish_one(run, &dataset, files, (&totals, nothing_new));
                let status = published.as_ref().copied().unwrap_or(Status::Failed);
                self.report(id, Some(run_id), status, totals, published.err())
            })
            .collect()
    }

    fn publish_one(
        &self,
        run: Run,
        dataset: &Dataset,
        staged: Vec<StagedFile>,
        (totals, nothing_new): (&Totals, bool),
    ) -> Result<Status, LoadError> {
        let now = self.clock.now();
        if nothing_new {
            run.finish(Unpublished::Unchanged, Some("no new file in the drop folder"), now)?;
            return Ok(Status::Unchanged);
        }
        if totals.rows == 0 && staged.is_empty() {
            run.finish(Unpublished::Empty, None, now)?;
            return Ok(Status::Empty);
        }
        if staged.is_empty() {
            run.finish(Unpublished::Unchanged, None, now)?;
            return Ok(Status::Unchanged);
        }
        let mode = if dataset.accumulates() { CommitMode::Accumulate } else { CommitMode::Snapshot };
        run.commit(staged, mode, now, totals.note().as_deref())?;
        Ok(Status::Committed)
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

/// The run of a table, which nobody else holds any more.
fn into_inner(run: Arc<Run>) -> Run {
    Arc::into_inner(run).expect("the workers of a load end before it does")
}
