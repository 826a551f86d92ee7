//! The ledger: SQLite, the only record of what is committed. Directory listings are never believed.

mod archive;
mod audit;
mod deletions;
mod deliveries;
mod editions;
mod leases;
mod marts;
mod occurrences;
mod orders;
mod profiles;
mod read;
mod received;
mod removable;
mod restored;
mod saved;
mod schema;
mod shelf;
mod submissions;
mod vitals;
mod write;

pub use deletions::RemovedSnapshot;

pub(crate) use removable::{ArchivedRun, EndedDelivery, StoredFile};
pub(crate) use write::{Intended, Intent, NewRun, Totals, Unfinished};

use super::error::WarehouseError;
use super::record::Sums;
use super::sqlite::{Database, Schema, count_of, dataset_of, instant, instant_of, parsed, run_of, to_sql, word};
use crate::quality::ExactSum;
use rusqlite::{Connection, Row, Transaction};
use std::collections::BTreeMap;
use std::path::Path;

/// The ledger's tables.
pub(crate) static SCHEMA: Schema = Schema {
    migrations: schema::MIGRATIONS,
    update: "open it once with a command that writes, such as lumbung snapshot",
};

/// An open ledger.
#[derive(Debug)]
pub(crate) struct Ledger {
    database: Database,
}

impl Ledger {
    /// Opens the ledger to write, makes it if there is none, and applies the migrations that are missing.
    pub(crate) fn open(path: &Path) -> Result<Self, WarehouseError> {
        Ok(Self { database: Database::open(path, &SCHEMA)? })
    }

    /// Opens the ledger of an existing warehouse to read.
    pub(crate) fn open_to_read(path: &Path) -> Result<Self, WarehouseError> {
        Ok(Self { database: Database::open_to_read(path, &SCHEMA)? })
    }

    fn call<T>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, WarehouseError> {
        self.database.call(action, work)
    }

    fn transaction<T>(
        &mut self,
        action: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, WarehouseError> {
        self.database.transaction(action, work)
    }
}

fn sums_to_text(sums: &Sums) -> String {
    let texts: BTreeMap<&str, String> = sums.iter().map(|(column, sum)| (column.as_str(), sum.to_string())).collect();
    serde_json::to_string(&texts).expect("a map of texts is always JSON")
}

fn sums_of(row: &Row<'_>) -> rusqlite::Result<Sums> {
    let texts: BTreeMap<String, String> = parsed(row, "sums", |text: String| serde_json::from_str(&text))?;
    let sums = texts.into_iter().map(|(column, text)| Ok((column, text.parse::<ExactSum>()?)));
    parsed(row, "sums", |_: String| sums.collect::<Result<Sums, crate::quality::ParseSumError>>())
}

#[cfg(test)]
mod tests;
