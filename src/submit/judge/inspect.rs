//! One record against the columns of the contract.

use std::sync::Arc;

use super::Refusal;
use crate::contract::{Class, Column, ColumnType, Dataset, normalise_key};
use crate::decode::inspect::{Fault, InspectedRow, Inspection, Inspector};
use crate::decode::scan::{Kind, Token};
use crate::decode::{DecodeError, DecodeSettings};
use crate::privacy::KeyState;
use crate::source::document::{Shape, key_name, members, root, says_nothing, shape as shape_of};
use crate::source::shape;
use crate::submit::{SubmitError, Submitter, wire};

/// What stands for a personal value.
const HIDDEN: &str = "…";

/// Most characters of a value that are shown.
const SHOWN_CHARS_MAX: usize = 60;

/// How alike a mistyped key and a column's name are.
const ALIKE: f64 = 0.85;

/// A record that was looked at.
pub(in crate::submit) struct Seen {
    /// What stands in each column, trimmed; `None` for nothing.
    pub(in crate::submit) texts: Vec<Option<String>>,
    pub(in crate::submit) refusals: Vec<Refusal>,
    pub(in crate::submit) notes: Vec<Refusal>,
}

impl Seen {
    /// Whether a column is refused already.
    pub(in crate::submit) fn refuses(&self, name: &str) -> bool {
        self.refusals.iter().any(|refusal| refusal.column.as_deref() == Some(name))
    }
}

/// Looks at records one by one.
pub(in crate::submit) struct Inspecting {
    dataset: Arc<Dataset>,
    /// As rows of the dataset are judged.
    inspector: Inspector,
    /// The same, but what a load lets pass as NULL, or never looks at because it is not stored, is a fault.
    strict: Inspector,
    /// For each column, the first one that reads the same key: the one whose name an operator knows.
    named_by: Vec<usize>,
    literals: Vec<usize>,
    /// `source.method`.
    label: String,
}

impl Inspecting {
    pub(super) fn new(submitter: &Submitter<'_>) -> Result<Self, SubmitError> {
        let submission = submitter.submission;
        let settings = DecodeSettings {
            zone: submitter.contract().timezone,
            pii_key: submitter.pii_key.as_ref().map(Arc::clone),
        };
        let dataset = Arc::new(submission.record.clone());
        let mut strict = submission.record.clone();
        for column in &mut strict.columns {
            column.lenient = false;
            if column.class == Class::Drop && column.ty != ColumnType::Any {
                column.class = Class::Public;
            }
        }
        let first = |column: &Column| {
            dataset.columns.iter().position(|other| other.keys.first() == column.keys.first()).unwrap_or(0)
        };
        let (source, method) = submitter.id();
        Ok(Self {
            inspector: Inspector::new(Arc::clone(&dataset), shape::reader, settings.clone())?,
            strict: Inspector::new(Arc::new(strict), shape::reader, settings)?,
            named_by: dataset.columns.iter().map(first).collect(),
            literals: submission.literals.clone(),
            label: format!("{source}.{method}"),
            dataset,
        })
    }

    /// Every fault of one record, a JSON object.
    pub(super) fn inspect(&mut self, json: &[u8]) -> Seen {
        let n_columns = self.dataset.columns.len();
        let inspection = match self.inspector.inspect(json) {
            Ok(inspection) => inspection,
            Err(error) => return self.unreadable(&error),
        };
        let Inspection { mut rows, unknown_keys } = inspection;
        // An object that says nothing at all is no row: every column is missing.
        let row = rows.pop().unwrap_or_else(|| InspectedRow { faults: Vec::new(), texts: vec![None; n_columns] });
        let columns = self.dataset.columns.iter().zip(row.texts);
        let texts: Vec<Option<String>> = columns
            .map(|(column, text)| text.filter(|text| !wire::is_absent(column, text)).map(|t| t.trim().to_owned()))
            .collect();
        let mut seen = Seen { texts, refusals: Vec::new(), notes: Vec::new() };
        self.take_nested(json, &mut seen);
        for fault in &row.faults {
            self.refuse(&mut seen, fault);
        }
        self.refuse_missing(&mut seen);
        self.refuse_literals(&mut seen);
        self.refuse_broken_keys(&mut seen);
        self.note_what_is_let_pass(json, &mut seen);
        for key in unknown_keys {
            seen.refusals.push(self.unknown(&key));
        }
        let place = |refusal: &Refusal| {
            let column = refusal.column.as_deref();
            column.map_or(Some(0), |name| self.dataset.column(name)).unwrap_or(usize::MAX)
        };
        seen.refusals.sort_by_key(place);
        seen
    }

