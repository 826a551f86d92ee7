//! One request and one partition a day, asked incrementally: what is new since the newest committed day, and some days
//! again because rows arrive late.

use chrono::{Datelike, Days, NaiveDate};

use super::Ask;

/// Most days one load may ask for.
const DAYS_MAX: usize = 3_660;

/// One day, `{date}` as YYYYMMDD.
#[must_use]
pub fn ask(day: NaiveDate) -> Ask {
    Ask { values: vec![("date", day.format("%Y%m%d").to_string())], whole: false }
}

/// The days of `fiscal_year` to ask for on `today`: from `back_fill_days` before the newest committed day (from New
/// Year when there is none) to today or the end of the year.
#[must_use]
pub fn due_days(
    fiscal_year: Option<i32>,
    newest: Option<NaiveDate>,
    back_fill_days: u32,
    today: NaiveDate,
) -> Vec<NaiveDate> {
    let year = fiscal_year.unwrap_or(today.year());
    let new_year = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(today);
    let end_of_year = NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(today);
    let again = |day: NaiveDate| day.checked_sub_days(Days::new(u64::from(back_fill_days))).unwrap_or(day);
    let first = newest.map_or(new_year, again).max(new_year);
    days(first, today.min(end_of_year))
}

/// Every day from `from` to `to`, both included.
#[must_use]
pub fn days(from: NaiveDate, to: NaiveDate) -> Vec<NaiveDate> {
    from.iter_days().take_while(|day| *day <= to).take(DAYS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::{ask, due_days};
    use chrono::NaiveDate;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_first_load_begins_at_new_year() {
        let days = due_days(Some(2026), None, 7, day("2026-01-03"));
        assert_eq!(days, [day("2026-01-01"), day("2026-01-02"), day("2026-01-03")]);
    }

    #[test]
    fn later_loads_ask_some_days_again() {
        let days = due_days(Some(2026), Some(day("2026-03-10")), 2, day("2026-03-12"));
        assert_eq!((days[0], days.len()), (day("2026-03-08"), 5));
        let days = due_days(Some(2026), Some(day("2026-01-02")), 7, day("2026-01-03"));
        assert_eq!(days[0], day("2026-01-01"));
    }

    #[test]
    fn a_closed_year_ends_with_december() {
        let days = due_days(Some(2025), None, 7, day("2026-11-21"));
        assert_eq!((days.len(), days.last().copied()), (365, Some(day("2025-12-31"))));
        assert_eq!(due_days(Some(2027), None, 7, day("2026-11-21")), []);
    }

    #[test]
    fn the_request_takes_the_day_without_dashes() {
        assert_eq!(ask(day("2019-04-13")).values, [("date", "20190413".to_owned())]);
    }
}
