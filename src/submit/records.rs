//! Records as an operator has them: a JSON document, JSON lines, separated values, or the rows of a query. Each becomes one
//! JSON object in the spelling it came in; the contract's columns find their keys in it.

use std::path::Path;
use std::str::FromStr;

use serde::de::IgnoredAny;
use serde_json::Value;
use thiserror::Error;

use crate::contract::{Submission, normalise_key};
use crate::decode::ROW_BYTES_MAX;
use crate::decode::scan::Token;
use crate::source::document::{Shape, elements, key_name, members, root, shape};

/// Longest file, in bytes.
pub const FILE_BYTES_MAX: u64 = 64 << 20;

/// Most records of one file or query.
pub const RECORDS_MAX: usize = 100_000;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputFormat {
    /// One document: a record, a list of them, or either within the wrapper in which they are sent.
    Json,
    /// A record a line.
    Ndjson,
    /// A header line and separated values (RFC 4180); semicolons where the header has no comma.
    Csv,
}

impl FromStr for InputFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "json" => Ok(Self::Json),
            "ndjson" | "jsonl" => Ok(Self::Ndjson),
            "csv" => Ok(Self::Csv),
            _ => Err("one of json, ndjson, csv".to_owned()),
        }
    }
}

impl InputFormat {
    /// The format that a file's extension says.
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        path.extension()?.to_str()?.parse().ok()
    }

    /// The format that the content looks like.
    #[must_use]
    pub fn of_content(bytes: &[u8]) -> Self {
        let text = without_mark(bytes).trim_ascii_start();
        if !text.starts_with(b"{") && !text.starts_with(b"[") {
            return Self::Csv;
        }
        // A second value after the first one: lines.
        if serde_json::from_slice::<IgnoredAny>(text).is_ok() { Self::Json } else { Self::of_lines(text) }
    }

    fn of_lines(text: &[u8]) -> Self {
        let first = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
        if serde_json::from_slice::<IgnoredAny>(first).is_ok() { Self::Ndjson } else { Self::Json }
    }
}

/// One record, as a JSON object. It may hold personal values, so it is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place, from 1 on; a header line does not count.
    pub row: u64,
    /// The object.
    pub json: Vec<u8>,
}

/// Records that cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum InputError {
    /// Too long a file.
    #[error("it is longer than {FILE_BYTES_MAX} bytes: send it in parts")]
    TooLong,
    /// Too many records.
    #[error("it holds more than {RECORDS_MAX} records: send them in parts")]
    TooMany,
    /// One record is too long.
    #[error("record {row} is longer than {ROW_BYTES_MAX} bytes")]
    RecordTooLong {
        /// Its place.
        row: u64,
    },
    /// The file is not what its format says. The reason holds no value.
    #[error("it is no {format}: {reason}")]
    Broken {
        /// What it should be.
        format: &'static str,
        /// What was found, and where.
        reason: String,
    },
}

fn broken(format: &'static str, reason: impl Into<String>) -> InputError {
    InputError::Broken { format, reason: reason.into() }
}

/// The records of a file.
///
/// # Errors
/// [`InputError`] when the file as a whole cannot be read; what is wrong with single values is found later, all at once.
pub fn read(bytes: &[u8], format: InputFormat, submission: &Submission) -> Result<Vec<Record>, InputError> {
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(InputError::TooLong);
    }
    let text = without_mark(bytes);
    let mut records = Records::default();
    match format {
        InputFormat::Json => document(text, &wrapper(&submission.body), &mut records, "JSON document")?,
        InputFormat::Ndjson => {
            let wrapper = wrapper(&submission.body);
            for (i, line) in text.split(|&byte| byte == b'\n').enumerate() {
                if !line.trim_ascii().is_empty() {
                    document(line, &wrapper, &mut records, "list of JSON lines")
                        .map_err(|error| at_line(error, i))?;
                }
            }
        }
        InputFormat::Csv => separated(text, &mut records)?,
    }
    Ok(records.0)
}

/// The rows of a query as records; an empty text is no value.
///
/// # Errors
/// [`InputError::TooMany`] or [`InputError::RecordTooLong`].
pub fn from_rows(rows: &[Vec<(String, String)>]) -> Result<Vec<Record>, InputError> {
    let mut records = Records::default();
    for row in rows {
        records.push_cells(row.iter().map(|(name, text)| (name.as_str(), text.as_str())))?;
    }
    Ok(records.0)
}

#[derive(Default)]
struct Records(Vec<Record>);

impl Records {
    fn push(&mut self, json: Vec<u8>) -> Result<(), InputError> {
        if self.0.len() == RECORDS_MAX {
            return Err(InputError::TooMany);
        }
        let row = self.0.len() as u64 + 1;
        if json.len() > ROW_BYTES_MAX {
            return Err(InputError::RecordTooLong { row });
        }
        self.0.push(Record { row, json });
        Ok(())
    }

