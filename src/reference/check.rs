//! Checks over all rows of a table: keys, periods, and the tree of a hierarchical code.

use std::collections::{HashMap, HashSet};

use super::definition::{ReferenceColumn, TableDefinition};
use super::findings::Findings;
use super::rows::Cells;

/// Fills the columns that are made from the tree's code. Where the file has such a column, too, it must agree.
pub(super) fn make(definition: &TableDefinition, cells: &mut Cells, findings: &mut Findings) {
    let Some(tree) = &definition.tree else { return };
    let codes = cells.columns[tree.code].clone();
    let lengths: Vec<String> = tree.digits.iter().map(ToString::to_string).collect();
    let made: Vec<(usize, &ReferenceColumn)> =
        definition.columns.iter().enumerate().filter(|(_, column)| column.make.is_some()).collect();
    for (row, code) in codes.iter().enumerate() {
        let line = cells.lines[row];
        let Some(code) = code else { continue };
        if tree.level(code).is_none() || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            let name = &definition.columns[tree.code].name;
            let hint = format!("{} digits; leading zeros count", lengths.join(", "));
            findings.add(line, format!("{name} is no code of any level"), &hint);
            continue;
        }
        for (i, column) in &made {
            let right = column.make.and_then(|make| tree.make(make, code));
            let cell = &mut cells.columns[*i][row];
            if cell.is_some() && *cell != right {
                let message = format!("{} does not agree with {}", column.name, definition.columns[tree.code].name);
                findings.add(line, message, "leave the column out: it is computed");
            }
            *cell = right;
        }
    }
}

/// Notes rows whose key was there before.
pub(super) fn keys(definition: &TableDefinition, cells: &Cells, findings: &mut Findings) {
    let mut first: HashMap<Vec<&str>, usize> = HashMap::with_capacity(cells.lines.len());
    for (row, &line) in cells.lines.iter().enumerate() {
        // A key with NULL was noted already: key columns are required.
        let Some(key) = key_of(&definition.key, cells, row) else { continue };
        if let Some(before) = first.get(&key) {
            let message = format!("has the same key ({}) as line {before}", definition.key_names());
            findings.add(line, message, "one row a key");
        } else {
            first.insert(key, line);
        }
    }
}

fn key_of<'c>(columns: &[usize], cells: &'c Cells, row: usize) -> Option<Vec<&'c str>> {
    columns.iter().map(|&i| cells.columns[i][row].as_deref()).collect()
}

/// Notes periods that end before they begin or overlap another of the same key.
pub(super) fn periods(definition: &TableDefinition, cells: &Cells, findings: &mut Findings) {
    let Some(period) = definition.period else { return };
    let rest: Vec<usize> = definition.key.iter().copied().filter(|&i| i != period.from).collect();
    let mut spans: HashMap<Vec<&str>, Vec<Span<'_>>> = HashMap::new();
    for (row, &line) in cells.lines.iter().enumerate() {
        let (Some(key), Some(from)) = (key_of(&rest, cells, row), cells.columns[period.from][row].as_deref()) else {
            continue;
        };
        let to = cells.columns[period.to][row].as_deref();
        if to.is_some_and(|to| order(to) < order(from)) {
            findings.add(line, "ends before it begins", "the last year is not before the first");
            continue;
        }
        spans.entry(key).or_default().push(Span { from, to, line });
    }
    for of_key in spans.values_mut() {
        of_key.sort_by(|a, b| order(a.from).cmp(&order(b.from)));
        for pair in of_key.windows(2) {
            let (before, after) = (&pair[0], &pair[1]);
            // The same first year is the same key, which is told already.
            let same = order(before.from) == order(after.from);
            if !same && before.to.is_none_or(|to| order(to) >= order(after.from)) {
                let message = format!("holds for a time that line {} covers", before.line);
                findings.add(after.line, message, "end the earlier row before");
            }
        }
    }
}

/// From when until when a row holds.
struct Span<'c> {
    from: &'c str,
    to: Option<&'c str>,
    line: usize,
}

/// Years and ISO dates sort by length, then by text.
fn order(text: &str) -> (usize, &str) {
    (text.len(), text)
}

/// Notes codes whose parent is not in the table; returns how many, where the table only tells them.
pub(super) fn parents(definition: &TableDefinition, cells: &Cells, findings: &mut Findings) -> u64 {
    let Some(tree) = &definition.tree else { return 0 };
    let codes = &cells.columns[tree.code];
    let known: HashSet<&str> = codes.iter().flatten().map(String::as_str).collect();
    let mut orphans = 0;
    for (code, &line) in codes.iter().zip(&cells.lines) {
        let parent = code.as_deref().and_then(|code| tree.parent(code));
        if parent.is_none_or(|parent| known.contains(parent)) {
            continue;
        }
        orphans += 1;
        if tree.orphans_refused {
            let name = &definition.columns[tree.code].name;
            findings.add(line, format!("the parent of {name} is not in the list"), "add the level above");
        }
    }
    orphans
}
