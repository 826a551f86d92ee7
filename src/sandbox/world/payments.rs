//! PNBP: payments of citizens for land services, with revisions, foreign currency and malformed clocks. Payers are
//! invented: common given and family names put together by chance.

use super::calendar::{WorkingDays, date_of};
use super::dice::Dice;
use super::offices::{Role, Satker};
use chrono::Datelike;
use std::fmt::Write;

const GIVEN: [&str; 24] = [
    "Budi", "Siti", "Agus", "Dewi", "Joko", "Rina", "Hendra", "Lestari", "Made", "Ketut", "Yohanes", "Fitri",
    "Rahmat", "Nurul", "Bambang", "Wulan", "Teguh", "Ratna", "Andi", "Melati", "Slamet", "Putri", "Iwan", "Kartika",
];
const MIDDLE: [&str; 8] = ["", " Tri", " Nur", " Eka", " Dwi", " Ayu", " Adi", " Sri"];
const FAMILY: [&str; 24] = [
    "Santoso",
    "Rahayu",
    "Wijaya",
    "Lubis",
    "Siregar",
    "Nasution",
    "Pratama",
    "Saputra",
    "Hidayat",
    "Kusuma",
    "Simanjuntak",
    "Wibowo",
    "Handayani",
    "Maharani",
    "Setiawan",
    "Gunawan",
    "Halim",
    "Tarigan",
    "Suryani",
    "Purnomo",
    "Anggraini",
    "Mahendra",
    "Utami",
    "Firmansyah",
];
/// Titles after a comma: what breaks a reader that splits a row at its commas.
const TITLES: [&str; 6] = ["", "", "", ", S.H.", ", S.E., M.M.", ", S.H., M.Kn."];

const BANKS: [&str; 6] = ["BANK MANDIRI", "BANK BRI", "BANK BNI", "BANK BTN", "BANK JATIM", "POS INDONESIA"];
/// Revenue accounts with how common they are and what one payment brings, in thousands of rupiah.
const ACCOUNTS: [(&str, u32, i64, i64); 6] = [
    ("425341", 860, 50, 4_500),
    ("425131", 50, 500, 25_000),
    ("425122", 20, 1_000, 60_000),
    ("425811", 30, 200, 12_000),
    ("425911", 20, 100, 9_000),
    ("425912", 20, 100, 9_000),
];

/// One account line of one payment, as inserted on a day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Payment {
    /// Number from which the bank's and the treasury's codes are made: the same in every revision.
    pub(crate) key: u64,
    /// Amount, in rupiah or dollars.
    pub(crate) amount: i64,
    /// Index of the satker.
    pub(crate) satker: u32,
    /// Who paid; see [`Payment::payer`].
    pub(crate) payer: u32,
    /// Second of the day it was inserted.
    pub(crate) second: u32,
    /// Revenue account.
    pub(crate) akun: &'static str,
    /// Collecting bank.
    pub(crate) bank: &'static str,
    /// Days of the year (0-based): paid, booked, inserted.
    pub(crate) paid: u16,
    pub(crate) booked: u16,
    pub(crate) inserted: u16,
    /// In US dollars.
    pub(crate) dollars: bool,
    /// The clock of the insertion lacks its last colon.
    pub(crate) malformed: bool,
}

impl Payment {
    /// Name of the payer: personal data, invented.
    pub(crate) fn payer(&self) -> String {
        let n = self.payer as usize;
        let given = GIVEN[n % GIVEN.len()];
        let middle = MIDDLE[n / GIVEN.len() % MIDDLE.len()];
        let family = FAMILY[n / (GIVEN.len() * MIDDLE.len()) % FAMILY.len()];
        let title = TITLES[n / (GIVEN.len() * MIDDLE.len() * FAMILY.len()) % TITLES.len()];
        format!("{given}{middle} {family}{title}")
    }

