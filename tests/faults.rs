//! Every fault of the sandbox, by name: what a load makes of it, what it tells the operator, and what stands in the
//! warehouse afterwards. Faults that can be survived end with the source's own totals; the others publish nothing over
//! an empty warehouse and change no byte of a good one.

mod stop;

use std::collections::{BTreeMap, BTreeSet};

use lumbung::sandbox::{ControlTotals, Fault};
use serde_json::Value;

use crate::harness::{Lab, Ran, YEARS};
use stop::{CUT, HTML, PAGES_OVERLAP, PAGES_SHORT, REFUSED, SERVER_ERROR, TRUNCATED, is_emptied, shrinks, stops};

/// The first day of daily data that is asked for; the last is [`TO`]. All other datasets come whole.
const FROM: &str = "2026-10-25";
const TO: &str = "2026-10-31";

/// One test a fault, and the list of what was proven.
macro_rules! faults {
    ($($test:ident: $fault:literal => $prove:expr;)+) => {
        const PROVEN: &[&str] = &[$($fault),+];
        $(
            #[test]
            fn $test() {
                let prove: fn(&str) = $prove;
                prove($fault);
            }
        )+
    };
}

faults! {
    overrun: "overrun" => spends_too_much;
    maxdate_moves: "maxdate-moves" => begins_again;
    rownum_gap: "rownum-gap" => begins_again;
    page_overlap: "page-overlap" => |fault| stops(fault, &PAGES_OVERLAP);
    short_page_mid: "short-page-mid" => |fault| stops(fault, &PAGES_SHORT);
    single_object: "single-object" => comes_bare;
    trailing_comma: "trailing-comma" => recovers;
    bom: "bom" => recovers;
    html_fatal: "html-fatal" => |fault| stops(fault, &HTML);
    truncated: "truncated" => |fault| stops(fault, &TRUNCATED);
    cut_connection: "cut-connection" => |fault| stops(fault, &CUT);
    gzip: "gzip" => recovers;
    gzip_unannounced: "gzip-unannounced" => recovers;
    empty: "empty" => is_emptied;
    shrink: "shrink" => shrinks;
    error_500_once: "error-500-once" => asks_again;
    error_500: "error-500" => |fault| stops(fault, &SERVER_ERROR);
    rate_limit: "rate-limit" => waits;
    unauthorised: "unauthorised" => |fault| stops(fault, &REFUSED);
    dispensasi_10000: "dispensasi-10000" => lost_decimal_point;
    unknown_key: "unknown-key" => keeps_what_it_does_not_know;
    missing_key: "missing-key" => leaves_null;
    bad_row: "bad-row" => refuses_a_row;
    indonesian_months: "indonesian-months" => recovers;
    slow: "slow" => |fault| recovers(&format!("{fault}@capaian_ik_satker"));
    pnbp_header_array: "pnbp-header-array" => same_payments;
    pnbp_header_object: "pnbp-header-object" => same_payments;
    pnbp_keyed: "pnbp-keyed" => same_payments;
    pnbp_csv_rows: "pnbp-csv-rows" => same_payments;
    pnbp_numeric_keys: "pnbp-numeric-keys" => same_payments;
    pnbp_braces: "pnbp-braces" => same_payments;
}

#[test]
fn no_fault_is_forgotten() {
    let known: BTreeSet<&str> = Fault::ALL.iter().map(|info| info.name).collect();
    let proven = || PROVEN.iter().chain(crate::sources::PROVEN).chain(OUTWARD).copied();
    assert_eq!(proven().collect::<BTreeSet<_>>(), known);
    assert_eq!(proven().count(), known.len(), "a fault is proven twice");
}

/// Faults of what is sent outward. What they do to that is proven where it is sent; a load never meets them.
const OUTWARD: &[&str] = &["submit-cut", "submit-slow", "submit-500-once"];

#[test]
fn faults_of_what_is_sent_strike_no_load() {
    recovers_from(OUTWARD);
}

#[test]
fn two_faults_at_once_are_survived_together() {
    recovers_from(&["gzip", "error-500-once", "trailing-comma", "indonesian-months"]);
}

// What a load is, and what it must come to.

