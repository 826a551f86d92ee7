//! A replay: the archived pages of a run, decoded again under today's contract and today's key. It takes the road of every
//! load; only the pages come from a disk, and the windows are those of the run that is repeated.

mod pages;
mod plan;

use std::time::Instant;

use chrono::NaiveDate;

use super::{LoadError, LoadReport, LoadRequest, Loader, Status};
use crate::seal::Identity;
use crate::warehouse::RunDetail;
use pages::ArchivedPages;
use plan::{Replayed, ReplayedWindow};

/// How to decode a run again.
#[derive(Debug)]
pub struct ReplayRequest<'a> {
    /// The run whose pages are read.
    pub run: &'a RunDetail,
    /// What opens them, where they are sealed.
    pub identity: Option<&'a Identity>,
    /// The snapshot date, instead of the run's own.
    pub date: Option<NaiveDate>,
    /// Publish even when much less comes out than stands there.
    pub accept_shrink: bool,
    /// Publish even when too many rows are refused.
    pub accept_quarantine: bool,
    /// Publish even when the columns look quite different from before.
    pub accept_drift: bool,
    /// Who asks.
    pub operator: String,
}

impl Loader<'_> {
    /// Decodes a run again; one report for each table that its answers fill, the dataset's own first. Never fails as such.
    pub async fn replay(&self, request: &ReplayRequest<'_>) -> Vec<LoadReport> {
        let began = Instant::now();
        let planned = tokio::task::block_in_place(|| plan::replayed(self, request));
        let reports = match planned {
            Ok(replayed) => self.replay_planned(request, replayed).await,
            // No run could begin.
            Err(error) => {
                let dataset = request.run.run.dataset.clone();
                vec![self.report(dataset, None, Status::Failed, super::Totals::default(), Some(error))]
            }
        };
        self.ended(reports, began)
    }

    async fn replay_planned(&self, request: &ReplayRequest<'_>, replayed: Replayed<'_>) -> Vec<LoadReport> {
        let load = LoadRequest {
            date: replayed.date,
            years: replayed.years(),
            span: None,
            accept_shrink: request.accept_shrink,
            accept_quarantine: request.accept_quarantine,
            accept_drift: request.accept_drift,
            operator: request.operator.clone(),
            parameters: super::Parameters::new(),
            replay_of: Some(request.run.run.run.clone()),
        };
        let dataset = replayed.dataset;
        let (mut group, begun) = self.begin(dataset, &load);
        let landed = match begun {
            Ok(()) => match self.land_archived(&mut group, request, replayed).await {
                Ok(()) => self.judge(&mut group, &load, Vec::new()),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        self.settle(group, landed, dataset)
    }

    async fn land_archived(
        &self,
        group: &mut super::Group,
        request: &ReplayRequest<'_>,
        replayed: Replayed<'_>,
    ) -> Result<(), LoadError> {
        self.progress.begin(&group.tables[0].id, replayed.windows.len());
        let bytes_max = self.contract.http.body_bytes_max;
        for (i, ReplayedWindow { window, pages }) in replayed.windows.into_iter().enumerate() {
            let mut source = ArchivedPages::new(pages, request.identity, bytes_max);
            super::pages::land_window(self, group, (&window, i), &mut source).await?;
            if !replayed.complete {
                source.prove_complete(&group.tables[0].dataset, &window)?;
            }
        }
        Ok(())
    }
}
