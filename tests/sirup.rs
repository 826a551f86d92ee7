//! A drop folder, proven on a real procurement plan: read once, published, moved to `done/`, never read twice.

use std::fs;
use std::path::Path;

use crate::harness::{Lab, Ran};

/// The folder named by LUMBUNG_SHARED, or the word that the test is skipped.
#[expect(clippy::disallowed_methods, reason = "tests are told by the environment where that folder is")]
fn shared(file: &str) -> Option<std::path::PathBuf> {
    let found = std::env::var_os("LUMBUNG_SHARED").map(|folder| Path::new(&folder).join("data").join(file));
    if found.is_none() {
        eprintln!("skipped: needs LUMBUNG_SHARED");
    }
    found
}

fn snapshot(lab: &Lab) -> Ran {
    lab.run(&["--output", "json", "snapshot", "sirup.penyedia"])
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn the_real_plan_of_a_province_lands_whole() {
    let Some(plan) = shared("rup_kalsel_2025_penyedia.csv") else { return };
    let lab = Lab::new(&[]);
    let folder = lab.path().join("drop/sirup/penyedia");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(plan, folder.join("rup-2025.csv")).unwrap();
    let ran = snapshot(&lab);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let said = &ran.json_lines()[0];
    assert_eq!((said["rows"].as_u64(), said["quarantined"].as_u64()), (Some(21_474), Some(0)), "{said}");
    assert_eq!(said["control"]["pagu"], "5265537328020.00", "{said}");
    assert_eq!((names(&folder), names(&folder.join("done"))), (vec![], vec!["rup-2025.csv".to_owned()]));
    let query = "SELECT count(DISTINCT satuan_kerja), count(DISTINCT kode_rup) FROM sirup.penyedia";
    let read = lab.ok(&["sql", "--format", "csv", query]).stdout;
    assert_eq!(read.lines().nth(1), Some("122,21474"), "{read}");
    // Nothing new was dropped: what is published stays.
    assert_eq!(snapshot(&lab).json_lines()[0]["status"], "unchanged");
    assert!(!lab.published().is_empty());
}

#[test]
fn a_file_that_does_not_fit_stays_where_it_is_and_changes_nothing() {
    let lab = Lab::new(&[]);
    let folder = lab.path().join("drop/sirup/penyedia");
    fs::create_dir_all(&folder).unwrap();
    let missing = snapshot(&Lab::new(&[]));
    assert_eq!(missing.code, 78, "{}", missing.stderr);
    assert!(missing.stderr.contains("make the folder"), "{}", missing.stderr);
    fs::write(folder.join("half.csv.part"), "still being written").unwrap();
    assert_eq!(snapshot(&lab).json_lines()[0]["status"], "unchanged");
    fs::write(folder.join("page.csv"), "<html><body>Sesi berakhir</body></html>\n").unwrap();
    let ran = snapshot(&lab);
    assert_ne!(ran.code, 0, "{}", ran.stdout);
    assert_eq!(names(&folder), ["half.csv.part", "page.csv"]);
    assert_eq!(lab.published(), Vec::<String>::new());
}
