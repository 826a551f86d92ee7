//! Whether records arrived whose answers were lost: the source's own list is read until all of them are found, or it ends.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::send::Stop;
use super::{Submitter, wire};
use crate::contract::Dataset;
use crate::decode::DecodeSettings;
use crate::decode::inspect::Inspector;
use crate::source::auth::Signer;
use crate::source::envelope::document::DOCUMENT_BYTES_MAX;
use crate::source::envelope::{Verdict, judge_document};
use crate::source::fetch::{FetchError, SourceClient, pause};
use crate::source::paging::{PageOutcome, Window, pager};
use crate::source::request::{self, Request};
use crate::source::shape;

/// Who asks.
pub(super) struct Asking<'a> {
    pub(super) submitter: &'a Submitter<'a>,
    pub(super) client: &'a SourceClient,
    pub(super) signer: &'a Signer,
    pub(super) stop: &'a Stop,
}

/// One page of the list.
struct Page {
    rows: Vec<Vec<Option<String>>>,
    total: Option<u64>,
    hash: Vec<u8>,
}

/// Which of the keys (JSON lists) in `wanted` stand in the source's list `name`.
///
/// # Errors
/// Why nobody knows: then all of them stay in doubt.
pub(super) async fn arrived(
    asking: &Asking<'_>,
    name: &str,
    wanted: &BTreeSet<String>,
) -> Result<BTreeSet<String>, String> {
    let submitter = asking.submitter;
    let contract = submitter.contract();
    let dataset = contract.dataset(name).ok_or_else(|| format!("the contract has no dataset {name}"))?;
    if !dataset.is_document() || !dataset.request.requires.is_empty() {
        return Err(format!("the dataset {name} cannot be read without parameters"));
    }
    let dataset = Arc::new(submitter.reach.configured(dataset));
    let places = key_places(submitter, &dataset)?;
    let settings = DecodeSettings { zone: contract.timezone, pii_key: submitter.pii_key.as_ref().map(Arc::clone) };
    let mut inspector =
        Inspector::new(Arc::clone(&dataset), shape::reader, settings).map_err(|error| error.to_string())?;
    let window = Window { fiscal_year: None, date: submitter.clock.today(contract.timezone) };
    let mut pager = pager(&dataset, &window);
    let (mut found, mut last, mut before) = (BTreeSet::new(), None, Vec::new());
    while let Some(ask) = pager.next(last.as_ref())? {
        let values: Vec<(String, String)> =
            ask.values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let request = request::fill(&dataset.request, submitter.reach.base_url(), &values, ask.whole);
        let page = asking.page_with_retries(&request, &dataset, &mut inspector).await?;
        last = Some(PageOutcome { rows: page.rows.len() as u64, total: page.total, repeated: page.hash == before });
        for texts in page.rows {
            let key: Option<Vec<String>> = places
                .iter()
                .map(|&(at, i)| Some(wire::sent_text(&submitter.submission.record.columns[i], texts[at].as_deref()?)))
                .collect();
            let key = key.map(|key| Value::from(key).to_string());
            found.extend(key.filter(|key| wanted.contains(key)));
        }
        if found.len() == wanted.len() {
            break;
        }
        before = page.hash;
    }
    Ok(found)
}

/// Where the list has the columns of the key: index there, index in the record.
fn key_places(submitter: &Submitter<'_>, dataset: &Dataset) -> Result<Vec<(usize, usize)>, String> {
    let place = |&i: &usize| {
        let name = &submitter.submission.record.columns[i].name;
        let missing = || format!("the dataset {} has no column {name}", dataset.name);
        Ok((dataset.column(name).ok_or_else(missing)?, i))
    };
    submitter.submission.key.iter().map(place).collect()
}

impl Asking<'_> {
    async fn page_with_retries(
        &self,
        request: &Request,
        dataset: &Dataset,
        inspector: &mut Inspector,
    ) -> Result<Page, String> {
        let limits = self.client.limits();
        for attempt in 2.. {
            if self.stop.is_asked() {
                return Err("stopped before it was known".to_owned());
            }
            let error = match self.page(request, dataset, inspector).await {
                Ok(page) => return page,
                Err(error) => error,
            };
            if !error.is_transient() || attempt > limits.attempts {
                return Err(error.to_string());
            }
            self.stop.sleep(pause(limits, attempt, error.retry_after())).await;
        }
        unreachable!("the attempts end")
    }

    /// One try at one page; what cannot be helped by another try is the inner error.
    async fn page(
        &self,
        request: &Request,
        dataset: &Dataset,
        inspector: &mut Inspector,
    ) -> Result<Result<Page, String>, FetchError> {
        let (reach, now) = (&self.submitter.reach, self.submitter.clock.now());
        let signature = self.signer.signature(self.client, reach.contract, reach.base_url(), now).await?;
        let mut answer = self.client.send(request, Some(&signature), true).await?;
        let body = answer.whole(DOCUMENT_BYTES_MAX).await?;
        Ok(self.read(dataset, inspector, answer.status, &body))
    }

    fn read(&self, dataset: &Dataset, inspector: &mut Inspector, status: u16, body: &[u8]) -> Result<Page, String> {
        let judged = judge_document(self.submitter.contract(), dataset, status, body).map_err(|e| e.to_string())?;
        let hash = Sha256::digest(body).to_vec();
        let rows = match judged.verdict {
            Verdict::Rows => inspector.inspect(body).map_err(|error| error.to_string())?.rows,
            Verdict::Empty => Vec::new(),
            other => return Err(format!("the source answered with HTTP {status} ({})", other.word())),
        };
        Ok(Page { rows: rows.into_iter().map(|row| row.texts).collect(), total: judged.total, hash })
    }
}
