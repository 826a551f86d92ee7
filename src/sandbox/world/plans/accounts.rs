//! Accounts of the regional chart, five levels: 5 Belanja, 2 Belanja Langsung, and three below.

/// An account that items are booked on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Account {
    /// `rekBelanja` and its name.
    pub(crate) belanja: (u8, &'static str),
    /// `rekBagian` and its name.
    pub(crate) bagian: (u8, &'static str),
    /// `rekSubBagian` and its name.
    pub(crate) sub_bagian: (u8, &'static str),
    /// Names its rincian can have.
    pub(super) rincian: &'static [&'static str],
    /// What is bought.
    pub(super) goods: &'static [Good],
}

/// Something that is bought or paid, with its price range in 500 rupiah.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Good {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) low: i64,
    pub(super) high: i64,
}

const fn good(name: &'static str, unit: &'static str, low: i64, high: i64) -> Good {
    Good { name, unit, low, high }
}

const PEGAWAI: (u8, &str) = (1, "Belanja Pegawai");
const BARANG: (u8, &str) = (2, "Belanja Barang dan Jasa");
const MODAL: (u8, &str) = (3, "Belanja Modal");

/// The accounts in use, in the order of the chart.
pub(super) static ACCOUNTS: [Account; 12] = [
    Account {
        belanja: PEGAWAI,
        bagian: (1, "Honorarium PNS"),
        sub_bagian: (1, "Honorarium Panitia Pelaksana Kegiatan"),
        rincian: &["Honorarium Panitia", "Honorarium Tim Teknis"],
        goods: &[
            good("Ketua", "Orang", 700, 1_000),
            good("Sekretaris", "Orang", 500, 800),
            good("Anggota", "Orang", 400, 700),
        ],
    },
    Account {
        belanja: PEGAWAI,
        bagian: (2, "Honorarium Non PNS"),
        sub_bagian: (2, "Honorarium Pegawai Honorer/Tidak Tetap"),
        rincian: &["Honorarium Tenaga Administrasi", "Honorarium Tenaga Lapangan"],
        goods: &[
            good("Tenaga Administrasi", "Orang", 2_000, 3_500),
            good("Tenaga Kebersihan", "Orang", 1_800, 2_600),
        ],
    },
    Account {
        belanja: BARANG,
        bagian: (1, "Belanja Bahan Pakai Habis"),
        sub_bagian: (1, "Belanja Alat Tulis Kantor"),
        rincian: &["Alat Tulis Kantor"],
        goods: &[
            good("Kertas HVS F4 80 gram", "Rim", 100, 140),
            good("Tinta Printer", "Botol", 180, 300),
            good("Map Snelhechter", "Buah", 6, 12),
            good("Ballpoint", "Lusin", 40, 90),
        ],
    },
    Account {
        belanja: BARANG,
        bagian: (1, "Belanja Bahan Pakai Habis"),
        sub_bagian: (5, "Belanja Bahan Bakar Minyak/Gas"),
        rincian: &["Bahan Bakar Kendaraan Dinas"],
        goods: &[good("Pertamax", "Liter", 24, 30), good("Dexlite", "Liter", 26, 32)],
    },
    Account {
        belanja: BARANG,
        bagian: (3, "Belanja Jasa Kantor"),
        sub_bagian: (3, "Belanja Listrik"),
        rincian: &["Belanja Listrik Kantor"],
        goods: &[good("Listrik Gedung Utama", "Rek", 1_500, 9_000), good("Listrik Gudang", "Rek", 300, 1_200)],
    },
    Account {
        belanja: BARANG,
        bagian: (3, "Belanja Jasa Kantor"),
        sub_bagian: (6, "Belanja kawat/faksimili/internet"),
        rincian: &["Belanja Jaringan Internet"],
        goods: &[good("Internet", "Rek", 1_000, 2_400), good("Domain dan Hosting", "Paket", 600, 2_000)],
    },
    Account {
        belanja: BARANG,
        bagian: (6, "Belanja Cetak dan Penggandaan"),
        sub_bagian: (2, "Belanja Penggandaan"),
        rincian: &["Penggandaan Dokumen", "Cetak Laporan"],
        goods: &[good("Fotokopi", "Lembar", 1, 1), good("Jilid", "Buku", 20, 60), good("Spanduk", "Meter", 40, 80)],
    },
    Account {
        belanja: BARANG,
        bagian: (11, "Belanja Makanan dan Minuman"),
        sub_bagian: (2, "Belanja Makanan dan Minuman Rapat"),
        rincian: &["Konsumsi Rapat Koordinasi", "Konsumsi Sosialisasi"],
        goods: &[good("Nasi Kotak", "Kotak", 50, 80), good("Kudapan", "Kotak", 24, 36)],
    },
    Account {
        belanja: BARANG,
        bagian: (15, "Belanja Perjalanan Dinas"),
        sub_bagian: (1, "Belanja Perjalanan Dinas Dalam Daerah"),
        rincian: &["Perjalanan Dinas ke Desa"],
        goods: &[good("Uang Harian", "Orang", 150, 300), good("Transport Lokal", "Orang", 100, 200)],
    },
    Account {
        belanja: BARANG,
        bagian: (23, "Belanja Barang untuk Diserahkan kepada Masyarakat"),
        sub_bagian: (1, "Belanja Barang yang Akan Diserahkan kepada Masyarakat"),
        rincian: &["Paket Bantuan Keluarga", "Sarana Usaha"],
        goods: &[
            good("Paket Sembako", "Paket", 300, 600),
            good("Peralatan Usaha", "Paket", 2_000, 6_000),
            good("Bibit Ternak", "Ekor", 1_000, 4_000),
        ],
    },
    Account {
        belanja: MODAL,
        bagian: (12, "Belanja Modal Pengadaan Komputer"),
        sub_bagian: (3, "Belanja Modal Pengadaan Komputer Note Book"),
        rincian: &["Pengadaan Komputer"],
        goods: &[good("Note Book", "Unit", 16_000, 30_000), good("Printer", "Unit", 4_000, 9_000)],
    },
    Account {
        belanja: MODAL,
        bagian: (26, "Belanja Modal Pengadaan Konstruksi"),
        sub_bagian: (1, "Belanja Modal Pengadaan Konstruksi Bangunan"),
        rincian: &["Pekerjaan Fisik", "Rehabilitasi Bangunan"],
        goods: &[
            good("Pekerjaan Persiapan", "Paket", 5_000, 20_000),
            good("Pekerjaan Struktur", "Paket", 20_000, 80_000),
            good("Pekerjaan Finishing", "Paket", 8_000, 30_000),
        ],
    },
];
