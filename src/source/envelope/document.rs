//! The envelope of a document: rules over its values say what the answer is, whatever the HTTP status.

use super::{Judged, Verdict, by_text, describe};
use crate::contract::{Answers, Dataset, DocumentEnvelope, Envelope, JsonPath, Paging, RowShape, RuleVerdict};
use crate::decode::scan::{Kind, Token};
use crate::decode::{Brackets, DecodeError, scan};
use crate::source::document::{Paired, Text, leads_somewhere, root, says_nothing, text, values_at};

/// Longest document that is read; it is held in memory whole.
pub const DOCUMENT_BYTES_MAX: usize = 32 << 20;

/// Characters of the source's own explanation that an error repeats.
const MESSAGE_CHARS_MAX: usize = 200;

/// Judges a whole body under an HTTP status.
///
/// # Errors
/// [`DecodeError::Truncated`] when the document does not end, [`DecodeError::Malformed`] when it is none.
pub(super) fn judge(answers: &Answers, dataset: &Dataset, status: u16, body: &[u8]) -> Result<Judged, DecodeError> {
    let refused = |verdict| if (200..300).contains(&status) { verdict } else { Verdict::Refused(status) };
    let said = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
    if said.is_empty() {
        return Ok(refused(Verdict::Garbage("an empty body".to_owned())).into());
    }
    // Words, an HTML page, or one bare value: a text in quotes says no more than one without.
    if !said.starts_with(b"{") && !said.starts_with(b"[") {
        return Ok(refused(by_text(answers, dataset, said)).into());
    }
    let brackets = Brackets::of(body);
    let body = &Paired::new(body, &brackets);
    let (document, end) = match root(body) {
        Ok(Some(found)) => found,
        Ok(None) => return Err(DecodeError::Truncated { rows: 0 }),
        Err(reason) => return Err(DecodeError::Malformed { rows: 0, reason }),
    };
    if !body.bytes[end..].iter().all(|&byte| scan::is_blank(byte) || byte == b',') {
        return Err(DecodeError::Malformed { rows: 0, reason: "text after the end of the document".to_owned() });
    }
    let Envelope::Document(envelope) = &dataset.envelope else { return Ok(Verdict::Rows.into()) };
    let broken = |reason| DecodeError::Malformed { rows: 0, reason };
    let verdict = by_rules(envelope, dataset, body, document).map_err(broken)?;
    let verdict = match verdict {
        Some(verdict) => verdict,
        None if !(200..300).contains(&status) => Verdict::Refused(status),
        None if has_rows_place(dataset, body, document).map_err(broken)? => Verdict::Rows,
        None => Verdict::Garbage(describe(body.bytes, dataset.personal)),
    };
    let total = total(dataset, body, document).map_err(broken)?;
    Ok(Judged { verdict, total, brackets })
}

fn by_rules(
    envelope: &DocumentEnvelope,
    dataset: &Dataset,
    body: &Paired<'_>,
    document: Token,
) -> Result<Option<Verdict>, String> {
    for rule in &envelope.rules {
        for path in &rule.at {
            let values = values_at(body, document, path)?;
            let said = values.into_iter().filter(|value| value.kind != Kind::Nested);
            if said.map(|value| text(body.bytes, value)).any(|value| rule.matches(&value)) {
                let why = || explanation(envelope, dataset, body, document);
                return Ok(Some(match rule.verdict {
                    RuleVerdict::Rows => Verdict::Rows,
                    RuleVerdict::Empty => Verdict::Empty,
                    RuleVerdict::Unauthorised => Verdict::Unauthorised,
                    RuleVerdict::WrongParameter => Verdict::WrongParameter,
                    RuleVerdict::Unavailable => Verdict::Unavailable(why()?),
                    RuleVerdict::Failed => Verdict::Failed(why()?),
                }));
            }
        }
    }
    Ok(None)
}

