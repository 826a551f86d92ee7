//! The views and data tests of this release, embedded in the binary: one word a file, and a test that none is missing.

/// The named files of `queries/<folder>/` as `(folder, stem, text)`.
macro_rules! queries {
    ($($folder:literal: $($stem:literal),+;)+) => {
        &[$($(($folder, $stem, include_str!(concat!("../../../queries/", $folder, "/", $stem, ".sql")))),+),+]
    };
}

/// `(folder, stem, text)` of every file in `queries/mart/` and `queries/check/`.
#[rustfmt::skip]
pub(super) static EMBEDDED: &[(&str, &str, &str)] = queries! {
    "check":
        "fa_tidak_cocok",
        "ikpa_bobot_lain",
        "ikpa_di_luar_rentang",
        "ikpa_ganda",
        "ikpa_tanpa_nilai",
        "lokasi_tanpa_wilayah",
        "nik_ganda_p3ke",
        "nik_tersamar",
        "padi_konfirmasi_setelah_kirim",
        "padi_satker_tidak_dikenal",
        "padi_transaksi_ganda",
        "padi_umkm_tidak_cocok",
        "padi_waktu_siklus",
        "pnbp_tanpa_mata_uang",
        "realisasi_melebihi_pagu",
        "realisasi_setelah_tanggal_data",
        "rka_jumlah_salah",
        "rka_melebihi_pagu",
        "satker_tanpa_pagu",
        "wilayah_tidak_lengkap";
    "mart":
        "anggaran_kesejahteraan",
        "bantuan_program",
        "bantuan_rka",
        "baris_anggaran",
        "ikpa_eselon1",
        "ikpa_indikator",
        "ikpa_kl",
        "ikpa_nilai",
        "ikpa_satker",
        "izin_pnbp",
        "izin_wilayah",
        "jumlah_anggaran",
        "kesejahteraan_desa",
        "kesejahteraan_kecamatan",
        "kesejahteraan_sel",
        "kesejahteraan_wilayah",
        "mutu_data",
        "oss_nib",
        "oss_usaha",
        "padi_transaksi",
        "padi_umk_share",
        "pengadaan_kategori",
        "pengadaan_satker",
        "pengadaan_vs_realisasi",
        "perubahan_pagu",
        "pnbp_akun",
        "pnbp_bulanan",
        "pnbp_transaksi",
        "rencana_anggaran",
        "ringkasan_pimpinan",
        "rka_kegiatan",
        "satker",
        "serapan_bulanan",
        "serapan_eselon1",
        "serapan_jenis_belanja",
        "serapan_satker",
        "sisa_dana",
        "wilayah_ringkas";
};

#[cfg(test)]
mod tests {
    use super::EMBEDDED;

    #[test]
    fn every_file_is_listed() {
        for folder in ["check", "mart"] {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("queries").join(folder);
            let files = std::fs::read_dir(path).unwrap().map(|file| file.unwrap().path());
            let mut files: Vec<String> =
                files.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
            files.sort();
            let listed = EMBEDDED.iter().filter(|(f, _, _)| *f == folder);
            assert_eq!(files, listed.map(|(_, stem, _)| *stem).collect::<Vec<_>>(), "queries/{folder}");
        }
    }
}
