//! Rows as SIPP writes them: every value a text but one, booleans and deciles in several spellings, codes and names in
//! one string.

use crate::sandbox::world::{Aid, Family, KABUPATEN, PROVINCE, People, Person};
use chrono::Datelike;
use serde_json::{Value, json};

const JOBS: [&str; 12] = [
    "Petani",
    "Buruh Tani",
    "Nelayan",
    "Buruh Harian Lepas",
    "Pedagang",
    "Karyawan Swasta",
    "Sopir",
    "Tukang Batu",
    "Mengurus Rumah Tangga",
    "Tidak/Belum Bekerja",
    "Pensiunan",
    "Lainnya",
];
const SCHOOLS: [&str; 8] = [
    "Tidak/belum sekolah",
    "Tidak tamat SD/Sederajat",
    "Siswa SD/Sederajat",
    "Tamat SD/Sederajat",
    "Tamat SD/Sederajat",
    "Tamat SMP/Sederajat",
    "Tamat SMA/Sederajat",
    "Tamat Perguruan Tinggi",
];
const TENURES: [&str; 4] = ["Milik sendiri", "Bebas sewa", "Kontrak/sewa", "Menumpang"];
const ROOFS: [&str; 6] = ["Genteng", "Asbes", "Seng", "Beton", "Bambu", "Jerami/ijuk/rumbia"];
const WALLS: [&str; 4] = ["Tembok", "Kayu/papan", "Anyaman bambu", "Plesteran anyaman bambu"];
const FLOORS: [&str; 4] = ["Keramik", "Ubin/tegel/teraso", "Semen", "Tanah"];
const LIGHTS: [&str; 3] = ["Listrik PLN", "Listrik non PLN", "Bukan listrik"];
const FUELS: [&str; 3] = ["Gas/elpiji", "Kayu bakar", "Listrik"];
const WATERS: [&str; 5] =
    ["Sumur bor/pompa", "Ledeng/PDAM", "Sumur terlindung", "Mata air terlindung", "Air isi ulang"];

/// Bits to pick from, each once.
struct Traits(u64);

impl Traits {
    fn pick(&mut self, of: &[&'static str]) -> &'static str {
        of[self.below(of.len() as u64) as usize]
    }

    fn below(&mut self, n: u64) -> u64 {
        let drawn = self.0 % n;
        self.0 /= n;
        drawn
    }

    /// Yes in `twentieths` of 20 cases, in one of the register's spellings.
    fn yes_no(&mut self, twentieths: u64) -> &'static str {
        let drawn = self.below(20);
        match (drawn < twentieths, drawn % 5) {
            (true, 0) => "YA",
            (true, _) => "Ya",
            (false, 3) => "",
            (false, _) => "Tidak",
        }
    }
}

/// The row of family `index`: the 30 columns.
pub(super) fn family(people: &People, index: usize, family: &Family) -> Value {
    let head = &people.heads()[index];
    let (village, born) = (head.village(), head.birth_date());
    let mut traits = Traits(family.traits);
    let decile = if traits.below(4) == 0 { format!("DESIL {}", family.decile) } else { family.decile.to_string() };
    let unmatched = traits.below(30) == 0 || family.neighbours_nik;
    let poor = if family.decile <= 2 { 11 } else { 4 };
    let job = traits.pick(&JOBS);
    json!({
        "id_keluarga_p3ke": family.id.to_string(),
        "provinsi": PROVINCE,
        "kabupaten_kota": KABUPATEN,
        "kecamatan": village.kecamatan,
        "desa_kelurahan": village.name,
        "kode_kemdagri": village.code,
        "desil_kesejahteraan": decile,
        "alamat": head.address(),
        "kepala_keluarga": head.name(),
        "nik": people.family_nik(index),
        "padan_dukcapil": if unmatched { "Tidak" } else { "Ya" },
        "jenis_kelamin": if head.is_woman() { "Perempuan" } else { "Laki-laki" },
        "tanggal_lahir": format!("{}/{}/{} 0:00:00", born.day(), born.month(), born.year()),
        "pekerjaan": if index % 97 == 31 { Value::Null } else { job.into() },
        "pendidikan": traits.pick(&SCHOOLS),
        "kepemilikan_rumah": traits.pick(&TENURES),
        "memiliki_simpanan_uang_perhiasan_ternak_lainnya": traits.yes_no(5),
        "jenis_atap": traits.pick(&ROOFS),
        "jenis_dinding": traits.pick(&WALLS),
        "jenis_lantai": traits.pick(&FLOORS),
        "sumber_penerangan": traits.pick(&LIGHTS),
        "bahan_bakar_memasak": traits.pick(&FUELS),
        "sumber_air_minum": traits.pick(&WATERS),
        "memiliki_fasilitas_buang_air_besar": traits.yes_no(14),
        "penerima_bpnt": traits.yes_no(poor),
        "penerima_bpum": traits.yes_no(1),
        "penerima_bst": traits.yes_no(3),
        "penerima_pkh": traits.yes_no(poor - 2),
        "penerima_sembako": traits.yes_no(poor),
        "resiko_stunting": family.stunting,
    })
}

/// The row of an aid: who, where, and what of it.
pub(super) fn aid(people: &People, aid: &Aid) -> Value {
    let village = people.recipient(aid).village();
    let family = aid.family.map(|family| people.family_id(family).to_string()).unwrap_or_default();
    let mut row = json!({
        "id_keluarga_p3ke": family,
        "kecamatan": village.kecamatan,
        "desa_kelurahan": village.name,
        "kode_kemdagri": village.code,
        "nik": people.aid_nik(aid),
    });
    if let (Value::Object(row), Value::Object(given)) = (&mut row, given(aid)) {
        row.extend(given);
    }
    row
}

/// What was given: agency, strategy, and programme, activity and sub-activity, each a code and a name in one string.
/// The code is dotted or not at its end, lacks its first digit or not, has its activity as `202` or `2.02`.
pub(super) fn given(aid: &Aid) -> Value {
    let kind = &aid.kind;
    let (urusan, program, kegiatan) = (kind.program.urusan, kind.program.number, kind.kegiatan.number);
    let rest = format!(".{:02}.{program:02}", urusan.number);
    let activity = format!("{kegiatan:03}");
    let split = format!("{}.{:02}", kegiatan / 100, kegiatan % 100);
    let first = urusan.kind;
    let of_program = match aid.spelling[0] {
        0 | 1 => format!("{first}{rest}."),
        _ => format!("{first}{rest}"),
    };
    let of_kegiatan = match aid.spelling[1] {
        0 => format!("{rest}.{activity}."),
        1 => format!("{first}{rest}.{activity}."),
        _ => format!("{first}{rest}.{split}"),
    };
    let sub = kind.sub.number;
    let of_sub = match aid.spelling[2] {
        0 => format!("{rest}.{activity}.{sub:02}"),
        1 => format!("{first}{rest}.{activity}.{sub:02}"),
        _ => format!("{first}{rest}.{split}.{sub:02}"),
    };
    json!({
        "nama_opd": kind.agency.name.to_uppercase(),
        "strategi": kind.strategi,
        "program": format!("{of_program} PROGRAM {}", kind.program.name.to_uppercase()),
        "kegiatan": format!("{of_kegiatan} {}", kind.kegiatan.name),
        "sub_kegiatan": format!("{of_sub} {}", kind.sub.name),
    })
}

/// Everything personal about somebody.
pub(super) fn personal_values(person: &Person) -> [String; 4] {
    [person.nik(), person.npwp16(), person.name(), person.address()]
}
