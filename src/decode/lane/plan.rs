//! How the rows of an answer are written, and the walk along it.

use super::Stop;
use super::quick::{Quick, Words};
use crate::decode::builder::BatchBuilder;
use crate::decode::reading::Cells;
use crate::decode::row::{Row, RowReader, Slot};
use crate::decode::scan::{self, Kind, Token, is_blank, skip_blank, string_end};

/// Key indices and values of the columns that the request fills.
pub(in crate::decode) type Parameters<'a> = &'a [(usize, Vec<u8>)];

/// Most fields of a plan, and most bytes between two values of it.
const FIELDS_MAX: usize = 256;
const LEAD_BYTES_MAX: usize = 256;

/// One way to write a row.
pub(super) struct Plan {
    fields: Vec<Field>,
    /// From the last value to the closing brace.
    tail: Lead,
    /// Stored columns without a field: NULL in every row.
    absent: Vec<usize>,
    /// Columns that are read from the [`Row`] when all fields are known.
    from_row: Vec<usize>,
    /// Columns whose values come from outside the row, and where they are stored. Rows with the same surroundings repeat
    /// them.
    outside: Vec<(usize, Option<usize>)>,
}

/// What a row is read with, besides its bytes.
pub(in crate::decode) struct Around<'a> {
    pub(in crate::decode) reader: &'a dyn RowReader,
    pub(in crate::decode) parameters: Parameters<'a>,
    /// Whether the last row of the batch has the same surroundings.
    pub(in crate::decode) is_same: bool,
}

/// Where the last row's values from outside it stood, in the plan's order of them; empty where that is not known. What
/// stands there still is not read again.
pub(in crate::decode) type Outside = Vec<Slot>;

impl Around<'_> {
    /// Puts what comes from outside into the row, as the ordinary road does.
    pub(in crate::decode) fn put(&self, buffer: &[u8], row: &mut Row) {
        self.reader.put_surroundings(buffer, row);
        for (key, value) in self.parameters {
            row.set_text(*key, value);
        }
    }
}

/// One value and the bytes before it.
struct Field {
    lead: Lead,
    to: To,
}

/// Where a value goes.
enum To {
    /// Nowhere: the column is not kept.
    Nowhere,
    /// Into the row, under this key index; columns of it are read at the end.
    Row(usize),
    /// Into this column of the contract.
    Column(usize),
    /// As [`To::Column`], stored at the second number, of a kind that has a quick way.
    Quick(usize, usize, Quick),
}

impl Plan {
    /// The plan of the row that begins at `start` (with what separates it from the row before) and ends with `buffer`;
    /// `None` where rows like it cannot be read in the lane.
    pub(super) fn of(buffer: &[u8], start: usize, row: &mut Row, builder: &BatchBuilder) -> Option<Self> {
        let (found, tail) = fields(buffer, start)?;
        let columns = builder.columns();
        let mut keys = Vec::with_capacity(found.len());
        let mut planned = Vec::with_capacity(found.len());
        for (lead, key) in found {
            let key = row.keys.find_at(buffer, key)?;
            if keys.contains(&key) {
                return None;
            }
            keys.push(key);
            let readers = || (0..columns.len()).filter(|&i| row.keys.index_of_column(i) == key);
            let only = readers().next().filter(|_| readers().count() == 1);
            let to = match only {
                _ if readers().all(|i| columns.is_skipped(i)) => To::Nowhere,
                Some(i) if columns.is_read_alone(i) => {
                    let quick = columns.stored_at(i).zip(Quick::of(columns, i));
                    quick.map_or(To::Column(i), |(at, quick)| To::Quick(i, at, quick))
                }
                _ => To::Row(key),
            };
            planned.push(Field { lead, to });
        }
        let done = |i: usize| {
            let goes_to = |field: &Field| matches!(field.to, To::Column(to) | To::Quick(to, ..) if to == i);
            columns.is_skipped(i) || planned.iter().any(goes_to)
        };
        let (mut absent, mut from_row, mut outside) = (Vec::new(), Vec::new(), Vec::new());
        for i in (0..columns.len()).filter(|&i| !done(i)) {
            let key = row.keys.index_of_column(i);
            if keys.contains(&key) || !columns.is_read_alone(i) {
                from_row.push(i);
            } else if columns.is_outside(i) {
                outside.push((i, columns.stored_at(i)));
            } else if columns.is_required(i) {
                return None;
            } else {
                absent.extend(columns.stored_at(i));
            }
        }
        absent.extend(columns.extra_at());
        Some(Self { fields: planned, tail, absent, from_row, outside })
    }

