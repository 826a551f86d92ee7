//! Rows as objects: `[{"KEY": "value", …}, …]`, a bare object, or objects one after the other.

use super::{skip_mark, skip_separators};
use crate::decode::row::{Row, RowReader, Step};
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
            // What was read of the frame counts even when the first row is not whole yet.
            if self.place == Place::List {
                return Ok(Step::Frame);
            }
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
}

/// A key of an earlier row at the same place: rows of one answer have their keys in one order.
#[derive(Debug, Clone)]
struct Expected {
    raw: Vec<u8>,
    index: Option<usize>,
}

/// Reads the fields of one object after the other and expects each to have the keys of the one before.
#[derive(Debug, Default)]
pub(crate) struct FieldReader {
    expected: Vec<Expected>,
}

/// Most fields an object may have.
const FIELDS_MAX: usize = 10_000;

impl FieldReader {
    /// Reads the object at `at` (an opening brace) into `row`.
    pub(crate) fn object(&mut self, buffer: &[u8], at: &mut usize, row: &mut Row) -> Result<Step, String> {
        let mut i = *at + 1;
        let mut field = 0;
        loop {
            i = skip_separators(buffer, i);
            match buffer.get(i) {
                None => return Ok(Step::NeedMore),
                Some(b'}') => {
                    *at = i + 1;
                    return Ok(Step::Row);
                }
                Some(b'"') => {}
                Some(other) => return Err(format!("expected a key, found {}", printable(*other))),
            }
            let Some((key, index, after_key)) = self.key(buffer, i + 1, field, row) else {
                return Ok(Step::NeedMore);
            };
            i = skip_blank(buffer, after_key);
            match buffer.get(i) {
                None => return Ok(Step::NeedMore),
                Some(b':') => i = skip_blank(buffer, i + 1),
                Some(other) => return Err(format!("expected ':' after a key, found {}", printable(*other))),
            }
            let Some((token, after)) = value(buffer, i)? else { return Ok(Step::NeedMore) };
            let after = skip_blank(buffer, after);
            match buffer.get(after) {
                None => return Ok(Step::NeedMore),
                Some(b',' | b'}') => {}
                Some(other) => return Err(format!("expected ',' after a value, found {}", printable(*other))),
            }
            match index {
                Some(index) => row.set(buffer, index, token),
                None => row.set_unknown(key, token),
            }
            i = after;
            field += 1;
            if field > FIELDS_MAX {
                return Err(format!("a row of more than {FIELDS_MAX} fields"));
            }
        }
    }

    /// The key whose first byte is at `start`, its index, and the position after the closing quote.
    #[inline]
    fn key(
        &mut self,
        buffer: &[u8],
        start: usize,
        field: usize,
        row: &mut Row,
    ) -> Option<(Token, Option<usize>, usize)> {
        if let Some(expected) = self.expected.get(field) {
            let end = start + expected.raw.len();
            if buffer.get(end) == Some(&b'"') && buffer[start..end] == expected.raw[..] {
                return Some((Token { kind: Kind::Plain, start, end }, expected.index, end + 1));
            }
        }
        let (end, escaped) = string_end(buffer, start)?;
        let raw = &buffer[start..end];
        let index = row.keys.find(raw);
        let found = Expected { raw: raw.to_vec(), index };
        if field < self.expected.len() {
            self.expected[field] = found;
        } else if field == self.expected.len() {
            self.expected.push(found);
        }
        let kind = if escaped { Kind::Escaped } else { Kind::Plain };
        Some((Token { kind, start, end }, index, end + 1))
    }
}
