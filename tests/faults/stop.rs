//! Faults that stop a load: nothing is published over nothing, nothing changes over a good snapshot, and `lumbung status`
//! says what is stale and why.

use serde_json::Value;

use super::{expected, line, load, pages, rows};
use crate::harness::{Lab, Ran};

/// The day after the laboratory's.
const TOMORROW: &str = "2026-11-02";

/// Tries of one request, as the contract says.
const TRIES: usize = 4;

/// How a load stops.
pub(super) struct Stop {
    /// What is loaded; everything when empty.
    names: &'static [&'static str],
    code: i32,
    /// What the error says.
    says: &'static str,
    /// What the operator is told to do.
    hint: &'static str,
    /// How often the page that fails is asked for, and what the ledger calls each answer.
    tries: usize,
    verdict: &'static str,
}

const LATER: &str = "run again later";

pub(super) const HTML: Stop =
    Stop { names: &[], code: 69, says: "an HTML page", hint: LATER, tries: TRIES, verdict: "garbage" };
pub(super) const TRUNCATED: Stop =
    Stop { names: &[], code: 69, says: "it was cut off", hint: LATER, tries: TRIES, verdict: "broken" };
pub(super) const CUT: Stop =
    Stop { names: &[], code: 69, says: "broke off", hint: LATER, tries: TRIES, verdict: "broken_off" };
pub(super) const SERVER_ERROR: Stop =
    Stop { names: &[], code: 69, says: "answered HTTP 500", hint: LATER, tries: TRIES, verdict: "unavailable" };
// Asking a second time with a refused token only locks accounts.
pub(super) const REFUSED: Stop = Stop {
    names: &[],
    code: 77,
    says: "refused the token of fiscal year 202",
    hint: "check that LUMBUNG_OMSPAN_TOKEN_202",
    tries: 1,
    verdict: "unauthorised",
};
// Pages that do not fit together: the load begins again three times.
pub(super) const PAGES_OVERLAP: Stop = Stop {
    names: &["omspan.realisasi_belanja"],
    code: 65,
    says: "rownum 1000 comes twice",
    hint: "page_rows = 0",
    tries: 4,
    verdict: "broken",
};
pub(super) const PAGES_SHORT: Stop =
    Stop { says: "row numbers (rownum) are missing", verdict: "empty", ..PAGES_OVERLAP };

/// Publishes nothing over an empty warehouse, and changes no byte of a good one.
pub(super) fn stops(fault: &str, stop: &Stop) {
    let mut lab = Lab::new(&[fault]);
    let ran = load(&lab, stop.names, &[]);
    assert_stopped(&lab, &ran, stop);
    assert_eq!(lab.published(), [""; 0], "something was published");
    let counts = lab.control().datasets.into_keys().map(|table| format!("SELECT count(*) AS n FROM {table}"));
    let counts = rows(&lab, &counts.collect::<Vec<_>>().join(" UNION ALL "));
    assert!(counts.iter().all(|row| row["n"] == 0), "{counts:?}");

    lab.replace_sandbox(&[]);
    let good = load(&lab, stop.names, &[]);
    assert_eq!(good.code, 0, "{}", good.stderr);
    let before = lab.contents();
    assert!(!before.is_empty());

    lab.set_today(TOMORROW);
    lab.replace_sandbox(&[fault]);
    let ran = load(&lab, stop.names, &[]);
    assert_stopped(&lab, &ran, stop);
    assert!(before == lab.contents(), "a published file changed");
    assert_stale(&lab, &good, &ran);
}

