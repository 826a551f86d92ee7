//! The console in a real Chromium, on the warehouse of a demo: what people do, on a desk and on a phone, with and without a script,
//! by keyboard alone, in the light and in the dark.

use serde_json::json;

use super::browser::Browser;
use super::house::{Daemon, House, PASSWORD};
use super::pages::{PAGES, sees};
use crate::harness::Ran;

/// A demo's warehouse with users, one report of which is mailed to a folder.
fn demo() -> House {
    let house = House::bare();
    let ok = |arguments: &[&str]| {
        let ran = Ran::from(house.command(arguments).output().unwrap());
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.stderr);
    };
    ok(&["demo", "--seed", "7", "--scale", "0.05", "--dir", "."]);
    let mailed = ["--set", "mail.file_is_delivery=true", "--set", "mail.folder=keluar"];
    ok(&[&mailed[..], &["report", "send", "serapan-anggaran", "--late"]].concat());
    // By that day September had ended, and October had not.
    ok(&[&mailed[..], &["report", "send", "serapan-anggaran", "--period", "2026-10-26", "--late"]].concat());
    house.add_users(&house.warehouse());
    house
}

fn sign_in(browser: &mut Browser, daemon: &Daemon, name: &str) {
    browser.call("Network.clearBrowserCookies", json!({}));
    browser.open(&format!("http://{}/masuk", daemon.address));
    browser.eval(&format!(
        "document.getElementById('nama').value = {}; document.getElementById('sandi').value = {}; 1",
        json!(name),
        json!(PASSWORD)
    ));
    browser.and_load(|browser| {
        browser.eval("document.querySelector('main button').click(); 1");
    });
    assert_eq!(browser.place(), "/");
}

/// Waits until the headline figures are there.
fn figures(browser: &mut Browser, daemon: &Daemon) {
    let home = format!("http://{}/", daemon.address);
    for _ in 0..200 {
        browser.open(&home);
        if browser.eval("!!document.querySelector('.tile')") == json!(true) {
            return;
        }
        // A page that waits looks again by itself.
        browser.eval("new Promise(done => setTimeout(done, 500)).then(() => 1)");
    }
    panic!("no figures: {}", browser.text("document.body.innerText"));
}

#[test]
fn people_use_it_in_a_real_browser() {
    let Some(mut browser) = Browser::start() else { return };
    let house = demo();
    let daemon = house.serve(&["mail.file_is_delivery=true", "mail.folder=keluar"]);
    wrong_password(&mut browser, &daemon);
    sign_in(&mut browser, &daemon, "cici");
    figures(&mut browser, &daemon);
    every_page_looks_right(&mut browser, &daemon);
    an_edition_is_read(&mut browser, &daemon);
    questions_are_asked(&mut browser, &daemon);
    forbidden(&mut browser, &daemon);
    by_keyboard(&mut browser, &daemon);
    without_a_script(&mut browser, &daemon);
}

fn wrong_password(browser: &mut Browser, daemon: &Daemon) {
    browser.look(1280, 800, false);
    browser.open(&format!("http://{}/laporan", daemon.address));
    assert_eq!(browser.place(), "/masuk?ke=/laporan");
    looks_right(browser, "masuk");
    browser.eval(
        "document.getElementById('nama').value = 'ani'; document.getElementById('sandi').value = 'salah sekali!'; 1",
    );
    browser.and_load(|browser| {
        browser.eval("document.querySelector('main button').click(); 1");
    });
    assert_eq!(browser.text("document.querySelector('[role=alert]').innerText"), "Nama atau sandi tidak cocok.");
    looks_right(browser, "masuk-ditolak");
}

/// Every page at a desk's and a phone's width, light and dark: nothing sticks out, axe finds nothing, the browser complains of nothing.
fn every_page_looks_right(browser: &mut Browser, daemon: &Daemon) {
    browser.complaints();
    for page in PAGES {
        browser.open(&format!("http://{}{}", daemon.address, page.path));
        assert_eq!(browser.place(), page.path);
        looks_right(browser, page.name);
    }
}

