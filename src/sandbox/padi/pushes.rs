//! Transactions as a buyer's system posts them: the 25 keys of the document's payload, in its order, all of them texts,
//! with its spelling `tannggal_invoice`.

use super::{BUYER, Shelf, rows};
use crate::sandbox::world::businesses::{Business, Purchase, SATKER_ID_FIRST};
use serde_json::{Value, json};

/// Who bought what, and the body that says it.
#[derive(Debug)]
pub(crate) struct Message {
    /// `bumn_id` and `transaksi_id`.
    pub(crate) key: [String; 2],
    pub(crate) body: Value,
}

/// Every transaction reported so far, oldest first.
pub(crate) fn messages(shelf: &Shelf) -> Vec<Message> {
    let market = shelf.market();
    let message = |purchase: &&Purchase| Message {
        key: [BUYER.to_owned(), purchase.id.clone()],
        body: json!({ "transaksi": payload(purchase, market.vendors[purchase.vendor]) }),
    };
    market.purchases.iter().map(message).collect()
}

fn payload(purchase: &Purchase, vendor: &Business) -> Value {
    let text = |days: i64| days.to_string();
    json!({
        "tanggal_transaksi": purchase.placed,
        "transaksi_id": purchase.id,
        "bumn_id": BUYER,
        "nama_project": purchase.name,
        "kategori_project": purchase.category.to_string(),
        "total_nilai_project": text(purchase.total),
        "tipe_nilai_project": if purchase.capital { "CAPEX" } else { "OPEX" },
        "kategori_umkm": vendor.padi_category(),
        "uid_umkm": vendor.vendor,
        "nama_umkm": vendor.name,
        "target_penyelesaian": text(purchase.target),
        "tanggal_order_placement": purchase.placed,
        "tanggal_confirmation": purchase.confirmed,
        "tanggal_delivery": purchase.delivered,
        "tannggal_invoice": purchase.invoiced,
        "total_cycle_time": format!("{} Hari", purchase.cycle),
        "kategori_delivery_time": if purchase.cycle <= purchase.target { "1" } else { "2" },
        "rating": purchase.rating.to_string(),
        "feedback": "OK",
        "deskripsi_project": purchase.name,
        "id_satker": (SATKER_ID_FIRST + purchase.satker).to_string(),
        "is_pdn": if purchase.domestic { "1" } else { "0" },
        "tkdn": rows::tkdn(purchase),
        "is_certificate": if purchase.certificate.is_some() { "1" } else { "0" },
        "certificate_tkdn": purchase.certificate.map(|_| rows::certificate(purchase)),
    })
}
