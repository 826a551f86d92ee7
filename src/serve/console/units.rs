//! Figures and times as the pages on data and operation write them, by the words of the reports.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

use super::words::size_words;
use crate::id_id;

const DAYS: [&str; 7] = ["Sen", "Sel", "Rab", "Kam", "Jum", "Sab", "Min"];

/// `1.234.567`.
pub(super) fn grouped(number: u64) -> String {
    id_id::count(i64::try_from(number).unwrap_or(i64::MAX))
}

/// `812 B`, `1,3 KB`, `36,0 MB`.
pub(super) fn bytes(number: u64) -> String {
    size_words(number)
}

/// `21 Nov 2026`.
pub(super) fn day(date: NaiveDate) -> String {
    id_id::date_medium(date)
}

/// `21 Nov 2026 06.00 WIB`.
pub(super) fn moment(at: DateTime<Utc>, zone: Tz) -> String {
    format!("{} {}", day(at.with_timezone(&zone).date_naive()), id_id::time(at, zone))
}

/// `Sen 23 Nov 2026 06.00 WIB`.
pub(super) fn weekday_moment(at: DateTime<Utc>, zone: Tz) -> String {
    let weekday = at.with_timezone(&zone).weekday().num_days_from_monday() as usize;
    format!("{} {}", DAYS[weekday], moment(at, zone))
}

/// `840 ms`, `12,4 dtk`, `3 mnt 05 dtk`, `2 jam 10 mnt`.
pub(super) fn span(took: TimeDelta) -> String {
    let millis = took.num_milliseconds().max(0);
    let seconds = millis / 1_000;
    match seconds {
        0 => format!("{millis} ms"),
        1..60 => format!("{seconds},{} dtk", millis % 1_000 / 100),
        60..3_600 => format!("{} mnt {:02} dtk", seconds / 60, seconds % 60),
        _ => format!("{} jam {:02} mnt", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::{grouped, moment, span, weekday_moment};
    use chrono::{DateTime, TimeDelta, Utc};
    use chrono_tz::Asia::Jakarta;

    #[test]
    fn figures_and_times_are_read_as_in_indonesia() {
        assert_eq!([0, 12, 1_234, 1_234_567].map(grouped), ["0", "12", "1.234", "1.234.567"]);
        let at: DateTime<Utc> = "2026-10-31T23:05:00Z".parse().unwrap();
        assert_eq!(moment(at, Jakarta), "1 Nov 2026 06.05\u{a0}WIB");
        assert_eq!(weekday_moment(at, Jakarta), "Min 1 Nov 2026 06.05\u{a0}WIB");
    }

    #[test]
    fn spans_are_short() {
        let of = |millis| span(TimeDelta::milliseconds(millis));
        let spans = [of(-5), of(840), of(12_400), of(185_000), of(7_800_000)];
        assert_eq!(spans, ["0 ms", "840 ms", "12,4 dtk", "3 mnt 05 dtk", "2 jam 10 mnt"]);
    }
}
