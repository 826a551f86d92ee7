//! Which date an edition stands for.

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::config::CronLine;

/// A daily edition stands for its day, a weekly one for the Sunday that ended the week, a monthly one for the last day of the
/// month that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PeriodRule {
    /// The day itself.
    #[default]
    Daily,
    /// The newest Sunday, the day itself included.
    Weekly,
    /// The newest last day of a month, the day itself included.
    Monthly,
}

impl std::str::FromStr for PeriodRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "daily" => Ok(Self::Daily),
            "weekly" => Ok(Self::Weekly),
            "monthly" => Ok(Self::Monthly),
            _ => Err("daily, weekly or monthly".to_owned()),
        }
    }
}

impl PeriodRule {
    /// The date that an edition made on `day` stands for: its key, the same for every attempt in the period.
    #[must_use]
    pub fn of(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Daily => day,
            Self::Weekly => day - Days::new(u64::from(day.weekday().num_days_from_sunday())),
            Self::Monthly if day.day() == u32::from(day.num_days_in_month()) => day,
            Self::Monthly => day - Days::new(u64::from(day.day())),
        }
    }
}

/// When a report with the schedule `line` was due last, `at` included; `None` where it never was.
pub(crate) fn last_due(line: &str, zone: Tz, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    line.parse::<CronLine>().ok()?.last_until(at, zone)
}

#[cfg(test)]
mod tests {
    use super::{PeriodRule, last_due};
    use chrono_tz::Asia::{Jakarta, Jayapura};

    #[test]
    fn an_edition_stands_for_what_has_ended() {
        for (rule, day, expected) in [
            (PeriodRule::Daily, "2026-11-22", "2026-11-22"),
            (PeriodRule::Weekly, "2026-11-22", "2026-11-22"),
            (PeriodRule::Weekly, "2026-11-23", "2026-11-22"),
            (PeriodRule::Weekly, "2026-11-28", "2026-11-22"),
            (PeriodRule::Monthly, "2026-11-02", "2026-10-31"),
            (PeriodRule::Monthly, "2026-10-31", "2026-10-31"),
            (PeriodRule::Monthly, "2026-10-30", "2026-09-30"),
            (PeriodRule::Monthly, "2028-03-01", "2028-02-29"),
            (PeriodRule::Monthly, "2027-01-15", "2026-12-31"),
        ] {
            assert_eq!(rule.of(day.parse().unwrap()).to_string(), expected, "{rule:?} {day}");
        }
    }

    #[test]
    fn a_report_was_due_at_the_last_time_of_its_schedule_in_its_own_zone() {
        let weekly = "0 30 6 * * Mon";
        for (zone, at, due) in [
            (Jakarta, "2026-11-22T10:00:00Z", "2026-11-15 23:30:00 UTC"),
            (Jakarta, "2026-11-22T23:29:59Z", "2026-11-15 23:30:00 UTC"),
            (Jakarta, "2026-11-22T23:30:00Z", "2026-11-22 23:30:00 UTC"),
            (Jayapura, "2026-11-22T23:29:59Z", "2026-11-22 21:30:00 UTC"),
        ] {
            assert_eq!(last_due(weekly, zone, at.parse().unwrap()).unwrap().to_string(), due, "{zone} {at}");
        }
        for wrong in ["0 6 * * Mon", "0 99 6 * * Mon", "bulanan", ""] {
            assert_eq!(last_due(wrong, Jakarta, "2026-11-22T10:00:00Z".parse().unwrap()), None, "{wrong}");
        }
    }
}
