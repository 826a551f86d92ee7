//! Questions to PaDi and the answers' habits.

use super::{Answer, Market, Method, Question, Shelf, Spoiled, answer};
use crate::sandbox::world::businesses::Businesses;
use crate::sandbox::world::{Recipe, World};
use chrono::NaiveDate;
use serde_json::Value;
use std::collections::BTreeSet;

const TODAY: &str = "2026-04-15";

fn shelf(today: &str) -> Shelf {
    let world = World::new(Recipe { seed: 7, scale: 1.0, overrun: false });
    let today: NaiveDate = today.parse().unwrap();
    Shelf {
        businesses: world.businesses(),
        years: [2025, 2026].map(|year| world.purchases(year)),
        today,
        posted: Vec::new(),
    }
}

fn all(market: &Market<'_>, method: Method, spoiled: Spoiled) -> Vec<Value> {
    let mut rows = Vec::new();
    for page in 1.. {
        let body = answer(market, Question { method, size: 500, page }, spoiled).body;
        let data = body["data"].as_array().unwrap();
        if data.is_empty() {
            return rows;
        }
        rows.extend(data.iter().cloned());
    }
    rows
}

fn text<'a>(row: &'a Value, keys: &[&str]) -> &'a str {
    keys.iter().find_map(|key| row[*key].as_str()).unwrap_or_else(|| panic!("{keys:?} in {row}"))
}

