//! Editions and their deliveries as somebody leafs through them: a page at a time, however many there are.

use super::Warehouse;
use super::delivery::{DeliveryRecord, DeliveryState};
use super::editions::EditionRecord;
use super::error::WarehouseError;
use chrono::NaiveDate;

/// A report, and how many editions of it are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportShelf {
    /// The report.
    pub report: String,
    /// Recorded compositions of its editions.
    pub editions: u64,
    /// The newest date that one stands for.
    pub newest: NaiveDate,
}

/// A stretch of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// How many are left out before it.
    pub skip: u32,
    /// At most so many.
    pub limit: u32,
}

/// How many deliveries of an edition are in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateCount {
    /// The state.
    pub state: DeliveryState,
    /// Deliveries in it, proofs left out.
    pub n: u64,
}

impl Warehouse {
    /// Every report that has a recorded edition, by name.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn report_shelves(&self) -> Result<Vec<ReportShelf>, WarehouseError> {
        self.house.ledger().report_shelves()
    }

    /// Recorded editions, of one report or of all, newest period first and of these the newest record.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn editions_page(
        &self,
        report: Option<&str>,
        stretch: Stretch,
    ) -> Result<Vec<EditionRecord>, WarehouseError> {
        self.house.ledger().editions_page(report, stretch)
    }

    /// The newest editions of `like`'s report for the same readers, itself left out.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn editions_beside(&self, like: &EditionRecord, limit: u32) -> Result<Vec<EditionRecord>, WarehouseError> {
        self.house.ledger().editions_beside(like, limit)
    }

    /// The record `number` of an edition.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn edition_record(&self, edition: &str, number: u32) -> Result<Option<EditionRecord>, WarehouseError> {
        self.house.ledger().edition_record(edition, number)
    }

    /// Deliveries of an edition, and proofs of it, in the order they were laid in.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn deliveries_of(&self, edition: &str, stretch: Stretch) -> Result<Vec<DeliveryRecord>, WarehouseError> {
        self.house.ledger().deliveries_of(edition, stretch)
    }

    /// How many deliveries an edition has, proofs included.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn delivery_total(&self, edition: &str) -> Result<u64, WarehouseError> {
        self.house.ledger().delivery_total(edition)
    }

    /// How many deliveries of each of `editions` are in which state, in their order.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn delivery_counts(&self, editions: &[&str]) -> Result<Vec<Vec<StateCount>>, WarehouseError> {
        self.house.ledger().delivery_counts(editions)
    }
}
