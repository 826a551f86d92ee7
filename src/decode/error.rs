//! Why an answer cannot be decoded.

use arrow::error::ArrowError;
use thiserror::Error;

use super::ROW_BYTES_MAX;
use crate::privacy::PII_KEY_ENV;

/// An answer that cannot be decoded further. Nothing of the page may be published.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// The answer ended in the middle.
    #[error("the answer ends in the middle, after {rows} rows: it was cut off")]
    Truncated {
        /// Whole rows before the end.
        rows: u64,
    },
    /// The answer is not the JSON that the contract describes.
    #[error("the answer is broken after row {rows}: {reason}")]
    Malformed {
        /// Whole rows before it.
        rows: u64,
        /// What was found.
        reason: String,
    },
    /// One row is longer than [`ROW_BYTES_MAX`].
    #[error("row {row} is longer than {ROW_BYTES_MAX} bytes")]
    RowTooLong {
        /// 1-based position in the page.
        row: u64,
    },
    /// A document holds more rows than whoever judges it takes.
    #[error("more than {rows_max} rows")]
    TooManyRows {
        /// The limit.
        rows_max: usize,
    },
    /// A document is longer than what is held in memory.
    #[error("the document is longer than {bytes_max} bytes: ask for smaller pages")]
    DocumentTooLong {
        /// The limit.
        bytes_max: usize,
    },
    /// A column is to be hashed, and there is no secret: nothing is decoded then.
    #[error("the column \"{column}\" is stored as a keyed hash, and there is no key for it: set {PII_KEY_ENV}")]
    NoPiiKey {
        /// The column.
        column: String,
    },
    /// Arrow refused the columns: a bug.
    #[error("building a batch: {0}")]
    Batch(#[from] ArrowError),
}
