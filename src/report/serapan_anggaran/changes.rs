//! "Yang berubah sejak laporan lalu": this edition's headline against the previous edition's snapshots, by key.

use super::facts::{Headline, Unit};
use crate::report::amount::Amount;
use crate::report::id_id;
use std::collections::HashMap;

/// At most `limit` lines, each with the old value, the new value and the difference; or one line that says why there
/// are none.
pub(super) fn lines(now: &Headline, before: Option<&Headline>, limit: usize) -> Vec<String> {
    let Some(before) = before else {
        return vec!["Ini laporan pertama; belum ada laporan lalu sebagai pembanding.".to_owned()];
    };
    if now.total.year != before.total.year {
        return vec![format!(
            "Laporan lalu memuat tahun anggaran {}; tahun {} dihitung dari awal sehingga tidak dibandingkan.",
            before.total.year, now.total.year
        )];
    }
    let mut lines: Vec<String> =
        [total(now, before), pagu(now, before), ikpa(now, before)].into_iter().flatten().collect();
    // One place stays free for the satker that moved most.
    let satker = movers(&now.satker, &before.satker);
    let eselon1 = movers(&now.eselon1, &before.eselon1);
    let kept = usize::from(!satker.is_empty());
    lines.truncate(limit);
    lines.extend(eselon1.into_iter().take(limit.saturating_sub(lines.len() + kept)));
    lines.extend(satker.into_iter().take(limit.saturating_sub(lines.len())));
    if lines.is_empty() {
        lines.push(format!(
            "Tidak ada perubahan sejak laporan lalu (posisi {}).",
            id_id::date_long(before.total.per_tanggal)
        ));
    }
    lines
}

fn total(now: &Headline, before: &Headline) -> Option<String> {
    let line = moved("Serapan total", now.total.budget.serapan()?, before.total.budget.serapan()?)?;
    Some(format!("{line} sejak posisi {}.", id_id::date_long(before.total.per_tanggal)))
}

fn pagu(now: &Headline, before: &Headline) -> Option<String> {
    let (new, old) = (now.total.budget.pagu, before.total.budget.pagu);
    let (new_text, old_text) = (id_id::rupiah_prose(new), id_id::rupiah_prose(old));
    let sign = if new > old { "+" } else { "" };
    let difference = id_id::rupiah_prose(new.minus(old));
    (new_text != old_text).then(|| format!("Pagu: {old_text} menjadi {new_text} ({sign}{difference})."))
}

fn ikpa(now: &Headline, before: &Headline) -> Option<String> {
    let (new, old) = (now.ikpa.as_ref()?.value.rounded(2), before.ikpa.as_ref()?.value.rounded(2));
    (new != old).then(|| {
        let difference = id_id::signed(new.minus(old), 2);
        format!("IKPA K/L: {} menjadi {} ({difference} poin).", id_id::decimal(old, 2), id_id::decimal(new, 2))
    })
}

/// Units whose printed absorption changed, the largest movement first; a unit without a counterpart is not a movement.
fn movers(now: &[Unit], before: &[Unit]) -> Vec<String> {
    let before: HashMap<&str, &Unit> = before.iter().map(|unit| (unit.code.as_str(), unit)).collect();
    let mut moved_units: Vec<(Amount, &Unit, String)> = now
        .iter()
        .filter_map(|unit| {
            let (new, old) = (unit.budget.serapan()?, before.get(unit.code.as_str())?.budget.serapan()?);
            Some((new.minus(old).magnitude(), unit, format!("{}.", moved(&unit.name, new, old)?)))
        })
        .collect();
    moved_units.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.code.cmp(&b.1.code)));
    moved_units.into_iter().map(|(_, _, line)| line).collect()
}

/// `Name: 65,3% menjadi 71,4% (+6,1 poin)`; `None` when the printed figure is the same.
fn moved(name: &str, new: Amount, old: Amount) -> Option<String> {
    (new != old).then(|| {
        format!(
            "{name}: {} menjadi {} ({})",
            id_id::percent(old),
            id_id::percent(new),
            id_id::signed_points(new.minus(old))
        )
    })
}
