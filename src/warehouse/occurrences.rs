//! What runs by itself, as the ledger has it: since when each schedule is as it is, what became of each of its times
//! (occurrences), and who is at work (leases).
//!
//! One scheduler works on a warehouse: a lock of the system says so on one machine, a lease in the ledger between machines that
//! share the folder. Every write renews and checks the lease, so a scheduler that lost it writes nothing more. What the states
//! mean and when they change is the scheduler's business (`schedule`).

mod scheduler;
#[cfg(test)]
mod tests;

pub use scheduler::{DatasetLease, ScheduleLog};

use super::Warehouse;
use super::error::WarehouseError;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;

/// How an occurrence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OccurrenceState {
    /// An attempt is at work.
    Running,
    /// The last attempt failed; another one follows.
    Retry,
    /// It waits for something else.
    Waiting,
    /// It is done.
    Done,
    /// It failed for good.
    Failed,
    /// It never ran, by a rule.
    Skipped,
    /// A gate or a rule refused it: the operator has to look.
    Held,
}

impl OccurrenceState {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Running, Self::Retry, Self::Waiting, Self::Done, Self::Failed, Self::Skipped, Self::Held];

    /// The word of the ledger.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Retry => "retry",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Held => "held",
        }
    }

    /// The state that `word` stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether nothing happens any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Skipped | Self::Held)
    }
}

/// One time of a schedule, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OccurrenceRecord {
    /// The job, e.g. `source:omspan`.
    pub job: String,
    /// When it was due.
    pub due_at: DateTime<Utc>,
    /// How it stands.
    pub state: OccurrenceState,
    /// Attempts begun that count.
    pub attempt: u32,
    /// When it was taken up; `None` where it never was.
    pub started_at: Option<DateTime<Utc>>,
    /// Not before then: the next attempt, or the last moment of waiting.
    pub next_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Why it stands so.
    pub reason: Option<String>,
    /// The run it is known by; of several the last.
    pub run: Option<String>,
}

/// One schedule as it was seen last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleRecord {
    /// The job.
    pub job: String,
    /// SHA-256 of what decides when it is due.
    pub spec_sha256: String,
    /// Since when it is so: nothing of before is due.
    pub since: DateTime<Utc>,
    /// Its newest occurrence in the ledger that is not in the future.
    pub accounted: Option<DateTime<Utc>>,
}

/// Which occurrences, newest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OccurrenceFilter<'a> {
    /// Only of this job.
    pub job: Option<&'a str>,
    /// Only those that have not ended.
    pub open: bool,
    /// Without those that a rule skipped.
    pub without_skipped: bool,
    /// Only those due before then.
    pub before: Option<DateTime<Utc>>,
    /// At most so many.
    pub limit: Option<u32>,
}

/// How an occurrence is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OccurrenceEnd<'a> {
    /// Its state.
    pub state: OccurrenceState,
    /// Attempts that count.
    pub attempt: u32,
    /// Not before then; of a state that is not final.
    pub next_at: Option<DateTime<Utc>>,
    /// Why.
    pub reason: Option<&'a str>,
    /// The run it is known by.
    pub run: Option<&'a str>,
}

impl Warehouse {
    /// Takes the schedule in hand, for one scheduler at a time. `lasts`: longest that a scheduler says nothing to the ledger; one on
    /// another machine is believed dead after that.
    ///
    /// # Errors
    /// [`WarehouseError::ScheduleLocked`] where another process is the scheduler; else when the disk refuses.
    pub fn scheduler(&self, lasts: TimeDelta, at: DateTime<Utc>) -> Result<ScheduleLog, WarehouseError> {
        ScheduleLog::open(Arc::clone(&self.house), lasts, at)
    }

    /// On which machine the scheduler of this warehouse is at work; `None` where there is none, or it fell silent.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn scheduler_host(&self, now: DateTime<Utc>) -> Result<Option<String>, WarehouseError> {
        self.house.ledger().lease_host("schedule", now)
    }

    /// The schedules that a scheduler has seen last, with what is accounted for up to `now`.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn schedules(&self, now: DateTime<Utc>) -> Result<Vec<ScheduleRecord>, WarehouseError> {
        self.house.ledger().schedules(now)
    }

    /// What became of the times of schedules, newest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn occurrences(&self, filter: &OccurrenceFilter<'_>) -> Result<Vec<OccurrenceRecord>, WarehouseError> {
        self.house.ledger().occurrences(filter)
    }
}
