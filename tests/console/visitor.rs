//! Somebody who is signed in to a running console, and a warehouse with one.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use lumbung::config::ConsoleRole;
use lumbung::warehouse::{Account, Warehouse};
use reqwest::StatusCode;
use tokio::runtime::Runtime;

use crate::harness::{Lab, PII_KEY, Ran};

/// The users, their roles, and the password of all of them.
pub(super) const USERS: [(&str, ConsoleRole); 4] = [
    ("ana", ConsoleRole::Analyst),
    ("budi", ConsoleRole::Analyst),
    ("kepala", ConsoleRole::Leader),
    ("oper", ConsoleRole::Operator),
];
const PASSWORD: &str = "kata sandi yang panjang";

/// A warehouse with users.
pub(super) struct Place {
    pub(super) lab: Lab,
}

impl Place {
    /// With snapshots of `datasets`.
    pub(super) fn with(datasets: &[&str]) -> Self {
        let lab = Lab::new(&[]);
        let loaded: Ran = lab.systems_command(&[&["snapshot"][..], datasets].concat()).output().unwrap().into();
        assert_eq!(loaded.code, 0, "{}", loaded.stderr);
        let at = "2026-11-01T00:00:00Z".parse().unwrap();
        let accounts = Warehouse::open(&lab.warehouse(), at).unwrap().accounts();
        let password = lumbung::password::hash(&PASSWORD.to_owned().into()).unwrap();
        let account = |role| Account { role, mail: None, password: Some(password.clone()), changed_at: at };
        accounts.change(|users| users.extend(USERS.map(|(name, role)| (name.to_owned(), account(role))))).unwrap();
        Self { lab }
    }

    /// Starts the daemon on a free port and waits until it says where it is.
    pub(super) fn serve(&self, settings: &[&str]) -> Daemon {
        let mut command = self.lab.bare_command();
        command.env("LUMBUNG_PII_KEY", PII_KEY).args(["-v", "--output", "json", "--set", "inbox.enabled=false"]);
        for setting in settings {
            command.args(["--set", setting]);
        }
        command.args(["serve", "--http", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        // Read all the time: a full pipe would stop the program.
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            text
        });
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: serde_json::Value =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("it did not open: {line}"));
        let base = said["http"].as_str().unwrap().to_owned();
        Daemon { child, base, log: Some(log) }
    }
}

/// A running daemon, ended when it is dropped.
pub(super) struct Daemon {
    child: Child,
    pub(super) base: String,
    log: Option<std::thread::JoinHandle<String>>,
}

impl Daemon {
    /// Ends it and gives what it logged.
    pub(super) fn terminate(mut self) -> String {
        let pid = self.child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        self.log.take().unwrap().join().unwrap()
    }

    /// Signs `name` in.
    pub(super) fn visitor(&self, name: &str) -> Visitor {
        let visitor = Visitor {
            runtime: Runtime::new().unwrap(),
            client: reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap(),
            base: self.base.clone(),
            cookie: String::new(),
            csrf: String::new(),
        };
        let form = visitor.get("/masuk");
        let form_cookie = form.cookie("lumbung-masuk").unwrap();
        let visitor = Visitor { cookie: form_cookie, csrf: token(&form.text()), ..visitor };
        let answer = visitor.post("/masuk", &[("nama", name), ("sandi", PASSWORD)]);
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        let visitor = Visitor { cookie: answer.cookie("lumbung").unwrap(), ..visitor };
        let csrf = token(&visitor.get("/").text());
        Visitor { csrf, ..visitor }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Ended already, where the test asked for it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody who is signed in.
pub(super) struct Visitor {
    runtime: Runtime,
    client: reqwest::Client,
    base: String,
    cookie: String,
    pub(super) csrf: String,
}

/// An answer, read to its end.
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) headers: reqwest::header::HeaderMap,
    pub(super) body: Vec<u8>,
    /// Until its headers were there.
    pub(super) took: Duration,
}

impl Page {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Where it sends the browser.
    pub(super) fn place(&self) -> String {
        self.headers["location"].to_str().unwrap().to_owned()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    fn cookie(&self, name: &str) -> Option<String> {
        let lines = self.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.filter_map(|line| line.split(';').next()).map(str::to_owned);
        pairs.into_iter().find(|pair| pair.starts_with(&format!("{name}=")) && !pair.ends_with('='))
    }
}

impl Visitor {
    pub(super) fn get(&self, path: &str) -> Page {
        self.send(self.client.get(format!("{}{path}", self.base)))
    }

    /// Sends a form of the site.
    pub(super) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut all = vec![("csrf", self.csrf.as_str())];
        all.extend(fields);
        self.post_plain(path, &all)
    }

    /// Sends a form without the token.
    pub(super) fn post_plain(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let pairs = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        let request = self.client.post(format!("{}{path}", self.base)).header("origin", &self.base);
        self.send(request.header("content-type", "application/x-www-form-urlencoded").body(body))
    }

    #[expect(clippy::disallowed_methods, reason = "it is our own server that answers")]
    fn send(&self, request: reqwest::RequestBuilder) -> Page {
        let request = if self.cookie.is_empty() { request } else { request.header("cookie", &self.cookie) };
        self.runtime.block_on(async {
            let began = Instant::now();
            let answer = request.send().await.unwrap();
            let took = began.elapsed();
            let (status, headers) = (answer.status(), answer.headers().clone());
            Page { status, headers, body: answer.bytes().await.unwrap().to_vec(), took }
        })
    }

    /// Begins a request and hangs up after a while, without an answer.
    pub(super) fn post_and_leave(&self, path: &str, fields: &[(&str, &str)], after: Duration) {
        let mut all = vec![("csrf", self.csrf.as_str())];
        all.extend(fields);
        let body = all.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&");
        let request = self.client.post(format!("{}{path}", self.base)).header("origin", &self.base);
        let request = request.header("cookie", &self.cookie).timeout(after);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let left = self.runtime.block_on(async { request.send().await });
        assert!(left.is_err_and(|error| error.is_timeout()), "it was answered before the visitor left");
    }
}

fn token(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"csrf\" value=\"").expect("a form");
    rest.split('"').next().unwrap().to_owned()
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// What stands in inputs to see whether any of it is ever read as more than text.
pub(super) const INJECTIONS: [&str; 8] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</textarea><script>alert(1)</script>",
    "{{ 7 * 7 }}${7*7}",
    "a\r\nSet-Cookie: x=1\r\n\r\n<b>",
    "../../etc/passwd",
    "javascript:alert(1)//",
];

/// Fails where a page holds `injected` as it was sent.
pub(super) fn assert_escaped(page: &str, injected: &str) {
    if injected.contains(['<', '"']) {
        assert!(!page.contains(injected), "{injected} stands in the page as it was sent");
    }
    for tag in ["<script>alert", "<img src=x", "onmouseover='alert"] {
        assert!(!page.contains(tag), "{tag} stands in the page");
    }
}
