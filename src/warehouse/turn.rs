//! Who is at work: one process at a time for each kind of work, under a lock of the system and a lease in the ledger.
//!
//! The lock is lifted by the system when the process dies, so on one machine nobody waits for the dead. Where several machines
//! share the folder their locks may not see each other: there the lease counts, which every write renews and checks. Whoever
//! lost it writes nothing more.

use super::disk::Lock;
use super::error::WarehouseError;
use super::house::House;
use super::id::RunId;
use chrono::{DateTime, TimeDelta, Utc};
use std::path::Path;
use std::sync::Arc;

/// What a lease says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lease<'a> {
    /// What is done: `outbox`, `schedule`, or a part of it, `schedule:<part>`.
    pub(crate) name: &'a str,
    pub(crate) holder: &'a str,
    pub(crate) host: &'a str,
    pub(crate) until: DateTime<Utc>,
}

/// The turn of this process, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    house: Arc<House>,
    name: &'static str,
    holder: String,
    host: String,
    lasts: TimeDelta,
    _lock: Lock,
}

impl Turn {
    /// Takes the turn called `name`, whose lock lies at `lock`; `busy` makes the error of who has it.
    pub(crate) fn take(
        house: Arc<House>,
        (name, lock): (&'static str, &Path),
        (lasts, at): (TimeDelta, DateTime<Utc>),
        busy: impl Fn(String) -> WarehouseError,
    ) -> Result<Self, WarehouseError> {
        house.require_writable()?;
        let Some(lock) = Lock::try_take(lock)? else { return Err(busy("another process".to_owned())) };
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let turn = Self { name, holder: RunId::new(at).to_string(), host, lasts, house, _lock: lock };
        // The lock says that nobody of this machine is at work: its leases are those of the dead.
        turn.house.ledger().drop_leases_of_host(name, &turn.host)?;
        let other = turn.house.ledger().take_lease(&turn.lease(at), (at, lasts))?;
        match other {
            None => Ok(turn),
            Some((host, until)) => {
                Err(busy(format!("a process on {host} (until {})", until.format("%Y-%m-%dT%H:%M:%SZ"))))
            }
        }
    }

    pub(crate) fn house(&self) -> &House {
        &self.house
    }

    /// The lease as it is when it is renewed at `at`.
    pub(crate) fn lease(&self, at: DateTime<Utc>) -> Lease<'_> {
        Lease { name: self.name, holder: &self.holder, host: &self.host, until: at + self.lasts }
    }

    /// Takes the lease of a part of the work, `<name>:<part>`; whether it was free.
    pub(crate) fn take_part(&self, name: &str, at: DateTime<Utc>) -> Result<bool, WarehouseError> {
        let lease = Lease { name, ..self.lease(at) };
        Ok(self.house.ledger().take_lease(&lease, (at, self.lasts))?.is_none())
    }

    /// Gives all leases back, or that of a part.
    pub(crate) fn give_back(&self, part: Option<&str>) {
        if let Err(error) = self.house.ledger().drop_leases(&self.holder, part) {
            tracing::debug!(%error, lease = part.unwrap_or(self.name), "a lease stays until it runs out");
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.give_back(None);
    }
}
