//! Tokens that look like the real ones (three base64url parts) and say in plain words that they are not.

use sha2::{Digest, Sha256};

/// The token of `source` for a fiscal year.
pub(crate) fn token(seed: u64, source: &str, fiscal_year: i32) -> String {
    let header = r#"{"typ":"JWT","alg":"HS256"}"#;
    let payload = format!(r#"{{"iss":"sandbox","note":"not a secret","source":"{source}","tahun":"{fiscal_year}"}}"#);
    let signature = Sha256::digest(format!("lumbung sandbox {seed} {source} {fiscal_year}"));
    [header.as_bytes(), payload.as_bytes(), signature.as_slice()].map(base64url).join(".")
}

/// Base64 with the URL alphabet and no padding.
fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let mut bits = 0_u32;
        for index in 0..3 {
            bits = bits << 8 | u32::from(group.get(index).copied().unwrap_or(0));
        }
        for index in 0..=group.len() as u32 {
            text.push(char::from(ALPHABET[(bits >> (18 - 6 * index) & 63) as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{base64url, token};

    #[test]
    fn base64url_follows_rfc_4648() {
        let pairs = [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("\u{3ff}?", "z78_")];
        for (plain, coded) in pairs {
            assert_eq!(base64url(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn a_token_is_of_its_seed_source_and_year() {
        let one = token(1, "omspan", 2026);
        assert_eq!(one.split('.').count(), 3);
        assert!(one.starts_with("eyJ"));
        assert_eq!(one, token(1, "omspan", 2026));
        assert_ne!(one, token(1, "omspan", 2025));
        assert_ne!(one, token(2, "omspan", 2026));
        assert_ne!(one, token(1, "sipp", 2026));
    }
}
