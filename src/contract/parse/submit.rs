//! `[method.submit]`, from TOML: what is sent, how it is checked, and what stands in the log.

use super::{column, envelope};
use crate::config::document::Section;
use crate::contract::{
    Class, Column, Dataset, Direction, Drift, Envelope, HttpMethod, JsonPath, Paging, ReferenceCheck,
    RequestTemplate, RowShape, Submission, Transport, normalise_key,
};

/// `[source.submit]`: how an answer to what was sent says how it went, where the answers to questions say it otherwise.
pub(super) fn shared_envelope(source: &Section<'_, '_>) -> Option<Envelope> {
    let section = source.section("submit")?;
    let envelope = envelope::of(&section);
    section.finish();
    envelope
}

/// `[method.submit]` of the method `name`.
pub(super) fn submission(
    method: &Section<'_, '_>,
    name: &str,
    datasets: &[Dataset],
    shared: Option<&Envelope>,
) -> Option<Submission> {
    let section = method.section("submit")?;
    let personal = section.flag("personal").unwrap_or(false);
    let columns = columns(&section, personal, datasets);
    let body = section.required_text("body", "a JSON body with {record}");
    let whole = body.replace("{record}", "{}");
    if !body.contains("{record}") || serde_json::from_str::<serde::de::IgnoredAny>(&whole).is_err() {
        section.problem("body", "`body` is no JSON document with {record}", "'{\"transaksi\":{record}}'");
    }
    let confirm = section.text("confirm").map(str::to_owned);
    if let Some(name) = confirm.as_ref().filter(|name| datasets.iter().all(|dataset| dataset.name != **name)) {
        section.problem("confirm", format!("`confirm` names the unknown dataset \"{name}\""), "");
    }
    let indices = |key: &'static str| indices(&section, key, &section.texts(key), &columns);
    let (literals, key, log) = (indices("numbers"), indices("key"), indices("log"));
    if key.is_empty() {
        section.problem("key", "`key` is missing", "the columns that tell one record from another");
    }
    if let Some(&i) = log.iter().chain(&key).find(|&&i| columns[i].class != Class::Public) {
        let message = format!("the log cannot keep \"{}\", which is personal", columns[i].name);
        section.problem("log", message, "`key` and `log` name columns of class public");
    }
    if section.text("http").is_some_and(|http| http != "POST") {
        section.problem("http", "what is sent is posted", "http = \"POST\"");
    }
    let envelope = envelope::of(&section).or_else(|| shared.cloned()).unwrap_or(Envelope::Plain);
    let submission = Submission {
        http: HttpMethod::Post,
        path: section.required_text("path", "the path below base_url"),
        wire: wire(&section, &columns),
        checks: checks(&section, &columns),
        record: record(name, personal, (columns, envelope)),
        body,
        literals,
        key,
        log,
        confirm,
    };
    section.finish();
    Some(submission)
}

/// The columns of another dataset, or its own.
fn columns(section: &Section<'_, '_>, personal: bool, datasets: &[Dataset]) -> Vec<Column> {
    let Some(name) = section.text("columns_of") else { return column::columns(section, personal) };
    match datasets.iter().find(|dataset| dataset.name == name) {
        Some(dataset) => {
            if dataset.personal && !personal {
                section.problem("personal", format!("the columns of \"{name}\" are personal"), "personal = true");
            }
            dataset.columns.clone()
        }
        None => {
            section.problem("columns_of", format!("`columns_of` names the unknown dataset \"{name}\""), "");
            Vec::new()
        }
    }
}

fn indices(section: &Section<'_, '_>, key: &'static str, names: &[String], columns: &[Column]) -> Vec<usize> {
    let index = |name: &String| {
        let found = columns.iter().position(|column| column.name == *name);
        if found.is_none() {
            section.problem(key, format!("`{key}` names the unknown column \"{name}\""), "names as in `columns`");
        }
        found
    };
    names.iter().filter_map(index).collect()
}

/// The key that is sent, for each column: none where it is `unsent`, what `wire` says, else its own first key, once.
fn wire(section: &Section<'_, '_>, columns: &[Column]) -> Vec<Option<String>> {
    let renamed = section.text_map("wire");
    for (name, _) in &renamed {
        if columns.iter().all(|column| column.name != *name) {
            section.problem("wire", format!("`wire` names the unknown column \"{name}\""), "names as in `columns`");
        }
    }
    let unsent = indices(section, "unsent", &section.texts("unsent"), columns);
    let mut seen: Vec<&str> = Vec::new();
    let mut wire = Vec::with_capacity(columns.len());
    for (i, column) in columns.iter().enumerate() {
        let key = column.keys.first().map_or("", String::as_str);
        let first = !seen.contains(&key);
        seen.push(key);
        let own = if normalise_key(&column.name) == key { column.name.clone() } else { key.to_lowercase() };
        let sent = renamed.iter().find(|(name, _)| *name == column.name).map_or(own, |(_, sent)| sent.clone());
        let sent = (first && !unsent.contains(&i)).then_some(sent);
        if sent.is_some() && wire.contains(&sent) {
            let message = format!("the key that \"{}\" is sent under is another column's", column.name);
            section.problem("wire", message, "a key carries one column");
        }
        wire.push(sent);
    }
    wire
}

fn checks(section: &Section<'_, '_>, columns: &[Column]) -> Vec<ReferenceCheck> {
    let check = |table: Section<'_, '_>| {
        let names = table.texts("columns");
        if names.is_empty() {
            table.problem("columns", "a check compares columns", "columns = [\"uid_umkm\"]");
        }
        let check = ReferenceCheck {
            says: table.required_text("says", "the rule, for whoever reads the refusal"),
            columns: indices(&table, "columns", &names, columns),
            sql: table.required_text("sql", "SELECT … FROM …"),
        };
        table.finish();
        check
    };
    section.sections("checks").into_iter().map(check).collect()
}

/// The record as a dataset of one document, so that it is read and judged as rows are.
fn record(name: &str, personal: bool, (columns, envelope): (Vec<Column>, Envelope)) -> Dataset {
    Dataset {
        name: name.to_owned(),
        title: name.to_owned(),
        grain: "one record".to_owned(),
        document_section: name.to_owned(),
        direction: Direction::Submit,
        transport: Transport::Http,
        request: RequestTemplate::none(),
        receive: None,
        for_each: None,
        same_answer_as: None,
        paging: Paging::Whole,
        envelope,
        rows: RowShape::Document { rows_at: vec![JsonPath::default()], of_other_tables: Vec::new() },
        fiscal_year: false,
        personal,
        fiscal_year_column: None,
        key: Vec::new(),
        control: Vec::new(),
        quarantine_pct_max: 0,
        shrink_pct_max: 100,
        drift: Drift::default(),
        columns,
    }
}
