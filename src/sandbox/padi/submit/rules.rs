//! The document's table of columns: what is valid, what is not, and the vendors and satker a record must name.
//!
//! The table calls fifteen columns mandatory and marks fourteen; the fifteenth is taken to be `bumn_id`, half of the key.
//! `tanggal_invoice` is spelt `tannggal_invoice` in its payload: both are read.

use crate::sandbox::padi::Market;
use crate::sandbox::world::businesses::{Business, SATKER_ID_FIRST};
use chrono::NaiveDate;
use serde_json::Value;

/// The vendor and the satker of the document's own payload: known here, and listed nowhere.
const EXAMPLE_VENDOR: (&str, &str, &str) = ("123", "PT. Damai Sejahtera", "1");
const EXAMPLE_SATKER: &str = "14482";

/// What a value must be, besides being there.
#[derive(Debug, Clone, Copy)]
enum Is {
    /// Text of at most so many characters; 0 = no limit.
    Text(usize),
    /// YYYY-MM-DD.
    Date,
    /// Digits.
    Integer,
    /// Digits, perhaps with a fraction.
    Decimal,
    /// A whole number from 1 to this.
    Code(u32),
    /// One of these.
    OneOf(&'static [&'static str]),
}

/// A column: its name, whether it may be NULL, what it must be.
struct Rule {
    column: &'static str,
    required: bool,
    is: Is,
}

const fn required(column: &'static str, is: Is) -> Rule {
    Rule { column, required: true, is }
}

const fn optional(column: &'static str, is: Is) -> Rule {
    Rule { column, required: false, is }
}

/// The table, in its order.
const RULES: [Rule; 25] = [
    required("tanggal_transaksi", Is::Date),
    required("transaksi_id", Is::Text(100)),
    required("bumn_id", Is::Text(0)),
    required("nama_project", Is::Text(255)),
    required("kategori_project", Is::Code(27)),
    required("total_nilai_project", Is::Integer),
    required("tipe_nilai_project", Is::OneOf(&["CAPEX", "OPEX"])),
    required("kategori_umkm", Is::Code(4)),
    required("uid_umkm", Is::Text(100)),
    required("nama_umkm", Is::Text(100)),
    optional("target_penyelesaian", Is::Text(0)),
    optional("tanggal_order_placement", Is::Date),
    optional("tanggal_confirmation", Is::Date),
    optional("tanggal_delivery", Is::Date),
    required(INVOICE, Is::Date),
    optional("total_cycle_time", Is::Text(0)),
    optional("kategori_delivery_time", Is::Text(0)),
    optional("rating", Is::Text(0)),
    optional("feedback", Is::Text(0)),
    optional("deskripsi_project", Is::Text(0)),
    required("id_satker", Is::Text(100)),
    required("is_pdn", Is::OneOf(&["0", "1"])),
    required("tkdn", Is::Decimal),
    required("is_certificate", Is::OneOf(&["0", "1"])),
    optional("certificate_tkdn", Is::Text(100)),
];

/// The column with two spellings: the table's and the payload's.
const INVOICE: &str = "tanggal_invoice";
const INVOICE_AS_SENT: &str = "tannggal_invoice";

/// Whom and what a record may name.
pub(super) struct Known<'a> {
    vendors: &'a [&'a Business],
    /// How many satker there are.
    satkers: usize,
}

impl<'a> Known<'a> {
    pub(super) fn new(market: &'a Market<'_>, satkers: usize) -> Self {
        Self { vendors: &market.vendors, satkers }
    }

    /// Name and category of a vendor.
    fn vendor(&self, uid: &str) -> Option<(&str, &str)> {
        let own = self.vendors.iter().find(|vendor| vendor.vendor.as_deref() == Some(uid));
        let (id, name, category) = EXAMPLE_VENDOR;
        own.map(|vendor| (vendor.name.as_str(), vendor.padi_category())).or((uid == id).then_some((name, category)))
    }

