//! A warehouse with users and recorded editions, a daemon on it, and visitors that hold cookies as browsers do.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use lumbung::config::ConsoleRole;
use lumbung::password;
use lumbung::report::PrintedFigure;
use lumbung::report::record::{FORMAT, Manifest, MessageRecord, Part, PartRecord, Sentence, json};
use lumbung::warehouse::{Account, DeliveryKind, NewDelivery, NewEdition, Warehouse};
use serde_json::Value;
use tempfile::TempDir;

/// What the program takes the time to be.
pub(super) const NOW: &str = "2026-11-01T06:00:00+07:00";

/// The password of every user.
pub(super) const PASSWORD: &str = "padi menguning di sawah";

/// A user of each role.
pub(super) const USERS: [(&str, ConsoleRole); 3] =
    [("ani", ConsoleRole::Leader), ("budi", ConsoleRole::Analyst), ("cici", ConsoleRole::Operator)];

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A report with recorded editions.
pub(super) const REPORT: &str = "serapan-anggaran";

/// A message as it was sent: a page with a picture, and what must not run.
const EML: &str = "Subject: =?utf-8?b?U2VyYXBhbg==?=\r\nTo: sekjen@contoh.go.id\r\nMessage-ID: <1@contoh.go.id>\r\n\
    Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\nx\r\n--b\r\n\
    Content-ID: <logo@contoh.go.id>\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n\
    iVBORw0KGgo=\r\n--b--\r\n";

/// A page that tries what a page of a report must not be able to do.
const PAGE: &str = "<!DOCTYPE html><html lang=\"id\"><head><title>Serapan</title><style>p{color:#123}</style></head>\
    <body><p style=\"margin:0\">Serapan 71,4%</p><img src=\"cid:logo@contoh.go.id\" alt=\"Logo\">\
    <script>parent.document.title='JALAN'</script></body></html>";

pub(super) struct House {
    folder: TempDir,
}

impl House {
    /// Two editions of one report, of which the newer has a mail that was refused nowhere yet.
    pub(super) fn new() -> Self {
        let house = Self { folder: TempDir::new().unwrap() };
        let warehouse = house.warehouse();
        house.add_users(&warehouse);
        record(&warehouse, "2026-09-30", "68,2");
        record(&warehouse, "2026-10-31", "71,4");
        let newest = format!("{REPORT}-2026-10-31");
        for (n, recipient) in ["sekjen@contoh.go.id", "menteri@contoh.go.id"].iter().enumerate() {
            let message_id = format!("<{n}@contoh.go.id>");
            let new = NewDelivery {
                kind: DeliveryKind::Edition,
                edition: &newest,
                recipient,
                message_id: &message_id,
                eml: EML.as_bytes(),
            };
            warehouse.lay_in_outbox(&[new], "test", now()).unwrap();
        }
        house
    }

    /// A folder in which a test makes its own warehouse.
    pub(super) fn bare() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn warehouse(&self) -> Warehouse {
        Warehouse::open(&self.path("warehouse"), now()).unwrap()
    }

    pub(super) fn add_users(&self, warehouse: &Warehouse) {
        static HASH: OnceLock<String> = OnceLock::new();
        let hash = HASH.get_or_init(|| password::hash(&PASSWORD.to_owned().into()).unwrap());
        let add = |users: &mut BTreeMap<String, Account>| {
            for (name, role) in USERS {
                let mail = (role != ConsoleRole::Analyst).then(|| format!("{name}@contoh.go.id"));
                let account = Account { role, mail, password: Some(hash.clone()), changed_at: now() };
                users.insert(name.to_owned(), account);
            }
        };
        warehouse.accounts().change(add).unwrap();
    }

    /// The program, without any environment.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lumbung"));
        command.env_clear().current_dir(self.folder.path()).args(["--warehouse", "warehouse", "--now", NOW]);
        command.args(arguments);
        command
    }

    /// A daemon that does nothing but show, with these settings.
    pub(super) fn serve(&self, settings: &[&str]) -> Daemon {
        self.serve_with(settings, &[])
    }

    pub(super) fn serve_with(&self, settings: &[&str], environment: &[(&str, &str)]) -> Daemon {
        let mut arguments = vec!["--output", "json"];
        for setting in ["inbox.enabled=false", "schedule.enabled=false"].iter().chain(settings) {
            arguments.extend(["--set", setting]);
        }
        arguments.extend(["serve", "--http", "127.0.0.1:0"]);
        let mut command = self.command(&arguments);
        command.envs(environment.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_default();
        let mut daemon = Daemon { child, address: String::new() };
        let Some(url) = said["http"].as_str() else { panic!("no address in {line:?}: {}", daemon.end()) };
        daemon.address = url.trim_start_matches("http://").to_owned();
        daemon
    }
}

fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

