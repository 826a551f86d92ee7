//! The generated ministry and kabupaten: believable sizes and cardinalities, no believable content.
//!
//! A posting belongs to a budget line and has its codes, as in the source; days differ in the amounts of one row in a
//! hundred, and in a few budget lines that came and went.

// By their paths: another benchmark shares this file.
#[path = "world/budget.rs"]
mod budget;
#[path = "world/people.rs"]
mod people;
#[path = "world/region.rs"]
mod region;

use chrono::{Datelike, NaiveDate, Weekday};

use crate::cells::{Table, dice};

/// Postings of a budget line.
const POSTINGS_A_LINE: u64 = 33;

/// One budget line.
pub(crate) struct Line {
    pub(crate) satker: usize,
    pub(crate) kppn: String,
    pub(crate) baes1: String,
    pub(crate) akun: String,
    pub(crate) program: String,
    pub(crate) kegiatan: String,
    pub(crate) output: String,
    pub(crate) sumber_dana: &'static str,
    pub(crate) lokasi: String,
    /// Rupiah.
    pub(crate) pagu: i128,
}

/// What all tables are made from.
pub(crate) struct World {
    pub(crate) satkers: Vec<String>,
    pub(crate) lines: Vec<Line>,
    /// Villages, 10 digits.
    pub(crate) villages: Vec<String>,
    /// Kemendagri codes of regions, 4 digits.
    pub(crate) regions: Vec<String>,
    /// The newest day, in days since 1970-01-01.
    pub(crate) today: i32,
    /// Postings; everything else is a share of them.
    pub(crate) postings: u64,
    /// Days on which payments were inserted, with their fiscal year, oldest first.
    pub(crate) payment_days: Vec<(u16, NaiveDate)>,
}

/// Days since 1970-01-01.
pub(crate) fn day_number(date: NaiveDate) -> i32 {
    date.num_days_from_ce() - NaiveDate::default().num_days_from_ce()
}

impl World {
    /// A ministry of at most `satkers`; small worlds have fewer.
    pub(crate) fn new(postings: u64, satkers: u64, today: NaiveDate) -> Self {
        let satkers = satkers.min(postings / 400).max(12);
        let lines = (postings / POSTINGS_A_LINE).max(satkers * 4);
        let first =
            today.with_ordinal(1).and_then(|day| day.with_year(today.year() - 1)).expect("a first of January");
        let weekday = |day: &NaiveDate| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        let days = first.iter_days().take_while(|day| *day <= today).filter(weekday);
        Self {
            satkers: (0..satkers).map(|i| format!("{:06}", 430_000 + i * 7)).collect(),
            lines: (0..lines).map(|i| line(i, satkers)).collect(),
            villages: (0..1095)
                .map(|i| format!("35{:02}{:02}{:04}", 14 + i / 365, i / 15 % 24 + 1, 2001 + i % 15))
                .collect(),
            regions: (0..500).map(|i| format!("{:02}{:02}", 11 + i / 15, i % 15 + 1)).collect(),
            today: day_number(today),
            postings,
            payment_days: days.map(|day| (u16::try_from(day.year()).expect("a year of our time"), day)).collect(),
        }
    }

    /// All tables.
    pub(crate) fn tables(&self) -> Vec<Table> {
        let mut tables = budget::tables(self);
        tables.extend(people::tables(self));
        tables.extend(region::tables(self));
        tables
    }

    /// The payments of one day: rows `first..first + n` of `omspan.detail_pnbp`.
    pub(crate) fn payments(&self, day: usize) -> std::ops::Range<u64> {
        let a_day = self.payments_a_day();
        let first = day as u64 * a_day;
        first..first + a_day
    }

    pub(crate) fn payments_a_day(&self) -> u64 {
        (self.postings * 3 / 20 / self.payment_days.len() as u64).max(2)
    }

