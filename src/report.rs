//! Reports: rows from a session become figures, figures become a page, a page becomes the messages of an edition.
//!
//! | step | module |
//! |---|---|
//! | the definition, `config/reports/<name>.toml` | [`definition`] |
//! | what an edition is made from | [`inputs`] |
//! | rows of `queries/report/*.sql` | [`rows`] |
//! | figures to words | [`amount`], [`id_id`] |
//! | one report | [`serapan_anggaran`] |
//! | layout, in `templates/report/` | `page` |
//! | chart, workbook, CSV and PDF of the same page | [`attach`] |
//! | one message per recipient | [`message`] |
//!
//! The same inputs give the same bytes: the clock's now, the sessions and the ledger's notes are handed in.

pub mod amount;
pub mod attach;
pub mod definition;
pub mod edition;
#[cfg(test)]
mod fixture;
mod freshness;
pub mod id_id;
pub mod inputs;
pub mod message;
mod page;
pub mod rows;
pub mod serapan_anggaran;

pub use amount::Amount;
pub use attach::{AttachError, Attached};
pub use definition::{Problem, ReportDefinition};
pub use edition::{Edition, Picture, Snapshot};
pub use inputs::{Deployment, Inputs, Logo, SourceNote};
pub use message::messages;
pub use rows::{Query, QueryFailure, Rows, RowsError};

use chrono::NaiveDate;

/// The shipped definition; the program reads it through `config`, where a folder's own file replaces it.
#[cfg(test)]
pub(crate) const SERAPAN_ANGGARAN_TOML: &str = include_str!("../config/reports/serapan-anggaran.toml");

/// Why an edition could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// No code makes a report of this name.
    #[error("no report is called {name:?}: report.name is one of serapan-anggaran")]
    Unknown {
        /// The name in the definition.
        name: String,
    },
    /// A section's rows could not be read.
    #[error(transparent)]
    Rows(#[from] RowsError),
    /// The session holds no figures for the period.
    #[error("no budget figures up to {period}: load omspan.dipa_belanja and omspan.realisasi_belanja first")]
    NoFigures {
        /// The report's date.
        period: NaiveDate,
    },
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

/// Makes the edition that `definition` names.
///
/// # Errors
/// [`ReportError`]: an unknown name, a failed query, no figures, a template that cannot be rendered.
pub async fn compose(definition: &ReportDefinition, inputs: &Inputs<'_>) -> Result<Edition, ReportError> {
    match definition.name.as_str() {
        "serapan-anggaran" => serapan_anggaran::compose(definition, inputs).await,
        _ => Err(ReportError::Unknown { name: definition.name.clone() }),
    }
}
