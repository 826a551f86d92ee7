//! Windows page by page: asks, feeds the worker, and asks again where that may help.

use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::archivist::Archivist;
use super::ask::{PageAsk, PageSource};
use super::group::{Group, Landed};
use super::worker::{AnswerHead, PageReport, Setting, TableSetting, Worker, WorkerError};
use super::{LoadError, Loader, parameters, plan};
use crate::source::envelope::Verdict;
use crate::source::fetch::{Answer, FetchError, pause};
use crate::source::paging::{PageOutcome, Window};
use crate::warehouse::{Carried, PageRecord, QuarantineRecord, RawPage};

/// What a page needs to know about its window.
struct Asking<'a> {
    loader: &'a Loader<'a>,
    window: &'a Window,
    worker: Worker,
    archivist: Archivist,
    windows_done: usize,
}

/// Reads one window from `source` into every table of the group.
pub(super) async fn land_window(
    loader: &Loader<'_>,
    group: &mut Group,
    (window, windows_done): (&Window, usize),
    source: &mut dyn PageSource,
) -> Result<(), LoadError> {
    let mut tables = Vec::with_capacity(group.tables.len());
    for table in &group.tables {
        let partition = plan::partition(&table.dataset, window)?;
        let (dataset, run) = (Arc::clone(&table.dataset), Arc::clone(&table.run));
        tables.push(TableSetting { dataset, run, partition, carries: source.adds() });
    }
    let contract = Arc::clone(&group.contract);
    let pii_key = group.pii_key.clone();
    let worker = Worker::start(Setting { contract, tables, fiscal_year: window.fiscal_year, pii_key })
        .map_err(|error| explain(loader, window, error, String::new(), false))?;
    // The answers are kept with the dataset that is asked for.
    let archivist = Archivist::start(group.tables[0].run.archive());
    let mut asking = Asking { loader, window, worker, archivist, windows_done };
    let read = asking.pages(group, source).await;
    let Asking { worker, archivist, .. } = asking;
    let (hashes, rows) = match read {
        Ok(read) => read,
        Err(error) => {
            // Why the pages could not be read matters more than what the archive has to say.
            let _ = archivist.stop().await;
            worker.stop().await;
            return Err(error);
        }
    };
    // The last pages reach the disk while the file is closed and counted again.
    let (archived, reports) = tokio::join!(archivist.stop(), worker.close());
    let reports = reports.map_err(|error| explain(loader, window, error, String::new(), true))?;
    archived?;
    for ((table, report), rows) in group.tables.iter_mut().zip(reports).zip(rows) {
        for (key, n) in report.unknown_keys {
            *table.totals.unknown_keys.entry(key).or_default() += n;
        }
        let partition = plan::partition(&table.dataset, window)?;
        if report.staged.is_none() && source.adds() {
            // Nothing is added to what the day holds of this table, so nothing of it is published or missed.
            continue;
        }
        let (staged, carried) =
            report.staged.map_or((None, Carried::default()), |(file, carried)| (Some(file), carried));
        let (window, hashes, rows) = (window.clone(), hashes.clone(), rows + carried.rows);
        let landed = Landed { window, partition, rows, carried, hashes, staged };
        landed.check(&table.id)?;
        table.landed.push(landed);
    }
    let totals = &group.tables[0].totals;
    loader.progress.advance(&group.tables[0].id, windows_done + 1, totals.rows, totals.bytes);
    Ok(())
}

