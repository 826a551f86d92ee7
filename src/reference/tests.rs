//! Tests of the definitions and of reading rows: every kind of problem, the shipped files, the real lists.

use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Decimal128Type, Int64Type};
use arrow::util::display::array_value_to_string;

use super::definition::{self, Make, TableDefinition};
use super::rows::{self, Limits, ReadFile};
use super::{CONFIG_ROWS_MAX, Origin, Reference};
use crate::config::ConfigFolder;

const LIMITS: Limits = Limits { rows: 5, rows_name: "ROWS_OF_TEST", problems: 20 };

/// A table with one column of each type.
const ALL_TYPES: &str = r#"
[table]
title = "Everything"
source = "a test"
licence = "none"
version = 1
filled_by = "customer"
key = ["kode"]
ignored = ["Catatan Lama"]
columns = [
  { name = "kode", type = "code(3)", required = true, aliases = ["Kode Satker"], remove = ".", meaning = "a" },
  { name = "nama", type = "text", required = true, meaning = "b" },
  { name = "jumlah", type = "integer", meaning = "c" },
  { name = "bobot", type = "decimal(4,2)", meaning = "d" },
  { name = "mulai", type = "date", meaning = "e" },
  { name = "aktif", type = "boolean", meaning = "f" },
  { name = "kelas", type = "text", one_of = ["besar", "kecil"], meaning = "g" },
]
"#;

/// A table with a tree, and one whose rows hold for years.
const TREE: &str = r#"
[table]
title = "Tree"
source = "a test"
licence = "none"
version = 1
filled_by = "import"
key = ["kode"]
tree = { code = "kode", digits = [2, 4, 6], levels = ["satu", "dua", "tiga"] }
columns = [
  { name = "kode", type = "code(2..6)", required = true, aliases = ["kode_tanpa_titik"], remove = ".", meaning = "a" },
  { name = "kode_titik", type = "code(2..8)", required = true, make = "dotted", meaning = "b" },
  { name = "kode_6", type = "code(6)", required = true, make = "padded", meaning = "c" },
  { name = "induk", type = "code(2..4)", make = "parent", meaning = "d" },
  { name = "level", type = "text", required = true, make = "level", meaning = "e" },
  { name = "digit", type = "integer", required = true, make = "digits", meaning = "f" },
]
"#;

const SPANS: &str = r#"
[table]
title = "Spans"
source = "a test"
licence = "none"
version = 1
filled_by = "customer"
key = ["kode", "tahun_mulai"]
period = { from = "tahun_mulai", to = "tahun_akhir" }
columns = [
  { name = "kode", type = "code(1)", required = true, meaning = "a" },
  { name = "tahun_mulai", type = "integer", required = true, meaning = "b" },
  { name = "tahun_akhir", type = "integer", meaning = "c" },
]
"#;

pub(super) fn parse(text: &str) -> TableDefinition {
    definition::parse("contoh", "contoh.toml", text).unwrap()
}

fn good(definition: &TableDefinition, text: &str) -> ReadFile {
    rows::read(definition, "a.csv", text.as_bytes(), &LIMITS).unwrap_or_else(|refused| panic!("{refused}"))
}

/// The problems of a file, `line: message`.
fn problems(definition: &TableDefinition, bytes: &[u8]) -> Vec<String> {
    let refused = rows::read(definition, "a.csv", bytes, &LIMITS).unwrap_err();
    assert_eq!(refused.total, refused.problems.len() as u64);
    refused.problems.iter().map(|problem| format!("{}: {}", problem.line, problem.message)).collect()
}

fn cells(read: &ReadFile, row: usize) -> Vec<String> {
    let value = |column: &arrow::array::ArrayRef| {
        if column.is_null(row) { "NULL".to_owned() } else { array_value_to_string(column, row).unwrap() }
    };
    read.batch.columns().iter().map(value).collect()
}

#[test]
fn values_get_their_types_and_blanks_are_null() {
    let table = parse(ALL_TYPES);
    let text = "\u{feff}KODE SATKER;Nama;jumlah;bobot;mulai;aktif;kelas;catatan_lama\r\n\
        0.01;\" two\r\nlines  \";12;9.5;2026-01-31;Ya;kecil;x\r\n002;\"say \"\"so\"\"\";;;;;;\r\n";
    let read = good(&table, text);
    assert_eq!(cells(&read, 0), ["001", "two lines", "12", "9.50", "2026-01-31", "true", "kecil"]);
    assert_eq!(cells(&read, 1), ["002", "say \"so\"", "NULL", "NULL", "NULL", "NULL", "NULL"]);
    assert_eq!(good(&table, "kode,nama\n").batch.num_rows(), 0, "a header alone is an empty table");
    assert_eq!(good(&table, "kode\tnama\n001\ta,b\n").batch.num_rows(), 1);
}

