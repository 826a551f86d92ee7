//! The tables of a session: every dataset of every contract over the files that the ledger says are committed, and its
//! history. A session as of a day knows nothing of later ones.

use arrow::datatypes::DataType;

use super::table::{HISTORY, TableFile, TableSource};
use crate::contract::{Class, Contract, Dataset, file_schema};
use crate::warehouse::{CommittedFile, CommittedSet, RemovedSnapshot};

/// `<source>.<dataset>` (the latest snapshots of `files`) and `history.<source>_<dataset>` (all of them).
#[must_use]
pub fn dataset_tables(files: &CommittedSet, contracts: &[Contract]) -> Vec<TableSource> {
    let latest: Vec<&CommittedFile> = files.latest().collect();
    let all: Vec<&CommittedFile> = files.retained.iter().collect();
    let mut tables = Vec::new();
    for contract in contracts {
        for dataset in &contract.datasets {
            let mut table_of_day = table(contract, dataset, &latest, false);
            table_of_day.refused = refused(files, &contract.source, &dataset.name);
            tables.push(table_of_day);
            tables.push(table(contract, dataset, &all, true));
        }
    }
    tables
}

fn table(contract: &Contract, dataset: &Dataset, files: &[&CommittedFile], history: bool) -> TableSource {
    let mut partition_columns = Vec::new();
    if dataset.fiscal_year {
        partition_columns.push(("tahun_anggaran".to_owned(), DataType::Int32));
    }
    partition_columns.push((dataset.date_key().to_owned(), DataType::Date32));
    // Events have a date of their own; their history answers to the common name as well.
    let both_names = history && dataset.date_key() != "snapshot_date";
    if both_names {
        partition_columns.push(("snapshot_date".to_owned(), DataType::Date32));
    }
    let own = files
        .iter()
        .filter(|file| file.dataset.source() == contract.source && file.dataset.dataset() == dataset.name);
    let files = own
        .map(|file| TableFile {
            path: file.path.clone(),
            partition_values: partition_columns
                .iter()
                .map(|(key, _)| match file.partition.get(key) {
                    Some(value) => value.to_owned(),
                    None => file.snapshot_date.to_string(),
                })
                .collect(),
            bytes: file.bytes,
            rows: Some(file.rows),
        })
        .collect();
    let (schema, table) = if history {
        (HISTORY.to_owned(), format!("{}_{}", contract.source, dataset.name))
    } else {
        (contract.source.clone(), dataset.name.clone())
    };
    TableSource {
        schema,
        table,
        columns: file_schema(dataset),
        partition_columns,
        identifying: identifying(dataset),
        files,
        refused: None,
    }
}

/// Why the table of a dataset cannot be read as of the day of `files`: the snapshot that is meant was removed, and an older one must not
/// stand for it in silence.
pub(super) fn refused(files: &CommittedSet, source: &str, dataset: &str) -> Option<String> {
    let of_dataset = |gone: &&RemovedSnapshot| gone.dataset.source() == source && gone.dataset.dataset() == dataset;
    files.removed().iter().find(of_dataset).map(ToString::to_string)
}

/// A key of one column, of the rows or of the push they came in, and the numbers of persons.
pub(crate) fn identifying(dataset: &Dataset) -> Vec<String> {
    let pushed = dataset.receive.as_ref().map(|receive| &receive.key);
    let keys = [Some(&dataset.key), pushed].into_iter().flatten().filter(|key| key.len() == 1).flatten().cloned();
    let personal = dataset.columns.iter().filter(|column| matches!(column.class, Class::Key(_)));
    keys.chain(personal.map(|column| column.name.clone())).collect()
}
