//! An explanation for people and for scripts.

use serde_json::{Map, Value, json};

use super::{Explanation, Page};
use crate::cli::Context;
use crate::cli::exit::{Code, Failure};
use crate::cli::output::{OutputFormat, Table, grouped, print, print_json};

/// Lines of files and of pages that people are shown; scripts get all.
const SHOWN: usize = 12;

/// Prints it; fails with 65 where the figure does not come out as it was printed.
pub(super) fn show(context: &Context, explanation: &Explanation) -> Result<(), Failure> {
    match context.output {
        OutputFormat::Json => print_json(&as_json(explanation))?,
        OutputFormat::Table => print(&as_text(explanation))?,
    }
    if explanation.problems.is_empty() { Ok(()) } else { Err(Failure::told(Code::Data)) }
}

fn object(pairs: &[(String, String)]) -> Value {
    Value::Object(pairs.iter().map(|(name, value)| (name.clone(), json!(value))).collect::<Map<_, _>>())
}

fn as_json(explanation: &Explanation) -> Value {
    let Explanation { figure, query, .. } = explanation;
    let page = |page: &Page| {
        json!({ "dataset": page.dataset, "run": page.run, "window": page.window, "page": page.page,
            "sha256": page.sha256, "rows": page.rows, "raw": page.raw })
    };
    json!({
        "edition": explanation.edition, "number": explanation.number, "figure": figure.id, "text": figure.text,
        "value": figure.value, "unit": figure.unit, "how": explanation.how,
        "query": query.as_ref().map(|query| &query.name), "query_sha256": explanation.sha256,
        "sql": query.as_ref().map(|query| &query.sql), "parameters": object(&explanation.parameters),
        "key": explanation.key.as_ref().map(|(column, value)| json!({ "column": column, "value": value })),
        "column": figure.column, "now": explanation.now, "row": object(&explanation.row),
        "computed_from": explanation.made_of, "views": object(&explanation.views),
        "snapshots": explanation.files, "pages": explanation.pages.iter().map(page).collect::<Vec<_>>(),
        "problems": explanation.problems,
    })
}

fn as_text(explanation: &Explanation) -> String {
    let figure = &explanation.figure;
    let mut lines: Vec<(&str, String)> = vec![
        ("edition", format!("{}/{}", explanation.edition, explanation.number)),
        ("figure", figure.id.clone()),
        ("printed", figure.text.clone()),
        ("value", format!("{} {}", figure.value, figure.unit).trim_end().to_owned()),
    ];
    lines.extend(explanation.how.iter().map(|how| ("how", how.clone())));
    if let Some(query) = &explanation.query {
        let sha256 = explanation.sha256.as_deref().unwrap_or_default();
        lines.push(("query", format!("queries/report/{}.sql, sha256 {sha256}", query.name)));
    }
    lines.extend(explanation.parameters.iter().map(|(name, value)| ("bound", format!("${name} = {value}"))));
    lines.extend(explanation.key.iter().map(|(column, value)| ("row", format!("{column} = {value}"))));
    if !figure.query.is_empty() {
        let now = explanation.now.as_ref().map(|now| format!(", now {now}")).unwrap_or_default();
        lines.push(("column", format!("{}{now}", figure.column)));
    }
    if !explanation.made_of.is_empty() {
        lines.push(("from", explanation.made_of.join(", ")));
    }
    let views: Vec<&str> = explanation.views.iter().map(|(name, _)| name.as_str()).collect();
    if !views.is_empty() {
        lines.push(("views", views.join(", ")));
    }
    lines.extend(explanation.problems.iter().map(|problem| ("problem", problem.clone())));
    let mut text: String = lines.iter().map(|(name, value)| format!("{name:<9}{value}\n")).collect();
    text.push_str(&row(explanation));
    text.push_str(&files(explanation));
    text.push_str(&pages(&explanation.pages));
    if let Some(query) = &explanation.query {
        text.push_str(&format!("\n{}\n", query.sql.trim_end()));
    }
    text
}

fn row(explanation: &Explanation) -> String {
    if explanation.row.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["column", "value"]);
    explanation.row.iter().for_each(|(name, value)| table.row(vec![name.clone(), value.clone()]));
    format!("\n{}", table.render())
}

fn files(explanation: &Explanation) -> String {
    if explanation.files.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["dataset", "partition", "run", ">rows", "sha256"]);
    for file in explanation.files.iter().take(SHOWN) {
        let sha256 = file.sha256.iter().flat_map(|sha256| sha256.chars()).take(12).collect();
        table.row(vec![file.dataset.clone(), file.partition.clone(), file.run.clone(), grouped(file.rows), sha256]);
    }
    format!("\n{}{}", table.render(), more(explanation.files.len()))
}

fn pages(pages: &[Page]) -> String {
    if pages.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["dataset", "run", "window", ">page", ">rows", "sha256", "archived"]);
    for page in pages.iter().take(SHOWN) {
        table.row(vec![
            page.dataset.clone(),
            page.run.clone(),
            page.window.clone(),
            page.page.to_string(),
            grouped(page.rows),
            page.sha256.clone(),
            if page.raw.is_some() { "yes" } else { "no" }.to_owned(),
        ]);
    }
    format!("\n{}{}", table.render(), more(pages.len()))
}

fn more(all: usize) -> String {
    if all > SHOWN { format!("and {} more: --output json\n", all - SHOWN) } else { String::new() }
}
