//! A bench for one quirk: a contract of one dataset in a config folder, a source that answers whatever the test says, and
//! the program itself. Most quirks are shown on both roads: rows that stream and rows inside a document.

use std::future::IntoFuture;
use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::harness::{Lab, PII_KEY, Ran};

/// How rows come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Road {
    /// `[{…}, …]`, decoded as it arrives.
    Stream,
    /// `{"status": …, "data": [{…}, …]}`, read whole.
    Document,
}

/// Both roads.
pub(super) const ROADS: [Road; 2] = [Road::Stream, Road::Document];

/// The name of the dataset that every bench loads.
pub(super) const DATASET: &str = "uji.baris";

const SOURCE: &str = r#"
[source]
name = "uji"
title = "Uji"
document = "Invented for this test"
version = 1
base_url = "https://uji.example.go.id"
timezone = "Asia/Jakarta"
fiscal_year = FISCAL_YEAR

[source.auth]
kind = "bearer"

[source.answers]
empty = ["Tidak Ada Data"]
wrong_parameter = ["Harap isi filter"]
unauthorised = ["Token yang dikirimkan tidak valid"]

[source.http]
attempts = 2

[[dataset]]
name = "baris"
title = "Baris"
grain = "one row"
path = "PATH"
paging = { PAGING }
"#;

const STREAM: &str = "envelope = \"spanint\"\nrows = \"objects\"\n";

const DOCUMENT: &str = r#"rows = "document"
rows_at = ["data"]
envelope = { kind = "document", message = ["message"], verdicts = [
  { at = ["body.value", "value"], is = ["Tidak Ada Data"], verdict = "empty" },
  { at = ["value"], is = ["Harap isi filter"], verdict = "wrong_parameter" },
  { at = ["status"], is = ["failed"], verdict = "failed" },
] }
"#;

impl Road {
    /// The part of a contract that says where rows are.
    pub(super) fn rows(self) -> &'static str {
        match self {
            Self::Stream => STREAM,
            Self::Document => DOCUMENT,
        }
    }

    /// A whole answer around `rows`, which are separated by commas.
    pub(super) fn wrap(self, rows: &str) -> String {
        match self {
            Self::Stream => format!("[{rows}]"),
            Self::Document => format!("{{\"status\":\"ok\",\"data\":[{rows}]}}"),
        }
    }

    /// The same with the number of rows there are in all.
    pub(super) fn page(self, rows: &str, total: u64) -> String {
        match self {
            Self::Stream => self.wrap(rows),
            Self::Document => format!("{{\"status\":\"ok\",\"total\":{total},\"data\":[{rows}]}}"),
        }
    }
}

/// A contract of one dataset.
pub(super) struct Contract {
    text: String,
}

impl Contract {
    /// `more` is what the dataset says besides its columns; `columns` are the contract's lines.
    pub(super) fn new(road: Road, more: &str, columns: &str) -> Self {
        Self::shaped(road.rows(), more, columns)
    }

    /// With other rows than those of a [`Road`].
    pub(super) fn shaped(rows: &str, more: &str, columns: &str) -> Self {
        let dataset = format!("{rows}{more}\ncolumns = [\n{columns}\n]\n");
        Self { text: format!("{SOURCE}{dataset}") }
    }

    /// Asked for page by page.
    pub(super) fn paged(mut self, path: &str, paging: &str) -> Self {
        self.text = self.text.replace("PATH", path).replace("PAGING", paging);
        self
    }

    /// Nobody is asked: files lie in a folder.
    pub(super) fn dropped(mut self) -> Self {
        for (asked, dropped) in [
            ("base_url = \"https://uji.example.go.id\"", "transport = \"folder\""),
            ("[source.auth]\nkind = \"bearer\"\n", ""),
            ("path = \"PATH\"\npaging = { PAGING }", "paging = { kind = \"files\", done = true }"),
        ] {
            assert!(self.text.contains(asked), "{asked}");
            self.text = self.text.replace(asked, dropped);
        }
        self
    }

    /// Asked for year by year.
    pub(super) fn yearly(mut self) -> Self {
        self.text = self.text.replace("FISCAL_YEAR", "true");
        self
    }

    fn text(&self) -> String {
        self.text.replace("PATH", "baris").replace("PAGING", "kind = \"whole\"").replace("FISCAL_YEAR", "false")
    }
}

/// One answer.
pub(super) struct Reply {
    status: u16,
    body: Vec<u8>,
}

impl From<String> for Reply {
    fn from(body: String) -> Self {
        Self { status: 200, body: body.into_bytes() }
    }
}

impl From<&str> for Reply {
    fn from(body: &str) -> Self {
        body.to_owned().into()
    }
}

impl From<Vec<u8>> for Reply {
    fn from(body: Vec<u8>) -> Self {
        Self { status: 200, body }
    }
}

impl Reply {
    /// Under another HTTP status than 200.
    pub(super) fn under(status: u16, body: &str) -> Self {
        Self { status, body: body.as_bytes().to_vec() }
    }
}

