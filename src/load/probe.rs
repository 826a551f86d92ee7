//! Whose year a token opens. Most rows carry no year, so the key of another fiscal year would be believed; one row of the
//! dataset that has dates tells, once a token, before anything is loaded with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use chrono::NaiveDate;
use chrono_tz::Tz;

use super::ask::page_request;
use super::check::FiscalYear;
use super::{LoadError, Loader, plan};
use crate::contract::{Dataset, Paging};
use crate::decode::{DecodeError, DecodeSettings, Decoder};
use crate::source::envelope::{Verdict, judge};
use crate::source::fetch::SourceClient;
use crate::source::paging::Window;
use crate::source::paging::row_range;
use crate::source::shape;

/// Bytes of an answer that are enough for a row; a service that answers more is not read to its end.
const PROBE_BYTES: usize = 64 * 1024;

/// The fiscal years whose tokens were tried, by source, each with the stranger it showed, if it did.
#[derive(Debug, Default)]
pub struct YearsProbed(Mutex<BTreeMap<(String, i32), Option<String>>>);

impl YearsProbed {
    fn known(&self, source: &str, year: i32) -> Option<Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(source.to_owned(), year)).cloned()
    }

    fn note(&self, source: &str, year: i32, stranger: Option<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((source.to_owned(), year), stranger);
    }
}

/// Stops a load whose token opens another year than the one asked for. What cannot be told is not judged here: the load
/// itself says what is wrong with the source.
pub(super) async fn refuse_other_years(
    loader: &Loader<'_>,
    dataset: &Dataset,
    client: &SourceClient,
    windows: &[Window],
) -> Result<(), LoadError> {
    let tells = |dataset: &&Dataset| {
        dataset.fiscal_year_column.is_some() && matches!(dataset.paging, Paging::RowRange { .. })
    };
    let Some(teller) = loader.contract.datasets.iter().find(tells) else { return Ok(()) };
    if teller.name == dataset.name {
        // Its own rows are checked, all of them.
        return Ok(());
    }
    let years: BTreeSet<i32> = windows.iter().filter_map(|window| window.fiscal_year).collect();
    let source = &loader.contract.source;
    for year in years {
        let stranger = match loader.probed.known(source, year) {
            Some(known) => known,
            None => {
                let batch = one_row(loader, teller, client, year).await?;
                let stranger = batch.and_then(|batch| FiscalYear::new(teller, Some(year)).check(&batch).err());
                loader.probed.note(source, year, stranger.clone());
                stranger
            }
        };
        if let Some(found) = stranger {
            let variable = plan::variable(&loader.settings.token_env, Some(year));
            return Err(LoadError::OtherYear { label: year.to_string(), found, variable });
        }
    }
    Ok(())
}

/// The first rows of `teller`; `None` when there are none to be had.
async fn one_row(
    loader: &Loader<'_>,
    teller: &Dataset,
    client: &SourceClient,
    year: i32,
) -> Result<Option<RecordBatch>, LoadError> {
    let signer = loader.signer(Some(year))?;
    let window = Window { fiscal_year: Some(year), date: NaiveDate::MIN };
    let request = page_request((teller, loader.base_url()), &window, &[], &row_range::ask(1, 1));
    let now = loader.clock.now();
    let Ok(signature) = signer.signature(client, loader.contract, loader.base_url(), now).await else {
        return Ok(None);
    };
    let mut head = Vec::new();
    let Ok(mut answer) = client.send(&request, Some(&signature), false).await else { return Ok(None) };
    let status = answer.status;
    while head.len() < PROBE_BYTES {
        match answer.chunk().await {
            Ok(Some(bytes)) => head.extend_from_slice(&bytes),
            Ok(None) => break,
            Err(_) => return Ok(None),
        }
    }
    if judge(loader.contract, teller, status, &head) != Verdict::Rows {
        return Ok(None);
    }
    Ok(first_rows(teller, &head, loader.contract.timezone))
}

fn first_rows(teller: &Dataset, head: &[u8], zone: Tz) -> Option<RecordBatch> {
    let settings = DecodeSettings { zone, pii_key: None };
    let mut decoder = Decoder::new(Arc::new(teller.clone()), shape::reader, settings).ok()?;
    let mut first = None;
    let mut keep = |batch| {
        first.get_or_insert(batch);
        Ok::<(), DecodeError>(())
    };
    decoder.push(head, &mut keep).ok()?;
    first.or(decoder.flush().ok()?)
}
