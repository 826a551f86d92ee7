//! Whether the figures are as new as the definition demands, and what a reader must know about the data either way.

use super::definition::ReportDefinition;
use super::id_id;
use super::inputs::SourceNote;
use chrono::NaiveDate;

/// Why an edition is stale: one Indonesian sentence a reason, none when it is fresh.
///
/// The data date may lie `max_age_days` before the report's date; every dataset of the rule must be there and current.
pub(crate) fn reasons(
    definition: &ReportDefinition,
    sources: &[SourceNote],
    per_tanggal: NaiveDate,
    period: NaiveDate,
) -> Vec<String> {
    let mut reasons = Vec::new();
    let age = (period - per_tanggal).num_days();
    if age > definition.max_age_days {
        reasons.push(format!(
            "Data terakhir per {}, {} hari sebelum tanggal laporan {}; batasnya {} hari.",
            id_id::date_long(per_tanggal),
            id_id::count(age),
            id_id::date_long(period),
            id_id::count(definition.max_age_days),
        ));
    }
    for dataset in &definition.datasets {
        match sources.iter().find(|source| source.dataset == *dataset) {
            None => reasons.push(format!("Belum ada data {dataset}.")),
            Some(source) if source.stale => reasons.push(outdated(source)),
            Some(_) => {}
        }
    }
    reasons
}

/// Notes on the sources themselves, for "Catatan mutu data": the `reasons` of a stale edition, what is stale outside the
/// rule, what was refused, or that all is well.
pub(crate) fn notes(definition: &ReportDefinition, sources: &[SourceNote], reasons: &[String]) -> Vec<String> {
    let mut notes = reasons.to_vec();
    let other = |source: &&SourceNote| source.stale && !definition.datasets.contains(&source.dataset);
    notes.extend(sources.iter().filter(other).map(outdated));
    notes.extend(sources.iter().filter(|source| source.quarantined > 0).map(|source| {
        format!(
            "{} dari {} baris {} ditahan karena tidak memenuhi kontrak data; nilainya tidak masuk angka di atas.",
            unsigned(source.quarantined),
            unsigned(source.quarantined.saturating_add(source.rows)),
            source.title,
        )
    }));
    if notes.is_empty() {
        notes.push("Semua sumber mutakhir dan tidak ada baris yang ditahan.".to_owned());
    }
    notes
}

/// A number of rows, grouped.
pub(crate) fn unsigned(number: u64) -> String {
    id_id::count(i64::try_from(number).unwrap_or(i64::MAX))
}

fn outdated(source: &SourceNote) -> String {
    format!("{} belum diperbarui: laporan memakai snapshot {}.", source.title, id_id::date_long(source.snapshot_date))
}
