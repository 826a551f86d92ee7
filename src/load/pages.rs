//! Windows page by page: asks, feeds the worker, and asks again where that may help.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use super::worker::{PageReport, Setting, Worker, WorkerError};
use super::{LoadError, Loader, Totals, plan};
use crate::contract::Dataset;
use crate::decode::PageSummary;
use crate::quality::ExactSum;
use crate::source::envelope::Verdict;
use crate::source::fetch::{Answer, FetchError, SourceClient, pause};
use crate::source::paging::{Window, pager};
use crate::warehouse::{PageRecord, Partition, QuarantineRecord, Run, StagedFile, Sums};

/// A window that was read whole.
#[derive(Debug)]
pub(super) struct Landed {
    pub(super) window: Window,
    pub(super) partition: Partition,
    /// Rows staged.
    pub(super) rows: u64,
    /// SHA-256 of each page, in order.
    pub(super) hashes: Vec<String>,
    /// The staged file; absent when there were no rows.
    pub(super) staged: Option<StagedFile>,
}

/// What a page needs to know about its window.
struct Asking<'a> {
    loader: &'a Loader<'a>,
    run: &'a Run,
    dataset: &'a Dataset,
    client: &'a SourceClient,
    window: &'a Window,
    token: SecretString,
}

/// Reads every window.
pub(super) async fn land_windows(
    loader: &Loader<'_>,
    run: &Arc<Run>,
    dataset: &Arc<Dataset>,
    client: &SourceClient,
    windows: &[Window],
    totals: &mut Totals,
) -> Result<Vec<Landed>, LoadError> {
    let id = plan::dataset_id(loader.contract, dataset);
    let contract = Arc::new(loader.contract.clone());
    let mut landed = Vec::with_capacity(windows.len());
    for (i, window) in windows.iter().enumerate() {
        let token =
            loader.credentials.token(&loader.contract.source, &loader.settings.token_env, window.fiscal_year)?;
        let asking = Asking { loader, run, dataset, client, window, token };
        let partition = plan::partition(dataset, window)?;
        let worker = Worker::start(Setting {
            contract: Arc::clone(&contract),
            dataset: Arc::clone(dataset),
            fiscal_year: window.fiscal_year,
            run: Arc::clone(run),
            partition: partition.clone(),
        });
        let (hashes, rows) = match asking.pages(&worker, totals, i).await {
            Ok(read) => read,
            Err(error) => {
                worker.stop().await;
                return Err(error);
            }
        };
        let report = worker.close().await.map_err(|error| asking.explain(error, String::new(), true))?;
        for (key, n) in report.unknown_keys {
            *totals.unknown_keys.entry(key).or_default() += n;
        }
        check_landed(&id.to_string(), rows, report.staged.as_ref())?;
        landed.push(Landed { window: window.clone(), partition, rows, hashes, staged: report.staged });
        loader.progress.advance(&id, i + 1, totals.rows, totals.bytes);
    }
    Ok(landed)
}

/// Rows landed = rows read.
fn check_landed(id: &str, rows: u64, staged: Option<&StagedFile>) -> Result<(), LoadError> {
    let landed = staged.map_or(0, StagedFile::rows);
    if landed == rows {
        return Ok(());
    }
    Err(LoadError::Worker(format!("{id}: {rows} rows were read but {landed} were written")))
}

