//! What the operator sees of retention: what may go and why, that it goes, what a removed day answers; backup and restore.

use serde_json::Value;

use crate::harness::{Lab, Ran, walk};
use crate::totals::{by_sql, csv, only};

const REALISASI: &str = "omspan.realisasi_belanja";

/// Three days, the last ones of two months.
const SHORT: [&str; 6] =
    ["--set", "retention.daily_days=3", "--set", "retention.month_ends=2", "--set", "retention.year_ends=0"];

/// A laboratory that loaded on some days of September and on 1 November.
fn stocked() -> Lab {
    let mut lab = Lab::new(&[]);
    for day in ["2026-09-10", "2026-09-30", "2026-11-01"] {
        lab.set_today(day);
        lab.ok(&["snapshot", REALISASI, "--tahun", "2026"]);
    }
    lab
}

fn gc(lab: &Lab, arguments: &[&str]) -> Ran {
    lab.ok(&[&SHORT[..], &["--output", "json", "gc"], arguments].concat())
}

fn snapshots(lines: &[Value]) -> Vec<&str> {
    let of_kind = lines.iter().filter(|line| line["kind"] == "snapshot");
    of_kind.map(|line| line["partition"].as_str().unwrap()).collect()
}

#[test]
fn gc_shows_first_then_removes_and_a_removed_day_says_so() {
    let lab = stocked();
    let before = lab.published();
    let planned = gc(&lab, &[]).json_lines();
    assert_eq!(snapshots(&planned), ["tahun_anggaran=2026/snapshot_date=2026-09-10"]);
    assert_eq!(gc(&lab, &["--dry-run"]).json_lines(), planned);
    assert_eq!(lab.published(), before, "looking removes nothing");
    let people = lab.ok(&[&SHORT[..], &["gc"]].concat());
    assert!(
        people.stdout.contains("omspan.realisasi_belanja 2026") && people.stdout.contains("would go"),
        "{}",
        people.stdout
    );
    assert!(people.stderr.contains("lumbung gc --yes removes it"), "{}", people.stderr);

    assert_eq!(gc(&lab, &["--yes"]).json_lines(), planned);
    let after = lab.published();
    assert_eq!(after.len(), before.len() - 1);
    assert!(after.iter().all(|name| !name.contains("2026-09-10")), "{after:?}");
    assert_eq!(lab.ok(&[&SHORT[..], &["gc"]].concat()).stdout, "nothing may go by the rules of retention\n");
    let told = csv(
        &lab,
        "SELECT kind, replace(rule, ',', '') FROM ops.deletions WHERE kind = 'snapshot' AND done_at IS NOT NULL",
        &[],
    );
    assert_eq!(told, [["snapshot", "daily 3 month-ends 2 year-ends 0"]]);

    // The newest and the month-end answer; the removed day does not, and says why.
    let control = only(&lab.control(), REALISASI).datasets[REALISASI].clone();
    let count = "SELECT count(*) FROM omspan.realisasi_belanja";
    assert!(csv(&lab, count, &[])[0][0].parse::<u64>().unwrap() <= control.rows);
    csv(&lab, count, &["--as-of", "2026-10-15"]);
    let refused = lab.run(&["sql", count, "--as-of", "2026-09-20"]);
    assert_eq!(refused.code, 2, "{}\n{}", refused.stdout, refused.stderr);
    for words in ["omspan.realisasi_belanja of 2026 dated 2026-09-10 was removed", "none before it is kept"] {
        assert!(refused.stderr.contains(words), "no {words:?} in {}", refused.stderr);
    }
    // Whatever reads it says so, and what does not read it is answered.
    assert_eq!(lab.run(&["sql", "SELECT * FROM mart.serapan_satker", "--as-of", "2026-09-20"]).code, 2);
    assert_eq!(csv(&lab, "SELECT count(*) FROM omspan.dipa_belanja", &["--as-of", "2026-09-20"]), [["0"]]);
    assert_eq!(csv(&lab, "SELECT count(DISTINCT snapshot_date) FROM history.omspan_realisasi_belanja", &[]), [["2"]]);
    let diff = lab.run(&["diff", REALISASI, "--from", "2026-09-20", "--to", "2026-11-01"]);
    assert!(diff.code == 65 && diff.stderr.contains("was removed by the rules of retention"), "{}", diff.stderr);
    assert_eq!(lab.run(&["diff", REALISASI, "--from", "2026-09-30", "--to", "2026-11-01"]).code, 0);

    let typo = lab.run(&["--set", "retention.datasets.omspan.realisasi.daily_days=1", "gc"]);
    assert!(typo.code == 78 && typo.stderr.contains("retention.datasets.omspan.realisasi"), "{}", typo.stderr);
}

#[test]
fn a_backup_brings_the_same_warehouse_back() {
    let lab = stocked();
    let expected = by_sql(&lab, &only(&lab.control(), REALISASI), &[]);
    let status = lab.ok(&["--output", "json", "status"]).stdout;
    let runs = lab.ok(&["--output", "json", "runs"]).stdout;
    let made = lab.ok(&["--output", "json", "backup", "b"]).json_lines().remove(0);
    assert_eq!((made["state"].as_str(), made["counts"]["runs"].as_u64()), (Some("made"), Some(3)));
    assert_eq!(lab.ok(&["--output", "json", "backup", "--verify", "b"]).json_lines()[0]["state"], "whole");
    assert_eq!(lab.run(&["backup", "b"]).code, 73, "nothing is written over");
    assert_eq!(lab.run(&["restore", "b"]).code, 73, "nor a ledger that is there");

    for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
        let path = lab.warehouse().join("state").join(name);
        assert!(!path.exists() || std::fs::remove_file(path).is_ok());
    }
    assert_eq!(lab.run(&["status"]).code, 78);
    let restored = lab.ok(&["restore", "b"]);
    assert!(restored.stdout.contains("ledger and disk agree on every snapshot"), "{}", restored.stdout);
    assert_eq!(lab.ok(&["--output", "json", "status"]).stdout, status);
    assert_eq!(lab.ok(&["--output", "json", "runs"]).stdout, runs);
    assert_eq!(by_sql(&lab, &expected, &[]), expected);
    // Over a warehouse that went on: what it has and the ledger does not know is told.
    lab.ok(&["snapshot", "omspan.capaian_ik_kl"]);
    let told = lab.ok(&["--output", "json", "restore", "--force", "b"]).json_lines();
    assert_eq!((told[0]["lost"].as_u64(), told[1]["what"].as_str()), (Some(0), Some("stray")));
    assert_eq!(told[1]["dataset"], "omspan.capaian_ik_kl");

    let mut files = Vec::new();
    walk(&lab.path().join("b"), &mut files);
    let ledger = files.iter().find(|path| path.ends_with("ledger.db.zst")).unwrap();
    let mut bytes = std::fs::read(ledger).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(ledger, bytes).unwrap();
    for command in [&["backup", "--verify", "b"][..], &["restore", "--force", "b"]] {
        let damaged = lab.run(command);
        assert!(damaged.code == 65 && damaged.stderr.contains("is damaged"), "{}", damaged.stderr);
    }
    lab.ok(&["status"]);
}
