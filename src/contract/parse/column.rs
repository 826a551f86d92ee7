//! The columns of a dataset, from TOML. What is done to a value before it is of its type is in [`reading`].

mod reading;

use std::collections::BTreeMap;
use std::str::FromStr;

use super::identifier;
use crate::config::document::Section;
use crate::contract::column::{Class, Column, ColumnType, TYPES, TimestampFormat, normalise_key};
use crate::privacy::KeyForm;

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
        let derived = table.text("from").is_some() || table.text("param").is_some();
        if let Some(column) = column(&table, personal) {
            if columns.iter().any(|other| other.name == column.name) {
                table.problem("name", format!("two columns are called \"{}\"", column.name), "");
            }
            for key in column.keys.iter().filter(|_| !derived) {
                if let Some(other) = seen.insert(key.clone(), column.name.clone()) {
                    let message = format!("the key {key} belongs to both \"{other}\" and \"{}\"", column.name);
                    let hint = "a key feeds one column; use `from` for a second reading of it";
                    table.problem("aliases", message, hint);
                }
            }
            columns.push(column);
        }
        table.finish();
    }
    reading::check_repairs(section, &columns);
    columns
}

/// One column; every key is asked for whatever is wrong with the others, so that all problems come at once.
fn column(table: &Section<'_, '_>, personal: bool) -> Option<Column> {
    let name = identifier(table, "name");
    let form = table.parsed::<KeyForm>("form");
    let ty = column_type(table, form);
    let class = class(table, &name, form, personal);
    let of = table.text("of").map(normalise_key);
    let param = table.text("param").map(str::to_owned);
    let column = Column {
        keys: keys(table, &name, of.as_deref(), param.as_deref()),
        required: table.flag("required").unwrap_or(false),
        lenient: table.flag("lenient").unwrap_or(false),
        class,
        range: range(table, &name),
        meaning: table.required_text("meaning", "one line for the data dictionary"),
        reading: reading::reading(table, of.as_deref()),
        ty: ty?,
        of,
        param,
        name,
    };
    check_class(table, &column, personal);
    reading::check(table, &column);
    Some(column)
}

/// The keys that carry the value, the usual one first.
fn keys(table: &Section<'_, '_>, name: &str, of: Option<&str>, param: Option<&str>) -> Vec<String> {
    let from = table.text("from");
    let aliases = table.texts("aliases");
    if let Some(param) = param {
        if of.is_some() || from.is_some() || !aliases.is_empty() {
            let message = format!("the column \"{name}\" is a parameter of the request and a key of the answer");
            table.problem("param", message, "`param` goes without `of`, `from` and `aliases`");
        }
        return vec![format!("?{}", normalise_key(param))];
    }
    let own = from.unwrap_or(name);
    let spellings = std::iter::once(own).chain(aliases.iter().map(String::as_str)).map(normalise_key);
    spellings.map(|key| of.map_or_else(|| key.clone(), |of| format!("{of}/{key}"))).collect()
}

fn class(table: &Section<'_, '_>, name: &str, form: Option<KeyForm>, personal: bool) -> Class {
    match (table.text("class"), form) {
        (Some("public"), _) => Class::Public,
        (Some("coarse"), _) => Class::Coarse,
        (Some("drop"), _) => Class::Drop,
        (Some("key"), Some(form)) => Class::Key(form),
        (Some("key"), None) => {
            if table.text("form").is_none() {
                let message = format!("the key column \"{name}\" states no `form`");
                table.problem("class", message, "form = \"nik\", \"npwp\" or \"text\"");
            }
            Class::Drop
        }
        (Some(other), _) => {
            table.problem("class", format!("`class` cannot be \"{other}\""), "one of public, key, coarse, drop");
            Class::Drop
        }
        (None, _) => {
            let hint = if personal { "a personal dataset classes every column" } else { "public or drop" };
            table.problem("class", format!("the column \"{name}\" states no `class`"), hint);
            Class::Drop
        }
    }
}

