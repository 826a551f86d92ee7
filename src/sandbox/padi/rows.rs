//! The rows of PaDi's answers, with the habits of the real ones: a key in capitals or misspelt, days as number, text or
//! date, numbers as text.

use super::{BUYER, Market, Spoiled};
use crate::sandbox::world::businesses::{Business, Purchase, SATKER_ID_FIRST};
use serde_json::{Map, Value};

/// How many rows an unknown satker is in: one in so many.
const UNKNOWN_SATKER_EVERY: usize = 500;
/// Keys of a vendor's row that hold personal values.
const PERSONAL: [&str; 7] = ["alamat", "no_telp", "hp", "email", "npwp", "no_rekening", "nama_pemilik_rekening"];

/// The transaction at `at` in the whole list.
pub(super) fn transaction(market: &Market<'_>, at: usize, spoiled: Spoiled) -> Value {
    let purchase = market.purchases[at];
    let vendor = market.vendors[purchase.vendor];
    let n = purchase.index;
    let mut row = Row::default();
    row.put(
        if n.is_multiple_of(11) { "tanggal_transaksi" } else { "Tanggal_transaksi" },
        purchase.placed.to_string(),
    );
    row.put("transaksi_id", purchase.id.clone());
    row.put("bumn_id", BUYER);
    row.put("nama_project", purchase.name);
    let category = if spoiled.bad_category && at == 2 { "28".to_owned() } else { purchase.category.to_string() };
    row.put("kategori_project", category);
    if spoiled.fraction && at == 1 {
        row.put("total_nilai_project", "27000000.27");
    } else if n.is_multiple_of(23) {
        row.number("total_nilai_project", purchase.total);
    } else {
        row.put("total_nilai_project", purchase.total.to_string());
    }
    row.put("tipe_nilai_project", if purchase.capital { "CAPEX" } else { "OPEX" });
    row.put("kategori_umkm", vendor.padi_category());
    row.put("uid_umkm", vendor.vendor.as_deref().unwrap_or_default());
    row.put("nama_umkm", vendor.name.as_str());
    row.put("target_penyelesaian", days(purchase.target, n % 7 == 3));
    row.put("tanggal_order_placement", purchase.placed.to_string());
    row.put("tanggal_confirmation", purchase.confirmed.to_string());
    row.put("tanggal_delivery", purchase.delivered.to_string());
    row.put(if n.is_multiple_of(9) { "tanggal_invoice" } else { "tannggal_invoice" }, purchase.invoiced.to_string());
    row.put("total_cycle_time", cycle(purchase));
    if n % 8 != 5 {
        row.put("kategori_delivery_time", if purchase.cycle <= purchase.target { "1" } else { "2" });
    }
    row.put("rating", purchase.rating.to_string());
    row.put("feedback", if n % 5 < 3 { "NA" } else { "OK" });
    row.put("deskripsi_project", purchase.name);
    row.put("id_satker", satker(purchase, at, spoiled));
    flag(&mut row, "is_pdn", purchase.domestic, n);
    row.put("tkdn", tkdn(purchase));
    flag(&mut row, "is_certificate", purchase.certificate.is_some(), n);
    match purchase.certificate {
        Some(_) => row.put("certificate_tkdn", certificate(purchase)),
        None if n.is_multiple_of(2) => row.put("certificate_tkdn", ""),
        None => row.null("certificate_tkdn"),
    }
    Value::Object(row.0)
}

/// "27 Hari" or "27".
fn days(days: i64, with_word: bool) -> String {
    if with_word { format!("{days} Hari") } else { days.to_string() }
}

/// Days as number or text; the day it ended in a few.
fn cycle(purchase: &Purchase) -> String {
    match purchase.index % 100 {
        61 if purchase.index % 300 == 61 => purchase.invoiced.to_string(),
        n => days(purchase.cycle, n % 4 != 0),
    }
}

fn satker(purchase: &Purchase, at: usize, spoiled: Spoiled) -> String {
    let unknown = spoiled.unknown_satker && at % UNKNOWN_SATKER_EVERY == 4;
    if unknown { "99999".to_owned() } else { (SATKER_ID_FIRST + purchase.satker).to_string() }
}

