//! Bytes to typed values: amounts, whole numbers, yes and no. Exact or refused; nothing is rounded or guessed.

/// Texts that stand for "no value" in the sources, besides the empty one.
pub(crate) fn is_absent(text: &[u8]) -> bool {
    text.is_empty() || text == b"-" || text.eq_ignore_ascii_case(b"null")
}

/// An exact decimal as an unscaled integer with `scale` digits after the point.
///
/// Takes plain digits, a sign, thousands separators (`1,234,567` or `1.234.567`), a decimal point or comma and a closing
/// percent sign. `is_literal` says that the text is a JSON number, whose point is always the decimal one.
///
/// # Errors
/// Why the text is no exact decimal of this scale.
#[inline]
pub(crate) fn decimal(text: &[u8], scale: u8, is_literal: bool) -> Result<i128, &'static str> {
    let (negative, digits) = match text.first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let unscaled = match whole(digits) {
        Some(whole) => i128::from(whole) * 10_i128.pow(u32::from(scale)),
        None => general_decimal(digits, scale, is_literal)?,
    };
    Ok(if negative { -unscaled } else { unscaled })
}

/// 1 to 18 digits and nothing else.
#[inline]
pub(crate) fn whole(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut n = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        n = n * 10 + i64::from(digit);
    }
    Some(n)
}

/// Most digits a number may have: what `Decimal128` holds.
const DIGITS_MAX: usize = 38;

/// Greatest exponent that is read; what is beyond has too many digits for any column.
const EXPONENT_MAX: i32 = 60;

/// A JSON number with an exponent, written without it.
fn without_exponent(text: &[u8]) -> Result<Vec<u8>, &'static str> {
    let at = text.iter().position(|byte| matches!(byte, b'e' | b'E')).ok_or("no number")?;
    let exponent: i32 = std::str::from_utf8(&text[at + 1..])
        .ok()
        .and_then(|exponent| exponent.parse().ok())
        .filter(|exponent: &i32| exponent.abs() <= EXPONENT_MAX)
        .ok_or("a number of too many digits")?;
    let point = text[..at].iter().position(|&byte| byte == b'.').unwrap_or(at);
    let mut digits: Vec<u8> = text[..at].iter().copied().filter(|&byte| byte != b'.').collect();
    let point = i32::try_from(point).map_err(|_| "a number of too many digits")? + exponent;
    // Zeros before the first digit or behind the last, so that the point falls between two.
    let before = usize::try_from(1 - point).unwrap_or(0);
    digits.splice(..0, std::iter::repeat_n(b'0', before));
    let point = usize::try_from(point.max(1)).expect("at least one");
    if digits.len() <= point {
        digits.resize(point + 1, b'0');
    }
    digits.insert(point, b'.');
    Ok(digits)
}

fn general_decimal(text: &[u8], scale: u8, is_literal: bool) -> Result<i128, &'static str> {
    if is_literal && text.iter().any(|byte| matches!(byte, b'e' | b'E')) {
        return general_decimal(&without_exponent(text)?, scale, is_literal);
    }
    let text = text.strip_suffix(b"%").unwrap_or(text).trim_ascii();
    let (whole, fraction) = split_at_decimal_sign(text, is_literal)?;
    let mut unscaled = 0_i128;
    let mut n_digits = 0;
    let mut take = |digit: u8| {
        n_digits += 1;
        if !digit.is_ascii_digit() {
            return Err("no number");
        }
        if n_digits > DIGITS_MAX {
            return Err("a number of too many digits");
        }
        unscaled = unscaled * 10 + i128::from(digit - b'0');
        Ok(())
    };
    for &digit in whole.iter().filter(|byte| !matches!(byte, b',' | b'.')) {
        take(digit)?;
    }
    let scale = usize::from(scale);
    for i in 0..scale {
        take(fraction.get(i).copied().unwrap_or(b'0'))?;
    }
    if fraction.len() > scale && fraction[scale..].iter().any(|&digit| digit != b'0') {
        return Err("a number of too many decimals");
    }
    if whole.is_empty() && fraction.is_empty() { Err("no number") } else { Ok(unscaled) }
}

