//! The catalogue: fields, programmes, agencies.

use super::{Agency, Kegiatan, Program, SubKegiatan, Urusan};

const EXPENSES: &str = "Mengurangi Beban Pengeluaran Masyarakat";
const INCOME: &str = "Meningkatkan Pendapatan Masyarakat";
const POCKETS: &str = "Meminimalkan Wilayah Kantong Kemiskinan";

const fn urusan(kind: u8, number: u8, name: &'static str) -> Urusan {
    Urusan { kind, number, name }
}

static PENDIDIKAN: Urusan = urusan(1, 1, "Pendidikan");
static KESEHATAN: Urusan = urusan(1, 2, "Kesehatan");
static PEKERJAAN_UMUM: Urusan = urusan(1, 3, "Pekerjaan Umum dan Penataan Ruang");
static PERUMAHAN: Urusan = urusan(1, 4, "Perumahan Rakyat dan Kawasan Permukiman");
static SOSIAL: Urusan = urusan(1, 6, "Sosial");
static TENAGA_KERJA: Urusan = urusan(2, 7, "Tenaga Kerja");
static DESA: Urusan = urusan(2, 13, "Pemberdayaan Masyarakat dan Desa");
static KELUARGA: Urusan = urusan(2, 14, "Pengendalian Penduduk dan Keluarga Berencana");
static PERHUBUNGAN: Urusan = urusan(2, 15, "Perhubungan");
static KOMUNIKASI: Urusan = urusan(2, 16, "Komunikasi dan Informatika");
static KOPERASI: Urusan = urusan(2, 17, "Koperasi, Usaha Kecil, dan Menengah");
static PERIKANAN: Urusan = urusan(3, 25, "Kelautan dan Perikanan");
static PERTANIAN: Urusan = urusan(3, 27, "Pertanian");
static PERDAGANGAN: Urusan = urusan(3, 30, "Perdagangan");
static PERENCANAAN: Urusan = urusan(5, 1, "Perencanaan");
static KEUANGAN: Urusan = urusan(5, 2, "Keuangan");
static KECAMATAN: Urusan = urusan(7, 1, "Kecamatan");

const fn kegiatan(number: u16, name: &'static str, subs: &'static [SubKegiatan]) -> Kegiatan {
    Kegiatan { number, name, subs }
}

/// A part that serves the agency itself.
const fn inner(number: u8, name: &'static str) -> SubKegiatan {
    SubKegiatan { number, name, strategi: None }
}

/// A part that families get.
const fn given(number: u8, name: &'static str, strategi: &'static str) -> SubKegiatan {
    SubKegiatan { number, name, strategi: Some(strategi) }
}

/// What every agency needs to run, under its own field: number 1 in each.
const SUPPORT: &[Kegiatan] = &[
    kegiatan(
        201,
        "Perencanaan, Penganggaran, dan Evaluasi Kinerja Perangkat Daerah",
        &[inner(1, "Penyusunan Dokumen Perencanaan Perangkat Daerah")],
    ),
    kegiatan(206, "Administrasi Umum Perangkat Daerah", &[inner(5, "Penyediaan Barang Cetakan dan Penggandaan")]),
    kegiatan(
        208,
        "Penyediaan Jasa Penunjang Urusan Pemerintahan Daerah",
        &[inner(2, "Penyediaan Jasa Komunikasi, Sumber Daya Air dan Listrik")],
    ),
];

const fn support(urusan: &'static Urusan) -> Program {
    Program { urusan, number: 1, name: "Penunjang Urusan Pemerintahan Daerah Kabupaten/Kota", kegiatan: SUPPORT }
}

const fn program(urusan: &'static Urusan, number: u8, name: &'static str, kegiatan: &'static [Kegiatan]) -> Program {
    Program { urusan, number, name, kegiatan }
}