fn looks_right(browser: &mut Browser, name: &str) {
    for (width, height) in [(1280, 900), (360, 740)] {
        for dark in [false, true] {
            browser.look(width, height, dark);
            let wide = browser.eval("document.documentElement.scrollWidth").as_u64().unwrap();
            assert!(wide <= u64::from(width), "{name} is {wide} wide on {width}");
            let colours = if dark { "gelap" } else { "terang" };
            browser.shoot(&format!("{name}-{width}-{colours}"));
            if let Some(found) = browser.axe() {
                assert!(found.is_empty(), "{name} {width} {colours}: {found:#?}");
            }
        }
    }
    browser.look(1280, 900, false);
    // The answer to a wrong password is a 401, which the browser notes.
    let complaints: Vec<String> =
        browser.complaints().into_iter().filter(|line| !line.contains("401 (Unauthorized)")).collect();
    assert!(complaints.is_empty(), "{name}: {complaints:#?}");
}

fn an_edition_is_read(browser: &mut Browser, daemon: &Daemon) {
    let path = "/laporan/serapan-anggaran/serapan-anggaran-2026-10-31/1";
    browser.open(&format!("http://{}{path}", daemon.address));
    let title = browser.text("document.title");
    assert!(title.contains("31 Oktober 2026") && !title.contains("JALAN"), "{title}");
    assert!(browser.text("document.body.innerText").contains("…@contoh.go.id"));
    // Its page alone: the figures are there, the pictures loaded, and the site is a stranger to it.
    browser.open(&format!("http://{}{path}/isi", daemon.address));
    assert!(browser.text("document.body.innerText").contains("Serapan"));
    let pictures =
        browser.eval("[...document.images].every(i => i.complete && i.naturalWidth > 0) && document.images.length");
    assert!(pictures.as_u64().unwrap() >= 1, "{pictures}");
    assert_eq!(browser.text("self.origin"), "null");
    browser.complaints();
}

/// Types a statement into the editor and runs it by the keys.
fn run(browser: &mut Browser, daemon: &Daemon, sql: &str) {
    browser.open(&format!("http://{}/sql", daemon.address));
    browser.eval("document.querySelector('#sql').focus(); 1");
    browser.insert(sql);
    browser.and_load(|browser| {
        browser.eval(
            "document.querySelector('#sql').dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true, bubbles: true })); 1",
        );
    });
}

/// A question runs, is completed, stopped and downloaded; its pages look right.
fn questions_are_asked(browser: &mut Browser, daemon: &Daemon) {
    browser.open(&format!("http://{}/sql", daemon.address));
    browser.eval("document.querySelector('#sql').focus(); 1");
    browser.insert("SELECT * FROM omspan.dipa_b");
    let offers = "new Promise(done => setTimeout(() => done(document.querySelector('#saran').innerText), 1500))";
    assert_eq!(browser.text(offers), "dipa_belanja");
    run(
        browser,
        daemon,
        "SELECT kdsatker, amount, '<b>' AS t FROM omspan.dipa_belanja ORDER BY amount DESC LIMIT 200",
    );
    assert_eq!(browser.text("document.querySelector('h1').innerText"), "Hasil pertanyaan");
    assert_eq!(browser.text("getComputedStyle(document.querySelector('tbody td:nth-child(3)')).textAlign"), "right");
    looks_right(browser, "hasil");
    // The file, as the button of the page fetches it; the page stays, and may fetch another.
    let fetched = "(async () => { const form = document.querySelector('.downloads'); const data = new URLSearchParams(new FormData(form)); \
         data.set('bentuk', 'xlsx'); const answer = await fetch(form.action, { method: 'POST', body: data }); \
         const bytes = new Uint8Array(await answer.arrayBuffer()); \
         return answer.headers.get('content-disposition') + ' ' + String.fromCharCode(bytes[0], bytes[1]); })()";
    let fetched = browser.text(fetched);
    assert!(fetched.starts_with("attachment; filename=\"lumbung-2026") && fetched.ends_with(" PK"), "{fetched}");
    run(browser, daemon, "SELECT * FROM omspan.dipa_belanj");
    assert_eq!(browser.text("document.querySelector('h1').innerText"), "Pertanyaan gagal");
    looks_right(browser, "gagal");
    run(
        browser,
        daemon,
        "SELECT count(*) FROM range(1, 100000) a CROSS JOIN range(1, 100000) b CROSS JOIN range(1, 100000) c",
    );
    assert_eq!(browser.text("document.querySelector('h1').innerText"), "Pertanyaan berjalan");
    looks_right(browser, "berjalan");
    browser.and_load(|browser| {
        browser.eval("document.querySelector('.running button').click(); 1");
    });
    assert!(browser.text("document.querySelector('[role=alert]').innerText").starts_with("Dibatalkan."));
    browser.complaints();
    browser.open(&format!("http://{}/data/omspan.dipa_belanja/profil", daemon.address));
    looks_right(browser, "profil");
    // A run of the list, whichever it is.
    browser.open(&format!("http://{}/operasi", daemon.address));
    browser.and_load(|browser| {
        browser.eval("document.querySelector('tbody a').click(); 1");
    });
    looks_right(browser, "proses");
}

