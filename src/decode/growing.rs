//! One column of a batch while rows are appended to it.

mod texts;

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, TimestampMicrosecondArray};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use super::BATCH_ROWS;
use super::builder::Parsed;
use texts::Texts;

/// Bytes set aside for each text of the first batch; longer ones grow the column.
const CODE_BYTES_USUAL: usize = 8;

/// What is set aside beside the bytes of the batch before: an eighth of them.
const SPARE: usize = 8;

/// One growing column.
pub(super) struct Growing {
    values: Values,
    /// Validity of each row, from the first NULL on; empty before.
    valid: Vec<bool>,
}

enum Values {
    Text(Texts),
    Decimal(Vec<i128>),
    Integer(Vec<i64>),
    Day(Vec<i32>),
    /// Microseconds since 1970, UTC.
    Instant(Vec<i64>),
    Flag(Vec<bool>),
}

impl Growing {
    pub(super) fn new(ty: &DataType) -> Self {
        Self::with_room(ty, BATCH_ROWS * CODE_BYTES_USUAL)
    }

    /// An empty column with room for so many bytes of text.
    fn with_room(ty: &DataType, n_text_bytes: usize) -> Self {
        let values = match ty {
            DataType::Decimal128(..) => Values::Decimal(Vec::with_capacity(BATCH_ROWS)),
            DataType::Int64 => Values::Integer(Vec::with_capacity(BATCH_ROWS)),
            DataType::Date32 => Values::Day(Vec::with_capacity(BATCH_ROWS)),
            DataType::Timestamp(..) => Values::Instant(Vec::with_capacity(BATCH_ROWS)),
            DataType::Boolean => Values::Flag(Vec::with_capacity(BATCH_ROWS)),
            _ => Values::Text(Texts::with_room(n_text_bytes)),
        };
        Self { values, valid: Vec::new() }
    }

    /// An empty column of the same type, with room for as many bytes of text as this one has.
    pub(super) fn next(&self, ty: &DataType) -> Self {
        let n_text_bytes = if let Values::Text(texts) = &self.values { texts.n_bytes() } else { 0 };
        Self::with_room(ty, n_text_bytes + n_text_bytes / SPARE + size_of::<u64>())
    }

    #[inline]
    pub(super) fn append_text(&mut self, text: &[u8]) {
        let Values::Text(texts) = &mut self.values else { return };
        texts.push(text);
        self.is_valid();
    }

    /// Appends the text that is the first bytes of a word.
    #[inline(always)]
    pub(super) fn append_short(&mut self, word: u64, length: usize) {
        let Values::Text(texts) = &mut self.values else { return };
        texts.push_short(word, length);
        self.is_valid();
    }

    #[inline]
    pub(super) fn append_number(&mut self, n: i128) {
        match &mut self.values {
            Values::Decimal(values) => values.push(n),
            Values::Integer(values) | Values::Instant(values) => {
                values.push(i64::try_from(n).expect("parsed as i64"));
            }
            _ => return,
        }
        self.is_valid();
    }

    #[inline]
    pub(super) fn append_day(&mut self, day: i32) {
        let Values::Day(values) = &mut self.values else { return };
        values.push(day);
        self.is_valid();
    }

    pub(super) fn append_null(&mut self) {
        let n_before = self.len();
        match &mut self.values {
            Values::Text(texts) => texts.push(b""),
            Values::Decimal(values) => values.push(0),
            Values::Integer(values) | Values::Instant(values) => values.push(0),
            Values::Day(values) => values.push(0),
            Values::Flag(values) => values.push(false),
        }
        if self.valid.is_empty() {
            self.valid.reserve(BATCH_ROWS);
            self.valid.resize(n_before, true);
        }
        self.valid.push(false);
    }

    /// Whether the last value is NULL; false where there is none.
    #[inline]
    pub(super) fn ends_with_null(&self) -> bool {
        self.valid.last() == Some(&false)
    }

    /// Repeats the last value until there are `n_rows`; there must be one when any is missing.
    pub(super) fn fill(&mut self, n_rows: usize) {
        let n = n_rows.saturating_sub(self.len());
        if n == 0 {
            return;
        }
        let is_valid = !self.ends_with_null();
        match &mut self.values {
            Values::Text(texts) => texts.repeat(n),
            Values::Decimal(values) => repeat(values, n),
            Values::Integer(values) | Values::Instant(values) => repeat(values, n),
            Values::Day(values) => repeat(values, n),
            Values::Flag(values) => repeat(values, n),
        }
        if !self.valid.is_empty() {
            self.valid.resize(n_rows, is_valid);
        }
    }

