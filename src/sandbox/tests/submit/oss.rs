//! OSS takes permits, their states, certificates and deeds.

use super::{Sandbox, received, start, told};
use crate::sandbox::tests::TODAY;
use serde_json::{Value, json};

async fn post(sandbox: &Sandbox, method: &str, body: &Value) -> Option<(u16, Value)> {
    let request = reqwest::Client::new().post(format!("{}/{method}", sandbox.base_url("oss")));
    let request = request.header("user_key", sandbox.token("oss", 2026)).body(body.to_string());
    told(request).await.map(|(status, body)| (status.as_u16(), body))
}

/// A good record of each method: path, wrapper, envelope, a column that must not be empty, the record.
fn records() -> [(&'static str, &'static str, &'static str, &'static str, Value); 6] {
    let permit = json!({
        "nib": "8120123456789", "id_proyek": "R-1", "oss_id": "U-1", "id_izin": "I-1", "kd_izin": "056000000001",
        "kd_daerah": "3514141005", "kewenangan": "00", "nomor_izin": "056/1", "tgl_terbit_izin": "2026-10-01",
        "tgl_berlaku_izin": "2029-10-01", "nama_ttd": "Pejabat", "nip_ttd": "1990", "jabatan_ttd": "Kepala",
        "status_izin": "50",
    });
    let state = json!({
        "nib": "8120123456789", "id_produk": "", "id_proyek": "R-1", "oss_id": "U-1", "id_izin": "I-1",
        "kd_izin": "056000000001", "kd_instansi": "056", "kd_status": "31", "tgl_status": "2026-10-01 09:00:00",
        "nip_status": "1990", "nama_status": "Pejabat", "keterangan": "", "persetujuan_form": true,
        "data_pnbp": {
            "kd_akun": "425341", "kd_penerimaan": "1", "kd_billing": "820261001000001",
            "tgl_billing": "2026-10-01", "tgl_expire": "2026-10-08", "nominal": 1_500_000, "url_dokumen": "",
        },
    });
    let kkpr = json!({
        "id_proyek": "R-1", "oss_id": "U-1", "id_izin": "I-1", "kd_izin": "056000000001", "kd_status": "50",
        "tgl_status": "2026-10-02 09:00:00", "nip_status": "1990", "nama_status": "Pejabat", "keterangan": "",
        "data_teknis": {
            "luas": "1200", "jenis_peruntukan": "01", "koefisien_dasar_bangunan": 60,
            "koefisien_lantai_bangunan": "2.40", "garis_sempadan_bangunan": 5, "jarak_bebas_bangunan": 3,
            "koefisien_dasar_hijau": 10, "persetujuan": "disetujui",
        },
    });
    let certificate = json!({
        "id_permohonan_izin": "I-1", "nomor_sertifikat": "S-1", "url_sertifikat": "https://kl.example/s1",
        "tanggal_terbit": "2026-10-01", "masa_berlaku": "5", "jenis_sertifikat": "01", "satuan_waktu": "tahun",
    });
    let deed = json!({
        "id_perusahaan": "11223344556", "status_badan_hukum": "01", "npwp_perseroan": "012345678901000",
        "nama_perseroan": "PT CONTOH", "jenis_perseroan": "01", "alamat_perseroan": "JALAN CONTOH",
        "perseroan_daerah_id": "3514141005", "no_pengesahan": "AHU-1", "tgl_pengesahan": "2026-10-01",
        "legalitas": [{"jenis_akta": "01", "no_akta": "7", "tgl_akta": "2026-09-01"}], "merger": [],
    });
    [
        ("receiveLicense", "IZINFINAL", "responreceiveLicense", "nomor_izin", permit.clone()),
        ("receiveLicenseStatus", "IZINSTATUS", "responreceiveLicenseStatus", "kd_status", state),
        ("receiveLicenseKKPR", "IZINFINALKKPR", "responreceiveLicenseKKPR", "data_teknis", kkpr),
        ("updateLicense", "IZINFINAL", "responupdateLicense", "jabatan_ttd", permit),
        ("receiveCertificate", "receiveCertificate", "responReceiveCertificate", "url_sertifikat", certificate),
        ("receiveLegal", "AKTA", "responreceiveLegal", "nama_perseroan", deed),
    ]
}

/// The code of an answer, which is a number or text.
fn code(told: &Value) -> String {
    told["kode"].as_str().map_or_else(|| told["kode"].to_string(), str::to_owned)
}

