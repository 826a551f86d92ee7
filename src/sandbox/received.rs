//! What was sent to the simulated systems and accepted: kept as long as the sandbox runs, listed at `/_received`, so that
//! a test can prove that nothing accepted was sent twice.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A record that a system has accepted. It holds no personal value: the body is a hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Received {
    /// The system: `padi`.
    pub source: &'static str,
    /// The method: `transaksi`.
    pub method: &'static str,
    /// What the record is known by, its parts joined by a slash.
    pub key: String,
    /// How often it was posted from its acceptance on: 1 = never again.
    pub times_posted: u64,
    /// SHA-256 of the record that was accepted, as compact JSON, in hexadecimal.
    pub record_sha256: String,
}

/// Source, method and key.
type Name = (&'static str, &'static str, String);

/// One accepted record.
#[derive(Debug)]
struct Entry {
    /// Its place in the order of acceptance.
    number: u64,
    times_posted: u64,
    record: Value,
}

/// What was accepted, and how much ever was.
#[derive(Debug, Default)]
struct Shelf {
    entries: BTreeMap<Name, Entry>,
    count: u64,
}

/// The accepted records of all systems.
#[derive(Debug, Default)]
pub(crate) struct Accepted(Mutex<Shelf>);

impl Accepted {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a record in; false = it is known already, which is counted.
    pub(crate) fn take(&self, (source, method): (&'static str, &'static str), key: &str, record: &Value) -> bool {
        let shelf = &mut *self.shelf();
        if let Some(known) = shelf.entries.get_mut(&(source, method, key.to_owned())) {
            known.times_posted += 1;
            return false;
        }
        let entry = Entry { number: shelf.count, times_posted: 1, record: record.clone() };
        shelf.entries.insert((source, method, key.to_owned()), entry);
        shelf.count += 1;
        true
    }

    /// The records of a method, earliest first.
    pub(crate) fn records(&self, source: &str, method: &str) -> Vec<Value> {
        let shelf = self.shelf();
        let of_method = |name: &Name| name.0 == source && name.1 == method;
        let mut own: Vec<&Entry> =
            shelf.entries.iter().filter(|(name, _)| of_method(name)).map(|(_, entry)| entry).collect();
        own.sort_by_key(|entry| entry.number);
        own.into_iter().map(|entry| entry.record.clone()).collect()
    }

    /// Forgets the records of a method that `is_gone` says so of; returns how many.
    pub(crate) fn remove(&self, source: &str, method: &str, is_gone: impl Fn(&Value) -> bool) -> usize {
        let mut shelf = self.shelf();
        let before = shelf.entries.len();
        shelf.entries.retain(|name, entry| name.0 != source || name.1 != method || !is_gone(&entry.record));
        before - shelf.entries.len()
    }

    /// Everything accepted, by source, method and key.
    pub(crate) fn list(&self) -> Vec<Received> {
        let received = |(name, entry): (&Name, &Entry)| Received {
            source: name.0,
            method: name.1,
            key: name.2.clone(),
            times_posted: entry.times_posted,
            record_sha256: sha256(entry.record.to_string().as_bytes()),
        };
        self.shelf().entries.iter().map(received).collect()
    }
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes what is written");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::Accepted;
    use serde_json::json;

    #[test]
    fn a_record_is_taken_once_and_counted_ever_after() {
        let accepted = Accepted::default();
        let of = ("padi", "transaksi");
        let taken = [("A/1", 1), ("A/2", 2), ("A/1", 3)].map(|(key, n)| accepted.take(of, key, &json!(n)));
        assert_eq!(taken, [true, true, false]);
        assert!(accepted.take(("oss", "receiveLicense"), "A/1", &json!(9)));
        let times: Vec<u64> = accepted.list().iter().map(|received| received.times_posted).collect();
        assert_eq!(times, [1, 2, 1]);
        assert_eq!(accepted.records("padi", "transaksi"), [json!(1), json!(2)]);
        assert_eq!(accepted.remove("padi", "transaksi", |record| *record == 1), 1);
        assert_eq!(accepted.list().len(), 2);
        assert!(accepted.take(of, "A/1", &json!(4)), "what was removed may come again");
    }
}
