//! How rows are wrapped, and how an answer says how it went.

use std::str::FromStr;

use super::JsonPath;

/// How rows are wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Envelope {
    /// spanint: an array, a bare object, `{"body":{"value":…}}` or `[[{"colspan":…}]]`, or plain text.
    Spanint,
    /// One JSON document that says how it went.
    Document(DocumentEnvelope),
    /// Nothing around the rows: a file.
    Plain,
}

/// How a document says how it went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentEnvelope {
    /// The first rule that matches decides; none = rows.
    pub rules: Vec<VerdictRule>,
    /// Where the source says why, for error messages.
    pub message: Vec<JsonPath>,
}

/// One rule: a value of the document and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictRule {
    /// Where to look; all of them.
    pub at: Vec<JsonPath>,
    /// The values that match, compared as text without regard to case; empty when `not` is given.
    pub is: Vec<String>,
    /// Any other value matches; empty when `is` is given.
    pub not: Vec<String>,
    /// What it means.
    pub verdict: RuleVerdict,
}

impl VerdictRule {
    /// Whether a value found at one of the paths matches.
    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        let among = |values: &[String]| values.iter().any(|known| known.eq_ignore_ascii_case(value.trim()));
        if self.is.is_empty() { !among(&self.not) } else { among(&self.is) }
    }
}

/// What an answer is, by a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleVerdict {
    /// Rows, whatever later rules say.
    Rows,
    /// There are none.
    Empty,
    /// The token was refused.
    Unauthorised,
    /// The request was not understood.
    WrongParameter,
    /// The source cannot answer now.
    Unavailable,
    /// The source says that it failed.
    Failed,
}

impl FromStr for RuleVerdict {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "rows" => Ok(Self::Rows),
            "empty" => Ok(Self::Empty),
            "unauthorised" => Ok(Self::Unauthorised),
            "wrong_parameter" => Ok(Self::WrongParameter),
            "unavailable" => Ok(Self::Unavailable),
            "failed" => Ok(Self::Failed),
            _ => Err("one of rows, empty, unauthorised, wrong_parameter, unavailable, failed".to_owned()),
        }
    }
}
