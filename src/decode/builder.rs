//! Rows to columns: parses every range of a row, then appends all of them or none.

mod road;

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use super::growing::Growing;
use super::inspect::Fault;
use super::memo::Memo;
use super::reading::{Cells, Readings};
use super::row::{Row, Slot};
use super::scan::{Kind, is_code, unescape};
use super::{BATCH_ROWS, BATCH_TEXT_BYTES, DecodeError, DecodeSettings, date, value};
use crate::contract::{Class, Column, ColumnType, Dataset, EXTRA_COLUMN, file_schema};
use road::remembers;
pub(super) use road::{Columns, Destination};

/// Why a row is not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) column: Option<String>,
    pub(crate) reason: String,
}

/// A parsed value, before it is appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parsed {
    Null,
    Number(i128),
    Day(i32),
    Flag(bool),
    Text(Slot),
    /// A text of at most eight bytes: the bytes, first one lowest, and their number.
    Short(u64, usize),
}

/// How a column is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By its type alone.
    Typed,
    /// By what the contract says besides.
    Reading,
    /// Not at all.
    Skipped,
}

impl Way {
    fn of(column: &Column) -> Self {
        if column.class == Class::Drop && !column.required {
            Self::Skipped
        } else if Readings::reads(column) {
            Self::Reading
        } else {
            Self::Typed
        }
    }
}

/// Builds the batches of one dataset.
pub(crate) struct BatchBuilder {
    columns: Vec<Column>,
    ways: Vec<Way>,
    readings: Readings,
    schema: SchemaRef,
    /// The columns so far. One that is shorter than the batch repeats its last value: what rows take from around them
    /// stands once, however many they are.
    growing: Vec<Growing>,
    /// Position among the stored columns, for each column of the contract; `None` for dropped ones.
    stored_at: Vec<Option<usize>>,
    extra_at: Option<usize>,
    parsed: Vec<Parsed>,
    /// Texts that stand nowhere as they are stored, while a value is appended.
    unescaped: Vec<u8>,
    /// Texts that were read, by column; of columns whose values repeat over millions of rows.
    memos: Vec<Option<Memo>>,
    n_rows: usize,
    /// Text that the rows so far hold, but for the shortest; what the columns' offsets and the memory must bear.
    n_text_bytes: usize,
}

impl BatchBuilder {
    /// # Errors
    /// [`DecodeError::NoPiiKey`].
    pub(crate) fn new(dataset: &Dataset, settings: DecodeSettings) -> Result<Self, DecodeError> {
        let schema = file_schema(dataset);
        let growing = schema.fields().iter().map(|field| Growing::new(field.data_type())).collect();
        let stored_at = dataset
            .columns
            .iter()
            .map(|column| column.is_stored().then(|| schema.index_of(&column.name).ok()).flatten())
            .collect();
        Ok(Self {
            ways: dataset.columns.iter().map(Way::of).collect(),
            readings: Readings::new(dataset, settings)?,
            columns: dataset.columns.clone(),
            extra_at: schema.index_of(EXTRA_COLUMN).ok(),
            parsed: vec![Parsed::Null; dataset.columns.len()],
            unescaped: Vec::new(),
            memos: dataset.columns.iter().map(|column| remembers(column).then(Memo::default)).collect(),
            schema,
            growing,
            stored_at,
            n_rows: 0,
            n_text_bytes: 0,
        })
    }

    /// Forgets the rows that no batch holds yet.
    pub(crate) fn clear(&mut self) {
        self.growing = self.schema.fields().iter().map(|field| Growing::new(field.data_type())).collect();
        self.n_rows = 0;
        self.n_text_bytes = 0;
    }

    /// Whether the rows so far are a batch.
    pub(crate) fn is_full(&self) -> bool {
        self.n_rows == BATCH_ROWS || self.n_text_bytes >= BATCH_TEXT_BYTES
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.n_rows == 0
    }

    /// Appends one row.
    ///
    /// # Errors
    /// Why the row is refused; nothing of it is kept then.
    pub(crate) fn append(&mut self, row: &Row, buffer: &[u8]) -> Result<(), Refusal> {
        let extra = row.extra(buffer);
        if let Some(reason) = fault_of_row(row, extra.as_deref()) {
            return Err(Refusal { column: None, reason });
        }
        let mut unescaped = Vec::new();
        for i in 0..self.columns.len() {
            self.parsed[i] = self
                .value(i, row.slot(i), Cells { row, buffer }, &mut unescaped)
                .map_err(|reason| self.refusal(i, reason))?;
        }
        self.even();
        for i in 0..self.columns.len() {
            self.put(i, self.parsed[i], Cells { row, buffer }, &unescaped);
        }
        if let Some(at) = self.extra_at {
            match extra.filter(|json| std::str::from_utf8(json).is_ok()) {
                Some(extra) => {
                    self.n_text_bytes += extra.len();
                    self.growing[at].append_text(&extra);
                }
                None => self.growing[at].append_null(),
            }
        }
        self.n_rows += 1;
        Ok(())
    }

