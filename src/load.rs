//! One load, top to bottom: plan, fetch, decode, check, stage, commit.
//!
//! A run is one attempt at one dataset. It asks for every window that is due (a fiscal year; for daily data a day),
//! stages one Parquet file a window and publishes all of them together or none. Answers that fill several tables have a run
//! for each of them, side by side. Whatever goes wrong, what was published before stays, and the ledger says why.

mod archivist;
mod ask;
mod check;
mod error;
mod gate;
mod group;
pub mod inbox;
mod pages;
mod parameters;
mod plan;
mod probe;
mod publish;
mod replay;
mod settings;
mod standing;
mod worker;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use chrono::NaiveDate;

pub use error::{LoadError, LoadErrorKind};
pub use parameters::{Loaded, Parameters};
pub use probe::YearsProbed;
pub use replay::ReplayRequest;
pub use standing::Standing;

use crate::clock::Clock;
use crate::config::{ArchiveSettings, Credentials, PrivacySettings, SourceSettings};
use crate::contract::{Contract, Dataset, Transport};
use crate::source::fetch::SourceClient;
pub use crate::source::paging::Window;
use crate::source::paging::pager;
use crate::warehouse::{Acceptance, DatasetId, RunId, RunStart, StagedFile, Warehouse};
use ask::{Conversation, FilePages, HttpPages, PageSource};
use group::{Group, Table, Totals};

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
    /// Publish even when too many rows were refused.
    pub accept_quarantine: bool,
    /// Publish even when the columns look quite different from before.
    pub accept_drift: bool,
    /// Who asks: the ledger names them where the gate was overruled.
    pub operator: String,
    /// Filters and required parameters, by name.
    pub parameters: Parameters,
    /// The run whose archived pages are decoded again; `None` where the source is asked.
    pub replay_of: Option<RunId>,
}

impl LoadRequest {
    /// Everything that is due on `date`, with nothing overruled.
    #[must_use]
    pub fn of(date: NaiveDate, operator: String) -> Self {
        Self {
            date,
            years: Vec::new(),
            span: None,
            accept_shrink: false,
            accept_quarantine: false,
            accept_drift: false,
            operator,
            parameters: Parameters::new(),
            replay_of: None,
        }
    }
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
    /// Whether no further day of daily data is to be asked for: what landed is published, and the load ends.
    fn stop_asked(&self) -> bool {
        false
    }
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
    /// What is kept of the answers.
    pub archive: &'a ArchiveSettings,
    /// Where the secret is that personal values are hashed under.
    pub privacy: &'a PrivacySettings,
    /// The clock.
    pub clock: Clock,
    /// The tokens tried so far.
    pub probed: &'a YearsProbed,
    /// Answers the queries that requests are repeated for.
    pub loaded: &'a dyn Loaded,
    /// Who watches.
    pub progress: &'a dyn Progress,
}

