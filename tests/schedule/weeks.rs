//! Four weeks by a clock that is handed in: real loads of the simulated treasury, a report that waits for them, and what goes wrong
//! in between. In the end every time of the schedule is accounted for, and the warehouse holds what it would have held anyway.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Asia::Jakarta;
use futures::FutureExt;
use secrecy::SecretString;

use lumbung::clock::Clock;
use lumbung::config::{ArchiveSettings, Config, ConfigFolder, Credentials, DayRule, PrivacySettings, SourceSettings};
use lumbung::contract::Contract;
use lumbung::load::{LoadReport, LoadRequest, Loaded, Loader, Progress, Status, YearsProbed};
use lumbung::reference::Reference;
use lumbung::report::freshness::{FreshnessRule, Late};
use lumbung::report::{SourceNote, Verdict, judge};
use lumbung::schedule::{
    Attempt, Calendar, Ended, JobId, Limits, News, Outcome, Plan, ReportTimes, Runner, Work, occurrences,
};
use lumbung::warehouse::{AsOf, DatasetId, OccurrenceFilter, OccurrenceState, Warehouse};

use crate::harness::{Lab, YEARS};

const DATASETS: [&str; 2] = ["omspan.capaian_ik_kl", "omspan.ketersediaan_dana"];

/// How often the daemon looks; once a minute in life.
const STEP: TimeDelta = TimeDelta::minutes(30);

pub(super) fn wib(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_str(&format!("{text}:00 +0700"), "%Y-%m-%d %H:%M:%S %z").unwrap().with_timezone(&Utc)
}

/// Loads of the simulated treasury, and a report that is only judged.
struct Treasury<'a> {
    lab: &'a Lab,
    warehouse: &'a Warehouse,
    contract: Contract,
    credentials: Credentials,
    down: Cell<bool>,
    editions: RefCell<Vec<String>>,
    news: RefCell<Vec<String>>,
}

pub(super) struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &DatasetId, _: usize) {}
    fn advance(&self, _: &DatasetId, _: usize, _: u64, _: u64) {}
    fn retry(&self, _: &DatasetId, _: &str) {}
    fn end(&self, _: &LoadReport) {}
}

pub(super) struct NothingLoaded;

#[async_trait]
impl Loaded for NothingLoaded {
    async fn rows(&self, _: &str) -> Result<Vec<Vec<(String, String)>>, String> {
        Ok(Vec::new())
    }
}

impl<'a> Treasury<'a> {
    fn new(lab: &'a Lab, warehouse: &'a Warehouse) -> Self {
        let contracts = ConfigFolder::embedded().contracts().unwrap();
        let contract = contracts.into_iter().find(|contract| contract.source == "omspan").unwrap();
        let token = |year: i32| {
            let secret = SecretString::from(lab.sandbox().token("omspan", year));
            (format!("LUMBUNG_OMSPAN_TOKEN_{year}"), secret)
        };
        let credentials = Credentials::Given(YEARS.into_iter().map(token).collect());
        Self {
            lab,
            warehouse,
            contract,
            credentials,
            down: Cell::new(false),
            editions: RefCell::default(),
            news: RefCell::default(),
        }
    }

    async fn load(&self, dataset: &str, now: DateTime<Utc>) -> LoadReport {
        let nobody = "http://127.0.0.1:9".to_owned();
        let settings = SourceSettings {
            base_url: Some(if self.down.get() { nobody } else { self.lab.sandbox().base_url("omspan") }),
            attempts: Some(1),
            backoff_secs: Some(0),
            ..SourceSettings::default_for("omspan")
        };
        let probed = YearsProbed::default();
        let loader = Loader {
            warehouse: self.warehouse,
            contract: &self.contract,
            settings: &settings,
            credentials: &self.credentials,
            archive: &ArchiveSettings { enabled: false, recipient: None, level: 1 },
            privacy: &PrivacySettings { key_file: None },
            loaded: &NothingLoaded,
            clock: Clock::Fixed(now),
            probed: &probed,
            progress: &Silent,
        };
        let request = LoadRequest::of(now.with_timezone(&Jakarta).date_naive(), "test".to_owned());
        let dataset = self.contract.dataset(dataset.trim_start_matches("omspan.")).unwrap();
        loader.load(dataset, &request).await.remove(0)
    }

