//! Which bytes of a document lie in texts, sixty-four at a time, a bit each: after "Parsing gigabytes of JSON per second"
//! (Langdale and Lemire, 2019).

use wide::u8x16;

/// Bytes looked at together.
pub(super) const BLOCK_BYTES: usize = 64;

/// Bytes of a register that every processor has.
const REGISTER_BYTES: usize = 16;

/// Every second bit, the lowest among them.
const EVEN: u64 = 0x5555_5555_5555_5555;

/// What one block leaves to the next.
#[derive(Default)]
pub(super) struct Texts {
    /// All ones where the next block begins within a text, else 0.
    inside: u64,
    /// 1 where the first byte of the next block follows a backslash that counts, else 0.
    escaped: u64,
}

impl Texts {
    /// The brackets of the next block that stand outside texts, its first byte lowest. It is not sound where a backslash
    /// stands outside texts, which JSON has nowhere; no bracket is told from there on.
    #[inline]
    pub(super) fn brackets(&mut self, block: &[u8; BLOCK_BYTES]) -> (u64, bool) {
        let found = Found::of(block);
        let quotes = found.quotes & !self.escaped_by(found.backslashes);
        // A text's bits begin with its opening quote and end before its closing one.
        let inside = odd_before(quotes) ^ self.inside;
        self.inside = if inside >> (BLOCK_BYTES - 1) == 0 { 0 } else { u64::MAX };
        let stray = found.backslashes & !inside;
        let before_stray = (stray & stray.wrapping_neg()).wrapping_sub(1);
        (found.brackets & !inside & before_stray, stray == 0)
    }

    /// The bytes that follow an odd number of backslashes.
    #[inline]
    fn escaped_by(&mut self, backslashes: u64) -> u64 {
        if backslashes == 0 {
            return std::mem::take(&mut self.escaped);
        }
        // One that is escaped itself escapes nothing.
        let backslashes = backslashes & !self.escaped;
        let behind = backslashes << 1 | self.escaped;
        let runs_from_odd = backslashes & !EVEN & !behind;
        // Adding a run's first bit carries to the place behind the run: what lies between has a bit of either kind.
        let (carried, overflow) = runs_from_odd.overflowing_add(backslashes);
        self.escaped = u64::from(overflow);
        (EVEN ^ (carried << 1)) & behind
    }
}

/// Where what matters stands in a block.
#[derive(Default)]
struct Found {
    quotes: u64,
    backslashes: u64,
    brackets: u64,
}

impl Found {
    #[inline]
    fn of(block: &[u8; BLOCK_BYTES]) -> Self {
        let mut found = Self::default();
        for (i, bytes) in block.as_chunks::<REGISTER_BYTES>().0.iter().enumerate() {
            let bytes = u8x16::new(*bytes);
            let place = |hits: u8x16| u64::from(hits.to_bitmask()) << (i * REGISTER_BYTES);
            let is = |byte: u8| bytes.simd_eq(u8x16::splat(byte));
            found.quotes |= place(is(b'"'));
            found.backslashes |= place(is(b'\\'));
            // `{` and `[` differ in one bit, and so do `}` and `]`; no other byte becomes one of them by it.
            let lower = bytes | u8x16::splat(b'{' ^ b'[');
            found.brackets |= place(lower.simd_eq(u8x16::splat(b'{')) | lower.simd_eq(u8x16::splat(b'}')));
        }
        found
    }
}

/// Marks the bits that have an odd number of `bits` among themselves and those before.
#[inline]
const fn odd_before(bits: u64) -> u64 {
    let mut odd = bits;
    let mut n = 1;
    while n < BLOCK_BYTES {
        odd ^= odd << n;
        n *= 2;
    }
    odd
}
