//! A deployment that is watched: the daemon's own answers, `lumbung status --fail-stale`, notes to the operator and the heartbeat, each
//! once, whatever dies in between.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Lab, Ran};

/// The dataset that runs by itself in these tests.
const DATASET: &str = "omspan.capaian_ik_kl";

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(120);

/// One dataset, no inbox, no reports, any free port.
fn settings() -> Vec<String> {
    let reports = ["ikpa", "kartu-satker", "kesejahteraan", "pengadaan-umkm-pdn", "pnbp", "ringkasan-pimpinan"];
    let off =
        reports.iter().chain(&["serapan-anggaran"]).map(|name| format!("schedule.reports.{name}.enabled=false"));
    let own = [
        "inbox.enabled=false",
        "retention.enabled=false",
        "serve.http=127.0.0.1:0",
        "schedule.cron=",
        "schedule.retries=0",
        "schedule.datasets.omspan.capaian_ik_kl.cron=0 30 4 * * *",
        "sources.omspan.attempts=1",
    ];
    own.map(str::to_owned).into_iter().chain(off).collect()
}

fn arguments<'a>(settings: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    settings.iter().flat_map(|setting| ["--set", setting.as_str()]).chain(more.iter().copied()).collect()
}

/// A running daemon, ended when it is dropped.
struct Daemon {
    child: Child,
    address: String,
}

impl Daemon {
    fn start(lab: &Lab, settings: &[String]) -> Self {
        let mut command: Command = lab.command(&arguments(settings, &["--output", "json", "serve"]));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_default();
        let mut daemon = Self { child, address: String::new() };
        let Some(url) = said["http"].as_str() else { panic!("no address in {line:?}: {}", daemon.end(false).stderr) };
        daemon.address = url.trim_start_matches("http://").to_owned();
        daemon
    }

    /// Starts it and waits until it is ready.
    fn ready(lab: &Lab, settings: &[String]) -> Self {
        let daemon = Self::start(lab, settings);
        until("the daemon is ready", || (daemon.get("/readyz").0 == 200).then_some(()));
        daemon
    }

    /// The status and the body of an answer.
    fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: lumbung\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// Ends it, gently or at once.
    fn end(&mut self, gently: bool) -> Ran {
        let signal = if gently { "-TERM" } else { "-KILL" };
        assert!(Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap().success());
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        Ran { code: self.child.wait().unwrap().code().unwrap_or(-1), stdout: String::new(), stderr }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Ended already, where the test asked for it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again and again until there is an answer.
fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what}: not in time");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// How the one job's newest time stands.
fn job(lab: &Lab, settings: &[String]) -> String {
    let status = lab.ok(&arguments(settings, &["--output", "json", "status"])).json_lines();
    let line = status.into_iter().find(|line| line["job"] == format!("dataset:{DATASET}")).unwrap();
    let last = &line["last"];
    format!("{} {}", last["due_at"].as_str().unwrap_or("never"), last["state"].as_str().unwrap_or_default())
}

/// The subjects of the mails that left, sorted.
fn subjects(folder: &Path) -> Vec<String> {
    let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
    let subject = |text: String| text.lines().find_map(|line| line.strip_prefix("Subject: ").map(str::to_owned));
    let paths = files.map(|file| file.unwrap().path());
    // One that is being written is not there yet.
    let whole = paths.filter(|path| path.extension().is_some_and(|extension| extension == "eml"));
    let mut subjects: Vec<String> =
        whole.filter_map(|path| subject(std::fs::read_to_string(path).unwrap())).collect();
    subjects.sort();
    subjects
}

/// Says what is skipped where the machine has no promtool.
fn promtool(page: &str) {
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        eprintln!("skipped: needs promtool");
        return;
    };
    child.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let ran: Ran = child.wait_with_output().unwrap().into();
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", ""), "{page}");
}

