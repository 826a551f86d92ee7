//! PaDi UMKM: one URL, the method is the top key of the body, answers have the API's own wrapper. What is asked is
//! answered here; what is written is judged and kept by `submit`.

mod http;
mod pushes;
mod rows;
mod submit;
#[cfg(test)]
mod tests;

pub(crate) use pushes::{Message, messages};

use super::answer::Answer;
use super::control::ControlTotals;
use super::dataset::Dataset;
use super::document::RowFaults;
use super::server::Served;
use super::system::System;
use super::world::businesses::{Business, Businesses, Purchase, SATKER_ID_FIRST};
use super::world::{Satker, World};
use chrono::{Datelike, NaiveDate};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// PaDi beside the other systems.
pub(crate) const SYSTEM: System = System {
    source: "padi",
    base_path: "/padi-umkm/1.2.0",
    questions: &[
        "padis  (POST {\"get_transaksi\":{\"size\":500,\"page\":1}})",
        "padis  (POST {\"get_umkm\":{\"size\":500,\"page\":1}})",
        "padis  (POST {\"transaksi\":{…}})",
        "padis  (POST {\"delete_transaksi\":{\"transaksi_id\":[\"…\"]}})",
    ],
    routes: http::routes,
    totals,
    personal_values,
};

/// The buyer whose transactions these are.
const BUYER: &str = "ATRBPN";
/// Most rows of a page, whatever is asked for.
const PAGE_ROWS_MAX: usize = 500;
/// Rows of a page where no size is given.
const PAGE_ROWS: usize = 10;

/// What of an answer goes wrong.
#[derive(Debug, Clone, Copy, Default)]
struct Spoiled {
    /// One total has a fraction: 27000000.27.
    fraction: bool,
    /// One category is none of the 27.
    bad_category: bool,
    /// A few satker are not in the buyer's list.
    unknown_satker: bool,
    /// There are no rows.
    empty: bool,
    /// There is only the first tenth of the rows.
    shrink: bool,
    /// Pages but the first begin with the last row of the page before.
    page_overlap: bool,
    /// Pages but the last lack their last tenth.
    short_page: bool,
    /// The first page counts one row less.
    moving_total: bool,
    /// Within the rows.
    rows: Option<RowFaults>,
}

/// What is on the market as of a day.
struct Market<'a> {
    businesses: &'a Businesses,
    /// All vendors; a purchase names its own by index.
    vendors: Vec<&'a Business>,
    /// Transactions reported so far, oldest first.
    purchases: Vec<&'a Purchase>,
    /// Transactions posted to the sandbox since it runs, as they came.
    posted: &'a [Value],
}

/// Transactions of two years as they are kept while an answer is made.
pub(crate) struct Shelf {
    businesses: Arc<Businesses>,
    years: [Arc<[Purchase]>; 2],
    today: NaiveDate,
    posted: Vec<Value>,
}

impl Shelf {
    fn new(served: &Served) -> Self {
        let posted = served.accepted.records(SYSTEM.source, submit::METHOD);
        Self { posted, ..Self::of(&served.world, served.today()) }
    }

    /// The two years that are served on `today`.
    pub(crate) fn of(world: &World, today: NaiveDate) -> Self {
        let years = [today.year() - 1, today.year()].map(|year| world.purchases(year));
        Self { businesses: world.businesses(), years, today, posted: Vec::new() }
    }

    /// What was invoiced before today.
    fn market(&self) -> Market<'_> {
        let purchases = self.years.iter().flat_map(|year| year.iter());
        Market {
            businesses: &self.businesses,
            vendors: self.businesses.vendors(),
            purchases: purchases.filter(|purchase| purchase.invoiced < self.today).collect(),
            posted: &self.posted,
        }
    }
}

/// A method that reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Transactions,
    Vendors,
}

/// A method with its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Question {
    method: Method,
    /// Rows of a page, at most [`PAGE_ROWS_MAX`].
    size: usize,
    /// From 1.
    page: usize,
}

