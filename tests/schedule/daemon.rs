//! What the operator sees: the list of what comes, and a morning of `lumbung serve` that nobody helps.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Lab, Ran};

/// Settings of a daemon that has no inbox, removes nothing, and answers monitors on any free port.
const ALONE: [&str; 6] =
    ["--set", "inbox.enabled=false", "--set", "retention.enabled=false", "--set", "serve.http=127.0.0.1:0"];

/// Longest wait for a morning: ten loads and a report in an unoptimised build.
const PATIENCE: Duration = Duration::from_secs(480);

/// A running daemon, ended when it is dropped.
struct Daemon(Child);

impl Daemon {
    fn start(mut command: Command) -> (Self, Value) {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let daemon = Self(child);
        (daemon, serde_json::from_str(&line).unwrap_or_default())
    }

    /// Asks it to end and returns what it came to.
    fn terminate(mut self) -> Ran {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let mut stderr = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        Ran { code: self.0.wait().unwrap().code().unwrap_or(-1), stdout: String::new(), stderr }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Ended already, where the test asked for it.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The rows of a query, once it has as many as wanted.
fn wait_for(lab: &Lab, query: &str, wanted: usize) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let ran = lab.run(&["sql", "--format", "ndjson", query]);
        let rows: Vec<Value> = ran.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        if ran.code == 0 && rows.len() >= wanted {
            return rows;
        }
        assert!(began.elapsed() < PATIENCE, "{query}: {rows:?} {}", ran.stderr);
        std::thread::sleep(Duration::from_millis(300));
    }
}

#[test]
fn the_schedule_says_what_comes_and_why() {
    let lab = Lab::new(&[]);
    let list = |arguments: &[&str]| lab.ok(&[&["--output", "json"], arguments].concat()).json_lines();
    let coming = |lines: &[Value], job: &str| -> Vec<String> {
        let own = lines.iter().filter(|line| line["job"] == job);
        own.map(|line| format!("{} {}", line["at"].as_str().unwrap(), line["what"].as_str().unwrap())).collect()
    };
    let plain = list(&["schedule", "--days", "2"]);
    assert_eq!(
        coming(&plain, "source:omspan"),
        ["2026-11-02T04:30:00+07:00 run", "2026-11-03T04:30:00+07:00 run"],
        "{plain:?}"
    );
    assert!(plain.iter().all(|line| !line["job"].as_str().unwrap().starts_with("report:")), "no mail is set up");
    assert!(lab.ok(&["schedule"]).stderr.contains("delivers nothing"));

    let set = [
        ["--set", "mail.file_is_delivery=true"],
        ["--set", "schedule.sources.omspan.only=working_days"],
        ["--set", "schedule.datasets.omspan.detail_pnbp.cron=0 0 5 * * *"],
        ["--set", "schedule.datasets.omspan.detail_pnbp.zone=Asia/Jayapura"],
        ["--set", "schedule.reports.pnbp.cron=0 0 6 7 * *"],
        ["--set", "schedule.reports.pnbp.shift=next_working_day"],
    ]
    .concat();
    let ruled = list(&[&set[..], &["schedule", "--days", "10"]].concat());
    let omspan = coming(&ruled, "source:omspan");
    assert_eq!(
        omspan[4..7],
        ["2026-11-06T04:30:00+07:00 run", "2026-11-07T04:30:00+07:00 skip", "2026-11-08T04:30:00+07:00 skip"]
    );
    assert_eq!(coming(&ruled, "dataset:omspan.detail_pnbp")[0], "2026-11-02T05:00:00+09:00 run");
    assert_eq!(coming(&ruled, "report:pnbp"), ["2026-11-09T06:00:00+07:00 run"]);
    let pnbp = ruled.iter().find(|line| line["job"] == "report:pnbp").unwrap();
    let why = pnbp["why"].as_str().unwrap();
    assert!(
        why.starts_with("shifted from Sat 2026-11-07 06:00 WIB: Saturday; waits for omspan.detail_pnbp"),
        "{why}"
    );
    let people = lab.ok(&[&set[..], &["schedule"]].concat()).stdout;
    assert!(people.contains("Mon 2026-11-02 05:00 WIT") && people.contains("a free day: Saturday"), "{people}");

    let wrong = lab.run(&["--set", "schedule.sources.omspam.cron=0 0 5 * * *", "schedule"]);
    assert_eq!(wrong.code, 78);
    assert!(wrong.stderr.contains("did you mean `omspan`?"), "{}", wrong.stderr);
    let wrong = lab.run(&["--set", "schedule.cron=daily", "schedule"]);
    assert!(wrong.code == 78 && wrong.stderr.contains("second minute hour"), "{}", wrong.stderr);
}

