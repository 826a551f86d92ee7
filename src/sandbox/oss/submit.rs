//! The end that accepts: what a ministry reports to OSS about permits, certificates and deeds, judged by the guide's
//! parameters and kept. A status that was sent is what `checkLicenseStatus` answers from then on.
//!
//! receiveLegal is the law ministry's and left the guide after version 4.3.19, from which its form is taken: wrapper
//! `AKTA`, answer `responreceiveLegal`.

mod form;
mod http;

pub(super) use http::routes;

use super::SYSTEM;
use super::reference;
use crate::sandbox::answer::Answer;
use crate::sandbox::dataset::Dataset;
use crate::sandbox::received::{Accepted, sha256};
use crate::sandbox::server::Served;
use crate::sandbox::submission::{Outcome, Submission};
use axum::http::StatusCode;
use form::Field;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// Most characters of `keterangan` in an answer.
const REMARK_CHARS_MAX: usize = 255;

/// A method that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filing {
    License,
    LicenseStatus,
    LicenseKkpr,
    UpdateLicense,
    Certificate,
    Legal,
}

/// Declares the forms, each parsed when it is first asked for.
macro_rules! forms {
    ($($name:ident = $file:literal;)*) => {
        $(static $name: LazyLock<Vec<Field>> =
            LazyLock::new(|| form::parse(include_str!(concat!("forms/", $file))));)*
    };
}

forms! {
    LICENSE = "license.txt";
    STATUS = "status.txt";
    KKPR = "kkpr.txt";
    UPDATE = "update.txt";
    CERTIFICATE = "certificate.txt";
    LEGAL = "legal.txt";
}

impl Filing {
    pub(super) const ALL: [Self; 6] =
        [Self::License, Self::LicenseStatus, Self::LicenseKkpr, Self::UpdateLicense, Self::Certificate, Self::Legal];

