//! Faults within a row: keys too many or too few, values that cannot be read.

use super::row::Row;
use crate::sandbox::dataset::Dataset;
use crate::sandbox::fault::{Fault, Faults};

/// English month abbreviations and what an Indonesian server locale makes of them.
const MONTHS: [(&str, &str); 4] = [("-MAY-", "-MEI-"), ("-AUG-", "-AGT-"), ("-OCT-", "-OKT-"), ("-DEC-", "-DES-")];

/// What to do to the rows of one dataset.
#[derive(Debug, Default)]
pub(super) struct Edits {
    unknown_key: bool,
    missing_key: Option<&'static str>,
    /// Index of the row to spoil, and the key whose value becomes unreadable.
    bad_row: Option<(usize, &'static str)>,
    indonesian_months: bool,
    dispensasi: bool,
}

impl Edits {
    /// The edits for a table of `dataset` with `rows` rows.
    pub(super) fn new(faults: &Faults, dataset: Dataset, rows: usize) -> Self {
        Self {
            unknown_key: faults.on(&Fault::UnknownKey, dataset),
            missing_key: faults.on(&Fault::MissingKey, dataset).then(|| optional_key(dataset)),
            bad_row: faults.on(&Fault::BadRow, dataset).then(|| (rows.saturating_sub(1).min(2), figure_key(dataset))),
            indonesian_months: faults.on(&Fault::IndonesianMonths, dataset),
            dispensasi: faults.on(&Fault::Dispensasi10000, dataset),
        }
    }

    /// Edits the row with this index in its table.
    pub(super) fn apply(&self, index: usize, row: &mut Row) {
        if self.unknown_key {
            row.put("KETERANGAN", "ditambahkan 2026");
        }
        if let Some(key) = self.missing_key {
            row.remove(key);
        }
        if let Some((_, key)) = self.bad_row.filter(|(bad, _)| *bad == index)
            && let Some(value) = row.get_mut(key)
        {
            *value = "dua belas juta".to_owned();
        }
        if self.dispensasi
            && row.get_mut("PERIODE").is_some_and(|month| month == "01")
            && let Some(value) = row.get_mut("IK_DISPENSASI_SPM")
        {
            *value = "10000".to_owned();
        }
        if self.indonesian_months {
            for key in ["TANGGAL", "MAXDATE"] {
                if let Some(date) = row.get_mut(key) {
                    translate(date);
                }
            }
        }
    }
}

fn translate(date: &mut String) {
    if let Some((english, indonesian)) = MONTHS.into_iter().find(|(english, _)| date.contains(english)) {
        *date = date.replace(english, indonesian);
    }
}

/// A key a row can do without.
fn optional_key(dataset: Dataset) -> &'static str {
    match dataset {
        Dataset::DipaBelanja | Dataset::RealisasiBelanja | Dataset::KetersediaanDana => "KPPN",
        Dataset::CapaianIkKl | Dataset::CapaianIkEselon1 => "NMBA",
        Dataset::CapaianIkSatker => "KDKPPN",
        Dataset::DetailPnbp => "ntb",
        other => unreachable!("{other} is not OMSPAN's"),
    }
}

/// A key whose value is a figure.
fn figure_key(dataset: Dataset) -> &'static str {
    match dataset {
        Dataset::DipaBelanja | Dataset::RealisasiBelanja => "AMOUNT",
        Dataset::CapaianIkKl | Dataset::CapaianIkSatker | Dataset::CapaianIkEselon1 => "IK_REALISASI",
        Dataset::DetailPnbp => "rupiah",
        Dataset::KetersediaanDana => "DIPA",
        other => unreachable!("{other} is not OMSPAN's"),
    }
}