#[test]
fn a_morning_runs_by_itself() {
    let mut lab = Lab::new(&[]);
    let mails = lab.path().join("mails");
    let folder = format!("mail.folder={}", mails.display());
    let settings = [&ALONE[..], &["--set", "mail.file_is_delivery=true", "--set", &folder]].concat();
    let serve = [&settings[..], &["--output", "json", "serve"]].concat();

    // Seen for the first time on Sunday: nothing is due.
    let (daemon, said) = Daemon::start(lab.command(&serve));
    assert!(said["jobs"].as_u64().is_some_and(|n| n > 5), "{said}");
    wait_for(&lab, "SELECT job FROM ops.schedule", 8);
    assert_eq!(lab.published(), [""; 0]);
    let ended = daemon.terminate();
    assert_eq!(ended.code, 0, "{}", ended.stderr);

    // Monday, 2 November at 6: the load of 04.30 was missed, and the monthly report is due. It waits for the load.
    lab.set_today("2026-11-02");
    let (daemon, _) = Daemon::start(lab.command(&serve));
    let done = wait_for(&lab, "SELECT job, attempt FROM ops.occurrences WHERE state = 'done' ORDER BY job", 2);
    let jobs: Vec<&str> = done.iter().map(|row| row["job"].as_str().unwrap()).collect();
    assert_eq!(jobs, ["report:serapan-anggaran", "source:omspan"], "{done:?}");
    let mails_sent = wait_for(&lab, "SELECT edition FROM ops.deliveries WHERE state = 'accepted'", 1);
    assert!(mails_sent.iter().all(|row| row["edition"] == "serapan-anggaran-2026-10-31"), "{mails_sent:?}");
    assert_eq!(std::fs::read_dir(&mails).unwrap().count(), mails_sent.len());
    // The weekly summary stands on systems that are not loaded here: it waits, and says for what.
    let waiting = wait_for(&lab, "SELECT reason FROM ops.occurrences WHERE job = 'report:ringkasan-pimpinan'", 1);
    assert!(waiting[0]["reason"].as_str().unwrap().contains("padi.transaksi"), "{waiting:?}");

    let status = lab.ok(&[&settings[..], &["--output", "json", "status"]].concat()).json_lines();
    let omspan = status.iter().find(|line| line["job"] == "source:omspan").unwrap();
    assert_eq!(
        (omspan["next"].as_str(), omspan["last"]["state"].as_str()),
        (Some("2026-11-03T04:30:00+07:00"), Some("done"))
    );
    let open = lab.ok(&[&settings[..], &["--output", "json", "schedule"]].concat()).json_lines();
    assert_eq!(
        (open[0]["job"].as_str(), open[0]["what"].as_str()),
        (Some("report:ringkasan-pimpinan"), Some("waiting"))
    );
    let ended = daemon.terminate();
    assert_eq!(ended.code, 0, "{}", ended.stderr);

    // Started again the same morning: nothing runs twice, nothing is mailed twice.
    let (daemon, _) = Daemon::start(lab.command(&serve));
    wait_for(&lab, "SELECT job FROM ops.occurrences WHERE state = 'waiting'", 1);
    assert_eq!(daemon.terminate().code, 0);
    let all = wait_for(&lab, "SELECT job FROM ops.occurrences WHERE state <> 'waiting'", 2);
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(std::fs::read_dir(&mails).unwrap().count(), mails_sent.len());
}

#[test]
fn what_may_go_goes_by_itself() {
    let mut lab = Lab::new(&[]);
    for day in ["2026-09-10", "2026-11-01"] {
        lab.set_today(day);
        lab.ok(&["snapshot", "omspan.realisasi_belanja", "--tahun", "2026"]);
    }
    let settings = [
        ["--set", "inbox.enabled=false"],
        ["--set", "schedule.cron="],
        ["--set", "retention.daily_days=1"],
        ["--set", "retention.month_ends=0"],
        ["--set", "retention.year_ends=0"],
    ]
    .concat();
    let coming = lab.ok(&[&settings[..], &["--output", "json", "schedule", "--days", "1"]].concat()).json_lines();
    let jobs: Vec<_> =
        coming.iter().map(|line| (line["job"].as_str().unwrap(), line["at"].as_str().unwrap())).collect();
    assert_eq!(jobs, [("gc", "2026-11-02T02:30:00+07:00")]);
    let serve = [&settings[..], &["--output", "json", "serve"]].concat();
    let (daemon, _) = Daemon::start(lab.command(&serve));
    wait_for(&lab, "SELECT job FROM ops.schedule", 1);
    assert_eq!(daemon.terminate().code, 0);
    lab.set_today("2026-11-02");
    let (daemon, _) = Daemon::start(lab.command(&serve));
    let done = wait_for(&lab, "SELECT job, reason FROM ops.occurrences WHERE state = 'done'", 1);
    assert_eq!(daemon.terminate().code, 0);
    assert_eq!(done[0]["job"], "gc");
    assert!(done[0]["reason"].as_str().unwrap().contains("things removed"), "{done:?}");
    let gone =
        wait_for(&lab, "SELECT name, operator FROM ops.deletions WHERE done_at IS NOT NULL AND kind = 'snapshot'", 1);
    assert_eq!(gone[0]["operator"], "lumbung");
    assert!(gone[0]["name"].as_str().unwrap().ends_with("snapshot_date=2026-09-10"), "{gone:?}");
}
