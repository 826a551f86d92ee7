//! The tables of a session: every dataset of every contract over the files that the ledger says are committed, its
//! history, and the ledger's own tables.
//!
//! A session as of a day knows nothing of later ones: neither in `history.*` nor in `ops.*`.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Int32Array, RecordBatch, StringArray, TimestampMillisecondArray,
    UInt32Array, UInt64Array,
};
use arrow::datatypes::{DataType, Date32Type, Field, Schema};
use chrono::{DateTime, Utc};

use super::table::{MemoryTable, TableFile, TableSource};
use crate::contract::{Contract, Dataset, file_schema};
use crate::warehouse::{
    Acceptance, AsOf, CommittedFile, QuarantinedRow, RunFilter, RunId, RunRecord, Warehouse, WarehouseError,
};

/// Runs that `ops.runs` shows, newest first.
const RUNS_SHOWN_MAX: u32 = 100_000;

/// Every retained file of a day up to `as_of`.
pub(crate) fn retained(warehouse: &Warehouse, as_of: AsOf) -> Result<Vec<CommittedFile>, WarehouseError> {
    let mut files = warehouse.committed_files(AsOf::All)?;
    if let AsOf::Date(day) = as_of {
        files.retain(|file| file.snapshot_date <= day);
    }
    Ok(files)
}

/// `<source>.<dataset>` (the latest snapshots as of `as_of`) and `history.<source>_<dataset>` (all up to then).
///
/// # Errors
/// When the ledger cannot be read.
pub fn dataset_tables(
    warehouse: &Warehouse,
    contracts: &[Contract],
    as_of: AsOf,
) -> Result<Vec<TableSource>, WarehouseError> {
    let latest = warehouse.committed_files(as_of)?;
    let all = retained(warehouse, as_of)?;
    let mut tables = Vec::new();
    for contract in contracts {
        for dataset in &contract.datasets {
            tables.push(table(contract, dataset, &latest, false));
            tables.push(table(contract, dataset, &all, true));
        }
    }
    Ok(tables)
}

fn table(contract: &Contract, dataset: &Dataset, files: &[CommittedFile], history: bool) -> TableSource {
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
        })
        .collect();
    let (schema, table) = if history {
        ("history".to_owned(), format!("{}_{}", contract.source, dataset.name))
    } else {
        (contract.source.clone(), dataset.name.clone())
    };
    TableSource { schema, table, columns: file_schema(dataset), partition_columns, files }
}

/// `ops.runs`, `ops.quarantine` and `ops.snapshots` as of `as_of`: a run counts when it began by then (UTC) or published
/// something of a day up to then.
///
/// # Errors
/// When the ledger cannot be read.
pub fn ledger_tables(warehouse: &Warehouse, as_of: AsOf) -> Result<Vec<MemoryTable>, WarehouseError> {
    let files = retained(warehouse, as_of)?;
    let latest = warehouse.committed_files(if as_of == AsOf::All { AsOf::Latest } else { as_of })?;
    let published: BTreeSet<&RunId> = files.iter().map(|file| &file.run).collect();
    let mut records = warehouse.runs(&RunFilter { limit: Some(RUNS_SHOWN_MAX), ..RunFilter::default() })?;
    let mut refused = warehouse.quarantine(None)?;
    if let AsOf::Date(day) = as_of {
        records.retain(|run| run.started_at.date_naive() <= day || published.contains(&run.run));
        let known: BTreeSet<&RunId> = records.iter().map(|run| &run.run).collect();
        refused.retain(|row| known.contains(&row.run));
    }
    Ok(vec![runs(&records), quarantine(&refused), snapshots(&files, &latest)])
}

/// One row a committed file: which run it is of, its day, whether the session's `<source>.<dataset>` reads it.
fn snapshots(files: &[CommittedFile], latest: &[CommittedFile]) -> MemoryTable {
    let current: BTreeSet<_> = latest.iter().map(|file| &file.path).collect();
    let text = |values: Vec<String>| Arc::new(StringArray::from(values)) as ArrayRef;
    let year = |file: &CommittedFile| file.partition.get("tahun_anggaran").and_then(|year| year.parse::<i32>().ok());
    let dates: Vec<i32> = files.iter().map(|file| Date32Type::from_naive_date(file.snapshot_date)).collect();
    let committed: TimestampMillisecondArray =
        files.iter().map(|file| Some(file.committed_at.timestamp_millis())).collect();
    memory(
        "snapshots",
        vec![
            ("source", text(files.iter().map(|file| file.dataset.source().to_owned()).collect())),
            ("dataset", text(files.iter().map(|file| file.dataset.dataset().to_owned()).collect())),
            ("tahun_anggaran", Arc::new(files.iter().map(year).collect::<Int32Array>())),
            ("snapshot_date", Arc::new(Date32Array::from(dates))),
            (
                "latest",
                Arc::new(files.iter().map(|file| Some(current.contains(&file.path))).collect::<BooleanArray>()),
            ),
            ("run", text(files.iter().map(|file| file.run.to_string()).collect())),
            ("rows", Arc::new(UInt64Array::from_iter_values(files.iter().map(|file| file.rows)))),
            ("bytes", Arc::new(UInt64Array::from_iter_values(files.iter().map(|file| file.bytes)))),
            ("committed_at", Arc::new(committed.with_timezone("UTC"))),
        ],
    )
}

