//! The inbox over real HTTP and a real store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use tempfile::TempDir;

use super::{Catalogs, InboxParts, InboxServer};
use crate::catalog::{Catalog, SessionLimits, ViewSet};
use crate::clock::Clock;
use crate::config::{ConfigFolder, Credentials};
use crate::contract::{Contract, parse};
use crate::load::inbox::push_context;
use crate::privacy::PiiKey;
use crate::seal::vault::Vault;
use crate::serve::ServeError;
use crate::serve::listener::{ConnectionLimits, Listener, Stop, Stopper};
use crate::warehouse::{InboxLimits, InboxWriter, PushOutcome, Warehouse};

const NOW: &str = "2026-11-01T10:00:00+07:00";

fn contracts() -> Vec<Contract> {
    [("uji.toml", include_str!("tests/uji.toml")), ("toko.toml", include_str!("tests/toko.toml"))]
        .map(|(file, text)| parse(file, text).unwrap())
        .into()
}

fn secrets(pairs: &[(&str, &str)]) -> Credentials {
    let given = pairs.iter().map(|(name, value)| (format!("LUMBUNG_INBOX_{name}"), (*value).to_owned().into()));
    Credentials::Given(given.collect::<BTreeMap<_, _>>())
}

fn all_secrets() -> Credentials {
    secrets(&[("UJI_USER", "oss"), ("UJI_PASSWORD", "rahasia"), ("TOKO_TOKEN", "kunci")])
}

/// A warehouse in which nothing is committed.
struct Nothing;

#[async_trait]
impl Catalogs for Nothing {
    async fn latest(&self) -> Result<Catalog, String> {
        let built = Catalog::build(Vec::new(), &ViewSet::default(), SessionLimits::default());
        built.map_err(|error| error.to_string())
    }
}

/// An inbox that runs.
struct Running {
    base_url: String,
    warehouse: Warehouse,
    key: Arc<PiiKey>,
    writer: InboxWriter,
    client: reqwest::Client,
    _stopper: Stopper,
    folder: TempDir,
}

impl Running {
    async fn start(settings: &[&str], now: &str, waiting_bytes_max: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now: DateTime<Utc> = now.parse().unwrap();
        let warehouse = Warehouse::open(folder.path(), now).unwrap();
        let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
        let config = ConfigFolder::embedded().config(&settings).unwrap();
        let limits = InboxLimits { waiting_bytes_max, refused_max: 100, refused_days: 30 };
        let writer = InboxWriter::start(&warehouse.inbox().unwrap(), limits).unwrap();
        let key = Arc::new(PiiKey::new(vec![7; 32]).unwrap());
        let server = InboxServer::new(InboxParts {
            contracts: &contracts(),
            credentials: &all_secrets(),
            inbox: &config.inbox,
            serve: &config.serve,
            key: Arc::clone(&key),
            clock: Clock::Fixed(now),
            writer: writer.clone(),
            catalogs: Arc::new(Nothing),
        })
        .unwrap();
        let second = Duration::from_secs(1);
        let limits = ConnectionLimits { connections_max: 16, header_timeout: second, drain: second };
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), None, limits).await.unwrap();
        let base_url = listener.base_url();
        let (stopper, stop) = Stop::channel();
        tokio::spawn(listener.serve(server.router(), stop));
        let client = reqwest::Client::new();
        Self { base_url, warehouse, key, writer, client, _stopper: stopper, folder }
    }

    async fn usual() -> Self {
        Self::start(&[], NOW, 1 << 30).await
    }

    async fn post(&self, path: &str, token: (&str, &str), body: impl Into<reqwest::Body>) -> (u16, Value) {
        let request = self.client.post(format!("{}/inbox/{path}", self.base_url)).header(token.0, token.1);
        let answer = request.header("content-type", "application/json").body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Pushes a NIB with the token of `day`.
    async fn push(&self, day: &str, body: &Value) -> (u16, Value) {
        let token = token(body["dataNIB"]["nib"].as_str().unwrap_or_default(), day);
        self.post("uji/receiveNIB", ("Token", &token), body.to_string()).await
    }

    fn waiting(&self) -> u64 {
        self.warehouse.inbox().unwrap().inbox_status().unwrap().iter().map(|status| status.waiting).sum()
    }

    async fn tally(&self, outcome: PushOutcome) -> u64 {
        self.writer.flush().await.unwrap();
        let tallies = self.warehouse.inbox().unwrap().inbox_tallies().unwrap();
        tallies.iter().filter(|tally| tally.outcome == outcome).map(|tally| tally.pushes).sum()
    }
}

