//! Sending against a source that refuses, throttles, hangs up and forgets.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{SendOptions, SendReport, Sending, Sent, Stop, Stopped};
use crate::clock::Clock;
use crate::config::{Credentials, PrivacySettings, SourceSettings};
use crate::contract::{Contract, parse};
use crate::load::Loaded;
use crate::source::reach::Reach;
use crate::submit::records::{InputFormat, read};
use crate::submit::{Fate, Ready, Submitter};
use crate::warehouse::{SubmissionRecord, SubmissionState, Warehouse};

/// What the source does with one record.
#[derive(Clone, Copy)]
enum Act {
    /// Takes it and says so.
    Take,
    /// Takes it and hangs up.
    TakeAndCut,
    /// Hangs up.
    Cut,
    /// Answers with this status and body, and takes nothing.
    Say(u16, &'static str),
}

/// What the source did.
#[derive(Default)]
struct Source {
    /// What it will do; then it takes everything.
    acts: VecDeque<Act>,
    /// What it has.
    records: Vec<Value>,
    /// Keys of the records that were posted, in order.
    posted: Vec<String>,
    /// The status of its list, where it is not 200.
    list_status: Option<u16>,
    ended: bool,
}

/// A source on a port of its own, gone when dropped.
struct Stub {
    source: Arc<Mutex<Source>>,
    address: std::net::SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Stub {
    fn new(acts: &[Act]) -> Self {
        let source = Source { acts: acts.iter().copied().collect(), ..Source::default() };
        let source = Arc::new(Mutex::new(source));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::clone(&source);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.lock().unwrap().ended {
                    return;
                }
                serve(&shared, stream.unwrap());
            }
        });
        Self { source, address, thread: Some(thread) }
    }

    fn posted(&self) -> Vec<String> {
        self.source.lock().unwrap().posted.clone()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.source.lock().unwrap().ended = true;
        // Wakes the thread up.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// Answers one request and closes the connection.
fn serve(source: &Mutex<Source>, stream: TcpStream) {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let Ok(request) = serde_json::from_slice::<Value>(&body) else { return };
    if let Some((status, answer)) = answer(&mut source.lock().unwrap(), &request) {
        let mut stream = reader.into_inner();
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nRetry-After: 0\r\nConnection: close\r\n\r\n",
            answer.len()
        );
        stream.write_all((head + &answer).as_bytes()).unwrap();
    }
}

