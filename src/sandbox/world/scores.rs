//! IKPA: the thirteen indicators of budget execution, by satker, eselon 1 unit and ministry, month by month. Scores are
//! hundredths of a point (0 to 10000).

use super::dice::Dice;
use super::offices::{ESELON1, Satker};

/// An indicator, in the order used for arrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Indicator {
    DispensasiSpm,
    Up,
    Kontrak,
    KesalahanSpm,
    Retur,
    Hal3,
    Revisi,
    Tagihan,
    Lpj,
    Realisasi,
    Renkas,
    PaguMinus,
    Output,
}

/// Number of indicators.
pub(crate) const INDICATORS: usize = 13;

/// One value for each indicator: scores in hundredths, or weights in points.
pub(crate) type Values = [u16; INDICATORS];

/// Weights since PER-5/PB/2024; what is 0 is not measured any more (dispensasi SPM only deducts).
const WEIGHTS: Values = [0, 10, 10, 0, 0, 15, 10, 10, 0, 20, 0, 0, 25];

/// The same for ministry and satker: their answers have no key for the output score, so it cannot weigh there.
const WITHOUT_OUTPUT: Values = [0, 10, 10, 0, 0, 15, 10, 10, 0, 20, 0, 0, 0];

/// Cumulative absorption (per mille of the pagu) that earns the full score, by month.
const TARGETS: [i64; 12] = [40, 90, 160, 250, 340, 430, 510, 590, 670, 740, 840, 950];

/// One row: what it measures, in which month, with its scores.
#[derive(Debug, Clone)]
pub(crate) struct Score {
    /// Index of the satker or of the eselon 1 unit; 0 for the ministry.
    pub(crate) of: u32,
    /// Month (0-based).
    pub(crate) month: u8,
    /// Scores.
    pub(crate) scores: Values,
    /// Weights; 0 = does not apply.
    pub(crate) weights: Values,
}

/// A year's scores on the three levels, each by month first: a later month only adds rows.
#[derive(Debug, Default)]
pub(crate) struct Scores {
    pub(crate) ministry: Vec<Score>,
    pub(crate) units: Vec<Score>,
    pub(crate) satkers: Vec<Score>,
}

/// Pagu and cumulative realisasi of a satker at the end of each month.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Absorption {
    pub(crate) pagu: i64,
    pub(crate) spent: [i64; 12],
}

impl Scores {
    /// The scores of `year`, from what each satker spends in it.
    pub(crate) fn of(seed: u64, year: i32, satkers: &[Satker], absorption: &[Absorption]) -> Self {
        let mut all = Self::default();
        for month in 0..12_u8 {
            let start = all.satkers.len();
            for (index, satker) in satkers.iter().enumerate() {
                let mut dice = Dice::new(seed, &format!("ikpa {year} {} {month}", satker.code));
                let scores = satker_scores(&mut dice, satker, &absorption[index], month);
                let (scores, weights) = switch_off(satker, scores);
                all.satkers.push(Score { of: index as u32, month, scores, weights });
            }
            let rows = &all.satkers[start..];
            for (unit, eselon1) in ESELON1.iter().enumerate() {
                let mine = |row: &&Score| satkers[row.of as usize].eselon1.code == eselon1.code;
                let scores = mean(rows.iter().filter(mine), absorption);
                all.units.push(Score { of: unit as u32, month, scores, weights: WEIGHTS });
            }
            let scores = mean(rows.iter(), absorption);
            all.ministry.push(Score { of: 0, month, scores, weights: WITHOUT_OUTPUT });
        }
        all
    }
}

/// Indicators that do not apply to a satker have score and weight 0: some have no contracts.
fn switch_off(satker: &Satker, mut scores: Values) -> (Values, Values) {
    let mut weights = WITHOUT_OUTPUT;
    if satker.code.ends_with('3') {
        scores[Indicator::Kontrak as usize] = 0;
        weights[Indicator::Kontrak as usize] = 0;
    }
    (scores, weights)
}

fn satker_scores(dice: &mut Dice, satker: &Satker, absorption: &Absorption, month: u8) -> Values {
    let (low, high) = if satker.lagging { (5_500, 9_000) } else { (8_400, 10_000) };
    let mut scores = [0; INDICATORS];
    for score in &mut scores {
        *score = dice.between(low, high) as u16;
    }
    for perfect in [Indicator::DispensasiSpm, Indicator::KesalahanSpm, Indicator::Lpj, Indicator::Revisi] {
        if dice.chance(800) {
            scores[perfect as usize] = 10_000;
        }
    }
    scores[Indicator::PaguMinus as usize] = if dice.chance(900) { 9_999 } else { 10_000 };
    let month = usize::from(month);
    let target = i128::from(absorption.pagu) * i128::from(TARGETS[month]);
    let reached = i128::from(absorption.spent[month].max(0)) * 1000 * 10_000;
    scores[Indicator::Realisasi as usize] = reached.checked_div(target).unwrap_or(0).clamp(0, 10_000) as u16;
    // Outputs are reported as they are reached: low at first, near the others at the end of the year.
    let output = &mut scores[Indicator::Output as usize];
    *output = (u32::from(*output) * (45 + 5 * month as u32) / 100) as u16;
    scores
}

/// The mean of satker rows, weighted with their pagu, over those an indicator applies to.
fn mean<'a>(rows: impl Iterator<Item = &'a Score>, absorption: &[Absorption]) -> Values {
    let mut sums = [(0_i128, 0_i128); INDICATORS];
    for row in rows {
        let pagu = i128::from(absorption[row.of as usize].pagu.max(1));
        for (index, (sum, weight)) in sums.iter_mut().enumerate() {
            let applies = index != Indicator::Kontrak as usize || row.weights[index] > 0;
            if applies {
                *sum += pagu * i128::from(row.scores[index]);
                *weight += pagu;
            }
        }
    }
    sums.map(|(sum, weight)| sum.checked_div(weight).unwrap_or(0) as u16)
}
