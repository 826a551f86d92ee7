//! How sending is watched: a bar on a terminal, plain lines of what matters otherwise.

use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::output::is_watched;
use crate::cli::progress::talk;
use crate::submit::{Sending, Sent};
use crate::warehouse::SubmissionState;

/// Talks to stderr while records are sent.
pub(super) struct SendWatcher {
    quiet: bool,
    bar: Mutex<Option<ProgressBar>>,
}

impl SendWatcher {
    pub(super) fn new(quiet: bool) -> Self {
        Self { quiet, bar: Mutex::new(None) }
    }

    fn with_bar(&self, act: impl FnOnce(&ProgressBar)) -> bool {
        let Ok(bar) = self.bar.lock() else { return false };
        bar.as_ref().map(act).is_some()
    }

    fn line(&self, text: &str) {
        if !self.quiet && !self.with_bar(|bar| bar.println(text)) {
            talk(text);
        }
    }
}

impl Sending for SendWatcher {
    fn begin(&self, n: usize) {
        if self.quiet || !is_watched() {
            return;
        }
        let template = "{spinner} {bar:30} {pos}/{len}  {msg}  {elapsed}";
        let style = ProgressStyle::with_template(template).expect("the template is a constant");
        let bar = ProgressBar::with_draw_target(Some(n as u64), ProgressDrawTarget::stderr());
        bar.set_style(style);
        if let Ok(mut slot) = self.bar.lock() {
            *slot = Some(bar);
        }
    }

    fn done(&self, sent: &Sent) {
        self.with_bar(|bar| bar.inc(1));
        if sent.state != SubmissionState::Accepted {
            let message = sent.message.as_deref().unwrap_or("it gives no reason");
            self.line(&format!("{} {}: {message}", sent.key, sent.state.word()));
        }
    }

    fn note(&self, text: &str) {
        self.line(text);
    }

    fn end(&self) {
        self.with_bar(ProgressBar::finish_and_clear);
    }
}