#[test]
fn a_daemon_answers_monitors_and_status_says_whether_it_lives() {
    let mut lab = Lab::new(&[]);
    let settings = settings();
    let status = |lab: &Lab, more: &[&str]| lab.run(&arguments(&settings, &[&["status"], more].concat()));
    let mut daemon = Daemon::ready(&lab, &settings);
    assert_eq!(daemon.get("/healthz"), (200, "ok\n".to_owned()));
    assert_eq!(daemon.get("/readyz").1, "ready\n");
    lab.ok(&["snapshot", DATASET]);
    // The figures of a moment before are kept for some seconds.
    let series = format!("lumbung_dataset_rows{{dataset=\"{DATASET}\"");
    let page = until("the snapshot is in the figures", || {
        let (code, page) = daemon.get("/metrics");
        assert_eq!(code, 200, "{page}");
        page.contains(&series).then_some(page)
    });
    assert!(page.contains("lumbung_scheduler_in_charge 1\n") && page.contains("process_resident_memory_bytes "));
    promtool(&page);
    let people = status(&lab, &[]).stdout;
    let pid = format!("pid {} on ", daemon.child.id());
    assert!(people.contains("daemon: last seen ") && people.contains(&pid), "{people}");
    let well = status(&lab, &["--fail-stale"]);
    assert_eq!((well.code, well.stderr.as_str()), (0, ""), "{}", well.stdout);
    let heartbeat = lab.warehouse().join("state/heartbeat.json");
    let beat: Value = serde_json::from_slice(&std::fs::read(&heartbeat).unwrap()).unwrap();
    assert_eq!((beat["jobs"].as_u64(), beat["stopped_at"].is_null()), (Some(1), true), "{beat}");

    let ended = daemon.end(true);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(status(&lab, &[]).stdout.contains("daemon: not running since 2026-11-01 06:"));
    let missed = status(&lab, &["--fail-stale"]);
    assert_eq!(missed.code, 65);
    assert!(missed.stderr.contains("not well: daemon: it was ended at 2026-11-01 06:"), "{}", missed.stderr);
    // Who loads by hand switches the schedule off.
    let by_hand = [&settings[..], &["schedule.enabled=false".to_owned()]].concat();
    let by_hand = lab.run(&arguments(&by_hand, &["status", "--fail-stale"]));
    assert_eq!(by_hand.code, 0, "{}", by_hand.stderr);

    // Killed, it said no word of farewell.
    let mut daemon = Daemon::ready(&lab, &settings);
    daemon.end(false);
    lab.set_today("2026-11-02");
    let silent = lab.run(&arguments(&settings, &["status", "--fail-stale"]));
    assert_eq!(silent.code, 65);
    let said = &silent.stdout;
    assert!(said.contains("daemon: not seen since 2026-11-01 06:") && said.contains("is gone, or hangs"), "{said}");
}

#[test]
fn limits_and_last_errors_stand_in_the_status() {
    let mut lab = Lab::new(&["error-500@capaian_ik_satker"]);
    lab.run(&["snapshot", DATASET, "omspan.capaian_ik_satker"]);
    let quiet = ["watch.heartbeat=off".to_owned()];
    let status = |lab: &Lab, more: &[&str]| lab.run(&arguments(&quiet, &[&["status"], more].concat()));
    let lines = status(&lab, &["--output", "json"]).json_lines();
    let of = |name: &str| lines.iter().find(|line| line["dataset"] == name).unwrap().clone();
    let good = of(DATASET);
    assert_eq!((good["limit_hours"].as_u64(), good["late"].as_bool()), (Some(36 * 24), Some(false)), "{good}");
    assert!(good["limit_from"].as_str().unwrap().starts_with("report "), "{good}");
    let bad = of("omspan.capaian_ik_satker");
    assert!(bad["last_error"]["reason"].as_str().unwrap().contains("answered HTTP 500"), "{bad}");
    assert!(bad["last_error"]["at"].as_str().unwrap().starts_with("2026-10-31T23:00"), "{bad}");
    let failing = status(&lab, &["--fail-stale"]);
    assert_eq!(failing.code, 65);
    assert!(
        failing.stderr.contains("not well: omspan.capaian_ik_satker: its last load failed"),
        "{}",
        failing.stderr
    );
    // Weeks later nothing was loaded.
    lab.set_today("2026-12-10");
    let late = status(&lab, &["--fail-stale"]);
    let wanted = format!("not well: {DATASET}: 936 hours old; its limit is 864 (report ");
    assert!(late.stderr.contains(&wanted), "{}", late.stderr);
    let stale = status(&lab, &["--output", "json"]).json_lines();
    let stale = stale.iter().find(|line| line["dataset"] == DATASET).unwrap();
    assert_eq!((stale["state"].as_str(), stale["late"].as_bool()), (Some("stale"), Some(true)), "{stale}");
    let own = [quiet[0].clone(), format!("watch.datasets={{ \"{DATASET}\" = 1000 }}")];
    let patient = lab.run(&arguments(&own, &["--output", "json", "status"])).json_lines();
    let patient = patient.iter().find(|line| line["dataset"] == DATASET).unwrap();
    assert_eq!((patient["limit_from"].as_str(), patient["late"].as_bool()), (Some("watch.datasets"), Some(false)));
}

