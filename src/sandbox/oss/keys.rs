//! Security keys: what `sendSecurityKey` hands out and how long each is good for.

use chrono::{Days, NaiveDate};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

/// Requests a key is good for where keys expire soon.
const USES_UNTIL_SOON: u32 = 2;

/// The keys handed out.
#[derive(Debug, Default)]
pub(crate) struct Keys(Mutex<HashMap<String, Key>>);

/// A key.
#[derive(Debug)]
struct Key {
    /// The last day it is good on.
    until: NaiveDate,
    uses: u32,
}

impl Keys {
    /// A new key with the last second it is good at, `YYYY-MM-DD HH:MM:SS` in the service's own time: the end of
    /// tomorrow.
    pub(super) fn issue(&self, seed: u64, today: NaiveDate) -> (String, String) {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = today + Days::new(1);
        let digest = Sha256::digest(format!("lumbung sandbox {seed} oss key {}", keys.len()));
        let key = digest.iter().take(20).fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a String takes what is written");
            text
        });
        keys.insert(key.clone(), Key { until, uses: 0 });
        (key, format!("{until} 23:59:59"))
    }

    /// Whether `key` is good for one more request; `soon` = keys expire after two.
    pub(super) fn admit(&self, key: &str, today: NaiveDate, soon: bool) -> bool {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(key) = keys.get_mut(key) else { return false };
        key.uses += 1;
        today <= key.until && !(soon && key.uses > USES_UNTIL_SOON)
    }
}

#[cfg(test)]
mod tests {
    use super::Keys;

    #[test]
    fn a_key_is_good_until_the_end_of_tomorrow() {
        let keys = Keys::default();
        let day = |text: &str| text.parse().unwrap();
        let (key, until) = keys.issue(1, day("2026-04-15"));
        assert_eq!(until, "2026-04-16 23:59:59");
        assert!(keys.admit(&key, day("2026-04-15"), false));
        assert!(keys.admit(&key, day("2026-04-16"), false));
        assert!(!keys.admit(&key, day("2026-04-17"), false));
        assert!(!keys.admit("no key", day("2026-04-15"), false));
        let (other, _) = keys.issue(1, day("2026-04-15"));
        assert_ne!(key, other);
    }

    #[test]
    fn where_keys_expire_soon_the_third_request_is_refused() {
        let keys = Keys::default();
        let today = "2026-04-15".parse().unwrap();
        let (key, _) = keys.issue(1, today);
        let admitted: Vec<bool> = (0..4).map(|_| keys.admit(&key, today, true)).collect();
        assert_eq!(admitted, [true, true, false, false]);
    }
}