    /// The reference lists: file stem and CSV text.
    pub(crate) fn reference(&self) -> Vec<(&'static str, String)> {
        vec![
            ("lokasi_djpb_kemendagri", self.locations()),
            ("wilayah", self.named_regions()),
            (
                "padi_satker",
                csv("id_satker,kdsatker", (0..self.satkers.len()).map(|i| format!("S{i:04},{}", self.satkers[i]))),
            ),
            (
                "padi_kategori",
                csv(
                    "kode,nama",
                    (1..=27).map(|i| format!("{i},{}", if i == 9 { String::new() } else { format!("Kategori {i}") })),
                ),
            ),
            (
                "padi_kategori_umkm",
                csv(
                    "kode,nama,kelas",
                    ["1,Mikro,mikro", "2,Kecil,kecil", "3,Menengah,menengah", "4,Koperasi,koperasi"]
                        .into_iter()
                        .map(str::to_owned),
                ),
            ),
            (
                "opd_instansi",
                csv("nama_opd,id_instansi,nama_instansi", (0..16).map(|i| format!("DINAS {i:02},{i},Dinas {i:02}"))),
            ),
            ("kantor_wilayah", csv("id_kantor,kode", (1..=3).map(|i| format!("{i},35{:02}", 13 + i)))),
            ("kbli", csv("kode,judul", (0..1500).map(|i| format!("{:05},Usaha {i}", 10_000 + i * 37)))),
            ("pnbp_target", self.targets()),
        ]
    }

    fn locations(&self) -> String {
        let provinces = (1..=34).map(|i| format!("{i:02}00,Provinsi {i},{}", 10 + i));
        let places = (1..=34).flat_map(|i| (51..=60).map(move |k| (i, k))).filter(|(i, k)| (i + k) % 9 != 0);
        csv(
            "lokasi,nama,kode_kemendagri",
            provinces.chain(places.map(|(i, k)| format!("{i:02}{k},Kab {i} {k},{}{:02}", 10 + i, k - 50))),
        )
    }

    fn named_regions(&self) -> String {
        let provinces = (11..=44).map(|i| format!("{i},Provinsi {i}"));
        csv("kode,nama", provinces.chain(self.regions.iter().map(|code| format!("{code},Kabupaten {code}"))))
    }

    fn targets(&self) -> String {
        let years = [self.payment_days[0].0, self.payment_days[self.payment_days.len() - 1].0];
        let rows = years.into_iter().flat_map(|year| self.satkers.iter().map(move |satker| (year, satker)));
        let rows = rows.flat_map(|(year, satker)| {
            (0..6).map(move |i| format!("{year},{satker},4253{:02},{}000000.00", 41 + i, i + 3))
        });
        csv("tahun_anggaran,kdsatker,akun,target", rows)
    }
}

fn csv(head: &str, rows: impl Iterator<Item = String>) -> String {
    std::iter::once(head.to_owned()).chain(rows).map(|line| line + "\n").collect()
}

fn line(i: u64, satkers: u64) -> Line {
    let at = |salt: u64, n: u64| dice(i, salt) % n;
    let satker = i % satkers;
    let kind = ["51", "52", "52", "52", "53", "57"][at(1, 6) as usize];
    let unit = dice(satker, 2) % 8 + 1;
    // One line in two hundred is of another unit than its satker, one is revenue.
    let unit = if at(3, 200) == 0 { unit % 8 + 1 } else { unit };
    let akun =
        if at(4, 200) == 0 { format!("42{:04}", at(5, 50)) } else { format!("{kind}{:04}", 1111 + at(5, 40) * 10) };
    let kegiatan = at(6, 40);
    Line {
        satker: usize::try_from(satker).expect("a small number"),
        kppn: format!("{:03}", dice(satker, 7) % 180 + 1),
        baes1: format!("0560{unit}"),
        akun,
        program: format!("0560{unit}{}{}", ["W", "C", "D"][at(8, 3) as usize], ["A", "B"][at(9, 2) as usize]),
        kegiatan: format!("{:04}", 4200 + kegiatan),
        output: format!("{}{:02}", ["E", "Q", "B", "A"][(kegiatan % 4) as usize], at(10, 20)),
        sumber_dana: ["A", "A", "A", "D", "F"][at(11, 5) as usize],
        lokasi: format!(
            "{:02}{:02}",
            dice(satker, 12) % 34 + 1,
            if at(13, 20) == 0 { 0 } else { 51 + dice(satker, 14) % 10 }
        ),
        pagu: i128::from(at(15, 2_000_000) + 1) * 1_000,
    }
}
