//! A simulated treasury and the daemon's work on it, by a clock that is handed in: what `year` lives through.

use std::cell::RefCell;
use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use async_trait::async_trait;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use chrono_tz::Asia::Jakarta;
use lumbung::clock::Clock;
use lumbung::config::{ArchiveSettings, ConfigFolder, Credentials, PrivacySettings, SourceSettings};
use lumbung::contract::Contract;
use lumbung::load::{LoadReport, LoadRequest, Loader, Status, YearsProbed};
use lumbung::sandbox::{Sandbox, SandboxOptions, ScaleFactor};
use lumbung::schedule::{Attempt, Ended, JobId, News, Outcome, Plan, Runner, Work};
use lumbung::warehouse::{AsOf, OccurrenceFilter, Warehouse};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use secrecy::SecretString;

use super::story::{Sky, Story};
use super::weeks::{NothingLoaded, Silent, wib};

/// Longest without a look.
const LOOK_MAX: TimeDelta = TimeDelta::hours(6);

/// Small enough for hundreds of loads, and several pages of it where pages are read.
const SCALE: f64 = 0.02;
const PAGE_ROWS: u64 = 300;

fn day_of(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&Jakarta).date_naive()
}

/// The treasury, in the weather of a story.
pub(super) struct World<'a> {
    warehouse: &'a Warehouse,
    story: &'a Story,
    contract: Contract,
    /// The day and the weather as they really are, whatever the daemon's clock says.
    source: RefCell<Source>,
    pub(super) news: RefCell<Vec<String>>,
}

struct Source {
    at: DateTime<Utc>,
    sky: Sky,
    well: Sandbox,
    /// The same world with faults, while a spell lasts.
    unwell: Option<Sandbox>,
}

async fn sandbox(faults: &[&str], today: NaiveDate) -> Sandbox {
    let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    let scale = ScaleFactor::new(SCALE).unwrap();
    Sandbox::start(SandboxOptions { port: 0, seed: 3, scale, today, faults }).await.unwrap()
}

impl<'a> World<'a> {
    pub(super) async fn new(warehouse: &'a Warehouse, story: &'a Story) -> Self {
        let contracts = ConfigFolder::embedded().contracts().unwrap();
        let contract = contracts.into_iter().find(|contract| contract.source == "omspan").unwrap();
        let well = sandbox(&[], day_of(story.begin)).await;
        let source = RefCell::new(Source { at: story.begin, sky: Sky::Fine, well, unwell: None });
        Self { warehouse, story, contract, source, news: RefCell::default() }
    }

    /// Brings day and weather up to `at`.
    async fn turn_to(&self, at: DateTime<Utc>) {
        let sky = self.story.sky(at);
        let changed = self.source.borrow().sky != sky;
        let unwell = match changed && !sky.faults().is_empty() {
            true => Some(sandbox(sky.faults(), day_of(at)).await),
            false => None,
        };
        let mut source = self.source.borrow_mut();
        if changed {
            (source.sky, source.unwell) = (sky, unwell);
        }
        source.at = at;
        source.well.set_today(day_of(at));
        if let Some(unwell) = &source.unwell {
            unwell.set_today(day_of(at));
        }
    }

    fn base_url(&self) -> String {
        let source = self.source.borrow();
        match (source.sky, &source.unwell) {
            // Nobody listens there.
            (Sky::Down, _) => "http://127.0.0.1:9".to_owned(),
            (_, Some(unwell)) => unwell.base_url("omspan"),
            (_, None) => source.well.base_url("omspan"),
        }
    }

    /// Seconds and tries until a source is given up. A stalled one is given up soon; in fine weather a machine that is busy with
    /// other tests must not look like one, nor a connection that it lost like a source that is down.
    fn patience(&self) -> (u64, u32) {
        if self.source.borrow().unwell.is_some() { (1, 1) } else { (60, 4) }
    }

