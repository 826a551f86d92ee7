//! Every page that a user reaches, by who may see it: the tests of headers, roles, layout and accessibility go through this list.

use super::house::{House, REPORT};

/// A page and who may see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    pub(super) path: &'static str,
    /// A short name for pictures.
    pub(super) name: &'static str,
    /// The least role that sees it.
    pub(super) least: &'static str,
}

const fn shown(path: &'static str, name: &'static str, least: &'static str) -> Shown {
    Shown { path, name, least }
}

/// Pages that are there in every deployment with the editions of [`House::new`].
pub(super) const PAGES: &[Shown] = &[
    shown("/", "beranda", "leader"),
    shown("/laporan", "laporan", "leader"),
    shown("/laporan/serapan-anggaran", "edisi-edisi", "leader"),
    shown("/laporan/serapan-anggaran/serapan-anggaran-2026-10-31/1", "edisi", "leader"),
    shown(
        "/laporan/serapan-anggaran/banding?lama=serapan-anggaran-2026-09-30/1&baru=serapan-anggaran-2026-10-31/1",
        "banding",
        "leader",
    ),
    shown("/data", "data", "analyst"),
    shown("/data?q=satker", "data-cari", "analyst"),
    shown("/data/mart.serapan_satker", "tampilan", "analyst"),
    shown("/data/omspan.dipa_belanja", "dataset", "analyst"),
    shown("/sql", "sql", "analyst"),
    shown("/operasi", "operasi", "operator"),
    shown("/operasi/karantina", "karantina", "operator"),
    shown("/operasi/jadwal", "jadwal", "operator"),
];

/// Whether a user of [`super::house::USERS`] sees a page.
pub(super) fn sees(name: &str, page: &Shown) -> bool {
    let roles = ["leader", "analyst", "operator"];
    let rank = |role: &str| roles.iter().position(|known| *known == role);
    let own = super::house::USERS.iter().find(|(user, _)| *user == name).map(|(_, role)| role.word());
    own.and_then(rank) >= rank(page.least)
}

#[test]
fn every_page_answers_whom_it_is_for_and_nobody_else() {
    assert!(PAGES.iter().any(|page| page.path.contains(REPORT)));
    let house = House::new();
    let daemon = house.serve(&[]);
    for page in PAGES {
        let stranger = daemon.visitor().get(page.path);
        assert_eq!(stranger.status, 303, "{}", page.path);
        assert!(stranger.header("location").unwrap().starts_with("/masuk"), "{}", page.path);
    }
    for (name, _) in super::house::USERS {
        let mut visitor = daemon.signed(name);
        for page in PAGES {
            let answer = visitor.get(page.path);
            let expected = if sees(name, page) { 200 } else { 403 };
            assert_eq!(answer.status, expected, "{name} {}: {}", page.path, answer.text());
            guarded(&answer, page.path);
            assert!(answer.bytes.len() < 150_000, "{} has {} bytes", page.path, answer.bytes.len());
            let text = answer.text();
            for inline in ["<style", " style=\"", " onclick=", "javascript:", "http://", "https://"] {
                assert!(!text.contains(inline), "{} has {inline}", page.path);
            }
            assert!(text.contains("<html lang=\"id\">") && text.contains("class=\"skip\""), "{}", page.path);
        }
    }
}

/// The headers of every answer.
pub(super) fn guarded(answer: &super::house::Answer, path: &str) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{path} {name}");
    }
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
    for part in ["base-uri 'none'", "frame-ancestors"] {
        assert!(policy.contains(part), "{path}: {policy}");
    }
    assert!(!policy.contains("unsafe-eval") && !policy.contains('*'), "{path}: {policy}");
    assert!(answer.header("permissions-policy").is_some(), "{path}");
    assert!(answer.header("strict-transport-security").is_none(), "{path}: it is plain HTTP");
}
