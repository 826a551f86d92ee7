//! The gate between stage and commit: what is refused, shrunken or emptied is held; what did not change is not written
//! again.

use std::collections::BTreeMap;

use super::pages::{Landed, control_sums};
use super::{LoadError, LoadRequest, Totals, plan};
use crate::contract::{Contract, Dataset};
use crate::warehouse::{AsOf, CommittedFile, DatasetId, RunId, StagedFile, Warehouse};

/// Rows that may always be refused, whatever share of the run they are.
const QUARANTINE_ROWS_TOLERATED: u64 = 5;

/// Judges what landed and returns the files to publish.
pub(super) fn judge(
    warehouse: &Warehouse,
    contract: &Contract,
    dataset: &Dataset,
    request: &LoadRequest,
    landed: Vec<Landed>,
    totals: &mut Totals,
) -> Result<Vec<StagedFile>, LoadError> {
    totals.control = control_sums(&landed);
    quarantine(dataset, totals)?;
    personal(dataset, totals)?;
    let id = plan::dataset_id(contract, dataset);
    let as_of = warehouse.committed_files(AsOf::Date(request.date))?;
    let before: Vec<&CommittedFile> = as_of.iter().filter(|file| file.dataset == id).collect();
    if !request.accept_shrink {
        for window in &landed {
            shrink(dataset, window, &before)?;
        }
    }
    let all = warehouse.committed_files(AsOf::All)?;
    let mut earlier = Earlier { warehouse, contract, id: &id, known: BTreeMap::new() };
    let mut to_publish = Vec::new();
    for window in landed {
        let same = all.iter().find(|file| file.dataset == id && file.partition == window.partition);
        let unchanged = match same {
            Some(file) => earlier.had(&file.run, &window)?,
            None => false,
        };
        if !unchanged {
            to_publish.extend(window.staged);
        }
    }
    Ok(to_publish)
}

/// Too many refused rows hold the whole run.
fn quarantine(dataset: &Dataset, totals: &Totals) -> Result<(), LoadError> {
    let all = totals.rows + totals.quarantined;
    let too_many = totals.quarantined > QUARANTINE_ROWS_TOLERATED
        && totals.quarantined * 100 > all * u64::from(dataset.quarantine_pct_max);
    if !too_many {
        return Ok(());
    }
    Err(LoadError::Held(format!(
        "{} of {all} rows were refused, more than {} % (quarantine_pct_max); `lumbung runs RUN` lists the reasons",
        totals.quarantined, dataset.quarantine_pct_max
    )))
}

/// A column nobody has classed could hold anything: personal data fails closed.
fn personal(dataset: &Dataset, totals: &Totals) -> Result<(), LoadError> {
    if !dataset.personal || totals.unknown_keys.is_empty() {
        return Ok(());
    }
    // A key can be a value when the answer is garbled; only what looks like a name is repeated.
    let looks_like_name = |key: &&String| key.len() <= 40 && key.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    let names: Vec<&str> = totals.unknown_keys.keys().filter(looks_like_name).map(String::as_str).collect();
    Err(LoadError::Held(format!(
        "the answer has columns that the contract does not class ({}): in personal data nothing is published until they are",
        names.join(", ")
    )))
}

/// A window that lost more rows than the contract tolerates.
fn shrink(dataset: &Dataset, window: &Landed, before: &[&CommittedFile]) -> Result<(), LoadError> {
    let same_year = |file: &&&CommittedFile| {
        if dataset.accumulates() {
            file.partition == window.partition
        } else {
            file.partition.get("tahun_anggaran") == window.partition.get("tahun_anggaran")
        }
    };
    let rows_before: u64 = before.iter().filter(same_year).map(|file| file.rows).sum();
    let label = plan::label(&window.window);
    if rows_before > 0 && window.rows == 0 {
        return Err(LoadError::Held(format!(
            "{label}: the source has no rows where it had {rows_before}; --accept-shrink publishes that"
        )));
    }
    // A day of events may be corrected downwards; only whole snapshots are compared by size.
    let floor = rows_before * u64::from(100 - dataset.shrink_pct_max) / 100;
    if !dataset.accumulates() && window.rows < floor {
        return Err(LoadError::Held(format!(
            "{label}: {} rows where the last snapshot had {rows_before}, a loss of more than {} % (shrink_pct_max); \
             --accept-shrink publishes it",
            window.rows, dataset.shrink_pct_max
        )));
    }
    Ok(())
}

/// What earlier runs received, read from the ledger once a run.
struct Earlier<'a> {
    warehouse: &'a Warehouse,
    contract: &'a Contract,
    id: &'a DatasetId,
    /// Page hashes by window, for each run; `None` for runs under another contract.
    known: BTreeMap<RunId, Option<BTreeMap<String, Vec<String>>>>,
}

impl Earlier<'_> {
    /// Whether `run` received exactly these pages under this contract.
    fn had(&mut self, run: &RunId, window: &Landed) -> Result<bool, LoadError> {
        if !self.known.contains_key(run) {
            let pages = self.pages_of(run)?;
            self.known.insert(run.clone(), pages);
        }
        let pages = self.known.get(run).and_then(Option::as_ref);
        Ok(pages.and_then(|windows| windows.get(&plan::label(&window.window))) == Some(&window.hashes))
    }

    fn pages_of(&self, run: &RunId) -> Result<Option<BTreeMap<String, Vec<String>>>, LoadError> {
        let Some(detail) = self.warehouse.run(run)? else { return Ok(None) };
        if detail.run.contract_version != self.contract.version || detail.run.dataset != *self.id {
            return Ok(None);
        }
        let last_attempt = detail.pages.iter().map(|page| page.attempt).max().unwrap_or(1);
        let mut windows: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for recorded in detail.pages.into_iter().filter(|recorded| recorded.attempt == last_attempt) {
            if matches!(recorded.page.verdict.as_str(), "rows" | "empty") {
                windows.entry(recorded.page.window).or_default().push(recorded.page.sha256);
            }
        }
        Ok(Some(windows))
    }
}
