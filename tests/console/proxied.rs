//! Signing in at a proxy that names its user in a header.

use super::house::House;

const HEADER: &str = "serve.console.proxy_header=X-Remote-User";
const SECRET: (&str, &str) = ("x-lumbung-proxy-secret", "rahasia antara dua mesin");

#[test]
fn a_named_proxy_says_who_asks_and_nobody_else_may() {
    let house = House::new();
    let from = "serve.console.proxy_from=[\"127.0.0.1\"]";
    let secret = "serve.console.proxy_secret_env=RAHASIA";
    let daemon = house.serve_with(&[HEADER, from, secret], &[("RAHASIA", SECRET.1)]);
    let user = ("x-remote-user", "budi");
    let mut visitor = daemon.visitor();
    let home = visitor.send("GET", "/", &[user, SECRET], "");
    assert_eq!(home.status, 200, "{}", home.text());
    assert!(home.text().contains("budi") && !home.text().contains("/keluar"), "{}", home.text());
    let id = visitor.cookies["lumbung"].clone();
    visitor.send("GET", "/", &[user, SECRET], "");
    assert_eq!(visitor.cookies["lumbung"], id, "one session, not one a request");
    for headers in [
        vec![user],
        vec![user, ("x-lumbung-proxy-secret", "lain")],
        vec![user, ("x-remote-user", "cici"), SECRET],
        vec![("x-remote-user", "tidak-ada"), SECRET],
        vec![("x-remote-user", ""), SECRET],
        vec![("x-remote-user", "budi\t"), ("x-lumbung-proxy-secret", "")],
    ] {
        let answer = daemon.visitor().send("GET", "/", &headers, "");
        assert_eq!(answer.status, 403, "{headers:?}");
    }
    // The cookie alone is worth nothing: who asks is the proxy's to say, each time.
    assert_eq!(visitor.get("/").status, 303);
    let other = visitor.send("GET", "/", &[("x-remote-user", "cici"), SECRET], "");
    assert!(other.text().contains("cici") && visitor.cookies["lumbung"] != id);
}

#[test]
fn the_header_from_another_address_is_refused() {
    let house = House::new();
    let from = "serve.console.proxy_from=[\"127.0.0.9\"]";
    let daemon = house.serve(&[HEADER, from]);
    let answer = daemon.visitor().send("GET", "/", &[("x-remote-user", "cici")], "");
    assert_eq!(answer.status, 403);
    assert_eq!(daemon.visitor().send("GET", "/masuk", &[("x-remote-user", "cici")], "").status, 403);
    assert_eq!(daemon.visitor().get("/masuk").status, 200, "without the header it is like anybody");
    let unset = house.serve(&[]);
    assert_eq!(unset.visitor().send("GET", "/", &[("x-remote-user", "cici")], "").status, 303);
}

#[test]
fn behind_tls_the_cookie_is_for_tls_alone() {
    let house = House::new();
    let daemon = house.serve(&["serve.console.origin=https://lumbung.contoh.go.id"]);
    let host = ("host", "lumbung.contoh.go.id");
    let page = daemon.ask("GET", "/masuk", &[host], "");
    assert_eq!(page.status, 200);
    assert_eq!(page.header("strict-transport-security"), Some("max-age=31536000"));
    let cookie = page.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-lumbung-masuk=") && cookie.ends_with("; Secure"), "{cookie}");
}
