//! What goes wrong in a simulated year, and when: spells of a source, absences of the daemon, jumps of its clock, a token that is
//! late. Made of a seed, so that a year that shows a bug can be lived again.

use chrono::{DateTime, TimeDelta, Utc};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::weeks::wib;

/// How the source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sky {
    Fine,
    /// Nobody answers.
    Down,
    /// A tenth of the rows.
    Shrunk,
    /// Answers begin and never end.
    Stalled,
    /// Answers come late, and whole.
    Slow,
    /// The source changes while it is read.
    Moved,
}

const KINDS: [Sky; 5] = [Sky::Down, Sky::Shrunk, Sky::Moved, Sky::Stalled, Sky::Slow];

impl Sky {
    /// The faults of the sandbox that make it so.
    pub(super) fn faults(self) -> &'static [&'static str] {
        match self {
            Self::Fine | Self::Down => &[],
            Self::Shrunk => &["shrink"],
            Self::Stalled => &["stalled-body"],
            Self::Slow => &["slow"],
            Self::Moved => &["maxdate-moves", "rownum-gap"],
        }
    }
}

/// A span in which the source is not well.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spell {
    pub(super) from: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
    pub(super) sky: Sky,
}

/// What befalls the daemon.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    /// It is down until then.
    Away(DateTime<Utc>),
    /// It dies in the middle of a load that is due just then.
    Dies,
    /// Its clock is set back by so much, and is right from then on.
    Back(TimeDelta),
    /// Its clock is ahead by so much for one look.
    Ahead(TimeDelta),
}

/// A span of time with all that happens in it.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) begin: DateTime<Utc>,
    pub(super) end: DateTime<Utc>,
    pub(super) spells: Vec<Spell>,
    /// In order; none overlap.
    pub(super) fates: Vec<(DateTime<Utc>, Fate)>,
    /// From when on the token of the new year is a wrong one, and from when on it is right; none: it is right from the start.
    pub(super) token: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Story {
    /// From January to the end of the next one.
    pub(super) fn year(seed: u64) -> Self {
        let fates = vec![
            (wib("2026-03-11 02:00"), Fate::Away(wib("2026-03-12 02:00"))),
            (wib("2026-04-07 04:30"), Fate::Dies),
            (wib("2026-06-10 00:00"), Fate::Away(wib("2026-07-10 12:00"))),
            (wib("2026-09-15 10:00"), Fate::Back(TimeDelta::hours(7))),
            (wib("2026-10-20 08:00"), Fate::Ahead(TimeDelta::days(5))),
        ];
        let (begin, end) = (wib("2026-01-01 00:00"), wib("2027-01-31 23:55"));
        Self { spells: spells((begin, end), 14, seed), ..Self::with(begin, end, fates) }
    }

    /// The weeks around New Year, with as much trouble.
    pub(super) fn new_year(seed: u64) -> Self {
        let fates = vec![
            (wib("2026-12-10 02:00"), Fate::Away(wib("2026-12-11 02:00"))),
            (wib("2026-12-14 04:30"), Fate::Dies),
            (wib("2026-12-16 10:00"), Fate::Back(TimeDelta::hours(7))),
            (wib("2026-12-18 08:00"), Fate::Ahead(TimeDelta::days(5))),
            (wib("2026-12-29 12:00"), Fate::Away(wib("2027-01-01 12:00"))),
        ];
        let (begin, end) = (wib("2026-12-05 00:00"), wib("2027-01-18 23:55"));
        Self { spells: spells((begin, end), 4, seed), ..Self::with(begin, end, fates) }
    }

    /// The same span, and nothing goes wrong.
    pub(super) fn quiet(&self) -> Self {
        let &Self { begin, end, .. } = self;
        Self { begin, end, spells: Vec::new(), fates: Vec::new(), token: None }
    }

    fn with(begin: DateTime<Utc>, end: DateTime<Utc>, fates: Vec<(DateTime<Utc>, Fate)>) -> Self {
        let token = Some((wib("2027-01-03 00:00"), wib("2027-01-05 10:00")));
        Self { begin, end, spells: Vec::new(), fates, token }
    }

    /// How the source is.
    pub(super) fn sky(&self, at: DateTime<Utc>) -> Sky {
        let spell = self.spells.iter().find(|spell| spell.from <= at && at < spell.until);
        spell.map_or(Sky::Fine, |spell| spell.sky)
    }

    /// Whether a load may fail or be held then.
    pub(super) fn is_bad(&self, at: DateTime<Utc>) -> bool {
        // A look with a clock that is ahead has the weather of the true time.
        let truth = self.fates.iter().find_map(|(when, fate)| match fate {
            Fate::Ahead(by) if *when + *by == at => Some(*when),
            _ => None,
        });
        let at = truth.unwrap_or(at);
        let without_token = self.token.is_some_and(|(_, right)| wib("2027-01-01 00:00") <= at && at < right);
        without_token || self.sky(at) != Sky::Fine
    }

    /// When something changes next.
    pub(super) fn next_change(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let spells = self.spells.iter().flat_map(|spell| [spell.from, spell.until]);
        let tokens = self.token.into_iter().flat_map(|(wrong, right)| [wrong, right]);
        spells.chain(tokens).filter(|change| *change > at).min()
    }
}

/// Spells with at most `gap_days` fine days between them, each kind at least once; the last days are fine, so that what was
/// missed can be made up for.
fn spells((begin, end): (DateTime<Utc>, DateTime<Utc>), gap_days: u32, seed: u64) -> Vec<Spell> {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mut upto = |n: u32| i64::from(dice.next_u32() % n);
    let mut spells = Vec::new();
    let mut day = begin + TimeDelta::days(1);
    for n in 0_usize.. {
        day += TimeDelta::days(1 + upto(gap_days));
        let sky = match KINDS.get(n) {
            Some(first) => *first,
            // Outages are the most common; what takes long in real time is rare.
            None => [Sky::Down, Sky::Down, Sky::Down, Sky::Shrunk, Sky::Moved, Sky::Stalled][upto(6) as usize],
        };
        // Most begin in the small hours, when loads are due.
        let from = day + TimeDelta::minutes(60 * 3 + upto(150));
        let lasts = match sky {
            Sky::Down if upto(3) == 0 => TimeDelta::hours(20 + upto(60)),
            Sky::Down => TimeDelta::minutes(30 + upto(600)),
            Sky::Stalled => TimeDelta::minutes(30 + upto(60)),
            _ => TimeDelta::hours(15),
        };
        if from + lasts > end - TimeDelta::days(8) {
            return spells;
        }
        spells.push(Spell { from, until: from + lasts, sky });
        day += TimeDelta::days(lasts.num_days() + 1);
    }
    spells
}
