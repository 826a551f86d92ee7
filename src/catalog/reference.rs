//! The tables of the schema `ref`: the last import as of a day where there is one, else the rows of the config.

use arrow::datatypes::DataType;

use super::committed::refused;
use super::table::{HISTORY, MemoryTable, Rows, TableFile, TableSource};
use crate::reference::{REF, Reference, ReferenceTable};
use crate::warehouse::{CommittedFile, CommittedSet};

/// `ref.<name>` with the same columns wherever the rows come from, and `history.ref_<name>` with every import among `files`
/// and its `snapshot_date`.
#[must_use]
pub fn reference_tables(files: &CommittedSet, reference: &Reference) -> (Vec<TableSource>, Vec<MemoryTable>) {
    let is_import = |file: &&CommittedFile| file.dataset.source() == REF;
    let newest: Vec<&CommittedFile> = files.latest().filter(is_import).collect();
    let all: Vec<&CommittedFile> = files.retained.iter().filter(is_import).collect();
    let (mut committed, mut held) = (Vec::new(), Vec::new());
    for table in &reference.tables {
        let name = &table.definition.name;
        let columns = table.definition.schema();
        let of_table = |file: &&&CommittedFile| file.dataset.dataset() == name;
        let refused = refused(files, REF, name);
        match newest.iter().find(of_table) {
            None if refused.is_some() => committed.push(TableSource {
                schema: REF.to_owned(),
                table: name.clone(),
                columns: columns.clone(),
                partition_columns: Vec::new(),
                identifying: Vec::new(),
                files: Vec::new(),
                refused,
            }),
            Some(file) => committed.push(TableSource {
                schema: REF.to_owned(),
                table: name.clone(),
                columns: columns.clone(),
                partition_columns: Vec::new(),
                identifying: Vec::new(),
                files: vec![TableFile {
                    path: file.path.clone(),
                    partition_values: Vec::new(),
                    bytes: file.bytes,
                    rows: Some(file.rows),
                }],
                refused,
            }),
            None => held.push(in_memory(table)),
        }
        committed.push(TableSource {
            schema: HISTORY.to_owned(),
            table: format!("{REF}_{name}"),
            columns,
            partition_columns: vec![("snapshot_date".to_owned(), DataType::Date32)],
            identifying: Vec::new(),
            files: all.iter().filter(of_table).map(dated).collect(),
            refused: None,
        });
    }
    (committed, held)
}

/// The rows of the config as a table.
pub(crate) fn in_memory(table: &ReferenceTable) -> MemoryTable {
    MemoryTable {
        schema: REF.to_owned(),
        table: table.definition.name.clone(),
        columns: table.definition.schema(),
        rows: Rows::Held(vec![table.batch.clone()]),
    }
}

fn dated(file: &&CommittedFile) -> TableFile {
    let date = file.snapshot_date.to_string();
    TableFile { path: file.path.clone(), partition_values: vec![date], bytes: file.bytes, rows: Some(file.rows) }
}

#[cfg(test)]
mod tests;
