//! When something is due, and that it then happens once.
//!
//! | step | module |
//! |---|---|
//! | free days | [`calendar`] |
//! | what runs by itself, from the configuration | [`plan`] |
//! | which times of it are due: a pure function | [`mod@due`] |
//! | how an attempt that ended leaves its time: a pure function | [`settle`] |
//! | what runs at the moment, within limits | [`runner`] |
//! | how all of it stands, and what comes next | [`standing`] |
//! | how old what is loaded may be, and is: pure functions | [`age`] |
//!
//! What a job does is not known here: the runner is given a [`Work`]. The clock is handed in, the ledger
//! (`warehouse::occurrences`) remembers. A schedule's time is called an occurrence; each ends as done, failed, skipped or held.

pub mod age;
pub mod calendar;
pub mod due;
pub mod plan;
pub mod runner;
pub mod settle;
pub mod standing;
#[cfg(test)]
mod tests;

pub use age::{AgeLimit, AgeLimits, AgeRule, DatasetAge, ages};
pub use calendar::{Calendar, FreeDay};
pub use due::{Decision, Due, Known, Occurrence, SkipReason, Why, due, next, occurrences};
pub use plan::{Job, JobId, Plan, ReportTimes};
pub use runner::{Attempt, Limits, News, Ran, Runner, Work};
pub use settle::{Ended, Outcome};
pub use standing::{Outlook, Prospect, Standing};
