//! Rows on the wire: Arrow's values in PostgreSQL's text and binary forms.
//!
//! Written here and not by `arrow-pg`, which passes decimals through a type of 28 digits: a sum of rupiah divided exactly has
//! more, and the statement would fail.

mod interval;
mod numeric;

use std::fmt::Write as _;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow::util::display::array_value_to_string;
use bytes::{BufMut, BytesMut};
use chrono::{DateTime, NaiveDate, Offset, TimeZone, Timelike};
use chrono_tz::Tz;

use super::reply::Replies;
use crate::catalog::port::types;
pub(super) use numeric::digits_of;

/// A value that has no form on the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a value of column {column} cannot be sent: {reason}")]
pub(super) struct Unsendable {
    column: String,
    reason: String,
}

/// How a client wants its rows.
#[derive(Debug, Clone)]
pub(super) struct Form {
    /// Which columns are binary: none = no column, one = all alike.
    pub(super) binary: Vec<bool>,
    /// The zone of instants in text form.
    pub(super) zone: Tz,
}

impl Form {
    /// Whether the column at `i` is binary.
    pub(super) fn is_binary(&self, i: usize) -> bool {
        match self.binary.as_slice() {
            [] => false,
            [all] => *all,
            each => each.get(i).copied().unwrap_or(false),
        }
    }
}

/// Writes the row at `at`.
pub(super) fn row(batch: &RecordBatch, at: usize, form: &Form, replies: &mut Replies) -> Result<(), Unsendable> {
    let mut failed = None;
    replies.row(batch.num_columns(), |out| {
        for (i, column) in batch.columns().iter().enumerate() {
            if let Err(reason) = cell(column, at, (form.is_binary(i), form.zone), out) {
                failed.get_or_insert((i, reason));
            }
        }
    });
    match failed {
        None => Ok(()),
        Some((i, reason)) => Err(Unsendable { column: batch.schema_ref().field(i).name().clone(), reason }),
    }
}

/// Writes one value with its length; NULL is a length of -1.
fn cell(array: &ArrayRef, at: usize, (binary, zone): (bool, Tz), out: &mut BytesMut) -> Result<(), String> {
    if array.is_null(at) {
        out.put_i32(-1);
        return Ok(());
    }
    let start = out.len();
    out.put_i32(0);
    let written = if binary { write_binary(array, at, zone, out) } else { write_text(array, at, zone, out) };
    let length = i32::try_from(out.len() - start - 4).map_err(|_| "it is longer than 2 GiB".to_owned())?;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    written
}

fn write_text(array: &ArrayRef, at: usize, zone: Tz, out: &mut BytesMut) -> Result<(), String> {
    use DataType as T;
    match array.data_type() {
        T::Utf8 => out.put_slice(array.as_string::<i32>().value(at).as_bytes()),
        T::Boolean => out.put_u8(if array.as_boolean().value(at) { b't' } else { b'f' }),
        T::Decimal128(..) => put(out, &array.as_primitive::<Decimal128Type>().value_as_string(at)),
        T::Decimal256(..) => put(out, &array.as_primitive::<Decimal256Type>().value_as_string(at)),
        T::Int64 => say(out, array.as_primitive::<Int64Type>().value(at)),
        T::Int32 => say(out, array.as_primitive::<Int32Type>().value(at)),
        T::Float64 => put(out, &float(array.as_primitive::<Float64Type>().value(at))),
        T::Float32 => put(out, &float(f64::from(array.as_primitive::<Float32Type>().value(at)))),
        T::Date32 | T::Date64 => say(out, date(array, at)?),
        T::Timestamp(_, None) => {
            say(out, instant(array, at)?.naive_utc().format("%Y-%m-%d %H:%M:%S%.f"));
        }
        T::Timestamp(_, Some(_)) => put(out, &zoned(instant(array, at)?, zone)),
        T::Interval(_) | T::Duration(_) => put(out, &interval::parts(array, at)?.to_string()),
        T::Binary => {
            put(out, "\\x");
            array.as_binary::<i32>().value(at).iter().for_each(|byte| say(out, format_args!("{byte:02x}")));
        }
        T::List(_) => write_list_text(array, at, zone, out)?,
        _ => put(out, &array_value_to_string(array, at).map_err(|error| error.to_string())?),
    }
    Ok(())
}

