//! A decoder that is slow and plainly right: serde_json, then text by text. What the fast one takes of strict JSON is
//! compared with it for texts, codes, whole numbers and amounts, and for the keys that the contract does not know.

use std::fmt;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Decimal128Type, Int64Type};
use lumbung::contract::{Class, Column, ColumnType, Dataset, EXTRA_COLUMN, normalise_key};
use lumbung::decode::REFUSED_KEPT_MAX;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::outcome::Outcome;

/// Deepest nesting that the comparison looks at; the fast decoder steps over somewhat more.
const DEPTH_MAX: usize = 48;

/// Most fields of a row that the fast decoder reads.
const FIELDS_MAX: usize = 10_000;

/// The members of an object in their order, also those of one name.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

/// What a column of a row should hold.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Null,
    Text(String),
    Number(i128),
    /// The row is refused for it.
    Fault,
    /// Not judged here.
    Open,
}

/// Compares `outcome` with what the slow decoder reads in `page`; a page that is no strict JSON list of rows is not judged.
///
/// # Panics
/// When they differ.
pub(super) fn check(dataset: &Dataset, page: &[u8], outcome: &Outcome) {
    let Ok(rows) = serde_json::from_slice::<Vec<Option<Members>>>(page) else { return };
    let nulls = rows.iter().filter(|row| row.is_none()).count() as u64;
    let rows: Vec<Members> = rows.into_iter().flatten().collect();
    let fits = |(_, value): &(String, Value)| depth(value) <= DEPTH_MAX;
    if !rows.iter().all(|row| row.0.len() < FIELDS_MAX && row.0.iter().all(fits)) {
        return;
    }
    let summary = outcome.summary.as_ref().expect("strict JSON is read");
    assert_eq!((summary.rows + summary.refused, summary.nulls), (rows.len() as u64, nulls));
    if outcome.refused.len() == REFUSED_KEPT_MAX {
        return;
    }
    let mut refused = outcome.refused.iter().peekable();
    let mut taken = outcome.batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |at| (batch, at)));
    for (row, n) in rows.iter().zip(1_u64..) {
        if let Some(refused) = refused.next_if(|refused| refused.row == n) {
            match &refused.column {
                Some(name) => {
                    let column = &dataset.columns[dataset.column(name).expect("a column of the contract")];
                    let cell = expected(dataset, column, row);
                    assert!(matches!(cell, Cell::Fault | Cell::Open), "row {n} is refused for {name}: {cell:?}");
                }
                None => assert!(has_twins(dataset, row), "row {n} is refused as a whole: {}", refused.reason),
            }
        } else {
            let (batch, at) = taken.next().expect("a row that is not refused is taken");
            for column in &dataset.columns {
                compare(column, &expected(dataset, column, row), batch, at);
            }
            compare_extra(dataset, row, batch, at);
        }
    }
}

/// How deep lists and objects go.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Whether `key` carries `column`, itself or through another column that reads the same key.
fn carries(dataset: &Dataset, column: &Column, key: &str) -> bool {
    let name = normalise_key(key);
    let shares = |other: &&Column| other.keys.iter().any(|key| column.keys.contains(key));
    dataset.columns.iter().filter(shares).any(|other| other.keys.contains(&name))
}

/// Whether one column has two members.
fn has_twins(dataset: &Dataset, row: &Members) -> bool {
    let count = |column| row.0.iter().filter(|(key, _)| carries(dataset, column, key)).count();
    dataset.columns.iter().any(|column| count(column) > 1)
}

/// What `column` should hold.
fn expected(dataset: &Dataset, column: &Column, row: &Members) -> Cell {
    let judged =
        matches!(column.ty, ColumnType::Text | ColumnType::Code { .. } | ColumnType::Integer | ColumnType::Money);
    if !judged || column.class != Class::Public || !column.reading.is_plain() {
        return Cell::Open;
    }
    let mut members = row.0.iter().filter(|(key, _)| carries(dataset, column, key)).map(|(_, value)| value);
    let cell = match (members.next(), members.next()) {
        (None, _) => Cell::Null,
        (Some(value), None) => read(column, value),
        // The same value twice is one; whether two are the same is a matter of how they are written.
        _ => Cell::Open,
    };
    match cell {
        Cell::Null if column.required => Cell::Fault,
        Cell::Fault if column.lenient => Cell::Null,
        cell => cell,
    }
}

