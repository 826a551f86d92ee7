//! Places of this site: what may stand after a redirect, and how it is written into another address.

/// Longest place that a redirect leads to, in bytes.
const PLACE_BYTES_MAX: usize = 2_000;

/// `wanted`, where it is a path of this site; else the first page. Browsers take `//host`, `/\host` and the like for another site.
pub(super) fn own_place(wanted: &str) -> &str {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    let is_own = wanted.starts_with('/')
        && !wanted.starts_with("//")
        && wanted.len() <= PLACE_BYTES_MAX
        && wanted.bytes().all(is_plain)
        && !["/masuk", "/keluar"].iter().any(|form| wanted.starts_with(form));
    if is_own { wanted } else { "/" }
}

/// `text` within the query of an address.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::{encoded, own_place};

    #[test]
    fn a_redirect_stays_on_this_site() {
        for own in ["/", "/laporan", "/laporan/pnbp?halaman=2", "/data/a%2Fb"] {
            assert_eq!(own_place(own), own);
        }
        let long = format!("/{}", "a".repeat(2_000));
        for other in [
            "",
            "laporan",
            "//jahat.example",
            "/\\jahat.example",
            "\\/jahat.example",
            "https://jahat.example",
            "javascript:alert(1)",
            "/\t/jahat.example",
            "/a\r\nSet-Cookie: x=1",
            "/ä",
            "/masuk?ke=/masuk",
            "/keluar",
            " /laporan",
            &long,
        ] {
            assert_eq!(own_place(other), "/", "{other}");
        }
    }

    #[test]
    fn a_place_is_written_into_an_address() {
        assert_eq!(encoded("/laporan?a=1&b=<x> \"é"), "/laporan%3Fa%3D1%26b%3D%3Cx%3E%20%22%C3%A9");
    }
}