/// A load of `names` (of everything when there are none), realisasi in pages of a thousand rows.
fn load(lab: &Lab, names: &[&str], options: &[&str]) -> Ran {
    let mut arguments = vec!["--output", "json", "--set", "sources.omspan.page_rows=1000", "snapshot"];
    arguments.extend(names);
    // Days are asked for where there are any.
    if names.is_empty() || names.iter().any(|name| name.ends_with("detail_pnbp")) {
        arguments.extend(["--from", FROM, "--to", TO]);
    }
    arguments.extend(options);
    lab.run(&arguments)
}

/// What the sandbox says a load comes to: of daily data the days asked for, of the rest everything.
fn expected(lab: &Lab) -> BTreeMap<String, ControlTotals> {
    const DAILY: &str = "omspan.detail_pnbp";
    // The data of a day ends with the day before.
    let before = |day: &str| {
        lab.sandbox().set_today(day.parse().unwrap());
        lab.control().datasets.remove(DAILY).unwrap()
    };
    let (early, late) = (before(FROM), before("2026-11-01"));
    lab.sandbox().set_today(lab.today.parse().unwrap());
    let sum = |totals: &ControlTotals| rupiah(&totals.sums["rupiah"]);
    let payments = ControlTotals {
        rows: late.rows - early.rows,
        sums: [("rupiah".to_owned(), format!("{}.00", sum(&late) - sum(&early)))].into(),
    };
    let mut all = lab.control().datasets;
    all.insert(DAILY.to_owned(), payments);
    all
}

/// Whole rupiah of an exact decimal.
fn rupiah(text: &str) -> i128 {
    text.strip_suffix(".00").unwrap_or(text).parse().unwrap()
}

fn line<'a>(lines: &'a [Value], dataset: &str) -> &'a Value {
    lines.iter().find(|line| line["dataset"] == dataset).unwrap_or_else(|| panic!("no line of {dataset}: {lines:?}"))
}

/// The result of a query, a JSON value a row.
fn rows(lab: &Lab, sql: &str) -> Vec<Value> {
    lab.ok(&["sql", "--format", "ndjson", sql]).json_lines()
}

/// The load said `totals` and the warehouse holds them.
fn assert_totals(lab: &Lab, ran: &Ran, totals: &BTreeMap<String, ControlTotals>) {
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let lines = ran.json_lines();
    assert_eq!(lines.len(), totals.len());
    let mut wanted = Vec::new();
    let mut selects = Vec::new();
    for (name, totals) in totals {
        let said = line(&lines, name.strip_prefix("omspan.").unwrap());
        assert_eq!(said["status"], "committed", "{said}");
        assert_eq!(said["rows"], totals.rows, "{said}");
        assert_eq!(said["control"], serde_json::json!(totals.sums), "{said}");
        wanted.push((name.clone(), "rows".to_owned(), i128::from(totals.rows)));
        selects.push(format!("SELECT '{name}' AS d, 'rows' AS c, CAST(count(*) AS VARCHAR) AS v FROM {name}"));
        for (column, sum) in &totals.sums {
            wanted.push((name.clone(), column.clone(), rupiah(sum)));
            selects.push(format!("SELECT '{name}', '{column}', CAST(sum({column}) AS VARCHAR) FROM {name}"));
        }
    }
    let mut held: Vec<(String, String, i128)> = rows(lab, &selects.join(" UNION ALL "))
        .iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            (text("d"), text("c"), rupiah(&text("v")))
        })
        .collect();
    held.sort();
    wanted.sort();
    assert_eq!(held, wanted);
}

// Faults that are survived.

fn recovers(fault: &str) {
    recovers_from(&[fault]);
}

/// Ends with the source's totals, as if nothing had been wrong.
fn recovers_from(faults: &[&str]) -> (Lab, Ran) {
    let lab = Lab::new(faults);
    let totals = expected(&lab);
    let ran = load(&lab, &[], &[]);
    assert_totals(&lab, &ran, &totals);
    for said in ran.json_lines() {
        assert_eq!(said["quarantined"], 0, "{said}");
        assert!(said.get("error").is_none(), "{said}");
    }
    (lab, ran)
}

/// The world itself is odd: everything lands, and the balance is negative where more was spent than there was.
fn spends_too_much(fault: &str) {
    let (lab, _) = recovers_from(&[fault]);
    let minus = rows(&lab, "SELECT count(*) AS n FROM omspan.ketersediaan_dana WHERE balancing_amt < 0");
    assert!(minus[0]["n"].as_u64().unwrap() > 0, "{minus:?}");
}