    fn unreadable(&self, error: &DecodeError) -> Seen {
        let reason = match error {
            DecodeError::Malformed { reason, .. } => reason.clone(),
            other => other.to_string(),
        };
        let refusal = Refusal { column: None, rule: "one JSON object".to_owned(), value: String::new(), reason };
        Seen { texts: vec![None; self.dataset.columns.len()], refusals: vec![refusal], notes: Vec::new() }
    }

    /// A fault of a second reading of a key is told once, under the key's own column.
    fn refuse(&self, seen: &mut Seen, fault: &Fault) {
        let Some(i) = fault.column.as_deref().and_then(|name| self.dataset.column(name)) else {
            let rule = "each column once".to_owned();
            let reason = fault.reason.clone();
            seen.refusals.push(Refusal { column: None, rule, value: String::new(), reason });
            return;
        };
        if !seen.refuses(&self.dataset.columns[self.named_by[i]].name) {
            let refusal = self.refusal(seen, i, &fault.reason);
            seen.refusals.push(refusal);
        }
    }

    /// What is wrong with column `i`.
    pub(in crate::submit) fn refusal(&self, seen: &Seen, i: usize, reason: &str) -> Refusal {
        Refusal {
            column: Some(self.name(i).to_owned()),
            rule: self.dataset.columns[i].rule(),
            value: self.shown_value(seen, i),
            reason: reason.to_owned(),
        }
    }

    /// The name an operator knows column `i` by.
    pub(in crate::submit) fn name(&self, i: usize) -> &str {
        &self.dataset.columns[self.named_by[i]].name
    }

    /// What stands in column `i`, as it may be shown.
    pub(in crate::submit) fn shown_value(&self, seen: &Seen, i: usize) -> String {
        let Some(text) = &seen.texts[self.named_by[i]] else { return String::new() };
        let same_key = (0..self.named_by.len()).filter(|&other| self.named_by[other] == self.named_by[i]);
        let mut classes = same_key.map(|other| self.dataset.columns[other].class);
        if classes.all(|class| class == Class::Public) { shown(text) } else { HIDDEN.to_owned() }
    }

    /// A text such as NULL in a required column, which a load takes for a text.
    fn refuse_missing(&self, seen: &mut Seen) {
        for (i, column) in self.dataset.columns.iter().enumerate() {
            if column.required && seen.texts[i].is_none() && !seen.refuses(self.name(i)) {
                let refusal = self.refusal(seen, i, "the value is missing");
                seen.refusals.push(refusal);
            }
        }
    }

    fn refuse_literals(&self, seen: &mut Seen) {
        for &i in &self.literals {
            let Some(text) = &seen.texts[i] else { continue };
            if let Err(reason) = wire::literal(&self.dataset.columns[i], text)
                && !seen.refuses(self.name(i))
            {
                let refusal = self.refusal(seen, i, reason);
                seen.refusals.push(refusal);
            }
        }
    }

    fn unknown(&self, key: &str) -> Refusal {
        let name = normalise_key(key);
        let alike = |column: &&Column| strsim::jaro_winkler(&normalise_key(&column.name), &name) > ALIKE;
        let meant = self.dataset.columns.iter().find(alike);
        let reason = match meant {
            Some(column) => format!("an unknown key; did you mean {}?", column.name),
            None => "an unknown key: it would be lost".to_owned(),
        };
        Refusal {
            column: Some(shown(key)),
            rule: format!("a column of {}", self.label),
            value: HIDDEN.to_owned(),
            reason,
        }
    }

    /// A personal number that is masked, cut short or broken: a load stores NULL for it, a source should not get it.
    fn refuse_broken_keys(&self, seen: &mut Seen) {
        for (i, column) in self.dataset.columns.iter().enumerate() {
            let (Class::Key(form), Some(text)) = (column.class, &seen.texts[i]) else { continue };
            if form.state(text) != KeyState::Whole && !column.lenient && !seen.refuses(self.name(i)) {
                let refusal = self.refusal(seen, i, "not a whole value (masked, cut short or broken)");
                seen.refusals.push(refusal);
            }
        }
    }

