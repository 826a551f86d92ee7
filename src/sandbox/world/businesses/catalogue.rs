//! What businesses are made of: legal forms, lines of business (KBLI 2020, real), places (real codes of Kemendagri) and
//! names put together by chance.

/// A legal form: code of the guide's lampiran 2 and what stands before the name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) code: &'static str,
    pub(crate) prefix: &'static str,
}

pub(crate) const PT: Form = Form { code: "01", prefix: "PT" };
pub(crate) const CV: Form = Form { code: "02", prefix: "CV" };
pub(crate) const KOPERASI: Form = Form { code: "07", prefix: "KOPERASI" };
pub(crate) const PERSON: Form = Form { code: "17", prefix: "UD" };
pub(crate) const FRANCHISOR: Form = Form { code: "20", prefix: "" };
pub(crate) const SOLE_PT: Form = Form { code: "26", prefix: "PT" };

/// A line of business.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kbli {
    /// Five digits, some with a leading zero.
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
    /// Ministry in charge: a code of the guide's lampiran 20.
    pub(crate) sector: &'static str,
    /// R low, MR medium low, MT medium high, T high.
    pub(crate) risk: &'static str,
}

const fn kbli(code: &'static str, title: &'static str, sector: &'static str, risk: &'static str) -> Kbli {
    Kbli { code, title, sector, risk }
}

pub(crate) const KBLI: [Kbli; 30] = [
    kbli("01111", "Pertanian Jagung", "018", "R"),
    kbli("01461", "Budidaya Ayam Ras Pedaging", "018", "MR"),
    kbli("02111", "Pemanfaatan Kayu Hutan Tanaman pada Hutan Produksi", "029", "T"),
    kbli("03111", "Penangkapan Pisces/Ikan Bersirip Di Laut", "032", "MT"),
    kbli("08101", "Penggalian Batu Hias Dan Batu Bangunan", "020", "T"),
    kbli("10411", "Industri Minyak Mentah dan Lemak Nabati", "019", "MT"),
    kbli("10710", "Industri Produk Roti Dan Kue", "019", "MR"),
    kbli("13912", "Industri Kain Sulaman", "019", "R"),
    kbli("14111", "Industri Pakaian Jadi (Konveksi) Dari Tekstil", "019", "R"),
    kbli("18111", "Industri Pencetakan Umum", "019", "R"),
    kbli("31001", "Industri Furnitur Dari Kayu", "019", "MR"),
    kbli("41011", "Konstruksi Gedung Hunian", "033", "MT"),
    kbli("42101", "Konstruksi Bangunan Sipil Jalan", "033", "MT"),
    kbli("43211", "Instalasi Listrik", "020", "MT"),
    kbli("46311", "Perdagangan Besar Beras", "090", "MT"),
    kbli("46521", "Perdagangan Besar Suku Cadang Elektronik", "090", "R"),
    kbli(
        "47111",
        "Perdagangan Eceran Berbagai Macam Barang Yang Utamanya Makanan, Minuman Atau Tembakau Di \
         Minimarket/Supermarket/Hypermarket",
        "090",
        "R",
    ),
    kbli("47711", "Perdagangan Eceran Pakaian", "090", "R"),
    kbli("49431", "Angkutan Bermotor untuk Barang Umum", "022", "MT"),
    kbli("55110", "Hotel Bintang", "040", "MT"),
    kbli("56101", "Restoran", "040", "MR"),
    kbli("62019", "Aktivitas Pemrograman Komputer Lainnya", "059", "R"),
    kbli("63122", "Portal Web Dan/Atau Platform Digital Dengan Tujuan Komersial", "059", "MT"),
    kbli("68111", "Real Estat Yang Dimiliki Sendiri Atau Disewa", "033", "R"),
    kbli("70209", "Aktivitas Konsultasi Manajemen Lainnya", "090", "R"),
    kbli("71102", "Aktivitas Keinsinyuran dan Konsultasi Teknis YBDI", "033", "MT"),
    kbli("73100", "Periklanan", "090", "R"),
    kbli("81210", "Aktivitas Kebersihan Umum Bangunan", "026", "R"),
    kbli("82110", "Aktivitas Penyedia Gabungan Jasa Administrasi Kantor", "090", "R"),
    kbli("95110", "Reparasi Komputer dan Peralatan Sejenisnya", "019", "R"),
];