static PENDIDIKAN_1: Program = support(&PENDIDIKAN);
static PENDIDIKAN_2: Program = program(
    &PENDIDIKAN,
    2,
    "Pengelolaan Pendidikan",
    &[
        kegiatan(
            201,
            "Pengelolaan Pendidikan Sekolah Dasar",
            &[given(12, "Penyediaan Biaya Personil Peserta Didik Sekolah Dasar", EXPENSES)],
        ),
        kegiatan(
            202,
            "Pengelolaan Pendidikan Sekolah Menengah Pertama",
            &[given(17, "Penyediaan Biaya Personil Peserta Didik Sekolah Menengah Pertama", EXPENSES)],
        ),
    ],
);
static KESEHATAN_1: Program = support(&KESEHATAN);
static KESEHATAN_2: Program = program(
    &KESEHATAN,
    2,
    "Pemenuhan Upaya Kesehatan Perorangan dan Upaya Kesehatan Masyarakat",
    &[kegiatan(
        202,
        "Penyediaan Layanan Kesehatan untuk UKM dan UKP Rujukan Tingkat Daerah Kabupaten/Kota",
        &[
            given(15, "Pengelolaan Pelayanan Kesehatan Gizi Masyarakat", POCKETS),
            given(26, "Pengelolaan Jaminan Kesehatan Masyarakat", EXPENSES),
        ],
    )],
);
static KESEHATAN_5: Program = program(
    &KESEHATAN,
    5,
    "Pemberdayaan Masyarakat Bidang Kesehatan",
    &[kegiatan(
        202,
        "Pelaksanaan Sehat dalam Rangka Promotif Preventif Tingkat Daerah Kabupaten/Kota",
        &[given(
            2,
            "Penumbuhan Kesadaran Keluarga dalam Peningkatan Derajat Kesehatan Keluarga dan Lingkungan",
            POCKETS,
        )],
    )],
);
static PEKERJAAN_UMUM_1: Program = support(&PEKERJAAN_UMUM);
static PEKERJAAN_UMUM_5: Program = program(
    &PEKERJAAN_UMUM,
    5,
    "Pengelolaan dan Pengembangan Sistem Air Limbah",
    &[kegiatan(
        201,
        "Pengelolaan dan Pengembangan Sistem Air Limbah Domestik dalam Daerah Kabupaten/Kota",
        &[given(8, "Pembangunan/Penyediaan Sub Sistem Pengolahan Setempat", POCKETS)],
    )],
);
static PERUMAHAN_1: Program = support(&PERUMAHAN);
static PERUMAHAN_4: Program = program(
    &PERUMAHAN,
    4,
    "Perumahan dan Kawasan Permukiman Kumuh",
    &[kegiatan(
        201,
        "Pencegahan Perumahan dan Kawasan Permukiman Kumuh pada Daerah Kabupaten/Kota",
        &[given(2, "Perbaikan Rumah Tidak Layak Huni", POCKETS)],
    )],
);
static SOSIAL_1: Program = support(&SOSIAL);
static SOSIAL_4: Program = program(
    &SOSIAL,
    4,
    "Rehabilitasi Sosial",
    &[kegiatan(
        201,
        "Rehabilitasi Sosial Dasar Penyandang Disabilitas Terlantar, Anak Terlantar, Lanjut Usia Terlantar",
        &[given(1, "Penyediaan Permakanan", EXPENSES), given(4, "Penyediaan Alat Bantu", EXPENSES)],
    )],
);
static SOSIAL_5: Program = program(
    &SOSIAL,
    5,
    "Perlindungan dan Jaminan Sosial",
    &[kegiatan(
        202,
        "Pengelolaan Data Fakir Miskin Cakupan Daerah Kabupaten/Kota",
        &[given(3, "Fasilitasi Bantuan Sosial Kesejahteraan Keluarga", EXPENSES)],
    )],
);
static TENAGA_KERJA_1: Program = support(&TENAGA_KERJA);
static TENAGA_KERJA_3: Program = program(
    &TENAGA_KERJA,
    3,
    "Pelatihan Kerja dan Produktivitas Tenaga Kerja",
    &[kegiatan(
        201,
        "Pelaksanaan Pelatihan Berdasarkan Unit Kompetensi",
        &[given(1, "Proses Pelaksanaan Pendidikan dan Pelatihan Keterampilan bagi Pencari Kerja", INCOME)],
    )],
);
static DESA_1: Program = support(&DESA);
static DESA_4: Program = program(
    &DESA,
    4,
    "Administrasi Pemerintahan Desa",
    &[kegiatan(
        201,
        "Pembinaan dan Pengawasan Penyelenggaraan Administrasi Pemerintahan Desa",
        &[inner(4, "Fasilitasi Pengelolaan Keuangan Desa")],
    )],
);
static KELUARGA_1: Program = support(&KELUARGA);
static KELUARGA_4: Program = program(
    &KELUARGA,
    4,
    "Pemberdayaan dan Peningkatan Keluarga Sejahtera (KS)",
    &[kegiatan(
        201,
        "Pelaksanaan Pembangunan Keluarga Melalui Pembinaan Ketahanan dan Kesejahteraan Keluarga",
        &[given(6, "Promosi dan Sosialisasi Kelompok Kegiatan Ketahanan Keluarga", POCKETS)],
    )],
);
static PERHUBUNGAN_1: Program = support(&PERHUBUNGAN);
static PERHUBUNGAN_2: Program = program(
    &PERHUBUNGAN,
    2,
    "Penyelenggaraan Lalu Lintas dan Angkutan Jalan (LLAJ)",
    &[kegiatan(
        202,
        "Penyediaan Perlengkapan Jalan di Jalan Kabupaten/Kota",
        &[inner(1, "Pembangunan Prasarana Jalan di Jalan Kabupaten/Kota")],
    )],
);
static KOMUNIKASI_1: Program = support(&KOMUNIKASI);
static KOMUNIKASI_3: Program = program(
    &KOMUNIKASI,
    3,
    "Aplikasi Informatika",
    &[kegiatan(
        202,
        "Pengelolaan E-Government di Lingkup Pemerintah Daerah Kabupaten/Kota",
        &[inner(7, "Pengembangan Aplikasi dan Proses Bisnis Pemerintahan Berbasis Elektronik")],
    )],
);
static KOPERASI_1: Program = support(&KOPERASI);
static KOPERASI_7: Program = program(
    &KOPERASI,
    7,
    "Pemberdayaan Usaha Menengah, Usaha Kecil, dan Usaha Mikro (UMKM)",
    &[kegiatan(
        201,
        "Pemberdayaan Usaha Mikro yang Dilakukan Melalui Pendataan, Kemitraan, dan Kemudahan Perizinan",
        &[given(3, "Fasilitasi Kemudahan Perizinan Usaha Mikro", INCOME)],
    )],
);
static PERIKANAN_1: Program = support(&PERIKANAN);
static PERIKANAN_4: Program = program(
    &PERIKANAN,
    4,
    "Pengelolaan Perikanan Budidaya",
    &[kegiatan(
        202,
        "Pemberdayaan Pembudi Daya Ikan Kecil",
        &[given(2, "Pengembangan Kapasitas Pembudi Daya Ikan Kecil", INCOME)],
    )],
);
static PERTANIAN_1: Program = support(&PERTANIAN);
static PERTANIAN_2: Program = program(
    &PERTANIAN,
    2,
    "Penyediaan dan Pengembangan Sarana Pertanian",
    &[
        kegiatan(
            201,
            "Pengawasan Penggunaan Sarana Pertanian",
            &[given(1, "Pengawasan Penggunaan Sarana Pendukung Pertanian Sesuai Komoditas", INCOME)],
        ),
        kegiatan(
            205,
            "Pengendalian dan Pengawasan Penyediaan dan Peredaran Benih/Bibit Ternak",
            &[given(1, "Penyediaan Benih/Bibit Ternak", INCOME)],
        ),
    ],
);
static PERDAGANGAN_1: Program = support(&PERDAGANGAN);
static PERDAGANGAN_4: Program = program(
    &PERDAGANGAN,
    4,
    "Stabilisasi Harga Barang Kebutuhan Pokok dan Barang Penting",
    &[kegiatan(
        202,
        "Pengendalian Harga dan Stok Barang Kebutuhan Pokok",
        &[inner(3, "Pelaksanaan Operasi Pasar Reguler dan Pasar Khusus")],
    )],
);
static PERENCANAAN_1: Program = support(&PERENCANAAN);
static PERENCANAAN_2: Program = program(
    &PERENCANAAN,
    2,
    "Perencanaan, Pengendalian dan Evaluasi Pembangunan Daerah",
    &[
        kegiatan(201, "Penyusunan Perencanaan dan Pendanaan", &[inner(3, "Penyusunan RKPD")]),
        kegiatan(202, "Analisis Data dan Informasi Pembangunan Daerah", &[inner(1, "Analisis Data Pembangunan")]),
    ],
);
static KEUANGAN_1: Program = support(&KEUANGAN);
static KEUANGAN_2: Program = program(
    &KEUANGAN,
    2,
    "Pengelolaan Keuangan Daerah",
    &[
        kegiatan(201, "Koordinasi dan Penyusunan Rencana Anggaran Daerah", &[inner(5, "Penyusunan APBD")]),
        kegiatan(203, "Koordinasi dan Pelaksanaan Akuntansi", &[inner(2, "Rekonsiliasi Data Transaksi")]),
    ],
);
static KECAMATAN_1: Program = support(&KECAMATAN);
static KECAMATAN_3: Program = program(
    &KECAMATAN,
    3,
    "Pemberdayaan Masyarakat Desa dan Kelurahan",
    &[kegiatan(
        201,
        "Koordinasi Kegiatan Pemberdayaan Desa",
        &[inner(1, "Peningkatan Partisipasi Masyarakat dalam Forum Musyawarah Perencanaan")],
    )],
);

