//! Tables: rows in the query's order, the rest in one row, the sum last. A table without rows is left out.

use super::desk::{Desk, row_scope};
use super::facts::Facts;
use crate::report::ReportError;
use crate::report::amount::Amount;
use crate::report::definition::{ColumnDefinition, ReportDefinition, TableDefinition};
use crate::report::id_id;
use crate::report::page::{Bar, Cell, Column, Row, Section, Table, Unit};
use crate::report::value::{Kind, Known, Origin, Scope, Value};

/// Where there is no figure. A dash, not a zero.
pub(super) const NOTHING: &str = "–";

/// The unit of money in tables, chosen once for a report, so that columns of different tables compare.
#[derive(Clone, Copy)]
pub(super) struct MoneyUnit {
    places: u32,
    decimals: u32,
    name: &'static str,
}

impl MoneyUnit {
    /// Billions from a hundred billion rupiah up, millions from a hundred million up, below that rupiah in full.
    fn for_total(total: Amount) -> Self {
        let (places, decimals, name) = if total >= Amount::whole(100_000_000_000) {
            (9, 1, "Rp miliar")
        } else if total >= Amount::whole(100_000_000) {
            (6, 1, "Rp juta")
        } else {
            (0, 0, "Rupiah")
        };
        Self { places, decimals, name }
    }

    fn print(self, amount: Amount) -> String {
        id_id::decimal(amount.shifted_down(self.places), self.decimals)
    }
}

/// The section of a table; `None` where the query has no rows.
pub(super) async fn section(
    desk: &Desk<'_>,
    facts: &Facts,
    definition: &TableDefinition,
) -> Result<Option<Section>, ReportError> {
    let Some((table, _)) = table(desk, facts, definition).await? else { return Ok(None) };
    let heading = definition.heading.words(&facts.scope).unwrap_or_default();
    Ok(Some(Section { heading: desk.say(heading), table }))
}

/// A table and the names of each of its query's rows.
pub(super) async fn table<'s>(
    desk: &Desk<'_>,
    facts: &'s Facts,
    definition: &TableDefinition,
) -> Result<Option<(Table, Vec<Scope<'s>>)>, ReportError> {
    let source = &definition.rows;
    let answer = desk.ask(desk.inputs.current, &source.query, &facts.parameters).await?;
    answer.require(std::iter::once(source.key.as_str()).chain(source.kinds.keys().map(String::as_str)))?;
    let rows: Result<Vec<Scope<'s>>, ReportError> =
        answer.rows().map(|row| row_scope(&facts.scope, source, &definition.id, row)).collect();
    let rows = rows?;
    if rows.is_empty() {
        return Ok(None);
    }
    let unit = money_unit(desk.definition, &facts.scope, &rows);
    let writer = Writer { desk, definition, unit, scope: &facts.scope };
    let caption = writer.caption(rows.len());
    let table = Table { caption, columns: writer.headings(), rows: writer.rows(&rows) };
    Ok(Some((table, rows)))
}

/// The report's own figure decides; without one, the largest of the table.
fn money_unit(definition: &ReportDefinition, scope: &Scope<'_>, rows: &[Scope<'_>]) -> MoneyUnit {
    let named = definition.money.as_ref().and_then(|name| scope.value(name).amount());
    let largest = || {
        let money =
            rows.iter().flat_map(|row| row.own()).filter(|(_, known)| known.kind == Kind::Figure(Unit::Rupiah));
        money.filter_map(|(_, known)| known.value.amount()).map(Amount::magnitude).max()
    };
    MoneyUnit::for_total(named.or_else(largest).unwrap_or(Amount::ZERO))
}

struct Writer<'a> {
    desk: &'a Desk<'a>,
    definition: &'a TableDefinition,
    unit: MoneyUnit,
    scope: &'a Scope<'a>,
}