#[test]
fn the_operator_is_told_once_of_a_failure_and_once_of_its_end_whatever_is_restarted() {
    let mut lab = Lab::new(&[]);
    let mails = lab.path().join("mails");
    let mut settings = settings();
    settings.extend(["mail.file_is_delivery=true", "mail.operator=operator@contoh.go.id"].map(str::to_owned));
    settings.push(format!("mail.folder={}", mails.display()));
    let broken = [&settings[..], &["sources.omspan.base_url=http://127.0.0.1:9".to_owned()]].concat();
    // Seen on Sunday; on Monday the source is down.
    drop(Daemon::ready(&lab, &settings));
    lab.set_today("2026-11-02");
    let failed = format!("lumbung: dataset:{DATASET} failed");
    for start in 0..3 {
        let mut daemon = Daemon::ready(&lab, &broken);
        until("the load failed", || job(&lab, &settings).ends_with(" failed").then_some(()));
        let told = until("the operator was told", || Some(subjects(&mails)).filter(|mails| !mails.is_empty()));
        assert_eq!(told, std::slice::from_ref(&failed), "start {start}");
        daemon.end(start == 1);
    }
    // On Tuesday it fails again: no news. On Wednesday it is well.
    lab.set_today("2026-11-03");
    let mut daemon = Daemon::ready(&lab, &broken);
    let failed_again = |said: String| said.starts_with("2026-11-03") && said.ends_with(" failed");
    until("it failed again", || failed_again(job(&lab, &settings)).then_some(()));
    daemon.end(true);
    lab.set_today("2026-11-04");
    for _ in 0..2 {
        let mut daemon = Daemon::ready(&lab, &settings);
        until("it is well", || job(&lab, &settings).ends_with(" done").then_some(()));
        let told = until("the operator was told", || Some(subjects(&mails)).filter(|mails| mails.len() > 1));
        assert_eq!(told, [failed.clone(), format!("lumbung: dataset:{DATASET} is well again")]);
        daemon.end(true);
    }
    assert_eq!(subjects(&mails).len(), 2, "and nothing more");
}

#[test]
fn the_heartbeat_goes_by_mail_once_a_day() {
    let mut lab = Lab::new(&[]);
    let mails = lab.path().join("mails");
    let mut settings = settings();
    settings.extend(["mail.file_is_delivery=true", "mail.operator=operator@contoh.go.id"].map(str::to_owned));
    settings.extend(["watch.heartbeat=mail", "watch.heartbeat_cron=0 0 5 * * *"].map(str::to_owned));
    settings.push(format!("mail.folder={}", mails.display()));
    for (day, n) in [("2026-11-01", 1), ("2026-11-01", 1), ("2026-11-02", 2)] {
        lab.set_today(day);
        let mut daemon = Daemon::ready(&lab, &settings);
        let sent = until("the note left", || Some(subjects(&mails)).filter(|mails| mails.len() >= n));
        assert_eq!(sent.len(), n, "{sent:?}");
        assert!(sent.iter().all(|subject| subject.starts_with("lumbung: ")), "{sent:?}");
        daemon.end(true);
    }
    let text = std::fs::read_dir(&mails).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let all = text.collect::<Vec<_>>().join("\n").replace("=\r\n", "");
    assert!(all.contains("1 jobs run by themselves") && all.contains("was never loaded"), "{all}");
    let deliveries = lab.ok(&["sql", "--format", "csv", "SELECT kind, state FROM ops.deliveries"]).stdout;
    assert_eq!(deliveries.lines().filter(|line| *line == "alert,accepted").count(), 2, "{deliveries}");
}
