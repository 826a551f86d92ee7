//! What the operator and their scripts look at: JSON lines, runs, status, check, help, and no colours where none belong.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::{SMALL, nobody};
use crate::harness::{Lab, Ran, python_has};

#[test]
fn a_snapshot_says_one_json_line_a_dataset() {
    let lab = Lab::new(&["error-500@capaian_ik_satker"]);
    let names = ["omspan.dipa_belanja", SMALL, "omspan.capaian_ik_satker"];
    let ran = lab.run(&[&["--output", "json", "snapshot"], &names[..]].concat());
    // One dataset failed: that is the exit code, and the others are there.
    assert_eq!(ran.code, 69, "{}", ran.stderr);
    let lines = ran.json_lines();
    assert_eq!(lines.len(), 3);
    let documented = "source dataset run status rows quarantined pages bytes control seconds path";
    for (line, name) in lines.iter().zip(names) {
        let keys: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys[..11].join(" "), documented, "{line}");
        let more: &[&str] = if line["status"] == "failed" { &["error", "hint"] } else { &[] };
        assert_eq!(&keys[11..], more, "{line}");
        assert_eq!(format!("{}.{}", line["source"].as_str().unwrap(), line["dataset"].as_str().unwrap()), name);
        let path = std::path::Path::new(line["path"].as_str().unwrap());
        assert_eq!(path.is_dir(), line["status"] == "committed", "{line}");
    }
    assert_eq!(lines[0]["control"], serde_json::json!(lab.control().datasets[names[0]].sums));
    assert_eq!((lines[0]["pages"].as_u64(), lines[2]["pages"].as_u64()), (Some(2), Some(4)));
    assert!(lines[0]["bytes"].as_u64().unwrap() > 0 && lines[0]["seconds"].as_f64().unwrap() > 0.0);
    // The same again: nothing new, and said so.
    let again = lab.ok(&["--output", "json", "snapshot", names[0]]).json_lines();
    assert_eq!((again[0]["status"].as_str(), &again[0]["rows"]), (Some("unchanged"), &lines[0]["rows"]));
}

#[test]
fn runs_and_status_tell_what_happened() {
    let lab = Lab::new(&["bad-row", "error-500@capaian_ik_satker"]);
    let ran = lab.run(&["--output", "json", "snapshot", "omspan.dipa_belanja", SMALL, "omspan.capaian_ik_satker"]);
    let [dipa, small, satker] = &ran.json_lines()[..] else { panic!("{}", ran.stdout) };

    let runs = lab.ok(&["--output", "json", "runs"]).json_lines();
    let newest_first: Vec<&Value> = runs.iter().map(|run| &run["run"]).collect();
    assert_eq!(newest_first, [&satker["run"], &small["run"], &dipa["run"]]);
    for (run, said) in runs.iter().zip([satker, small, dipa]) {
        for key in ["status", "rows", "quarantined", "pages", "bytes"] {
            assert_eq!(run[key], said[key], "{key} of {run}");
        }
    }
    assert_eq!(lab.ok(&["--output", "json", "runs", "--limit", "1"]).json_lines().len(), 1);

    let one = lab.ok(&["--output", "json", "runs", dipa["run"].as_str().unwrap()]).json_lines().remove(0);
    assert_eq!(one["pages"].as_array().unwrap().len(), 2);
    assert_eq!(one["partitions"][0]["partition"], "tahun_anggaran=2025/snapshot_date=2026-11-01");
    assert_eq!(one["quarantine"].as_array().unwrap().len(), 2);
    let people = lab.ok(&["runs", dipa["run"].as_str().unwrap()]).stdout;
    for text in ["DipaBelanjaKL/BELANJA", "tahun_anggaran=2026/snapshot_date=2026-11-01", "no number"] {
        assert!(people.contains(text), "no {text} in\n{people}");
    }

    let status = lab.ok(&["--output", "json", "status"]).json_lines();
    let attempted = status.iter().filter(|s| s["last_attempt"].is_object());
    let states: Vec<(&str, &str)> =
        attempted.map(|s| (s["dataset"].as_str().unwrap(), s["state"].as_str().unwrap())).collect();
    let satker = ("omspan.capaian_ik_satker", "never loaded");
    assert_eq!(states, [(SMALL, "fresh"), satker, ("omspan.dipa_belanja", "fresh")]);
    // Datasets that nobody ever asked for are told as well.
    assert!(
        status.iter().any(|s| s["dataset"] == "omspan.detail_pnbp" && s["state"] == "never loaded"),
        "{status:?}"
    );
    let people = lab.ok(&["status"]).stdout;
    assert!(people.contains("never loaded") && people.contains("answered HTTP 500"), "{people}");
}