impl Writer<'_> {
    /// How many of `n` rows stand alone. One row for the rest only where it replaces at least two.
    fn shown(&self, n: usize) -> usize {
        match (n > self.definition.limit, &self.definition.rest) {
            (false, _) => n,
            (true, Some(_)) => self.definition.limit - 1,
            (true, None) => self.definition.limit,
        }
    }

    fn caption(&self, n: usize) -> String {
        let words = self.definition.caption.words(self.scope).unwrap_or_default();
        let money = self.definition.columns.iter().any(|column| column.kind == Kind::Figure(Unit::Rupiah));
        let mut words = words;
        if money {
            // The unit stands first, once, and moves what stands behind it.
            let unit = format!("{}. ", self.unit.name);
            words.text.insert_str(0, &unit);
            for mark in &mut words.marks {
                mark.start += unit.len();
                mark.end += unit.len();
            }
        }
        if n > self.shown(n) && self.definition.rest.is_none() {
            let more = i64::try_from(n - self.shown(n)).unwrap_or(i64::MAX);
            words.text.push_str(&format!(" {} baris lain tidak ditampilkan.", id_id::count(more)));
        }
        self.desk.say(words)
    }

    fn headings(&self) -> Vec<Column> {
        let heading = |column: &ColumnDefinition| Column {
            label: self.desk.say(column.label.words(self.scope).unwrap_or_default()),
            right: !matches!(column.kind, Kind::Text),
        };
        let head = Column { label: self.definition.head.clone(), right: false };
        std::iter::once(head).chain(self.definition.columns.iter().map(heading)).collect()
    }

    fn rows(&self, scopes: &[Scope<'_>]) -> Vec<Row> {
        let source = &self.definition.rows;
        let shown = self.shown(scopes.len());
        let mut rows: Vec<Row> = Vec::with_capacity(shown + 2);
        for scope in &scopes[..shown] {
            let key = scope.value(&source.key).to_string();
            let name = source.name.words(scope).map_or_else(|| key.clone(), |words| self.desk.say(words));
            let detail = source.detail.words(scope).map(|words| self.desk.say(words));
            rows.push(Row { detail, ..Row::new(name, self.cells(scope, &key)) });
        }
        if let (true, Some(rest)) = (shown < scopes.len(), &self.definition.rest) {
            let mut sum = self.sum(&scopes[shown..], "lainnya");
            let number = Amount::whole(i128::try_from(scopes.len() - shown).unwrap_or(i128::MAX));
            let origin = Origin::new(&self.definition.id, "", "lainnya", "baris_lain");
            let known = Known { value: Value::Amount(number), kind: Kind::Figure(Unit::Count), origin };
            sum.set("baris_lain", known);
            let name = rest.words(&sum).map_or_else(|| "Lainnya".to_owned(), |words| self.desk.say(words));
            rows.push(Row::new(name, self.cells(&sum, "lainnya")));
        }
        if let Some(total) = &self.definition.total {
            let sum = self.sum(scopes, "jumlah");
            rows.push(Row::total(total.clone(), self.cells(&sum, "jumlah")));
        }
        rows
    }

    /// The sums of money and counts; a column with a missing figure has no sum, which would be too small.
    fn sum(&self, scopes: &[Scope<'_>], key: &str) -> Scope<'_> {
        let source = &self.definition.rows;
        let mut sum = Scope::within(self.scope);
        let adds_up = |name: &str| {
            self.definition.columns.iter().find(|column| column.name == name).is_none_or(|column| column.sum)
        };
        for (name, kind) in &source.kinds {
            let counted = matches!(kind, Kind::Figure(Unit::Rupiah | Unit::Count)) && adds_up(name);
            let amounts: Option<Vec<Amount>> = scopes.iter().map(|scope| scope.value(name).amount()).collect();
            let value = amounts.filter(|_| counted).map_or(Value::Null, |all| Value::Amount(all.into_iter().sum()));
            let origin = Origin::new(&self.definition.id, &source.query.name, key, name);
            sum.set(name.clone(), Known { value, kind: *kind, origin });
        }
        sum
    }

    fn cells(&self, scope: &Scope<'_>, key: &str) -> Vec<Cell> {
        // Shares first: a condition judges them as they are printed.
        let mut own = Scope::within(scope);
        for column in &self.definition.columns {
            let Some((part, whole)) = &column.share else { continue };
            let share = scope.value(part).amount().zip(scope.value(whole).amount());
            let printed = share.and_then(|(part, whole)| part.percent_of(whole, 1));
            let value = printed.map_or(Value::Null, Value::Amount);
            let origin = Origin::new(&self.definition.id, &self.definition.rows.query.name, key, &column.name);
            own.set(column.name.clone(), Known { value, kind: column.kind, origin });
        }
        self.definition.columns.iter().map(|column| self.cell(column, &own)).collect()
    }

    fn cell(&self, column: &ColumnDefinition, scope: &Scope<'_>) -> Cell {
        let known = scope.get(&column.name).filter(|known| !known.value.is_null());
        let empty = |text: &str| match column.kind {
            Kind::Text => Cell::words(text),
            _ => Cell::figure(text),
        };
        let Some(known) = known else { return empty(NOTHING) };
        let alert = column.alert.as_ref().is_some_and(|alert| alert.holds(scope));
        let text = self.print(column, &known.value);
        let marked = if alert && !column.mark.is_empty() { format!("{}\u{a0}{text}", column.mark) } else { text };
        let cell = empty(&marked).alerted(alert);
        let (Some(printed), Kind::Figure(unit)) = (known.value.amount(), column.kind) else { return cell };
        let exact = column
            .share
            .as_ref()
            .and_then(|(part, whole)| scope.value(part).amount()?.percent_of(scope.value(whole).amount()?, 6));
        let amount = exact.unwrap_or(printed);
        let cell = self.desk.print(cell.of(amount, unit), &known.origin, amount.to_string());
        if column.bar { cell.with_bar(Bar::of_permille(printed.unscaled_at(1), alert)) } else { cell }
    }

    fn print(&self, column: &ColumnDefinition, value: &Value) -> String {
        let decimal = |amount: Amount, decimals: u32| match column.signed {
            true => id_id::signed(amount, decimals),
            false => id_id::decimal(amount, decimals),
        };
        match (value, column.kind) {
            (Value::Amount(amount), Kind::Figure(Unit::Rupiah)) => self.unit.print(*amount),
            (Value::Amount(amount), Kind::Figure(Unit::Percent | Unit::Points)) => decimal(*amount, 1),
            (Value::Amount(amount), Kind::Figure(Unit::Count)) => decimal(*amount, 0),
            (Value::Amount(amount), Kind::Figure(Unit::Value(decimals))) => decimal(*amount, decimals),
            (Value::Amount(amount), Kind::Month) => {
                let month = u32::try_from(amount.unscaled_at(0)).ok().and_then(id_id::month);
                month.map_or_else(|| amount.to_string(), str::to_owned)
            }
            (Value::Date(date), _) => id_id::date_medium(*date),
            (other, _) => other.to_string(),
        }
    }
}
