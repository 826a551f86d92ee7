//! Every exit code and what is said with it: whatever goes wrong, the message names it and what to do, and nothing that
//! was published changes.

mod operate;
mod sql;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::Command;

use crate::harness::{Lab, Ran};

/// The quickest dataset of all.
const SMALL: &str = "omspan.capaian_ik_kl";

/// A laboratory with a good warehouse that nothing here may change.
struct Stocked {
    lab: Lab,
    before: BTreeMap<String, Vec<u8>>,
}

impl Stocked {
    /// `datasets`, loaded the day before.
    fn with(datasets: &[&str]) -> Self {
        let mut lab = Lab::new(&[]);
        lab.set_today("2026-10-31");
        let mut arguments = vec!["--output", "json", "snapshot"];
        arguments.extend(datasets);
        lab.ok(&arguments);
        lab.set_today("2026-11-01");
        let before = lab.contents();
        assert!(!before.is_empty());
        Self { lab, before }
    }

    /// Runs `command`, which has to end with `code`, say all of `says` on stderr, and publish nothing.
    fn fails(&self, command: &mut Command, code: i32, says: &[&str]) -> Ran {
        let ran: Ran = command.output().unwrap().into();
        assert_eq!(ran.code, code, "{command:?}\n{}\n{}", ran.stdout, ran.stderr);
        for text in says {
            assert!(ran.stderr.contains(text), "{command:?} does not say {text:?}:\n{}", ran.stderr);
        }
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        assert!(self.before == self.lab.contents(), "{command:?} changed what was published");
        ran
    }

    fn refuses(&self, arguments: &[&str], code: i32, says: &[&str]) -> Ran {
        self.fails(&mut self.lab.command(arguments), code, says)
    }
}

// Who asks.

#[test]
fn a_wrong_or_missing_token_is_77_or_78() {
    let stocked = Stocked::with(&[SMALL]);
    let snapshot = ["snapshot", SMALL];
    let wrong = |token: &str| {
        let mut command = stocked.lab.command(&snapshot);
        command.env("LUMBUNG_OMSPAN_TOKEN_2026", token);
        command
    };
    let says = ["refused the token of fiscal year 2026", "check that LUMBUNG_OMSPAN_TOKEN_2026"];
    stocked.fails(&mut wrong("not-the-token"), 77, &says);
    let mut all_years = stocked.lab.bare_command();
    all_years.args(snapshot).env("LUMBUNG_OMSPAN_TOKEN", "not-the-token");
    stocked.fails(&mut all_years, 77, &["refused the token of fiscal year 2025"]);

    let says = ["no token for omspan: set LUMBUNG_OMSPAN_TOKEN_2025 or LUMBUNG_OMSPAN_TOKEN"];
    stocked.fails(stocked.lab.bare_command().args(snapshot), 78, &says);
    stocked.fails(&mut wrong("  "), 78, &["set LUMBUNG_OMSPAN_TOKEN_2026 or LUMBUNG_OMSPAN_TOKEN"]);
    stocked.fails(&mut wrong("two\nlines"), 78, &["the token in LUMBUNG_OMSPAN_TOKEN_2026 holds a character"]);
    // The setting that names the variable is a setting like any other.
    let renamed = ["--set", "sources.omspan.token_env=MY_TOKEN", "snapshot", SMALL];
    stocked.refuses(&renamed, 78, &["set MY_TOKEN_2025 or MY_TOKEN"]);

    let status = stocked.lab.ok(&["--output", "json", "status"]).json_lines();
    assert_eq!(status[0]["state"], "stale");
}

