//! The pages for operators over HTTP: what ran is shown, and a job runs now, is held and released, by operators alone.

use std::time::{Duration, Instant};

use lumbung::warehouse::{AuditOutcome, Warehouse};

use super::visitor::{INJECTIONS, Place, Visitor, assert_escaped};

fn house() -> Place {
    Place::with(&["omspan.capaian_ik_kl", "omspan.dipa_belanja"])
}

#[test]
fn runs_are_listed_filtered_and_shown_with_their_requests() {
    let house = house();
    let daemon = house.serve(&["schedule.enabled=false"]);
    let oper = daemon.visitor("oper");
    let list = oper.get("/operasi").text();
    assert!(list.contains("omspan.dipa_belanja") && list.contains("tersimpan"), "{list}");
    assert!(!oper.get("/operasi?sumber=padi").text().contains("omspan.dipa_belanja</code>"));
    assert!(oper.get("/operasi?status=failed").text().contains("Tidak ada proses yang cocok"));
    let place = list.split("href=\"/operasi/proses/").nth(1).unwrap().split('"').next().unwrap();
    let run = oper.get(&format!("/operasi/proses/{place}")).text();
    for wanted in ["Permintaan", "Yang disimpan", "Baris yang ditolak", "SHA-256", "Versi kontrak"] {
        assert!(run.contains(wanted), "{wanted}: {run}");
    }
    assert!(oper.get("/operasi/karantina").status.is_success());
    assert_eq!(oper.get("/operasi/proses/20990101T000000Z-0000").status.as_u16(), 404);
}

/// The job column of the page, until `wanted` stands there.
fn wait_for(visitor: &Visitor, wanted: &str) -> String {
    let until = Instant::now() + Duration::from_secs(150);
    loop {
        let page = visitor.get("/operasi/jadwal").text();
        if page.contains(wanted) {
            return page;
        }
        assert!(Instant::now() < until, "{wanted} never stands there: {page}");
        // A look a second is enough, and the page is asked for nothing else meanwhile.
        let _ = visitor.get("/operasi").took;
    }
}

#[test]
fn a_job_is_held_released_and_run_by_operators_alone() {
    let house = house();
    let daemon = house.serve(&[]);
    let (oper, ana) = (daemon.visitor("oper"), daemon.visitor("ana"));
    let job = ("job", "source:omspan");
    for path in ["/operasi", "/operasi/jadwal", "/operasi/karantina", "/operasi/proses/x"] {
        assert_eq!(ana.get(path).status.as_u16(), 403, "{path}");
    }
    for path in ["jalankan", "tahan", "lepas"] {
        let path = format!("/operasi/jadwal/{path}");
        assert_eq!(ana.post(&path, &[job, ("alasan", "x")]).status.as_u16(), 403, "{path}");
        assert_eq!(oper.post_plain(&path, &[job, ("alasan", "x")]).status.as_u16(), 403, "{path} without the token");
        assert_eq!(oper.post(&path, &[("job", "source:nope"), ("alasan", "x")]).status.as_u16(), 404, "{path}");
    }
    let ledger = Warehouse::open_for_reading(&house.lab.warehouse()).unwrap();
    assert!(
        ledger.held_jobs().unwrap().is_empty()
            && ledger.open_orders("2099-01-01T00:00:00Z".parse().unwrap()).unwrap().is_empty()
    );
    let refused = ledger.audited(20).unwrap().into_iter().filter(|act| act.outcome == AuditOutcome::Refused);
    assert_eq!(refused.count(), 3, "that an analyst tried is noted");

    assert_eq!(oper.post("/operasi/jadwal/tahan", &[job, ("alasan", "")]).status.as_u16(), 400);
    assert_eq!(oper.post("/operasi/jadwal/tahan", &[job, ("alasan", "3514120101800001")]).status.as_u16(), 400);
    let held = oper.post("/operasi/jadwal/tahan", &[job, ("alasan", "<b>perawatan</b>")]);
    assert_eq!(held.place(), "/operasi/jadwal?kabar=ditahan", "{}", held.text());
    let page = oper.get("/operasi/jadwal").text();
    assert!(page.contains("oper sejak") && page.contains("perawatan") && !page.contains("<b>perawatan"), "{page}");
    let told = house.lab.run(&["schedule"]).stdout;
    assert!(told.contains("held") && told.contains("held back by oper"), "{told}");
    assert_eq!(oper.post("/operasi/jadwal/jalankan", &[job]).status.as_u16(), 409, "what is held is not run");
    assert_eq!(oper.post("/operasi/jadwal/lepas", &[job]).place(), "/operasi/jadwal?kabar=dilepas");
    assert_eq!(oper.post("/operasi/jadwal/lepas", &[job]).status.as_u16(), 409);
    let noted: Vec<AuditOutcome> = ledger.audited(4).unwrap().into_iter().map(|act| act.outcome).collect();
    let (done, refused, failed) = (AuditOutcome::Done, AuditOutcome::Refused, AuditOutcome::Failed);
    assert_eq!(noted, [failed, done, refused, done], "released in vain, released, run in vain, held");

    let asked = oper.post("/operasi/jadwal/jalankan", &[("job", "report:nope")]);
    assert_eq!(asked.status.as_u16(), 404);
    assert_eq!(oper.post("/operasi/jadwal/jalankan", &[("job", "gc")]).place(), "/operasi/jadwal?kabar=diminta");
    // The scheduler looks once a minute.
    let page = wait_for(&oper, "selesai");
    assert!(!page.contains("diminta oper"), "{page}");
    assert!(ledger.open_orders("2026-11-01T12:00:00Z".parse().unwrap()).unwrap().is_empty());
}

#[test]
fn without_a_schedule_the_page_says_so_and_what_is_typed_is_text() {
    let house = house();
    let daemon = house.serve(&["schedule.enabled=false"]);
    let oper = daemon.visitor("oper");
    assert!(oper.get("/operasi/jadwal").text().contains("Jadwal dimatikan"));
    for injected in INJECTIONS {
        let encoded: String = injected.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for place in [
            format!("/operasi?sumber={encoded}"),
            format!("/operasi?status={encoded}"),
            format!("/operasi?sebelum={encoded}"),
            format!("/operasi/proses/{encoded}"),
            format!("/operasi/karantina?mulai={encoded}"),
            format!("/operasi/jadwal?sesudah={encoded}&kabar={encoded}"),
        ] {
            let page = oper.get(&place);
            assert!(page.status.as_u16() < 500, "{place}");
            assert_escaped(&page.text(), injected);
        }
    }
}
