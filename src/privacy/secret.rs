//! The bytes of the secret: as an operator writes them, or from the system's random source.

use thiserror::Error;

/// Fewest bytes of a secret: as many as the hash has, so that guessing the one is no easier than the other.
pub const KEY_BYTES_MIN: usize = 32;

/// A secret that cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PiiKeyError {
    /// It could be guessed.
    #[error("the key has {bytes} bytes, and needs {KEY_BYTES_MIN} or more: make one with `openssl rand -hex 32`")]
    TooShort {
        /// Bytes it has, once decoded.
        bytes: usize,
    },
    /// The system gave no random bytes.
    #[error("the system gives no random bytes for a key")]
    NoRandom,
}

/// [`KEY_BYTES_MIN`] random bytes, for a secret.
pub(crate) fn random_bytes() -> Result<Vec<u8>, PiiKeyError> {
    let mut bytes = vec![0; KEY_BYTES_MIN];
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.secure_random.fill(&mut bytes).map_err(|_| PiiKeyError::NoRandom)?;
    Ok(bytes)
}

/// The bytes that `text` stands for. Hex digits and base64 are decoded, so that their length is that of the secret;
/// anything else is taken byte for byte.
pub(super) fn bytes_of(text: &str) -> Vec<u8> {
    hex_bytes(text).or_else(|| base64_bytes(text)).unwrap_or_else(|| text.as_bytes().to_vec())
}

fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

/// RFC 4648 §4 with padding.
fn base64_bytes(text: &str) -> Option<Vec<u8>> {
    let body = text.trim_end_matches('=');
    if body.is_empty() || !text.len().is_multiple_of(4) || text.len() - body.len() > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(body.len() * 3 / 4);
    let (mut bits, mut n_bits) = (0_u32, 0);
    for byte in body.bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(six);
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push(u8::try_from((bits >> n_bits) & 0xff).expect("eight bits"));
        }
    }
    Some(bytes)
}
