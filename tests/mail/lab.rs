//! The laboratory server that misbehaves on purpose, in all its 26 modes: nothing twice, nothing lost in silence.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lumbung::mail::outbox::Stopped;
use lumbung::warehouse::DeliveryState::{self, Accepted, Ambiguous, GivenUp, Refused, Retry};
use tempfile::TempDir;

use super::sink::message_id;
use super::{Post, message, shared};
use crate::harness::python_has;

/// Between two runs: longer than the longest wait of the first attempts.
const NEXT_RUN_MINUTES: i64 = 30;

/// Longer than the greylist's own wait.
const GREYLIST: Duration = Duration::from_millis(500);

/// A running laboratory server; ended when dropped.
struct Server {
    process: Child,
    folder: TempDir,
    port: u64,
}

impl Server {
    fn start(tools: &Path, arguments: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let mut command = Command::new("python3");
        command.arg(tools.join("tools/smtp_lab.py")).args(["--seconds", "120", "--dir"]).arg(folder.path());
        let mut process = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: serde_json::Value = serde_json::from_str(&line).unwrap();
        Self { process, folder, port: said["port"].as_u64().unwrap() }
    }

    /// How often it kept each Message-ID.
    fn times(&self) -> BTreeMap<String, usize> {
        let mut times = BTreeMap::new();
        for entry in std::fs::read_dir(self.folder.path()).unwrap().flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "eml") {
                *times.entry(message_id(&std::fs::read(entry.path()).unwrap())).or_insert(0) += 1;
            }
        }
        times
    }

    /// How many events of this kind there were.
    fn count(&self, event: &str) -> usize {
        let events = std::fs::read_to_string(self.folder.path().join("events.jsonl")).unwrap_or_default();
        events.lines().filter(|line| line.contains(&format!("\"ev\": \"{event}\""))).count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A server that has ended by itself is fine.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One mode, what it is started with, and how three mails stand after each run: an office, one that may be `bad`, one `slow`.
struct Mode {
    name: &'static str,
    more: &'static [&'static str],
    runs: &'static [[DeliveryState; 3]],
}

const fn mode(name: &'static str, more: &'static [&'static str], runs: &'static [[DeliveryState; 3]]) -> Mode {
    Mode { name, more, runs }
}

const ALL: [DeliveryState; 3] = [Accepted; 3];
const WAIT: [DeliveryState; 3] = [Retry; 3];

/// Every mode but drop-mid-data, whose outcome depends on how much the system takes at once.
const MODES: [Mode; 25] = [
    mode("ok", &[], &[ALL]),
    mode("starttls-required", &[], &[ALL]),
    mode("auth-required", &[], &[ALL]),
    mode("auth-reject", &[], &[WAIT]),
    mode("auth-tempfail", &[], &[WAIT]),
    mode("tempfail-first-N", &["--n", "2"], &[WAIT, WAIT, ALL]),
    mode("greylist", &["--delay", "0.3"], &[WAIT, ALL]),
    mode("tempfail-always", &[], &[WAIT, WAIT]),
    mode("tempfail-connect", &["--n", "2"], &[WAIT, WAIT, ALL]),
    mode("reject-recipient", &[], &[[Accepted, Refused, Accepted], [Accepted, Refused, Accepted]]),
    mode("tempfail-recipient", &["--n", "1"], &[[Accepted, Accepted, Retry], ALL]),
    mode("reject-sender", &[], &[[Refused; 3]]),
    mode("reject-data", &[], &[[Refused; 3]]),
    mode("too-big", &[], &[[Accepted, Refused, Accepted]]),
    mode("drop-connect", &[], &[WAIT, WAIT]),
    mode("drop-before-data", &["--n", "2"], &[[Retry, Retry, Accepted], ALL]),
    mode("drop-after-DATA", &["--n", "2"], &[[Ambiguous, Ambiguous, Accepted], [Ambiguous, Ambiguous, Accepted]]),
    mode("rst-after-DATA", &["--n", "2"], &[[Ambiguous, Ambiguous, Accepted], [Ambiguous, Ambiguous, Accepted]]),
    mode("slow", &["--delay", "0.05"], &[ALL]),
    mode("hang-after-DATA", &["--n", "1", "--delay", "5"], &[[Ambiguous, Accepted, Accepted]]),
    mode("no-quit-421", &[], &[ALL]),
    mode("tls-broken", &[], &[WAIT]),
    mode("tls-expired", &[], &[WAIT]),
    mode("tls-wrong-host", &[], &[WAIT]),
    mode("no-smtputf8", &[], &[ALL]),
];

fn post(server: &Server, mode: &str) -> Post {
    let tls = ["starttls", "auth", "tls"].iter().any(|prefix| mode.starts_with(prefix));
    let user = if mode.starts_with("auth") { "lab@" } else { "" };
    let scheme = if tls { "smtp+starttls" } else { "smtp" };
    let authority = server.folder.path().join("ca.pem");
    let settings = if tls { format!("ca_bundle = \"{}\"", authority.display()) } else { String::new() };
    let mut post = Post::new(&format!("{scheme}://{user}127.0.0.1:{}", server.port), &settings);
    post.password = Some("lab-secret");
    let big = if mode == "too-big" { 30_000 } else { 400 };
    post.lay(&[message("sekjen@lab.test", 400), message("bad@lab.test", big), message("slow@lab.test", 400)]);
    post
}

/// The laboratory; `None`, and why, where it is not at hand.
fn laboratory() -> Option<std::path::PathBuf> {
    let shared = shared()?;
    python_has(&["aiosmtpd", "cryptography"]).then_some(shared)
}

fn check(shared: &Path, mode: &Mode) {
    let server = Server::start(shared, &[&["--mode", mode.name][..], mode.more].concat());
    let post = post(&server, mode.name);
    for (run, expected) in (0_i64..).zip(mode.runs) {
        if mode.name == "greylist" && run > 0 {
            // The list goes by the machine's clock.
            std::thread::park_timeout(GREYLIST);
        }
        let stopped = post.send(run * NEXT_RUN_MINUTES).unwrap();
        assert_eq!(post.states(), expected, "{} run {run}: {stopped:?} {:?}", mode.name, post.records());
        assert_kept(&server, &post, mode.name);
        match mode.name {
            "auth-reject" => assert!(matches!(stopped, Some(Stopped::Unauthorised(_))), "{stopped:?}"),
            "auth-tempfail" | "drop-connect" | "tls-broken" | "tls-expired" | "tls-wrong-host" => {
                assert!(matches!(stopped, Some(Stopped::Unavailable(_))), "{} {stopped:?}", mode.name);
            }
            "tempfail-connect" => assert_eq!(stopped.is_some(), *expected == WAIT, "{stopped:?}"),
            _ => assert_eq!(stopped, None, "{}", mode.name),
        }
    }
    if mode.name == "no-quit-421" {
        assert_eq!(server.count("connect"), 3, "one connection a message");
    }
    if mode.name == "ok" {
        assert_eq!(server.count("connect"), 1, "one connection for all");
    }
    if mode.name == "tempfail-always" {
        post.send(73 * 60).unwrap();
        assert_eq!(post.states(), [GivenUp; 3]);
    }
}

/// Nothing is kept twice; what is accepted is kept, as it was laid in; what is neither accepted nor in doubt is not.
fn assert_kept(server: &Server, post: &Post, mode: &str) {
    let times = server.times();
    for record in post.records() {
        let kept = times.get(&record.message_id).copied().unwrap_or_default();
        match record.state {
            Accepted => assert_eq!(kept, 1, "{mode} {record:?}"),
            Ambiguous => assert!(kept <= 1, "{mode} {record:?}"),
            _ => assert_eq!(kept, 0, "{mode} {record:?}"),
        }
    }
    let laid = post.folder.path().join("warehouse/state/outbox");
    for entry in std::fs::read_dir(server.folder.path()).unwrap().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "eml") {
            let bytes = std::fs::read(&path).unwrap();
            let id = message_id(&bytes);
            let record = post.records().into_iter().find(|record| record.message_id == id).unwrap();
            assert!(std::fs::read(laid.join(record.file)).unwrap() == bytes, "{mode}: other bytes arrived");
        }
    }
}

