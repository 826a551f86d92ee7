//! The commonest values, eight bytes at a time. Each gives what the ordinary road gives, or `None`: then that is asked.

use crate::contract::ColumnType;
use crate::decode::builder::{Columns, Destination};
use crate::decode::scan::{HIGH, LOW, is_code, mark};
use crate::decode::value::is_absent;

/// Words of a buffer, first byte lowest; `None` where the buffer ends before the word does.
pub(super) trait Words {
    fn eight_at(&self, at: usize) -> Option<u64>;
    fn sixteen_at(&self, at: usize) -> Option<u128>;
}

impl Words for [u8] {
    #[inline]
    fn eight_at(&self, at: usize) -> Option<u64> {
        Some(u64::from_le_bytes(self.get(at..at + 8)?.try_into().expect("eight bytes")))
    }

    #[inline]
    fn sixteen_at(&self, at: usize) -> Option<u128> {
        Some(u128::from_le_bytes(self.get(at..at + 16)?.try_into().expect("sixteen bytes")))
    }
}

/// How a column's common values are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quick {
    what: What,
    is_required: bool,
}

#[derive(Debug, Clone, Copy)]
enum What {
    /// A text of so many characters, NULL where it says "no value".
    Code { min: usize, max: usize },
    /// Any text of at most so many characters.
    Text { max: usize },
    /// Digits.
    Number(Limits),
    /// A text that was read before.
    Known,
}

/// What a number may be.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// A whole one, in units of the last decimal.
    unit: i64,
    /// How many decimals may be written.
    n_decimals: u32,
    /// The limits of the part before the point.
    least: i64,
    greatest: i64,
}

impl Quick {
    /// The way of column `i`, where it has one.
    pub(super) fn of(columns: Columns<'_>, i: usize) -> Option<Self> {
        let longest = columns.simple(i);
        let number = |precision: u8, scale: u8| {
            let digits = u32::from(precision.saturating_sub(scale)).min(18);
            let (least, greatest) = columns.range(i).unwrap_or((i64::MIN, i64::MAX));
            let most = 10_i64.pow(digits) - 1;
            let unit = 10_i64.checked_pow(u32::from(scale))?;
            let n_decimals = if columns.is_whole(i) { 0 } else { u32::from(scale).min(7) };
            Some(What::Number(Limits { unit, n_decimals, least: least.max(-most), greatest: greatest.min(most) }))
        };
        let what = match columns.ty(i) {
            _ if columns.has_memo(i) => Some(What::Known),
            _ if longest.is_none() => None,
            ColumnType::Code { min, max } => {
                Some(What::Code { min: *min, max: longest.map_or(*max, |longest| longest.min(*max)) })
            }
            ColumnType::Text => longest.map(|max| What::Text { max }),
            ColumnType::Money => number(20, 2),
            ColumnType::Integer => number(18, 0),
            ColumnType::Decimal { precision, scale } => number(*precision, *scale),
            _ => None,
        };
        what.map(|what| Self { what, is_required: columns.is_required(i) })
    }

    /// Appends the value at `at` and returns the position behind it; `None` when nothing was appended.
    #[inline]
    pub(super) fn read(self, buffer: &[u8], at: usize, to: &mut Destination<'_>) -> Option<usize> {
        let is_text = *buffer.get(at)? == b'"';
        let read = match self.what {
            What::Code { min, max } if is_text => code(buffer, at + 1, (min, max), to),
            What::Text { max } if is_text => text(buffer, at + 1, max, to),
            What::Code { min, max } => literal(buffer, at, (min, max), to),
            What::Text { max } => literal(buffer, at, (1, max), to),
            What::Number(limits) => number(buffer, at, is_text, limits).map(|(unscaled, end)| {
                to.growing.append_number(unscaled);
                end
            }),
            What::Known if is_text => known(buffer, at + 1, to),
            What::Known => None,
        };
        if read.is_some() || self.is_required { read } else { nothing(buffer, at, to) }
    }
}