impl Loader<'_> {
    /// Loads one dataset and the further tables of its answers; one report each, the dataset's own first. Never fails as
    /// such: what went wrong is in the reports and in the ledger.
    pub async fn load(&self, dataset: &Dataset, request: &LoadRequest) -> Vec<LoadReport> {
        let began = Instant::now();
        let dataset = self.contract.asked_with(dataset);
        let (mut group, begun) = self.begin(dataset, request);
        let landed = match begun {
            Ok(()) => self.land(&mut group, request).await,
            Err(error) => Err(error),
        };
        let reports = self.settle(group, landed, dataset);
        inbox::settle(self, dataset, &plan::dataset_id(self.contract, dataset));
        self.ended(reports, began)
    }

    /// Tells who watches that the load is over.
    fn ended(&self, mut reports: Vec<LoadReport>, began: Instant) -> Vec<LoadReport> {
        for report in &mut reports {
            report.seconds = began.elapsed().as_secs_f64();
            self.progress.end(report);
        }
        reports
    }

    /// The windows that `request` asks for, as the plan of `--dry-run`.
    ///
    /// # Errors
    /// When the ledger cannot be read or the request makes no sense for the dataset.
    pub fn plan(&self, dataset: &Dataset, request: &LoadRequest) -> Result<Vec<Window>, LoadError> {
        let years = plan::years(dataset, self.settings, request);
        plan::windows(self.warehouse, self.contract, dataset, request, &years)
    }

    /// What is asked first for `window`: an address, or a folder.
    #[must_use]
    pub fn first_url(&self, dataset: &Dataset, window: &Window) -> String {
        let dataset = self.configured(self.contract.asked_with(dataset));
        match dataset.transport {
            Transport::Http => {}
            Transport::Folder => return self.drop_folder(&dataset).display().to_string(),
            Transport::Inbox => return format!("inbox/{}/{}", self.contract.source, dataset.name),
        }
        let ask = pager(&dataset, window).next(None).ok().flatten().unwrap_or_default();
        ask::page_request((&dataset, self.base_url()), window, &[], &ask).shown
    }

    /// Begins a run for every table that the answers fill. A run that cannot begin leaves the ones before it to be closed.
    fn begin(&self, dataset: &Dataset, request: &LoadRequest) -> (Group, Result<(), LoadError>) {
        let mut group = Group { contract: Arc::new(self.contract.clone()), pii_key: None, tables: Vec::new() };
        let configured = self.configured(dataset);
        let years = plan::years(dataset, self.settings, request);
        let further: Vec<Dataset> = self.contract.further_tables(dataset).cloned().collect();
        // Nothing is asked for that could not be stored.
        if configured.needs_pii_key() || further.iter().any(Dataset::needs_pii_key) {
            match self.credentials.pii_key(self.privacy.key_file.as_deref()) {
                Ok(key) => group.pii_key = Some(Arc::new(key)),
                Err(error) => return (group, Err(error.into())),
            }
        }
        // One answer is kept once, and as its most personal table wants it.
        let personal = configured.personal || further.iter().any(|dataset| dataset.personal);
        for (i, dataset) in std::iter::once(configured).chain(further).enumerate() {
            let id = plan::dataset_id(self.contract, &dataset);
            let key = group.pii_key.as_ref().filter(|_| dataset.needs_pii_key());
            let key_id = key.map(|key| key.key_id().to_owned());
            // A replay keeps nothing anew: its pages are in the archive.
            let keeping = self.keeping(personal, i == 0 && request.replay_of.is_none());
            let start = RunStart {
                dataset: id.clone(),
                tahun_anggaran: match years[..] {
                    [year] if dataset.fiscal_year => u16::try_from(year).ok(),
                    _ => None,
                },
                contract_version: self.contract.version,
                control: dataset.control.iter().map(|&i| dataset.columns[i].name.clone()).collect(),
                key_id: key_id.clone(),
                replay_of: request.replay_of.clone(),
                keeping,
                parameters: parameters::shown(&request.parameters.clone().into_iter().collect::<Vec<_>>(), &dataset),
                at: self.clock.now(),
            };
            match self.warehouse.begin_run(start) {
                Ok(run) => group.tables.push(Table {
                    id,
                    dataset: Arc::new(dataset),
                    run: Arc::new(run),
                    key_id,
                    totals: Totals::default(),
                    landed: Vec::new(),
                }),
                Err(error) => return (group, Err(error.into())),
            }
        }
        (group, Ok(()))
    }

    /// Plans, fetches, decodes, checks and stages; begins again when the source moved meanwhile.
    async fn land(&self, group: &mut Group, request: &LoadRequest) -> Result<ToPublish, LoadError> {
        let dataset = Arc::clone(&group.tables[0].dataset);
        let years = plan::years(&dataset, self.settings, request);
        let windows = plan::windows(self.warehouse, self.contract, &dataset, request, &years)?;
        if dataset.transport != Transport::Inbox {
            self.progress.begin(&group.tables[0].id, windows.len());
        }
        let mut files = Vec::new();
        match dataset.transport {
            Transport::Http => self.land_http(group, request, &windows).await?,
            Transport::Inbox => {
                if !inbox::land(self, group).await? {
                    return Ok(ToPublish { staged: Vec::new(), files, nothing_new: true });
                }
            }
            Transport::Folder => {
                files = ask::dropped_files(&self.drop_folder(&dataset))?;
                if files.is_empty() {
                    return Ok(ToPublish { staged: Vec::new(), files, nothing_new: true });
                }
                let mut source = FilePages::new(&files, self.contract.http.body_bytes_max);
                pages::land_window(self, group, (&windows[0], 0), &mut source).await?;
            }
        }
        self.judge(group, request, files)
    }

    /// Judges what landed in every table.
    fn judge(&self, group: &mut Group, request: &LoadRequest, files: Vec<PathBuf>) -> Result<ToPublish, LoadError> {
        let mut staged = Vec::with_capacity(group.tables.len());
        for table in &mut group.tables {
            if request.accept_shrink {
                gate::stage_emptied(self.warehouse, &table.run, &table.dataset, request.date, &mut table.landed)?;
            }
            staged.push(gate::judge(self.warehouse, self.contract, table, request)?);
            if !table.totals.accepted.is_empty() {
                table.run.accept(Acceptance { by: request.operator.clone(), at: self.clock.now() });
            }
            // Raw pages that several runs refer to must be known as such before one of the runs lets go of them.
            table.run.write_notes()?;
        }
        Ok(ToPublish { staged, files, nothing_new: false })
    }

    /// Asks for every window over HTTP; begins again when the source moved meanwhile.
    async fn land_http(&self, group: &mut Group, request: &LoadRequest, windows: &[Window]) -> Result<(), LoadError> {
        let dataset = Arc::clone(&group.tables[0].dataset);
        let client = self.client()?;
        probe::refuse_other_years(self, &dataset, &client, windows).await?;
        let restarts = dataset.restarts().unwrap_or_else(|| client.limits().attempts.saturating_sub(1));
        let mut attempt = 0;
        loop {
            match self.land_windows(group, request, (&client, windows)).await {
                Err(error) if error.asks_for_restart() && attempt < restarts => {
                    attempt += 1;
                    self.progress.retry(&group.tables[0].id, &error.to_string());
                    tracing::info!(dataset = %dataset.name, attempt, %error, "the load begins again");
                    group.discard()?;
                }
                other => return other,
            }
        }
    }

    async fn land_windows(
        &self,
        group: &mut Group,
        request: &LoadRequest,
        (client, windows): (&SourceClient, &[Window]),
    ) -> Result<(), LoadError> {
        let dataset = Arc::clone(&group.tables[0].dataset);
        for (i, window) in windows.iter().enumerate() {
            // Each day is a partition of its own: those that landed are published, the others asked for another time.
            if i > 0 && dataset.accumulates() && self.progress.stop_asked() {
                break;
            }
            let signer = self.signer(window.fiscal_year)?;
            let sets = parameters::sets(self, &dataset, request, window).await?;
            let conversation = Conversation { client, signer: &signer, window };
            let mut source = HttpPages::new(self, &dataset, &conversation, sets);
            pages::land_window(self, group, (window, i), &mut source as &mut dyn PageSource).await?;
        }
        Ok(())
    }
}

/// What every table of a load has to publish.
struct ToPublish {
    /// Staged files, by table.
    staged: Vec<Vec<StagedFile>>,
    /// The dropped files that were read.
    files: Vec<PathBuf>,
    /// There was nothing to read.
    nothing_new: bool,
}
