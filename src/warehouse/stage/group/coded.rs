//! Columns of values that repeat, texts and days: pages of codes beside a dictionary, and plain values from where that is
//! full.

use super::bounds::Kind;
use super::chunk::{Chunk, Compressor, DataPage};
use super::dictionary::Dictionary;
use super::levels::Levels;
use super::{PAGE_BYTES, PAGE_ROWS, hybrid};
use arrow::array::{Array, Date32Array, StringArray};
use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::Result;
use parquet::schema::types::ColumnDescPtr;
use std::ops::Range;

// Days go from the array into the page as they lie in memory.
const _: () = assert!(cfg!(target_endian = "little"), "Parquet's values are little-endian");

/// An array whose values are byte strings.
pub(super) trait ByteValues: Array {
    /// The bytes that every value lies in.
    fn bytes(&self) -> &[u8];

    /// Where each of these values begins and ends.
    fn places(&self, values: Range<usize>) -> impl Iterator<Item = (usize, usize)>;
}

impl ByteValues for StringArray {
    fn bytes(&self) -> &[u8] {
        self.value_data()
    }

    #[inline]
    fn places(&self, values: Range<usize>) -> impl Iterator<Item = (usize, usize)> {
        let offsets = &self.value_offsets()[values.start..=values.end];
        offsets.windows(2).map(|ends| (ends[0] as usize, ends[1] as usize))
    }
}

impl ByteValues for Date32Array {
    fn bytes(&self) -> &[u8] {
        self.values().inner().as_slice()
    }

    #[inline]
    fn places(&self, values: Range<usize>) -> impl Iterator<Item = (usize, usize)> {
        values.map(|i| (i * size_of::<i32>(), (i + 1) * size_of::<i32>()))
    }
}

/// A chunk of values that repeat.
pub(super) struct Coded {
    kind: Kind,
    chunk: Chunk,
    levels: Levels,
    dictionary: Dictionary,
    /// The codes of the page that is being built.
    codes: Vec<u16>,
    /// Its values, once the dictionary is full.
    plain: Option<Plain>,
    /// Bytes of its texts.
    n_text_bytes: usize,
    /// Levels and values of the page that ends; kept for the next one.
    body: Vec<u8>,
}

impl Coded {
    pub(super) fn new(column: ColumnDescPtr, kind: Kind) -> Self {
        let chunk = Chunk::new(column, kind);
        Self {
            kind,
            levels: Levels::new(chunk.is_nullable()),
            chunk,
            dictionary: Dictionary::new(kind == Kind::Text),
            codes: Vec::new(),
            plain: None,
            n_text_bytes: 0,
            body: Vec::new(),
        }
    }

    /// What its values are.
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// Bytes that the chunk will have, those of the page that is being built taken as they are.
    pub(super) fn n_bytes(&self) -> usize {
        let page = self.codes.len() * size_of::<u16>() + self.plain.as_ref().map_or(0, |plain| plain.body.len());
        self.chunk.n_bytes() + self.dictionary.page().len() + page
    }