#[test]
fn every_problem_of_the_values_is_told_with_its_line_and_without_the_value() {
    let table = parse(ALL_TYPES);
    let text = "kode,nama,jumlah,bobot,mulai,aktif,kelas\n01,a,x,100.00,31/01/2026,mungkin,sedang\n,,1,1,,,\n\
        003,\"x\ny\",1,1.234,2026-02-30,,\n003,b,1.5,,,,\n";
    assert_eq!(
        problems(&table, text.as_bytes()),
        [
            "2: kode is a code of another length",
            "2: jumlah is no number",
            "2: bobot is a number of too many digits",
            "2: mulai is no date in the agreed form",
            "2: aktif is neither yes nor no",
            "2: kelas has a value that is not allowed",
            "3: kode is empty",
            "3: nama is empty",
            "4: bobot is a number of too many decimals",
            "4: mulai is no date in the agreed form",
            "6: jumlah is a number of too many decimals",
            "6: has the same key (kode) as line 4",
        ]
    );
}

#[test]
fn a_header_that_does_not_fit_is_told_before_the_rows() {
    let table = parse(ALL_TYPES);
    let told = |text: &str| rows::read(&table, "a.csv", text.as_bytes(), &LIMITS).unwrap_err().to_string();
    let text = told("kode,namaa,jumlah,warna\nx\n");
    assert!(
        text.starts_with("a.csv: 3 problems:\na.csv:1: unknown column \"namaa\" (hint: did you mean nama?)"),
        "{text}"
    );
    assert!(text.contains("a.csv:1: unknown column \"warna\" (hint: known: kode, nama, jumlah"), "{text}");
    assert!(text.contains("a.csv:1: the column nama is missing"), "{text}");
    // A file without a header line has values there: they are not repeated.
    let text = told("3514141005123456,Budi Santoso bin Slamet,1990-01-01\n");
    assert!(text.contains("unknown column number 1") && text.contains("unknown column number 3"), "{text}");
    assert!(!text.contains("3514141005123456") && !text.contains("1990"), "{text}");
    assert_eq!(problems(&table, b""), ["1: has no header line"]);
}

#[test]
fn what_is_no_csv_is_told_with_its_line() {
    let table = parse(ALL_TYPES);
    assert_eq!(problems(&table, b"kode,nama\n001,a\n002,\xe9\n"), ["3: is not UTF-8"]);
    assert_eq!(problems(&table, b"kode,nama\n001,\"a\n002,b\n"), ["2: the quote opened here is never closed"]);
    assert_eq!(problems(&table, b"kode,nama\n001,\"a\"b\n"), ["2: text stands behind a closing quote"]);
    assert_eq!(
        problems(&table, b"kode,nama\n001\n002,b,c\n"),
        ["2: 1 values for 2 columns", "3: 3 values for 2 columns"]
    );
    let many: String = (1..=6).map(|i| format!("00{i},x\n")).collect();
    let many = format!("kode,nama\n{many}");
    assert_eq!(problems(&table, many.as_bytes()), ["7: has more than 5 rows (ROWS_OF_TEST)"]);
}

#[test]
fn two_headers_of_one_column_must_agree() {
    let table = parse(ALL_TYPES);
    assert_eq!(cells(&good(&table, "kode,kode satker,nama\n0.0.1,001,a\n,002,b\n"), 1)[0], "002");
    assert_eq!(
        problems(&table, b"kode,kode satker,nama\n001,002,a\n"),
        ["2: two columns of the file carry kode and differ"]
    );
}

#[test]
fn a_tree_is_computed_and_its_parents_have_to_exist() {
    let table = parse(TREE);
    let read = good(&table, "kode,kode_tanpa_titik,level\n35,35,satu\n35.14,3514,dua\n35.14.01,351401,\n");
    assert_eq!(cells(&read, 0), ["35", "35", "350000", "NULL", "satu", "2"]);
    assert_eq!(cells(&read, 2), ["351401", "35.14.01", "351401", "3514", "tiga", "6"]);
    let text = b"kode,level\n35,dua\n351,\nAB,\n3612,\n";
    assert_eq!(
        problems(&table, text),
        [
            "2: level does not agree with kode",
            "3: kode is no code of any level",
            "4: kode is no code of any level",
            "5: the parent of kode is not in the list",
        ]
    );
    let telling = parse(&TREE.replace("levels =", "orphans = \"tell\", levels ="));
    assert_eq!(good(&telling, "kode\n3612\n361201\n").orphans, 1);
    let tree = table.tree.unwrap();
    assert_eq!(tree.make(Make::Dotted, "35140"), None);
}

