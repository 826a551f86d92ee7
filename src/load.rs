//! One load, top to bottom: plan, fetch, decode, check, stage, commit.
//!
//! A run is one attempt at one dataset. It asks for every window that is due (a fiscal year; for daily data a day),
//! stages one Parquet file a window and publishes all of them together or none. Whatever goes wrong, what was published
//! before stays, and the ledger says why.

mod check;
mod error;
mod gate;
mod pages;
mod plan;
mod probe;
mod worker;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use chrono::NaiveDate;

pub use error::{LoadError, LoadErrorKind};
pub use probe::YearsProbed;

use crate::clock::Clock;
use crate::config::{Credentials, SourceSettings};
use crate::contract::{Contract, Dataset, HttpLimits, Paging};
use crate::source::fetch::SourceClient;
use crate::source::paging::Window;
use crate::warehouse::{CommitMode, DatasetId, Outcome as Unpublished, Run, RunId, RunStart, StagedFile, Warehouse};

/// What to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadRequest {
    /// The snapshot date.
    pub date: NaiveDate,
    /// The fiscal years; empty = the settings', else the date's.
    pub years: Vec<i32>,
    /// The days of daily data, instead of what is due.
    pub span: Option<(NaiveDate, NaiveDate)>,
    /// Publish even when the source holds much less than before.
    pub accept_shrink: bool,
}

/// How a run ended, in the words of `snapshot --output json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Published.
    Committed,
    /// The source holds what the last snapshot holds.
    Unchanged,
    /// No rows, and none before.
    Empty,
    /// Shrunk, emptied or refused by the gate; the last good snapshot stays.
    Held,
    /// Could not be loaded; the last good snapshot stays.
    Failed,
}

impl Status {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Unchanged => "unchanged",
            Self::Empty => "empty",
            Self::Held => "held",
            Self::Failed => "failed",
        }
    }
}

/// What became of one dataset.
#[derive(Debug)]
pub struct LoadReport {
    /// The dataset.
    pub dataset: DatasetId,
    /// The run; absent where none could begin.
    pub run: Option<RunId>,
    /// How it ended.
    pub status: Status,
    /// Rows taken in this run.
    pub rows: u64,
    /// Rows refused in this run.
    pub quarantined: u64,
    /// Answers received.
    pub pages: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Control sums of what this run took, by column.
    pub control: BTreeMap<String, String>,
    /// Wall time in seconds.
    pub seconds: f64,
    /// The folder that readers point at.
    pub path: PathBuf,
    /// Keys that the contract does not know, with the rows that had them.
    pub unknown_keys: BTreeMap<String, u64>,
    /// Why nothing was published, where that is so.
    pub error: Option<LoadError>,
}

/// Who watches a load.
pub trait Progress: Sync {
    /// A dataset begins, with so many windows to ask for.
    fn begin(&self, dataset: &DatasetId, n_windows: usize);
    /// A page landed: the totals of the run so far.
    fn advance(&self, dataset: &DatasetId, windows_done: usize, rows: u64, bytes: u64);
    /// A try failed and is made again; the reason is fit for a person.
    fn retry(&self, dataset: &DatasetId, reason: &str);
    /// A dataset ended.
    fn end(&self, report: &LoadReport);
}

/// Loads datasets of one source.
pub struct Loader<'a> {
    /// Where to.
    pub warehouse: &'a Warehouse,
    /// What the source is.
    pub contract: &'a Contract,
    /// How it is reached here.
    pub settings: &'a SourceSettings,
    /// Where secrets come from.
    pub credentials: &'a Credentials,
    /// The clock.
    pub clock: Clock,
    /// The tokens tried so far.
    pub probed: &'a YearsProbed,
    /// Who watches.
    pub progress: &'a dyn Progress,
}

/// Totals of a run while it is made.
#[derive(Debug, Default)]
struct Totals {
    rows: u64,
    quarantined: u64,
    pages: u64,
    bytes: u64,
    control: BTreeMap<String, String>,
    unknown_keys: BTreeMap<String, u64>,
}

