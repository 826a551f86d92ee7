//! Which date an edition stands for.

use chrono::{Datelike, Days, NaiveDate};

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

#[cfg(test)]
mod tests {
    use super::PeriodRule;

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
}
