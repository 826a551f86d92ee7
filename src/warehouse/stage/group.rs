//! One row group on its way into a file.
//!
//! Nearly all bytes of a warehouse are codes, days and amounts, and writing them is what a load spends most time on. Those
//! columns are encoded here ([`coded`], [`decimals`]): a value is looked up in its dictionary by two words, an amount is
//! copied, and nothing is allocated for either. All other columns, the pages' headers, the footer and the indexes are the
//! parquet crate's. What holds:
//!
//! 1. Every chunk says what the crate's own writer would say of it: encodings, statistics, both page indexes.
//!    `group/tests.rs` compares both, page by page.
//! 2. The same rows in other batches give the same bytes: pages end by rows and bytes of values, never by batches.
//! 3. Memory is that of the compressed pages, and a page, a dictionary and its index a column.

mod bounds;
mod chunk;
mod coded;
mod decimals;
mod dictionary;
mod hybrid;
mod levels;

use super::file::MONEY_PRECISION;
use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, FieldRef, SchemaRef};
use bounds::Kind;
pub(super) use chunk::Compressor;
use coded::Coded;
use decimals::Decimals;
pub(super) use dictionary::PAGE_BYTES_MAX as DICTIONARY_BYTES;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::errors::{ParquetError, Result};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnDescPtr, SchemaDescriptor};
use std::io::Write;

/// Rows of a page at most.
pub(super) const PAGE_ROWS: usize = 16 * 1024;
/// Bytes of plain texts after which a page ends.
const PAGE_BYTES: usize = 1 << 20;

/// A row group that rows are appended to.
pub(super) struct RowGroup {
    columns: Vec<Column>,
    n_rows: usize,
}

/// One column of it.
enum Column {
    Coded(Box<Coded>),
    Decimals(Box<Decimals>),
    /// What is rare: numbers, times, flags, lists. By the crate's own writers, one for each leaf.
    Other(FieldRef, Vec<ArrowColumnWriter>),
}

impl RowGroup {
    /// An empty row group number `index` of a file of `schema`, whose columns are `described`.
    pub(super) fn new(
        schema: &SchemaRef,
        described: &SchemaDescriptor,
        factory: &ArrowRowGroupWriterFactory,
        index: usize,
    ) -> Result<Self> {
        let mut leaves = described.columns().iter().enumerate().zip(factory.create_column_writers(index)?).peekable();
        let mut columns = Vec::with_capacity(schema.fields().len());
        for (root, field) in schema.fields().iter().enumerate() {
            let mut of_field = Vec::new();
            while let Some(leaf) = leaves.next_if(|((i, _), _)| described.get_column_root_idx(*i) == root) {
                of_field.push(leaf);
            }
            let own = match &of_field[..] {
                [((_, column), _)] => Column::own(field.data_type(), column),
                _ => None,
            };
            let writers = || of_field.into_iter().map(|(_, writer)| writer).collect();
            columns.push(own.unwrap_or_else(|| Column::Other(FieldRef::clone(field), writers())));
        }
        Ok(Self { columns, n_rows: 0 })
    }

    pub(super) fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Bytes that the group will have at most, those of unfinished pages taken as they are.
    pub(super) fn n_bytes(&self) -> usize {
        self.columns.iter().map(Column::n_bytes).sum()
    }

    /// Bytes that it holds in memory.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.columns.iter().map(Column::memory).sum()
    }

    /// Appends the rows of `batch`, which has the schema.
    pub(super) fn write(&mut self, batch: &RecordBatch, compressor: &mut Compressor) -> Result<()> {
        for (column, array) in self.columns.iter_mut().zip(batch.columns()) {
            column.write(array, compressor)?;
        }
        self.n_rows += batch.num_rows();
        Ok(())
    }

    /// Ends the group: its chunks go into `file` one after the other.
    pub(super) fn finish<W: Write + Send>(
        self,
        file: &mut SerializedFileWriter<W>,
        compressor: &mut Compressor,
    ) -> Result<()> {
        let mut group = file.next_row_group()?;
        for column in self.columns {
            column.finish(&mut group, compressor)?;
        }
        group.close()?;
        Ok(())
    }
}

impl Column {
    /// The column, where it is one that is encoded here.
    fn own(ty: &DataType, column: &ColumnDescPtr) -> Option<Self> {
        let coded = |kind| Some(Self::Coded(Box::new(Coded::new(ColumnDescPtr::clone(column), kind))));
        match ty {
            DataType::Utf8 => coded(Kind::Text),
            DataType::Date32 => coded(Kind::Day),
            DataType::Decimal128(precision, _) if *precision >= MONEY_PRECISION => {
                Some(Self::Decimals(Box::new(Decimals::new(ColumnDescPtr::clone(column)))))
            }
            _ => None,
        }
    }

    fn n_bytes(&self) -> usize {
        match self {
            Self::Coded(coded) => coded.n_bytes(),
            Self::Decimals(decimals) => decimals.n_bytes(),
            Self::Other(_, writers) => writers.iter().map(ArrowColumnWriter::get_estimated_total_bytes).sum(),
        }
    }

    #[cfg(test)]
    fn memory(&self) -> usize {
        match self {
            Self::Coded(coded) => coded.memory(),
            Self::Decimals(decimals) => decimals.n_bytes(),
            Self::Other(_, writers) => writers.iter().map(ArrowColumnWriter::memory_size).sum(),
        }
    }

    fn write(&mut self, array: &ArrayRef, compressor: &mut Compressor) -> Result<()> {
        match self {
            Self::Coded(coded) => match (coded.kind(), array.data_type()) {
                (Kind::Text, DataType::Utf8) => coded.write(array.as_string::<i32>(), compressor),
                (Kind::Day, DataType::Date32) => coded.write(array.as_primitive::<Date32Type>(), compressor),
                _ => Err(not_the_columns(array)),
            },
            Self::Decimals(decimals) => match array.as_primitive_opt::<Decimal128Type>() {
                Some(array) => decimals.write(array, compressor),
                None => Err(not_the_columns(array)),
            },
            Self::Other(field, writers) => {
                for (leaf, writer) in compute_leaves(field, array)?.iter().zip(writers) {
                    writer.write(leaf)?;
                }
                Ok(())
            }
        }
    }

    fn finish<W: Write + Send>(
        self,
        group: &mut SerializedRowGroupWriter<'_, W>,
        compressor: &mut Compressor,
    ) -> Result<()> {
        let (bytes, closed) = match self {
            Self::Coded(coded) => coded.finish(compressor)?,
            Self::Decimals(decimals) => decimals.finish(compressor)?,
            Self::Other(_, writers) => {
                for writer in writers {
                    writer.close()?.append_to_row_group(group)?;
                }
                return Ok(());
            }
        };
        group.append_column(&bytes, closed)
    }
}

fn not_the_columns(array: &ArrayRef) -> ParquetError {
    ParquetError::General(format!("an array of {} is not of its column's type", array.data_type()))
}

#[cfg(test)]
mod tests;
