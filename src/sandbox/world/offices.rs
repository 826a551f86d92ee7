//! The ministry: eselon 1 units and satker. Names of regions are real, codes and who belongs to whom are made up.

use super::dice::Dice;

/// Bagian anggaran of Kementerian ATR/BPN.
pub(crate) const MINISTRY: &str = "056";
/// Its name in the answers.
pub(crate) const MINISTRY_NAME: &str = "KEMENTERIAN AGRARIA DAN TATA RUANG/BADAN PERTANAHAN NASIONAL";

/// An eselon 1 unit.
#[derive(Debug)]
pub(crate) struct Eselon1 {
    /// Ministry (3) and unit (2).
    pub(crate) code: &'static str,
    /// Name, in capitals.
    pub(crate) name: &'static str,
    /// Name of its satker at headquarters.
    head_office: &'static str,
}

/// The eselon 1 units, by code.
pub(crate) const ESELON1: [Eselon1; 6] = [
    Eselon1 { code: "05601", name: "SEKRETARIAT JENDERAL", head_office: "SEKRETARIAT JENDERAL" },
    Eselon1 { code: "05602", name: "INSPEKTORAT JENDERAL", head_office: "INSPEKTORAT JENDERAL" },
    Eselon1 {
        code: "05603",
        name: "DIREKTORAT JENDERAL TATA RUANG",
        head_office: "SEKRETARIAT DIREKTORAT JENDERAL TATA RUANG",
    },
    Eselon1 {
        code: "05604",
        name: "DIREKTORAT JENDERAL SURVEI DAN PEMETAAN PERTANAHAN DAN RUANG",
        head_office: "SEKRETARIAT DIREKTORAT JENDERAL SURVEI DAN PEMETAAN PERTANAHAN DAN RUANG",
    },
    Eselon1 {
        code: "05605",
        name: "DIREKTORAT JENDERAL PENETAPAN HAK DAN PENDAFTARAN TANAH",
        head_office: "SEKRETARIAT DIREKTORAT JENDERAL PENETAPAN HAK DAN PENDAFTARAN TANAH",
    },
    Eselon1 {
        code: "05606",
        name: "DIREKTORAT JENDERAL PENATAAN AGRARIA",
        head_office: "SEKRETARIAT DIREKTORAT JENDERAL PENATAAN AGRARIA",
    },
];

/// The eselon 1 unit (index) of a land office, in turn: most belong to the secretariat general.
const OFFICE_UNITS: [usize; 6] = [0, 4, 0, 3, 4, 5];

/// A province: DJPb code, name, KPPN, four regencies and a city.
type Province = (&'static str, &'static str, &'static str, [&'static str; 4], &'static str);

