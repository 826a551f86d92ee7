//! Rows as objects: `[{"KEY": "value", …}, …]`, a bare object, or objects one after the other.

use super::{skip_mark, skip_separators};
use crate::decode::row::{Ahead, Row, RowReader, Step};
use crate::decode::scan::{Kind, Token, printable, skip_blank, string_end, value};

/// Where the reader stands.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Start,
    /// Inside `[ … ]`.
    List,
    /// Objects that no list encloses.
    Bare,
    End,
}

/// Reads objects.
#[derive(Debug, Default)]
pub struct ObjectReader {
    place: Place,
    fields: FieldReader,
    n_rows: u64,
}

impl RowReader for ObjectReader {
    fn next(&mut self, buffer: &[u8], at: &mut usize, row: &mut Row) -> Result<Step, String> {
        if self.place == Place::Start {
            let Some(first) = skip_mark(buffer) else { return Ok(Step::NeedMore) };
            *at = first;
            match buffer.get(*at) {
                None => return Ok(Step::NeedMore),
                Some(b'[') => {
                    self.place = Place::List;
                    *at += 1;
                }
                Some(b'{') => self.place = Place::Bare,
                Some(other) => return Err(format!("expected a list of rows, found {}", printable(*other))),
            }
            // What was read of the frame, if only a byte order mark, counts even when the first row is not whole yet.
            return Ok(Step::Frame);
        }
        *at = skip_separators(buffer, *at);
        match (self.place, buffer.get(*at)) {
            (_, None) => Ok(Step::NeedMore),
            (Place::List, Some(b']')) => {
                self.place = Place::End;
                *at += 1;
                Ok(Step::Done)
            }
            (Place::List | Place::Bare, Some(b'{')) => {
                let step = self.fields.object(buffer, at, row)?;
                self.n_rows += u64::from(step == Step::Row);
                Ok(step)
            }
            (Place::List, Some(b'n')) => Ok(match value(buffer, *at)? {
                None => Step::NeedMore,
                Some((_, after)) => {
                    *at = after;
                    Step::Null
                }
            }),
            (Place::End, Some(other)) => Err(format!("{} after the end of the list", printable(*other))),
            (_, Some(b'<')) => Err("markup between the rows: the service failed while it answered".to_owned()),
            (_, Some(other)) => Err(format!("expected a row, found {}", printable(*other))),
        }
    }

    fn may_end(&self) -> bool {
        self.place == Place::Bare && self.n_rows > 0
    }

    fn ahead(&self, at: usize) -> Option<Ahead> {
        (self.place == Place::List || self.may_end()).then_some(Ahead { at, surroundings: 0 })
    }
}

/// A field of an earlier row at the same place: rows of one answer are written alike, blanks and all.
#[derive(Debug, Clone)]
struct Expected {
    /// Every byte from the end of the value before (or the opening brace) to the first byte of a text value:
    /// `,"KPPN":"`. Empty where the value was no plain text, or the lead is unusually long.
    lead: Vec<u8>,
    index: Option<usize>,
    /// Where the key stands within `lead`.
    key: (usize, usize),
}

/// Reads the fields of one object after the other and expects each to be written like the one before.
#[derive(Debug, Default)]
pub(crate) struct FieldReader {
    expected: Vec<Expected>,
}

/// Most fields an object may have.
const FIELDS_MAX: usize = 10_000;

/// Longest lead remembered, in bytes.
const LEAD_BYTES_MAX: usize = 256;

/// What reading one field came to.
enum Field {
    /// Read; the next begins here.
    Next(usize),
    /// The object is closed; this is the position behind it.
    Closed(usize),
    NeedMore,
}

impl FieldReader {
    /// Reads the object at `at` (an opening brace) into `row`.
    pub(crate) fn object(&mut self, buffer: &[u8], at: &mut usize, row: &mut Row) -> Result<Step, String> {
        let mut i = *at + 1;
        for field in 0..FIELDS_MAX {
            if let Some(next) = self.expected_field(buffer, i, field, row) {
                i = next;
                continue;
            }
            match self.any_field(buffer, i, field, row)? {
                Field::Next(next) => i = next,
                Field::NeedMore => return Ok(Step::NeedMore),
                Field::Closed(end) => {
                    *at = end;
                    return Ok(Step::Row);
                }
            }
        }
        Err(format!("a row of more than {FIELDS_MAX} fields"))
    }