/// Records an edition of [`REPORT`] with one figure.
fn record(warehouse: &Warehouse, period: &str, figure: &str) {
    let period: NaiveDate = period.parse().unwrap();
    let name = format!("{REPORT}-{period}");
    let parts: Vec<Part> = [
        ("edition.html", PAGE.as_bytes().to_vec()),
        ("serapan-2026-10.pdf", b"%PDF-1.7\n".to_vec()),
        ("serapan-2026-10.xlsx", b"PK\x03\x04".to_vec()),
        ("1.eml", EML.as_bytes().to_vec()),
        ("recipients.json", b"[{\"name\":\"Sekjen\",\"address\":\"sekjen@contoh.go.id\"}]".to_vec()),
    ]
    .map(|(name, bytes)| Part { name: name.to_owned(), bytes })
    .into();
    let printed = PrintedFigure {
        id: "tiles.serapan".to_owned(),
        query: "q".to_owned(),
        row: "q".to_owned(),
        column: "serapan".to_owned(),
        value: figure.replace(',', "."),
        unit: "percent".to_owned(),
        text: format!("{figure}%"),
    };
    let manifest = Manifest {
        format: FORMAT,
        edition: name.clone(),
        report: REPORT.to_owned(),
        title: "Serapan anggaran <b>&".to_owned(),
        period,
        variant: None,
        per_tanggal: period,
        stale: false,
        subject: format!("Serapan {figure}%"),
        roles: Vec::new(),
        parameters: BTreeMap::new(),
        definition_version: 1,
        program: "0.1.0".to_owned(),
        templates: String::new(),
        grounds: String::new(),
        parts: parts.iter().map(PartRecord::of).collect(),
        messages: vec![MessageRecord { message_id: "<1@contoh.go.id>".to_owned(), part: "1.eml".to_owned() }],
        figures: vec![printed],
        sentences: vec![Sentence { place: "headline".to_owned(), text: format!("Serapan {figure}%") }],
    };
    let edition = NewEdition {
        edition: name,
        report: REPORT.to_owned(),
        variant: None,
        period,
        day: period,
        made_at: now(),
        program: "0.1.0".to_owned(),
        definition_version: 1,
        manifest: json(&manifest),
        parts: parts.iter().map(|part| (part.name.clone(), part.bytes.as_slice())).collect(),
        reason: None,
    };
    warehouse.record_editions(&[edition], &[], now()).unwrap();
}

/// A running daemon, ended when it is dropped.
pub(super) struct Daemon {
    child: Child,
    pub(super) address: String,
}

impl Daemon {
    /// One request with exactly these headers.
    pub(super) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "host") {
            request.push_str(&format!("host: {}\r\n", self.address));
        }
        headers.iter().for_each(|(name, value)| request.push_str(&format!("{name}: {value}\r\n")));
        if method == "POST" {
            request.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        stream.write_all(format!("{request}\r\n{body}").as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Answer { status, headers, bytes: bytes[end + 4..].to_vec() }
    }

    /// Ends it at once and gives what it said.
    pub(super) fn end(&mut self) -> String {
        // It may have ended by itself.
        let _ = self.child.kill();
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        stderr
    }

    /// Somebody without a cookie.
    pub(super) fn visitor(&self) -> Visitor<'_> {
        Visitor { daemon: self, cookies: BTreeMap::new() }
    }

    /// Somebody who is signed in.
    pub(super) fn signed(&self, name: &str) -> Visitor<'_> {
        let mut visitor = self.visitor();
        let answer = visitor.sign_in(name, PASSWORD);
        assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "{}", answer.text());
        visitor
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) bytes: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The token of the page's forms.
    pub(super) fn csrf(&self) -> String {
        let text = self.text();
        let (_, rest) = text.split_once("name=\"csrf\" value=\"").unwrap_or_else(|| panic!("no token in {text}"));
        rest.split('"').next().unwrap().to_owned()
    }
}

/// A browser as far as cookies go.
pub(super) struct Visitor<'a> {
    daemon: &'a Daemon,
    pub(super) cookies: BTreeMap<String, String>,
}

impl Visitor<'_> {
    pub(super) fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    /// Sends a form as a page of this site does.
    pub(super) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let origin = format!("http://{}", self.daemon.address);
        self.send("POST", path, &[("origin", &origin), ("sec-fetch-site", "same-origin"), FORM], &form(fields))
    }

    pub(super) fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let mut all = headers.to_vec();
        if !cookies.is_empty() {
            all.push(("cookie", &cookies));
        }
        let answer = self.daemon.ask(method, path, &all, body);
        for (_, line) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            match value {
                "" => drop(self.cookies.remove(name)),
                value => drop(self.cookies.insert(name.to_owned(), value.to_owned())),
            }
        }
        answer
    }

    pub(super) fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        let csrf = self.get("/masuk").csrf();
        self.post("/masuk", &[("nama", name), ("sandi", password), ("csrf", &csrf)])
    }
}

/// The content type of a form.
pub(super) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// Fields as a browser sends them.
pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    pairs.join("&")
}

/// A text within an address or a form.
pub(super) fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