/// What the source says of its failure. Words about persons are not repeated.
fn explanation(
    envelope: &DocumentEnvelope,
    dataset: &Dataset,
    body: &Paired<'_>,
    document: Token,
) -> Result<String, String> {
    if dataset.personal {
        return Ok("its explanation is not shown, the dataset is personal".to_owned());
    }
    match first_text(&envelope.message, body, document)? {
        Some(text) => Ok(format!("\"{}\"", text.chars().take(MESSAGE_CHARS_MAX).collect::<String>())),
        None => Ok("it gives no reason".to_owned()),
    }
}

/// The first text or number at one of `paths`.
pub(crate) fn first_text<T: Text + ?Sized>(
    paths: &[JsonPath],
    body: &T,
    document: Token,
) -> Result<Option<String>, String> {
    for path in paths {
        let values = values_at(body, document, path)?;
        let said = values.into_iter().filter(|value| !matches!(value.kind, Kind::Nested | Kind::Null));
        if let Some(found) = said.map(|value| text(body.bytes(), value)).find(|text| !text.trim().is_empty()) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Whether one of the paths to the rows is there, with rows or without.
fn has_rows_place(dataset: &Dataset, body: &Paired<'_>, document: Token) -> Result<bool, String> {
    let RowShape::Document { rows_at, .. } = &dataset.rows else { return Ok(true) };
    for path in rows_at {
        if leads_somewhere(body, document, path)? || outer_is_empty(path, body, document)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a list on the way to the rows is there and empty: then there are none.
fn outer_is_empty(path: &JsonPath, body: &Paired<'_>, document: Token) -> Result<bool, String> {
    for n in (1..path.steps.len()).rev() {
        let outer = JsonPath { steps: path.steps[..n].to_vec() };
        let values = values_at(body, document, &outer)?;
        if let Some(value) = values.first() {
            return Ok(value.kind == Kind::Nested && says_nothing(body, *value));
        }
    }
    Ok(false)
}

fn total(dataset: &Dataset, body: &Paired<'_>, document: Token) -> Result<Option<u64>, String> {
    let Paging::PageNumber { total: Some(path), .. } = &dataset.paging else { return Ok(None) };
    let found = first_text(std::slice::from_ref(path), body, document)?;
    match found {
        None => Ok(None),
        Some(text) => match text.trim().parse() {
            Ok(total) => Ok(Some(total)),
            Err(_) => Err(format!("the announced total at {path} is no number")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::contract::parse;
    use crate::source::envelope::Verdict;

    fn word(status: u16, body: &str) -> String {
        let mut contract = parse("simda.toml", include_str!("../../../config/sources/simda.toml")).unwrap();
        contract.answers.unauthorised = vec!["tidak valid".to_owned()];
        contract.answers.empty = vec!["tidak ada data".to_owned()];
        match judge(&contract.answers, contract.dataset("instansi").unwrap(), status, body.as_bytes()) {
            Ok(judged) => match judged.verdict {
                Verdict::Garbage(what) => what,
                other => other.word().to_owned(),
            },
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_is_no_document_is_judged_by_its_words() {
        for body in ["", " \n", "\u{feff}", "\u{feff}\n"] {
            assert_eq!(word(200, body), "an empty body", "{body:?}");
        }
        for body in ["Token tidak valid", "\"Token tidak valid\"", "\u{feff}\"Token tidak valid"] {
            assert_eq!(word(200, body), "unauthorised", "{body:?}");
        }
        assert_eq!(word(200, "\"Tidak Ada Data\""), "empty");
        assert_eq!(word(200, "null"), "an unknown answer: \"null\"");
        assert_eq!(word(404, "null"), "refused");
        assert!(word(200, "<b>Fatal error</b>").starts_with("an HTML page"));
    }

    #[test]
    fn what_begins_as_a_document_has_to_be_one() {
        assert!(word(200, "\u{feff} {\"data\":[").contains("cut off"));
        assert!(word(200, "{\"data\":[]} x").contains("text after the end"));
        assert!(word(200, "\u{feff}{\"data\" 1}").contains("broken"));
    }
}
