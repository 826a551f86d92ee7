//! The figures of a comparison: for people, and as JSON.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{Wanted, YearDifference};
use crate::cli::output::{Table, grouped};
use crate::quality::RowDifference;
use crate::quality::diff::{Cell, ColumnDifference, Fate};

fn day(date: Option<NaiveDate>) -> String {
    date.map_or_else(|| "nothing".to_owned(), |date| date.to_string())
}

/// The figures and the first rows, for people.
pub(super) fn as_text(difference: &YearDifference, wanted: &Wanted) -> String {
    let YearDifference { year, from, to, found, rows } = difference;
    let year = year.as_ref().map(|year| format!(" {year}")).unwrap_or_default();
    let mut text = format!(
        "{}{year}: {} ({} rows) to {} ({} rows), by {}\n",
        wanted.dataset,
        day(*from),
        grouped(found.rows_from),
        day(*to),
        grouped(found.rows_to),
        if wanted.key.is_empty() { "whole rows".to_owned() } else { wanted.key.join(", ") }
    );
    let counts = [("added", found.added), ("removed", found.removed), ("changed", found.changed)];
    counts.iter().for_each(|(what, n)| text.push_str(&format!("{what:8} {:>12}\n", grouped(*n))));
    let moved: Vec<&ColumnDifference> = found.columns.iter().filter(|column| is_moved(column)).collect();
    if !moved.is_empty() {
        let mut table =
            Table::new(&["column", ">rows changed", ">sum added", ">sum removed", ">sum changed", ">net"]);
        for column in moved {
            let money = column.money.map(|m| [m.added, m.removed, m.changed, m.net()].map(|sum| sum.to_string()));
            let mut cells = vec![column.column.clone(), grouped(column.changed)];
            cells.extend(money.unwrap_or_default());
            table.row(cells);
        }
        text.push_str(&format!("\n{}", table.render()));
    }
    for row in rows {
        text.push_str(format!("\n{} {}", row.fate.word(), named(&wanted.key, row)).trim_end_matches(' '));
        text.push('\n');
        row.cells.iter().for_each(|cell| text.push_str(&format!("  {}\n", cell_text(row, cell))));
    }
    let all = found.added + found.removed + found.changed;
    if (rows.len() as u64) < all {
        text.push_str(&format!("\n{} of {} rows shown; --format csv gives all\n", rows.len(), grouped(all)));
    }
    text
}

/// Whether a column is worth a line.
fn is_moved(column: &ColumnDifference) -> bool {
    let sums = column.money.map(|money| [money.added, money.removed, money.changed]);
    column.changed > 0 || sums.is_some_and(|sums| sums.iter().any(|sum| sum.unscaled != 0))
}

/// `kdsatker=012345, akun=521111`
fn named(key: &[String], row: &RowDifference) -> String {
    let pairs = key.iter().zip(&row.key).map(|(name, value)| format!("{name}={}", shown(value.as_deref())));
    pairs.collect::<Vec<_>>().join(", ")
}

fn cell_text(row: &RowDifference, cell: &Cell) -> String {
    let (old, new) = (shown(cell.old.as_deref()), shown(cell.new.as_deref()));
    match row.fate {
        Fate::Added => format!("{}: {new}", cell.column),
        Fate::Removed => format!("{}: {old}", cell.column),
        Fate::Changed => format!("{}: {old} -> {new}", cell.column),
    }
}

/// A value on one line of a terminal.
fn shown(value: Option<&str>) -> String {
    let Some(value) = value else { return "NULL".to_owned() };
    value.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

/// The same as one JSON value.
pub(super) fn as_json(difference: &YearDifference, wanted: &Wanted) -> Value {
    let YearDifference { year, from, to, found, rows } = difference;
    let columns = found.columns.iter().filter(|column| is_moved(column)).map(|column| {
        let money = column.money.map(|money| {
            json!({
                "added": money.added.to_string(), "removed": money.removed.to_string(),
                "changed": money.changed.to_string(), "net": money.net().to_string(),
            })
        });
        json!({ "column": column.column, "changed": column.changed, "sums": money })
    });
    json!({
        "dataset": wanted.dataset,
        "tahun_anggaran": year_number(year.as_deref()),
        "from": from.map(|date| date.to_string()),
        "to": to.map(|date| date.to_string()),
        "key": wanted.key,
        "rows_from": found.rows_from,
        "rows_to": found.rows_to,
        "added": found.added,
        "removed": found.removed,
        "changed": found.changed,
        "columns": columns.collect::<Vec<_>>(),
        "rows": rows.iter().map(|row| row_json(row, &wanted.key)).collect::<Vec<_>>(),
    })
}

/// A row that differs.
pub(super) fn row_json(row: &RowDifference, key: &[String]) -> Value {
    let key: serde_json::Map<String, Value> =
        key.iter().cloned().zip(row.key.iter().map(|value| json!(value))).collect();
    let cells = row.cells.iter().map(|c| json!({ "column": c.column, "old": c.old, "new": c.new }));
    json!({ "what": row.fate.word(), "key": key, "values": cells.collect::<Vec<_>>() })
}

/// The fiscal year as scripts expect it.
pub(super) fn year_number(year: Option<&str>) -> Option<i32> {
    year.and_then(|year| year.parse().ok())
}
