//! A cron line: the times at which something is due, in a zone.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Timelike, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

/// What the six fields are.
pub const CRON_FIELDS: &str = "second minute hour day-of-month month day-of-week";

/// Six fields, from seconds to day of week; a day has to fit both of its fields. The second is one number, because whoever looks
/// at the clock does so once a minute.
#[derive(Clone, PartialEq)]
pub struct CronLine {
    text: String,
    cron: Cron,
}

impl CronLine {
    /// The line, with single spaces.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first time after `at`; `None` where there is none any more.
    #[must_use]
    pub fn next_after(&self, at: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        // The search keeps fractions of a second, and a time that is due has none.
        let from = at.with_timezone(&zone).with_nanosecond(0)?;
        let next = self.cron.find_next_occurrence(&from, false).ok()?;
        Some(next.with_timezone(&Utc))
    }

    /// The last time up to `at`; `None` where there was none.
    #[must_use]
    pub fn last_until(&self, at: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let from = at.with_timezone(&zone).with_nanosecond(0)?;
        let last = self.cron.find_previous_occurrence(&from, true).ok()?;
        Some(last.with_timezone(&Utc))
    }

    /// Whether every day of every month can fit: only the time of day, and the month, are chosen.
    #[must_use]
    pub fn is_any_day(&self) -> bool {
        let fields: Vec<&str> = self.text.split(' ').collect();
        let any = |field: &str| matches!(field, "*" | "?");
        any(fields[3]) && any(fields[5])
    }
}

impl FromStr for CronLine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() != 6 {
            return Err(format!("six fields: {CRON_FIELDS}"));
        }
        if !fields[0].parse::<u8>().is_ok_and(|second| second < 60) {
            return Err("a second from 0 to 59 first: nothing is due more often than once a minute".to_owned());
        }
        let text = fields.join(" ");
        let parser =
            CronParser::builder().seconds(Seconds::Required).year(Year::Disallowed).dom_and_dow(true).build();
        let cron = parser.parse(&text).map_err(|error| format!("{CRON_FIELDS}; it is wrong because: {error}"))?;
        let line = Self { text, cron };
        match line.next_after(DateTime::UNIX_EPOCH, Tz::UTC) {
            Some(_) => Ok(line),
            None => Err("a day that comes: no month has the one that is asked for".to_owned()),
        }
    }
}

impl fmt::Display for CronLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for CronLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::CronLine;
    use chrono::{DateTime, Utc};
    use chrono_tz::Asia::{Jakarta, Jayapura, Makassar};
    use chrono_tz::Tz;

    fn next(line: &str, at: &str, zone: Tz) -> String {
        let at: DateTime<Utc> = at.parse().unwrap();
        let line: CronLine = line.parse().unwrap();
        line.next_after(at, zone).unwrap().format("%FT%TZ").to_string()
    }

    #[test]
    fn the_next_time_is_that_of_the_zone() {
        for (zone, expected) in [
            (Jakarta, "2026-11-01T23:00:00Z"),
            (Makassar, "2026-11-01T22:00:00Z"),
            (Jayapura, "2026-11-01T21:00:00Z"),
        ] {
            assert_eq!(next("0 0 6 * * Mon", "2026-10-27T00:00:00Z", zone), expected);
        }
        // After means after, to the fraction of a second.
        assert_eq!(next("0 0 6 * * *", "2026-11-01T23:00:00Z", Jakarta), "2026-11-02T23:00:00Z");
        assert_eq!(next("0 0 6 * * *", "2026-11-01T23:00:00.5Z", Jakarta), "2026-11-02T23:00:00Z");
        assert_eq!(next("0 0 6 * * *", "2026-11-01T22:59:59.9Z", Jakarta), "2026-11-01T23:00:00Z");
        // Both fields of the day count: a Monday that is the 2nd.
        assert_eq!(next("0  0 6 2 * Mon", "2026-11-02T00:00:00Z", Jakarta), "2027-08-01T23:00:00Z");
        assert_eq!(next("0 0 6 29 2 *", "2026-11-02T00:00:00Z", Jakarta), "2028-02-28T23:00:00Z");
        assert_eq!(next("0 0 20 L * *", "2026-11-02T00:00:00Z", Jakarta), "2026-11-30T13:00:00Z");
    }

    #[test]
    fn what_is_no_schedule_is_refused_with_what_to_write() {
        for (line, says) in [
            ("", "six fields"),
            ("0 6 * * *", "six fields"),
            ("0 0 6 * * * 2027", "six fields"),
            ("* 0 6 * * *", "once a minute"),
            ("*/5 0 6 * * *", "once a minute"),
            ("60 0 6 * * *", "once a minute"),
            ("0 99 6 * * *", "minute"),
            ("0 0 6 * * Funday", "day-of-week"),
            ("0 0 6 30 2 *", "a day that comes"),
        ] {
            let error = line.parse::<CronLine>().unwrap_err();
            assert!(error.contains(says), "{line}: {error}");
        }
        assert!("0 0 6 * 1-3 *".parse::<CronLine>().unwrap().is_any_day());
        assert!(!"0 0 6 1 * *".parse::<CronLine>().unwrap().is_any_day());
    }
}
