//! OSS-RBA: the methods a ministry asks, those it reports to (`submit`) and what OSS pushes (`pushes`), under the wrappers and
//! field names of the guide, with its contradictions: the code of an answer as text or number, another key on errors, empty
//! text where a list is due.

mod fill;
mod http;
mod keys;
mod method;
mod pushes;
mod records;
mod reference;
mod shape;
mod submit;
#[cfg(test)]
mod tests;
mod totals;

pub(crate) use http::USER;
pub(crate) use keys::Keys;
pub(crate) use pushes::{Message, messages};

use super::push::PushKind;
use super::server::Served;
use super::system::System;
use super::world::World;
use super::world::businesses::{Business, Businesses};
use chrono::NaiveDate;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// OSS beside the other systems.
pub(crate) const SYSTEM: System = System {
    source: "oss",
    base_path: "/v1/kl/rba",
    questions: &[
        "sendSecurityKey  (POST {\"securityKey\":{\"user_akses\":\"…\",\"pwd_akses\":\"…\"}})",
        "inqueryNIB  (POST {\"INQUERYNIB\":{\"nib\":\"…\"}})",
        "checkNIB  (POST {\"CHECKNIB\":{\"nib\":\"…\"}})",
        "inqueryNIBSTPW  (POST {\"INQUERYNIBSTPW\":{\"nib\":\"…\"}})",
        "fetchNIB  (POST {\"FETCHNIB\":{\"nib\":\"…\"}})",
        "getDataReferensi  (POST {\"GETDATAREFERENSI\":{\"kode\":\"10\"}})",
        "checkLicenseStatus  (POST {\"CHECKLICENSESTATUS\":{\"id_izin\":\"…\"}})",
        "inqueryCertificate/{id_permohonan_izin}",
        "inqueryProyek  (POST {\"nib\":\"…\",\"id_proyek\":\"…\"})",
        "inqueryLicense  (POST {\"INQUERYLICENSE\":{\"id_izin\":\"…\"}})",
        "inqueryFileDS  (POST {\"INQUERYFILEDS\":{\"id_permohonan_izin\":\"…\"}})",
        "receiveLicense  (POST {\"IZINFINAL\":{…}})",
        "receiveLicenseStatus  (POST {\"IZINSTATUS\":{…}})",
        "receiveLicenseKKPR  (POST {\"IZINFINALKKPR\":{…}})",
        "updateLicense  (POST {\"IZINFINAL\":{…}})",
        "receiveCertificate  (POST {\"receiveCertificate\":{…}})",
        "receiveLegal  (POST {\"AKTA\":{…}})",
    ],
    routes: http::routes,
    totals: |served| totals::totals(&Registry::new(served)),
    personal_values,
};

/// A NIB that is well formed and nobody's: OSS answers that it does not know it.
const UNKNOWN_NIB: &str = "9999999999999";

/// The register as of a day.
pub(crate) struct Registry {
    businesses: Arc<Businesses>,
    today: NaiveDate,
    /// Only so many businesses are known: the fault `shrink`.
    limit: Option<usize>,
}

impl Registry {
    /// The register as a faultless service knows it today.
    pub(crate) fn new(served: &Served) -> Self {
        Self::of(&served.world, served.today())
    }

    /// The register of a world on a day.
    pub(crate) fn of(world: &World, today: NaiveDate) -> Self {
        Self { businesses: world.businesses(), today, limit: None }
    }

    /// Businesses with a NIB, the earliest first.
    fn known(&self) -> &[Business] {
        let issued = self.businesses.issued(self.today);
        &issued[..self.limit.unwrap_or(issued.len()).min(issued.len())]
    }

    /// The NIBs to ask for: all there are, and one that OSS does not know.
    pub(crate) fn nibs(&self) -> Vec<String> {
        let nibs = self.known().iter().map(|business| business.nib.clone());
        nibs.chain(std::iter::once(UNKNOWN_NIB.to_owned())).collect()
    }

    /// The ids of all licences applied for.
    pub(crate) fn licence_ids(&self) -> Vec<String> {
        self.known().iter().flat_map(|business| &business.licences).map(|licence| licence.id.clone()).collect()
    }
}

/// Fields that hold a person's number, name, address, telephone number or mail address.
const PERSONAL: [&str; 46] = [
    "nik",
    "no_identitas_pemegang_saham",
    "no_identitas_penanggung_jwb",
    "no_identitas_pj",
    "no_id_user_proses",
    "paspor_pj",
    "npwp_perseroan",
    "npwp_pemegang_saham",
    "npwp_penanggung_jwb",
    "npwp_cabang",
    "npwp_kantor_cabang",
    "npwp_perusahaaan",
    "nama",
    "nama_pj",
    "nama_notaris",
    "nama_pemegang_saham",
    "nama_penanggung_jwb",
    "nama_user_proses",
    "pengendali_pemegang_saham",
    "alamat_perseroan",
    "alamat_perusahaan",
    "alamat_perusahaan_ln",
    "alamat_notaris",
    "alamat_pemegang_saham",
    "alamat_penanggung_jwb",
    "alamat_pj",
    "alamat_prinsipal",
    "alamat_user_proses",
    "alamat_usaha",
    "jalan_penanggung_jwb",
    "lat_lng",
    "email",
    "email_pemegang_saham",
    "email_penanggung_jwb",
    "email_perusahaan",
    "email_pj",
    "email_prinsipal",
    "email_user_proses",
    "hp",
    "hp_user_proses",
    "no_hp_penanggung_jwb",
    "no_telp_penanggung_jwb",
    "nomor_telpon_perseroan",
    "nomor_telepon_prinsipal",
    "telp_perusahaan_ln",
    "telp_pj",
];

/// Every personal value in what is asked for and in what is pushed.
fn personal_values(served: &Served, values: &mut BTreeSet<String>) {
    let registry = Registry::new(served);
    for business in registry.known() {
        for document in method::documents(&registry, business) {
            collect(&document, values);
        }
    }
    for push in PushKind::ALL.into_iter().flat_map(|kind| messages(&registry, kind)) {
        collect(&push.body, values);
    }
}

/// Adds what stands in [`PERSONAL`] fields anywhere in `value`.
fn collect(value: &Value, values: &mut BTreeSet<String>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, values)),
        Value::Object(fields) => {
            for (key, field) in fields {
                match field {
                    Value::String(text) if PERSONAL.contains(&key.as_str()) && text.len() > 5 => {
                        values.insert(text.clone());
                    }
                    _ => collect(field, values),
                }
            }
        }
        _ => {}
    }
}
