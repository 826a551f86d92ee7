//! The document's own list of methods, from TOML.

use super::submit;
use crate::config::document::Section;
use crate::contract::{Dataset, Envelope, Method, MethodDirection};

/// `[[method]]`.
pub(super) fn methods(root: &Section<'_, '_>, datasets: &[Dataset], shared: Option<&Envelope>) -> Vec<Method> {
    root.sections("method").into_iter().filter_map(|section| method(section, datasets, shared)).collect()
}

fn method(section: Section<'_, '_>, datasets: &[Dataset], shared: Option<&Envelope>) -> Option<Method> {
    let direction = section.required_parsed::<MethodDirection>("direction", "which way the data goes");
    let dataset = section.text("dataset").map(str::to_owned);
    if let Some(name) = dataset.as_ref().filter(|name| datasets.iter().all(|dataset| dataset.name != **name)) {
        section.problem("dataset", format!("`dataset` names the unknown dataset \"{name}\""), "");
    }
    let note = section.text("note").unwrap_or_default().to_owned();
    if note.is_empty() && matches!(direction, Some(MethodDirection::Removed | MethodDirection::Undocumented)) {
        section.problem("note", "such a method needs a `note`", "say why nothing is loaded from it");
    }
    let name = section.required_text("name", "as the document writes it");
    let submit = submit::submission(&section, &name, datasets, shared);
    if submit.is_some() && direction != Some(MethodDirection::Submit) {
        section.problem("submit", "only what is sent has `submit`", "direction = \"submit\"");
    }
    let method = Method {
        no: section.integer("no", 1..=9_999).and_then(|no| u32::try_from(no).ok()),
        name,
        function: section.required_text("function", "what it does"),
        locate: section.text("locate").unwrap_or_default().to_owned(),
        direction: direction.unwrap_or(MethodDirection::Undocumented),
        dataset,
        submit,
        note,
    };
    section.finish();
    direction.map(|_| method)
}
