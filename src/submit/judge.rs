//! Every record against the contract: all columns that do not fit, keys that nobody knows, the same key twice, and what was
//! accepted before.

pub(super) mod inspect;

use std::collections::HashMap;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::records::Record;
use super::reference::{self, Reference, Unchecked};
use super::wire;
use super::{SubmitError, Submitter};
use crate::warehouse::{SubmissionRecord, SubmissionState};
use inspect::{Inspecting, Seen};

/// A value that does not fit, as an operator is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The column, or the key as it was written; `None` for the record as a whole.
    pub column: Option<String>,
    /// What is allowed.
    pub rule: String,
    /// What stands there; a personal value is "…".
    pub value: String,
    /// What is wrong; never holds a value.
    pub reason: String,
}

/// A record that may be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Ready {
    /// Its key as the ledger has it: a JSON list.
    pub key: String,
    /// By which the same content is known again.
    pub mark: String,
    /// What the ledger keeps of it: a JSON object.
    pub log: String,
    /// The body of its request; may hold personal values.
    pub(super) body: String,
}

/// What is to become of a record.
#[derive(Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is not sent.
    Refused,
    /// It was accepted before: it is not sent again.
    Accepted,
    /// It may be sent.
    Ready(Ready),
}

/// One record and what was found.
#[derive(Clone, PartialEq, Eq)]
pub struct JudgedRecord {
    /// Its place in the file, from 1 on.
    pub row: u64,
    /// The values it is known by; `None` where one is missing.
    pub key: Option<Vec<String>>,
    /// Why it is not sent; empty = it fits.
    pub refusals: Vec<Refusal>,
    /// What is sent although it is not as the document writes it, in columns that the document leaves free.
    pub notes: Vec<Refusal>,
    /// What is to become of it.
    pub fate: Fate,
}

/// All records of a file.
pub struct Checked {
    /// One each, in the order of the file.
    pub records: Vec<JudgedRecord>,
    /// Rules that could not be checked, because what they compare with is not loaded.
    pub unchecked: Vec<Unchecked>,
}

impl Checked {
    /// How many records are refused, were accepted before, and may be sent.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |is: fn(&Fate) -> bool| self.records.iter().filter(|record| is(&record.fate)).count();
        (
            count(|fate| matches!(fate, Fate::Refused)),
            count(|fate| matches!(fate, Fate::Accepted)),
            count(|fate| matches!(fate, Fate::Ready(_))),
        )
    }
}