fn token(nib: &str, day: &str) -> String {
    Sha1::digest(format!("ossrahasia{nib}{day}")).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn nib(id_izin: &str) -> Value {
    json!({ "dataNIB": { "nib": "0220001234567", "id_izin": id_izin, "nama_perseroan": "PT Uji", "pemegang_saham": [] } })
}

#[tokio::test]
async fn a_push_is_stored_once_sealed_and_acknowledged_in_the_sources_words() {
    let running = Running::usual().await;
    let accepted = json!({ "responreceiveNIB": { "status": "1", "keterangan": "Data diterima" } });
    assert_eq!(running.push("20261101", &nib("I-1")).await, (200, accepted.clone()));
    assert_eq!(running.push("20261101", &nib("I-1")).await, (200, accepted.clone()), "the same again");
    assert_eq!(running.waiting(), 1);
    let mut newer = nib("I-1");
    newer["dataNIB"]["nama_perseroan"] = json!("PT Uji Baru");
    assert_eq!(running.push("20261101", &newer).await, (200, accepted));
    assert_eq!(running.waiting(), 2);
    assert_eq!((running.tally(PushOutcome::Accepted).await, running.tally(PushOutcome::Known).await), (2, 1));
    let database = std::fs::read(running.folder.path().join("state/inbox.db-wal")).unwrap();
    assert!(!database.windows(6).any(|bytes| bytes == b"PT Uji"), "a push lies in the clear");
}

#[tokio::test]
async fn a_wrong_token_is_counted_and_never_stored() {
    let running = Running::usual().await;
    for (name, value) in
        [("Token", token("0220001234567", "20261031")), ("Token", String::new()), ("X", "x".to_owned())]
    {
        let (status, told) = running.post("uji/receiveNIB", (name, &value), nib("I-1").to_string()).await;
        assert_eq!((status, told["responreceiveNIB"]["kode"].as_str()), (401, Some("401")));
    }
    assert_eq!(running.post("toko/padis", ("x-api-key", "kunc"), "{}").await.0, 401);
    assert_eq!((running.waiting(), running.tally(PushOutcome::Unauthorised).await), (0, 4));
    assert!(running.warehouse.inbox().unwrap().refused(9).unwrap().is_empty());
}

#[tokio::test]
async fn around_midnight_yesterdays_token_holds_and_then_no_more() {
    let early = Running::start(&[], "2026-11-01T00:10:00+07:00", 1 << 30).await;
    assert_eq!(early.push("20261031", &nib("I-1")).await.0, 200);
    assert_eq!(early.push("20261101", &nib("I-1")).await.0, 200);
    let late = Running::start(&[], "2026-11-01T00:20:00+07:00", 1 << 30).await;
    assert_eq!(late.push("20261031", &nib("I-1")).await.0, 401);
}

#[tokio::test]
async fn a_faulty_push_is_told_every_column_and_kept_sealed() {
    let running = Running::usual().await;
    let mut bad = nib("I-1");
    bad["dataNIB"]["nib"] = json!("22000");
    bad["dataNIB"]["tgl_terbit_nib"] = json!("besok");
    bad["dataNIB"]["pemegang_saham"] = json!([{ "flag_asing": "N" }, { "total_modal": "1" }]);
    let (status, told) = running.push("20261101", &bad).await;
    assert_eq!(status, 400);
    let told = &told["responreceiveNIB"];
    let columns: Vec<&str> =
        told["kesalahan"].as_array().unwrap().iter().map(|f| f["kolom"].as_str().unwrap()).collect();
    assert!(columns.starts_with(&["nib", "tgl_terbit_nib"]) && columns.contains(&"pemegang_saham[2].flag_asing"));
    assert!(told["keterangan"].as_str().unwrap().starts_with("5 kolom tidak sesuai: nib (kode terlalu pendek"));
    let inbox = running.warehouse.inbox().unwrap();
    let refused = inbox.refused(9).unwrap();
    assert_eq!((refused.len(), running.waiting(), running.tally(PushOutcome::Refused).await), (1, 0, 1));
    assert!(!refused[0].reason.contains("22000") && !refused[0].reason.contains("besok"), "{}", refused[0].reason);
    let (key_id, sealed) = inbox.refused_original(refused[0].id).unwrap().unwrap();
    assert_eq!(key_id, running.key.key_id());
    let opened = Vault::new(&running.key).open(&push_context("uji", "nib_masuk"), &sealed).unwrap();
    assert_eq!(*opened, bad.to_string().into_bytes());
}

#[tokio::test]
async fn without_the_wrapper_a_stranger_leaves_nothing_and_a_known_sender_something() {
    let running = Running::usual().await;
    let (status, told) = running.post("uji/receiveNIB", ("Token", "x"), "{\"nib\":\"1\"}").await;
    assert_eq!(status, 400);
    assert!(told["responreceiveNIB"]["keterangan"].as_str().unwrap().to_lowercase().contains("datanib"));
    assert!(running.warehouse.inbox().unwrap().refused(9).unwrap().is_empty());
    let (status, told) = running.post("toko/padis", ("x-api-key", "kunci"), "{}").await;
    assert_eq!((status, told["code"].as_str()), (400, Some("400")));
    assert_eq!(running.warehouse.inbox().unwrap().refused(9).unwrap().len(), 1);
}

#[tokio::test]
async fn a_question_is_answered_and_stored() {
    let running = Running::usual().await;
    let mut answers = Vec::new();
    for number in ["503/12/2026", "' OR 1=1 --"] {
        let body = json!({ "CHECKKOMITMEN": { "nib": "0220001234567", "no_dokumen": number } });
        let token = token("0220001234567", "20261101");
        let (status, told) = running.post("uji/checkKomitmen", ("Token", &token), body.to_string()).await;
        answers.push((status, told["responcheckKomitmen"]["status"].as_str().unwrap().to_owned()));
    }
    assert_eq!(answers, [(200, "1".to_owned()), (200, "0".to_owned())]);
    assert_eq!(running.waiting(), 2);
}

#[tokio::test]
async fn what_is_no_push_is_turned_away_with_its_status() {
    let running = Running::start(&["inbox.body_bytes_max=1000"], NOW, 1 << 30).await;
    let path = "toko/padis";
    let key = ("x-api-key", "kunci");
    let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
    for (body, status) in [
        ("".to_owned(), 400),
        ("{\"transaksi\":".to_owned(), 400),
        ("{\"a\":1}}".to_owned(), 400),
        (deep, 400),
        ("x".repeat(1_001), 413),
    ] {
        let (told, answer) = running.post(path, key, body.clone()).await;
        assert_eq!((told, answer["code"].as_str()), (status, Some("400")), "{body}");
    }
    assert_eq!(running.post(path, key, vec![b'"', 0xe9, b'"']).await.0, 415);
    let url = format!("{}/inbox/{path}", running.base_url);
    let sent = |request: reqwest::RequestBuilder| async { request.send().await.unwrap() };
    let chunks = futures::stream::iter((0..11).map(|_| Ok::<_, std::io::Error>(vec![b' '; 100])));
    let chunked = running.client.post(&url).header("content-type", "application/json");
    assert_eq!(sent(chunked.body(reqwest::Body::wrap_stream(chunks))).await.status(), 413);
    for (name, value) in [("content-type", "text/plain"), ("content-type", "application/json; charset=latin1")] {
        assert_eq!(sent(running.client.post(&url).header(name, value).body("{}")).await.status(), 415, "{value}");
    }
    let zipped =
        running.client.post(&url).header("content-type", "application/json").header("content-encoding", "gzip");
    assert_eq!(sent(zipped.body("{}")).await.status(), 415);
    for method in [reqwest::Method::GET, reqwest::Method::HEAD, reqwest::Method::PUT, reqwest::Method::DELETE] {
        let answer = sent(running.client.request(method, &url)).await;
        assert_eq!((answer.status().as_u16(), answer.headers()["allow"].to_str().unwrap()), (405, "POST"));
    }
    let (status, told) = running.post("uji/receiveNib", key, "{}").await;
    assert_eq!((status, told["responreceiveNib"]["kode"].as_str()), (404, Some("404")));
    for path in ["lain/receiveNIB", "uji", "toko/padis/x", "%ff/x"] {
        assert_eq!(running.post(path, key, "{}").await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let settings = ["inbox.requests_per_second=1", "inbox.burst=2"];
    let running = Running::start(&settings, NOW, 1 << 30).await;
    let url = format!("{}/inbox/toko/padis", running.base_url);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let answer = running.client.post(&url).send().await.unwrap();
        let retry = answer.headers().get("retry-after").map(|after| after.to_str().unwrap().to_owned());
        statuses.push((answer.status().as_u16(), retry));
    }
    assert_eq!(statuses, [(415, None), (415, None), (429, Some("1".to_owned()))]);
}

#[tokio::test]
async fn a_full_store_says_so_and_takes_again_what_it_knows() {
    let running = Running::start(&[], NOW, 200).await;
    assert_eq!(running.push("20261101", &nib("I-1")).await.0, 200);
    let (status, told) = running.push("20261101", &nib("I-2")).await;
    assert_eq!((status, told["responreceiveNIB"]["kode"].as_str()), (503, Some("504")));
    assert_eq!(running.push("20261101", &nib("I-1")).await.0, 200, "what is stored already is acknowledged");
    assert_eq!(running.waiting(), 1);
}

#[tokio::test]
async fn an_inbox_is_switched_on_by_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = Warehouse::open(folder.path(), NOW.parse().unwrap()).unwrap();
    let limits = InboxLimits { waiting_bytes_max: 1, refused_max: 1, refused_days: 1 };
    let writer = InboxWriter::start(&warehouse.inbox().unwrap(), limits).unwrap();
    let config = ConfigFolder::embedded().config(&[]).unwrap();
    let open = |credentials: Credentials| {
        let server = InboxServer::new(InboxParts {
            contracts: &contracts(),
            credentials: &credentials,
            inbox: &config.inbox,
            serve: &config.serve,
            key: Arc::new(PiiKey::new(vec![7; 32]).unwrap()),
            clock: Clock::System,
            writer: writer.clone(),
            catalogs: Arc::new(Nothing),
        });
        server.map(|server| server.sources().join(" "))
    };
    assert_eq!(open(all_secrets()).unwrap(), "toko uji");
    assert_eq!(open(secrets(&[("TOKO_TOKEN", "kunci")])).unwrap(), "toko");
    let half = open(secrets(&[("UJI_USER", "oss"), ("TOKO_TOKEN", "kunci")])).unwrap_err();
    assert!(matches!(half, ServeError::HalfSecret { .. }));
    assert!(half.to_string().ends_with("set LUMBUNG_INBOX_UJI_PASSWORD"), "{half}");
    let none = open(secrets(&[])).unwrap_err().to_string();
    assert!(none.contains("LUMBUNG_INBOX_UJI_USER and LUMBUNG_INBOX_UJI_PASSWORD"), "{none}");
    assert!(none.contains("LUMBUNG_INBOX_TOKO_TOKEN"), "{none}");
}