    /// Appends a value to column `i`, where that is stored.
    #[inline]
    fn put(&mut self, i: usize, parsed: Parsed, cells: Cells<'_>, unescaped: &[u8]) {
        let Some(at) = self.stored_at[i] else { return };
        match parsed {
            Parsed::Text(slot) => {
                self.n_text_bytes += (slot.end - slot.start) as usize;
                self.growing[at].append_text(match slot.kind {
                    Some(Kind::Escaped) => &unescaped[slot.start as usize..slot.end as usize],
                    _ => cells.row.bytes(cells.buffer, slot),
                });
            }
            parsed => self.growing[at].append(parsed),
        }
    }

    /// Reads column `i` of the row from `slot` and appends it, before the row is known to be good.
    ///
    /// # Errors
    /// Why the row is refused.
    pub(super) fn append_value(&mut self, i: usize, slot: Slot, cells: Cells<'_>) -> Result<(), &'static str> {
        let mut unescaped = std::mem::take(&mut self.unescaped);
        unescaped.clear();
        let parsed = self.value(i, slot, cells, &mut unescaped);
        if let Ok(parsed) = parsed {
            self.put(i, parsed, cells, &unescaped);
        }
        self.unescaped = unescaped;
        parsed.map(drop)
    }

    /// Everything that [`BatchBuilder::append`] would refuse the row for; nothing is kept.
    pub(crate) fn faults(&mut self, row: &Row, buffer: &[u8]) -> Vec<Fault> {
        if let Some(reason) = fault_of_row(row, row.extra(buffer).as_deref()) {
            return vec![Fault { column: None, reason }];
        }
        let mut unescaped = Vec::new();
        let mut faults = Vec::new();
        for i in 0..self.columns.len() {
            if let Err(reason) = self.value(i, row.slot(i), Cells { row, buffer }, &mut unescaped) {
                faults.push(Fault { column: Some(self.columns[i].name.clone()), reason: reason.to_owned() });
            }
        }
        faults
    }

    /// What column `i` of a row holds, which stands in `slot`; text is put into `unescaped`.
    #[inline]
    fn value(
        &mut self,
        i: usize,
        slot: Slot,
        cells: Cells<'_>,
        unescaped: &mut Vec<u8>,
    ) -> Result<Parsed, &'static str> {
        let column = &self.columns[i];
        let Cells { row, buffer } = cells;
        let known = if slot.kind == Some(Kind::Plain) { self.memos[i].as_mut() } else { None };
        if let Some(value) = known.as_ref().and_then(|memo| memo.of(row.bytes(buffer, slot))) {
            return Ok(value);
        }
        let parsed = match self.ways[i] {
            Way::Typed => match plain(column, row, buffer, slot) {
                Some(parsed) => Ok(parsed),
                None => parse(column, row, buffer, slot, unescaped),
            },
            Way::Reading => self.readings.read((i, column), slot, cells, unescaped),
            Way::Skipped => return Ok(Parsed::Null),
        };
        let value = match parsed {
            Ok(Parsed::Null) if column.required => {
                Err(if slot.kind.is_none() { "the key is missing" } else { "the value is missing" })
            }
            Err(_) if column.lenient => Ok(Parsed::Null),
            parsed => parsed,
        }?;
        if let Some(memo) = known {
            memo.remember(row.bytes(buffer, slot), value, unescaped);
        }
        Ok(value)
    }

    fn refusal(&self, i: usize, reason: &str) -> Refusal {
        Refusal { column: Some(self.columns[i].name.clone()), reason: reason.to_owned() }
    }

    /// The rows so far as one batch; the builder starts anew.
    ///
    /// # Errors
    /// Only by a bug: the columns do not fit the schema.
    pub(crate) fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        self.even();
        let mut arrays = Vec::with_capacity(self.growing.len());
        for (growing, field) in self.growing.iter_mut().zip(self.schema.fields()) {
            let next = growing.next(field.data_type());
            arrays.push(std::mem::replace(growing, next).into_array(field.data_type())?);
        }
        self.n_text_bytes = 0;
        let options = RecordBatchOptions::new().with_row_count(Some(std::mem::take(&mut self.n_rows)));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
    }
}

/// Why a row is refused whatever its columns hold; `extra` is what the contract does not know, as JSON.
fn fault_of_row(row: &Row, extra: Option<&[u8]>) -> Option<String> {
    let is_no_json = extra.is_some_and(|json| serde_json::from_slice::<serde::de::IgnoredAny>(json).is_err());
    let unknown = || "a key that the contract does not know, or its value, is no JSON".to_owned();
    row.fault.clone().or_else(|| is_no_json.then(unknown))
}

