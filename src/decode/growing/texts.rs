//! The texts of one column while rows are appended to it.

use arrow::array::StringArray;
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::error::ArrowError;

use crate::decode::BATCH_ROWS;

/// Texts, one a row.
pub(super) struct Texts {
    /// The texts one after the other, and room behind the last one: a code is written as a word into it, without asking
    /// for more.
    bytes: Vec<u8>,
    /// Where each text ends; the first is 0, before any text.
    ends: Vec<i32>,
}

impl Texts {
    /// None yet, and room for so many bytes.
    pub(super) fn with_room(n_bytes: usize) -> Self {
        let mut ends = Vec::with_capacity(BATCH_ROWS + 1);
        ends.push(0);
        Self { bytes: vec![0; n_bytes], ends }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len() - 1
    }

    /// Bytes that they have.
    #[inline]
    pub(super) fn n_bytes(&self) -> usize {
        *self.ends.last().expect("it begins with 0") as usize
    }

    #[inline]
    pub(super) fn push(&mut self, text: &[u8]) {
        let start = self.n_bytes();
        let end = start + text.len();
        if end > self.bytes.len() {
            self.grow(end);
        }
        self.bytes[start..end].copy_from_slice(text);
        self.note(end);
    }

    /// Appends a text that is the first bytes of a word. All eight are written, which is cheaper than a copy of unknown
    /// length; the next text begins where this one ends.
    #[inline(always)]
    pub(super) fn push_short(&mut self, word: u64, length: usize) {
        let start = self.n_bytes();
        if start + size_of::<u64>() > self.bytes.len() {
            self.grow(start + size_of::<u64>());
        }
        self.bytes[start..start + size_of::<u64>()].copy_from_slice(&word.to_le_bytes());
        self.note(start + length);
    }

    /// Repeats the last text `n` times: twice as much each time, because a text is short and a batch is long.
    pub(super) fn repeat(&mut self, n: usize) {
        let [.., start, from] = self.ends[..] else { return };
        let (length, start, mut at) = (from - start, start as usize, from as usize);
        let end = at + length as usize * n;
        if end > self.bytes.len() {
            self.grow(end);
        }
        while at < end {
            let piece = (at - start).min(end - at);
            self.bytes.copy_within(start..start + piece, at);
            at += piece;
        }
        i32::try_from(end).expect("a batch holds far less than 2 GiB of text");
        // Each end is one length behind the one before; the last is where the bytes end.
        self.ends.extend((1..=n as i32).map(|i| from + length * i));
    }

    /// Forgets every text from number `n` on.
    pub(super) fn truncate(&mut self, n: usize) {
        self.ends.truncate(n + 1);
    }

    pub(super) fn into_array(mut self, nulls: Option<NullBuffer>) -> Result<StringArray, ArrowError> {
        self.bytes.truncate(self.n_bytes());
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.ends));
        StringArray::try_new(offsets, Buffer::from_vec(self.bytes), nulls)
    }

    #[inline(always)]
    fn note(&mut self, end: usize) {
        self.ends.push(i32::try_from(end).expect("a batch holds far less than 2 GiB of text"));
    }

    /// Makes room for `n_bytes` at least, and for as much again as there is.
    #[cold]
    fn grow(&mut self, n_bytes: usize) {
        self.bytes.resize(n_bytes.max(self.bytes.len() * 2), 0);
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::StringArray;

    use super::Texts;

    #[test]
    fn texts_come_back_whatever_room_there_was_and_whatever_was_written_behind_them() {
        for room in [0, 1, 8, 9, 64] {
            let mut texts = Texts::with_room(room);
            texts.push_short(u64::from_le_bytes(*b"abXXXXXX"), 2);
            texts.push("Rp é".as_bytes());
            texts.push_short(u64::from_le_bytes(*b"12345678"), 8);
            texts.push(b"");
            texts.repeat(2);
            texts.push_short(u64::from_le_bytes(*b"cYYYYYYY"), 1);
            texts.repeat(3);
            texts.push(b"gone");
            texts.truncate(9);
            texts.push_short(u64::from_le_bytes(*b"endZZZZZ"), 3);
            assert_eq!((texts.len(), texts.n_bytes()), (10, 21), "room for {room}");
            let expected = ["ab", "Rp é", "12345678", "", "", "", "c", "c", "c", "end"];
            assert_eq!(texts.into_array(None).unwrap(), StringArray::from(expected.to_vec()), "room for {room}");
        }
    }
}
