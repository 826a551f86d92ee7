//! TOML to [`Contract`], with every problem of the file at once.

mod column;

use std::collections::BTreeMap;

use super::column::{Class, Column, ColumnType};
use super::{Answers, Auth, Contract, Dataset, Envelope, HttpLimits, Paging, RowShape};
use crate::config::Problems;
use crate::config::document::{Document, Section};

/// Reads the contract in `text`; `file` is how the user knows it.
///
/// # Errors
/// Every problem found, each with its line and a hint.
pub fn parse(file: &str, text: &str) -> Result<Contract, Problems> {
    let document = Document::parse(file, text);
    let root = document.root();
    let contract = contract(&root);
    root.finish();
    let problems = document.into_problems();
    match contract {
        Some(contract) if problems.is_empty() => Ok(contract),
        _ => Err(Problems(problems)),
    }
}

fn contract(root: &Section<'_, '_>) -> Option<Contract> {
    let Some(source) = root.section("source") else {
        root.problem("source", "the table [source] is missing", "name, title, version, base_url, timezone, …");
        return None;
    };
    let name = identifier(&source, "name");
    let timezone = source.required_text("timezone", "an IANA zone such as Asia/Jakarta");
    let zone = timezone.parse().ok();
    if zone.is_none() && !timezone.is_empty() {
        source.problem("timezone", format!("\"{timezone}\" is not a time zone"), "an IANA name such as Asia/Jakarta");
    }
    let version = source.integer("version", 1..=9_999);
    if version.is_none() {
        source.problem("version", "`version` is missing or wrong in [source]", "start with 1");
    }
    let fiscal_year = source.flag("fiscal_year").unwrap_or(false);
    let datasets: Vec<Dataset> = root.sections("dataset").into_iter().filter_map(dataset).collect();
    if datasets.is_empty() {
        root.problem("dataset", "a contract needs at least one [[dataset]]", "");
    }
    unique_names(root, &datasets);
    let contract = Contract {
        source: name,
        title: source.required_text("title", "what people call the system"),
        document: source.required_text("document", "the document this contract transcribes"),
        version: u32::try_from(version.unwrap_or(1)).expect("checked range"),
        base_url: base_url(&source),
        timezone: zone.unwrap_or(chrono_tz::UTC),
        fiscal_year,
        auth: auth(&source),
        answers: answers(&source),
        http: http_limits(&source),
        datasets,
    };
    source.finish();
    Some(contract)
}

/// A lower snake case name, as used for folders, SQL names and config keys.
fn identifier(section: &Section<'_, '_>, key: &'static str) -> String {
    let name = section.required_text(key, "a name in lower snake case");
    let good = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !good && !name.is_empty() {
        section.problem(key, format!("\"{name}\" is not lower snake case"), "a-z, 0-9 and _, a letter first");
    }
    name
}