    /// Reads the row at `at`; returns the position behind it.
    #[inline]
    pub(super) fn read(
        &self,
        buffer: &[u8],
        at: usize,
        (row, around): (&mut Row, &Around<'_>),
        (builder, last): (&mut BatchBuilder, &mut Outside),
    ) -> Result<usize, Stop> {
        let mut at = at;
        let uses_row = !self.from_row.is_empty() || !(self.outside.is_empty() || around.is_same);
        if uses_row {
            row.clear();
        }
        for field in &self.fields {
            at = field.lead.behind(buffer, at)?;
            at = match &field.to {
                To::Quick(column, stored, quick) => {
                    match quick.read(buffer, at, &mut builder.destination(*column, *stored)) {
                        Some(after) => after,
                        None => any_value(buffer, at, &field.to, row, builder)?,
                    }
                }
                to => any_value(buffer, at, to, row, builder)?,
            };
        }
        at = self.tail.behind(buffer, at)?;
        if uses_row {
            around.put(buffer, row);
        }
        for &column in &self.from_row {
            append_from(row, column, buffer, builder)?;
        }
        if !around.is_same {
            self.append_outside(buffer, row, builder, last)?;
        }
        builder.end_row(&self.absent);
        Ok(at)
    }

    /// Appends what comes from outside the row, as far as that is not what the last row has. The other columns lag
    /// behind, which repeats their last value.
    fn append_outside(
        &self,
        buffer: &[u8],
        row: &Row,
        builder: &mut BatchBuilder,
        last: &mut Outside,
    ) -> Result<(), Stop> {
        let is_known = last.len() == self.outside.len();
        for (n, &(column, stored)) in self.outside.iter().enumerate() {
            let slot = row.slot(column);
            if is_known && last[n] == slot {
                continue;
            }
            if let Some(at) = stored {
                builder.catch_up(at);
            }
            append_from(row, column, buffer, builder)?;
            if is_known {
                last[n] = slot;
            } else {
                last.push(slot);
            }
        }
        Ok(())
    }
}

/// Reads a column from the row.
fn append_from(row: &Row, column: usize, buffer: &[u8], builder: &mut BatchBuilder) -> Result<(), Stop> {
    builder.append_value(column, row.slot(column), Cells { row, buffer }).map_err(|_| Stop::Differs)
}

/// Reads a value as the ordinary road does.
fn any_value(buffer: &[u8], at: usize, to: &To, row: &mut Row, builder: &mut BatchBuilder) -> Result<usize, Stop> {
    let (token, after) = scan::value(buffer, at).map_err(|_| Stop::Differs)?.ok_or(Stop::BufferEnds)?;
    match *to {
        To::Nowhere => {}
        To::Row(key) => row.set(buffer, key, token),
        To::Column(column) | To::Quick(column, ..) => {
            builder.append_value(column, Slot::of(token), Cells { row, buffer }).map_err(|_| Stop::Differs)?;
        }
    }
    Ok(after)
}

/// The leads and keys of the row at `start`, and the lead of its closing brace.
fn fields(buffer: &[u8], start: usize) -> Option<(Vec<(Lead, Token)>, Lead)> {
    let skip_separators = |mut at: usize| {
        while buffer.get(at).is_some_and(|&byte| is_blank(byte) || byte == b',') {
            at += 1;
        }
        at
    };
    let mut lead_at = start;
    let mut at = skip_separators(start);
    if buffer.get(at) != Some(&b'{') {
        return None;
    }
    at += 1;
    let mut fields = Vec::new();
    loop {
        at = skip_separators(at);
        match buffer.get(at)? {
            b'"' if fields.len() < FIELDS_MAX => {}
            b'}' => return Some((fields, Lead::new(&buffer[lead_at..=at])?)),
            _ => return None,
        }
        let (key_end, escaped) = string_end(buffer, at + 1)?;
        let key = Token { kind: if escaped { Kind::Escaped } else { Kind::Plain }, start: at + 1, end: key_end };
        // That a colon stands here was seen when the row was read.
        at = skip_blank(buffer, skip_blank(buffer, key_end + 1) + 1);
        let lead = Lead::new(buffer.get(lead_at..at)?)?;
        let (_, after) = scan::value(buffer, at).ok()??;
        fields.push((lead, key));
        (at, lead_at) = (after, after);
    }
}

/// The bytes before a value: `,"KPPN":`.
struct Lead {
    /// The first sixteen of them, and which of the sixteen there are.
    first: u128,
    mask: u128,
    /// The last sixteen, where there are more than that.
    last: u128,
    bytes: Vec<u8>,
}

/// Bytes compared at once.
const WORD_BYTES: usize = size_of::<u128>();

impl Lead {
    fn new(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > LEAD_BYTES_MAX || bytes.is_empty() {
            return None;
        }
        let mut first = [0; WORD_BYTES];
        let n = bytes.len().min(WORD_BYTES);
        first[..n].copy_from_slice(&bytes[..n]);
        Some(Self {
            first: u128::from_le_bytes(first),
            mask: u128::MAX >> (8 * (WORD_BYTES - n)),
            last: bytes.last_chunk().map_or(0, |last| u128::from_le_bytes(*last)),
            bytes: bytes.to_vec(),
        })
    }

