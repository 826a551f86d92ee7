//! Back-fill from outside: what is there is left alone, a killed one goes on where it was, a day that fails does not stop the
//! rest, what would fail each time stops at once, and the source is left in peace in between.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Lab, Ran};
use crate::totals::csv;

const PNBP: &str = "omspan.detail_pnbp";
/// Ten weeks and a half.
const SPAN: [&str; 4] = ["--from", "2026-07-01", "--to", "2026-09-12"];
const DAYS: u64 = 74;
/// Longer than anything here takes.
const WAIT_MAX: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(2);

/// What stands between the program and the sandbox: it notes every request, and answers some by itself.
struct Gate {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: SocketAddr,
    /// The days asked for, in order.
    asked: Mutex<Vec<String>>,
    /// Days that are answered with HTTP 500, each as YYYYMMDD.
    broken: Mutex<BTreeSet<String>>,
}

impl Gate {
    fn before(lab: &Lab) -> Self {
        let base = lab.sandbox().base_url("omspan");
        let upstream = base.trim_start_matches("http://").split('/').next().unwrap().parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { upstream, asked: Mutex::default(), broken: Mutex::default() });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&serving);
                std::thread::spawn(move || {
                    // A connection that breaks off is the killed program's.
                    let _ = serve(stream, &shared);
                });
            }
        });
        Self { address, shared }
    }

    fn base_url(&self, lab: &Lab) -> String {
        let base = lab.sandbox().base_url("omspan");
        base.replacen(&self.shared.upstream.to_string(), &self.address.to_string(), 1)
    }

    /// The days asked for since the last call.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.shared.asked.lock().unwrap())
    }

    fn n_asked(&self) -> usize {
        self.shared.asked.lock().unwrap().len()
    }

    fn break_days(&self, days: &[&str]) {
        *self.shared.broken.lock().unwrap() = days.iter().map(|day| day.replace('-', "")).collect();
    }
}

/// One request a connection.
fn serve(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut stream, mut head, mut line) = (stream, String::new(), String::new());
    while reader.read_line(&mut line)? > 2 {
        head.push_str(&line);
        line.clear();
    }
    let path = head.split_whitespace().nth(1).unwrap_or_default();
    let day = path.rsplit('/').next().unwrap_or_default().to_owned();
    let is_day = path.contains("DetailPNBP");
    if is_day {
        shared.asked.lock().unwrap().push(day.clone());
    }
    if is_day && shared.broken.lock().unwrap().contains(&day) {
        let answer = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        return stream.write_all(answer.as_bytes());
    }
    let mut upstream = TcpStream::connect(shared.upstream)?;
    upstream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    // The program is told that this connection serves one request.
    let end_of_line = answer.windows(2).position(|pair| pair == b"\r\n").unwrap_or(0) + 2;
    if !String::from_utf8_lossy(&answer).to_ascii_lowercase().contains("\r\nconnection: close") {
        answer.splice(end_of_line..end_of_line, *b"connection: close\r\n");
    }
    stream.write_all(&answer)
}

/// The command that fills the span through the gate, with `options`.
fn fill(lab: &Lab, gate: &Gate, options: &[&str]) -> Command {
    let base = format!("sources.omspan.base_url={}", gate.base_url(lab));
    lab.command(&[&["--set", &base, "--output", "json", "snapshot", PNBP, "--no-marts"], options].concat())
}

fn run(lab: &Lab, gate: &Gate, options: &[&str]) -> (Ran, Value) {
    let ran: Ran = fill(lab, gate, &[&["--pause-ms", "0"], options].concat()).output().unwrap().into();
    let line = ran.json_lines().first().cloned().unwrap_or_default();
    (ran, line)
}

/// Rows and rupiah of what stands, and of what the sandbox serves of the span.
fn totals(lab: &Lab) -> Vec<Vec<String>> {
    csv(lab, &format!("SELECT count(*), sum(rupiah), count(DISTINCT insert_date) FROM {PNBP}"), &[])
}

