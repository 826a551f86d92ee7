//! The inbox as its senders meet it: the real `lumbung serve` over real sockets, and what stands in the warehouse after it.

mod acknowledged;
mod daemon;
mod hostile;
mod kill;
mod mortal;
mod refused;
mod start;
mod tally;

pub(crate) use tally::compare;

use serde_json::{Value, json};
use sha1::{Digest, Sha1};

/// The user and password that the tests' OSS has.
pub(super) const OSS_USER: &str = "oss";
pub(super) const OSS_PASSWORD: &str = "rahasia-oss";

/// The key that the tests' buyers have.
pub(super) const PADI_KEY: &str = "kunci-padi";

/// The token of OSS for a NIB on a day (Ymd).
pub(super) fn token(nib: &str, day: &str) -> String {
    let digest = Sha1::digest(format!("{OSS_USER}{OSS_PASSWORD}{nib}{day}"));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The sample payload of PaDi's document as it stands there, misspelt key and all, with another order number.
pub(super) fn transaction(id: &str) -> Value {
    json!({ "transaksi": {
        "tanggal_transaksi": "2021-06-20", "transaksi_id": id, "bumn_id": "ABCD", "nama_project": "Bangun Desa",
        "kategori_project": "1", "total_nilai_project": "50000000", "tipe_nilai_project": "CAPEX",
        "kategori_umkm": "1", "uid_umkm": "123", "nama_umkm": "PT. Damai Sejahtera", "target_penyelesaian": "30",
        "tanggal_order_placement": "2021-06-20", "tanggal_confirmation": "2021-06-20",
        "tanggal_delivery": "2021-07-10", "tannggal_invoice": "2021-07-17", "total_cycle_time": "27 Hari",
        "kategori_delivery_time": "1", "rating": "4", "feedback": "OK",
        "deskripsi_project": "Project Membangun Jembatan", "id_satker": "14482", "is_pdn": "1", "tkdn": "8.5",
        "is_certificate": "1", "certificate_tkdn": "525/SJ-IND.8/TKDN/11/2019"
    } })
}

/// A short push of a NIB.
pub(super) fn nib(number: &str, id_izin: &str) -> Value {
    json!({ "dataNIB": {
        "nib": number, "id_izin": id_izin, "oss_id": "OSS-1", "tgl_terbit_nib": "2026-10-31",
        "jenis_pelaku_usaha": "01", "nama_perseroan": "PT. Damai Sejahtera"
    } })
}