/// An empty text, or null.
#[inline]
fn nothing(buffer: &[u8], at: usize, to: &mut Destination<'_>) -> Option<usize> {
    let word = buffer.eight_at(at)?;
    let end = if word as u16 == u16::from_le_bytes(*b"\"\"") {
        at + 2
    } else if word as u32 == u32::from_le_bytes(*b"null") && ends_literal((word >> 32) as u8) {
        at + 4
    } else {
        return None;
    };
    to.growing.append_null();
    Some(end)
}

/// Whether a number, or null, ends before this byte.
#[inline]
fn ends_literal(byte: u8) -> bool {
    matches!(byte, b',' | b'}' | b' ' | b'\n' | b'\r')
}

/// A code that is written as a whole number of at most seven digits.
#[inline]
fn literal(buffer: &[u8], at: usize, (min, max): (usize, usize), to: &mut Destination<'_>) -> Option<usize> {
    let word = buffer.eight_at(at)?;
    let (_, length) = digits(word).filter(|(_, length)| *length < 8)?;
    let is_number = length == 1 || word as u8 != b'0';
    let length = length as usize;
    if !is_number || !(min..=max).contains(&length) || !ends_literal((word >> (8 * length)) as u8) {
        return None;
    }
    to.growing.append_short(word & (u64::MAX >> (64 - 8 * length)), length);
    Some(at + length)
}

/// A code whose first character is at `start`: one word when it is short, as nearly all are.
#[inline(always)]
fn code(buffer: &[u8], start: usize, (min, max): (usize, usize), to: &mut Destination<'_>) -> Option<usize> {
    let word = buffer.eight_at(start)?;
    // 8 where no quote is among the eight.
    let length = (mark(word, b'"').trailing_zeros() / 8) as usize;
    let end = start + length;
    if length > 0 && (min..=max).contains(&length) && *buffer.get(end)? == b'"' {
        let word = word & (u64::MAX >> (64 - 8 * length));
        let is_null = length == 4 && (word | ((LOW >> 32) * 0x20)) == u64::from(u32::from_le_bytes(*b"null"));
        if is_code(word, length) && mark(word, b'\\') == 0 && !is_null {
            to.growing.append_short(word, length);
            return Some(end + 1);
        }
    }
    let end = plain_end(buffer, start)?;
    let text = &buffer[start..end];
    if !(min.max(1)..=max).contains(&text.len()) || is_absent(text) {
        return None;
    }
    append(text, to)?;
    Some(end + 1)
}

/// A text whose first character is at `start`.
#[inline]
fn text(buffer: &[u8], start: usize, max: usize, to: &mut Destination<'_>) -> Option<usize> {
    let end = plain_end(buffer, start).filter(|end| end - start <= max)?;
    append(&buffer[start..end], to)?;
    Some(end + 1)
}

/// Appends a text that is not empty and has no blank at either end.
#[inline]
fn append(text: &[u8], to: &mut Destination<'_>) -> Option<()> {
    if *text.first()? == b' ' || *text.last()? == b' ' {
        return None;
    }
    *to.n_text_bytes += text.len();
    to.growing.append_text(text);
    Some(())
}

/// The closing quote of a text of printable ASCII characters without an escape.
#[inline]
fn plain_end(buffer: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        let word = buffer.eight_at(at)?;
        // Exact for the lowest marked byte, whatever marked it.
        let below_blank = word.wrapping_sub(LOW * 0x20) & !word & HIGH;
        let hits = mark(word, b'"') | mark(word, b'\\') | below_blank | (word & HIGH);
        if hits != 0 {
            let end = at + (hits.trailing_zeros() / 8) as usize;
            return (buffer[end] == b'"').then_some(end);
        }
        at += 8;
    }
}

/// A text of at most fifteen bytes that was read before.
#[inline]
fn known(buffer: &[u8], start: usize, to: &mut Destination<'_>) -> Option<usize> {
    let found = buffer.sixteen_at(start)?;
    let (low, high) = (found as u64, (found >> 64) as u64);
    let length = match mark(low, b'"') {
        0 => 8 + mark(high, b'"').trailing_zeros() / 8,
        hits => hits.trailing_zeros() / 8,
    } as usize;
    if !(1..16).contains(&length) {
        return None;
    }
    let key = found & (u128::MAX >> (128 - 8 * length));
    to.growing.append(to.memo?.get(key, length)?);
    Some(start + length + 1)
}