/// What a back-fill that nothing disturbed comes to.
fn undisturbed() -> Vec<Vec<String>> {
    let lab = Lab::new(&[]);
    let whole = [&["snapshot", PNBP, "--no-marts", "--pause-ms", "0"][..], &SPAN].concat();
    lab.ok(&whole);
    totals(&lab)
}

fn wait(child: &mut Child, due: impl Fn() -> bool) {
    let began = Instant::now();
    while !due() {
        assert!(began.elapsed() < WAIT_MAX && child.try_wait().unwrap().is_none(), "it does not come that far");
        std::thread::park_timeout(LOOK);
    }
}

#[test]
fn what_is_there_is_left_alone_and_a_killed_one_goes_on() {
    let lab = Lab::new(&[]);
    let gate = Gate::before(&lab);
    // Some days were loaded before.
    let (before, line) = run(&lab, &gate, &["--from", "2026-08-10", "--to", "2026-08-14"]);
    assert_eq!((before.code, line["days"]["loaded"].as_u64()), (0, Some(5)), "{}", before.stderr);
    assert_eq!(gate.asked().len(), 5);
    let dry = run(&lab, &gate, &[&SPAN[..], &["--dry-run"]].concat()).0;
    assert_eq!((dry.code, dry.json_lines().len()), (0, 69), "{}", dry.stderr);
    assert!(
        dry.stderr.contains("5 of 74 days are there already") && dry.stderr.contains("ms an answer"),
        "{}",
        dry.stderr
    );
    assert_eq!(gate.n_asked(), 0, "nothing is asked");

    // Killed in its second step: the first is there.
    let mut child = fill(&lab, &gate, &[&["--pause-ms", "1"], &SPAN[..]].concat())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait(&mut child, || gate.n_asked() >= 40);
    child.kill().unwrap();
    child.wait().unwrap();
    let lost = gate.asked().len();
    let (ran, line) = run(&lab, &gate, &SPAN);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let there = line["days"]["there"].as_u64().unwrap();
    assert!(there >= 31 + 5, "the first step is kept: {line}");
    assert_eq!(gate.asked().len() as u64, DAYS - there, "after {lost} requests");
    assert!(ran.stderr.contains(&format!("{there} of {DAYS} days are there already")), "{}", ran.stderr);
    assert_eq!(totals(&lab), undisturbed());

    // All is there now, also the days without rows.
    let (ran, line) = run(&lab, &gate, &SPAN);
    assert_eq!(
        (ran.code, line["status"].as_str(), line["days"]["there"].as_u64()),
        (0, Some("unchanged"), Some(DAYS))
    );
    assert_eq!(gate.n_asked(), 0);
    let (ran, line) = run(&lab, &gate, &["--from", "2026-08-10", "--to", "2026-08-14", "--again"]);
    assert_eq!((ran.code, gate.asked().len(), line["status"].as_str()), (0, 5, Some("unchanged")), "{}", ran.stderr);
}

#[test]
fn a_day_that_is_not_over_is_asked_for_again() {
    let mut lab = Lab::new(&[]);
    let gate = Gate::before(&lab);
    let (ran, line) = run(&lab, &gate, &["--from", "2026-10-30", "--to", "2026-11-20"]);
    assert_eq!((ran.code, line["days"]["loaded"].as_u64()), (0, Some(3)), "{}", ran.stderr);
    assert!(ran.stderr.contains("days after today (2026-11-01) are left out"), "{}", ran.stderr);
    gate.asked();
    lab.set_today("2026-11-02");
    let (ran, _) = run(&lab, &gate, &["--from", "2026-10-30", "--to", "2026-11-01"]);
    assert_eq!((ran.code, gate.asked()), (0, vec!["20261101".to_owned()]), "{}", ran.stderr);
}