fn range(table: &Section<'_, '_>, name: &str) -> Option<(i64, i64)> {
    match (table.integer("min", -1_000_000_000..=1_000_000_000), table.integer("max", 0..=1_000_000_000)) {
        (Some(min), Some(max)) if min <= max => Some((min, max)),
        (None, None) => None,
        _ => {
            table.problem("max", format!("the column \"{name}\" needs both `min` and `max`, in order"), "");
            None
        }
    }
}

fn column_type(table: &Section<'_, '_>, form: Option<KeyForm>) -> Option<ColumnType> {
    let formats: Vec<&str> =
        table.text("format").map(|text| text.split('|').map(str::trim).collect()).unwrap_or_default();
    let ty = if table.text("type") == Some("key_state") {
        if form.is_none() {
            table.problem("type", "a key_state needs the `form` of the key it tells of", "form = \"nik\"");
        }
        ColumnType::KeyState(form?)
    } else {
        table.required_parsed::<ColumnType>("type", TYPES)?
    };
    Some(match ty {
        ColumnType::Date(_) => {
            if formats.is_empty() {
                table.problem("format", "a date needs a `format`", "DD-MON-YY or YYYY-MM-DD");
            }
            ColumnType::Date(parsed(table, &formats))
        }
        ColumnType::Timestamp(_) if formats.is_empty() => {
            ColumnType::Timestamp(vec![TimestampFormat::DateTime, TimestampFormat::Rfc3339])
        }
        ColumnType::Timestamp(_) => ColumnType::Timestamp(parsed(table, &formats)),
        other => {
            if !formats.is_empty() {
                table.problem("format", "`format` goes with the types date and timestamp only", "");
            }
            other
        }
    })
}

/// The formats of a date or timestamp.
fn parsed<F: FromStr<Err = String>>(table: &Section<'_, '_>, formats: &[&str]) -> Vec<F> {
    let one = |format: &&str| match F::from_str(format) {
        Ok(format) => Some(format),
        Err(hint) => {
            table.problem("format", format!("unknown format \"{format}\""), hint);
            None
        }
    };
    formats.iter().filter_map(one).collect()
}

/// Checks that class, form and type go together: what is personal may not slip out through a combination nobody meant.
fn check_class(table: &Section<'_, '_>, column: &Column, personal: bool) {
    let name = &column.name;
    let wrong = |key: &'static str, message: String, hint: &str| table.problem(key, message, hint);
    let tells_state = matches!(column.ty, ColumnType::KeyState(_));
    let is_key = matches!(column.class, Class::Key(_));
    if table.text("form").is_some() && table.text("class") != Some("key") && !tells_state {
        wrong(
            "form",
            format!("`form` of \"{name}\" says nothing here"),
            "it goes with class = \"key\" or type = \"key_state\"",
        );
    }
    if is_key && !matches!(column.ty, ColumnType::Text | ColumnType::Code { .. }) {
        wrong("type", format!("the key column \"{name}\" is no text"), "type = \"text\"; `form` says what is whole");
    }
    if is_key && column.required {
        let hint = "a masked or broken value becomes NULL; a key_state column tells of it";
        wrong("required", format!("the key column \"{name}\" cannot be required"), hint);
    }
    if column.class == Class::Coarse && !matches!(column.ty, ColumnType::Date(_)) {
        wrong("class", format!("the coarse column \"{name}\" is no date"), "coarse stores a date as its year");
    }
    if tells_state && (column.class != Class::Public || table.text("from").is_none()) {
        let hint = "class = \"public\" and from = the key of the key column";
        wrong("type", format!("the key_state \"{name}\" tells of no key"), hint);
    }
    if column.ty == ColumnType::Any && (column.class != Class::Drop || column.required) {
        let message = format!("the column \"{name}\" of type any would be stored or looked at");
        wrong("type", message, "type any goes with class = \"drop\", not required");
    }
    if !personal && (is_key || tells_state || column.class == Class::Coarse) {
        let message = format!("the column \"{name}\" holds personal data, and the dataset does not say so");
        wrong("class", message, "personal = true keeps its originals and unknown keys out of sight");
    }
}

#[cfg(test)]
mod tests;