fn write_binary(array: &ArrayRef, at: usize, zone: Tz, out: &mut BytesMut) -> Result<(), String> {
    use DataType as T;
    match array.data_type() {
        T::Utf8 => out.put_slice(array.as_string::<i32>().value(at).as_bytes()),
        T::Boolean => out.put_u8(u8::from(array.as_boolean().value(at))),
        T::Decimal128(..) => numeric::write(&array.as_primitive::<Decimal128Type>().value_as_string(at), out)?,
        T::Decimal256(..) => numeric::write(&array.as_primitive::<Decimal256Type>().value_as_string(at), out)?,
        T::Int8 => out.put_i16(i16::from(array.as_primitive::<Int8Type>().value(at))),
        T::UInt8 => out.put_i16(i16::from(array.as_primitive::<UInt8Type>().value(at))),
        T::Int16 => out.put_i16(array.as_primitive::<Int16Type>().value(at)),
        T::UInt16 => out.put_i32(i32::from(array.as_primitive::<UInt16Type>().value(at))),
        T::Int32 => out.put_i32(array.as_primitive::<Int32Type>().value(at)),
        T::UInt32 => out.put_i64(i64::from(array.as_primitive::<UInt32Type>().value(at))),
        T::Int64 => out.put_i64(array.as_primitive::<Int64Type>().value(at)),
        T::UInt64 => numeric::write(&array.as_primitive::<UInt64Type>().value(at).to_string(), out)?,
        T::Float32 => out.put_f32(array.as_primitive::<Float32Type>().value(at)),
        T::Float64 => out.put_f64(array.as_primitive::<Float64Type>().value(at)),
        T::Date32 | T::Date64 => {
            let days = date(array, at)?.signed_duration_since(epoch().date_naive()).num_days();
            out.put_i32(i32::try_from(days).map_err(|_| "the date is too far away".to_owned())?);
        }
        T::Timestamp(..) => {
            let since = instant(array, at)?.signed_duration_since(epoch()).num_microseconds();
            out.put_i64(since.ok_or("the instant is too far away")?);
        }
        T::Time32(_) | T::Time64(_) => {
            let text = array_value_to_string(array, at).map_err(|error| error.to_string())?;
            let time: chrono::NaiveTime = text.parse().map_err(|_| "it is no time of day".to_owned())?;
            let micros =
                i64::from(time.num_seconds_from_midnight()) * 1_000_000 + i64::from(time.nanosecond() / 1_000);
            out.put_i64(micros);
        }
        T::Interval(_) | T::Duration(_) => interval::parts(array, at)?.write(out),
        T::Binary => out.put_slice(array.as_binary::<i32>().value(at)),
        T::List(_) => write_list_binary(array, at, zone, out)?,
        // Described as text.
        _ => put(out, &array_value_to_string(array, at).map_err(|error| error.to_string())?),
    }
    Ok(())
}

fn put(out: &mut BytesMut, text: &str) {
    out.put_slice(text.as_bytes());
}

fn say(out: &mut BytesMut, value: impl std::fmt::Display) {
    // Writing into memory does not fail.
    let _ = write!(out, "{value}");
}

/// The shortest digits that give the number back, in PostgreSQL's words for what is none.
fn float(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else if value != 0.0 && !(1e-5..1e15).contains(&value.abs()) {
        format!("{value:e}")
    } else {
        format!("{value}")
    }
}

/// The day that PostgreSQL counts from.
fn epoch() -> DateTime<chrono::Utc> {
    DateTime::from_timestamp(946_684_800, 0).expect("2000-01-01 is a day")
}

fn date(array: &ArrayRef, at: usize) -> Result<NaiveDate, String> {
    let found = match array.data_type() {
        DataType::Date32 => array.as_primitive::<Date32Type>().value_as_date(at),
        _ => array.as_primitive::<Date64Type>().value_as_date(at),
    };
    found.ok_or_else(|| "it is no date of the calendar".to_owned())
}

fn instant(array: &ArrayRef, at: usize) -> Result<DateTime<chrono::Utc>, String> {
    let found = match array.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => {
            DateTime::from_timestamp(array.as_primitive::<TimestampSecondType>().value(at), 0)
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            DateTime::from_timestamp_millis(array.as_primitive::<TimestampMillisecondType>().value(at))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            DateTime::from_timestamp_micros(array.as_primitive::<TimestampMicrosecondType>().value(at))
        }
        _ => {
            let nanos = array.as_primitive::<TimestampNanosecondType>().value(at);
            DateTime::from_timestamp_micros(nanos.div_euclid(1_000))
        }
    };
    found.ok_or_else(|| "it is no instant of the calendar".to_owned())
}

/// An instant as a clock in `zone` shows it, with the distance to UTC.
fn zoned(instant: DateTime<chrono::Utc>, zone: Tz) -> String {
    let local = zone.from_utc_datetime(&instant.naive_utc());
    let offset = local.offset().fix().local_minus_utc();
    let (sign, offset) = if offset < 0 { ('-', -offset) } else { ('+', offset) };
    let mut text = local.format("%Y-%m-%d %H:%M:%S%.f").to_string();
    // Writing into memory does not fail.
    let _ = write!(text, "{sign}{:02}", offset / 3_600);
    if offset % 3_600 != 0 {
        let _ = write!(text, ":{:02}", offset % 3_600 / 60);
    }
    text
}

fn write_list_text(array: &ArrayRef, at: usize, zone: Tz, out: &mut BytesMut) -> Result<(), String> {
    let items = array.as_list::<i32>().value(at);
    let nested = matches!(items.data_type(), DataType::List(_));
    out.put_u8(b'{');
    for i in 0..items.len() {
        if i > 0 {
            out.put_u8(b',');
        }
        if items.is_null(i) {
            put(out, "NULL");
            continue;
        }
        let mut item = BytesMut::new();
        write_text(&items, i, zone, &mut item)?;
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.:+".contains(byte);
        if nested || (!item.is_empty() && item.iter().all(plain) && !item.eq_ignore_ascii_case(b"null")) {
            out.put_slice(&item);
            continue;
        }
        out.put_u8(b'"');
        for byte in &item {
            if matches!(byte, b'"' | b'\\') {
                out.put_u8(b'\\');
            }
            out.put_u8(*byte);
        }
        out.put_u8(b'"');
    }
    out.put_u8(b'}');
    Ok(())
}

fn write_list_binary(array: &ArrayRef, at: usize, zone: Tz, out: &mut BytesMut) -> Result<(), String> {
    let items = array.as_list::<i32>().value(at);
    let count = i32::try_from(items.len()).map_err(|_| "the list is too long".to_owned())?;
    out.put_i32(i32::from(count > 0));
    out.put_i32(i32::from(items.null_count() > 0));
    out.put_u32(types::of(items.data_type()).oid);
    if count > 0 {
        out.put_i32(count);
        out.put_i32(1);
    }
    (0..items.len()).try_for_each(|i| cell(&items, i, (true, zone), out))
}

#[cfg(test)]
mod tests;