/// "70.50", or "8.5" without the last zero.
pub(super) fn tkdn(purchase: &Purchase) -> String {
    let (whole, hundredths) = (purchase.tkdn / 100, purchase.tkdn % 100);
    match purchase.index % 3 {
        0 if hundredths % 10 == 0 => format!("{whole}.{}", hundredths / 10),
        _ => format!("{whole}.{hundredths:02}"),
    }
}

/// The same office, spelt in two ways.
pub(super) fn certificate(purchase: &Purchase) -> String {
    let (number, year) = purchase.certificate.unwrap_or_default();
    let office = if purchase.index.is_multiple_of(2) { "SJIND.8" } else { "SJ-IND.8" };
    format!("{number}/{office}/TKDN/{}/{year}", 1 + number % 12)
}

/// 0 or 1, as a number at times.
fn flag(row: &mut Row, key: &'static str, set: bool, n: usize) {
    if n % 4 == 1 {
        row.number(key, i64::from(set));
    } else {
        row.put(key, if set { "1" } else { "0" });
    }
}

/// A vendor, with the columns of the guide: `longitute` and `latitute` are its own spelling.
pub(super) fn vendor(market: &Market<'_>, vendor: &Business) -> Value {
    let owner = market.businesses.person(vendor.applicant);
    let n = vendor.index;
    let mut row = Row::default();
    let bought: Vec<&&Purchase> =
        market.purchases.iter().filter(|purchase| std::ptr::eq(market.vendors[purchase.vendor], vendor)).collect();
    row.put("uid", vendor.vendor.as_deref().unwrap_or_default());
    row.put("nama_umkm", vendor.name.as_str());
    row.put("alamat", vendor.address.as_str());
    row.put("blok_no_kav", if n.is_multiple_of(3) { format!("B-{}", n % 40) } else { "-".to_owned() });
    row.put("kode_pos", format!("{}", 10_110 + n * 37 % 80_000));
    row.put("kota", vendor.place.city.as_str());
    row.put("provinsi", vendor.place.province.as_str());
    row.put("no_telp", format!("0343{:07}", 4_100_000 + n * 17));
    row.put("hp", format!("0812{:08}", 30_100_000 + n * 131));
    row.put("email", format!("vendor{n}@umkm.example"));
    row.put("kategori_usaha", vendor.padi_category());
    row.put("jenis_kegiatan_usaha", vendor.projects[0].kbli.title);
    row.put("npwp", npwp(vendor));
    row.put("nama_bank", ["BRI", "BNI", "MANDIRI", "BANK JATIM"][n % 4]);
    row.put("country_bank", "ID");
    row.put("no_rekening", format!("{:015}", 304_100_000_000 + n as u64 * 10_007));
    row.put("nama_pemilik_rekening", owner.name());
    row.put("longitute", format!("112.{:06}", 700_000 + n * 97));
    row.put("latitute", format!("-7.{:06}", 600_000 + n * 53));
    row.put("total_project", bought.len().to_string());
    row.put("total_revenue", bought.iter().map(|purchase| purchase.total).sum::<i64>().to_string());
    row.put("ontime_rate", format!("{}%", 70 + n % 31));
    row.put("average_rating", format!("{}%", 60 + n % 41));
    Value::Object(row.0)
}

/// Digits only, or with the dots and the dash of the older form.
fn npwp(vendor: &Business) -> String {
    let number = vendor.npwp15();
    if number.len() != 15 || vendor.index.is_multiple_of(2) {
        return number.to_owned();
    }
    let part = |from: usize, to: usize| &number[from..to];
    format!("{}.{}.{}.{}-{}.{}", part(0, 2), part(2, 5), part(5, 8), part(8, 9), part(9, 12), part(12, 15))
}

/// The personal values of a vendor's row.
pub(super) fn personal(market: &Market<'_>, of: &Business) -> Vec<String> {
    let row = vendor(market, of);
    PERSONAL.iter().filter_map(|key| row[*key].as_str().map(str::to_owned)).collect()
}

/// A row in the making.
#[derive(Default)]
struct Row(Map<String, Value>);

impl Row {
    fn put(&mut self, key: &'static str, value: impl Into<String>) {
        self.0.insert(key.to_owned(), Value::String(value.into()));
    }

    fn number(&mut self, key: &'static str, value: i64) {
        self.0.insert(key.to_owned(), value.into());
    }

    fn null(&mut self, key: &'static str) {
        self.0.insert(key.to_owned(), Value::Null);
    }
}
