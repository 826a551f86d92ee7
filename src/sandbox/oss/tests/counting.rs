//! An independent count: walks every answer and push by the paths the contract reads rows at.

use super::{Registry, ask, messages};
use crate::sandbox::dataset::Dataset;
use crate::sandbox::oss::method::Method;
use crate::sandbox::push::PushKind;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A path to rows and the table they make.
type Path = (&'static str, &'static str);

const NIB: [Path; 17] = [
    ("", ""),
    ("pemegang_saham", "_pemegang_saham"),
    ("penanggung_jwb", "_penanggung_jawab"),
    ("legalitas", "_legalitas"),
    ("data_rptka", "_rptka"),
    ("data_rptka.rptka_jabatan", "_rptka_jabatan"),
    ("data_rptka.rptka_jabatan.rptka_tki_pendamping", "_rptka_pendamping"),
    ("data_rptka.rptka_negara", "_rptka_negara"),
    ("data_rptka.rptka_lokasi", "_rptka_lokasi"),
    ("data_proyek", "_proyek"),
    ("data_proyek.data_lokasi_proyek", "_proyek_lokasi"),
    ("data_proyek.data_lokasi_proyek.data_lokasi_proyek", "_proyek_koordinat"),
    ("data_proyek.data_lokasi_proyek.data_posisi_proyek", "_proyek_posisi"),
    ("data_proyek.data_proyek_produk", "_proyek_produk"),
    ("data_dni", "_dni"),
    ("data_checklist", "_izin"),
    ("data_checklist.data_persyaratan", "_izin_syarat"),
];

/// Rows at `path`: arrays are walked, an object is one row, and what is empty is none.
fn rows(value: &Value, path: &str) -> usize {
    let mut found = vec![value];
    for step in path.split('.').filter(|step| !step.is_empty()) {
        found = found.into_iter().flat_map(elements).map(|element| &element[step]).collect();
    }
    found.into_iter().flat_map(elements).count()
}

fn elements(value: &Value) -> Vec<&Value> {
    let blank = |value: &Value| value.as_object().is_some_and(|fields| fields.values().all(|field| field == ""));
    match value {
        Value::Array(elements) => elements.iter().filter(|element| !blank(element)).collect(),
        Value::Object(_) if !blank(value) => vec![value],
        _ => Vec::new(),
    }
}

#[derive(Default)]
struct Counts(BTreeMap<Dataset, usize>);

impl Counts {
    fn add(&mut self, table: &str, rows: usize) {
        let dataset = Dataset::named(&format!("oss.{table}")).expect("a dataset of the contract");
        *self.0.entry(dataset).or_default() += rows;
    }

    fn tables(&mut self, base: &str, value: &Value, paths: &[Path]) {
        for (path, table) in paths {
            self.add(&format!("{base}{table}"), rows(value, path));
        }
    }
}

/// Rows of every table, from the answers to everything a load asks.
pub(super) fn count(registry: &Registry) -> BTreeMap<Dataset, usize> {
    let mut counts = Counts::default();
    for nib in registry.nibs() {
        let body = |method, wrapper: &str| ask(registry, method, &json!({ wrapper: { "nib": nib } })).body;
        let data = &body(Method::InqueryNib, "INQUERYNIB")["responinqueryNIB"]["dataNIB"];
        counts.tables("nib", data, &NIB);
        counts.add("cek_nib", rows(&body(Method::CheckNib, "CHECKNIB"), "responcheckNIB.dataNIB"));
        let stpw = &body(Method::InqueryNibStpw, "INQUERYNIBSTPW")["responinqueryNIBSTPW"]["dataNIBSTPW"];
        counts.tables("nib_stpw", stpw, &[("", ""), ("data_checklist", "_izin")]);
        let fetched = &body(Method::FetchNib, "FETCHNIB")["responfetchNIB"]["dataNIB"];
        counts.tables("nib_daftar", fetched, &[("", ""), ("data_proyek", "_proyek"), ("data_proyek.kbli", "_kbli")]);
        for project in elements(&data["data_proyek"]) {
            let asked = json!({ "nib": nib, "id_proyek": project["id_proyek"] });
            let data = &ask(registry, Method::InqueryProyek, &asked).body["data"]["data_proyek"];
            let paths =
                [("", ""), ("fasilitas", "_fasilitas"), ("data_checklist", "_izin"), ("satu_lini", "_satu_lini")];
            counts.tables("proyek", data, &paths);
        }
        for licence in elements(&data["data_checklist"]) {
            of_licence(registry, &mut counts, licence["id_izin"].as_str().expect("an id"));
        }
    }
    for kode in 1..=32 {
        let asked = json!({"GETDATAREFERENSI": {"kode": kode.to_string()}});
        let body = ask(registry, Method::GetDataReferensi, &asked).body;
        counts.add("referensi", rows(&body, "respongetDataReferensi.dataReferensi"));
    }
    for push in messages(registry, PushKind::NibKkpr) {
        counts.tables("kkpr", &push.body["dataNIB"], &NIB);
    }
    for push in messages(registry, PushKind::NibPse) {
        let paths = [
            ("", ""),
            ("penanggung_jwb", "_penanggung_jawab"),
            ("data_proyek", "_proyek"),
            ("data_checklist", "_izin"),
        ];
        counts.tables("pse", &push.body["dataNIBPSE"], &paths);
    }
    counts.0
}

fn of_licence(registry: &Registry, counts: &mut Counts, id: &str) {
    let body = |method, wrapper: &str, name: &str| ask(registry, method, &json!({ wrapper: { name: id } })).body;
    let status = body(Method::CheckLicenseStatus, "CHECKLICENSESTATUS", "id_izin");
    counts.add("status_izin", rows(&status, "responcheckLicenseStatus.dataIZIN"));
    let license = &body(Method::InqueryLicense, "INQUERYLICENSE", "id_izin")["dataLicense"]["data"];
    let paths = [
        ("", ""),
        ("data_proyek", "_proyek"),
        ("data_checklist", "_checklist"),
        ("data_checklist.data_persyaratan", "_syarat"),
    ];
    counts.tables("izin", license, &paths);
    let file = body(Method::InqueryFileDs, "INQUERYFILEDS", "id_permohonan_izin");
    counts.add("file_ds", usize::from(file["responInqueryFileDS"]["status"] == "200"));
    let certificate = Method::InqueryCertificate.answer(registry, b"", Some(id)).body;
    counts.add("sertifikat", rows(&certificate, "responInqueryCertificate.dataCertificate"));
}
