//! The datasets the sandbox serves.

use std::fmt;

/// A dataset of a simulated source system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dataset {
    /// OMSPAN, DIPA Belanja.
    DipaBelanja,
    /// OMSPAN, Realisasi Belanja.
    RealisasiBelanja,
    /// OMSPAN, Capaian IK K/L.
    CapaianIkKl,
    /// OMSPAN, Capaian IK Satker.
    CapaianIkSatker,
    /// OMSPAN, Capaian IK Eselon 1.
    CapaianIkEselon1,
    /// OMSPAN, Detail PNBP.
    DetailPnbp,
    /// OMSPAN, Ketersediaan Dana.
    KetersediaanDana,
}

impl Dataset {
    /// All of them, in the order of the sources' documents.
    pub const ALL: [Self; 7] = [
        Self::DipaBelanja,
        Self::RealisasiBelanja,
        Self::CapaianIkKl,
        Self::CapaianIkSatker,
        Self::CapaianIkEselon1,
        Self::DetailPnbp,
        Self::KetersediaanDana,
    ];

    /// The name in the contract: `realisasi_belanja`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DipaBelanja => "dipa_belanja",
            Self::RealisasiBelanja => "realisasi_belanja",
            Self::CapaianIkKl => "capaian_ik_kl",
            Self::CapaianIkSatker => "capaian_ik_satker",
            Self::CapaianIkEselon1 => "capaian_ik_eselon1",
            Self::DetailPnbp => "detail_pnbp",
            Self::KetersediaanDana => "ketersediaan_dana",
        }
    }

    /// The source system it belongs to: `omspan`.
    #[must_use]
    pub fn source(self) -> &'static str {
        "omspan"
    }

    /// The dataset called `name`, with or without its source: `omspan.realisasi_belanja`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dataset| dataset.name() == name || dataset.to_string() == name)
    }
}

impl fmt::Display for Dataset {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.source(), self.name())
    }
}
