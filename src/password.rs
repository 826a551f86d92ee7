//! Passwords of people: kept as argon2id hashes in PHC form, never as themselves.
//!
//! The cost is what OWASP recommends at least (19 MiB, two passes, one lane): on one core of a small server some 30 ms, with a
//! bound on how many are checked at a time (`serve.console.sign_ins_max`). More memory would let a handful of sign-ins press on
//! the loads of a machine that also holds the warehouse; online guessing is bounded by the lock-out, not by the hash.

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use crate::privacy;

/// Fewest characters of a password.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Most bytes: nobody is made to hash a novel.
pub const PASSWORD_BYTES_MAX: usize = 1_024;

/// Memory of one hash, in KiB; passes over it; lanes.
const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Bytes of a salt, and of a hash.
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// A password that cannot be kept.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PasswordError {
    /// It could be guessed.
    #[error("the password has {0} characters, and needs {PASSWORD_CHARS_MIN} or more")]
    TooShort(usize),
    /// It is no password any more.
    #[error("the password has more than {PASSWORD_BYTES_MAX} bytes")]
    TooLong,
    /// The system gave no random bytes.
    #[error("the system gives no random bytes for a salt")]
    NoRandom,
    /// The hash could not be computed.
    #[error("the password cannot be hashed: {0}")]
    Hash(String),
    /// What is kept is no hash that this program makes.
    #[error("what is kept of the password is no argon2id hash")]
    NotAHash,
}

/// The hash of `password`, in PHC form, under a salt of its own.
///
/// # Errors
/// When it is too short or too long, or the system gives no random bytes.
pub fn hash(password: &SecretString) -> Result<String, PasswordError> {
    let text = password.expose_secret();
    match text.chars().count() {
        n if n < PASSWORD_CHARS_MIN => return Err(PasswordError::TooShort(n)),
        _ if text.len() > PASSWORD_BYTES_MAX => return Err(PasswordError::TooLong),
        _ => {}
    }
    let salt = privacy::random_bytes().map_err(|_| PasswordError::NoRandom)?;
    let hashed: Result<PasswordHash, _> = hasher().hash_password_with_salt(text.as_bytes(), &salt[..SALT_BYTES]);
    hashed.map(|hash| hash.to_string()).map_err(|error| PasswordError::Hash(error.to_string()))
}

/// Whether `password` is the one that `kept` was made of. Without `kept` it takes the same time and says no.
#[must_use]
pub fn matches(password: &SecretString, kept: Option<&str>) -> bool {
    let text = password.expose_secret();
    if text.len() > PASSWORD_BYTES_MAX {
        return false;
    }
    let parsed = kept.and_then(|kept| PasswordHash::new(kept).ok());
    let Some(parsed) = parsed else {
        // Of a name that is not there the same work is done: the time says nothing.
        let spent: Result<PasswordHash, _> = hasher().hash_password_with_salt(text.as_bytes(), &[0; SALT_BYTES]);
        drop(spent);
        return false;
    };
    hasher().verify_password(text.as_bytes(), &parsed).is_ok()
}

/// Looks whether `kept` is a hash as this program makes them.
///
/// # Errors
/// [`PasswordError::NotAHash`].
pub fn check(kept: &str) -> Result<(), PasswordError> {
    let parsed = PasswordHash::new(kept).map_err(|_| PasswordError::NotAHash)?;
    let is_ours = parsed.algorithm.as_str() == Algorithm::Argon2id.as_str() && parsed.hash.is_some();
    if is_ours { Ok(()) } else { Err(PasswordError::NotAHash) }
}

fn hasher() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES)).expect("these parameters are allowed");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::{PasswordError, check, hash, matches};
    use secrecy::SecretString;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    #[test]
    fn a_password_is_known_by_its_hash_and_no_other_is() {
        let kept = hash(&secret("padi di lumbung")).unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(matches(&secret("padi di lumbung"), Some(&kept)));
        assert!(!matches(&secret("padi di lumbung "), Some(&kept)));
        assert!(!matches(&secret("padi di lumbung"), None));
        assert!(!matches(&secret("padi di lumbung"), Some("padi di lumbung")));
        assert_ne!(hash(&secret("padi di lumbung")).unwrap(), kept, "each has its own salt");
        assert_eq!(check(&kept), Ok(()));
        assert_eq!(check("padi di lumbung"), Err(PasswordError::NotAHash));
        assert_eq!(check("$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQ"), Err(PasswordError::NotAHash));
    }

    #[test]
    fn what_is_too_short_or_too_long_is_not_kept() {
        assert_eq!(hash(&secret("padi")), Err(PasswordError::TooShort(4)));
        assert_eq!(hash(&secret("sebelashuruf")).map(|_| ()), Ok(()));
        assert_eq!(hash(&secret(&"p".repeat(1_025))), Err(PasswordError::TooLong));
        assert!(!matches(&secret(&"p".repeat(1_025)), None));
    }
}