/// The hot path of [`parse`]: plain texts that need no trimming, whole amounts.
#[inline]
fn plain(column: &Column, row: &Row, buffer: &[u8], slot: Slot) -> Option<Parsed> {
    if slot.kind != Some(Kind::Plain) || slot.start == slot.end {
        return None;
    }
    match &column.ty {
        ColumnType::Code { min, max } => {
            let length = (slot.end - slot.start) as usize;
            if slot.in_scratch || length > 8 || !(*min..=*max).contains(&length) {
                return None;
            }
            let start = slot.start as usize;
            let word = u64::from_le_bytes(buffer.get(start..start + 8)?.try_into().expect("eight bytes"));
            let word = word & (u64::MAX >> (64 - 8 * length));
            let is_absent = length == 4 && (word | LOWER_CASE).to_le_bytes()[..4] == *b"null";
            (is_code(word, length) && !is_absent).then_some(Parsed::Short(word, length))
        }
        ColumnType::Money if column.range.is_none() => {
            let text = row.bytes(buffer, slot);
            let (negative, digits) = match text[0] {
                b'-' => (true, &text[1..]),
                _ => (false, text),
            };
            let whole = value::whole(digits).map(|n| i128::from(n) * 100)?;
            Some(Parsed::Number(if negative { -whole } else { whole }))
        }
        ColumnType::Integer if column.range.is_none() => {
            value::whole(row.bytes(buffer, slot)).map(|n| Parsed::Number(i128::from(n)))
        }
        _ => None,
    }
}

/// The bit that makes an ASCII letter lower case, in each of the first four bytes.
const LOWER_CASE: u64 = 0x2020_2020;

/// Parses one slot to its column's type. Unescaped text is put into `unescaped`, its slot then points there.
fn parse(
    column: &Column,
    row: &Row,
    buffer: &[u8],
    slot: Slot,
    unescaped: &mut Vec<u8>,
) -> Result<Parsed, &'static str> {
    let mut slot = slot;
    let is_literal = match slot.kind {
        None | Some(Kind::Null) => return Ok(Parsed::Null),
        Some(Kind::Nested) => return Err("an object or a list where one value is due"),
        Some(Kind::Literal) => true,
        Some(Kind::Plain | Kind::Escaped) => false,
    };
    let start_of_unescaped = unescaped.len();
    if slot.kind == Some(Kind::Escaped) {
        unescape(row.bytes(buffer, slot), unescaped).map_err(|_| "a broken escape in a text")?;
        slot.start = u32::try_from(start_of_unescaped).expect("a row is at most 1 MiB");
        slot.end = u32::try_from(unescaped.len()).expect("a row is at most 1 MiB");
    }
    let whole = if slot.kind == Some(Kind::Escaped) {
        &unescaped[slot.start as usize..slot.end as usize]
    } else {
        row.bytes(buffer, slot)
    };
    let text = whole.trim_ascii();
    let skipped = u32::try_from(whole.trim_ascii_start().as_ptr().addr() - whole.as_ptr().addr())
        .expect("a row is at most 1 MiB");
    let trimmed = Slot {
        start: slot.start + skipped,
        end: slot.start + skipped + u32::try_from(text.len()).expect("a row is at most 1 MiB"),
        ..slot
    };
    match &column.ty {
        ColumnType::Text if text.is_empty() => Ok(Parsed::Null),
        ColumnType::Text => checked_text(text, 1, usize::MAX).map(|()| Parsed::Text(trimmed)),
        _ if value::is_absent(text) => Ok(Parsed::Null),
        ColumnType::Code { min, max } => checked_text(text, *min, *max).map(|()| Parsed::Text(trimmed)),
        ColumnType::Money => number(column, text, 2, 20, is_literal),
        ColumnType::Decimal { precision, scale } => number(column, text, *scale, *precision, is_literal),
        ColumnType::Integer => number(column, text, 0, 18, is_literal),
        ColumnType::Boolean => value::boolean(text).map(Parsed::Flag),
        ColumnType::Date(formats) => date::date(text, formats).map(Parsed::Day),
        // These are read in [`Readings`].
        ColumnType::Timestamp(_) | ColumnType::KeyState(_) | ColumnType::Any => Ok(Parsed::Null),
    }
}

/// Checks that a text is UTF-8 and as long as its column says.
pub(super) fn checked_text(text: &[u8], min: usize, max: usize) -> Result<(), &'static str> {
    let length = if text.is_ascii() {
        text.len()
    } else {
        std::str::from_utf8(text).map_err(|_| "a text that is not UTF-8")?.chars().count()
    };
    if length < min {
        Err("a code that is too short (a lost leading zero?)")
    } else if length > max {
        Err("a code that is too long")
    } else {
        Ok(())
    }
}

pub(super) fn number(
    column: &Column,
    text: &[u8],
    scale: u8,
    precision: u8,
    is_literal: bool,
) -> Result<Parsed, &'static str> {
    let unscaled = if column.ty == ColumnType::Integer {
        i128::from(value::integer(text, is_literal)?)
    } else {
        value::decimal(text, scale, is_literal)?
    };
    if let Some((min, max)) = column.range {
        let unit = 10_i128.pow(u32::from(scale));
        if unscaled < i128::from(min) * unit || unscaled > i128::from(max) * unit {
            return Err("a value outside the allowed range (a lost decimal point?)");
        }
    }
    if unscaled.unsigned_abs() >= 10_u128.pow(u32::from(precision)) {
        return Err("a number of too many digits");
    }
    Ok(Parsed::Number(unscaled))
}
