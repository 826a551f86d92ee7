//! Rows to JSON text, a chunk at a time: an answer of millions of rows takes no more memory than one of a hundred.

use super::edits::Edits;
use super::pages::Picks;
use super::row::Row;
use super::tables::Table;
use crate::sandbox::dataset::Dataset;
use crate::sandbox::fault::{Fault, Faults};
use bytes::Bytes;

/// Bytes after which a chunk is handed on.
const CHUNK_BYTES: usize = 64 * 1024;

/// How one row is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RowStyle {
    /// `{"KEY":"value"}`
    Object,
    /// `["value"]`
    Array,
    /// `"value,value"`
    Joined,
    /// `{"0":"value"}`
    Numbered,
    /// `{"value"}`: not JSON
    Braces,
}

/// How the names of positional rows are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Header {
    /// There is none: rows carry their keys.
    None,
    /// `"a,b"`
    Text,
    /// `["a","b"]`
    Array,
    /// `{"0":"a,b"}`
    Object,
    /// `{ "a,b" }`: not JSON
    Braces,
}

/// The shape of an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    row: RowStyle,
    header: Header,
    trailing_comma: bool,
    single_object: bool,
}

impl Style {
    /// The shape of answers of `dataset`.
    pub(super) fn new(faults: &Faults, dataset: Dataset) -> Self {
        let on = |fault| faults.on(&fault, dataset);
        let (row, header) = match dataset {
            Dataset::DetailPnbp if on(Fault::PnbpKeyed) => (RowStyle::Object, Header::None),
            Dataset::DetailPnbp if on(Fault::PnbpBraces) => (RowStyle::Braces, Header::Braces),
            Dataset::DetailPnbp if on(Fault::PnbpCsvRows) => (RowStyle::Joined, Header::Text),
            Dataset::DetailPnbp if on(Fault::PnbpNumericKeys) => (RowStyle::Numbered, Header::Text),
            Dataset::DetailPnbp if on(Fault::PnbpHeaderArray) => (RowStyle::Array, Header::Array),
            Dataset::DetailPnbp if on(Fault::PnbpHeaderObject) => (RowStyle::Array, Header::Object),
            Dataset::DetailPnbp => (RowStyle::Array, Header::Text),
            _ => (RowStyle::Object, Header::None),
        };
        let (trailing_comma, single_object) = (on(Fault::TrailingComma), on(Fault::SingleObject));
        Self { row, header, trailing_comma, single_object }
    }
}

/// The body of an answer. Lazy: nothing is formatted before its chunk is asked for.
pub(super) struct JsonChunks {
    table: Box<dyn Table>,
    picks: Picks,
    edits: Edits,
    style: Style,
    row: Row,
    bare: bool,
    begun: bool,
    ended: bool,
}

impl JsonChunks {
    /// The answer that holds `picks` (at least one row) of `table`.
    pub(super) fn new(table: Box<dyn Table>, picks: Picks, edits: Edits, style: Style) -> Self {
        let bare = style.single_object && style.header == Header::None && picks.left() == 1;
        Self { table, picks, edits, style, row: Row::default(), bare, begun: false, ended: false }
    }

    /// Writes row `index` of the table into the row buffer.
    fn load(&mut self, index: usize) {
        self.row.clear();
        self.table.fill(index, &mut self.row);
        self.edits.apply(index, &mut self.row);
    }

    /// What stands before the first row, which is loaded.
    fn open(&self, out: &mut Vec<u8>) {
        let names: Vec<&str> = self.row.cells().iter().map(|(key, _)| *key).collect();
        match self.style.header {
            Header::None if self.bare => {}
            Header::None => out.push(b'['),
            Header::Text => {
                out.extend_from_slice(b"{\"Header\":");
                string(out, &names.join(","));
            }
            Header::Array => {
                out.extend_from_slice(b"{\"Header\":[");
                list(out, names.iter().copied());
                out.push(b']');
            }
            Header::Object => {
                out.extend_from_slice(b"{\"Header\":{\"0\":");
                string(out, &names.join(","));
                out.push(b'}');
            }
            Header::Braces => {
                out.extend_from_slice(b"{ \"Header\": { ");
                string(out, &names.join(","));
                out.extend_from_slice(b" }");
            }
        }
        if self.style.header != Header::None {
            out.extend_from_slice(b",\"data\":[");
        }
    }