/// A number of at most sixteen digits before the point, in units of its last decimal, and the position behind it. A JSON
/// number has no leading zero.
#[inline(always)]
fn number(buffer: &[u8], at: usize, is_text: bool, limits: Limits) -> Option<(i128, usize)> {
    let mut start = at + usize::from(is_text);
    let negative = *buffer.get(start)? == b'-';
    start += usize::from(negative);
    let (low, n_low) = digits(buffer.eight_at(start)?)?;
    let (mut n, mut length) = (low, n_low);
    if n_low == 8 {
        let (high, n_high) = digits(buffer.eight_at(start + 8)?).unwrap_or((0, 0));
        if n_high == 8 {
            return None;
        }
        n = low * 10_i64.pow(n_high) + high;
        length += n_high;
    }
    let mut end = start + length as usize;
    let mut unscaled = i128::from(n) * i128::from(limits.unit);
    let has_fraction = *buffer.get(end)? == b'.';
    if has_fraction {
        let (fraction, n_digits) = digits(buffer.eight_at(end + 1)?)?;
        // Three digits in a text may be thousands.
        if n_digits > limits.n_decimals || (is_text && n_digits == 3) {
            return None;
        }
        unscaled += i128::from(fraction) * i128::from(limits.unit / 10_i64.pow(n_digits));
        end += 1 + n_digits as usize;
    }
    let behind = *buffer.get(end)?;
    if is_text {
        if behind != b'"' {
            return None;
        }
    } else if (length > 1 && buffer[start] == b'0') || !ends_literal(behind) {
        return None;
    }
    let (n, unscaled) = if negative { (-n, -unscaled) } else { (n, unscaled) };
    // With a fraction, the limit itself is already too much.
    let inner = i64::from(has_fraction);
    let is_within = limits.least.saturating_add(inner) <= n && n <= limits.greatest.saturating_sub(inner);
    is_within.then_some((unscaled, end + usize::from(is_text)))
}

/// The number that the digits at the beginning of `word` are, and how many there are; `None` when there is none.
#[inline]
fn digits(word: u64) -> Option<(i64, u32)> {
    let digits = word ^ (LOW * 0x30);
    // Exact for the lowest marked byte: bytes below ten do not carry.
    let others = (digits.wrapping_add(LOW * 0x76) | digits) & HIGH;
    let n = others.trailing_zeros() / 8;
    if n == 0 {
        return None;
    }
    // The last digit into the highest byte, zeros before the first; then neighbours are added up, twice as wide each time.
    let digits = digits << (64 - 8 * n);
    let pairs = (digits * 10).wrapping_add(digits >> 8);
    let low = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let high = ((pairs >> 16) & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    Some(((low.wrapping_add(high) >> 32) as i64, n))
}

#[cfg(test)]
mod tests {
    use super::digits;

    #[test]
    fn eight_digits_are_read_as_one_word() {
        for (text, expected) in [
            (b"12345678", Some((12_345_678, 8))),
            (b"00000001", Some((1, 8))),
            (b"99999999", Some((99_999_999, 8))),
            (b"7\",\"AB\":", Some((7, 1))),
            (b"1234567,", Some((1_234_567, 7))),
            (b"12/45678", Some((12, 2))),
            (b"12:45678", Some((12, 2))),
            (b"90\xff\xff\xff\xff\xff\xff", Some((90, 2))),
            (b"x1234567", None),
        ] {
            assert_eq!(digits(u64::from_le_bytes(*text)), expected, "{text:?}");
        }
        for n in (0..100_000_000_u32).step_by(9_973) {
            let text: [u8; 8] = format!("{n:08}").into_bytes().try_into().unwrap();
            assert_eq!(digits(u64::from_le_bytes(text)), Some((i64::from(n), 8)));
        }
    }
}
