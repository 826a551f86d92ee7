//! Row shapes: how one row is written.

pub mod header_positional;
pub mod objects;

use crate::contract::{Dataset, RowShape};
use crate::decode::row::RowReader;
use crate::decode::scan::{is_blank, skip_blank};

/// The reader of rows that the contract names for `dataset`.
#[must_use]
pub fn reader(dataset: &Dataset) -> Box<dyn RowReader> {
    match dataset.rows {
        RowShape::Objects => Box::new(objects::ObjectReader::default()),
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

/// The position after the UTF-8 byte order mark, if there is one, and blanks.
fn skip_mark(buffer: &[u8]) -> usize {
    skip_blank(buffer, if buffer.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 })
}
