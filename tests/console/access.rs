//! Signing in and out, sessions, the lock-out, forms from elsewhere, names of hosts.

use lumbung::warehouse::{AuditAct, AuditOutcome, Warehouse};

use super::house::{FORM, House, NOW, PASSWORD, form};
use super::pages::guarded;

#[test]
fn whoever_signs_in_has_a_cookie_for_this_host_alone_and_loses_it_by_signing_out() {
    let house = House::new();
    let daemon = house.serve(&[]);
    let mut visitor = daemon.visitor();
    let page = visitor.get("/masuk");
    guarded(&page, "/masuk");
    let before = visitor.cookies.clone();
    let csrf = page.csrf();
    let fields = [("nama", "ani"), ("sandi", PASSWORD), ("ke", "/laporan?halaman=1"), ("csrf", csrf.as_str())];
    let answer = visitor.post("/masuk", &fields);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/laporan?halaman=1")));
    let set: Vec<&str> =
        answer.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, line)| line.as_str()).collect();
    assert!(set[0].starts_with("lumbung=") && set[0].ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{set:?}");
    let id = visitor.cookies["lumbung"].clone();
    assert_eq!(id.len(), 64);
    assert!(!before.values().any(|value| *value == id));
    assert_eq!(visitor.get("/laporan").status, 200);
    // A second time: another id, and the old one is worth nothing.
    let own = "a".repeat(64);
    visitor.cookies.insert("lumbung-masuk".to_owned(), own.clone());
    let again = visitor.post("/masuk", &[("nama", "ani"), ("sandi", PASSWORD), ("csrf", &own)]);
    assert_eq!(again.status, 303, "{}", again.text());
    assert_ne!(visitor.cookies["lumbung"], id);
    let mut thief = daemon.visitor();
    thief.cookies.insert("lumbung".to_owned(), id);
    assert_eq!(thief.get("/").status, 303);
    assert_eq!(visitor.get("/masuk").status, 303);
    let home = visitor.get("/");
    let kept = visitor.cookies["lumbung"].clone();
    let out = visitor.post("/keluar", &[("csrf", &home.csrf())]);
    assert_eq!((out.status, out.header("location")), (303, Some("/masuk")));
    assert_eq!(visitor.cookies.get("lumbung"), None);
    thief.cookies.insert("lumbung".to_owned(), kept);
    assert_eq!(thief.get("/").status, 303, "the session is over, not only the cookie");
    let audit = Warehouse::open_for_reading(&house.path("warehouse")).unwrap().audited(10).unwrap();
    let acts: Vec<(Option<&str>, AuditAct)> = audit.iter().map(|row| (row.who.as_deref(), row.act)).collect();
    assert_eq!(acts[0], (Some("ani"), AuditAct::SignOut));
    assert!(acts[1..].iter().all(|act| *act == (Some("ani"), AuditAct::SignIn)), "{acts:?}");
}

