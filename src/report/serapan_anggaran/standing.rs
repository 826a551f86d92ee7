//! Where the body stands against its target, and the sentences that say so: headline, subject, preheader, tiles.

use super::facts::{Facts, Ikpa, Total};
use crate::report::amount::Amount;
use crate::report::definition::Thresholds;
use crate::report::id_id;
use crate::report::page::Tile;
use chrono::{Datelike, NaiveDate};

/// Subjects longer than this are cut by phones and by the house rule.
const SUBJECT_MAX: usize = 60;
const PREHEADER_MAX: usize = 130;

/// Absorption against target at the data date, both with the one decimal that is printed.
pub(super) struct Standing {
    pub(super) per_tanggal: NaiveDate,
    /// `None` without pagu.
    pub(super) serapan: Option<Amount>,
    pub(super) target: Amount,
}

/// The target in percent at `date`: on the straight line between the two month ends around it, exact at a month's end.
pub(super) fn target_at(targets: &[Amount; 12], date: NaiveDate) -> Amount {
    let month = date.month0() as usize;
    let before = month.checked_sub(1).map_or(Amount::ZERO, |earlier| targets[earlier]);
    Amount::between(before, targets[month], (date.day(), date.num_days_in_month().into()), 1)
}

/// True on the last day of a month: then the target is the plan's own figure.
pub(super) fn is_month_end(date: NaiveDate) -> bool {
    date.day() == u32::from(date.num_days_in_month())
}

impl Standing {
    pub(super) fn of(total: &Total, targets: &[Amount; 12]) -> Self {
        Self {
            per_tanggal: total.per_tanggal,
            serapan: total.budget.serapan(),
            target: target_at(targets, total.per_tanggal),
        }
    }

    /// Points above (positive) or below (negative) target.
    pub(super) fn gap(&self) -> Option<Amount> {
        self.serapan.map(|serapan| serapan.minus(self.target))
    }

    /// The message as a sentence.
    pub(super) fn headline(&self) -> String {
        let target = id_id::percent(self.target);
        match (self.serapan, self.gap()) {
            (Some(serapan), Some(gap)) => {
                let (value, distance) = (id_id::percent(serapan), id_id::points(gap));
                if gap.is_negative() {
                    format!("Serapan belanja {value}, tertinggal {distance} dari target {target}")
                } else if gap.is_zero() {
                    format!("Serapan belanja {value}, tepat sesuai target {target}")
                } else {
                    format!("Serapan belanja {value}, {distance} di atas target {target}")
                }
            }
            _ => "Serapan belanja belum dapat dihitung karena pagu belum ada".to_owned(),
        }
    }

    /// At most 60 characters, the figure first; a stale edition says so instead of anything else.
    pub(super) fn subject(&self, stale: bool, far_behind: usize) -> String {
        let date = id_id::date_medium(self.per_tanggal);
        let figure = match self.serapan {
            Some(serapan) => format!("Serapan {} per {date}", id_id::percent(serapan)),
            None => format!("Serapan belum terhitung per {date}"),
        };
        let gap = self.gap().map_or_else(String::new, |gap| id_id::points(gap).replace('\u{a0}', " "));
        let endings = match self.gap() {
            _ if stale => vec!["DATA BELUM DIPERBARUI".to_owned()],
            Some(_) if far_behind > 0 => vec![
                format!("{far_behind} satker jauh di bawah target"),
                format!("{far_behind} satker jauh tertinggal"),
            ],
            Some(distance) if distance.is_negative() => vec![format!("{gap} di bawah target")],
            Some(distance) if distance.is_zero() => vec!["sesuai target".to_owned()],
            Some(_) => vec![format!("{gap} di atas target")],
            None => vec!["pagu belum ada".to_owned()],
        };
        let subjects = endings.into_iter().map(|ending| format!("{figure}: {ending}"));
        subjects.into_iter().find(|subject| subject.chars().count() <= SUBJECT_MAX).unwrap_or(figure)
    }
}