/// `body` compressed.
pub(super) fn gzip(body: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Says what to answer to a path with its query, and to which request in turn (the first is 1).
type Answer = Box<dyn Fn(&str, usize) -> Reply + Send>;

struct Source {
    answer: Answer,
    asked: Vec<String>,
}

async fn reply(State(source): State<Arc<Mutex<Source>>>, uri: Uri) -> Response {
    let mut source = source.lock().unwrap();
    let asked = uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    source.asked.push(asked.clone());
    let Reply { status, body } = (source.answer)(&asked, source.asked.len());
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

/// A source, a config folder and a warehouse.
pub(super) struct Bench {
    lab: Lab,
    source: Arc<Mutex<Source>>,
    base_url: String,
    _runtime: Runtime,
}

impl Bench {
    /// A source that answers nothing yet, loaded under `contract`.
    pub(super) fn new(contract: &Contract) -> Self {
        let lab = Lab::sized(&[], 0.01);
        let sources = lab.path().join("config-of-test/sources");
        std::fs::create_dir_all(&sources).unwrap();
        std::fs::write(sources.join("uji.toml"), contract.text()).unwrap();
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let answer: Answer = Box::new(|_, _| Reply::under(404, ""));
        let source = Arc::new(Mutex::new(Source { answer, asked: Vec::new() }));
        let router = Router::new().fallback(reply).with_state(Arc::clone(&source));
        runtime.spawn(axum::serve(listener, router).into_future());
        Self { lab, source, base_url, _runtime: runtime }
    }

    /// From now on everything is answered with `reply`.
    pub(super) fn says(&self, reply: impl Into<Reply>) {
        let Reply { status, body } = reply.into();
        self.answers(move |_, _| Reply { status, body: body.clone() });
    }

    /// From now on `answer` decides; requests are counted anew.
    pub(super) fn answers(&self, answer: impl Fn(&str, usize) -> Reply + Send + 'static) {
        *self.source.lock().unwrap() = Source { answer: Box::new(answer), asked: Vec::new() };
    }

    /// What was asked since the last word on what to answer.
    pub(super) fn asked(&self) -> Vec<String> {
        self.source.lock().unwrap().asked.clone()
    }

    /// The laboratory underneath.
    pub(super) fn lab(&self) -> &Lab {
        &self.lab
    }

    /// Runs the program.
    pub(super) fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.lab.bare_command();
        command.args(["--config", "config-of-test"]);
        for (key, value) in [("base_url", self.base_url.as_str()), ("backoff_secs", "0")] {
            command.args(["--set", &format!("sources.uji.{key}={value}")]);
        }
        command.env("LUMBUNG_UJI_TOKEN", "open-sesame").env("LUMBUNG_PII_KEY", PII_KEY);
        command.args(arguments).output().unwrap().into()
    }

    /// Loads the dataset, whatever comes of it.
    pub(super) fn load(&self, options: &[&str]) -> Load {
        let ran = self.run(&[&["--output", "json", "snapshot", DATASET], options].concat());
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        let said = ran.json_lines().into_iter().next().unwrap_or(Value::Null);
        Load { ran, said }
    }

    /// Loads `reply`, which must land.
    pub(super) fn lands(&self, reply: impl Into<Reply>) -> Load {
        self.says(reply);
        let load = self.load(&[]);
        load.is(0, "committed");
        load
    }

    /// Loads `reply`, which must end with `code` and say `says`, and publish nothing.
    pub(super) fn stops(&self, reply: impl Into<Reply>, code: i32, says: &str) {
        self.says(reply);
        self.load(&[]).fails(code, "failed", says);
        assert_eq!(self.lab.published(), [""; 0]);
    }

    /// The result of a query, a line a row.
    pub(super) fn sql(&self, query: &str) -> Vec<String> {
        let ran = self.run(&["sql", "--format", "csv", query]);
        assert_eq!(ran.code, 0, "{query}\n{}", ran.stderr);
        ran.stdout.lines().skip(1).map(str::to_owned).collect()
    }

    /// The result of a query, a JSON object a row.
    pub(super) fn rows(&self, query: &str) -> Vec<Value> {
        let ran = self.run(&["sql", "--format", "ndjson", query]);
        assert_eq!(ran.code, 0, "{query}\n{}", ran.stderr);
        ran.json_lines()
    }

    /// The refused rows of a load as `<row> <column>: <reason>`.
    pub(super) fn refused(&self, load: &Load) -> Vec<String> {
        let ran = self.run(&["--output", "json", "runs", load.said["run"].as_str().unwrap()]);
        let detail = ran.json_lines().remove(0);
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let one = |row: &Value| format!("{} {}: {}", row["row"], text(&row["column"]), text(&row["reason"]));
        detail["quarantine"].as_array().unwrap().iter().map(one).collect()
    }
}

/// A load that ended.
pub(super) struct Load {
    /// The program's own words.
    pub(super) ran: Ran,
    /// Its line of JSON.
    pub(super) said: Value,
}

impl Load {
    /// It ended with `code` and `status`.
    pub(super) fn is(&self, code: i32, status: &str) {
        let Ran { code: found, stdout, stderr } = &self.ran;
        assert_eq!((*found, self.said["status"].as_str()), (code, Some(status)), "{stdout}\n{stderr}");
    }

    /// It ended with `code` and `status`, and says `says`.
    pub(super) fn fails(&self, code: i32, status: &str, says: &str) {
        self.is(code, status);
        let error = self.said["error"].as_str().unwrap();
        assert!(error.contains(says), "{error}");
    }

    /// Rows taken and refused.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.said["rows"].as_u64().unwrap(), self.said["quarantined"].as_u64().unwrap())
    }
}
