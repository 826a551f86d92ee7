//! The clock, handed to whoever needs the time, so that runs can be back-dated and tests are exact.

use std::time::Instant;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

/// Where "now" comes from: the system, or an instant fixed by `--now`.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Always this instant.
    Fixed(DateTime<Utc>),
    /// This instant when the other one was, and moving on since: the fixed time of a daemon.
    Since(DateTime<Utc>, Instant),
}

impl Clock {
    /// The current instant in UTC.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::System => Utc::now(),
            Self::Fixed(at) => *at,
            Self::Since(at, began) => TimeDelta::from_std(began.elapsed())
                .ok()
                .and_then(|passed| at.checked_add_signed(passed))
                .unwrap_or(*at),
        }
    }

    /// The clock that a daemon goes by: a fixed instant begins to move.
    #[must_use]
    pub fn started(self) -> Self {
        match self {
            Self::Fixed(at) => Self::Since(at, Instant::now()),
            other => other,
        }
    }

    /// Today's date in `zone`.
    #[must_use]
    pub fn today(&self, zone: Tz) -> NaiveDate {
        self.now().with_timezone(&zone).date_naive()
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;
    use chrono::{DateTime, NaiveDate};

    #[test]
    fn today_is_the_date_of_the_zone() {
        let at: DateTime<chrono::Utc> = "2026-10-31T18:00:00Z".parse().unwrap();
        let clock = Clock::Fixed(at);
        assert_eq!(clock.today(chrono_tz::Asia::Jakarta), NaiveDate::from_ymd_opt(2026, 11, 1).unwrap());
        assert_eq!(clock.today(chrono_tz::UTC), NaiveDate::from_ymd_opt(2026, 10, 31).unwrap());
        let moving = clock.started();
        let first = moving.now();
        assert!(first >= at && moving.now() >= first && clock.now() == at);
    }
}
