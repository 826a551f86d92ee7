//! The rule on random calendars: holes, several years, other rules, other days.

use super::{KeepRule, Verdict, keep};
use chrono::{Datelike, Days, NaiveDate};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::BTreeSet;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn rule(daily_days: u32, month_ends: u32, year_ends: u32) -> KeepRule {
    KeepRule { daily_days, month_ends, year_ends }
}

fn kept(dates: &BTreeSet<NaiveDate>, rule: &KeepRule, today: NaiveDate) -> BTreeSet<NaiveDate> {
    keep(dates, rule, today).into_iter().filter(|(_, verdict)| verdict.is_kept()).map(|(date, _)| date).collect()
}

struct Dice(ChaCha8Rng);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0.next_u64() % n
    }

    fn small(&mut self, n: u64) -> u32 {
        u32::try_from(self.below(n)).unwrap()
    }

    fn rule(&mut self) -> KeepRule {
        let limits = [[1, 7, 30, 90], [0, 1, 6, 24], [0, 1, 3, 100]];
        let [daily, months, years] = limits.map(|of| of[usize::try_from(self.below(4)).unwrap()]);
        rule(daily, months, years)
    }

    /// Up to three years of snapshots, with holes of any length.
    fn dates(&mut self) -> BTreeSet<NaiveDate> {
        let mut day = date("2023-11-20") + Days::new(self.below(400));
        let mut dates = BTreeSet::new();
        for _ in 0..self.below(700) {
            dates.insert(day);
            let hole = if self.below(60) == 0 { self.below(200) } else { self.below(3) };
            day = day + Days::new(1 + hole);
        }
        dates
    }
}

fn scenes(seed: u64, n: usize) -> Vec<(BTreeSet<NaiveDate>, KeepRule, NaiveDate)> {
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed));
    let mut scene = || {
        let (dates, rule) = (dice.dates(), dice.rule());
        let newest = dates.last().copied().unwrap_or(date("2026-01-01"));
        // Sometimes long after the last load.
        let later = if dice.small(3) == 0 { dice.below(1_500) } else { dice.below(3) };
        (dates, rule, newest + Days::new(later))
    };
    (0..n).map(|_| scene()).collect()
}

#[test]
fn days_month_ends_and_year_ends() {
    let dates: BTreeSet<NaiveDate> = [
        "2024-12-30",
        "2025-06-30",
        "2025-12-29",
        "2026-01-30",
        "2026-01-31",
        "2026-02-10",
        "2026-02-27",
        "2026-03-01",
    ]
    .map(date)
    .into();
    let verdicts = |rule: &KeepRule, today: &str| keep(&dates, rule, date(today)).into_values().collect::<Vec<_>>();
    use Verdict::{Daily, Goes, MonthEnd, Newest, YearEnd};
    assert_eq!(
        verdicts(&rule(3, 2, 2), "2026-03-01"),
        [YearEnd, Goes, YearEnd, Goes, MonthEnd, Goes, Daily, Newest],
        "27 February is two days ago and was the last of its month"
    );
    assert_eq!(verdicts(&rule(1, 0, 0), "2026-03-01"), [Goes, Goes, Goes, Goes, Goes, Goes, Goes, Newest]);
    assert_eq!(
        verdicts(&rule(1, 12, 1), "2027-01-15"),
        [Goes, Goes, Goes, Goes, MonthEnd, Goes, MonthEnd, Newest],
        "the last snapshot of 2026 is the newest, too"
    );
    // A clock behind the data: nothing that is younger than today goes.
    assert!(verdicts(&rule(1, 0, 0), "2024-01-01").into_iter().all(Verdict::is_kept));
    assert!(keep(&BTreeSet::new(), &rule(1, 1, 1), date("2026-01-01")).is_empty());
}

#[test]
fn the_newest_and_every_end_are_kept_and_nothing_without_a_reason() {
    for (dates, rule, today) in scenes(1, 200) {
        let kept = kept(&dates, &rule, today);
        assert_eq!(kept.last(), dates.last());
        for date in &dates {
            let age = (today - *date).num_days();
            let last_of = |same: &dyn Fn(&NaiveDate) -> bool| dates.iter().rfind(|other| same(other)) == Some(date);
            let months = (today.year() - date.year()) * 12 + today.month() as i32 - date.month() as i32;
            let ends_month = last_of(&|other| (other.year(), other.month()) == (date.year(), date.month()));
            let ends_year = last_of(&|other| other.year() == date.year());
            let expected = Some(date) == dates.last()
                || age < i64::from(rule.daily_days)
                || (ends_month && rule.month_ends > 0 && months <= rule.month_ends as i32)
                || (ends_year && rule.year_ends > 0 && today.year() - date.year() <= rule.year_ends as i32);
            assert_eq!(kept.contains(date), expected, "{date} on {today} by {rule}");
        }
    }
}

#[test]
fn what_is_kept_is_kept_again_and_less_is_kept_as_time_goes() {
    for (dates, rule, today) in scenes(2, 200) {
        let once = kept(&dates, &rule, today);
        assert_eq!(kept(&once, &rule, today), once, "a second time removes nothing");
        let mut before = once;
        for days in [1, 30, 31, 366, 4_000] {
            let later = kept(&dates, &rule, today + Days::new(days));
            assert!(later.is_subset(&before), "something came back after {days} days");
            before = later;
        }
    }
}

/// Each day a load and then the rule, against all loads and the rule once at the end.
#[test]
fn every_day_comes_to_the_same_as_once() {
    for (dates, rule, today) in scenes(3, 60) {
        let mut left: BTreeSet<NaiveDate> = BTreeSet::new();
        let Some(mut day) = dates.first().copied() else { continue };
        while day <= today {
            left.extend(dates.get(&day));
            left = kept(&left, &rule, day);
            day = day + Days::new(1);
        }
        assert_eq!(left, kept(&dates, &rule, today), "by {rule} until {today}");
    }
}
