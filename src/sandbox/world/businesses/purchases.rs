//! What the ministry buys over PaDi, planned a year at a time by the day of the invoice: a transaction is reported when
//! it is invoiced, so that a later day adds rows behind those of yesterday.

use super::super::dice::Dice;
use super::Business;
use chrono::{Datelike, Days, NaiveDate};

/// Transactions a year at scale 1.
const PURCHASES_A_YEAR: usize = 1_400;
/// PaDi's own number of the first satker; the others follow in the satker's order.
pub(crate) const SATKER_ID_FIRST: usize = 14_400;
/// Categories of projects, by number.
const CATEGORIES: u64 = 27;

const GOODS: [&str; 16] = [
    "Pengadaan Alat Tulis Kantor",
    "Pengadaan Konsumsi Rapat Koordinasi",
    "Jasa Kebersihan Gedung Kantor",
    "Pengadaan Mebel Ruang Pelayanan",
    "Pemeliharaan Kendaraan Dinas",
    "Pengadaan Barang Cetakan Buku Tanah",
    "Sewa Tenda dan Perlengkapan Kegiatan PTSL",
    "Pengadaan Suku Cadang Alat Ukur",
    "Pengadaan Pakaian Kerja Petugas Ukur",
    "Jasa Pengiriman Dokumen",
    "Perbaikan Atap Gedung Arsip",
    "Pengadaan Perangkat Komputer",
    "Jasa Pemeliharaan Jaringan",
    "Pengadaan Bahan Makanan",
    "Renovasi Ruang Layanan",
    "Pengadaan Patok Batas Tanah",
];

/// A transaction.
#[derive(Debug)]
pub(crate) struct Purchase {
    pub(crate) id: String,
    pub(crate) name: &'static str,
    /// 1 to 27.
    pub(crate) category: u64,
    /// Rupiah.
    pub(crate) total: i64,
    /// Capital expenditure (CAPEX), otherwise OPEX.
    pub(crate) capital: bool,
    /// Index into the vendors.
    pub(crate) vendor: usize,
    /// Index of the satker.
    pub(crate) satker: usize,
    /// Days promised.
    pub(crate) target: i64,
    pub(crate) placed: NaiveDate,
    pub(crate) confirmed: NaiveDate,
    pub(crate) delivered: NaiveDate,
    pub(crate) invoiced: NaiveDate,
    /// Days from order to invoice as reported: wrong in a handful.
    pub(crate) cycle: i64,
    /// 1 to 5.
    pub(crate) rating: u64,
    /// Of domestic make.
    pub(crate) domestic: bool,
    /// Domestic content in hundredths of a percent.
    pub(crate) tkdn: i64,
    /// Number and year of the certificate.
    pub(crate) certificate: Option<(u64, i32)>,
    /// Running number in its year: which of the rows' habits it gets.
    pub(crate) index: usize,
}

/// The transactions invoiced in `year`, by day. `vendors` and `satkers` (numbers) are those of the world.
pub(crate) fn purchases(seed: u64, year: i32, scale: f64, vendors: &[&Business], satkers: usize) -> Vec<Purchase> {
    if vendors.is_empty() || satkers == 0 {
        return Vec::new();
    }
    let count = ((PURCHASES_A_YEAR as f64 * scale).round() as usize).max(60);
    let plan = |index| purchase(seed, (year, index), vendors.len(), satkers);
    let mut all: Vec<Purchase> = (0..count).map(plan).collect();
    all.sort_by_key(|purchase| (purchase.invoiced, purchase.index));
    all
}

fn purchase(seed: u64, at: (i32, usize), vendors: usize, satkers: usize) -> Purchase {
    let (year, index) = at;
    let dice = &mut Dice::new(seed, &format!("padi {year} {index}"));
    let first = NaiveDate::from_ymd_opt(year, 1, 1).expect("1 January exists");
    let days = first.with_year(year + 1).map_or(365, |next| (next - first).num_days());
    let invoiced = first + Days::new(dice.below(days.unsigned_abs()));
    let cycle = 1 + dice.below(45);
    let placed = invoiced - Days::new(cycle);
    let confirmed = placed + Days::new(dice.below(cycle.min(4) + 1));
    // A few are delivered before they are confirmed, as in the document's own sample.
    let delivered = if dice.chance(10) { placed } else { invoiced - Days::new(dice.below(cycle / 2 + 1)) };
    let capital = dice.chance(180);
    // Most are small, a few large; never a round figure.
    let total = match dice.weighted(&[700, 250, 50]) {
        0 => dice.between(150_000, 9_500_000),
        1 => dice.between(9_500_001, 180_000_000),
        _ => dice.between(180_000_001, 2_400_000_000),
    };
    let domestic = dice.chance(880);
    let certified = domestic && dice.chance(420);
    Purchase {
        id: transaction_id(year, index),
        name: dice.pick::<&'static str>(&GOODS),
        category: 1 + dice.below(CATEGORIES),
        total,
        capital,
        vendor: dice.below(vendors as u64) as usize,
        satker: dice.below(satkers as u64) as usize,
        target: *dice.pick(&[7, 14, 30, 30, 45, 60]),
        placed,
        confirmed: confirmed.min(invoiced),
        delivered,
        invoiced,
        cycle: cycle as i64 + if index % 400 == 123 { 3 } else { 0 },
        rating: 3 + dice.below(3),
        domestic,
        tkdn: if domestic { dice.between(1_000, 9_950) / 50 * 50 } else { 0 },
        certificate: certified.then(|| (1 + dice.below(4_000), year - 1 - dice.below(4) as i32)),
        index,
    }
}

/// Most carry the buyer's code, a few are padded with zeros.
fn transaction_id(year: i32, index: usize) -> String {
    let number = 4_700_000_000 + i64::from(year % 100) * 1_000_000 + index as i64 * 7;
    if index % 40 == 17 {
        format!("{:010}", year as usize % 100 * 1_000_000 + index)
    } else {
        format!("ATRBPN-{number}")
    }
}
