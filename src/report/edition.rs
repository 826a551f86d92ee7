//! An edition: one report for one period, rendered, with the snapshots it stands on.

use super::attach::Attached;
use super::inputs::SourceNote;
use chrono::NaiveDate;

/// One report for one period.
#[derive(Debug, Clone)]
pub struct Edition {
    /// The report's key, e.g. `serapan-anggaran`.
    pub name: String,
    /// What leadership calls the report.
    pub title: String,
    /// The report's date.
    pub period: NaiveDate,
    /// The newest posting the figures contain.
    pub per_tanggal: NaiveDate,
    /// True when the freshness rule failed; subject and text say so.
    pub stale: bool,
    /// The mail's subject: at most 60 characters, the figure first.
    pub subject: String,
    /// The HTML part, complete without any picture.
    pub html: String,
    /// The text part, with the same figures.
    pub text: String,
    /// The chart's picture and its Content-ID, if it has one.
    pub picture: Option<Picture>,
    /// The files that go with the mail, in their order.
    pub files: Vec<Attached>,
    /// Three to five short Indonesian lines for a terminal.
    pub headline_lines: Vec<String>,
    /// The version of the definition it was made by.
    pub definition_version: u32,
    /// The snapshots it was made from, so that it can be made again.
    pub snapshots: Vec<Snapshot>,
}

/// A picture carried inside the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Without angle brackets.
    pub content_id: String,
    /// The PNG file.
    pub png: Vec<u8>,
}

/// The snapshot of one dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// `source.dataset`.
    pub dataset: String,
    /// The snapshot's date.
    pub snapshot_date: NaiveDate,
    /// The run that committed it.
    pub run: String,
}

impl Edition {
    /// The edition's key, e.g. `serapan-anggaran-2026-11-02`: the same for every attempt at the same period.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}-{}", self.name, self.period)
    }
}

impl Snapshot {
    pub(crate) fn of(source: &SourceNote) -> Self {
        Self { dataset: source.dataset.clone(), snapshot_date: source.snapshot_date, run: source.run.clone() }
    }
}
