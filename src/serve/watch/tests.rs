//! What monitors are told, over real HTTP, of a small warehouse.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;

use super::{Access, Beat, Kept, Pulse, WatchParts, WatchServer, metrics};
use crate::clock::Clock;
use crate::config::deployment;
use crate::schedule::{AgeLimits, AgeRule};
use crate::serve::listener::{ConnectionLimits, Listener, Stop, Stopper};
use crate::warehouse::{
    CommitMode, DatasetId, DeliveryKind, InboxLimits, InboxWriter, Keeping, NewDelivery, OccurrenceEnd,
    OccurrenceState, Outcome, PushOutcome, RunStart, Warehouse,
};

const GOOD: &str = "omspan.dipa_belanja";
const BAD: &str = "omspan.capaian_ik_kl";

fn at(hour: u32) -> DateTime<Utc> {
    format!("2026-11-01T{hour:02}:00:00Z").parse().unwrap()
}

fn begin(warehouse: &Warehouse, name: &str) -> crate::warehouse::Run {
    let (source, dataset) = name.split_once('.').unwrap();
    let start = RunStart {
        dataset: DatasetId::new(source, dataset).unwrap(),
        tahun_anggaran: Some(2026),
        contract_version: 1,
        control: Vec::new(),
        key_id: None,
        replay_of: None,
        parameters: None,
        keeping: Keeping::open(),
        at: at(4),
    };
    warehouse.begin_run(start).unwrap()
}

/// One good snapshot of three rows, one load that failed, a dataset that is in no contract, three occurrences, one mail.
fn filled(folder: &TempDir) -> Warehouse {
    let warehouse = Warehouse::open(folder.path(), at(1)).unwrap();
    for name in [GOOD, "omspan.yang_lama"] {
        let run = begin(&warehouse, name);
        let rows: ArrayRef = Arc::new(StringArray::from(vec!["001"; 3]));
        let rows = RecordBatch::try_from_iter([("kode", rows)]).unwrap();
        let partition = "tahun_anggaran=2026/snapshot_date=2026-11-01".parse().unwrap();
        let mut writer = run.stage(partition, rows.schema(), vec![]).unwrap();
        writer.write(&rows).unwrap();
        let staged = writer.finish().unwrap();
        run.commit(vec![staged], CommitMode::Snapshot, at(5), None).unwrap();
    }
    begin(&warehouse, BAD).finish(Outcome::Failed, Some("answered HTTP 500"), at(5)).unwrap();
    let log = warehouse.scheduler(TimeDelta::minutes(5), at(4)).unwrap();
    let end = |state| OccurrenceEnd { state, attempt: 1, next_at: None, reason: None, run: None };
    for (hour, state) in [(3, OccurrenceState::Done), (4, OccurrenceState::Failed)] {
        let record = log.begin("source:omspan", at(hour), at(hour)).unwrap();
        log.end(&record, &end(state), at(hour)).unwrap();
    }
    log.begin("source:yang_lama", at(4), at(4)).unwrap();
    let mail = NewDelivery {
        kind: DeliveryKind::Edition,
        edition: "pnbp-2026-10-31",
        recipient: "sekjen@contoh.go.id",
        message_id: "<1@contoh.go.id>",
        eml: b"Subject: x\r\n\r\nx\r\n",
    };
    warehouse.lay_in_outbox(&[mail], "test", at(5)).unwrap();
    warehouse
}

fn parts(folder: &TempDir, access: Access, stop: Stop) -> WatchParts {
    let settings = deployment::parse("lumbung.toml", "", &[]).unwrap().watch;
    let rules = [AgeRule { report: "serapan", dataset: GOOD, days: 1 }];
    WatchParts {
        warehouse: Warehouse::open_for_reading(folder.path()).unwrap(),
        inbox: None,
        datasets: [GOOD, BAD].map(str::to_owned).into(),
        limits: AgeLimits::new(&rules, &BTreeSet::new(), &settings),
        jobs: vec!["source:omspan".to_owned(), "report:pnbp".to_owned()],
        pulse: Some(Arc::new(Pulse::default())),
        clock: Clock::Fixed(at(6)),
        started_at: at(0),
        disk_free_min: 1,
        access,
        stop,
    }
}

fn open_to_here() -> Access {
    Access { metrics: true, token: None }
}

