//! A simulated year of the scheduler: outages of hours and days, shrunken, stalled, slow and moving answers, a new year without
//! its token, a daemon that is down for a day and for a month, dies in a load, and has a clock that jumps. Every time of the
//! schedule is accounted for, and in the end the warehouse holds what that of a year without faults holds.
//!
//! In the suite the weeks around New Year are lived; `LUMBUNG_TEST_YEAR=full` lives all of it, `LUMBUNG_TEST_SEED` another one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc, Weekday};
use chrono_tz::Asia::Jakarta;
use lumbung::config::{Config, ConfigFolder, DayRule};
use lumbung::reference::Reference;
use lumbung::schedule::{Calendar, Limits, Plan, ReportTimes, Runner};
use lumbung::warehouse::{OccurrenceFilter, OccurrenceRecord, OccurrenceState, RunFilter, RunStatus, Warehouse};

use super::story::{Fate, Story};
use super::world::{World, at, contents, die, live, look, sums};

const DATASETS: [&str; 3] = ["omspan.capaian_ik_kl", "omspan.realisasi_belanja", "omspan.detail_pnbp"];

/// Loads of a quiet year that the machine may spoil.
const LOST_MAX: usize = 3;

const LIMITS: Limits = Limits { loads_max: 3, queries_max: 1, lease: TimeDelta::minutes(90) };

#[expect(clippy::disallowed_methods, reason = "how long a person wants to wait")]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Loads with each of the rules for missed times, and two reports.
fn plan() -> Plan {
    let set = [
        "schedule.sources.omspan.enabled=false",
        "schedule.datasets.omspan.capaian_ik_kl.cron=0 30 4 * * *",
        "schedule.datasets.omspan.realisasi_belanja.cron=0 45 4 * * *",
        "schedule.datasets.omspan.realisasi_belanja.misfire=all(3)",
        "schedule.datasets.omspan.detail_pnbp.cron=0 0 5,17 * * *",
        "schedule.datasets.omspan.detail_pnbp.misfire=skip",
    ];
    let folder = ConfigFolder::embedded();
    let config: Config = folder.config(&set.map(str::to_owned)).unwrap();
    let report = |name: &str, cron: &str, days| ReportTimes {
        name: name.to_owned(),
        cron: Some(cron.parse().unwrap()),
        zone: Jakarta,
        days,
        datasets: DATASETS[..2].iter().map(ToString::to_string).collect(),
        patience: Some(TimeDelta::hours(6)),
    };
    let reports = [
        report("harian", "0 30 6 * * *", DayRule::WorkingDays),
        report("bulanan", "0 0 7 * * *", DayRule::FirstWorkingDayOfMonth),
    ];
    let calendar = Calendar::of(&Reference::load(&folder).unwrap()).unwrap();
    Plan::new(&config, &folder.contracts().unwrap(), &reports, calendar).unwrap()
}

/// Lives through `story`.
async fn play(warehouse: &Warehouse, plan: &Plan, world: &World<'_>, story: &Story) {
    let begin = || Runner::new(warehouse, plan, world, LIMITS);
    let (mut runner, mut now) = (begin(), story.begin);
    for (when, fate) in &story.fates {
        live(&mut runner, (world, plan), (now, *when)).await;
        now = match fate {
            Fate::Away(until) => {
                drop(runner);
                runner = begin();
                *until
            }
            Fate::Dies => {
                die(runner, world, *when).await;
                runner = begin();
                *when + TimeDelta::minutes(2)
            }
            Fate::Back(by) => *when - *by,
            Fate::Ahead(by) => {
                look(&mut runner, world, (*when + *by, *when)).await;
                *when
            }
        };
    }
    live(&mut runner, (world, plan), (now, story.end)).await;
}

/// The free days of the shipped list, read by nobody else's code.
fn holidays() -> BTreeSet<NaiveDate> {
    let list = include_str!("../../config/reference/hari_libur.csv");
    list.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect()
}

/// Every time there is between the ends of `story`, by job, worked out by counting days.
fn times(story: &Story) -> BTreeMap<String, Vec<DateTime<Utc>>> {
    let free = holidays();
    let works = |day: NaiveDate| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !free.contains(&day);
    let first_working_day = |day: NaiveDate| works(day) && (1..day.day()).all(|n| !works(day.with_day(n).unwrap()));
    let mut times: BTreeMap<String, Vec<DateTime<Utc>>> = BTreeMap::new();
    let (first, last) =
        (story.begin.with_timezone(&Jakarta).date_naive(), story.end.with_timezone(&Jakarta).date_naive());
    for day in first.iter_days().take_while(|day| *day <= last) {
        let mut put = |job: &str, time: &str| times.entry(job.to_owned()).or_default().push(at(day, time));
        put("dataset:omspan.capaian_ik_kl", "04:30");
        put("dataset:omspan.realisasi_belanja", "04:45");
        put("dataset:omspan.detail_pnbp", "05:00");
        put("dataset:omspan.detail_pnbp", "17:00");
        put("report:harian", "06:30");
        if first_working_day(day) {
            put("report:bulanan", "07:00");
        }
    }
    times
}

