//! Parquet's hybrid of run lengths and packed bits, which dictionary codes and levels are written in
//! (parquet-format, Encodings.md, "Run Length Encoding / Bit-Packing Hybrid").

/// Values that are packed together: packed runs have a multiple of it.
const GROUP: usize = 8;

/// Writes `values`, each of at most `width` bits, behind what is in `out`. A run of eight and more is a run length; all
/// else is packed, the last group filled up with zeros.
pub(super) fn encode(values: &[u16], width: usize, out: &mut Vec<u8>) {
    debug_assert!(width <= 16, "codes are of sixteen bits");
    let (mut at, mut packed_from) = (0, 0);
    while at < values.len() {
        let run = run_length(&values[at..]);
        if run >= GROUP {
            pack(&values[packed_from..at], width, out);
            varint(run << 1, out);
            out.extend_from_slice(&values[at].to_le_bytes()[..width.div_ceil(8)]);
            at += run;
            packed_from = at;
        } else {
            at += GROUP;
        }
    }
    pack(&values[packed_from.min(values.len())..], width, out);
}

/// Bits that the greatest code of a dictionary of `n` entries needs.
pub(super) fn width_of(n: usize) -> usize {
    (usize::BITS - n.saturating_sub(1).leading_zeros()) as usize
}

/// How often the first value stands in a row, as far as that is a run; else 0.
#[inline]
fn run_length(values: &[u16]) -> usize {
    let Some((group, rest)) = values.split_first_chunk::<GROUP>() else { return 0 };
    let first = group[0];
    // Without a branch a value, so that it is one comparison of vectors.
    if group.iter().fold(0, |differs, value| differs | (value ^ first)) != 0 {
        return 0;
    }
    GROUP + rest.iter().take_while(|value| **value == first).count()
}

fn pack(values: &[u16], width: usize, out: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    let n_groups = values.len().div_ceil(GROUP);
    varint(n_groups << 1 | 1, out);
    out.reserve(n_groups * width);
    let (groups, rest) = values.as_chunks::<GROUP>();
    if width <= 8 {
        for group in groups {
            let word = group.iter().rev().fold(0_u64, |word, value| word << width | u64::from(*value));
            out.extend_from_slice(&word.to_le_bytes()[..width]);
        }
    } else {
        for group in groups {
            out.extend_from_slice(&packed(group, width).to_le_bytes()[..width]);
        }
    }
    if !rest.is_empty() {
        out.extend_from_slice(&packed(rest, width).to_le_bytes()[..width]);
    }
}

/// At most eight values in one word, the first one lowest.
fn packed(values: &[u16], width: usize) -> u128 {
    values.iter().rev().fold(0, |word, value| word << width | u128::from(*value))
}

fn varint(mut n: usize, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

#[cfg(test)]
mod tests {
    use super::{encode, width_of};

    /// Reads it back as the format says, bit by bit.
    fn decode(bytes: &[u8], width: usize, n: usize) -> Vec<u16> {
        let mut at = 0;
        let mut values = Vec::new();
        while values.len() < n {
            let (mut header, mut shift) = (0_usize, 0);
            loop {
                header |= usize::from(bytes[at] & 0x7f) << shift;
                shift += 7;
                at += 1;
                if bytes[at - 1] < 0x80 {
                    break;
                }
            }
            if header & 1 == 0 {
                let mut value = 0;
                for (i, byte) in bytes[at..at + width.div_ceil(8)].iter().enumerate() {
                    value |= u16::from(*byte) << (8 * i);
                }
                at += width.div_ceil(8);
                values.extend(std::iter::repeat_n(value, header >> 1));
            } else {
                for value in 0..(header >> 1) * 8 {
                    let bit =
                        |i: usize| u16::from(bytes[at + (value * width + i) / 8] >> ((value * width + i) % 8) & 1);
                    values.push((0..width).map(|i| bit(i) << i).sum());
                }
                at += (header >> 1) * width;
            }
        }
        assert_eq!(at, bytes.len(), "nothing stands behind the values");
        values.truncate(n);
        values
    }

    #[test]
    fn what_is_written_is_read_back_at_every_width_and_length() {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 16
        };
        for width in 0..=16 {
            for n in (0..40).chain([1_000, 1_023, 1_024, 5_000]) {
                let mut values: Vec<u16> = Vec::new();
                while values.len() < n {
                    let value = (next() & ((1_u32 << width) - 1)) as u16;
                    let times = if next().is_multiple_of(4) { next() % 40 } else { 1 };
                    values.extend(std::iter::repeat_n(value, times as usize));
                }
                values.truncate(n);
                let mut bytes = Vec::new();
                encode(&values, width, &mut bytes);
                assert_eq!(decode(&bytes, width, n), values, "{width} bits, {n} values");
            }
        }
    }

    #[test]
    fn a_run_is_a_length_and_the_rest_is_packed() {
        let mut bytes = Vec::new();
        encode(&[3; 100], 2, &mut bytes);
        assert_eq!(bytes, [200, 1, 3]);
        bytes.clear();
        // The example of the format's document: 0 to 7 in three bits.
        encode(&[0, 1, 2, 3, 4, 5, 6, 7], 3, &mut bytes);
        assert_eq!(bytes, [0b11, 0b1000_1000, 0b1100_0110, 0b1111_1010]);
        assert_eq!([0, 1, 2, 3, 4, 5, 65_536].map(width_of), [0, 0, 1, 2, 2, 3, 16]);
    }
}
