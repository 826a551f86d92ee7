//! How a load is watched: bars on a terminal, plain lines otherwise, nothing when quiet.

use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::{grouped, is_watched};
use crate::load::{LoadReport, Progress, Status};
use crate::warehouse::DatasetId;

/// Talks to stderr about a load.
pub(crate) enum Watcher {
    /// One bar a dataset.
    Bars(Mutex<Option<ProgressBar>>),
    /// One line a dataset.
    Lines,
    /// Only what went wrong.
    Silent,
}

impl Watcher {
    pub(crate) fn new(quiet: bool) -> Self {
        match (quiet, is_watched()) {
            (true, _) => Self::Silent,
            (false, true) => Self::Bars(Mutex::new(None)),
            (false, false) => Self::Lines,
        }
    }

    fn with_bar(&self, act: impl FnOnce(&ProgressBar)) {
        if let Self::Bars(bar) = self
            && let Ok(bar) = bar.lock()
            && let Some(bar) = bar.as_ref()
        {
            act(bar);
        }
    }

    fn line(&self, text: &str) {
        match self {
            Self::Bars(_) => self.with_bar(|bar| bar.println(text)),
            Self::Lines => talk(text),
            Self::Silent => {}
        }
    }
}

/// Writes a line to stderr.
#[expect(clippy::print_stderr, reason = "stderr is where the program talks, and cli is who talks")]
pub(crate) fn talk(text: &str) {
    eprintln!("{text}");
}

/// How often a bar moves by itself, so that a silent source can be told from a dead program.
const TICK: Duration = Duration::from_millis(120);

/// A bar on stderr that moves by itself. `template` is a constant of the caller's.
pub(crate) fn bar(template: &str, prefix: String, length: usize) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("the template is a constant");
    let bar = ProgressBar::with_draw_target(Some(length as u64), ProgressDrawTarget::stderr());
    bar.set_style(style);
    bar.set_prefix(prefix);
    bar.enable_steady_tick(TICK);
    bar
}

impl Progress for Watcher {
    fn begin(&self, dataset: &DatasetId, n_windows: usize) {
        let Self::Bars(slot) = self else { return };
        let template = "{spinner} {prefix:28} {bar:20} {pos}/{len}  {msg}  {elapsed}";
        let bar = bar(template, dataset.to_string(), n_windows);
        if let Ok(mut slot) = slot.lock() {
            *slot = Some(bar);
        }
    }

    fn advance(&self, _: &DatasetId, windows_done: usize, rows: u64, bytes: u64) {
        self.with_bar(|bar| {
            bar.set_position(windows_done as u64);
            bar.set_message(format!("{} rows, {} kB", grouped(rows), grouped(bytes / 1_000)));
        });
    }

    fn retry(&self, dataset: &DatasetId, reason: &str) {
        self.line(&format!("{dataset}: {reason}"));
    }

    fn end(&self, report: &LoadReport) {
        self.with_bar(ProgressBar::finish_and_clear);
        let mut text = format!(
            "{:28} {:9} {:>11} rows  {:>5} pages  {:>6.2} s",
            report.dataset.to_string(),
            report.status.word(),
            grouped(report.rows),
            grouped(report.pages),
            report.seconds
        );
        if report.quarantined > 0 {
            text.push_str(&format!("  {} in quarantine", grouped(report.quarantined)));
        }
        if !report.unknown_keys.is_empty() && report.status != Status::Held {
            let names: Vec<&str> = report.unknown_keys.keys().map(String::as_str).collect();
            text.push_str(&format!("  unknown keys kept in extra: {}", names.join(", ")));
        }
        if let Some(error) = &report.error {
            text.push_str(&format!("\n  {error}"));
            if let Some(hint) = error.hint() {
                text.push_str(&format!("\n  hint: {hint}"));
            }
        }
        match self {
            // Quiet, but never silent about what went wrong.
            Self::Silent if report.error.is_none() => {}
            Self::Silent | Self::Bars(_) | Self::Lines => talk(&text),
        }
    }
}