/// Every time has one outcome, and there are no others.
fn assert_accounted_for(warehouse: &Warehouse, story: &Story) -> Vec<OccurrenceRecord> {
    let all = warehouse.occurrences(&OccurrenceFilter::default()).unwrap();
    let times = times(story);
    assert_eq!(all.len(), times.values().map(Vec::len).sum::<usize>(), "as many outcomes as times");
    for (job, times) in times {
        let mut found: Vec<DateTime<Utc>> =
            all.iter().filter(|record| record.job == job).map(|record| record.due_at).collect();
        found.sort_unstable();
        assert_eq!(found, times, "{job}");
    }
    let open: Vec<_> = all.iter().filter(|record| !record.state.is_final()).collect();
    assert!(open.is_empty(), "{open:?}");
    all
}

/// What failed or was held did so in bad weather, and what was skipped says by which rule.
fn assert_explained(all: &[OccurrenceRecord], story: &Story) {
    for record in all {
        let ended = record.finished_at.unwrap();
        let reason = record.reason.as_deref().unwrap_or_default();
        match record.state {
            OccurrenceState::Skipped => {
                assert!(reason.contains("a free day") || reason.contains("misfire ="), "{record:?}");
            }
            OccurrenceState::Failed | OccurrenceState::Held if record.job.starts_with("dataset:") => {
                assert!(story.is_bad(ended), "{record:?}");
            }
            _ => {}
        }
    }
}

fn open(folder: &Path, story: &Story) -> Warehouse {
    Warehouse::open(folder, story.begin).unwrap()
}

#[test]
fn a_year_of_trouble_ends_like_a_year_without() {
    let seed = told("LUMBUNG_TEST_SEED").and_then(|seed| seed.parse().ok()).unwrap_or(7);
    let full = told("LUMBUNG_TEST_YEAR").is_some_and(|length| length == "full");
    let story = if full { Story::year(seed) } else { Story::new_year(seed) };
    let quiet = story.quiet();
    let folder = tempfile::tempdir().unwrap();
    let (troubled, calm) = (open(&folder.path().join("troubled"), &story), open(&folder.path().join("calm"), &quiet));
    let plan = plan();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let news = runtime.block_on(async {
        let world = World::new(&troubled, &story).await;
        world.begin().await;
        play(&troubled, &plan, &world, &story).await;
        let still = World::new(&calm, &quiet).await;
        still.begin().await;
        play(&calm, &plan, &still, &quiet).await;
        assert_eq!(*still.news.borrow(), [""; 0], "nobody is told that all is well");
        world.news.take()
    });

    let all = assert_accounted_for(&troubled, &story);
    assert_explained(&all, &story);
    let of_calm = assert_accounted_for(&calm, &quiet);
    // A load may lose its connection on a machine that is busy with a hundred other tests: then the next attempt does it.
    let is_plain = |record: &&OccurrenceRecord| {
        record.state == OccurrenceState::Done && record.attempt <= 2
            || record.reason.as_deref().is_some_and(|reason| reason.contains("a free day"))
    };
    let strange: Vec<&OccurrenceRecord> = of_calm.iter().filter(|record| !is_plain(record)).collect();
    let failed: Vec<(String, Option<String>)> = calm
        .runs(&RunFilter::default())
        .unwrap()
        .into_iter()
        .filter(|run| run.status == RunStatus::Failed)
        .map(|run| (run.run.to_string(), run.reason))
        .collect();
    assert!(strange.is_empty(), "{strange:?}; {failed:?}");
    assert!(failed.len() <= LOST_MAX, "{failed:?}");
    if !failed.is_empty() {
        eprintln!("failed in fine weather: {failed:?}");
    }

    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for record in &all {
        *counted.entry(record.state.word()).or_default() += 1;
    }
    let again = all.iter().filter(|record| record.state == OccurrenceState::Done && record.attempt > 1).count();
    eprintln!("{} times: {counted:?}, {again} of them done by a later attempt; {} notes", all.len(), news.len());
    assert!(["done", "failed", "held", "skipped"].iter().all(|state| counted.contains_key(state)), "{counted:?}");
    assert!(again > 0 && !news.is_empty());

    assert_eq!(sums(&troubled), sums(&calm));
    let (troubled, calm) = (contents(&troubled), contents(&calm));
    for (name, rows) in &calm {
        assert!(troubled.get(name) == Some(rows), "{name} holds other rows");
    }
}
