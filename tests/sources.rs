//! Every source system, each asked in its own way: what a load makes of a wrong key, an expired one, a server in trouble, a
//! body that is slow, cut, longer than announced or endless; and of the quirks that only one system has. What can be
//! survived ends with the source's own totals, everything else in a clear error, bounded retries and bounded memory.

use std::process::Command;

use lumbung::sandbox::ControlTotals;
use serde_json::Value;

use crate::harness::{Lab, Ran, python_has};

/// A dataset of each system that is quick to ask, and its number of requests.
const ASKED: [&str; 5] = ["omspan.capaian_ik_kl", "sipp.bantuan", "simda.instansi", "padi.umkm", "oss.referensi"];

/// Faults of this file that `faults.rs` does not prove.
pub(crate) const PROVEN: &[&str] = &[
    "expired-key",
    "slow-body",
    "stalled-body",
    "overlong",
    "nested-brackets",
    "moving-total",
    "rek-kelompok-array",
    "rek-kelompok-bare",
    "rka-jumlah-wrong",
    "padi-fraction",
    "padi-bad-category",
    "padi-unknown-satker",
    "key-expires-soon",
];

/// A laboratory with one fault in the answers of `dataset`.
fn lab(fault: &str, dataset: &str) -> Lab {
    Lab::new(&[&format!("{fault}@{dataset}")])
}

fn snapshot(lab: &Lab, names: &[&str]) -> Ran {
    let mut arguments = vec!["--output", "json", "snapshot"];
    arguments.extend(names);
    lab.systems_command(&arguments).output().unwrap().into()
}

/// The line of `<source>.<dataset>`.
fn line(ran: &Ran, dataset: &str) -> Value {
    let (source, name) = dataset.split_once('.').unwrap();
    let lines = ran.json_lines();
    let found = lines.iter().find(|line| line["source"] == source && line["dataset"] == name);
    found.unwrap_or_else(|| panic!("no line of {dataset}: {}\n{}", ran.stdout, ran.stderr)).clone()
}

/// The load came to the source's own totals.
fn assert_lands(lab: &Lab, ran: &Ran, dataset: &str) {
    assert_eq!(ran.code, 0, "{dataset}: {}\n{}", ran.stdout, ran.stderr);
    let said = line(ran, dataset);
    let ControlTotals { rows, sums } = &lab.sandbox().control().datasets[dataset];
    assert_eq!((said["status"].as_str(), said["rows"].as_u64()), (Some("committed"), Some(*rows)), "{said}");
    assert_eq!(said["control"], serde_json::json!(sums), "{said}");
}

/// The load ended with `code`, said one of `words`, and published nothing.
fn assert_stops(lab: &Lab, ran: &Ran, dataset: &str, (code, words): (i32, &[&str])) {
    assert_eq!(ran.code, code, "{dataset}: {}\n{}", ran.stdout, ran.stderr);
    let error = line(ran, dataset)["error"].as_str().unwrap_or_default().to_owned();
    assert!(words.iter().any(|word| error.contains(word)), "{dataset}: {error}");
    assert_eq!(lab.published(), Vec::<String>::new(), "{dataset}");
}

/// What each system makes of a fault that stops a load.
fn every_source_stops(fault: &str, code: i32, words: &[&str]) {
    for dataset in ASKED {
        let lab = lab(fault, dataset);
        assert_stops(&lab, &snapshot(&lab, &[dataset]), dataset, (code, words));
    }
}

/// What each system makes of a fault that can be survived; `said` stands in what the program tells on the way.
fn every_source_lands(fault: &str, said: &str) {
    for dataset in ASKED {
        let lab = lab(fault, dataset);
        let ran = snapshot(&lab, &[dataset]);
        assert_lands(&lab, &ran, dataset);
        assert!(ran.stderr.contains(said), "{dataset}: {}", ran.stderr);
    }
}

#[test]
fn a_wrong_key_is_refused_by_every_source() {
    for dataset in ASKED {
        let lab = Lab::new(&[]);
        let (source, _) = dataset.split_once('.').unwrap();
        let mut command = lab.systems_command(&["--output", "json", "snapshot", dataset]);
        for suffix in ["", "_2025", "_2026"] {
            command.env(format!("LUMBUNG_{}_TOKEN{suffix}", source.to_uppercase()), "not-the-key");
        }
        let ran: Ran = command.output().unwrap().into();
        assert_stops(&lab, &ran, dataset, (77, &["refused the token"]));
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("not-the-key"));
    }
}