#[test]
fn check_gives_the_code_of_the_worst_finding() {
    let lab = Lab::new(&[]);
    let good = lab.ok(&["--output", "json", "check"]).json_lines();
    assert!(good.iter().all(|finding| finding["ok"] == true), "{good:?}");
    let looked_at: Vec<&str> = good.iter().map(|finding| finding["what"].as_str().unwrap()).collect();
    for what in [
        "lumbung.toml",
        "config folder",
        "contract omspan",
        "warehouse",
        "disk",
        "schedule",
        "views",
        "recipients of report pnbp",
        "token of omspan for 2026",
        "omspan reachable",
        "inbox of padi",
        "mail",
    ] {
        assert!(looked_at.contains(&what), "{what} is not checked: {looked_at:?}");
    }
    let down = format!("sources.omspan.base_url=http://{}", nobody());
    let check = ["--output", "json", "--set", &down, "check"];
    let ran = lab.run(&check);
    assert_eq!(ran.code, 69, "{}", ran.stdout);
    assert!(ran.stdout.contains("check base_url, DNS and the firewall"), "{}", ran.stdout);
    assert_eq!(lab.run(&[&check[..], &["--offline"]].concat()).code, 0);
    let ran: Ran = lab.bare_command().args(check).output().unwrap().into();
    assert_eq!(ran.code, 78, "a missing token weighs more than a source that is down: {}", ran.stdout);
    let bad: Vec<Value> = ran.json_lines().into_iter().filter(|finding| finding["ok"] == false).collect();
    assert_eq!(bad.len(), 3, "both tokens and the source: {bad:?}");
    assert!(bad[0]["problem"].as_str().unwrap().contains("set LUMBUNG_OMSPAN_TOKEN_2025 or"), "{bad:?}");
    assert_eq!(lab.published(), [""; 0]);
}

/// Every command and what it is made of.
const COMMANDS: [&[&str]; 52] = [
    &[],
    &["demo"],
    &["init"],
    &["completions"],
    &["man"],
    &["sandbox"],
    &["snapshot"],
    &["sql"],
    &["catalog"],
    &["diff"],
    &["check"],
    &["serve"],
    &["inbox"],
    &["inbox", "list"],
    &["inbox", "calls"],
    &["inbox", "refused"],
    &["inbox", "show"],
    &["submit"],
    &["schedule"],
    &["status"],
    &["runs"],
    &["replay"],
    &["key"],
    &["key", "new"],
    &["key", "id"],
    &["key", "hash"],
    &["key", "identity"],
    &["key", "rotate"],
    &["user"],
    &["user", "add"],
    &["user", "list"],
    &["user", "remove"],
    &["user", "password"],
    &["gc"],
    &["backup"],
    &["restore"],
    &["test"],
    &["marts"],
    &["reference"],
    &["reference", "list"],
    &["reference", "import"],
    &["report"],
    &["report", "list"],
    &["report", "render"],
    &["report", "editions"],
    &["report", "show"],
    &["report", "verify"],
    &["report", "diff"],
    &["report", "send"],
    &["report", "resend"],
    &["report", "deliveries"],
    &["explain"],
];

