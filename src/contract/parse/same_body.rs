//! `same_body_as`: a dataset whose rows are written as another one's are. It takes over columns and further tables, so
//! that a body that comes by two roads is described once.

use crate::config::document::Section;
use crate::contract::{Dataset, JsonPath, RowShape};

/// Fills in what datasets take over. `wanted` holds each dataset's name and whose body it has.
pub(super) fn expand(root: &Section<'_, '_>, datasets: &mut Vec<Dataset>, wanted: &[(String, String)]) {
    for (name, model) in wanted {
        let problem = |message: String, hint: &str| root.problem("dataset", message, hint);
        let Some(of) = datasets.iter().find(|dataset| dataset.name == *model).cloned() else {
            problem(format!("\"{name}\" has the body of the unknown dataset \"{model}\""), "name one of this source");
            continue;
        };
        let Some(at) = datasets.iter().position(|dataset| dataset.name == *name) else { continue };
        if of.personal && !datasets[at].personal {
            problem(format!("\"{name}\" has the body of \"{model}\", which is personal"), "personal = true");
        }
        take_columns(&mut datasets[at], &of);
        if datasets[at].same_answer_as.is_some() {
            continue;
        }
        let further = further_tables(datasets, &datasets[at], &of);
        datasets.splice(at + 1..at + 1, further);
    }
}

/// Puts the columns of the model before the dataset's own, which win where both have one; what a request filled is left out.
fn take_columns(dataset: &mut Dataset, model: &Dataset) {
    let own = std::mem::take(&mut dataset.columns);
    let taken =
        model.columns.iter().filter(|column| column.param.is_none() && own.iter().all(|o| o.name != column.name));
    dataset.columns = taken.cloned().collect();
    let shift = dataset.columns.len();
    dataset.control.iter_mut().for_each(|index| *index += shift);
    dataset.columns.extend(own);
    let summed = model.control.iter().filter_map(|&i| dataset.column(&model.columns[i].name));
    dataset.control = dataset.control.iter().copied().chain(summed).collect();
}

/// The further tables of the model under the dataset's name, where it has none of that name itself.
fn further_tables(datasets: &[Dataset], dataset: &Dataset, model: &Dataset) -> Vec<Dataset> {
    let of_model = datasets.iter().filter(|other| other.same_answer_as.as_deref() == Some(&model.name));
    let renamed = of_model.filter_map(|table| {
        let rest = table.name.strip_prefix(&model.name).unwrap_or(&table.name).trim_start_matches('_');
        let name = format!("{}_{rest}", dataset.name);
        let mut table = table.clone();
        table.rows = rerooted(&table.rows, &model.rows, &dataset.rows)?;
        table.columns.retain(|column| column.param.is_none());
        table.same_answer_as = Some(dataset.name.clone());
        table.document_section.clone_from(&dataset.document_section);
        table.name = name;
        Some(table)
    });
    renamed.filter(|table| datasets.iter().all(|other| other.name != table.name)).collect()
}

/// The rows of a further table, with the beginning of their path exchanged.
fn rerooted(table: &RowShape, from: &RowShape, to: &RowShape) -> Option<RowShape> {
    let paths = |rows: &RowShape| match rows {
        RowShape::Document { rows_at, .. } => Some(rows_at.clone()),
        _ => None,
    };
    let (table, from, to) = (paths(table)?, paths(from)?, paths(to)?);
    let mut rows_at = Vec::new();
    for path in &table {
        let rest = from.iter().find_map(|root| path.steps.strip_prefix(root.steps.as_slice()))?;
        rows_at.extend(to.iter().map(|root| JsonPath { steps: [root.steps.as_slice(), rest].concat() }));
    }
    Some(RowShape::Document { rows_at, of_other_tables: Vec::new() })
}