#[test]
fn a_day_that_fails_does_not_stop_the_rest() {
    let lab = Lab::new(&[]);
    let gate = Gate::before(&lab);
    gate.break_days(&["2026-07-15", "2026-08-20", "2026-08-21"]);
    let (ran, line) = run(&lab, &gate, &SPAN);
    assert_eq!(ran.code, 69, "{}", ran.stderr);
    assert_eq!((line["status"].as_str(), line["days"]["failed"].as_u64()), (Some("failed"), Some(3)), "{line}");
    assert_eq!(line["days"]["loaded"].as_u64(), Some(DAYS - 3));
    let missing = json!([{ "from": "2026-07-15", "to": "2026-07-15" }, { "from": "2026-08-20", "to": "2026-08-21" }]);
    assert_eq!(line["days"]["missing"], missing);
    let tries = gate.asked().iter().filter(|day| *day == "20260715").count();
    assert_eq!(tries, 4, "as often as any request, and not more");

    // The commands that it prints ask for these days and for no others.
    gate.break_days(&[]);
    let commands: Vec<&str> =
        ran.stderr.lines().filter_map(|line| line.trim().strip_prefix("lumbung snapshot ")).collect();
    assert_eq!(commands.len(), 2, "{}", ran.stderr);
    for command in commands {
        let arguments: Vec<&str> = command.split(' ').skip(1).collect();
        assert_eq!(run(&lab, &gate, &arguments).0.code, 0, "{command}");
    }
    assert_eq!(gate.asked(), ["20260715", "20260820", "20260821"]);
    assert_eq!(totals(&lab), undisturbed());
}

#[test]
fn what_would_fail_each_time_stops_at_once() {
    let mut lab = Lab::new(&["unauthorised"]);
    let gate = Gate::before(&lab);
    let (ran, line) = run(&lab, &gate, &SPAN);
    assert_eq!((ran.code, line["days"]["not_loaded"].as_u64()), (77, Some(DAYS)), "{}", ran.stderr);
    assert!(gate.asked().len() <= 1, "a refused token is shown once");
    assert!(ran.stderr.contains("--from 2026-07-01 --to 2026-09-12"), "{}", ran.stderr);

    // A source that is silent for days is left alone.
    lab.replace_sandbox(&["error-500"]);
    let gate = Gate::before(&lab);
    let (ran, line) = run(&lab, &gate, &SPAN);
    assert_eq!((ran.code, line["days"]["failed"].as_u64()), (69, Some(5)), "{}", ran.stderr);
    assert_eq!(gate.asked().len(), 5 * 4);

    let refuses = |arguments: &[&str], says: &str| {
        let ran = lab.run(&[&["snapshot"], arguments].concat());
        assert!(ran.code == 2 && ran.stderr.contains(says), "{} {}", ran.code, ran.stderr);
    };
    refuses(&[&["omspan.dipa_belanja"], &SPAN[..]].concat(), "only tells what holds now");
    refuses(&[&["oss.kkpr"], &SPAN[..]].concat(), "pushed by its sender");
    refuses(&[PNBP, "--from", "2027-01-01", "--to", "2027-02-01"], "lies in the future");
    refuses(&[PNBP, "--again"], "--from");
}

#[test]
fn it_stops_after_the_day_at_hand_and_keeps_its_pace() {
    let lab = Lab::new(&[]);
    let gate = Gate::before(&lab);
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        gate.asked();
        let began = Instant::now();
        let mut child = fill(&lab, &gate, &[&["--pause-ms", "100"], &SPAN[..]].concat())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        wait(&mut child, || gate.n_asked() >= 8);
        assert!(began.elapsed() >= Duration::from_millis(600), "a tenth of a second between requests");
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let ended: Ran = child.wait_with_output().unwrap().into();
        assert_eq!(ended.code, code, "{}", ended.stderr);
        assert!(ended.stderr.contains("left for another time"), "{}", ended.stderr);
        let asked = gate.asked();
        assert!(asked.len() < 31, "it did not finish the step: {asked:?}");
    }
    let (ran, line) = run(&lab, &gate, &SPAN);
    let there = line["days"]["there"].as_u64().unwrap();
    assert!(ran.code == 0 && there >= 14, "the days that landed are kept: {line}");
    assert_eq!(totals(&lab), undisturbed());
}
