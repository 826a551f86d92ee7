//! What stands in the warehouse after the same day again, a changed source, an older day, a new day and another year.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use chrono::NaiveDate;
use serde_json::Value;

use crate::harness::{Lab, Ran};
use crate::totals::{by_sql, csv, of_files, only, partitions};

const REALISASI: &str = "omspan.realisasi_belanja";
const PNBP: &str = "omspan.detail_pnbp";

/// The partitions of a dataset in `history` or `latest`, each with its one file.
fn shown(lab: &Lab, tree: &str, dataset: &str) -> BTreeMap<String, PathBuf> {
    partitions(&lab.warehouse().join(tree).join(dataset.replace('.', "/")))
}

/// The names of the files, by partition: a file's name is its run.
fn runs_of(shown: &BTreeMap<String, PathBuf>) -> BTreeMap<String, String> {
    let stem = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    shown.iter().map(|(partition, path)| (partition.clone(), stem(path))).collect()
}

/// The status of each dataset of a `snapshot --output json`.
fn statuses(ran: &Ran) -> BTreeMap<String, String> {
    let named = |line: &Value| {
        let word = |key: &str| line[key].as_str().unwrap().to_owned();
        (format!("{}.{}", word("source"), word("dataset")), word("status"))
    };
    ran.json_lines().iter().map(named).collect()
}

/// The one line of a `snapshot DATASET --output json`, which must have this status.
fn report(ran: &Ran, status: &str) -> Value {
    let lines = ran.json_lines();
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(line["status"], status, "{line}");
    line.clone()
}

/// The days that a run asked for, with how many rows each had.
fn days_asked(lab: &Lab, report: &Value) -> BTreeMap<String, u64> {
    let run = report["run"].as_str().unwrap();
    let detail: Value = serde_json::from_str(&lab.ok(&["runs", run, "--output", "json"]).stdout).unwrap();
    let pages = detail["pages"].as_array().unwrap();
    let day = |page: &Value| (page["window"].as_str().unwrap().to_owned(), page["rows"].as_u64().unwrap());
    let days: BTreeMap<String, u64> = pages.iter().map(day).collect();
    assert_eq!(days.len(), pages.len(), "no day is asked for twice");
    days
}

/// `2026/2026-01-05` and so on, as windows are named, both ends included.
fn days(from: &str, to: &str) -> Vec<String> {
    let (from, to): (NaiveDate, NaiveDate) = (from.parse().unwrap(), to.parse().unwrap());
    from.iter_days().take_while(|day| *day <= to).map(|day| format!("{}/{day}", day.format("%Y"))).collect()
}

/// Everything published, with its bytes.
fn contents(lab: &Lab) -> BTreeMap<String, Vec<u8>> {
    lab.published().into_iter().map(|name| (name.clone(), fs::read(lab.warehouse().join(name)).unwrap())).collect()
}

#[test]
fn the_same_day_twice_leaves_everything_as_it_was() {
    let mut lab = Lab::new(&[]);
    // Early in the year there is little to ask for day by day, and a year whose scores are still empty.
    lab.set_today("2026-01-20");
    let first = lab.ok(&["snapshot", "--output", "json"]);
    let control = lab.control();
    assert_eq!(control.datasets.len(), 7);
    let all_are = |status: &str| control.datasets.keys().map(|name| (name.clone(), status.to_owned())).collect();
    assert_eq!(statuses(&first), all_are("committed"));
    assert_eq!(by_sql(&lab, &control, &[]), control, "what SQL adds up is what the source served");
    let before = contents(&lab);
    let second = lab.ok(&["snapshot", "--output", "json"]);
    assert_eq!(statuses(&second), all_are("unchanged"));
    assert_eq!(contents(&lab), before);
    assert_eq!(by_sql(&lab, &control, &[]), control);
    for (dataset, totals) in &control.datasets {
        let columns: Vec<&str> = totals.sums.keys().map(String::as_str).collect();
        for tree in ["history", "latest"] {
            let files = shown(&lab, tree, dataset);
            assert_eq!(of_files(files.values(), &columns), *totals, "{dataset} in {tree}");
        }
    }
    let scores = runs_of(&shown(&lab, "latest", "omspan.capaian_ik_kl"));
    assert_eq!(scores.keys().collect::<Vec<_>>(), ["tahun_anggaran=2025"], "an empty year makes no partition");
}

