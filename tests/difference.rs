//! `lumbung diff` over two days of a moving world, against what SQL says of the same snapshots.

use serde_json::{Value, json};

use crate::harness::{Lab, Ran};

/// What tells a family from another, as the contract says.
const KEY: &str = "id_keluarga_p3ke";

/// The days that are compared.
const SPAN: [&str; 4] = ["--from", "2026-10-01", "--to", "2026-11-01"];

/// Two snapshots of the families: one of the first of the month and one of today.
fn two_days() -> Lab {
    let mut lab = Lab::new(&[]);
    for day in ["2026-10-01", "2026-11-01"] {
        lab.set_today(day);
        let ran: Ran =
            lab.systems_command(&["snapshot", "sipp.p3ke", "omspan.realisasi_belanja"]).output().unwrap().into();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    lab
}

/// The one number of the one row that a query gives.
fn sql(lab: &Lab, query: &str) -> u64 {
    let ran = lab.ok(&["sql", "--format", "json", query]);
    serde_json::from_str::<Value>(&ran.stdout).unwrap()[0]["n"].as_u64().unwrap()
}

#[test]
fn two_snapshots_differ_as_sql_says() {
    let lab = two_days();
    let side = |day: &str| format!("(SELECT * FROM history.sipp_p3ke WHERE snapshot_date = DATE '{day}')");
    let (old, new) = (side("2026-10-01"), side("2026-11-01"));
    let only = |own: &str, other: &str| {
        format!("SELECT count(*) AS n FROM {own} a LEFT JOIN {other} b ON a.{KEY} = b.{KEY} WHERE b.{KEY} IS NULL")
    };
    let ran = lab.ok(&[&["--output", "json", "diff", "sipp.p3ke"][..], &SPAN].concat());
    let found = ran.json_lines();
    assert_eq!(found.len(), 1, "one line, for there are no fiscal years: {}", ran.stdout);
    let count = |name: &str| found[0][name].as_u64().unwrap();
    assert_eq!(found[0]["key"][0], KEY);
    assert_eq!(count("rows_from"), sql(&lab, &format!("SELECT count(*) AS n FROM {old}")));
    assert_eq!(count("rows_to"), sql(&lab, &format!("SELECT count(*) AS n FROM {new}")));
    assert_eq!(count("added"), sql(&lab, &only(&new, &old)));
    assert_eq!(count("removed"), sql(&lab, &only(&old, &new)));
    let moved = format!(
        "SELECT count(*) AS n FROM {old} a JOIN {new} b ON a.{KEY} = b.{KEY}
         WHERE a.desil_kesejahteraan IS DISTINCT FROM b.desil_kesejahteraan"
    );
    let of_column = found[0]["columns"].as_array().unwrap().iter().find(|c| c["column"] == "desil_kesejahteraan");
    assert_eq!(of_column.map_or(0, |column| column["changed"].as_u64().unwrap()), sql(&lab, &moved));
    assert_eq!((&found[0]["from"], &found[0]["to"]), (&"2026-10-01".into(), &"2026-11-01".into()));
    let rows = found[0]["rows"].as_array().unwrap().len() as u64;
    assert_eq!(rows, ["added", "removed", "changed"].map(|kind| count(kind).min(10)).iter().sum::<u64>());

    // All rows, one JSON value each, in a file that appears when it is whole.
    let file = lab.path().join("perubahan.ndjson");
    let ndjson = ["diff", "sipp.p3ke", "--format", "ndjson", "-o", file.to_str().unwrap()];
    assert_eq!(lab.ok(&[&ndjson[..], &SPAN].concat()).stdout, "");
    let all = count("added") + count("removed") + count("changed");
    assert!(all > 0);
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count() as u64, all);
    let csv = lab.ok(&[&["diff", "sipp.p3ke", "--format", "csv"][..], &SPAN].concat()).stdout;
    assert!(csv.starts_with(&format!("tahun_anggaran,row,what,{KEY},column,old,new\n")), "{csv}");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows: std::collections::BTreeSet<String> = reader.records().map(|row| row.unwrap()[1].to_owned()).collect();
    assert_eq!(rows.len() as u64, all);

    // A day between two snapshots means the one before it; the same snapshot twice differs in nothing.
    let same = lab.ok(&["diff", "sipp.p3ke", "--from", "2026-10-01", "--to", "2026-10-15"]).stdout;
    assert!(same.contains("2026-10-01") && same.contains("changed             0"), "{same}");
}

