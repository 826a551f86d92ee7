//! Days of a fiscal year: working days and what is past as of a day.

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// Public holidays with a fixed date, month and day.
const FIXED: [(u32, u32); 5] = [(1, 1), (5, 1), (6, 1), (8, 17), (12, 25)];

/// Movable holidays and collective leave; in other years only weekends and the fixed ones are free.
const MOVABLE: [(i32, &[(u32, u32)]); 2] = [
    (
        2025,
        &[
            (1, 27),
            (1, 28),
            (1, 29),
            (3, 28),
            (3, 31),
            (4, 1),
            (4, 2),
            (4, 3),
            (4, 4),
            (4, 7),
            (4, 18),
            (5, 12),
            (5, 13),
            (5, 29),
            (5, 30),
            (6, 6),
            (6, 9),
            (6, 27),
            (8, 18),
            (9, 5),
            (12, 26),
        ],
    ),
    (
        2026,
        &[
            (1, 16),
            (2, 16),
            (2, 17),
            (3, 18),
            (3, 19),
            (3, 20),
            (3, 23),
            (3, 24),
            (4, 3),
            (5, 14),
            (5, 15),
            (5, 27),
            (5, 28),
            (6, 16),
            (8, 25),
            (12, 24),
        ],
    ),
];

/// Whether offices work on `date`.
pub(crate) fn is_working_day(date: NaiveDate) -> bool {
    let day = (date.month(), date.day());
    let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
    let movable = MOVABLE.iter().any(|(year, days)| *year == date.year() && days.contains(&day));
    !weekend && !FIXED.contains(&day) && !movable
}

/// The working days of one year, as days since 1 January (0-based), whole and by month.
pub(crate) struct WorkingDays {
    all: Vec<u16>,
    /// Per month (0-based): its span in `all`.
    months: [(usize, usize); 12],
}

impl WorkingDays {
    /// The working days of `year`.
    pub(crate) fn of(year: i32) -> Self {
        let first = first_day(year);
        let mut all = Vec::with_capacity(260);
        let mut months = [(0, 0); 12];
        for date in first.iter_days().take_while(|date| date.year() == year) {
            let month = &mut months[date.month0() as usize];
            if date.day() == 1 {
                month.0 = all.len();
            }
            if is_working_day(date) {
                all.push(date.ordinal0() as u16);
            }
            month.1 = all.len();
        }
        Self { all, months }
    }

    /// All of them, ascending.
    pub(crate) fn all(&self) -> &[u16] {
        &self.all
    }

    /// Those of a month (0-based). Every month has some.
    pub(crate) fn in_month(&self, month: usize) -> &[u16] {
        let (from, to) = self.months[month];
        &self.all[from..to]
    }

    /// The working day `steps` after `day`; none where the year ends first.
    pub(crate) fn after(&self, day: u16, steps: usize) -> Option<u16> {
        let at = self.all.partition_point(|other| *other <= day);
        self.all.get(at + steps.saturating_sub(1)).copied()
    }
}

/// How much of a fiscal year has happened, as the service knows it: everything up to the day before "today".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AsOf {
    /// Fiscal year.
    pub(crate) year: i32,
    /// Days of the year that are past: 0 before 2 January, 365 or 366 once it is closed.
    pub(crate) days: u16,
}

impl AsOf {
    /// What of `year` is past on `today`.
    pub(crate) fn new(year: i32, today: NaiveDate) -> Self {
        let past = today.signed_duration_since(first_day(year)).num_days();
        let days = past.clamp(0, i64::from(days_in(year))) as u16;
        Self { year, days }
    }

    /// Whether the day (0-based) is past.
    pub(crate) fn covers(self, day: u16) -> bool {
        day < self.days
    }

    /// The last day known, as a 0-based day of the year; 0 where none is known yet.
    pub(crate) fn last_day(self) -> u16 {
        self.days.saturating_sub(1)
    }

    /// Whether the year is over.
    pub(crate) fn closed(self) -> bool {
        self.days == days_in(self.year)
    }

    /// Months (0 to 12) that are wholly past.
    pub(crate) fn complete_months(self) -> usize {
        (1..=12).filter(|month| month_end(self.year, *month) < u32::from(self.days)).count()
    }
}

/// 1 January of `year`.
pub(crate) fn first_day(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 1, 1).expect("1 January exists in every year chrono knows")
}

/// The date of a 0-based day of the year.
pub(crate) fn date_of(year: i32, day: u16) -> NaiveDate {
    first_day(year) + Days::new(u64::from(day))
}

/// Days in `year`.
pub(crate) fn days_in(year: i32) -> u16 {
    if first_day(year).leap_year() { 366 } else { 365 }
}

/// The last day of a month (1-based) as a 0-based day of the year.
pub(crate) fn month_end(year: i32, month: u32) -> u32 {
    let next =
        if month == 12 { first_day(year + 1) } else { first_day(year).with_month(month + 1).unwrap_or_default() };
    let last = next.pred_opt().unwrap_or_default();
    last.ordinal0()
}

#[cfg(test)]
mod tests {
    use super::{AsOf, WorkingDays, date_of, first_day, is_working_day};
    use chrono::NaiveDate;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn weekends_and_holidays_are_free() {
        assert!(!is_working_day(day("2026-10-31")));
        assert!(!is_working_day(day("2026-03-20")));
        assert!(!is_working_day(day("2031-08-17")));
        assert!(is_working_day(day("2026-11-02")));
    }

    #[test]
    fn a_year_opens_on_2_january_and_closes_on_1_january() {
        assert_eq!(AsOf::new(2026, day("2026-01-01")).days, 0);
        assert_eq!(AsOf::new(2026, day("2026-01-02")).days, 1);
        assert_eq!(AsOf::new(2025, day("2025-12-31")).complete_months(), 11);
        assert!(AsOf::new(2025, day("2026-01-01")).closed());
        assert_eq!(AsOf::new(2024, day("2026-06-01")).days, 366);
        assert_eq!(AsOf::new(2026, day("2026-11-01")).complete_months(), 10);
        assert_eq!(AsOf::new(2026, day("2026-10-31")).complete_months(), 9);
    }

    #[test]
    fn months_partition_the_working_days() {
        let days = WorkingDays::of(2026);
        let by_month: Vec<u16> = (0..12).flat_map(|month| days.in_month(month).iter().copied()).collect();
        assert_eq!(by_month, days.all());
        assert_eq!(days.after(0, 1), Some(1), "2 January 2026 is a Friday");
        assert_eq!(days.after(364, 1), None);
        assert_eq!(date_of(2026, 0), first_day(2026));
    }
}