impl Question {
    /// Reads a body; an error is the API's refusal.
    fn read(body: &[u8]) -> Result<Self, Answer> {
        let request: Value = serde_json::from_slice(body).map_err(|_| refusal("Format JSON tidak valid"))?;
        let first = request.as_object().and_then(|object| object.iter().next());
        let (key, parameters) = first.ok_or_else(|| refusal("Body tidak boleh kosong"))?;
        let method = match key.as_str() {
            "get_transaksi" => Method::Transactions,
            "get_umkm" => Method::Vendors,
            _ => return Err(refusal("Method tidak dikenali")),
        };
        let number = |name: &str, default: usize| match parameters.get(name) {
            None => Ok(default),
            Some(value) => whole(value)
                .filter(|number| *number > 0)
                .ok_or_else(|| refusal(&format!("Parameter {name} harus berupa bilangan bulat lebih dari 0"))),
        };
        Ok(Self { method, size: number("size", PAGE_ROWS)?.min(PAGE_ROWS_MAX), page: number("page", 1)? })
    }

    fn dataset(self) -> Dataset {
        match self.method {
            Method::Transactions => Dataset::PadiTransaksi,
            Method::Vendors => Dataset::PadiUmkm,
        }
    }

    /// The rows of the page among `count`.
    fn range(self, count: usize, spoiled: Spoiled) -> std::ops::Range<usize> {
        let count = match spoiled {
            Spoiled { empty: true, .. } => 0,
            Spoiled { shrink: true, .. } => count.div_ceil(10),
            _ => count,
        };
        let from = (self.page - 1).saturating_mul(self.size).min(count);
        let mut rows = from..(from + self.size).min(count);
        if spoiled.short_page && rows.len() > 1 && rows.end < count {
            rows.end -= (rows.len() / 10).max(1);
        }
        if spoiled.page_overlap && self.page > 1 && !rows.is_empty() {
            rows.start -= 1;
        }
        rows
    }
}

/// The answer to a question, whose sender showed the right key.
fn answer(market: &Market<'_>, question: Question, spoiled: Spoiled) -> Answer {
    let (message, count) = match question.method {
        Method::Transactions => ("Data transaksi berhasil ditampilkan", market.purchases.len() + market.posted.len()),
        Method::Vendors => ("Data UMKM berhasil ditampilkan", market.vendors.len()),
    };
    let rows = question.range(count, spoiled).map(|at| {
        let mut row = match question.method {
            Method::Transactions => match at.checked_sub(market.purchases.len()) {
                Some(at) => market.posted[at].clone(),
                None => rows::transaction(market, at, spoiled),
            },
            Method::Vendors => rows::vendor(market, market.vendors[at]),
        };
        if let Some(faults) = spoiled.rows {
            faults.apply(at, &mut row);
        }
        row
    });
    let rows: Vec<Value> = rows.collect();
    let count = count - usize::from(spoiled.moving_total && question.page == 1 && count > 0);
    Answer::ok(json!({ "status": "success", "messages": message, "data": rows, "count": count }))
}

/// The API's refusal: HTTP says that all is well.
fn refusal(message: &str) -> Answer {
    Answer::ok(json!({ "status": "failed", "messages": message, "data": [], "count": 0 }))
}

/// A number given as one or as text.
fn whole(value: &Value) -> Option<usize> {
    match value {
        Value::Number(number) => usize::try_from(number.as_u64()?).ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn totals(served: &Served) -> Vec<(Dataset, ControlTotals)> {
    let shelf = Shelf::new(served);
    let market = shelf.market();
    let total: i128 = market.purchases.iter().map(|purchase| i128::from(purchase.total)).sum();
    // What was posted was judged: its total is a whole number.
    let posted: i128 = market.posted.iter().filter_map(submit::total).sum();
    let count = market.purchases.len() + market.posted.len();
    vec![
        (Dataset::PadiTransaksi, ControlTotals::new(count, &[("total_nilai_project", total + posted)])),
        (Dataset::PadiUmkm, ControlTotals::new(market.vendors.len(), &[("total_revenue", total)])),
    ]
}

/// NPWP, addresses, accounts, telephone numbers, mail addresses and names of vendors.
fn personal_values(served: &Served, values: &mut BTreeSet<String>) {
    let shelf = Shelf::new(served);
    let market = shelf.market();
    for vendor in &market.vendors {
        values.extend(rows::personal(&market, vendor));
    }
}

/// PaDi's number of each satker with its KDSATKER.
pub(crate) fn satkers(world: &World) -> Vec<(String, String)> {
    let pair = |(at, satker): (usize, &Satker)| ((SATKER_ID_FIRST + at).to_string(), satker.code.clone());
    world.satkers().iter().enumerate().map(pair).collect()
}