#[test]
fn periods_of_one_key_do_not_overlap() {
    let table = parse(SPANS);
    let spans = |rows: &str| format!("kode,tahun_mulai,tahun_akhir\n{rows}");
    assert_eq!(good(&table, &spans("A,2024,\nA,2022,2023\nB,2022,\nA,2021,2021\n")).batch.num_rows(), 4);
    assert_eq!(
        problems(&table, spans("A,2022,\nA,2024,\nB,2024,2023\nC,2024,2024\nC,2024,\n").as_bytes()),
        [
            "3: holds for a time that line 2 covers",
            "4: ends before it begins",
            "6: has the same key (kode, tahun_mulai) as line 5",
        ]
    );
}

#[test]
fn the_first_problems_are_told_and_all_are_counted() {
    let table = parse(ALL_TYPES);
    let limits = Limits { rows: 1_000, ..LIMITS };
    let text: String = (0..100).map(|_| "1,x\n").collect();
    let refused = rows::read(&table, "a.csv", format!("kode,nama\n{text}").as_bytes(), &limits).unwrap_err();
    assert_eq!((refused.problems.len(), refused.total), (20, 199));
    assert!(refused.to_string().starts_with("a.csv: 199 problems, the first 20:\n"), "{refused}");
    let all = crate::config::Problems::from(refused).to_string();
    assert!(all.ends_with("a.csv: and 179 more problems"), "{all}");
}

#[test]
fn every_problem_of_a_definition_is_told_at_once() {
    let text = r#"
[table]
source = "a test"
licence = "none"
version = 0
filled_by = "nobody"
key = ["kode", "kode", "x"]
tree = { code = "y", digits = [4, 2], levels = ["satu"], orphans = "keep" }
period = { from = "nama", to = "z" }
colour = "red"
columns = [
  { name = "kode", type = "code(3)", aliases = ["nama"], meaning = "a" },
  { name = "nama", type = "money", make = "guess", meaning = "b" },
  { name = "Besar", type = "float" },
]
"#;
    let told = definition::parse("1contoh", "contoh.toml", text).unwrap_err().to_string();
    for message in [
        "\"1contoh\" cannot name a table",
        "`title` is missing",
        "`table.version` is out of range",
        "`table.filled_by` cannot be \"nobody\"",
        "the column kode stands twice in `key`",
        "`key` names no column: \"x\"",
        "`code` names no column: \"y\"",
        "`digits` must be growing lengths",
        "1 levels for 2 lengths",
        "`orphans` cannot be \"keep\"",
        "`to` names no column: \"z\"",
        "unknown key `table.colour`",
        "two columns answer to the header \"nama\"",
        "the key column kode must be required",
        "nama has a type that reference tables do not have",
        "`table.columns[1].make` cannot be \"guess\"",
        "\"Besar\" is not lower snake case",
        "`table.columns[2].type` cannot be \"float\"",
        "`meaning` is missing in [table.columns[2]]",
    ] {
        assert!(told.contains(message), "{message}:\n{told}");
    }
    assert!(definition::parse("a", "a.toml", "").unwrap_err().to_string().contains("[table] is missing"));
    let made = ALL_TYPES.replace("type = \"text\", required", "type = \"text\", make = \"level\", required");
    let told = definition::parse("a", "a.toml", &made).unwrap_err().to_string();
    assert!(told.contains("the column nama is made from a tree and there is none"), "{told}");
}

#[test]
fn the_shipped_tables_are_valid_and_hold_their_facts() {
    let reference = Reference::load(&ConfigFolder::embedded()).unwrap_or_else(|problems| panic!("{problems}"));
    let rows = |name: &str| reference.table(name).unwrap().batch.num_rows();
    for (name, expected) in [
        ("bas_akun", 124),
        ("bagian_anggaran", 9),
        ("hari_libur", 188),
        ("ikpa_bobot", 55),
        ("kbli", 0),
        ("kewenangan", 6),
        ("lokasi_djpb_kemendagri", 34),
        ("opd_instansi", 0),
        ("oss_dokumen_komitmen", 0),
        ("oss_kode", 209),
        ("padi_kategori", 27),
        ("padi_kategori_umkm", 4),
        ("padi_satker", 0),
        ("satker", 0),
        ("sumber_dana", 19),
        ("wilayah", 0),
    ] {
        assert_eq!(rows(name), expected, "{name}");
    }
    assert_eq!(reference.tables.len(), 16);
    let origin = |name: &str| reference.table(name).unwrap().origin;
    assert_eq!((origin("kewenangan"), origin("wilayah")), (Origin::Embedded, Origin::Nowhere));
    let kinds = reference.table("bas_akun").unwrap().batch.column(0).as_string::<i32>().clone();
    assert!(["51", "52", "53", "57", "425341"].iter().all(|kind| kinds.iter().any(|kode| kode == Some(*kind))));
}

