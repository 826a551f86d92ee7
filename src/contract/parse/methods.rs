//! The document's own list of methods, from TOML.

use crate::config::document::Section;
use crate::contract::{Dataset, Method, MethodDirection};

/// `[[method]]`.
pub(super) fn methods(root: &Section<'_, '_>, datasets: &[Dataset]) -> Vec<Method> {
    root.sections("method").into_iter().filter_map(|section| method(section, datasets)).collect()
}

fn method(section: Section<'_, '_>, datasets: &[Dataset]) -> Option<Method> {
    let direction = section.required_parsed::<MethodDirection>("direction", "which way the data goes");
    let dataset = section.text("dataset").map(str::to_owned);
    if let Some(name) = dataset.as_ref().filter(|name| datasets.iter().all(|dataset| dataset.name != **name)) {
        section.problem("dataset", format!("`dataset` names the unknown dataset \"{name}\""), "");
    }
    let note = section.text("note").unwrap_or_default().to_owned();
    if note.is_empty() && matches!(direction, Some(MethodDirection::Removed | MethodDirection::Undocumented)) {
        section.problem("note", "such a method needs a `note`", "say why nothing is loaded from it");
    }
    let method = Method {
        no: section.integer("no", 1..=9_999).and_then(|no| u32::try_from(no).ok()),
        name: section.required_text("name", "as the document writes it"),
        function: section.required_text("function", "what it does"),
        locate: section.text("locate").unwrap_or_default().to_owned(),
        direction: direction.unwrap_or(MethodDirection::Undocumented),
        dataset,
        note,
    };
    section.finish();
    direction.map(|_| method)
}
