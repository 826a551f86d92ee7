//! What a report is made from, besides its definition: the sessions, the record of the loads, the clock's now and the
//! names of the deployment.

use super::rows::Session;
use chrono::{DateTime, NaiveDate, Utc};
use lettre::Address;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Everything one edition is made from. Nothing else is read: the same inputs give the same bytes.
pub struct Inputs<'a> {
    /// The snapshots this edition shows.
    pub current: &'a Session<'a>,
    /// The snapshots of the previous edition, if there was one.
    pub previous: Option<&'a Session<'a>>,
    /// The load of every dataset the session holds, in any order.
    pub sources: &'a [SourceNote],
    /// The date the edition stands for: its key.
    pub period: NaiveDate,
    /// The day whose snapshots `current` holds: queries call it `$tanggal`, and freshness is judged against it.
    pub day: NaiveDate,
    /// The clock's now: the mail's date and the time of composition.
    pub now: DateTime<Utc>,
    /// Whose report it is.
    pub deployment: &'a Deployment,
}

/// What the ledger knows of the snapshot a dataset stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceNote {
    /// `source.dataset`, e.g. `omspan.realisasi_belanja`.
    pub dataset: String,
    /// The dataset's title from its contract, e.g. `Realisasi Belanja`.
    pub title: String,
    /// The snapshot's date.
    pub snapshot_date: NaiveDate,
    /// When the source was asked.
    pub extracted_at: DateTime<Utc>,
    /// Rows in the snapshot.
    pub rows: u64,
    /// The run that committed it.
    pub run: String,
    /// True when a later load failed or was held, so that this snapshot is an older one.
    pub stale: bool,
    /// Rows refused by the contract in that run.
    pub quarantined: u64,
}

/// The names of the body that runs this warehouse, as they are printed.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// The ministry or agency.
    pub agency: String,
    /// The unit that answers questions; a unit, not a person.
    pub contact_unit: String,
    /// Its address.
    pub contact_address: Address,
    /// The sender's display name.
    pub from_name: String,
    /// The sender's address; its domain names Message-ID, List-Id and Content-ID.
    pub from_address: Address,
    /// Shown in the band, when there is one.
    pub logo: Option<Logo>,
}

/// A PNG for the band.
#[derive(Debug, Clone)]
pub struct Logo {
    /// The picture, carried inside the mail. Shared by every message of an edition.
    pub png: Arc<[u8]>,
    /// What a reader sees when pictures are blocked.
    pub alt: String,
    /// Width in px as shown; the file has twice as many for sharp screens.
    pub width: u32,
    /// Height in px as shown.
    pub height: u32,
}

impl Logo {
    /// The neutral mark that comes with lumbung: a granary, for a deployment without a logo of its own.
    #[must_use]
    pub fn granary() -> Self {
        let png: &'static [u8] = include_bytes!("../../templates/report/lumbung.png");
        Self { png: Arc::from(png), alt: "Logo lumbung".to_owned(), width: 48, height: 48 }
    }
}

impl Deployment {
    /// Where a reader asks to be added, changed or removed: a `mailto:` to the contact unit, already percent-encoded.
    #[must_use]
    pub fn subscription_link(&self, report: &str) -> String {
        format!("mailto:{}?subject=Ubah%20langganan%20{report}", self.contact_address)
    }

    /// The Content-ID of the chart, without brackets.
    #[must_use]
    pub fn chart_content_id(&self) -> String {
        format!("grafik@{}", self.from_address.domain())
    }

    /// The Content-ID of the logo, without brackets.
    #[must_use]
    pub fn logo_content_id(&self) -> String {
        format!("logo@{}", self.from_address.domain())
    }
}
