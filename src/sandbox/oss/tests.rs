//! Methods of OSS: their answers, their refusals, and that the totals are what the answers hold.

use super::method::{self, Method};
use super::{Message, PERSONAL, Registry, UNKNOWN_NIB, collect, messages, totals};
use crate::sandbox::answer::Answer;
use crate::sandbox::control::ControlTotals;
use crate::sandbox::dataset::Dataset;
use crate::sandbox::push::PushKind;
use crate::sandbox::world::{Recipe, World};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

mod counting;

fn registry() -> Registry {
    let world = World::new(Recipe { seed: 11, scale: 1.0, overrun: false });
    Registry { businesses: world.businesses(), today: "2026-04-15".parse().unwrap(), limit: None }
}

fn ask(registry: &Registry, method: Method, body: &Value) -> Answer {
    method.answer(registry, body.to_string().as_bytes(), None)
}

#[test]
fn a_nib_is_answered_with_every_field_of_the_guide() {
    let registry = registry();
    let nib = &registry.nibs()[0];
    let body = ask(&registry, Method::InqueryNib, &json!({"INQUERYNIB": {"nib": nib}})).body;
    let answer = &body["responinqueryNIB"];
    assert_eq!((&answer["kode"], &answer["dataNIB"]["nib"]), (&json!("200"), &json!(nib)));
    assert_eq!(answer["dataNIB"].as_object().unwrap().len(), 74);
    let project = &answer["dataNIB"]["data_proyek"][0];
    assert!(project["jumlah_investasi"].as_i64().unwrap() > 0);
    assert!(project["data_lokasi_proyek"][0]["proyek_daerah_id"].as_str().unwrap().len() == 10);
}

#[test]
fn every_method_answers_what_it_is_asked() {
    let registry = registry();
    let business = registry.known().iter().find(|b| b.licences.iter().any(|l| l.certificate.is_some())).unwrap();
    let (nib, project) = (&business.nib, &business.projects[0].id);
    let licence = business.licences.iter().find(|licence| licence.certificate.is_some()).unwrap();
    let id = &licence.id;
    let body = |method, body: Value| ask(&registry, method, &body).body;
    let check = body(Method::CheckNib, json!({"CHECKNIB": {"nib": nib}}));
    assert_eq!(
        (&check["responcheckNIB"]["kode"], &check["responcheckNIB"]["dataNIB"]["nib"]),
        (&json!(200), &json!(nib))
    );
    let fetch = body(Method::FetchNib, json!({"FETCHNIB": {"nib": nib}}));
    assert_eq!(fetch["responfetchNIB"]["dataNIB"]["data_proyek"][0]["id_proyek"], json!(project));
    let one = body(Method::InqueryProyek, json!({"nib": nib, "id_proyek": project}));
    assert_eq!((&one["kode_status"], one["data"]["data_proyek"].as_array().unwrap().len()), (&json!(200), 1));
    assert_eq!(one["data"]["npwp_perusahaaan"], json!(business.npwp));
    let status = body(Method::CheckLicenseStatus, json!({"CHECKLICENSESTATUS": {"id_izin": id}}));
    assert_eq!(status["responcheckLicenseStatus"]["dataIZIN"]["kd_status"], licence.status.0);
    let license = body(Method::InqueryLicense, json!({"INQUERYLICENSE": {"id_izin": id}}));
    assert_eq!(
        (&license["dataLicense"]["success"], &license["dataLicense"]["data"]["id_izin"]),
        (&json!(true), &json!(id))
    );
    let file = body(Method::InqueryFileDs, json!({"INQUERYFILEDS": {"id_permohonan_izin": id}}));
    assert!(file["responInqueryFileDS"]["url_file_ds"].as_str().unwrap().ends_with(".pdf"));
    let certificate = Method::InqueryCertificate.answer(&registry, b"", Some(id)).body;
    assert_eq!(certificate["responInqueryCertificate"]["dataCertificate"]["id_permohonan_izin"], json!(id));
    let list = body(Method::GetDataReferensi, json!({"GETDATAREFERENSI": {"kode": "18"}}));
    assert_eq!(list["respongetDataReferensi"]["dataReferensi"].as_array().unwrap().len(), 4);
}

