//! What a strict JSON reader must take is taken and means the same; what it must refuse is refused or quarantined.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use lumbung::contract::{Dataset, parse};
use lumbung::decode::{DecodeError, DecodeSettings, Decoder, PageSummary};
use lumbung::source::shape;
use serde_json::Value;

const CASES: &str = include_str!("fixtures/json-cases.txt");

const CONTRACT: &str = r#"
[source]
name = "s"
title = "t"
document = "d"
version = 1
base_url = "https://example.org"
timezone = "Asia/Jakarta"
[source.auth]
kind = "bearer"
[[dataset]]
name = "d"
title = "t"
grain = "g"
path = "p"
paging = { kind = "whole" }
envelope = "spanint"
rows = "objects"
personal = false
columns = [
  { name = "v", type = "text", class = "public", meaning = "m" },
  { name = "n", type = "decimal(30,4)", class = "public", meaning = "m" },
  { name = "s", type = "text", class = "drop", meaning = "m" },
]
"#;

/// One line of the file.
struct Case {
    kind: char,
    name: &'static str,
    page: Vec<u8>,
}

fn cases() -> Vec<Case> {
    let case = |line: &'static str| {
        let mut words = line.splitn(3, ' ');
        let kind = words.next().unwrap().chars().next().unwrap();
        Case { kind, name: words.next().unwrap(), page: bytes(words.next().unwrap_or_default()) }
    };
    CASES.lines().filter(|line| !line.starts_with('#')).map(case).collect()
}

/// The bytes that a page of the file stands for.
fn bytes(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    bytes
}

/// What the decoder makes of `pieces`: the rows and the summary.
fn decode(dataset: &Arc<Dataset>, pieces: &[&[u8]]) -> Result<(Option<RecordBatch>, PageSummary), DecodeError> {
    let settings = DecodeSettings { zone: chrono_tz::Asia::Jakarta, pii_key: None };
    let mut decoder = Decoder::new(Arc::clone(dataset), shape::reader, settings)?;
    let mut none = |_| Ok::<(), DecodeError>(());
    for piece in pieces {
        decoder.push(piece, &mut none)?;
    }
    let summary = decoder.end_page(&mut none)?;
    Ok((decoder.flush()?, summary))
}

/// Compares what was taken with serde_json's reading.
fn compare(name: &str, batch: Option<&RecordBatch>, page: &Value) {
    let rows: Vec<&Value> = page.as_array().unwrap().iter().filter(|row| !row.is_null()).collect();
    assert_eq!(batch.map_or(0, RecordBatch::num_rows), rows.len(), "{name}");
    let Some(batch) = batch else { return };
    let texts = batch.column_by_name("v").unwrap().as_string::<i32>().clone();
    let numbers = cast(batch.column_by_name("n").unwrap(), &DataType::Float64).unwrap();
    let numbers = numbers.as_primitive::<arrow::datatypes::Float64Type>();
    for (i, row) in rows.iter().enumerate() {
        let text = row["V"].as_str().map(str::trim).filter(|text| !text.is_empty());
        assert_eq!(texts.is_valid(i).then(|| texts.value(i)), text, "{name}");
        assert_eq!(numbers.is_valid(i).then(|| numbers.value(i)), row["N"].as_f64(), "{name}");
    }
}

#[test]
fn what_is_json_is_taken_and_what_is_none_is_not() {
    let dataset = Arc::new(parse("s.toml", CONTRACT).unwrap().datasets.remove(0));
    let cases = cases();
    assert!(cases.len() > 120, "{}", cases.len());
    for Case { kind, name, page } in cases {
        let strict: Result<Value, _> = serde_json::from_slice(&page);
        let read = decode(&dataset, &[&page]);
        match (kind, &read) {
            ('y', Ok((batch, summary))) => {
                assert_eq!(summary.refused, 0, "{name}");
                // A key twice is the decoder's own matter; serde_json takes the last.
                compare(name, batch.as_ref(), strict.as_ref().unwrap_or_else(|error| panic!("{name}: {error}")));
            }
            ('y', Err(error)) => panic!("{name}: {error}"),
            ('n', Ok((_, summary))) => {
                assert!(summary.refused > 0 && summary.rows == 0, "{name} is taken: {summary:?}");
            }
            ('t', Ok((_, summary))) => {
                assert!(summary.refused == 0 && summary.rows > 0, "{name}: {summary:?}");
                assert!(strict.is_err() || strict.is_ok_and(|page| page.is_object()), "{name} needs no tolerance");
            }
            ('t', Err(error)) => panic!("{name}: {error}"),
            _ => {}
        }
        let seen = |read: &Result<(Option<RecordBatch>, PageSummary), DecodeError>| match read {
            Ok(taken) => Ok(taken.clone()),
            Err(error) => Err(error.to_string()),
        };
        for cut in 0..=page.len() {
            let (first, second) = page.split_at(cut);
            assert_eq!(seen(&decode(&dataset, &[first, second])), seen(&read), "{name}, cut at {cut}");
        }
    }
}