/// Checks that a URL is one, and encrypted unless it stays on this machine.
pub(crate) fn check_base_url(url: &str) -> Result<String, String> {
    let parsed = reqwest::Url::parse(url).map_err(|error| format!("not a URL: {error}"))?;
    let local = matches!(parsed.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    match parsed.scheme() {
        "https" => {}
        "http" if local => {}
        _ => return Err("only https, or http to this machine".to_owned()),
    }
    if !parsed.username().is_empty() || parsed.password().is_some() || parsed.query().is_some() {
        return Err("no user, password or query in the base URL: secrets come from the environment".to_owned());
    }
    Ok(url.trim_end_matches('/').to_owned())
}

/// A URL as an error message may repeat it: without what could be a secret.
pub(crate) fn shown_url(url: &str) -> &str {
    if url.contains(['@', '?']) { "…" } else { url }
}

fn base_url(source: &Section<'_, '_>) -> String {
    let url = source.required_text("base_url", "https://…");
    if url.is_empty() {
        return url;
    }
    check_base_url(&url).unwrap_or_else(|hint| {
        source.problem("base_url", format!("`base_url` cannot be \"{}\"", shown_url(&url)), hint);
        String::new()
    })
}

fn auth(source: &Section<'_, '_>) -> Auth {
    let Some(section) = source.section("auth") else {
        source.problem("auth", "the table [source.auth] is missing", "kind = \"bearer\"");
        return Auth::Bearer;
    };
    let kind = section.required_text("kind", "bearer");
    if !kind.is_empty() && kind != "bearer" {
        section.problem("kind", format!("unknown kind of authentication \"{kind}\""), "known: bearer");
    }
    section.finish();
    Auth::Bearer
}

fn answers(source: &Section<'_, '_>) -> Answers {
    let Some(section) = source.section("answers") else { return Answers::default() };
    let lower = |key| section.texts(key).into_iter().map(|text| text.to_lowercase()).collect();
    let answers = Answers {
        empty: lower("empty"),
        wrong_parameter: lower("wrong_parameter"),
        unauthorised: lower("unauthorised"),
    };
    section.finish();
    answers
}

fn http_limits(source: &Section<'_, '_>) -> HttpLimits {
    let section = source.section("http");
    let number = |key, low: i64, high: i64, default: u64| {
        let given = section.as_ref().and_then(|section| section.integer(key, low..=high));
        given.map_or(default, |n| u64::try_from(n).expect("the range is positive"))
    };
    let limits = HttpLimits {
        connect_timeout_secs: number("connect_timeout_secs", 1, 300, 10),
        read_timeout_secs: number("read_timeout_secs", 1, 7_200, 300),
        attempts: u32::try_from(number("attempts", 1, 20, 4)).expect("at most 20"),
        backoff_secs: number("backoff_secs", 0, 600, 2),
        body_bytes_max: number("body_bytes_max", 1_024, 1 << 40, 16 << 30),
    };
    if let Some(section) = section {
        section.finish();
    }
    limits
}

fn unique_names(root: &Section<'_, '_>, datasets: &[Dataset]) {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for dataset in datasets {
        *count.entry(&dataset.name).or_default() += 1;
    }
    for (name, _) in count.into_iter().filter(|(_, n)| *n > 1) {
        root.problem("dataset", format!("two datasets are called \"{name}\""), "names are unique in a source");
    }
}

fn dataset(section: Section<'_, '_>) -> Option<Dataset> {
    let name = identifier(&section, "name");
    let personal = section.flag("personal").unwrap_or(false);
    let columns = column::columns(&section, personal);
    let index = |key: &'static str, wanted: &str| {
        let position = columns.iter().position(|column| column.name == wanted);
        if position.is_none() {
            section.problem(key, format!("`{key}` names the unknown column \"{wanted}\""), "names as in `columns`");
        }
        position
    };
    let control: Vec<usize> = section.texts("control").iter().filter_map(|name| index("control", name)).collect();
    if let Some(&i) = control.iter().find(|&&i| columns[i].ty != ColumnType::Money || columns[i].class == Class::Drop)
    {
        let message = format!("the control column \"{}\" is not a stored money column", columns[i].name);
        section.problem("control", message, "control totals are sums of money columns");
    }
    let method = section.text("method").unwrap_or("GET");
    if method != "GET" {
        section.problem("method", format!("unknown method \"{method}\""), "known: GET");
    }
    let envelope = section.required_text("envelope", "spanint");
    if !envelope.is_empty() && envelope != "spanint" {
        section.problem("envelope", format!("unknown envelope \"{envelope}\""), "known: spanint");
    }
    let fiscal_year_column = section.text("fiscal_year_column").and_then(|name| index("fiscal_year_column", name));
    if let Some(column) = fiscal_year_column.map(|i| &columns[i]).filter(|c| !matches!(c.ty, ColumnType::Date(_))) {
        let message = format!("the fiscal year column \"{}\" is no date", column.name);
        section.problem("fiscal_year_column", message, "type = \"date\"");
    }
    let fold = section.text("fold_surplus_into").and_then(|name| index("fold_surplus_into", name));
    let dataset = Dataset {
        title: section.required_text("title", "what people call the dataset"),
        grain: section.required_text("grain", "what one row is"),
        document_section: section.text("document_section").unwrap_or_default().to_owned(),
        path: section.required_text("path", "the path below base_url"),
        path_whole: section.text("path_whole").map(str::to_owned),
        paging: paging(&section, &columns)?,
        envelope: Envelope::Spanint,
        rows: row_shape(&section, fold),
        personal,
        fiscal_year_column,
        control,
        quarantine_pct_max: percent(&section, "quarantine_pct_max", 1),
        shrink_pct_max: percent(&section, "shrink_pct_max", 20),
        columns,
        name,
    };
    check_path(&section, &dataset);
    section.finish();
    Some(dataset)
}

