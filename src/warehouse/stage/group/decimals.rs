//! Columns of money: decimals in a fixed number of bytes, one after the other. They hardly repeat, so a dictionary would
//! cost more than it saves.

use super::PAGE_ROWS;
use super::bounds::Kind;
use super::chunk::{Chunk, Compressor, DataPage};
use super::levels::Levels;
use arrow::array::{Array, Decimal128Array};
use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::Result;
use parquet::schema::types::ColumnDescPtr;

/// A chunk of decimals.
pub(super) struct Decimals {
    chunk: Chunk,
    levels: Levels,
    /// Bytes of a value.
    width: usize,
    /// The values of the page that is being built.
    values: Vec<i128>,
    /// Levels and values of the page that ends; kept for the next one.
    body: Vec<u8>,
}

impl Decimals {
    pub(super) fn new(column: ColumnDescPtr) -> Self {
        let width = usize::try_from(column.type_length()).expect("a fixed length");
        let chunk = Chunk::new(column, Kind::Decimal);
        Self { levels: Levels::new(chunk.is_nullable()), chunk, width, values: Vec::new(), body: Vec::new() }
    }

    /// Bytes that the chunk will have, those of the page that is being built taken as they are.
    pub(super) fn n_bytes(&self) -> usize {
        self.chunk.n_bytes() + self.values.len() * self.width
    }

    /// Appends the values of `array`.
    pub(super) fn write(&mut self, array: &Decimal128Array, compressor: &mut Compressor) -> Result<()> {
        let mut at = 0;
        while at < array.len() {
            let end = array.len().min(at + PAGE_ROWS - self.levels.n_values());
            if array.null_count() == 0 {
                self.values.extend_from_slice(&array.values()[at..end]);
                self.levels.add(end - at);
            } else {
                for i in at..end {
                    if array.is_null(i) {
                        self.levels.add_null();
                    } else {
                        self.values.push(array.value(i));
                        self.levels.add(1);
                    }
                }
            }
            at = end;
            if self.levels.n_values() >= PAGE_ROWS {
                self.end_page(compressor)?;
            }
        }
        Ok(())
    }

    fn end_page(&mut self, compressor: &mut Compressor) -> Result<()> {
        let (n_values, n_nulls) = (self.levels.n_values(), self.levels.n_nulls());
        if n_values == 0 {
            return Ok(());
        }
        self.body.clear();
        self.levels.end_page(&mut self.body);
        let unused = size_of::<i128>() - self.width;
        for value in &self.values {
            self.body.extend_from_slice(&value.to_be_bytes()[unused..]);
        }
        let least = self.values.iter().min().map(|value| value.to_be_bytes());
        let greatest = self.values.iter().max().map(|value| value.to_be_bytes());
        let bounds = least.as_ref().zip(greatest.as_ref());
        let page = DataPage {
            encoding: Encoding::PLAIN,
            body: &self.body,
            n_values,
            n_nulls,
            bounds: bounds.map(|(least, greatest)| (&least[unused..], &greatest[unused..])),
            n_text_bytes: 0,
        };
        self.chunk.add(&page, compressor)?;
        self.values.clear();
        Ok(())
    }

    /// Ends the chunk.
    pub(super) fn finish(mut self, compressor: &mut Compressor) -> Result<(Bytes, ColumnCloseResult)> {
        self.end_page(compressor)?;
        self.chunk.finish(None, compressor)
    }
}
