//! Budget lines of a fiscal year and the rows DIPA shows for them.

use super::catalogue::{ACTIVITIES, Activity, Fund, Kind};
use super::dice::Dice;
use super::offices::{ESELON1, Satker};

/// Eselon 1 units (index) that DIPA also shows as one summary row.
const SUMMARISED: [usize; 2] = [0, 4];
/// One line in so many also stands in DIPA as the proposal it came from (BUDGET_TYPE 1).
const PROPOSAL_EVERY: usize = 397;

/// One budget line: satker, activity, account and fund are unique within a year.
#[derive(Debug)]
pub(crate) struct Line {
    /// Index of the satker.
    pub(crate) satker: u32,
    /// What for.
    pub(crate) activity: &'static Activity,
    /// BAS account.
    pub(crate) akun: &'static str,
    /// From which fund.
    pub(crate) fund: &'static Fund,
    /// Pagu in rupiah, after revisions.
    pub(crate) pagu: i64,
    /// Of which a revision shown as its own DIPA row; 0 = none, negative = a cut.
    pub(crate) revision: i64,
    /// Blocked rupiah: nobody can spend them.
    pub(crate) blocked: i64,
    /// Rupiah under contract, from the day `contract_from` on; 0 = none.
    pub(crate) contract: i64,
    /// Day of the year (0-based) the contract was registered.
    pub(crate) contract_from: u16,
}

impl Line {
    /// Kind of expenditure.
    pub(crate) fn kind(&self) -> Kind {
        Kind::of(self.akun)
    }

    /// What can be spent.
    pub(crate) fn spendable(&self) -> i64 {
        self.pagu - self.blocked
    }
}

/// Why a row stands in DIPA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DipaRole {
    /// Pagu: BUDGET_TYPE 2.
    Pagu,
    /// The proposal behind the line: BUDGET_TYPE 1, not pagu.
    Proposal,
    /// An eselon 1 unit's sum under a satker code with Z: not to be added to the pagu.
    Summary,
}

/// One DIPA row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DipaRow {
    /// Index of the line; of a summary, any line of the unit.
    pub(crate) line: u32,
    /// Why it is there.
    pub(crate) role: DipaRole,
    /// Rupiah.
    pub(crate) amount: i64,
}

/// The budget lines of `year`, by satker.
pub(crate) fn lines(seed: u64, year: i32, satkers: &[Satker]) -> Vec<Line> {
    let mut lines = Vec::with_capacity(satkers.len() * 36);
    for (index, satker) in satkers.iter().enumerate() {
        let mut dice = Dice::new(seed, &format!("budget {year} {}", satker.code));
        let unit = satker.eselon1.code;
        let mine = ACTIVITIES.iter().filter(|activity| {
            activity.roles.contains(&satker.role) && activity.unit.is_none_or(|only| only == unit)
        });
        for activity in mine {
            for (akun, millions) in activity.accounts {
                // Salaries of everyone, but not every satker has every other line in every year.
                if *akun != "511111" && dice.chance(130) {
                    continue;
                }
                for fund in activity.funds {
                    let pagu = pagu(&mut dice, *millions, satker.size);
                    lines.push(line(&mut dice, index as u32, (activity, akun, fund), pagu));
                }
            }
        }
    }
    lines
}

/// The pagu of a line in whole thousands; a few lines have none.
fn pagu(dice: &mut Dice, millions: i64, size: i64) -> i64 {
    let percent = dice.between(70, 130);
    if dice.chance(4) { 0 } else { millions * 1_000_000 / 100 * size / 100 * percent / 1000 * 1000 }
}

fn line(dice: &mut Dice, satker: u32, what: (&'static Activity, &'static str, &'static Fund), pagu: i64) -> Line {
    let (activity, akun, fund) = what;
    let kind = Kind::of(akun);
    let blocked = match kind {
        Kind::Barang | Kind::Modal if dice.chance(40) => pagu / 1000 * dice.between(100, 600) / 1000 * 1000,
        _ => 0,
    };
    let revision = if dice.chance(10) { pagu / 1000 * dice.between(-200, 200) } else { 0 };
    let contracted = kind == Kind::Modal || matches!(akun, "522131" | "522191" | "522141");
    let contract = if contracted { (pagu - blocked) / 100 * dice.between(60, 90) } else { 0 };
    let contract_from = dice.between(32, 120) as u16;
    Line { satker, activity, akun, fund, pagu, revision, blocked, contract, contract_from }
}

/// What DIPA shows: a row or two a line, a few proposals, and the summary rows at the end.
pub(crate) fn dipa(lines: &[Line], satkers: &[Satker]) -> Vec<DipaRow> {
    let mut rows = Vec::with_capacity(lines.len() + lines.len() / 50 + 8);
    for (index, line) in lines.iter().enumerate() {
        let row = |role, amount| DipaRow { line: index as u32, role, amount };
        rows.push(row(DipaRole::Pagu, line.pagu - line.revision));
        if line.revision != 0 {
            rows.push(row(DipaRole::Pagu, line.revision));
        }
        if index % PROPOSAL_EVERY == 11 {
            rows.push(row(DipaRole::Proposal, line.pagu / 100 * 108));
        }
    }
    for unit in SUMMARISED {
        let code = ESELON1[unit].code;
        let mut sum = 0;
        let mut first = None;
        for (index, line) in lines.iter().enumerate() {
            if satkers[line.satker as usize].eselon1.code == code {
                sum += line.pagu;
                first = first.or(Some(index as u32));
            }
        }
        if let Some(line) = first {
            rows.push(DipaRow { line, role: DipaRole::Summary, amount: sum });
        }
    }
    rows
}
