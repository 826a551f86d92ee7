//! Texts that stood for a day before: the dates of an answer are few, however many rows it has.

/// Longest text remembered, in bytes.
const TEXT_BYTES_MAX: usize = 15;

/// Places for texts; a power of two. A year of days fits with room to spare.
const PLACES: usize = 1_024;

/// Texts of one column with their days. Where two texts share a place, the later one stays.
#[derive(Default)]
pub(super) struct Days {
    /// Empty until the first text; a key of 0 is an empty place.
    places: Vec<(u128, i32)>,
}

impl Days {
    /// The day that the `length` lowest bytes of `text` stood for; the bytes above are 0.
    #[inline]
    pub(super) fn get(&self, text: u128, length: usize) -> Option<i32> {
        let key = text | ((length as u128) << 120);
        let (known, day) = *self.places.get(place(key))?;
        (known == key).then_some(day)
    }

    /// The day that `text` stood for.
    pub(super) fn of(&self, text: &[u8]) -> Option<i32> {
        self.get(word(text)?, text.len())
    }

    pub(super) fn remember(&mut self, text: &[u8], day: i32) {
        let Some(word) = word(text) else { return };
        if self.places.is_empty() {
            self.places.resize(PLACES, (0, 0));
        }
        let key = word | ((text.len() as u128) << 120);
        self.places[place(key)] = (key, day);
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
    use super::{Days, PLACES, place};

    #[test]
    fn only_the_same_text_is_the_same_day() {
        let mut days = Days::default();
        assert_eq!(days.of(b"05-MAY-26"), None);
        days.remember(b"05-MAY-26", 7);
        assert_eq!(days.of(b"05-MAY-26"), Some(7));
        for other in ["05-MAY-2", "05-MAY-26 ", "05-MAY-27", "05-MAY-26\0", ""] {
            assert_eq!(days.of(other.as_bytes()), None, "{other:?}");
        }
        days.remember(b"a text that is too long", 8);
        assert_eq!(days.of(b"a text that is too long"), None);
        assert!(place(u128::MAX) < PLACES && place(0) == 0);
    }
}