#[test]
fn what_is_not_found_is_refused_in_the_guides_ways() {
    let registry = registry();
    let company = registry.known().iter().find(|b| b.form.code == "01").unwrap();
    let none = |method, body: Value| ask(&registry, method, &body);
    let nib = none(Method::InqueryNib, json!({"INQUERYNIB": {"nib": UNKNOWN_NIB}}));
    assert_eq!((nib.status.as_u16(), &nib.body["responinqueryNIB"]["kode"]), (200, &json!("400")));
    assert!(nib.body["responinqueryNIB"]["dataNIB"].as_object().unwrap().values().all(|value| value == ""));
    let stpw = none(Method::InqueryNibStpw, json!({"INQUERYNIBSTPW": {"nib": company.nib}}));
    assert_eq!(stpw.body["responinqueryNIBSTPW"]["dataNIBSTPW"], "");
    let status = none(Method::CheckLicenseStatus, json!({"CHECKLICENSESTATUS": {"id_izin": "x"}}));
    assert_eq!(status.body["responsecheckStatusLicense"]["kode"], "400");
    let list = none(Method::GetDataReferensi, json!({"GETDATAREFERENSI": {"kode": "31"}}));
    assert_eq!(list.body["respongetDataReferensi"]["dataReferensi"]["kode_referensi"], "");
    let certificate = Method::InqueryCertificate.answer(&registry, b"", Some("x"));
    assert_eq!(
        (certificate.status.as_u16(), &certificate.body["responInqueryCertificate"]["kode"]),
        (400, &json!("400"))
    );
    for method in Method::ALL {
        for body in ["", "[]", "{", r#"{"nib":7}"#] {
            let answer = method.answer(&registry, body.as_bytes(), None);
            assert_eq!(answer, method.refusal(400, "Data tidak ditemukan"), "{method:?} {body}");
        }
    }
}

#[test]
fn the_services_habits_occur() {
    let registry = registry();
    let documents: Vec<Value> =
        registry.known().iter().flat_map(|business| method::documents(&registry, business)).collect();
    let text = serde_json::to_string(&documents).unwrap();
    for habit in [
        r#""kbli":"01111""#,
        r#""kbli":1111"#,
        r#""pemegang_saham":"""#,
        r#""pemegang_saham":[]"#,
        r#""data_rptka":{}"#,
        r#""data_dni":null"#,
        r#""npwp_perusahaaan":"#,
        r#""tgl_dokumen":"20"#,
        r#""persen_pma":"49.00""#,
    ] {
        assert!(text.contains(habit), "{habit}");
    }
}

#[test]
fn personal_values_are_found_in_what_is_served() {
    let registry = registry();
    let mut values = BTreeSet::new();
    for business in registry.known() {
        method::documents(&registry, business).iter().for_each(|document| collect(document, &mut values));
        for index in business.managers.iter().chain([&business.applicant]) {
            let person = registry.businesses.person(*index);
            assert!(values.contains(&person.nik()) && values.contains(&person.name()));
        }
    }
    assert!(values.iter().any(|value| value.contains("DUSUN ")));
    assert!(values.iter().all(|value| value.len() > 5));
    let keys: BTreeSet<&str> = PERSONAL.into_iter().collect();
    assert_eq!(keys.len(), PERSONAL.len());
}

#[test]
fn applications_and_operators_are_pushed_with_their_nib() {
    let registry = registry();
    let (kkpr, pse) = (messages(&registry, PushKind::NibKkpr), messages(&registry, PushKind::NibPse));
    assert!((15..60).contains(&kkpr.len()), "{}", kkpr.len());
    assert_eq!(pse.len(), 15);
    let nib = |message: &Message, key: &str| message.body[key]["nib"].as_str().unwrap().len();
    assert!(kkpr.iter().all(|message| nib(message, "dataNIB") == 13));
    assert!(pse.iter().all(|message| nib(message, "dataNIBPSE") == 13));
}

#[test]
fn totals_are_what_the_answers_hold() {
    let registry = registry();
    let expected: BTreeMap<Dataset, ControlTotals> = totals::totals(&registry).into_iter().collect();
    let counted = counting::count(&registry);
    for (dataset, total) in &expected {
        let rows = counted.get(dataset).copied().unwrap_or_default();
        assert_eq!(rows as u64, total.rows, "{dataset}");
    }
    let oss = Dataset::ALL.iter().filter(|dataset| dataset.source() == "oss");
    assert!(oss.clone().all(|dataset| expected.contains_key(dataset)));
    let empty: Vec<String> =
        expected.iter().filter(|(_, total)| total.rows == 0).map(|(dataset, _)| dataset.to_string()).collect();
    assert!(empty.iter().all(|name| name.starts_with("oss.kkpr_rptka") || name == "oss.kkpr_dni"), "{empty:?}");
    assert!(expected[&Dataset::OssNibProyek].sums.contains_key("jumlah_investasi"));
    assert_eq!(expected[&Dataset::OssNibProyek].sums, expected[&Dataset::OssProyek].sums);
}
