//! Rows 1 to 6 once more, for what is dropped into a folder: files that people save, cut and mail around.

use std::path::PathBuf;

use super::bench::{Bench, Contract, Load, Road, gzip};

const COLUMNS: &str = r#"{ name = "kode_rup", type = "code(3)", class = "public", meaning = "m" },
  { name = "nama_paket", type = "text", class = "public", meaning = "m" },
  { name = "pagu", type = "money", class = "public", meaning = "m" },"#;

const CSV: &str = "rows = \"csv\"\nenvelope = \"plain\"\n";

/// A drop folder with one file in it.
struct Dropped {
    bench: Bench,
    folder: PathBuf,
}

impl Dropped {
    fn new(rows: &str, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let contract = Contract::shaped(rows, "quarantine_pct_max = 100", COLUMNS).dropped();
        let bench = Bench::new(&contract);
        let folder = bench.lab().path().join("drop/uji/baris");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(name), bytes).unwrap();
        Self { bench, folder }
    }

    /// The file lands, and lies in `done/` afterwards.
    fn lands(&self, rows: &[&str]) -> Load {
        let load = self.bench.load(&[]);
        load.is(0, "committed");
        assert_eq!(self.bench.sql("SELECT kode_rup, nama_paket, pagu FROM uji.baris ORDER BY kode_rup"), rows);
        assert_eq!(std::fs::read_dir(self.folder.join("done")).unwrap().count(), 1);
        load
    }

    /// The file stops the load, and stays where it is.
    fn stops(&self, says: &str) {
        let load = self.bench.load(&[]);
        assert!(matches!(load.ran.code, 65 | 69), "{}", load.ran.stderr);
        let error = load.said["error"].as_str().unwrap();
        assert!(error.contains(says), "{error}");
        assert_eq!(self.bench.lab().published(), [""; 0]);
        assert!(!self.folder.join("done").exists(), "what was not taken is not done");
    }
}

#[test]
fn a_saved_file_has_marks_line_ends_and_compression_of_any_kind() {
    const LINES: &str = "Kode RUP,NAMA_PAKET,Pagu,Ket\r\n\
        001,\"Kursi, meja\",\"1.234.567,89\",x\r\n\
        002,\"kata \"\"resmi\"\"\",\"1,234,567\",y\r\n\r\n,,,\r\n";
    let landed = [r#"001,"Kursi, meja",1234567.89"#, r#"002,"kata ""resmi""",1234567.00"#];
    for (name, bytes) in [
        ("a.csv", LINES.into()),
        ("b.csv", format!("\u{feff}{LINES}").into_bytes()),
        ("c.csv", LINES.replace("\r\n", "\n").into_bytes()),
        ("d.csv", LINES.trim_end_matches([',', '\r', '\n']).as_bytes().to_vec()),
        ("e.csv.gz", gzip(LINES)),
    ] {
        let load = Dropped::new(CSV, name, bytes).lands(&landed);
        assert!(load.ran.stderr.contains("unknown keys kept in extra: Ket"), "{name}: {}", load.ran.stderr);
    }
}

#[test]
fn a_file_that_is_no_table_stays_in_the_folder() {
    Dropped::new(CSV, "login.csv", "<!doctype html>\n<html>\n<body>\nSilakan masuk\n</body>\n")
        .stops("none is a column of the contract");
    Dropped::new(CSV, "semicolons.csv", "kode_rup;nama_paket;pagu\n001;Kursi;1\n")
        .stops("another delimiter, or no header?");
    Dropped::new(CSV, "no-header.csv", "001,Kursi,1\n002,Meja,2\n").stops("another delimiter, or no header?");
    Dropped::new(CSV, "cut.csv", "kode_rup,nama_paket,pagu\n001,Kursi,1\n002,\"Mej").stops("cut off");
    Dropped::new(CSV, "mark.csv", "\u{feff}").stops("cut off");
    Dropped::new(CSV, "half.csv.gz", &gzip("kode_rup,nama_paket,pagu\n001,Kursi,1\n")[..30]).stops("cut off");
    Dropped::new(Road::Document.rows(), "cut.json", r#"{"data":[{"kode_rup":"001"}"#).stops("cut off");
}

/// A header alone is a table without rows; an empty file is none at all, and neither publishes anything.
#[test]
fn a_file_without_rows_is_empty() {
    for (name, text) in [("header.csv", "kode_rup,nama_paket,pagu\n"), ("nothing.csv", "")] {
        let dropped = Dropped::new(CSV, name, text);
        dropped.bench.load(&[]).is(0, "empty");
        assert_eq!(dropped.bench.lab().published(), [""; 0]);
    }
}

#[test]
fn a_dropped_document_is_read_like_an_answered_one() {
    let text = "\u{feff}{\"data\":{\"Kode RUP\":\"001\",\"pagu\":\"70,5\",},}";
    Dropped::new(Road::Document.rows(), "push.json", text).lands(&["001,,70.50"]);
}
