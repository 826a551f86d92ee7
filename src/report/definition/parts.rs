//! What several kinds of sections have: rows of a query, columns, limits.

use super::names::{Names, Own};
use super::{ColumnDefinition, RowSource, TableDefinition};
use crate::config::document::Section as Keys;
use crate::report::page::Unit;
use crate::report::queries::QueryFile;
use crate::report::value::Kind;
use std::collections::BTreeMap;

/// Columns a table may have, the row header among them; a phone shows no more.
const COLUMNS_MAX: usize = 6;
/// Rows a table may have; the rest goes to the attachment.
const ROWS_MAX: i64 = 15;

/// A number of lines, 1 to `most`.
pub(super) fn limit(keys: &Keys<'_, '_>, key: &'static str, default: usize, most: i64) -> usize {
    keys.integer(key, 1..=most).and_then(|number| usize::try_from(number).ok()).unwrap_or(default)
}

/// A column's kind; `None` where the key is missing or wrong.
pub(super) fn column_kind(keys: &Keys<'_, '_>, key: &'static str) -> Option<Kind> {
    keys.required_parsed::<Kind>(key, "rupiah, percent, points, count, value, text, date")
}

/// A query of many rows: `query`, `key`, `name`, `detail`, and `kinds` of columns that are printed.
pub(super) fn row_source(keys: &Keys<'_, '_>, names: &Names<'_>) -> Option<RowSource> {
    let query = names.query(keys, "query");
    let key = keys.required_text("key", "the column that tells rows apart");
    let mut kinds = BTreeMap::new();
    for (name, kind) in keys.text_map("kinds") {
        match kind.parse::<Kind>() {
            Ok(kind) => drop(kinds.insert(name.clone(), kind)),
            Err(hint) => keys.problem("kinds", format!("{kind:?} of {name} is no kind of column"), hint),
        }
        if let Some(query) = &query {
            names.column(keys, "kinds", query, &name);
        }
    }
    let own = query.as_deref().map_or(Own::Nothing, Own::Row);
    let (name, detail) = (names.choice(keys, "name", own), names.choice(keys, "detail", own));
    let query = query?;
    names.column(keys, "key", &query, &key);
    Some(RowSource { query, key, name, detail, kinds })
}

/// A table, also that of a chart.
pub(super) fn table(keys: &Keys<'_, '_>, names: &Names<'_>) -> Option<TableDefinition> {
    let mut rows = row_source(keys, names);
    let own = rows.as_ref().map_or(Own::Nothing, |rows| Own::Row(&rows.query));
    let columns: Vec<ColumnDefinition> = keys
        .sections("columns")
        .into_iter()
        .filter_map(|column| column_definition(column, names, rows.as_ref().map(|rows| rows.query.as_ref())))
        .collect();
    if columns.is_empty() || columns.len() >= COLUMNS_MAX {
        let message =
            format!("a table has 1 to {} columns beside the row header, not {}", COLUMNS_MAX - 1, columns.len());
        keys.problem("columns", message, "leave the rest to the attachment");
    }
    if rows.is_some() && !keys.has("name") {
        keys.problem("name", "`name` is missing", "what stands at the head of a row: \"{nmsatker}\"");
    }
    let definition_id = keys.required_text("id", "a short name that stays: figures are found by it");
    let heading = names.required_choice(keys, "heading", Own::Nothing);
    let caption = names.required_choice(keys, "caption", Own::Nothing);
    let head = keys.required_text("head", "the heading above the row headers");
    let limit = limit(keys, "limit", 12, ROWS_MAX);
    let rest = keys.has("rest").then(|| names.choice(keys, "rest", own));
    let total = keys.text("total").map(str::to_owned);
    if let Some(rows) = &mut rows {
        for column in columns.iter().filter(|column| column.share.is_none()) {
            rows.kinds.insert(column.name.clone(), column.kind);
        }
        let parts = columns.iter().filter_map(|column| column.share.clone());
        for part in parts.flat_map(|(part, whole)| [part, whole]) {
            rows.kinds.entry(part).or_insert(Kind::Figure(Unit::Rupiah));
        }
    }
    Some(TableDefinition { id: definition_id, heading, caption, head, rows: rows?, columns, limit, rest, total })
}

fn column_definition(keys: Keys<'_, '_>, names: &Names<'_>, query: Option<&QueryFile>) -> Option<ColumnDefinition> {
    let own = query.map_or(Own::Nothing, Own::Row);
    let name = keys.required_text("name", "the query's column");
    let kind = column_kind(&keys, "unit");
    let share = match keys.texts("share").as_slice() {
        [] => None,
        [part, whole] => Some((part.clone(), whole.clone())),
        _ => {
            keys.problem("share", "`share` has not two columns", "share = [\"realisasi\", \"pagu\"]");
            None
        }
    };
    if let Some(query) = query {
        match &share {
            None => names.column(&keys, "name", query, &name),
            Some((part, whole)) => [part, whole].iter().for_each(|part| names.column(&keys, "share", query, part)),
        }
    }
    let alert = keys.text("alert").and_then(|text| match super::Condition::parse(text) {
        Ok(condition) => Some(condition),
        Err(message) => {
            keys.problem("alert", message, "");
            None
        }
    });
    let used: Vec<&str> = alert.iter().flat_map(|alert| alert.names()).filter(|used| **used != name).collect();
    names.check(&keys, "alert", &used, own);
    let definition = ColumnDefinition {
        label: names.required_choice(&keys, "label", Own::Nothing),
        kind: kind?,
        share,
        bar: keys.flag("bar").unwrap_or(false),
        signed: keys.flag("signed").unwrap_or(false),
        alert,
        mark: keys.text("mark").unwrap_or("▼").to_owned(),
        sum: keys.flag("sum").unwrap_or(true),
        name,
    };
    keys.finish();
    Some(definition)
}
