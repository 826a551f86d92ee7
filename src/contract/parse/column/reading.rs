//! What is done to a column's text before it is a value: `extract`, `one_of` and their like.

use crate::config::document::Section;
use crate::contract::column::{Class, Column, ColumnType, normalise_key};
use crate::contract::reading::{Extract, OneOf, Reading};

/// Longest text a contract may allow, in characters.
const TEXT_CHARS_MAX: i64 = 1_000_000;

/// The reading that a column's table asks for; `of` is where its row's other keys stand, too.
pub(super) fn reading(table: &Section<'_, '_>, of: Option<&str>) -> Reading {
    let values = table.texts("one_of");
    let ignore_case = table.flag("ignore_case");
    if values.is_empty() && ignore_case.is_some() {
        table.problem("ignore_case", "`ignore_case` says nothing without values to compare with", "one_of = [\"…\"]");
    }
    if let Some(value) = values.iter().find(|value| value.trim() != value.as_str() || value.is_empty()) {
        table.problem(
            "one_of",
            format!("no value can be \"{value}\""),
            "values are compared without blanks around them",
        );
    }
    let unescape = table.text("unescape");
    if let Some(other) = unescape.filter(|text| *text != "html") {
        table.problem("unescape", format!("unknown way to unescape \"{other}\""), "known: html");
    }
    Reading {
        unescape_html: unescape.is_some(),
        extract: extract(table, of),
        pad_zeros: table.flag("pad_zeros").unwrap_or(false),
        one_of: (!values.is_empty()).then(|| OneOf { values, ignore_case: ignore_case.unwrap_or(false) }),
        max_chars: table.integer("max_chars", 1..=TEXT_CHARS_MAX).and_then(|n| usize::try_from(n).ok()),
        whole: table.flag("whole").unwrap_or(false),
    }
}

fn extract(table: &Section<'_, '_>, of: Option<&str>) -> Option<Extract> {
    let repair_from = table.text("repair_from").map(normalise_key);
    let repair_from = repair_from.map(|key| of.map_or_else(|| key.clone(), |of| format!("{of}/{key}")));
    let name = table.text("extract");
    if repair_from.is_some() && name != Some("kode_program") {
        table.problem("repair_from", "`repair_from` says nothing here", "it goes with extract = \"kode_program\"");
    }
    match name? {
        "integer" => Some(Extract::Integer),
        "kode_program" => Some(Extract::ProgramCode { repair_from }),
        "nama_program" => Some(Extract::ProgramName),
        "distinct_list" => Some(Extract::DistinctList),
        other => {
            let hint = "known: integer, kode_program, nama_program, distinct_list";
            table.problem("extract", format!("unknown part \"{other}\" to extract"), hint);
            None
        }
    }
}

/// Checks that a reading goes with the column's type and class.
pub(super) fn check(table: &Section<'_, '_>, column: &Column) {
    let Column { name, ty, reading, .. } = column;
    let is_text = matches!(ty, ColumnType::Text | ColumnType::Code { .. });
    let is_number = matches!(ty, ColumnType::Money | ColumnType::Decimal { .. } | ColumnType::Integer);
    let goes_with = |wanted: bool, fits: bool, key: &'static str, hint: &str| {
        if wanted && !fits {
            table.problem(key, format!("`{key}` does not go with the type of \"{name}\""), hint);
        }
    };
    if !reading.is_plain() && matches!(column.class, Class::Key(_) | Class::Coarse) {
        let message = format!("the column \"{name}\" is read in two ways: by its class and by what is extracted");
        table.problem("class", message, "a key or coarse column takes the value as it is");
        return;
    }
    let extracts_number = reading.extract == Some(Extract::Integer);
    goes_with(column.range.is_some(), is_number, "min", "`min` and `max` bound numbers");
    goes_with(extracts_number, *ty == ColumnType::Integer, "extract", "type = \"integer\"");
    goes_with(reading.extract.is_some() && !extracts_number, is_text, "extract", "type = \"text\" or code(a..b)");
    goes_with(reading.unescape_html, is_text, "unescape", "it resolves character references in texts and codes");
    goes_with(reading.one_of.is_some(), is_text, "one_of", "it lists texts and codes; `min` and `max` bound numbers");
    goes_with(
        reading.max_chars.is_some(),
        *ty == ColumnType::Text,
        "max_chars",
        "a code says its lengths itself: code(a..b)",
    );
    let is_amount = matches!(ty, ColumnType::Money | ColumnType::Decimal { .. });
    goes_with(reading.whole, is_amount, "whole", "it refuses fractions of money and decimal");
    let is_fixed = matches!(ty, ColumnType::Code { min, max } if min == max);
    goes_with(reading.pad_zeros, is_fixed, "pad_zeros", "it fills up a code of fixed length: code(5)");
}

/// Checks that every `repair_from` names a key that some column reads.
pub(super) fn check_repairs(section: &Section<'_, '_>, columns: &[Column]) {
    for column in columns {
        let Some(Extract::ProgramCode { repair_from: Some(key) }) = &column.reading.extract else { continue };
        if !columns.iter().any(|other| other.keys.contains(key)) {
            let message = format!("`repair_from` of \"{}\" names the key {key}, which no column reads", column.name);
            section.problem("columns", message, "give that key a column, be it of class drop");
        }
    }
}
