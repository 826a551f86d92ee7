//! PostgreSQL's binary form of a decimal: digits in groups of four, with the place of the first group, a sign and the number
//! of digits behind the point. Both ways go by the digits themselves; nothing is rounded.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Digits of a group.
const GROUP: usize = 4;

const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;

/// Writes the decimal that `text` shows: `-12.50`.
pub(super) fn write(text: &str, out: &mut BytesMut) -> Result<(), String> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, behind) = digits.split_once('.').unwrap_or((digits, ""));
    if !whole.bytes().chain(behind.bytes()).all(|byte| byte.is_ascii_digit()) {
        return Err("it is no plain decimal".to_owned());
    }
    // Groups are counted from the point, so both sides are filled up to whole ones.
    let whole = whole.trim_start_matches('0');
    let front = whole.len().div_ceil(GROUP);
    let padded = format!(
        "{whole:0>front$}{behind:0<back$}",
        front = front * GROUP,
        back = behind.len().div_ceil(GROUP) * GROUP
    );
    let mut groups: Vec<i16> = padded.as_bytes().chunks(GROUP).map(group).collect();
    let mut first = i16::try_from(front).map_err(|_| "it has too many digits".to_owned())? - 1;
    while groups.last() == Some(&0) {
        groups.pop();
    }
    let empty = groups.iter().take_while(|group| **group == 0).count();
    groups.drain(..empty);
    first -= i16::try_from(empty).map_err(|_| "it has too many digits".to_owned())?;
    if groups.is_empty() {
        first = 0;
    }
    out.put_u16(u16::try_from(groups.len()).map_err(|_| "it has too many digits".to_owned())?);
    out.put_i16(first);
    out.put_u16(if negative && !groups.is_empty() { NEGATIVE } else { POSITIVE });
    out.put_u16(u16::try_from(behind.len()).map_err(|_| "it has too many digits".to_owned())?);
    groups.into_iter().for_each(|group| out.put_i16(group));
    Ok(())
}

fn group(digits: &[u8]) -> i16 {
    digits.iter().fold(0, |sum, digit| sum * 10 + i16::from(digit - b'0'))
}

/// The decimal in `bytes` as text; `None` for NaN, infinity and what is no decimal.
pub(in crate::serve::postgres) fn digits_of(mut bytes: Bytes) -> Option<String> {
    if bytes.len() < 8 {
        return None;
    }
    let (count, first) = (usize::from(bytes.get_u16()), bytes.get_i16());
    let (sign, behind) = (bytes.get_u16(), usize::from(bytes.get_u16()));
    if bytes.len() != count * 2 || !matches!(sign, POSITIVE | NEGATIVE) {
        return None;
    }
    let groups: Vec<u16> = (0..count).map(|_| bytes.get_u16()).collect();
    if groups.iter().any(|group| *group > 9_999) {
        return None;
    }
    // The group whose place is `place` groups before the point.
    let at = |place: i32| {
        let i = usize::try_from(i32::from(first) - place).ok()?;
        groups.get(i).copied()
    };
    let mut text = if sign == NEGATIVE { "-".to_owned() } else { String::new() };
    for place in (0..=i32::from(first).max(0)).rev() {
        text.push_str(&format!("{:04}", at(place).unwrap_or(0)));
    }
    text.push('.');
    for place in 1..=i32::try_from(behind.div_ceil(GROUP)).ok()? {
        text.push_str(&format!("{:04}", at(-place).unwrap_or(0)));
    }
    let point = text.find('.')?;
    text.truncate(point + 1 + behind);
    Some(text.trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use super::{digits_of, write};
    use crate::catalog::port::value::exact;
    use bytes::BytesMut;

    fn binary(text: &str) -> Vec<u8> {
        let mut out = BytesMut::new();
        write(text, &mut out).unwrap();
        out.to_vec()
    }

    #[test]
    fn groups_stand_where_postgresql_puts_them() {
        assert_eq!(binary("0.00"), [0, 0, 0, 0, 0, 0, 0, 2]);
        assert_eq!(binary("1"), [0, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(binary("-12345.67"), [0, 3, 0, 1, 0x40, 0, 0, 2, 0, 1, 0x09, 0x29, 0x1a, 0x2c]);
        assert_eq!(binary("10000"), [0, 1, 0, 1, 0, 0, 0, 0, 0, 1]);
        assert_eq!(binary("0.0001"), [0, 1, 0xff, 0xff, 0, 0, 0, 4, 0, 1]);
        assert_eq!(binary("0.00001"), [0, 1, 0xff, 0xfe, 0, 0, 0, 5, 0x03, 0xe8]);
    }

    #[test]
    fn every_decimal_comes_back() {
        for text in [
            "0",
            "0.00",
            "1.50",
            "-1.50",
            "99999999999999999999999999999999999999",
            "-0.00000000000000000001",
            "123456789012345678.90",
            "10000.0001",
            "40000000",
        ] {
            let back = digits_of(binary(text).into()).unwrap();
            assert_eq!(exact(&back), exact(text), "{text} came back as {back}");
        }
        assert_eq!(digits_of(vec![0, 0, 0, 0, 0xc0, 0, 0, 0].into()), None, "NaN");
        assert_eq!(digits_of(vec![0, 1, 0, 0, 0, 0, 0, 0].into()), None);
        assert_eq!(digits_of(vec![0].into()), None);
    }
}