#[test]
fn the_weights_of_every_regulation_add_up_to_100() {
    let reference = Reference::load(&ConfigFolder::embedded()).unwrap();
    let batch = &reference.table("ikpa_bobot").unwrap().batch;
    let column = |name: &str| batch.column_by_name(name).unwrap();
    let (years, weights) = (column("tahun_mulai").as_primitive::<Int64Type>(), column("bobot"));
    let weights = weights.as_primitive::<Decimal128Type>();
    let sum = |year: i64| -> i128 {
        years.iter().zip(weights).filter(|(of, _)| *of == Some(year)).filter_map(|(_, weight)| weight).sum()
    };
    assert_eq!([2019, 2020, 2021, 2022, 2024].map(sum), [8_500, 9_000, 10_000, 10_000, 10_000]);
}

#[test]
fn a_folder_replaces_a_table_and_its_problems_spare_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| {
        std::fs::create_dir_all(folder.path().join("reference")).unwrap();
        std::fs::write(folder.path().join("reference").join(name), text).unwrap();
    };
    let config = ConfigFolder::locate(Some(folder.path())).unwrap();
    write("padi_satker.csv", b"id_satker,kdsatker\n17,056011\n");
    write("contoh.toml", ALL_TYPES.as_bytes());
    write("contoh.csv", b"kode,nama\n001,a\n");
    let reference = Reference::load(&config).unwrap();
    let table = reference.table("padi_satker").unwrap();
    assert_eq!((table.batch.num_rows(), table.origin), (1, Origin::Folder));
    assert_eq!(reference.table("contoh").unwrap().batch.num_rows(), 1, "a table of the customer's own");

    let many: String = (0..=CONFIG_ROWS_MAX).map(|i| format!("{i},056011\n")).collect();
    write("padi_satker.csv", format!("id_satker,kdsatker\n{many}").as_bytes());
    write("satker.csv", b"kdsatker,nama,ba,baes1,tahun_mulai\n056011,\xff,056,05601,2024\n");
    write("kewenangan.csv", b"kode,uraian\n1,x\n");
    write("lain.csv", b"a\n1\n");
    std::fs::remove_file(folder.path().join("reference/contoh.csv")).unwrap();
    let (reference, problems) = Reference::load_what_is_good(&config);
    let told = problems.to_string();
    for message in [
        "padi_satker.csv:20002: has more than 20000 rows (CONFIG_ROWS_MAX)",
        "satker.csv:2: is not UTF-8",
        "kewenangan.csv:1: the column singkatan is missing",
        "reference/lain.csv: nothing describes this table: reference/lain.toml is missing",
        "reference/contoh.csv: is missing",
    ] {
        assert!(told.contains(message), "{message}:\n{told}");
    }
    assert_eq!(problems.0.len(), 5, "{told}");
    assert_eq!(reference.table("satker").unwrap().batch.num_rows(), 0, "a broken table is there without rows");
    assert_eq!(reference.table("sumber_dana").unwrap().batch.num_rows(), 19);
    assert!(Reference::load(&config).is_err());
}

#[expect(clippy::disallowed_methods, reason = "where the real lists lie is known to the machine alone")]
pub(super) fn shared(file: &str) -> Option<Vec<u8>> {
    let folder = std::env::var_os("LUMBUNG_SHARED")?;
    std::fs::read(Path::new(&folder).join("data").join(file)).ok()
}

#[test]
fn the_real_lists_are_read_whole() {
    let reference = Reference::load(&ConfigFolder::embedded()).unwrap();
    let limits = Limits { rows: 100_000, ..LIMITS };
    let read = |table: &str, file: &str| {
        let bytes = shared(file)?;
        let table = &reference.table(table).unwrap().definition;
        Some(rows::read(table, file, &bytes, &limits).unwrap_or_else(|refused| panic!("{refused}")))
    };
    let (Some(wilayah), Some(kbli)) = (read("wilayah", "wilayah_kemendagri_2025.csv"), read("kbli", "kbli_2020.csv"))
    else {
        println!("skipped: needs LUMBUNG_SHARED");
        return;
    };
    assert_eq!((wilayah.batch.num_rows(), wilayah.orphans), (91_599, 0));
    let code = wilayah.batch.column(0).as_string::<i32>();
    let row = code.iter().position(|code| code == Some("3514141005")).unwrap();
    assert_eq!(cells(&wilayah, row), ["3514141005", "35.14.14.1005", "3514141005", "351414", "desa", "Bendomungal"]);
    // The list has taxi and the like (4942x) without their group 4942.
    assert_eq!((kbli.batch.num_rows(), kbli.orphans), (2_686, 9));
    assert_eq!(cells(&kbli, 0)[..3], ["01", "Pertanian Tanaman, Peternakan, Perburuan dan Kegiatan YBDI", "2"]);
    let titles = kbli.batch.column(1).as_string::<i32>();
    assert!(titles.iter().flatten().all(|title| !title.contains('\n') && title.trim() == title));
}
