//! Envelopes, from TOML.

use super::parsed_list;
use crate::config::document::Section;
use crate::contract::{DocumentEnvelope, Envelope, RuleVerdict, VerdictRule};

/// `envelope = "spanint"`, or a table that says how a document tells how it went; `None` where there is none.
pub(super) fn of(section: &Section<'_, '_>) -> Option<Envelope> {
    const KNOWN: &str = "known: spanint, plain, document";
    if section.is_text("envelope") {
        return match section.text("envelope")? {
            "spanint" => Some(Envelope::Spanint),
            "plain" => Some(Envelope::Plain),
            "document" => Some(Envelope::Document(DocumentEnvelope::default())),
            other => {
                section.problem("envelope", format!("unknown envelope \"{other}\""), KNOWN);
                None
            }
        };
    }
    let envelope = section.section("envelope")?;
    let kind = envelope.required_text("kind", "document");
    if !kind.is_empty() && kind != "document" {
        envelope.problem("kind", format!("unknown envelope \"{kind}\""), KNOWN);
    }
    let rules = envelope.sections("verdicts").into_iter().filter_map(rule).collect();
    let document = DocumentEnvelope { rules, message: parsed_list(&envelope, "message") };
    envelope.finish();
    Some(Envelope::Document(document))
}

fn rule(section: Section<'_, '_>) -> Option<VerdictRule> {
    let at = parsed_list(&section, "at");
    if at.is_empty() {
        section.problem("at", "`at` is empty: where does the answer say so?", "at = [\"status\"]");
    }
    let (is, not) = (section.texts("is"), section.texts("not"));
    if is.is_empty() == not.is_empty() {
        section.problem("is", "a verdict has either `is` or `not`", "is = [\"failed\"]");
    }
    let verdict = section.required_parsed::<RuleVerdict>("verdict", "what such an answer is");
    section.finish();
    Some(VerdictRule { at, is, not, verdict: verdict? })
}
