//! Which column of a file is which column of the table, by name and alias.

use super::definition::TableDefinition;
use super::findings::Findings;
use crate::contract::normalise_key;

/// Longest header that an error message repeats.
const SHOWN_CHARS_MAX: usize = 40;

/// For each column of the file the table's column it fills; `None` for one the table leaves aside.
pub(super) fn map(
    definition: &TableDefinition,
    header: &csv::StringRecord,
    findings: &mut Findings,
) -> Vec<Option<usize>> {
    let mut columns = Vec::with_capacity(header.len());
    for (place, name) in header.iter().enumerate() {
        let key = normalise_key(name);
        let found = definition.columns.iter().position(|column| column.keys.contains(&key));
        if found.is_none() && !definition.ignored.contains(&key) {
            let hint = hint(definition, &key);
            findings.add(1, format!("unknown column {}", shown(name, place)), &hint);
        }
        columns.push(found);
    }
    for (i, column) in definition.columns.iter().enumerate() {
        if column.required && column.make.is_none() && !columns.contains(&Some(i)) {
            let keys: Vec<String> = column.keys.iter().map(|key| key.to_lowercase()).collect();
            let hint = format!("a header of this name: {}", keys.join(", "));
            findings.add(1, format!("the column {} is missing", column.name), &hint);
        }
    }
    columns
}

/// A header as a message may repeat it: a file without a header line has a row of values there.
fn shown(name: &str, place: usize) -> String {
    let named = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().count() <= SHOWN_CHARS_MAX
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ' '));
    let digits = name.chars().filter(char::is_ascii_digit).count();
    if named && digits <= 4 { format!("\"{name}\"") } else { format!("number {}", place + 1) }
}

fn hint(definition: &TableDefinition, key: &str) -> String {
    let all = definition.columns.iter().flat_map(|column| &column.keys);
    let likeness = |known: &str| strsim::jaro_winkler(known, key);
    let nearest = all.max_by(|a, b| likeness(a).total_cmp(&likeness(b))).filter(|known| likeness(known) > 0.85);
    match nearest {
        Some(known) => format!("did you mean {}?", known.to_lowercase()),
        None => {
            let names: Vec<&str> = definition.columns.iter().map(|column| column.name.as_str()).collect();
            format!("known: {}; a column to leave aside is named in `ignored` of its toml", names.join(", "))
        }
    }
}
