//! PaDi UMKM: one URL, the method is the top key of the body, answers have the API's own wrapper. Nothing here knows
//! HTTP beyond a status number. Methods that write come beside [`Method`] when they are served.

mod rows;
#[cfg(test)]
mod tests;

use super::world::businesses::{Business, Businesses, Purchase};
use serde_json::{Value, json};

/// The path below the host, as at the real service; the only one there is.
pub(crate) const PATH: &str = "/padi-umkm/1.2.0/padis";
/// The header the key stands in.
pub(crate) const KEY_HEADER: &str = "x-api-key";
/// Most rows of a page, whatever is asked for.
const PAGE_ROWS_MAX: usize = 500;
/// Rows of a page where no size is given.
const PAGE_ROWS: usize = 10;

/// What of the rows goes wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Spoiled {
    /// One total has a fraction: 27000000.27.
    pub(crate) fraction: bool,
    /// One category is none of the 27.
    pub(crate) bad_category: bool,
    /// A few satker are not in the buyer's list.
    pub(crate) unknown_satker: bool,
}

/// What is on the market as of a day.
pub(crate) struct Market<'a> {
    pub(crate) businesses: &'a Businesses,
    /// All vendors; a purchase names its own by index.
    pub(crate) vendors: Vec<&'a Business>,
    /// Transactions reported so far, oldest first.
    pub(crate) purchases: Vec<&'a Purchase>,
}

/// An answer: HTTP status and JSON body.
#[derive(Debug, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// A method with its parameters.
enum Method {
    Transactions { size: usize, page: usize },
    Vendors { size: usize, page: usize },
}

/// The answer to `body`, whose sender showed the right key.
pub(crate) fn reply(market: &Market<'_>, spoiled: Spoiled, body: &[u8]) -> Reply {
    let method = match method(body) {
        Ok(method) => method,
        Err(refusal) => return refusal,
    };
    match method {
        Method::Transactions { size, page } => {
            let from = start(size, page);
            let chosen = market.purchases.iter().enumerate().skip(from).take(size);
            let rows = chosen.map(|(at, purchase)| rows::transaction(market, purchase, at, spoiled)).collect();
            success("Data transaksi berhasil ditampilkan", rows, market.purchases.len())
        }
        Method::Vendors { size, page } => {
            let chosen = market.vendors.iter().skip(start(size, page)).take(size);
            let rows = chosen.map(|vendor| rows::vendor(market, vendor)).collect();
            success("Data UMKM berhasil ditampilkan", rows, market.vendors.len())
        }
    }
}

/// The answer of the gateway to a wrong or missing key.
pub(crate) fn unauthorised() -> Reply {
    let body = json!({
        "code": "900901",
        "message": "Invalid Credentials",
        "description": "Invalid Credentials. Make sure you have provided the correct security credentials",
    });
    Reply { status: 401, body }
}

/// Every personal value in the vendors' rows: NPWP, names, addresses, accounts, telephone numbers and mail addresses.
pub(crate) fn personal_values(market: &Market<'_>) -> Vec<String> {
    market.vendors.iter().flat_map(|vendor| rows::personal(market, vendor)).collect()
}

fn method(body: &[u8]) -> Result<Method, Reply> {
    let request: Value = serde_json::from_slice(body).map_err(|_| refusal("Format JSON tidak valid"))?;
    let (key, parameters) =
        request.as_object().and_then(|object| object.iter().next()).ok_or_else(|| refusal("Body tidak boleh kosong"))?;
    let number = |name: &str, default: usize| match parameters.get(name) {
        None => Ok(default),
        Some(value) => whole(value).filter(|number| *number > 0).ok_or_else(|| {
            refusal(&format!("Parameter {name} harus berupa bilangan bulat lebih dari 0"))
        }),
    };
    let (size, page) = (number("size", PAGE_ROWS)?.min(PAGE_ROWS_MAX), number("page", 1)?);
    match key.as_str() {
        "get_transaksi" => Ok(Method::Transactions { size, page }),
        "get_umkm" => Ok(Method::Vendors { size, page }),
        _ => Err(refusal("Method tidak dikenali")),
    }
}

/// A number given as one or as text.
fn whole(value: &Value) -> Option<usize> {
    match value {
        Value::Number(number) => usize::try_from(number.as_u64()?).ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// Index of the first row of a 1-based page.
fn start(size: usize, page: usize) -> usize {
    (page - 1).saturating_mul(size)
}

/// Rows under the API's wrapper; `count` is the number of all of them.
fn success(message: &str, rows: Vec<Value>, count: usize) -> Reply {
    Reply { status: 200, body: json!({ "status": "success", "messages": message, "data": rows, "count": count }) }
}

/// The API's refusal: HTTP says that all is well.
fn refusal(message: &str) -> Reply {
    Reply { status: 200, body: json!({ "status": "failed", "messages": message, "data": [], "count": 0 }) }
}
