//! How the materialised marts stand: made when, from what is committed now or not, and why not.

use serde_json::{Value, json};

use crate::cli::Context;
use crate::cli::exit::Failure;
use crate::marts::snapshots;
use crate::warehouse::{AsOf, DataTestRecord, MartState, RunStatus, Warehouse};

/// What is said of the marts.
pub(super) struct Told {
    state: MartState,
    word: &'static str,
    reason: Option<String>,
}

impl Told {
    /// Looks into the ledger: no mart is computed and no test is run.
    pub(super) fn of(warehouse: &Warehouse) -> Result<Self, Failure> {
        let state = warehouse.mart_state()?;
        let committed = warehouse.committed_files(AsOf::All)?;
        let since = |at| committed.iter().filter(|file| file.committed_at > at).count();
        let (word, reason) = match (&state.last, &state.shown) {
            (None, _) => ("never made", None),
            (Some(last), _) if matches!(last.status, RunStatus::Running | RunStatus::Committing) => {
                ("being made", None)
            }
            (Some(last), shown) if Some(last) != shown.as_ref() => {
                let word = if last.status == RunStatus::Held { "held" } else { "failed" };
                (word, last.reason.clone())
            }
            (Some(last), _) if last.snapshots.as_deref() == Some(snapshots(&committed).as_str()) => ("fresh", None),
            (Some(last), _) => {
                let since = since(last.started_at);
                ("stale", Some(format!("{since} files were committed since; `lumbung marts` makes them anew")))
            }
        };
        Ok(Self { word, reason, state })
    }

    /// The last line of `status --output json`.
    pub(super) fn as_json(&self) -> Value {
        let (shown, last) = (self.state.shown.as_ref(), self.state.last.as_ref());
        let failing = |severity: &str| {
            let of = self.state.tests.iter().filter(|test| test.severity == severity && speaks(test));
            of.map(|test| test.name.as_str()).collect::<Vec<_>>()
        };
        json!({ "marts": {
            "state": self.word,
            "reason": self.reason,
            "made_at": shown.and_then(|run| run.finished_at).map(|at| at.to_rfc3339()),
            "count": self.state.files.len(),
            "run": shown.map(|run| run.run.to_string()),
            "last_attempt": last.map(|run| json!({
                "run": run.run.to_string(), "status": run.status.word(), "reason": run.reason,
            })),
            "tests": { "error": failing("error"), "warning": failing("warning") },
        }})
    }

    /// One paragraph for people.
    pub(super) fn as_text(&self, context: &Context) -> String {
        let mut text = format!("marts: {}", self.word);
        if let Some(at) = self.state.shown.as_ref().and_then(|run| run.finished_at) {
            let at = at.with_timezone(&context.config.deployment.timezone);
            text.push_str(&format!("; {} of them, made {}", self.state.files.len(), at.format("%Y-%m-%d %H:%M")));
        }
        if let Some(reason) = &self.reason {
            text.push_str(&format!("\n       {reason}"));
        }
        let warnings: Vec<&str> =
            self.state.tests.iter().filter(|t| t.severity != "error" && speaks(t)).map(|t| t.name.as_str()).collect();
        if !warnings.is_empty() {
            text.push_str(&format!("\n       warnings of data tests (mart.mutu_data): {}", warnings.join(", ")));
        }
        text.push('\n');
        text
    }
}

/// Whether a test found something, or could not run.
fn speaks(test: &DataTestRecord) -> bool {
    test.rows != Some(0)
}