const PROVINCES: [Province; 24] = [
    ("02", "JAWA BARAT", "022", ["BOGOR", "SUKABUMI", "CIANJUR", "GARUT"], "BANDUNG"),
    ("03", "JAWA TENGAH", "026", ["CILACAP", "BANYUMAS", "PURBALINGGA", "KEBUMEN"], "SEMARANG"),
    ("05", "JAWA TIMUR", "031", ["PACITAN", "PONOROGO", "TULUNGAGUNG", "PASURUAN"], "SURABAYA"),
    ("06", "ACEH", "001", ["ACEH BESAR", "PIDIE", "ACEH TENGAH", "ACEH BARAT"], "BANDA ACEH"),
    ("07", "SUMATERA UTARA", "004", ["LANGKAT", "KARO", "DELI SERDANG", "SIMALUNGUN"], "MEDAN"),
    ("08", "SUMATERA BARAT", "010", ["PESISIR SELATAN", "SOLOK", "TANAH DATAR", "AGAM"], "PADANG"),
    ("09", "RIAU", "008", ["KAMPAR", "INDRAGIRI HULU", "BENGKALIS", "PELALAWAN"], "PEKANBARU"),
    ("10", "JAMBI", "012", ["KERINCI", "MERANGIN", "SAROLANGUN", "MUARO JAMBI"], "JAMBI"),
    ("11", "SUMATERA SELATAN", "014", ["OGAN KOMERING ULU", "MUARA ENIM", "LAHAT", "BANYUASIN"], "PALEMBANG"),
    ("12", "LAMPUNG", "017", ["LAMPUNG SELATAN", "LAMPUNG TENGAH", "TANGGAMUS", "WAY KANAN"], "BANDAR LAMPUNG"),
    ("04", "DI YOGYAKARTA", "030", ["KULON PROGO", "BANTUL", "GUNUNGKIDUL", "SLEMAN"], "YOGYAKARTA"),
    ("22", "BALI", "037", ["JEMBRANA", "TABANAN", "BADUNG", "GIANYAR"], "DENPASAR"),
    ("23", "NUSA TENGGARA BARAT", "038", ["LOMBOK BARAT", "LOMBOK TENGAH", "SUMBAWA", "DOMPU"], "MATARAM"),
    ("24", "NUSA TENGGARA TIMUR", "039", ["BELU", "ALOR", "SIKKA", "ENDE"], "KUPANG"),
    ("13", "KALIMANTAN BARAT", "042", ["SAMBAS", "SANGGAU", "KETAPANG", "SINTANG"], "PONTIANAK"),
    ("14", "KALIMANTAN TENGAH", "044", ["KAPUAS", "BARITO SELATAN", "KATINGAN", "SERUYAN"], "PALANGKA RAYA"),
    ("15", "KALIMANTAN SELATAN", "045", ["TANAH LAUT", "KOTABARU", "BANJAR", "TAPIN"], "BANJARMASIN"),
    ("16", "KALIMANTAN TIMUR", "046", ["PASER", "KUTAI KARTANEGARA", "BERAU", "KUTAI TIMUR"], "SAMARINDA"),
    (
        "17",
        "SULAWESI UTARA",
        "050",
        ["MINAHASA", "MINAHASA SELATAN", "MINAHASA UTARA", "BOLAANG MONGONDOW"],
        "MANADO",
    ),
    ("18", "SULAWESI TENGAH", "051", ["BANGGAI", "POSO", "DONGGALA", "MOROWALI"], "PALU"),
    ("19", "SULAWESI SELATAN", "054", ["BULUKUMBA", "BANTAENG", "GOWA", "BONE"], "MAKASSAR"),
    ("20", "SULAWESI TENGGARA", "053", ["KOLAKA", "KONAWE", "MUNA", "BUTON"], "KENDARI"),
    ("21", "MALUKU", "060", ["MALUKU TENGAH", "BURU", "KEPULAUAN ARU", "SERAM BAGIAN BARAT"], "AMBON"),
    ("25", "PAPUA", "064", ["MERAUKE", "NABIRE", "BIAK NUMFOR", "MIMIKA"], "JAYAPURA"),
];

/// Suffixes of further offices of one regency, as real ones are called.
const NUMERALS: [&str; 8] = ["", " II", " III", " IV", " V", " VI", " VII", " VIII"];

/// The place of a satker in the ministry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Headquarters of an eselon 1 unit.
    Pusat,
    /// Kantor wilayah, one a province.
    Kanwil,
    /// Kantor pertanahan of a regency or city.
    Kantah,
}

/// A work unit.
#[derive(Debug)]
pub(crate) struct Satker {
    /// Six digits, some with a leading zero.
    pub(crate) code: String,
    /// Name, in capitals.
    pub(crate) name: String,
    /// Treasury office.
    pub(crate) kppn: &'static str,
    /// DJPb location.
    pub(crate) lokasi: String,
    /// The unit it belongs to.
    pub(crate) eselon1: &'static Eselon1,
    /// Its place.
    pub(crate) role: Role,
    /// Budget against a plain land office, in percent.
    pub(crate) size: i64,
    /// Spends late and too little, so that a report has exceptions.
    pub(crate) lagging: bool,
}

