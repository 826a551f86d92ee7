//! The figures of `/metrics`, computed from the ledger when somebody asks. Every label is a name of the configuration or one of a
//! few words, so the number of series is bounded by the configuration; nothing of a row is among them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::WatchParts;
use super::exposition::Kind::{Counter, Gauge};
use super::exposition::{Kind, Metric, Page, Value};
use super::process::Process;
use crate::schedule::{DatasetAge, ages};
use crate::warehouse::{
    AsOf, DeliveryCount, DeliveryState, MartState, OccurrenceCount, OccurrenceState, PushOutcome, RunStatus,
    WarehouseError,
};

const fn metric(name: &'static str, kind: Kind, help: &'static str) -> Metric {
    Metric { name, kind, help }
}

/// How a load ended, or stands.
const RUN_STATES: [RunStatus; 7] = [
    RunStatus::Running,
    RunStatus::Committing,
    RunStatus::Committed,
    RunStatus::Unchanged,
    RunStatus::Empty,
    RunStatus::Held,
    RunStatus::Failed,
];

/// How an attempt at the marts ended, or stands.
const MART_STATES: [RunStatus; 5] =
    [RunStatus::Running, RunStatus::Committing, RunStatus::Committed, RunStatus::Held, RunStatus::Failed];

/// Severities of data tests.
const SEVERITIES: [&str; 2] = ["error", "warning"];

/// The page at `now`.
pub(super) fn page(parts: &WatchParts, now: DateTime<Utc>) -> Result<String, WarehouseError> {
    let mut page = Page::default();
    page.put(
        &metric("lumbung_build_info", Gauge, "The program that answers; always 1."),
        &[("version", env!("CARGO_PKG_VERSION"))],
        Value::Count(1),
    );
    datasets(&mut page, parts, now)?;
    let vitals = parts.warehouse.vitals(now)?;
    jobs(&mut page, parts, &vitals.occurrences);
    deliveries(&mut page, &vitals.deliveries, now);
    scheduler(&mut page, parts);
    inbox(&mut page, parts, now)?;
    marts(&mut page, &parts.warehouse.mart_state()?);
    store(&mut page, parts)?;
    process(&mut page, parts);
    Ok(page.into_text())
}

/// How a figure is taken from how a dataset stands; `None` where there is none.
type OfDataset = fn(&DatasetAge<'_>) -> Option<Value>;

/// Figures of each dataset, and fiscal year where its loads are asked for one.
const OF_DATASETS: [(Metric, OfDataset); 5] = [
    (
        metric(
            "lumbung_dataset_last_good_timestamp_seconds",
            Gauge,
            "When a load last found warehouse and source in agreement: committed, unchanged or empty.",
        ),
        |age| age.fresh.good_at.map(Value::At),
    ),
    (
        metric(
            "lumbung_dataset_stale",
            Gauge,
            "Whether the last load was not good, or is longer ago than it may be.",
        ),
        |age| Some(Value::Is(age.wrong().is_some())),
    ),
    (metric("lumbung_dataset_rows", Gauge, "Rows of the newest snapshot; of accumulating data all rows."), |age| {
        Some(Value::Count(age.rows))
    }),
    (metric("lumbung_dataset_last_attempt_timestamp_seconds", Gauge, "When the last load began."), |age| {
        Some(Value::At(age.fresh.attempt.started_at))
    }),
    (
        metric(
            "lumbung_dataset_last_error_timestamp_seconds",
            Gauge,
            "When the last load began that was held or failed.",
        ),
        |age| age.last_error().map(|run| Value::At(run.started_at)),
    ),
];

fn datasets(page: &mut Page, parts: &WatchParts, now: DateTime<Utc>) -> Result<(), WarehouseError> {
    let freshness = parts.warehouse.freshness()?;
    let files = parts.warehouse.committed_files(AsOf::Latest)?;
    let named = ages(&freshness, &files, &parts.limits, now).into_iter().map(|age| {
        let year = age.fresh.tahun_anggaran.map(|year| year.to_string()).unwrap_or_default();
        (age.fresh.dataset.to_string(), year, age)
    });
    let known: Vec<(String, String, DatasetAge<'_>)> =
        named.filter(|(name, ..)| parts.datasets.contains(name)).collect();
    for (family, of) in &OF_DATASETS {
        for (name, year, age) in &known {
            if let Some(value) = of(age) {
                page.put(family, &[("dataset", name), ("tahun_anggaran", year)], value);
            }
        }
    }
    let help = "1 for the status of the last load, 0 for the others.";
    let status = metric("lumbung_dataset_last_attempt_status", Gauge, help);
    for (name, year, age) in &known {
        for state in RUN_STATES {
            let labels = [("dataset", name.as_str()), ("tahun_anggaran", year), ("status", state.word())];
            page.put(&status, &labels, Value::Is(age.fresh.attempt.status == state));
        }
    }
    let help = "How long ago the last good load of a dataset may be; absent where nobody minds.";
    let limit = metric("lumbung_dataset_age_limit_seconds", Gauge, help);
    for (name, of) in parts.limits.iter().filter(|(name, _)| parts.datasets.contains(*name)) {
        page.put(&limit, &[("dataset", name)], Value::Span(of.age));
    }
    Ok(())
}

/// What the ledger has of one job.
#[derive(Debug, Default)]
struct JobCounts<'a> {
    by_state: BTreeMap<OccurrenceState, &'a OccurrenceCount>,
}

impl JobCounts<'_> {
    fn n(&self, state: OccurrenceState) -> u64 {
        self.by_state.get(&state).map_or(0, |count| count.n)
    }

    /// The newest of its occurrences that was not good, or was.
    fn newest(&self, states: &[OccurrenceState]) -> Option<DateTime<Utc>> {
        states.iter().filter_map(|state| self.by_state.get(state)).map(|count| count.newest_due).max()
    }

    fn is_failing(&self) -> bool {
        let bad = self.newest(&[OccurrenceState::Failed, OccurrenceState::Held]);
        bad.is_some() && bad > self.newest(&[OccurrenceState::Done])
    }
}