#[test]
fn a_body_asks_by_its_top_key() {
    let question = |body: &str| Question::read(body.as_bytes());
    let transactions = |size, page| Ok(Question { method: Method::Transactions, size, page });
    assert_eq!(question(r#"{"get_transaksi":{"size":100,"page":2}}"#), transactions(100, 2));
    assert_eq!(question(r#"{"get_transaksi":{"size":"9000","page":"1"}}"#), transactions(500, 1));
    assert_eq!(question(r#"{"get_transaksi":{}}"#), transactions(10, 1));
    assert_eq!(question(r#"{"get_umkm":{"size":3}}"#), Ok(Question { method: Method::Vendors, size: 3, page: 1 }));
    for wrong in ["", "[]", "{}", r#"{"get_bumn":{}}"#, r#"{"get_umkm":{"page":0}}"#, r#"{"get_umkm":{"size":"x"}}"#]
    {
        let Err(Answer { status, body }) = question(wrong) else { panic!("{wrong}") };
        assert_eq!((status.as_u16(), &body["status"], &body["count"]), (200, &"failed".into(), &0.into()), "{wrong}");
    }
}

#[test]
fn pages_hold_every_transaction_once_and_then_nothing() {
    let shelf = shelf(TODAY);
    let market = shelf.market();
    let rows = all(&market, Method::Transactions, Spoiled::default());
    assert_eq!(rows.len(), market.purchases.len());
    assert!((1_600..2_000).contains(&rows.len()), "{}", rows.len());
    let ids: BTreeSet<&str> = rows.iter().map(|row| text(row, &["transaksi_id"])).collect();
    assert_eq!(ids.len(), rows.len());
    let last = answer(&market, Question { method: Method::Transactions, size: 500, page: 99 }, Spoiled::default());
    assert_eq!(last.body["data"], Value::Array(Vec::new()));
    assert_eq!(last.body["count"], rows.len());
}

#[test]
fn a_later_day_adds_rows_behind_those_of_yesterday() {
    let (before, after) = (shelf(TODAY), shelf("2026-05-15"));
    let ids = |shelf: &Shelf| shelf.market().purchases.iter().map(|row| row.id.clone()).collect::<Vec<_>>();
    let (before, after) = (ids(&before), ids(&after));
    assert!(after.len() > before.len() + 50);
    assert_eq!(after[..before.len()], before);
}

#[test]
fn the_quirks_of_the_document_are_there() {
    let shelf = shelf(TODAY);
    let rows = all(&shelf.market(), Method::Transactions, Spoiled::default());
    let count = |is: &dyn Fn(&Value) -> bool| rows.iter().filter(|row| is(row)).count();
    for key in ["Tanggal_transaksi", "tanggal_transaksi", "tannggal_invoice", "tanggal_invoice"] {
        assert!(count(&|row| row.get(key).is_some()) > 20, "{key}");
    }
    let has = |key: &'static str, part: &'static str| {
        count(&move |row| row[key].as_str().is_some_and(|text| text.contains(part)))
    };
    assert!(has("total_cycle_time", " Hari") > 20 && has("target_penyelesaian", "30 Hari") > 20);
    assert!((1..40).contains(&has("total_cycle_time", "-")), "only dates have hyphens");
    assert!(has("certificate_tkdn", "/SJIND.8/") > 20 && has("certificate_tkdn", "/SJ-IND.8/") > 20);
    assert!(has("feedback", "NA") > 20);
    assert!(count(&|row| row["total_nilai_project"].is_number()) > 20);
    let with = count(&|row| row.get("kategori_delivery_time").is_some());
    assert!(with > rows.len() * 3 / 4 && with < rows.len());
    // Wrong cycle times are a handful: the day count disagrees with the dates.
    let wrong = count(&|row| {
        let day = |keys: &[&str]| text(row, keys).parse::<NaiveDate>().unwrap();
        let invoiced = day(&["tanggal_invoice", "tannggal_invoice"]);
        let days = (invoiced - day(&["tanggal_order_placement"])).num_days();
        let said = text(row, &["total_cycle_time"]).trim_end_matches(" Hari").parse::<i64>();
        said.is_ok_and(|said| said != days)
    });
    assert!((1..10).contains(&wrong), "{wrong}");
}

#[test]
fn rows_agree_with_the_vendors() {
    let shelf = shelf(TODAY);
    let market = shelf.market();
    let vendors = all(&market, Method::Vendors, Spoiled::default());
    assert!(vendors.len() > 100, "{}", vendors.len());
    for row in all(&market, Method::Transactions, Spoiled::default()) {
        let vendor = vendors.iter().find(|vendor| vendor["uid"] == row["uid_umkm"]).expect("every vendor is listed");
        assert_eq!((&vendor["nama_umkm"], &vendor["kategori_usaha"]), (&row["nama_umkm"], &row["kategori_umkm"]));
    }
    let revenue: i128 = vendors.iter().map(|row| text(row, &["total_revenue"]).parse::<i128>().unwrap()).sum();
    assert_eq!(revenue, market.purchases.iter().map(|row| i128::from(row.total)).sum::<i128>());
}

#[test]
fn faults_spoil_a_few_rows() {
    let shelf = shelf(TODAY);
    let market = shelf.market();
    let spoiled = Spoiled { fraction: true, bad_category: true, unknown_satker: true, ..Spoiled::default() };
    let rows = all(&market, Method::Transactions, spoiled);
    let count = |key: &str, value: &str| rows.iter().filter(|row| row[key] == value).count();
    assert_eq!(count("total_nilai_project", "27000000.27"), 1);
    assert_eq!(count("kategori_project", "28"), 1);
    assert!((2..10).contains(&count("id_satker", "99999")));
    let length = |spoiled| all(&market, Method::Transactions, spoiled).len();
    assert_eq!(length(Spoiled { empty: true, ..Spoiled::default() }), 0);
    assert_eq!(length(Spoiled { shrink: true, ..Spoiled::default() }), market.purchases.len().div_ceil(10));
    let pages = market.purchases.len().div_ceil(500);
    assert_eq!(length(Spoiled { page_overlap: true, ..Spoiled::default() }), market.purchases.len() + pages - 1);
    assert_eq!(length(Spoiled { short_page: true, ..Spoiled::default() }), market.purchases.len() - 50 * (pages - 1));
    let first = Question { method: Method::Transactions, size: 500, page: 1 };
    let moved = answer(&market, first, Spoiled { moving_total: true, ..Spoiled::default() });
    assert_eq!(moved.body["count"], market.purchases.len() - 1);
}

#[test]
fn a_small_world_has_vendors_and_transactions_too() {
    let world = World::new(Recipe { seed: 7, scale: 0.05, overrun: false });
    let businesses: &Businesses = &world.businesses();
    assert!(businesses.vendors().len() >= 5);
    assert!(world.purchases(2026).len() >= 60);
}
