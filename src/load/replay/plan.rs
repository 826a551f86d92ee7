//! What a replay reads: the windows of a run with their archived pages, all of them there, whole and readable, before
//! anything begins.

use std::sync::Arc;

use chrono::NaiveDate;

use super::ReplayRequest;
use super::pages::ReplayedPage;
use crate::contract::Dataset;
use crate::load::{LoadError, Loader, plan};
use crate::source::paging::Window;
use crate::warehouse::{
    ArchiveError, ArchiveReader, ArchivedPage, AsOf, CommittedFile, DatasetId, RecordedPage, RunDetail, RunStatus,
    WarehouseError,
};

/// What is decoded again.
pub(super) struct Replayed<'a> {
    /// The dataset that was asked for.
    pub(super) dataset: &'a Dataset,
    /// The windows, in the order they were asked for.
    pub(super) windows: Vec<ReplayedWindow>,
    /// The snapshot date.
    pub(super) date: NaiveDate,
    /// Whether the run had everything; one that failed may have ended midway.
    pub(super) complete: bool,
}

/// One window with its pages.
pub(super) struct ReplayedWindow {
    pub(super) window: Window,
    pub(super) pages: Vec<ReplayedPage>,
}

impl Replayed<'_> {
    /// The fiscal years of the windows.
    pub(super) fn years(&self) -> Vec<i32> {
        let mut years: Vec<i32> = self.windows.iter().filter_map(|w| w.window.fiscal_year).collect();
        years.sort_unstable();
        years.dedup();
        years
    }
}

/// What the run had, each page proved.
///
/// # Errors
/// Pages that are gone, sealed or damaged; partitions that were loaded since.
pub(super) fn replayed<'a>(loader: &Loader<'a>, request: &ReplayRequest<'_>) -> Result<Replayed<'a>, LoadError> {
    let detail = request.run;
    let id = &detail.run.dataset;
    let known = loader.contract.datasets.iter().find(|dataset| dataset.name == id.dataset());
    let known = known.ok_or_else(|| LoadError::Request(format!("the contract has no dataset {id} any more")))?;
    let dataset = loader.contract.asked_with(known);
    if dataset.receive.is_some() {
        return added_to(loader, request, dataset);
    }
    let complete = is_complete(detail, dataset)?;
    let mut windows: Vec<ReplayedWindow> = Vec::new();
    for recorded in kept_pages(&detail.pages) {
        let window = window_of(&recorded.page.window, id)?;
        let page = proven(loader, request, dataset, recorded)?;
        match windows.iter_mut().find(|known| known.window == window) {
            Some(known) => known.pages.push(page),
            None => windows.push(ReplayedWindow { window, pages: vec![page] }),
        }
    }
    if windows.is_empty() {
        let what = format!("no page of run {}", detail.run.run);
        return Err(WarehouseError::from(ArchiveError::Missing { what }).into());
    }
    windows = not_loaded_since(loader, detail, dataset, windows)?;
    if let Some(date) = request.date {
        redate(dataset, &mut windows, date)?;
    }
    let date = windows.iter().map(|w| w.window.date).max().expect("there is one, as seen above");
    Ok(Replayed { dataset, windows, date, complete })
}

/// What a run of the inbox added to: the whole of each day, out of the pages of every run that the day's file holds.
fn added_to<'a>(
    loader: &Loader<'a>,
    request: &ReplayRequest<'_>,
    dataset: &'a Dataset,
) -> Result<Replayed<'a>, LoadError> {
    let detail = request.run;
    if detail.run.status != RunStatus::Committed {
        let why = "it published nothing, and its pushes wait in the inbox: load them";
        return Err(LoadError::Request(format!("run {} cannot be replayed: {why}", detail.run.run)));
    }
    let asked = plan::dataset_id(loader.contract, dataset);
    let committed = loader.warehouse.committed_files(AsOf::All)?;
    let mut windows: Vec<ReplayedWindow> = Vec::new();
    for recorded in kept_pages(&detail.pages) {
        let window = window_of(&recorded.page.window, &asked)?;
        if windows.iter().any(|known| known.window == window) {
            continue;
        }
        let partition = plan::partition(dataset, &window)?;
        let current = committed.iter().find(|file| file.dataset == asked && file.partition == partition);
        let mut pages = Vec::new();
        for run in current.map_or(Ok(Vec::new()), |file| loader.warehouse.carried_runs(&file.run, &partition))? {
            let Some(earlier) = loader.warehouse.run(&run)? else { continue };
            for recorded in kept_pages(&earlier.pages) {
                if recorded.page.window == plan::label(&window) {
                    pages.push(proven(loader, request, dataset, recorded)?);
                }
            }
        }
        windows.push(ReplayedWindow { window, pages });
    }
    let date = windows.iter().map(|w| w.window.date).max();
    let date = date.ok_or_else(|| LoadError::Request(format!("run {} published no rows", detail.run.run)))?;
    Ok(Replayed { dataset, windows, date, complete: true })
}

/// Whether the run had read everything it was to read.
fn is_complete(detail: &RunDetail, dataset: &Dataset) -> Result<bool, LoadError> {
    match detail.run.status {
        RunStatus::Committed | RunStatus::Held => Ok(true),
        RunStatus::Failed if dataset.for_each.is_none() => Ok(false),
        RunStatus::Failed => {
            let why = "the run failed before it had asked for everything, and a part must not be taken for the whole";
            Err(LoadError::Request(format!("{why}; load {} from the source again", detail.run.dataset)))
        }
        RunStatus::Running | RunStatus::Committing => {
            Err(LoadError::Request(format!("run {} is still at work", detail.run.run)))
        }
        RunStatus::Unchanged | RunStatus::Empty => {
            let why = "it found what the run before had, whose pages are kept; `lumbung runs` lists the runs";
            Err(LoadError::Request(format!("run {} kept no pages: {why}", detail.run.run)))
        }
    }
}

