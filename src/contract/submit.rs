//! What is sent to a source, record by record.

use super::{Dataset, HttpMethod};

/// How the records of one method are checked and sent.
#[derive(Debug, Clone)]
pub struct Submission {
    /// GET never; here POST.
    pub http: HttpMethod,
    /// Path below the base URL.
    pub path: String,
    /// The body; `{record}` is the record as a JSON object.
    pub body: String,
    /// The record: its columns, and how an answer says how it went (its envelope). Rows are the document itself.
    pub record: Dataset,
    /// The key that is sent, for each column; dotted ones make nested objects. `None` for a second reading of a key, and
    /// for what only tells records apart and is not sent (`unsent`).
    pub wire: Vec<Option<String>>,
    /// Indices of the columns sent as JSON literals instead of texts.
    pub literals: Vec<usize>,
    /// Indices of the columns that an accepted record is known by for ever.
    pub key: Vec<usize>,
    /// Indices of the columns that the log keeps.
    pub log: Vec<usize>,
    /// What must agree with what is loaded.
    pub checks: Vec<ReferenceCheck>,
    /// The dataset that shows whether a record arrived whose answer was lost.
    pub confirm: Option<String>,
}

/// Values that must stand together in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceCheck {
    /// The rule, for whoever reads the refusal.
    pub says: String,
    /// Indices of the record's columns, the first of which finds the row.
    pub columns: Vec<usize>,
    /// What gives the values that are allowed, one column each, in the same order.
    pub sql: String,
}