    /// What stands after the last row.
    fn close(&self, out: &mut Vec<u8>) {
        if self.style.trailing_comma {
            out.push(b',');
        }
        match self.style.header {
            Header::None if self.bare => {}
            Header::None => out.push(b']'),
            _ => out.extend_from_slice(b"]}"),
        }
    }

    /// The loaded row.
    fn write(&self, out: &mut Vec<u8>) {
        let cells = self.row.cells();
        let values = cells.iter().map(|(_, value)| value.as_str());
        match self.style.row {
            RowStyle::Object => pairs(out, cells.iter().map(|(key, value)| (*key, value.as_str()))),
            RowStyle::Array => {
                out.push(b'[');
                list(out, values);
                out.push(b']');
            }
            RowStyle::Joined => string(out, &values.collect::<Vec<_>>().join(",")),
            RowStyle::Numbered => {
                let numbers: Vec<String> = (0..cells.len()).map(|number| number.to_string()).collect();
                pairs(out, numbers.iter().map(String::as_str).zip(values));
            }
            RowStyle::Braces => {
                out.extend_from_slice(b"{ ");
                list(out, values);
                out.extend_from_slice(b" }");
            }
        }
    }
}

impl Iterator for JsonChunks {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        let mut out = Vec::with_capacity(CHUNK_BYTES + 1024);
        while out.len() < CHUNK_BYTES {
            let Some(index) = self.picks.next() else {
                self.close(&mut out);
                self.ended = true;
                break;
            };
            self.load(index);
            if self.begun {
                out.push(b',');
            } else {
                self.open(&mut out);
                self.begun = true;
            }
            self.write(&mut out);
        }
        Some(out.into())
    }
}

fn pairs<'a>(out: &mut Vec<u8>, pairs: impl Iterator<Item = (&'a str, &'a str)>) {
    out.push(b'{');
    for (index, (key, value)) in pairs.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        // Keys are the documents': none needs an escape.
        out.push(b'"');
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(b"\":");
        string(out, value);
    }
    out.push(b'}');
}

fn list<'a>(out: &mut Vec<u8>, values: impl Iterator<Item = &'a str>) {
    for (index, value) in values.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        string(out, value);
    }
}

/// A JSON string. The world's texts hold no control characters, and nearly none needs an escape: those are copied
/// whole.
fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    if memchr::memchr2(b'"', b'\\', text.as_bytes()).is_some() {
        escaped(out, text);
    } else {
        out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
}

fn escaped(out: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            _ => out.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{JsonChunks, Style, string};
    use crate::sandbox::dataset::Dataset;
    use crate::sandbox::fault::Faults;
    use crate::sandbox::omspan::edits::Edits;
    use crate::sandbox::omspan::pages::Picks;
    use crate::sandbox::omspan::row::Row;
    use crate::sandbox::omspan::tables::Table;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A table without end that counts the rows it wrote.
    struct Endless(Arc<AtomicUsize>);

    impl Table for Endless {
        fn rows(&self) -> usize {
            usize::MAX
        }

        fn fill(&self, index: usize, row: &mut Row) {
            self.0.fetch_add(1, Ordering::Relaxed);
            row.put("ROWNUM", &(index + 1).to_string());
        }
    }

    #[test]
    fn rows_are_written_when_their_chunk_is_asked_for() {
        let written = Arc::new(AtomicUsize::new(0));
        let faults = Faults::default();
        let dataset = Dataset::RealisasiBelanja;
        let (edits, style) = (Edits::new(&faults, dataset, 0), Style::new(&faults, dataset));
        let picks = Picks::of(0..usize::MAX);
        let mut chunks = JsonChunks::new(Box::new(Endless(Arc::clone(&written))), picks, edits, style);
        assert_eq!(written.load(Ordering::Relaxed), 0);
        let first = chunks.next().unwrap();
        assert!(first.starts_with(b"[{\"ROWNUM\":\"1\"},"));
        let after_first = written.load(Ordering::Relaxed);
        assert!((1_000..10_000).contains(&after_first), "{after_first}");
        let second = chunks.next().unwrap();
        assert!(first.len() < 70_000 && second.len() < 70_000);
        assert!(written.load(Ordering::Relaxed) < 2 * after_first + 10);
    }

    #[test]
    fn strings_are_escaped() {
        let mut out = Vec::new();
        string(&mut out, "a\"b\\c é");
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), "a\"b\\c é");
    }
}
