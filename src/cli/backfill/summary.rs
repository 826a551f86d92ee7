//! What a back-fill came to: one line a table for scripts, days in words for people, and the commands that repeat what is
//! missing.

use std::collections::BTreeMap;

use serde_json::json;

use super::BackFill;
use super::steps::ranges;
use crate::cli::Context;
use crate::cli::exit::{self, Code, Failure};
use crate::cli::output::{OutputFormat, grouped, print_json};
use crate::cli::snapshot;
use crate::load::{LoadReport, Status, Window};
use crate::quality::ExactSum;

/// Reasons that are told in full; of more only the first.
const REASONS_MAX: usize = 5;

/// What became of the days of one dataset.
#[derive(Debug)]
pub(super) struct Tally {
    /// `source.dataset`.
    pub(super) name: String,
    /// Days that were there before.
    there: usize,
    /// Days that were asked for and stand now.
    pub(super) loaded: usize,
    /// Days that failed, each with the reason.
    failed: Vec<(Window, String)>,
    /// Days that were not asked for, because the same failure would have come again.
    given_up: Vec<Window>,
    /// Days that were not asked for, because somebody said stop.
    pub(super) left: Vec<Window>,
    /// Whether something was published.
    changed: bool,
    /// Why days were given up.
    reasons: Vec<String>,
    /// The tables of the answers, the dataset's own first: what all steps came to together.
    tables: Vec<LoadReport>,
}

impl Tally {
    pub(super) fn new(name: String, there: usize) -> Self {
        Self {
            name,
            there,
            loaded: 0,
            failed: Vec::new(),
            given_up: Vec::new(),
            left: Vec::new(),
            changed: false,
            reasons: Vec::new(),
            tables: Vec::new(),
        }
    }

    /// A step that was loaded.
    pub(super) fn add(&mut self, reports: Vec<LoadReport>, days: &[Window]) {
        self.loaded += days.len();
        self.merge(reports);
    }

    /// Days that failed by themselves.
    pub(super) fn fail(&mut self, days: Vec<Window>, reason: &str, reports: Vec<LoadReport>) {
        self.failed.extend(days.into_iter().map(|day| (day, reason.to_owned())));
        self.merge(reports);
    }

    /// Days that are not asked for, because what went wrong would go wrong again.
    pub(super) fn give_up(&mut self, days: Vec<Window>, reason: &str, reports: Vec<LoadReport>) {
        self.given_up.extend(days);
        self.reasons.push(reason.to_owned());
        self.merge(reports);
    }

    /// Rows of the dataset's own table so far.
    pub(super) fn rows(&self) -> u64 {
        self.tables.first().map_or(0, |table| table.rows)
    }

    /// Answers so far.
    pub(super) fn requests(&self) -> u64 {
        self.tables.first().map_or(0, |table| table.pages)
    }

    /// Whether something was published.
    pub(super) fn is_changed(&self) -> bool {
        self.changed
    }

    /// Whether no day is missing.
    pub(super) fn is_whole(&self) -> bool {
        self.failed.is_empty() && self.given_up.is_empty() && self.left.is_empty()
    }

    /// The exit code of what went wrong; `None` where nothing did.
    pub(super) fn code(&self) -> Option<Code> {
        snapshot::worst(&self.tables)
    }

    fn merge(&mut self, reports: Vec<LoadReport>) {
        for mut report in reports {
            self.changed |= report.status == Status::Committed;
            if report.error.is_some() {
                // What it took is not published; its days are asked for again, or told as missing.
                (report.rows, report.quarantined) = (0, 0);
                report.control.clear();
            }
            match self.tables.iter_mut().find(|table| table.dataset == report.dataset) {
                Some(table) => merge(table, report),
                None => self.tables.push(report),
            }
        }
    }