fn jobs(page: &mut Page, parts: &WatchParts, counts: &[OccurrenceCount]) {
    let mut jobs: BTreeMap<&str, JobCounts<'_>> =
        parts.jobs.iter().map(|job| (job.as_str(), JobCounts::default())).collect();
    for count in counts {
        if let Some(job) = jobs.get_mut(count.job.as_str()) {
            job.by_state.insert(count.state, count);
        }
    }
    // No counter: retention takes the old ones away.
    let known =
        metric("lumbung_occurrences", Gauge, "Times of the schedule that the ledger knows, by job and state.");
    for (job, counts) in &jobs {
        for state in OccurrenceState::ALL {
            page.put(&known, &[("job", job), ("state", state.word())], Value::Count(counts.n(state)));
        }
    }
    let running = jobs.values().map(|counts| counts.n(OccurrenceState::Running)).sum();
    page.put(
        &metric("lumbung_jobs_running", Gauge, "Jobs that an attempt is at work on."),
        &[],
        Value::Count(running),
    );
    let failing = metric("lumbung_job_failing", Gauge, "Whether the last time of the job to run failed or was held.");
    for (job, counts) in &jobs {
        page.put(&failing, &[("job", job)], Value::Is(counts.is_failing()));
    }
    let success = metric("lumbung_job_last_success_timestamp_seconds", Gauge, "When the job last ended well.");
    for (job, counts) in &jobs {
        let done = counts.by_state.get(&OccurrenceState::Done).and_then(|count| count.last_end);
        done.into_iter().for_each(|at| page.put(&success, &[("job", job)], Value::At(at)));
    }
}

fn deliveries(page: &mut Page, counts: &[DeliveryCount], now: DateTime<Utc>) {
    let family = metric("lumbung_deliveries", Gauge, "Mails by state, notes to the operator and proofs among them.");
    for state in DeliveryState::ALL {
        let n = counts.iter().find(|count| count.state == state).map_or(0, |count| count.n);
        page.put(&family, &[("state", state.word())], Value::Count(n));
    }
    let waiting = counts.iter().filter(|count| !count.state.is_final()).map(|count| now - count.oldest).max();
    let oldest =
        metric("lumbung_delivery_oldest_waiting_seconds", Gauge, "How long the oldest mail waits that has not left.");
    page.put(&oldest, &[], Value::Span(waiting.unwrap_or_default()));
}

fn scheduler(page: &mut Page, parts: &WatchParts) {
    let Some(beat) = parts.pulse.as_ref().map(|pulse| pulse.last()) else { return };
    let charge = metric("lumbung_scheduler_in_charge", Gauge, "Whether this process runs what is due.");
    page.put(&charge, &[], Value::Is(beat.in_charge));
    if let Some(at) = beat.at {
        let looked =
            metric("lumbung_scheduler_last_look_timestamp_seconds", Gauge, "When the scheduler last looked.");
        page.put(&looked, &[], Value::At(at));
    }
}

