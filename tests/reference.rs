//! `lumbung reference`, and what a broken reference table does to the other commands.

use std::path::PathBuf;

use serde_json::Value;

use crate::harness::{Lab, python, python_has};

/// The quickest dataset of all.
const SMALL: &str = "omspan.capaian_ik_kl";

fn list_of(lab: &Lab, table: &str) -> Value {
    let lines = lab.ok(&["reference", "list", "--output", "json"]).json_lines();
    lines.into_iter().find(|line| line["table"] == table).unwrap()
}

/// The first value of a query.
fn value(lab: &Lab, sql: &str, more: &[&str]) -> String {
    let ran = lab.ok(&[&["sql", sql, "--format", "csv"], more].concat());
    ran.stdout.lines().nth(1).unwrap_or_default().to_owned()
}

#[test]
fn a_list_is_checked_imported_and_read_as_it_was() {
    let mut lab = Lab::new(&[]);
    assert_eq!(list_of(&lab, "ref.wilayah")["from"], "not imported yet");
    assert!(!lab.warehouse().exists(), "listing made a warehouse");
    let file = lab.path().join("daftar wilayah.csv");
    let file = file.to_str().unwrap();
    let import = ["reference", "import", "wilayah", file, "--output", "json"];

    std::fs::write(file, "kode,nama\n35,Jawa Timur\n35.14,Kabupaten Pasuruan\n").unwrap();
    let checked = lab.ok(&[&import[..], &["--dry-run"]].concat()).json_lines();
    assert_eq!((&checked[0]["status"], &checked[0]["rows"]), (&Value::from("checked"), &Value::from(2)));
    assert!(!lab.warehouse().exists(), "a check made a warehouse");
    let said = lab.ok(&import).json_lines();
    let said = said[0].as_object().unwrap();
    for (key, expected) in [("source", "ref"), ("dataset", "wilayah"), ("status", "committed")] {
        assert_eq!(said[key], expected);
    }
    assert!(
        ["run", "quarantined", "pages", "bytes", "control", "seconds", "path"].iter().all(|k| said.contains_key(*k))
    );
    assert!(PathBuf::from(said["path"].as_str().unwrap()).is_dir());
    assert_eq!(lab.ok(&import).json_lines()[0]["status"], "unchanged");

    lab.set_today("2026-11-05");
    std::fs::write(file, "kode;nama\n35;Jawa Timur\n35.14;Kabupaten Pasuruan\n35.14.14;Bangil\n").unwrap();
    lab.ok(&import);
    let codes = "SELECT string_agg(kode_titik, ' ' ORDER BY kode) FROM ref.wilayah";
    assert_eq!(value(&lab, codes, &[]), "35 35.14 35.14.14");
    assert_eq!(value(&lab, codes, &["--as-of", "2026-11-02"]), "35 35.14");
    assert_eq!(value(&lab, "SELECT count(*) FROM ref.wilayah", &["--as-of", "2026-10-01"]), "0");
    assert_eq!(value(&lab, "SELECT count(*) FROM history.ref_wilayah", &[]), "5");
    let listed = list_of(&lab, "ref.wilayah");
    assert_eq!(
        (&listed["rows"], &listed["from"], &listed["date"]),
        (&3.into(), &"import".into(), &"2026-11-05".into())
    );
}

#[test]
fn a_list_that_is_refused_or_held_changes_nothing() {
    let lab = Lab::new(&[]);
    let file = lab.path().join("daftar.csv");
    let file = file.to_str().unwrap();
    let import = ["reference", "import", "wilayah", file, "--output", "json"];
    std::fs::write(file, "kode,nama\n35,Jawa Timur\n35.14,Kabupaten Pasuruan\n35.14.14,Bangil\n").unwrap();
    lab.ok(&import);
    let before = lab.contents();
    std::fs::write(file, "kode,nama\n36.01,x\n36.01,\n").unwrap();
    let ran = lab.run(&import);
    assert_eq!(ran.code, 65, "{}", ran.stderr);
    assert_eq!(ran.json_lines()[0]["status"], "failed");
    for problem in [
        "4 problems:",
        ":2: the parent of kode is not in the list",
        ":3: nama is empty",
        ":3: has the same key (kode) as line 2",
    ] {
        assert!(ran.stderr.contains(problem), "{problem}: {}", ran.stderr);
    }
    std::fs::write(file, "kode,nama\n35,Jawa Timur\n").unwrap();
    let ran = lab.run(&import);
    assert_eq!((ran.code, &ran.json_lines()[0]["status"]), (65, &Value::from("held")), "{}", ran.stderr);
    assert!(ran.stderr.contains("1 rows where the last import had 3"), "{}", ran.stderr);
    assert!(before == lab.contents(), "a refused import changed what was published");
    for (arguments, says) in [
        (
            ["reference", "import", "wilayahh", file],
            "unknown reference table wilayahh; known: bagian_anggaran, bas_akun",
        ),
        (["reference", "import", "wilayah", "none.csv"], "cannot read none.csv"),
    ] {
        let ran = lab.run(&arguments);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(says), "{}", ran.stderr);
    }
}

