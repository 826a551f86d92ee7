//! Reports: read as sent, taken as files, sent again, proved, compared.

use lumbung::warehouse::{AuditAct, AuditOutcome, Deliveries, DeliveryKind, Warehouse};

use super::house::House;

const EDITION: &str = "/laporan/serapan-anggaran/serapan-anggaran-2026-10-31/1";

#[test]
fn an_edition_is_shown_as_it_was_sent_and_can_do_nothing() {
    let house = House::new();
    let daemon = house.serve(&[]);
    let mut visitor = daemon.signed("ani");
    let page = visitor.get(EDITION);
    let text = page.text();
    assert!(text.contains("Serapan 71,4%") && text.contains("31 Oktober 2026"), "{text}");
    assert!(text.contains("Serapan anggaran &#60;b&#62;&#38;"), "titles are text: {text}");
    assert!(text.contains(" sandbox ") && text.contains("s…@contoh.go.id") && !text.contains("sekjen@"), "{text}");
    let content = visitor.get(&format!("{EDITION}/isi"));
    let policy = content.header("content-security-policy").unwrap();
    assert!(
        policy.contains("sandbox") && policy.contains("frame-ancestors 'self'") && !policy.contains("script-src")
    );
    assert_eq!(content.header("x-frame-options"), Some("SAMEORIGIN"));
    let html = content.text();
    assert!(html.contains("src=\"data:image/png;base64,iVBORw0KGgo=\"") && !html.contains("cid:"), "{html}");
    let pdf = visitor.get(&format!("{EDITION}/berkas/serapan-2026-10.pdf"));
    assert_eq!((pdf.status, pdf.header("content-type")), (200, Some("application/pdf")));
    assert_eq!(pdf.header("content-disposition"), Some("attachment; filename=\"serapan-2026-10.pdf\""));
    assert_eq!(pdf.bytes, b"%PDF-1.7\n");
    // Messages and recipients hold addresses; the page has a place of its own.
    for name in ["1.eml", "recipients.json", "manifest.json", "edition.html", "tidak-ada.pdf"] {
        assert_eq!(visitor.get(&format!("{EDITION}/berkas/{name}")).status, 404, "{name}");
    }
}

#[test]
fn what_was_changed_on_the_disk_is_not_shown() {
    let house = House::new();
    let part = house.path("warehouse/state/editions/serapan-anggaran-2026-10-31/1/edition.html");
    std::fs::write(part, "<p>Serapan 99%</p>").unwrap();
    let mut daemon = house.serve(&[]);
    let answer = daemon.signed("ani").get(&format!("{EDITION}/isi"));
    assert_eq!(answer.status, 500);
    assert!(!answer.text().contains("Serapan 99") && !answer.text().contains("edition.html"), "{}", answer.text());
    assert!(daemon.end().contains("was changed after it was recorded"));
}

#[test]
fn two_editions_are_compared_by_their_figures() {
    let house = House::new();
    let daemon = house.serve(&[]);
    let mut visitor = daemon.signed("ani");
    let path =
        "/laporan/serapan-anggaran/banding?lama=serapan-anggaran-2026-09-30/1&baru=serapan-anggaran-2026-10-31/1";
    let text = visitor.get(path).text();
    assert!(text.contains("68,2%") && text.contains("71,4%") && text.contains("+3,2"), "{text}");
    for wrong in [
        "/laporan/serapan-anggaran/banding",
        "/laporan/pnbp/banding?lama=serapan-anggaran-2026-09-30/1&baru=serapan-anggaran-2026-10-31/1",
        "/laporan/serapan-anggaran/banding?lama=../1&baru=x",
    ] {
        assert_eq!(visitor.get(wrong).status, 404, "{wrong}");
    }
}

#[test]
fn a_proof_goes_to_the_user_alone_and_is_noted() {
    let house = House::new();
    let out = house.path("keluar");
    let folder = format!("mail.folder={}", out.display());
    let daemon = house.serve(&["mail.file_is_delivery=true", &folder]);
    let mut visitor = daemon.signed("ani");
    let csrf = visitor.get(EDITION).csrf();
    let sent = visitor.post(&format!("{EDITION}/uji"), &[("csrf", &csrf)]);
    let expected = format!("{EDITION}?kabar=uji");
    assert_eq!((sent.status, sent.header("location")), (303, Some(expected.as_str())), "{}", sent.text());
    assert!(visitor.get(&expected).text().contains("Uji kirim sudah masuk antrean"));
    let warehouse = Warehouse::open_for_reading(&house.path("warehouse")).unwrap();
    let deliveries = warehouse.deliveries(Deliveries::Edition("serapan-anggaran-2026-10-31")).unwrap();
    let proofs: Vec<&str> = deliveries
        .iter()
        .filter(|delivery| delivery.kind == DeliveryKind::Proof)
        .map(|delivery| delivery.recipient.expose())
        .collect();
    assert_eq!(proofs, ["ani@contoh.go.id"]);
    let newest = warehouse.audited(1).unwrap().remove(0);
    assert_eq!(
        (newest.who.as_deref(), newest.act, newest.outcome),
        (Some("ani"), AuditAct::Proof, AuditOutcome::Done)
    );
    assert_eq!(newest.target.as_deref(), Some("serapan-anggaran-2026-10-31"));
    // Whoever has no address is told so.
    let mut budi = daemon.signed("budi");
    let csrf = budi.get(EDITION).csrf();
    assert_eq!(budi.post(&format!("{EDITION}/uji"), &[("csrf", &csrf)]).status, 409);
}

#[test]
fn only_an_operator_sends_again_and_a_refusal_is_noted() {
    let house = House::new();
    let daemon = house.serve(&["mail.file_is_delivery=true", "mail.folder=keluar"]);
    let mut budi = daemon.signed("budi");
    let csrf = budi.get(EDITION).csrf();
    let path = format!("{EDITION}/ulang");
    let refused = budi.post(&path, &[("csrf", &csrf)]);
    assert_eq!(refused.status, 403);
    let mut cici = daemon.signed("cici");
    let csrf = cici.get("/").csrf();
    let sent = cici.post(&path, &[("csrf", &csrf)]);
    assert_eq!(sent.status, 303, "{}", sent.text());
    let warehouse = Warehouse::open_for_reading(&house.path("warehouse")).unwrap();
    let rows = warehouse.audited(20).unwrap();
    let resends: Vec<(Option<&str>, AuditOutcome)> =
        rows.iter().filter(|row| row.act == AuditAct::Resend).map(|row| (row.who.as_deref(), row.outcome)).collect();
    assert_eq!(resends, [(Some("cici"), AuditOutcome::Done), (Some("budi"), AuditOutcome::Refused)]);
}

#[test]
fn a_deployment_that_mails_nothing_says_so() {
    let house = House::new();
    let daemon = house.serve(&[]);
    let mut cici = daemon.signed("cici");
    let csrf = cici.get(EDITION).csrf();
    let answer = cici.post(&format!("{EDITION}/uji"), &[("csrf", &csrf)]);
    assert_eq!(answer.status, 409);
    assert!(answer.text().contains("tidak mengirim surat"), "{}", answer.text());
}