#[test]
fn a_changed_source_replaces_the_partition_it_changed() {
    let mut lab = Lab::new(&[]);
    lab.ok(&["snapshot", REALISASI]);
    let old = only(&lab.control(), REALISASI);
    let before = [runs_of(&shown(&lab, "history", REALISASI)), runs_of(&shown(&lab, "latest", REALISASI))];
    lab.set_today("2026-11-08");
    let new = only(&lab.control(), REALISASI);
    assert_ne!(new, old, "the source has gone on");
    let ran = lab.ok(&["snapshot", REALISASI, "--date", "2026-11-01", "--output", "json"]);
    let run = report(&ran, "committed")["run"].as_str().unwrap().to_owned();
    for (tree, before) in ["history", "latest"].into_iter().zip(before) {
        let now = shown(&lab, tree, REALISASI);
        assert_eq!(of_files(now.values(), &["amount"]), new.datasets[REALISASI], "{tree}");
        let now = runs_of(&now);
        assert_eq!(now.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>(), "{tree}");
        for (partition, was) in before {
            assert_ne!(was, run, "runs have names of their own");
            // 2025 is closed: the same answer is not written again.
            let expected = if partition.starts_with("tahun_anggaran=2026") { &run } else { &was };
            assert_eq!(&now[&partition], expected, "{tree}/{partition}");
        }
    }
    assert_eq!(by_sql(&lab, &new, &[]), new);
    let told = csv(&lab, "SELECT DISTINCT snapshot_date FROM history.omspan_realisasi_belanja", &[]);
    assert_eq!(told, [["2026-11-01"]], "no second date came of it");
}

#[test]
fn an_older_day_fills_history_and_leaves_latest_alone() {
    let mut lab = Lab::new(&[]);
    let old = only(&lab.control(), REALISASI);
    lab.set_today("2026-11-08");
    let new = only(&lab.control(), REALISASI);
    lab.ok(&["snapshot", REALISASI]);
    let latest = runs_of(&shown(&lab, "latest", REALISASI));
    // The source as it was a week ago, the program still today.
    lab.sandbox().set_today("2026-11-01".parse().unwrap());
    let ran = lab.ok(&["snapshot", REALISASI, "--date", "2026-11-01", "--output", "json"]);
    report(&ran, "committed");
    assert_eq!(runs_of(&shown(&lab, "latest", REALISASI)), latest);
    assert_eq!(by_sql(&lab, &new, &[]), new);
    assert_eq!(by_sql(&lab, &old, &["--as-of", "2026-11-01"]), old);
    let expected: BTreeSet<String> = ["2025", "2026"]
        .iter()
        .flat_map(|year| ["01", "08"].map(|day| format!("tahun_anggaran={year}/snapshot_date=2026-11-{day}")))
        .collect();
    assert_eq!(shown(&lab, "history", REALISASI).into_keys().collect::<BTreeSet<_>>(), expected);
}

#[test]
fn every_snapshot_stays_in_history_and_can_be_asked_for() {
    let mut lab = Lab::new(&[]);
    let datasets = [REALISASI, "omspan.ketersediaan_dana", "omspan.dipa_belanja"];
    let snapshot = [&["snapshot"], datasets.as_slice()].concat();
    let mut told = Vec::new();
    for day in ["2026-11-01", "2026-11-08"] {
        lab.set_today(day);
        lab.ok(&snapshot);
        let mut control = lab.control();
        control.datasets.retain(|name, _| datasets.contains(&name.as_str()));
        told.push((day, control));
    }
    for (day, control) in &told {
        assert_eq!(by_sql(&lab, control, &["--as-of", day]), *control, "{day}");
        for (dataset, totals) in &control.datasets {
            let table = dataset.replace('.', "_");
            let query = format!("SELECT count(*) FROM history.{table} WHERE snapshot_date = DATE '{day}'");
            assert_eq!(csv(&lab, &query, &[]), [[totals.rows.to_string()]], "{table} {day}");
        }
    }
    assert_eq!(by_sql(&lab, &told[1].1, &[]), told[1].1);
    // Between two snapshots the older one holds; before the first there is nothing.
    assert_eq!(by_sql(&lab, &told[0].1, &["--as-of", "2026-11-07"]), told[0].1);
    let before = csv(&lab, "SELECT count(*) FROM omspan.realisasi_belanja", &["--as-of", "2026-10-31"]);
    assert_eq!(before, [["0"]]);
    let sums =
        "SELECT snapshot_date, count(*), sum(amount) FROM history.omspan_realisasi_belanja GROUP BY 1 ORDER BY 1";
    let expected = told.map_rows(REALISASI);
    assert_eq!(csv(&lab, sums, &[]), expected);
}

