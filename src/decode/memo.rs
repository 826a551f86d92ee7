//! Texts that were read before, and what they stand for: the dates, categories and yes-or-no of an answer are few, however
//! many rows it has.

use super::builder::Parsed;

/// Longest text remembered, in bytes.
const TEXT_BYTES_MAX: usize = 15;

/// Longest value remembered that is a text, in bytes.
const VALUE_BYTES_MAX: usize = 8;

/// Places for texts; a power of two. A year of days fits with room to spare.
const PLACES: usize = 1_024;

/// Texts of one column with their values. Where two texts share a place, the later one stays.
#[derive(Default)]
pub(super) struct Memo {
    /// Empty until the first text; a key of 0 is an empty place.
    places: Vec<(u128, Parsed)>,
}

impl Memo {
    /// What the `length` lowest bytes of `text` stand for, at most fifteen; the bytes above are 0.
    #[inline]
    pub(super) fn get(&self, text: u128, length: usize) -> Option<Parsed> {
        let key = text | ((length as u128) << 120);
        let (known, value) = *self.places.get(place(key))?;
        (known == key).then_some(value)
    }

    /// What `text` stands for.
    pub(super) fn of(&self, text: &[u8]) -> Option<Parsed> {
        self.get(word(text)?, text.len())
    }

    /// Remembers what `text` stands for; `bytes` is where the value stands, when that is a text.
    pub(super) fn remember(&mut self, text: &[u8], value: Parsed, bytes: &[u8]) {
        let Some(word_of_text) = word(text) else { return };
        let value = match value {
            Parsed::Text(slot) => match &bytes[slot.start as usize..slot.end as usize] {
                short @ [_, ..] if short.len() <= VALUE_BYTES_MAX => {
                    Parsed::Short(word(short).expect("a short text") as u64, short.len())
                }
                _ => return,
            },
            value => value,
        };
        if self.places.is_empty() {
            self.places.resize(PLACES, (0, Parsed::Null));
        }
        let key = word_of_text | ((text.len() as u128) << 120);
        self.places[place(key)] = (key, value);
    }
}

/// The bytes of a text as one word, first byte lowest.
fn word(text: &[u8]) -> Option<u128> {
    if text.is_empty() || text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let mut bytes = [0; 16];
    bytes[..text.len()].copy_from_slice(text);
    Some(u128::from_le_bytes(bytes))
}

/// The place of a key: the highest bits of a product, to which every byte of the text adds.
#[inline]
fn place(key: u128) -> usize {
    let folded = key as u64 ^ ((key >> 64) as u64).rotate_left(29);
    (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize
}

#[cfg(test)]
mod tests {
    use super::{Memo, PLACES, place};
    use crate::decode::builder::Parsed;
    use crate::decode::row::Slot;

    #[test]
    fn only_the_same_text_is_the_same_value() {
        let mut memo = Memo::default();
        assert_eq!(memo.of(b"05-MAY-26"), None);
        memo.remember(b"05-MAY-26", Parsed::Day(7), b"");
        assert_eq!(memo.of(b"05-MAY-26"), Some(Parsed::Day(7)));
        for other in ["05-MAY-2", "05-MAY-26 ", "05-MAY-27", "05-MAY-26\0", ""] {
            assert_eq!(memo.of(other.as_bytes()), None, "{other:?}");
        }
        memo.remember(b"a text that is too long", Parsed::Day(8), b"");
        assert_eq!(memo.of(b"a text that is too long"), None);
        assert!(place(u128::MAX) < PLACES && place(0) == 0);
    }

    #[test]
    fn a_short_text_is_remembered_and_a_long_one_is_not() {
        let mut memo = Memo::default();
        let value = |start, end| Parsed::Text(Slot::plain(start, end, false));
        memo.remember(b"opex", value(1, 5), b"xOPEXx");
        assert_eq!(memo.of(b"opex"), Some(Parsed::Short(u64::from(u32::from_le_bytes(*b"OPEX")), 4)));
        memo.remember(b"p", value(0, 9), b"PENDAPATAN");
        assert_eq!(memo.of(b"p"), None);
    }
}
