//! The dictionary of one column chunk: each value once, by a number that stands for it in the pages.
//!
//! The codes of a budget repeat by the million, so looking a value up is most of what writing them costs. A value of at most
//! fifteen bytes, as nearly all are, is held in two words with its length: a lookup is one multiplication and one comparison
//! of those, and no byte of the dictionary is read. Longer ones are found by a hash and compared whole.

use std::hash::{BuildHasher, RandomState};

/// Entries of a dictionary at most: codes have sixteen bits.
const ENTRIES_MAX: usize = 1 << 16;
/// Bytes of a dictionary page at most, held in memory beside the index. Codes fit many times over; a column of values that
/// never repeat gives its dictionary up early.
pub(in crate::warehouse::stage) const PAGE_BYTES_MAX: usize = 256 << 10;
/// Places of the index at the beginning.
const SLOTS_MIN: usize = 256;
/// The greatest value that two words hold beside its length.
const SHORT_BYTES: usize = 15;
/// Stands where the length of a short value would.
const LONG: u64 = 0xff << 56;

/// A value in the index. A `high` of 0 is an empty place: the length of a value is counted from 1.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    low: u64,
    high: u64,
    code: u16,
}

/// The values of a chunk so far, in the order in which they came.
#[derive(Debug)]
pub(super) struct Dictionary {
    slots: Vec<Slot>,
    /// The page: the values one after the other, each behind its length where it is a text.
    page: Vec<u8>,
    /// Where each value ends in the page.
    ends: Vec<u32>,
    /// Bytes of the length before each value: four before texts, none before values of a fixed width.
    n_prefix: usize,
    /// The short value looked up last: sorted and constant columns repeat it.
    last: Slot,
    /// The code of the long value looked up last.
    last_long: Option<u16>,
    /// What the words are mixed with before they are multiplied: another one each time, so that nobody can send values
    /// that meet in one place. Codes do not depend on it.
    seed: (u64, u64),
}

impl Dictionary {
    /// A dictionary of texts, or of values of one fixed width.
    pub(super) fn new(is_text: bool) -> Self {
        let n_prefix = if is_text { size_of::<u32>() } else { 0 };
        let random = RandomState::new();
        let seed = (random.hash_one(0), random.hash_one(1));
        Self {
            slots: vec![Slot::default(); SLOTS_MIN],
            page: Vec::new(),
            ends: Vec::new(),
            n_prefix,
            last: Slot::default(),
            last_long: None,
            seed,
        }
    }

    /// Values in it.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The dictionary page, before compression.
    pub(super) fn page(&self) -> &[u8] {
        &self.page
    }

    /// Lets go of the index: no value is looked up any more.
    pub(super) fn close(&mut self) {
        self.slots = Vec::new();
    }