/// Snapshots as rows of SQL.
trait AsRows {
    /// Date, rows and amount of each.
    fn map_rows(&self, dataset: &str) -> Vec<[String; 3]>;
}

impl AsRows for Vec<(&str, lumbung::sandbox::Control)> {
    fn map_rows(&self, dataset: &str) -> Vec<[String; 3]> {
        let row = |(day, control): &(&str, lumbung::sandbox::Control)| {
            let totals = &control.datasets[dataset];
            [(*day).to_owned(), totals.rows.to_string(), totals.sums["amount"].clone()]
        };
        self.iter().map(row).collect()
    }
}

#[test]
fn each_fiscal_year_is_a_partition_and_can_be_loaded_alone() {
    let lab = Lab::new(&[]);
    let control = lab.control();
    let datasets = [REALISASI, "omspan.ketersediaan_dana"];
    for year in ["2026", "2025"] {
        lab.ok(&["snapshot", datasets[0], datasets[1], "--tahun", year]);
        for dataset in datasets {
            let latest = shown(&lab, "latest", dataset);
            assert!(latest.contains_key(&format!("tahun_anggaran={year}")), "{latest:?}");
            assert_eq!(latest.len(), if year == "2026" { 1 } else { 2 }, "only the year that was asked for");
        }
    }
    // Postings of a year add up to what its budget lines say was spent: no row stands in the wrong year.
    let by_year = |table: &str, column: &str| {
        csv(&lab, &format!("SELECT tahun_anggaran, sum({column}) FROM {table} GROUP BY 1 ORDER BY 1"), &[])
    };
    let postings = by_year(REALISASI, "amount");
    assert_eq!(postings.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(), ["2025", "2026"]);
    assert_eq!(postings, by_year("omspan.ketersediaan_dana", "actual_amt"));
    for dataset in datasets {
        let expected = only(&control, dataset);
        assert_eq!(by_sql(&lab, &expected, &[]), expected);
    }
}

#[test]
fn pnbp_asks_for_what_is_new_and_a_week_again() {
    let mut lab = Lab::new(&[]);
    lab.set_today("2026-01-19");
    let snapshot = ["snapshot", PNBP, "--tahun", "2026", "--output", "json"];
    let first = report(&lab.ok(&snapshot), "committed");
    let asked = days_asked(&lab, &first);
    assert_eq!(asked.keys().cloned().collect::<Vec<_>>(), days("2026-01-01", "2026-01-19"));
    let with_rows: Vec<String> = asked.iter().filter(|(_, rows)| **rows > 0).map(|(day, _)| day.clone()).collect();
    assert!(with_rows.len() > 3 && with_rows.len() < asked.len(), "some days are empty: {asked:?}");
    let window = |partition: &String| partition.replace("tahun_anggaran=", "").replace("insert_date=", "");
    for tree in ["history", "latest"] {
        let stands: Vec<String> = shown(&lab, tree, PNBP).keys().map(window).collect();
        assert_eq!(stands, with_rows, "an empty day makes no partition in {tree}");
    }
    let before = runs_of(&shown(&lab, "latest", PNBP));
    lab.set_today("2026-01-23");
    let second = report(&lab.ok(&snapshot), "committed");
    let newest: NaiveDate = with_rows.last().unwrap()[5..].parse().unwrap();
    let again = (newest - chrono::Days::new(7)).to_string();
    let asked = days_asked(&lab, &second);
    assert_eq!(asked.keys().cloned().collect::<Vec<_>>(), days(&again, "2026-01-23"));
    let now = runs_of(&shown(&lab, "latest", PNBP));
    assert!(now.len() > before.len());
    for (partition, run) in &now {
        let expected = before.get(partition).map_or(second["run"].as_str().unwrap(), String::as_str);
        assert_eq!(run, expected, "{partition}: what did not change is not written again");
    }
    assert_eq!(now, runs_of(&shown(&lab, "history", PNBP)));
    let rows: u64 = second["rows"].as_u64().unwrap();
    assert_eq!(rows, asked.values().sum::<u64>());
}

