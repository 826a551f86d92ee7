//! What agencies plan: aims (renstra) and a budget of items a fiscal year (renja and RKA), in the regional chart of
//! accounts of before 2021. `jumlah` of an item is the product of its volumes and its price, always.

mod accounts;
mod aims;

pub(crate) use aims::Sasaran;

use super::agencies::{AGENCIES, Agency, Kegiatan, Program};
use super::dice::Dice;
use super::region::VILLAGES;
use accounts::{ACCOUNTS, Account};

const FUNDS: [&str; 5] = [
    "Pendapatan Asli Daerah",
    "Pendapatan Daerah",
    "Dana Alokasi Umum",
    "Dana Alokasi Khusus",
    "Dana Bagi Hasil Cukai Hasil Tembakau",
];
const TARGET_GROUPS: [&str; 5] = [
    "Aparatur Perangkat Daerah",
    "Keluarga Miskin",
    "Masyarakat Kabupaten Pasuruan",
    "Pelaku Usaha Mikro",
    "Pemerintah Desa dan Kelurahan",
];
/// Pagu is the sum of the items, rounded up to this.
const PAGU_STEP: i64 = 5_000;

/// What one agency plans for one fiscal year.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) agency: &'static Agency,
    /// Aims; the same in every year.
    pub(crate) aims: Vec<Sasaran>,
    pub(crate) programs: Vec<PlannedProgram>,
}

/// A programme in a plan.
#[derive(Debug)]
pub(crate) struct PlannedProgram {
    pub(crate) program: &'static Program,
    /// `idRenjaAkhir`.
    pub(crate) id: u32,
    pub(crate) indicators: Vec<Indikator>,
    pub(crate) kegiatan: Vec<PlannedKegiatan>,
}

/// An activity in a plan.
#[derive(Debug)]
pub(crate) struct PlannedKegiatan {
    pub(crate) kegiatan: &'static Kegiatan,
    /// `idRka`.
    pub(crate) id: u32,
    /// Where: a village's name.
    pub(crate) place: &'static str,
    pub(crate) fund: &'static str,
    pub(crate) target_group: &'static str,
    /// Whole rupiah; not below the sum of the items.
    pub(crate) pagu: i64,
    pub(crate) indicators: Vec<Indikator>,
    /// By account and rincian.
    pub(crate) items: Vec<Item>,
}

/// What a programme or an activity is measured by.
#[derive(Debug)]
pub(crate) struct Indikator {
    pub(crate) name: String,
    pub(crate) volume: u32,
    pub(crate) unit: &'static str,
}

/// One line of a budget.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item {
    pub(crate) account: &'static Account,
    /// `idRincian` and its name.
    pub(crate) rincian: u32,
    pub(crate) rincian_name: &'static str,
    /// `idSubRincian`.
    pub(crate) id: u32,
    pub(crate) name: &'static str,
    /// None counts as 1.
    pub(crate) volumes: [Option<u32>; 3],
    pub(crate) units: [&'static str; 3],
    /// Whole rupiah each.
    pub(crate) price: i64,
}

impl Item {
    /// `jumlah` in whole rupiah: price times every volume.
    pub(crate) fn amount(&self) -> i64 {
        self.volumes.iter().map(|volume| i64::from(volume.unwrap_or(1))).product::<i64>() * self.price
    }
}

impl Plan {
    /// All items.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Item> {
        self.programs.iter().flat_map(|program| &program.kegiatan).flat_map(|kegiatan| &kegiatan.items)
    }
}

/// Numbers that no two things of a year share.
struct Ids {
    renja: u32,
    rka: u32,
    rincian: u32,
    item: u32,
}

impl Ids {
    fn of(year: i32) -> Self {
        let years = (year - 2000).clamp(0, 999) as u32;
        Self { renja: 7_000 + years * 1_000, rka: 8_000 + years * 2_000, rincian: 0, item: 100_000 }
    }

    fn next(id: &mut u32) -> u32 {
        *id += 1;
        *id
    }
}

/// What every agency plans for `year`; some 3,000 items at scale 1.
pub(super) fn plans(seed: u64, year: i32, scale: f64) -> Vec<Plan> {
    let mut ids = Ids::of(year);
    let one = |agency: &'static Agency| {
        let mut dice = Dice::new(seed, &format!("rka {year} {}", agency.id));
        let programs = agency.programs.iter().map(|program| planned(&mut dice, &mut ids, program, scale)).collect();
        Plan { agency, aims: aims::aims(seed, agency), programs }
    };
    AGENCIES.iter().map(one).collect()
}

fn planned(dice: &mut Dice, ids: &mut Ids, program: &'static Program, scale: f64) -> PlannedProgram {
    let id = Ids::next(&mut ids.renja);
    let indicators = vec![
        Indikator {
            name: format!("Persentase Capaian Kinerja Program {}", program.name),
            volume: dice.between(60, 100) as u32,
            unit: "Persen",
        },
        Indikator {
            name: "Indeks Kepuasan Masyarakat".to_owned(),
            volume: dice.between(70, 95) as u32,
            unit: "Nilai",
        },
    ];
    let indicators = indicators.into_iter().take(dice.between(1, 2) as usize).collect();
    let kegiatan = program.kegiatan.iter().map(|kegiatan| activity(dice, ids, kegiatan, scale)).collect();
    PlannedProgram { program, id, indicators, kegiatan }
}

fn activity(dice: &mut Dice, ids: &mut Ids, kegiatan: &'static Kegiatan, scale: f64) -> PlannedKegiatan {
    let id = Ids::next(&mut ids.rka);
    let mut items = Vec::new();
    let first = dice.below(3) as usize;
    for account in ACCOUNTS.iter().skip(first).step_by(2) {
        for _ in 0..(dice.between(1, 4) as f64 * scale).round().max(1.0) as usize {
            rincian(dice, ids, account, &mut items);
        }
    }
    let total: i64 = items.iter().map(Item::amount).sum();
    let reserve = dice.between(0, 20) * 100_000;
    let pagu = (total + reserve + PAGU_STEP - 1) / PAGU_STEP * PAGU_STEP;
    let done = |sub: &super::agencies::SubKegiatan| Indikator {
        name: format!("Terlaksananya {}", sub.name),
        volume: dice.between(1, 12) as u32,
        unit: "Paket",
    };
    PlannedKegiatan {
        kegiatan,
        id,
        indicators: kegiatan.subs.iter().map(done).collect(),
        place: dice.pick(&VILLAGES).name,
        fund: dice.pick::<&'static str>(&FUNDS),
        target_group: dice.pick::<&'static str>(&TARGET_GROUPS),
        pagu,
        items,
    }
}

/// One rincian of an account with some items.
fn rincian(dice: &mut Dice, ids: &mut Ids, account: &'static Account, items: &mut Vec<Item>) {
    let rincian = Ids::next(&mut ids.rincian);
    let rincian_name = dice.pick(account.rincian);
    for good in &account.goods[..dice.between(2, account.goods.len() as i64) as usize] {
        let third = (!dice.chance(150)).then(|| dice.between(1, 3) as u32);
        let price = dice.between(good.low, good.high) * 500;
        items.push(Item {
            account,
            rincian,
            rincian_name,
            id: Ids::next(&mut ids.item),
            name: good.name,
            volumes: [Some(dice.between(1, 40) as u32), Some(dice.between(1, 12) as u32), third],
            units: [good.unit, "Bulan", if third.is_some() { "Kegiatan" } else { "" }],
            price,
        });
    }
}

#[cfg(test)]
mod tests;
