//! The gate between stage and commit: what is refused, shrunken, emptied, of another fiscal year or too far from the snapshot
//! before is held; what did not change is not written again.

mod drift;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;

use super::group::{Landed, Table, Totals, control_sums};
use super::{LoadError, LoadRequest, plan};
use crate::contract::{Contract, Dataset, file_schema};
use crate::source::paging::Window;
use crate::warehouse::{AsOf, CommittedFile, DatasetId, Run, RunId, StagedFile, Warehouse};

/// Why the gate would hold a run, and the option by which an operator takes it upon themselves.
struct Objection {
    what: String,
    option: &'static str,
}

impl Objection {
    fn shrunk(what: String) -> Self {
        Self { what, option: "--accept-shrink" }
    }

    /// Holds the run, unless it is accepted, which is noted.
    fn hold_unless(self, accepted: bool, totals: &mut Totals) -> Result<(), LoadError> {
        if accepted {
            totals.accepted.push(self.what);
            return Ok(());
        }
        Err(LoadError::Held(format!("{}; {} publishes it", self.what, self.option)))
    }
}

/// Rows that may always be refused, whatever share of the run they are.
const QUARANTINE_ROWS_TOLERATED: u64 = 5;

/// Stages an empty file for every window that has lost all its rows, on behalf of those who accept that: without one the
/// rows of the snapshot before would stay.
pub(super) fn stage_emptied(
    warehouse: &Warehouse,
    run: &Run,
    dataset: &Dataset,
    date: NaiveDate,
    landed: &mut [Landed],
) -> Result<(), LoadError> {
    let committed = warehouse.committed_files(AsOf::Date(date))?;
    let before: Vec<&CommittedFile> = committed.iter().filter(|file| file.dataset == *run.dataset()).collect();
    for window in landed {
        if window.staged.is_none() && rows_before(dataset, window, &before) > 0 {
            let writer = run.stage(window.partition.clone(), file_schema(dataset), Vec::new())?;
            window.staged = Some(writer.finish()?);
        }
    }
    Ok(())
}

/// Judges what landed in a table and returns the files to publish.
pub(super) fn judge(
    warehouse: &Warehouse,
    contract: &Contract,
    table: &mut Table,
    request: &LoadRequest,
) -> Result<Vec<StagedFile>, LoadError> {
    let landed = std::mem::take(&mut table.landed);
    let (id, dataset, totals) = (&table.id, Arc::clone(&table.dataset), &mut table.totals);
    totals.control = control_sums(&landed);
    if let Some(objection) = quarantine(&dataset, totals) {
        objection.hold_unless(request.accept_quarantine, totals)?;
    }
    personal(&dataset, totals)?;
    let as_of = warehouse.committed_files(AsOf::Date(request.date))?;
    let before: Vec<&CommittedFile> = as_of.iter().filter(|file| file.dataset == *id).collect();
    let key_id = table.key_id.as_deref();
    let mut earlier = Earlier { warehouse, contract, id, key_id, known: BTreeMap::new() };
    // A request that says its year is not answered by the key alone.
    if !dataset.accumulates() && !dataset.request.uses("tahun") {
        two_years(&landed, &before, &mut earlier)?;
    }
    let shrunk = landed.iter().filter_map(|window| shrink(&dataset, window, &before));
    for objection in shrunk.chain(shrink_of_days(&dataset, &landed, &before)) {
        objection.hold_unless(request.accept_shrink, totals)?;
    }
    let all = warehouse.committed_files(AsOf::All)?;
    let mut changed = Vec::new();
    for window in landed {
        let same = all.iter().find(|file| file.dataset == *id && file.partition == window.partition);
        let label = plan::label(&window.window);
        let unchanged = match same {
            // A replay is made because the same answers are to be read differently.
            Some(file) if request.replay_of.is_none() => earlier.had(&file.run, &label, &window.hashes)?,
            _ => false,
        };
        match window.staged {
            Some(staged) if unchanged => staged.discard()?,
            staged => changed.extend(staged.map(|staged| (label, staged))),
        }
    }
    drift::Judge { warehouse, contract, dataset: &dataset, before: &before }.judge(changed, request, totals)
}

