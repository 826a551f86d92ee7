//! "Perlu perhatian": what somebody must act on, worst first.
//!
//! Kinds stand in the order of their gravity (money spent beyond the budget, absorption far behind target, weak IKPA,
//! books that differ), and within a kind the worst case leads. Each kind has a quota, so that one does not hide the rest.

use super::facts::{Facts, Kind, Unit};
use crate::report::amount::Amount;
use crate::report::definition::{RowLimits, Thresholds};
use crate::report::id_id;
use crate::report::page::{Attention, Cell, Column, Row, Table};
use std::collections::HashMap;

/// What was found: rows to print and how many there are in all.
pub(super) struct Exceptions {
    /// Satker at least the threshold below target.
    pub(super) far_behind: usize,
    /// All findings, also those not printed.
    pub(super) found: usize,
    rows: Vec<Row>,
}

/// Names a satker and its eselon 1 unit.
struct Directory<'a> {
    satker: HashMap<&'a str, &'a Unit>,
    eselon1: HashMap<&'a str, &'a str>,
}

impl Exceptions {
    /// Judges the facts; `target` is the target in percent at the data date.
    pub(super) fn find(facts: &Facts, target: Amount, thresholds: &Thresholds, limits: &RowLimits) -> Self {
        let directory = Directory {
            satker: facts.headline.satker.iter().map(|unit| (unit.code.as_str(), unit)).collect(),
            eselon1: facts.headline.eselon1.iter().map(|unit| (unit.code.as_str(), unit.name.as_str())).collect(),
        };
        let behind = far_behind(facts, &directory, target, thresholds);
        let far_behind = behind.len();
        let kinds = [
            overspent(facts, &directory),
            behind,
            weak_ikpa(facts, &directory, thresholds),
            mismatched(facts, &directory, thresholds),
        ];
        let found = kinds.iter().map(Vec::len).sum();
        let rows = kinds.into_iter().flat_map(|rows| rows.into_iter().take(limits.exceptions_per_kind));
        Self { far_behind, found, rows: rows.take(limits.exceptions).collect() }
    }

    /// The section as it is printed.
    pub(super) fn attention(self, position: &str, facts: &Facts) -> Attention {
        let heading = "Perlu perhatian".to_owned();
        if self.found == 0 {
            return Attention { heading, table: None, remark: Some(nothing_found(facts)) };
        }
        let hidden = self.found - self.rows.len();
        let remark = (hidden > 0).then(|| format!("Ditambah {} temuan lain yang tidak ditampilkan.", count(hidden)));
        let table = Table {
            caption: format!("Temuan terberat lebih dahulu, {position}."),
            columns: Column::list(&["Satker", "Temuan", "Nilai"], &["Temuan"]),
            rows: self.rows,
        };
        Attention { heading: format!("{heading}: {} temuan", count(self.found)), table: Some(table), remark }
    }
}

/// "Tidak ada", with what was looked for: a check whose data is missing is not claimed.
fn nothing_found(facts: &Facts) -> String {
    let mut checked = vec!["pagu minus", "satker jauh di bawah target"];
    checked.extend((!facts.ikpa_satker.is_empty()).then_some("satker dengan IKPA lemah"));
    checked.extend((!facts.mismatches.is_empty()).then_some("selisih data di atas batas"));
    format!("Tidak ada. Yang diperiksa: {}.", id_id::list(&checked))
}

fn count(number: usize) -> String {
    id_id::count(i64::try_from(number).unwrap_or(i64::MAX))
}

impl Directory<'_> {
    fn row(&self, code: &str, finding: String, value: String) -> Row {
        let unit = self.satker.get(code);
        let owner = unit.and_then(|unit| self.eselon1.get(unit.parent.as_str()));
        let name = unit.map_or_else(|| format!("Satker {code}"), |unit| unit.name.clone());
        Row {
            detail: Some(owner.map_or_else(|| code.to_owned(), |owner| format!("{code}, {owner}"))),
            ..Row::new(name, vec![Cell::words(finding), Cell::figure(value).alerted(true)])
        }
    }
}

