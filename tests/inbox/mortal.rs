//! A `lumbung serve` in a process of its own, which can be killed and started again at the same address. Shared by the
//! tests and the benchmark.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use lumbung::clock::Clock;
use lumbung::sandbox::{OssUser, PushCredentials};

/// When the program believes it is at its start.
const NOW: &str = "2026-11-01T06:00:00+07:00";
const OSS_USER: &str = "oss";
const OSS_PASSWORD: &str = "kata-sandi";
const PADI_KEY: &str = "kunci-padi";
const PII_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// A warehouse and the daemon that takes in pushes for it; killed when dropped.
pub(crate) struct Mortal {
    folder: PathBuf,
    settings: Vec<String>,
    /// The port of the first start; kept, so that callers find the daemon again.
    port: u16,
    running: Option<Running>,
}

struct Running {
    process: Child,
    /// Held open: what it prints must have somewhere to go.
    _stdout: BufReader<ChildStdout>,
}

/// What callers prove themselves with.
pub(crate) fn credentials() -> PushCredentials {
    let oss = OssUser { user: OSS_USER.to_owned(), password: OSS_PASSWORD.to_owned().into() };
    PushCredentials { oss: Some(oss), padi: Some(PADI_KEY.to_owned().into()) }
}

/// The day that callers believe it is: the daemon's.
pub(crate) fn clock() -> Clock {
    Clock::Fixed(NOW.parse().expect("an instant"))
}

impl Mortal {
    /// Starts a daemon on a free port, with its warehouse below `folder` and these `key=value` settings.
    pub(crate) fn start(folder: &Path, settings: &[&str]) -> Self {
        let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let mut daemon = Self { folder: folder.to_owned(), settings, port: 0, running: None };
        daemon.start_again();
        daemon
    }

    /// Starts the daemon, at the address it had.
    pub(crate) fn start_again(&mut self) {
        assert!(self.running.is_none(), "it runs");
        let mut command = self.command(&["--output", "json", "serve", "--http", &format!("127.0.0.1:{}", self.port)]);
        let errors = File::options().create(true).append(true).open(self.errors()).expect("a file for what it says");
        let mut process = command.stdout(Stdio::piped()).stderr(errors).spawn().expect("the program starts");
        let mut stdout = BufReader::new(process.stdout.take().expect("piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("text");
        self.running = Some(Running { process, _stdout: stdout });
        let said: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        let port = said["http"].as_str().and_then(|url| url.rsplit_once(':')).and_then(|(_, port)| port.parse().ok());
        self.port = port.unwrap_or_else(|| panic!("no address in {line:?}; it said: {}", self.said()));
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.process.kill().expect("a process of our own");
            running.process.wait().expect("a child of our own");
        }
    }

    /// The inbox's address.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/inbox", self.port)
    }

    /// The warehouse.
    pub(crate) fn warehouse(&self) -> PathBuf {
        self.folder.join("warehouse")
    }

    /// What the daemon has said so far.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.errors()).unwrap_or_default()
    }

    /// Loads what waits for `datasets`; returns the lines of the reports.
    pub(crate) fn load(&self, datasets: &[&str]) -> String {
        let arguments = [&["--output", "json", "snapshot"], datasets].concat();
        let ran = self.command(&arguments).output().expect("the program starts");
        let (stdout, stderr) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert!(ran.status.success(), "the load ended with {}: {stdout}\n{stderr}", ran.status);
        stdout.into_owned()
    }

    /// The program with nothing in its environment but what the inbox needs.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lumbung"));
        command.env_clear().current_dir(&self.folder);
        command.env("LUMBUNG_PII_KEY", PII_KEY).env("LUMBUNG_INBOX_OSS_USER", OSS_USER);
        command.env("LUMBUNG_INBOX_OSS_PASSWORD", OSS_PASSWORD).env("LUMBUNG_INBOX_PADI_TOKEN", PADI_KEY);
        command.arg("--warehouse").arg(self.warehouse()).args(["--now", NOW]);
        command.args(["--set", "marts.after_load=false"]);
        for setting in &self.settings {
            command.args(["--set", setting]);
        }
        command.args(arguments);
        command
    }

    fn errors(&self) -> PathBuf {
        self.folder.join("serve.log")
    }
}

impl Drop for Mortal {
    fn drop(&mut self) {
        self.kill();
    }
}
