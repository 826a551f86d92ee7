//! Materialised marts: after a load the data tests are run, and every view that readers of files may have is written as
//! Parquet below `warehouse/marts`.
//!
//! One attempt, top to bottom: take the marts' lock; open a session over one consistent set of committed snapshots; see which
//! marts are made of something that changed since; run the data tests, of which one of severity error that finds rows holds
//! the marts; write what changed, link what did not; show all of them at once. Whatever goes wrong, the marts that are shown
//! stay, and the ledger says why: a load is never stopped by a mart.

mod inputs;

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;

use crate::catalog::{Catalog, CatalogError, CheckReport, Severity, ViewFile, ViewSet};
use crate::clock::Clock;
use crate::warehouse::{
    AsOf, DataTestRecord, ErrorKind, MartFile, MartRun, Outcome, StagedMart, Warehouse, WarehouseError,
};
pub use inputs::snapshots;
use inputs::{Inputs, SessionInputs};

/// Opens sessions over what is committed.
#[async_trait]
pub trait Sessions: Sync {
    /// A session over the newest snapshots.
    async fn latest(&self) -> Result<Catalog, String>;
}

/// Materialises the marts of one warehouse.
pub struct Materialiser<'a> {
    /// Where they are shown.
    pub warehouse: &'a Warehouse,
    /// The views and data tests.
    pub views: &'a ViewSet,
    /// Where sessions come from.
    pub sessions: &'a dyn Sessions,
    /// The clock.
    pub clock: Clock,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// New marts are shown.
    Shown,
    /// Nothing they are made of changed.
    Unchanged,
    /// A data test of severity error found rows; the marts before stay.
    Held(String),
    /// A mart could not be made; the marts before stay.
    Failed {
        /// Which, and why.
        reason: String,
        /// Whether the warehouse could not be written, rather than the mart computed.
        cannot_write: bool,
    },
}

/// One mart that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MartLine {
    /// Its file.
    pub file: MartFile,
    /// Whether this attempt wrote it, or it was taken over.
    pub written: bool,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MartsReport {
    /// How it ended.
    pub ending: Ending,
    /// The marts that are shown now, by name; none where nothing was.
    pub marts: Vec<MartLine>,
    /// What the data tests said; none where they were not run.
    pub tests: Vec<DataTestRecord>,
}

/// Longest that is waited for another process that makes the marts.
const PATIENCE: Duration = Duration::from_secs(600);
/// How often that is looked for.
const LOOK: Duration = Duration::from_millis(100);
/// How often a session is opened anew because a load committed meanwhile.
const SESSIONS_MAX: usize = 10;

/// Why an attempt shows nothing.
enum Stopped {
    Held(String),
    Failed(String),
    Warehouse(WarehouseError),
}

impl From<WarehouseError> for Stopped {
    fn from(error: WarehouseError) -> Self {
        Self::Warehouse(error)
    }
}