/// Too many refused rows hold the whole run.
fn quarantine(dataset: &Dataset, totals: &Totals) -> Option<Objection> {
    let all = totals.rows + totals.quarantined;
    // An answer of nothing but refused rows is no empty one: error objects in a list look like that.
    let nothing_else = totals.rows == 0 && totals.quarantined > 0;
    let too_many = nothing_else
        || totals.quarantined > QUARANTINE_ROWS_TOLERATED
            && totals.quarantined * 100 > all * u64::from(dataset.quarantine_pct_max);
    let what = || {
        format!(
            "{} of {all} rows were refused, more than {} % (quarantine_pct_max; `lumbung runs RUN` lists the reasons)",
            totals.quarantined, dataset.quarantine_pct_max
        )
    };
    too_many.then(|| Objection { what: what(), option: "--accept" })
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

/// Two fiscal years with the same answer, byte for byte, were asked for with the same key: most rows do not say their
/// year, so this is the only sign there is.
fn two_years(landed: &[Landed], before: &[&CommittedFile], earlier: &mut Earlier<'_>) -> Result<(), LoadError> {
    for (i, window) in landed.iter().enumerate().filter(|(_, window)| window.rows > 0) {
        let year = window.window.fiscal_year;
        let mut twin = landed[..i]
            .iter()
            .find(|other| other.window.fiscal_year != year && other.hashes == window.hashes)
            .and_then(|other| other.window.fiscal_year);
        for file in before {
            // A year that this run asks for, too, is about to be replaced, so what stands there does not count.
            let asked = |other: &i32| landed.iter().any(|window| window.window.fiscal_year == Some(*other));
            let other = file.partition.get("tahun_anggaran").and_then(|other| other.parse().ok());
            let Some(other) = other.filter(|other| twin.is_none() && !asked(other)) else { continue };
            let committed = Window { fiscal_year: Some(other), date: file.snapshot_date };
            if earlier.had(&file.run, &plan::label(&committed), &window.hashes)? {
                twin = Some(other);
            }
        }
        if let Some(twin) = twin {
            return Err(LoadError::Held(format!(
                "{}: the answer is that of fiscal year {twin}, byte for byte; check that each year's token variable \
                 holds the key of its own year",
                plan::label(&window.window)
            )));
        }
    }
    Ok(())
}

/// A window that lost more rows than the contract tolerates.
fn shrink(dataset: &Dataset, window: &Landed, before: &[&CommittedFile]) -> Option<Objection> {
    if dataset.shrink_pct_max == 100 {
        return None;
    }
    let rows_before = rows_before(dataset, window, before);
    let label = plan::label(&window.window);
    if rows_before > 0 && window.rows == 0 {
        let what = format!("{label}: the source has no rows where it had {rows_before}");
        return Some(Objection::shrunk(what));
    }
    // A single day of events may be corrected downwards: `shrink_of_days` looks at all of them.
    if dataset.accumulates() || !is_shrunk(dataset, rows_before, window.rows) {
        return None;
    }
    Some(Objection::shrunk(format!(
        "{label}: {} rows where the last snapshot had {rows_before}, a loss of more than {} % (shrink_pct_max)",
        window.rows, dataset.shrink_pct_max
    )))
}

/// Whether `now` is a loss against `then` of more than the contract tolerates: of 8 rows and 20 %, 7 may be left.
fn is_shrunk(dataset: &Dataset, then: u64, now: u64) -> bool {
    now * 100 < then * u64::from(100 - dataset.shrink_pct_max)
}

/// Rows that are published now for what `window` asked for: of its day, or of its fiscal year.
fn rows_before(dataset: &Dataset, window: &Landed, before: &[&CommittedFile]) -> u64 {
    let same = |file: &&&CommittedFile| {
        if dataset.accumulates() {
            file.partition == window.partition
        } else {
            file.partition.get("tahun_anggaran") == window.partition.get("tahun_anggaran")
        }
    };
    before.iter().filter(same).map(|file| file.rows).sum()
}

/// Days of events that lost more rows together than the contract tolerates.
fn shrink_of_days(dataset: &Dataset, landed: &[Landed], before: &[&CommittedFile]) -> Option<Objection> {
    let rows_before = |window: &Landed| rows_before(dataset, window, before);
    let known = || landed.iter().filter(|window| dataset.accumulates() && rows_before(window) > 0);
    let (then, now): (u64, u64) = (known().map(rows_before).sum(), known().map(|window| window.rows).sum());
    if !is_shrunk(dataset, then, now) {
        return None;
    }
    Some(Objection::shrunk(format!(
        "the {} days asked again have {now} rows where they had {then}, a loss of more than {} % (shrink_pct_max)",
        known().count(),
        dataset.shrink_pct_max
    )))
}

/// What earlier runs received, read from the ledger once a run.
struct Earlier<'a> {
    warehouse: &'a Warehouse,
    contract: &'a Contract,
    id: &'a DatasetId,
    /// The key that personal values are hashed under now.
    key_id: Option<&'a str>,
    /// Page hashes by window, for each run; `None` for runs under another contract or key.
    known: BTreeMap<RunId, Option<BTreeMap<String, Vec<String>>>>,
}

impl Earlier<'_> {
    /// Whether `run` received exactly these pages for the window called `label`, under this contract and key.
    fn had(&mut self, run: &RunId, label: &str, hashes: &[String]) -> Result<bool, LoadError> {
        if !self.known.contains_key(run) {
            let pages = self.pages_of(run)?;
            self.known.insert(run.clone(), pages);
        }
        let pages = self.known.get(run).and_then(Option::as_ref);
        Ok(pages.and_then(|windows| windows.get(label)).is_some_and(|received| received == hashes))
    }

    fn pages_of(&self, run: &RunId) -> Result<Option<BTreeMap<String, Vec<String>>>, LoadError> {
        let Some(detail) = self.warehouse.run(run)? else { return Ok(None) };
        let run = &detail.run;
        let same_reading = run.contract_version == self.contract.version && run.key_id.as_deref() == self.key_id;
        if !same_reading || run.dataset != *self.id {
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

#[cfg(test)]
mod tests {
    use super::{Totals, is_shrunk, quarantine};
    use crate::contract::parse;

    #[test]
    fn few_refused_rows_are_tolerated_beside_good_ones_only() {
        let contract = parse("omspan.toml", include_str!("../../config/sources/omspan.toml")).unwrap();
        let dataset = contract.dataset("dipa_belanja").unwrap();
        let held =
            |rows, quarantined| quarantine(dataset, &Totals { rows, quarantined, ..Totals::default() }).is_some();
        assert!(!held(1, 5) && !held(0, 0) && !held(600, 6));
        assert!(held(0, 1) && held(10, 6) && held(593, 6));
    }

    #[test]
    fn a_loss_is_measured_exactly() {
        let contract = parse("omspan.toml", include_str!("../../config/sources/omspan.toml")).unwrap();
        let dataset = contract.dataset("dipa_belanja").unwrap();
        assert_eq!(dataset.shrink_pct_max, 20);
        for (then, now, shrunk) in
            [(10, 8, false), (10, 7, true), (8, 7, false), (8, 6, true), (1, 1, false), (1, 0, true), (0, 0, false)]
        {
            assert_eq!(is_shrunk(dataset, then, now), shrunk, "{now} of {then}");
        }
    }
}
