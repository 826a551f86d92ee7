//! `lumbung snapshot DATASET --from --to`: many days of daily data, a step at a time. What is there is left alone, what is
//! killed goes on where it was, what fails does not stop the rest (docs/backfill.md).

mod steps;
mod summary;
mod watch;

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{Datelike, NaiveDate};
use serde_json::json;

use super::exit::{Code, Failure};
use super::output::{OutputFormat, Table, grouped, print, print_json};
use super::progress::{Watcher, talk};
use super::signals::Signals;
use super::snapshot::{self, Target};
use super::{Context, marts, session};
use crate::contract::{Dataset, Paging, Transport};
use crate::load::{LoadError, LoadReport, LoadRequest, Loader, Standing, Window, YearsProbed};
use crate::warehouse::{Warehouse, WarehouseError};
use steps::{Trouble, steps, trouble};
use summary::Tally;
use watch::{Watch, words};

/// Pause between requests where nobody says another: a back-fill is in no hurry.
pub(super) const PAUSE_MS: u64 = 100;

/// Days in a row that the source does not answer for; after them it is left alone.
const SILENT_MAX: u32 = 5;

/// How often a dataset that somebody else loads is tried again, and how long after each time.
const BUSY_TRIES: u32 = 60;
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// What is to be filled.
pub(super) struct BackFill<'a> {
    pub(super) context: &'a Context,
    pub(super) warehouse: &'a Warehouse,
    pub(super) targets: &'a [Target<'a>],
    /// With its span.
    pub(super) request: &'a LoadRequest,
    pub(super) span: (NaiveDate, NaiveDate),
    /// Days that are there are asked for again.
    pub(super) again: bool,
    /// Whether the marts follow.
    pub(super) marts: bool,
}

/// Whether all of `targets` can be asked for days that are past.
///
/// # Errors
/// Where none of them can: why not.
pub(super) fn is_possible(targets: &[Target<'_>]) -> Result<bool, Failure> {
    let is_daily = |target: &Target<'_>| matches!(target.dataset.paging, Paging::Daily { .. });
    let n_daily = targets.iter().filter(|target| is_daily(target)).count();
    match targets.first() {
        Some(first) if n_daily == 0 => {
            let name = format!("{}.{}", first.contract.source, first.dataset.name);
            Err(Failure::usage(format!("{name} cannot be loaded by days: {}", why_not(first.dataset))))
        }
        _ => Ok(n_daily == targets.len()),
    }
}

fn why_not(dataset: &Dataset) -> &'static str {
    match dataset.transport {
        Transport::Inbox => "it is pushed by its sender, and nobody can be asked for days that are past",
        Transport::Folder => "it is read from files that somebody drops; drop those of the past days",
        Transport::Http if dataset.fiscal_year => {
            "its source only tells what holds now, so a snapshot of a past day cannot be had any more; leave out --from \
             and --to (a past fiscal year as it stands now: --tahun YYYY)"
        }
        Transport::Http => {
            "its source only tells what holds now, so a snapshot of a past day cannot be had any more; leave out --from \
             and --to"
        }
    }
}

