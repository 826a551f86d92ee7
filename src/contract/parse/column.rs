//! The columns of a dataset, from TOML.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::identifier;
use crate::config::document::Section;
use crate::contract::column::{Class, Column, ColumnType, DateFormat, normalise_key};

/// Most columns a dataset may have.
const COLUMNS_MAX: usize = 1_000;

/// The columns of a dataset; `personal` says that its rows hold personal data.
pub(super) fn columns(section: &Section<'_, '_>, personal: bool) -> Vec<Column> {
    let tables = section.sections("columns");
    if tables.is_empty() || tables.len() > COLUMNS_MAX {
        section.problem("columns", format!("a dataset has 1 to {COLUMNS_MAX} columns"), "");
    }
    let mut columns: Vec<Column> = Vec::with_capacity(tables.len());
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for table in tables {
        let derived = table.text("from").is_some();
        let Some(column) = column(&table, personal) else { continue };
        if columns.iter().any(|other| other.name == column.name) {
            table.problem("name", format!("two columns are called \"{}\"", column.name), "");
        }
        for key in column.keys.iter().filter(|_| !derived) {
            if let Some(other) = seen.insert(key.clone(), column.name.clone()) {
                let message = format!("the key {key} belongs to both \"{other}\" and \"{}\"", column.name);
                table.problem("aliases", message, "a key feeds one column; use `from` for a second reading of it");
            }
        }
        table.finish();
        columns.push(column);
    }
    columns
}

fn column(table: &Section<'_, '_>, personal: bool) -> Option<Column> {
    let name = identifier(table, "name");
    let ty = column_type(table);
    let class = table.parsed::<Class>("class");
    if class.is_none() && table.text("class").is_none() {
        let hint = if personal { "a personal dataset classes every column" } else { "public or drop" };
        table.problem("class", format!("the column \"{name}\" states no `class`"), hint);
    }
    let range = match (table.integer("min", -1_000_000_000..=1_000_000_000), table.integer("max", 0..=1_000_000_000))
    {
        (Some(min), Some(max)) if min <= max => Some((min, max)),
        (None, None) => None,
        _ => {
            table.problem("max", format!("the column \"{name}\" needs both `min` and `max`, in order"), "");
            None
        }
    };
    if range.is_some() && matches!(ty, Some(ColumnType::Code { .. } | ColumnType::Text | ColumnType::Date(_))) {
        table.problem("min", format!("the column \"{name}\" is no number"), "`min` and `max` bound numbers");
    }
    let own = normalise_key(table.text("from").unwrap_or(&name));
    let mut keys = vec![own];
    keys.extend(table.texts("aliases").iter().map(|alias| normalise_key(alias)));
    let of = table.text("of").map(normalise_key);
    let param = table.text("param").map(str::to_owned);
    if let Some(of) = &of {
        keys.iter_mut().for_each(|key| *key = format!("{of}/{key}"));
    }
    if let Some(param) = &param {
        keys = vec![format!("?{}", normalise_key(param))];
    }
    Some(Column {
        keys,
        of,
        param,
        ty: ty?,
        required: table.flag("required").unwrap_or(false),
        lenient: table.flag("lenient").unwrap_or(false),
        class: class.unwrap_or(Class::Drop),
        range,
        meaning: table.required_text("meaning", "one line for the data dictionary"),
        name,
    })
}

fn column_type(table: &Section<'_, '_>) -> Option<ColumnType> {
    let ty =
        table.required_parsed::<ColumnType>("type", "code(n), text, money, decimal(p,s), integer, boolean, date");
    let formats: Vec<&str> =
        table.text("format").map(|text| text.split('|').map(str::trim).collect()).unwrap_or_default();
    let is_date = matches!(ty, Some(ColumnType::Date(_)));
    if is_date == formats.is_empty() && ty.is_some() {
        table.problem("format", "`format` goes with type date, and only with it", "DD-MON-YY or YYYY-MM-DD");
    }
    if !is_date {
        return ty;
    }
    let mut parsed = Vec::new();
    for format in formats {
        match DateFormat::from_str(format) {
            Ok(format) => parsed.push(format),
            Err(hint) => table.problem("format", format!("unknown date format \"{format}\""), hint),
        }
    }
    Some(ColumnType::Date(parsed))
}