impl Asking<'_> {
    /// Reads the pages of the window; returns their hashes and the rows each table took.
    async fn pages(
        &mut self,
        group: &mut Group,
        source: &mut dyn PageSource,
    ) -> Result<(Vec<String>, Vec<u64>), LoadError> {
        let (mut hashes, mut rows, mut last, mut page) = (Vec::new(), vec![0; group.tables.len()], None, 0);
        let moved = |reason| LoadError::Moved(format!("{} {reason}", plan::label(self.window)));
        while let Some(ask) = source.next(last.as_ref()).map_err(moved)? {
            page += 1;
            let Page { report, sha256 } = self.page_with_retries(group, source, &ask, page).await?;
            let first = report.tables[0].summary;
            last = Some(PageOutcome {
                rows: first.rows + first.refused + first.nulls,
                total: report.total,
                repeated: hashes.last() == Some(&sha256),
            });
            for ((table, taken), rows) in group.tables.iter_mut().zip(&report.tables).zip(&mut rows) {
                for refused in &taken.refused {
                    table.run.record_quarantine(&QuarantineRecord {
                        page,
                        row: refused.row,
                        column: refused.column.as_deref(),
                        reason: &refused.reason,
                        original: refused.original.as_deref(),
                    })?;
                }
                *rows += taken.summary.rows;
                table.totals.rows += taken.summary.rows;
                table.totals.quarantined += taken.summary.refused;
            }
            hashes.push(sha256);
            let totals = &group.tables[0].totals;
            self.loader.progress.advance(&group.tables[0].id, self.windows_done, totals.rows, totals.bytes);
        }
        Ok((hashes, rows))
    }

    async fn page_with_retries(
        &self,
        group: &mut Group,
        source: &mut dyn PageSource,
        ask: &PageAsk,
        page: u32,
    ) -> Result<Page, LoadError> {
        let limits = self.loader.http_limits();
        let id = group.tables[0].id.clone();
        let (mut attempt, mut renewed) = (1, false);
        loop {
            let error = match self.page(group, source, ask, page).await {
                Ok(page) => return Ok(page),
                // A key that a login handed out may have ended early: one new one is worth a try, at once.
                Err(LoadError::Unauthorised { .. }) if !renewed && source.renew() => {
                    renewed = true;
                    continue;
                }
                Err(error) if source.is_live() && error.asks_for_retry() && attempt < limits.attempts => error,
                Err(error) => return Err(error),
            };
            attempt += 1;
            let retry_after = match &error {
                LoadError::Fetch(error) => error.retry_after(),
                _ => None,
            };
            let wait = pause(&limits, attempt, retry_after);
            tracing::info!(dataset = %id, attempt, wait_secs = wait.as_secs(), %error, "asking again");
            let text = format!("{error}; try {attempt} of {} in {} s", limits.attempts, wait.as_secs());
            self.loader.progress.retry(&id, &text);
            tokio::time::sleep(wait).await;
        }
    }

    /// One try at one page, noted in the ledger whatever comes of it.
    async fn page(
        &self,
        group: &mut Group,
        source: &mut dyn PageSource,
        ask: &PageAsk,
        page: u32,
    ) -> Result<Page, LoadError> {
        let mut note = Note::new(page, ask, self.loader.clock.now());
        let mut answer = match source.open(ask).await {
            Ok(answer) => answer,
            Err(error) => {
                if let FetchError::Status { status, .. } = &error {
                    note.status = Some(*status);
                }
                self.record(group, &note, "unavailable", None)?;
                return Err(error.into());
            }
        };
        note.status = Some(answer.status);
        let died = |error| explain(self.loader, self.window, error, ask.shown.clone(), true);
        let noted = parameters::as_json(&ask.parameters);
        self.archivist.begin(noted).await?;
        let head = AnswerHead { status: answer.status, parameters: Arc::clone(&ask.parameters) };
        self.worker.begin(head).await.map_err(died)?;
        if let Err(error) = self.receive(&mut answer, &mut note).await {
            self.archivist.drop_page().await?;
            self.record(group, &note, "broken_off", None)?;
            return Err(error);
        }
        match self.worker.end().await {
            Ok(report) => {
                note.raw = self.archivist.end(matches!(report.verdict, Verdict::Rows | Verdict::Empty)).await?;
                self.record(group, &note, report.verdict.word(), Some(&report))?;
                Ok(Page { report: self.accept(report, &ask.shown)?, sha256: note.sha256() })
            }
            Err(failure) => {
                note.raw = self.archivist.end(failure.error.is_worth_keeping()).await?;
                self.record(group, &note, "broken", None)?;
                Err(explain(self.loader, self.window, failure.error, ask.shown.clone(), failure.spilled))
            }
        }
    }

    /// Hands the body to the worker as it arrives, counted and hashed on the way. Stops when the worker cannot take it:
    /// what is broken is not read to its end.
    async fn receive(&self, answer: &mut Answer, note: &mut Note<'_>) -> Result<(), LoadError> {
        let died = |error| explain(self.loader, self.window, error, note.ask.shown.clone(), true);
        while !self.worker.gave_up() {
            match answer.chunk().await {
                Ok(Some(bytes)) => {
                    note.n_bytes += bytes.len() as u64;
                    // The worker decodes this chunk while it is hashed here.
                    self.worker.chunk(bytes.clone()).await.map_err(died)?;
                    self.archivist.chunk(&bytes).await?;
                    note.hash.update(&bytes);
                }
                Ok(None) => return Ok(()),
                Err(error) => {
                    let spilled = self.worker.drop_page().await.map_err(died)?;
                    let late = spilled && error.is_transient();
                    return Err(if late { LoadError::BrokenOffLate(error) } else { error.into() });
                }
            }
        }
        Ok(())
    }

    /// Rows and the word that there are none are fine; everything else is an error.
    fn accept(&self, report: PageReport, url: &str) -> Result<PageReport, LoadError> {
        let url = url.to_owned();
        match &report.verdict {
            Verdict::Rows | Verdict::Empty => Ok(report),
            Verdict::WrongParameter => Err(LoadError::WrongParameter { url }),
            Verdict::Garbage(what) => Err(LoadError::Garbage { url, what: what.clone() }),
            Verdict::Unavailable(why) | Verdict::Failed(why) => Err(LoadError::SaysFailed { url, why: why.clone() }),
            Verdict::Refused(status) => Err(FetchError::Status { url, status: *status, retry_after: None }.into()),
            Verdict::Unauthorised => {
                let year = self.window.fiscal_year.map(|year| format!(" of fiscal year {year}")).unwrap_or_default();
                let variable = plan::variable(&self.loader.settings.token_env, self.window.fiscal_year);
                Err(LoadError::Unauthorised { url, year, variable })
            }
        }
    }

    /// Notes a page in the ledger of every table's run.
    fn record(
        &self,
        group: &mut Group,
        note: &Note<'_>,
        verdict: &str,
        report: Option<&PageReport>,
    ) -> Result<(), LoadError> {
        let sha256 = if note.n_bytes == 0 { String::new() } else { note.sha256() };
        let millis = u64::try_from(note.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        for (i, table) in group.tables.iter_mut().enumerate() {
            let summary = report.map(|report| report.tables[i].summary).unwrap_or_default();
            table.totals.pages += 1;
            table.totals.bytes += note.n_bytes;
            table.run.record_page(PageRecord {
                window: plan::label(self.window),
                page: note.page,
                url: note.ask.shown.clone(),
                http_status: note.status,
                bytes: note.n_bytes,
                sha256: sha256.clone(),
                rows: summary.rows + summary.refused,
                quarantined: summary.refused,
                started_at: note.started_at,
                millis,
                verdict: verdict.to_owned(),
                raw: note.raw.as_ref().or(note.ask.raw.as_ref()).cloned(),
                parameters: parameters::shown(&note.ask.parameters, &table.dataset),
            })?;
        }
        Ok(())
    }
}

fn explain(loader: &Loader<'_>, window: &Window, error: WorkerError, url: String, spilled: bool) -> LoadError {
    match error {
        WorkerError::Decode(error) => LoadError::Decode { url, error, spilled },
        WorkerError::Moved(reason) => LoadError::Moved(format!("{} {reason}", plan::label(window))),
        WorkerError::OtherYear(found) => LoadError::OtherYear {
            label: plan::label(window),
            found,
            variable: plan::variable(&loader.settings.token_env, window.fiscal_year),
        },
        WorkerError::Warehouse(error) => error.into(),
        WorkerError::Died(reason) => LoadError::Worker(reason),
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
    ask: &'a PageAsk,
    status: Option<u16>,
    started_at: DateTime<Utc>,
    began: Instant,
    hash: Sha256,
    n_bytes: u64,
    raw: Option<RawPage>,
}

impl<'a> Note<'a> {
    fn new(page: u32, ask: &'a PageAsk, started_at: DateTime<Utc>) -> Self {
        Self {
            page,
            ask,
            status: None,
            started_at,
            began: Instant::now(),
            hash: Sha256::new(),
            n_bytes: 0,
            raw: None,
        }
    }

    fn sha256(&self) -> String {
        self.hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
