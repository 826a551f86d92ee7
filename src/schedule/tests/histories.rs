//! Random histories of a daemon: it is down for days, its clock jumps, its runs take their time. Whatever happens, each time of the
//! schedule is accounted for once. What times there are is counted out minute by minute, without the cron library.

use super::{at, calendar, job};
use crate::config::{DayRule, Misfire};
use crate::schedule::{Calendar, Decision, Job, Known, due};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::BTreeMap;

/// A cron line, and the same by hand: minute of the day, and the day.
type Line = (&'static str, fn(i64) -> bool, fn(NaiveDate) -> bool);

const LINES: [Line; 4] = [
    ("0 30 4 * * *", |minute| minute == 270, |_| true),
    ("0 0 6 * * Mon", |minute| minute == 360, |day| day.weekday() == Weekday::Mon),
    ("0 */30 * * * *", |minute| minute % 30 == 0, |_| true),
    ("0 15 23,0 2,16 * *", |minute| minute == 15 || minute == 1_395, |day| matches!(day.day(), 2 | 16)),
];

/// Zones and how many minutes they are ahead.
const ZONES: [(Tz, i64); 3] = [(Tz::Asia__Jakarta, 420), (Tz::Asia__Makassar, 480), (Tz::Asia__Jayapura, 540)];

struct Dice(ChaCha8Rng);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0.next_u64() % n
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    fn seconds(&mut self, low: u64, high: u64) -> TimeDelta {
        TimeDelta::seconds(i64::try_from(low + self.below(high - low)).unwrap())
    }
}

/// Every time of the schedule after `since` up to `until`, counted out.
fn counted_out(job: &Job, line: &Line, ahead: i64, since: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let calendar = calendar();
    let mut times = Vec::new();
    // Shifted times come from before.
    let mut minute = since.timestamp() / 60 - 40 * 1_440;
    while minute * 60 <= until.timestamp() {
        let local = minute + ahead;
        minute += 1;
        if !line.1(local.rem_euclid(1_440)) {
            continue;
        }
        let day = |days: i64| NaiveDate::from_epoch_days(i32::try_from(days).unwrap()).unwrap();
        let days = local.div_euclid(1_440);
        if !line.2(day(days)) {
            continue;
        }
        let moved = placed(job.days, &calendar, &day, days);
        times.extend(moved.map(|moved| at_minute(local - ahead + (moved - days) * 1_440)));
    }
    times.retain(|time| *time > since && *time <= until);
    times.sort();
    times.dedup();
    times
}

fn placed(rule: DayRule, calendar: &Calendar, day: &impl Fn(i64) -> NaiveDate, days: i64) -> Option<i64> {
    let works = |days: &i64| calendar.free(day(*days)).is_none();
    match rule {
        // Free days are accounted for, too.
        DayRule::Any | DayRule::WorkingDays => Some(days),
        DayRule::NextWorkingDay => (days..days + 40).find(works),
        DayRule::FirstWorkingDayOfMonth => {
            let first = days - i64::from(day(days).day0());
            (first..first + 40).find(works).filter(|found| *found == days)
        }
    }
}

fn at_minute(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(minute * 60, 0).unwrap()
}

/// What a ledger would hold.
#[derive(Default)]
struct Book {
    since: Option<DateTime<Utc>>,
    /// Each time and whether it ran.
    times: BTreeMap<DateTime<Utc>, bool>,
    /// Looks that the run at work still takes.
    busy_for: u64,
}

impl Book {
    fn look(&mut self, job: &Job, calendar: &Calendar, now: DateTime<Utc>, dice: &mut Dice) {
        let since = *self.since.get_or_insert(now);
        self.busy_for = self.busy_for.saturating_sub(1);
        let accounted = self.times.range(..=now).next_back().map(|(at, _)| *at);
        let known = Known { since, accounted, busy: self.busy_for > 0 };
        let decided = due(std::slice::from_ref(job), &BTreeMap::from([(job.id.clone(), known)]), calendar, now);
        let bound = if let Misfire::All(n) = job.misfire { n as usize } else { 1 };
        assert!(decided.iter().filter(|due| due.decision == Decision::Run).count() <= bound);
        assert!(decided.is_sorted_by(|a, b| a.due_at < b.due_at), "in order, each once");
        for due in decided {
            assert!(due.due_at > since && job.starts_at(due.due_at) <= now, "{} at {now}", due.due_at);
            let runs = due.decision == Decision::Run;
            assert_eq!(self.times.insert(due.due_at, runs), None, "{} twice", due.due_at);
            if runs {
                self.busy_for = dice.below(4);
                // What comes after is accounted for after it.
                return;
            }
        }
    }
}

#[test]
fn each_time_is_accounted_for_once_whatever_happens() {
    let calendar = calendar();
    for seed in 0..40 {
        let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed));
        let line = dice.one(&LINES);
        let (zone, ahead) = dice.one(&ZONES);
        let mut rules = vec![DayRule::Any, DayRule::WorkingDays, DayRule::NextWorkingDay];
        if line.0.ends_with("* * *") {
            rules.push(DayRule::FirstWorkingDayOfMonth);
        }
        let job = Job {
            zone,
            days: dice.one(&rules),
            misfire: dice.one(&[Misfire::Skip, Misfire::Last, Misfire::All(1), Misfire::All(5)]),
            jitter: dice.one(&[TimeDelta::zero(), TimeDelta::seconds(45), TimeDelta::minutes(20)]),
            ..job("source:omspan", line.0)
        };
        let begin = at("2026-02-01T00:00:00Z") + dice.seconds(0, 40 * 86_400);
        let mut now = begin;
        let mut book = Book::default();
        for _ in 0..500 {
            book.look(&job, &calendar, now, &mut dice);
            now += match dice.below(100) {
                // Down for days; a clock that is set back; an hour of suspension.
                0 => dice.seconds(86_400, 12 * 86_400),
                1..=3 => -dice.seconds(1, 3 * 3_600),
                4..=9 => dice.seconds(3_600, 5 * 3_600),
                _ => dice.seconds(50, 1_300),
            };
        }
        // In the end the daemon is up and the clock is right: everything there was is settled.
        now = now.max(book.times.keys().next_back().copied().unwrap_or(now)) + TimeDelta::hours(1);
        for _ in 0..40 {
            book.look(&job, &calendar, now, &mut dice);
        }
        let all = counted_out(&job, &line, ahead, begin, now);
        let wanted: Vec<_> = all.into_iter().filter(|time| job.starts_at(*time) <= now).collect();
        let found: Vec<_> = book.times.keys().copied().collect();
        // What has not begun for its jitter may hold back one after it.
        assert!(wanted.len() - found.len() <= usize::from(!job.jitter.is_zero()), "seed {seed} {}", job.spec());
        assert_eq!(found, wanted[..found.len()], "seed {seed} {}", job.spec());
    }
}
