//! Columns that say more than a type: extracted, unescaped, filled up, compared with a list, hashed or coarsened.
//!
//! Most columns say no more than a type and never come here. Reasons are fixed texts: none can hold a personal value.

use std::borrow::Cow;
use std::sync::Arc;

use chrono_tz::Tz;

use super::builder::{Parsed, checked_text, number};
use super::row::{Row, Slot};
use super::scan::{Kind, unescape};
use super::{DecodeError, DecodeSettings, date, extract, value};
use crate::contract::{Class, Column, ColumnType, Dataset, Extract};
use crate::privacy::{KeyForm, KeyState, PiiKey};

/// The row being read, with the bytes its slots point into.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    pub(super) row: &'a Row,
    pub(super) buffer: &'a [u8],
}

impl<'a> Cells<'a> {
    /// The text in `slot`, without JSON's escapes; `None` when there is no value.
    fn text(self, slot: Slot) -> Result<Option<Cow<'a, str>>, &'static str> {
        let bytes = self.row.bytes(self.buffer, slot);
        const NO_UTF8: &str = "a text that is not UTF-8";
        match slot.kind {
            None | Some(Kind::Null) => Ok(None),
            Some(Kind::Nested) => Err("an object or a list where one value is due"),
            Some(Kind::Plain | Kind::Literal) => {
                Ok(Some(Cow::Borrowed(std::str::from_utf8(bytes).map_err(|_| NO_UTF8)?)))
            }
            Some(Kind::Escaped) => {
                let mut text = Vec::with_capacity(bytes.len());
                unescape(bytes, &mut text).map_err(|_| "a broken escape in a text")?;
                Ok(Some(Cow::Owned(String::from_utf8(text).map_err(|_| NO_UTF8)?)))
            }
        }
    }
}

/// How the columns of one dataset are read that say more than a type.
pub(super) struct Readings {
    zone: Tz,
    pii_key: Option<Arc<PiiKey>>,
    /// For each column, the one that supplies the beginning of its code.
    repaired_from: Vec<Option<usize>>,
}

impl Readings {
    /// # Errors
    /// [`DecodeError::NoPiiKey`] when a column is to be hashed and there is no key.
    pub(super) fn new(dataset: &Dataset, settings: DecodeSettings) -> Result<Self, DecodeError> {
        let keyed = dataset.columns.iter().find(|column| matches!(column.class, Class::Key(_)));
        if let Some(column) = keyed.filter(|_| settings.pii_key.is_none()) {
            return Err(DecodeError::NoPiiKey { column: column.name.clone() });
        }
        let source_of = |column: &Column| match &column.reading.extract {
            Some(Extract::ProgramCode { repair_from: Some(key) }) => {
                dataset.columns.iter().position(|other| other.keys.contains(key))
            }
            _ => None,
        };
        let repaired_from = dataset.columns.iter().map(source_of).collect();
        Ok(Self { zone: settings.zone, pii_key: settings.pii_key, repaired_from })
    }

    /// Whether `column` is read here and not by its type alone.
    pub(super) fn reads(column: &Column) -> bool {
        Self::by_class_or_type(column) || !column.reading.is_plain()
    }

    /// Whether its class or its type is why.
    pub(super) fn by_class_or_type(column: &Column) -> bool {
        let by_class = matches!(column.class, Class::Key(_) | Class::Coarse);
        let by_type = matches!(column.ty, ColumnType::KeyState(_) | ColumnType::Timestamp(_) | ColumnType::Any);
        by_class || by_type
    }

    /// Whether a column that is read here needs nothing but its own value.
    pub(super) fn is_own(column: &Column) -> bool {
        !matches!(column.reading.extract, Some(Extract::ProgramCode { repair_from: Some(_) }))
    }

    /// Whether column `at` supplies the beginning of another's code.
    pub(super) fn repairs_with(&self, at: usize) -> bool {
        self.repaired_from.contains(&Some(at))
    }

    /// Reads column number `at` of a row, whose value stands in `slot`. Text is put into `out`, where the slot of what is
    /// returned points.
    ///
    /// # Errors
    /// Why the value is none of the column's.
    pub(super) fn read(
        &self,
        (at, column): (usize, &Column),
        slot: Slot,
        cells: Cells<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Parsed, &'static str> {
        match (column.class, &column.ty) {
            (_, ColumnType::KeyState(form)) => Ok(put(out, state(*form, cells.text(slot)).as_str())),
            (Class::Key(form), _) => Ok(self.keyed(form, cells.text(slot), out)),
            _ => self.read_text((at, column), slot, cells, out),
        }
    }

