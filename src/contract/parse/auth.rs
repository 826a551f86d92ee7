//! The ways of proving who asks, from TOML.

use super::parsed_list;
use crate::config::document::Section;
use crate::contract::{Auth, AuthKind, Login};

/// `[source.auth]`, or several `[[source.auth]]`.
pub(super) fn ways(source: &Section<'_, '_>) -> Vec<Auth> {
    let sections =
        if source.is_list("auth") { source.sections("auth") } else { source.section("auth").into_iter().collect() };
    if sections.is_empty() {
        source.problem("auth", "the table [source.auth] is missing", "kind = \"bearer\"");
    }
    let several = sections.len() > 1;
    let ways: Vec<Auth> = sections.into_iter().filter_map(|section| way(section, several)).collect();
    for (i, way) in ways.iter().enumerate() {
        if ways[..i].iter().any(|other| other.name == way.name) {
            source.problem("auth", format!("two ways of authentication are called \"{}\"", way.name), "");
        }
    }
    ways
}

fn way(section: Section<'_, '_>, several: bool) -> Option<Auth> {
    const KNOWN: &str = "bearer, header, login";
    let kind = section.required_text("kind", KNOWN);
    let name = match section.text("name") {
        Some(name) => name.to_owned(),
        None if several => section.required_text("name", "a deployment chooses by it"),
        None => kind.clone(),
    };
    let header = || header_name(&section);
    let kind = match kind.as_str() {
        "bearer" => Some(AuthKind::Bearer),
        "header" => Some(AuthKind::Header { header: header() }),
        "login" => Some(AuthKind::Login(Box::new(Login {
            path: section.required_text("path", "where the key is asked for"),
            body: login_body(&section),
            header: header(),
            key_at: parsed_list(&section, "key_at"),
            expires_at: parsed_list(&section, "expires_at"),
        }))),
        "" => None,
        other => {
            section.problem("kind", format!("unknown kind of authentication \"{other}\""), format!("known: {KNOWN}"));
            None
        }
    };
    if let Some(AuthKind::Login(login)) = &kind
        && login.key_at.is_empty()
    {
        section.problem("key_at", "`key_at` says nowhere where the answer holds the key", "key_at = [\"*.key\"]");
    }
    section.finish();
    kind.map(|kind| Auth { name, kind })
}

fn header_name(section: &Section<'_, '_>) -> String {
    let name = section.required_text("header", "the name of the header that carries the key");
    if !name.is_empty() && reqwest::header::HeaderName::from_bytes(name.as_bytes()).is_err() {
        section.problem("header", format!("\"{name}\" is no name of a header"), "letters, digits, - and _");
    }
    name
}

fn login_body(section: &Section<'_, '_>) -> String {
    let body = section.required_text("body", "a JSON text with {user} and {secret}");
    if !body.is_empty() && !body.contains("{secret}") {
        section.problem("body", "`body` does not say where the secret goes", "put {secret} (and {user}) into it");
    }
    body
}
