//! The methods: what each asks, and its answer under the wrapper the guide gives it.

use super::fill::{self, BLOB};
use super::records::{FetchRecord, LicenseRecord, NibRecord, ProjectsRecord, StpwRecord};
use super::shape;
use super::{Registry, reference};
use crate::sandbox::answer::Answer;
use crate::sandbox::dataset::Dataset;
use crate::sandbox::world::businesses::{Business, Licence};
use axum::http::StatusCode;
use serde_json::{Value, json};

/// A method that reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    InqueryNib,
    CheckNib,
    InqueryNibStpw,
    FetchNib,
    GetDataReferensi,
    CheckLicenseStatus,
    InqueryCertificate,
    InqueryProyek,
    InqueryLicense,
    InqueryFileDs,
}

impl Method {
    pub(super) const ALL: [Self; 10] = [
        Self::InqueryNib,
        Self::CheckNib,
        Self::InqueryNibStpw,
        Self::FetchNib,
        Self::GetDataReferensi,
        Self::CheckLicenseStatus,
        Self::InqueryCertificate,
        Self::InqueryProyek,
        Self::InqueryLicense,
        Self::InqueryFileDs,
    ];

    /// Its path.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::InqueryNib => "/inqueryNIB",
            Self::CheckNib => "/checkNIB",
            Self::InqueryNibStpw => "/inqueryNIBSTPW",
            Self::FetchNib => "/fetchNIB",
            Self::GetDataReferensi => "/getDataReferensi",
            Self::CheckLicenseStatus => "/checkLicenseStatus",
            Self::InqueryCertificate => "/inqueryCertificate/{id_permohonan_izin}",
            Self::InqueryProyek => "/inqueryProyek",
            Self::InqueryLicense => "/inqueryLicense",
            Self::InqueryFileDs => "/inqueryFileDS",
        }
    }

    /// The dataset its answers make.
    pub(super) fn dataset(self) -> Dataset {
        match self {
            Self::InqueryNib => Dataset::OssNib,
            Self::CheckNib => Dataset::OssCekNib,
            Self::InqueryNibStpw => Dataset::OssNibStpw,
            Self::FetchNib => Dataset::OssNibDaftar,
            Self::GetDataReferensi => Dataset::OssReferensi,
            Self::CheckLicenseStatus => Dataset::OssStatusIzin,
            Self::InqueryCertificate => Dataset::OssSertifikat,
            Self::InqueryProyek => Dataset::OssProyek,
            Self::InqueryLicense => Dataset::OssIzin,
            Self::InqueryFileDs => Dataset::OssFileDs,
        }
    }

    /// Where the row stands in an answer that is one row, with a field it can do without and one it cannot.
    pub(super) fn row(self) -> Option<(&'static str, &'static str, &'static str)> {
        match self {
            Self::InqueryNib => Some(("/responinqueryNIB/dataNIB", "no_npp", "nib")),
            Self::CheckNib => Some(("/responcheckNIB/dataNIB", "status", "nib")),
            Self::InqueryNibStpw => Some(("/responinqueryNIBSTPW/dataNIBSTPW", "versi_pia", "nib")),
            Self::FetchNib => Some(("/responfetchNIB/dataNIB", "_id", "nib")),
            Self::CheckLicenseStatus => Some(("/responcheckLicenseStatus/dataIZIN", "uraian_status", "id_izin")),
            Self::InqueryLicense => Some(("/dataLicense/data", "kewenangan", "id_izin")),
            Self::InqueryCertificate => {
                Some(("/responInqueryCertificate/dataCertificate", "keterangan", "id_permohonan_izin"))
            }
            Self::GetDataReferensi | Self::InqueryProyek | Self::InqueryFileDs => None,
        }
    }

    /// The wrapper of its parameters in a body; none where they stand bare.
    fn wrapper(self) -> Option<&'static str> {
        match self {
            Self::InqueryNib => Some("INQUERYNIB"),
            Self::CheckNib => Some("CHECKNIB"),
            Self::InqueryNibStpw => Some("INQUERYNIBSTPW"),
            Self::FetchNib => Some("FETCHNIB"),
            Self::GetDataReferensi => Some("GETDATAREFERENSI"),
            Self::CheckLicenseStatus => Some("CHECKLICENSESTATUS"),
            Self::InqueryLicense => Some("INQUERYLICENSE"),
            Self::InqueryFileDs => Some("INQUERYFILEDS"),
            Self::InqueryCertificate | Self::InqueryProyek => None,
        }
    }

    /// The answer to a body; `id` is what the path names.
    pub(super) fn answer(self, registry: &Registry, body: &[u8], id: Option<&str>) -> Answer {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let parameters = self.wrapper().map_or(&request, |wrapper| &request[wrapper]);
        let text = |name: &str| parameters[name].as_str().unwrap_or_default();
        let found = match self {
            Self::InqueryNib => registry.business(text("nib")).map(|business| nib(registry, business)),
            Self::CheckNib => registry.business(text("nib")).map(check_nib),
            Self::InqueryNibStpw => registry.business(text("nib")).and_then(|business| stpw(registry, business)),
            Self::FetchNib => registry.business(text("nib")).map(fetch),
            Self::GetDataReferensi => referensi(text("kode")),
            Self::CheckLicenseStatus => registry.licence(text("id_izin")).map(status),
            Self::InqueryCertificate => id.and_then(|id| registry.licence(id)).and_then(certificate),
            Self::InqueryProyek => registry.business(text("nib")).and_then(|business| {
                let nth = business.projects.iter().position(|project| project.id == text("id_proyek"))?;
                Some(project(business, nth))
            }),
            Self::InqueryLicense => registry.licence(text("id_izin")).map(license),
            Self::InqueryFileDs => registry.licence(text("id_permohonan_izin")).and_then(file),
        };
        found.map_or_else(|| self.refusal(400, "Data tidak ditemukan"), Answer::ok)
    }

    /// The method's way to say no: 400 nothing found or asked wrongly, 401 a wrong key. Texts are empty, lists are
    /// empty texts or objects, one method says it in the HTTP status as well, one under another key.
    pub(super) fn refusal(self, code: u16, why: &str) -> Answer {
        let text = code.to_string();
        let body = match self {
            Self::InqueryNib => {
                json!({"responinqueryNIB": {"kode": text, "keterangan": why, "dataNIB": fill::blank(&shape::NIB)}})
            }
            Self::CheckNib => {
                let none = json!({"nib": "", "nama_perusahaan": "", "status": ""});
                json!({"responcheckNIB": {"kode": code, "keterangan": why, "dataNIB": none}})
            }
            Self::InqueryNibStpw => {
                json!({"responinqueryNIBSTPW": {"kode": text, "keterangan": why, "dataNIBSTPW": ""}})
            }
            Self::FetchNib => json!({"responfetchNIB": {"kode": code, "keterangan": why, "dataNIB": []}}),
            Self::GetDataReferensi => {
                let none = json!({"kode_referensi": "", "uraian_referensi": "", "keterangan_referensi": ""});
                json!({"respongetDataReferensi": {"kode": text, "keterangan": why, "dataReferensi": none}})
            }
            Self::CheckLicenseStatus => {
                json!({"responsecheckStatusLicense": {"kode": text, "keterangan": why, "dataIZIN": {}}})
            }
            Self::InqueryCertificate => {
                json!({"responInqueryCertificate": {"kode": text, "keterangan": why, "dataCertificate": {}}})
            }
            Self::InqueryProyek => json!({"kode_status": code, "keterangan": why, "data": ""}),
            Self::InqueryLicense => {
                json!({"dataLicense": {"success": false, "code": code, "message": why, "data": ""}})
            }
            Self::InqueryFileDs => {
                json!({"responInqueryFileDS": {"status": text, "keterangan": why, "url_file_ds": ""}})
            }
        };
        let status = match self {
            Self::InqueryCertificate if code == 400 => StatusCode::BAD_REQUEST,
            _ => StatusCode::OK,
        };
        Answer { status, body }
    }
}

