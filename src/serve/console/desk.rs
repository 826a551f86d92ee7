//! What the console has the level above do: reports are made, opened and mailed there, by the code of the command line.

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};

use super::problem::Problem;
use crate::warehouse::EditionRecord;

/// A report of this deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportCard {
    /// Its key, e.g. `serapan-anggaran`.
    pub name: String,
    /// What leadership calls it.
    pub title: String,
}

/// The headline figures, in the words of the mailed report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// The message as a sentence.
    pub headline: String,
    /// The data date and where it is from.
    pub position: String,
    /// Why the figures are old or incomplete; none when they are not.
    pub warnings: Vec<String>,
    /// Large figures.
    pub tiles: Vec<FigureTile>,
    /// What changed since the report before.
    pub changes: Vec<String>,
    /// The notes on the quality of the data.
    pub notes: Vec<String>,
    /// When they were computed.
    pub made_at: DateTime<Utc>,
}

/// One large figure with its denominator and threshold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureTile {
    /// What it is.
    pub label: String,
    /// The figure.
    pub value: String,
    /// What it is measured by.
    pub detail: String,
    /// Whether it is beyond its threshold; `detail` says it, too.
    pub alert: bool,
}

/// What is recorded of an edition, for somebody who looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenEdition {
    /// What leadership calls the report.
    pub title: String,
    /// The mail's subject.
    pub subject: String,
    /// The date of the newest data in it.
    pub per_tanggal: NaiveDate,
    /// Whether it says that its data is late.
    pub stale: bool,
    /// The files that may be taken: PDF, XLSX, CSV and the chart.
    pub files: Vec<EditionFile>,
    /// Whether there is a mail to make a proof of.
    pub has_mail: bool,
}

/// A file of an edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionFile {
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
}

/// What changed from one edition to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionChanges {
    /// Figures that are not the same.
    pub figures: Vec<ChangedFigure>,
    /// How many are the same.
    pub same: usize,
    /// Sentences that are not the same.
    pub sentences: Vec<ChangedSentence>,
}

/// A figure that changed, came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFigure {
    /// Its id, `section.row.column`.
    pub id: String,
    /// As it was printed.
    pub old: Option<String>,
    /// As it is.
    pub new: Option<String>,
    /// New less old, with sign and unit.
    pub difference: Option<String>,
}

/// A sentence that changed, came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedSentence {
    /// The section.
    pub place: String,
    /// As it was.
    pub old: Option<String>,
    /// As it is.
    pub new: Option<String>,
}

/// Why something is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeskError {
    /// There is no such thing.
    Missing,
    /// Something stands against it; Indonesian words for the user.
    Refused(String),
    /// It failed; for the log.
    Failed(String),
}

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Missing => Self::NotFound,
            DeskError::Refused(words) => Self::Conflict(words),
            DeskError::Failed(reason) => Self::internal(&reason),
        }
    }
}

/// Makes, opens and mails editions. Methods that are not `async` block.
#[async_trait]
pub trait ReportDesk: Send + Sync {
    /// The reports of this deployment, in their order.
    fn reports(&self) -> &[ReportCard];

    /// The headline figures from what is committed now; takes seconds.
    async fn figures(&self) -> Result<Figures, DeskError>;

    /// What is recorded of an edition.
    fn open(&self, record: &EditionRecord) -> Result<OpenEdition, DeskError>;

    /// Its page exactly as it was sent, pictures as `data:`.
    fn html(&self, record: &EditionRecord) -> Result<String, DeskError>;

    /// The bytes of one of [`OpenEdition::files`], which are what was recorded.
    fn file(&self, record: &EditionRecord, name: &str) -> Result<Vec<u8>, DeskError>;

    /// What changed from `old` to `new`.
    fn changes(&self, old: &EditionRecord, new: &EditionRecord) -> Result<EditionChanges, DeskError>;

    /// Has what was refused or given up of an edition sent again, by `who`; gives how many mails that are. They leave by themselves.
    async fn resend(&self, edition: &str, who: &str) -> Result<usize, DeskError>;

    /// Has a marked proof of an edition's first mail sent to the address `to`, by `who`. It leaves by itself.
    async fn proof(&self, record: &EditionRecord, to: &str, who: &str) -> Result<(), DeskError>;
}
