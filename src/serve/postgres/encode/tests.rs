//! Values in both forms, as PostgreSQL writes them.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, ListArray,
    RecordBatch, StringArray, TimestampMillisecondArray, UInt64Array,
};
use arrow::datatypes::Int32Type;

use super::{Form, row};
use crate::serve::postgres::reply::Replies;

/// The bytes of the cells of the first row.
fn cells(columns: Vec<ArrayRef>, binary: bool, zone: chrono_tz::Tz) -> Vec<Option<Vec<u8>>> {
    let named = columns.into_iter().enumerate().map(|(i, column)| (format!("c{i}"), column));
    let batch = RecordBatch::try_from_iter(named).unwrap();
    let mut replies = Replies::default();
    row(&batch, 0, &Form { binary: vec![binary], zone }, &mut replies).unwrap();
    let bytes = replies.take();
    let mut rest = &bytes[7..];
    let mut found = Vec::new();
    while !rest.is_empty() {
        let length = i32::from_be_bytes(rest[..4].try_into().unwrap());
        rest = &rest[4..];
        found.push(usize::try_from(length).ok().map(|length| {
            let (cell, after) = rest.split_at(length);
            rest = after;
            cell.to_vec()
        }));
    }
    found
}

fn some_of_each() -> Vec<ArrayRef> {
    let money = Decimal128Array::from(vec![-123_456]).with_precision_and_scale(20, 2).unwrap();
    let wide = Decimal128Array::from(vec![10_i128.pow(37)]).with_precision_and_scale(38, 30).unwrap();
    let instant = TimestampMillisecondArray::from(vec![1_793_500_200_500]);
    vec![
        Arc::new(StringArray::from(vec!["0512"])),
        Arc::new(money),
        Arc::new(wide),
        Arc::new(Date32Array::from(vec![20_757])),
        Arc::new(instant.clone().with_timezone("UTC")),
        Arc::new(instant),
        Arc::new(BooleanArray::from(vec![true])),
        Arc::new(Int32Array::from(vec![None])),
        Arc::new(UInt64Array::from(vec![u64::MAX])),
        Arc::new(Float64Array::from(vec![1.5])),
        Arc::new(BinaryArray::from(vec![&b"\x01\xff"[..]])),
        Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1), None])])),
    ]
}

#[test]
fn text_is_what_psql_would_show() {
    let texts: Vec<Option<String>> = cells(some_of_each(), false, chrono_tz::Asia::Jakarta)
        .into_iter()
        .map(|cell| cell.map(|cell| String::from_utf8(cell).unwrap()))
        .collect();
    let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
    assert_eq!(
        texts,
        [
            Some("0512"),
            Some("-1234.56"),
            Some("10000000.000000000000000000000000000000"),
            Some("2026-10-31"),
            Some("2026-11-01 09:30:00.500+07"),
            Some("2026-11-01 02:30:00.500"),
            Some("t"),
            None,
            Some("18446744073709551615"),
            Some("1.5"),
            Some("\\x01ff"),
            Some("{1,NULL}"),
        ]
    );
}

#[test]
fn binary_is_what_drivers_read() {
    let found = cells(some_of_each(), true, chrono_tz::UTC);
    assert_eq!(found[0].as_deref(), Some(&b"0512"[..]));
    assert_eq!(found[1].as_deref(), Some(&[0, 2, 0, 0, 0x40, 0, 0, 2, 0x04, 0xd2, 0x15, 0xe0][..]));
    assert_eq!(found[3].as_deref(), Some(&9_800_i32.to_be_bytes()[..]));
    assert_eq!(found[4], found[5], "an instant and a clock reading count from the same day");
    assert_eq!(found[7], None);
    let list =
        [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 1, 255, 255, 255, 255];
    assert_eq!(found[11].as_deref(), Some(&list[..]));
}

#[test]
fn texts_in_lists_are_quoted_where_they_must() {
    let words = StringArray::from(vec![Some("a b"), Some("NULL"), Some("q\"\\"), Some("x"), Some("")]);
    let field = Arc::new(arrow::datatypes::Field::new("item", arrow::datatypes::DataType::Utf8, true));
    let offsets = arrow::buffer::OffsetBuffer::from_lengths([5]);
    let list = ListArray::new(field, offsets, Arc::new(words), None);
    let text = cells(vec![Arc::new(list)], false, chrono_tz::UTC).remove(0).unwrap();
    assert_eq!(String::from_utf8(text).unwrap(), r#"{"a b","NULL","q\"\\",x,""}"#);
}