impl Registry {
    /// The place among the known of the business whose NIB a body asks for.
    pub(super) fn place_of(&self, body: &[u8]) -> Option<usize> {
        self.known().iter().position(|business| memchr::memmem::find(body, business.nib.as_bytes()).is_some())
    }

    fn business(&self, nib: &str) -> Option<&Business> {
        self.known().iter().find(|business| business.nib == nib)
    }

    fn licence(&self, id: &str) -> Option<(&Business, &Licence)> {
        let of = |business: &'_ Business| business.licences.iter().position(|licence| licence.id == id);
        self.known().iter().find_map(|business| of(business).map(|at| (business, &business.licences[at])))
    }
}

fn nib(registry: &Registry, business: &Business) -> Value {
    let record = NibRecord { businesses: &registry.businesses, business, push: None };
    let data = fill::object(&shape::NIB, &record, business.index);
    json!({"responinqueryNIB": {"kode": "200", "keterangan": "Sukses", "dataNIB": data}})
}

fn check_nib(business: &Business) -> Value {
    let data = json!({"nib": business.nib, "nama_perusahaan": business.name, "status": business.status});
    json!({"responcheckNIB": {"kode": 200, "keterangan": "Sukses", "dataNIB": data}})
}

fn stpw(registry: &Registry, business: &Business) -> Option<Value> {
    let record = StpwRecord::new(&registry.businesses, business)?;
    let data = fill::object(&shape::STPW, &record, business.index);
    Some(json!({"responinqueryNIBSTPW": {"kode": "200", "keterangan": "Sukses", "dataNIBSTPW": data}}))
}