    fn push_cells<'a>(&mut self, cells: impl Iterator<Item = (&'a str, &'a str)>) -> Result<(), InputError> {
        let mut json = String::from("{");
        for (name, text) in cells.filter(|(_, text)| !text.trim().is_empty()) {
            if json.len() > 1 {
                json.push(',');
            }
            json.push_str(&Value::from(name).to_string());
            json.push(':');
            json.push_str(&Value::from(text).to_string());
        }
        json.push('}');
        self.push(json.into_bytes())
    }
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn at_line(error: InputError, line: usize) -> InputError {
    match error {
        InputError::Broken { format, reason } => broken(format, format!("line {}: {reason}", line + 1)),
        other => other,
    }
}

/// The keys that lead from a body to the record in it, normalised.
fn wrapper(body: &str) -> Vec<String> {
    const RECORD: &str = "{record}";
    fn path(value: &Value, keys: &mut Vec<String>) -> bool {
        match value {
            Value::String(text) => text == RECORD,
            Value::Object(members) => members.iter().any(|(key, value)| {
                keys.push(normalise_key(key));
                path(value, keys) || {
                    keys.pop();
                    false
                }
            }),
            _ => false,
        }
    }
    let mut keys = Vec::new();
    if let Ok(template) = serde_json::from_str(&body.replace(RECORD, &Value::from(RECORD).to_string())) {
        path(&template, &mut keys);
    }
    keys
}

/// The records of one JSON document.
fn document(text: &[u8], wrapper: &[String], records: &mut Records, format: &'static str) -> Result<(), InputError> {
    // Strictly JSON: what an operator writes is read as it stands, or not at all.
    serde_json::from_slice::<IgnoredAny>(text).map_err(|error| broken(format, error.to_string()))?;
    let found = root(text).map_err(|reason| broken(format, reason))?;
    let (token, _) = found.ok_or_else(|| broken(format, "it does not end"))?;
    collect(text, token, wrapper, &mut |object| records.push(text[object.start..object.end].to_vec())).map_err(
        |error| match error {
            Collected::Input(error) => error,
            Collected::Reason(reason) => broken(format, reason),
        },
    )
}

/// Why collecting ended early.
enum Collected {
    Input(InputError),
    Reason(String),
}

/// Hands every record below `token` to `take`: the object itself, those of a list, and either within the wrapper.
fn collect(
    text: &[u8],
    token: Token,
    wrapper: &[String],
    take: &mut dyn FnMut(Token) -> Result<(), InputError>,
) -> Result<(), Collected> {
    match shape(text, token) {
        Shape::Object => match unwrapped(text, token, wrapper).map_err(Collected::Reason)? {
            Some(inner) => collect(text, inner, &[], take),
            None => take(token).map_err(Collected::Input),
        },
        Shape::List => {
            let mut items = Vec::new();
            let listed = elements(text, token, &mut |element| {
                items.push(element);
                Ok(())
            });
            listed.map_err(Collected::Reason)?;
            items.into_iter().enumerate().try_for_each(|(i, item)| match shape(text, item) {
                Shape::Object => collect(text, item, wrapper, take),
                _ => Err(Collected::Reason(format!("element {} is no object", i + 1))),
            })
        }
        Shape::Scalar => Err(Collected::Reason("a record is an object".to_owned())),
    }
}

/// What stands within the wrapper; `None` where there is none.
fn unwrapped(text: &[u8], mut token: Token, wrapper: &[String]) -> Result<Option<Token>, String> {
    for key in wrapper {
        let mut inner = None;
        if shape(text, token) == Shape::Object {
            members(text, token, &mut |name, value| {
                if key_name(text, name) == *key && shape(text, value) != Shape::Scalar {
                    inner = Some(value);
                }
                Ok(())
            })?;
        }
        let Some(inner) = inner else { return Ok(None) };
        token = inner;
    }
    Ok((!wrapper.is_empty()).then_some(token))
}

/// The records of separated values.
fn separated(text: &[u8], records: &mut Records) -> Result<(), InputError> {
    const FORMAT: &str = "CSV file";
    let header = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    // Spreadsheets write semicolons where the comma is the decimal sign.
    let delimiter = if !header.contains(&b',') && header.contains(&b';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text);
    let at = |error: csv::Error| {
        let line = error.position().map_or(0, csv::Position::line);
        let reason = match error.kind() {
            csv::ErrorKind::Utf8 { .. } => "a text that is not UTF-8".to_owned(),
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("{len} values where the header names {expected_len}")
            }
            _ => "it cannot be read".to_owned(),
        };
        broken(FORMAT, format!("line {line}: {reason}"))
    };
    let names: Vec<String> = reader.headers().map_err(at)?.iter().map(|name| name.trim().to_owned()).collect();
    for (i, name) in names.iter().enumerate() {
        if name.is_empty() {
            return Err(broken(FORMAT, format!("column {} has no name in the header", i + 1)));
        }
        if names[..i].iter().any(|other| normalise_key(other) == normalise_key(name)) {
            return Err(broken(FORMAT, format!("the header names {name} twice")));
        }
    }
    for row in reader.records() {
        let row = row.map_err(at)?;
        records.push_cells(names.iter().map(String::as_str).zip(row.iter()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