    /// Billing code: 15 digits, 8, the date of payment and a number.
    pub(crate) fn billing(&self, year: i32, out: &mut String) {
        let date = date_of(year, self.paid);
        let (yy, mm, dd) = (date.year() % 100, date.month(), date.day());
        put(out, format_args!("8{yy:02}{mm:02}{dd:02}{:08}", self.key % 100_000_000));
    }

    /// The bank's number: 12 digits.
    pub(crate) fn ntb(&self, out: &mut String) {
        put(out, format_args!("{:012}", self.key / 7 % 1_000_000_000));
    }

    /// The treasury's number: 16 characters.
    pub(crate) fn ntpn(&self, out: &mut String) {
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKLMNPQRSTUVWX";
        let mut rest = u128::from(self.key) * 0x9E37_79B9_7F4A_7C15;
        for _ in 0..16 {
            out.push(char::from(ALPHABET[(rest % 32) as usize]));
            rest /= 32;
        }
    }

    /// The insertion as the service writes it, malformed at times: `2026-04-13 04:1033`.
    pub(crate) fn inserted_text(&self, year: i32, out: &mut String) {
        let date = date_of(year, self.inserted);
        let (hour, minute, second) = (self.second / 3600, self.second / 60 % 60, self.second % 60);
        let colon = if self.malformed { "" } else { ":" };
        put(out, format_args!("{date} {hour:02}:{minute:02}{colon}{second:02}"));
    }
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a String takes everything");
}

/// All payments of `year` in the order of their insertion; `daily` of them a working day, about.
pub(crate) fn payments(seed: u64, year: i32, satkers: &[Satker], daily: usize) -> Vec<Payment> {
    let days = WorkingDays::of(year);
    let offices: Vec<u32> =
        (0..satkers.len() as u32).filter(|index| satkers[*index as usize].role != Role::Pusat).collect();
    let mut all = Vec::with_capacity(days.all().len() * (daily + daily / 4));
    for inserted in &days.all()[2..] {
        let mut dice = Dice::new(seed, &format!("pnbp {year} {inserted}"));
        let low = (daily as i64 / 2).max(1);
        for _ in 0..dice.between(low, daily as i64 * 3 / 2) {
            let satker = *dice.pick(&offices);
            let first = payment(&mut dice, satker, days.all()[0], *inserted);
            all.push(first);
            if dice.chance(80) {
                // One billing for two accounts.
                let (akun, _, low, high) = ACCOUNTS[1];
                all.push(Payment { akun, amount: dice.between(low, high) * 1000, dollars: false, ..first });
            }
            if dice.chance(50) {
                let steps = dice.between(3, 15) as usize;
                if let Some(later) = days.after(*inserted, steps) {
                    let booked = first.booked.max(later.saturating_sub(4));
                    all.push(Payment { inserted: later, booked, malformed: false, ..first });
                }
            }
        }
    }
    all.sort_by_key(|payment| payment.inserted);
    all
}

fn payment(dice: &mut Dice, satker: u32, first_day: u16, inserted: u16) -> Payment {
    let (akun, _, low, high) = ACCOUNTS[dice.weighted(&ACCOUNTS.map(|(_, weight, ..)| weight))];
    let dollars = dice.chance(20);
    let amount = if dollars { dice.between(10, 2_000) } else { dice.between(low, high) * 1000 };
    let booked = inserted.saturating_sub(dice.between(1, 4) as u16).max(first_day);
    let paid = booked.saturating_sub(dice.between(0, 1) as u16).max(first_day);
    let names = GIVEN.len() * MIDDLE.len() * FAMILY.len() * TITLES.len();
    Payment {
        key: dice.bits() >> 16,
        amount,
        satker,
        payer: dice.below(names as u64) as u32,
        second: dice.between(4 * 3600, 5 * 3600 - 1) as u32,
        akun,
        bank: BANKS[dice.below(BANKS.len() as u64) as usize],
        paid,
        booked,
        inserted,
        dollars,
        malformed: dice.chance(40),
    }
}
