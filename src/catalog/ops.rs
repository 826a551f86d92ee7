//! The ledger's and the inbox's own tables, `ops.*`. A session as of a day knows nothing of later ones.

mod audit;
mod deletions;
mod deliveries;
pub(crate) mod schedule;
pub(crate) mod words;

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Int32Array, RecordBatch, StringArray, TimestampMillisecondArray,
    UInt32Array, UInt64Array,
};
use arrow::datatypes::{Date32Type, Field, Schema};
use chrono::{DateTime, NaiveDate, Utc};

use super::table::{MemoryTable, Rows};
use crate::warehouse::{
    Acceptance, AsOf, AuditRecord, CommittedFile, CommittedSet, DeletionRecord, Deliveries, DeliveryRecord,
    InboxTally, LedgerMark, Moment, OccurrenceFilter, OccurrenceRecord, QuarantinedRow, RunFilter, RunId, RunRecord,
    RunStatus, ScheduleRecord, SubmissionRecord, Warehouse, WarehouseError,
};
use audit::audit_table;
use deletions::deletions_table;
use deliveries::deliveries_table;
use schedule::{occurrences_table, schedule_table};

/// Runs that `ops.runs` shows, newest first.
const RUNS_SHOWN_MAX: u32 = 100_000;

/// Records that `ops.submissions` shows, the newest ones.
const SUBMISSIONS_SHOWN_MAX: u32 = 1_000_000;

/// Occurrences that `ops.occurrences` shows, the newest ones.
const OCCURRENCES_SHOWN_MAX: u32 = 1_000_000;

/// Removals that `ops.deletions` shows, the newest ones.
const DELETIONS_SHOWN_MAX: u32 = 1_000_000;

/// Acts in the console that `ops.audit` shows, the newest ones.
const ACTS_SHOWN_MAX: u32 = 1_000_000;

/// `ops.runs`, `ops.quarantine`, `ops.snapshots`, `ops.inbox`, `ops.submissions`, `ops.deliveries`, `ops.schedule`, `ops.occurrences`,
/// `ops.deletions` and `ops.audit` as of `as_of`: a run counts
/// when it began by then (UTC) or published something of a day up to then, a record or a mail when it was entered by then, an
/// occurrence when it was due by then.
///
/// The files are `files`, those of a moment; the other rows are read when somebody asks for them, which most queries do
/// not.
#[must_use]
pub fn ledger_tables(warehouse: &Warehouse, files: &Arc<CommittedSet>, as_of: AsOf) -> Vec<MemoryTable> {
    let day = match as_of {
        AsOf::Date(day) => Some(day),
        AsOf::Latest | AsOf::All => None,
    };
    tables(&Known { warehouse: warehouse.clone(), files: Arc::clone(files), day, mark: None })
}

/// As [`ledger_tables`], of a moment that may be long past: runs that began later are not in it, and those that had not ended
/// are still at work. What was pushed and sent is told as it stands today, of days up to then.
#[must_use]
pub fn ledger_tables_of(warehouse: &Warehouse, moment: &Moment) -> Vec<MemoryTable> {
    let (files, mark) = (Arc::clone(&moment.files), Some(moment.mark.clone()));
    tables(&Known { warehouse: warehouse.clone(), files, day: moment.day, mark })
}

fn tables(known: &Known) -> Vec<MemoryTable> {
    let files = Arc::clone(&known.files);
    let [of_runs, of_rows, of_calls, of_records, of_mails, of_plans, of_times, of_removals, of_acts] =
        [(); 9].map(|()| known.clone());
    vec![
        later(runs(&[]), move || Ok(runs(&of_runs.runs()?))),
        later(quarantine(&[]), move || Ok(quarantine(&of_rows.refused()?))),
        later(snapshots(&CommittedSet::default()), move || Ok(snapshots(&files))),
        later(inbox(&[]), move || Ok(inbox(&of_calls.tallies()?))),
        later(submissions_table(&[]), move || Ok(submissions_table(&of_records.submissions()?))),
        later(deliveries_table(&[]), move || Ok(deliveries_table(&of_mails.deliveries()?))),
        later(schedule_table(&[]), move || Ok(schedule_table(&of_plans.schedules()?))),
        later(occurrences_table(&[]), move || Ok(occurrences_table(&of_times.occurrences()?))),
        later(deletions_table(&[]), move || Ok(deletions_table(&of_removals.deletions()?))),
        later(audit_table(&[]), move || Ok(audit_table(&of_acts.acts()?))),
    ]
}

/// What a session as of `day` knows of the ledger.
#[derive(Clone)]
struct Known {
    warehouse: Warehouse,
    /// The retained files up to then.
    files: Arc<CommittedSet>,
    day: Option<NaiveDate>,
    /// How far the ledger had come; `None` for as far as it is.
    mark: Option<LedgerMark>,
}

impl Known {
    fn runs(&self) -> Result<Vec<RunRecord>, WarehouseError> {
        let until = self.mark.as_ref().map(|mark| mark.runs);
        let shown = RunFilter { limit: Some(RUNS_SHOWN_MAX), until, ..RunFilter::default() };
        let mut records = self.warehouse.runs(&shown)?;
        if let Some(mark) = &self.mark {
            records.iter_mut().filter(|run| mark.open.contains(&run.run)).for_each(at_work);
        }
        if let Some(day) = self.day {
            let published: BTreeSet<&RunId> = self.files.retained.iter().map(|file| &file.run).collect();
            records.retain(|run| run.started_at.date_naive() <= day || published.contains(&run.run));
        }
        Ok(records)
    }

