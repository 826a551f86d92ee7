//! Files written here beside files that the parquet crate's own writer made of the same rows: the same values, and the
//! same word about each chunk and each page.

use super::PAGE_ROWS;
use crate::warehouse::stage::file::{Encoder, ROW_GROUP_ROWS, properties};
use arrow::array::{ArrayRef, Date32Array, Decimal128Array, Int64Array, ListArray, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Encoding, PageType};
use parquet::file::metadata::{ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData};
use std::sync::Arc;

/// A linear congruential walk.
struct Walk(u64);

impl Walk {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    /// One in `n` is NULL; 0 for none.
    fn or_null<T>(&mut self, n: usize, value: T) -> Option<T> {
        (n == 0 || self.below(n) > 0).then_some(value)
    }
}

/// Rows of every kind of column: codes, texts that repeat and such that do not, long ones, days and amounts, with and
/// without NULLs, and what the crate writes itself.
fn rows(n: usize, seed: u64) -> RecordBatch {
    let mut walk = Walk(seed);
    let codes = |walk: &mut Walk, n_codes: usize, nulls: usize| -> ArrayRef {
        let code = |walk: &mut Walk| {
            let code = format!("{:06}", walk.below(n_codes));
            walk.or_null(nulls, code)
        };
        Arc::new((0..n).map(|_| code(walk)).collect::<StringArray>())
    };
    let long = |walk: &mut Walk| -> ArrayRef {
        let alphabet = ["é", "x", "漢", "\u{10ffff}", "\u{7f}", "0"];
        let text = |walk: &mut Walk| -> String {
            let length = walk.below(60);
            (0..length).map(|_| alphabet[walk.below(alphabet.len())]).collect()
        };
        Arc::new((0..n).map(|_| Some(text(walk))).collect::<StringArray>())
    };
    let unique: ArrayRef =
        Arc::new((0..n).map(|i| Some(format!("unique value number {i}"))).collect::<StringArray>());
    let nothing: ArrayRef = Arc::new(StringArray::new_null(n));
    let days = |walk: &mut Walk, nulls| -> ArrayRef {
        let day = |walk: &mut Walk| {
            let day = walk.below(700) as i32 - 300;
            walk.or_null(nulls, day)
        };
        Arc::new((0..n).map(|_| day(walk)).collect::<Date32Array>())
    };
    let amounts = |walk: &mut Walk, nulls| -> ArrayRef {
        let amount = |walk: &mut Walk| {
            let amount = walk.below(1 << 30) as i128 * 1_000_003 - (1 << 45);
            walk.or_null(nulls, amount)
        };
        let array: Decimal128Array = (0..n).map(|_| amount(walk)).collect();
        Arc::new(array.with_precision_and_scale(20, 2).unwrap())
    };
    let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(
        (0..n).map(|i| Some(vec![Some(i as i64); i % 3])),
    ));
    let columns: Vec<(&str, ArrayRef, bool)> = vec![
        ("kode", codes(&mut walk, 480, 0), false),
        ("kode_atau_tidak", codes(&mut walk, 40, 7), true),
        ("satu", codes(&mut walk, 1, 0), true),
        ("banyak", codes(&mut walk, 999_999, 3), true),
        ("panjang", long(&mut walk), true),
        ("unik", unique, true),
        ("kosong", nothing, true),
        ("hari", days(&mut walk, 0), false),
        ("hari_atau_tidak", days(&mut walk, 5), true),
        ("jumlah", amounts(&mut walk, 0), false),
        ("jumlah_atau_tidak", amounts(&mut walk, 2), true),
        ("nomor", Arc::new((0..n as i64).collect::<Int64Array>()), true),
        ("daftar", lists, true),
    ];
    let fields: Vec<Field> =
        columns.iter().map(|(name, array, null)| Field::new(*name, array.data_type().clone(), *null)).collect();
    let arrays = columns.into_iter().map(|(_, array, _)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

/// The file of `rows`, handed over in pieces of `piece` rows.
fn ours(rows: &RecordBatch, piece: usize) -> Bytes {
    let mut encoder = Encoder::new(Vec::new(), rows.schema()).unwrap();
    for at in (0..rows.num_rows()).step_by(piece) {
        encoder.write(&rows.slice(at, piece.min(rows.num_rows() - at))).unwrap();
    }
    encoder.finish().unwrap().into()
}

fn read(file: &Bytes) -> (RecordBatch, ParquetMetaData) {
    let options = ArrowReaderOptions::new()
        .with_page_index_policy(PageIndexPolicy::Required)
        .with_encoding_stats_as_mask(false);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file.clone(), options).unwrap();
    let (metadata, schema) = (builder.metadata().as_ref().clone(), Arc::clone(builder.schema()));
    let batches: Vec<RecordBatch> = builder.build().unwrap().map(Result::unwrap).collect();
    (concat_batches(&schema, &batches).unwrap(), metadata)
}

#[test]
fn what_is_written_is_read_back_whatever_the_pieces() {
    for (n, piece) in [(1, 1), (7, 3), (3_000, 3_000), (40_000, 8_192), (40_001, 777), (ROW_GROUP_ROWS + 5, 50_000)] {
        let rows = rows(n, n as u64);
        let (found, metadata) = read(&ours(&rows, piece));
        assert_eq!(found, rows, "{n} rows by {piece}");
        assert_eq!(metadata.num_row_groups(), n.div_ceil(ROW_GROUP_ROWS));
    }
}

#[test]
fn pieces_do_not_show_in_the_columns_that_are_encoded_here() {
    let rows = rows(40_000, 3);
    let own: Vec<usize> = (0..11).collect();
    let rows = rows.project(&own).unwrap();
    assert_eq!(ours(&rows, 40_000), ours(&rows, 1_234));
}

