//! Values that must stand together in a table that is loaded: a vendor's number, name and class.

use std::collections::HashMap;

use super::judge::Refusal;
use super::judge::inspect::{Inspecting, Seen};
use super::wire;
use crate::contract::{Class, Column, ReferenceCheck};
use crate::load::Loaded;
use crate::privacy::PiiKey;

/// A rule that could not be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unchecked {
    /// The rule.
    pub says: String,
    /// Why not.
    pub why: String,
}

/// The rows of a check's query, by name and text.
pub(super) type Rows = Vec<Vec<(String, String)>>;

/// Asks for the rows that a check compares with.
///
/// # Errors
/// Why there is nothing to compare with.
pub(super) async fn load(check: &ReferenceCheck, loaded: &dyn Loaded) -> Result<Rows, String> {
    let rows = loaded.rows(&check.sql).await?;
    match rows.first() {
        None => Err(format!("{} is not loaded", table_of(&check.sql))),
        Some(row) if row.len() < check.columns.len() => {
            Err(format!("the query gives {} columns where {} are compared", row.len(), check.columns.len()))
        }
        Some(_) => Ok(rows),
    }
}

/// What stands behind the first FROM of a query.
fn table_of(sql: &str) -> &str {
    let mut words = sql.split_whitespace().skip_while(|word| !word.eq_ignore_ascii_case("from"));
    words.nth(1).map_or("the table", |table| table.trim_end_matches([';', ')']))
}

/// The allowed values of one check.
pub(super) struct Reference<'a> {
    check: &'a ReferenceCheck,
    columns: &'a [Column],
    /// By the first value, what stands beside it: in most tables one row, in none more than a few.
    by_first: HashMap<String, Vec<Vec<String>>>,
}

impl<'a> Reference<'a> {
    pub(super) fn new(check: &'a ReferenceCheck, columns: &'a [Column], rows: &Rows) -> Self {
        let mut by_first: HashMap<String, Vec<Vec<String>>> = HashMap::with_capacity(rows.len());
        for row in rows {
            let values = check.columns.iter().zip(row).map(|(&i, (_, text))| stored(&columns[i], text));
            let mut values = values.collect::<Vec<String>>().into_iter();
            let Some(first) = values.next() else { continue };
            let rest: Vec<String> = values.collect();
            let known = by_first.entry(first).or_default();
            if !known.contains(&rest) {
                known.push(rest);
            }
        }
        Self { check, columns, by_first }
    }

    /// What of a record does not stand in the table. Columns that are refused already are not compared.
    pub(super) fn check(&self, seen: &Seen, names: &Inspecting, key: Option<&PiiKey>) -> Vec<Refusal> {
        let indices = &self.check.columns;
        let Some((&first, rest)) = indices.split_first() else { return Vec::new() };
        let value = |i: usize| seen.texts[i].as_deref().and_then(|text| comparable(&self.columns[i], text, key));
        let refusal =
            |i: usize, reason: &str| Refusal { rule: self.check.says.clone(), ..names.refusal(seen, i, reason) };
        if seen.texts[first].is_none() || seen.refuses(names.name(first)) {
            return Vec::new();
        }
        let table = table_of(&self.check.sql);
        let Some(candidates) = value(first).and_then(|first| self.by_first.get(&first)) else {
            return vec![refusal(first, &format!("it is not in {table}"))];
        };
        let differing = |candidate: &Vec<String>| -> Vec<usize> {
            let pairs = rest.iter().zip(candidate);
            pairs.filter(|(i, stored)| value(**i).as_ref() != Some(stored)).map(|(&i, _)| i).collect()
        };
        let nearest = candidates.iter().map(differing).min_by_key(Vec::len).unwrap_or_default();
        let told = nearest.into_iter().filter(|&i| !seen.refuses(names.name(i)));
        told.map(|i| refusal(i, &format!("{table} has another value beside this {}", names.name(first)))).collect()
    }
}

/// A value of the table in the form in which it is compared.
fn stored(column: &Column, text: &str) -> String {
    match column.class {
        // Hashed when it was loaded.
        Class::Key(_) => text.to_owned(),
        _ => normal(column, text),
    }
}

/// A value of a record in that form; `None` where it has none.
fn comparable(column: &Column, text: &str, key: Option<&PiiKey>) -> Option<String> {
    match column.class {
        Class::Key(form) => key?.keyed(form, text).ok(),
        _ => Some(normal(column, text)),
    }
}

/// Numbers without idle zeros, codes and texts as they are sent.
fn normal(column: &Column, text: &str) -> String {
    let sent = wire::sent_text(column, text);
    match wire::plain_number(column, &sent) {
        Some(number) if number.contains('.') => number.trim_end_matches('0').trim_end_matches('.').to_owned(),
        Some(number) => number,
        None => sent,
    }
}

#[cfg(test)]
mod tests {
    use super::table_of;

    #[test]
    fn the_table_is_what_stands_behind_from() {
        assert_eq!(table_of("SELECT uid, nama_umkm\nFROM padi.umkm"), "padi.umkm");
        assert_eq!(table_of("select id_satker from ref.padi_satker;"), "ref.padi_satker");
        assert_eq!(table_of("VALUES (1)"), "the table");
    }
}