#[test]
fn an_expired_key_is_told_from_a_failure() {
    every_source_stops("expired-key", 77, &["refused the token"]);
}

#[test]
fn a_busy_server_is_left_alone_as_long_as_it_asks() {
    every_source_lands("rate-limit", "answered HTTP 429; try 2 of 4 in 1 s");
}

#[test]
fn a_server_that_stumbles_once_is_asked_again() {
    every_source_lands("error-500-once", "answered HTTP 500; try 2 of 4");
}

#[test]
fn a_server_that_stays_down_is_asked_four_times() {
    every_source_stops("error-500", 69, &["answered HTTP 500"]);
}

#[test]
fn a_slow_body_is_waited_for() {
    every_source_lands("slow-body", "");
}

#[test]
fn a_body_that_falls_silent_is_given_up() {
    every_source_stops("stalled-body", 69, &["timed out", "broke off"]);
}

#[test]
fn a_connection_cut_in_the_body_is_noticed() {
    every_source_stops("cut-connection", 69, &["broke off", "cut off"]);
}

#[test]
fn a_body_longer_than_announced_is_not_taken_for_whole() {
    every_source_stops("overlong", 69, &["cut off", "broke off"]);
}

/// Most memory a load may come to while it meets ten gigabytes of brackets.
const PEAK_KIB_MAX: u64 = 600 * 1024;

#[test]
fn ten_gigabytes_of_brackets_are_not_read() {
    const MEASURED: &str = "import resource, subprocess, sys\n\
        ran = subprocess.run(sys.argv[1:])\n\
        print('peak', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)\n\
        sys.exit(ran.returncode)";
    if !python_has(&["resource"]) {
        return;
    }
    for dataset in ASKED {
        let lab = lab("nested-brackets", dataset);
        let load = lab.systems_command(&["--output", "json", "snapshot", dataset]);
        let mut command = Command::new("python3");
        command.env_clear().current_dir(lab.path()).args(["-c", MEASURED]).arg(load.get_program());
        command.args(load.get_args()).envs(load.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let ran: Ran = command.output().unwrap().into();
        let code = if dataset.starts_with("omspan") { 69 } else { 65 };
        assert_stops(&lab, &ran, dataset, (code, &["instead of data", "longer than"]));
        let peak = ran.stderr.lines().find_map(|line| line.strip_prefix("peak ")?.parse::<u64>().ok()).unwrap();
        assert!(peak < PEAK_KIB_MAX, "{dataset}: {peak} KiB");
    }
}

#[test]
fn an_html_page_is_no_data() {
    every_source_stops("html-fatal", 69, &["an HTML page"]);
}

#[test]
fn half_a_document_is_no_data() {
    every_source_stops("truncated", 69, &["cut off"]);
}

#[test]
fn compression_and_marks_change_nothing() {
    for fault in ["gzip", "gzip-unannounced", "bom"] {
        every_source_lands(fault, "");
    }
}

// SIPP.

#[test]
fn a_total_that_moves_begins_the_load_again() {
    let lab = lab("moving-total", "sipp.bantuan");
    let ran = snapshot(&lab, &["sipp.bantuan"]);
    assert_lands(&lab, &ran, "sipp.bantuan");
    assert!(ran.stderr.contains("the total moved from"), "{}", ran.stderr);
}

#[test]
fn pages_that_overlap_or_lack_rows_do_not_come_to_the_total() {
    for fault in ["page-overlap", "short-page-mid"] {
        let lab = lab(fault, "sipp.bantuan");
        let ran = lab.systems_command(&[
            "--set",
            "sources.sipp.page_rows=50",
            "--output",
            "json",
            "snapshot",
            "sipp.bantuan",
        ]);
        let ran: Ran = { ran }.output().unwrap().into();
        assert_stops(&lab, &ran, "sipp.bantuan", (65, &["rows are announced"]));
    }
}

#[test]
fn a_drill_down_is_asked_for_by_name_and_its_nik_is_never_shown() {
    let lab = Lab::new(&[]);
    let swept = snapshot(&lab, &["sipp"]);
    assert!(swept.json_lines().iter().all(|line| line["dataset"] != "tracking"), "{}", swept.stdout);
    let without = snapshot(&lab, &["sipp.tracking"]);
    assert_eq!(without.code, 2, "{}", without.stderr);
    assert!(without.stderr.contains("--param nik="), "{}", without.stderr);
    let nik = lab.sandbox().some_nik().unwrap();
    let arguments = ["-vv", "--output", "json", "snapshot", "sipp.tracking", "--param", &format!("nik={nik}")];
    let ran: Ran = lab.systems_command(&arguments).output().unwrap().into();
    assert_eq!((ran.code, line(&ran, "sipp.tracking")["rows"].as_u64()), (0, Some(1)), "{}", ran.stderr);
    assert!(line(&ran, "sipp.tracking_bantuan")["rows"].as_u64() > Some(0), "{}", ran.stdout);
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(&nik));
    let pages = lab.ok(&["sql", "--format", "csv", "SELECT * FROM ops.runs"]);
    assert!(!pages.stdout.contains(&nik));
    // The drill-down joins what is loaded in bulk, by the hash.
    let joined = lab.ok(&[
        "sql",
        "--format",
        "csv",
        "SELECT count(*) FROM sipp.tracking AS t JOIN sipp.p3ke AS p ON p.nik = t.nik",
    ]);
    assert_eq!(joined.stdout.lines().nth(1), Some("1"), "{}", joined.stdout);
    // A whole NIK is looked for by its hash, which the program makes of what stands on stdin.
    let mut hashing = lab.systems_command(&["key", "hash"]);
    let file = lab.path().join("nik.txt");
    std::fs::write(&file, format!("{nik}\n")).unwrap();
    let hash: Ran = hashing.stdin(std::fs::File::open(&file).unwrap()).output().unwrap().into();
    let sql = format!("SELECT count(*) FROM sipp.tracking WHERE nik = '{}'", hash.stdout.trim());
    assert_eq!(lab.ok(&["sql", "--format", "csv", &sql]).stdout.lines().nth(1), Some("1"), "{}", hash.stderr);
}

