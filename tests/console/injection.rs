//! Hostile texts through every input: nothing of them runs, becomes a header, leads out of a folder, or says what is inside.

use super::house::{FORM, House, PASSWORD, encoded, form};

/// Texts that mean something to HTML, scripts, SQL, headers, paths or logs.
const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</title><svg/onload=alert(1)>",
    "{{7*7}}${7*7}#{7*7}<%= 7*7 %>",
    "javascript:alert(1)",
    "' OR '1'='1' --",
    "1; DROP TABLE deliveries; --",
    "x\r\nSet-Cookie: jahat=1\r\n\r\n<b>",
    "x\nX-Jahat: 1",
    "../../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd",
    "\u{0}",
    "a\u{0}.pdf",
    "\u{202e}fdp.exe",
    "%00",
    "%",
    "%zz",
    "-1",
    "0",
    "99999999999999999999",
    "4294967296",
    "NaN",
];

/// Nothing hostile is in the answer as itself.
fn harmless(answer: &super::house::Answer, hostile: &str, place: &str) {
    let text = answer.text();
    assert!(answer.status < 500, "{place} {hostile:?}: {} {text}", answer.status);
    for raw in ["<script>alert", "<img src=x", "<svg/onload", "' onmouseover='", "\"><img", ">49<"] {
        assert!(!text.contains(raw), "{place} {hostile:?}: {raw} in {text}");
    }
    assert!(!text.contains("root:x:0"), "{place} {hostile:?}");
    for inner in [
        "panicked",
        "no such table",
        "syntax error",
        "unrecognized token",
        "sqlite",
        "rusqlite",
        "src/",
        "warehouse/state",
        "No such file",
    ] {
        assert!(!text.contains(inner), "{place} {hostile:?}: {inner} in {text}");
    }
    assert!(!answer.headers.iter().any(|(name, _)| name == "x-jahat"), "{place} {hostile:?}");
    assert!(!answer.headers.iter().any(|(_, value)| value.contains("jahat=1")), "{place} {hostile:?}");
    assert!(answer.header("content-security-policy").is_some() || answer.status == 400, "{place} {hostile:?}");
}

#[test]
fn through_every_part_of_a_path_and_every_parameter() {
    let house = House::new();
    let daemon = house.serve(&[]);
    let mut visitor = daemon.signed("cici");
    let edition = "/laporan/serapan-anggaran/serapan-anggaran-2026-10-31";
    for hostile in HOSTILE {
        let text = encoded(hostile);
        for path in [
            format!("/{text}"),
            format!("/aset/{text}"),
            format!("/laporan/{text}"),
            format!("/laporan/{text}/banding?lama=a/1&baru=b/1"),
            format!("/laporan/serapan-anggaran/banding?lama={text}&baru={text}"),
            format!("/laporan/serapan-anggaran?halaman={text}"),
            format!("/laporan/serapan-anggaran/{text}/1"),
            format!("{edition}/{text}"),
            format!("{edition}/1?halaman={text}"),
            format!("{edition}/1?kabar={text}&n={text}"),
            format!("{edition}/1/{text}"),
            format!("{edition}/{text}/isi"),
            format!("{edition}/1/berkas/{text}"),
            format!("/masuk?ke={text}"),
        ] {
            let answer = visitor.get(&path);
            harmless(&answer, hostile, &path);
        }
    }
    // As they are, where they can stand in a line of a request.
    for path in
        ["/../../etc/passwd", "/laporan/../../x", "/laporan/%2e%2e/%2e%2e/x", "/aset/../masuk", "//jahat.example/"]
    {
        let answer = visitor.get(path);
        harmless(&answer, path, path);
        assert!(answer.header("location").is_none_or(|place| !place.starts_with("//")), "{path}");
    }
}

#[test]
fn through_every_field_of_a_form_and_every_header() {
    let house = House::new();
    let daemon = house.serve(&[]);
    let own = format!("http://{}", daemon.address);
    for hostile in HOSTILE {
        let mut stranger = daemon.visitor();
        let csrf = stranger.get("/masuk").csrf();
        let fields = [("nama", *hostile), ("sandi", "x"), ("ke", *hostile), ("csrf", csrf.as_str())];
        let answer = stranger.post("/masuk", &fields);
        harmless(&answer, hostile, "the form to sign in");
        assert!(matches!(answer.status, 401 | 429), "{hostile:?}: {}", answer.status);
        let answer = stranger.post("/masuk", &[("nama", "ani"), ("sandi", PASSWORD), ("csrf", hostile)]);
        assert_eq!(answer.status, 403, "{hostile:?}");
        let plain: String = hostile.chars().filter(|c| c.is_ascii_graphic()).collect();
        for name in ["cookie", "referer", "user-agent", "x-forwarded-for", "x-forwarded-host", "accept-language"] {
            let answer = daemon.ask("GET", "/masuk", &[(name, &plain)], "");
            harmless(&answer, hostile, name);
            assert_eq!(answer.status, 200, "{name} {hostile:?}");
        }
        let cookie = format!("lumbung={plain}");
        assert_eq!(daemon.ask("GET", "/", &[("cookie", &cookie)], "").status, 303, "{hostile:?}");
        let answer = daemon.ask("POST", "/masuk", &[("origin", &own), FORM], &plain);
        harmless(&answer, hostile, "a body that is no form");
    }
    let twice = form(&[("nama", "ani"), ("nama", "cici"), ("sandi", PASSWORD)]);
    assert_eq!(daemon.ask("POST", "/masuk", &[("origin", &own), FORM], &twice).status, 403);
}