#[test]
fn a_wrong_password_says_nothing_about_who_exists_and_guessing_has_to_wait() {
    let house = House::new();
    let mut daemon = house.serve(&[]);
    let said: Vec<(u16, String)> = ["ani", "tidak-ada"]
        .iter()
        .map(|name| {
            let mut visitor = daemon.visitor();
            let answer = visitor.sign_in(name, "bukan sandinya sama sekali");
            assert!(!visitor.cookies.contains_key("lumbung"));
            let csrf = answer.csrf();
            (answer.status, answer.text().replace(name, "NAMA").replace(&csrf, "TANDA"))
        })
        .collect();
    assert_eq!(said[0], said[1]);
    assert_eq!(said[0].0, 401);
    assert!(said[0].1.contains("Nama atau sandi tidak cocok."));
    let mut visitor = daemon.visitor();
    let statuses: Vec<u16> = (0..5).map(|_| visitor.sign_in("ani", "tebakan yang salah").status).collect();
    assert_eq!(statuses, [401, 401, 401, 401, 401]);
    let locked = visitor.sign_in("ani", PASSWORD);
    assert_eq!(locked.status, 429, "{}", locked.text());
    assert!(locked.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(visitor.sign_in("budi", PASSWORD).status, 303, "another name need not wait");
    let rows = Warehouse::open_for_reading(&house.path("warehouse")).unwrap().audited(20).unwrap();
    let refused: Vec<Option<&str>> =
        rows.iter().filter(|row| row.outcome == AuditOutcome::Refused).map(|row| row.who.as_deref()).collect();
    assert_eq!(refused, [Some("ani"), Some("ani"), Some("ani"), Some("ani"), Some("ani"), None, Some("ani")]);
    let log = daemon.end();
    assert!(log.contains("an attempt to sign in was refused"), "{log}");
    for secret in ["tebakan yang salah", "bukan sandinya", PASSWORD, "tidak-ada"] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[test]
fn a_form_from_elsewhere_or_without_its_token_is_refused() {
    let house = House::new();
    let daemon = house.serve(&[]);
    let own = format!("http://{}", daemon.address);
    let mut visitor = daemon.signed("cici");
    let csrf = visitor.get("/").csrf();
    let path = "/laporan/serapan-anggaran/serapan-anggaran-2026-10-31/1/uji";
    let good = form(&[("csrf", &csrf)]);
    let other = form(&[("csrf", &"0".repeat(64))]);
    for (headers, body, why) in [
        (vec![("origin", "http://jahat.example"), FORM], &good, "a foreign origin"),
        (vec![("origin", "null"), FORM], &good, "no origin at all"),
        (vec![("origin", own.as_str()), ("sec-fetch-site", "cross-site"), FORM], &good, "a foreign site"),
        (vec![("origin", own.as_str()), ("sec-fetch-site", "same-site"), FORM], &good, "a neighbouring site"),
        (vec![("origin", own.as_str()), FORM], &other, "another token"),
        (vec![("origin", own.as_str()), FORM], &form(&[]), "no token"),
        (vec![("origin", own.as_str()), FORM], &form(&[("csrf", "")]), "an empty token"),
        (vec![("origin", own.as_str()), ("content-type", "text/plain")], &good, "no form"),
        (vec![("origin", own.as_str()), ("content-type", "application/json")], &good, "no form"),
    ] {
        for place in [path, "/keluar"] {
            let answer = visitor.send("POST", place, &headers, body);
            assert_eq!(answer.status, 403, "{why} {place}: {}", answer.text());
        }
    }
    let long = form(&[("csrf", &csrf), ("x", &"a".repeat(20_000))]);
    assert_eq!(visitor.send("POST", "/keluar", &[("origin", own.as_str()), FORM], &long).status, 413);
    assert_eq!(visitor.get("/keluar").status, 405, "a link signs nobody out");
    assert_eq!(visitor.get("/").status, 200, "and all of this did not");
    // Without the cookie of its own form nobody signs in: another site cannot sign people in as somebody else.
    let mut stranger = daemon.visitor();
    let csrf = stranger.get("/masuk").csrf();
    stranger.cookies.clear();
    let fields = [("nama", "ani"), ("sandi", PASSWORD), ("csrf", csrf.as_str())];
    assert_eq!(stranger.post("/masuk", &fields).status, 403);
    assert_eq!(daemon.visitor().post(path, &[("csrf", "")]).status, 401);
}

#[test]
fn a_redirect_after_signing_in_stays_here() {
    let house = House::new();
    let daemon = house.serve(&[]);
    for place in [
        "//jahat.example",
        "https://jahat.example",
        "/\\jahat.example",
        "/\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
    ] {
        let mut visitor = daemon.visitor();
        let csrf = visitor.get("/masuk").csrf();
        let fields = [("nama", "ani"), ("sandi", PASSWORD), ("ke", place), ("csrf", csrf.as_str())];
        let answer = visitor.post("/masuk", &fields);
        assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "{place}");
    }
    let deep = daemon.visitor().get("/laporan/serapan-anggaran?halaman=1");
    assert_eq!(deep.header("location"), Some("/masuk?ke=/laporan/serapan-anggaran%3Fhalaman%3D1"));
}

#[test]
fn only_this_host_is_answered() {
    let house = House::new();
    let daemon = house.serve(&[]);
    let port = daemon.address.rsplit_once(':').unwrap().1.to_owned();
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        assert_eq!(daemon.ask("GET", "/masuk", &[("host", &format!("{host}:{port}"))], "").status, 200, "{host}");
    }
    for host in ["jahat.example", "127.0.0.1.jahat.example", "localhost.jahat.example:80", "", "127.0.0.1:80:80x"] {
        let answer = daemon.ask("GET", "/masuk", &[("host", host)], "");
        assert!(matches!(answer.status, 400 | 421), "{host}: {}", answer.status);
    }
    // What monitors ask goes by its own rules.
    assert_eq!(daemon.ask("GET", "/healthz", &[("host", "jahat.example")], "").status, 200);
}

