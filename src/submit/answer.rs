//! What an answer says became of a record. Whatever is not certain is ambiguous: a record that is sent twice cannot be called
//! back.

use std::time::Duration;

use crate::contract::{Contract, Envelope, JsonPath, Submission, normalise_key};
use crate::decode::scan::{Kind, Token};
use crate::source::document::{Shape, elements, root, shape, text, values_at};
use crate::source::envelope::{Verdict, judge_document};

/// Longest answer that is read.
pub(super) const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Characters of the source's words that are kept.
const MESSAGE_CHARS_MAX: usize = 255;

/// Characters of the source's code that are kept.
const CODE_CHARS_MAX: usize = 32;

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The source took it.
    Accepted,
    /// The source refused it.
    Refused,
    /// It certainly was not looked at, and may be sent again after so long.
    NotTaken(Option<Duration>),
    /// Who asks was refused.
    Unauthorised,
    /// Nobody knows.
    Ambiguous,
}

/// What became of a record, and what the source said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judgement {
    pub(super) outcome: Outcome,
    pub(super) status: Option<u16>,
    /// The source's code.
    pub(super) code: Option<String>,
    /// The source's words, or ours where it said none; free of personal values.
    pub(super) message: Option<String>,
}

impl Judgement {
    /// There was no answer, or it cannot be believed.
    pub(super) fn ours(outcome: Outcome, status: Option<u16>, message: impl Into<String>) -> Self {
        Self { outcome, status, code: None, message: Some(cut(&message.into(), MESSAGE_CHARS_MAX)) }
    }
}

/// An answer that came whole.
pub(super) struct Whole<'a> {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: &'a [u8],
}

/// Judges a whole answer by the envelope of the method.
pub(super) fn judge(contract: &Contract, submission: &Submission, answer: &Whole<'_>) -> Judgement {
    let status = answer.status;
    let Ok(judged) = judge_document(contract, &submission.record, status, answer.body) else {
        return Judgement::ours(Outcome::Ambiguous, Some(status), "the answer is broken");
    };
    let is_good = (200..300).contains(&status);
    let says_itself = matches!(submission.record.envelope, Envelope::Document(_));
    let outcome = match &judged.verdict {
        Verdict::Unauthorised => Outcome::Unauthorised,
        // A document that says nothing of how it went is no word of success.
        Verdict::Rows if says_itself && !speaks(submission, answer.body) => {
            return Judgement::ours(Outcome::Ambiguous, Some(status), "the answer does not say how it went");
        }
        Verdict::Rows if is_good || says_itself => Outcome::Accepted,
        Verdict::Empty | Verdict::WrongParameter => Outcome::Refused,
        // A service that fails while it writes may have written.
        Verdict::Failed(_) if status < 500 => Outcome::Refused,
        Verdict::Failed(_) => Outcome::Ambiguous,
        Verdict::Unavailable(_) if matches!(status, 429 | 503) => Outcome::NotTaken(answer.retry_after),
        Verdict::Unavailable(_) => Outcome::Ambiguous,
        Verdict::Garbage(what) => {
            return Judgement::ours(Outcome::Ambiguous, Some(status), format!("the source answered with {what}"));
        }
        Verdict::Rows | Verdict::Refused(_) => by_status(answer),
    };
    let (code, said) = words(submission, answer.body);
    let message = said.or_else(|| (outcome != Outcome::Accepted).then(|| format!("HTTP {status}")));
    Judgement { outcome, status: Some(status), code, message }
}

/// What a status says where the body says nothing.
fn by_status(answer: &Whole<'_>) -> Outcome {
    match answer.status {
        425 | 429 => Outcome::NotTaken(answer.retry_after),
        408 => Outcome::Ambiguous,
        400..=499 => Outcome::Refused,
        _ => Outcome::Ambiguous,
    }
}

/// Whether an answer has one of the values that the envelope goes by; an envelope that goes by none is content with any.
fn speaks(submission: &Submission, body: &[u8]) -> bool {
    let Envelope::Document(envelope) = &submission.record.envelope else { return true };
    let Ok(Some((document, _))) = root(body) else { return false };
    let mut paths = envelope.rules.iter().flat_map(|rule| &rule.at);
    envelope.rules.is_empty() || paths.any(|path| said(body, document, path).is_some())
}

/// The source's code and its words, as the ledger may have them.
fn words(submission: &Submission, body: &[u8]) -> (Option<String>, Option<String>) {
    let Envelope::Document(envelope) = &submission.record.envelope else { return (None, None) };
    let Ok(Some((document, _))) = root(body) else { return (None, None) };
    let paths = envelope.rules.iter().flat_map(|rule| &rule.at);
    let code = paths.filter_map(|path| values_at(body, document, path).ok()).flatten().find_map(|value| {
        let said = !matches!(value.kind, Kind::Nested | Kind::Null);
        said.then(|| text(body, value)).filter(|code| is_code(code))
    });
    let message = envelope.message.iter().find_map(|path| said(body, document, path));
    let message = match message {
        Some(message) if submission.record.personal => columns_named(submission, &message),
        other => other.map(|message| cut(&message, MESSAGE_CHARS_MAX)),
    };
    (code, message)
}