/// The source moved while it was read: the load begins again and says so.
fn begins_again(fault: &str) {
    let (lab, ran) = recovers_from(&[fault]);
    assert!(ran.stderr.contains("the source changed while it was read"), "{}", ran.stderr);
    // The fault strikes once a fiscal year, so the third attempt is whole.
    let attempts: BTreeSet<u64> = pages(&lab, line(&ran.json_lines(), "realisasi_belanja"))
        .iter()
        .map(|p| p["try"].as_u64().unwrap())
        .collect();
    assert_eq!(attempts, [1, 2, 3].into());
}

/// Each page is refused once and asked for again.
fn asks_again(fault: &str) {
    let (lab, ran) = recovers_from(&[fault]);
    assert!(ran.stderr.contains("answered HTTP 500; try 2 of 4"), "{}", ran.stderr);
    let pages = pages(&lab, line(&ran.json_lines(), "capaian_ik_kl"));
    let heard: Vec<(&str, Option<u64>)> =
        pages.iter().map(|page| (page["verdict"].as_str().unwrap(), page["http_status"].as_u64())).collect();
    // Both years are asked at the same path, which fails once.
    assert_eq!(heard, [("unavailable", Some(500)), ("rows", Some(200)), ("rows", Some(200))]);
}

/// A 429 is waited out for as long as the service asks. Restricted to one small dataset, for the wait is a real second.
fn waits(fault: &str) {
    let (_, ran) = recovers_from(&[&format!("{fault}@capaian_ik_kl")]);
    assert!(ran.stderr.contains("answered HTTP 429; try 2 of 4 in 1 s"), "{}", ran.stderr);
    let said = &ran.json_lines();
    assert!(line(said, "capaian_ik_kl")["seconds"].as_f64().unwrap() >= 1.0);
}

/// On a day when one month is known, the K/L's answer is a bare object.
fn comes_bare(fault: &str) {
    let mut lab = Lab::new(&[fault]);
    lab.set_today("2026-02-10");
    let totals = lab.control().datasets.remove("omspan.capaian_ik_kl").unwrap();
    let ran = load(&lab, &["omspan.capaian_ik_kl"], &[]);
    assert_totals(&lab, &ran, &[("omspan.capaian_ik_kl".to_owned(), totals)].into());
    let month = rows(&lab, "SELECT periode FROM omspan.capaian_ik_kl WHERE tahun_anggaran = 2026");
    assert_eq!(month, [serde_json::json!({ "periode": "01" })]);
}

/// However the rows of DetailPNBPAllRev are written, the same payments land.
fn same_payments(fault: &str) {
    const ALL: &str = "SELECT * FROM omspan.detail_pnbp ORDER BY ntpn, akun, kdsatker, rupiah, tanggal_insert";
    let mut lab = Lab::new(&[fault]);
    let totals = expected(&lab).remove("omspan.detail_pnbp").unwrap();
    assert!(totals.rows > 5, "too few payments to prove anything");
    let ran = load(&lab, &["omspan.detail_pnbp"], &[]);
    assert_totals(&lab, &ran, &[("omspan.detail_pnbp".to_owned(), totals)].into());
    let odd = rows(&lab, ALL);
    std::fs::remove_dir_all(lab.warehouse()).unwrap();
    lab.replace_sandbox(&[]);
    assert_eq!(load(&lab, &["omspan.detail_pnbp"], &[]).code, 0);
    assert_eq!(odd, rows(&lab, ALL));
}

// Faults of rows.

