//! Bytes to days and instants, in the forms that a contract names. Nothing else is tried: `01/02/2019` read both ways
//! would be wrong half of the time.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeZone};
use chrono_tz::Tz;

use crate::contract::{DateFormat, TimestampFormat};

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
        DateFormat::DdMmYyyy => day_month_year(text, b'/'),
        DateFormat::DdMmYyyyDashed => day_month_year(text, b'-'),
        DateFormat::Compact => {
            let whole = text.len() == 8;
            whole.then(|| day_number(small(&text[..4])?, small(&text[4..6])?, small(&text[6..])?))?
        }
        DateFormat::MonYyyy => {
            let mut words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            let (month, year) = (words.next()?, words.next()?);
            let whole = words.next().is_none() && year.len() == 4;
            whole.then(|| day_number(small(year)?, month_of(month)?, 1))?
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

/// `4/2/2019`, also `4/2/2019 0:00:00`, with `separator` between the parts.
fn day_month_year(text: &[u8], separator: u8) -> Option<i32> {
    let (text, clock) = match text.iter().position(|&byte| byte == b' ') {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &b"0:00:00"[..]),
    };
    let mut parts = text.split(|&byte| byte == separator);
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let midnight = clock.iter().all(|byte| matches!(byte, b'0' | b':'));
    let whole = parts.next().is_none() && midnight && year.len() == 4;
    whole.then(|| day_number(small(year)?, small(month)?, small(day)?))?
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

/// Month names in full, English and Indonesian, with the old Indonesian spellings.
const MONTHS: [(&str, i32); 22] = [
    ("JANUARY", 1),
    ("JANUARI", 1),
    ("FEBRUARY", 2),
    ("FEBRUARI", 2),
    ("PEBRUARI", 2),
    ("MARCH", 3),
    ("MARET", 3),
    ("APRIL", 4),
    ("JUNE", 6),
    ("JUNI", 6),
    ("JULY", 7),
    ("JULI", 7),
    ("AUGUST", 8),
    ("AGUSTUS", 8),
    ("SEPT", 9),
    ("SEPTEMBER", 9),
    ("OCTOBER", 10),
    ("OKTOBER", 10),
    ("NOVEMBER", 11),
    ("NOPEMBER", 11),
    ("DECEMBER", 12),
    ("DESEMBER", 12),
];

/// A month by its short or full name.
fn month_of(name: &[u8]) -> Option<i32> {
    let in_full = |(full, _): &&(&str, i32)| full.as_bytes().eq_ignore_ascii_case(name);
    month_number(name).or_else(|| MONTHS.iter().find(in_full).map(|(_, month)| *month))
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

/// The year of a day that [`date`] gave.
pub(crate) fn year(day: i32) -> i32 {
    const BEFORE_1970: i32 = 719_163;
    NaiveDate::from_num_days_from_ce_opt(day + BEFORE_1970).map_or(0, |date| date.year())
}

/// An instant as microseconds since 1970-01-01T00:00:00Z; a text without an offset is read in `zone`.
///
/// # Errors
/// When it is written in none of `formats`, or the zone's clock never showed it.
pub(crate) fn instant(text: &str, formats: &[TimestampFormat], zone: Tz) -> Result<i64, &'static str> {
    formats.iter().find_map(|format| one_instant(text, *format, zone)).ok_or("no instant in the agreed form")
}

fn one_instant(text: &str, format: TimestampFormat, zone: Tz) -> Option<i64> {
    let instant = match format {
        TimestampFormat::Rfc3339 => DateTime::parse_from_rfc3339(text).ok()?.to_utc(),
        TimestampFormat::DateTime => {
            let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok()?;
            // An hour that the clock showed twice is taken as its first.
            zone.from_local_datetime(&local).earliest()?.to_utc()
        }
    };
    (1_900..2_200).contains(&instant.year()).then(|| instant.timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::{date, instant, year};
    use crate::contract::DateFormat::{Compact, DdMmYyyy, DdMmYyyyDashed, DdMonYy, Iso, IsoPrefix, MonYyyy};
    use crate::contract::TimestampFormat::{DateTime, Rfc3339};
    use chrono::{Datelike, NaiveDate};

    #[test]
    fn dates_agree_with_the_calendar() {
        let mut day = NaiveDate::from_ymd_opt(1999, 12, 25).unwrap();
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        for _ in 0..4_000 {
            let expected = i32::try_from((day - epoch).num_days()).unwrap();
            assert_eq!(date(day.format("%Y-%m-%d").to_string().as_bytes(), &[Iso]), Ok(expected));
            assert_eq!(date(day.format("%-d/%-m/%Y 0:00:00").to_string().as_bytes(), &[DdMmYyyy]), Ok(expected));
            assert_eq!(date(day.format("%Y%m%d").to_string().as_bytes(), &[Compact]), Ok(expected));
            assert_eq!(date(day.format("%d-%m-%Y").to_string().as_bytes(), &[DdMmYyyyDashed]), Ok(expected));
            assert_eq!(year(expected), day.year());
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
    fn a_month_is_its_first_day() {
        let day = |text: &str| date(text.as_bytes(), &[MonYyyy]);
        let iso = |text: &str| date(text.as_bytes(), &[Iso]);
        for (text, first) in [
            ("January 2025", "2025-01-01"),
            ("januari 2025", "2025-01-01"),
            ("Maret  2024", "2024-03-01"),
            ("MEI 2025", "2025-05-01"),
            ("May 2025", "2025-05-01"),
            ("Agustus 2025", "2025-08-01"),
            ("Okt 2025", "2025-10-01"),
            ("Nopember 2025", "2025-11-01"),
            ("December 2025", "2025-12-01"),
            ("Des 2025", "2025-12-01"),
        ] {
            assert_eq!(day(text), iso(first), "{text}");
            assert!(day(text).is_ok());
        }
        for wrong in ["2025", "January", "January 25", "1 January 2025", "Januar 2025", "2025 January", "-", ""] {
            assert!(day(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_form_is_not_another() {
        for (text, format) in
            [("2025010", Compact), ("20251301", Compact), ("01/02/2025", DdMmYyyyDashed), ("1-2-25", DdMmYyyyDashed)]
        {
            assert!(date(text.as_bytes(), &[format]).is_err(), "{text}");
        }
        assert_eq!(date(b"17-08-2025", &[Iso, DdMmYyyyDashed]), date(b"2025-08-17", &[Iso]));
        assert_eq!(date(b"2021-07-10 23:59:59", &[IsoPrefix]), date(b"2021-07-10", &[Iso]));
    }

    #[test]
    fn instants_are_utc() {
        let jakarta = chrono_tz::Asia::Jakarta;
        let read = |text: &str| instant(text, &[DateTime, Rfc3339], jakarta);
        let noon = read("2024-03-01 12:00:00");
        assert_eq!(noon, Ok(1_709_269_200_000_000));
        for same in ["2024-03-01T12:00:00+07:00", "2024-03-01T05:00:00Z", "2024-03-01T05:00:00.000000Z"] {
            assert_eq!(read(same), noon, "{same}");
        }
        assert_eq!(read("2024-03-01 12:00:00.25"), noon.map(|micros| micros + 250_000));
        for wrong in ["2024-03-01", "2024-02-30 00:00:00", "2024-03-01 25:00:00", "0001-01-01T00:00:00Z", "12:00:00"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(instant("2024-03-01T05:00:00Z", &[DateTime], jakarta).is_err());
    }
}
