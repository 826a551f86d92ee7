//! The reference tables the binary carries: what each is (`.toml`) and, where the release has any, its rows (`.csv`).

/// Files of `config/reference/` as (path below `config/`, text).
macro_rules! carried {
    ($($file:literal),+ $(,)?) => {
        &[$((concat!("reference/", $file), include_str!(concat!("../../../config/reference/", $file)))),+]
    };
}

/// Every file below `config/reference/`, sorted.
pub(super) const REFERENCE: &[(&str, &str)] = carried![
    "bagian_anggaran.csv",
    "bagian_anggaran.toml",
    "bas_akun.csv",
    "bas_akun.toml",
    "hari_libur.csv",
    "hari_libur.toml",
    "ikpa_bobot.csv",
    "ikpa_bobot.toml",
    "kbli.toml",
    "kewenangan.csv",
    "kewenangan.toml",
    "lokasi_djpb_kemendagri.csv",
    "lokasi_djpb_kemendagri.toml",
    "opd_instansi.csv",
    "opd_instansi.toml",
    "oss_dokumen_komitmen.csv",
    "oss_dokumen_komitmen.toml",
    "oss_kode.csv",
    "oss_kode.toml",
    "padi_kategori.csv",
    "padi_kategori.toml",
    "padi_kategori_umkm.csv",
    "padi_kategori_umkm.toml",
    "padi_satker.csv",
    "padi_satker.toml",
    "satker.csv",
    "satker.toml",
    "sumber_dana.csv",
    "sumber_dana.toml",
    "wilayah.toml",
];
