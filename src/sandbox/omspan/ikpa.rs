//! Keys of the three IKPA answers, drift included: they are the document's, spaces and all.

use super::row::Row;
use crate::sandbox::world::{Indicator, Score, Values};
use std::fmt::Write;

/// A key and the indicator it shows.
type Key = (&'static str, Indicator);

/// The keys of one answer, in its order: scores, then weights.
pub(super) struct Keys {
    scores: &'static [Key],
    weights: [&'static str; 13],
}

const WEIGHT_ORDER: [Indicator; 13] = [
    Indicator::Up,
    Indicator::Kontrak,
    Indicator::KesalahanSpm,
    Indicator::Retur,
    Indicator::Hal3,
    Indicator::Revisi,
    Indicator::Tagihan,
    Indicator::Lpj,
    Indicator::Renkas,
    Indicator::Realisasi,
    Indicator::Output,
    Indicator::PaguMinus,
    Indicator::DispensasiSpm,
];

/// CapaianIKKLRe: mostly spaces.
pub(super) const KL: Keys = Keys {
    scores: &[
        ("IK_DISPENSASI_SPM", Indicator::DispensasiSpm),
        ("IK_UP", Indicator::Up),
        ("IK_DATA KONTRAK", Indicator::Kontrak),
        ("IK_KESALAHAN_SPM", Indicator::KesalahanSpm),
        ("IK_RETUR", Indicator::Retur),
        ("IK_HAL3 DIPA", Indicator::Hal3),
        ("IK_REVISI_DIPA", Indicator::Revisi),
        ("IK_KEMAJUAN TAGIHAN", Indicator::Tagihan),
        ("IK_REKON LPJ", Indicator::Lpj),
        ("IK_REALISASI", Indicator::Realisasi),
        ("IK_RENKAS", Indicator::Renkas),
        ("IK_PAGU MINUS", Indicator::PaguMinus),
    ],
    weights: [
        "BBT_IND_UP",
        "BBT_IND KONTRAK",
        "BBT_IND_SPM_SLH",
        "BBT_IND RETUR",
        "BBT_IND HAL3 DIPA",
        "BBT_IND REV DIPA",
        "BBT_IND KMJ TAGIHAN",
        "BBT_IND REKON LPJ",
        "BBT_IND RENKAS",
        "BBT_IND REALISASI",
        "BBT_IND CAP OUTPUT",
        "BBT_IND PAGU MINUS",
        "BBT_IND DIS_SPM",
    ],
};

/// CapaianIKSatkerRe: underscores.
pub(super) const SATKER: Keys = Keys {
    scores: &[
        ("IK_DISPENSASI_SPM", Indicator::DispensasiSpm),
        ("IK_UP", Indicator::Up),
        ("IK_DATA_KONTRAK", Indicator::Kontrak),
        ("IK_KESALAHAN_SPM", Indicator::KesalahanSpm),
        ("IK_RETUR", Indicator::Retur),
        ("IK_HAL3_DIPA", Indicator::Hal3),
        ("IK_REVISI_DIPA", Indicator::Revisi),
        ("IK_KEMAJUAN_TAGIHAN", Indicator::Tagihan),
        ("IK_REKON_LPJ", Indicator::Lpj),
        ("IK_REALISASI", Indicator::Realisasi),
        ("IK_RENKAS", Indicator::Renkas),
        ("IK_PAGU_MINUS", Indicator::PaguMinus),
    ],
    weights: [
        "BBT_IND_UP",
        "BBT_IND_KONTRAK",
        "BBT_IND_SPM_SLH",
        "BBT_IND_RETUR",
        "BBT_IND_HAL3_DIPA",
        "BBT_IND_REV_DIPA",
        "BBT_IND_KMJ_TAGIHAN",
        "BBT_IND_REKON_LPJ",
        "BBT_IND_RENKAS",
        "BBT_IND_REALISASI",
        "BBT_IND_CAP_OUTPUT",
        "BBT_IND_PAGU_MINUS",
        "BBT_IND_DIS_SPM",
    ],
};

/// CapaianIKEselon1Re: both, and the output score that the others lack.
pub(super) const ESELON1: Keys = Keys {
    scores: &[
        ("IK_DISPENSASI_SPM", Indicator::DispensasiSpm),
        ("IK_UP", Indicator::Up),
        ("IK_DATA KONTRAK", Indicator::Kontrak),
        ("IK_KESALAHAN_SPM", Indicator::KesalahanSpm),
        ("IK_RETUR", Indicator::Retur),
        ("IK_HAL3_DIPA", Indicator::Hal3),
        ("IK_REVISI_DIPA", Indicator::Revisi),
        ("IK_KEMAJUAN TAGIHAN", Indicator::Tagihan),
        ("IK_REKON LPJ", Indicator::Lpj),
        ("IK_REALISASI", Indicator::Realisasi),
        ("IK_RENKAS", Indicator::Renkas),
        ("IK_PAGU MINUS", Indicator::PaguMinus),
        ("IK_CAPAIAN_OUTPUT", Indicator::Output),
    ],
    weights: [
        "BBT_IND_UP",
        "BBT_IND_KONTRAK",
        "BBT_IND_SPM_SLH",
        "BBT_IND_RETUR",
        "BBT_IND_HAL3_DIPA",
        "BBT_IND_REV_DIPA",
        "BBT_IND_KMJ TAGIHAN",
        "BBT_IND_REKON LPJ",
        "BBT_IND_RENKAS",
        "BBT_IND_REALISASI",
        "BBT_IND_CAP_OUTPUT",
        "BBT_IND_PAGU MINUS",
        "BBT_IND_DIS_SPM",
    ],
};

/// Month, scores and weights of a row.
pub(super) fn fill(keys: &Keys, score: &Score, row: &mut Row) {
    write!(row.cell("PERIODE"), "{:02}", score.month + 1).expect("a String takes everything");
    for (key, indicator) in keys.scores {
        let value = of(&score.scores, *indicator);
        write!(row.cell(key), "{}.{:02}", value / 100, value % 100).expect("a String takes everything");
    }
    for (key, indicator) in keys.weights.into_iter().zip(WEIGHT_ORDER) {
        write!(row.cell(key), "{}", of(&score.weights, indicator)).expect("a String takes everything");
    }
}

fn of(values: &Values, indicator: Indicator) -> u16 {
    values[indicator as usize]
}
