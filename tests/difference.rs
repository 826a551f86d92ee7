//! `lumbung diff` over two days of a moving world, against what SQL says of the same snapshots.

use serde_json::Value;

use crate::harness::{Lab, Ran};

/// What tells a family from another.
const KEY: &str = "id_keluarga_p3ke";

/// Two snapshots of the families: one of the first of the month and one of today.
fn two_days() -> Lab {
    let mut lab = Lab::new(&[]);
    for day in ["2026-10-01", "2026-11-01"] {
        lab.set_today(day);
        let ran: Ran =
            lab.systems_command(&["snapshot", "sipp.p3ke", "omspan.dipa_belanja"]).output().unwrap().into();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    lab
}

#[test]
fn two_snapshots_differ_as_sql_says() {
    let lab = two_days();
    let sql = |query: &str| -> u64 {
        let ran = lab.ok(&["sql", "--format", "json", query]);
        serde_json::from_str::<Value>(&ran.stdout).unwrap()[0]["n"].as_u64().unwrap()
    };
    let side = |day: &str| format!("(SELECT * FROM history.sipp_p3ke WHERE snapshot_date = DATE '{day}')");
    let (old, new) = (side("2026-10-01"), side("2026-11-01"));
    let only = |own: &str, other: &str| {
        format!("SELECT count(*) AS n FROM {own} a LEFT JOIN {other} b ON a.{KEY} = b.{KEY} WHERE b.{KEY} IS NULL")
    };
    let span = ["--from", "2026-10-01", "--to", "2026-11-01"];
    let ran = lab.ok(&[&["--output", "json", "diff", "sipp.p3ke", "--key", KEY][..], &span].concat());
    let found = ran.json_lines();
    assert_eq!(found.len(), 1, "one line, for there are no fiscal years: {}", ran.stdout);
    let count = |name: &str| found[0][name].as_u64().unwrap();
    assert_eq!(count("rows_from"), sql(&format!("SELECT count(*) AS n FROM {old}")));
    assert_eq!(count("rows_to"), sql(&format!("SELECT count(*) AS n FROM {new}")));
    assert_eq!(count("added"), sql(&only(&new, &old)));
    assert_eq!(count("removed"), sql(&only(&old, &new)));
    let moved = format!(
        "SELECT count(*) AS n FROM {old} a JOIN {new} b ON a.{KEY} = b.{KEY}
         WHERE a.desil_kesejahteraan IS DISTINCT FROM b.desil_kesejahteraan"
    );
    let of_column = found[0]["columns"].as_array().unwrap().iter().find(|c| c["column"] == "desil_kesejahteraan");
    assert_eq!(of_column.map_or(0, |column| column["changed"].as_u64().unwrap()), sql(&moved));
    assert_eq!((&found[0]["from"], &found[0]["to"]), (&"2026-10-01".into(), &"2026-11-01".into()));

    // A day between two snapshots means the one before it; the same snapshot twice differs in nothing.
    let same = ["diff", "sipp.p3ke", "--key", KEY, "--from", "2026-10-01", "--to", "2026-10-15"];
    let text = lab.ok(&same).stdout;
    assert!(text.contains("2026-10-01") && text.contains("changed             0"), "{text}");
    let csv = lab.ok(&[&["diff", "sipp.p3ke", "--key", KEY, "--format", "csv"][..], &span].concat()).stdout;
    assert!(csv.starts_with(&format!("tahun_anggaran,what,{KEY},column,old,new\n")), "{csv}");
}

#[test]
fn what_cannot_be_compared_is_told() {
    let lab = two_days();
    let span = ["--from", "2026-10-01", "--to", "2026-11-01"];
    let refused = |arguments: &[&str], code: i32, says: &str| {
        let ran = lab.run(&[&["diff"], arguments, &span].concat());
        assert_eq!(ran.code, code, "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(says), "{arguments:?}: {}", ran.stderr);
    };
    refused(&["sipp.p3k"], 2, "did you mean sipp.p3ke?");
    refused(&["sipp.p3ke"], 2, "names no key; the columns are id_keluarga_p3ke, ");
    refused(&["sipp.p3ke", "--key", "alamat"], 2, "unknown column alamat");
    refused(&["sipp.p3ke", "--key", "kecamatan"], 2, "does not tell the rows apart");
    refused(&["sipp.bantuan", "--key", "nik"], 65, "has no snapshot up to 2026-11-01");
    let backwards = ["diff", "sipp.p3ke", "--key", KEY, "--from", "2026-11-01", "--to", "2026-10-01"];
    assert_eq!(lab.run(&backwards).code, 2);
}
