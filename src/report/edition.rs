//! An edition: one report for one period, rendered, with the snapshots it stands on and every figure it prints.

use super::attach::Attached;
use super::inputs::SourceNote;
use super::page::Page;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// One report for one period.
#[derive(Debug, Clone)]
pub struct Edition {
    /// The report's key, e.g. `serapan-anggaran`.
    pub name: String,
    /// What leadership calls the report.
    pub title: String,
    /// The date the edition stands for.
    pub period: NaiveDate,
    /// Whose edition it is, where not all recipients get the same: a satker's code, a role.
    pub variant: Option<String>,
    /// The date of the newest data in the figures; the period where the report has none.
    pub per_tanggal: NaiveDate,
    /// True when the freshness rule failed; subject and text say so.
    pub stale: bool,
    /// The mail's subject: at most 60 characters, the figure first.
    pub subject: String,
    /// The HTML part, complete without any picture.
    pub html: String,
    /// The text part, with the same figures.
    pub text: String,
    /// A few short Indonesian lines for a terminal.
    pub headline_lines: Vec<String>,
    /// The version of the definition it was made by.
    pub definition_version: u32,
    /// The snapshots it was made from, so that it can be made again.
    pub snapshots: Vec<Snapshot>,
    /// Every figure in it.
    pub figures: Vec<PrintedFigure>,
    /// The chart's picture and its Content-ID, if it has one.
    pub picture: Option<Picture>,
    /// The files that go with the mail, in their order.
    pub files: Vec<Attached>,
    /// What attachments are made from.
    pub(crate) page: Page,
}

/// A figure of an edition and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrintedFigure {
    /// `section.row.column`: the `data-figure` of the HTML.
    pub id: String,
    /// The query's name; empty for a threshold of the definition and for what the report counts itself.
    pub query: String,
    /// The row, by its key column; the query's name for a query of one row.
    pub row: String,
    /// The column of the query, or the threshold's name.
    pub column: String,
    /// The figure unrounded, as a plain decimal or date.
    pub value: String,
    /// What it counts, as a definition calls it (`rupiah`, `percent`, …); empty for words and dates.
    pub unit: String,
    /// As it is printed.
    pub text: String,
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
    /// The edition's key, e.g. `serapan-anggaran-2026-10-31`: the same for every attempt at the same period.
    #[must_use]
    pub fn id(&self) -> String {
        match &self.variant {
            None => format!("{}-{}", self.name, self.period),
            Some(variant) => format!("{}-{}-{variant}", self.name, self.period),
        }
    }
}

impl Snapshot {
    pub(crate) fn of(source: &SourceNote) -> Self {
        Self { dataset: source.dataset.clone(), snapshot_date: source.snapshot_date, run: source.run.clone() }
    }
}