impl Asking<'_> {
    /// Reads the pages of the window; returns their hashes and the rows taken.
    async fn pages(
        &self,
        worker: &Worker,
        totals: &mut Totals,
        windows_done: usize,
    ) -> Result<(Vec<String>, u64), LoadError> {
        let mut pager = pager(self.dataset, self.window);
        let id = plan::dataset_id(self.loader.contract, self.dataset);
        let (mut hashes, mut rows, mut rows_of_last, mut page) = (Vec::new(), 0, None, 0);
        while let Some(path) = pager.next(rows_of_last) {
            page += 1;
            let url = format!("{}/{path}", self.loader.base_url());
            let Page { report, sha256 } = self.page_with_retries(worker, &url, page, totals).await?;
            for refused in &report.refused {
                self.run.record_quarantine(&QuarantineRecord {
                    page,
                    row: refused.row,
                    column: refused.column.as_deref(),
                    reason: &refused.reason,
                    original: refused.original.as_deref(),
                })?;
            }
            rows += report.summary.rows;
            totals.rows += report.summary.rows;
            totals.quarantined += report.summary.refused;
            rows_of_last = Some(report.summary.rows + report.summary.refused + report.summary.nulls);
            hashes.push(sha256);
            self.loader.progress.advance(&id, windows_done, totals.rows, totals.bytes);
        }
        Ok((hashes, rows))
    }

    async fn page_with_retries(
        &self,
        worker: &Worker,
        url: &str,
        page: u32,
        totals: &mut Totals,
    ) -> Result<Page, LoadError> {
        let limits = self.client.limits();
        let id = plan::dataset_id(self.loader.contract, self.dataset);
        let mut attempt = 1;
        loop {
            let error = match self.page(worker, url, page, totals).await {
                Ok(page) => return Ok(page),
                Err(error) if error.asks_for_retry() && attempt < limits.attempts => error,
                Err(error) => return Err(error),
            };
            attempt += 1;
            let retry_after = match &error {
                LoadError::Fetch(error) => error.retry_after(),
                _ => None,
            };
            let wait = pause(limits, attempt, retry_after);
            tracing::info!(dataset = %id, attempt, wait_secs = wait.as_secs(), %error, "asking again");
            let text = format!("{error}; try {attempt} of {} in {} s", limits.attempts, wait.as_secs());
            self.loader.progress.retry(&id, &text);
            tokio::time::sleep(wait).await;
        }
    }

    /// One try at one page, noted in the ledger whatever comes of it.
    async fn page(&self, worker: &Worker, url: &str, page: u32, totals: &mut Totals) -> Result<Page, LoadError> {
        let mut note = Note::new(page, url, self.loader.clock.now());
        let mut answer = match self.client.get(url, Some(&self.token)).await {
            Ok(answer) => answer,
            Err(error) => {
                if let FetchError::Status { status, .. } = &error {
                    note.status = Some(*status);
                }
                self.record(&note, "unavailable", PageSummary::default(), totals)?;
                return Err(error.into());
            }
        };
        note.status = Some(answer.status);
        worker.begin(answer.status).await.map_err(|error| self.explain(error, url.to_owned(), true))?;
        if let Err(error) = self.receive(worker, &mut answer, &mut note).await {
            self.record(&note, "broken_off", PageSummary::default(), totals)?;
            return Err(error);
        }
        match worker.end().await {
            Ok(report) => {
                self.record(&note, report.verdict.word(), report.summary, totals)?;
                Ok(Page { report: self.accept(report, url)?, sha256: note.sha256() })
            }
            Err(failure) => {
                self.record(&note, "broken", PageSummary::default(), totals)?;
                Err(self.explain(failure.error, url.to_owned(), failure.spilled))
            }
        }
    }

    /// Hands the body to the worker as it arrives, counted and hashed on the way.
    async fn receive(&self, worker: &Worker, answer: &mut Answer, note: &mut Note<'_>) -> Result<(), LoadError> {
        let died = |error| self.explain(error, note.url.to_owned(), true);
        loop {
            match answer.chunk().await {
                Ok(Some(bytes)) => {
                    note.n_bytes += bytes.len() as u64;
                    // The worker decodes this chunk while it is hashed here.
                    worker.chunk(bytes.clone()).await.map_err(died)?;
                    note.hash.update(&bytes);
                }
                Ok(None) => return Ok(()),
                Err(error) => {
                    let spilled = worker.drop_page().await.map_err(died)?;
                    let late = spilled && error.is_transient();
                    return Err(if late { LoadError::BrokenOffLate(error) } else { error.into() });
                }
            }
        }
    }

    /// Rows and the word that there are none are fine; everything else is an error.
    fn accept(&self, report: PageReport, url: &str) -> Result<PageReport, LoadError> {
        let url = url.to_owned();
        match &report.verdict {
            Verdict::Rows | Verdict::Empty => Ok(report),
            Verdict::WrongParameter => Err(LoadError::WrongParameter { url }),
            Verdict::Garbage(what) => Err(LoadError::Garbage { url, what: what.clone() }),
            Verdict::Unauthorised => {
                let year = self.window.fiscal_year.map(|year| format!(" of fiscal year {year}")).unwrap_or_default();
                Err(LoadError::Unauthorised {
                    url,
                    year,
                    variable: plan::variable(&self.loader.settings.token_env, self.window.fiscal_year),
                })
            }
        }
    }

    fn explain(&self, error: WorkerError, url: String, spilled: bool) -> LoadError {
        match error {
            WorkerError::Decode(error) => LoadError::Decode { url, error, spilled },
            WorkerError::Moved(reason) => LoadError::Moved(format!("{} {reason}", plan::label(self.window))),
            WorkerError::OtherYear(found) => LoadError::OtherYear {
                label: plan::label(self.window),
                found,
                variable: plan::variable(&self.loader.settings.token_env, self.window.fiscal_year),
            },
            WorkerError::Warehouse(error) => error.into(),
            WorkerError::Died(reason) => LoadError::Worker(reason),
        }
    }

    fn record(
        &self,
        note: &Note<'_>,
        verdict: &str,
        summary: PageSummary,
        totals: &mut Totals,
    ) -> Result<(), LoadError> {
        totals.pages += 1;
        totals.bytes += note.n_bytes;
        self.run.record_page(PageRecord {
            window: plan::label(self.window),
            page: note.page,
            url: note.url.to_owned(),
            http_status: note.status,
            bytes: note.n_bytes,
            sha256: if note.n_bytes == 0 { String::new() } else { note.sha256() },
            rows: summary.rows + summary.refused,
            quarantined: summary.refused,
            started_at: note.started_at,
            millis: u64::try_from(note.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            verdict: verdict.to_owned(),
            raw: None,
        })?;
        Ok(())
    }
}

/// A page that was read whole.
struct Page {
    report: PageReport,
    /// Of the body as received, hexadecimal.
    sha256: String,
}

/// What the ledger will say of a page.
struct Note<'a> {
    page: u32,
    url: &'a str,
    status: Option<u16>,
    started_at: DateTime<Utc>,
    began: Instant,
    hash: Sha256,
    n_bytes: u64,
}

impl<'a> Note<'a> {
    fn new(page: u32, url: &'a str, started_at: DateTime<Utc>) -> Self {
        Self { page, url, status: None, started_at, began: Instant::now(), hash: Sha256::new(), n_bytes: 0 }
    }

    fn sha256(&self) -> String {
        self.hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The sums of what landed, by column, as exact decimal text.
pub(super) fn control_sums(landed: &[Landed]) -> BTreeMap<String, String> {
    let mut sums = Sums::new();
    for (column, sum) in landed.iter().filter_map(|window| window.staged.as_ref()).flat_map(StagedFile::sums) {
        let total = sums.entry(column.clone()).or_default();
        // All files of a dataset have one schema, so one scale a column; 38 digits hold any sum of rupiah.
        *total = ExactSum { unscaled: total.unscaled + sum.unscaled, scale: sum.scale };
    }
    sums.iter().map(|(column, sum)| (column.clone(), sum.to_string())).collect()
}
