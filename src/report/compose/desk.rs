//! What an edition is written at: its inputs, its queries, and the record of every figure that was printed.

use crate::report::ReportError;
use crate::report::definition::{ReportDefinition, RowSource};
use crate::report::edition::PrintedFigure;
use crate::report::inputs::Inputs;
use crate::report::page::{Cell, Mark, Unit};
use crate::report::queries::QueryFile;
use crate::report::recipients::Audience;
use crate::report::rows::{AnswerRow, Excerpt, Parameters, RowsError, Session};
use crate::report::sentence::Words;
use crate::report::value::{Kind, Known, Origin, Scope, unit_word};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// Where one edition is written.
pub(super) struct Desk<'a> {
    pub(super) definition: &'a ReportDefinition,
    pub(super) inputs: &'a Inputs<'a>,
    pub(super) audience: &'a Audience,
    printed: Mutex<Printed>,
}

#[derive(Default)]
struct Printed {
    figures: Vec<PrintedFigure>,
    known: BTreeSet<String>,
    marks: BTreeMap<String, Vec<Mark>>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(definition: &'a ReportDefinition, inputs: &'a Inputs<'a>, audience: &'a Audience) -> Self {
        Self { definition, inputs, audience, printed: Mutex::default() }
    }

    /// The rows of `query` that this audience may see.
    pub(super) async fn ask(
        &self,
        session: &Session<'_>,
        query: &QueryFile,
        parameters: &Parameters,
    ) -> Result<Excerpt, RowsError> {
        let own = self.definition.burst.as_ref().map(|burst| {
            let value = self.audience.parameters.get(&burst.key).map_or("", String::as_str);
            (burst.key.as_str(), value)
        });
        session.ask(query, parameters, own).await
    }

    /// The text of `words`, its figures recorded.
    pub(super) fn say(&self, words: Words) -> String {
        let Words { text, marks, figures } = words;
        for (mark, known) in marks.iter().zip(figures) {
            let figure = (known.value.to_string(), known.kind.unit());
            self.record(&known.origin, figure, &text[mark.start..mark.end]);
        }
        if !marks.is_empty() {
            self.lock().marks.insert(text.clone(), marks);
        }
        text
    }

    /// `cell` with the figure of `origin`, recorded.
    pub(super) fn print(&self, cell: Cell, origin: &Origin, value: String) -> Cell {
        self.record(origin, (value, cell.figure.map(|figure| figure.unit)), &cell.text);
        cell.called(origin.id.clone())
    }

    fn record(&self, origin: &Origin, (value, unit): (String, Option<Unit>), text: &str) {
        let mut printed = self.lock();
        if printed.known.insert(origin.id.clone()) {
            printed.figures.push(PrintedFigure {
                id: origin.id.clone(),
                query: origin.query.clone(),
                row: origin.row.clone(),
                column: origin.column.clone(),
                value,
                unit: unit.map(unit_word).unwrap_or_default().to_owned(),
                text: text.to_owned(),
            });
        }
    }

    /// Every figure that was printed, and where the texts have theirs.
    pub(super) fn printed(&self) -> (Vec<PrintedFigure>, BTreeMap<String, Vec<Mark>>) {
        let mut printed = self.lock();
        (std::mem::take(&mut printed.figures), std::mem::take(&mut printed.marks))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Printed> {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The cells of one row as names: those of the report below them.
pub(super) fn row_scope<'s>(
    above: &'s Scope<'s>,
    source: &RowSource,
    section: &str,
    row: AnswerRow<'_>,
) -> Result<Scope<'s>, ReportError> {
    let key = row.value(&source.key).to_string();
    let mut scope = Scope::within(above);
    for (name, value) in row.cells() {
        let kind = source.kinds.get(name).copied().unwrap_or(Kind::Text);
        check_kind(&source.query, name, kind, value)?;
        let origin = Origin::new(section, &source.query.name, &key, name);
        scope.set(name, Known { value: value.clone(), kind, origin });
    }
    Ok(scope)
}

/// Fails when a value cannot be printed as its column is declared.
pub(super) fn check_kind(
    query: &QueryFile,
    column: &str,
    kind: Kind,
    value: &crate::report::value::Value,
) -> Result<(), RowsError> {
    if kind.takes(value) {
        return Ok(());
    }
    Err(RowsError::ColumnType {
        file: query.file.clone(),
        column: column.to_owned(),
        found: format!("{value:?}"),
        wanted: format!("{kind:?}"),
    })
}
