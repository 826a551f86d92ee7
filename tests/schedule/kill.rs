//! `kill -9` of the whole daemon at random moments of a day's work: loads, marts, an edition, mail, pushes. Every life is another day.
//! At each death readers see whole snapshots; in the end nothing is lost, nothing is there twice and nothing is stuck.
//!
//! `LUMBUNG_TEST_DAEMON_KILLS` names another number of kills than the suite's, `LUMBUNG_TEST_SEED` other moments.

mod config;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate, TimeDelta};
use lumbung::sandbox::{PushKind, PushRecord, Pushes};
use lumbung::warehouse::{
    AsOf, CommittedFile, Deliveries, DeliveryKind, DeliveryState, OccurrenceFilter, RunFilter, RunStatus, Warehouse,
};
use parquet::file::reader::{FileReader, SerializedFileReader};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::runtime::Runtime;

use self::config::{DATASETS, JOBS, RECIPIENTS, settings, write_config};
use super::world::at;
use crate::harness::{Lab, PII_KEY, say_nothing, walk};
use crate::inbox::compare;
use crate::mail::Sink;
use crate::totals::of_files;

/// Kills in the suite.
const KILLS: usize = 6;
/// Pushes a life, at most.
const PUSHES: usize = 4;
const PADI_KEY: &str = "kunci-padi";
/// The first day; nothing is due on it, because its schedule is new.
const FIRST: &str = "2026-02-01";
/// A look at whether it is time.
const LOOK: Duration = Duration::from_millis(20);
/// Longer than a day's work takes on a busy machine.
const WAIT_MAX: Duration = Duration::from_secs(240);

