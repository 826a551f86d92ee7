//! The headline figures: computed when what they stand on has changed, by one at a time and beside the pages, which show what was
//! computed last. Nothing is computed before somebody has signed in.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;

use super::ConsoleServer;
use super::busy::Busy;
use super::desk::{DeskError, Figures};
use super::problem::Problem;

/// What the figures stand on: how many runs ended, and the day that is shown.
type Ground = (u64, NaiveDate);

/// What was computed last.
#[derive(Debug, Clone, Default)]
pub(super) enum Computed {
    /// Nothing yet.
    #[default]
    Nothing,
    /// There are no figures to be had of what is committed; the log says why.
    Failed,
    /// These.
    Figures(Arc<Figures>),
}

/// The figures, and whether somebody computes them.
#[derive(Default)]
pub(super) struct FiguresShelf {
    kept: Mutex<(Option<Ground>, Computed)>,
    busy: Busy,
}

impl ConsoleServer {
    /// What was computed last, and whether newer ones are on their way.
    pub(super) async fn figures(self: &Arc<Self>) -> Result<(Computed, bool), Problem> {
        let day = self.now().with_timezone(&self.parts.zone).date_naive();
        let ended = self
            .blocking(|server| server.parts.warehouse.runs_ended().map_err(|error| Problem::internal(&error)))
            .await?;
        let ground = (ended, day);
        let (of, computed) = self.kept();
        if of == Some(ground) {
            return Ok((computed, false));
        }
        if let Some(begun) = self.figures.busy.begin() {
            let server = Arc::clone(self);
            tokio::spawn(async move {
                let _begun = begun;
                server.compute(ground).await;
            });
        }
        Ok((computed, true))
    }

    async fn compute(&self, ground: Ground) {
        let computed = match self.parts.desk.figures().await {
            Ok(figures) => Computed::Figures(Arc::new(figures)),
            Err(DeskError::Missing) => Computed::Failed,
            Err(DeskError::Refused(reason) | DeskError::Failed(reason)) => {
                tracing::warn!(reason, "the headline figures cannot be computed");
                Computed::Failed
            }
        };
        *self.figures.kept.lock().unwrap_or_else(PoisonError::into_inner) = (Some(ground), computed);
    }

    fn kept(&self) -> (Option<Ground>, Computed) {
        self.figures.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