    /// The tokens that the operator has set by now.
    fn credentials(&self) -> Credentials {
        let source = self.source.borrow();
        let right = |year| source.well.token("omspan", year);
        let name = |year: i32| format!("LUMBUNG_OMSPAN_TOKEN_{year}");
        let mut tokens = BTreeMap::from([(name(2026), right(2026))]);
        match self.story.token {
            // The variable that is no year's still has the old one.
            Some((wrong, _)) if source.at < wrong => {
                tokens.insert("LUMBUNG_OMSPAN_TOKEN".to_owned(), right(2026));
            }
            Some((_, good)) if source.at < good => {
                tokens.insert(name(2027), "not-yet-a-token".to_owned());
            }
            _ => {
                tokens.insert(name(2027), right(2027));
            }
        }
        Credentials::Given(tokens.into_iter().map(|(name, token)| (name, SecretString::from(token))).collect())
    }

    /// A warehouse that was at work before the story begins has the last days' payments.
    pub(super) async fn begin(&self) {
        let (from, to) = (self.story.begin - TimeDelta::days(3), self.story.begin - TimeDelta::days(1));
        if day_of(from).year() == day_of(self.story.begin).year() {
            self.load("omspan.detail_pnbp", self.story.begin, Some((day_of(from), day_of(to)))).await;
        }
    }

    /// The loads of one attempt, as the daemon makes them: the year that is being closed, then what is due.
    async fn load(&self, name: &str, now: DateTime<Utc>, span: Option<(NaiveDate, NaiveDate)>) -> Vec<LoadReport> {
        let (read_timeout_secs, attempts) = self.patience();
        let settings = SourceSettings {
            base_url: Some(self.base_url()),
            page_rows: Some(PAGE_ROWS),
            attempts: Some(attempts),
            backoff_secs: Some(0),
            read_timeout_secs: Some(read_timeout_secs),
            ..SourceSettings::default_for("omspan")
        };
        let (credentials, probed) = (self.credentials(), YearsProbed::default());
        let loader = Loader {
            warehouse: self.warehouse,
            contract: &self.contract,
            settings: &settings,
            credentials: &credentials,
            archive: &ArchiveSettings { enabled: false, recipient: None, level: 1 },
            privacy: &PrivacySettings { key_file: None },
            loaded: &NothingLoaded,
            clock: Clock::Fixed(now),
            probed: &probed,
            progress: &Silent,
        };
        let dataset = self.contract.dataset(name.trim_start_matches("omspan.")).unwrap();
        let date = day_of(now);
        let closing = loader.closing_year(dataset, date).unwrap();
        let mut reports = Vec::new();
        for year in closing.map(Some).into_iter().chain([None]) {
            let years = year.into_iter().collect();
            let request = LoadRequest { years, span, ..LoadRequest::of(date, "test".to_owned()) };
            reports.extend(loader.load(dataset, &request).await);
        }
        reports
    }

    /// A report goes out once its data is of today; after some hours it goes out all the same.
    fn judged(&self, attempt: &Attempt) -> Outcome {
        let until = attempt.started_at + TimeDelta::hours(6);
        let freshness = self.warehouse.freshness().unwrap();
        let is_good = |name: &String| {
            let mut of_it = freshness.iter().filter(|fresh| fresh.dataset.to_string() == *name);
            of_it.any(|fresh| fresh.good_at.is_some_and(|at| day_of(at) >= day_of(attempt.at)))
        };
        match attempt.job.waits_for.iter().find(|name| !is_good(name)) {
            Some(late) if attempt.at < until => Outcome::Wait { until, why: format!("{late} is late") },
            Some(late) => Outcome::Held(format!("{late} is late")),
            None => Outcome::Done(None),
        }
    }
}