#[expect(clippy::disallowed_methods, reason = "how often a person wants it to be killed")]
fn told(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// One push as the sender remembers it.
struct Sent {
    sha256: String,
    acknowledged: bool,
}

/// A running daemon; killed when it is dropped.
struct Daemon(Child);

impl Daemon {
    /// SIGTERM, and the exit code.
    fn terminate(mut self) -> i32 {
        assert!(Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().unwrap().success());
        self.0.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // SIGKILL; one that has ended is fine.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The daemon's house, its sources, its mail server and its sender.
struct House {
    lab: Lab,
    sink: Sink,
    day: NaiveDate,
    runtime: Runtime,
    pushes: Pushes,
    sent: Vec<Sent>,
    /// Published files that were read to their end.
    read: BTreeSet<PathBuf>,
}

impl House {
    fn new() -> Self {
        let lab = Lab::new(&[]);
        let day: NaiveDate = FIRST.parse().unwrap();
        let config = lab.path().join("config");
        fs::create_dir_all(&config).unwrap();
        say_nothing(&config, &[]);
        write_config(&config);
        let pushes = Pushes::of_world((7, "0.1".parse().unwrap()), day, &[PushKind::Transaksi], 0);
        let (runtime, sink) = (Runtime::new().unwrap(), Sink::plain());
        Self { lab, sink, day, runtime, pushes, sent: Vec::new(), read: BTreeSet::new() }
    }

    /// The program on this house, with `arguments` that begin with its command.
    fn command(&self, arguments: &[&str]) -> Command {
        let settings = settings(&self.sink.address);
        let mut before = vec!["--config", "config", "--output", "json"];
        before.extend(settings.iter().flat_map(|setting| ["--set", setting.as_str()]));
        let mut command = self.lab.command(&[&before[..], arguments].concat());
        command.env("LUMBUNG_PII_KEY", PII_KEY).env("LUMBUNG_INBOX_PADI_TOKEN", PADI_KEY);
        command
    }

    /// A morning at six: the daemon starts and pushes arrive; it is killed `after` so long, else given back when all is done.
    fn live(&mut self, after: Option<Duration>) -> Option<Daemon> {
        self.lab.set_today(&self.day.to_string());
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        let mut command = self.command(&["serve", "--http", "127.0.0.1:0"]);
        let began = Instant::now();
        let mut daemon = Some(Daemon(command.stdout(Stdio::piped()).stderr(log).spawn().unwrap()));
        let child = &mut daemon.as_mut().unwrap().0;
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let bodies = self.next_pushes();
        let sender = self.runtime.spawn_blocking(move || address(stdout));
        let pushing = self.runtime.spawn(async move { push(sender.await.unwrap(), bodies).await });
        let is_over = |house: &Self| match after {
            Some(after) => began.elapsed() >= after,
            None => house.is_done(),
        };
        while !is_over(self) {
            assert!(began.elapsed() < WAIT_MAX, "nothing comes of it: {}", self.said());
            assert!(child.try_wait().unwrap().is_none(), "it ended by itself: {}", self.said());
            std::thread::park_timeout(LOOK);
        }
        if after.is_some() {
            // SIGKILL.
            daemon = None;
        }
        let acknowledged = self.runtime.block_on(pushing).unwrap();
        let open = self.sent.iter_mut().filter(|sent| !sent.acknowledged);
        open.take(acknowledged).for_each(|sent| sent.acknowledged = true);
        daemon
    }

    /// The pushes that were not acknowledged yet, and new ones.
    fn next_pushes(&mut self) -> Vec<bytes::Bytes> {
        let open = self.sent.iter().filter(|sent| !sent.acknowledged).count();
        let begin = self.sent.len() - open;
        for number in self.sent.len()..begin + PUSHES {
            let body = self.pushes.at(number as u64).unwrap().body;
            let sha256 = Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
            self.sent.push(Sent { sha256, acknowledged: false });
        }
        (begin..self.sent.len()).map(|number| self.pushes.at(number as u64).unwrap().body).collect()
    }

    fn log(&self) -> PathBuf {
        self.lab.path().join("serve.log")
    }

    fn said(&self) -> String {
        let said = fs::read_to_string(self.log()).unwrap_or_default();
        said.lines().rev().take(20).collect::<Vec<_>>().join("\n")
    }

    fn reader(&self) -> Option<Warehouse> {
        Warehouse::open_for_reading(&self.lab.warehouse()).ok()
    }

    /// Whether all that is due on this day is done: loads, edition, mail.
    fn is_done(&self) -> bool {
        let Some(warehouse) = self.reader() else { return false };
        let all = warehouse.occurrences(&OccurrenceFilter::default()).unwrap();
        let is_seen = warehouse.schedules(at(self.day, "06:00")).unwrap().len() == JOBS;
        let is_first = self.day.to_string() == FIRST;
        let today = all.iter().filter(|record| record.due_at >= at(self.day, "00:00")).count();
        let deliveries = warehouse.deliveries(Deliveries::All).unwrap();
        is_seen
            && (is_first || today == JOBS)
            && all.iter().all(|record| record.state.is_final())
            && deliveries.iter().all(|delivery| delivery.state.is_final())
    }

    /// What every reader sees at this moment is whole: by the ledger and by listing folders.
    fn assert_whole(&mut self) {
        let mut files = Vec::new();
        for tree in ["latest", "history", "marts"] {
            walk(&self.lab.warehouse().join(tree), &mut files);
        }
        for path in files {
            // A file's name is never written twice, and one that is linked at two places is the same.
            let name = PathBuf::from(path.file_name().unwrap()).join(path.parent().unwrap().file_name().unwrap());
            if self.read.insert(name) {
                assert_file(&path);
            }
        }
        let Some(warehouse) = self.reader() else { return };
        for file in warehouse.committed_files(AsOf::All).unwrap() {
            if self.read.insert(file.path.clone()) {
                assert_as_noted(&file);
            }
        }
        let twice: Vec<_> = self.sink.times().into_iter().filter(|(_, times)| *times > 1).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }
}

/// Where the daemon says that it listens; nothing where it died before.
fn address(mut stdout: BufReader<std::process::ChildStdout>) -> Option<String> {
    let mut line = String::new();
    stdout.read_line(&mut line).ok()?;
    let said: Value = serde_json::from_str(&line).ok()?;
    Some(said["http"].as_str()?.to_owned())
}

/// Pushes one after the other until one is not answered; how many were acknowledged.
async fn push(url: Option<String>, bodies: Vec<bytes::Bytes>) -> usize {
    let Some(url) = url else { return 0 };
    let client = reqwest::Client::new();
    let mut acknowledged = 0;
    for body in bodies {
        let request = client.post(format!("{url}/inbox/padi/padis")).header("x-api-key", PADI_KEY);
        let answer = request.header("content-type", "application/json").body(body).send().await;
        let Ok(answer) = answer else { break };
        // The head may arrive and the rest not: that is no acknowledgement.
        let (status, said) = (answer.status(), answer.json::<Value>().await);
        let Ok(said) = said else { break };
        assert!(status.is_success(), "{status} {said}");
        acknowledged += 1;
    }
    acknowledged
}

/// The file can be read to its end and holds as many rows as it says.
fn assert_file(path: &Path) {
    let file = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let noted = file.metadata().file_metadata().key_value_metadata().unwrap();
    let noted = noted.iter().find(|pair| pair.key == "lumbung.row_count").unwrap().value.clone().unwrap();
    let rows = of_files([&path.to_path_buf()], &[]).rows;
    assert_eq!(noted, rows.to_string(), "{}", path.display());
}

/// Rows and sums of the file are those of the ledger.
fn assert_as_noted(file: &CommittedFile) {
    let columns: Vec<&str> = file.sums.keys().map(String::as_str).collect();
    let found = of_files([&file.path], &columns);
    let noted: BTreeMap<String, String> =
        file.sums.iter().map(|(column, sum)| (column.clone(), sum.to_string())).collect();
    assert_eq!((found.rows, found.sums), (file.rows, noted), "{}", file.path.display());
}

/// Rows and sums that readers of the ledger get, by dataset and partition.
fn shown(warehouse: &Warehouse) -> BTreeMap<String, String> {
    let files = warehouse.committed_files(AsOf::Latest).unwrap();
    let of_source = files.iter().filter(|file| file.dataset.source() == "omspan");
    let line = |file: &CommittedFile| {
        (format!("{} {}", file.dataset, file.partition), format!("{} {:?}", file.rows, file.sums))
    };
    of_source.map(line).collect()
}

/// All that must hold when the last daemon has ended in good order.
fn assert_settled(house: &House, days: usize) {
    let warehouse = house.reader().unwrap();
    let occurrences = warehouse.occurrences(&OccurrenceFilter::default()).unwrap();
    assert_eq!(occurrences.len(), days * JOBS, "each time of each job has one outcome");
    assert!(occurrences.iter().all(|record| record.state.is_final()), "{occurrences:?}");
    let runs = warehouse.runs(&RunFilter::default()).unwrap();
    let half = runs.iter().filter(|run| matches!(run.status, RunStatus::Running | RunStatus::Committing));
    assert_eq!(half.count(), 0);
    let staging = fs::read_dir(house.lab.warehouse().join("state/staging")).unwrap().count();
    assert_eq!(staging, 0, "what died left nothing aside");

    // Each mail arrived once, but for those that are in doubt, which arrived at most once.
    let times = house.sink.times();
    let mut recipients: BTreeMap<String, usize> = BTreeMap::new();
    let mut doubtful = 0;
    for record in warehouse.deliveries(Deliveries::All).unwrap() {
        let kept = times.get(&record.message_id).copied().unwrap_or_default();
        match record.state {
            DeliveryState::Accepted => assert_eq!(kept, 1, "{record:?}"),
            DeliveryState::Ambiguous => {
                assert!(kept <= 1, "{record:?}");
                doubtful += 1;
            }
            _ => panic!("{record:?}"),
        }
        if record.kind == DeliveryKind::Edition {
            *recipients.entry(record.edition).or_default() += 1;
        }
    }
    assert!(!recipients.is_empty() && recipients.values().all(|n| *n == RECIPIENTS), "{recipients:?}");

    let records: Vec<PushRecord> = house.sent.iter().enumerate().map(|(n, sent)| record(house, n, sent)).collect();
    let tally = compare(&house.pushes, records.len() as u64, &records, &house.lab.warehouse());
    assert_eq!(tally.wrong, Vec::<String>::new());
    eprintln!(
        "{} days: {} runs, {} editions, {doubtful} mails in doubt, {} pushes",
        days,
        runs.len(),
        recipients.len(),
        tally.acknowledged
    );
}

fn record(house: &House, number: usize, sent: &Sent) -> PushRecord {
    PushRecord {
        kind: PushKind::Transaksi.method(),
        key: house.pushes.at(number as u64).unwrap().key,
        body_sha256: sent.sha256.clone(),
        changed: false,
        acknowledged: sent.acknowledged,
        sent: 1,
        attempts: 1,
        status: None,
        latency_us: 0,
    }
}

/// How many runs and occurrences a death interrupted.
fn interrupted(house: &House) -> (usize, usize) {
    let warehouse = house.reader().unwrap();
    let runs = warehouse.runs(&RunFilter::default()).unwrap();
    let aborted = runs.iter().filter(|run| run.reason.as_deref().is_some_and(|reason| reason.starts_with("aborted")));
    let occurrences = warehouse.occurrences(&OccurrenceFilter::default()).unwrap();
    (aborted.count(), occurrences.iter().filter(|record| record.attempt > 1).count())
}

#[test]
fn a_daemon_that_is_killed_anywhere_loses_nothing_doubles_nothing_and_goes_on() {
    let kills = told("LUMBUNG_TEST_DAEMON_KILLS").map_or(KILLS, |n| usize::try_from(n).unwrap());
    let mut dice = ChaCha8Rng::seed_from_u64(told("LUMBUNG_TEST_SEED").unwrap_or(11));
    let mut house = House::new();
    // Seen for the first time: nothing is due. Then one day in peace, which says how long a day's work takes.
    let first = house.live(None).unwrap();
    assert_eq!(first.terminate(), 0, "{}", house.said());
    house.day = house.day + Days::new(1);
    let began = Instant::now();
    let second = house.live(None).unwrap();
    let whole = began.elapsed();
    assert_eq!(second.terminate(), 0, "{}", house.said());
    let whole_micros = u32::try_from(whole.as_micros()).unwrap();
    for _ in 0..kills {
        house.day = house.day + Days::new(1);
        let after = Duration::from_micros(u64::from(dice.next_u32() % whole_micros));
        house.live(Some(after));
        house.assert_whole();
    }
    // The last day is lived to its end.
    house.day = house.day + Days::new(1);
    let last = house.live(None).unwrap();
    assert_eq!(last.terminate(), 0, "{}", house.said());
    house.assert_whole();
    let first: NaiveDate = FIRST.parse().unwrap();
    let days = TimeDelta::num_days(&(house.day - first));
    assert_settled(&house, usize::try_from(days).unwrap());
    let (runs, times) = interrupted(&house);
    eprintln!(
        "{kills} kills within {whole:?} of a life each: {runs} runs and {times} times of jobs were interrupted"
    );
    assert!(kills < 50 || (runs > 0 && times > 0), "they hit nobody at work");

    // What is shown is what a warehouse shows that was loaded today for the first time.
    let lived = shown(&house.reader().unwrap());
    fs::rename(house.lab.warehouse(), house.lab.path().join("lived")).unwrap();
    let loaded = house.command(&[&["snapshot", "--no-marts"], &DATASETS[..]].concat()).output().unwrap();
    assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
    assert_eq!(lived, shown(&house.reader().unwrap()));
}
