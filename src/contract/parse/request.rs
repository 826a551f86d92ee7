//! What is asked and for what it is repeated, from TOML.

use crate::config::document::Section;
use crate::contract::{ForEach, HttpMethod, Paging, RequestTemplate};

/// Method, path, query, body and parameters of a dataset.
pub(super) fn request(section: &Section<'_, '_>) -> RequestTemplate {
    let method = match section.text("method").unwrap_or("GET") {
        "GET" => HttpMethod::Get,
        "POST" => HttpMethod::Post,
        other => {
            section.problem("method", format!("unknown method \"{other}\""), "known: GET, POST");
            HttpMethod::Get
        }
    };
    let body = section.text("body").map(str::to_owned);
    if body.is_some() && method == HttpMethod::Get {
        section.problem("body", "a GET has no body", "method = \"POST\"");
    }
    RequestTemplate {
        method,
        path: section.required_text("path", "the path below base_url"),
        path_whole: section.text("path_whole").map(str::to_owned),
        query: section.text_map("query"),
        body,
        filters: section.texts("filters"),
        requires: section.texts("requires"),
        personal_parameters: section.texts("personal_parameters"),
    }
}

/// `for_each = { sql | list | values }`.
pub(super) fn for_each(section: &Section<'_, '_>) -> Option<ForEach> {
    let table = section.section("for_each")?;
    let sql = table.text("sql").map(str::to_owned);
    let list = table.text("list").map(str::to_owned);
    let columns = table.texts("columns");
    let values = table.texts_map("values");
    let for_each = match (list, sql, values.as_slice()) {
        (Some(list), sql, []) if !columns.is_empty() => Some(ForEach::List { list, columns, sql }),
        (None, Some(sql), []) if columns.is_empty() => Some(ForEach::Sql(sql)),
        (None, None, [(parameter, values)]) if !values.is_empty() => {
            Some(ForEach::Values { parameter: parameter.clone(), values: values.clone() })
        }
        _ => {
            let hint =
                "{ sql = \"SELECT …\" }, { list = \"name\", columns = [\"nib\"] } or { values = { kode = [\"1\"] } }";
            section.problem("for_each", "`for_each` says nothing that can be repeated", hint);
            None
        }
    };
    table.finish();
    for_each
}

/// Checks that something fills every placeholder, and that the paging finds its own.
pub(super) fn check(
    section: &Section<'_, '_>,
    request: &RequestTemplate,
    paging: &Paging,
    for_each: Option<&ForEach>,
) {
    let wanted: &[&str] = match paging {
        Paging::Whole | Paging::Files { .. } | Paging::Inbox { .. } => &[],
        Paging::RowRange { .. } => &["from", "to"],
        Paging::PageNumber { .. } => &["page"],
        Paging::Daily { .. } => &["date"],
    };
    for name in wanted.iter().filter(|name| !request.uses(name)) {
        section.problem("path", format!("`path` lacks {{{name}}}"), "the paging fills it in");
    }
    let mut known: Vec<&str> = vec!["tahun"];
    known.extend(wanted);
    if matches!(paging, Paging::PageNumber { .. }) {
        known.push("size");
    }
    known.extend(request.filters.iter().chain(&request.requires).map(String::as_str));
    match for_each {
        Some(ForEach::List { columns, .. }) => known.extend(columns.iter().map(String::as_str)),
        Some(ForEach::Values { parameter, .. }) => known.push(parameter),
        // The columns of a query are not known before it ran.
        Some(ForEach::Sql(_)) | None => {}
    }
    let any_name = matches!(for_each, Some(ForEach::Sql(_)));
    if let Some(stranger) = request.placeholders().iter().find(|name| !any_name && !known.contains(&name.as_str())) {
        let message = format!("the request holds a placeholder that its paging does not fill in: {{{stranger}}}");
        section.problem("path", message, format!("known here: {}", known.join(", ")));
    }
    if let Paging::RowRange { page_rows: 0, .. } = paging
        && request.path_whole.is_none()
    {
        section.problem("paging", "page_rows = 0 asks for everything at once", "give `path_whole`, or a page size");
    }
}