fn answer(source: &mut Source, request: &Value) -> Option<(u16, String)> {
    if let Some(page) = request.get("get_transaksi") {
        let rows = if page["page"] == 1 { source.records.clone() } else { Vec::new() };
        let body = json!({"status": "success", "data": rows, "count": rows.len()}).to_string();
        return Some((source.list_status.unwrap_or(200), body));
    }
    let record = &request["transaksi"];
    source.posted.push(record["transaksi_id"].as_str().unwrap().to_owned());
    let act = source.acts.pop_front().unwrap_or(Act::Take);
    if matches!(act, Act::Take | Act::TakeAndCut) {
        source.records.push(record.clone());
    }
    match act {
        Act::Take => Some((200, r#"{"status":"success","messages":"ok"}"#.to_owned())),
        Act::Say(status, body) => Some((status, body.to_owned())),
        Act::Cut | Act::TakeAndCut => None,
    }
}

struct Nothing;

#[async_trait]
impl Loaded for Nothing {
    async fn rows(&self, _: &str) -> Result<Vec<Vec<(String, String)>>, String> {
        Ok(Vec::new())
    }
}

impl Sending for Nothing {
    fn begin(&self, _: usize) {}
    fn done(&self, _: &Sent) {}
    fn note(&self, _: &str) {}
    fn end(&self) {}
}

/// A warehouse and a way to send to a stub.
struct Desk {
    folder: TempDir,
    contract: Contract,
    settings: SourceSettings,
    credentials: Credentials,
}

fn at() -> DateTime<Utc> {
    "2026-11-01T06:00:00Z".parse().unwrap()
}

impl Desk {
    fn new(stub: &Stub) -> Self {
        let settings = SourceSettings {
            base_url: Some(format!("http://{}", stub.address)),
            backoff_secs: Some(0),
            attempts: Some(2),
            ..SourceSettings::default_for("padi")
        };
        let secrets = [("LUMBUNG_PII_KEY", "07".repeat(32)), ("LUMBUNG_PADI_TOKEN", "t".to_owned())];
        let secrets = secrets.map(|(name, value)| (name.to_owned(), value.into()));
        Self {
            folder: TempDir::new().unwrap(),
            contract: parse("padi.toml", include_str!("../../../config/sources/padi.toml")).unwrap(),
            settings,
            credentials: Credentials::Given(secrets.into()),
        }
    }

    fn submitter(&self) -> Submitter<'_> {
        let reach = Reach { contract: &self.contract, settings: &self.settings, credentials: &self.credentials };
        let privacy = PrivacySettings { key_file: None };
        let method = self.contract.method("transaksi").unwrap();
        Submitter::new(reach, method, &privacy, &Nothing, Clock::Fixed(at())).unwrap()
    }

    /// Records with these numbers, ready to be sent.
    async fn ready(&self, ids: &[&str]) -> Vec<(u64, Ready)> {
        let payload = include_str!("../../../tests/fixtures/padi_payload.json");
        let submitter = self.submitter();
        let records: Vec<String> = ids.iter().map(|id| payload.replace("\"abc\"", &format!("\"{id}\""))).collect();
        let text = format!("[{}]", records.join(","));
        let records = read(text.as_bytes(), InputFormat::Json, submitter.submission()).unwrap();
        let checked = submitter.check(&records, &[]).await.unwrap();
        let ready = checked.records.into_iter().map(|record| match record.fate {
            Fate::Ready(ready) => (record.row, ready),
            _ => panic!("refused"),
        });
        ready.collect()
    }

    async fn send(&self, ids: &[&str]) -> SendReport {
        self.send_with(ids, false).await
    }

    async fn send_with(&self, ids: &[&str], resend_ambiguous: bool) -> SendReport {
        let warehouse = Warehouse::open(self.folder.path(), at()).unwrap();
        let log = warehouse.outbound_log("padi", "transaksi", at()).unwrap();
        let options = SendOptions { rate: 1_000, resend_ambiguous, operator: "budi".to_owned() };
        let (_stopper, stop) = Stop::channel();
        let ready = self.ready(ids).await;
        self.submitter().send(&log, ready, &options, (&Nothing, &stop)).await.unwrap()
    }

    fn ledger(&self) -> Vec<SubmissionRecord> {
        Warehouse::open_for_reading(self.folder.path()).unwrap().submissions(None, None).unwrap()
    }

    /// States and attempts, in the order of the ledger.
    fn states(&self) -> Vec<(SubmissionState, u32)> {
        self.ledger().into_iter().map(|record| (record.state, record.attempts)).collect()
    }
}

use SubmissionState::{Accepted, Ambiguous, Pending, Refused};

#[tokio::test]
async fn every_record_is_posted_once_and_never_again() {
    let stub = Stub::new(&[]);
    let desk = Desk::new(&stub);
    let report = desk.send(&["a", "b", "c"]).await;
    assert_eq!((report.count(Accepted), report.n_left, report.stopped), (3, 0, None));
    let again = desk.send(&["a", "b", "c", "d"]).await;
    assert_eq!(again.count(Accepted), 4);
    assert_eq!(stub.posted(), ["a", "b", "c", "d"]);
    let first = &desk.ledger()[0];
    assert_eq!(
        (first.key.as_str(), first.http_status, first.code.as_deref()),
        (r#"["ABCD","a"]"#, Some(200), Some("success"))
    );
    assert_eq!((first.operator.as_str(), first.finished_at, first.attempts), ("budi", Some(at()), 1));
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_and_only_what_did_not_arrive_goes_again() {
    let stub = Stub::new(&[Act::TakeAndCut, Act::Cut, Act::Say(502, "bad gateway")]);
    let desk = Desk::new(&stub);
    let report = desk.send(&["a", "b"]).await;
    assert_eq!((report.count(Accepted), report.stopped), (1, None), "{:?}", report.sent);
    // The second one was lost twice in this run; the next finds out that it never arrived.
    assert_eq!(stub.posted(), ["a", "b", "b"]);
    assert_eq!(desk.states(), [(Accepted, 1), (Pending, 2)]);
    let report = desk.send(&["a", "b"]).await;
    assert_eq!((report.count(Accepted), desk.states()), (2, vec![(Accepted, 1), (Accepted, 3)]));
    assert_eq!(stub.posted(), ["a", "b", "b", "b"]);
}

#[tokio::test]
async fn what_nobody_knows_stays_in_doubt_until_somebody_decides() {
    let stub = Stub::new(&[Act::TakeAndCut]);
    stub.source.lock().unwrap().list_status = Some(500);
    let desk = Desk::new(&stub);
    let report = desk.send(&["a"]).await;
    assert_eq!((report.count(Ambiguous), desk.states()), (1, vec![(Ambiguous, 1)]));
    // Not sent again blindly.
    assert_eq!(desk.send(&["a", "b"]).await.count(Ambiguous), 1);
    assert_eq!(stub.posted(), ["a", "b"]);
    stub.source.lock().unwrap().list_status = None;
    let report = desk.send(&["c"]).await;
    let doubtful: Vec<(Option<u64>, &str)> = report.sent.iter().map(|s| (s.row, s.key.as_str())).collect();
    assert_eq!(doubtful, [(None, r#"["ABCD","a"]"#), (Some(1), r#"["ABCD","c"]"#)]);
    assert_eq!(desk.states(), [(Accepted, 1), (Accepted, 1), (Accepted, 1)]);

    let stub = Stub::new(&[Act::Cut]);
    stub.source.lock().unwrap().list_status = Some(500);
    let desk = Desk::new(&stub);
    desk.send(&["a"]).await;
    assert_eq!(desk.send_with(&["a"], true).await.count(Accepted), 1);
    assert_eq!((stub.posted(), desk.states()), (vec!["a".to_owned(), "a".to_owned()], vec![(Accepted, 2)]));
}

#[tokio::test]
async fn a_refusal_is_noted_without_personal_values_and_the_rest_goes_on() {
    let failed = r#"{"status":"failed","messages":"nama_umkm PT. Damai Sejahtera tidak sama"}"#;
    let stub = Stub::new(&[Act::Say(200, failed)]);
    let desk = Desk::new(&stub);
    let report = desk.send(&["a", "b"]).await;
    assert_eq!((report.count(Refused), report.count(Accepted)), (1, 1));
    assert_eq!(report.sent[0].message.as_deref(), Some("the source names nama_umkm"));
    assert!(!format!("{:?}", desk.ledger()).contains("Damai"));
    // Corrected, it may go again.
    desk.send(&["a"]).await;
    assert_eq!(desk.states(), [(Refused, 1), (Accepted, 1), (Accepted, 1)]);
}

#[tokio::test]
async fn a_busy_source_is_asked_again_and_a_refused_key_stops_everything() {
    let stub = Stub::new(&[Act::Say(429, "{}"), Act::Take, Act::Say(401, "")]);
    let desk = Desk::new(&stub);
    let report = desk.send(&["a", "b", "c"]).await;
    assert_eq!(stub.posted(), ["a", "a", "b"]);
    assert!(matches!(report.stopped, Some(Stopped::Unauthorised(_))), "{:?}", report.stopped);
    assert_eq!((report.n_left, desk.states()), (1, vec![(Accepted, 2), (Pending, 1)]));

    let stub = Stub::new(&[Act::Say(503, r#"{"code":"900800"}"#), Act::Say(429, "")]);
    let desk = Desk::new(&stub);
    let report = desk.send(&["a", "b"]).await;
    assert!(matches!(report.stopped, Some(Stopped::Unavailable(_))), "{:?}", report.stopped);
    assert_eq!((report.n_left, desk.states()), (1, vec![(Pending, 2)]));
}

#[tokio::test]
async fn nobody_there_is_no_doubt() {
    let stub = Stub::new(&[]);
    let desk = Desk::new(&stub);
    drop(stub);
    let report = desk.send(&["a", "b"]).await;
    assert!(matches!(report.stopped, Some(Stopped::Unavailable(_))), "{:?}", report.stopped);
    assert_eq!(desk.states(), [(Pending, 2)]);
}

#[tokio::test]
async fn too_many_lost_answers_in_a_row_stop() {
    let stub = Stub::new(&[Act::TakeAndCut, Act::TakeAndCut, Act::TakeAndCut]);
    let desk = Desk::new(&stub);
    let report = desk.send(&["a", "b", "c", "d"]).await;
    assert_eq!((report.stopped, report.n_left), (Some(Stopped::Lost), 1));
    assert_eq!(desk.states(), [(Accepted, 1), (Accepted, 1), (Accepted, 1)]);
    assert_eq!(stub.posted(), ["a", "b", "c"]);
}

#[tokio::test]
async fn a_stop_is_heard_before_the_next_record() {
    let stub = Stub::new(&[]);
    let desk = Desk::new(&stub);
    let warehouse = Warehouse::open(desk.folder.path(), at()).unwrap();
    let log = warehouse.outbound_log("padi", "transaksi", at()).unwrap();
    let options = SendOptions { rate: 1_000, resend_ambiguous: false, operator: "budi".to_owned() };
    let (stopper, stop) = Stop::channel();
    stopper.stop();
    let ready = desk.ready(&["a", "b"]).await;
    let report = desk.submitter().send(&log, ready, &options, (&Nothing, &stop)).await.unwrap();
    assert_eq!((report.stopped, report.n_left, stub.posted()), (Some(Stopped::Asked), 2, vec![]));
}