    /// Bytes that it holds in memory.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.slots.len() * size_of::<Slot>() + self.page.capacity() + self.ends.capacity() * size_of::<u32>()
    }

    /// The value that `code` stands for.
    pub(super) fn value(&self, code: usize) -> &[u8] {
        let start = if code == 0 { 0 } else { self.ends[code - 1] as usize };
        &self.page[start + self.n_prefix..self.ends[code] as usize]
    }

    /// The code of the value `data[start..end]`, which gets one if it has none; `None` when the dictionary is full.
    #[inline]
    pub(super) fn code(&mut self, data: &[u8], start: usize, end: usize) -> Option<u16> {
        let length = end - start;
        if length > SHORT_BYTES {
            let value = &data[start..end];
            if let Some(code) = self.last_long.filter(|code| self.value(usize::from(*code)) == value) {
                return Some(code);
            }
            let (low, high) = long(value, self.seed);
            let found = self.look_up((low, high), value, |dictionary, code| dictionary.value(code) == value);
            self.last_long = found.or(self.last_long);
            return found;
        }
        let (low, high) = short(data, start, length);
        if self.last.low == low && self.last.high == high {
            return Some(self.last.code);
        }
        let code = self.look_up((low, high), &data[start..end], |_, _| true)?;
        self.last = Slot { low, high, code };
        Some(code)
    }

    /// Looks a value up by its words; those of a long one `is_it` compares with the value.
    #[inline(always)]
    fn look_up(
        &mut self,
        (low, high): (u64, u64),
        value: &[u8],
        is_it: impl Fn(&Self, usize) -> bool,
    ) -> Option<u16> {
        let mut at = self.place(low, high);
        loop {
            let slot = self.slots[at];
            if slot.low == low && slot.high == high && is_it(self, usize::from(slot.code)) {
                return Some(slot.code);
            }
            if slot.high == 0 {
                return self.insert((low, high), at, value);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    #[inline]
    fn place(&self, low: u64, high: u64) -> usize {
        fold(low ^ self.seed.0, high ^ self.seed.1) as usize & (self.slots.len() - 1)
    }

    #[cold]
    fn insert(&mut self, (low, high): (u64, u64), at: usize, value: &[u8]) -> Option<u16> {
        let end = self.page.len() + self.n_prefix + value.len();
        let code = u16::try_from(self.len()).ok().filter(|_| self.len() < ENTRIES_MAX && end <= PAGE_BYTES_MAX)?;
        if self.n_prefix > 0 {
            let length = u32::try_from(value.len()).expect("it fits the page");
            self.page.extend_from_slice(&length.to_le_bytes());
        }
        self.page.extend_from_slice(value);
        self.ends.push(u32::try_from(end).expect("it fits the page"));
        self.slots[at] = Slot { low, high, code };
        if self.len() * 2 > self.slots.len() {
            self.grow();
        }
        Some(code)
    }

    fn grow(&mut self) {
        let n_slots = self.slots.len() * 2;
        let old = std::mem::replace(&mut self.slots, vec![Slot::default(); n_slots]);
        for slot in old.into_iter().filter(|slot| slot.high != 0) {
            let mut at = self.place(slot.low, slot.high);
            while self.slots[at].high != 0 {
                at = (at + 1) & (n_slots - 1);
            }
            self.slots[at] = slot;
        }
    }
}

/// What is kept of sixteen bytes that begin with a short value of each length, and the length as it stands above them.
const SHORT: [(u64, u64, u64); SHORT_BYTES + 1] = {
    let mut short = [(0, 0, 0); SHORT_BYTES + 1];
    let mut length = 0;
    while length <= SHORT_BYTES {
        let mask = (1_u128 << (8 * length)) - 1;
        short[length] = (mask as u64, (mask >> 64) as u64, (length as u64 + 1) << 56);
        length += 1;
    }
    short
};

/// A short value and its length in two words.
#[inline]
fn short(data: &[u8], start: usize, length: usize) -> (u64, u64) {
    let word = match data.get(start..start + 16) {
        Some(bytes) => u128::from_le_bytes(bytes.try_into().expect("sixteen bytes")),
        None => {
            let mut bytes = [0; 16];
            bytes[..length].copy_from_slice(&data[start..start + length]);
            u128::from_le_bytes(bytes)
        }
    };
    let (low, high, tag) = SHORT[length];
    (word as u64 & low, (word >> 64) as u64 & high | tag)
}

/// The hash and the length of a long value.
fn long(value: &[u8], seed: (u64, u64)) -> (u64, u64) {
    let word = |at: usize| u64::from_le_bytes(value[at..at + 8].try_into().expect("eight bytes"));
    let mut hash = seed.0 ^ value.len() as u64;
    let mut at = 0;
    while at + 16 < value.len() {
        hash = fold(word(at) ^ seed.1, word(at + 8) ^ hash);
        at += 16;
    }
    // The last sixteen bytes, some of which may have been read already.
    let last = value.len() - 16;
    (fold(word(last) ^ seed.1, word(last + 8) ^ hash), LONG | (value.len() as u64 & !LONG))
}

/// The two halves of a product, which every bit of both numbers took part in.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{Dictionary, ENTRIES_MAX, PAGE_BYTES_MAX};

    #[test]
    fn a_value_has_one_code_whatever_stands_around_it() {
        let mut dictionary = Dictionary::new(true);
        let mut expected: HashMap<Vec<u8>, u16> = HashMap::new();
        let mut state = 7_u64;
        let (mut data, mut value) = (Vec::new(), Vec::new());
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let length = (state >> 33) as usize % 40;
            // Few different bytes, zeros among them, so that values are prefixes of each other and repeat.
            let other: Vec<u8> = (0..length).map(|i| ((state >> (i % 5)) & 1) as u8).collect();
            // Often the one before.
            if state >> 62 > 0 {
                value = other;
            }
            let start = data.len();
            data.extend_from_slice(&value);
            let code = dictionary.code(&data, start, data.len()).unwrap();
            let next = u16::try_from(expected.len()).unwrap();
            assert_eq!(code, *expected.entry(value.clone()).or_insert(next), "{value:?}");
            assert_eq!(dictionary.value(usize::from(code)), value);
        }
        assert_eq!(dictionary.len(), expected.len());
        let page: usize = expected.keys().map(|value| 4 + value.len()).sum();
        assert_eq!(dictionary.page().len(), page);
    }

    #[test]
    fn a_dictionary_that_is_full_says_so_and_keeps_what_it_has() {
        let mut dictionary = Dictionary::new(false);
        for n in 0..ENTRIES_MAX as u32 {
            assert_eq!(dictionary.code(&n.to_le_bytes(), 0, 4), u16::try_from(n).ok());
        }
        assert_eq!((dictionary.len(), dictionary.page().len()), (ENTRIES_MAX, PAGE_BYTES_MAX));
        assert_eq!(dictionary.code(&70_000_u32.to_le_bytes(), 0, 4), None);
        assert_eq!(dictionary.code(&65_535_u32.to_le_bytes(), 0, 4), Some(65_535));
        let mut texts = Dictionary::new(true);
        let long = vec![b'x'; PAGE_BYTES_MAX];
        assert_eq!(texts.code(&long, 0, long.len()), None);
        assert_eq!(texts.code(&long, 0, long.len() - 4), Some(0));
        assert_eq!(texts.code(&long, 0, 0), None);
    }
}
