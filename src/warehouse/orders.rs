//! What an operator asks of the scheduler: to hold a job back, and to run one before its time.
//!
//! Both are rows of the ledger, so it does not matter in which process the operator asked: the one scheduler of the warehouse reads
//! them at its next look. An order is carried out as an occurrence of the job at the time at which it was asked for, so it runs once,
//! under the same locks, leases and retries as every other, and it is open for as long as there is no such occurrence.

use super::Warehouse;
use super::error::WarehouseError;
use chrono::{DateTime, TimeDelta, Utc};

/// Longest reason of a hold, in characters.
pub const HOLD_REASON_MAX: usize = 200;
/// An order that no scheduler took up for so long is void: nobody wants a load of yesterday morning tonight.
pub const ORDER_LASTS: TimeDelta = TimeDelta::hours(24);

/// A job that is held back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobHold {
    /// The job, e.g. `source:omspan`.
    pub job: String,
    /// Who holds it.
    pub by: String,
    /// Why, in a few words.
    pub reason: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// A job that somebody wants run now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobOrder {
    /// The job.
    pub job: String,
    /// When it was asked for; the time of the occurrence that it becomes.
    pub at: DateTime<Utc>,
    /// Who asked.
    pub by: String,
}

impl Warehouse {
    /// Holds a job back from now on; one that is held already is held anew.
    ///
    /// # Errors
    /// When the warehouse was opened to read, or the ledger cannot be written.
    pub fn hold_job(&self, hold: &JobHold) -> Result<(), WarehouseError> {
        self.house.require_writable()?;
        self.house.ledger().hold_job(hold)
    }

    /// Lets a job run again; whether it was held.
    ///
    /// # Errors
    /// When the warehouse was opened to read, or the ledger cannot be written.
    pub fn release_job(&self, job: &str) -> Result<bool, WarehouseError> {
        self.house.require_writable()?;
        self.house.ledger().release_job(job)
    }

    /// The jobs that are held back, by name.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn held_jobs(&self) -> Result<Vec<JobHold>, WarehouseError> {
        self.house.ledger().held_jobs()
    }

    /// Asks the scheduler to run `job` now. Gives the order, or the open one of the job where there is one: asking twice is asking once.
    ///
    /// # Errors
    /// When the warehouse was opened to read, or the ledger cannot be written.
    pub fn order_job(&self, job: &str, by: &str, now: DateTime<Utc>) -> Result<JobOrder, WarehouseError> {
        self.house.require_writable()?;
        self.house.ledger().order_job(&JobOrder { job: job.to_owned(), at: off_the_minute(now), by: by.to_owned() })
    }

    /// The orders that nobody took up yet, the oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn open_orders(&self, now: DateTime<Utc>) -> Result<Vec<JobOrder>, WarehouseError> {
        self.house.ledger().open_orders(now)
    }
}

/// `now` in whole milliseconds and never a whole second: a time of a cron line is one, and is another occurrence.
fn off_the_minute(now: DateTime<Utc>) -> DateTime<Utc> {
    let millis = now.timestamp_millis();
    let millis = if millis.rem_euclid(1_000) == 0 { millis + 1 } else { millis };
    DateTime::from_timestamp_millis(millis).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::{JobHold, ORDER_LASTS};
    use crate::warehouse::Warehouse;
    use chrono::{DateTime, TimeDelta, Utc};

    fn at() -> DateTime<Utc> {
        "2026-11-01T06:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_job_is_held_until_it_is_released() {
        let folder = tempfile::tempdir().unwrap();
        let house = Warehouse::open(folder.path(), at()).unwrap();
        let hold = |reason: &str| JobHold {
            job: "source:omspan".to_owned(),
            by: "ani".to_owned(),
            reason: reason.to_owned(),
            since: at(),
        };
        house.hold_job(&hold("first")).unwrap();
        house.hold_job(&hold("second")).unwrap();
        assert_eq!(house.held_jobs().unwrap(), [hold("second")]);
        assert!(house.release_job("source:omspan").unwrap() && !house.release_job("source:omspan").unwrap());
        assert!(house.held_jobs().unwrap().is_empty());
        let reader = Warehouse::open_for_reading(folder.path()).unwrap();
        assert!(reader.hold_job(&hold("x")).is_err() && reader.order_job("gc", "ani", at()).is_err());
    }

    #[test]
    fn an_order_is_open_until_it_is_an_occurrence() {
        let folder = tempfile::tempdir().unwrap();
        let house = Warehouse::open(folder.path(), at()).unwrap();
        let order = house.order_job("source:omspan", "ani", at()).unwrap();
        assert_eq!(order.at, at() + TimeDelta::milliseconds(1), "no time of a cron line");
        let again = house.order_job("source:omspan", "budi", at() + TimeDelta::seconds(5)).unwrap();
        assert_eq!(again, order);
        let soon = at() + TimeDelta::minutes(1);
        assert_eq!(house.open_orders(soon).unwrap(), std::slice::from_ref(&order));
        assert!(house.open_orders(at()).unwrap().is_empty(), "not before it was asked for");
        assert!(house.open_orders(order.at + ORDER_LASTS).unwrap().is_empty(), "it is void after a day");
        let log = house.scheduler(TimeDelta::minutes(5), soon).unwrap();
        log.begin("source:omspan", order.at, soon).unwrap();
        assert!(house.open_orders(soon).unwrap().is_empty());
        let next = house.order_job("source:omspan", "budi", soon).unwrap();
        assert_eq!((next.by.as_str(), house.open_orders(soon + TimeDelta::seconds(1)).unwrap().len()), ("budi", 1));
    }
}
