//! Row shapes: how one row is written.

pub mod csv;
pub mod document;
pub mod header_positional;
pub mod objects;

use crate::contract::{Dataset, RowShape};
use crate::decode::row::RowReader;
use crate::decode::scan::{is_blank, skip_blank};

/// The reader of rows that the contract names for `dataset`.
#[must_use]
pub fn reader(dataset: &Dataset) -> Box<dyn RowReader> {
    match dataset.rows {
        RowShape::Csv { delimiter } => Box::new(csv::CsvReader::new(delimiter)),
        RowShape::Objects => Box::new(objects::ObjectReader::default()),
        RowShape::Document { .. } => Box::new(document::DocumentReader::new(dataset)),
        RowShape::HeaderPositional { fold_surplus_into } => {
            Box::new(header_positional::PositionalReader::new(dataset, fold_surplus_into))
        }
    }
}

/// The first byte at or after `at` that is neither blank nor a comma.
///
/// A surplus comma (trailing, doubled) loses no row, so it is stepped over: rows are counted elsewhere.
#[inline]
fn skip_separators(buffer: &[u8], mut at: usize) -> usize {
    while at < buffer.len() && (is_blank(buffer[at]) || buffer[at] == b',') {
        at += 1;
    }
    at
}

/// The position after the UTF-8 byte order mark, if there is one, and blanks; `None` while only a part of the mark is there.
fn skip_mark(buffer: &[u8]) -> Option<usize> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    if buffer.len() < MARK.len() && !buffer.is_empty() && MARK.starts_with(buffer) {
        return None;
    }
    Some(skip_blank(buffer, if buffer.starts_with(MARK) { MARK.len() } else { 0 }))
}

#[cfg(test)]
mod tests;