#[test]
fn masked_identities_are_counted_and_never_joined() {
    let lab = Lab::new(&[]);
    assert_eq!(snapshot(&lab, &["sipp.p3ke", "sipp.bantuan"]).code, 0);
    let sql = |query: &str| lab.ok(&["sql", "--format", "csv", query]).stdout;
    let states = sql("SELECT DISTINCT nik_keadaan FROM sipp.p3ke WHERE nik IS NULL");
    assert!(states.contains("tersamar"), "{states}");
    assert_eq!(
        sql("SELECT count(*) FROM sipp.p3ke WHERE nik IS NULL AND nik_keadaan = 'utuh'").lines().nth(1),
        Some("0")
    );
    let joined = sql("SELECT count(DISTINCT b.nik) FROM sipp.bantuan AS b JOIN sipp.p3ke AS p ON p.nik = b.nik");
    assert!(joined.lines().nth(1).unwrap().parse::<u64>().unwrap() > 10, "{joined}");
}

// SIMDA.

#[test]
fn the_tree_may_be_written_in_any_of_its_ways() {
    for fault in ["rek-kelompok-array", "rek-kelompok-bare", "trailing-comma"] {
        let lab = lab(fault, "simda.rka");
        let ran = snapshot(&lab, &["simda"]);
        assert_lands(&lab, &ran, "simda.rka");
        assert_lands(&lab, &ran, "simda.rka_indikator_program");
        assert_lands(&lab, &ran, "simda.rka_indikator_kegiatan");
    }
}

#[test]
fn the_tables_of_one_answer_are_decoded_again_together() {
    const TABLES: [&str; 3] = ["simda.rka", "simda.rka_indikator_program", "simda.rka_indikator_kegiatan"];
    let mut lab = Lab::new(&[]);
    let loaded = snapshot(&lab, &["simda"]);
    assert_eq!(loaded.code, 0, "{}", loaded.stderr);
    let run = line(&loaded, TABLES[0])["run"].as_str().unwrap().to_owned();
    lab.stop_sandbox();
    let replayed: Ran = lab.bare_command().args(["--output", "json", "replay", &run]).output().unwrap().into();
    assert_eq!(replayed.code, 0, "{}\n{}", replayed.stdout, replayed.stderr);
    for table in TABLES {
        let (before, after) = (line(&loaded, table), line(&replayed, table));
        assert_eq!(after["status"], "committed", "{after}");
        assert_eq!((&before["rows"], &before["control"]), (&after["rows"], &after["control"]), "{after}");
        assert_ne!(before["run"], after["run"]);
    }
}

