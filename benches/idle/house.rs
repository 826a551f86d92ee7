//! A warehouse with many snapshots of one dataset.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, new_null_array};
use arrow::datatypes::{DataType, Field, Schema};
use chrono::{DateTime, Days, NaiveDate, Utc};
use lumbung::config::ConfigFolder;
use lumbung::contract::file_schema;
use lumbung::warehouse::{CommitMode, DatasetId, Keeping, Partition, RunStart, Seal, Warehouse};

/// The time that the daemon takes it to be: after the load of the day, so that nothing is due.
pub(crate) const NOW: &str = "2026-10-30T06:00:00+07:00";

/// The day of the newest snapshot.
const TODAY: &str = "2026-10-30";

/// The source and dataset.
const DATASET: (&str, &str) = ("omspan", "dipa_belanja");

/// Commits a snapshot of `rows` rows for each of `days` days, oldest first.
pub(crate) fn fill(folder: &Path, days: u32, rows: u32) {
    let contracts = ConfigFolder::embedded().contracts().expect("the contracts of this release");
    let contract = contracts.iter().find(|contract| contract.source == DATASET.0).expect("a known source");
    let schema = file_schema(contract.dataset(DATASET.1).expect("a known dataset"));
    // Codes are all that is filled in.
    let fields: Vec<Field> = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let columns: Vec<ArrayRef> = schema
        .fields()
        .iter()
        .map(|field| match field.data_type() {
            DataType::Utf8 => {
                Arc::new((0..rows).map(|row| Some(format!("{row:06}"))).collect::<StringArray>()) as ArrayRef
            }
            other => new_null_array(other, rows as usize),
        })
        .collect();
    let batch = RecordBatch::try_new(schema.clone(), columns).expect("columns of the contract");
    let today: NaiveDate = TODAY.parse().expect("a date");
    let warehouse = Warehouse::open(folder, at(today)).expect("a new warehouse");
    for age in (0..days).rev() {
        let day = today - Days::new(u64::from(age));
        let year = u16::try_from(chrono::Datelike::year(&day)).expect("our time");
        let start = RunStart {
            dataset: DatasetId::new(DATASET.0, DATASET.1).expect("a good name"),
            tahun_anggaran: Some(year),
            contract_version: contract.version,
            control: Vec::new(),
            key_id: None,
            replay_of: None,
            parameters: None,
            keeping: Keeping { seal: Seal::Open, level: None },
            at: at(day),
        };
        let run = warehouse.begin_run(start).expect("a run");
        let partition = Partition::of_snapshot(Some(year), day);
        let mut writer = run.stage(partition, schema.clone(), Vec::new()).expect("a stage");
        writer.write(&batch).expect("rows are written");
        let staged = writer.finish().expect("the file is what was written");
        run.commit(vec![staged], CommitMode::Snapshot, at(day), None).expect("a commit");
    }
}

/// Half past four in Jakarta.
fn at(day: NaiveDate) -> DateTime<Utc> {
    day.and_hms_opt(4, 30, 0).expect("a time of day").and_utc() - chrono::TimeDelta::hours(7)
}
