//! Requests: the contract's template with its placeholders filled in.

use std::fmt::Write as _;

use crate::contract::{HttpMethod, RequestTemplate};

/// One request, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// GET or POST.
    pub method: HttpMethod,
    /// The whole address.
    pub url: String,
    /// The address as ledger, log and errors may have it: without personal parameters.
    pub shown: String,
    /// JSON body.
    pub body: Option<String>,
}

impl Request {
    /// A GET of `url`, which holds nothing personal.
    #[must_use]
    pub fn get(url: String) -> Self {
        Self { method: HttpMethod::Get, shown: url.clone(), url, body: None }
    }
}

/// What stands for a value that may not be shown.
const HIDDEN: &str = "…";

/// How a value is written where it goes.
#[derive(Clone, Copy)]
enum Place {
    Url,
    Json,
    Hidden,
}

/// Fills `template` in. `values` are the placeholders by name; a later one of the same name wins. Filters and required
/// parameters that stand nowhere in the template go to the query. `whole` asks for everything at once (`path_whole`).
#[must_use]
pub fn fill(template: &RequestTemplate, base_url: &str, values: &[(String, String)], whole: bool) -> Request {
    let path = if whole { template.path_whole.as_ref().unwrap_or(&template.path) } else { &template.path };
    let added = template.filters.iter().chain(&template.requires).filter(|name| !template.uses(name));
    let added: Vec<(&str, &str)> =
        added.filter_map(|name| value_of(values, name).map(|value| (name.as_str(), value))).collect();
    let address = |hide: bool| {
        let mut url = format!("{base_url}/{}", substituted(path, template, values, place(Place::Url, hide)));
        let mut sign = if url.contains('?') { '&' } else { '?' };
        let given = template
            .query
            .iter()
            .map(|(name, text)| (name.as_str(), substituted(text, template, values, place(Place::Url, hide))));
        let own = added.iter().map(|(name, value)| (*name, written(name, value, template, place(Place::Url, hide))));
        for (name, value) in given.chain(own) {
            write!(url, "{sign}{}={value}", percent_encoded(name)).expect("writing to a string cannot fail");
            sign = '&';
        }
        url
    };
    Request {
        method: template.method,
        url: address(false),
        shown: address(true),
        body: template.body.as_ref().map(|body| substituted(body, template, values, Place::Json)),
    }
}

fn place(usual: Place, hide: bool) -> Place {
    if hide { Place::Hidden } else { usual }
}

fn value_of<'a>(values: &'a [(String, String)], name: &str) -> Option<&'a str> {
    values.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// `text` with every `{name}` that has a value replaced. What a value holds is never taken for a placeholder.
fn substituted(text: &str, template: &RequestTemplate, values: &[(String, String)], place: Place) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        match after.split_once('}').and_then(|(name, tail)| Some((name, value_of(values, name)?, tail))) {
            Some((name, value, tail)) => {
                out.push_str(&written(name, value, template, place));
                rest = tail;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out + rest
}

fn written(name: &str, value: &str, template: &RequestTemplate, place: Place) -> String {
    match place {
        Place::Hidden if template.personal_parameters.iter().any(|personal| personal == name) => HIDDEN.to_owned(),
        Place::Url | Place::Hidden => percent_encoded(value),
        Place::Json => {
            let quoted = serde_json::Value::from(value).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        }
    }
}

/// RFC 3986: everything but the unreserved characters.
fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a string cannot fail");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::fill;
    use crate::contract::{HttpMethod, RequestTemplate};

    fn template() -> RequestTemplate {
        RequestTemplate {
            method: HttpMethod::Post,
            path: "rows/{from}".to_owned(),
            path_whole: Some("rows".to_owned()),
            query: vec![("page".to_owned(), "{page}".to_owned())],
            body: Some(r#"{"A":{"nib":"{nib}","x":{}}}"#.to_owned()),
            filters: vec!["kecamatan".to_owned()],
            requires: vec!["nik".to_owned()],
            personal_parameters: vec!["nik".to_owned()],
        }
    }

    fn values(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn every_value_is_written_as_its_place_wants_it() {
        let given = values(&[("from", "a/b"), ("page", "2"), ("nib", "1\"2{page}"), ("kecamatan", "PURWO DADI")]);
        let request = fill(&template(), "http://h/api", &given, false);
        assert_eq!(request.url, "http://h/api/rows/a%2Fb?page=2&kecamatan=PURWO%20DADI");
        assert_eq!(request.body.as_deref(), Some(r#"{"A":{"nib":"1\"2{page}","x":{}}}"#));
        assert_eq!(fill(&template(), "http://h", &given, true).url.split_once('?').unwrap().0, "http://h/rows");
    }

    #[test]
    fn a_personal_parameter_is_sent_and_never_shown() {
        let request = fill(&template(), "http://h", &values(&[("page", "1"), ("nik", "3514000000000001")]), false);
        assert!(request.url.ends_with("nik=3514000000000001"), "{}", request.url);
        assert!(request.shown.ends_with("nik=…"), "{}", request.shown);
    }
}