#[test]
fn postings_without_a_key_are_compared_whole_and_their_sums_are_exact() {
    let lab = two_days();
    let ran =
        lab.ok(&[&["--output", "json", "diff", "omspan.realisasi_belanja", "--tahun", "2026"][..], &SPAN].concat());
    let found = &ran.json_lines()[0];
    assert_eq!((&found["tahun_anggaran"], &found["changed"], &found["key"]), (&2026.into(), &0.into(), &json!([])));
    // Neither the number of a row within its answer nor the data date makes a posting another one.
    let columns = "kdsatker, kppn, ba, baes1, akun, program, kegiatan, output, kewenangan, sumber_dana, cara_tarik,
        kdregister, lokasi, budget_type, tanggal, amount, extra";
    let side = |day: &str| {
        format!(
            "SELECT {columns} FROM history.omspan_realisasi_belanja
             WHERE tahun_anggaran = 2026 AND snapshot_date = DATE '{day}'"
        )
    };
    let (old, new) = (side("2026-10-01"), side("2026-11-01"));
    let only = |own: &str, other: &str| format!("({own}) EXCEPT ALL ({other})");
    let (added, removed) = (only(&new, &old), only(&old, &new));
    for (name, query) in [("added", &added), ("removed", &removed)] {
        assert_eq!(
            found[name].as_u64().unwrap(),
            sql(&lab, &format!("SELECT count(*) AS n FROM ({query})")),
            "{name}"
        );
        let sum = format!("SELECT CAST(coalesce(sum(amount), 0.00) AS VARCHAR) AS n FROM ({query})");
        let ran = lab.ok(&["sql", "--format", "json", &sum]);
        let sum = serde_json::from_str::<Value>(&ran.stdout).unwrap()[0]["n"].clone();
        let amount = found["columns"].as_array().unwrap().iter().find(|column| column["column"] == "amount").unwrap();
        assert_eq!(amount["sums"][name], sum, "{name}");
    }
    assert!(found["added"].as_u64().unwrap() > 0);
}

#[test]
fn the_keys_of_the_contracts_tell_rows_apart() {
    let lab = Lab::new(&[]);
    let ran: Ran =
        lab.systems_command(&["snapshot", "omspan", "sipp", "padi", "simda", "oss"]).output().unwrap().into();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let (mut looked_at, mut shared_by) = (0, Vec::new());
    for contract in lumbung::config::ConfigFolder::embedded().contracts().unwrap() {
        for dataset in contract.datasets.iter().filter(|dataset| !dataset.row_key().is_empty()) {
            let key: Vec<String> = dataset.row_key().iter().map(|name| format!("\"{name}\"")).collect();
            let key = if dataset.fiscal_year { [&key[..], &["tahun_anggaran".to_owned()]].concat() } else { key };
            let table = format!("{}.{}", contract.source, dataset.name);
            let shared = format!(
                "SELECT count(*) AS n FROM (SELECT 1 FROM {table} GROUP BY {} HAVING count(*) > 1)",
                key.join(", ")
            );
            match sql(&lab, &shared) {
                0 => {}
                n => shared_by.push(format!("{table}: {n} times the same {}", key.join(", "))),
            }
            looked_at += sql(&lab, &format!("SELECT count(*) AS n FROM {table}")).min(1);
        }
    }
    assert_eq!(shared_by, [""; 0]);
    assert!(looked_at >= 14, "{looked_at} datasets with a key have rows");
}

#[test]
fn what_cannot_be_compared_is_told() {
    let lab = two_days();
    let refused = |arguments: &[&str], code: i32, says: &str| {
        let ran = lab.run(&[&["diff"], arguments, &SPAN].concat());
        assert_eq!(ran.code, code, "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(says), "{arguments:?}: {}", ran.stderr);
    };
    refused(&["sipp.p3k"], 2, "did you mean sipp.p3ke?");
    refused(&["sipp.p3ke", "--key", "alamat"], 2, "unknown column alamat");
    refused(&["sipp.p3ke", "--key", "kecamatan"], 2, "does not tell the rows apart");
    refused(&["sipp.p3ke", "--key", "kecamatan"], 2, "--whole");
    refused(&["sipp.bantuan"], 65, "has no snapshot up to 2026-11-01");
    refused(&["sipp.p3ke", "--format", "csv", "-o", "no/folder.csv"], 73, "no/folder.csv");
    let backwards = ["diff", "sipp.p3ke", "--from", "2026-11-01", "--to", "2026-10-01"];
    assert_eq!(lab.run(&backwards).code, 2);
}