fn forbidden(browser: &mut Browser, daemon: &Daemon) {
    sign_in(browser, daemon, "ani");
    browser.complaints();
    for page in PAGES.iter().filter(|page| !sees("ani", page)) {
        browser.open(&format!("http://{}{}", daemon.address, page.path));
        assert_eq!(browser.text("document.querySelector('h1').innerText"), "Tidak berwenang", "{}", page.path);
    }
    browser.open(&format!("http://{}/tidak/ada", daemon.address));
    assert_eq!(browser.text("document.querySelector('h1').innerText"), "Halaman tidak ditemukan");
    browser.complaints();
    looks_right(browser, "tidak-ada");
}

/// Signs in, opens a report and an edition, and signs out, by keys alone; what has the focus is seen.
fn by_keyboard(browser: &mut Browser, daemon: &Daemon) {
    browser.call("Network.clearBrowserCookies", json!({}));
    browser.open(&format!("http://{}/laporan", daemon.address));
    browser.press("Tab");
    assert_eq!(browser.text("document.activeElement.className"), "skip");
    browser.tab_to("#nama", 10);
    browser.insert("budi");
    browser.tab_to("#sandi", 2);
    browser.insert(PASSWORD);
    let outline = browser.text("getComputedStyle(document.activeElement).outlineStyle");
    assert_eq!(outline, "solid", "the focus is seen");
    browser.and_load(|browser| browser.press("Enter"));
    assert_eq!(browser.place(), "/laporan");
    browser.tab_to("a[href='/laporan/serapan-anggaran']", 60);
    browser.and_load(|browser| browser.press("Enter"));
    browser.tab_to("tbody a", 30);
    browser.and_load(|browser| browser.press("Enter"));
    assert!(browser.place().starts_with("/laporan/serapan-anggaran/serapan-anggaran-2026-"), "{}", browser.place());
    browser.tab_to(".who button", 40);
    browser.and_load(|browser| browser.press("Enter"));
    assert_eq!(browser.place(), "/masuk");
}

fn without_a_script(browser: &mut Browser, daemon: &Daemon) {
    browser.scripts(false);
    browser.call("Network.clearBrowserCookies", json!({}));
    browser.open(&format!("http://{}/masuk", daemon.address));
    browser.tab_to("#nama", 10);
    browser.insert("ani");
    browser.tab_to("#sandi", 2);
    browser.insert(PASSWORD);
    browser.and_load(|browser| browser.press("Enter"));
    browser.tab_to("a[href='/laporan']", 10);
    browser.and_load(|browser| browser.press("Enter"));
    assert_eq!(browser.place(), "/laporan");
    browser.scripts(true);
}
