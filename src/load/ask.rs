//! Where pages come from: a source that is asked over HTTP, or files in a folder.

use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;

use super::{LoadError, Loader};
use crate::contract::{Contract, Dataset};
use crate::source::auth::Signer;
use crate::source::fetch::{Answer, FetchError, SourceClient};
use crate::source::paging::{Ask, PageOutcome, Pager, Window, pager};
use crate::source::request::{self, Request};
use crate::warehouse::{ClaimedPush, RawPage};

/// What a request is repeated for: names and values.
pub(super) type ParameterSet = Arc<Vec<(String, String)>>;

/// One page that is due.
pub(super) struct PageAsk {
    /// What ledger, log and errors call it.
    pub(super) shown: String,
    /// What the request is repeated for; columns may take their values from it.
    pub(super) parameters: ParameterSet,
    pub(super) target: Target,
    /// Where the archive has it already.
    pub(super) raw: Option<RawPage>,
}

/// Where a page is had.
pub(super) enum Target {
    /// From the source.
    Request(Request),
    /// From a disk.
    File(PathBuf),
    /// From the archive.
    Archive,
    /// From the inbox: what was claimed, or why it cannot be read.
    Pushes(Result<Vec<ClaimedPush>, String>),
}

/// The pages of one window, one after the other.
#[async_trait]
pub(super) trait PageSource: Send {
    /// The next page, given what the last one held; `None` at the end.
    ///
    /// # Errors
    /// What shows that the source moved while it was read.
    fn next(&mut self, last: Option<&PageOutcome>) -> Result<Option<PageAsk>, String>;

    /// Begins to read a page.
    async fn open(&self, ask: &PageAsk) -> Result<Answer, FetchError>;

    /// Forgets a key that was refused; true when a new one may do better.
    fn renew(&self) -> bool {
        false
    }

    /// Whether the rows are added to those that the window's partition holds already, instead of replacing them.
    fn adds(&self) -> bool {
        false
    }

    /// Whether a page may come out otherwise when it is asked for again: what lies on a disk does not.
    fn is_live(&self) -> bool {
        false
    }
}

/// Pages asked for over HTTP: for each set of parameters, page by page.
pub(super) struct HttpPages<'a> {
    loader: &'a Loader<'a>,
    contract: &'a Contract,
    dataset: &'a Dataset,
    client: &'a SourceClient,
    signer: &'a Signer,
    window: &'a Window,
    /// The parameters of the requests to come.
    due: VecDeque<ParameterSet>,
    at_work: Option<(ParameterSet, Box<dyn Pager>)>,
}

/// Who asks, and for what.
pub(super) struct Conversation<'a> {
    pub(super) client: &'a SourceClient,
    pub(super) signer: &'a Signer,
    pub(super) window: &'a Window,
}

impl<'a> HttpPages<'a> {
    pub(super) fn new(
        loader: &'a Loader<'a>,
        dataset: &'a Dataset,
        conversation: &Conversation<'a>,
        parameters: Vec<Vec<(String, String)>>,
    ) -> Self {
        let Conversation { client, signer, window } = *conversation;
        let due = parameters.into_iter().map(Arc::new).collect();
        Self { loader, contract: loader.contract, dataset, client, signer, window, due, at_work: None }
    }
}

