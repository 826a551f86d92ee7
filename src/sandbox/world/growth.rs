//! How a register grows: many rows from the beginning, then a few every week. A later day adds rows at the end and
//! rewrites none.

use chrono::{Days, NaiveDate};

/// The day growth begins.
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2024, 1, 1).expect("1 January exists");
/// Days of growth; after them a register stays as it is.
const DAYS: u64 = 12 * 365;

/// A register's size, day by day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Growth {
    /// Rows from the beginning.
    pub(crate) base: usize,
    /// Rows a thousand days.
    pub(crate) per_thousand_days: u64,
}

impl Growth {
    /// Rows known on `today`: everything up to the day before.
    pub(crate) fn known(&self, today: NaiveDate) -> usize {
        let days = today.signed_duration_since(FIRST_DAY).num_days().clamp(0, DAYS as i64) as u64;
        self.base + (days * self.per_thousand_days / 1000) as usize
    }

    /// Rows there will ever be.
    pub(crate) fn all(&self) -> usize {
        self.known(FIRST_DAY + Days::new(DAYS))
    }

    /// The first day on which row `index` is known.
    pub(crate) fn day_of(&self, index: usize) -> NaiveDate {
        let later = (index + 1).saturating_sub(self.base) as u64;
        FIRST_DAY + Days::new((later * 1000).div_ceil(self.per_thousand_days.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::{FIRST_DAY, Growth};

    #[test]
    fn a_row_is_known_from_its_day_on() {
        let growth = Growth { base: 10, per_thousand_days: 300 };
        assert_eq!(growth.known("2020-05-05".parse().unwrap()), 10);
        assert_eq!(growth.day_of(9), FIRST_DAY);
        for index in [10, 11, 500, growth.all() - 1] {
            let day = growth.day_of(index);
            assert!(growth.known(day) > index, "{index}");
            assert_eq!(growth.known(day.pred_opt().unwrap()), index, "{index}");
        }
        assert_eq!(growth.known("2099-01-01".parse().unwrap()), growth.all());
    }
}
