//! Tables and columns for people: the list of all, and one with its columns.

use crate::catalog::dictionary::Kind;
use crate::catalog::{Dictionary, TableEntry};
use crate::cli::output::{Table, grouped};

/// One line a table; those whose name matches `pattern`, in which `*` stands for anything. History tables repeat their
/// datasets and are listed on request only.
pub(in crate::cli) fn list(dictionary: &Dictionary, pattern: Option<&str>) -> String {
    let mut table = Table::new(&["table", "kind", ">rows", "newest data", "access", "title"]);
    for entry in &dictionary.tables {
        let listed = match pattern {
            Some(pattern) => matches(&pattern.to_lowercase(), &entry.name()) || matches(pattern, &entry.table),
            None => entry.kind != Kind::History,
        };
        if !listed {
            continue;
        }
        let state = entry.state.as_ref();
        let rows = state.filter(|_| entry.kind != Kind::View).map(|state| grouped(state.rows));
        table.row(vec![
            entry.name(),
            entry.kind.word().to_owned(),
            rows.unwrap_or_default(),
            state.map(|state| state.newest.to_string()).unwrap_or_default(),
            entry.access.word().to_owned(),
            entry.title.clone(),
        ]);
    }
    table.render()
}

/// Whether `name` is what `pattern` says; `*` stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// One table with its columns, for people.
pub(in crate::cli) fn describe(entry: &TableEntry) -> String {
    let mut text = format!("{}  ({})\n", entry.name(), entry.kind.word());
    let mut line = |label: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("{label:9}{value}\n"));
        }
    };
    line("title", &entry.title);
    line("row", &entry.grain);
    line("source", &entry.source);
    line("owner", &entry.owner);
    line("reads", &entry.reads.join(", "));
    line("access", entry.access.word());
    if let Some(state) = &entry.state {
        line("data", &format!("{} to {}, committed {}", state.first, state.newest, state.committed_at.to_rfc3339()));
    }
    let mut columns = Table::new(&["column", "type", "unit", "class", "meaning"]);
    for column in &entry.columns {
        columns.row(vec![
            column.name.clone(),
            column.sql_type.clone(),
            column.unit.to_owned(),
            column.class.to_owned(),
            column.words(),
        ]);
    }
    format!("{text}\n{}", columns.render())
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_have_stars() {
        for (pattern, name, fits) in [
            ("omspan.*", "omspan.dipa_belanja", true),
            ("*nik*", "mart.oss_nik_ganda", true),
            ("*.p3ke", "sipp.p3ke", true),
            ("p3ke", "sipp.p3ke", false),
            ("sipp.p3ke", "sipp.p3ke", true),
            ("*", "anything", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "acb", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }
}