impl BackFill<'_> {
    /// Fills, or shows what it would ask.
    pub(super) async fn run(self, dry: bool) -> Result<(), Failure> {
        let mut signals = Signals::new()?;
        let watch = Watch::new(self.context.quiet);
        if dry {
            return self.dry_run(&watch);
        }
        let (tallies, ended) = {
            let mut filling = std::pin::pin!(self.fill_all(&watch));
            let mut ended = None;
            loop {
                tokio::select! {
                    tallies = &mut filling => break (tallies?, ended),
                    code = signals.next() => {
                        if let Some(code) = ended {
                            return Err(Failure::interrupted_by(code));
                        }
                        ended = Some(code);
                        watch.stop("stopping after the day at hand; a second signal ends it at once");
                    }
                }
            }
        };
        self.tell(&tallies, ended).await
    }

    async fn fill_all(&self, watch: &Watch) -> Result<Vec<Tally>, Failure> {
        let probed = YearsProbed::default();
        let loaded = session::LoadedRows { context: self.context, warehouse: self.warehouse };
        let mut tallies = Vec::with_capacity(self.targets.len());
        for target in self.targets {
            let loader = snapshot::loader(self.context, self.warehouse, target, (&probed, watch, &loaded));
            let standing = self.standing(&loader, target, watch)?;
            watch.begin_dataset(&name_of(target), standing.due.len());
            let tally = Tally::new(name_of(target), standing.there);
            let filling =
                Filling { back_fill: self, loader: &loader, dataset: target.dataset, watch, tally, silent: 0 };
            tallies.push(filling.fill(&standing.due).await);
            watch.end_dataset();
        }
        Ok(tallies)
    }

    /// What of the span is due, and a word on what is there.
    fn standing(&self, loader: &Loader<'_>, target: &Target<'_>, watch: &Watch) -> Result<Standing, Failure> {
        let (from, to) = self.span;
        let today = self.context.clock.today(target.contract.timezone);
        if from > today {
            return Err(Failure::usage(format!("--from {from} lies in the future (today is {today})")));
        }
        let years: Vec<i32> = match self.request.years.is_empty() {
            true => (from.year()..=to.min(today).max(from).year()).collect(),
            false => self.request.years.clone(),
        };
        let span = if from > to { (from, to) } else { (from, to.min(today)) };
        if to > today {
            watch.line(&format!("days after today ({today}) are left out"));
        }
        let request = LoadRequest { years, span: Some(span), ..self.request.clone() };
        let windows = loader.plan(target.dataset, &request)?;
        if (span.1 - span.0).num_days() >= i64::try_from(DAYS_MAX).unwrap_or(i64::MAX) {
            return Err(Failure::usage(format!("at most {DAYS_MAX} days are loaded at a time; load them in parts")));
        }
        let all = windows.len();
        let mut standing = loader.standing(target.dataset, windows.clone())?;
        if self.again {
            standing = Standing { due: windows, there: 0, ..standing };
        } else if standing.there > 0 {
            let (there, all) = (grouped(standing.there as u64), grouped(all as u64));
            watch.line(&format!(
                "{}: {there} of {all} days are there already (--again asks for them, too)",
                name_of(target)
            ));
        }
        Ok(standing)
    }

    fn dry_run(&self, watch: &Watch) -> Result<(), Failure> {
        let (silent, probed) = (Watcher::new(true), YearsProbed::default());
        let loaded = session::LoadedRows { context: self.context, warehouse: self.warehouse };
        let mut table = Table::new(&["dataset", "year", "date", "first request"]);
        for target in self.targets {
            let loader = snapshot::loader(self.context, self.warehouse, target, (&probed, &silent, &loaded));
            let (id, standing) = (name_of(target), self.standing(&loader, target, watch)?);
            for window in &standing.due {
                let url = loader.first_url(target.dataset, window);
                let year = window.fiscal_year.map(|year| year.to_string()).unwrap_or_default();
                match self.context.output {
                    OutputFormat::Table => table.row(vec![id.clone(), year, window.date.to_string(), url]),
                    OutputFormat::Json => print_json(&json!({
                        "dataset": id, "tahun_anggaran": window.fiscal_year, "date": window.date.to_string(), "url": url
                    }))?,
                }
            }
            let pause = target.settings.pause_ms.unwrap_or(PAUSE_MS);
            watch.line(&format!("{id}: {}", estimate(&standing, pause)));
        }
        if self.context.output == OutputFormat::Table { print(&table.render()) } else { Ok(()) }
    }

    /// Results, marts and the verdict.
    async fn tell(&self, tallies: &[Tally], ended: Option<Code>) -> Result<(), Failure> {
        let context = self.context;
        summary::print(context, tallies)?;
        for tally in tallies {
            if !context.quiet || !tally.is_whole() {
                talk(&tally.told(self));
            }
        }
        let committed = tallies.iter().any(Tally::is_changed);
        if committed && self.marts && ended.is_none() {
            marts::after_commit(context, self.warehouse).await;
        }
        if let Some(code) = ended {
            return Err(Failure::interrupted_by(code));
        }
        match tallies.iter().filter_map(Tally::code).max() {
            None => Ok(()),
            Some(code) => Err(Failure::told(code)),
        }
    }
}

/// Most days of one call.
const DAYS_MAX: usize = 3_660;

fn name_of(target: &Target<'_>) -> String {
    format!("{}.{}", target.contract.source, target.dataset.name)
}

/// How long it will take, as far as the ledger knows how long a day took before.
fn estimate(standing: &Standing, pause_ms: u64) -> String {
    let days = standing.due.len() as u64;
    let asked = format!("{} days to ask for, one request each", grouped(days));
    match standing.millis_a_day {
        Some(millis) => {
            let all = Duration::from_millis((millis + pause_ms).saturating_mul(days));
            format!("{asked}; at {millis} ms an answer so far and {pause_ms} ms in between: {}", words(all))
        }
        None => {
            let least = words(Duration::from_millis(pause_ms.saturating_mul(days)));
            format!("{asked}; none was ever asked for, so only the pauses are known: {least} at least")
        }
    }
}

/// One dataset while it is filled.
struct Filling<'a> {
    back_fill: &'a BackFill<'a>,
    loader: &'a Loader<'a>,
    dataset: &'a Dataset,
    watch: &'a Watch,
    tally: Tally,
    /// Days in a row that the source did not answer for.
    silent: u32,
}

