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
    n_rows: usize,
}

enum Values {
    Text {
        bytes: Vec<u8>,
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
        Self { values, valid: Vec::new(), n_rows: 0 }
    }

    #[inline]
    pub(super) fn append_text(&mut self, text: Option<&[u8]>) {
        let Values::Text { bytes, ends } = &mut self.values else { return };
        bytes.extend_from_slice(text.unwrap_or_default());
        ends.push(i32::try_from(bytes.len()).expect("a batch holds far less than 2 GiB of text"));
        self.row(text.is_none());
    }

    /// Appends eight bytes and takes back the surplus: cheaper than a copy of unknown length.
    #[inline]
    pub(super) fn append_short(&mut self, word: u64, length: usize) {
        let Values::Text { bytes, ends } = &mut self.values else { return };
        let end = bytes.len() + length;
        bytes.extend_from_slice(&word.to_le_bytes());
        bytes.truncate(end);
        ends.push(i32::try_from(end).expect("a batch holds far less than 2 GiB of text"));
        self.row(false);
    }

    #[inline]
    pub(super) fn append(&mut self, parsed: Parsed) {
        let is_null = matches!(parsed, Parsed::Null);
        match (&mut self.values, parsed) {
            (Values::Decimal(values), Parsed::Number(n)) => values.push(n),
            (Values::Decimal(values), _) => values.push(0),
            (Values::Integer(values) | Values::Instant(values), Parsed::Number(n)) => {
                values.push(i64::try_from(n).expect("parsed as i64"));
            }
            (Values::Integer(values) | Values::Instant(values), _) => values.push(0),
            (Values::Day(values), Parsed::Day(day)) => values.push(day),
            (Values::Day(values), _) => values.push(0),
            (Values::Flag(values), Parsed::Flag(flag)) => values.push(flag),
            (Values::Flag(values), _) => values.push(false),
            (Values::Text { ends, .. }, _) => {
                let end = *ends.last().expect("it begins with 0");
                ends.push(end);
            }
        }
        self.row(is_null);
    }

    /// Notes whether the row just appended is NULL here.
    #[inline]
    fn row(&mut self, is_null: bool) {
        if is_null && self.valid.is_empty() {
            self.valid = vec![true; self.n_rows];
            self.valid.reserve(BATCH_ROWS - self.n_rows.min(BATCH_ROWS));
            self.valid.push(false);
        } else if is_null || !self.valid.is_empty() {
            self.valid.push(!is_null);
        }
        self.n_rows += 1;
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