    fn refused(&self) -> Result<Vec<QuarantinedRow>, WarehouseError> {
        let mut rows = self.warehouse.quarantine(None)?;
        if self.day.is_some() || self.mark.is_some() {
            let open = |run: &RunId| self.mark.as_ref().is_some_and(|mark| mark.open.contains(run));
            let known: BTreeSet<RunId> =
                self.runs()?.into_iter().map(|run| run.run).filter(|run| !open(run)).collect();
            rows.retain(|row| known.contains(&row.run));
        }
        Ok(rows)
    }

    fn tallies(&self) -> Result<Vec<InboxTally>, WarehouseError> {
        let mut tallies = self.warehouse.inbox()?.inbox_tallies()?;
        tallies.retain(|tally| self.day.is_none_or(|day| tally.day <= day));
        Ok(tallies)
    }

    fn submissions(&self) -> Result<Vec<SubmissionRecord>, WarehouseError> {
        let mut records = self.warehouse.submissions(None, Some(SUBMISSIONS_SHOWN_MAX))?;
        records.retain(|record| self.day.is_none_or(|day| record.created_at.date_naive() <= day));
        Ok(records)
    }

    fn deliveries(&self) -> Result<Vec<DeliveryRecord>, WarehouseError> {
        let mut records = self.warehouse.deliveries(Deliveries::All)?;
        records.retain(|record| self.day.is_none_or(|day| record.created_at.date_naive() <= day));
        Ok(records)
    }

    fn schedules(&self) -> Result<Vec<ScheduleRecord>, WarehouseError> {
        let mut records = self.warehouse.schedules(end_of_time())?;
        records.retain(|record| self.day.is_none_or(|day| record.since.date_naive() <= day));
        Ok(records)
    }

    fn occurrences(&self) -> Result<Vec<OccurrenceRecord>, WarehouseError> {
        let newest = OccurrenceFilter { limit: Some(OCCURRENCES_SHOWN_MAX), ..OccurrenceFilter::default() };
        let mut records = self.warehouse.occurrences(&newest)?;
        records.retain(|record| self.day.is_none_or(|day| record.due_at.date_naive() <= day));
        Ok(records)
    }

    fn deletions(&self) -> Result<Vec<DeletionRecord>, WarehouseError> {
        let mut records = self.warehouse.deletions(DELETIONS_SHOWN_MAX)?;
        records.retain(|record| self.day.is_none_or(|day| record.at.date_naive() <= day));
        Ok(records)
    }

    fn acts(&self) -> Result<Vec<AuditRecord>, WarehouseError> {
        let mut records = self.warehouse.audited(ACTS_SHOWN_MAX)?;
        records.retain(|record| self.day.is_none_or(|day| record.at.date_naive() <= day));
        Ok(records)
    }
}

/// The last second that the ledger's instants, which sort as text, can name.
fn end_of_time() -> DateTime<Utc> {
    DateTime::from_timestamp(253_402_300_799, 0).expect("the end of the year 9999")
}

/// A run as it stood before it ended.
fn at_work(run: &mut RunRecord) {
    *run = RunRecord {
        status: RunStatus::Running,
        reason: None,
        finished_at: None,
        pages: 0,
        bytes: 0,
        rows: 0,
        quarantined: 0,
        accepted: None,
        ..run.clone()
    };
}

/// The table `empty` with the rows of the one that `read` gives.
fn later(
    empty: MemoryTable,
    read: impl Fn() -> Result<MemoryTable, WarehouseError> + Send + Sync + 'static,
) -> MemoryTable {
    let rows = move || match read()?.rows {
        Rows::Held(batches) => Ok(batches),
        Rows::Later(read) => read(),
    };
    MemoryTable { rows: Rows::Later(Arc::new(rows)), ..empty }
}

/// One row a committed file: which run it is of, its day, whether the session's `<source>.<dataset>` reads it.
fn snapshots(set: &CommittedSet) -> MemoryTable {
    let files = &set.retained;
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
            ("latest", Arc::new(BooleanArray::from(set.shown.clone()))),
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

/// How often calls to the inbox ended how, by day and method.
fn inbox(tallies: &[InboxTally]) -> MemoryTable {
    let text = |values: Vec<&str>| Arc::new(StringArray::from(values)) as ArrayRef;
    let days = Date32Array::from_iter_values(tallies.iter().map(|tally| Date32Type::from_naive_date(tally.day)));
    let calls = UInt64Array::from_iter_values(tallies.iter().map(|tally| tally.pushes));
    memory(
        "inbox",
        vec![
            ("day", Arc::new(days)),
            ("source", text(tallies.iter().map(|tally| tally.source.as_str()).collect())),
            ("method", text(tallies.iter().map(|tally| tally.method.as_str()).collect())),
            ("outcome", text(tallies.iter().map(|tally| tally.outcome.word()).collect())),
            ("calls", Arc::new(calls)),
        ],
    )
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
    MemoryTable { schema: "ops".to_owned(), table: table.to_owned(), columns: schema, rows: Rows::Held(vec![batch]) }
}

/// The ledger's tables without a row.
#[cfg(test)]
pub(crate) fn empty_ledger_tables() -> Vec<MemoryTable> {
    vec![
        runs(&[]),
        quarantine(&[]),
        snapshots(&CommittedSet::default()),
        inbox(&[]),
        deliveries_table(&[]),
        schedule_table(&[]),
        occurrences_table(&[]),
        deletions_table(&[]),
        audit_table(&[]),
    ]
}
