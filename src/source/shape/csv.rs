//! Rows as comma-separated values (RFC 4180) under a header line.
//!
//! Values are read where they stand; only one with a doubled quote is copied. A line break inside quotes belongs to the
//! value. A row whose width differs from the header's, or with text behind a closing quote, is refused and reading goes
//! on at the next line. A name that the header has twice is one key: equal values are one, different ones refuse the row.
//! Lines without a value are no rows; spreadsheets leave them at the end.

use memchr::{memchr, memchr2};

use super::skip_mark;
use crate::decode::row::{Row, RowReader, Slot, Step};

/// A name of the header.
#[derive(Debug)]
struct Name {
    text: String,
    /// The key it is, where the contract knows one.
    index: Option<usize>,
}

/// Reads rows of one CSV file.
#[derive(Debug)]
pub struct CsvReader {
    delimiter: u8,
    started: bool,
    /// The names of the header; empty before it was read.
    header: Vec<Name>,
    /// The fields of the line being read.
    fields: Vec<Slot>,
}

/// One line, as far as it is there.
enum Line {
    /// Its fields stand in the reader; the position behind it.
    Whole(usize),
    /// The same, and why it is no row.
    Broken(usize, &'static str),
    NeedMore,
}

impl CsvReader {
    /// A reader of fields that `delimiter` separates.
    #[must_use]
    pub fn new(delimiter: u8) -> Self {
        Self { delimiter, started: false, header: Vec::new(), fields: Vec::new() }
    }

    /// Reads the fields of the line at `at`.
    fn line(&mut self, buffer: &[u8], at: usize, scratch: &mut Vec<u8>) -> Line {
        self.fields.clear();
        let mut i = at;
        loop {
            let (next, field) = if buffer.get(i) == Some(&b'"') {
                let Some((end, field)) = quoted(buffer, i + 1, scratch) else { return Line::NeedMore };
                (end, field)
            } else {
                let Some(length) = buffer.get(i..).and_then(|rest| memchr2(self.delimiter, b'\n', rest)) else {
                    return Line::NeedMore;
                };
                let end = i + length;
                let is_last = buffer[end] == b'\n';
                let text_end = if is_last && end > i && buffer[end - 1] == b'\r' { end - 1 } else { end };
                (end, Slot::plain(i, text_end, false))
            };
            self.fields.push(field);
            match (buffer.get(next), buffer.get(next + 1)) {
                (Some(&byte), _) if byte == self.delimiter => i = next + 1,
                (Some(b'\n'), _) => return Line::Whole(next + 1),
                (Some(b'\r'), Some(b'\n')) => return Line::Whole(next + 2),
                (Some(b'\r'), None) | (None, _) => return Line::NeedMore,
                _ => {
                    return match memchr(b'\n', &buffer[next..]) {
                        Some(length) => Line::Broken(next + length + 1, "text behind the closing quote of a value"),
                        None => Line::NeedMore,
                    };
                }
            }
        }
    }

    /// Takes the line just read as the header.
    fn take_header(&mut self, buffer: &[u8], row: &mut Row) -> Result<(), String> {
        for (i, field) in self.fields.iter().enumerate() {
            let text = String::from_utf8_lossy(row.bytes(buffer, *field)).trim().to_owned();
            let index = row.keys.find(text.as_bytes());
            // A column without a name is one the contract cannot know.
            let text = if text.is_empty() { format!("column {}", i + 1) } else { text };
            self.header.push(Name { text, index });
        }
        if self.header.iter().all(|name| name.index.is_none()) {
            return Err(format!(
                "the first line has {} fields and none is a column of the contract: another delimiter, or no header?",
                self.header.len()
            ));
        }
        Ok(())
    }

    /// Puts the line just read into `row`.
    fn take_fields(&self, buffer: &[u8], row: &mut Row) {
        if self.fields.len() != self.header.len() {
            row.fault = Some(format!("{} values under a header of {} names", self.fields.len(), self.header.len()));
            return;
        }
        for (name, field) in self.header.iter().zip(&self.fields) {
            match name.index {
                Some(index) => row.set_slot(buffer, index, *field),
                None => row.set_unknown_slot(&name.text, *field),
            }
        }
    }
}

impl RowReader for CsvReader {
    fn next(&mut self, buffer: &[u8], at: &mut usize, row: &mut Row) -> Result<Step, String> {
        if !self.started {
            // Blanks before the header count for nothing, in however many pieces they come.
            let Some(first) = skip_mark(buffer).filter(|&first| first < buffer.len()) else {
                return Ok(Step::NeedMore);
            };
            self.started = true;
            *at = first;
            return Ok(Step::Frame);
        }
        let fault = match self.line(buffer, *at, &mut row.scratch) {
            Line::NeedMore => return Ok(Step::NeedMore),
            Line::Whole(after) => {
                *at = after;
                None
            }
            Line::Broken(after, fault) => {
                *at = after;
                Some(fault)
            }
        };
        let is_blank = |field: &Slot| row.bytes(buffer, *field).iter().all(u8::is_ascii_whitespace);
        match fault {
            None if self.fields.iter().all(is_blank) => Ok(Step::Frame),
            None if self.header.is_empty() => self.take_header(buffer, row).map(|()| Step::Frame),
            None => {
                self.take_fields(buffer, row);
                Ok(Step::Row)
            }
            Some(fault) if self.header.is_empty() => Err(format!("a header with {fault}")),
            Some(fault) => {
                row.fault = Some(fault.to_owned());
                Ok(Step::Row)
            }
        }
    }

    fn may_end(&self) -> bool {
        !self.header.is_empty()
    }

    fn closing(&self) -> &'static [u8] {
        b"\n"
    }
}

/// The value whose first byte behind its opening quote is at `start`, and the position behind its closing quote; `None`
/// while that is not certain, because a quote at the end of the buffer may be the first of two.
fn quoted(buffer: &[u8], start: usize, scratch: &mut Vec<u8>) -> Option<(usize, Slot)> {
    let copied_from = scratch.len();
    let mut from = start;
    loop {
        let end = from + memchr(b'"', buffer.get(from..)?)?;
        match buffer.get(end + 1)? {
            b'"' => {
                scratch.extend_from_slice(&buffer[from..=end]);
                from = end + 2;
            }
            _ if from == start => return Some((end + 1, Slot::plain(start, end, false))),
            _ => {
                scratch.extend_from_slice(&buffer[from..end]);
                return Some((end + 1, Slot::plain(copied_from, scratch.len(), true)));
            }
        }
    }
}

#[cfg(test)]
mod tests;