/// Budget overspent, judged for satker and kind of expenditure.
fn overspent(facts: &Facts, directory: &Directory<'_>) -> Vec<Row> {
    let mut lines: Vec<_> = facts.overspent.iter().collect();
    lines.sort_by_key(|line| line.sisa);
    let row = |line: &&super::facts::Overspent| {
        let finding = format!("Pagu minus pada {}", kind_name(&facts.kinds, &line.kind));
        directory.row(&line.satker, finding, id_id::rupiah_prose(line.sisa))
    };
    lines.iter().map(row).collect()
}

fn kind_name(kinds: &[Kind], code: &str) -> String {
    let known = kinds.iter().find(|kind| kind.unit.code == code);
    known.map_or_else(|| format!("jenis belanja {code}"), |kind| kind.unit.name.clone())
}

/// Satker at least the threshold below target.
fn far_behind(facts: &Facts, directory: &Directory<'_>, target: Amount, thresholds: &Thresholds) -> Vec<Row> {
    let gap = |unit: &Unit| unit.budget.serapan().map(|serapan| target.minus(serapan));
    let mut behind: Vec<(Amount, &Unit)> = facts
        .headline
        .satker
        .iter()
        .filter_map(|unit| gap(unit).filter(|gap| *gap >= thresholds.satker_points).map(|gap| (gap, unit)))
        .collect();
    behind.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.code.cmp(&b.1.code)));
    let row = |(gap, unit): (Amount, &Unit)| {
        let finding = format!("Serapan {} di bawah target {}", id_id::points(gap), id_id::percent(target));
        directory.row(&unit.code, finding, id_id::percent(target.minus(gap)))
    };
    behind.into_iter().map(row).collect()
}

/// IKPA below the threshold.
fn weak_ikpa(facts: &Facts, directory: &Directory<'_>, thresholds: &Thresholds) -> Vec<Row> {
    let mut weak: Vec<_> = facts.ikpa_satker.iter().filter(|ikpa| ikpa.value < thresholds.ikpa_minimum).collect();
    // A satker served by two KPPN has two values: its lower one counts.
    weak.sort_by(|a, b| a.code.cmp(&b.code).then_with(|| a.value.cmp(&b.value)));
    weak.dedup_by(|later, first| later.code == first.code);
    weak.sort_by(|a, b| a.value.cmp(&b.value).then_with(|| a.code.cmp(&b.code)));
    let row = |ikpa: &super::facts::Ikpa| {
        let minimum = id_id::decimal(thresholds.ikpa_minimum, 2);
        let weakest = match &ikpa.weakest {
            Some((name, value)) => format!("; terlemah: {name} {}", id_id::decimal(*value, 2)),
            None => String::new(),
        };
        let mut row =
            directory.row(&ikpa.code, format!("IKPA di bawah {minimum}{weakest}"), id_id::decimal(ikpa.value, 2));
        if !directory.satker.contains_key(ikpa.code.as_str()) {
            row.head.clone_from(&ikpa.name);
        }
        row
    };
    weak.into_iter().map(row).collect()
}

/// Books that differ from fund availability by more than the threshold.
fn mismatched(facts: &Facts, directory: &Directory<'_>, thresholds: &Thresholds) -> Vec<Row> {
    let listed = |line: &&super::facts::Mismatch| line.differing > 0 && line.difference >= thresholds.selisih_rupiah;
    let mut lines: Vec<_> = facts.mismatches.iter().filter(listed).collect();
    lines.sort_by(|a, b| b.difference.cmp(&a.difference).then_with(|| a.satker.cmp(&b.satker)));
    let row = |line: &super::facts::Mismatch| {
        let (differing, all) = (id_id::count(line.differing), id_id::count(line.lines));
        let finding = format!("Selisih dengan ketersediaan dana pada {differing} dari {all} baris akun");
        directory.row(&line.satker, finding, id_id::rupiah_prose(line.difference))
    };
    lines.into_iter().map(row).collect()
}
