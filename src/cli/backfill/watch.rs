//! How a back-fill is watched: days done of all, rows, requests, and how long the rest takes at the rate so far. A bar on a
//! terminal, a line a step otherwise.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use super::summary::Tally;
use crate::cli::output::{grouped, is_watched};
use crate::cli::progress::{bar, talk};
use crate::load::{LoadReport, Progress};
use crate::warehouse::DatasetId;

/// Longest silence where there is no bar.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// Talks to stderr about a back-fill, and knows whether it is to stop.
pub(super) struct Watch {
    quiet: bool,
    stopped: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    name: String,
    bar: Option<ProgressBar>,
    /// Days to ask for.
    all: usize,
    /// Days that are settled, well or not.
    settled: usize,
    /// Days of the step at hand that landed.
    landed: usize,
    rows: u64,
    requests: u64,
    began: Option<Instant>,
    said: Option<Instant>,
}

impl Watch {
    pub(super) fn new(quiet: bool) -> Self {
        Self { quiet, stopped: AtomicBool::new(false), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the load end with the day at hand.
    pub(super) fn stop(&self, why: &str) {
        self.stopped.store(true, Ordering::Relaxed);
        self.line(why);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    pub(super) fn line(&self, text: &str) {
        if self.quiet {
            return;
        }
        match &self.state().bar {
            Some(bar) => bar.println(text),
            None => talk(text),
        }
    }

    /// A dataset begins, with so many days to ask for.
    pub(super) fn begin_dataset(&self, name: &str, all: usize) {
        let shown = !self.quiet && is_watched() && all > 0;
        let bar = shown.then(|| bar("{spinner} {prefix} {bar:24} {pos}/{len} days  {msg}", name.to_owned(), all));
        let now = Some(Instant::now());
        *self.state() = State { name: name.to_owned(), bar, all, began: now, said: now, ..State::default() };
    }

    pub(super) fn end_dataset(&self) {
        if let Some(bar) = self.state().bar.take() {
            bar.finish_and_clear();
        }
    }

    pub(super) fn begin_step(&self) {
        self.state().landed = 0;
    }

    /// A step ended: how many of its days landed.
    pub(super) fn end_step(&self) -> usize {
        std::mem::take(&mut self.state().landed)
    }

    /// So many days more are settled.
    pub(super) fn settle(&self, days: usize, tally: &Tally) {
        let mut state = self.state();
        state.settled += days;
        (state.rows, state.requests) = (tally.rows(), tally.requests());
        self.show(&mut state, (0, 0), true);
    }

    /// Shows how far it is; `live` are rows and requests of the step at hand.
    fn show(&self, state: &mut State, live: (u64, u64), is_step: bool) {
        if self.quiet {
            return;
        }
        let done = state.settled + state.landed;
        let elapsed = state.began.map(|began| began.elapsed()).unwrap_or_default();
        let (rows, requests) = (grouped(state.rows + live.0), grouped(state.requests + live.1));
        let left = left(elapsed, done, state.all.saturating_sub(done)).map(|left| format!(", {} left", words(left)));
        let facts = format!("{rows} rows, {requests} requests{}", left.unwrap_or_default());
        if let Some(bar) = &state.bar {
            bar.set_position(done as u64);
            bar.set_message(facts);
        } else if is_step || state.said.is_some_and(|said| said.elapsed() >= LINE_EVERY) {
            state.said = Some(Instant::now());
            let (done, all) = (grouped(done as u64), grouped(state.all as u64));
            talk(&format!("{}: {done} of {all} days, {facts}", state.name));
        }
    }
}

impl Progress for Watch {
    fn begin(&self, _: &DatasetId, _: usize) {}

    fn advance(&self, _: &DatasetId, windows_done: usize, rows: u64, _: u64) {
        let mut state = self.state();
        state.landed = windows_done;
        self.show(&mut state, (rows, windows_done as u64), false);
    }

    fn retry(&self, dataset: &DatasetId, reason: &str) {
        self.line(&format!("{dataset}: {reason}"));
    }

    fn end(&self, _: &LoadReport) {}

    fn stop_asked(&self) -> bool {
        self.is_stopped()
    }
}

/// How long `to_do` days take at the rate of the `done` ones; `None` where none is done.
fn left(elapsed: Duration, done: usize, to_do: usize) -> Option<Duration> {
    let millis = elapsed.as_millis().checked_mul(to_do as u128)?.checked_div(done as u128)?;
    u64::try_from(millis).ok().map(Duration::from_millis)
}

/// A span of time as people say it.
pub(super) fn words(span: Duration) -> String {
    let minutes = span.as_secs().div_ceil(60);
    match (span.as_secs(), minutes) {
        (0..=59, _) => "less than a minute".to_owned(),
        (_, 0..=119) => format!("about {minutes} min"),
        (_, minutes) => format!("about {} h {:02} min", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::{left, words};
    use std::time::Duration;

    #[test]
    fn the_rest_takes_as_long_as_the_rate_so_far_says() {
        let secs = |elapsed, done, to_do| left(Duration::from_secs(elapsed), done, to_do).map(|left| left.as_secs());
        assert_eq!(secs(60, 30, 90), Some(180));
        assert_eq!(secs(60, 30, 0), Some(0));
        assert_eq!(secs(60, 0, 90), None);
    }

    #[test]
    fn spans_are_told_in_words() {
        let told = |secs| words(Duration::from_secs(secs));
        assert_eq!(told(59), "less than a minute");
        assert_eq!(told(61), "about 2 min");
        assert_eq!(told(7_140), "about 119 min");
        assert_eq!(told(7_500), "about 2 h 05 min");
    }
}