/// What stands at a path: a text, or a list of them.
fn said(body: &[u8], document: Token, path: &JsonPath) -> Option<String> {
    let mut texts = Vec::new();
    for value in values_at(body, document, path).ok()? {
        let mut take = |value: Token| {
            if !matches!(value.kind, Kind::Nested | Kind::Null) {
                texts.push(text(body, value));
            }
            Ok(())
        };
        // A list that is broken says nothing.
        let _ = if shape(body, value) == Shape::List { elements(body, value, &mut take) } else { take(value) };
    }
    texts.retain(|text| !text.trim().is_empty());
    (!texts.is_empty()).then(|| texts.join("; "))
}

/// A word such as `success` or `900901`: a code is never a sentence, and so never a value of the record.
fn is_code(text: &str) -> bool {
    (1..=CODE_CHARS_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
}

/// Of words that may hold a personal value only the columns are kept that they name.
fn columns_named(submission: &Submission, message: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let words: Vec<String> = message.split(|c| !is_part(c)).map(normalise_key).collect();
    let wire = submission.record.columns.iter().zip(&submission.wire);
    let named = wire.filter(|(column, wire)| {
        let mut spellings = column.keys.iter().cloned().chain(wire.as_deref().map(normalise_key));
        wire.is_some() && spellings.any(|spelling| words.contains(&spelling))
    });
    let names: Vec<&str> = named.map(|(column, _)| column.name.as_str()).collect();
    (!names.is_empty()).then(|| cut(&format!("the source names {}", names.join(", ")), MESSAGE_CHARS_MAX))
}

fn cut(text: &str, chars_max: usize) -> String {
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(chars_max).collect()
}

#[cfg(test)]
mod tests {
    use super::{Judgement, Outcome, Whole, judge};
    use crate::contract::{Contract, parse};
    use std::time::Duration;

    fn contract(personal: bool) -> Contract {
        let submit = format!(
            r#"
[[method]]
name = "kirim"
function = "x"
direction = "submit"
[method.submit]
path = "kirim"
body = '{{"IZIN":{{record}}}}'
key = ["id"]
personal = {personal}
columns = [ {{ name = "id", type = "text", required = true, class = "public", meaning = "id" }} ]
"#
        );
        parse("padi.toml", &format!("{}{submit}", include_str!("../../config/sources/padi.toml"))).unwrap()
    }

    fn judged(personal: bool, status: u16, body: &str) -> Judgement {
        let contract = contract(personal);
        let submission = contract.method("kirim").unwrap().submit.as_ref().unwrap();
        let answer = Whole { status, retry_after: Some(Duration::from_secs(3)), body: body.as_bytes() };
        judge(&contract, submission, &answer)
    }

    #[test]
    fn what_is_not_certain_is_ambiguous() {
        let wait = Outcome::NotTaken(Some(Duration::from_secs(3)));
        let failed = r#"{"status":"failed","messages":"id salah"}"#;
        let throttled = r#"{"code":"900800"}"#;
        for (status, body, outcome) in [
            (200, r#"{"status":"success","messages":"ok"}"#, Outcome::Accepted),
            (201, r#"{"status":"success"}"#, Outcome::Accepted),
            (200, r#"{"data":[]}"#, Outcome::Ambiguous),
            (200, failed, Outcome::Refused),
            (400, failed, Outcome::Refused),
            (404, "<html>not here</html>", Outcome::Refused),
            (401, "", Outcome::Unauthorised),
            (200, r#"{"code":"900901"}"#, Outcome::Unauthorised),
            (429, throttled, wait),
            (503, throttled, wait),
            (429, "slow down", wait),
            (200, throttled, Outcome::Ambiguous),
            (503, "<html>busy</html>", Outcome::Ambiguous),
            (500, failed, Outcome::Ambiguous),
            (502, "", Outcome::Ambiguous),
            (408, "", Outcome::Ambiguous),
            (302, "", Outcome::Ambiguous),
            (200, "", Outcome::Ambiguous),
            (200, "<html>login</html>", Outcome::Ambiguous),
            (200, r#"{"status":"suc"#, Outcome::Ambiguous),
        ] {
            assert_eq!(judged(false, status, body).outcome, outcome, "{status} {body}");
        }
    }

    #[test]
    fn the_sources_words_are_kept_unless_they_may_be_about_a_person() {
        let body = r#"{"status":"failed","messages":"ID ABC dari SOKI TAMELIN tidak sah\n"}"#;
        let open = judged(false, 200, body);
        assert_eq!(open.code.as_deref(), Some("failed"));
        assert_eq!(open.message.as_deref(), Some("ID ABC dari SOKI TAMELIN tidak sah"));
        let listed = judged(false, 400, r#"{"status":"failed","messages":["id: kosong","",null,"x: 2"]}"#);
        assert_eq!(listed.message.as_deref(), Some("id: kosong; x: 2"));
        let closed = judged(true, 200, body);
        assert_eq!(closed.message.as_deref(), Some("the source names id"));
        let silent = judged(true, 200, r#"{"status":"SOKI TAMELIN","messages":"SOKI TAMELIN"}"#);
        assert_eq!((silent.code, silent.message), (None, None));
        assert_eq!(judged(true, 404, "SOKI TAMELIN").message.as_deref(), Some("HTTP 404"));
    }
}
