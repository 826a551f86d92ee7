//! The smallest and the greatest value of a chunk and of its pages, as readers skip by them.

use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::file::statistics::{Statistics, ValueStatistics};
use std::cmp::Ordering;

/// Bytes that a bound of a text has at most; a longer one is cut, and the upper one raised for it. What the writers of the
/// parquet crate keep, too.
const TEXT_BYTES_MAX: usize = 64;

/// What a column holds, as far as it decides how two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// UTF-8.
    Text,
    /// Days since 1970, four bytes, lowest first.
    Day,
    /// A decimal in a fixed number of bytes, highest first, in two's complement.
    Decimal,
}

impl Kind {
    /// Compares two values of this kind, as they stand in a page.
    pub(super) fn compare(self, a: &[u8], b: &[u8]) -> Ordering {
        match self {
            Self::Text => a.cmp(b),
            Self::Day => day(a).cmp(&day(b)),
            // The sign is the highest bit: flipped, negative numbers are smaller.
            Self::Decimal => (a[0] ^ 0x80, &a[1..]).cmp(&(b[0] ^ 0x80, &b[1..])),
        }
    }
}

fn day(bytes: &[u8]) -> i32 {
    i32::from_le_bytes(bytes.try_into().expect("a day has four bytes"))
}

/// The bounds of a chunk.
#[derive(Debug)]
pub(super) struct Bounds {
    kind: Kind,
    of_chunk: Option<(Vec<u8>, Vec<u8>)>,
}

impl Bounds {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, of_chunk: None }
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// Takes the bounds of a page, which has none when it holds NULLs alone, and returns what its index says of it.
    pub(super) fn take(&mut self, bounds: Option<(&[u8], &[u8])>) -> (Vec<u8>, Vec<u8>) {
        let Some((least, greatest)) = bounds else { return (Vec::new(), Vec::new()) };
        match &mut self.of_chunk {
            None => self.of_chunk = Some((least.to_vec(), greatest.to_vec())),
            Some((smallest, largest)) => {
                if self.kind.compare(least, smallest).is_lt() {
                    *smallest = least.to_vec();
                }
                if self.kind.compare(greatest, largest).is_gt() {
                    *largest = greatest.to_vec();
                }
            }
        }
        (self.lower(least).0, self.upper(greatest).0)
    }

    /// A lower bound that is not too long, and whether it is the value itself.
    fn lower(&self, value: &[u8]) -> (Vec<u8>, bool) {
        match self.cut(value) {
            Some(cut) => (cut.as_bytes().to_vec(), false),
            None => (value.to_vec(), true),
        }
    }

    /// An upper bound that is not too long, and whether it is the value itself. Where no short one is greater than the
    /// value, the value stands.
    fn upper(&self, value: &[u8]) -> (Vec<u8>, bool) {
        match self.cut(value).and_then(raised) {
            Some(raised) => (raised, false),
            None => (value.to_vec(), true),
        }
    }

    /// The beginning of a text that is too long.
    fn cut<'a>(&self, value: &'a [u8]) -> Option<&'a str> {
        if self.kind != Kind::Text || value.len() <= TEXT_BYTES_MAX {
            return None;
        }
        let text = std::str::from_utf8(value).ok()?;
        Some(&text[..text.floor_char_boundary(TEXT_BYTES_MAX)])
    }

    /// What the chunk says of itself.
    pub(super) fn statistics(&self, n_nulls: u64) -> Statistics {
        let bounds = self.of_chunk.as_ref();
        let nulls = Some(n_nulls);
        match self.kind {
            Kind::Text => {
                let (least, greatest) =
                    bounds.map(|(least, greatest)| (self.lower(least), self.upper(greatest))).unzip();
                let is_exact = |bound: &Option<(Vec<u8>, bool)>| bound.as_ref().is_some_and(|bound| bound.1);
                let (exact_least, exact_greatest) = (is_exact(&least), is_exact(&greatest));
                let text = |bound: Option<(Vec<u8>, bool)>| bound.map(|(bytes, _)| ByteArray::from(bytes));
                ValueStatistics::new(text(least), text(greatest), None, nulls, false)
                    .with_min_is_exact(exact_least)
                    .with_max_is_exact(exact_greatest)
                    .into()
            }
            Kind::Day => {
                let (least, greatest) = bounds.map(|(least, greatest)| (day(least), day(greatest))).unzip();
                ValueStatistics::new(least, greatest, None, nulls, false)
                    .with_backwards_compatible_min_max(true)
                    .into()
            }
            Kind::Decimal => {
                let fixed = |bytes: &Vec<u8>| FixedLenByteArray::from(bytes.clone());
                let (least, greatest) = bounds.map(|(least, greatest)| (fixed(least), fixed(greatest))).unzip();
                ValueStatistics::new(least, greatest, None, nulls, false)
                    .with_backwards_compatible_min_max(true)
                    .into()
            }
        }
    }
}

/// The text with its last character that has a greater one of as many bytes replaced by that, and nothing behind it:
/// greater than every text that begins with `text`.
fn raised(text: &str) -> Option<Vec<u8>> {
    text.char_indices().rev().find_map(|(at, character)| {
        let next = char::from_u32(u32::from(character) + 1).filter(|next| next.len_utf8() == character.len_utf8())?;
        let mut raised = text.as_bytes()[..at].to_vec();
        raised.extend_from_slice(next.encode_utf8(&mut [0; 4]).as_bytes());
        Some(raised)
    })
}
