//! `lumbung catalog`: the data dictionary, the lineage of views, and the export for Satu Data.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::exit::{Code, Failure};
use super::output::{OutputFormat, Table, grouped, print};
use super::{Context, session};
use crate::catalog::dictionary::{Kind, Publisher};
use crate::catalog::{Catalog, Dictionary, DictionarySources, TableEntry, TableShape};
use crate::reference::Reference;
use crate::warehouse::{AsOf, Warehouse};

/// The data dictionary: tables, columns, what they mean and how fresh they are
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lumbung catalog\n  lumbung catalog mart.serapan_satker\n  \
    lumbung catalog --lineage\n  lumbung catalog --format markdown > kamus-data.md\n  \
    lumbung catalog --format dcat > catalog.jsonld")]
pub(crate) struct CatalogArgs {
    /// A table or view; without its schema, a view first
    name: Option<String>,
    /// Which view reads which table
    #[arg(long)]
    lineage: bool,
    /// table, json, csv, markdown or dcat (DCAT-AP as JSON-LD) [default: table; json with --output json]
    #[arg(long, value_enum)]
    format: Option<DictionaryFormat>,
}

/// How the dictionary is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DictionaryFormat {
    Table,
    Json,
    Csv,
    Markdown,
    Dcat,
}

pub(crate) async fn run(context: &Context, args: &CatalogArgs) -> Result<(), Failure> {
    let format = args.format.unwrap_or(match context.output {
        OutputFormat::Json => DictionaryFormat::Json,
        OutputFormat::Table => DictionaryFormat::Table,
    });
    let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
    let catalog = session::open(context, &warehouse, AsOf::Latest)?;
    let (_, mut all) = dictionary(context, &warehouse, &catalog).await?;
    let one = args.name.as_deref().map(|name| find(&all, name).map(TableEntry::name)).transpose()?;
    if let Some(name) = &one {
        all.tables.retain(|table| table.name() == *name);
    }
    if args.lineage {
        return print(&lineage(&all, format)?);
    }
    let text = match format {
        DictionaryFormat::Table if one.is_some() => all.tables.iter().map(describe).collect(),
        DictionaryFormat::Table => list(&all, None),
        DictionaryFormat::Json => {
            let tables = all.tables.iter().map(as_json);
            pretty(&if one.is_some() { tables.collect::<Vec<_>>().remove(0) } else { tables.collect() })
        }
        DictionaryFormat::Csv => csv(&all)?,
        DictionaryFormat::Markdown => all.tables.iter().map(markdown).collect::<Vec<_>>().join("\n"),
        DictionaryFormat::Dcat => pretty(&all.dcat(&publisher(context))),
    };
    print(&text)
}

/// The shapes of every table of `catalog`, and what is known of them.
pub(super) async fn dictionary(
    context: &Context,
    warehouse: &Warehouse,
    catalog: &Catalog,
) -> Result<(Vec<TableShape>, Dictionary), Failure> {
    let shapes = catalog.shapes().await?;
    let (contracts, reference) = (context.folder.contracts()?, Reference::load(&context.folder)?);
    let (latest, all) = (warehouse.committed_files(AsOf::Latest)?, warehouse.committed_files(AsOf::All)?);
    let views = session::views(context)?;
    let sources =
        DictionarySources { contracts: &contracts, reference: &reference, views: &views, latest: &latest, all: &all };
    let dictionary = Dictionary::new(&shapes, &sources);
    Ok((shapes, dictionary))
}

/// The table called `name`, or the names that resemble it.
pub(super) fn find<'a>(dictionary: &'a Dictionary, name: &str) -> Result<&'a TableEntry, Failure> {
    dictionary.find(name).map_err(|near| {
        let hint = match near.is_empty() {
            true => "`lumbung catalog` lists them all".to_owned(),
            false => format!("did you mean {}?", near.join(" or ")),
        };
        Failure::usage(format!("no table is called {name}; {hint}"))
    })
}

fn publisher(context: &Context) -> Publisher {
    let deployment = &context.config.deployment;
    Publisher {
        agency: deployment.agency.clone(),
        unit: deployment.unit.clone(),
        contact: deployment.contact.clone(),
        data_url: deployment.data_url.clone(),
    }
}

/// One line a table; those whose name matches `pattern`, in which `*` stands for anything. History tables repeat their
/// datasets and are listed on request only.
pub(super) fn list(dictionary: &Dictionary, pattern: Option<&str>) -> String {
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
pub(super) fn describe(entry: &TableEntry) -> String {
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
            column.meaning.clone(),
        ]);
    }
    format!("{text}\n{}", columns.render())
}

fn as_json(entry: &TableEntry) -> Value {
    let columns = entry.columns.iter().map(|column| {
        json!({
            "column": column.name, "type": column.sql_type, "unit": column.unit, "class": column.class,
            "meaning": column.meaning,
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
            "committed_at": state.committed_at.to_rfc3339(), "rows": state.rows, "bytes": state.bytes,
        })),
        "columns": columns.collect::<Vec<_>>(),
    })
}

/// One line a column.
fn csv(dictionary: &Dictionary) -> Result<String, Failure> {
    let header = ["table", "column", "type", "unit", "class", "meaning", "kind", "source", "access", "newest"];
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

fn markdown(entry: &TableEntry) -> String {
    let cell = |text: &str| text.replace('|', "\\|");
    let mut text = format!("## {}\n\n", entry.name());
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
        let (name, meaning) = (&column.name, cell(&column.meaning));
        text.push_str(&format!(
            "| {name} | {} | {} | {} | {meaning} |\n",
            column.sql_type, column.unit, column.class
        ));
    }
    text
}

/// Which view reads which table: an edge a line, or as JSON.
fn lineage(dictionary: &Dictionary, format: DictionaryFormat) -> Result<String, Failure> {
    let edges: Vec<Vec<String>> = dictionary
        .tables
        .iter()
        .flat_map(|entry| entry.reads.iter().map(|read| vec![entry.name(), read.clone()]))
        .collect();
    match format {
        DictionaryFormat::Dcat => {
            Err(Failure::new(Code::Usage, "lineage is part of the dcat export: leave --lineage out"))
        }
        DictionaryFormat::Json => Ok(pretty(&edges.iter().map(|e| json!({ "view": e[0], "reads": e[1] })).collect())),
        DictionaryFormat::Csv => {
            let header = vec!["view".to_owned(), "reads".to_owned()];
            as_csv(&std::iter::once(header).chain(edges).collect::<Vec<_>>())
        }
        DictionaryFormat::Markdown => {
            let lines = edges.iter().map(|e| format!("| {} | {} |\n", e[0], e[1]));
            Ok(format!("| view | reads |\n|---|---|\n{}", lines.collect::<String>()))
        }
        DictionaryFormat::Table => {
            let mut table = Table::new(&["view", "reads"]);
            edges.into_iter().for_each(|edge| table.row(edge));
            Ok(table.render())
        }
    }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
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