/// The service answers the key of 2025 with the rows of 2025, whatever year was meant, under HTTP 200.
#[test]
fn the_key_of_another_year_publishes_nothing() {
    let others_key = |lab: &Lab, arguments: &[&str]| {
        let mut command = lab.command(arguments);
        command.env("LUMBUNG_OMSPAN_TOKEN_2026", lab.sandbox().token("omspan", 2025));
        command
    };
    let load = ["--output", "json", "snapshot", "--from", "2026-10-30", "--to", "2026-10-31"];

    // Over nothing, the postings' dates tell.
    let empty = Lab::new(&[]);
    let only_2026 = ["--output", "json", "snapshot", "omspan.realisasi_belanja", "--tahun", "2026"];
    let ran: Ran = others_key(&empty, &only_2026).output().unwrap().into();
    assert_eq!(ran.code, 65, "{}", ran.stdout);
    assert!(ran.stderr.contains("the answer is of another fiscal year (tanggal 2025-"), "{}", ran.stderr);
    assert!(ran.stderr.contains("check that LUMBUNG_OMSPAN_TOKEN_2026 (or LUMBUNG_OMSPAN_TOKEN)"), "{}", ran.stderr);
    assert_eq!(empty.published(), [""; 0]);
    // Rows without a date are not believed either: one row that has one is asked for first.
    for years in [&["--tahun", "2026"][..], &[]] {
        let ran: Ran = others_key(&empty, &[&load[..], years].concat()).output().unwrap().into();
        assert_eq!(ran.code, 65, "{}", ran.stdout);
        assert!(ran.json_lines().iter().any(|said| said["status"] == "failed"), "{}", ran.stdout);
        assert!(ran.stderr.contains("the answer is of another fiscal year (tanggal 2025-"), "{}", ran.stderr);
        assert_eq!(empty.published(), [""; 0]);
    }
    // Where that row cannot be had, two equal answers tell.
    let silent = Lab::new(&["html-fatal@realisasi_belanja"]);
    let ran: Ran =
        others_key(&silent, &["--output", "json", "snapshot", "omspan.dipa_belanja"]).output().unwrap().into();
    assert_eq!(ran.code, 65, "{}", ran.stdout);
    assert!(ran.stderr.contains("the answer is that of fiscal year 2025, byte for byte"), "{}", ran.stderr);
    assert_eq!(silent.published(), [""; 0]);

    // Over a good warehouse, one year is enough.
    let good = ["omspan", "--from", "2026-10-30", "--to", "2026-10-31"];
    let stocked = Stocked::with(&good);
    let only_2026 = [&load[..], &["--tahun", "2026"]].concat();
    let ran = stocked.fails(&mut others_key(&stocked.lab, &only_2026), 65, &["LUMBUNG_OMSPAN_TOKEN_2026"]);
    for said in ran.json_lines() {
        assert!(matches!(said["status"].as_str(), Some("held" | "failed")), "{said}");
    }
    // With the right key all is well again.
    let ran = stocked.lab.ok(&load);
    assert!(ran.json_lines().iter().all(|said| said["error"].is_null()), "{}", ran.stdout);
}

// Where it is asked.

#[test]
fn a_source_that_is_down_is_69() {
    let stocked = Stocked::with(&[SMALL]);
    let refused = format!("sources.omspan.base_url=http://{}", nobody());
    let says = ["cannot be reached: Connection refused", "try 4 of 4", "hint: check base_url, DNS and the firewall"];
    stocked.refuses(&["--set", &refused, "snapshot", SMALL], 69, &says);
    // Quiet is not silent about what went wrong.
    let quiet = stocked.refuses(&["-q", "--set", &refused, "snapshot", SMALL], 69, &says[..1]);
    assert!(!quiet.stderr.contains("try 4 of 4"), "{}", quiet.stderr);
}

/// An address of this machine where nobody listens.
fn nobody() -> std::net::SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn a_dry_run_asks_nothing_and_needs_no_token() {
    let lab = Lab::new(&[]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let here = format!("sources.omspan.base_url=http://{}", listener.local_addr().unwrap());
    let arguments = ["--output", "json", "--set", &here, "snapshot", "--dry-run", "--tahun", "2026"];
    let ran: Ran = lab.bare_command().args(arguments).output().unwrap().into();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "somebody was asked");
    let plan = ran.json_lines();
    let asked = |dataset: &str| plan.iter().filter(|line| line["dataset"] == dataset).collect::<Vec<_>>();
    assert_eq!(asked(SMALL).len(), 1);
    assert!(asked(SMALL)[0]["url"].as_str().unwrap().ends_with("/CapaianIKKLRe"));
    // The first load of daily data asks for every day of the year so far.
    assert_eq!(asked("omspan.detail_pnbp").len(), 305);
    assert_eq!(lab.published(), [""; 0]);
    assert_eq!(lab.ok(&["--output", "json", "runs"]).stdout, "");
}

// What is configured.

#[test]
fn a_broken_contract_is_78_with_every_problem_at_once() {
    let stocked = Stocked::with(&[SMALL]);
    let folder = stocked.lab.config(&[
        ("kind = \"bearer\"", "kind = \"barer\""),
        ("{ name = \"kppn\", type = \"code(3)\"", "{ name = \"kppn\", type = \"cod(3)\""),
        ("personal = false", "persnal = false"),
        ("control = [\"amount\"]", "control = [\"amont\"]"),
    ]);
    let problems = [
        "omspan.toml:17: unknown kind of authentication \"barer\" (hint: known: bearer, header, login)",
        "`dataset[0].columns[1].type` cannot be \"cod(3)\" (hint: one of code(n)",
        "unknown key `dataset[0].persnal` (hint: did you mean `personal`?)",
        "`control` names the unknown column \"amont\"",
    ];
    for command in [&["snapshot", SMALL][..], &["sql", "SELECT 1"]] {
        let ran = stocked.refuses(&[&["--config", &folder], command].concat(), 78, &problems);
        for line in ran.stderr.lines() {
            let place = line.split_once("omspan.toml:").expect("a file").1.split(':').next().unwrap();
            assert!(place.parse::<usize>().is_ok_and(|line| line > 0), "no line number: {line}");
        }
    }
    let check = stocked.refuses(&["--config", &folder, "check", "--offline"], 78, &[]);
    assert!(problems.iter().all(|problem| check.stdout.contains(problem)), "{}", check.stdout);

    let here = stocked.lab.path().join("does-not-exist");
    stocked.refuses(&["--config", here.to_str().unwrap(), "status"], 78, &["is no folder", "leave --config out"]);
}