    /// The hot path: the field is written like the one of an earlier row at this place, with a plain text value that is
    /// followed by a comma or the closing brace.
    #[inline]
    fn expected_field(&self, buffer: &[u8], at: usize, field: usize, row: &mut Row) -> Option<usize> {
        let expected = self.expected.get(field)?;
        if expected.lead.is_empty() || !begins_with(buffer, at, &expected.lead) {
            return None;
        }
        let start = at + expected.lead.len();
        let (end, escaped) = string_end(buffer, start)?;
        if escaped || !matches!(buffer.get(end + 1), Some(b',' | b'}')) {
            return None;
        }
        let token = Token { kind: Kind::Plain, start, end };
        match expected.index {
            Some(index) => row.set(buffer, index, token),
            None => {
                let (from, to) = expected.key;
                row.set_unknown(Token { kind: Kind::Plain, start: at + from, end: at + to }, token);
            }
        }
        Some(end + 1)
    }

    /// Any field, or the end of the object; remembers how a field with a plain text value is written.
    fn any_field(&mut self, buffer: &[u8], at: usize, field: usize, row: &mut Row) -> Result<Field, String> {
        let mut i = skip_separators(buffer, at);
        match buffer.get(i) {
            None => return Ok(Field::NeedMore),
            Some(b'}') => return Ok(Field::Closed(i + 1)),
            Some(b'"') => {}
            Some(other) => return Err(format!("expected a key, found {}", printable(*other))),
        }
        let Some((key_end, key_escaped)) = string_end(buffer, i + 1) else { return Ok(Field::NeedMore) };
        let kind = if key_escaped { Kind::Escaped } else { Kind::Plain };
        let key = Token { kind, start: i + 1, end: key_end };
        i = skip_blank(buffer, key_end + 1);
        match buffer.get(i) {
            None => return Ok(Field::NeedMore),
            Some(b':') => i = skip_blank(buffer, i + 1),
            Some(other) => return Err(format!("expected ':' after a key, found {}", printable(*other))),
        }
        let Some((token, after)) = value(buffer, i)? else { return Ok(Field::NeedMore) };
        let after = skip_blank(buffer, after);
        match buffer.get(after) {
            None => return Ok(Field::NeedMore),
            Some(b',' | b'}') => {}
            Some(other) => return Err(format!("expected ',' after a value, found {}", printable(*other))),
        }
        let index = row.keys.find_at(buffer, key);
        match index {
            Some(index) => row.set(buffer, index, token),
            None => row.set_unknown(key, token),
        }
        let is_usual = token.kind == Kind::Plain && token.start - at <= LEAD_BYTES_MAX;
        let lead = if is_usual { buffer[at..token.start].to_vec() } else { Vec::new() };
        let found = Expected { lead, index, key: (key.start - at, key.end - at) };
        if field < self.expected.len() {
            self.expected[field] = found;
        } else if field == self.expected.len() {
            self.expected.push(found);
        }
        Ok(Field::Next(after))
    }
}

/// Whether `pattern` stands at `at`. Patterns are some ten bytes long: two overlapping words, no call.
#[inline]
fn begins_with(buffer: &[u8], at: usize, pattern: &[u8]) -> bool {
    let n = pattern.len();
    let Some(found) = buffer.get(at..at + n) else { return false };
    let word = |bytes: &[u8], from: usize| -> u64 {
        u64::from_le_bytes(bytes[from..from + 8].try_into().expect("eight bytes"))
    };
    match n {
        8..=16 => word(found, 0) == word(pattern, 0) && word(found, n - 8) == word(pattern, n - 8),
        17..=24 => {
            word(found, 0) == word(pattern, 0)
                && word(found, 8) == word(pattern, 8)
                && word(found, n - 8) == word(pattern, n - 8)
        }
        _ => found == pattern,
    }
}
