//! Envelopes: what kind of answer a body is. An HTTP 200 is not a success.

pub mod document;
pub mod spanint;

use crate::contract::{Answers, Contract, Dataset, Envelope};
use crate::decode::{Brackets, DecodeError};

/// What an answer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Rows begin.
    Rows,
    /// The service says that there are none.
    Empty,
    /// The request was not understood.
    WrongParameter,
    /// The token was refused.
    Unauthorised,
    /// The source says that it cannot answer now, and why.
    Unavailable(String),
    /// The source says that it failed, and why.
    Failed(String),
    /// An HTTP status that says it all, with a body that says nothing.
    Refused(u16),
    /// Anything else, with what it looks like.
    Garbage(String),
}

impl Verdict {
    /// One word for the ledger.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Empty => "empty",
            Self::WrongParameter => "wrong_parameter",
            Self::Unauthorised => "unauthorised",
            Self::Unavailable(_) => "unavailable",
            Self::Failed(_) => "failed",
            Self::Refused(_) => "refused",
            Self::Garbage(_) => "garbage",
        }
    }
}

/// What a whole body is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What it is.
    pub verdict: Verdict,
    /// Rows there are in all, where it says so.
    pub total: Option<u64>,
    /// Of a document: where its objects and lists end.
    pub brackets: Brackets,
}

impl From<Verdict> for Judged {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, total: None, brackets: Brackets::default() }
    }
}

/// Bytes of a body that are enough to judge it, unless it is a document.
pub const JUDGED_BYTES: usize = 8_192;

/// Judges the first [`JUDGED_BYTES`] of a body (all of it when it is shorter) under an HTTP status.
#[must_use]
pub fn judge(contract: &Contract, dataset: &Dataset, status: u16, head: &[u8]) -> Verdict {
    if matches!(status, 401 | 403) {
        return Verdict::Unauthorised;
    }
    match dataset.envelope {
        Envelope::Spanint => spanint::judge(&contract.answers, dataset, head),
        Envelope::Plain | Envelope::Document(_) if !(200..300).contains(&status) => Verdict::Refused(status),
        Envelope::Plain | Envelope::Document(_) => {
            if head.trim_ascii().is_empty() {
                Verdict::Empty
            } else {
                Verdict::Rows
            }
        }
    }
}

/// Judges a whole document under an HTTP status.
///
/// # Errors
/// [`DecodeError`] when it is broken or does not end.
pub fn judge_document(
    contract: &Contract,
    dataset: &Dataset,
    status: u16,
    body: &[u8],
) -> Result<Judged, DecodeError> {
    if matches!(status, 401 | 403) {
        return Ok(Verdict::Unauthorised.into());
    }
    document::judge(&contract.answers, dataset, status, body)
}

/// What a body without rows says, by the texts that the contract knows.
fn by_text(answers: &Answers, dataset: &Dataset, body: &[u8]) -> Verdict {
    let head = String::from_utf8_lossy(&body[..body.len().min(JUDGED_BYTES)]).to_lowercase();
    let says = |texts: &[String]| texts.iter().any(|known| head.contains(known));
    if says(&answers.unauthorised) {
        Verdict::Unauthorised
    } else if says(&answers.wrong_parameter) {
        Verdict::WrongParameter
    } else if says(&answers.empty) {
        Verdict::Empty
    } else {
        Verdict::Garbage(describe(body, dataset.personal))
    }
}

/// Characters of a strange body that an error message shows.
const SHOWN_CHARS: usize = 80;

/// What a strange body looks like. Bodies that may hold personal data are described, never shown.
fn describe(body: &[u8], personal: bool) -> String {
    let head = body[..body.len().min(JUDGED_BYTES)].trim_ascii_start();
    if head.is_empty() {
        return "an empty body".to_owned();
    }
    let kind = if head.starts_with(b"<") { "an HTML page" } else { "an unknown answer" };
    if personal {
        return kind.to_owned();
    }
    let text = String::from_utf8_lossy(head);
    let mut words = String::new();
    let mut in_tag = false;
    for c in text.chars() {
        match c {
            '<' => in_tag = true,
            '>' => {
                in_tag = false;
                words.push(' ');
            }
            c if !in_tag => words.push(if c.is_control() { ' ' } else { c }),
            _ => {}
        }
    }
    let shown: String = words.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SHOWN_CHARS).collect();
    format!("{kind}: \"{shown}\"")
}