#[test]
fn a_user_who_is_removed_or_has_a_new_password_is_out_at_once() {
    let house = House::new();
    let daemon = house.serve(&[]);
    let (mut ani, mut budi) = (daemon.signed("ani"), daemon.signed("budi"));
    let ran = house.command(&["user", "remove", "ani"]).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    assert_eq!(ani.get("/").status, 303);
    assert_eq!(budi.get("/").status, 200);
    let accounts = house.warehouse().accounts();
    let later = NOW.parse::<chrono::DateTime<chrono::Utc>>().unwrap() + chrono::TimeDelta::seconds(1);
    accounts.change(|users| users.get_mut("budi").map(|budi| budi.changed_at = later)).unwrap();
    assert_eq!(budi.get("/").status, 303);
}

#[test]
fn users_are_made_on_the_command_line_and_their_passwords_stand_nowhere() {
    let house = House::new();
    let file = house.path("sandi");
    std::fs::write(&file, "panen raya bulan depan\n").unwrap();
    let run = |arguments: &[&str], stdin: Option<&std::path::Path>| {
        let mut command = house.command(arguments);
        command.stdin(stdin.map_or_else(std::process::Stdio::null, |path| std::fs::File::open(path).unwrap().into()));
        crate::harness::Ran::from(command.output().unwrap())
    };
    let added = run(&["user", "add", "dewi", "--role", "leader", "--mail", "dewi@contoh.go.id"], Some(&file));
    assert_eq!(added.code, 0, "{}", added.stderr);
    assert_eq!(run(&["user", "add", "dewi", "--role", "leader"], Some(&file)).code, 2, "twice");
    assert_eq!(run(&["user", "add", "edi", "--role", "leader"], None).code, 2, "an empty password");
    assert_eq!(run(&["user", "add", "Edi", "--role", "leader", "--no-password"], None).code, 2);
    assert_eq!(run(&["user", "add", "edi", "--role", "raja"], Some(&file)).code, 2);
    assert_eq!(run(&["user", "add", "edi", "--role", "leader", "--mail", "x"], Some(&file)).code, 2);
    assert_eq!(run(&["user", "remove", "edi"], None).code, 2);
    let listed = run(&["--output", "json", "user", "list"], None);
    assert_eq!(listed.json_lines().len(), 4);
    assert!(!listed.stdout.contains("argon2") && !listed.stdout.contains("dewi@"), "{}", listed.stdout);
    let stored = std::fs::read_to_string(house.path("warehouse/state/accounts.json")).unwrap();
    assert!(stored.contains("$argon2id$") && !stored.contains("panen raya"), "{stored}");
    let daemon = house.serve(&[]);
    assert_eq!(daemon.visitor().sign_in("dewi", "panen raya bulan depan").status, 303);
}

#[test]
fn a_console_that_is_switched_off_is_not_there() {
    let house = House::new();
    let daemon = house.serve(&[
        "serve.console.enabled=false",
        "schedule.enabled=true",
        "schedule.cron=",
        "retention.enabled=false",
    ]);
    for path in ["/", "/masuk", "/laporan"] {
        assert_eq!(daemon.visitor().get(path).status, 404, "{path}");
    }
}

#[test]
fn style_and_script_are_kept_for_good_and_known_by_their_content() {
    let house = House::new();
    let daemon = house.serve(&[]);
    let page = daemon.visitor().get("/masuk").text();
    for (mark, kind) in
        [("href=\"/aset/", "text/css; charset=utf-8"), ("src=\"/aset/", "text/javascript; charset=utf-8")]
    {
        let name = page.split(mark).nth(1).unwrap().split('"').next().unwrap();
        let path = format!("/aset/{name}");
        let answer = daemon.visitor().get(&path);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)));
        assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
        let tag = answer.header("etag").unwrap().to_owned();
        let again = daemon.ask("GET", &path, &[("if-none-match", &tag)], "");
        assert_eq!((again.status, again.bytes.len()), (304, 0));
    }
    assert_eq!(daemon.visitor().get("/aset/lain.css").status, 404);
}
