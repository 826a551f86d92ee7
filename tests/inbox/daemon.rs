//! A running `lumbung serve`, ended when it is dropped.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::{OSS_PASSWORD, OSS_USER, PADI_KEY, token};
use crate::harness::{PII_KEY, Ran};

/// Longest wait for the other side of a socket: everything that is waited for comes much earlier.
const SOCKET_TIMEOUT: Duration = Duration::from_secs(30);

/// A warehouse of its own, and the program on it.
pub(super) struct House {
    folder: TempDir,
    /// What the program takes the time to be.
    pub(super) now: String,
}

impl House {
    pub(super) fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), now: "2026-11-01T10:00:00+07:00".to_owned() }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program with the secrets of both senders and nothing else.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bare_command(arguments);
        command.env("LUMBUNG_PII_KEY", PII_KEY);
        command.env("LUMBUNG_INBOX_OSS_USER", OSS_USER).env("LUMBUNG_INBOX_OSS_PASSWORD", OSS_PASSWORD);
        command.env("LUMBUNG_INBOX_PADI_TOKEN", PADI_KEY);
        command
    }

    /// The program without any secret.
    pub(super) fn bare_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lumbung"));
        command.env_clear().current_dir(self.folder.path()).args(["--warehouse", "warehouse", "--now", &self.now]);
        // Tests of the marts ask for them.
        command.args(["--set", "marts.after_load=false"]);
        command.args(arguments);
        command
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs the program, which must succeed, and returns its JSON lines.
    pub(super) fn lines(&self, arguments: &[&str]) -> Vec<Value> {
        let ran = self.run(&[arguments, &["--output", "json"]].concat());
        assert_eq!(ran.code, 0, "{arguments:?}\n{}\n{}", ran.stdout, ran.stderr);
        ran.json_lines()
    }

    /// The rows of a query, as CSV without its header.
    pub(super) fn sql(&self, query: &str) -> Vec<String> {
        let ran = self.run(&["sql", "--format", "csv", query]);
        assert_eq!(ran.code, 0, "{query}\n{}", ran.stderr);
        ran.stdout.lines().skip(1).map(str::to_owned).collect()
    }

    /// Starts the daemon on a free port, with further settings.
    pub(super) fn serve(&self, settings: &[&str]) -> Daemon {
        let mut arguments: Vec<&str> = settings.iter().flat_map(|setting| ["--set", *setting]).collect();
        arguments.extend(["serve", "--http", "127.0.0.1:0", "--output", "json"]);
        self.start(self.command(&arguments))
    }

    /// Starts a command that serves, and waits until it says where.
    pub(super) fn start(&self, mut command: Command) -> Daemon {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Option<Value> = serde_json::from_str(&line).ok();
        let base_url = said.map_or_else(|| line.trim().to_owned(), |said| said["http"].as_str().unwrap().to_owned());
        if !base_url.starts_with("http") {
            let mut stderr = String::new();
            child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
            panic!("the daemon did not start: {line}{stderr}");
        }
        Daemon { child, base_url, runtime: Runtime::new().unwrap(), client: reqwest::Client::new() }
    }
}

/// The running daemon.
pub(super) struct Daemon {
    child: Child,
    pub(super) base_url: String,
    runtime: Runtime,
    pub(super) client: reqwest::Client,
}

/// An answer: its status, `Retry-After`, and its JSON.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<String>,
    pub(super) json: Value,
}

impl Daemon {
    /// Posts a body as JSON.
    pub(super) fn post(&self, path: &str, header: (&str, &str), body: impl Into<reqwest::Body>) -> Answer {
        let request = self.client.post(format!("{}/inbox/{path}", self.base_url)).header(header.0, header.1);
        self.send(request.header("content-type", "application/json").body(body))
    }

    pub(super) fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        self.runtime.block_on(async {
            let answer = request.send().await.unwrap();
            let retry_after = answer.headers().get("retry-after").map(|after| after.to_str().unwrap().to_owned());
            let status = answer.status().as_u16();
            Answer { status, retry_after, json: answer.json().await.unwrap_or_default() }
        })
    }

    /// Pushes a NIB with the token of `day`.
    pub(super) fn push_nib(&self, day: &str, body: &Value) -> Answer {
        let nib = body["dataNIB"]["nib"].as_str().unwrap();
        self.post("oss/receiveNIB", ("Token", &token(nib, day)), body.to_string())
    }

    /// Reports a transaction.
    pub(super) fn push_transaction(&self, body: &Value) -> Answer {
        self.post("padi/padis", ("x-api-key", PADI_KEY), body.to_string())
    }

    /// A socket of its own, for what no client library sends.
    pub(super) fn connect(&self) -> TcpStream {
        let address: SocketAddr = self.base_url.split_once("://").unwrap().1.parse().unwrap();
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(SOCKET_TIMEOUT)).unwrap();
        stream
    }

    /// Sends bytes and reads until the daemon closes the connection.
    pub(super) fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // The daemon may have heard enough before everything is sent.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Asks it to end and returns what it came to.
    pub(super) fn terminate(mut self) -> Ran {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        Ran { code, stdout: String::new(), stderr }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Ended already, where the test asked for it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
