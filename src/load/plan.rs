//! Which windows a run asks for.

use chrono::Datelike;

use super::{LoadError, LoadRequest};
use crate::config::SourceSettings;
use crate::contract::{Contract, Dataset, Paging};
use crate::source::paging::{Window, daily};
use crate::warehouse::{AsOf, DatasetId, Partition, Warehouse};

/// The fiscal years of a run: asked for, configured, or the snapshot date's; one unnamed window where there are none.
pub(super) fn years(dataset: &Dataset, settings: &SourceSettings, request: &LoadRequest) -> Vec<i32> {
    let asked = [&request.years, &settings.fiscal_years].into_iter().find(|years| !years.is_empty());
    let mut years = match asked {
        Some(years) if dataset.fiscal_year => years.clone(),
        _ => vec![request.date.year()],
    };
    years.sort_unstable();
    years.dedup();
    years
}

/// The windows of a run, in the order they are asked for.
pub(super) fn windows(
    warehouse: &Warehouse,
    contract: &Contract,
    dataset: &Dataset,
    request: &LoadRequest,
    years: &[i32],
) -> Result<Vec<Window>, LoadError> {
    let id = dataset_id(contract, dataset);
    if matches!(dataset.paging, Paging::Inbox { .. }) {
        let waiting = warehouse.inbox()?.waiting_days(&id)?;
        return Ok(waiting.into_iter().map(|waiting| Window { fiscal_year: None, date: waiting.day }).collect());
    }
    let years = years.iter().map(|&year| dataset.fiscal_year.then_some(year));
    let Paging::Daily { back_fill_days, .. } = &dataset.paging else {
        return Ok(years.map(|fiscal_year| Window { fiscal_year, date: request.date }).collect());
    };
    let committed = warehouse.committed_files(AsOf::Date(request.date))?;
    let mut windows = Vec::new();
    for fiscal_year in years {
        let of_year = |partition: &Partition| {
            fiscal_year.is_none_or(|year| partition.get("tahun_anggaran") == Some(&year.to_string()))
        };
        let newest = committed
            .iter()
            .filter(|file| file.dataset == id && of_year(&file.partition))
            .map(|file| file.snapshot_date)
            .max();
        let days = match request.span {
            Some((from, to)) if from > to => {
                return Err(LoadError::Request(format!("--from {from} lies after --to {to}")));
            }
            Some((from, to)) => daily::days(from, to)
                .into_iter()
                .filter(|day| fiscal_year.is_none_or(|year| day.year() == year))
                .collect(),
            None => daily::due_days(fiscal_year, newest, *back_fill_days, request.date),
        };
        windows.extend(days.into_iter().map(|date| Window { fiscal_year, date }));
    }
    if windows.is_empty() {
        let why = format!("{id}: no day of the fiscal years {years:?} is asked for", years = request.years);
        return Err(LoadError::Request(why));
    }
    Ok(windows)
}

/// The name of a dataset.
pub(super) fn dataset_id(contract: &Contract, dataset: &Dataset) -> DatasetId {
    DatasetId::new(&contract.source, &dataset.name).expect("the contract checks its names")
}

/// The partition that a window is committed as.
pub(super) fn partition(dataset: &Dataset, window: &Window) -> Result<Partition, LoadError> {
    let year = window.fiscal_year.and_then(|year| u16::try_from(year).ok());
    if dataset.accumulates() {
        Ok(Partition::of_events(year, dataset.date_key(), window.date)?)
    } else {
        Ok(Partition::of_snapshot(year, window.date))
    }
}

/// How the ledger names a window.
pub(super) fn label(window: &Window) -> String {
    match window.fiscal_year {
        Some(year) => format!("{year}/{}", window.date),
        None => window.date.to_string(),
    }
}

/// The variables that may hold the token of a fiscal year, for people.
pub(super) fn variable(token_env: &str, fiscal_year: Option<i32>) -> String {
    match fiscal_year {
        Some(year) => format!("{token_env}_{year} (or {token_env})"),
        None => token_env.to_owned(),
    }
}