impl Loader<'_> {
    /// Loads one dataset. Never fails as such: what went wrong is in the report and in the ledger.
    pub async fn load(&self, dataset: &Dataset, request: &LoadRequest) -> LoadReport {
        let began = Instant::now();
        let id = DatasetId::new(&self.contract.source, &dataset.name).expect("the contract checks its names");
        let mut totals = Totals::default();
        let (run, result) = self.run(&id, dataset, request, &mut totals).await;
        let status = match &result {
            Ok(status) => *status,
            Err(error) if error.kind() == LoadErrorKind::Held => Status::Held,
            Err(_) => Status::Failed,
        };
        let report = LoadReport {
            path: self.warehouse.root().join("latest").join(&self.contract.source).join(&dataset.name),
            dataset: id,
            run,
            status,
            rows: totals.rows,
            quarantined: totals.quarantined,
            pages: totals.pages,
            bytes: totals.bytes,
            control: totals.control,
            seconds: began.elapsed().as_secs_f64(),
            unknown_keys: totals.unknown_keys,
            error: result.err(),
        };
        self.progress.end(&report);
        report
    }

    /// The windows that `request` asks for, as the plan of `--dry-run`.
    ///
    /// # Errors
    /// When the ledger cannot be read or the request makes no sense for the dataset.
    pub fn plan(&self, dataset: &Dataset, request: &LoadRequest) -> Result<Vec<Window>, LoadError> {
        let years = plan::years(self.contract, self.settings, request);
        plan::windows(self.warehouse, self.contract, dataset, request, &years)
    }

    /// The address of the first request of `window`.
    #[must_use]
    pub fn first_url(&self, dataset: &Dataset, window: &Window) -> String {
        let mut pager = crate::source::paging::pager(&self.configured(dataset), window);
        format!("{}/{}", self.base_url(), pager.next(None).unwrap_or_default())
    }

    async fn run(
        &self,
        id: &DatasetId,
        dataset: &Dataset,
        request: &LoadRequest,
        totals: &mut Totals,
    ) -> (Option<RunId>, Result<Status, LoadError>) {
        let dataset = Arc::new(self.configured(dataset));
        let years = plan::years(self.contract, self.settings, request);
        let start = RunStart {
            dataset: id.clone(),
            tahun_anggaran: match years[..] {
                [year] if self.contract.fiscal_year => u16::try_from(year).ok(),
                _ => None,
            },
            contract_version: self.contract.version,
            control: dataset.control.iter().map(|&i| dataset.columns[i].name.clone()).collect(),
            key_id: None,
            replay_of: None,
            parameters: None,
            at: self.clock.now(),
        };
        let run = match self.warehouse.begin_run(start) {
            Ok(run) => Arc::new(run),
            Err(error) => return (None, Err(error.into())),
        };
        let run_id = run.id().clone();
        let landed = self.land(&run, &dataset, request, &years, totals).await;
        let run = Arc::into_inner(run).expect("the workers of a load end before it does");
        (Some(run_id), self.settle(run, &dataset, landed, totals))
    }

    /// Plans, fetches, decodes, checks and stages; begins again when the source moved meanwhile.
    async fn land(
        &self,
        run: &Arc<Run>,
        dataset: &Arc<Dataset>,
        request: &LoadRequest,
        years: &[i32],
        totals: &mut Totals,
    ) -> Result<Vec<StagedFile>, LoadError> {
        let windows = plan::windows(self.warehouse, self.contract, dataset, request, years)?;
        self.progress.begin(&plan::dataset_id(self.contract, dataset), windows.len());
        let client = SourceClient::new(self.contract.auth, self.http_limits(), self.settings.ca_bundle.as_deref())?;
        probe::refuse_other_years(self, dataset, &client, &windows).await?;
        let restarts = match dataset.paging {
            Paging::RowRange { restarts, .. } => restarts,
            Paging::Whole | Paging::Daily { .. } => client.limits().attempts.saturating_sub(1),
        };
        let mut attempt = 0;
        let mut landed = loop {
            match pages::land_windows(self, run, dataset, &client, &windows, totals).await {
                Err(error) if error.asks_for_restart() && attempt < restarts => {
                    attempt += 1;
                    self.progress.retry(&plan::dataset_id(self.contract, dataset), &error.to_string());
                    tracing::info!(dataset = %dataset.name, attempt, %error, "the load begins again");
                    run.discard_stage()?;
                    *totals = Totals { pages: totals.pages, bytes: totals.bytes, ..Totals::default() };
                }
                other => break other?,
            }
        };
        if request.accept_shrink {
            gate::stage_emptied(self.warehouse, run, dataset, request.date, &mut landed)?;
        }
        gate::judge(self.warehouse, self.contract, dataset, request, landed, totals)
    }

    /// Publishes what landed, or closes the run with the reason why not.
    fn settle(
        &self,
        run: Run,
        dataset: &Dataset,
        landed: Result<Vec<StagedFile>, LoadError>,
        totals: &mut Totals,
    ) -> Result<Status, LoadError> {
        let now = self.clock.now();
        let staged = match landed {
            Ok(staged) => staged,
            Err(error) => {
                let held = error.kind() == LoadErrorKind::Held;
                let outcome = if held { Unpublished::Held } else { Unpublished::Failed };
                if let Err(silent) = run.finish(outcome, Some(&error.to_string()), now) {
                    // Why the load failed matters more than that the ledger could not say so.
                    tracing::warn!(dataset = %dataset.name, error = %silent, "the failure is not in the ledger");
                }
                return Err(error);
            }
        };
        if totals.rows == 0 && staged.is_empty() {
            run.finish(Unpublished::Empty, None, now)?;
            return Ok(Status::Empty);
        }
        if staged.is_empty() {
            run.finish(Unpublished::Unchanged, None, now)?;
            return Ok(Status::Unchanged);
        }
        let mode = if dataset.accumulates() { CommitMode::Accumulate } else { CommitMode::Snapshot };
        let unknown: Vec<&str> = totals.unknown_keys.keys().map(String::as_str).collect();
        let note = (!unknown.is_empty()).then(|| format!("unknown keys kept in extra: {}", unknown.join(", ")));
        run.commit(staged, mode, now, note.as_deref())?;
        Ok(Status::Committed)
    }

    /// The dataset with this deployment's page size.
    fn configured(&self, dataset: &Dataset) -> Dataset {
        let mut dataset = dataset.clone();
        if let (Paging::RowRange { page_rows, .. }, Some(configured)) = (&mut dataset.paging, self.settings.page_rows)
            && (configured > 0 || dataset.path_whole.is_some())
        {
            *page_rows = configured;
        }
        dataset
    }

    fn base_url(&self) -> &str {
        self.settings.base_url.as_deref().unwrap_or(&self.contract.base_url)
    }

    fn http_limits(&self) -> HttpLimits {
        let contract = self.contract.http;
        HttpLimits {
            attempts: self.settings.attempts.unwrap_or(contract.attempts),
            backoff_secs: self.settings.backoff_secs.unwrap_or(contract.backoff_secs),
            ..contract
        }
    }
}