fn read(column: &Column, value: &Value) -> Cell {
    let (text, is_literal) = match value {
        Value::Null => return Cell::Null,
        Value::Array(_) | Value::Object(_) => return Cell::Fault,
        Value::Bool(flag) => (flag.to_string(), true),
        // How a fraction was written is gone.
        Value::Number(number) if number.is_f64() => return Cell::Open,
        Value::Number(number) => (number.to_string(), true),
        Value::String(text) => (text.clone(), false),
    };
    let text = text.trim_matches([' ', '\t', '\n', '\x0c', '\r']);
    if text.is_empty() {
        return Cell::Null;
    }
    if column.ty == ColumnType::Text {
        return Cell::Text(text.to_owned());
    }
    if text == "-" || text.eq_ignore_ascii_case("null") {
        return Cell::Null;
    }
    match column.ty {
        ColumnType::Code { min, max } if (min..=max).contains(&text.chars().count()) => Cell::Text(text.to_owned()),
        ColumnType::Integer => number(column, text, 0, 18, is_literal),
        ColumnType::Money => number(column, text, 2, 20, is_literal),
        _ => Cell::Fault,
    }
}

fn number(column: &Column, text: &str, scale: u32, precision: u32, is_literal: bool) -> Cell {
    let Some(unscaled) = decimal(text, scale as usize, is_literal) else { return Cell::Fault };
    let unit = 10_i128.pow(scale);
    let in_range =
        column.range.is_none_or(|(min, max)| (i128::from(min) * unit..=i128::from(max) * unit).contains(&unscaled));
    if in_range && unscaled.abs() < 10_i128.pow(precision) { Cell::Number(unscaled) } else { Cell::Fault }
}

/// An exact decimal in units of `10^-scale`: a sign, digits in one group or in thousands, a decimal sign, a percent sign.
fn decimal(text: &str, scale: usize, is_literal: bool) -> Option<i128> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = digits.strip_suffix('%').unwrap_or(digits).trim_matches([' ', '\t', '\n', '\x0c', '\r']);
    let (points, commas) = (digits.matches('.').count(), digits.matches(',').count());
    let last = digits.rfind([',', '.']);
    let three_follow = last.is_some_and(|at| digits.len() - at == 4);
    let decimal_at = match (points, commas) {
        (1, 0) if is_literal => last,
        // One thousand and more, or one and a bit?
        (1, 0) if three_follow => return None,
        (0, 1) if three_follow => None,
        (1, 0) | (0, 1) => last,
        (_, 0) | (0, _) => None,
        _ => last,
    };
    let (whole, fraction) = decimal_at.map_or((digits, ""), |at| (&digits[..at], &digits[at + 1..]));
    if points > 0 && commas > 0 {
        let sign = &digits[decimal_at?..][..1];
        // The decimal sign stands once.
        if whole.contains(sign) {
            return None;
        }
    }
    let groups: Vec<&str> = whole.split([',', '.']).collect();
    let are_thousands =
        groups.len() == 1 || ((1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|group| group.len() == 3));
    let surplus = fraction.get(scale..).unwrap_or("");
    if !are_thousands || (whole.is_empty() && fraction.is_empty()) || surplus.bytes().any(|digit| digit != b'0') {
        return None;
    }
    let all = format!("{}{:0<scale$}", groups.concat(), &fraction[..fraction.len().min(scale)]);
    let is_number = all.len() <= 38 && all.bytes().all(|digit| digit.is_ascii_digit());
    let unscaled = is_number.then(|| all.bytes().fold(0_i128, |n, digit| n * 10 + i128::from(digit - b'0')))?;
    Some(if text.starts_with('-') { -unscaled } else { unscaled })
}

fn compare(column: &Column, expected: &Cell, batch: &RecordBatch, at: usize) {
    if *expected == Cell::Open {
        return;
    }
    let array = batch.column_by_name(&column.name).expect("a public column is stored");
    let found = if array.is_null(at) {
        Cell::Null
    } else {
        match column.ty {
            ColumnType::Integer => Cell::Number(i128::from(array.as_primitive::<Int64Type>().value(at))),
            ColumnType::Money => Cell::Number(array.as_primitive::<Decimal128Type>().value(at)),
            _ => Cell::Text(array.as_string::<i32>().value(at).to_owned()),
        }
    };
    assert_eq!(found, *expected, "column {} of row {at}", column.name);
}

/// The keys that the contract does not know, as one JSON object.
fn compare_extra(dataset: &Dataset, row: &Members, batch: &RecordBatch, at: usize) {
    let Some(extra) = batch.column_by_name(EXTRA_COLUMN) else { return };
    let known = |key: &str| dataset.columns.iter().any(|column| column.keys.contains(&normalise_key(key)));
    let unknown: Map<String, Value> = row.0.iter().filter(|(key, _)| !known(key)).cloned().collect();
    let text = extra.is_valid(at).then(|| extra.as_string::<i32>().value(at));
    let found: Map<String, Value> = text
        .map_or_else(Map::new, |text| serde_json::from_str(text).expect("the unknown keys of strict JSON are JSON"));
    assert_eq!(found, unknown, "unknown keys of row {at}");
}
