//! What a push holds, judged before it is taken: every column of every table that it would fill.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::DateTime;

use super::answer::Fault;
use super::words::{MISSING_ROWS, TOO_MANY_ROWS, UNREADABLE, in_indonesian};
use crate::contract::{Column, Dataset, PUSH_BODY, RowShape, normalise_key};
use crate::decode::inspect::{InspectedRow, Inspection, Inspector};
use crate::decode::{DecodeError, DecodeSettings};
use crate::load::inbox::PushPage;
use crate::source::shape;

/// Most rows of a push's own table: one as a rule. Each is held in memory while it is judged.
const OWN_ROWS_MAX: usize = 100;

/// Most rows of a further table.
const FURTHER_ROWS_MAX: usize = 20_000;

/// Most faults that are remembered of one push.
const FAULTS_MAX: usize = 1_000;

/// Bytes that a set of inspectors reads before it is made anew: they remember the spellings of keys, and these are the
/// sender's own.
const BYTES_BEFORE_RENEWAL: usize = 16 << 20;

/// The tables that the pushes of one method fill, and what judges them.
pub(crate) struct Tables {
    /// The push's own table, then the further ones.
    datasets: Vec<Arc<Dataset>>,
    settings: DecodeSettings,
    /// Inspectors at rest, one set for every push that was judged at the same time.
    resting: Mutex<Vec<Inspectors>>,
}

/// What judges one push.
struct Inspectors {
    each: Vec<Inspector>,
    n_bytes: usize,
}

/// A push whose own table was read.
pub(crate) struct Opened<'a> {
    tables: &'a Tables,
    inspectors: Inspectors,
    document: Vec<u8>,
    own: Result<Inspection, DecodeError>,
}

/// What was found in a push.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// What does not fit; empty = every row would be taken.
    pub(crate) faults: Vec<Fault>,
    /// Keys that the contract does not know. They hold up the load later, not the sender now.
    pub(crate) unknown_keys: Vec<String>,
}

impl Tables {
    /// The tables of `dataset` and what comes with it.
    ///
    /// # Errors
    /// The dataset that cannot be judged, and why.
    pub(crate) fn new(datasets: Vec<Dataset>, settings: DecodeSettings) -> Result<Self, (String, DecodeError)> {
        let datasets = datasets.into_iter().map(Arc::new).collect();
        let tables = Self { datasets, settings, resting: Mutex::new(Vec::new()) };
        let first = tables.inspectors()?;
        tables.resting().push(first);
        Ok(tables)
    }

    /// The table that a push is a row of.
    pub(crate) fn own(&self) -> &Dataset {
        &self.datasets[0]
    }

    /// Reads a push's own table. `body` is strict JSON.
    pub(crate) fn open(&self, body: &[u8]) -> Result<Opened<'_>, (String, DecodeError)> {
        let resting = self.resting().pop();
        let mut inspectors = match resting {
            Some(inspectors) => inspectors,
            None => self.inspectors()?,
        };
        inspectors.n_bytes += body.len();
        let document = in_place(body);
        let own = inspectors.each[0].inspect(&document);
        Ok(Opened { tables: self, inspectors, document, own })
    }

    fn inspectors(&self) -> Result<Inspectors, (String, DecodeError)> {
        let mut each = Vec::with_capacity(self.datasets.len());
        for (i, dataset) in self.datasets.iter().enumerate() {
            let rows_max = if i == 0 { OWN_ROWS_MAX } else { FURTHER_ROWS_MAX };
            let inspector = Inspector::new(Arc::clone(dataset), shape::reader, self.settings.clone())
                .map_err(|error| (dataset.name.clone(), error))?;
            each.push(inspector.with_rows_max(rows_max));
        }
        Ok(Inspectors { each, n_bytes: 0 })
    }

    fn resting(&self) -> std::sync::MutexGuard<'_, Vec<Inspectors>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Opened<'_> {
    /// The text of a column of the push's first row; `None` where there is no row, no such column or no value.
    pub(crate) fn text(&self, column: &str) -> Option<&str> {
        let row = self.first()?;
        row.texts.get(self.tables.own().column(column)?)?.as_deref()
    }

    /// The texts of `columns` in every row; `None` where one is missing or there is nothing to read.
    pub(crate) fn texts(&self, columns: &[String]) -> Option<Vec<&str>> {
        let rows = &self.own.as_ref().ok()?.rows;
        if columns.is_empty() || rows.is_empty() {
            return None;
        }
        let at: Vec<usize> = columns.iter().map(|column| self.tables.own().column(column)).collect::<Option<_>>()?;
        rows.iter().flat_map(|row| at.iter().map(|&i| row.texts.get(i)?.as_deref())).collect()
    }

    /// Whether there is a row of the push's own table.
    pub(crate) fn has_rows(&self) -> bool {
        self.first().is_some()
    }

    fn first(&self) -> Option<&InspectedRow> {
        self.own.as_ref().ok()?.rows.first()
    }

    /// Judges every column of every table.
    pub(crate) fn judge(mut self) -> Findings {
        let mut findings = Findings::default();
        let own = std::mem::replace(&mut self.own, Ok(Inspection::default()));
        let n_rows = own.as_ref().map_or(0, |own| own.rows.len());
        note(&mut findings, &self.tables.datasets[0], None, own);
        if n_rows == 0 && findings.faults.is_empty() {
            findings.faults.push(fault(&wrapper_of(self.tables.own()), MISSING_ROWS));
        }
        // Without a row of its own a push has no further ones.
        let further = self.tables.datasets.iter().enumerate().skip(1).filter(|_| n_rows > 0);
        for (i, dataset) in further {
            let found = self.inspectors.each[i].inspect(&self.document);
            note(&mut findings, dataset, Some(self.tables.own()), found);
        }
        if self.inspectors.n_bytes < BYTES_BEFORE_RENEWAL {
            self.tables.resting().push(self.inspectors);
        }
        findings
    }
}

