//! `/operasi`: what the daemon did, does and will do, for operators.
//!
//! | file | what |
//! |---|---|
//! | [`runs`] | runs, newest first |
//! | [`run`] | one run: its pages, what it published, what it refused |
//! | [`quarantine`] | what rows were refused for |
//! | [`schedule`] | jobs, the next 14 days, and what an operator asks of the scheduler |

mod quarantine;
mod run;
mod runs;
mod schedule;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::ConsoleServer;
use crate::warehouse::{OccurrenceState, RunStatus};

pub(super) fn routes() -> Router<Arc<ConsoleServer>> {
    Router::new()
        .route("/operasi", get(runs::list))
        .route("/operasi/proses/{run}", get(run::show))
        .route("/operasi/karantina", get(quarantine::list))
        .route("/operasi/jadwal", get(schedule::show))
        .route("/operasi/jadwal/jalankan", post(schedule::order))
        .route("/operasi/jadwal/tahan", post(schedule::hold))
        .route("/operasi/jadwal/lepas", post(schedule::release))
}

/// A state of a run or a job: the word for people, and the class that colours it.
type Tag = (&'static str, &'static str);

/// How runs stand, in the order of the choice.
const STATUSES: [RunStatus; 7] = [
    RunStatus::Failed,
    RunStatus::Held,
    RunStatus::Running,
    RunStatus::Committing,
    RunStatus::Committed,
    RunStatus::Unchanged,
    RunStatus::Empty,
];

fn run_tag(status: RunStatus) -> Tag {
    match status {
        RunStatus::Running => ("berjalan", ""),
        RunStatus::Committing => ("menyimpan", ""),
        RunStatus::Committed => ("tersimpan", "good"),
        RunStatus::Unchanged => ("tidak berubah", "good"),
        RunStatus::Empty => ("kosong", ""),
        RunStatus::Held => ("ditahan", "warn"),
        RunStatus::Failed => ("gagal", "bad"),
    }
}

fn occurrence_tag(state: OccurrenceState) -> Tag {
    match state {
        OccurrenceState::Running => ("berjalan", ""),
        OccurrenceState::Retry => ("diulang", "warn"),
        OccurrenceState::Waiting => ("menunggu", ""),
        OccurrenceState::Done => ("selesai", "good"),
        OccurrenceState::Failed => ("gagal", "bad"),
        OccurrenceState::Skipped => ("dilewati", ""),
        OccurrenceState::Held => ("ditahan", "warn"),
    }
}

/// Longest reason that a list shows, in characters; the page of the run has it whole.
const REASON_CHARS: usize = 200;

fn shortened(text: &str) -> String {
    match text.char_indices().nth(REASON_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
