//! The heartbeat of the daemon, `state/heartbeat.json`: written anew every minute by the scheduler, so that a daemon which is gone,
//! or hangs, is noticed by whoever looks at the file's time: `lumbung status`, or a monitor of the machine.
//!
//! It holds counts and no data; anybody who may enter the folder may read it.

use super::Warehouse;
use super::error::WarehouseError;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};

/// What the daemon last said of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The program's version.
    pub version: String,
    /// The process.
    pub pid: u32,
    /// The machine it runs on.
    pub host: String,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it looked at the schedule last.
    pub at: DateTime<Utc>,
    /// When it ended in good order; `None` while it runs, and for ever where it died.
    pub stopped_at: Option<DateTime<Utc>>,
    /// Jobs that run by themselves.
    pub jobs: usize,
    /// Occurrences that an attempt is at work on.
    pub running: usize,
    /// Occurrences that wait, for data or for the next attempt.
    pub waiting: usize,
    /// Mails in the outbox that have not left.
    pub mails: usize,
}

impl Heartbeat {
    /// The first heartbeat of this process.
    #[must_use]
    pub fn of_this_process(jobs: usize, at: DateTime<Utc>) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            started_at: at,
            at,
            stopped_at: None,
            jobs,
            running: 0,
            waiting: 0,
            mails: 0,
        }
    }
}

impl Warehouse {
    /// Replaces the heartbeat. A reader finds the old one or the new one.
    ///
    /// # Errors
    /// When the warehouse was opened to read, or the disk refuses.
    pub fn beat(&self, heartbeat: &Heartbeat) -> Result<(), WarehouseError> {
        self.house.require_writable()?;
        let path = self.house.layout.heartbeat();
        let aside = path.with_extension("part");
        let write = || {
            let mut file = File::create(&aside)?;
            file.write_all(&serde_json::to_vec(heartbeat)?)?;
            file.write_all(b"\n")?;
            // Not synced: the next one comes in a minute, and after a power cut nobody lives.
            fs::rename(&aside, &path)
        };
        write().map_err(|error| WarehouseError::io("write the heartbeat", &path, error))
    }

    /// The last heartbeat; `None` where no daemon ever wrote one, or it was lost with the power.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn heartbeat(&self) -> Result<Option<Heartbeat>, WarehouseError> {
        let path = self.house.layout.heartbeat();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(WarehouseError::io("read the heartbeat", &path, error)),
        };
        if text.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0) {
            return Ok(None);
        }
        let read = serde_json::from_slice(&text).map(Some).map_err(io::Error::from);
        read.map_err(|error| WarehouseError::io("read the heartbeat", &path, error))
    }
}

#[cfg(test)]
mod tests {
    use super::Heartbeat;
    use crate::warehouse::Warehouse;
    use chrono::{DateTime, TimeDelta, Utc};

    #[test]
    fn a_heartbeat_is_replaced_whole_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let now: DateTime<Utc> = "2026-11-01T06:00:00Z".parse().unwrap();
        let warehouse = Warehouse::open(folder.path(), now).unwrap();
        assert_eq!(warehouse.heartbeat().unwrap(), None);
        let first = Heartbeat::of_this_process(7, now);
        assert_eq!((first.pid, first.version.as_str()), (std::process::id(), env!("CARGO_PKG_VERSION")));
        warehouse.beat(&first).unwrap();
        let second = Heartbeat { at: now + TimeDelta::minutes(1), running: 2, ..first };
        warehouse.beat(&second).unwrap();
        let reader = Warehouse::open_for_reading(folder.path()).unwrap();
        assert_eq!(reader.heartbeat().unwrap(), Some(second.clone()));
        assert!(reader.beat(&second).is_err(), "a reader writes nothing");
        let state = folder.path().join("state");
        assert!(!state.join("heartbeat.part").exists());
        // As after a power cut, and as after an accident.
        std::fs::write(state.join("heartbeat.json"), "").unwrap();
        assert_eq!(reader.heartbeat().unwrap(), None);
        std::fs::write(state.join("heartbeat.json"), "{\"pid\":").unwrap();
        let broken = reader.heartbeat().unwrap_err().to_string();
        assert!(broken.contains("heartbeat.json"), "{broken}");
    }
}
