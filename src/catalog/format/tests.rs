//! Tests of the formats: one result with everything that goes wrong, in each of them.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Schema};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::super::{CatalogError, ErrorKind, QueryResult};
use super::{Format, write};

fn sample() -> RecordBatch {
    let decimal = Decimal128Array::from(vec![Some(123_456_789_012_345_678_901_i128), Some(-50), None]);
    let instants = TimestampMicrosecondArray::from(vec![Some(1_793_466_000_000_000), None, None]);
    RecordBatch::try_from_iter([
        ("kode", Arc::new(StringArray::from(vec![Some("007"), Some("a,\"b\"|c"), None])) as ArrayRef),
        ("jumlah", Arc::new(decimal.with_precision_and_scale(30, 2).unwrap()) as ArrayRef),
        ("tanggal", Arc::new(Date32Array::from(vec![Some(20_757), Some(-30_000), None])) as ArrayRef),
        ("tahun", Arc::new(Int64Array::from(vec![Some(2026), Some(9_007_199_254_740_993), None])) as ArrayRef),
        ("aktif", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None])) as ArrayRef),
        ("pada", Arc::new(instants.with_timezone("UTC")) as ArrayRef),
    ])
    .unwrap()
}

async fn bytes(batch: RecordBatch, format: Format) -> Result<Vec<u8>, CatalogError> {
    let mut out = Vec::new();
    let rows = batch.num_rows() as u64;
    let result = QueryResult::from_batches(batch.schema(), vec![batch]);
    assert_eq!(write(result, format, &mut out).await?, rows);
    Ok(out)
}

async fn text(format: Format) -> String {
    String::from_utf8(bytes(sample(), format).await.unwrap()).unwrap()
}

#[tokio::test]
async fn csv_quotes_and_keeps_every_digit() {
    assert_eq!(
        text(Format::Csv).await,
        "kode,jumlah,tanggal,tahun,aktif,pada\n\
         007,1234567890123456789.01,2026-10-31,2026,true,2026-10-31T17:00:00Z\n\
         \"a,\"\"b\"\"|c\",-0.50,1887-11-12,9007199254740993,false,\n\
         ,,,,,\n"
    );
}

#[tokio::test]
async fn json_has_nulls_and_every_digit() {
    let first = r#"{"kode":"007","jumlah":1234567890123456789.01,"tanggal":"2026-10-31","tahun":2026,"aktif":true,"pada":"2026-10-31T17:00:00Z"}"#;
    let last = r#"{"kode":null,"jumlah":null,"tanggal":null,"tahun":null,"aktif":null,"pada":null}"#;
    let lines = text(Format::Ndjson).await;
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!((lines[0], lines[2], lines.len()), (first, last, 3));
    let array = text(Format::Json).await;
    assert!(array.starts_with(&format!("[{first},")) && array.ends_with(&format!("{last}]\n")), "{array}");
}

#[tokio::test]
async fn table_aligns_numbers_right_and_cuts_nothing() {
    let expected = r#"
 kode    |                 jumlah | tanggal    |            tahun | aktif | pada
---------+------------------------+------------+------------------+-------+----------------------
 007     | 1234567890123456789.01 | 2026-10-31 |             2026 | true  | 2026-10-31T17:00:00Z
 a,"b"|c |                  -0.50 | 1887-11-12 | 9007199254740993 | false | NULL
 NULL    |                   NULL | NULL       |             NULL | NULL  | NULL
(3 rows)
"#;
    assert_eq!(format!("\n{}", text(Format::Table).await), expected);
}

#[tokio::test]
async fn table_shows_control_characters_instead_of_obeying_them() {
    let cell = Arc::new(StringArray::from(vec!["a\nb\u{1b}[2J"])) as ArrayRef;
    let out = bytes(RecordBatch::try_from_iter([("t", cell)]).unwrap(), Format::Table).await.unwrap();
    let out = String::from_utf8(out).unwrap();
    assert_eq!(out.lines().nth(2), Some(" a\\nb\\u{1b}[2J"));
    assert!(out.ends_with("(1 row)\n"));
}

#[tokio::test]
async fn markdown_escapes_its_own_marks() {
    let out = text(Format::Markdown).await;
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[1], "| --- | ---: | --- | ---: | --- | --- |");
    assert_eq!(lines[3], "| a,\"b\"\\|c | -0.50 | 1887-11-12 | 9007199254740993 | false |  |");
}

#[tokio::test]
async fn parquet_gives_the_same_rows_back() {
    let out = bytes(sample(), Format::Parquet).await.unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(out)).unwrap().build().unwrap();
    let batches: Vec<RecordBatch> = reader.collect::<Result<_, _>>().unwrap();
    assert_eq!(batches, [sample()]);
}