    fn has_satker(&self, id: &str) -> bool {
        let own = SATKER_ID_FIRST..SATKER_ID_FIRST + self.satkers;
        id == EXAMPLE_SATKER
            || id.parse().is_ok_and(|number: usize| own.contains(&number) && number.to_string() == id)
    }
}

/// What is wrong with a record, each as `kolom: alasan`, in the table's order; nothing = it is valid.
pub(super) fn faults(record: &Value, known: &Known<'_>) -> Vec<String> {
    if !record.is_object() {
        return vec!["transaksi: harus berupa satu objek".to_owned()];
    }
    let mut faults = Vec::new();
    for rule in &RULES {
        let column = as_sent(record, rule.column);
        if let Some(reason) = wrong(&record[column], rule).or_else(|| disagrees(record, rule.column, known)) {
            faults.push(format!("{column}: {reason}"));
        }
    }
    faults
}

/// The spelling a record uses for a column.
fn as_sent(record: &Value, column: &'static str) -> &'static str {
    match column {
        INVOICE if record.get(INVOICE_AS_SENT).is_some() => INVOICE_AS_SENT,
        column => column,
    }
}

/// A text, or a number as one; none for NULL, which is also an empty text or the word.
pub(super) fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty() && !text.eq_ignore_ascii_case("null")).then_some(text)
}

/// What is wrong with a value by itself.
fn wrong(value: &Value, rule: &Rule) -> Option<String> {
    let Some(text) = text(value) else {
        return match value {
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => Some("harus berupa teks atau bilangan".to_owned()),
            _ => rule.required.then(|| "tidak boleh NULL".to_owned()),
        };
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (good, reason) = match rule.is {
        Is::Text(0) => (true, String::new()),
        Is::Text(most) => (text.chars().count() <= most, format!("paling panjang {most} karakter")),
        Is::Date => (is_date(&text), "harus berupa tanggal YYYY-MM-DD".to_owned()),
        Is::Integer => (digits(&text), "harus berupa INTEGER".to_owned()),
        Is::Decimal => {
            let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
            (digits(whole) && digits(fraction), "harus berupa bilangan desimal".to_owned())
        }
        Is::Code(most) => {
            let good = digits(&text) && text.parse().is_ok_and(|code: u32| (1..=most).contains(&code));
            (good, format!("di luar {most} nilai yang ditetapkan"))
        }
        Is::OneOf(values) => (
            values.contains(&text.as_str()),
            format!("di luar {} nilai yang ditetapkan ({})", values.len(), values.join(", ")),
        ),
    };
    (!good).then_some(reason)
}

/// A day that exists, written with ten characters.
fn is_date(text: &str) -> bool {
    text.len() == "YYYY-MM-DD".len() && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

/// What of a value, good by itself, is not as the vendor's or the satker's data have it.
fn disagrees(record: &Value, column: &str, known: &Known<'_>) -> Option<String> {
    let uid = text(&record["uid_umkm"]).unwrap_or_default();
    let vendor = known.vendor(&uid);
    let same = |of: &str| text(&record[column]).as_deref() == Some(of);
    let reason = match (column, vendor) {
        // A uid that is NULL is refused as that, and there is no vendor to compare with.
        ("uid_umkm", None) => "tidak sama dengan kolom uid pada Data UMKM",
        ("nama_umkm", Some((name, _))) if !same(name) => "tidak sama dengan kolom nama_umkm pada Data UMKM",
        ("kategori_umkm", Some((_, category))) if !same(category) => {
            "tidak sama dengan kolom kategori_usaha pada Data UMKM"
        }
        ("id_satker", _) if text(&record[column]).is_none_or(|id| !known.has_satker(&id)) => {
            "tidak sama dengan kolom id_satker pada Data Satker"
        }
        _ => return None,
    };
    Some(reason.to_owned())
}