#[tokio::test]
async fn every_method_takes_a_good_record_once_and_refuses_a_bad_one_by_name() {
    let sandbox = start(TODAY, &[]).await;
    let before = sandbox.control();
    for (method, wrapper, envelope, column, record) in records() {
        let (status, body) = post(&sandbox, method, &json!({ wrapper: record })).await.unwrap();
        assert_eq!((status, code(&body[envelope])), (200, "200".to_owned()), "{method} {body}");
        let (_, body) = post(&sandbox, method, &json!({ wrapper: record })).await.unwrap();
        assert_eq!(code(&body[envelope]), "400", "{method} {body}");
        let mut bad = record.clone();
        bad[column] = json!("");
        let (status, body) = post(&sandbox, method, &json!({ wrapper: bad })).await.unwrap();
        let why = body[envelope]["keterangan"].as_str().unwrap();
        assert!(why.contains(&format!("{column}: tidak boleh kosong")), "{method} {body}");
        assert_eq!(status, if method == "receiveCertificate" { 400 } else { 200 });
        for empty in [json!({}), json!([]), json!({ wrapper: [record] }), json!({ wrapper: {} })] {
            let (_, body) = post(&sandbox, method, &empty).await.unwrap();
            assert_eq!(code(&body[envelope]), "400", "{method} {empty}");
            assert!(body[envelope]["keterangan"].as_str().unwrap().chars().count() <= 255);
        }
    }
    let times: Vec<u64> = received(&sandbox).await.into_iter().map(|(_, times)| times).collect();
    assert_eq!(times, [2; 6]);
    assert_eq!(sandbox.control(), before, "totals are of what is served");
}

#[tokio::test]
async fn a_permit_is_answered_with_its_number_and_a_certificate_with_its_id() {
    let sandbox = start(TODAY, &[]).await;
    let [permit, _, _, _, certificate, _] = records();
    let (_, body) = post(&sandbox, permit.0, &json!({ permit.1: permit.4 })).await.unwrap();
    assert_eq!(body, json!({"responreceiveLicense": {"kode": 200, "keterangan": "Sukses", "nomor_izin": "056/1"}}));
    let (_, body) = post(&sandbox, certificate.0, &json!({ certificate.1: certificate.4 })).await.unwrap();
    let data = &body["responReceiveCertificate"]["dataCertificate"];
    assert_eq!(data["nomor_sertifikat"], "S-1");
    assert!(data["id_sertifikat"].as_str().unwrap().starts_with("SRT"));
}

#[tokio::test]
async fn a_status_that_was_sent_is_what_is_answered_from_then_on() {
    let sandbox = start(TODAY, &[]).await;
    let id = sandbox.id_izins().swap_remove(0);
    let ask = json!({"CHECKLICENSESTATUS": {"id_izin": id}});
    let [_, (method, wrapper, _, _, mut record), ..] = records();
    record["id_izin"] = json!(id);
    for (time, status, expected) in [("10:00:00", "32", "32"), ("11:00:00", "50", "50"), ("09:00:00", "30", "50")] {
        record["tgl_status"] = json!(format!("2026-10-01 {time}"));
        record["kd_status"] = json!(status);
        assert_eq!(post(&sandbox, method, &json!({ wrapper: record })).await.unwrap().0, 200);
        let (_, body) = post(&sandbox, "checkLicenseStatus", &ask).await.unwrap();
        let data = &body["responcheckLicenseStatus"]["dataIZIN"];
        assert_eq!((&data["id_izin"], &data["kd_status"]), (&json!(id), &json!(expected)));
        assert!(!data["uraian_status"].as_str().unwrap().is_empty());
    }
    assert_eq!(received(&sandbox).await.len(), 3, "each state is a record of its own");
}

#[tokio::test]
async fn keys_are_asked_for_and_faults_strike_what_they_are_meant_for() {
    let sandbox = start(TODAY, &["submit-cut@oss.status_izin", "submit-500-once@oss.nib_legalitas"]).await;
    for (method, wrapper, envelope, _, record) in records() {
        let body = json!({ wrapper: record });
        let wrong = reqwest::Client::new().post(format!("{}/{method}", sandbox.base_url("oss")));
        let (status, answer) = told(wrong.header("user_key", "wrong").body(body.to_string())).await.unwrap();
        assert_eq!((status.as_u16(), code(&answer[envelope])), (401, "401".to_owned()));
        let first = post(&sandbox, method, &body).await.map(|(status, _)| status);
        let expected = match method {
            "receiveLicenseStatus" => None,
            "receiveLegal" => Some(500),
            _ => Some(200),
        };
        assert_eq!(first, expected, "{method}");
        let (_, second) = post(&sandbox, method, &body).await.unwrap();
        assert_eq!(code(&second[envelope]), if method == "receiveLegal" { "200" } else { "400" });
    }
    assert_eq!(received(&sandbox).await.len(), 6);
}