#[test]
fn every_chunk_and_page_says_what_the_crates_own_writer_says() {
    // So many bytes of plain texts that pages of both end by rows; by bytes they end elsewhere.
    let rows = rows(60_000, 11);
    let mut theirs = ArrowWriter::try_new(Vec::new(), rows.schema(), Some(properties(&rows.schema()))).unwrap();
    theirs.write(&rows).unwrap();
    let theirs = Bytes::from(theirs.into_inner().unwrap());
    let ours = ours(&rows, 8_192);
    let ((found, our_words), (expected, their_words)) = (read(&ours), read(&theirs));
    assert_eq!(found, expected);
    let (our_group, their_group) = (our_words.row_group(0), their_words.row_group(0));
    for (i, (our, their)) in our_group.columns().iter().zip(their_group.columns()).enumerate() {
        let name = our.column_path().string();
        // The crate writes money through a dictionary unless it is told not to, and `nomor` by other pieces.
        let is_money = name.starts_with("jumlah");
        assert_eq!(our.statistics(), their.statistics(), "{name}");
        assert_eq!(our.num_values(), their.num_values(), "{name}");
        assert_eq!(our.unencoded_byte_array_data_bytes(), their.unencoded_byte_array_data_bytes(), "{name}");
        if !is_money {
            assert_eq!(kinds(our), kinds(their), "{name}");
        }
        let indexes = |words: &ParquetMetaData| {
            (words.column_index().unwrap()[0][i].clone(), words.offset_index().unwrap()[0][i].clone())
        };
        let ((our_index, our_pages), (their_index, their_pages)) = (indexes(&our_words), indexes(&their_words));
        let first_rows = |pages: &[parquet::file::page_index::offset_index::PageLocation]| {
            pages.iter().map(|page| page.first_row_index).collect::<Vec<_>>()
        };
        let firsts = first_rows(our_pages.page_locations());
        if firsts != first_rows(their_pages.page_locations()) {
            // A dictionary that is full ends a page there and then.
            assert!(["banyak", "panjang", "unik", "daftar.list.item"].contains(&name.as_str()), "{name}");
            continue;
        }
        assert_eq!(our_index.null_counts(), their_index.null_counts(), "{name}");
        let words = |index: &parquet::file::page_index::column_index::ColumnIndexMetaData| {
            format!("{index:?}").split("repetition_level").next().unwrap_or_default().to_owned()
        };
        assert_eq!(without_order(&words(&our_index)), without_order(&words(&their_index)), "{name}");
        let texts = |pages: &parquet::file::page_index::offset_index::OffsetIndexMetaData| {
            pages.unencoded_byte_array_data_bytes().cloned()
        };
        assert_eq!(texts(&our_pages), texts(&their_pages), "{name}");
    }
}

/// Pages are said to have no order, which is always true.
fn without_order(index: &str) -> String {
    index.replace("ASCENDING", "UNORDERED").replace("DESCENDING", "UNORDERED")
}

/// Kinds of pages, without how many there are of each.
fn kinds(chunk: &ColumnChunkMetaData) -> Vec<(PageType, Encoding)> {
    chunk.page_encoding_stats().unwrap().iter().map(|page| (page.page_type, page.encoding)).collect()
}

#[test]
fn a_column_without_room_in_its_dictionary_goes_on_without_one() {
    let n = 3 * PAGE_ROWS;
    let texts: ArrayRef =
        Arc::new((0..n).map(|i| Some(format!("a text that is not short, number {i}"))).collect::<StringArray>());
    let rows = RecordBatch::try_from_iter([("teks", texts)]).unwrap();
    let (found, metadata) = read(&ours(&rows, 8_192));
    assert_eq!(found, rows);
    let chunk = metadata.row_group(0).column(0);
    let expected = [
        (PageType::DICTIONARY_PAGE, Encoding::PLAIN),
        (PageType::DATA_PAGE, Encoding::RLE_DICTIONARY),
        (PageType::DATA_PAGE, Encoding::PLAIN),
    ];
    assert_eq!(kinds(chunk), expected);
    assert_eq!(*rows.schema().field(0).data_type(), DataType::Utf8);
}

#[test]
fn long_texts_end_pages_by_their_bytes() {
    let texts: ArrayRef =
        Arc::new((0..100).map(|i| Some(format!("{i}{}", "x".repeat(300_000)))).collect::<StringArray>());
    let rows = RecordBatch::try_from_iter([("teks", texts)]).unwrap();
    let file = ours(&rows, 10);
    let (found, metadata) = read(&file);
    assert_eq!(found, rows);
    let n_pages: usize = metadata.offset_index().unwrap().iter().map(|group| group[0].page_locations().len()).sum();
    assert!((25..=26).contains(&n_pages), "{n_pages}");
}

#[test]
fn an_array_of_another_type_is_an_error() {
    let (texts, days): (ArrayRef, ArrayRef) =
        (Arc::new(StringArray::from(vec!["1"])), Arc::new(Date32Array::from(vec![1])));
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let amounts: ArrayRef = Arc::new(Decimal128Array::from(vec![1]).with_precision_and_scale(20, 2).unwrap());
    for (column, other) in [(&texts, &days), (&days, &texts), (&amounts, &numbers)] {
        let of = |array: &ArrayRef| RecordBatch::try_from_iter([("a", Arc::clone(array))]).unwrap();
        let mut encoder = Encoder::new(Vec::new(), of(column).schema()).unwrap();
        encoder.write(&of(column)).unwrap();
        assert!(encoder.write(&of(other)).unwrap_err().to_string().contains("not of its column's type"));
    }
}
