//! Reports: rows from a session become figures, figures become a page, a page becomes the messages of an edition.
//!
//! A report is a definition, not code: queries, kinds of columns, sentences and conditions (docs/reports.md).
//!
//! | step | module |
//! |---|---|
//! | the definition, `config/reports/<name>.toml`, checked whole | [`definition`] |
//! | its queries, `queries/report/*.sql` | [`queries`] |
//! | which date an edition stands for | [`period`] |
//! | who gets it, and who gets the same | [`recipients`] |
//! | whether the data is new enough | [`freshness`] |
//! | what an edition is made from | [`inputs`] |
//! | answers as exact values, asked once | [`rows`], `value` |
//! | sentences and conditions | `sentence`, `condition` |
//! | figures to words | [`amount`], [`id_id`] |
//! | all of it together | [`mod@compose`] |
//! | layout, in `templates/report/` | `page` |
//! | chart, workbook, CSV and PDF of the same page | [`attach`] |
//! | one message per recipient | [`message`] |
//! | what is recorded of it when it is sent | [`record`] |
//!
//! The same inputs give the same bytes: the clock's now, the sessions and the ledger's notes are handed in.

pub mod attach;
pub mod compose;
mod condition;
pub mod definition;
pub mod edition;
#[cfg(test)]
mod fixture;
pub mod freshness;
pub mod inputs;
pub mod message;
mod nearest;
mod page;
pub mod period;
pub mod queries;
pub mod recipients;
pub mod record;
pub mod rows;
mod sentence;
#[cfg(test)]
mod tests;
mod value;

pub use crate::amount::{self, Amount};
pub use crate::id_id;
pub use attach::{AttachError, Attached, Format};
pub use compose::compose;
pub(crate) use compose::other_files;
pub use definition::{Recipient, ReportDefinition};
pub use edition::{Edition, Picture, PrintedFigure, Snapshot};
pub use freshness::{Verdict, judge};
pub use inputs::{Deployment, Inputs, Logo, SourceNote};
pub use message::messages;
pub(crate) use page::Tile;
pub use period::PeriodRule;
pub(crate) use period::last_due;
pub use queries::{QueryFile, QuerySet, QuerySetError};
pub use recipients::{Audience, RecipientsError, audiences, recipients};
pub use rows::{Parameter, Parameters, QueryFailure, Rows, RowsError, Session};

use chrono::NaiveDate;

/// Why an edition could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A section's rows could not be read.
    #[error(transparent)]
    Rows(#[from] RowsError),
    /// A query of figures gives several rows: which of them is meant?
    #[error("{file} gives more than one row, and a query of figures gives one: narrow it")]
    ManyRows {
        /// The query's file.
        file: String,
    },
    /// The session holds no figures for the period.
    #[error("the report {report} has no figures up to {period}{}: load its datasets first", .variant.as_ref().map(|v| format!(" for {v}")).unwrap_or_default())]
    NoFigures {
        /// The report's name.
        report: String,
        /// The edition's date.
        period: NaiveDate,
        /// Whose edition it is, where not all get the same.
        variant: Option<String>,
    },
    /// The recipients could not be found.
    #[error(transparent)]
    Recipients(#[from] RecipientsError),
    /// A template could not be rendered.
    #[error("the report's template could not be rendered: {0}")]
    Template(#[from] askama::Error),
    /// The chart or a file that goes with the page could not be made.
    #[error(transparent)]
    Attach(#[from] AttachError),
    /// The finished page is not a valid message.
    #[error("the edition could not be put into a message: {0}")]
    Message(#[from] message::MessageError),
}

/// The columns that every query of `definition` must give: what a session's plan is held against before anything runs.
#[must_use]
pub fn required_columns(definition: &ReportDefinition) -> Vec<(QueryFile, Vec<String>)> {
    let queries = definition.queries().into_iter();
    queries.map(|(query, columns)| (query.as_ref().clone(), columns)).collect()
}

/// Every name that a query of `definition` may have after `$`, with some value: enough to plan it.
#[must_use]
pub fn sample_parameters(definition: &ReportDefinition) -> Parameters {
    let mut parameters = definition.parameters.clone();
    parameters.insert("tanggal".to_owned(), Parameter::Date(NaiveDate::default()));
    let figures = definition.figures.iter().flat_map(|block| block.columns.iter().map(|(name, _)| name.clone()));
    let burst = definition
        .burst
        .iter()
        .flat_map(|burst| std::iter::once(burst.key.clone()).chain(burst.parameters.iter().cloned()));
    for name in figures.chain(burst) {
        parameters.entry(name).or_insert(Parameter::Null);
    }
    parameters
}

/// What a query lacks of the columns it must give, in words with the nearest it has; `None` when it lacks nothing.
#[must_use]
pub fn missing_column(query: &QueryFile, wanted: &[String], given: &[String]) -> Option<String> {
    let column = wanted.iter().find(|column| !given.contains(column))?;
    let nearest = nearest::hint(column, given.iter().map(String::as_str));
    Some(RowsError::ColumnMissing { file: query.file.clone(), column: column.clone(), nearest }.to_string())
}