impl Materialiser<'_> {
    /// Brings the marts up to date. Never fails as such: what went wrong is in the report and in the ledger.
    pub async fn materialise(&self) -> MartsReport {
        let mut tests = Vec::new();
        let stopped = match self.begin().await {
            Ok(run) => match self.attempt(&run, &mut tests).await {
                Ok(done) => self.end(run, done).map_err(Stopped::from),
                Err(stopped) => Err(self.give_up(run, stopped)),
            },
            Err(stopped) => Err(stopped),
        };
        match stopped {
            Ok((ending, marts)) => MartsReport { ending, marts, tests },
            Err(stopped) => {
                let ending = match stopped {
                    Stopped::Held(reason) => Ending::Held(reason),
                    Stopped::Failed(reason) => Ending::Failed { reason, cannot_write: false },
                    Stopped::Warehouse(error) => {
                        let cannot_write = error.kind() == ErrorKind::CannotWrite;
                        Ending::Failed { reason: error.to_string(), cannot_write }
                    }
                };
                MartsReport { ending, marts: Vec::new(), tests }
            }
        }
    }

    /// Takes the marts' lock; waits for another process, whose snapshots may be older than ours.
    async fn begin(&self) -> Result<MartRun, Stopped> {
        let mut waited = Duration::ZERO;
        loop {
            let begun = tokio::task::block_in_place(|| self.warehouse.begin_marts(self.clock.now()))?;
            match begun {
                Some(run) => return Ok(run),
                None if waited >= PATIENCE => {
                    let reason =
                        "another process has been making the marts for ten minutes; `lumbung marts` makes them";
                    return Err(Stopped::Failed(reason.to_owned()));
                }
                None => {
                    tokio::time::sleep(LOOK).await;
                    waited += LOOK;
                }
            }
        }
    }

    /// Everything but the end: what is to be shown, or `None` where nothing changed.
    async fn attempt(&self, run: &MartRun, tests: &mut Vec<DataTestRecord>) -> Result<Done, Stopped> {
        let wanted: Vec<&ViewFile> = self.views.views().filter(|view| view.not_in_files().is_none()).collect();
        let session = self.session(&wanted).await?;
        let (catalog, inputs) = (&session.catalog, &session.inputs);
        if self.is_up_to_date(run, &wanted, inputs)? {
            return Ok(Done { snapshots: inputs.snapshots.clone(), staged: None });
        }
        let reports = catalog.run_checks().await;
        tests.extend(reports.iter().map(noted));
        run.note_tests(tests)?;
        if let Some(reason) = held_by(&reports) {
            return Err(Stopped::Held(reason));
        }
        let mut staged = Vec::with_capacity(wanted.len());
        for view in wanted {
            staged.push(self.make(run, catalog, (view, inputs)).await?);
        }
        Ok(Done { snapshots: inputs.snapshots.clone(), staged: Some(staged) })
    }

    /// A session over one consistent set of committed snapshots: nothing was committed while it was opened and the tables
    /// that change without a commit were read.
    async fn session(&self, wanted: &[&ViewFile]) -> Result<Session, Stopped> {
        let mut files = self.warehouse.committed_files(AsOf::All)?;
        for _ in 0..SESSIONS_MAX {
            let catalog = self.sessions.latest().await.map_err(Stopped::Failed)?;
            let named = wanted.iter().map(|view| view.name.as_str());
            let inputs = SessionInputs::of(&catalog, self.views, (named, &files)).await;
            let inputs = inputs.map_err(|error| Stopped::Failed(error.to_string()))?;
            let now = self.warehouse.committed_files(AsOf::All)?;
            if now == files {
                return Ok(Session { catalog, inputs });
            }
            files = now;
        }
        Err(Stopped::Failed(
            "loads committed all the time while a session was opened; `lumbung marts` tries again".to_owned(),
        ))
    }

    /// Whether what is shown is what would be made, and was made from these snapshots.
    fn is_up_to_date(&self, run: &MartRun, wanted: &[&ViewFile], inputs: &SessionInputs) -> Result<bool, Stopped> {
        let names: BTreeSet<&str> = wanted.iter().map(|view| view.name.as_str()).collect();
        if !run.is_from(&inputs.snapshots) || !run.shown().eq(names.iter().copied()) {
            return Ok(false);
        }
        for name in names {
            if run.made_from(name, &inputs.of_mart(name).digest)?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The file of one mart: taken over where it is made from what it was made from, else written.
    async fn make(
        &self,
        run: &MartRun,
        catalog: &Catalog,
        (view, inputs): (&ViewFile, &SessionInputs),
    ) -> Result<(StagedMart, bool), Stopped> {
        let inputs = inputs.of_mart(&view.name);
        if let Some(file) = run.made_from(&view.name, &inputs.digest)? {
            return Ok((run.keep(file)?, false));
        }
        let failed = |error: CatalogError| Stopped::Failed(format!("mart.{} ({}): {error}", view.name, view.file));
        let mut result = catalog.query(&format!("SELECT * FROM mart.\"{}\"", view.name)).await.map_err(failed)?;
        let mut writer = run.write((&view.name, &inputs.digest), result.schema.clone(), metadata(inputs))?;
        while let Some(batch) = result.batches.next().await {
            let batch = batch.map_err(failed)?;
            tokio::task::block_in_place(|| writer.write(&batch))?;
        }
        Ok((tokio::task::block_in_place(|| writer.finish())?, true))
    }

    fn end(&self, run: MartRun, done: Done) -> Result<(Ending, Vec<MartLine>), WarehouseError> {
        let Some(staged) = done.staged else {
            run.withdraw()?;
            let files = self.warehouse.mart_state()?.files;
            let marts = files.into_iter().map(|file| MartLine { file, written: false }).collect();
            return Ok((Ending::Unchanged, marts));
        };
        let line = |(mart, written): &(StagedMart, bool)| MartLine { file: mart.file().clone(), written: *written };
        let marts = staged.iter().map(line).collect();
        let staged = staged.into_iter().map(|(mart, _)| mart).collect();
        tokio::task::block_in_place(|| run.commit(staged, &done.snapshots, self.clock.now()))?;
        Ok((Ending::Shown, marts))
    }

    /// Notes in the ledger why nothing is shown.
    fn give_up(&self, run: MartRun, stopped: Stopped) -> Stopped {
        let (outcome, reason) = match &stopped {
            Stopped::Held(reason) => (Outcome::Held, reason.clone()),
            Stopped::Failed(reason) => (Outcome::Failed, reason.clone()),
            Stopped::Warehouse(error) => (Outcome::Failed, error.to_string()),
        };
        if let Err(error) = run.finish(outcome, &reason, self.clock.now()) {
            // Why there are no new marts matters more than that the ledger could not say so.
            tracing::warn!(%error, "how the marts ended is not in the ledger");
        }
        stopped
    }
}

/// A session and what its marts are made of.
struct Session {
    catalog: Catalog,
    inputs: SessionInputs,
}

/// What an attempt comes to.
struct Done {
    snapshots: String,
    /// Every mart, and whether it was written anew; `None` where nothing changed.
    staged: Option<Vec<(StagedMart, bool)>>,
}

/// What stands in a mart's file beside what the warehouse says of it.
fn metadata(inputs: &Inputs) -> Vec<(String, String)> {
    let pairs = [
        ("snapshots", inputs.snapshots.clone()),
        ("view_sha256", inputs.view_sha256.clone()),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    pairs.map(|(key, value)| (format!("lumbung.{key}"), value)).into()
}

fn noted(report: &CheckReport) -> DataTestRecord {
    DataTestRecord {
        name: report.name.clone(),
        severity: report.severity.word().to_owned(),
        rows: report.outcome.as_ref().ok().map(|found| found.rows),
        problem: report.outcome.as_ref().err().map(ToString::to_string),
    }
}

/// Why the marts are held: the tests of severity error that found rows, or could not say.
fn held_by(reports: &[CheckReport]) -> Option<String> {
    let of_error = reports.iter().filter(|report| report.severity == Severity::Error && !report.passed());
    let said = of_error.map(|report| match &report.outcome {
        Ok(found) => format!("data test {} (severity error) found {} rows", report.name, found.rows),
        Err(error) => format!("data test {} (severity error) could not run: {error}", report.name),
    });
    let said: Vec<String> = said.collect();
    (!said.is_empty()).then(|| said.join("; "))
}
