//! Sealing for this machine itself: what waits on the disk until it is loaded, under a key made from the PII key, which
//! stands in the environment and never on the disk. XChaCha20-Poly1305 with a random nonce in front.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, OsRng, Payload};
use chacha20poly1305::{AeadCore, XChaCha20Poly1305, XNonce};
use secrecy::zeroize::Zeroizing;

use super::SealError;
use crate::privacy::PiiKey;

/// Bytes of the nonce in front.
const NONCE_BYTES: usize = 24;

/// What seals and opens.
#[derive(Clone)]
pub struct Vault {
    cipher: XChaCha20Poly1305,
    key_id: String,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({})", self.key_id)
    }
}

impl Vault {
    /// The vault of this key.
    #[must_use]
    pub fn new(key: &PiiKey) -> Self {
        let cipher = XChaCha20Poly1305::new((&*key.vault_key()).into());
        Self { cipher, key_id: key.key_id().to_owned() }
    }

    /// The name of the key: what was sealed under another one cannot be opened.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Seals `plain`. It opens only with the same `context`: what was sealed for one place cannot be put into another.
    #[must_use]
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Vec<u8> {
        let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
        let payload = Payload { msg: plain, aad: context };
        let sealed = self.cipher.encrypt(&nonce, payload).expect("a push is far below the cipher's 256 GiB");
        let mut whole = Vec::with_capacity(NONCE_BYTES + sealed.len());
        whole.extend_from_slice(&nonce);
        whole.extend_from_slice(&sealed);
        whole
    }

    /// Opens what [`Vault::seal`] made.
    ///
    /// # Errors
    /// When it was sealed under another key or for another context, or was changed since.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let damaged = || SealError::Damaged("it was sealed under another key, or changed since".to_owned());
        let (nonce, rest) = sealed.split_at_checked(NONCE_BYTES).ok_or_else(damaged)?;
        let payload = Payload { msg: rest, aad: context };
        self.cipher.decrypt(XNonce::from_slice(nonce), payload).map(Zeroizing::new).map_err(|_| damaged())
    }
}

#[cfg(test)]
mod tests {
    use super::Vault;
    use crate::privacy::PiiKey;

    fn vault(byte: u8) -> Vault {
        Vault::new(&PiiKey::new(vec![byte; 32]).unwrap())
    }

    #[test]
    fn opens_what_it_sealed_and_nothing_else() {
        let sealed = vault(1).seal(b"oss/nib_masuk", b"{\"nib\":1}");
        assert_eq!(&**vault(1).open(b"oss/nib_masuk", &sealed).unwrap(), b"{\"nib\":1}");
        assert!(vault(2).open(b"oss/nib_masuk", &sealed).is_err());
        assert!(vault(1).open(b"oss/kkpr", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(vault(1).open(b"oss/nib_masuk", &changed).is_err(), "byte {at}");
            assert!(vault(1).open(b"oss/nib_masuk", &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn the_same_text_is_never_sealed_the_same_way() {
        assert_ne!(vault(1).seal(b"", b"x"), vault(1).seal(b"", b"x"));
    }
}
