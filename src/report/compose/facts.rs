//! The figures that every sentence of a report may name: thresholds of the definition, columns of its one-row queries. What
//! an earlier query gave, a later one may use by `$name`.

use super::desk::{Desk, check_kind};
use crate::report::ReportError;
use crate::report::amount::Amount;
use crate::report::definition::ReportDefinition;
use crate::report::page::Unit;
use crate::report::rows::{Parameter, Parameters, Session};
use crate::report::value::{Kind, Known, Origin, Scope, Value};
use chrono::NaiveDate;

/// The figures of one session.
pub(super) struct Facts {
    pub(super) scope: Scope<'static>,
    /// What every other query may have after `$`.
    pub(super) parameters: Parameters,
    /// Whether the first query gave a row: without one there is nothing to report.
    pub(super) any: bool,
}

/// Asks `session` for every figure, in the definition's order.
pub(super) async fn read(desk: &Desk<'_>, session: &Session<'_>) -> Result<Facts, ReportError> {
    let definition = desk.definition;
    let mut facts = Facts { scope: Scope::default(), parameters: definition.parameters.clone(), any: true };
    for (name, parameter) in &definition.parameters {
        facts.threshold(name, parameter);
    }
    facts.parameters.insert("tanggal".to_owned(), Parameter::Date(desk.inputs.day));
    facts.set("tanggal", Value::Date(desk.inputs.day), Kind::Date);
    let declared = definition.burst.iter().flat_map(|burst| std::iter::once(&burst.key).chain(&burst.parameters));
    for name in declared {
        let value = desk.audience.parameters.get(name).cloned().unwrap_or_default();
        facts.parameters.insert(name.clone(), Parameter::Text(value.clone()));
        facts.set(name, Value::Text(value), Kind::Text);
    }
    for (number, block) in definition.figures.iter().enumerate() {
        let answer = desk.ask(session, &block.query, &facts.parameters).await?;
        answer.require(block.columns.iter().map(|(name, _)| name.as_str()))?;
        let mut rows = answer.rows();
        let row = rows.next();
        if rows.next().is_some() {
            return Err(ReportError::ManyRows { file: answer.file().to_owned() });
        }
        facts.any &= number > 0 || row.is_some();
        for (column, kind) in &block.columns {
            let value = row.map_or(&Value::Null, |row| row.value(column));
            check_kind(&block.query, column, *kind, value)?;
            facts.parameters.insert(column.clone(), parameter(value));
            let origin = Origin::new("figures", &block.query.name, &block.query.name, column);
            facts.scope.set(column, Known { value: value.clone(), kind: *kind, origin });
        }
    }
    Ok(facts)
}

fn parameter(value: &Value) -> Parameter {
    match value {
        Value::Null => Parameter::Null,
        Value::Amount(amount) => Parameter::Decimal(amount.parts().0, amount.parts().1),
        Value::Text(text) => Parameter::Text(text.clone()),
        Value::Date(date) => Parameter::Date(*date),
        Value::Flag(flag) => Parameter::Text(flag.to_string()),
    }
}

impl Facts {
    /// Adds a threshold of the definition.
    fn threshold(&mut self, name: &str, parameter: &Parameter) {
        let value = match parameter {
            Parameter::Decimal(unscaled, scale) => Value::Amount(Amount::new(*unscaled, *scale)),
            Parameter::Text(text) => Value::Text(text.clone()),
            Parameter::Date(date) => Value::Date(*date),
            Parameter::Null => Value::Null,
        };
        self.set(name, value, Kind::Text);
    }

    fn set(&mut self, name: &str, value: Value, kind: Kind) {
        let origin = Origin::new("definition", "", "parameters", name);
        self.scope.set(name, Known { value, kind, origin });
    }

    /// Adds something that is true or false.
    pub(super) fn flag(&mut self, name: &str, holds: bool) {
        self.set(name, Value::Flag(holds), Kind::Flag);
    }

    /// Adds a number that the report itself counted.
    pub(super) fn count(&mut self, name: &str, number: usize) {
        let amount = Amount::whole(i128::try_from(number).unwrap_or(i128::MAX));
        let origin = Origin::new("perhatian", "", "jumlah", name);
        let known = Known { value: Value::Amount(amount), kind: Kind::Figure(Unit::Count), origin };
        self.scope.set(name, known);
    }

    /// The date of the newest data.
    pub(super) fn data_date(&self, definition: &ReportDefinition) -> Option<NaiveDate> {
        match self.scope.value(definition.headline.data_date.as_ref()?) {
            Value::Date(date) => Some(*date),
            _ => None,
        }
    }
}