    /// Takes what is sent as it stands, and refuses objects and lists where one value is due, and values where an object is:
    /// nothing of them would be sent.
    fn take_nested(&self, json: &[u8], seen: &mut Seen) {
        let Ok(Some((object, _))) = root(json) else { return };
        let mut found = Vec::new();
        // A broken object was refused by the inspector.
        let _ = self.nested(json, object, "", &mut found);
        for Nested { key, value } in found {
            let column = (0..self.named_by.len()).find(|&i| self.dataset.columns[i].keys.contains(&key));
            match (column, value) {
                (Some(i), Ok(raw)) if self.dataset.columns[i].ty == ColumnType::Any => {
                    seen.texts[i] = Some(wire::whole_json(&raw));
                }
                (_, Ok(_)) => {}
                (column, Err(reason)) => {
                    let name = column.map_or_else(|| key.to_lowercase(), |i| self.name(i).to_owned());
                    let rule = column.map_or_else(|| "an object".to_owned(), |i| self.dataset.columns[i].rule());
                    let (value, reason) = (HIDDEN.to_owned(), reason.to_owned());
                    seen.refusals.push(Refusal { column: Some(name), rule, value, reason });
                }
            }
        }
    }

    fn nested(&self, json: &[u8], object: Token, prefix: &str, found: &mut Vec<Nested>) -> Result<(), String> {
        members(json, object, &mut |key, value| {
            let name = format!("{prefix}{}", key_name(json, key));
            let outer = format!("{name}.");
            let column = self.dataset.columns.iter().find(|column| column.keys.contains(&name));
            let is_outer = self.dataset.columns.iter().flat_map(|c| &c.keys).any(|known| known.starts_with(&outer));
            let shape = shape_of(json, value);
            if shape == Shape::Object && is_outer {
                return self.nested(json, value, &outer, found);
            }
            let value = match column.map(|column| &column.ty) {
                Some(ColumnType::Any) if value.kind != Kind::Null => Ok(raw_json(json, value)),
                _ if says_nothing(json, value) => return Ok(()),
                Some(_) if shape != Shape::Scalar => Err("an object or a list where one value is due"),
                None if is_outer => Err("a value where an object is due"),
                _ => return Ok(()),
            };
            found.push(Nested { key: name, value });
            Ok(())
        })
    }

    /// Values that a load would read as NULL: sent as they stand where the document leaves the column free, but not without
    /// a word.
    fn note_what_is_let_pass(&mut self, json: &[u8], seen: &mut Seen) {
        let Ok(inspection) = self.strict.inspect(json) else { return };
        let Some(row) = inspection.rows.first() else { return };
        let fault_of = |i: usize| {
            let name = &self.dataset.columns[i].name;
            row.faults.iter().find(|fault| fault.column.as_ref() == Some(name))
        };
        let mut found = Vec::new();
        for i in (0..self.named_by.len()).filter(|&i| self.named_by[i] == i) {
            let readings: Vec<usize> = (i..self.named_by.len()).filter(|&other| self.named_by[other] == i).collect();
            // Of readings that may fail one that fits is enough: days or a date.
            let strict = readings.iter().find_map(|&at| fault_of(at).filter(|_| !self.dataset.columns[at].lenient));
            let lenient: Option<Vec<&Fault>> = readings.iter().map(|&at| fault_of(at)).collect();
            let fault = strict.or_else(|| lenient.and_then(|faults| faults.first().copied()));
            if let Some(fault) = fault.filter(|_| seen.texts[i].is_some() && !seen.refuses(self.name(i))) {
                found.push((self.refusal(seen, i, &fault.reason), strict.is_some()));
            }
        }
        for (refusal, refuses) in found {
            if refuses { seen.refusals.push(refusal) } else { seen.notes.push(refusal) }
        }
    }
}

/// A value that is no single text: as JSON, or why it cannot be sent.
struct Nested {
    /// Its key, normalised, with those of the objects around it.
    key: String,
    value: Result<String, &'static str>,
}

/// A value as it stands, with the quotes of a text.
fn raw_json(json: &[u8], value: Token) -> String {
    let quoted = matches!(value.kind, Kind::Plain | Kind::Escaped);
    let (start, end) = if quoted { (value.start - 1, value.end + 1) } else { (value.start, value.end) };
    String::from_utf8_lossy(&json[start..end]).into_owned()
}

/// A text as a table can show it: one line, not too long.
pub(super) fn shown(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SHOWN_CHARS_MAX).collect();
    if text.chars().count() > SHOWN_CHARS_MAX { format!("{plain}…") } else { plain }
}