#[tokio::test]
async fn xlsx_keeps_codes_as_text_and_long_numbers_whole() {
    let out = bytes(sample(), Format::Xlsx).await.unwrap();
    assert_eq!(out[..2], *b"PK");
    let sheet = unzip(&out, "xl/worksheets/sheet1.xml");
    let strings = unzip(&out, "xl/sharedStrings.xml");
    let string_cell = |cell: &str| sheet.contains(&format!("<c r=\"{cell}\" t=\"s\">"));
    let number = |cell: &str| {
        let (_, rest) = sheet.split_once(&format!("<c r=\"{cell}\"")).unwrap();
        rest.split_once("<v>").unwrap().1.split_once("</v>").unwrap().0.to_owned()
    };
    assert!(string_cell("A2") && strings.contains("<t>007</t>"));
    assert!(string_cell("B2") && strings.contains("<t>1234567890123456789.01</t>"), "too long for a number cell");
    assert_eq!(number("B3"), "-0.5");
    assert_eq!(number("C2"), "46326", "2026-10-31 as Excel counts days");
    assert!(string_cell("C3") && strings.contains("<t>1887-11-12</t>"), "before Excel's calendar");
    assert_eq!(number("D2"), "2026");
    assert!(string_cell("D3") && strings.contains("<t>9007199254740993</t>"));
    assert!(strings.contains("<t>2026-10-31T17:00:00Z</t>"));
    assert!(!sheet.contains("r=\"A4\""), "NULL is no cell");
    assert!(sheet.contains("ySplit=\"1\"") && sheet.contains("state=\"frozen\""));
}

#[tokio::test]
async fn an_empty_result_still_has_its_columns() {
    let schema = sample().schema();
    for format in Format::ALL {
        let mut out = Vec::new();
        let empty = QueryResult::from_batches(Arc::clone(&schema), Vec::new());
        assert_eq!(write(empty, format, &mut out).await.unwrap(), 0, "{format}");
        match format {
            Format::Csv => assert_eq!(out, b"kode,jumlah,tanggal,tahun,aktif,pada\n"),
            Format::Json => assert_eq!(out, b"[]\n"),
            Format::Ndjson => assert_eq!(out, b""),
            Format::Table | Format::Markdown => assert!(String::from_utf8(out).unwrap().contains("jumlah")),
            Format::Parquet => {
                let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(out)).unwrap();
                assert_eq!(reader.schema().fields(), schema.fields());
            }
            Format::Xlsx => assert!(unzip(&out, "xl/sharedStrings.xml").contains("<t>jumlah</t>")),
        }
    }
}

#[tokio::test]
async fn what_a_format_cannot_hold_is_an_error() {
    let column = Arc::new(Int64Array::from(vec![1])) as ArrayRef;
    let field = |name: &str| arrow::datatypes::Field::new(name, DataType::Int64, false);
    let schema = Arc::new(Schema::new(vec![field("n"), field("n")]));
    let twice = RecordBatch::try_new(schema, vec![Arc::clone(&column), column]).unwrap();
    for format in [Format::Json, Format::Ndjson, Format::Parquet] {
        let error = bytes(twice.clone(), format).await.unwrap_err();
        assert!(error.to_string().contains("two columns are called n"), "{error}");
        assert_eq!(error.kind(), ErrorKind::Usage);
    }
    assert_eq!(bytes(twice, Format::Csv).await.unwrap(), b"n,n\n1,1\n");

    let long = Arc::new(StringArray::from(vec!["x".repeat(40_000)])) as ArrayRef;
    let long = RecordBatch::try_from_iter([("t", long)]).unwrap();
    let error = bytes(long, Format::Xlsx).await.unwrap_err();
    assert!(error.to_string().contains("a value of t is longer"), "{error}");
}

#[tokio::test]
async fn lists_become_text_where_there_are_only_cells() {
    let list = arrow::array::ListArray::from_iter_primitive::<arrow::datatypes::Int64Type, _, _>([
        Some(vec![Some(1), None]),
        None,
    ]);
    let batch = RecordBatch::try_from_iter([("l", Arc::new(list) as ArrayRef)]).unwrap();
    assert_eq!(bytes(batch, Format::Csv).await.unwrap(), b"l\n\"[1, ]\"\n\"\"\n");
}

#[tokio::test]
async fn a_failing_output_is_told_from_a_failing_format() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for format in Format::ALL {
        let result = QueryResult::from_batches(sample().schema(), vec![sample()]);
        let error = write(result, format, &mut Full).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Storage, "{format}: {error:?}");
    }
}

#[test]
fn names_read_back() {
    for format in Format::ALL {
        assert_eq!(format.name().parse::<Format>().unwrap(), format);
    }
    assert!("pdf".parse::<Format>().unwrap_err().to_string().contains("markdown"));
}

/// One member of a zip file, read from its local header.
fn unzip(zip: &[u8], name: &str) -> String {
    let at = |i: usize, n: usize| zip[i..i + n].iter().rev().fold(0_usize, |sum, b| sum << 8 | usize::from(*b));
    let central = zip.windows(4).rposition(|w| w == b"PK\x05\x06").unwrap();
    let mut entry = at(central + 16, 4);
    loop {
        assert_eq!(zip[entry..entry + 4], *b"PK\x01\x02", "{name} is not in the file");
        let (size, name_len) = (at(entry + 20, 4), at(entry + 28, 2));
        let local = at(entry + 42, 4);
        if &zip[entry + 46..entry + 46 + name_len] == name.as_bytes() {
            let start = local + 30 + at(local + 26, 2) + at(local + 28, 2);
            let mut text = String::new();
            let mut inflate = flate2::read::DeflateDecoder::new(&zip[start..start + size]);
            std::io::Read::read_to_string(&mut inflate, &mut text).unwrap();
            return text;
        }
        entry += 46 + name_len + at(entry + 30, 2) + at(entry + 32, 2);
    }
}
