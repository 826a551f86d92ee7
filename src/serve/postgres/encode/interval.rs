//! Spans of time, which PostgreSQL keeps as months, days and microseconds.

use std::fmt;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType, DurationSecondType,
    IntervalDayTimeType, IntervalMonthDayNanoType, IntervalUnit, IntervalYearMonthType, TimeUnit,
};
use bytes::{BufMut, BytesMut};

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Parts {
    months: i32,
    days: i32,
    micros: i64,
}

/// The parts of the span at `at`.
pub(super) fn parts(array: &ArrayRef, at: usize) -> Result<Parts, String> {
    let of = |micros: Option<i64>| match micros {
        Some(micros) => Ok(Parts { micros, ..Parts::default() }),
        None => Err("the span is too long".to_owned()),
    };
    match array.data_type() {
        DataType::Interval(IntervalUnit::YearMonth) => {
            Ok(Parts { months: array.as_primitive::<IntervalYearMonthType>().value(at), ..Parts::default() })
        }
        DataType::Interval(IntervalUnit::DayTime) => {
            let value = array.as_primitive::<IntervalDayTimeType>().value(at);
            Ok(Parts { days: value.days, micros: i64::from(value.milliseconds) * 1_000, ..Parts::default() })
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let value = array.as_primitive::<IntervalMonthDayNanoType>().value(at);
            Ok(Parts { months: value.months, days: value.days, micros: value.nanoseconds / 1_000 })
        }
        DataType::Duration(TimeUnit::Second) => {
            of(array.as_primitive::<DurationSecondType>().value(at).checked_mul(1_000_000))
        }
        DataType::Duration(TimeUnit::Millisecond) => {
            of(array.as_primitive::<DurationMillisecondType>().value(at).checked_mul(1_000))
        }
        DataType::Duration(TimeUnit::Microsecond) => {
            of(Some(array.as_primitive::<DurationMicrosecondType>().value(at)))
        }
        _ => of(Some(array.as_primitive::<DurationNanosecondType>().value(at) / 1_000)),
    }
}

impl Parts {
    /// Writes the binary form.
    pub(super) fn write(self, out: &mut BytesMut) {
        out.put_i64(self.micros);
        out.put_i32(self.days);
        out.put_i32(self.months);
    }
}

impl fmt::Display for Parts {
    /// As PostgreSQL writes it: `1 year 2 mons 3 days 04:05:06.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = Vec::new();
        for (count, one, many) in
            [(self.months / 12, "year", "years"), (self.months % 12, "mon", "mons"), (self.days, "day", "days")]
        {
            if count != 0 {
                words.push(format!("{count} {}", if count == 1 { one } else { many }));
            }
        }
        if self.micros != 0 || words.is_empty() {
            let (sign, micros) = (if self.micros < 0 { "-" } else { "" }, self.micros.unsigned_abs());
            let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
            let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
            let mut time = format!("{sign}{hours:02}:{minutes:02}:{:02}", seconds % 60);
            if rest > 0 {
                time.push_str(format!(".{rest:06}").trim_end_matches('0'));
            }
            words.push(time);
        }
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::Parts;

    #[test]
    fn spans_read_as_in_postgresql() {
        let span = |months, days, micros| Parts { months, days, micros }.to_string();
        assert_eq!(span(14, 3, 14_706_500_000), "1 year 2 mons 3 days 04:05:06.5");
        assert_eq!(span(0, 1, 0), "1 day");
        assert_eq!(span(0, 0, 0), "00:00:00");
        assert_eq!(span(0, 0, -1_000_000), "-00:00:01");
    }
}