    /// The summary for people.
    pub(super) fn told(&self, back_fill: &BackFill<'_>) -> String {
        let count = |n: usize| grouped(n as u64);
        let all = self.there + self.loaded + self.failed.len() + self.given_up.len() + self.left.len();
        let mut text = format!(
            "{}: {} days: {} loaded ({} rows, {} requests), {} there before",
            self.name,
            count(all),
            count(self.loaded),
            grouped(self.rows()),
            grouped(self.requests()),
            count(self.there)
        );
        for (n, what) in [
            (self.failed.len(), "failed"),
            (self.given_up.len(), "not loaded for the same reason"),
            (self.left.len(), "left for another time"),
        ] {
            if n > 0 {
                text.push_str(&format!(", {} {what}", count(n)));
            }
        }
        for (day, reason) in self.failed.iter().take(REASONS_MAX) {
            text.push_str(&format!("\n  {}: {reason}", day.date));
        }
        if self.failed.len() > REASONS_MAX {
            text.push_str(&format!("\n  and {} more days", self.failed.len() - REASONS_MAX));
        }
        for reason in &self.reasons {
            text.push_str(&format!("\n  {reason}"));
        }
        if !self.is_whole() {
            text.push_str("\n  what is missing, with the same options:");
            for command in self.commands(back_fill) {
                text.push_str(&format!("\n    {command}"));
            }
        }
        text
    }

    fn missing(&self) -> Vec<Window> {
        let failed = self.failed.iter().map(|(day, _)| day);
        failed.chain(&self.given_up).chain(&self.left).cloned().collect()
    }

    /// The commands that ask for what is missing, and for nothing else.
    fn commands(&self, back_fill: &BackFill<'_>) -> Vec<String> {
        let again = if back_fill.again { " --again" } else { "" };
        let command = |(from, to)| format!("lumbung snapshot {} --from {from} --to {to}{again}", self.name);
        ranges(&self.missing()).into_iter().map(command).collect()
    }

    fn as_json(&self) -> serde_json::Value {
        let dates = |days: &[Window]| {
            let ranges = ranges(days).into_iter();
            ranges.map(|(from, to)| json!({ "from": from.to_string(), "to": to.to_string() })).collect::<Vec<_>>()
        };
        json!({
            "loaded": self.loaded,
            "there": self.there,
            "failed": self.failed.len(),
            "not_loaded": self.given_up.len(),
            "left": self.left.len(),
            "missing": dates(&self.missing()),
        })
    }
}

/// Adds what a further step came to.
fn merge(table: &mut LoadReport, step: LoadReport) {
    let rank = |status: Status| match status {
        Status::Empty => 0,
        Status::Unchanged => 1,
        Status::Committed => 2,
        Status::Held => 3,
        Status::Failed => 4,
    };
    table.rows += step.rows;
    table.quarantined += step.quarantined;
    table.pages += step.pages;
    table.bytes += step.bytes;
    table.seconds += step.seconds;
    table.run = step.run.or(table.run.take());
    add_sums(&mut table.control, &step.control);
    for (key, n) in step.unknown_keys {
        *table.unknown_keys.entry(key).or_default() += n;
    }
    if rank(step.status) > rank(table.status) {
        table.status = step.status;
    }
    let code = |report: &Option<crate::load::LoadError>| report.as_ref().map(|error| exit::code_of(error.kind()));
    if code(&step.error) > code(&table.error) {
        table.error = step.error;
    }
}

/// Adds exact sums; a table's columns have one scale each.
fn add_sums(sums: &mut BTreeMap<String, String>, step: &BTreeMap<String, String>) {
    for (column, text) in step {
        let known = sums.get(column).and_then(|known| known.parse::<ExactSum>().ok()).unwrap_or_default();
        let Ok(added) = text.parse::<ExactSum>() else { continue };
        let sum = ExactSum { unscaled: known.unscaled + added.unscaled, scale: added.scale };
        sums.insert(column.clone(), sum.to_string());
    }
}

/// Prints a line a table. Rows and sums are those of the days that were asked for now.
pub(super) fn print(context: &Context, tallies: &[Tally]) -> Result<(), Failure> {
    if context.output == OutputFormat::Table {
        let tables: Vec<&LoadReport> = tallies.iter().flat_map(|tally| &tally.tables).collect();
        return if tables.is_empty() { Ok(()) } else { snapshot::print_table(&tables) };
    }
    for tally in tallies {
        if tally.tables.is_empty() {
            let (source, dataset) = tally.name.split_once('.').unwrap_or_default();
            print_json(&json!({
                "source": source, "dataset": dataset, "run": null, "status": Status::Unchanged.word(), "rows": 0,
                "quarantined": 0, "pages": 0, "bytes": 0, "control": {}, "seconds": 0.0, "days": tally.as_json(),
            }))?;
        }
        for (i, table) in tally.tables.iter().enumerate() {
            let mut line = snapshot::as_json(table);
            if i == 0 {
                line["days"] = tally.as_json();
            }
            print_json(&line)?;
        }
    }
    Ok(())
}