/// The answers of the last attempt that hold rows, or that the contract of that day could not read.
fn kept_pages(pages: &[RecordedPage]) -> Vec<&RecordedPage> {
    let last = pages.iter().map(|recorded| recorded.attempt).max().unwrap_or(1);
    let wanted = |recorded: &&RecordedPage| {
        let page = &recorded.page;
        let taken = matches!(page.verdict.as_str(), "rows" | "empty");
        recorded.attempt == last && (taken || page.raw.is_some())
    };
    pages.iter().filter(wanted).collect()
}

/// A page that is there, whole, and opens.
fn proven(
    loader: &Loader<'_>,
    request: &ReplayRequest<'_>,
    dataset: &Dataset,
    recorded: &RecordedPage,
) -> Result<ReplayedPage, LoadError> {
    let page = &recorded.page;
    let missing = || {
        let what = format!("page {} of {} of run {}", page.page, page.window, request.run.run.run);
        WarehouseError::from(ArchiveError::Missing { what })
    };
    let (archived, note) = if page.bytes == 0 {
        (ArchivedPage { page: page.clone(), path: std::path::PathBuf::new() }, None)
    } else {
        let archived = loader.warehouse.archived(page).ok_or_else(missing)?;
        let note = ArchiveReader::verify(&archived, request.identity).map_err(WarehouseError::from)?;
        (archived, note)
    };
    let text = note.or_else(|| page.parameters.clone());
    let parameters: Vec<(String, String)> = match text {
        None => Vec::new(),
        Some(text) => read_parameters(&text).ok_or_else(missing)?,
    };
    let hidden = |name: &str| parameters.iter().any(|(known, value)| known == name && value == "…");
    if let Some(column) = dataset.columns.iter().find(|c| c.param.as_deref().is_some_and(hidden)) {
        let what = format!("the parameter that column {} is filled from", column.name);
        return Err(WarehouseError::from(ArchiveError::Missing { what }).into());
    }
    Ok(ReplayedPage { archived, parameters: Arc::new(parameters) })
}

/// A JSON object of texts, in its order.
fn read_parameters(text: &str) -> Option<Vec<(String, String)>> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    object.into_iter().map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect()
}

/// A window as the ledger calls it: `2026/2026-11-20` or `2026-11-20`.
fn window_of(label: &str, id: &DatasetId) -> Result<Window, LoadError> {
    let (year, date) = label.split_once('/').map_or((None, label), |(year, date)| (Some(year), date));
    let fiscal_year = year.map(str::parse).transpose().ok();
    match (fiscal_year, date.parse()) {
        (Some(fiscal_year), Ok(date)) => Ok(Window { fiscal_year, date }),
        _ => Err(LoadError::Request(format!("{id}: the ledger names a window {label:?}, which is none"))),
    }
}

/// Leaves out what was loaded from the source again after this run: old pages must not replace newer ones.
fn not_loaded_since(
    loader: &Loader<'_>,
    detail: &RunDetail,
    dataset: &Dataset,
    windows: Vec<ReplayedWindow>,
) -> Result<Vec<ReplayedWindow>, LoadError> {
    let asked = plan::dataset_id(loader.contract, dataset);
    let committed = loader.warehouse.committed_files(AsOf::All)?;
    let mut newer = None;
    let mut left = Vec::with_capacity(windows.len());
    for window in windows {
        let partition = plan::partition(dataset, &window.window)?;
        let same = |file: &&CommittedFile| file.dataset == asked && file.partition == partition;
        match committed.iter().find(same) {
            Some(file) if origin_is_newer(loader, file, detail)? => newer = Some(file.run.clone()),
            _ => left.push(window),
        }
    }
    match newer {
        Some(run) if left.is_empty() => Err(LoadError::Request(format!(
            "all that run {} was about was loaded again since; replay run {run} instead",
            detail.run.run
        ))),
        _ => Ok(left),
    }
}

/// Whether what stands in a file was received after the run.
fn origin_is_newer(loader: &Loader<'_>, file: &CommittedFile, detail: &RunDetail) -> Result<bool, LoadError> {
    let (mine, theirs) = (origin(loader, detail)?, loader.warehouse.run(&file.run)?);
    let Some(theirs) = theirs else { return Ok(false) };
    Ok(origin(loader, &theirs)? > mine)
}

/// When the pages of a run were received: a replay has those of the run it repeats.
fn origin(loader: &Loader<'_>, detail: &RunDetail) -> Result<chrono::DateTime<chrono::Utc>, LoadError> {
    let mut record = detail.run.clone();
    while let Some(earlier) = record.replay_of.take() {
        match loader.warehouse.run(&earlier)? {
            Some(found) => record = found.run,
            None => break,
        }
    }
    Ok(record.started_at)
}

/// Puts snapshots under another date.
fn redate(dataset: &Dataset, windows: &mut [ReplayedWindow], date: NaiveDate) -> Result<(), LoadError> {
    if dataset.accumulates() {
        let why = format!("{} has a date of its own, which --date cannot change", dataset.name);
        return Err(LoadError::Request(why));
    }
    windows.iter_mut().for_each(|w| w.window.date = date);
    Ok(())
}