    /// The position behind these bytes, which must stand at `at`.
    #[inline]
    fn behind(&self, buffer: &[u8], at: usize) -> Result<usize, Stop> {
        let found = buffer.sixteen_at(at).ok_or(Stop::BufferEnds)?;
        if (found ^ self.first) & self.mask != 0 {
            return Err(Stop::Differs);
        }
        let end = at + self.bytes.len();
        if self.bytes.len() > WORD_BYTES {
            let last = buffer.sixteen_at(end - WORD_BYTES).ok_or(Stop::BufferEnds)?;
            // Between the two words there is nothing, or it is compared as well.
            let is_same = self.bytes.len() <= 2 * WORD_BYTES || buffer[at..end] == self.bytes[..];
            if last != self.last || !is_same {
                return Err(Stop::Differs);
            }
        }
        Ok(end)
    }
}

#[cfg(test)]
mod tests {
    use super::{Lead, Stop};

    #[test]
    fn a_lead_of_any_length_stands_where_every_byte_of_it_stands() {
        for length in 1..=80 {
            let bytes: Vec<u8> = (0..length).map(|i| b'a' + (i * 7 % 26) as u8).collect();
            let lead = Lead::new(&bytes).unwrap();
            let mut buffer = [b"..", &bytes[..], &[b'.'; 16]].concat();
            assert_eq!(lead.behind(&buffer, 2), Ok(2 + length));
            for at in 2..2 + length {
                buffer[at] ^= 1;
                assert_eq!(lead.behind(&buffer, 2), Err(Stop::Differs), "byte {at} of {length}");
                buffer[at] ^= 1;
            }
            assert_eq!(lead.behind(&buffer[..2 + length.max(16) - 1], 2), Err(Stop::BufferEnds), "{length}");
        }
    }
}
