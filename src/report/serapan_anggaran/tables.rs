//! The detail tables: eselon 1 units, kinds of expenditure, and the course of the year. A table without rows is left out;
//! "Catatan mutu data" says so.

use super::facts::{Budget, Facts, Kind, Month, Unit};
use super::standing::{Standing, is_month_end};
use crate::report::amount::Amount;
use crate::report::id_id;
use crate::report::page::{Bar, Cell, Column, Row, Section, Table};
use chrono::Datelike;

/// Where there is no figure. A dash, not a zero.
const NOTHING: &str = "–";

/// The unit of a table's money, chosen once for the whole report from its total, so that columns of different tables
/// compare.
#[derive(Clone, Copy)]
pub(super) struct MoneyUnit {
    places: u32,
    decimals: u32,
    name: &'static str,
}

impl MoneyUnit {
    /// Billions from a hundred billion rupiah up, millions from a hundred million up, below that rupiah in full.
    pub(super) fn for_total(pagu: Amount) -> Self {
        let (places, decimals, name) = if pagu >= Amount::whole(100_000_000_000) {
            (9, 1, "Rp miliar")
        } else if pagu >= Amount::whole(100_000_000) {
            (6, 1, "Rp juta")
        } else {
            (0, 0, "Rupiah")
        };
        Self { places, decimals, name }
    }

    fn print(self, amount: Amount) -> String {
        id_id::decimal(amount.shifted_down(self.places), self.decimals)
    }
}

fn share(serapan: Option<Amount>) -> String {
    serapan.map_or_else(|| NOTHING.to_owned(), |serapan| id_id::decimal(serapan, 1))
}

/// Eselon 1 units, largest pagu first, the rest in one row, the total last; a bar below each percentage.
pub(super) fn eselon1(
    facts: &Facts,
    standing: &Standing,
    threshold: Amount,
    limit: usize,
    unit: MoneyUnit,
) -> Option<Section> {
    let mut units: Vec<&Unit> = facts.headline.eselon1.iter().collect();
    if units.is_empty() {
        return None;
    }
    units.sort_by(|a, b| b.budget.pagu.cmp(&a.budget.pagu).then_with(|| a.code.cmp(&b.code)));
    // One row for the rest only where it replaces at least two.
    let shown = if units.len() > limit { limit - 1 } else { units.len() };
    let row = |budget: Budget| {
        let serapan = budget.serapan();
        let behind = serapan.is_some_and(|serapan| standing.target.minus(serapan) >= threshold);
        let mark = if behind { "▼\u{a0}" } else { "" };
        let cell = Cell::figure(format!("{mark}{}", share(serapan))).alerted(behind);
        let percent = match serapan {
            Some(serapan) => cell.with_bar(Bar::of_permille(serapan.unscaled_at(1), behind)),
            None => cell,
        };
        let mut cells: Vec<Cell> =
            [budget.pagu, budget.realisasi, budget.sisa()].map(|money| Cell::figure(unit.print(money))).into();
        cells.push(percent);
        cells
    };
    let mut rows: Vec<Row> =
        units[..shown].iter().map(|unit| Row::new(unit.name.clone(), row(unit.budget))).collect();
    if shown < units.len() {
        let rest = sum(units[shown..].iter().map(|unit| unit.budget));
        rows.push(Row::new(format!("{} unit lain", units.len() - shown), row(rest)));
    }
    rows.push(Row::total("Jumlah", row(sum(units.iter().map(|unit| unit.budget)))));
    let caption = format!(
        "{}; persen terhadap pagu. Tanda ▼: {} atau lebih di bawah target {}.",
        unit.name,
        id_id::points(threshold),
        id_id::percent(standing.target)
    );
    let columns = Column::list(&["Unit eselon I", "Pagu", "Realisasi", "Sisa", "%"], &[]);
    Some(section("Serapan menurut unit eselon I", Table { caption, columns, rows }))
}

fn section(heading: &str, table: Table) -> Section {
    Section { heading: heading.to_owned(), table }
}

fn sum(budgets: impl Iterator<Item = Budget>) -> Budget {
    budgets.fold(Budget { pagu: Amount::ZERO, realisasi: Amount::ZERO }, Budget::plus)
}

