//! The tables of the schema `ref`: the last import as of a day where there is one, else the rows of the config.

use arrow::datatypes::DataType;

use super::committed::retained;
use super::table::{MemoryTable, TableFile, TableSource};
use crate::reference::{REF, Reference, ReferenceTable};
use crate::warehouse::{AsOf, CommittedFile, Warehouse, WarehouseError};

/// `ref.<name>` with the same columns wherever the rows come from, and `history.ref_<name>` with every import up to `as_of`
/// and its `snapshot_date`.
///
/// # Errors
/// When the ledger cannot be read.
pub fn reference_tables(
    warehouse: &Warehouse,
    reference: &Reference,
    as_of: AsOf,
) -> Result<(Vec<TableSource>, Vec<MemoryTable>), WarehouseError> {
    let newest = imports(warehouse, if as_of == AsOf::All { AsOf::Latest } else { as_of })?;
    let mut all = retained(warehouse, as_of)?;
    all.retain(|file| file.dataset.source() == REF);
    let (mut committed, mut held) = (Vec::new(), Vec::new());
    for table in &reference.tables {
        let name = &table.definition.name;
        let columns = table.definition.schema();
        let of_table = |file: &&CommittedFile| file.dataset.dataset() == name;
        match newest.iter().find(of_table) {
            Some(file) => committed.push(TableSource {
                schema: REF.to_owned(),
                table: name.clone(),
                columns: columns.clone(),
                partition_columns: Vec::new(),
                files: vec![TableFile { path: file.path.clone(), partition_values: Vec::new(), bytes: file.bytes }],
            }),
            None => held.push(in_memory(table)),
        }
        committed.push(TableSource {
            schema: "history".to_owned(),
            table: format!("{REF}_{name}"),
            columns,
            partition_columns: vec![("snapshot_date".to_owned(), DataType::Date32)],
            files: all.iter().filter(of_table).map(dated).collect(),
        });
    }
    Ok((committed, held))
}

/// The rows of the config as a table.
pub(crate) fn in_memory(table: &ReferenceTable) -> MemoryTable {
    MemoryTable {
        schema: REF.to_owned(),
        table: table.definition.name.clone(),
        columns: table.definition.schema(),
        batches: vec![table.batch.clone()],
    }
}

fn imports(warehouse: &Warehouse, as_of: AsOf) -> Result<Vec<CommittedFile>, WarehouseError> {
    let mut files = warehouse.committed_files(as_of)?;
    files.retain(|file| file.dataset.source() == REF);
    Ok(files)
}

fn dated(file: &CommittedFile) -> TableFile {
    let date = file.snapshot_date.to_string();
    TableFile { path: file.path.clone(), partition_values: vec![date], bytes: file.bytes }
}

#[cfg(test)]
mod tests;
