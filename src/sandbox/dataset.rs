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
    /// PaDi, transactions.
    PadiTransaksi = "padi"."transaksi",
    /// PaDi, vendors.
    PadiUmkm = "padi"."umkm",
    /// OSS: one NIB.
    OssNib = "oss"."nib",
    /// OSS: one shareholder of a NIB.
    OssNibPemegangSaham = "oss"."nib_pemegang_saham",
    /// OSS: one responsible person of a NIB.
    OssNibPenanggungJawab = "oss"."nib_penanggung_jawab",
    /// OSS: one deed of a NIB.
    OssNibLegalitas = "oss"."nib_legalitas",
    /// OSS: the foreign manpower plan of a NIB.
    OssNibRptka = "oss"."nib_rptka",
    /// OSS: one position of a foreign manpower plan.
    OssNibRptkaJabatan = "oss"."nib_rptka_jabatan",
    /// OSS: one Indonesian counterpart of a position.
    OssNibRptkaPendamping = "oss"."nib_rptka_pendamping",
    /// OSS: one country of a foreign manpower plan.
    OssNibRptkaNegara = "oss"."nib_rptka_negara",
    /// OSS: one place of work of a foreign manpower plan.
    OssNibRptkaLokasi = "oss"."nib_rptka_lokasi",
    /// OSS: one project of a NIB.
    OssNibProyek = "oss"."nib_proyek",
    /// OSS: one location of a project.
    OssNibProyekLokasi = "oss"."nib_proyek_lokasi",
    /// OSS: one point of the outline of a location; the point itself is not kept.
    OssNibProyekKoordinat = "oss"."nib_proyek_koordinat",
    /// OSS: one position of a location.
    OssNibProyekPosisi = "oss"."nib_proyek_posisi",
    /// OSS: one product of a project.
    OssNibProyekProduk = "oss"."nib_proyek_produk",
    /// OSS: one line of the negative list that applies to a NIB.
    OssNibDni = "oss"."nib_dni",
    /// OSS: one permit or commitment of a NIB.
    OssNibIzin = "oss"."nib_izin",
    /// OSS: one required document of a permit.
    OssNibIzinSyarat = "oss"."nib_izin_syarat",
    /// OSS: one NIB that OSS knows.
    OssCekNib = "oss"."cek_nib",
    /// OSS: one franchise registration.
    OssNibStpw = "oss"."nib_stpw",
    /// OSS: one permit of a franchise registration.
    OssNibStpwIzin = "oss"."nib_stpw_izin",
    /// OSS: one code of one reference list.
    OssReferensi = "oss"."referensi",
    /// OSS: one permit application and its status.
    OssStatusIzin = "oss"."status_izin",
    /// OSS: one certificate of a permit.
    OssSertifikat = "oss"."sertifikat",
    /// OSS: one NIB.
    OssNibDaftar = "oss"."nib_daftar",
    /// OSS: one project of a NIB.
    OssNibDaftarProyek = "oss"."nib_daftar_proyek",
    /// OSS: one KBLI and permit of a project.
    OssNibDaftarKbli = "oss"."nib_daftar_kbli",
    /// OSS: one project.
    OssProyek = "oss"."proyek",
    /// OSS: one facility of a project.
    OssProyekFasilitas = "oss"."proyek_fasilitas",
    /// OSS: one permit of a project.
    OssProyekIzin = "oss"."proyek_izin",
    /// OSS: one project on the same production line.
    OssProyekSatuLini = "oss"."proyek_satu_lini",
    /// OSS: one permit application.
    OssIzin = "oss"."izin",
    /// OSS: one project of a permit application.
    OssIzinProyek = "oss"."izin_proyek",
    /// OSS: one permit of a permit application.
    OssIzinChecklist = "oss"."izin_checklist",
    /// OSS: one required document of a permit.
    OssIzinSyarat = "oss"."izin_syarat",
    /// OSS: one permit application whose signed file exists.
    OssFileDs = "oss"."file_ds",
    /// OSS: one push of a KKPR application (a NIB pushed twice is here twice).
    OssKkpr = "oss"."kkpr",
    /// OSS: one shareholder of a NIB.
    OssKkprPemegangSaham = "oss"."kkpr_pemegang_saham",
    /// OSS: one responsible person of a NIB.
    OssKkprPenanggungJawab = "oss"."kkpr_penanggung_jawab",
    /// OSS: one deed of a NIB.
    OssKkprLegalitas = "oss"."kkpr_legalitas",
    /// OSS: the foreign manpower plan of a NIB.
    OssKkprRptka = "oss"."kkpr_rptka",
    /// OSS: one position of a foreign manpower plan.
    OssKkprRptkaJabatan = "oss"."kkpr_rptka_jabatan",
    /// OSS: one Indonesian counterpart of a position.
    OssKkprRptkaPendamping = "oss"."kkpr_rptka_pendamping",
    /// OSS: one country of a foreign manpower plan.
    OssKkprRptkaNegara = "oss"."kkpr_rptka_negara",
    /// OSS: one place of work of a foreign manpower plan.
    OssKkprRptkaLokasi = "oss"."kkpr_rptka_lokasi",
    /// OSS: one project of a NIB.
    OssKkprProyek = "oss"."kkpr_proyek",
    /// OSS: one location of a project.
    OssKkprProyekLokasi = "oss"."kkpr_proyek_lokasi",
    /// OSS: one point of the outline of a location; the point itself is not kept.
    OssKkprProyekKoordinat = "oss"."kkpr_proyek_koordinat",
    /// OSS: one position of a location.
    OssKkprProyekPosisi = "oss"."kkpr_proyek_posisi",
    /// OSS: one product of a project.
    OssKkprProyekProduk = "oss"."kkpr_proyek_produk",
    /// OSS: one line of the negative list that applies to a NIB.
    OssKkprDni = "oss"."kkpr_dni",
    /// OSS: one permit or commitment of a NIB.
    OssKkprIzin = "oss"."kkpr_izin",
    /// OSS: one required document of a permit.
    OssKkprIzinSyarat = "oss"."kkpr_izin_syarat",
    /// OSS: one push of a foreign electronic system operator.
    OssPse = "oss"."pse",
    /// OSS: one responsible person of an operator.
    OssPsePenanggungJawab = "oss"."pse_penanggung_jawab",
    /// OSS: one electronic system of an operator.
    OssPseProyek = "oss"."pse_proyek",
    /// OSS: one permit of an operator.
    OssPseIzin = "oss"."pse_izin",
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
