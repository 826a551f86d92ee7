//! One person: a number built from place, birth date and serial, a name, an address. Held as a few numbers; texts are
//! made when they are asked for.

use super::super::dice::Dice;
use super::super::region::{VILLAGES, Village};
use chrono::{Datelike, Days, NaiveDate};
use std::collections::HashSet;
use std::ops::Range;

const MEN: [&str; 20] = [
    "ACHMAD",
    "MUKHAMAD",
    "SLAMET",
    "SUPARMAN",
    "KHOIRUL",
    "NUR",
    "IMAM",
    "MISBAKHUL",
    "SUNARYO",
    "KASIYAN",
    "ABDUL",
    "WAHYU",
    "SUGENG",
    "SAIFUL",
    "MISNADI",
    "PONIDI",
    "HASAN",
    "JUMADI",
    "TARMUDJI",
    "EKO",
];
const WOMEN: [&str; 20] = [
    "SITI",
    "NUR",
    "SULASTRI",
    "SUMIATI",
    "KHOTIMATUS",
    "ROFIATUL",
    "LILIK",
    "ENDANG",
    "MARSIYAH",
    "INDAH",
    "WIWIK",
    "UMI",
    "LULUK",
    "MASRUROH",
    "SUPIYAH",
    "KASIATIN",
    "DEWI",
    "SRI",
    "YUNI",
    "PONIYEM",
];
const MIDDLE: [&str; 16] = [
    "AGUS", "BUDI", "DWI", "EKA", "FAJAR", "HADI", "INDRA", "JOKO", "KURNIA", "LUTFI", "MULYA", "NOVIA", "PUTRA",
    "RAHMA", "TRI", "YULI",
];
const LAST: [&str; 24] = [
    "SANTOSA",
    "HIDAYATULLAH",
    "RAHMAWAN",
    "KUSWANTO",
    "ISTIQOMAH",
    "FAUZIYAH",
    "SUBAGYO",
    "PRASETYA",
    "WIDODO",
    "ROHMAN",
    "SETYOWATI",
    "NURHALIZA",
    "ARIFIN",
    "MAULANA",
    "HARYANTI",
    "SUDARSONO",
    "ZAINURI",
    "MUSTOFA",
    "LESTARININGSIH",
    "WICAKSONO",
    "CHASANAH",
    "SUPRIYADI",
    "BASUKI",
    "AMINULLAH",
];
const HAMLETS: [&str; 20] = [
    "KRAJAN",
    "SUMBERREJO",
    "KARANGANYAR",
    "TEGALSARI",
    "NGEMPLAK",
    "WATES",
    "PANDEAN",
    "SAWAHAN",
    "KEDUNGREJO",
    "TAMBAKSARI",
    "GUNUNGSARI",
    "BULU",
    "PLALANGAN",
    "MLATEN",
    "KAUMAN LOR",
    "RANDUSARI",
    "JATIANOM",
    "SEMPU",
    "KALITENGAH",
    "WONOKOYO",
];

/// Youngest and oldest birth date.
const BORN_FROM: NaiveDate = NaiveDate::from_ymd_opt(1942, 1, 1).expect("1 January exists");
const BORN_DAYS: u64 = 61 * 365;

/// An invented person: everything about them is personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Person {
    born: NaiveDate,
    name: u32,
    /// Hamlet, RT and RW in one number.
    house: u16,
    serial: u16,
    village: u8,
    /// The village in whose kecamatan the number was given.
    registered: u8,
    woman: bool,
}

impl Person {
    /// NIK: kecamatan (6 digits), birth date (2 each, a woman's day + 40), serial (4).
    pub(crate) fn nik(&self) -> String {
        let day = self.born.day() + if self.woman { 40 } else { 0 };
        let place = &VILLAGES[usize::from(self.registered)].code[..6];
        format!("{place}{day:02}{:02}{:02}{:04}", self.born.month(), self.born.year() % 100, self.serial)
    }

    /// NPWP of 16 digits: a person's is the NIK.
    pub(crate) fn npwp16(&self) -> String {
        self.nik()
    }

    /// Name, upper case, at least two words.
    pub(crate) fn name(&self) -> String {
        let n = self.name as usize;
        let given = if self.woman { WOMEN } else { MEN }[n % MEN.len()];
        let middle = MIDDLE[n / MEN.len() % MIDDLE.len()];
        let last = LAST[n / (MEN.len() * MIDDLE.len()) % LAST.len()];
        format!("{given} {middle} {last}")
    }

    /// Where they live below the village: `DUSUN KRAJAN RT 003 RW 001`.
    pub(crate) fn address(&self) -> String {
        let house = usize::from(self.house);
        let (rt, rw) = (house / HAMLETS.len() % 24 + 1, house / (HAMLETS.len() * 24) % 12 + 1);
        format!("DUSUN {} RT {rt:03} RW {rw:03}", HAMLETS[house % HAMLETS.len()])
    }

    /// The village they live in.
    pub(crate) fn village(&self) -> &'static Village {
        &VILLAGES[usize::from(self.village)]
    }

    pub(crate) fn birth_date(&self) -> NaiveDate {
        self.born
    }

    pub(crate) fn is_woman(&self) -> bool {
        self.woman
    }
}

/// `count` persons whose numbers all differ.
pub(super) fn persons(dice: &mut Dice, count: usize, serials: Range<u16>) -> Vec<Person> {
    let mut taken = HashSet::with_capacity(count);
    let mut all = Vec::with_capacity(count);
    while all.len() < count {
        let village = dice.below(VILLAGES.len() as u64) as u8;
        let moved = dice.chance(80);
        let person = Person {
            born: BORN_FROM + Days::new(dice.below(BORN_DAYS)),
            name: dice.below((MEN.len() * MIDDLE.len() * LAST.len()) as u64) as u32,
            house: dice.below((HAMLETS.len() * 24 * 12) as u64) as u16,
            serial: dice.between(i64::from(serials.start), i64::from(serials.end) - 1) as u16,
            village,
            registered: if moved { dice.below(VILLAGES.len() as u64) as u8 } else { village },
            woman: dice.chance(230),
        };
        let kecamatan = &VILLAGES[usize::from(person.registered)].code[4..6];
        if taken.insert((kecamatan, person.born, person.woman, person.serial)) {
            all.push(person);
        }
    }
    all
}