const fn skpd(id: u32, name: &'static str, programs: &'static [&'static Program]) -> Agency {
    Agency { id, office: id, kind: "skpd", name, programs }
}

static OF_KECAMATAN: [&Program; 2] = [&KECAMATAN_1, &KECAMATAN_3];

const fn kecamatan(id: u32, name: &'static str) -> Agency {
    Agency { id, office: id, kind: "kecamatan", name, programs: &OF_KECAMATAN }
}

/// A kelurahan of the kecamatan with number [`BANGIL`].
const fn kelurahan(id: u32, name: &'static str, programs: &'static [&'static Program]) -> Agency {
    Agency { id, office: BANGIL, kind: "kelurahan", name, programs }
}

const BANGIL: u32 = 18;

/// All agencies.
pub(crate) static AGENCIES: [Agency; 25] = [
    skpd(1, "Dinas Komunikasi dan Informatika", &[&KOMUNIKASI_1, &KOMUNIKASI_3]),
    skpd(2, "Dinas Pendidikan dan Kebudayaan", &[&PENDIDIKAN_1, &PENDIDIKAN_2]),
    skpd(3, "Dinas Kesehatan", &[&KESEHATAN_1, &KESEHATAN_2, &KESEHATAN_5]),
    skpd(4, "Dinas Pekerjaan Umum dan Tata Ruang", &[&PEKERJAAN_UMUM_1, &PEKERJAAN_UMUM_5]),
    skpd(5, "Dinas Perumahan dan Kawasan Permukiman", &[&PERUMAHAN_1, &PERUMAHAN_4]),
    skpd(6, "Dinas Sosial", &[&SOSIAL_1, &SOSIAL_4, &SOSIAL_5]),
    skpd(7, "Dinas Tenaga Kerja", &[&TENAGA_KERJA_1, &TENAGA_KERJA_3]),
    skpd(8, "Dinas Pemberdayaan Masyarakat dan Desa", &[&DESA_1, &DESA_4]),
    skpd(9, "Dinas Keluarga Berencana", &[&KELUARGA_1, &KELUARGA_4]),
    skpd(10, "Dinas Perhubungan", &[&PERHUBUNGAN_1, &PERHUBUNGAN_2]),
    skpd(11, "Dinas Koperasi dan Usaha Mikro", &[&KOPERASI_1, &KOPERASI_7]),
    skpd(12, "Dinas Perikanan", &[&PERIKANAN_1, &PERIKANAN_4]),
    skpd(13, "Dinas Pertanian", &[&PERTANIAN_1, &PERTANIAN_2]),
    skpd(14, "Dinas Perindustrian dan Perdagangan", &[&PERDAGANGAN_1, &PERDAGANGAN_4]),
    skpd(15, "Badan Perencanaan Pembangunan Daerah", &[&PERENCANAAN_1, &PERENCANAAN_2]),
    skpd(16, "Badan Pengelolaan Keuangan dan Aset Daerah", &[&KEUANGAN_1, &KEUANGAN_2]),
    kecamatan(17, "Kecamatan Purwodadi"),
    kecamatan(BANGIL, "Kecamatan Bangil"),
    kecamatan(19, "Kecamatan Prigen"),
    kecamatan(20, "Kecamatan Pandaan"),
    kecamatan(21, "Kecamatan Gempol"),
    kelurahan(22, "Kelurahan Bendomungal", &[&KECAMATAN_3]),
    kelurahan(23, "Kelurahan Kauman", &[&KECAMATAN_3]),
    kelurahan(24, "Kelurahan Pogar", &[]),
    kelurahan(25, "Kelurahan Kersikan", &[]),
];
