//! Free days: Saturdays, Sundays, national holidays and collective leave.

use std::collections::BTreeMap;
use std::fmt;

use arrow::array::AsArray;
use arrow::datatypes::Date32Type;
use chrono::{Datelike, Days, NaiveDate, Weekday};

use crate::reference::Reference;

/// The reference table of holidays, and its columns.
const TABLE: &str = "hari_libur";
const DAY: &str = "tanggal";
const NAME: &str = "nama";

/// Most free days in a row: beyond that a calendar is believed wrong, and nothing waits for its working day.
pub(super) const FREE_DAYS_MAX: u64 = 31;

/// Which days are free.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    holidays: BTreeMap<NaiveDate, String>,
}

/// Why a day is free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FreeDay {
    /// A Saturday or a Sunday.
    Weekend(Weekday),
    /// A holiday or a day of collective leave, by its name.
    Holiday(String),
}

impl fmt::Display for FreeDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weekend(Weekday::Sat) => f.write_str("Saturday"),
            Self::Weekend(_) => f.write_str("Sunday"),
            Self::Holiday(name) => f.write_str(name),
        }
    }
}

/// The table of holidays cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("config/reference/{TABLE}.csv gives no holidays: {0}; the shipped file has the columns {DAY} and {NAME}")]
pub struct CalendarError(&'static str);

impl Calendar {
    /// A calendar with `holidays` by day; several names of one day are told together.
    #[must_use]
    pub fn new(holidays: impl IntoIterator<Item = (NaiveDate, String)>) -> Self {
        let mut all: BTreeMap<NaiveDate, String> = BTreeMap::new();
        for (day, name) in holidays {
            all.entry(day).and_modify(|names| *names = format!("{names}; {name}")).or_insert(name);
        }
        Self { holidays: all }
    }

    /// The holidays of the reference table.
    ///
    /// # Errors
    /// When the table or one of its columns is not there.
    pub fn of(reference: &Reference) -> Result<Self, CalendarError> {
        let table = reference.table(TABLE).ok_or(CalendarError("the table is missing"))?;
        let column = |name| table.batch.column_by_name(name);
        let days = column(DAY).and_then(|days| days.as_primitive_opt::<Date32Type>());
        let names = column(NAME).and_then(|names| names.as_string_opt::<i32>());
        let days = days.ok_or(CalendarError("no column of dates"))?;
        let names = names.ok_or(CalendarError("no column of names"))?;
        let rows = days.iter().zip(names.iter());
        Ok(Self::new(rows.filter_map(|(day, name)| {
            let day = day.and_then(Date32Type::to_naive_date_opt)?;
            Some((day, name.unwrap_or_default().to_owned()))
        })))
    }

    /// Why `day` is free; `None` for a working day.
    #[must_use]
    pub fn free(&self, day: NaiveDate) -> Option<FreeDay> {
        if let Some(name) = self.holidays.get(&day) {
            return Some(FreeDay::Holiday(name.clone()));
        }
        matches!(day.weekday(), Weekday::Sat | Weekday::Sun).then(|| FreeDay::Weekend(day.weekday()))
    }

    /// `day` itself, or the first working day after it; `None` where none comes within a month.
    #[must_use]
    pub fn working_day_from(&self, day: NaiveDate) -> Option<NaiveDate> {
        (0..=FREE_DAYS_MAX).filter_map(|n| day.checked_add_days(Days::new(n))).find(|day| self.free(*day).is_none())
    }

    /// Whether `day` is the first working day of its month.
    #[must_use]
    pub fn is_first_working_day_of_month(&self, day: NaiveDate) -> bool {
        let first = day.with_day(1).expect("every month has a first day");
        self.working_day_from(first) == Some(day)
    }

    /// The last year that has a holiday here: later ones are not known yet.
    #[must_use]
    pub fn last_year(&self) -> Option<i32> {
        self.holidays.keys().next_back().map(Datelike::year)
    }
}

#[cfg(test)]
mod tests {
    use super::Calendar;
    use crate::config::ConfigFolder;
    use crate::reference::Reference;
    use chrono::NaiveDate;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn shipped() -> Calendar {
        Calendar::of(&Reference::load(&ConfigFolder::embedded()).unwrap()).unwrap()
    }

    #[test]
    fn the_shipped_calendar_knows_weekends_holidays_and_collective_leave() {
        let calendar = shipped();
        for (day, why) in [
            ("2026-08-14", ""),
            ("2026-08-15", "Saturday"),
            ("2026-08-16", "Sunday"),
            ("2026-08-17", "Hari Kemerdekaan Republik Indonesia"),
            ("2026-12-24", "Cuti Bersama Hari Raya Natal"),
            ("2026-12-28", ""),
            ("2021-05-13", "Hari Raya Idul Fitri; Kenaikan Yesus Kristus"),
        ] {
            let free = calendar.free(date(day)).map(|free| free.to_string()).unwrap_or_default();
            assert_eq!(free, why, "{day}");
        }
        assert_eq!(calendar.last_year(), Some(2026));
    }

    #[test]
    fn the_next_working_day_goes_over_a_run_of_free_days() {
        let calendar = shipped();
        // Nyepi and Lebaran 2026: from 18 to 24 March nobody works.
        for day in ["2026-03-18", "2026-03-21", "2026-03-24"] {
            assert_eq!(calendar.working_day_from(date(day)), Some(date("2026-03-25")), "{day}");
        }
        assert_eq!(calendar.working_day_from(date("2026-03-17")), Some(date("2026-03-17")));
        let never = Calendar::new((0..60).map(|n| (date("2026-03-01") + chrono::Days::new(n), "x".to_owned())));
        assert_eq!(never.working_day_from(date("2026-03-02")), None);
    }

    #[test]
    fn the_first_working_day_of_each_month_is_one_day() {
        let calendar = shipped();
        for month in 1..=12 {
            let days = (1..=31).filter_map(|day| NaiveDate::from_ymd_opt(2026, month, day));
            let first: Vec<NaiveDate> = days.filter(|day| calendar.is_first_working_day_of_month(*day)).collect();
            assert_eq!(first.len(), 1, "{month}: {first:?}");
        }
        assert!(calendar.is_first_working_day_of_month(date("2026-01-02")));
        assert!(calendar.is_first_working_day_of_month(date("2026-05-04")));
        assert!(calendar.is_first_working_day_of_month(date("2026-06-02")));
    }

    #[test]
    fn a_broken_table_is_said_to_be_one() {
        let error = Calendar::of(&Reference::default()).unwrap_err().to_string();
        assert!(error.contains("hari_libur.csv") && error.contains("the table is missing"), "{error}");
    }
}
