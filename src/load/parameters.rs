//! What the requests of a dataset are repeated for: fixed values, the rows of a file, or the rows of a query over what is
//! loaded already.

use std::collections::BTreeMap;
use std::path::Path;

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::{LoadError, LoadRequest, Loader};
use crate::contract::{Dataset, ForEach};
use crate::source::paging::Window;

/// Most requests series that one window may be repeated for.
const REPETITIONS_MAX: usize = 200_000;

/// Longest list file, in bytes.
const LIST_BYTES_MAX: u64 = 64 << 20;

/// Answers the queries of `for_each`.
#[async_trait]
pub trait Loaded: Sync {
    /// The rows of `sql` over the newest committed snapshots: names and values as text. NULL is an empty text.
    ///
    /// # Errors
    /// Why the query could not be answered.
    async fn rows(&self, sql: &str) -> Result<Vec<Vec<(String, String)>>, String>;
}

/// The parameter sets of one window; one empty set where the request is made once.
pub(super) async fn sets(
    loader: &Loader<'_>,
    dataset: &Dataset,
    request: &LoadRequest,
    window: &Window,
) -> Result<Vec<Vec<(String, String)>>, LoadError> {
    let given = given(loader, dataset, request)?;
    let mut sets = match &dataset.for_each {
        None => vec![Vec::new()],
        Some(ForEach::Values { parameter, values }) => {
            values.iter().map(|value| vec![(parameter.clone(), value.clone())]).collect()
        }
        Some(ForEach::Sql(sql)) => query(loader, dataset, sql, window).await?,
        Some(ForEach::List { list, columns, sql }) => match (loader.settings.lists.get(list), sql) {
            (Some(path), _) => read_list(path, columns)?,
            (None, Some(sql)) => query(loader, dataset, sql, window).await?,
            (None, None) => {
                let source = &loader.contract.source;
                return Err(LoadError::Request(format!(
                    "{source}.{} asks for each row of the list \"{list}\": set sources.{source}.lists.{list} to a file with \
                     {} in lumbung.toml",
                    dataset.name,
                    columns.join(", ")
                )));
            }
        },
    };
    if sets.len() > REPETITIONS_MAX {
        let message = format!("{} would be asked {} times, more than {REPETITIONS_MAX}", dataset.name, sets.len());
        return Err(LoadError::Request(message));
    }
    for set in &mut sets {
        set.extend(given.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    Ok(sets)
}

/// The filters and required parameters that were given: on the command line, else in the configuration.
fn given(loader: &Loader<'_>, dataset: &Dataset, request: &LoadRequest) -> Result<Vec<(String, String)>, LoadError> {
    let known = dataset.request.filters.iter().chain(&dataset.request.requires);
    let value =
        |name: &String| request.parameters.get(name).or_else(|| loader.settings.parameters.get(name)).cloned();
    let given: Vec<(String, String)> = known.filter_map(|name| Some((name.clone(), value(name)?))).collect();
    let missing = dataset.request.requires.iter().find(|name| given.iter().all(|(known, _)| known != *name));
    match missing {
        None => Ok(given),
        Some(name) => Err(LoadError::Request(format!(
            "{}.{} answers about one {name} at a time: give --param {name}=…",
            loader.contract.source, dataset.name
        ))),
    }
}

async fn query(
    loader: &Loader<'_>,
    dataset: &Dataset,
    sql: &str,
    window: &Window,
) -> Result<Vec<Vec<(String, String)>>, LoadError> {
    let year = window.fiscal_year.map_or("NULL".to_owned(), |year| year.to_string());
    let rows = loader.loaded.rows(&sql.replace("{tahun}", &year)).await;
    rows.map_err(|reason| LoadError::Request(format!("the query of for_each in {}: {reason}", dataset.name)))
}

/// A file of separated values with a header line that names `columns`, or without one in their order.
fn read_list(path: &Path, columns: &[String]) -> Result<Vec<Vec<(String, String)>>, LoadError> {
    let broken = |reason: String| LoadError::Folder(format!("the list {}: {reason}", path.display()));
    let size = path.metadata().map_err(|error| broken(error.to_string()))?.len();
    if size > LIST_BYTES_MAX {
        return Err(broken(format!("is longer than {LIST_BYTES_MAX} bytes")));
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .trim(csv::Trim::All)
        .flexible(true)
        .comment(Some(b'#'))
        .from_path(path)
        .map_err(|error| broken(error.to_string()))?;
    let mut places: Vec<usize> = (0..columns.len()).collect();
    let mut sets = Vec::new();
    for (i, record) in reader.records().enumerate() {
        let record = record.map_err(|error| broken(error.to_string()))?;
        let header: Option<Vec<usize>> = columns
            .iter()
            .map(|name| {
                record.iter().position(|field| field.trim_start_matches('\u{feff}').eq_ignore_ascii_case(name))
            })
            .collect();
        match header {
            Some(header) if i == 0 => {
                places = header;
                continue;
            }
            _ => {}
        }
        let values: Option<Vec<&str>> = places.iter().map(|&place| record.get(place)).collect();
        let Some(values) = values.filter(|values| values.iter().all(|value| !value.is_empty())) else {
            let line = record.position().map_or(0, csv::Position::line);
            return Err(broken(format!("line {line} lacks a value of {}", columns.join(", "))));
        };
        sets.push(columns.iter().cloned().zip(values.into_iter().map(str::to_owned)).collect());
    }
    Ok(sets)
}

/// Parameters as a JSON object, personal ones too: for what is sealed.
pub(super) fn as_json(parameters: &[(String, String)]) -> Option<String> {
    let object: Map<String, Value> =
        parameters.iter().map(|(name, text)| (name.clone(), text.clone().into())).collect();
    (!object.is_empty()).then(|| Value::Object(object).to_string())
}

/// Parameters as the ledger may have them: a JSON object, personal values as "…"; `None` when there are none.
pub(super) fn shown(parameters: &[(String, String)], dataset: &Dataset) -> Option<String> {
    let personal = &dataset.request.personal_parameters;
    let value =
        |name: &String, value: &String| if personal.contains(name) { "…".into() } else { value.clone().into() };
    let shown: Map<String, Value> = parameters.iter().map(|(name, text)| (name.clone(), value(name, text))).collect();
    (!shown.is_empty()).then(|| Value::Object(shown).to_string())
}

/// Parameters by name, as a request gives them.
pub type Parameters = BTreeMap<String, String>;

#[cfg(test)]
mod tests {
    use super::read_list;

    #[test]
    fn a_list_may_have_a_header_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nib.csv");
        let read = |text: &str, columns: &[&str]| {
            std::fs::write(&path, text).unwrap();
            let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
            let values = |set: Vec<(String, String)>| set.into_iter().map(|(_, v)| v).collect::<Vec<_>>().join("|");
            read_list(&path, &columns).map(|sets| sets.into_iter().map(values).collect::<Vec<_>>())
        };
        assert_eq!(read("0220001\n# comment\n0220002\n", &["nib"]).unwrap(), ["0220001", "0220002"]);
        assert_eq!(read("\u{feff}nama,NIB\nx,0220001\n", &["nib"]).unwrap(), ["0220001"]);
        assert_eq!(read("a,b\n1,2\n", &["b", "a"]).unwrap(), ["2|1"]);
        let error = read("nib,id\n1,2\n3,\n", &["nib", "id"]).unwrap_err().to_string();
        assert!(error.contains("line 3 lacks a value of nib, id"), "{error}");
    }
}