fn inbox(page: &mut Page, parts: &WatchParts, now: DateTime<Utc>) -> Result<(), WarehouseError> {
    let Some((inbox, writer)) = &parts.inbox else { return Ok(()) };
    page.put(
        &metric("lumbung_inbox_writer_up", Gauge, "Whether pushes can be stored."),
        &[],
        Value::Is(writer.is_alive()),
    );
    let waiting = inbox.inbox_waiting()?;
    let known: Vec<(String, _)> = waiting.iter().map(|one| (one.dataset.to_string(), one)).collect();
    let families = [
        metric("lumbung_inbox_waiting", Gauge, "Pushes that are not loaded yet."),
        metric("lumbung_inbox_waiting_bytes", Gauge, "Sealed bytes of pushes that are not loaded yet."),
        metric(
            "lumbung_inbox_oldest_waiting_seconds",
            Gauge,
            "How long the oldest push waits that is not loaded yet.",
        ),
        metric("lumbung_inbox_refused_kept", Gauge, "Refused pushes that are kept."),
    ];
    for (i, family) in families.iter().enumerate() {
        for (name, one) in known.iter().filter(|(name, _)| parts.datasets.contains(name)) {
            let value = match i {
                0 => Value::Count(one.pushes),
                1 => Value::Count(one.bytes),
                2 => Value::Span(one.oldest.map(|oldest| now - oldest).unwrap_or_default()),
                _ => Value::Count(one.refused),
            };
            page.put(family, &[("dataset", name)], value);
        }
    }
    // By source and method of the contracts: whatever else a caller writes is not counted.
    let mut calls: BTreeMap<(String, String, PushOutcome), u64> = BTreeMap::new();
    for tally in inbox.inbox_tallies()? {
        *calls.entry((tally.source, tally.method, tally.outcome)).or_default() += tally.pushes;
    }
    let family = metric(
        "lumbung_inbox_calls_total",
        Counter,
        "Calls of senders by how they ended; the latest come a little late.",
    );
    for ((source, method, outcome), n) in calls {
        let labels = [("source", source.as_str()), ("method", &method), ("outcome", outcome.word())];
        page.put(&family, &labels, Value::Count(n));
    }
    Ok(())
}

fn marts(page: &mut Page, state: &MartState) {
    if let Some(at) = state.shown.as_ref().and_then(|run| run.finished_at) {
        page.put(
            &metric("lumbung_marts_made_timestamp_seconds", Gauge, "When the marts that are shown were made."),
            &[],
            Value::At(at),
        );
    }
    if let Some(last) = &state.last {
        let status = metric(
            "lumbung_marts_last_attempt_status",
            Gauge,
            "1 for the status of the last attempt, 0 for the others.",
        );
        for known in MART_STATES {
            page.put(&status, &[("status", known.word())], Value::Is(last.status == known));
        }
    }
    let failing = metric(
        "lumbung_data_tests_failing",
        Gauge,
        "Data tests that found rows, or could not run, before the last attempt.",
    );
    for severity in SEVERITIES {
        let n = state.tests.iter().filter(|test| test.severity == severity && test.rows != Some(0)).count();
        page.put(&failing, &[("severity", severity)], Value::Count(n as u64));
    }
}

fn store(page: &mut Page, parts: &WatchParts) -> Result<(), WarehouseError> {
    let space = parts.warehouse.space()?;
    for (name, help, bytes) in [
        ("lumbung_disk_free_bytes", "Room on the file system of the warehouse.", space.free),
        ("lumbung_disk_size_bytes", "Size of the file system of the warehouse.", space.total),
        ("lumbung_disk_free_limit_bytes", "Room below which the daemon is not ready.", parts.disk_free_min),
        ("lumbung_ledger_bytes", "Size of the ledger and its log.", parts.warehouse.ledger_bytes()?),
    ] {
        page.put(&metric(name, Gauge, help), &[], Value::Count(bytes));
    }
    Ok(())
}

/// Under the names that every exporter uses for them.
fn process(page: &mut Page, parts: &WatchParts) {
    let process = Process::this();
    let started = metric("process_start_time_seconds", Gauge, "When the daemon started.");
    page.put(&started, &[], Value::At(parts.started_at));
    if let Some(cpu) = process.cpu {
        page.put(
            &metric("process_cpu_seconds_total", Counter, "Time that the daemon has computed."),
            &[],
            Value::Span(cpu),
        );
    }
    for (name, help, value) in [
        ("process_resident_memory_bytes", "Memory that the daemon holds.", process.resident),
        ("process_open_fds", "Files and connections that the daemon has open.", process.open_files),
    ] {
        value.into_iter().for_each(|n| page.put(&metric(name, Gauge, help), &[], Value::Count(n)));
    }
}
