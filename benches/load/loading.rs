//! One load into an empty warehouse, as it is configured by default: raw pages are archived.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use lumbung::clock::Clock;
use lumbung::config::{ArchiveSettings, ConfigFolder, Credentials, PrivacySettings, SourceSettings};
use lumbung::contract::{Contract, HttpMethod};
use lumbung::load::{LoadReport, LoadRequest, Loaded, Loader, Progress, Status, YearsProbed};
use lumbung::seal::Identity;
use lumbung::warehouse::{DatasetId, Warehouse};
use secrecy::SecretString;

/// The day that is loaded, after the dates of the rows.
const DAY: &str = "2026-11-01";

/// What is loaded from where.
pub(crate) struct Job {
    pub(crate) contract: Contract,
    pub(crate) settings: SourceSettings,
    pub(crate) dataset: &'static str,
    pub(crate) n_rows: u64,
    /// What the requests are repeated for.
    pub(crate) parameters: Vec<Vec<(String, String)>>,
}

impl Job {
    /// `dataset` of the shipped contract of `source`, asked of the server at `base_url`, which has `n_rows` of it.
    pub(crate) fn of(source: &str, dataset: &'static str, base_url: &str, n_rows: u64) -> Self {
        let contracts = ConfigFolder::embedded().contracts().expect("the shipped contracts are good");
        let contract = contracts.into_iter().find(|contract| contract.source == source).expect("it is shipped");
        let settings = SourceSettings {
            base_url: Some(base_url.to_owned()),
            fiscal_years: vec![2026],
            ..SourceSettings::default_for(source)
        };
        Self { contract, settings, dataset, n_rows, parameters: Vec::new() }
    }

    /// Asks for files: a server of files answers GET alone, and neither looks at a query nor at a body.
    pub(crate) fn of_files(mut self, path: &str) -> Self {
        let asked = self.contract.datasets.iter_mut().find(|known| known.name == self.dataset);
        let request = &mut asked.expect("the contract has it").request;
        (request.method, request.body, request.path) = (HttpMethod::Get, None, path.to_owned());
        request.query.clear();
        self
    }

    /// Loads everything; returns the folder of the warehouse.
    pub(crate) fn run(&self) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let clock = Clock::Fixed(format!("{DAY}T00:00:00Z").parse().expect("an instant"));
        let root = folder.path().join("warehouse");
        let warehouse = Warehouse::open(&root, clock.now()).expect("an empty warehouse");
        let token = SecretString::from("benchmark".to_owned());
        let name = format!("LUMBUNG_{}_TOKEN", self.contract.source.to_uppercase());
        let credentials = Credentials::Given([(name, token)].into());
        let recipient = Identity::generate().recipients().pop();
        let archive = ArchiveSettings { enabled: true, recipient, level: 1 };
        let privacy = PrivacySettings { key_file: Some(key_file(folder.path())) };
        let probed = YearsProbed::default();
        let loader = Loader {
            warehouse: &warehouse,
            contract: &self.contract,
            settings: &self.settings,
            credentials: &credentials,
            archive: &archive,
            privacy: &privacy,
            loaded: self,
            clock,
            probed: &probed,
            progress: &Silent,
        };
        let request = LoadRequest::of(DAY.parse().expect("a date"), String::new());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let dataset = self.contract.dataset(self.dataset).expect("the contract has it");
        let reports = runtime.expect("a runtime").block_on(loader.load(dataset, &request));
        let report = &reports[0];
        assert_eq!((report.status, report.rows), (Status::Committed, self.n_rows), "{:?}", report.error);
        folder
    }
}

/// A key for what is personal in made-up rows; nobody else may read it, or the loader refuses it.
fn key_file(folder: &Path) -> PathBuf {
    let path = folder.join("pii.key");
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).expect("a new file");
    file.write_all("07".repeat(32).as_bytes()).expect("a small file is written");
    path
}

struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &DatasetId, _: usize) {}
    fn advance(&self, _: &DatasetId, _: usize, _: u64, _: u64) {}
    fn retry(&self, _: &DatasetId, _: &str) {}
    fn end(&self, _: &LoadReport) {}
}

#[async_trait::async_trait]
impl Loaded for Job {
    async fn rows(&self, _: &str) -> Result<Vec<Vec<(String, String)>>, String> {
        Ok(self.parameters.clone())
    }
}