/// What the subject does not say, 40 to 130 characters.
pub(super) fn preheader(facts: &Facts, found: usize) -> String {
    let budget = facts.headline.total.budget;
    let money = format!(
        "Realisasi {} dari pagu {}, sisa {}.",
        id_id::rupiah_prose(budget.realisasi),
        id_id::rupiah_prose(budget.pagu),
        id_id::rupiah_prose(budget.sisa())
    );
    let attention = match found {
        0 => "Tidak ada temuan yang perlu perhatian.".to_owned(),
        _ => format!("{} temuan perlu perhatian.", id_id::count(i64::try_from(found).unwrap_or(i64::MAX))),
    };
    let both = format!("{money} {attention}");
    if both.chars().count() <= PREHEADER_MAX { both } else { money }
}

/// Two or three large figures, each with its denominator and threshold.
pub(super) fn tiles(facts: &Facts, standing: &Standing, far_behind: usize, thresholds: &Thresholds) -> Vec<Tile> {
    let third = match &facts.headline.ikpa {
        Some(ikpa) => ikpa_tile(ikpa, thresholds.ikpa_minimum),
        None => satker_tile(far_behind, facts.headline.satker.len(), thresholds.satker_points),
    };
    [serapan_tile(&facts.headline.total, standing), sisa_tile(&facts.headline.total), Some(third)]
        .into_iter()
        .flatten()
        .collect()
}

fn serapan_tile(total: &Total, standing: &Standing) -> Option<Tile> {
    let gap = standing.gap()?;
    let verdict = if gap.is_negative() {
        format!("kurang {}", id_id::points(gap))
    } else if gap.is_zero() {
        "tercapai".to_owned()
    } else {
        format!("lebih {}", id_id::points(gap))
    };
    let (realisasi, pagu) = (id_id::rupiah_prose(total.budget.realisasi), id_id::rupiah_prose(total.budget.pagu));
    Some(Tile {
        label: "Serapan".to_owned(),
        value: id_id::percent(standing.serapan?),
        detail: format!("{realisasi} dari {pagu}; target {}: {verdict}", id_id::percent(standing.target)),
        alert: gap.is_negative(),
    })
}

fn sisa_tile(total: &Total) -> Option<Tile> {
    let sisa = total.budget.sisa();
    let blokir = match total.blokir.is_zero() {
        true => "tanpa blokir".to_owned(),
        false => format!("termasuk blokir {}", id_id::rupiah_prose(total.blokir)),
    };
    let pagu = id_id::rupiah_prose(total.budget.pagu);
    Some(Tile {
        label: "Sisa pagu".to_owned(),
        value: id_id::percent(sisa.percent_of(total.budget.pagu, 1)?),
        detail: format!("{} dari {pagu}, {blokir}", id_id::rupiah_prose(sisa)),
        alert: sisa.is_negative(),
    })
}

fn ikpa_tile(ikpa: &Ikpa, minimum: Amount) -> Tile {
    let category = if ikpa.category.is_empty() { String::new() } else { format!(", kategori {}", ikpa.category) };
    let weakest = match &ikpa.weakest {
        Some((name, value)) => format!("; terlemah: {name} {}", id_id::decimal(*value, 2)),
        None => String::new(),
    };
    let month = ikpa.period.parse().ok().and_then(id_id::month).unwrap_or(&ikpa.period);
    Tile {
        label: format!("IKPA K/L, {month}"),
        value: id_id::decimal(ikpa.value, 2),
        detail: format!("dari 100, batas {}{category}{weakest}", id_id::decimal(minimum, 2)),
        alert: ikpa.value < minimum,
    }
}

fn satker_tile(far_behind: usize, satker: usize, threshold: Amount) -> Tile {
    let count = |number: usize| id_id::count(i64::try_from(number).unwrap_or(i64::MAX));
    Tile {
        label: "Satker jauh di bawah target".to_owned(),
        value: count(far_behind),
        detail: format!("dari {} satker; batas {} di bawah target", count(satker), id_id::points(threshold)),
        alert: far_behind > 0,
    }
}
