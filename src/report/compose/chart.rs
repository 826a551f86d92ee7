//! The line chart: its figures also stand in a table, and in words for whoever does not see the picture.

use super::desk::Desk;
use super::facts::Facts;
use super::tables;
use crate::report::ReportError;
use crate::report::amount::Amount;
use crate::report::definition::ChartDefinition;
use crate::report::id_id;
use crate::report::page::{Chart, Line, LineKind, Unit};
use crate::report::value::{Scope, Value, prose};

/// The chart with its table; `None` where the query has no rows.
pub(super) async fn write(
    desk: &Desk<'_>,
    facts: &Facts,
    definition: &ChartDefinition,
) -> Result<Option<Chart>, ReportError> {
    let Some((table, rows)) = tables::table(desk, facts, &definition.table).await? else { return Ok(None) };
    let lines: Vec<Line> = definition
        .lines
        .iter()
        .map(|line| Line {
            name: line.label.words(&facts.scope).unwrap_or_default().text,
            kind: line.kind,
            points: rows.iter().map(|row| row.value(&line.column).amount()).collect(),
        })
        .filter(|line| line.points.iter().any(Option::is_some))
        .collect();
    let labels: Vec<String> = rows.iter().map(|row| label(row, &definition.axis, id_id::month_short)).collect();
    let long: Vec<String> = rows.iter().map(|row| label(row, &definition.axis, id_id::month)).collect();
    let words = |choice: &crate::report::sentence::Choice| desk.say(choice.words(&facts.scope).unwrap_or_default());
    Ok(Some(Chart {
        title: words(&definition.title),
        subtitle: words(&definition.subtitle),
        alt: alt(&lines, &long, definition.unit),
        content_id: desk.inputs.deployment.chart_content_id(),
        unit: definition.unit,
        labels,
        lines,
        table,
        drawn: false,
        heading: words(&definition.table.heading),
    }))
}

/// A place on the horizontal axis: a month's name, a date, or the text itself.
fn label(row: &Scope<'_>, axis: &str, month: fn(u32) -> Option<&'static str>) -> String {
    match row.value(axis) {
        Value::Amount(amount) => {
            let name = u32::try_from(amount.unscaled_at(0)).ok().and_then(month);
            name.map_or_else(|| amount.to_string(), str::to_owned)
        }
        Value::Date(date) => id_id::date_medium(*date),
        other => other.to_string(),
    }
}

/// First and last of the actual line and the last target: `Grafik garis: Realisasi 7,1% pada Januari dan 71,4% pada Oktober;
/// Target 76,0% pada Oktober.`
fn alt(lines: &[Line], labels: &[String], unit: Unit) -> String {
    let at = |place: &(usize, Amount)| format!("{} pada {}", prose(place.1, unit), labels[place.0]);
    let parts = lines.iter().filter(|line| line.kind != LineKind::Previous).filter_map(|line| {
        let known = |(place, amount): (usize, &Option<Amount>)| amount.map(|amount| (place, amount));
        let points: Vec<(usize, Amount)> = line.points.iter().enumerate().filter_map(known).collect();
        match (line.kind, points.as_slice()) {
            (_, []) => None,
            (LineKind::Actual, [first, .., last]) => Some(format!("{} {} dan {}", line.name, at(first), at(last))),
            (_, [.., last]) => Some(format!("{} {}", line.name, at(last))),
        }
    });
    format!("Grafik garis: {}.", parts.collect::<Vec<_>>().join("; "))
}