/// The samples of a page by their series; fails where the page breaks the format.
fn samples(page: &str) -> BTreeMap<String, String> {
    let (mut families, mut samples) = (BTreeSet::new(), BTreeMap::new());
    let (mut open, mut helped) = ("", "");
    assert!(page.ends_with('\n'));
    for line in page.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            helped = help.split_once(' ').unwrap().0;
        } else if let Some(typed) = line.strip_prefix("# TYPE ") {
            let (name, kind) = typed.split_once(' ').unwrap();
            assert_eq!(name, helped, "HELP and TYPE go together");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            assert!(families.insert(name), "{name} stands twice");
            open = name;
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            assert_eq!(series.split('{').next().unwrap(), open, "{line}");
            assert!(value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-'), "{line}");
            assert!(samples.insert(series.to_owned(), value.to_owned()).is_none(), "{series} stands twice");
        }
    }
    samples
}

#[test]
fn figures_are_those_of_the_ledger_and_of_names_in_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = filled(&folder);
    let (_stopper, stop) = Stop::channel();
    let mut parts = parts(&folder, open_to_here(), stop);
    let limits = InboxLimits { waiting_bytes_max: 1 << 20, refused_max: 1, refused_days: 1 };
    let inbox = warehouse.inbox().unwrap();
    let writer = InboxWriter::start(&inbox, limits).unwrap();
    writer.tally("oss", "receiveNIB", at(6).date_naive(), PushOutcome::Accepted);
    tokio::runtime::Runtime::new().unwrap().block_on(writer.flush()).unwrap();
    parts.inbox = Some((inbox, writer));
    let page = metrics::page(&parts, at(6)).unwrap();
    let found = samples(&page);
    let good = "{dataset=\"omspan.dipa_belanja\",tahun_anggaran=\"2026\"}";
    let bad = good.replace("dipa_belanja", "capaian_ik_kl");
    let good_at = at(5).timestamp().to_string();
    for (series, value) in [
        (format!("lumbung_dataset_last_good_timestamp_seconds{good}"), good_at.as_str()),
        (format!("lumbung_dataset_rows{good}"), "3"),
        (format!("lumbung_dataset_stale{good}"), "0"),
        (format!("lumbung_dataset_stale{bad}"), "1"),
        ("lumbung_dataset_age_limit_seconds{dataset=\"omspan.dipa_belanja\"}".to_owned(), "172800"),
        (format!("lumbung_dataset_last_attempt_status{}", bad.replace('}', ",status=\"failed\"}")), "1"),
        (format!("lumbung_dataset_last_attempt_status{}", bad.replace('}', ",status=\"committed\"}")), "0"),
        ("lumbung_occurrences{job=\"source:omspan\",state=\"done\"}".to_owned(), "1"),
        ("lumbung_job_failing{job=\"source:omspan\"}".to_owned(), "1"),
        ("lumbung_job_failing{job=\"report:pnbp\"}".to_owned(), "0"),
        ("lumbung_deliveries{state=\"pending\"}".to_owned(), "1"),
        ("lumbung_delivery_oldest_waiting_seconds".to_owned(), "3600"),
        ("lumbung_inbox_calls_total{source=\"oss\",method=\"receiveNIB\",outcome=\"accepted\"}".to_owned(), "1"),
        ("lumbung_inbox_writer_up".to_owned(), "1"),
        ("lumbung_jobs_running".to_owned(), "0"),
        ("lumbung_scheduler_in_charge".to_owned(), "0"),
        ("lumbung_data_tests_failing{severity=\"error\"}".to_owned(), "0"),
        ("process_start_time_seconds".to_owned(), &at(0).timestamp().to_string()),
    ] {
        assert_eq!(found.get(&series).map(String::as_str), Some(value), "{series} in\n{page}");
    }
    assert!(!page.contains("yang_lama"), "what is in no contract and no plan is left out:\n{page}");
    assert!(!found.contains_key(&format!("lumbung_dataset_last_good_timestamp_seconds{bad}")), "it never was");
    assert!(!page.contains("sekjen") && !page.contains("HTTP 500") && !page.contains("pnbp-2026"), "{page}");
    let version = format!("lumbung_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert!(found.contains_key(&version), "{page}");
}

/// A server that answers on loopback.
struct Running {
    base_url: String,
    pulse: Arc<Pulse>,
    stopper: Stopper,
    serving: Stopper,
    folder: TempDir,
}

