//! The source contract: what is asked of a system, what a good answer looks like, what its columns mean.
//!
//! A contract is data (`config/sources/<name>.toml`). Adding an endpoint or a column needs no Rust; only a new *kind* of
//! paging, authentication, envelope or row shape does. The grammar is described in `docs/contracts.md`.

mod column;
mod parse;
mod reading;
mod schema;

use chrono_tz::Tz;

pub use column::{Class, Column, ColumnType, DateFormat, TimestampFormat, normalise_key};
pub use parse::parse;
pub(crate) use parse::{check_base_url, shown_url};
pub use reading::{Extract, OneOf, Reading};
pub use schema::{EXTRA_COLUMN, file_schema};

/// The contract of one source system.
#[derive(Debug, Clone)]
pub struct Contract {
    /// The source's name: SQL schema, folder and config key.
    pub source: String,
    /// What people call the system.
    pub title: String,
    /// The document this contract transcribes.
    pub document: String,
    /// Raised when a column's meaning changes; stands in every file's metadata.
    pub version: u32,
    /// Where the system answers, without a trailing slash.
    pub base_url: String,
    /// The zone of the source's dates.
    pub timezone: Tz,
    /// Whether snapshots and credentials are per fiscal year (`tahun_anggaran`).
    pub fiscal_year: bool,
    /// How requests prove who asks.
    pub auth: Auth,
    /// What the service says when it has no rows to give.
    pub answers: Answers,
    /// Limits of the HTTP conversation.
    pub http: HttpLimits,
    /// The endpoints.
    pub datasets: Vec<Dataset>,
}

impl Contract {
    /// The dataset called `name`.
    #[must_use]
    pub fn dataset(&self, name: &str) -> Option<&Dataset> {
        self.datasets.iter().find(|dataset| dataset.name == name)
    }
}

/// How requests prove who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer <token>`.
    Bearer,
}

/// Texts that tell the kinds of answer apart, compared without regard to case.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// There are no rows.
    pub empty: Vec<String>,
    /// The request was not understood.
    pub wrong_parameter: Vec<String>,
    /// The token was refused.
    pub unauthorised: Vec<String>,
}

/// Limits of the HTTP conversation.
#[derive(Debug, Clone, Copy)]
pub struct HttpLimits {
    /// Seconds to reach the server.
    pub connect_timeout_secs: u64,
    /// Longest silence within one answer, in seconds.
    pub read_timeout_secs: u64,
    /// Tries of one request, the first included.
    pub attempts: u32,
    /// Seconds before the second try; doubles with each further one.
    pub backoff_secs: u64,
    /// Longest body accepted, in bytes after decompression.
    pub body_bytes_max: u64,
}

/// One endpoint's rows.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// The dataset's name: SQL table and folder.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What one row is.
    pub grain: String,
    /// The heading of the source document that describes the endpoint.
    pub document_section: String,
    /// Path below the base URL, with `{from}`/`{to}` or `{date}` where the paging fills them in.
    pub path: String,
    /// Path of the un-paged request, where the service has one.
    pub path_whole: Option<String>,
    /// How the rows are divided over requests.
    pub paging: Paging,
    /// How rows are wrapped.
    pub envelope: Envelope,
    /// How one row is written.
    pub rows: RowShape,
    /// Whether rows hold personal data: then unknown columns keep the dataset from being published.
    pub personal: bool,
    /// Index of the date column whose values lie in the fiscal year asked for. The key of another year answers with
    /// that year's rows, and only a date can tell.
    pub fiscal_year_column: Option<usize>,
    /// Indices of the money columns whose sums are the control totals.
    pub control: Vec<usize>,
    /// Most rows that may be refused, in percent, before nothing is published. Five rows are always tolerated.
    pub quarantine_pct_max: u32,
    /// Most a snapshot may shrink against the one before, in percent, before it is held.
    pub shrink_pct_max: u32,
    /// The columns, in the order of the file.
    pub columns: Vec<Column>,
}

impl Dataset {
    /// The index of the column called `name`.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Whether every partition stays current (`latest` links them all) instead of only the newest snapshot.
    #[must_use]
    pub fn accumulates(&self) -> bool {
        matches!(self.paging, Paging::Daily { .. })
    }

    /// The partition key that holds the date: `snapshot_date`, or the dataset's own.
    #[must_use]
    pub fn date_key(&self) -> &str {
        match &self.paging {
            Paging::Daily { partition, .. } => partition,
            Paging::Whole | Paging::RowRange { .. } => "snapshot_date",
        }
    }
}

/// How the rows of a dataset are divided over requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paging {
    /// One request, everything.
    Whole,
    /// Row ranges `{from}`..`{to}`, 1-based and inclusive, until an empty page.
    RowRange {
        /// Rows asked for in a request; 0 asks for everything at once through `path_whole`.
        page_rows: u64,
        /// Index of the column that numbers the rows; contiguous and unique over all pages.
        row_number: usize,
        /// Indices of columns that must hold one value over all pages.
        constant: Vec<usize>,
        /// How often a load begins again when the source moved while it was read.
        restarts: u32,
    },
    /// One request a day through `{date}` (YYYYMMDD), one partition a day.
    Daily {
        /// The partition key that holds the day.
        partition: String,
        /// Days asked again before the newest committed one.
        back_fill_days: u32,
    },
}

/// How rows are wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Envelope {
    /// spanint: an array, a bare object, `{"body":{"value":…}}` or `[[{"colspan":…}]]`, or plain text.
    Spanint,
}

/// How one row is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowShape {
    /// `{"KEY": "value", …}`.
    Objects,
    /// A header and rows by position, in any of the ways spanint writes them.
    HeaderPositional {
        /// Index of the column that takes the surplus of an unquoted comma.
        fold_surplus_into: Option<usize>,
    },
    /// Comma-separated values under a header line (RFC 4180).
    Csv {
        /// The byte between fields.
        delimiter: u8,
    },
}