fn percent(section: &Section<'_, '_>, key: &'static str, default: u32) -> u32 {
    section.integer(key, 0..=100).map_or(default, |n| u32::try_from(n).expect("0 to 100"))
}

fn row_shape(section: &Section<'_, '_>, fold_surplus_into: Option<usize>) -> RowShape {
    match section.text("rows").unwrap_or("objects") {
        "header_positional" => RowShape::HeaderPositional { fold_surplus_into },
        "objects" => RowShape::Objects,
        other => {
            section.problem("rows", format!("unknown row shape \"{other}\""), "known: objects, header_positional");
            RowShape::Objects
        }
    }
}

fn paging(section: &Section<'_, '_>, columns: &[Column]) -> Option<Paging> {
    let Some(paging) = section.section("paging") else {
        section.problem("paging", "`paging` is missing", "paging = { kind = \"whole\" }");
        return None;
    };
    let kind = paging.required_text("kind", "whole, row_range or daily");
    let column = |key: &'static str, name: &str| {
        let index = columns.iter().position(|column| column.name == name);
        if index.is_none() {
            paging.problem(key, format!("`paging.{key}` names the unknown column \"{name}\""), "");
        }
        index
    };
    let parsed = match kind.as_str() {
        "whole" => Some(Paging::Whole),
        "row_range" => {
            let number = paging.required_text("row_number", "the column that numbers the rows");
            let row_number = column("row_number", &number);
            if row_number.is_some_and(|i| columns[i].ty != ColumnType::Integer) {
                paging.problem("row_number", format!("the column \"{number}\" is no integer"), "type = \"integer\"");
            }
            row_number.map(|row_number| Paging::RowRange {
                page_rows: paging.integer("page_rows", 0..=10_000_000).unwrap_or(50_000).unsigned_abs(),
                row_number,
                constant: paging.texts("constant").iter().filter_map(|name| column("constant", name)).collect(),
                restarts: u32::try_from(paging.integer("restarts", 0..=20).unwrap_or(3)).expect("at most 20"),
            })
        }
        "daily" => {
            let partition = identifier(&paging, "partition");
            if columns.iter().any(|column| column.name == partition) {
                let message = format!("the partition \"{partition}\" is also a column");
                paging.problem("partition", message, "a path key and a file column may not share a name");
            }
            let back_fill_days = paging.integer("back_fill_days", 0..=366).unwrap_or(7);
            Some(Paging::Daily { partition, back_fill_days: u32::try_from(back_fill_days).expect("at most 366") })
        }
        "" => None,
        other => {
            paging.problem("kind", format!("unknown kind of paging \"{other}\""), "known: whole, row_range, daily");
            None
        }
    };
    paging.finish();
    parsed
}

fn check_path(section: &Section<'_, '_>, dataset: &Dataset) {
    let wanted: &[&str] = match &dataset.paging {
        Paging::Whole => &[],
        Paging::RowRange { .. } => &["{from}", "{to}"],
        Paging::Daily { .. } => &["{date}"],
    };
    for placeholder in wanted.iter().filter(|placeholder| !dataset.path.contains(**placeholder)) {
        section.problem("path", format!("`path` lacks {placeholder}"), "the paging fills it in");
    }
    if wanted.len() != dataset.path.matches('{').count() {
        section.problem("path", "`path` holds a placeholder that its paging does not fill in", wanted.join(", "));
    }
    if let Paging::RowRange { page_rows: 0, .. } = dataset.paging
        && dataset.path_whole.is_none()
    {
        section.problem("paging", "page_rows = 0 asks for everything at once", "give `path_whole`, or a page size");
    }
}

#[cfg(test)]
mod tests;
