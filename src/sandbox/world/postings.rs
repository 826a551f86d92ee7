//! Realisasi: when each budget line is spent. A year is planned whole and served up to a day, so that a later day only
//! adds postings.

use super::budget::Line;
use super::calendar::WorkingDays;
use super::catalogue::Kind;
use super::dice::Dice;
use super::offices::Satker;
use std::collections::BTreeMap;

/// One posting. Sixteen bytes, so that a year of millions stays small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Posting {
    /// Rupiah; negative = reversal or return.
    pub(crate) amount: i64,
    /// Index of the budget line.
    pub(crate) line: u32,
    /// Day of the year (0-based).
    pub(crate) day: u16,
}

/// Share of a year's postings by month, per mille: slow at first, a rush in November and December.
const GOODS: [u32; 12] = [18, 38, 58, 76, 82, 86, 80, 88, 92, 98, 138, 146];
const CAPITAL: [u32; 12] = [4, 18, 34, 52, 70, 82, 88, 94, 100, 118, 160, 180];
const ASSISTANCE: [u32; 12] = [0, 8, 40, 76, 84, 96, 98, 100, 118, 104, 156, 120];
const LATE: [u32; 12] = [4, 12, 22, 34, 44, 54, 62, 74, 86, 104, 230, 274];

/// One satker in so many is over its budget where the world has overruns.
const OVERRUN_EVERY: usize = 9;

/// How a year is spent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spending {
    /// Postings a line against the demo's, in per mille.
    pub(crate) density: u64,
    /// Whether some satker spend more than their pagu.
    pub(crate) overrun: bool,
}

/// All postings of `year` in the order of their day: the row number of a posting is its index + 1.
pub(crate) fn postings(seed: u64, year: i32, satkers: &[Satker], lines: &[Line], spending: Spending) -> Vec<Posting> {
    let days = WorkingDays::of(year);
    let mut all = Vec::with_capacity(lines.len() * (18 * spending.density / 1000) as usize);
    let mut dice = Vec::new();
    for satker in satkers {
        dice.push(Dice::new(seed, &format!("realisasi {year} {}", satker.code)));
    }
    for (index, line) in lines.iter().enumerate() {
        let satker = line.satker as usize;
        let mut spender = Spender {
            dice: &mut dice[satker],
            days: &days,
            lagging: satkers[satker].lagging,
            density: spending.density,
            out: &mut all,
        };
        spender.spend(index as u32, line);
    }
    if spending.overrun {
        overrun(lines, &days, &mut all);
    }
    all.sort_by_key(|posting| posting.day);
    all
}

struct Spender<'a> {
    dice: &'a mut Dice,
    days: &'a WorkingDays,
    lagging: bool,
    density: u64,
    out: &'a mut Vec<Posting>,
}

impl Spender<'_> {
    /// Plans the postings of one line: together at most what it can spend, at every moment of the year.
    fn spend(&mut self, index: u32, line: &Line) {
        let kind = line.kind();
        let per_mille = match (self.lagging, kind) {
            (false, Kind::Pegawai) => self.dice.between(955, 995),
            (false, _) => self.dice.between(900, 995),
            (true, Kind::Pegawai) => self.dice.between(860, 940),
            (true, _) => self.dice.between(420, 640),
        };
        let total = line.spendable() / 1000 * per_mille;
        let count = self.count(line.akun, kind);
        if total < count as i64 {
            return;
        }
        let weights: Vec<i64> = (0..count).map(|_| self.dice.between(60, 140)).collect();
        let sum: i64 = weights.iter().sum();
        for (turn, weight) in weights.iter().enumerate() {
            let amount = (i128::from(total) * i128::from(*weight) / i128::from(sum)) as i64;
            let day = self.day(kind, turn);
            self.post(Posting { amount, line: index, day });
        }
    }

    /// How many postings a line has in the year.
    fn count(&mut self, akun: &str, kind: Kind) -> usize {
        let plain = match kind {
            Kind::Pegawai => 13,
            Kind::Barang if akun.starts_with("524") => self.dice.between(16, 34),
            Kind::Barang => self.dice.between(10, 24),
            Kind::Modal => self.dice.between(4, 10),
            Kind::Bansos => self.dice.between(3, 6),
        };
        (plain as u64 * self.density / 1000).max(1) as usize
    }

    /// The day of the line's posting number `turn`.
    fn day(&mut self, kind: Kind, turn: usize) -> u16 {
        if kind == Kind::Pegawai {
            // Salaries fall on the first working days of each month, the thirteenth in June.
            let month = if turn % 13 == 12 { 5 } else { turn % 13 };
            let first = self.days.in_month(month);
            return first[self.dice.below(3) as usize % first.len()];
        }
        let shares = match kind {
            _ if self.lagging => &LATE,
            Kind::Modal => &CAPITAL,
            Kind::Bansos => &ASSISTANCE,
            Kind::Barang | Kind::Pegawai => &GOODS,
        };
        let month = self.dice.weighted(shares);
        *self.dice.pick(self.days.in_month(month))
    }

    /// Adds a posting; at times as two equal halves (real duplicates), at times with a later reversal.
    fn post(&mut self, posting: Posting) {
        if self.dice.chance(8) {
            let half = Posting { amount: posting.amount / 2, ..posting };
            self.out.extend([half, half]);
            return;
        }
        self.out.push(posting);
        if self.dice.chance(12) {
            let back = posting.amount / 100 * self.dice.between(20, 100);
            let steps = self.dice.between(3, 18) as usize;
            if let Some(day) = self.days.after(posting.day, steps).filter(|_| back > 0) {
                self.out.push(Posting { amount: -back, day, ..posting });
            }
        }
    }
}

/// Spends, early in January, more than all lines of a satker's smallest output and kind of expenditure hold: a pagu
/// minus at the line and at the level where control is exercised.
fn overrun(lines: &[Line], days: &WorkingDays, out: &mut Vec<Posting>) {
    let mut groups: BTreeMap<(u32, &str, &str, Kind), (i64, u32)> = BTreeMap::new();
    for (index, line) in lines.iter().enumerate() {
        let key = (line.satker, line.activity.kegiatan, line.activity.output, line.kind());
        let group = groups.entry(key).or_insert((0, index as u32));
        group.0 += line.pagu;
    }
    let mut smallest: BTreeMap<u32, (i64, u32)> = BTreeMap::new();
    for ((satker, ..), group) in groups {
        if group.0 > 0 && (satker as usize).is_multiple_of(OVERRUN_EVERY) {
            let known = smallest.entry(satker).or_insert(group);
            *known = (*known).min(group);
        }
    }
    let day = days.all()[0];
    out.extend(smallest.into_values().map(|(pagu, line)| Posting { amount: pagu + 1_000_000, line, day }));
}