/// A village by its code of Kemendagri (10 digits) with the names above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) code: String,
    pub(crate) village: String,
    pub(crate) city: String,
    pub(crate) province: String,
}

/// Code, village, city, province.
pub(crate) const PLACES: [(&str, &str, &str, &str); 14] = [
    ("3175031001", "Kampung Melayu", "Kota Administrasi Jakarta Timur", "DKI Jakarta"),
    ("3174011001", "Tebet Timur", "Kota Administrasi Jakarta Selatan", "DKI Jakarta"),
    ("3173041001", "Tambora", "Kota Administrasi Jakarta Barat", "DKI Jakarta"),
    ("3273011001", "Sukarasa", "Kota Bandung", "Jawa Barat"),
    ("3216061001", "Jatimulya", "Kabupaten Bekasi", "Jawa Barat"),
    ("3374011001", "Miroto", "Kota Semarang", "Jawa Tengah"),
    ("3404012001", "Balecatur", "Kabupaten Sleman", "Daerah Istimewa Yogyakarta"),
    ("3578011001", "Karang Pilang", "Kota Surabaya", "Jawa Timur"),
    ("3671011001", "Sukarasa", "Kota Tangerang", "Banten"),
    ("5171011001", "Serangan", "Kota Denpasar", "Bali"),
    ("1271011001", "Pasar Baru", "Kota Medan", "Sumatera Utara"),
    ("6371011001", "Mantuil", "Kota Banjarmasin", "Kalimantan Selatan"),
    ("6471011001", "Manggar", "Kota Balikpapan", "Kalimantan Timur"),
    ("7371011001", "Bontorannu", "Kota Makassar", "Sulawesi Selatan"),
];

pub(crate) const FIRST_WORDS: [&str; 20] = [
    "SUMBER", "KARYA", "CIPTA", "BINTANG", "MITRA", "CAHAYA", "GRAHA", "TUNAS", "BANGUN", "ANEKA", "BERKAH",
    "PELITA", "MANDALA", "TIRTA", "SARANA", "USAHA", "PRIMA", "SENTRA", "BUMI", "DAMAI",
];
pub(crate) const SECOND_WORDS: [&str; 20] = [
    "REJEKI",
    "ABADI",
    "NUSANTARA",
    "SEJAHTERA",
    "MANDIRI",
    "UTAMA",
    "MAKMUR",
    "SENTOSA",
    "PERSADA",
    "LESTARI JAYA",
    "GEMILANG",
    "PERKASA",
    "TEKNIKA",
    "BERSAMA",
    "MULIA",
    "ARTHA",
    "KENCANA",
    "SELARAS",
    "INDAH",
    "BARU",
];

pub(crate) const STREETS: [&str; 12] = [
    "Jl. Raya Industri",
    "Jl. Pahlawan Revolusi",
    "Jl. Gatot Subroto",
    "Jl. Ahmad Yani",
    "Jl. Diponegoro",
    "Jl. Veteran",
    "Jl. Pemuda",
    "Jl. Sudirman",
    "Jl. Merdeka Timur",
    "Jl. Panglima Besar",
    "Jl. Hasanuddin",
    "Jl. Imam Bonjol",
];

/// Franchisors: name, country.
pub(crate) const FRANCHISES: [(&str, &str); 6] = [
    ("BLUE HARBOUR COFFEE PTE LTD", "SG"),
    ("MAPLE TREE EDUCATION INC", "CA"),
    ("NORDLYS BAKERY AS", "NO"),
    ("GOLDEN LOTUS TEA CO LTD", "TW"),
    ("KANGAROO FITNESS PTY LTD", "AU"),
    ("HANARI CHICKEN CO LTD", "KR"),
];

/// Companies abroad that hold shares: name, country.
pub(crate) const INVESTORS: [(&str, &str); 5] = [
    ("EASTERN BAY HOLDINGS PTE LTD", "SG"),
    ("SAKURA MACHINERY KK", "JP"),
    ("RHEINTAL BETEILIGUNGS GMBH", "DE"),
    ("PACIFIC RIM VENTURES LTD", "HK"),
    ("HAN RIVER CAPITAL CO LTD", "KR"),
];

/// Posts for foreigners, with the ministry's number.
pub(crate) const POSTS: [(u32, &str); 4] = [
    (1120, "Direktur Utama"),
    (1345, "Manajer Produksi"),
    (2141, "Ahli Mesin"),
    (2512, "Penasihat Teknologi Informasi"),
];