fn fetch(business: &Business) -> Value {
    let data = fill::object(&shape::FETCH, &FetchRecord(business), business.index);
    json!({"responfetchNIB": {"kode": 200, "keterangan": "Sukses", "dataNIB": data}})
}

fn referensi(kode: &str) -> Option<Value> {
    let codes = reference::codes(kode).into_iter().map(|code| {
        let list = code.list.replace('_', " ");
        json!({"kode_referensi": code.code, "uraian_referensi": code.meaning, "keterangan_referensi": list})
    });
    let codes: Vec<Value> = codes.collect();
    let answer = json!({"respongetDataReferensi": {"kode": "200", "keterangan": "Sukses", "dataReferensi": codes}});
    (!codes.is_empty()).then_some(answer)
}

fn status((business, licence): (&Business, &Licence)) -> Value {
    let (code, text) = licence.status;
    let data = json!({
        "nib": business.nib,
        "id_proyek": business.projects[licence.project].id,
        "id_izin": licence.id,
        "kd_status": code,
        "uraian_status": text,
        "file_lampiran": BLOB,
    });
    // Text in the guide's table, a number in its sample.
    let kode = if business.index.is_multiple_of(2) { json!("200") } else { json!(200) };
    json!({"responcheckLicenseStatus": {"kode": kode, "keterangan": "Sukses", "dataIZIN": data}})
}

fn certificate((_, licence): (&Business, &Licence)) -> Option<Value> {
    let certificate = licence.certificate.as_ref()?;
    let data = json!({
        "id_sertifikat": certificate.id,
        "id_permohonan_izin": licence.id,
        "nomor_sertifikat": certificate.number,
        "tanggal_terbit": certificate.from,
        "masa_berlaku": certificate.to,
        "jenis_sertifikat": licence.permit.title,
        "url_sertifikat": format!("https://oss.example/sertifikat/{}", certificate.id),
        "keterangan": "Berlaku",
    });
    Some(json!({"responInqueryCertificate": {"kode": "200", "keterangan": "Sukses", "dataCertificate": data}}))
}

fn project(business: &Business, nth: usize) -> Value {
    let data = fill::object(&shape::PROYEK, &ProjectsRecord { business, nth }, business.index);
    json!({"kode_status": 200, "keterangan": "Sukses", "data": data})
}

fn license((business, licence): (&Business, &Licence)) -> Value {
    let data = fill::object(&shape::LICENSE, &LicenseRecord { business, licence }, business.index);
    json!({"dataLicense": {"success": true, "code": 200, "message": "Sukses", "data": data}})
}

fn file((_, licence): (&Business, &Licence)) -> Option<Value> {
    licence.granted.as_ref()?;
    let url = format!("https://oss.example/berkas/{}.pdf", licence.id);
    Some(json!({"responInqueryFileDS": {"status": "200", "keterangan": "Sukses", "url_file_ds": url}}))
}

/// All that is answered about one business and holds personal data.
pub(super) fn documents(registry: &Registry, business: &Business) -> Vec<Value> {
    let mut all = vec![nib(registry, business), fetch(business)];
    all.extend(stpw(registry, business));
    all.extend((0..business.projects.len()).map(|nth| project(business, nth)));
    all.extend(business.licences.iter().map(|licence| license((business, licence))));
    all
}
