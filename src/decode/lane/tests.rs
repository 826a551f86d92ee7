//! Both roads give the same: over made-up rows in every mixture, cut at every byte, broken off at every byte.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;

use crate::contract::{Dataset, parse};
use crate::decode::{Brackets, DecodeError, DecodeSettings, Decoder, PageSummary, Refused, fixture};
use crate::source::shape::reader;

/// Every kind of column: quick ones, others, one that two columns read, one that helps another, a dropped one, a parameter.
const COLUMNS: &str = r#"
{ name = "kode", type = "code(1..8)", class = "public", meaning = "m", required = true },
{ name = "satker", type = "code(6)", class = "public", meaning = "m" },
{ name = "uraian", type = "text", class = "public", meaning = "m" },
{ name = "jumlah", type = "money", class = "public", meaning = "m", required = true },
{ name = "pagu", type = "money", class = "public", meaning = "m", min = 0, max = 1000 },
{ name = "nomor", type = "integer", class = "public", meaning = "m" },
{ name = "nilai", type = "decimal(5,2)", class = "public", meaning = "m", lenient = true },
{ name = "aktif", type = "boolean", class = "public", meaning = "m" },
{ name = "tanggal", type = "date", format = "DD-MON-YY|YYYY-MM-DD", class = "public", meaning = "m" },
{ name = "rahasia", type = "text", class = "drop", meaning = "m" },
{ name = "wilayah", type = "text", class = "public", meaning = "m", param = "wilayah" },
{ name = "hari", type = "integer", extract = "integer", class = "public", meaning = "m" },
{ name = "kelas", type = "code(1..4)", one_of = ["1", "2", "lima"], class = "public", meaning = "m", lenient = true },
{ name = "nama", type = "text", max_chars = 12, class = "public", meaning = "m" },
{ name = "bulat", type = "money", whole = true, class = "public", meaning = "m", min = -5, max = 2000 },
{ name = "volume", type = "decimal(20,4)", class = "public", meaning = "m" }
"#;