#[test]
fn an_amount_that_is_no_product_is_found() {
    let lab = lab("rka-jumlah-wrong", "simda.rka");
    assert_eq!(snapshot(&lab, &["simda"]).code, 0);
    let tested = lab.run(&["--output", "json", "test"]);
    let found = tested.json_lines();
    let wrong = found.iter().find(|line| line["name"] == "rka_jumlah_salah" || line["test"] == "rka_jumlah_salah");
    assert!(
        wrong.is_some_and(|line| line["result"] == "warning" && line["rows"].as_u64() > Some(0)),
        "{}",
        tested.stdout
    );
    // A question to the agency; nothing here is counted wrongly.
    assert_eq!(tested.code, 0);
}

// PaDi.

#[test]
fn rows_that_break_the_documents_rules_are_refused_with_their_column() {
    for (fault, column) in [("padi-fraction", "total_nilai_project"), ("padi-bad-category", "kategori_project")] {
        let lab = Lab::new(&[fault]);
        let ran = snapshot(&lab, &["padi.transaksi"]);
        let said = line(&ran, "padi.transaksi");
        assert!(said["quarantined"].as_u64() > Some(0), "{fault}: {said}\n{}", ran.stderr);
        let told = lab.ok(&["sql", "--format", "csv", "SELECT DISTINCT \"column\", reason FROM ops.quarantine"]);
        assert!(told.stdout.contains(column), "{fault}: {}", told.stdout);
    }
}

#[test]
fn a_satker_that_the_mapping_lacks_is_a_warning() {
    let lab = Lab::new(&["padi-unknown-satker"]);
    assert_eq!(snapshot(&lab, &["padi"]).code, 0);
    let lines: String = lab.sandbox().padi_satkers().iter().map(|(id, kd)| format!("{id},{kd}\n")).collect();
    let file = lab.path().join("padi_satker.csv");
    std::fs::write(&file, format!("id_satker,kdsatker\n{lines}")).unwrap();
    lab.ok(&["reference", "import", "padi_satker", file.to_str().unwrap()]);
    let tested = lab.run(&["test"]);
    assert!(tested.stdout.contains("padi_satker_tidak_dikenal"), "{}", tested.stdout);
    let query = lab.path().join("check.sql");
    std::fs::write(&query, include_str!("../queries/check/padi_satker_tidak_dikenal.sql")).unwrap();
    assert!(lab.ok(&["sql", "--format", "csv", "-f", query.to_str().unwrap()]).stdout.lines().count() > 1);
}

// OSS.

/// A load of OSS by the login.
fn by_login(lab: &Lab, user: &str) -> Ran {
    let arguments = ["--set", "sources.oss.auth=security_key", "--output", "json", "snapshot", "oss.referensi"];
    lab.systems_command(&arguments).env("LUMBUNG_OSS_USER", user).output().unwrap().into()
}

#[test]
fn a_login_key_is_renewed_when_it_ends() {
    for fault in [&[][..], &["key-expires-soon"]] {
        let lab = Lab::new(fault);
        let ran = by_login(&lab, lab.sandbox().oss_user());
        assert_lands(&lab, &ran, "oss.referensi");
    }
    let ran = by_login(&Lab::new(&[]), "nobody");
    assert_eq!(ran.code, 77, "{}", ran.stderr);
    assert!(ran.stderr.contains("the login at"), "{}", ran.stderr);
}

#[test]
fn a_method_that_the_guide_removed_is_refused_with_its_reason() {
    let lab = Lab::new(&[]);
    for method in ["checkNIBError", "checkNIBUpdate", "rekonNIB"] {
        let ran = snapshot(&lab, &[&format!("oss.{method}")]);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains("removed") && ran.stderr.contains("4.3.16"), "{}", ran.stderr);
    }
}