    /// As a report is judged: by what the ledger says of its datasets.
    fn judged(&self, attempt: &Attempt) -> Outcome {
        let day = attempt.at.with_timezone(&Jakarta).date_naive();
        let files = self.warehouse.committed_files(AsOf::Latest).unwrap();
        let freshness = self.warehouse.freshness().unwrap();
        let note = |dataset: &&str| {
            let file =
                files.iter().filter(|file| file.dataset.to_string() == **dataset).max_by_key(|f| f.committed_at)?;
            Some(SourceNote {
                dataset: (*dataset).to_owned(),
                title: (*dataset).to_owned(),
                snapshot_date: file.snapshot_date,
                extracted_at: file.committed_at,
                rows: file.rows,
                run: file.run.to_string(),
                stale: freshness.iter().any(|fresh| fresh.dataset == file.dataset && fresh.stale),
                quarantined: 0,
            })
        };
        let notes: Vec<SourceNote> = DATASETS.iter().filter_map(note).collect();
        let datasets = DATASETS.map(|dataset| (dataset.to_owned(), 60)).to_vec();
        let rule = FreshnessRule { late: Late::Wait, wait_hours: 6, data_date_days: None, datasets };
        let edition = |banner: &str| {
            let hour = attempt.at.with_timezone(&Jakarta).format("%m-%d %H:%M");
            self.editions.borrow_mut().push(format!("{hour}{banner}"));
            Outcome::Done(None)
        };
        match judge(&rule, &notes, day, attempt.started_at, attempt.at) {
            Verdict::Ready => edition(""),
            Verdict::SendWithBanner(_) => edition(" with a banner"),
            Verdict::Wait { until, why } => Outcome::Wait { until, why: why.join(" ") },
            Verdict::Hold(why) => Outcome::Held(why.join(" ")),
        }
    }
}

#[async_trait(?Send)]
impl Work for Treasury<'_> {
    async fn attempt(&self, attempt: &Attempt) -> Ended {
        let JobId::Dataset(dataset) = &attempt.job.id else { return Ended::plain(self.judged(attempt)) };
        let _lease = attempt.lease(dataset, attempt.at).unwrap().unwrap();
        let report = self.load(dataset, attempt.at).await;
        let outcome = match report.status {
            Status::Committed | Status::Unchanged | Status::Empty => Outcome::Done(None),
            Status::Held => Outcome::Held("held".to_owned()),
            Status::Failed => Outcome::Failed("failed".to_owned()),
        };
        Ended { outcome, changed: report.status == Status::Committed, run: report.run.map(|run| run.to_string()) }
    }

    async fn marts(&self) {}

    async fn mail(&self) {}

    fn tell(&self, news: &News) -> bool {
        let due = news.due_at.with_timezone(&Jakarta).format("%m-%d %H:%M");
        self.news.borrow_mut().push(format!("{} {due} {}", news.job, news.state.word()));
        true
    }
}

fn plan() -> Plan {
    let set = [
        "schedule.sources.omspan.enabled=false",
        "schedule.datasets.omspan.capaian_ik_kl.cron=0 30 4 * * *",
        "schedule.datasets.omspan.ketersediaan_dana.cron=0 0 5 * * *",
    ];
    let folder = ConfigFolder::embedded();
    let config: Config = folder.config(&set.map(str::to_owned)).unwrap();
    let report = ReportTimes {
        name: "harian".to_owned(),
        cron: Some("0 0 6 * * *".parse().unwrap()),
        zone: Jakarta,
        days: DayRule::WorkingDays,
        datasets: DATASETS.map(str::to_owned).to_vec(),
        patience: Some(TimeDelta::hours(6)),
    };
    let calendar = Calendar::of(&Reference::load(&folder).unwrap()).unwrap();
    Plan::new(&config, &folder.contracts().unwrap(), &[report], calendar).unwrap()
}

const LIMITS: Limits = Limits { loads_max: 3, queries_max: 1, lease: TimeDelta::minutes(90) };

/// One look of the daemon at `now`, until nothing runs any more.
async fn look(runner: &mut Runner<'_>, work: &Treasury<'_>, now: DateTime<Utc>) {
    work.lab.sandbox().set_today(now.with_timezone(&Jakarta).date_naive());
    runner.tick(now).unwrap();
    while runner.is_busy() {
        let ran = runner.next().await;
        runner.ended(ran, now).unwrap();
        runner.tick(now).unwrap();
    }
}

/// Looks from `from` up to `until`, which is where the next span begins.
async fn live(runner: &mut Runner<'_>, work: &Treasury<'_>, from: &str, until: &str) {
    let mut now = wib(from);
    while now < wib(until) {
        look(runner, work, now).await;
        now += STEP;
    }
}

/// What went wrong, in order.
async fn four_weeks(warehouse: &Warehouse, plan: &Plan, work: &Treasury<'_>) {
    let mut runner = Runner::new(warehouse, plan, work, LIMITS);
    live(&mut runner, work, "2026-09-28 00:00", "2026-09-30 03:00").await;
    // The source is down for a part of the morning: it is tried again until it answers.
    work.down.set(true);
    live(&mut runner, work, "2026-09-30 03:00", "2026-09-30 06:30").await;
    work.down.set(false);
    live(&mut runner, work, "2026-09-30 06:30", "2026-10-06 00:00").await;
    // It is down for a whole day.
    work.down.set(true);
    live(&mut runner, work, "2026-10-06 00:00", "2026-10-07 00:00").await;
    work.down.set(false);
    live(&mut runner, work, "2026-10-07 00:00", "2026-10-09 12:00").await;
    // The daemon is down over a long weekend.
    drop(runner);
    let mut runner = Runner::new(warehouse, plan, work, LIMITS);
    live(&mut runner, work, "2026-10-13 15:00", "2026-10-16 04:30").await;
    // It dies in the middle of a load.
    runner.tick(wib("2026-10-16 04:30")).unwrap();
    assert!(runner.next().now_or_never().is_none(), "it waits for the source's answer");
    drop(runner);
    let mut runner = Runner::new(warehouse, plan, work, LIMITS);
    live(&mut runner, work, "2026-10-16 05:00", "2026-10-20 08:00").await;
    // The clock is set back by four hours, over three times that ran; then it is right again.
    live(&mut runner, work, "2026-10-20 04:00", "2026-10-26 00:00").await;
}

