//! The originals of refused rows, one JSON line each, beside the ledger and out of every reader's sight.

use super::disk;
use super::error::WarehouseError;
use super::record::QuarantineRecord;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The file of one run; made when the first original comes.
#[derive(Debug)]
pub(super) struct Originals {
    path: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Originals {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    /// Appends a refused row as it was received.
    pub(super) fn append(&mut self, refused: &QuarantineRecord<'_>, original: &[u8]) -> Result<(), WarehouseError> {
        let mut line = line(refused, original);
        line.push('\n');
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(open(&self.path)?),
        };
        file.write_all(line.as_bytes()).map_err(|e| WarehouseError::io("write", &self.path, e))
    }

    pub(super) fn flush(&mut self) -> Result<(), WarehouseError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.flush().map_err(|e| WarehouseError::io("write", &self.path, e))
    }

    /// Forgets everything: the load starts over.
    pub(super) fn discard(&mut self) -> Result<(), WarehouseError> {
        if let Some(file) = self.file.take() {
            // What is still in the buffer belongs to the rows that are thrown away.
            drop(file.into_parts());
        }
        disk::remove_file(&self.path)
    }
}

/// Only the owner reads it: a row that was refused may hold anything.
fn open(path: &Path) -> Result<BufWriter<File>, WarehouseError> {
    if let Some(folder) = path.parent() {
        disk::create_private_folder(folder)?;
    }
    let opened = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    Ok(BufWriter::new(opened.map_err(|e| WarehouseError::io("create", path, e))?))
}

/// The row stays exact: as text where it is text, else as hexadecimal. It is not parsed, numbers keep every digit.
fn line(refused: &QuarantineRecord<'_>, original: &[u8]) -> String {
    let mut line = Map::new();
    line.insert("page".to_owned(), json!(refused.page));
    line.insert("row".to_owned(), json!(refused.row));
    line.insert("column".to_owned(), json!(refused.column));
    line.insert("reason".to_owned(), json!(refused.reason));
    match std::str::from_utf8(original) {
        Ok(text) => line.insert("original".to_owned(), json!(text)),
        Err(_) => line.insert("original_hex".to_owned(), json!(hex(original))),
    };
    Value::Object(line).to_string()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}
