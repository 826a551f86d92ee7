//! Personal numbers and names as keyed hashes (UU 27/2022).
//!
//! A warehouse has to join people across systems without holding who they are. A column of class `key` is stored as
//! HMAC-SHA256 under a secret that never enters the warehouse: the same NIK gives the same 64 hex digits in every dataset,
//! and nobody without the secret can try the some 10^9 plausible NIKs. What is not a whole number (masked, cut short,
//! written with an exponent) is no key: joining people by half a number would join strangers.

mod form;
mod secret;

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::Sha256;

pub use form::{KeyForm, KeyState};
pub(crate) use secret::random_bytes;
pub use secret::{KEY_BYTES_MIN, PiiKeyError};

/// The environment variable that holds the secret.
pub const PII_KEY_ENV: &str = "LUMBUNG_PII_KEY";

/// What the key's own name is made from; no value can be hashed under it, because the domains of values end in NUL.
const ID_LABEL: &[u8] = b"lumbung key id";

/// What the key that seals waiting pushes is made from.
const VAULT_LABEL: &[u8] = b"lumbung vault 1";
/// What every mark is made from.
const MARK_LABEL: &[u8] = b"lumbung mark 1";

/// The secret under which personal values are hashed; wiped from memory when dropped, never shown.
#[derive(Clone)]
pub struct PiiKey {
    secret: SecretSlice<u8>,
    id: String,
}

impl PiiKey {
    /// A key of these bytes.
    ///
    /// # Errors
    /// [`PiiKeyError::TooShort`] below [`KEY_BYTES_MIN`] bytes.
    pub fn new(secret: Vec<u8>) -> Result<Self, PiiKeyError> {
        if secret.len() < KEY_BYTES_MIN {
            return Err(PiiKeyError::TooShort { bytes: Zeroizing::new(secret).len() });
        }
        let secret = SecretSlice::from(secret);
        let id = hex(&mac(&secret, &[ID_LABEL])[..8]);
        Ok(Self { secret, id })
    }

    /// A key as an operator writes it: hex digits, base64 (both decoded) or any other text (its bytes).
    ///
    /// # Errors
    /// [`PiiKeyError::TooShort`] when it comes to fewer than [`KEY_BYTES_MIN`] bytes.
    pub fn from_text(text: &str) -> Result<Self, PiiKeyError> {
        Self::new(secret::bytes_of(text.trim()))
    }

    /// A fresh key from the system's random source, for the demo: what it hashes joins with nothing else.
    ///
    /// # Errors
    /// [`PiiKeyError::NoRandom`] when the system gives no random bytes.
    pub fn random() -> Result<Self, PiiKeyError> {
        Self::new(random_bytes()?)
    }

    /// A fresh key as an operator keeps it: 64 hex digits from the system's random source.
    ///
    /// # Errors
    /// [`PiiKeyError::NoRandom`] when the system gives no random bytes.
    pub fn random_text() -> Result<SecretString, PiiKeyError> {
        let bytes = Zeroizing::new(random_bytes()?);
        Ok(hex(&bytes).into())
    }

    /// The key's public name, 16 hex digits: stands in every file that was hashed with it, so that nobody joins two keys.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.id
    }

    /// A mark by which something is known again and nothing is learnt of it: HMAC-SHA256 of the parts, told apart by their
    /// lengths, within `domain`.
    #[must_use]
    pub fn mark(&self, domain: &[u8], parts: &[&[u8]]) -> [u8; 32] {
        let mut framed = Vec::with_capacity(32 + parts.iter().map(|part| part.len() + 8).sum::<usize>());
        for part in [MARK_LABEL, domain].iter().chain(parts) {
            framed.extend_from_slice(&(part.len() as u64).to_le_bytes());
            framed.extend_from_slice(part);
        }
        mac(&self.secret, &[&framed])
    }

    /// The key under which pushes wait sealed until they are loaded.
    pub(crate) fn vault_key(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(mac(&self.secret, &[VAULT_LABEL]))
    }

    /// The 64 hex digits that stand for `text`. A NIK and the NPWP of the same person give the same ones.
    ///
    /// # Errors
    /// Why `text` is no whole value of that form.
    pub fn keyed(&self, form: KeyForm, text: &str) -> Result<String, KeyState> {
        let whole = form.whole(text)?;
        Ok(hex(&mac(&self.secret, &[form.domain(), whole.as_bytes()])))
    }
}

impl fmt::Debug for PiiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PiiKey({})", self.id)
    }
}

/// HMAC-SHA256 of the parts, one after the other.
fn mac(secret: &SecretSlice<u8>, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret()).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let mut text = Vec::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    String::from_utf8(text).expect("digits are ASCII")
}

#[cfg(test)]
mod tests;