    /// Its name, which is its path too.
    pub(super) fn method(self) -> &'static str {
        match self {
            Self::License => "receiveLicense",
            Self::LicenseStatus => "receiveLicenseStatus",
            Self::LicenseKkpr => "receiveLicenseKKPR",
            Self::UpdateLicense => "updateLicense",
            Self::Certificate => "receiveCertificate",
            Self::Legal => "receiveLegal",
        }
    }

    /// The wrapper of a record.
    fn wrapper(self) -> &'static str {
        match self {
            Self::License | Self::UpdateLicense => "IZINFINAL",
            Self::LicenseStatus => "IZINSTATUS",
            Self::LicenseKkpr => "IZINFINALKKPR",
            Self::Certificate => "receiveCertificate",
            Self::Legal => "AKTA",
        }
    }

    /// The dataset whose faults strike it: what is asked of OSS about the same thing.
    pub(super) fn dataset(self) -> Dataset {
        match self {
            Self::License | Self::UpdateLicense => Dataset::OssIzin,
            Self::LicenseStatus => Dataset::OssStatusIzin,
            Self::LicenseKkpr => Dataset::OssKkpr,
            Self::Certificate => Dataset::OssSertifikat,
            Self::Legal => Dataset::OssNibLegalitas,
        }
    }

    fn form(self) -> &'static [Field] {
        match self {
            Self::License => &LICENSE,
            Self::LicenseStatus => &STATUS,
            Self::LicenseKkpr => &KKPR,
            Self::UpdateLicense => &UPDATE,
            Self::Certificate => &CERTIFICATE,
            Self::Legal => &LEGAL,
        }
    }

    /// What a record is known by. A permit has many states, each at its time.
    fn key(self) -> &'static [&'static str] {
        match self {
            Self::License => &["nib", "id_izin"],
            Self::LicenseStatus | Self::LicenseKkpr => &["id_izin", "kd_status", "tgl_status"],
            Self::UpdateLicense => &["id_izin", "nomor_izin", "tgl_terbit_izin"],
            Self::Certificate => &["id_permohonan_izin", "nomor_sertifikat"],
            Self::Legal => &["id_perusahaan", "no_pengesahan"],
        }
    }

    /// Takes a body in.
    fn file(self, served: &Served, body: &[u8]) -> Outcome {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let Some(record) = request.get(self.wrapper()).filter(|record| record.is_object()) else {
            return self
                .refusal(400, &format!("Data Parameter Salah. {}: tidak boleh kosong", self.wrapper()))
                .reply()
                .into();
        };
        let faults = form::faults(self.form(), record);
        if !faults.is_empty() {
            return self.refusal(400, &format!("Data Parameter Salah. {}", faults.join("; "))).reply().into();
        }
        let parts: Vec<String> = self.key().iter().map(|name| text(&record[*name])).collect();
        let submission = Submission { dataset: self.dataset(), method: self.method(), key: parts.join("/"), record };
        submission.settle(
            served,
            || self.accepted(record).reply(),
            || self.refusal(400, "Data Parameter Salah. Data sudah ada").reply(),
        )
    }

    /// The answer to a record that was taken: the code is a number in one answer of the guide and text in the others.
    fn accepted(self, record: &Value) -> Answer {
        let mut told = json!({ "kode": self.code(200), "keterangan": "Sukses" });
        match self {
            Self::License => told["nomor_izin"] = record["nomor_izin"].clone(),
            Self::UpdateLicense => {
                told["keterangan_reset_izin_ds"] = "".into();
                told["nomor_izin"] = record["nomor_izin"].clone();
            }
            Self::LicenseStatus => told["dataNIB"] = json!({}),
            Self::Certificate => {
                let mut data = record.clone();
                let id = sha256(text(&record["nomor_sertifikat"]).as_bytes());
                data["id_sertifikat"] = format!("SRT{}", &id[..8]).into();
                told["dataCertificate"] = data;
            }
            Self::LicenseKkpr | Self::Legal => {}
        }
        Answer::ok(json!({ self.envelope(): told }))
    }

    /// The method's way to say no. One says it in the HTTP status as well.
    fn refusal(self, code: u16, why: &str) -> Answer {
        let why: String = why.chars().take(REMARK_CHARS_MAX).collect();
        let mut told = json!({ "kode": self.code(code), "keterangan": why });
        match self {
            Self::License | Self::UpdateLicense => told["nomor_izin"] = "".into(),
            Self::LicenseStatus => told["dataNIB"] = json!({}),
            Self::Certificate => told["dataCertificate"] = json!({}),
            Self::LicenseKkpr | Self::Legal => {}
        }
        let status = match self {
            Self::Certificate if code == 400 => StatusCode::BAD_REQUEST,
            _ => StatusCode::OK,
        };
        Answer { status, body: json!({ self.envelope(): told }) }
    }

    fn envelope(self) -> String {
        match self {
            // The guide's own capital.
            Self::Certificate => "responReceiveCertificate".to_owned(),
            _ => format!("respon{}", self.method()),
        }
    }

    fn code(self, code: u16) -> Value {
        if self == Self::License { code.into() } else { code.to_string().into() }
    }
}

/// The text of a value that is text or number.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned())
}

/// Puts the latest status that was sent about a permit in the place of the one the world has. `answer` is
/// checkLicenseStatus's.
pub(super) fn overlay(accepted: &Accepted, answer: &mut Value) {
    let Some(data) = answer.pointer_mut("/responcheckLicenseStatus/dataIZIN") else { return };
    let Some(id) = data["id_izin"].as_str() else { return };
    let sent = [Filing::LicenseStatus, Filing::LicenseKkpr].into_iter().flat_map(|filing| {
        let records = accepted.records(SYSTEM.source, filing.method());
        records.into_iter().filter(|record| text(&record["id_izin"]) == id)
    });
    let Some(latest) = sent.max_by_key(|record| text(&record["tgl_status"])) else { return };
    let code = text(&latest["kd_status"]);
    let meaning = reference::codes(STATUS_LIST).into_iter().find(|known| known.code == code);
    data["uraian_status"] = meaning.map_or("", |code| code.meaning.as_str()).into();
    data["kd_status"] = code.into();
}

/// The guide's list of status codes.
const STATUS_LIST: &str = "10";