/// A push where a page of the inbox has it; what the inbox adds is not judged.
fn in_place(body: &[u8]) -> Vec<u8> {
    let mut page = PushPage::default();
    page.add("0", DateTime::UNIX_EPOCH, 0, body);
    page.finish()
}

/// Takes over what was found in one table; `of` is the push's own table where this is a further one.
fn note(findings: &mut Findings, dataset: &Dataset, of: Option<&Dataset>, found: Result<Inspection, DecodeError>) {
    let table = of.map(|own| dataset.name.strip_prefix(&format!("{}_", own.name)).unwrap_or(&dataset.name));
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            tracing::debug!(dataset = %dataset.name, %error, "a push cannot be read");
            let too_many = matches!(error, DecodeError::TooManyRows { .. });
            let reason = if too_many { TOO_MANY_ROWS } else { UNREADABLE };
            findings.faults.push(fault(table.unwrap_or(&wrapper_of(dataset)), reason));
            return;
        }
    };
    for (i, row) in found.rows.iter().enumerate() {
        for wrong in &row.faults {
            if findings.faults.len() == FAULTS_MAX {
                return;
            }
            let column = wrong.column.as_deref().map(|column| sent_as(dataset, column));
            let place = match (table, column) {
                (None, column) => column.unwrap_or(&wrapper_of(dataset)).to_owned(),
                (Some(table), Some(column)) => format!("{table}[{}].{column}", i + 1),
                (Some(table), None) => format!("{table}[{}]", i + 1),
            };
            let fault = fault(&place, in_indonesian(&wrong.reason));
            // Two readings of one key find the same fault twice.
            if !findings.faults.contains(&fault) {
                findings.faults.push(fault);
            }
        }
    }
    let new = found.unknown_keys.into_iter().filter(|key| !findings.unknown_keys.contains(key)).collect::<Vec<_>>();
    findings.unknown_keys.extend(new);
}

fn fault(place: &str, reason: &str) -> Fault {
    Fault { column: place.to_owned(), reason: reason.to_owned() }
}

/// The name that the sender knows a column by: a second reading of a key is called like the first.
fn sent_as<'a>(dataset: &'a Dataset, column: &'a str) -> &'a str {
    let Some(index) = dataset.column(column) else { return column };
    let key = dataset.columns[index].keys.first();
    let shares = |other: &&Column| {
        let own = normalise_key(&other.name);
        other.keys.first() == key && other.keys.iter().any(|key| *key == own || key.ends_with(&format!("/{own}")))
    };
    dataset.columns.iter().find(shares).map_or(column, |other| &other.name)
}

/// The key around the rows of a push, as messages name it.
fn wrapper_of(dataset: &Dataset) -> String {
    let RowShape::Document { rows_at, .. } = &dataset.rows else { return PUSH_BODY.to_owned() };
    let path = rows_at.first().map(ToString::to_string).unwrap_or_default();
    let own = path.split_once('.').map_or("", |(_, rest)| rest);
    if own.is_empty() { PUSH_BODY.to_owned() } else { own.to_owned() }
}

#[cfg(test)]
mod tests;