fn runs(runs: &[RunRecord]) -> MemoryTable {
    let text = |values: Vec<Option<String>>| Arc::new(StringArray::from(values)) as ArrayRef;
    let number = |values: Vec<u64>| Arc::new(UInt64Array::from(values)) as ArrayRef;
    let instant = |values: Vec<Option<DateTime<Utc>>>| {
        let millis: TimestampMillisecondArray =
            values.into_iter().map(|at| at.map(|at| at.timestamp_millis())).collect();
        Arc::new(millis.with_timezone("UTC")) as ArrayRef
    };
    let years: Int32Array = runs.iter().map(|run| run.tahun_anggaran.map(i32::from)).collect();
    let versions = UInt32Array::from_iter_values(runs.iter().map(|run| run.contract_version));
    memory(
        "runs",
        vec![
            ("run", text(runs.iter().map(|run| Some(run.run.to_string())).collect())),
            ("source", text(runs.iter().map(|run| Some(run.dataset.source().to_owned())).collect())),
            ("dataset", text(runs.iter().map(|run| Some(run.dataset.dataset().to_owned())).collect())),
            ("tahun_anggaran", Arc::new(years)),
            ("status", text(runs.iter().map(|run| Some(run.status.word().to_owned())).collect())),
            ("reason", text(runs.iter().map(|run| run.reason.clone()).collect())),
            ("started_at", instant(runs.iter().map(|run| Some(run.started_at)).collect())),
            ("finished_at", instant(runs.iter().map(|run| run.finished_at).collect())),
            ("rows", number(runs.iter().map(|run| run.rows).collect())),
            ("quarantined", number(runs.iter().map(|run| run.quarantined).collect())),
            ("pages", number(runs.iter().map(|run| run.pages).collect())),
            ("bytes", number(runs.iter().map(|run| run.bytes).collect())),
            ("contract_version", Arc::new(versions)),
            ("key_id", text(runs.iter().map(|run| run.key_id.clone()).collect())),
            ("accepted_by", text(runs.iter().map(|run| accepted(run).map(|a| a.by.clone())).collect())),
            ("accepted_at", instant(runs.iter().map(|run| accepted(run).map(|a| a.at)).collect())),
            ("replay_of", text(runs.iter().map(|run| run.replay_of.as_ref().map(ToString::to_string)).collect())),
            ("parameters", text(runs.iter().map(|run| run.parameters.clone()).collect())),
        ],
    )
}

fn accepted(run: &RunRecord) -> Option<&Acceptance> {
    run.accepted.as_ref()
}

fn quarantine(rows: &[QuarantinedRow]) -> MemoryTable {
    let text = |values: Vec<Option<String>>| Arc::new(StringArray::from(values)) as ArrayRef;
    let pages = UInt32Array::from_iter_values(rows.iter().map(|row| row.page));
    let numbers = UInt64Array::from_iter_values(rows.iter().map(|row| row.row));
    memory(
        "quarantine",
        vec![
            ("run", text(rows.iter().map(|row| Some(row.run.to_string())).collect())),
            ("source", text(rows.iter().map(|row| Some(row.dataset.source().to_owned())).collect())),
            ("dataset", text(rows.iter().map(|row| Some(row.dataset.dataset().to_owned())).collect())),
            ("page", Arc::new(pages)),
            ("row", Arc::new(numbers)),
            ("column", text(rows.iter().map(|row| row.column.clone()).collect())),
            ("reason", text(rows.iter().map(|row| Some(row.reason.clone())).collect())),
        ],
    )
}

fn memory(table: &str, columns: Vec<(&str, ArrayRef)>) -> MemoryTable {
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).expect("the schema is made from these columns");
    MemoryTable { schema: "ops".to_owned(), table: table.to_owned(), columns: schema, batches: vec![batch] }
}

/// The ledger's tables without a row.
#[cfg(test)]
pub(crate) fn empty_ledger_tables() -> Vec<MemoryTable> {
    vec![runs(&[]), quarantine(&[]), snapshots(&[], &[])]
}
