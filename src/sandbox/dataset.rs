//! The datasets the sandbox serves.

use std::fmt;

/// Declares [`Dataset`]: one line a dataset.
macro_rules! datasets {
    ($($(#[$doc:meta])* $variant:ident = $source:literal . $name:literal,)*) => {
        /// A dataset of a simulated source system.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Dataset {
            $($(#[$doc])* $variant,)*
        }

        impl Dataset {
            /// All of them, by source, in the order of the sources' documents.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in the contract: `realisasi_belanja`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The source system it belongs to: `omspan`.
            #[must_use]
            pub fn source(self) -> &'static str {
                match self {
                    $(Self::$variant => $source,)*
                }
            }
        }
    };
}

datasets! {
    /// OMSPAN, DIPA Belanja.
    DipaBelanja = "omspan"."dipa_belanja",
    /// OMSPAN, Realisasi Belanja.
    RealisasiBelanja = "omspan"."realisasi_belanja",
    /// OMSPAN, Capaian IK K/L.
    CapaianIkKl = "omspan"."capaian_ik_kl",
    /// OMSPAN, Capaian IK Satker.
    CapaianIkSatker = "omspan"."capaian_ik_satker",
    /// OMSPAN, Capaian IK Eselon 1.
    CapaianIkEselon1 = "omspan"."capaian_ik_eselon1",
    /// OMSPAN, Detail PNBP.
    DetailPnbp = "omspan"."detail_pnbp",
    /// OMSPAN, Ketersediaan Dana.
    KetersediaanDana = "omspan"."ketersediaan_dana",
    /// SIPP, families of P3KE.
    P3ke = "sipp"."p3ke",
    /// SIPP, aid received.
    Bantuan = "sipp"."bantuan",
    /// SIPP, one person's profile and aid.
    Tracking = "sipp"."tracking",
    /// SIMDA, agencies.
    Instansi = "simda"."instansi",
    /// SIMDA, vision to target.
    Renstra = "simda"."renstra",
    /// SIMDA, work plan and budget: one row a budget item.
    Rka = "simda"."rka",
    /// SIMDA, indicators of programmes, in the answers of `rka`.
    RkaIndikatorProgram = "simda"."rka_indikator_program",
    /// SIMDA, indicators of activities, in the answers of `rka`.
    RkaIndikatorKegiatan = "simda"."rka_indikator_kegiatan",
}

impl Dataset {
    /// The dataset called `name`, with or without its source: `omspan.realisasi_belanja`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let is_called = |dataset: &Self| match name.split_once('.') {
            Some((source, name)) => dataset.source() == source && dataset.name() == name,
            None => dataset.name() == name,
        };
        Self::ALL.iter().copied().find(is_called)
    }
}

impl fmt::Display for Dataset {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.source(), self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Dataset;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unambiguous_with_and_without_their_source() {
        let names: BTreeSet<&str> = Dataset::ALL.iter().map(|dataset| dataset.name()).collect();
        assert_eq!(names.len(), Dataset::ALL.len());
        for dataset in Dataset::ALL {
            assert_eq!(Dataset::named(dataset.name()), Some(*dataset));
            assert_eq!(Dataset::named(&dataset.to_string()), Some(*dataset));
        }
        assert_eq!(Dataset::named("sipp.dipa_belanja"), None);
    }
}