/// What the newest files of the datasets hold: rows and sums by dataset and year.
fn held(warehouse: &Warehouse) -> BTreeMap<String, (u64, String)> {
    let files = warehouse.committed_files(AsOf::Latest).unwrap();
    let line = |file: &lumbung::warehouse::CommittedFile| {
        let year = file.partition.get("tahun_anggaran").unwrap_or_default();
        (format!("{} {year}", file.dataset), (file.rows, format!("{:?}", file.sums)))
    };
    files.iter().map(line).collect()
}

/// A warehouse that was loaded on the last day alone.
async fn without_faults(lab: &Lab, folder: &Path, now: DateTime<Utc>) -> BTreeMap<String, (u64, String)> {
    let warehouse = Warehouse::open(folder, now).unwrap();
    let work = Treasury::new(lab, &warehouse);
    for dataset in DATASETS {
        assert_eq!(work.load(dataset, now).await.status, Status::Committed);
    }
    held(&warehouse)
}

#[test]
fn four_weeks_with_outages_account_for_every_time() {
    let lab = Lab::new(&[]);
    let begin = wib("2026-09-28 00:00");
    let warehouse = Warehouse::open(&lab.warehouse(), begin).unwrap();
    let (plan, work) = (plan(), Treasury::new(&lab, &warehouse));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(four_weeks(&warehouse, &plan, &work));

    // Every time there was has one outcome, and there are no others.
    let end = wib("2026-10-25 23:30");
    let all = warehouse.occurrences(&OccurrenceFilter::default()).unwrap();
    for job in &plan.jobs {
        let name = job.id.to_string();
        let mut found: Vec<DateTime<Utc>> =
            all.iter().filter(|record| record.job == name).map(|record| record.due_at).collect();
        found.reverse();
        let times = occurrences(job, &plan.calendar, (begin, end), 1_000);
        assert_eq!(found, times.iter().map(|time| time.due_at).collect::<Vec<_>>(), "{name}");
    }
    assert!(all.iter().all(|record| record.state.is_final()));

    // What was not simply done.
    let local = |at: DateTime<Utc>| at.with_timezone(&Jakarta).format("%m-%d %H:%M").to_string();
    let mut unusual: Vec<String> = all
        .iter()
        .filter(|record| record.state != OccurrenceState::Done || record.attempt != 1)
        .filter(|record| !record.reason.as_deref().unwrap_or_default().contains("a free day"))
        .map(|record| format!("{} {} {} {}", record.job, local(record.due_at), record.state.word(), record.attempt))
        .collect();
    unusual.sort();
    assert_eq!(
        unusual,
        [
            "dataset:omspan.capaian_ik_kl 09-30 04:30 done 5",
            "dataset:omspan.capaian_ik_kl 10-06 04:30 failed 5",
            "dataset:omspan.capaian_ik_kl 10-10 04:30 skipped 0",
            "dataset:omspan.capaian_ik_kl 10-11 04:30 skipped 0",
            "dataset:omspan.capaian_ik_kl 10-12 04:30 skipped 0",
            "dataset:omspan.capaian_ik_kl 10-16 04:30 done 2",
            "dataset:omspan.ketersediaan_dana 09-30 05:00 done 4",
            "dataset:omspan.ketersediaan_dana 10-06 05:00 failed 5",
            "dataset:omspan.ketersediaan_dana 10-10 05:00 skipped 0",
            "dataset:omspan.ketersediaan_dana 10-11 05:00 skipped 0",
            "dataset:omspan.ketersediaan_dana 10-12 05:00 skipped 0",
            "report:harian 10-12 06:00 skipped 0",
        ]
    );

    // The report waited where it had to, was made once a working day, and told when its data was late.
    let editions = work.editions.borrow();
    let unusual: Vec<&String> = editions.iter().filter(|edition| !edition.ends_with("06:00")).collect();
    assert_eq!(unusual, ["09-30 07:00", "10-06 12:00 with a banner", "10-13 15:00"]);
    assert_eq!(editions.len(), 19, "{editions:?}");

    // The operator heard of each bad end once, and that it is well again.
    assert_eq!(
        *work.news.borrow(),
        [
            "dataset:omspan.capaian_ik_kl 10-06 04:30 failed",
            "dataset:omspan.ketersediaan_dana 10-06 05:00 failed",
            "dataset:omspan.capaian_ik_kl 10-07 04:30 done",
            "dataset:omspan.ketersediaan_dana 10-07 05:00 done",
        ]
    );

    let folder = lab.path().join("without-faults");
    let wanted = runtime.block_on(without_faults(&lab, &folder, wib("2026-10-25 05:00")));
    assert_eq!(held(&warehouse), wanted);
}
