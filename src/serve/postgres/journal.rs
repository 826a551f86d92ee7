//! The log of statements: who asked what shape of question, how long it took and what became of it. Values are never in it:
//! what somebody looked for may be a person.

use std::time::Duration;

use crate::catalog::port::literals::without_literals;

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Asker {
    pub(super) user: String,
    pub(super) role: &'static str,
    pub(super) process: i32,
}

/// One statement that ended.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// The SQL as it was sent.
    pub(super) sql: &'a str,
    pub(super) rows: u64,
    /// From its first byte to its last row.
    pub(super) took: Duration,
    /// How much of that it waited for its turn.
    pub(super) waited: Duration,
    /// The state of the warehouse that it saw.
    pub(super) mark: Option<u64>,
    /// Why it failed: a SQLSTATE.
    pub(super) failed: Option<&'static str>,
}

/// Enters a statement: refusals as warnings, the rest as information.
pub(super) fn enter(asker: &Asker, entry: &Entry<'_>) {
    let statement = without_literals(entry.sql);
    let (millis, waited) = (entry.took.as_millis(), entry.waited.as_millis());
    let Asker { user, role, process } = asker;
    let (rows, mark) = (entry.rows, entry.mark.unwrap_or_default());
    match entry.failed {
        Some(state @ ("42501" | "25006")) => {
            tracing::warn!(user, role, process, state, millis, statement, "a statement was refused");
        }
        Some(state) => {
            tracing::info!(user, role, process, state, rows, millis, waited, mark, statement, "a statement failed");
        }
        None => {
            tracing::info!(user, role, process, rows, millis, waited, mark, statement, "a statement was answered");
        }
    }
}
