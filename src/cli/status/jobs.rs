//! What runs by itself: the next time of each job, and how the last one ended.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::cli::health::Look;
use crate::cli::output::Table;
use crate::cli::schedule;
use crate::schedule::{Job, Plan, Standing, next};
use crate::warehouse::{OccurrenceRecord, OccurrenceState};

/// What is said of the jobs.
pub(super) struct Told<'a> {
    plan: &'a Plan,
    ledger: &'a Standing,
    now: DateTime<Utc>,
}

impl<'a> Told<'a> {
    /// Nothing where none runs by itself.
    pub(super) fn of(look: &'a Look) -> Option<Self> {
        Some(Self { plan: look.plan.as_ref()?, ledger: look.ledger.as_ref()?, now: look.now })
    }

    fn next(&self, job: &Job) -> Option<DateTime<Utc>> {
        next(job, &self.plan.calendar, self.now)
    }

    /// How the job stands: its open occurrence, else the last one that ended.
    fn record(&self, job: &Job) -> Option<&OccurrenceRecord> {
        let name = job.id.to_string();
        self.ledger.open.iter().find(|record| record.job == name).or_else(|| self.ledger.last.get(&name))
    }

    /// Lines of `status --output json`.
    pub(super) fn as_json(&self) -> Vec<Value> {
        let line = |job: &Job| {
            let local = |at: DateTime<Utc>| at.with_timezone(&job.zone).to_rfc3339();
            let last = self.record(job);
            json!({
                "job": job.id.to_string(),
                "next": self.next(job).map(local),
                "last": last.map(|record| json!({
                    "due_at": local(record.due_at), "state": record.state.word(), "attempt": record.attempt,
                    "reason": record.reason,
                })),
            })
        };
        self.plan.jobs.iter().map(line).collect()
    }

    /// A table for people.
    pub(super) fn as_text(&self) -> String {
        let mut table = Table::new(&["job", "next run", "last run", "state"]);
        for job in &self.plan.jobs {
            let record = self.record(job);
            let state = record.map(|record| match (record.state, &record.reason) {
                (OccurrenceState::Done, _) | (_, None) => record.state.word().to_owned(),
                (state, Some(reason)) => format!("{}: {reason}", state.word()),
            });
            table.row(vec![
                job.id.to_string(),
                self.next(job).map(|at| schedule::local(job, at)).unwrap_or_default(),
                record.map(|record| schedule::local(job, record.due_at)).unwrap_or_default(),
                state.unwrap_or_else(|| "never ran by itself".to_owned()),
            ]);
        }
        table.render()
    }
}