#[test]
fn every_command_has_help_with_an_example() {
    let help = |command: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_lumbung"));
        let ran: Ran = program.env_clear().args(command).arg("--help").output().unwrap().into();
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{command:?}");
        ran.stdout
    };
    let of_feature: &[&[&str]] = match cfg!(feature = "cluster") {
        true => &[&["cluster"], &["cluster", "scheduler"], &["cluster", "executor"]],
        false => &[],
    };
    for command in COMMANDS.iter().chain(of_feature) {
        let text = help(command);
        let example = format!("  lumbung {}", command.join(" "));
        assert!(text.contains(example.trim_end()) || text.contains("Try it: lumbung demo"), "{command:?}:\n{text}");
        assert!(command.is_empty() || text.contains("Example"), "{command:?}:\n{text}");
    }
    // A command that is new stands in this list.
    let listed = |text: &str| {
        let lines = text.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
        // A long description goes on in the next line, further in.
        let entries = lines.take_while(|line| line.starts_with("  ")).filter(|line| !line.starts_with("   "));
        let names = entries.filter_map(|line| line.split_whitespace().next());
        names.filter(|name| *name != "help").map(str::to_owned).collect::<Vec<_>>()
    };
    for name in listed(&help(&[])) {
        let known = COMMANDS.iter().chain(of_feature).any(|command| *command == [name.as_str()]);
        assert!(known, "{name} is not in this test");
    }
    for group in ["inbox", "key", "reference", "report", "user"] {
        for name in listed(&help(&[group])) {
            assert!(COMMANDS.contains(&&[group, name.as_str()][..]), "{group} {name} is not in this test");
        }
    }
}

#[test]
fn what_goes_to_no_terminal_has_no_escape_codes() {
    let lab = Lab::new(&["error-500@capaian_ik_satker"]);
    let commands: [&[&str]; 8] = [
        &["-vv", "snapshot", SMALL, "omspan.capaian_ik_satker"],
        &["sql", "SELECT * FROM omspan.capaian_ik_kl"],
        &["sql", "SELECT nothing"],
        &["status"],
        &["runs"],
        &["check"],
        &["--help"],
        &["snapshoot"],
    ];
    for command in commands {
        let ran = lab.run(command);
        for text in [&ran.stdout, &ran.stderr] {
            assert!(!text.contains('\u{1b}'), "{command:?}: {text:?}");
        }
        assert!(!(ran.stdout.is_empty() && ran.stderr.is_empty()), "{command:?} says nothing");
    }
}

/// On a terminal NO_COLOR takes the colours away; whatever moves the cursor may stay.
#[test]
fn no_color_is_honoured_on_a_terminal() {
    if !python_has(&["pty"]) {
        return;
    }
    let lab = Lab::new(&[]);
    let on_a_terminal = |arguments: &[&str], no_color: bool| {
        let program = lab.command(arguments);
        let words: Vec<&str> = std::iter::once(program.get_program())
            .chain(program.get_args())
            .map(|word| word.to_str().unwrap())
            .collect();
        let mut command = Command::new("python3");
        command
            .args(["-c", "import pty, sys; pty.spawn(sys.argv[1:])"])
            .args(words)
            .current_dir(lab.path())
            .stdin(Stdio::null());
        command.env("TERM", "xterm-256color").env_remove("NO_COLOR");
        command.envs(program.get_envs().filter_map(|(key, value)| Some((key, value?))));
        if no_color {
            command.env("NO_COLOR", "1");
        }
        let ran: Ran = command.output().unwrap().into();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stdout
    };
    let coloured = |text: &str| {
        let escapes = text.split("\u{1b}[").skip(1);
        escapes
            .filter(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m'))
            .count()
    };
    assert!(coloured(&on_a_terminal(&["--help"], false)) > 0, "the test sees colours where there are some");
    for arguments in [&["--help"][..], &["-vv", "snapshot", SMALL], &["sql", "SELECT 1"], &["status"], &["snapshoot"]]
    {
        let text = on_a_terminal(arguments, true);
        assert!(text.len() > 10, "{arguments:?} says nothing");
        assert_eq!(coloured(&text), 0, "{arguments:?}: {text}");
    }
}
