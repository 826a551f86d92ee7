//! The dictionary as Markdown: one page, or a folder with a page a table, an index and the lineage of the views.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::lineage;
use crate::catalog::dictionary::Kind;
use crate::catalog::{Dictionary, TableEntry};

/// All of `tables` on one page.
pub(super) fn page(tables: &[TableEntry]) -> String {
    tables.iter().map(|entry| section(entry, "##")).collect::<Vec<_>>().join("\n")
}

/// Every page with its place: `README.md`, `lineage.md`, `<schema>/<table>.md`. History has the columns of its dataset and
/// no page of its own.
pub(super) fn pages(dictionary: &Dictionary) -> Vec<(PathBuf, String)> {
    let shown = || dictionary.tables.iter().filter(|entry| entry.kind != Kind::History);
    let of_table =
        |entry: &TableEntry| (PathBuf::from(&entry.schema).join(format!("{}.md", entry.table)), section(entry, "#"));
    let lineage = format!("# Which view reads which table\n\n{}", lineage::mermaid(dictionary));
    let index = [("README.md".into(), index(shown())), ("lineage.md".into(), lineage)];
    index.into_iter().chain(shown().map(of_table)).collect()
}

fn index<'a>(tables: impl Iterator<Item = &'a TableEntry>) -> String {
    let mut schemas: BTreeMap<&str, Vec<&TableEntry>> = BTreeMap::new();
    tables.for_each(|entry| schemas.entry(&entry.schema).or_default().push(entry));
    let mut text = String::from(
        "# Data dictionary\n\nMade by `lumbung catalog --format markdown -o DIR` from contracts, reference definitions and \
         views: change those, not these pages. [Lineage](lineage.md).\n",
    );
    for (schema, tables) in schemas {
        text.push_str(&format!("\n## {schema}\n\n| table | what | newest data | access |\n|---|---|---|---|\n"));
        for entry in tables {
            let newest = entry.state.as_ref().map(|state| state.newest.to_string()).unwrap_or_default();
            let (table, title, access) = (&entry.table, cell(&entry.title), entry.access.word());
            text.push_str(&format!("| [{table}]({schema}/{table}.md) | {title} | {newest} | {access} |\n"));
        }
    }
    text
}

/// A text in one cell of a table.
pub(super) fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn section(entry: &TableEntry, heading: &str) -> String {
    let mut text = format!("{heading} {}\n\n", entry.name());
    if !entry.title.is_empty() {
        text.push_str(&format!("{}\n\n", entry.title));
    }
    let mut item = |label: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("- {label}: {value}\n"));
        }
    };
    item("Kind", entry.kind.word());
    item("Row", &entry.grain);
    item("Source", &entry.source);
    item("Owner", &entry.owner);
    item("Reads", &entry.reads.join(", "));
    item("Access", entry.access.word());
    item("Data", &entry.state.as_ref().map(|s| format!("{} to {}", s.first, s.newest)).unwrap_or_default());
    text.push_str("\n| column | type | unit | class | meaning |\n|---|---|---|---|---|\n");
    for column in &entry.columns {
        let (name, meaning) = (&column.name, cell(&column.words()));
        let cells = [name.as_str(), &column.sql_type, column.unit, column.class, &meaning];
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text
}
