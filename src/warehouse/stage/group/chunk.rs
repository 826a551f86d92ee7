//! One column chunk on its way: compressed data pages one after the other, and what readers are told about them.

use super::bounds::{Bounds, Kind};
use crate::warehouse::stage::file::zstd_level;
use bytes::Bytes;
use parquet::basic::{Compression, Encoding, EncodingMask, PageType};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::Result;
use parquet::file::metadata::{ColumnChunkMetaData, ColumnIndexBuilder, OffsetIndexBuilder, PageEncodingStats};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

/// Compresses pages; one of them serves all columns of a file.
pub(in crate::warehouse::stage) struct Compressor(zstd::bulk::Compressor<'static>);

impl Compressor {
    pub(in crate::warehouse::stage) fn new() -> Result<Self> {
        Ok(Self(zstd::bulk::Compressor::new(zstd_level().compression_level())?))
    }

    fn compress(&mut self, page: &[u8]) -> Result<Bytes> {
        Ok(self.0.compress(page)?.into())
    }
}

/// A data page that is whole.
pub(super) struct DataPage<'a> {
    pub(super) encoding: Encoding,
    /// Levels and values.
    pub(super) body: &'a [u8],
    /// Values, NULLs included.
    pub(super) n_values: usize,
    pub(super) n_nulls: usize,
    /// The smallest and the greatest value, where there is one.
    pub(super) bounds: Option<(&'a [u8], &'a [u8])>,
    /// Bytes of the texts in it; 0 of what is no text.
    pub(super) n_text_bytes: usize,
}

/// A chunk to which pages are added. Memory is that of its compressed pages.
pub(super) struct Chunk {
    column: ColumnDescPtr,
    pages: TrackedWrite<Vec<u8>>,
    column_index: ColumnIndexBuilder,
    offset_index: OffsetIndexBuilder,
    bounds: Bounds,
    /// How many data pages have which encoding, in their order.
    encodings: Vec<(Encoding, i32)>,
    n_values: usize,
    n_nulls: usize,
    n_text_bytes: usize,
    n_raw_bytes: usize,
}

impl Chunk {
    pub(super) fn new(column: ColumnDescPtr, kind: Kind) -> Self {
        Self {
            column_index: ColumnIndexBuilder::new(column.physical_type()),
            column,
            pages: TrackedWrite::new(Vec::new()),
            offset_index: OffsetIndexBuilder::new(),
            bounds: Bounds::new(kind),
            encodings: Vec::new(),
            n_values: 0,
            n_nulls: 0,
            n_text_bytes: 0,
            n_raw_bytes: 0,
        }
    }

    /// Whether a value may be NULL.
    pub(super) fn is_nullable(&self) -> bool {
        self.column.max_def_level() > 0
    }

    /// Compressed bytes so far.
    pub(super) fn n_bytes(&self) -> usize {
        self.pages.bytes_written()
    }

    /// Adds a data page.
    pub(super) fn add(&mut self, page: &DataPage<'_>, compressor: &mut Compressor) -> Result<()> {
        let &DataPage { encoding, body, n_values, n_nulls, bounds, n_text_bytes } = page;
        let written = Page::DataPage {
            buf: compressor.compress(body)?,
            num_values: u32::try_from(n_values).expect("a page has few values"),
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let spec = SerializedPageWriter::new(&mut self.pages).write_page(CompressedPage::new(written, body.len()))?;
        match self.encodings.last_mut() {
            Some((last, n)) if *last == encoding => *n += 1,
            _ => self.encodings.push((encoding, 1)),
        }
        let (least, greatest) = self.bounds.take(bounds);
        self.column_index.append(bounds.is_none(), least, greatest, as_i64(n_nulls));
        self.offset_index.append_row_count(as_i64(n_values));
        self.offset_index.append_offset_and_size(
            i64::try_from(spec.offset).expect("a chunk is small"),
            i32::try_from(spec.compressed_size).expect("a page is small"),
        );
        if self.bounds.kind() == Kind::Text {
            self.offset_index.append_unencoded_byte_array_data_bytes(Some(as_i64(n_text_bytes)));
        }
        self.n_values += n_values;
        self.n_nulls += n_nulls;
        self.n_text_bytes += n_text_bytes;
        self.n_raw_bytes += spec.uncompressed_size;
        Ok(())
    }

    /// The bytes of the chunk, its dictionary page first, and what a row group must know of it. A dictionary is the page
    /// and the number of its values.
    pub(super) fn finish(
        self,
        dictionary: Option<(&[u8], usize)>,
        compressor: &mut Compressor,
    ) -> Result<(Bytes, ColumnCloseResult)> {
        let mut first = TrackedWrite::new(Vec::new());
        let mut n_raw_bytes = self.n_raw_bytes;
        if let Some((page, n_values)) = dictionary {
            let written = Page::DictionaryPage {
                buf: compressor.compress(page)?,
                num_values: u32::try_from(n_values).expect("codes have sixteen bits"),
                encoding: Encoding::PLAIN,
                is_sorted: false,
            };
            let spec = SerializedPageWriter::new(&mut first).write_page(CompressedPage::new(written, page.len()))?;
            n_raw_bytes += spec.uncompressed_size;
        }
        let mut bytes = first.into_inner()?;
        let n_dictionary_bytes = bytes.len();
        bytes.extend_from_slice(&self.pages.into_inner()?);
        let is_text = self.bounds.kind() == Kind::Text;
        let metadata = ColumnChunkMetaData::builder(self.column)
            .set_compression(Compression::ZSTD(zstd_level()))
            .set_encodings_mask(mask(&self.encodings, dictionary.is_some()))
            .set_page_encoding_stats(encoding_stats(&self.encodings, dictionary.is_some()))
            .set_num_values(as_i64(self.n_values))
            .set_total_compressed_size(as_i64(bytes.len()))
            .set_total_uncompressed_size(as_i64(n_raw_bytes))
            .set_data_page_offset(0)
            .set_unencoded_byte_array_data_bytes(is_text.then_some(as_i64(self.n_text_bytes)))
            .set_statistics(self.bounds.statistics(self.n_nulls as u64))
            .build()?;
        let closed = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: self.n_values as u64,
            metadata,
            bloom_filter: None,
            column_index: Some(self.column_index.build()?),
            offset_index: Some(self.offset_index.build()),
        };
        Ok((bytes.into(), closed.update_dictionary_location(n_dictionary_bytes)?))
    }
}

fn as_i64(n: usize) -> i64 {
    i64::try_from(n).expect("a chunk is small")
}

fn mask(encodings: &[(Encoding, i32)], has_dictionary: bool) -> EncodingMask {
    let of_pages = encodings.iter().map(|(encoding, _)| encoding);
    let of_dictionary = has_dictionary.then_some(&Encoding::PLAIN);
    EncodingMask::new_from_encodings([&Encoding::RLE].into_iter().chain(of_pages).chain(of_dictionary))
}

fn encoding_stats(encodings: &[(Encoding, i32)], has_dictionary: bool) -> Vec<PageEncodingStats> {
    let of = |page_type, encoding, count| PageEncodingStats { page_type, encoding, count };
    let dictionary = has_dictionary.then(|| of(PageType::DICTIONARY_PAGE, Encoding::PLAIN, 1));
    let pages = encodings.iter().map(|(encoding, count)| of(PageType::DATA_PAGE, *encoding, *count));
    dictionary.into_iter().chain(pages).collect()
}
