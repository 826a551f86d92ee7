//! The same engine for OSS: nested keys, numbers and lists, no list to ask, and the billing code in the log.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{ends, file, log, received};
use crate::harness::Lab;

/// A permit that waits for its payment.
fn state() -> Value {
    json!({
        "nib": "8120123456789", "id_produk": "", "id_proyek": "R-1", "oss_id": "U-1", "id_izin": "I-1",
        "kd_izin": "056000000001", "kd_instansi": "056", "kd_status": "31", "tgl_status": "2026-10-01 09:00:00",
        "nip_status": "1990", "nama_status": "Pejabat Contoh", "keterangan": "Menunggu pembayaran",
        "persetujuan_form": "Ya",
        "data_pnbp": {
            "kd_akun": "425341", "kd_penerimaan": "1", "kd_billing": "820261001000001",
            "tgl_billing": "2026-10-01", "tgl_expire": "2026-10-08", "nominal": "1.500.000",
        },
    })
}

fn sha256(record: &Value) -> String {
    Sha256::digest(record.to_string()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_status_goes_out_in_the_guides_form_and_its_billing_code_is_logged() {
    let lab = Lab::new(&[]);
    let path = file(&lab, "status.json", &state().to_string());
    let ran = ends(&lab, 0, &["oss.receivelicensestatus", path.to_str().unwrap(), "--send"]);
    assert!(ran.stdout.contains("sent: 1 accepted"), "{}{}", ran.stdout, ran.stderr);
    let mut sent = state();
    sent.as_object_mut().unwrap().shift_remove("id_produk");
    sent["persetujuan_form"] = json!(true);
    sent["data_pnbp"]["nominal"] = json!(1_500_000);
    let taken = lab.sandbox().received();
    assert_eq!((taken[0].method, taken[0].record_sha256.clone()), ("receiveLicenseStatus", sha256(&sent)));
    let rows = log(&lab, "method, \"key\", kd_billing, state, code");
    assert_eq!(
        rows,
        [json!({"method": "receiveLicenseStatus", "key": r#"["I-1","31","2026-10-01 09:00:00"]"#,
            "kd_billing": "820261001000001", "state": "accepted", "code": "200"})]
    );
    let view = lab.systems_command(&["sql", "SELECT kd_billing, kecocokan FROM mart.izin_pnbp", "--format", "csv"]);
    let view = String::from_utf8({ view }.output().unwrap().stdout).unwrap();
    assert!(view.contains("820261001000001,belum terbayar"), "{view}");
    let ledger = std::fs::read(lab.warehouse().join("state/ledger.db")).unwrap();
    let name = b"Pejabat Contoh";
    assert!(!ledger.windows(name.len()).any(|window| window == name), "an official's name is in the ledger");
}

#[test]
fn lists_are_sent_as_they_stand_and_misplaced_ones_are_refused() {
    let lab = Lab::new(&[]);
    let deed = json!({
        "id_perusahaan": "11223344556", "status_badan_hukum": "01", "status_penanaman_modal": "02",
        "npwp_perseroan": "012345678901000", "nama_perseroan": "PT CONTOH", "jenis_perseroan": "01",
        "status_perseroan": "TERTUTUP", "alamat_perseroan": "JALAN CONTOH", "perseroan_daerah_id": "3514141005",
        "legalitas": [{"jenis_akta": "01", "no_akta": "7", "tgl_akta": "2026-09-01"}], "merger": [],
        "no_pengesahan": "AHU-1", "tgl_pengesahan": "2026-10-01",
    });
    let path = file(&lab, "deed.json", &deed.to_string());
    ends(&lab, 0, &["oss.receiveLegal", path.to_str().unwrap(), "--send"]);
    assert_eq!(lab.sandbox().received()[0].record_sha256, sha256(&deed));

    let mut wrong = state();
    wrong["data_pnbp"] = json!("820261001000001");
    wrong["nib"] = json!(["8120123456789"]);
    let path = file(&lab, "wrong.json", &wrong.to_string());
    let lines =
        ends(&lab, 65, &["oss.receiveLicenseStatus", path.to_str().unwrap(), "--output", "json"]).json_lines();
    let refusals = lines[0]["refusals"].as_array().unwrap();
    let columns: Vec<&str> = refusals.iter().map(|refusal| refusal["column"].as_str().unwrap()).collect();
    assert_eq!(columns, ["nib", "data_pnbp"]);
}

#[test]
fn where_nobody_can_be_asked_an_operator_decides() {
    let lab = Lab::new(&["submit-cut"]);
    let path = file(&lab, "status.json", &state().to_string());
    let send = ["oss.receiveLicenseStatus", path.to_str().unwrap(), "--send"];
    let ran = ends(&lab, 75, &send);
    assert!(ran.stderr.contains("--resend-ambiguous"), "{}", ran.stderr);
    let ran = ends(&lab, 75, &send);
    assert!(ran.stdout.contains("ambiguous"), "{}", ran.stdout);
    let times = |lab: &Lab| received(lab).into_iter().map(|(_, times)| times).collect::<Vec<u64>>();
    assert_eq!(times(&lab), [1], "not sent again blindly");
    // OSS has it and says so.
    ends(&lab, 65, &[&send[..], &["--resend-ambiguous"]].concat());
    assert_eq!(times(&lab), [2]);
    assert_eq!(log(&lab, "state, attempts"), [json!({"state": "refused", "attempts": 2})]);
}