#[async_trait(?Send)]
impl Work for World<'_> {
    async fn attempt(&self, attempt: &Attempt) -> Ended {
        let JobId::Dataset(name) = &attempt.job.id else { return Ended::plain(self.judged(attempt)) };
        let _lease = attempt.lease(name, attempt.at).unwrap().expect("nobody else loads it");
        let reports = self.load(name, attempt.at, None).await;
        let why = |status| {
            let of_it = reports.iter().filter(|report| report.status == status);
            let why = of_it.map(|report| report.error.as_ref().map(ToString::to_string).unwrap_or_default());
            why.collect::<Vec<_>>().join("; ")
        };
        let outcome = match (why(Status::Failed), why(Status::Held)) {
            (failed, _) if !failed.is_empty() => Outcome::Failed(failed),
            (_, held) if !held.is_empty() => Outcome::Held(held),
            _ => Outcome::Done(None),
        };
        let changed = reports.iter().any(|report| report.status == Status::Committed);
        let run = reports.last().and_then(|report| report.run.as_ref()).map(ToString::to_string);
        Ended { outcome, changed, run }
    }

    async fn marts(&self) {}

    async fn mail(&self) {}

    fn tell(&self, news: &News) -> bool {
        self.news.borrow_mut().push(format!("{} {}", news.job, news.state.word()));
        true
    }
}

/// One look of the daemon: its clock says `now`, while it is `truth`. Ends when nothing runs any more.
pub(super) async fn look(runner: &mut Runner<'_>, world: &World<'_>, (now, truth): (DateTime<Utc>, DateTime<Utc>)) {
    world.turn_to(truth).await;
    runner.tick(now).unwrap();
    while runner.is_busy() {
        let ran = runner.next().await;
        runner.ended(ran, now).unwrap();
        runner.tick(now).unwrap();
    }
}

/// Looks whenever there is something to do, from `from` up to `until`.
pub(super) async fn live(
    runner: &mut Runner<'_>,
    (world, plan): (&World<'_>, &Plan),
    (from, until): (DateTime<Utc>, DateTime<Utc>),
) {
    let mut now = from;
    while now < until {
        look(runner, world, (now, now)).await;
        let due = plan.jobs.iter().filter_map(|job| job.cron.next_after(now, job.zone));
        let open =
            world.warehouse.occurrences(&OccurrenceFilter { open: true, ..OccurrenceFilter::default() }).unwrap();
        let open = open.iter().filter_map(|record| record.next_at).filter(|at| *at > now);
        let next = due.chain(open).chain(world.story.next_change(now)).chain([now + LOOK_MAX]).min();
        // The daemon looks once a minute.
        now = next.unwrap_or(now).max(now + TimeDelta::minutes(1));
    }
}

/// Lets the first look of a load that is due at `at` begin, and drops what began: the process died.
pub(super) async fn die(mut runner: Runner<'_>, world: &World<'_>, at: DateTime<Utc>) {
    use futures::FutureExt;
    world.turn_to(at).await;
    runner.tick(at).unwrap();
    assert!(runner.next().now_or_never().is_none(), "it waits for the source's answer");
}

/// The rows of every file that readers see, by dataset and partition.
pub(super) fn contents(warehouse: &Warehouse) -> BTreeMap<String, RecordBatch> {
    let rows = |file: &lumbung::warehouse::CommittedFile| {
        let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(&file.path).unwrap()).unwrap();
        let schema = std::sync::Arc::clone(reader.schema());
        let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
        // The file's own metadata name its run.
        let plain = std::sync::Arc::new(schema.as_ref().clone().with_metadata(std::collections::HashMap::new()));
        let all = concat_batches(&schema, &batches).unwrap();
        let all = RecordBatch::try_new(plain, all.columns().to_vec()).unwrap();
        assert_eq!(all.num_rows() as u64, file.rows, "{} holds what the ledger says", file.path.display());
        (format!("{} {}", file.dataset, file.partition), all)
    };
    warehouse.committed_files(AsOf::Latest).unwrap().iter().map(rows).collect()
}

/// The sums that the ledger has of these files, by dataset and partition.
pub(super) fn sums(warehouse: &Warehouse) -> BTreeMap<String, String> {
    let files = warehouse.committed_files(AsOf::Latest).unwrap();
    let line = |file: &lumbung::warehouse::CommittedFile| {
        (format!("{} {}", file.dataset, file.partition), format!("{} rows, {:?}", file.rows, file.sums))
    };
    files.iter().map(line).collect()
}

/// An instant of the world's zone: the same words as the story.
pub(super) fn at(day: NaiveDate, hour_and_minute: &str) -> DateTime<Utc> {
    wib(&format!("{day} {hour_and_minute}"))
}
