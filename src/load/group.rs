//! The tables that one dataset's answers fill, each with a run of its own: they land together and are published together,
//! or none of them is.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::LoadError;
use crate::contract::{Contract, Dataset};
use crate::privacy::PiiKey;
use crate::quality::ExactSum;
use crate::source::paging::Window;
use crate::warehouse::{Carried, DatasetId, Partition, Run, StagedFile, Sums};

/// The tables of one load; the first is the dataset that is asked for.
pub(super) struct Group {
    pub(super) contract: Arc<Contract>,
    /// The secret that personal values are hashed under, where a table has such columns.
    pub(super) pii_key: Option<Arc<PiiKey>>,
    pub(super) tables: Vec<Table>,
}

/// One of them.
pub(super) struct Table {
    pub(super) id: DatasetId,
    pub(super) dataset: Arc<Dataset>,
    pub(super) run: Arc<Run>,
    /// The key that personal values are hashed under, where the table has such columns.
    pub(super) key_id: Option<String>,
    pub(super) totals: Totals,
    /// The windows read so far.
    pub(super) landed: Vec<Landed>,
}

/// Totals of a run while it is made.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) rows: u64,
    pub(super) quarantined: u64,
    pub(super) pages: u64,
    pub(super) bytes: u64,
    pub(super) control: BTreeMap<String, String>,
    pub(super) unknown_keys: BTreeMap<String, u64>,
    /// What the gate would have held the run for, had the operator not accepted it.
    pub(super) accepted: Vec<String>,
}

impl Totals {
    /// What the ledger says of a run that is published.
    pub(super) fn note(&self) -> Option<String> {
        let unknown: Vec<&str> = self.unknown_keys.keys().map(String::as_str).collect();
        let unknown = (!unknown.is_empty()).then(|| format!("unknown keys kept in extra: {}", unknown.join(", ")));
        let remarks: Vec<String> =
            self.accepted.iter().map(|what| format!("accepted: {what}")).chain(unknown).collect();
        (!remarks.is_empty()).then(|| remarks.join("; "))
    }
}

/// A window that was read whole.
#[derive(Debug)]
pub(super) struct Landed {
    pub(super) window: Window,
    pub(super) partition: Partition,
    /// Rows that the partition's file comes to: those read, and those carried over.
    pub(super) rows: u64,
    /// What the file so far held.
    pub(super) carried: Carried,
    /// SHA-256 of each page, in order.
    pub(super) hashes: Vec<String>,
    /// The staged file; absent when there were no rows.
    pub(super) staged: Option<StagedFile>,
}

impl Group {
    /// Forgets what landed: the load begins again. What was received stays counted.
    pub(super) fn discard(&mut self) -> Result<(), LoadError> {
        for table in &mut self.tables {
            table.landed.clear();
            table.run.discard_stage()?;
            table.totals = Totals { pages: table.totals.pages, bytes: table.totals.bytes, ..Totals::default() };
        }
        Ok(())
    }
}

impl Landed {
    /// Rows landed = rows read.
    pub(super) fn check(&self, id: &DatasetId) -> Result<(), LoadError> {
        let landed = self.staged.as_ref().map_or(0, StagedFile::rows);
        if landed == self.rows {
            return Ok(());
        }
        Err(LoadError::Worker(format!("{id}: {} rows were read but {landed} were written", self.rows)))
    }
}

/// The sums of what landed, by column, as exact decimal text; without what was carried over.
pub(super) fn control_sums(landed: &[Landed]) -> BTreeMap<String, String> {
    let mut sums = Sums::new();
    for window in landed {
        let Some(staged) = &window.staged else { continue };
        for (column, sum) in staged.sums() {
            let before = window.carried.sums.get(column).map_or(0, |carried| carried.unscaled);
            let total = sums.entry(column.clone()).or_default();
            // All files of a dataset have one schema, so one scale a column; 38 digits hold any sum of rupiah.
            *total = ExactSum { unscaled: total.unscaled + sum.unscaled - before, scale: sum.scale };
        }
    }
    sums.iter().map(|(column, sum)| (column.clone(), sum.to_string())).collect()
}
