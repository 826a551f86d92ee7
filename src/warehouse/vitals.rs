//! What a monitor asks of a warehouse: whether the ledger answers, how much room is left, and counts of what stands in it.

use super::Warehouse;
use super::delivery::DeliveryState;
use super::disk;
use super::error::WarehouseError;
use super::occurrences::OccurrenceState;
use super::sqlite;
use chrono::{DateTime, Utc};
use std::path::Path;
use std::time::Duration;

/// Counts of the ledger, read as one state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vitals {
    /// Occurrences by job and state, in that order.
    pub occurrences: Vec<OccurrenceCount>,
    /// Deliveries by state, those of alerts and proofs included.
    pub deliveries: Vec<DeliveryCount>,
}

/// The occurrences of one job in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OccurrenceCount {
    /// The job, e.g. `source:omspan`.
    pub job: String,
    /// The state.
    pub state: OccurrenceState,
    /// How many.
    pub n: u64,
    /// When the newest of them was due.
    pub newest_due: DateTime<Utc>,
    /// When the last of them to end ended.
    pub last_end: Option<DateTime<Utc>>,
}

/// The deliveries in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryCount {
    /// The state.
    pub state: DeliveryState,
    /// How many.
    pub n: u64,
    /// Since when the time of the oldest of them runs.
    pub oldest: DateTime<Utc>,
    /// How many of them came to this state since the time that was asked for; 0 for states that are not final.
    pub recent: u64,
}

/// Room on the file system of a warehouse, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// What this user may still write.
    pub free: u64,
    /// All of it.
    pub total: u64,
}

impl Warehouse {
    /// Counts of the ledger; `since`: from when on an end is recent.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn vitals(&self, since: DateTime<Utc>) -> Result<Vitals, WarehouseError> {
        self.house.ledger().vitals(since)
    }

    /// Whether the ledger can be read, and locked to write, without waiting for others longer than `within`. Nothing is written.
    ///
    /// # Errors
    /// When it cannot.
    pub fn ledger_answers(&self, within: Duration) -> Result<(), WarehouseError> {
        sqlite::answers(&self.house.layout.ledger(), within)
    }

    /// The size of the ledger and of its log beside it, in bytes.
    ///
    /// # Errors
    /// When the file cannot be looked at.
    pub fn ledger_bytes(&self) -> Result<u64, WarehouseError> {
        let path = self.house.layout.ledger();
        let mut log = path.clone().into_os_string();
        log.push("-wal");
        Ok(disk::size(&path)? + disk::size(Path::new(&log))?)
    }

    /// How much room there is.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn space(&self) -> Result<Space, WarehouseError> {
        Space::of(self.root())
    }
}

impl Space {
    /// The room on the file system of `path`.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn of(path: &Path) -> Result<Self, WarehouseError> {
        let found = rustix::fs::statvfs(path);
        let found = found.map_err(|e| WarehouseError::io("look for space on the disk of", path, e.into()))?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        Ok(Self { free: bytes(found.f_bavail), total: bytes(found.f_blocks) })
    }
}

#[cfg(test)]
mod tests {
    use super::Vitals;
    use crate::warehouse::{DeliveryKind, DeliveryState, NewDelivery, OccurrenceEnd, OccurrenceState, Warehouse};
    use chrono::{DateTime, TimeDelta, Utc};
    use std::time::Duration;

    fn at() -> DateTime<Utc> {
        "2026-11-01T06:00:00Z".parse().unwrap()
    }

    #[test]
    fn what_stands_in_the_ledger_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let warehouse = Warehouse::open(folder.path(), at()).unwrap();
        assert_eq!(warehouse.vitals(at()).unwrap(), Vitals::default());
        let log = warehouse.scheduler(TimeDelta::minutes(5), at()).unwrap();
        for (hour, state) in [(1, OccurrenceState::Done), (2, OccurrenceState::Failed), (3, OccurrenceState::Done)] {
            let record = log.begin("source:a", at() + TimeDelta::hours(hour), at()).unwrap();
            let end = OccurrenceEnd { state, attempt: 1, next_at: None, reason: None, run: None };
            log.end(&record, &end, at() + TimeDelta::hours(hour)).unwrap();
        }
        log.begin("source:b", at(), at()).unwrap();
        let mail = NewDelivery {
            kind: DeliveryKind::Alert,
            edition: "e",
            recipient: "a@contoh.go.id",
            message_id: "<1@contoh.go.id>",
            eml: b"Subject: x\r\n\r\nx\r\n",
        };
        warehouse.lay_in_outbox(&[mail], "test", at()).unwrap();
        let vitals = warehouse.vitals(at()).unwrap();
        let lines: Vec<(&str, OccurrenceState, u64)> =
            vitals.occurrences.iter().map(|count| (count.job.as_str(), count.state, count.n)).collect();
        assert_eq!(
            lines,
            [
                ("source:a", OccurrenceState::Done, 2),
                ("source:a", OccurrenceState::Failed, 1),
                ("source:b", OccurrenceState::Running, 1)
            ]
        );
        let done = &vitals.occurrences[0];
        assert_eq!((done.newest_due, done.last_end), (at() + TimeDelta::hours(3), Some(at() + TimeDelta::hours(3))));
        let [waiting] = &vitals.deliveries[..] else { panic!("{vitals:?}") };
        assert_eq!((waiting.state, waiting.n, waiting.recent), (DeliveryState::Pending, 1, 0));
        assert_eq!(waiting.oldest, at());
    }

    #[test]
    fn a_ledger_that_somebody_holds_does_not_answer() {
        let folder = tempfile::tempdir().unwrap();
        let warehouse = Warehouse::open(folder.path(), at()).unwrap();
        let reader = Warehouse::open_for_reading(folder.path()).unwrap();
        let soon = Duration::from_millis(1);
        reader.ledger_answers(soon).unwrap();
        let other = rusqlite::Connection::open(folder.path().join("state/ledger.db")).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let busy = reader.ledger_answers(soon).unwrap_err().to_string();
        assert!(busy.contains("ledger.db"), "{busy}");
        other.execute_batch("ROLLBACK").unwrap();
        reader.ledger_answers(soon).unwrap();
        assert!(warehouse.ledger_bytes().unwrap() > 0);
        let space = warehouse.space().unwrap();
        assert!(space.free <= space.total && space.total > 0, "{space:?}");
    }
}
