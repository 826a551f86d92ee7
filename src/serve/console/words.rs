//! Ages and times in the words of a page: short, and as Indonesians say them.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::id_id;

/// `14 menit`, `3 jam`, `2 hari`; nothing below a minute is told apart.
pub(super) fn age_words(age: TimeDelta) -> String {
    match age {
        age if age < TimeDelta::minutes(1) => "baru saja".to_owned(),
        age if age < TimeDelta::minutes(90) => format!("{} menit", age.num_minutes()),
        age if age < TimeDelta::hours(48) => format!("{} jam", age.num_hours()),
        age => format!("{} hari", id_id::count(age.num_days())),
    }
}

/// `hari ini 04.30 WIB`, `besok 04.30 WIB`, `21 Nov 2026 04.30 WIB`.
pub(super) fn day_time(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> String {
    let day = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
    let words = match (day(at) - day(now)).num_days() {
        0 => "hari ini".to_owned(),
        1 => "besok".to_owned(),
        -1 => "kemarin".to_owned(),
        _ => id_id::date_medium(day(at)),
    };
    format!("{words} {}", id_id::time(at, zone))
}

/// `18,4 KB`, `1,2 MB`: for a file that somebody is about to take.
pub(super) fn size_words(bytes: u64) -> String {
    let tenths = |unit: u64| {
        let n = bytes.saturating_mul(10).saturating_add(unit / 2) / unit;
        format!("{},{}", id_id::count(i64::try_from(n / 10).unwrap_or(i64::MAX)), n % 10)
    };
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} KB", tenths(1_000)),
        _ => format!("{} MB", tenths(1_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::{age_words, day_time, size_words};
    use chrono::{DateTime, TimeDelta, Utc};
    use chrono_tz::Asia::Jakarta;

    #[test]
    fn ages_and_sizes_are_short() {
        let words =
            [0, 59, 60, 5_399, 5_400, 172_799, 172_800, 200_000_000].map(|s| age_words(TimeDelta::seconds(s)));
        assert_eq!(
            words,
            ["baru saja", "baru saja", "1 menit", "89 menit", "1 jam", "47 jam", "2 hari", "2.314 hari"]
        );
        assert_eq!(
            [0, 999, 1_000, 18_449, 1_234_567].map(size_words),
            ["0 B", "999 B", "1,0 KB", "18,4 KB", "1,2 MB"]
        );
    }

    #[test]
    fn a_day_near_by_has_a_name() {
        let now: DateTime<Utc> = "2026-11-01T23:00:00Z".parse().unwrap();
        let at = |hours| day_time(now + TimeDelta::hours(hours), now, Jakarta);
        // Six in the morning of the second.
        assert_eq!(at(1), "hari ini 07.00\u{a0}WIB");
        assert_eq!(at(23), "besok 05.00\u{a0}WIB");
        assert_eq!(at(-7), "kemarin 23.00\u{a0}WIB");
        assert_eq!(at(72), "5 Nov 2026 06.00\u{a0}WIB");
    }
}