    /// Bytes that it holds in memory.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.n_bytes() + self.dictionary.memory()
    }

    /// Appends the values of `array`, which are of its kind.
    pub(super) fn write<A: ByteValues>(&mut self, array: &A, compressor: &mut Compressor) -> Result<()> {
        let mut at = 0;
        while at < array.len() {
            let end = array.len().min(at + PAGE_ROWS - self.levels.n_values());
            if self.plain.is_none() {
                at = self.write_codes(array, at..end);
                if at < end {
                    // The dictionary is full: what follows stands for itself, in pages of its own.
                    self.end_page(compressor)?;
                    self.dictionary.close();
                    self.plain = Some(Plain::default());
                }
            } else {
                at = self.write_plain(array, at..end);
                if self.plain.as_ref().is_some_and(|plain| plain.body.len() >= PAGE_BYTES) {
                    self.end_page(compressor)?;
                }
            }
            if self.levels.n_values() >= PAGE_ROWS {
                self.end_page(compressor)?;
            }
        }
        Ok(())
    }

    /// Appends values by their codes; returns the first one that did not find room in the dictionary.
    fn write_codes<A: ByteValues>(&mut self, array: &A, values: Range<usize>) -> usize {
        let data = array.bytes();
        let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
        let n_before = self.codes.len();
        self.codes.reserve(values.len());
        for (i, (from, to)) in values.clone().zip(array.places(values.clone())) {
            if nulls.is_some_and(|nulls| nulls.is_null(i)) {
                self.levels.add_null();
                continue;
            }
            let Some(code) = self.dictionary.code(data, from, to) else {
                self.note(n_before, nulls.is_some());
                return i;
            };
            self.codes.push(code);
            self.n_text_bytes += to - from;
            if nulls.is_some() {
                self.levels.add(1);
            }
        }
        self.note(n_before, nulls.is_some());
        values.end
    }

    /// Notes the values of a piece without NULLs at once.
    fn note(&mut self, n_before: usize, has_nulls: bool) {
        if !has_nulls {
            self.levels.add(self.codes.len() - n_before);
        }
    }

    /// Appends values as they are, until the page is long enough; returns the first one that is left.
    fn write_plain<A: ByteValues>(&mut self, array: &A, values: Range<usize>) -> usize {
        let data = array.bytes();
        let plain = self.plain.get_or_insert_default();
        for (i, (from, to)) in values.clone().zip(array.places(values.clone())) {
            if array.is_null(i) {
                self.levels.add_null();
                continue;
            }
            plain.push(&data[from..to], self.kind);
            self.n_text_bytes += to - from;
            self.levels.add(1);
            if plain.body.len() >= PAGE_BYTES {
                return i + 1;
            }
        }
        values.end
    }

    fn end_page(&mut self, compressor: &mut Compressor) -> Result<()> {
        let (n_values, n_nulls) = (self.levels.n_values(), self.levels.n_nulls());
        if n_values == 0 {
            return Ok(());
        }
        self.body.clear();
        self.levels.end_page(&mut self.body);
        let n_text_bytes = if self.kind == Kind::Text { std::mem::take(&mut self.n_text_bytes) } else { 0 };
        let (encoding, bounds) = match &self.plain {
            Some(plain) => {
                self.body.extend_from_slice(&plain.body);
                (Encoding::PLAIN, plain.bounds())
            }
            None => {
                let width = hybrid::width_of(self.dictionary.len());
                self.body.push(u8::try_from(width).expect("codes have sixteen bits"));
                hybrid::encode(&self.codes, width, &mut self.body);
                (Encoding::RLE_DICTIONARY, bounds(&self.dictionary, &self.codes, self.kind))
            }
        };
        let page = DataPage { encoding, body: &self.body, n_values, n_nulls, bounds, n_text_bytes };
        self.chunk.add(&page, compressor)?;
        self.codes.clear();
        if let Some(plain) = &mut self.plain {
            plain.clear();
        }
        Ok(())
    }

    /// Ends the chunk.
    pub(super) fn finish(mut self, compressor: &mut Compressor) -> Result<(Bytes, ColumnCloseResult)> {
        self.end_page(compressor)?;
        self.chunk.finish(Some((self.dictionary.page(), self.dictionary.len())), compressor)
    }
}

/// The smallest and the greatest value that `codes` stand for. Each entry is looked at once, however often it is there.
fn bounds<'a>(dictionary: &'a Dictionary, codes: &[u16], kind: Kind) -> Option<(&'a [u8], &'a [u8])> {
    let mut is_there = vec![false; dictionary.len()];
    for code in codes {
        is_there[usize::from(*code)] = true;
    }
    let mut values = is_there.iter().enumerate().filter(|(_, there)| **there).map(|(code, _)| dictionary.value(code));
    let first = values.next()?;
    Some(values.fold((first, first), |(least, greatest), value| {
        if kind.compare(value, least).is_lt() {
            (value, greatest)
        } else if kind.compare(value, greatest).is_gt() {
            (least, value)
        } else {
            (least, greatest)
        }
    }))
}

/// Values of a page as they are.
#[derive(Debug, Default)]
struct Plain {
    body: Vec<u8>,
    /// Where the smallest and the greatest value stand in it.
    bounds: Option<((usize, usize), (usize, usize))>,
}

impl Plain {
    fn push(&mut self, value: &[u8], kind: Kind) {
        if kind == Kind::Text {
            let length = u32::try_from(value.len()).expect("an array's texts have less than 2 GiB");
            self.body.extend_from_slice(&length.to_le_bytes());
        }
        let at = (self.body.len(), self.body.len() + value.len());
        self.body.extend_from_slice(value);
        let at_of = |(from, to): (usize, usize)| &self.body[from..to];
        self.bounds = Some(match self.bounds {
            None => (at, at),
            Some((least, greatest)) if kind.compare(value, at_of(least)).is_lt() => (at, greatest),
            Some((least, greatest)) if kind.compare(value, at_of(greatest)).is_gt() => (least, at),
            Some(bounds) => bounds,
        });
    }

    fn bounds(&self) -> Option<(&[u8], &[u8])> {
        self.bounds.map(|(least, greatest)| (&self.body[least.0..least.1], &self.body[greatest.0..greatest.1]))
    }

    fn clear(&mut self) {
        self.body.clear();
        self.bounds = None;
    }
}
