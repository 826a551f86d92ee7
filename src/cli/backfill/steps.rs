//! How many days are taken apart into steps, and what a failure says about the others. Pure functions.

use crate::load::{LoadError, LoadErrorKind, Window};
use crate::source::fetch::FetchError;
use chrono::NaiveDate;

/// Most days of a step: one run in the ledger, published together.
pub(super) const STEP_DAYS_MAX: usize = 31;

/// Days that follow each other, at most so many together.
pub(super) fn steps(due: &[Window]) -> Vec<Vec<Window>> {
    let mut steps: Vec<Vec<Window>> = Vec::new();
    for window in due {
        match steps.last_mut() {
            Some(step)
                if step.len() < STEP_DAYS_MAX && step.last().is_some_and(|last| follows(last.date, window.date)) =>
            {
                step.push(window.clone());
            }
            _ => steps.push(vec![window.clone()]),
        }
    }
    steps
}

fn follows(day: NaiveDate, next: NaiveDate) -> bool {
    day.succ_opt() == Some(next)
}

/// First and last day of every unbroken row of days.
pub(super) fn ranges(days: &[Window]) -> Vec<(NaiveDate, NaiveDate)> {
    let mut dates: Vec<NaiveDate> = days.iter().map(|window| window.date).collect();
    dates.sort_unstable();
    dates.dedup();
    let mut ranges: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for date in dates {
        match ranges.last_mut() {
            Some((_, last)) if follows(*last, date) => *last = date,
            _ => ranges.push((date, date)),
        }
    }
    ranges
}

/// How far a failure reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The day that was asked for.
    Day {
        /// Whether the source said nothing that could be used.
        silent: bool,
    },
    /// The days of the step together.
    Step,
    /// Every day of its fiscal year: its token is wrong.
    Year,
    /// Every day.
    All,
}

/// How far `error` reaches.
pub(super) fn trouble(error: &LoadError) -> Trouble {
    match error {
        LoadError::Unauthorised { .. }
        | LoadError::Credential(_)
        | LoadError::OtherYear { .. }
        | LoadError::Fetch(FetchError::Login { .. }) => Trouble::Year,
        LoadError::Together { kind: LoadErrorKind::DataRefused | LoadErrorKind::Held, .. } | LoadError::Held(_) => {
            Trouble::Step
        }
        _ => match error.kind() {
            LoadErrorKind::Unavailable => Trouble::Day { silent: true },
            LoadErrorKind::DataRefused => Trouble::Day { silent: false },
            LoadErrorKind::Held => Trouble::Step,
            LoadErrorKind::Usage
            | LoadErrorKind::Configuration
            | LoadErrorKind::NotAuthorised
            | LoadErrorKind::CannotWrite
            | LoadErrorKind::Internal => Trouble::All,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{STEP_DAYS_MAX, Trouble, ranges, steps, trouble};
    use crate::load::{LoadError, Window};
    use crate::source::fetch::FetchError;
    use chrono::NaiveDate;

    fn window(date: NaiveDate) -> Window {
        Window { fiscal_year: Some(2026), date }
    }

    fn days(texts: &[&str]) -> Vec<Window> {
        texts.iter().map(|text| window(text.parse().unwrap())).collect()
    }

    #[test]
    fn steps_are_unbroken_and_bounded_and_lose_no_day() {
        let new_year: NaiveDate = "2026-01-01".parse().unwrap();
        let year: Vec<Window> = new_year.iter_days().take(365).map(window).collect();
        let cut = steps(&year);
        assert_eq!(cut.len(), 365_usize.div_ceil(STEP_DAYS_MAX));
        assert_eq!(cut.concat(), year);
        let broken = days(&["2026-01-01", "2026-01-02", "2026-01-04", "2026-02-01"]);
        assert_eq!(steps(&broken).iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 1]);
        assert_eq!(steps(&[]), Vec::<Vec<Window>>::new());
    }

    #[test]
    fn ranges_name_exactly_the_days() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let found = ranges(&days(&["2026-02-01", "2026-01-31", "2026-02-03", "2026-02-03"]));
        assert_eq!(found, [(day("2026-01-31"), day("2026-02-01")), (day("2026-02-03"), day("2026-02-03"))]);
    }

    #[test]
    fn a_failure_reaches_as_far_as_it_would_repeat() {
        let url = || "http://127.0.0.1/x".to_owned();
        let status = |status| LoadError::Fetch(FetchError::Status { url: url(), status, retry_after: None });
        assert_eq!(trouble(&status(500)), Trouble::Day { silent: true });
        let refused = LoadError::Unauthorised { url: url(), year: String::new(), variable: String::new() };
        assert_eq!(trouble(&refused), Trouble::Year);
        assert_eq!(trouble(&LoadError::Setting("wrong".to_owned())), Trouble::All);
        assert_eq!(trouble(&LoadError::Held("shrunk".to_owned())), Trouble::Step);
        assert_eq!(trouble(&LoadError::Moved("it moved".to_owned())), Trouble::Day { silent: false });
    }
}