#[test]
fn a_broken_table_ends_queries_with_78_and_is_one_finding_of_check() {
    let lab = Lab::new(&[]);
    lab.ok(&["snapshot", SMALL]);
    let folder = lab.config(&[]);
    let reference = PathBuf::from(&folder).join("reference");
    std::fs::create_dir(&reference).unwrap();
    std::fs::write(reference.join("padi_satker.csv"), "id_satker,kdsatker\n17,56011\n17,056011\n").unwrap();
    std::fs::write(reference.join("kewenangan.csv"), "kode,singkatan,uraian\n1,KP,\"Kantor\n").unwrap();
    let problems = [
        "padi_satker.csv:2: kdsatker is a code of another length",
        "padi_satker.csv:3: has the same key (id_satker) as line 2",
        "kewenangan.csv:2: the quote opened here is never closed",
    ];
    for command in [&["sql", "SELECT 1"][..], &["test"], &["reference", "list"]] {
        let ran = lab.run(&[&["--config", &folder], command].concat());
        assert_eq!(ran.code, 78, "{command:?} {}", ran.stderr);
        assert!(problems.iter().all(|problem| ran.stderr.contains(problem)), "{}", ran.stderr);
    }
    let ran = lab.run(&["--config", &folder, "check", "--offline"]);
    assert_eq!(ran.code, 78, "{}", ran.stdout);
    let told = format!("{}{}", ran.stdout, ran.stderr);
    assert!(problems.iter().all(|problem| told.contains(problem)), "{told}");
    assert_eq!(told.matches("padi_satker.csv:2").count(), 1, "{told}");
    lab.ok(&["sql", "SELECT * FROM ref.kewenangan"]);
}

#[test]
fn the_data_tests_over_reference_tables_pass_on_the_sandbox() {
    let lab = Lab::new(&[]);
    lab.ok(&["snapshot", "--from", "2026-10-30", "--to", "2026-10-31"]);
    let ran = lab.run(&["test", "--output", "json"]);
    let results = ran.json_lines();
    for name in ["ikpa_bobot_lain", "lokasi_tanpa_wilayah"] {
        let result = results.iter().find(|line| line["test"] == name).unwrap();
        assert_eq!(result["result"], "passed", "{result}");
    }
    let reach = "SELECT count(*) FROM omspan.dipa_belanja d JOIN ref.lokasi_djpb_kemendagri k \
        ON k.lokasi = concat(substr(d.lokasi, 1, 2), '00')";
    assert_eq!(value(&lab, reach, &[]), value(&lab, "SELECT count(*) FROM omspan.dipa_belanja", &[]));
}

/// The whole official list, seen by an outside reader.
#[test]
fn the_real_list_of_regions_is_imported_whole() {
    #[expect(clippy::disallowed_methods, reason = "where the real lists lie is known to the machine alone")]
    let shared = std::env::var_os("LUMBUNG_SHARED");
    let Some(file) = shared.map(|folder| PathBuf::from(folder).join("data/wilayah_kemendagri_2025.csv")) else {
        eprintln!("skipped: needs LUMBUNG_SHARED");
        return;
    };
    let lab = Lab::new(&[]);
    lab.ok(&["reference", "import", "wilayah", file.to_str().unwrap()]);
    let levels = "SELECT string_agg(level || ' ' || n, ', ' ORDER BY n) FROM \
        (SELECT level, count(*) AS n FROM ref.wilayah GROUP BY level)";
    assert_eq!(value(&lab, levels, &[]), "\"provinsi 38, kabkota 514, kecamatan 7285, desa 83762\"");
    if !python_has(&["pyarrow"]) {
        eprintln!("skipped: needs pyarrow");
        return;
    }
    let program = "import sys, pyarrow.dataset as d\nt = d.dataset(sys.argv[1], format='parquet').to_table()\n\
        print(t.num_rows, max(t['kode'].to_pylist(), key=len), t['kode_10'].to_pylist()[0])";
    let latest = lab.warehouse().join("latest/ref/wilayah");
    let told = python(program, &[latest.to_str().unwrap()]);
    assert!(told.starts_with("91599 ") && told.trim().ends_with(" 1100000000"), "{told}");
}