impl Running {
    async fn start(access: Access, beat: Beat) -> Self {
        let folder = tempfile::tempdir().unwrap();
        drop(filled(&folder));
        let (stopper, stop) = Stop::channel();
        let parts = parts(&folder, access, stop);
        let pulse = Arc::clone(parts.pulse.as_ref().unwrap());
        pulse.beat(beat);
        let second = Duration::from_secs(1);
        let limits = ConnectionLimits { connections_max: 16, header_timeout: second, drain: second };
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), None, limits).await.unwrap();
        let base_url = listener.base_url();
        // The listener goes on: a daemon that ends closes it at once.
        let (serving, served) = Stop::channel();
        tokio::spawn(listener.serve(WatchServer::new(parts).router(None, None), served));
        Self { base_url, pulse, stopper, serving, folder }
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let mut request = reqwest::Client::new().get(format!("{}{path}", self.base_url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), text(answer).await)
    }
}

async fn text(mut answer: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.unwrap() {
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).unwrap()
}

fn in_charge() -> Beat {
    Beat { at: Some(at(6)), in_charge: true, ..Beat::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_is_alive_before_it_is_ready_and_draining_is_told_at_once() {
    let young = Running::start(open_to_here(), Beat::default()).await;
    assert_eq!(young.get("/healthz", &[]).await, (200, "ok\n".to_owned()));
    assert_eq!(young.get("/readyz", &[]).await, (503, "schedule: it has not looked yet\n".to_owned()));
    let forwarded = young.get("/readyz", &[("x-forwarded-for", "10.1.2.3")]).await;
    assert_eq!(forwarded, (503, "schedule: not ready\n".to_owned()), "reasons are for this machine");
    assert_eq!(young.get("/other", &[]).await.0, 404);

    let ready = Running::start(open_to_here(), in_charge()).await;
    assert_eq!(ready.get("/readyz", &[]).await, (200, "ready\n".to_owned()));
    let (status, json) = ready.get("/readyz", &[("accept", "text/html, application/json;q=0.9")]).await;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((status, &json["ready"], json["checks"].as_array().unwrap().len()), (200, &true.into(), 4), "{json}");
    ready.stopper.stop();
    assert_eq!(ready.get("/readyz", &[]).await, (503, "draining: the daemon was told to end\n".to_owned()));
    assert_eq!(ready.get("/healthz", &[]).await.0, 200);
    ready.serving.stop();
    young.serving.stop();
    assert!(young.folder.path().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_come_by_get_with_their_media_type_and_are_kept_for_a_moment() {
    let running = Running::start(open_to_here(), in_charge()).await;
    let answer = reqwest::get(format!("{}/metrics", running.base_url)).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let first = text(answer).await;
    assert!(samples(&first).len() > 50, "{first}");
    // The clock of this test stands still, so nothing is computed again.
    running.pulse.beat(Beat { in_charge: false, ..in_charge() });
    assert_eq!(running.get("/metrics", &[]).await, (200, first));
    assert_eq!(running.get("/metrics", &[("x-forwarded-for", "10.1.2.3")]).await.0, 403);
    let posted = reqwest::Client::new().post(format!("{}/metrics", running.base_url)).send().await.unwrap();
    assert_eq!(posted.status(), 405);
    let token = Access { metrics: true, token: Some("the token of the monitor".to_owned().into()) };
    let guarded = Running::start(token, in_charge()).await;
    assert_eq!(guarded.get("/metrics", &[]).await.0, 401);
    let right = [("authorization", "Bearer the token of the monitor"), ("x-forwarded-for", "10.1.2.3")];
    assert_eq!(guarded.get("/metrics", &right).await.0, 200);
    let off = Running::start(Access { metrics: false, token: None }, in_charge()).await;
    assert_eq!((off.get("/metrics", &[]).await.0, off.get("/readyz", &[]).await.0), (404, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_is_made_again_by_one_at_a_time_when_it_is_old_or_of_the_future() {
    let kept = Kept::new(|_| TimeDelta::seconds(5));
    let ask = |now, n| kept.get(now, move || n);
    assert_eq!(ask(at(6), 1).await, Some(1));
    assert_eq!(ask(at(6) + TimeDelta::seconds(4), 2).await, Some(1));
    assert_eq!(ask(at(6) + TimeDelta::seconds(5), 3).await, Some(3));
    assert_eq!(ask(at(5), 4).await, Some(4), "the clock was set back");
    assert_eq!(kept.get(at(7), || panic!("a bug")).await, None::<i32>);
    assert_eq!(ask(at(8), 5).await, Some(5));
}
