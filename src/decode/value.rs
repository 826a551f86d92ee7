//! Bytes to typed values: amounts, whole numbers, dates, yes and no. Exact or refused; nothing is rounded or guessed.

use crate::contract::DateFormat;

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

fn general_decimal(text: &[u8], scale: u8, is_literal: bool) -> Result<i128, &'static str> {
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

/// A date in one of `formats`, as days since 1970-01-01.
///
/// # Errors
/// When it is none of them, or no day of the calendar.
#[inline]
pub(crate) fn date(text: &[u8], formats: &[DateFormat]) -> Result<i32, &'static str> {
    formats.iter().find_map(|format| one_date(text, *format)).ok_or("no date in the agreed form")
}

fn one_date(text: &[u8], format: DateFormat) -> Option<i32> {
    match format {
        DateFormat::DdMonYy => {
            let mut parts = text.split(|&byte| byte == b'-');
            let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
            let year = match year.len() {
                2 => 2_000 + small(year)?,
                4 => small(year)?,
                _ => return None,
            };
            parts.next().is_none().then(|| day_number(year, month_number(month)?, small(day)?))?
        }
        DateFormat::DdMmYyyy => {
            let (text, clock) = match text.iter().position(|&byte| byte == b' ') {
                Some(at) => (&text[..at], &text[at + 1..]),
                None => (text, &b"0:00:00"[..]),
            };
            let mut parts = text.split(|&byte| byte == b'/');
            let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
            let midnight = clock.iter().all(|byte| matches!(byte, b'0' | b':'));
            let whole = parts.next().is_none() && midnight && year.len() == 4;
            whole.then(|| day_number(small(year)?, small(month)?, small(day)?))?
        }
        DateFormat::Iso if text.len() != 10 => None,
        DateFormat::Iso | DateFormat::IsoPrefix => {
            let text = text.get(..10)?;
            if text[4] != b'-' || text[7] != b'-' {
                return None;
            }
            day_number(small(&text[..4])?, small(&text[5..7])?, small(&text[8..])?)
        }
    }
}

/// One to four digits.
fn small(digits: &[u8]) -> Option<i32> {
    let good = (1..=4).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    good.then(|| digits.iter().fold(0, |n, digit| n * 10 + i32::from(digit - b'0')))
}

/// English month names as Oracle writes them, and Indonesian ones for when the server's language changes.
fn month_number(name: &[u8]) -> Option<i32> {
    let name: [u8; 3] = name.try_into().ok()?;
    Some(match &name.map(|byte| byte.to_ascii_uppercase()) {
        b"JAN" => 1,
        b"FEB" | b"PEB" => 2,
        b"MAR" => 3,
        b"APR" => 4,
        b"MAY" | b"MEI" => 5,
        b"JUN" => 6,
        b"JUL" => 7,
        b"AUG" | b"AGT" | b"AGU" | b"AGS" => 8,
        b"SEP" => 9,
        b"OCT" | b"OKT" => 10,
        b"NOV" | b"NOP" => 11,
        b"DEC" | b"DES" => 12,
        _ => return None,
    })
}

/// Days since 1970-01-01 of a day of the Gregorian calendar between 1900 and 2199.
fn day_number(year: i32, month: i32, day: i32) -> Option<i32> {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let length = match month {
        2 => 28 + i32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1_900..2_200).contains(&year) || !(1..=length).contains(&day) {
        return None;
    }
    // Years that begin in March put the leap day last; 719,468 days lie between 0000-03-01 and 1970-01-01.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    Some(365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468)
}

#[cfg(test)]
mod tests {
    use super::{boolean, date, decimal, integer};
    use crate::contract::DateFormat::{DdMmYyyy, DdMonYy, Iso, IsoPrefix};
    use chrono::{Datelike, NaiveDate};

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
    fn dates_agree_with_the_calendar() {
        let mut day = NaiveDate::from_ymd_opt(1999, 12, 25).unwrap();
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        for _ in 0..4_000 {
            let expected = i32::try_from((day - epoch).num_days()).unwrap();
            assert_eq!(date(day.format("%Y-%m-%d").to_string().as_bytes(), &[Iso]), Ok(expected));
            assert_eq!(date(day.format("%-d/%-m/%Y 0:00:00").to_string().as_bytes(), &[DdMmYyyy]), Ok(expected));
            if day.year() >= 2000 {
                assert_eq!(date(day.format("%d-%b-%y").to_string().as_bytes(), &[DdMonYy]), Ok(expected));
            }
            day = day.succ_opt().unwrap();
        }
    }

    #[test]
    fn month_names_come_in_two_languages() {
        let day = |text: &str| date(text.as_bytes(), &[DdMonYy]);
        for (english, indonesian) in [
            ("05-MAY-19", "05-MEI-19"),
            ("05-AUG-19", "05-agt-19"),
            ("05-OCT-19", "05-OKT-19"),
            ("05-DEC-19", "5-Des-2019"),
        ] {
            assert_eq!(day(english), day(indonesian));
            assert!(day(english).is_ok());
        }
        for wrong in ["29-FEB-19", "00-JAN-19", "32-JAN-19", "1-XXX-19", "01-JAN-1", "01-JAN-19-", "01/JAN/19", ""] {
            assert!(day(wrong).is_err(), "{wrong}");
        }
        assert!(date(b"2019-04-13 04:1033", &[Iso]).is_err());
        assert_eq!(date(b"2019-04-13 04:1033", &[IsoPrefix]), date(b"2019-04-13", &[Iso]));
    }

    #[test]
    fn yes_and_no() {
        assert_eq!((boolean(b"YA"), boolean(b"Tidak"), boolean(b"1")), (Ok(true), Ok(false), Ok(true)));
        assert!(boolean(b"maybe").is_err());
    }
}