impl Filling<'_> {
    async fn fill(mut self, due: &[Window]) -> Tally {
        let mut queue: VecDeque<Vec<Window>> = steps(due).into();
        while let Some(step) = queue.pop_front() {
            if self.watch.is_stopped() {
                self.tally.left.extend(step);
                continue;
            }
            let reports = self.load(&step).await;
            let landed = self.watch.end_step().min(step.len());
            let error = reports.iter().find_map(|report| report.error.as_ref());
            let Some(error) = error else {
                self.silent = 0;
                // A load that was told to stop publishes what landed.
                let done = if self.watch.is_stopped() { landed } else { step.len() };
                self.tally.left.extend(step[done..].iter().cloned());
                self.tally.add(reports, &step[..done]);
                self.watch.settle(done, &self.tally);
                continue;
            };
            let (found, reason) = (trouble(error), with_hint(error));
            self.take_apart(&mut queue, (step, landed), (found, reason), reports);
        }
        self.tally
    }

    /// What becomes of the days of a step that failed in its day number `landed`.
    fn take_apart(
        &mut self,
        queue: &mut VecDeque<Vec<Window>>,
        (mut step, landed): (Vec<Window>, usize),
        (found, reason): (Trouble, String),
        reports: Vec<LoadReport>,
    ) {
        let last_year = step.last().and_then(|window| window.fiscal_year);
        match found {
            Trouble::Year if step[0].fiscal_year != last_year => {
                // Whose token it was shows when each year is asked for alone.
                let first = step[0].fiscal_year;
                let (one, other) = step.into_iter().partition(|window| window.fiscal_year == first);
                queue.push_front(other);
                queue.push_front(one);
            }
            Trouble::Year => {
                let year = step[0].fiscal_year;
                let rest = std::mem::take(queue).into_iter();
                let mut given_up = step;
                for further in rest {
                    let (same, other): (Vec<_>, Vec<_>) =
                        further.into_iter().partition(|window| window.fiscal_year == year);
                    given_up.extend(same);
                    if !other.is_empty() {
                        queue.push_back(other);
                    }
                }
                self.tally.give_up(given_up, &reason, reports);
            }
            Trouble::All => {
                step.extend(std::mem::take(queue).into_iter().flatten());
                self.tally.give_up(step, &reason, reports);
            }
            Trouble::Step if step.len() > 1 => {
                // All of it together was refused: each of its days may be fine.
                step.into_iter().rev().for_each(|day| queue.push_front(vec![day]));
            }
            Trouble::Day { silent } if landed < step.len() => {
                let after = step.split_off(landed + 1);
                let failed = step.split_off(landed);
                self.fail(queue, (failed, silent), &reason, reports, (step, after));
            }
            // The failure came after the last day had landed: it is the step's.
            Trouble::Day { .. } if step.len() > 1 => {
                step.into_iter().rev().for_each(|day| queue.push_front(vec![day]));
            }
            Trouble::Step | Trouble::Day { .. } => {
                self.silent = 0;
                self.tally.fail(step, &reason, reports);
                self.watch.settle(1, &self.tally);
            }
        }
    }

    /// Notes a day that failed. Those before it in its step were good and are asked for again, because nothing of them is
    /// published; those after it follow, unless the source is silent.
    fn fail(
        &mut self,
        queue: &mut VecDeque<Vec<Window>>,
        (failed, silent): (Vec<Window>, bool),
        reason: &str,
        reports: Vec<LoadReport>,
        (before, after): (Vec<Window>, Vec<Window>),
    ) {
        self.silent = if silent && before.is_empty() { self.silent + 1 } else { u32::from(silent) };
        self.watch.line(&format!("{} {}: {reason}", self.tally.name, failed[0].date));
        self.tally.fail(failed, reason, reports);
        self.watch.settle(1, &self.tally);
        if self.silent >= SILENT_MAX {
            let mut rest = before;
            rest.extend(after);
            rest.extend(std::mem::take(queue).into_iter().flatten());
            let reason = format!("the source did not answer for {SILENT_MAX} days in a row");
            self.tally.give_up(rest, &reason, Vec::new());
            return;
        }
        for part in [after, before] {
            if !part.is_empty() {
                queue.push_front(part);
            }
        }
    }

    /// Loads a step; waits for whoever is at the dataset.
    async fn load(&self, step: &[Window]) -> Vec<LoadReport> {
        let mut years: Vec<i32> = step.iter().filter_map(|window| window.fiscal_year).collect();
        years.dedup();
        if years.is_empty() {
            years.clone_from(&self.back_fill.request.years);
        }
        let span = step.first().zip(step.last()).map(|(first, last)| (first.date, last.date));
        let request = LoadRequest { years, span, ..self.back_fill.request.clone() };
        let mut tries = 0;
        loop {
            self.watch.begin_step();
            let reports = self.loader.load(self.dataset, &request).await;
            tries += 1;
            let is_busy = |report: &LoadReport| {
                matches!(report.error, Some(LoadError::Warehouse(WarehouseError::Locked { .. })))
            };
            if tries == BUSY_TRIES || self.watch.is_stopped() || !reports.iter().any(is_busy) {
                return reports;
            }
            if tries == 1 {
                self.watch.line(&format!("{}: another process loads it; waiting", self.tally.name));
            }
            tokio::time::sleep(BUSY_WAIT).await;
        }
    }
}

/// The reason with what to do about it.
fn with_hint(error: &LoadError) -> String {
    match error.hint() {
        Some(hint) => format!("{error} (hint: {hint})"),
        None => error.to_string(),
    }
}