impl Submitter<'_> {
    /// Judges every record; `known` is what the ledger has of the method.
    ///
    /// # Errors
    /// When the contract's columns cannot be read.
    pub async fn check(&self, records: &[Record], known: &[SubmissionRecord]) -> Result<Checked, SubmitError> {
        let mut inspecting = Inspecting::new(self)?;
        let (mut references, mut unchecked) = (Vec::new(), Vec::new());
        for check in &self.submission.checks {
            match reference::load(check, self.loaded).await {
                Ok(rows) => references.push(Reference::new(check, &self.submission.record.columns, &rows)),
                Err(why) => unchecked.push(Unchecked { says: check.says.clone(), why }),
            }
        }
        let live = known.iter().filter(|record| record.state != SubmissionState::Refused);
        let known: HashMap<&str, &SubmissionRecord> = live.map(|record| (record.key.as_str(), record)).collect();
        let mut first_rows: HashMap<String, u64> = HashMap::new();
        let mut judged = Vec::with_capacity(records.len());
        for record in records {
            let mut seen = inspecting.inspect(&record.json);
            for reference in &references {
                seen.refusals.extend(reference.check(&seen, &inspecting, self.pii_key.as_deref()));
            }
            judged.push(self.decide(record.row, seen, &known, &mut first_rows));
        }
        Ok(Checked { records: judged, unchecked })
    }

    /// Decides what becomes of a record that was looked at.
    fn decide(
        &self,
        row: u64,
        mut seen: Seen,
        known: &HashMap<&str, &SubmissionRecord>,
        first_rows: &mut HashMap<String, u64>,
    ) -> JudgedRecord {
        let sent = self.sent_texts(&seen);
        let key: Option<Vec<String>> = self.submission.key.iter().map(|&i| sent[i].clone()).collect();
        let json = key.as_ref().map(|key| Value::from(key.clone()).to_string());
        let mut accepted = false;
        if let Some(json) = &json {
            let mark = self.mark(&sent);
            if let Some(first) = first_rows.get(json) {
                let reason = format!("record {first} has the same key");
                seen.refusals.push(self.about_key(key.as_deref(), "a key once in a file", reason));
            } else {
                first_rows.insert(json.clone(), row);
            }
            match known.get(json.as_str()).filter(|record| record.state == SubmissionState::Accepted) {
                Some(record) if differs(&record.mark, &mark) => {
                    let at = record.finished_at.unwrap_or(record.sent_at);
                    let day = at.with_timezone(&self.contract().timezone).date_naive();
                    let rule = "what was accepted is never sent again";
                    let reason = format!(
                        "accepted on {day} with other content: delete it at the source, run `lumbung submit {}.{} --deleted \
                         KEY`, and send it anew",
                        self.id().0,
                        self.id().1
                    );
                    seen.refusals.push(self.about_key(key.as_deref(), rule, reason));
                }
                Some(_) => accepted = true,
                None => {}
            }
        }
        let fate = match json {
            Some(key) if seen.refusals.is_empty() && !accepted => Fate::Ready(self.ready(key, &sent)),
            Some(_) if seen.refusals.is_empty() => Fate::Accepted,
            _ => Fate::Refused,
        };
        JudgedRecord { row, key, refusals: seen.refusals, notes: seen.notes, fate }
    }

    /// What is sent of each column.
    fn sent_texts(&self, seen: &Seen) -> Vec<Option<String>> {
        let columns = self.submission.record.columns.iter().zip(&seen.texts);
        columns.map(|(column, text)| text.as_ref().map(|text| wire::sent_text(column, text))).collect()
    }

    fn ready(&self, key: String, sent: &[Option<String>]) -> Ready {
        let columns = &self.submission.record.columns;
        let kept = self.submission.log.iter().filter_map(|&i| {
            let text = sent[i].as_ref()?;
            Some((columns[i].name.clone(), Value::from(text.as_str())))
        });
        Ready {
            key,
            mark: self.mark(sent),
            log: Value::Object(kept.collect::<Map<_, _>>()).to_string(),
            body: wire::body(self.submission, &wire::record(self.submission, sent)),
        }
    }

    fn about_key(&self, key: Option<&[String]>, rule: &str, reason: String) -> Refusal {
        let columns = &self.submission.record.columns;
        let names: Vec<&str> = self.submission.key.iter().map(|&i| columns[i].name.as_str()).collect();
        let value = key.map(|key| key.iter().map(|part| inspect::shown(part)).collect::<Vec<_>>().join(", "));
        Refusal { column: Some(names.join(", ")), rule: rule.to_owned(), value: value.unwrap_or_default(), reason }
    }

    /// By what the same content is known again: a hash of names and values, keyed where they may be personal, so that
    /// nobody can try values against it. `<kind>:<hash>`; the hashes of two kinds say nothing of each other.
    fn mark(&self, sent: &[Option<String>]) -> String {
        let columns = self.submission.record.columns.iter().zip(&self.submission.wire).zip(sent);
        let mut parts: Vec<&[u8]> = Vec::with_capacity(sent.len() * 2);
        for ((column, wire), text) in columns {
            if let (Some(_), Some(text)) = (wire, text) {
                parts.extend([column.name.as_bytes(), text.as_bytes()]);
            }
        }
        match &self.pii_key {
            Some(key) => format!("{}:{}", key.key_id(), hex(&key.mark(b"submission", &parts))),
            None => {
                let mut hash = Sha256::new();
                for part in parts {
                    hash.update((part.len() as u64).to_le_bytes());
                    hash.update(part);
                }
                format!("sha256:{}", hex(&hash.finalize()))
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether two marks are of other content; marks of two kinds (another PII key) cannot be compared.
fn differs(one: &str, other: &str) -> bool {
    let kind = |mark: &str| mark.split_once(':').map(|(kind, _)| kind.to_owned());
    kind(one) == kind(other) && one != other
}

#[cfg(test)]
mod tests;