impl Satker {
    /// Authority: 1 = KP at headquarters, 2 = KD elsewhere.
    pub(crate) fn kewenangan(&self) -> &'static str {
        if self.role == Role::Pusat { "1" } else { "2" }
    }
}

/// The satker of a world of `count` of them (at least one an eselon 1 unit): headquarters, regional offices, land
/// offices.
pub(crate) fn satkers(seed: u64, count: usize) -> Vec<Satker> {
    let rest = count.saturating_sub(ESELON1.len());
    let regional = (rest / 5).clamp(1, PROVINCES.len());
    let mut all: Vec<Satker> =
        ESELON1.iter().enumerate().map(|(index, unit)| head_office(seed, index, unit)).collect();
    all.extend((0..regional).map(|index| regional_office(seed, index)));
    all.extend((0..rest.saturating_sub(regional)).map(|index| land_office(seed, index)));
    all
}

fn head_office(seed: u64, index: usize, unit: &'static Eselon1) -> Satker {
    let code = format!("056{:03}", 11 + 10 * index);
    let size = Dice::new(seed, &format!("satker {code}")).between(500, 1100);
    let lokasi = "0100".to_owned();
    let name = format!("{} KEMENTERIAN ATR/BPN", unit.head_office);
    Satker { code, name, kppn: "018", lokasi, eselon1: unit, role: Role::Pusat, size, lagging: false }
}

fn regional_office(seed: u64, index: usize) -> Satker {
    let (province, name, kppn, _, _) = PROVINCES[index];
    let code = format!("43{:04}", 1000 + 37 * index);
    let size = Dice::new(seed, &format!("satker {code}")).between(180, 320);
    Satker {
        code,
        name: format!("KANTOR WILAYAH BADAN PERTANAHAN NASIONAL PROVINSI {name}"),
        kppn,
        lokasi: format!("{province}00"),
        eselon1: &ESELON1[0],
        role: Role::Kanwil,
        size,
        lagging: false,
    }
}

fn land_office(seed: u64, index: usize) -> Satker {
    let (province, _, kppn, regencies, city) = PROVINCES[index % PROVINCES.len()];
    let round = index / PROVINCES.len();
    let numeral = NUMERALS[(round / 5) % NUMERALS.len()];
    let (name, lokasi) = match regencies.get(round % 5) {
        Some(regency) => (format!("KABUPATEN {regency}"), format!("{province}{:02}", round % 5 + 1)),
        None => (format!("KOTA {city}"), format!("{province}51")),
    };
    let code = format!("6{:05}", 20_113 + 29 * index);
    let size = Dice::new(seed, &format!("satker {code}")).between(60, 220);
    Satker {
        code,
        name: format!("KANTOR PERTANAHAN {name}{numeral}"),
        kppn,
        lokasi,
        eselon1: &ESELON1[OFFICE_UNITS[index % OFFICE_UNITS.len()]],
        role: Role::Kantah,
        size,
        lagging: index % 8 == 3,
    }
}

#[cfg(test)]
mod tests {
    use super::satkers;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_six_characters_and_unique() {
        let all = satkers(1, 480);
        assert_eq!(all.len(), 480);
        let codes: BTreeSet<&str> = all.iter().map(|satker| satker.code.as_str()).collect();
        assert_eq!(codes.len(), 480);
        assert!(codes.iter().all(|code| code.len() == 6));
        let names: BTreeSet<&str> = all.iter().map(|satker| satker.name.as_str()).collect();
        assert_eq!(names.len(), 480);
        assert!(all.iter().any(|satker| satker.lagging));
    }

    #[test]
    fn a_larger_world_keeps_the_satker_of_the_smaller() {
        let small: BTreeSet<String> = satkers(1, 20).into_iter().map(|satker| satker.name).collect();
        let large: BTreeSet<String> = satkers(1, 60).into_iter().map(|satker| satker.name).collect();
        assert!(small.is_subset(&large));
    }
}