#[test]
fn every_mode_of_the_laboratory_ends_as_it_must() {
    let Some(shared) = laboratory() else { return };
    // Each has a server and an outbox of its own; most of the time they wait for Python to start.
    std::thread::scope(|scope| {
        for chunk in MODES.chunks(MODES.len().div_ceil(4)) {
            let shared = &shared;
            scope.spawn(move || chunk.iter().for_each(|mode| check(shared, mode)));
        }
    });
}

#[test]
fn a_connection_lost_within_a_message_is_no_delivery_and_no_duplicate() {
    let Some(shared) = laboratory() else { return };
    let server = Server::start(&shared, &["--mode", "drop-mid-data", "--n", "2"]);
    let post = post(&server, "drop-mid-data");
    assert_eq!(post.send(0).unwrap(), None);
    let states = post.states();
    // Short ones are out, dot and all, before the server is seen to be gone.
    assert!(states[..2].iter().all(|state| matches!(state, Retry | Ambiguous)), "{states:?}");
    assert_eq!((states[2], server.times().len()), (Accepted, 1));
    post.send(NEXT_RUN_MINUTES).unwrap();
    assert_kept(&server, &post, "drop-mid-data");
}

/// Without an offer of SMTPUTF8, an address that is not ASCII is refused here, and nobody else's mail suffers.
#[test]
fn an_address_the_server_cannot_take_is_refused_alone() {
    let Some(shared) = laboratory() else { return };
    let server = Server::start(&shared, &["--mode", "no-smtputf8"]);
    let post = Post::new(&format!("smtp://127.0.0.1:{}", server.port), "");
    post.lay(&[message("gé@lab.test", 10), message("sekjen@lab.test", 10)]);
    assert_eq!(post.send(0).unwrap(), None);
    assert_eq!(post.states(), [Refused, Accepted]);
    assert!(post.records()[0].reply.as_deref().unwrap().contains("SMTPUTF8"));
}

/// Where every message is lost after its dot, not all of an edition is risked.
#[test]
fn lost_answers_in_a_row_stop_the_burst() {
    let Some(shared) = laboratory() else { return };
    let server = Server::start(&shared, &["--mode", "drop-after-DATA", "--n", "100"]);
    let post = Post::new(&format!("smtp://127.0.0.1:{}", server.port), "");
    let all: Vec<_> = (0..10).map(|n| message(&format!("kantor{n}@lab.test"), 10)).collect();
    post.lay(&all);
    assert_eq!(post.send(0).unwrap(), Some(Stopped::Lost));
    let states = post.states();
    assert_eq!(states.iter().filter(|state| **state == Ambiguous).count(), 3, "{states:?}");
    assert_eq!(states.iter().filter(|state| **state == DeliveryState::Pending).count(), 7);
    assert_eq!(server.times().len(), 3);
}
