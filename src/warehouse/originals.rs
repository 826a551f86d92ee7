//! The originals of refused rows, one JSON line each, beside the ledger and out of every reader's sight; sealed where rows
//! are personal, and not kept at all where there is nobody to seal them to.

use super::archive::Seal;
use super::disk;
use super::error::WarehouseError;
use super::private_file::PrivateFile;
use super::record::QuarantineRecord;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The file of one run; made when the first original comes.
#[derive(Debug)]
pub(super) struct Originals {
    path: PathBuf,
    seal: Seal,
    file: Option<PrivateFile>,
}

impl Originals {
    /// The originals in `path`, with `.age` behind it where they are sealed.
    pub(super) fn new(path: PathBuf, seal: Seal) -> Self {
        let path = if matches!(seal, Seal::To(_)) { path.with_added_extension("age") } else { path };
        Self { path, seal, file: None }
    }

    /// Appends a refused row as it was received.
    pub(super) fn append(&mut self, refused: &QuarantineRecord<'_>, original: &[u8]) -> Result<(), WarehouseError> {
        if matches!(self.seal, Seal::Nothing) {
            return Ok(());
        }
        let mut line = line(refused, original);
        line.push('\n');
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(create(&self.path, &self.seal)?),
        };
        file.write_all(line.as_bytes()).map_err(|e| WarehouseError::io("write", &self.path, e))
    }

    pub(super) fn flush(&mut self) -> Result<(), WarehouseError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.flush().map_err(|e| WarehouseError::io("write", &self.path, e))
    }

    /// Writes the end: a sealed file cannot be opened without it. No more rows come.
    pub(super) fn close(&mut self) -> Result<(), WarehouseError> {
        let Some(file) = self.file.take() else { return Ok(()) };
        file.finish().map_err(|e| WarehouseError::io("write", &self.path, e))
    }

    /// Forgets everything: the load starts over.
    pub(super) fn discard(&mut self) -> Result<(), WarehouseError> {
        // What is still in the buffer belongs to the rows that are thrown away.
        if let Some(file) = self.file.take() {
            file.abandon();
        }
        disk::remove_file(&self.path)
    }
}

/// Only the owner reads it: a row that was refused may hold anything.
fn create(path: &Path, seal: &Seal) -> Result<PrivateFile, WarehouseError> {
    if let Some(folder) = path.parent() {
        disk::create_private_folder(folder)?;
    }
    PrivateFile::create(path, seal).map_err(|e| WarehouseError::io("create", path, e))
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