/// A score of 10000 is a lost decimal point: refused, not divided.
fn lost_decimal_point(fault: &str) {
    let lab = Lab::new(&[fault]);
    let totals = lab.control().datasets.remove("omspan.capaian_ik_kl").unwrap();
    let ran = load(&lab, &["omspan.capaian_ik_kl"], &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let said = &ran.json_lines()[0];
    assert_eq!((said["status"].as_str(), said["quarantined"].as_u64()), (Some("committed"), Some(2)), "{said}");
    assert_eq!(said["rows"], totals.rows - 2);
    assert!(ran.stderr.contains("2 in quarantine"), "{}", ran.stderr);
    let january = rows(&lab, "SELECT count(*) AS n FROM omspan.capaian_ik_kl WHERE periode = '01'");
    assert_eq!(january[0]["n"], 0);
    for refused in quarantine(&lab, said) {
        assert_eq!(refused["column"], "ik_dispensasi_spm", "{refused}");
        assert!(refused["reason"].as_str().unwrap().contains("outside the allowed range"), "{refused}");
    }
}

/// An unreadable amount refuses its row, and only that; the totals are the source's without it.
fn refuses_a_row(fault: &str) {
    let mut lab = Lab::new(&[fault]);
    let ran = load(&lab, &["omspan.dipa_belanja"], &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let said = ran.json_lines().remove(0);
    assert_eq!((said["status"].as_str(), said["quarantined"].as_u64()), (Some("committed"), Some(2)), "{said}");
    let refused = quarantine(&lab, &said);
    assert_eq!(refused.iter().map(|row| row["row"].as_u64().unwrap()).collect::<Vec<_>>(), [3, 3]);
    for row in &refused {
        assert_eq!((row["column"].as_str(), row["reason"].as_str()), (Some("amount"), Some("no number")), "{row}");
    }
    let in_sql = rows(&lab, "SELECT run, reason FROM ops.quarantine");
    assert_eq!(in_sql.len(), 2);
    assert!(in_sql.iter().all(|row| row["run"] == said["run"]), "{in_sql:?}");
    let kept = rows(&lab, "SELECT count(*) AS n, CAST(sum(amount) AS VARCHAR) AS s FROM omspan.dipa_belanja");

    // What the two rows hold where nobody spoils them.
    lab.replace_sandbox(&[]);
    let truth = lab.control().datasets.remove("omspan.dipa_belanja").unwrap();
    let third = |year| rupiah(lab.ask(year, "DipaBelanjaKL/BELANJA")[2]["AMOUNT"].as_str().unwrap());
    let spoiled: i128 = YEARS.map(third).iter().sum();
    assert_eq!(kept[0]["n"], truth.rows - 2);
    assert_eq!(rupiah(kept[0]["s"].as_str().unwrap()), rupiah(&truth.sums["amount"]) - spoiled);
    assert_eq!(said["control"]["amount"], kept[0]["s"]);
}

/// A key that no document names is kept, and said; in personal data it keeps the dataset from being published.
fn keeps_what_it_does_not_know(fault: &str) {
    let (lab, ran) = recovers_from(&[fault]);
    assert!(ran.stderr.contains("unknown keys kept in extra: KETERANGAN"), "{}", ran.stderr);
    let kept = rows(&lab, "SELECT DISTINCT extra FROM omspan.dipa_belanja");
    assert_eq!(kept, [serde_json::json!({ "extra": "{\"KETERANGAN\":\"ditambahkan 2026\"}" })]);
    let none = rows(&lab, "SELECT count(extra) AS n FROM omspan.ketersediaan_dana");
    assert_eq!(none[0]["n"], 0);

    let personal = Lab::new(&[&format!("{fault}@detail_pnbp")]);
    let ran = load(&personal, &["omspan.detail_pnbp"], &[]);
    assert_eq!(ran.code, 65, "{}", ran.stderr);
    assert_eq!(ran.json_lines()[0]["status"], "held");
    assert!(ran.stderr.contains("columns that the contract does not class (KETERANGAN)"), "{}", ran.stderr);
    assert_eq!(personal.published(), [""; 0]);
}

/// A key that is not required is NULL where it lacks.
fn leaves_null(fault: &str) {
    let (lab, _) = recovers_from(&[fault]);
    let null =
        rows(&lab, "SELECT count(*) AS n, count(kppn) AS kppn, count(kdsatker) AS kdsatker FROM omspan.dipa_belanja");
    assert_eq!(null[0]["kppn"], 0);
    assert_eq!(null[0]["kdsatker"], null[0]["n"]);
}

// What `lumbung runs RUN` tells.

fn run_of(lab: &Lab, said: &Value) -> Value {
    lab.ok(&["--output", "json", "runs", said["run"].as_str().unwrap()]).json_lines().remove(0)
}

fn pages(lab: &Lab, said: &Value) -> Vec<Value> {
    run_of(lab, said)["pages"].as_array().unwrap().clone()
}

fn quarantine(lab: &Lab, said: &Value) -> Vec<Value> {
    run_of(lab, said)["quarantine"].as_array().unwrap().clone()
}
