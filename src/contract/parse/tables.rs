//! Further tables of one dataset's answers: what they take over from it, and which keys of a row belong to another table.

use crate::config::document::Section;
use crate::contract::{Dataset, JsonPath, PathStep, RowShape};

/// Completes the datasets that share another one's answers.
pub(super) fn share(root: &Section<'_, '_>, datasets: &mut [Dataset]) {
    let originals: Vec<Dataset> = datasets.to_vec();
    for dataset in datasets.iter_mut() {
        let Some(name) = dataset.same_answer_as.clone() else { continue };
        let parent = originals.iter().find(|other| other.name == name && other.same_answer_as.is_none());
        let Some(parent) = parent.filter(|parent| parent.is_document() && dataset.is_document()) else {
            let message = format!("\"{}\" shares the answers of \"{name}\", which cannot be", dataset.name);
            let hint = "name a dataset of this source with rows = \"document\" and a request of its own";
            root.problem("dataset", message, hint);
            continue;
        };
        dataset.direction = parent.direction;
        dataset.transport = parent.transport;
        dataset.fiscal_year = parent.fiscal_year;
        dataset.request = parent.request.clone();
        dataset.for_each = parent.for_each.clone();
        dataset.paging = parent.paging.clone();
        dataset.envelope = parent.envelope.clone();
    }
    let all: Vec<Dataset> = datasets.to_vec();
    for dataset in datasets {
        let family = dataset.same_answer_as.as_ref().unwrap_or(&dataset.name).clone();
        let others = all.iter().filter(|other| {
            other.name != dataset.name && *other.same_answer_as.as_ref().unwrap_or(&other.name) == family
        });
        let keys: Vec<String> = others.flat_map(|other| keys_of_other(dataset, other)).collect();
        if let RowShape::Document { of_other_tables, .. } = &mut dataset.rows {
            *of_other_tables = keys;
        }
    }
}

/// The keys of a row of `dataset` that `other` reads: the step through which its own rows are reached, and the columns it
/// takes from here.
fn keys_of_other(dataset: &Dataset, other: &Dataset) -> Vec<String> {
    let (RowShape::Document { rows_at: own, .. }, RowShape::Document { rows_at: others, .. }) =
        (&dataset.rows, &other.rows)
    else {
        return Vec::new();
    };
    let mut keys = Vec::new();
    for (own, other_path) in own.iter().flat_map(|own| others.iter().map(move |other| (own, other))) {
        if begins_with(other_path, own)
            && let Some(PathStep::Key(key)) = other_path.steps.get(own.steps.len())
        {
            keys.push(key.clone());
        }
        let label = own.steps.last().map_or(".", |step| match step {
            PathStep::Key(key) => key,
            PathStep::Any => "*",
        });
        let from_here = other.columns.iter().filter(|column| column.of.as_deref() == Some(label));
        keys.extend(from_here.flat_map(|column| column.keys.iter()).filter_map(|key| {
            // `<OF>/<KEY>`: see `Column::keys`.
            key.split_once('/').map(|(_, key)| key.to_owned())
        }));
    }
    keys
}

fn begins_with(path: &JsonPath, start: &JsonPath) -> bool {
    path.steps.len() > start.steps.len() && path.steps.starts_with(&start.steps)
}