/// The budget realisation statement's own order: Uraian, Anggaran, Realisasi, %, last year at the same date.
pub(super) fn kinds(facts: &Facts, unit: MoneyUnit) -> Option<Section> {
    let year = facts.headline.total.year;
    let last = |amount: Option<Amount>| amount.map_or_else(|| NOTHING.to_owned(), |amount| unit.print(amount));
    let cells = |budget: Budget, last_year: Option<Amount>| {
        vec![
            Cell::figure(unit.print(budget.pagu)),
            Cell::figure(unit.print(budget.realisasi)),
            Cell::figure(share(budget.serapan())),
            Cell::figure(last(last_year)),
        ]
    };
    let row = |kind: &Kind| Row::new(kind.unit.name.clone(), cells(kind.unit.budget, kind.last_year));
    if facts.kinds.is_empty() {
        return None;
    }
    let mut rows: Vec<Row> = facts.kinds.iter().map(row).collect();
    let total = sum(facts.kinds.iter().map(|kind| kind.unit.budget));
    rows.push(Row::total("Jumlah belanja", cells(total, last_year_total(facts))));
    let last_label = format!("Realisasi {}", year - 1);
    let columns = Column::list(&["Uraian", "Anggaran", "Realisasi", "%", &last_label], &[]);
    let caption = format!("{}. Kolom terakhir: realisasi tahun {} pada tanggal yang sama.", unit.name, year - 1);
    Some(section("Serapan menurut jenis belanja", Table { caption, columns, rows }))
}

/// Last year's realisation at the same date; `None` when that year is not held.
pub(super) fn last_year_total(facts: &Facts) -> Option<Amount> {
    let amounts: Option<Vec<Amount>> = facts.kinds.iter().map(|kind| kind.last_year).collect();
    amounts.filter(|amounts| !amounts.is_empty()).map(|amounts| amounts.into_iter().sum())
}

/// The cumulative course, month by month, against target and last year.
pub(super) fn months(facts: &Facts, standing: &Standing, targets: &[Amount; 12], unit: MoneyUnit) -> Option<Section> {
    let total = &facts.headline.total;
    let running = i64::from(standing.per_tanggal.month());
    let this_year = facts.months.iter().filter(|month| month.year == total.year && month.number <= running);
    let row = |month: &Month| {
        let number = u32::try_from(month.number).ok();
        let current = month.number == running;
        let target = if current { Some(standing.target) } else { plan(targets, number) };
        let serapan = month.budget.serapan();
        let gap = serapan.zip(target).map(|(serapan, target)| serapan.minus(target));
        let name = number.and_then(id_id::month).map_or_else(|| format!("Bulan {}", month.number), str::to_owned);
        Row::new(
            name,
            vec![
                Cell::figure(unit.print(month.budget.realisasi)),
                Cell::figure(share(serapan)),
                Cell::figure(share(target)),
                Cell::figure(gap.map_or_else(|| NOTHING.to_owned(), |gap| id_id::signed(gap, 1)))
                    .alerted(gap.is_some_and(Amount::is_negative)),
                Cell::figure(share(last_year(facts, month.number, current && !is_month_end(standing.per_tanggal)))),
            ],
        )
    };
    let rows: Vec<Row> = this_year.map(row).collect();
    if rows.is_empty() {
        return None;
    }
    let running_note = match is_month_end(standing.per_tanggal) {
        true => String::new(),
        false => format!(" Bulan berjalan sampai {}.", id_id::date_long(standing.per_tanggal)),
    };
    let caption = format!(
        "Realisasi kumulatif dalam {}; serapan, target, dan tahun {} dalam persen; jarak dalam poin.{running_note}",
        unit.name,
        total.year - 1
    );
    let last_label = (total.year - 1).to_string();
    let columns = Column::list(&["Bulan", "Realisasi", "%", "Target", "Jarak", &last_label], &[]);
    Some(section("Serapan kumulatif terhadap target", Table { caption, columns, rows }))
}

/// The plan's own figure for the end of a month.
fn plan(targets: &[Amount; 12], month: Option<u32>) -> Option<Amount> {
    let index = usize::try_from(month?).ok()?.checked_sub(1)?;
    targets.get(index).map(|target| target.rounded(1))
}

/// Last year's cumulative absorption at the end of that month; within the running month at the same date.
fn last_year(facts: &Facts, number: i64, same_date: bool) -> Option<Amount> {
    let year = facts.headline.total.year - 1;
    let month = facts.months.iter().find(|month| month.year == year && month.number == number)?;
    if same_date {
        return last_year_total(facts)?.percent_of(month.budget.pagu, 1);
    }
    month.budget.serapan()
}
