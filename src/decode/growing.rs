//! One column of a batch while rows are appended to it.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use super::BATCH_ROWS;
use super::builder::Parsed;

/// Bytes set aside for each text of a batch; longer ones grow the column.
const CODE_BYTES_USUAL: usize = 8;

/// One growing column.
pub(super) struct Growing {
    values: Values,
    /// Validity of each row, from the first NULL on; empty before.
    valid: Vec<bool>,
}

enum Values {
    Text {
        bytes: Vec<u8>,
        /// Where each text ends; the first is 0, before any text.
        ends: Vec<i32>,
    },
    Decimal(Vec<i128>),
    Integer(Vec<i64>),
    Day(Vec<i32>),
    /// Microseconds since 1970, UTC.
    Instant(Vec<i64>),
    Flag(Vec<bool>),
}

impl Growing {
    pub(super) fn new(ty: &DataType) -> Self {
        let values = match ty {
            DataType::Decimal128(..) => Values::Decimal(Vec::with_capacity(BATCH_ROWS)),
            DataType::Int64 => Values::Integer(Vec::with_capacity(BATCH_ROWS)),
            DataType::Date32 => Values::Day(Vec::with_capacity(BATCH_ROWS)),
            DataType::Timestamp(..) => Values::Instant(Vec::with_capacity(BATCH_ROWS)),
            DataType::Boolean => Values::Flag(Vec::with_capacity(BATCH_ROWS)),
            _ => {
                let mut ends = Vec::with_capacity(BATCH_ROWS + 1);
                ends.push(0);
                Values::Text { bytes: Vec::with_capacity(BATCH_ROWS * CODE_BYTES_USUAL), ends }
            }
        };
        Self { values, valid: Vec::new() }
    }

    #[inline]
    pub(super) fn append_text(&mut self, text: &[u8]) {
        let Values::Text { bytes, ends } = &mut self.values else { return };
        bytes.extend_from_slice(text);
        ends.push(i32::try_from(bytes.len()).expect("a batch holds far less than 2 GiB of text"));
        self.is_valid();
    }

    /// Appends eight bytes and takes back the surplus: cheaper than a copy of unknown length.
    #[inline(always)]
    pub(super) fn append_short(&mut self, word: u64, length: usize) {
        let Values::Text { bytes, ends } = &mut self.values else { return };
        let end = bytes.len() + length;
        bytes.extend_from_slice(&word.to_le_bytes());
        bytes.truncate(end);
        ends.push(i32::try_from(end).expect("a batch holds far less than 2 GiB of text"));
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
            Values::Text { ends, .. } => {
                let end = *ends.last().expect("it begins with 0");
                ends.push(end);
            }
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

    /// Appends what the last row has; there must be one.
    #[inline]
    pub(super) fn append_again(&mut self) {
        let is_null = self.valid.last() == Some(&false);
        match &mut self.values {
            _ if is_null => return self.append_null(),
            Values::Text { bytes, ends } => {
                let [.., start, end] = ends[..] else { return };
                bytes.extend_from_within(start as usize..end as usize);
                ends.push(i32::try_from(bytes.len()).expect("a batch holds far less than 2 GiB of text"));
            }
            Values::Decimal(values) => values.extend(values.last().copied()),
            Values::Integer(values) | Values::Instant(values) => values.extend(values.last().copied()),
            Values::Day(values) => values.extend(values.last().copied()),
            Values::Flag(values) => values.extend(values.last().copied()),
        }
        self.is_valid();
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
    #[inline]
    fn is_valid(&mut self) {
        if !self.valid.is_empty() {
            self.valid.push(true);
        }
    }

    /// Rows so far.
    fn len(&self) -> usize {
        match &self.values {
            Values::Text { ends, .. } => ends.len() - 1,
            Values::Decimal(values) => values.len(),
            Values::Integer(values) | Values::Instant(values) => values.len(),
            Values::Day(values) => values.len(),
            Values::Flag(values) => values.len(),
        }
    }

    /// Forgets every row from number `n_rows` on.
    pub(super) fn truncate(&mut self, n_rows: usize) {
        match &mut self.values {
            Values::Text { bytes, ends } => {
                ends.truncate(n_rows + 1);
                let end = *ends.last().expect("it begins with 0");
                bytes.truncate(usize::try_from(end).expect("an end is not negative"));
            }
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
            Values::Text { bytes, ends } => {
                let offsets = OffsetBuffer::new(ScalarBuffer::from(ends));
                Arc::new(StringArray::try_new(offsets, Buffer::from_vec(bytes), nulls)?)
            }
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
