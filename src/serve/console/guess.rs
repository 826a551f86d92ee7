//! The lock-out: whoever guesses passwords waits, longer each time. Per name and per client, names that nobody has like any other,
//! so that a wait tells nothing about who exists.
//!
//! A wait for a name can be brought upon its owner by others. It is bounded for that, and ends by itself.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

/// Attempts at a name, and of a client, that cost nothing: people mistype, and offices share an address.
const FREE_OF_NAME: u32 = 5;
const FREE_OF_CLIENT: u32 = 20;
/// The wait after the first attempt too many; it doubles with each, up to the longest.
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(5);
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(15);
/// Attempts are forgotten after so long without one.
const FORGOTTEN: TimeDelta = TimeDelta::hours(1);
/// Most names and clients that are counted.
const ENTRIES_MAX: usize = 20_000;
/// Refused attempts that get a row of the audit in an hour; the log has them all.
const ROWS_PER_HOUR: u32 = 60;

/// Attempts at one name, or of one client.
#[derive(Debug, Clone, Copy)]
struct Attempts {
    n: u32,
    last_at: DateTime<Utc>,
    free: u32,
}

impl Attempts {
    fn wait_until(&self) -> DateTime<Utc> {
        let Some(beyond) = self.n.checked_sub(self.free).filter(|beyond| *beyond > 0) else { return self.last_at };
        let doublings = (beyond - 1).min(16);
        self.last_at + (FIRST_WAIT * (1 << doublings)).min(LONGEST_WAIT)
    }
}

/// Counts attempts. Keys are hashes: what was typed as a name may be a password.
#[derive(Default)]
pub(super) struct Guesses {
    table: Mutex<HashMap<[u8; 32], Attempts>>,
    rows: Mutex<Option<(DateTime<Utc>, u32)>>,
}

impl Guesses {
    /// Counts an attempt before it is made, so that many at once count as many; `Err`: seconds to wait, and it is not made.
    pub(super) fn begin(&self, name: &str, client: &str, now: DateTime<Utc>) -> Result<(), u64> {
        let keys = [(key("name", name), FREE_OF_NAME), (key("client", client), FREE_OF_CLIENT)];
        let mut table = self.table();
        let fresh = |attempts: &Attempts| now - attempts.last_at < FORGOTTEN;
        let waits = keys.iter().filter_map(|(key, _)| table.get(key).filter(|attempts| fresh(attempts)));
        let until = waits.map(Attempts::wait_until).max().unwrap_or(now);
        if until > now {
            return Err((until - now).num_seconds().unsigned_abs() + 1);
        }
        make_room(&mut table, now);
        for (key, free) in keys {
            let attempts = table.entry(key).or_insert(Attempts { n: 0, last_at: now, free });
            let n = if fresh(attempts) { attempts.n.saturating_add(1) } else { 1 };
            *attempts = Attempts { n, last_at: now, free };
        }
        Ok(())
    }

    /// The attempt was right: the name has a clean slate, and the client is forgiven this one.
    pub(super) fn passed(&self, name: &str, client: &str) {
        let mut table = self.table();
        table.remove(&key("name", name));
        if let Some(attempts) = table.get_mut(&key("client", client)) {
            attempts.n = attempts.n.saturating_sub(1);
        }
    }

    /// Whether a refused attempt still gets a row of the audit: guessing must not fill the ledger.
    pub(super) fn is_noted(&self, now: DateTime<Utc>) -> bool {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, n) = rows.filter(|(since, _)| now - *since < TimeDelta::hours(1)).unwrap_or((now, 0));
        *rows = Some((since, n.saturating_add(1)));
        n < ROWS_PER_HOUR
    }

    fn table(&self) -> MutexGuard<'_, HashMap<[u8; 32], Attempts>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets what is old, and, where that is not enough, those with the fewest attempts: the ones who wait are kept.
fn make_room(table: &mut HashMap<[u8; 32], Attempts>, now: DateTime<Utc>) {
    if table.len() + 2 <= ENTRIES_MAX {
        return;
    }
    table.retain(|_, attempts| now - attempts.last_at < FORGOTTEN);
    if table.len() + 2 <= ENTRIES_MAX {
        return;
    }
    let mut by_weight: Vec<(u32, DateTime<Utc>, [u8; 32])> =
        table.iter().map(|(key, attempts)| (attempts.n, attempts.last_at, *key)).collect();
    by_weight.sort_unstable();
    // A tenth at a time: the sorting is not repeated for each attempt.
    for (_, _, key) in by_weight.iter().take(ENTRIES_MAX / 10) {
        table.remove(key);
    }
}

fn key(kind: &str, text: &str) -> [u8; 32] {
    Sha256::new().chain_update(kind).chain_update([0]).chain_update(text).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::{ENTRIES_MAX, Guesses};
    use chrono::{DateTime, TimeDelta, Utc};

    fn at() -> DateTime<Utc> {
        "2026-11-01T06:00:00Z".parse().unwrap()
    }

    #[test]
    fn the_wait_grows_with_each_attempt_and_ends_by_itself() {
        let guesses = Guesses::default();
        let mut now = at();
        let mut waits = Vec::new();
        for _ in 0..18 {
            while let Err(seconds) = guesses.begin("ani", "10.0.0.1", now) {
                waits.push(seconds);
                now += TimeDelta::seconds(i64::try_from(seconds).unwrap());
            }
        }
        assert_eq!(waits, [6, 11, 21, 41, 81, 161, 321, 641, 901, 901, 901, 901]);
        assert!(guesses.begin("ani", "10.0.0.2", now).is_err(), "it is the name that waits");
        assert!(guesses.begin("budi", "10.0.0.2", now).is_ok());
        assert!(guesses.begin("ani", "10.0.0.1", now + TimeDelta::hours(1)).is_ok());
        assert!(guesses.begin("ani", "10.0.0.1", now + TimeDelta::hours(1)).is_ok(), "all is forgotten");
    }

    #[test]
    fn a_client_that_tries_many_names_waits() {
        let guesses = Guesses::default();
        let refused = (0..30).filter(|n| guesses.begin(&format!("nama{n}"), "10.0.0.1", at()).is_err()).count();
        assert_eq!(refused, 9, "twenty are free, and one more begins the wait");
        assert!(guesses.begin("nama", "10.0.0.2", at()).is_ok());
    }

    #[test]
    fn who_signs_in_has_a_clean_slate() {
        let guesses = Guesses::default();
        for _ in 0..100 {
            guesses.begin("ani", "10.0.0.1", at()).unwrap();
            guesses.passed("ani", "10.0.0.1");
        }
    }

    #[test]
    fn the_table_is_bounded_and_those_who_wait_stay_in_it() {
        let guesses = Guesses::default();
        while guesses.begin("ani", "10.0.0.1", at()).is_ok() {}
        for n in 0..ENTRIES_MAX * 2 {
            guesses.begin(&format!("nama{n}"), &format!("k{n}"), at()).unwrap();
        }
        assert!(guesses.table().len() <= ENTRIES_MAX);
        assert!(guesses.begin("ani", "10.9.9.9", at()).is_err());
    }

    #[test]
    fn guessing_does_not_fill_the_audit() {
        let guesses = Guesses::default();
        assert_eq!((0..500).filter(|_| guesses.is_noted(at())).count(), 60);
        assert!(guesses.is_noted(at() + TimeDelta::hours(1)));
    }
}