    /// The hash of a whole value. What is not whole, an object among it, is no value: the row stays.
    fn keyed(&self, form: KeyForm, text: Result<Option<Cow<'_, str>>, &'static str>, out: &mut Vec<u8>) -> Parsed {
        let (Some(key), Ok(Some(text))) = (&self.pii_key, text) else { return Parsed::Null };
        key.keyed(form, &text).map_or(Parsed::Null, |hash| put(out, &hash))
    }

    fn read_text(
        &self,
        (at, column): (usize, &Column),
        slot: Slot,
        cells: Cells<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Parsed, &'static str> {
        let Some(text) = cells.text(slot)? else { return Ok(Parsed::Null) };
        let reading = &column.reading;
        let text = if reading.unescape_html { html_escape::decode_html_entities(&text) } else { text };
        let text = text.trim();
        let is_free_text = column.ty == ColumnType::Text && reading.extract.is_none() && reading.one_of.is_none();
        if text.is_empty() || (!is_free_text && value::is_absent(text.as_bytes())) {
            return Ok(Parsed::Null);
        }
        let is_literal = slot.kind == Some(Kind::Literal);
        match (&reading.extract, &column.ty) {
            (Some(Extract::Integer), _) => {
                let n = extract::integer(text)?.to_string();
                number(column, n.as_bytes(), 0, 18, true)
            }
            (Some(Extract::ProgramCode { .. }), _) => {
                let parent =
                    self.repaired_from[at].map(|from| cells.text(cells.row.slot(from))).transpose()?.flatten();
                finish_text(column, &extract::program_code(text, parent.as_deref())?, out)
            }
            (Some(Extract::ProgramName), _) => finish_text(column, extract::program_name(text), out),
            (Some(Extract::DistinctList), _) => finish_text(column, &extract::distinct_list(text), out),
            (None, ColumnType::Timestamp(formats)) => {
                date::instant(text, formats, self.zone).map(|micros| Parsed::Number(i128::from(micros)))
            }
            (None, ColumnType::Date(formats)) => {
                date::date(text.as_bytes(), formats).map(|day| Parsed::Number(i128::from(date::year(day))))
            }
            (None, ColumnType::Money) => whole_number(number(column, text.as_bytes(), 2, 20, is_literal)?, 2),
            (None, ColumnType::Decimal { precision, scale }) => {
                whole_number(number(column, text.as_bytes(), *scale, *precision, is_literal)?, *scale)
            }
            (None, _) => finish_text(column, text, out),
        }
    }
}

/// What became of a personal value.
fn state(form: KeyForm, text: Result<Option<Cow<'_, str>>, &'static str>) -> KeyState {
    match text {
        Ok(Some(text)) => form.state(&text),
        Ok(None) => KeyState::Empty,
        Err(_) => KeyState::Broken,
    }
}

/// Refuses an amount with a fraction.
fn whole_number(amount: Parsed, scale: u8) -> Result<Parsed, &'static str> {
    match amount {
        Parsed::Number(unscaled) if unscaled % 10_i128.pow(u32::from(scale)) != 0 => {
            Err("an amount with a fraction where whole ones are due")
        }
        amount => Ok(amount),
    }
}

/// Fills a code up, compares it with what is allowed, and checks its length.
fn finish_text(column: &Column, text: &str, out: &mut Vec<u8>) -> Result<Parsed, &'static str> {
    if text.is_empty() {
        return Ok(Parsed::Null);
    }
    let (min, max) = match column.ty {
        ColumnType::Code { min, max } => (min, max),
        _ => (1, usize::MAX),
    };
    let is_short_number = text.len() < max && text.bytes().all(|byte| byte.is_ascii_digit());
    let filled = (column.reading.pad_zeros && is_short_number).then(|| format!("{text:0>max$}"));
    let text = filled.as_deref().unwrap_or(text);
    let text = match &column.reading.one_of {
        Some(allowed) => allowed.find(text).ok_or("none of the allowed values")?,
        None => text,
    };
    checked_text(text.as_bytes(), min, max)?;
    if column.reading.max_chars.is_some_and(|longest| text.chars().count() > longest) {
        return Err("a text that is too long");
    }
    Ok(put(out, text))
}

/// Appends a text to `out`.
fn put(out: &mut Vec<u8>, text: &str) -> Parsed {
    let position = |at: usize| u32::try_from(at).expect("a row is at most 1 MiB");
    let start = position(out.len());
    out.extend_from_slice(text.as_bytes());
    Parsed::Text(Slot { kind: Some(Kind::Escaped), start, end: position(out.len()), in_scratch: false })
}

#[cfg(test)]
mod tests;
