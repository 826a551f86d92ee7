//! Which of the dated snapshots of one dataset (of one fiscal year) are kept: a pure function of their dates, a rule and the day.

use crate::config::KeepSettings;
use chrono::{Datelike, NaiveDate};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How long snapshots are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepRule {
    /// Days that every snapshot is kept, today included.
    pub daily_days: u32,
    /// Months before the present one whose last snapshots are kept.
    pub month_ends: u32,
    /// Years before the present one whose last snapshots are kept.
    pub year_ends: u32,
}

impl From<&KeepSettings> for KeepRule {
    fn from(settings: &KeepSettings) -> Self {
        let KeepSettings { daily_days, month_ends, year_ends, .. } = *settings;
        Self { daily_days, month_ends, year_ends }
    }
}

/// The words by which the ledger names the rule.
impl fmt::Display for KeepRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { daily_days, month_ends, year_ends } = self;
        write!(f, "daily {daily_days}, month-ends {month_ends}, year-ends {year_ends}")
    }
}

/// Why a snapshot is kept, or that it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing newer stands in its place.
    Newest,
    /// Every snapshot of the last days is kept.
    Daily,
    /// The last one of its month.
    MonthEnd,
    /// The last one of its year.
    YearEnd,
    /// It may go.
    Goes,
}

impl Verdict {
    /// Whether it is kept.
    #[must_use]
    pub fn is_kept(self) -> bool {
        self != Self::Goes
    }
}

/// What becomes of snapshots of these dates on the day `today`. The newest is kept whatever the rule says; the month-end is the last
/// snapshot that there is of a month, the year-end that of a year.
#[must_use]
pub fn keep(dates: &BTreeSet<NaiveDate>, rule: &KeepRule, today: NaiveDate) -> BTreeMap<NaiveDate, Verdict> {
    let mut verdicts = BTreeMap::new();
    // From the newest on: the first one met of a month, or of a year, is its last.
    let (mut month, mut year) = (None, None);
    for date in dates.iter().rev() {
        let ends_month = month.replace(month_of(*date)) != Some(month_of(*date));
        let ends_year = year.replace(date.year()) != Some(date.year());
        let verdict = if verdicts.is_empty() {
            Verdict::Newest
        } else if (today - *date).num_days() < i64::from(rule.daily_days) {
            Verdict::Daily
        } else if ends_month && within(month_of(today) - month_of(*date), rule.month_ends) {
            Verdict::MonthEnd
        } else if ends_year && within(today.year() - date.year(), rule.year_ends) {
            Verdict::YearEnd
        } else {
            Verdict::Goes
        };
        verdicts.insert(*date, verdict);
    }
    verdicts
}

/// The number of a month, in the order of time.
fn month_of(date: NaiveDate) -> i32 {
    date.year() * 12 + i32::try_from(date.month0()).expect("eleven at most")
}

/// Whether something `ago` months or years before the present one is among the last `n`; none are where `n` is 0.
fn within(ago: i32, n: u32) -> bool {
    n > 0 && i64::from(ago) <= i64::from(n)
}

#[cfg(test)]
mod tests;