#[test]
fn a_broken_lumbung_toml_or_set_is_78_with_every_problem_at_once() {
    let stocked = Stocked::with(&[SMALL]);
    let folder = stocked.lab.config(&[]);
    let file = std::path::Path::new(&folder).join("lumbung.toml");
    std::fs::write(&file, "[sources.omspan]\nbase_ulr = \"x\"\n\n[sql]\nmemory_mb = \"lots\"\n[maill]\n").unwrap();
    let says = [
        "lumbung.toml:2: unknown key `sources.omspan.base_ulr` (hint: did you mean `base_url`?)",
        "lumbung.toml:5: `sql.memory_mb` must be a whole number",
        "lumbung.toml:6: unknown key `maill` (hint: did you mean `mail`?)",
    ];
    // (The laboratory's own --set of base_url is one more key, and a good one.)
    for command in [&["snapshot", SMALL][..], &["status"], &["sql", "SELECT 1"], &["check"], &["runs"], &["test"]] {
        stocked.refuses(&[&["--config", &folder], command].concat(), 78, &says);
    }
    let set = ["--set", "sources.omspan.page_rows=many", "--set", "sql.timeout=3", "--set", "nonsense", "status"];
    let says = [
        "--set: `sources.omspan.page_rows` must be a whole number",
        "--set: unknown key `sql.timeout` (hint: did you mean `timeout_secs`?)",
        "\"nonsense\" is no key=value",
    ];
    stocked.refuses(&set, 78, &says);
    let plain = ["--set", "sources.omspan.base_url=http://spanint.example.go.id", "snapshot", SMALL];
    stocked.refuses(&plain, 78, &["only https, or http to this machine"]);
}

// What is typed.

#[test]
fn a_wrong_command_line_is_2() {
    let stocked = Stocked::with(&[SMALL]);
    stocked.refuses(&["snapshot", SMALL, "--date", "2026-13-01"], 2, &["invalid value '2026-13-01'"]);
    let future = ["snapshot", SMALL, "--date", "2026-11-02"];
    stocked.refuses(&future, 2, &["--date 2026-11-02 lies in the future (today is 2026-11-01)"]);
    let unknown = ["snapshot", "omspan.realisasi", "simpeg", SMALL];
    let says = [
        "unknown dataset omspan.realisasi, simpeg",
        "did you mean",
        "omspan.realisasi_belanja",
        "Known sources: omspan",
    ];
    stocked.refuses(&unknown, 2, &says);
    let backwards = ["snapshot", "omspan.detail_pnbp", "--from", "2026-10-31", "--to", "2026-10-30"];
    stocked.refuses(&backwards, 2, &["--from 2026-10-31 lies after --to 2026-10-30"]);
    stocked.refuses(&["snapshot", SMALL, "--tahun", "26"], 2, &["26 is not in 2000..=2100"]);
    stocked.refuses(&["snapshot", SMALL, "--date", "yesterday"], 2, &["invalid value 'yesterday'"]);
    stocked.refuses(&["--output", "yaml", "status"], 2, &["possible values: table, json"]);
    stocked.refuses(&["snapshoot"], 2, &["snapshot"]);
    stocked.refuses(&["runs", "no-such-run"], 2, &["no run is called no-such-run; `lumbung runs` lists them"]);
    stocked.refuses(&[], 2, &["Usage: lumbung"]);
}

#[test]
fn without_a_warehouse_reading_is_78() {
    let lab = Lab::new(&[]);
    for command in [&["sql", "SELECT 1"][..], &["status"], &["runs"], &["test"]] {
        let ran = lab.run(command);
        assert_eq!(ran.code, 78, "{}", ran.stderr);
        assert!(ran.stderr.contains("no warehouse at"), "{}", ran.stderr);
        assert!(ran.stderr.contains("load something first"), "{}", ran.stderr);
    }
    assert!(!lab.warehouse().exists(), "reading made a warehouse");
}
