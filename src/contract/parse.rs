//! TOML to [`Contract`], with every problem of the file at once.

mod auth;
mod column;
mod dataset;
mod drift;
mod envelope;
mod inbox;
mod methods;
mod paging;
mod request;
mod same_body;
mod submit;
mod tables;

use std::collections::BTreeMap;
use std::str::FromStr;

use super::{Answers, Contract, Dataset, HttpLimits, Transport};
use crate::config::Problems;
use crate::config::document::{Document, Section};

/// SQL schemas that no source may be called: they are not a source's.
const RESERVED: [&str; 5] = ["ref", "mart", "ops", "history", "information_schema"];

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
    if RESERVED.contains(&name.as_str()) {
        let hint = format!("the schemas {} are lumbung's own", RESERVED.join(", "));
        source.problem("name", format!("a source cannot be called \"{name}\""), hint);
    }
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
    let transport = dataset::transport(&source).unwrap_or(Transport::Http);
    let shared = dataset::Shared { transport, envelope: envelope::of(&source), fiscal_year };
    let same_body: Vec<(String, String)> = root
        .sections("dataset")
        .iter()
        .filter_map(|section| Some((section.text("name")?.to_owned(), section.text("same_body_as")?.to_owned())))
        .collect();
    let mut datasets: Vec<Dataset> =
        root.sections("dataset").into_iter().filter_map(|section| dataset::dataset(section, &shared)).collect();
    if datasets.is_empty() {
        root.problem("dataset", "a contract needs at least one [[dataset]]", "");
    }
    unique_names(root, &datasets);
    same_body::expand(root, &mut datasets, &same_body);
    let inbox = inbox::inbox(&source);
    inbox::root_pushes(root, inbox.as_ref(), &mut datasets);
    tables::share(root, &mut datasets);
    dataset::check_keys(root, &datasets);
    let sent = submit::shared_envelope(&source).or_else(|| shared.envelope.clone());
    let asks_http = datasets.iter().any(|dataset| dataset.transport == Transport::Http);
    let contract = Contract {
        source: name,
        title: source.required_text("title", "what people call the system"),
        document: source.required_text("document", "the document this contract transcribes"),
        version: u32::try_from(version.unwrap_or(1)).expect("checked range"),
        base_url: if asks_http { base_url(&source) } else { String::new() },
        timezone: zone.unwrap_or(chrono_tz::UTC),
        auth: if asks_http { auth::ways(&source) } else { Vec::new() },
        answers: answers(&source),
        http: http_limits(&source),
        methods: methods::methods(root, &datasets, sent.as_ref()),
        inbox,
        datasets,
    };
    source.finish();
    Some(contract)
}

/// Texts in a type's own notation; each that cannot be read is a problem of `key`.
fn parsed_list<T: FromStr<Err = String>>(section: &Section<'_, '_>, key: &'static str) -> Vec<T> {
    let read = |text: String| match text.parse() {
        Ok(value) => Some(value),
        Err(hint) => {
            section.problem(key, format!("`{key}` cannot hold \"{text}\""), hint);
            None
        }
    };
    section.texts(key).into_iter().filter_map(read).collect()
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

#[cfg(test)]
mod tests;