    /// Appends what needs no bytes from elsewhere.
    #[inline]
    pub(super) fn append(&mut self, parsed: Parsed) {
        match parsed {
            Parsed::Number(n) => self.append_number(n),
            Parsed::Day(day) => self.append_day(day),
            Parsed::Flag(flag) => {
                if let Values::Flag(values) = &mut self.values {
                    values.push(flag);
                    self.is_valid();
                }
            }
            Parsed::Short(word, length) => self.append_short(word, length),
            Parsed::Null | Parsed::Text(_) => self.append_null(),
        }
    }

    /// Notes that the row just appended is not NULL here.
    #[inline(always)]
    fn is_valid(&mut self) {
        if !self.valid.is_empty() {
            self.valid.push(true);
        }
    }

    /// Rows so far.
    fn len(&self) -> usize {
        match &self.values {
            Values::Text(texts) => texts.len(),
            Values::Decimal(values) => values.len(),
            Values::Integer(values) | Values::Instant(values) => values.len(),
            Values::Day(values) => values.len(),
            Values::Flag(values) => values.len(),
        }
    }

    /// Forgets every row from number `n_rows` on.
    pub(super) fn truncate(&mut self, n_rows: usize) {
        match &mut self.values {
            Values::Text(texts) => texts.truncate(n_rows),
            Values::Decimal(values) => values.truncate(n_rows),
            Values::Integer(values) | Values::Instant(values) => values.truncate(n_rows),
            Values::Day(values) => values.truncate(n_rows),
            Values::Flag(values) => values.truncate(n_rows),
        }
        self.valid.truncate(n_rows);
    }

    pub(super) fn into_array(self, ty: &DataType) -> Result<ArrayRef, ArrowError> {
        let nulls = (!self.valid.is_empty()).then(|| NullBuffer::from(self.valid));
        Ok(match self.values {
            Values::Text(texts) => Arc::new(texts.into_array(nulls)?),
            Values::Decimal(values) => {
                let array = Decimal128Array::try_new(ScalarBuffer::from(values), nulls)?;
                Arc::new(array.with_data_type(ty.clone()))
            }
            Values::Integer(values) => Arc::new(Int64Array::try_new(ScalarBuffer::from(values), nulls)?),
            Values::Day(values) => Arc::new(Date32Array::try_new(ScalarBuffer::from(values), nulls)?),
            Values::Instant(values) => {
                let array = TimestampMicrosecondArray::try_new(ScalarBuffer::from(values), nulls)?;
                Arc::new(array.with_data_type(ty.clone()))
            }
            Values::Flag(values) => Arc::new(BooleanArray::new(values.into(), nulls)),
        })
    }
}

fn repeat<T: Copy>(values: &mut Vec<T>, n: usize) {
    if let Some(last) = values.last().copied() {
        values.resize(values.len() + n, last);
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray, StringArray};
    use arrow::datatypes::{DataType, Int64Type};

    use super::Growing;

    #[test]
    fn a_column_that_lags_behind_repeats_its_last_value() {
        let mut texts = Growing::new(&DataType::Utf8);
        texts.append_text(b"a");
        texts.fill(1);
        texts.append_text(b"bcd");
        texts.fill(7);
        texts.append_null();
        texts.fill(10);
        texts.append_text(b"");
        texts.fill(12);
        texts.truncate(11);
        let array = texts.into_array(&DataType::Utf8).unwrap();
        let b = Some("bcd");
        let expected = [Some("a"), b, b, b, b, b, b, None, None, None, Some("")];
        assert_eq!(array.as_string::<i32>(), &StringArray::from(expected.to_vec()));
        let mut numbers = Growing::new(&DataType::Int64);
        numbers.append_null();
        numbers.fill(3);
        numbers.append_number(7);
        numbers.fill(6);
        let array = numbers.into_array(&DataType::Int64).unwrap();
        assert_eq!((array.len(), array.null_count()), (6, 3));
        assert_eq!(array.as_primitive::<Int64Type>().iter().skip(3).collect::<Vec<_>>(), [Some(7); 3]);
    }
}
