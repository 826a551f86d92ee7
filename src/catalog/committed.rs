//! The tables of a session: every dataset of every contract over the files that the ledger says are committed, its
//! history, and the ledger's own tables.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Int32Array, RecordBatch, StringArray, TimestampMillisecondArray, UInt32Array, UInt64Array,
};
use arrow::datatypes::{DataType, Date32Type, Field, Schema};
use chrono::{DateTime, Utc};

use super::table::{MemoryTable, TableFile, TableSource};
use crate::contract::{Contract, Dataset, file_schema};
use crate::warehouse::{
    Acceptance, AsOf, CommittedFile, RunFilter, RunRecord, SubmissionRecord, Warehouse, WarehouseError,
};

/// Runs that `ops.runs` shows, newest first.
const RUNS_SHOWN_MAX: u32 = 100_000;

/// Records that `ops.submissions` shows, the newest ones.
const SUBMISSIONS_SHOWN_MAX: u32 = 1_000_000;

/// `<source>.<dataset>` (the latest snapshots as of `as_of`) and `history.<source>_<dataset>` (all of them).
///
/// # Errors
/// When the ledger cannot be read.
pub fn dataset_tables(
    warehouse: &Warehouse,
    contracts: &[Contract],
    as_of: AsOf,
) -> Result<Vec<TableSource>, WarehouseError> {
    let latest = warehouse.committed_files(as_of)?;
    let all = warehouse.committed_files(AsOf::All)?;
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

/// `ops.runs`, `ops.quarantine`, `ops.inbox` and `ops.submissions`.
///
/// # Errors
/// When the ledger cannot be read.
pub fn ledger_tables(warehouse: &Warehouse) -> Result<Vec<MemoryTable>, WarehouseError> {
    let submissions = warehouse.submissions(None, Some(SUBMISSIONS_SHOWN_MAX))?;
    Ok(vec![runs(warehouse)?, quarantine(warehouse)?, inbox(warehouse)?, submissions_table(&submissions)])
}

fn runs(warehouse: &Warehouse) -> Result<MemoryTable, WarehouseError> {
    let runs = warehouse.runs(&RunFilter { limit: Some(RUNS_SHOWN_MAX), ..RunFilter::default() })?;
    let text = |values: Vec<Option<String>>| Arc::new(StringArray::from(values)) as ArrayRef;
    let number = |values: Vec<u64>| Arc::new(UInt64Array::from(values)) as ArrayRef;
    let instant = |values: Vec<Option<DateTime<Utc>>>| {
        let millis: TimestampMillisecondArray =
            values.into_iter().map(|at| at.map(|at| at.timestamp_millis())).collect();
        Arc::new(millis.with_timezone("UTC")) as ArrayRef
    };
    let years: Int32Array = runs.iter().map(|run| run.tahun_anggaran.map(i32::from)).collect();
    let versions = UInt32Array::from_iter_values(runs.iter().map(|run| run.contract_version));
    Ok(memory(
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
    ))
}

fn accepted(run: &RunRecord) -> Option<&Acceptance> {
    run.accepted.as_ref()
}

fn quarantine(warehouse: &Warehouse) -> Result<MemoryTable, WarehouseError> {
    let rows = warehouse.quarantine(None)?;
    let text = |values: Vec<Option<String>>| Arc::new(StringArray::from(values)) as ArrayRef;
    let pages = UInt32Array::from_iter_values(rows.iter().map(|row| row.page));
    let numbers = UInt64Array::from_iter_values(rows.iter().map(|row| row.row));
    Ok(memory(
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
    ))
}

/// How often calls to the inbox ended how, by day and method.
fn inbox(warehouse: &Warehouse) -> Result<MemoryTable, WarehouseError> {
    let tallies = warehouse.inbox()?.inbox_tallies()?;
    let text = |values: Vec<&str>| Arc::new(StringArray::from(values)) as ArrayRef;
    let days = Date32Array::from_iter_values(tallies.iter().map(|tally| Date32Type::from_naive_date(tally.day)));
    let calls = UInt64Array::from_iter_values(tallies.iter().map(|tally| tally.pushes));
    Ok(memory(
        "inbox",
        vec![
            ("day", Arc::new(days)),
            ("source", text(tallies.iter().map(|tally| tally.source.as_str()).collect())),
            ("method", text(tallies.iter().map(|tally| tally.method.as_str()).collect())),
            ("outcome", text(tallies.iter().map(|tally| tally.outcome.word()).collect())),
            ("calls", Arc::new(calls)),
        ],
    ))
}

/// The log of what was sent. `log` has the columns that the contract keeps, as a JSON object; `kd_billing` is the one of
/// them that PNBP is joined by.
pub(crate) fn submissions_table(rows: &[SubmissionRecord]) -> MemoryTable {
    let text = |of: fn(&SubmissionRecord) -> Option<String>| {
        Arc::new(rows.iter().map(of).collect::<StringArray>()) as ArrayRef
    };
    let instant = |of: fn(&SubmissionRecord) -> Option<DateTime<Utc>>| {
        let millis: TimestampMillisecondArray =
            rows.iter().map(|row| of(row).map(|at| at.timestamp_millis())).collect();
        Arc::new(millis.with_timezone("UTC")) as ArrayRef
    };
    let statuses: Int32Array = rows.iter().map(|row| row.http_status.map(i32::from)).collect();
    let attempts = UInt32Array::from_iter_values(rows.iter().map(|row| row.attempts));
    memory(
        "submissions",
        vec![
            ("source", text(|row| Some(row.source.clone()))),
            ("method", text(|row| Some(row.method.clone()))),
            ("key", text(|row| Some(row.key.clone()))),
            ("state", text(|row| Some(row.state.word().to_owned()))),
            ("kd_billing", text(|row| logged(&row.log, "kd_billing"))),
            ("http_status", Arc::new(statuses)),
            ("code", text(|row| row.code.clone())),
            ("message", text(|row| row.message.clone())),
            ("attempts", Arc::new(attempts)),
            ("log", text(|row| Some(row.log.clone()))),
            ("operator", text(|row| Some(row.operator.clone()))),
            ("created_at", instant(|row| Some(row.created_at))),
            ("sent_at", instant(|row| Some(row.sent_at))),
            ("finished_at", instant(|row| row.finished_at)),
        ],
    )
}

/// A column of the log of a record.
fn logged(log: &str, column: &str) -> Option<String> {
    let log: serde_json::Value = serde_json::from_str(log).ok()?;
    log.get(column)?.as_str().map(str::to_owned)
}

fn memory(table: &str, columns: Vec<(&str, ArrayRef)>) -> MemoryTable {
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).expect("the schema is made from these columns");
    MemoryTable { schema: "ops".to_owned(), table: table.to_owned(), columns: schema, batches: vec![batch] }
}