/// Whole part (with its thousands separators) and fraction.
fn split_at_decimal_sign(text: &[u8], is_literal: bool) -> Result<(&[u8], &[u8]), &'static str> {
    let points = text.iter().filter(|&&byte| byte == b'.').count();
    let commas = text.iter().filter(|&&byte| byte == b',').count();
    let last = |sign: u8| text.iter().rposition(|&byte| byte == sign);
    let decimal_at = match (points, commas) {
        (0, 0) => None,
        (1, 0) if is_literal => last(b'.'),
        (1, 0) => {
            let at = last(b'.').expect("there is one");
            // "1.234" may be one thousand or one and a bit.
            if text.len() - at == 4 {
                return Err("an ambiguous number: one point before three digits");
            }
            Some(at)
        }
        // A single comma before three digits groups thousands, as the service writes them; otherwise it is "70,5".
        (0, 1) => last(b',').filter(|at| text.len() - at != 4),
        (1, _) if last(b'.') > last(b',') => last(b'.'),
        (_, 1) if last(b',') > last(b'.') => last(b','),
        (0, _) | (_, 0) => None,
        _ => return Err("a number of mixed separators"),
    };
    let (whole, fraction) = decimal_at.map_or((text, &[][..]), |at| (&text[..at], &text[at + 1..]));
    if groups_are_thousands(whole) { Ok((whole, fraction)) } else { Err("a number of misplaced separators") }
}

/// Whether every separated group but the first has three digits.
fn groups_are_thousands(whole: &[u8]) -> bool {
    let mut groups = whole.split(|byte| matches!(byte, b',' | b'.'));
    let first = groups.next().map_or(0, <[u8]>::len);
    let mut n_more = 0;
    let all_three = groups.all(|group| {
        n_more += 1;
        group.len() == 3
    });
    n_more == 0 || (all_three && (1..=3).contains(&first))
}

/// A whole number.
///
/// # Errors
/// Why it is none.
pub(crate) fn integer(text: &[u8], is_literal: bool) -> Result<i64, &'static str> {
    i64::try_from(decimal(text, 0, is_literal)?).map_err(|_| "a number of too many digits")
}

/// Yes or no, as the sources write it.
///
/// # Errors
/// When it is neither.
pub(crate) fn boolean(text: &[u8]) -> Result<bool, &'static str> {
    const YES: [&[u8]; 5] = [b"ya", b"y", b"true", b"1", b"t"];
    const NO: [&[u8]; 5] = [b"tidak", b"n", b"false", b"0", b"f"];
    if YES.iter().any(|yes| text.eq_ignore_ascii_case(yes)) {
        Ok(true)
    } else if NO.iter().any(|no| text.eq_ignore_ascii_case(no)) {
        Ok(false)
    } else {
        Err("neither yes nor no")
    }
}

#[cfg(test)]
mod tests {
    use super::{boolean, decimal, integer};

    #[test]
    fn amounts_are_exact() {
        let cases: [(&str, i128); 17] = [
            ("0", 0),
            ("750000", 75_000_000),
            ("-750000", -75_000_000),
            ("+5", 500),
            ("0003", 300),
            ("1,234,567", 123_456_700),
            ("1,234", 123_400),
            ("1.234.567", 123_456_700),
            ("1.234.567,89", 123_456_789),
            ("1,234,567.89", 123_456_789),
            ("70,5", 7_050),
            ("70.50", 7_050),
            ("70.5000", 7_050),
            ("99.99%", 9_999),
            (".5", 50),
            ("999999999999999999", 99_999_999_999_999_999_900),
            ("123456789012345678901234", 12_345_678_901_234_567_890_123_400),
        ];
        for (text, expected) in cases {
            assert_eq!(decimal(text.as_bytes(), 2, false), Ok(expected), "{text}");
        }
        assert_eq!(decimal(b"1.2340", 2, true), Err("a number of too many decimals"));
        assert_eq!(decimal(b"1.200", 2, true), Ok(120));
        for (text, expected) in [
            ("1e5", 10_000_000),
            ("-1.25E+2", -12_500),
            ("1250e-1", 12_500),
            ("1.5e-1", 15),
            ("5e-2", 5),
            ("0e0", 0),
            ("0.00012e6", 12_000),
        ] {
            assert_eq!(decimal(text.as_bytes(), 2, true), Ok(expected), "{text}");
        }
        assert_eq!(decimal(b"1e-3", 2, true), Err("a number of too many decimals"));
        assert!(decimal(b"1e40", 2, true).is_err() && decimal(b"1e999999999999", 2, true).is_err());
    }

    #[test]
    fn what_is_no_exact_amount_is_refused() {
        for text in [
            "",
            "-",
            "abc",
            "1e5",
            "1.234",
            "27000000.275",
            "12,34,567",
            "1,2345,678",
            "1.2.3,4",
            "1 000",
            "--1",
            "0x1",
        ] {
            assert!(decimal(text.as_bytes(), 2, false).is_err(), "{text}");
        }
        assert!(decimal("9".repeat(39).as_bytes(), 0, false).is_err());
        assert_eq!(integer(b"12", false), Ok(12));
        assert!(integer(b"12.5", false).is_err());
        assert!(integer(b"99999999999999999999", false).is_err());
    }

    #[test]
    fn yes_and_no() {
        assert_eq!((boolean(b"YA"), boolean(b"Tidak"), boolean(b"1")), (Ok(true), Ok(false), Ok(true)));
        assert!(boolean(b"maybe").is_err());
    }
}
