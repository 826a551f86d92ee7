//! Which view reads which table, and which of its columns comes from which.

use serde_json::{Value, json};

use super::data::{as_csv, pretty};
use super::{DictionaryFormat, Lineage};
use crate::catalog::Dictionary;
use crate::cli::exit::Failure;
use crate::cli::output::Table;

/// The edges in `format`.
pub(super) fn render(dictionary: &Dictionary, what: Lineage, format: DictionaryFormat) -> Result<String, Failure> {
    let (header, edges): (&[&'static str], _) = match what {
        Lineage::Tables => (&["view", "reads"], tables(dictionary)),
        Lineage::Columns => (&["column", "from", "how"], columns(dictionary)),
    };
    match format {
        DictionaryFormat::Dcat => Err(Failure::usage("lineage is part of the dcat export: leave --lineage out")),
        DictionaryFormat::Contracts => Err(Failure::usage("contracts have no lineage: leave --lineage out")),
        DictionaryFormat::Json => {
            let object = |edge: &Vec<String>| -> Value {
                header.iter().zip(edge).map(|(name, value)| ((*name).to_owned(), json!(value))).collect()
            };
            Ok(pretty(&edges.iter().map(object).collect()))
        }
        DictionaryFormat::Csv => {
            let names = header.iter().map(|name| (*name).to_owned()).collect();
            as_csv(&std::iter::once(names).chain(edges).collect::<Vec<_>>())
        }
        DictionaryFormat::Markdown if what == Lineage::Tables => Ok(mermaid(dictionary)),
        DictionaryFormat::Markdown => {
            let rule = vec!["---"; header.len()].join("|");
            let lines = edges.iter().map(|edge| format!("| {} |\n", edge.join(" | ")));
            Ok(format!("| {} |\n|{rule}|\n{}", header.join(" | "), lines.collect::<String>()))
        }
        DictionaryFormat::Table => {
            let mut table = Table::new(header);
            edges.into_iter().for_each(|edge| table.row(edge));
            Ok(table.render())
        }
    }
}

/// The views as a diagram that wikis and code hosts draw.
pub(super) fn mermaid(dictionary: &Dictionary) -> String {
    let edges = tables(dictionary);
    let lines = edges.iter().map(|edge| format!("  {} --> {}\n", edge[1], edge[0]));
    format!("```mermaid\ngraph LR\n{}```\n", lines.collect::<String>())
}

fn tables(dictionary: &Dictionary) -> Vec<Vec<String>> {
    let of_entry = |entry: &crate::catalog::TableEntry| {
        let name = entry.name();
        entry.reads.iter().map(|read| vec![name.clone(), read.clone()]).collect::<Vec<_>>()
    };
    dictionary.tables.iter().flat_map(of_entry).collect()
}

/// Only what the plans say for sure: a column of constants or counts comes from nowhere.
fn columns(dictionary: &Dictionary) -> Vec<Vec<String>> {
    let mut edges = Vec::new();
    for entry in &dictionary.tables {
        for column in &entry.columns {
            let how = if column.unchanged { "unchanged" } else { "computed" };
            let name = format!("{}.{}", entry.name(), column.name);
            edges.extend(column.from.iter().map(|from| vec![name.clone(), from.clone(), how.to_owned()]));
        }
    }
    edges
}