/// The request of one page.
pub(super) fn page_request(
    (dataset, base_url): (&Dataset, &str),
    window: &Window,
    parameters: &[(String, String)],
    ask: &Ask,
) -> Request {
    let mut values = parameters.to_vec();
    values.extend(window.fiscal_year.map(|year| ("tahun".to_owned(), year.to_string())));
    values.extend(ask.values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    request::fill(&dataset.request, base_url, &values, ask.whole)
}

#[async_trait]
impl PageSource for HttpPages<'_> {
    fn next(&mut self, last: Option<&PageOutcome>) -> Result<Option<PageAsk>, String> {
        let mut last = last;
        loop {
            if self.at_work.is_none() {
                let Some(parameters) = self.due.pop_front() else { return Ok(None) };
                self.at_work = Some((parameters, pager(self.dataset, self.window)));
                last = None;
            }
            let (parameters, pager) = self.at_work.as_mut().expect("set above");
            if let Some(ask) = pager.next(last)? {
                let place = (self.dataset, self.loader.base_url());
                let request = page_request(place, self.window, parameters, &ask);
                let parameters = Arc::clone(parameters);
                return Ok(Some(PageAsk {
                    shown: request.shown.clone(),
                    parameters,
                    target: Target::Request(request),
                    raw: None,
                }));
            }
            self.at_work = None;
        }
    }

    async fn open(&self, ask: &PageAsk) -> Result<Answer, FetchError> {
        let Target::Request(request) = &ask.target else { unreachable!("these pages are requests") };
        let now = self.loader.clock.now();
        let signature = self.signer.signature(self.client, self.contract, self.loader.base_url(), now).await?;
        self.client.send(request, Some(&signature), self.dataset.is_document()).await
    }

    fn renew(&self) -> bool {
        self.signer.renew()
    }

    fn is_live(&self) -> bool {
        true
    }
}

/// The files of a drop folder, in the order of their names.
pub(super) struct FilePages {
    due: VecDeque<PathBuf>,
    bytes_max: u64,
}

impl FilePages {
    pub(super) fn new(files: &[PathBuf], bytes_max: u64) -> Self {
        Self { due: files.iter().cloned().collect(), bytes_max }
    }
}

#[async_trait]
impl PageSource for FilePages {
    fn next(&mut self, _last: Option<&PageOutcome>) -> Result<Option<PageAsk>, String> {
        Ok(self.due.pop_front().map(|path| PageAsk {
            shown: file_name(&path),
            parameters: Arc::default(),
            target: Target::File(path),
            raw: None,
        }))
    }

    async fn open(&self, ask: &PageAsk) -> Result<Answer, FetchError> {
        let Target::File(path) = &ask.target else { unreachable!("these pages are files") };
        let unreadable =
            |error: std::io::Error| FetchError::Unreadable { name: ask.shown.clone(), reason: error.to_string() };
        let file = tokio::task::block_in_place(|| File::open(path)).map_err(unreadable)?;
        Ok(Answer::from_reader(ask.shown.clone(), Box::new(file), self.bytes_max))
    }
}

/// A file's own name: the folder is the deployment's affair.
fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The folder inside a drop folder that holds what was committed.
const DONE: &str = "done";

/// Most files taken in one load.
const FILES_MAX: usize = 10_000;

/// The files that lie in the drop folder of a dataset. A name that begins with a point, or ends in `.part` or `.tmp`, is
/// still being written.
pub(super) fn dropped_files(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let unreadable = |error: std::io::Error| {
        let hint = "make the folder, or set sources.<name>.folder in lumbung.toml";
        LoadError::Folder(format!("{} cannot be read: {error} ({hint})", folder.display()))
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = file_name(&path);
        let unfinished = name.starts_with('.') || name.ends_with(".part") || name.ends_with(".tmp");
        if path.is_file() && !unfinished {
            files.push(path);
        }
    }
    if files.len() > FILES_MAX {
        return Err(LoadError::Folder(format!("{} holds more than {FILES_MAX} files", folder.display())));
    }
    files.sort();
    Ok(files)
}

/// Moves what was committed into `done/`. A name that is there already gets a number: nothing is overwritten.
pub(super) fn move_to_done(files: &[PathBuf]) -> Result<(), LoadError> {
    for file in files {
        let stuck = |error: std::io::Error| {
            LoadError::Folder(format!("{} is committed but cannot be moved to {DONE}/: {error}", file.display()))
        };
        let folder = file.parent().unwrap_or(Path::new(".")).join(DONE);
        std::fs::create_dir_all(&folder).map_err(stuck)?;
        let name = file_name(file);
        let mut target = folder.join(&name);
        for n in 2.. {
            if !target.exists() {
                break;
            }
            target = folder.join(format!("{n}-{name}"));
        }
        std::fs::rename(file, &target).map_err(stuck)?;
    }
    Ok(())
}
