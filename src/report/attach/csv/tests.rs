//! The CSV read back by Python, the way its readers would.

use super::{csv, guarded};
use crate::report::attach::sample::{awkward, page};
use std::process::Command;

/// Runs a Python program on the file; `None` where Python or a module is missing.
fn python(modules: &str, program: &str, bytes: &[u8]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("serapan.csv");
    std::fs::write(&path, bytes).unwrap();
    let there = Command::new("python3").args(["-c", &format!("import {modules}")]).output().ok()?;
    if !there.status.success() {
        println!("skipped: needs {modules}");
        return None;
    }
    let run = Command::new("python3").args(["-c", program]).arg(&path).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    Some(String::from_utf8(run.stdout).unwrap())
}

#[test]
fn python_reads_exact_figures() {
    let program = "import csv, sys, decimal\n\
        rows = list(csv.DictReader(open(sys.argv[1], encoding='utf-8-sig', newline=''), delimiter=';'))\n\
        d = lambda r: decimal.Decimal(r['nilai'].replace(',', '.'))\n\
        units = [r for r in rows if r['kolom'] == 'Pagu']\n\
        print(sum(d(r) for r in units if not r['jumlah']), [d(r) for r in units if r['jumlah']][0])\n\
        print([r['rincian'] for r in units], {r['satuan'] for r in units})\n\
        print([r['teks'] for r in rows if r['baris'] == 'Peringatan'])\n\
        print(len(rows), sorted({len(r) for r in rows}))";
    let Some(read) = python("csv", program, &csv(&page())) else { return };
    let lines: Vec<&str> = read.lines().collect();
    assert_eq!(lines[0], "2222267211123 2222267211123");
    assert_eq!(lines[1], "['015.01', '015.02', '015.12', ''] {'rupiah'}");
    assert_eq!(lines[2], "['Realisasi belanja terakhir ditarik 9 hari lalu.']");
    assert_eq!(lines[3], "66 [8]");
}

#[test]
fn pandas_reads_figures_as_numbers() {
    let program = "import sys, pandas\n\
        t = pandas.read_csv(sys.argv[1], sep=';', decimal=',', dtype={'rincian': str})\n\
        print(t['nilai'].dtype, t.columns[0], t.loc[t['kolom'] == 'Selisih', 'nilai'].tolist())";
    let Some(read) = python("pandas", program, &csv(&page())) else { return };
    assert_eq!(read.trim(), "float64 bagian [-41.3, -22.0]");
}

#[test]
fn no_cell_is_a_formula() {
    for (text, safe) in [
        ("=1+1", "'=1+1"),
        ("+62", "'+62"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "' =1"),
        ("＝1", "'＝1"),
        ("−5,0 poin", "−5,0 poin"),
        ("a=b", "a=b"),
        ("dua\r\nbaris", "dua  baris"),
    ] {
        assert_eq!(guarded(text), safe);
    }
    for page in [page(), awkward()] {
        let text = String::from_utf8(csv(&page)).unwrap();
        assert!(text.starts_with('\u{feff}') && text.ends_with("\r\n"));
        let mut reader = ::csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
        for record in reader.records() {
            let record = record.unwrap();
            for (index, field) in record.iter().enumerate().filter(|(index, _)| *index != 4) {
                assert!(!field.starts_with(['=', '+', '-', '@', '\t']), "field {index}: {field}");
            }
            let number = &record[4];
            assert!(number.chars().all(|c| c.is_ascii_digit() || c == '-' || c == ','), "{number}");
        }
    }
}