fn dataset() -> Arc<Dataset> {
    fixture::dataset("objects", COLUMNS, r#"for_each = { values = { wilayah = ["3273"] } }"#)
}

/// What a decoder made of an answer.
#[derive(Debug, PartialEq)]
struct Outcome {
    rows: Option<RecordBatch>,
    refused: Vec<Refused>,
    unknown: Vec<(String, u64)>,
    ended: Result<PageSummary, String>,
}

/// Reads `pieces`; returns also how many rows the lane took.
fn read(dataset: &Arc<Dataset>, pieces: &[&[u8]], is_closed: bool) -> (Outcome, u64) {
    let settings = DecodeSettings { zone: chrono_tz::Asia::Jakarta, pii_key: None };
    let mut decoder = Decoder::new(Arc::clone(dataset), reader, settings).unwrap();
    decoder.lane.is_closed = is_closed;
    decoder.set_parameters(&[("wilayah".to_owned(), "3273".to_owned())]);
    let mut batches = Vec::new();
    let mut keep = |batch| {
        batches.push(batch);
        Ok::<(), DecodeError>(())
    };
    let pushed = pieces.iter().try_for_each(|piece| decoder.push(piece, &mut keep));
    let ended = pushed.and_then(|()| decoder.end_page(&mut keep)).map_err(|error| error.to_string());
    batches.extend(decoder.flush().unwrap());
    let rows = batches.first().map(|first| concat_batches(first.schema_ref(), &batches).unwrap());
    let unknown = decoder.unknown_keys().iter().map(|(key, n)| (key.clone(), *n)).collect();
    (Outcome { rows, refused: decoder.take_refused(), unknown, ended }, decoder.lane.n_taken_in_all)
}

/// A walk through numbers that look like chance.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).unwrap()
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

/// Values of each key: good ones first, then such as make the lane stop.
const VALUES: [(&str, &[&str], &[&str]); 15] = [
    ("KODE", &["\"1\"", "\"00000001\"", "\"A1-b\"", "\"Z\""], &["\"\"", "\"123456789\"", "7", "null", "\"\\u0041\""]),
    (
        "SATKER",
        &["\"620001\"", "\"\"", "null"],
        &["\"62000\"", "\" 620001 \"", "\"NULL\"", "\"-\"", "620001", "\"6\\u00320001\""],
    ),
    (
        "URAIAN",
        &["\"belanja pegawai dan lain-lain\"", "\"x\"", "\"\"", "null"],
        &["\" a b \"", "\"a\\\"b\"", "\"a\\\\\"", "\"b\u{fc}ro\"", "\"-\"", "{\"a\":[1,\"}\"]}", "\"a\tb\"", "12.50"],
    ),
    (
        "JUMLAH",
        &["\"750000\"", "\"-5\"", "\"0\"", "12345678", "\"1234567890123456\"", "\"12345678\"", "-7"],
        &[
            "\"1,234,567\"",
            "\"12345678901234567\"",
            "\"12.50\"",
            "12.5",
            "1e5",
            "\"x\"",
            "\"\"",
            "\"-\"",
            "\"--1\"",
            "\"+3\"",
        ],
    ),
    ("PAGU", &["\"12\"", "\"999.50\"", "null"], &["\"1001\"", "\"-1\""]),
    ("NOMOR", &["\"1\"", "\"0042\"", "99", "\"\""], &["\"1.5\"", "\"12345678901234567890\"", "-0"]),
    ("NILAI", &["\"70,5\"", "8.25", "\"\""], &["\"10000000\"", "\"abc\""]),
    ("AKTIF", &["\"ya\"", "true", "\"0\"", "null"], &["\"maybe\""]),
    (
        "TANGGAL",
        &["\"05-MAY-26\"", "\"2026-01-31\"", "\"31-OCT-26\"", "\"\""],
        &["\"31-FEB-26\"", "\" 05-MAY-26\"", "\"05-MAY-2026\""],
    ),
    ("RAHASIA", &["\"tidak disimpan\"", "null", "[1,2]"], &["\"a\\nb\""]),
    ("HARI", &["\"27 Hari\"", "3"], &["\"Hari\"", "\"1 2\""]),
    ("KELAS", &["\"1\"", "\"lima\"", "\"3\"", "\"\"", "2"], &["null", "\" 1\"", "\"li\\u006da\""]),
    (
        "NAMA",
        &["\"PT Maju\"", "\"dua belas 12\"", "\"\"", "12"],
        &["\"tiga belas 13\"", "\"b\u{fc}roo b\u{fc}roo\"", "[1]"],
    ),
    ("BULAT", &["\"2000\"", "12", "\"-5\"", "null"], &["\"2001\"", "-6", "\"1.50\"", "3.00", "\"2000.00\""]),
    (
        "VOLUME",
        &["2", "\"12\"", "1.5", "\"0.25\"", "\"1.1234\"", "-0.5", "\"\""],
        &["\"1.234\"", "1.234", "1.23456", "\"1234567890123456.5\"", "00.5", "1.", "\"1.\"", "\"1,5\""],
    ),
];

/// Rows that are mostly alike; how often one is odd differs from answer to answer.
fn rows(chance: &mut Chance, n_rows: usize) -> String {
    let (blank, between) = (chance.of(&["", " ", "\n\t"]), chance.of(&[",", ",\n", " , "]));
    let odd_in = [3, 12, 1_000][chance.below(3)];
    let mut order: Vec<usize> = (0..VALUES.len()).collect();
    let mut rows = Vec::new();
    for _ in 0..n_rows {
        if chance.below(odd_in * 4) == 0 {
            let (a, b) = (chance.below(order.len()), chance.below(order.len()));
            order.swap(a, b);
        }
        let mut fields: Vec<String> = order
            .iter()
            .map(|&i| {
                let (key, good, odd) = VALUES[i];
                let value = if chance.below(odd_in * 4) == 0 { chance.of(odd) } else { chance.of(good) };
                format!("{blank}\"{key}\":{blank}{value}")
            })
            .collect();
        if chance.below(odd_in) == 0 {
            match chance.below(5) {
                0 => fields.push("\"ASING\":\"x\"".to_owned()),
                1 => fields.push(fields[0].clone()),
                2 => fields.push("\"KODE\":\"lain\"".to_owned()),
                3 => drop(fields.remove(chance.below(VALUES.len()))),
                _ => fields.push(String::new()),
            }
        }
        rows.push(format!("{{{}{blank}}}", fields.join(",")));
        if chance.below(odd_in * 8) == 0 {
            rows.push("null".to_owned());
        }
    }
    format!("[{}]", rows.join(between))
}

#[test]
fn both_roads_give_the_same_rows() {
    let dataset = dataset();
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let (mut n_taken, mut n_rows) = (0, 0);
    for _ in 0..100 {
        let body = rows(&mut chance, 120);
        let (ordinary, none) = read(&dataset, &[body.as_bytes()], true);
        let (lane, taken) = read(&dataset, &[body.as_bytes()], false);
        assert_eq!(lane, ordinary, "{body}");
        assert_eq!(none, 0);
        n_taken += taken;
        n_rows += 120;
        let cut = chance.below(body.len());
        let (first, second) = body.as_bytes().split_at(cut);
        assert_eq!(read(&dataset, &[first, second], false).0, ordinary, "cut at {cut}: {body}");
    }
    // Otherwise nothing was compared.
    assert!(n_taken * 3 > n_rows, "the lane took {n_taken} of {n_rows} rows");
}

#[test]
fn a_cut_anywhere_changes_nothing_and_a_break_anywhere_is_told() {
    let dataset = dataset();
    let mut chance = Chance(0xda94_2042_e4dd_58b5);
    for _ in 0..4 {
        let body = rows(&mut chance, 12);
        let body = body.as_bytes();
        let (whole, _) = read(&dataset, &[body], true);
        for cut in 0..=body.len() {
            let (first, second) = body.split_at(cut);
            assert_eq!(read(&dataset, &[first, second], false).0, whole, "cut at {cut}");
            let (broken, _) = read(&dataset, &[first], false);
            assert_eq!(broken, read(&dataset, &[first], true).0, "broken off at {cut}");
            assert_eq!(broken.ended.is_ok(), cut == body.len(), "broken off at {cut}");
        }
        let bytes: Vec<&[u8]> = body.chunks(1).collect();
        assert_eq!(read(&dataset, &bytes, false).0, whole, "byte by byte");
    }
}

#[test]
fn rows_alike_are_all_taken_but_those_at_the_ends() {
    let dataset = dataset();
    let row = |i: usize| {
        format!(
            "{{\"KODE\":\"{i}\",\"SATKER\":\"620001\",\"JUMLAH\":{},\"TANGGAL\":\"05-MAY-26\",\"HARI\":\"27 Hari\"}}",
            i * 1_000
        )
    };
    let body = format!("[{}]", (0..1_000).map(row).collect::<Vec<_>>().join(","));
    let (outcome, n_taken) = read(&dataset, &[body.as_bytes()], false);
    assert_eq!(outcome.ended.unwrap().rows, 1_000);
    // The first three teach it; behind the last the buffer ends.
    assert!(n_taken >= 994, "{n_taken}");
}

#[test]
fn a_required_key_that_vanishes_is_missed() {
    let dataset = dataset();
    let rows = ["{\"KODE\":\"1\",\"JUMLAH\":\"1\"}"; 20].join(",");
    let body = format!("[{rows},{{\"KODE\":\"1\"}},{{\"KODE\":\"1\"}},{rows}]");
    let (outcome, _) = read(&dataset, &[body.as_bytes()], false);
    let reasons: Vec<(u64, &str)> =
        outcome.refused.iter().map(|refused| (refused.row, refused.reason.as_str())).collect();
    assert_eq!(reasons, [(21, "the key is missing"), (22, "the key is missing")]);
    assert_eq!(outcome.ended.unwrap().rows, 40);
}

/// A plan of SIMDA: leaves below objects that have a key more or less.
fn plan(chance: &mut Chance) -> String {
    let mut leaf = |n: usize| {
        let odd =
            chance.of(&["", "", "", "", "", ",\"jumlah\":7", ",\"asing\":{\"a\":[]}", ",\"satuan1\":\"b\\u0075ah\""]);
        let volume = chance.of(&["2", "\"\"", "\"1.5\"", "null"]);
        format!(
            "{{\"idSubRincian\":{n},\"namaSubRincian\":\"Buku {n}\",\"volume1\":{volume},\"nilai\":1{n}000{odd}}}"
        )
    };
    let mut detail = |n: usize| {
        let leaves: Vec<String> = (0..n % 7).map(&mut leaf).collect();
        format!("{{\"idRincian\":{n},\"namaRincian\":\"R\",\"dataSubRincian\":[{}]}}", leaves.join(","))
    };
    let details: Vec<Vec<String>> = (0..6).map(|a| (0..9).map(|n| detail(n * a)).collect()).collect();
    let activity = |(n, details): (usize, &Vec<String>)| {
        let pagu = ["", "\"pagu\":19200000,", "\"pagu\":\"x\","][n % 3];
        format!(
            "{{\"idKegiatan\":\"{n}\",{pagu}\"idRka\":\"R{n}\",\"dataBelanja\":[{{\"dataRekKelompok\":{{\"dataRekBelanja\":[\
             {{\"dataRekBagian\":[{{\"dataSubBagian\":[{{\"dataRincian\":[{}]}}]}}]}}]}}}}]}}",
            details.join(",")
        )
    };
    let activities: Vec<String> = details.iter().enumerate().map(activity).collect();
    format!(
        "{{\"code\":200,\"data\":[{{\"dataUrusan\":[{{\"dataProgram\":[{{\"idProgram\":\"1\",\"dataKegiatan\":[{}]}}]}}]}}]}}",
        activities.join(", ")
    )
}

#[test]
fn rows_of_a_tree_have_what_stands_around_them_and_not_around_others() {
    let contract = parse("simda.toml", include_str!("../../../config/sources/simda.toml")).unwrap();
    let dataset = Arc::new(contract.dataset("rka").unwrap().clone());
    let mut chance = Chance(0x2545_f491_4f6c_dd1d);
    let documents: Vec<String> = (0..40).map(|_| plan(&mut chance)).collect();
    let read = |is_closed| {
        let settings = DecodeSettings { zone: chrono_tz::Asia::Jakarta, pii_key: None };
        let mut decoder = Decoder::new(Arc::clone(&dataset), reader, settings).unwrap();
        decoder.lane.is_closed = is_closed;
        let mut seen = Vec::new();
        for (i, document) in documents.iter().enumerate() {
            let asked = |name: &str| (name.to_owned(), format!("{}", i / 3));
            decoder.set_parameters(&[asked("id_kantor"), asked("id_instansi")]);
            let mut keep = |_| Ok::<(), DecodeError>(());
            let summary =
                decoder.document(document.as_bytes(), &Brackets::of(document.as_bytes()), &mut keep).unwrap();
            seen.push((summary, decoder.take_refused(), decoder.flush().unwrap()));
        }
        (seen, decoder.unknown_keys().clone(), decoder.lane.n_taken_in_all)
    };
    let (ordinary, lane) = (read(true), read(false));
    assert_eq!(lane.0, ordinary.0);
    assert_eq!(lane.1, ordinary.1);
    let rows: u64 = ordinary.0.iter().map(|(summary, ..)| summary.rows).sum();
    assert!(lane.2 * 3 > rows, "the lane took {} of {rows}", lane.2);
}
