//! The dictionary as JSON and CSV.

use serde_json::{Value, json};

use crate::catalog::{Dictionary, TableEntry};
use crate::cli::exit::Failure;

/// All tables as one list, or `one` as an object.
pub(super) fn json(dictionary: &Dictionary, one: bool) -> String {
    let mut tables = dictionary.tables.iter().map(as_json);
    pretty(&match tables.next() {
        Some(first) if one => first,
        first => first.into_iter().chain(tables).collect(),
    })
}

fn as_json(entry: &TableEntry) -> Value {
    let columns = entry.columns.iter().map(|column| {
        json!({
            "column": column.name, "type": column.sql_type, "unit": column.unit, "class": column.class,
            "meaning": column.meaning, "from": column.from, "unchanged": column.unchanged,
        })
    });
    json!({
        "table": entry.name(),
        "kind": entry.kind.word(),
        "title": entry.title,
        "grain": entry.grain,
        "source": entry.source,
        "owner": entry.owner,
        "access": entry.access.word(),
        "reads": entry.reads,
        "freshness": entry.state.as_ref().map(|state| json!({
            "first": state.first.to_string(), "newest": state.newest.to_string(),
            "committed_at": state.committed_at.to_rfc3339(), "periodicity": state.periodicity.word(),
            "rows": state.rows, "bytes": state.bytes,
        })),
        "columns": columns.collect::<Vec<_>>(),
    })
}

/// One line a column.
pub(super) fn csv(dictionary: &Dictionary) -> Result<String, Failure> {
    let header =
        ["table", "column", "type", "unit", "class", "meaning", "from", "kind", "source", "access", "newest"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for entry in &dictionary.tables {
        let newest = entry.state.as_ref().map(|state| state.newest.to_string()).unwrap_or_default();
        rows.extend(entry.columns.iter().map(|column| {
            vec![
                entry.name(),
                column.name.clone(),
                column.sql_type.clone(),
                column.unit.to_owned(),
                column.class.to_owned(),
                column.meaning.clone(),
                column.from.join(" "),
                entry.kind.word().to_owned(),
                entry.source.clone(),
                entry.access.word().to_owned(),
                newest.clone(),
            ]
        }));
    }
    as_csv(&rows)
}

/// Rows as RFC 4180.
pub(super) fn as_csv(rows: &[Vec<String>]) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let mut writer = csv::Writer::from_writer(&mut bytes);
    let written = rows.iter().try_for_each(|row| writer.write_record(row)).and_then(|()| Ok(writer.flush()?));
    drop(writer);
    written.map_err(Failure::internal)?;
    String::from_utf8(bytes).map_err(Failure::internal)
}

/// A JSON value for files that people open, too.
pub(super) fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