fn assert_stopped(lab: &Lab, ran: &Ran, stop: &Stop) {
    assert_eq!(ran.code, stop.code, "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains(stop.hint), "no word on what to do: {}", ran.stderr);
    let lines = ran.json_lines();
    assert_eq!(lines.len(), if stop.names.is_empty() { 7 } else { stop.names.len() });
    for said in &lines {
        assert_eq!(said["status"], "failed", "{said}");
        let error = said["error"].as_str().unwrap();
        assert!(error.contains(stop.says), "{said}");
        assert!(ran.stderr.contains(error), "{}", ran.stderr);
        let pages = pages(lab, said);
        // Days without payments have an answer that nothing spoils; the load ends at the first that has some.
        let last = &pages.last().unwrap()["url"];
        let tries: Vec<&Value> = pages.iter().filter(|page| page["url"] == *last).collect();
        assert_eq!(tries.len(), stop.tries, "{said}");
        assert!(tries.iter().all(|page| page["verdict"] == stop.verdict), "{pages:?}");
    }
}

/// `lumbung status` shows every dataset of `failed` as stale, standing on its run of `good`, and says why.
fn assert_stale(lab: &Lab, good: &Ran, failed: &Ran) {
    let status = lab.ok(&["--output", "json", "status"]).json_lines();
    let good = good.json_lines();
    for said in failed.json_lines() {
        let name = said["dataset"].as_str().unwrap();
        let shown = line(&status, &format!("omspan.{name}"));
        assert_eq!(shown["state"], "stale", "{shown}");
        assert_eq!(shown["last_good_run"], line(&good, name)["run"], "{shown}");
        assert_eq!(shown["last_attempt"]["run"], said["run"], "{shown}");
        assert_eq!(shown["last_attempt"]["status"], said["status"], "{shown}");
        assert_eq!(shown["last_attempt"]["reason"], said["error"], "{shown}");
    }
}

/// No rows: fine where there were none, held where there were some, published when told so.
pub(super) fn is_emptied(fault: &str) {
    let mut lab = Lab::new(&[fault]);
    let ran = load(&lab, &[], &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for said in ran.json_lines() {
        assert_eq!((said["status"].as_str(), said["rows"].as_u64()), (Some("empty"), Some(0)), "{said}");
    }
    assert_eq!(lab.published(), [""; 0]);
    // Being told that less is fine does not make a snapshot out of nothing.
    let ran = load(&lab, &[], &["--accept-shrink"]);
    assert!(ran.json_lines().iter().all(|said| said["status"] == "empty"), "{}", ran.stdout);
    assert_eq!(lab.published(), [""; 0]);

    held_until_accepted(&mut lab, fault, "the source has no rows where it had");
    let left = rows(&lab, "SELECT count(*) AS n FROM omspan.realisasi_belanja");
    assert_eq!(left[0]["n"], 0, "an accepted emptiness is published");
}

/// A tenth of the rows: nobody can tell where nothing was before; held over a good snapshot, published when told so.
pub(super) fn shrinks(fault: &str) {
    let mut lab = Lab::new(&[fault]);
    let totals = expected(&lab);
    let ran = load(&lab, &[], &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let small = ran.json_lines();
    for (name, totals) in &totals {
        let said = line(&small, name.strip_prefix("omspan.").unwrap());
        assert!(said["rows"].as_u64().unwrap() < totals.rows, "{said}");
    }
    held_until_accepted(&mut lab, fault, "--accept-shrink publishes it");
    let accepted = load(&lab, &[], &[]);
    assert_eq!(accepted.code, 0, "what was accepted is the new measure: {}", accepted.stderr);
}

/// Over a good snapshot `fault` is held and changes nothing; with `--accept-shrink` it is published.
fn held_until_accepted(lab: &mut Lab, fault: &str, says: &str) {
    lab.replace_sandbox(&[]);
    let good = load(lab, &[], &[]);
    assert_eq!(good.code, 0, "{}", good.stderr);
    let before = lab.contents();
    lab.set_today(TOMORROW);
    lab.replace_sandbox(&[fault]);
    let held = load(lab, &[], &[]);
    assert_eq!(held.code, 65, "{}\n{}", held.stdout, held.stderr);
    assert!(held.stderr.contains("--accept-shrink"), "{}", held.stderr);
    for said in held.json_lines() {
        assert_eq!(said["status"], "held", "{said}");
        assert!(said["error"].as_str().unwrap().contains(says), "{said}");
    }
    assert!(before == lab.contents(), "a published file changed");
    assert_stale(lab, &good, &held);

    let accepted = load(lab, &[], &["--accept-shrink"]);
    assert_eq!(accepted.code, 0, "{}\n{}", accepted.stdout, accepted.stderr);
    assert!(accepted.json_lines().iter().all(|said| said["status"] == "committed"), "{}", accepted.stdout);
    let status = lab.ok(&["--output", "json", "status"]).json_lines();
    for said in accepted.json_lines() {
        let shown = line(&status, &format!("omspan.{}", said["dataset"].as_str().unwrap()));
        assert_eq!(shown["state"], "fresh", "{shown}");
    }
}