#[test]
fn pnbp_of_a_span_is_that_span() {
    let mut lab = Lab::new(&[]);
    lab.set_today("2026-01-23");
    let spans = [("2026-01-12", "2026-01-16"), ("2026-01-05", "2026-01-08"), ("2025-12-30", "2026-01-02")];
    let mut expected = BTreeSet::new();
    for (from, to) in spans {
        let ran = lab.ok(&["snapshot", PNBP, "--from", from, "--to", to, "--output", "json"]);
        let asked = days_asked(&lab, &report(&ran, "committed"));
        assert_eq!(asked.keys().cloned().collect::<Vec<_>>(), days(from, to), "each day under its own year");
        expected.extend(asked.into_iter().filter(|(_, rows)| *rows > 0).map(|(day, _)| day));
    }
    let told = csv(&lab, "SELECT DISTINCT tahun_anggaran, insert_date FROM omspan.detail_pnbp", &[]);
    assert_eq!(told.iter().map(|row| row.join("/")).collect::<BTreeSet<_>>(), expected);
    // The rows that a day brought stand under that day, also where their own clock is malformed.
    let astray =
        "SELECT count(*) FROM omspan.detail_pnbp WHERE left(tanggal_insert, 10) <> CAST(insert_date AS VARCHAR)";
    assert_eq!(csv(&lab, astray, &[]), [["0"]]);
}

#[test]
fn every_view_gives_all_its_columns() {
    let lab = Lab::new(&[]);
    lab.ok(&["snapshot", "--from", "2026-10-30", "--to", "2026-10-31"]);
    let others = ["snapshot", "sipp", "simda", "padi", "oss.kkpr", "oss.nib"];
    assert!(lab.systems_command(&others).output().unwrap().status.success());
    let json = |query: &str| -> Vec<serde_json::Value> {
        serde_json::from_str(&lab.ok(&["sql", "--format", "json", query]).stdout).unwrap()
    };
    let views = json("SELECT table_name FROM information_schema.tables WHERE table_schema = 'mart'");
    assert!(views.len() > 10, "{views:?}");
    for view in views {
        let name = view["table_name"].as_str().unwrap();
        // The simulated DIPA is never revised; tests/golden has the figures of one that is.
        if name == "perubahan_pagu" {
            continue;
        }
        assert!(!json(&format!("SELECT * FROM mart.{name}")).is_empty(), "mart.{name} has no rows");
    }
}

/// Limits on drift hold no ordinary day: a year's beginning, the day after, a month later, most of a year later. The same
/// answers without keys that are not required are another matter.
#[test]
fn ordinary_days_are_never_held_and_lost_columns_are() {
    let mut lab = Lab::new(&[]);
    for day in ["2026-01-20", "2026-01-21", "2026-02-20", "2026-11-08"] {
        lab.set_today(day);
        let load = ["--output", "json", "snapshot", "omspan", "sipp", "padi", "simda", "--from", day, "--to", day];
        let ran: Ran = lab.systems_command(&load).output().unwrap().into();
        assert_eq!(ran.code, 0, "{day}: {}", ran.stderr);
        assert!(statuses(&ran).values().all(|status| status != "held"), "{day}: {}", ran.stdout);
    }
    let dipa = "omspan.dipa_belanja";
    let before = csv(&lab, "SELECT count(*), count(kppn) FROM omspan.dipa_belanja", &[]);
    lab.set_today("2026-11-09");
    lab.replace_sandbox(&["missing-key"]);
    let held = lab.run(&["--output", "json", "snapshot", dipa]);
    assert_eq!(held.code, 65, "{}", held.stderr);
    let said = held.json_lines().remove(0);
    let error = said["error"].as_str().unwrap();
    let lost = "kppn is empty in 100.0 % of the rows where it was in 0.0 %, a rise of more than 50 points";
    assert!(error.contains(lost) && error.ends_with("--accept-drift publishes it"), "{error}");
    assert_eq!(csv(&lab, "SELECT count(*), count(kppn) FROM omspan.dipa_belanja", &[]), before);
    lab.ok(&["snapshot", dipa, "--accept-drift"]);
    assert_eq!(csv(&lab, "SELECT count(kppn) FROM omspan.dipa_belanja", &[]), [["0"]]);
}
