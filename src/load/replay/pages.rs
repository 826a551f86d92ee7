//! Pages out of the archive, in the order they were received.

use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;

use crate::contract::Dataset;
use crate::load::LoadError;
use crate::load::ask::{PageAsk, PageSource, Target};
use crate::seal::Identity;
use crate::source::fetch::{Answer, FetchError};
use crate::source::paging::{PageOutcome, Window, pager};
use crate::warehouse::{ArchiveError, ArchiveReader, ArchivedPage};

/// One page that is decoded again.
#[derive(Debug)]
pub(super) struct ReplayedPage {
    pub(super) archived: ArchivedPage,
    /// What its request was repeated for.
    pub(super) parameters: Arc<Vec<(String, String)>>,
}

/// The archived pages of one window.
pub(super) struct ArchivedPages<'a> {
    due: VecDeque<ReplayedPage>,
    /// The page that is being read.
    at_work: Option<ArchivedPage>,
    /// What the pages so far held.
    outcomes: Vec<PageOutcome>,
    identity: Option<&'a Identity>,
    bytes_max: u64,
}

impl<'a> ArchivedPages<'a> {
    pub(super) fn new(pages: Vec<ReplayedPage>, identity: Option<&'a Identity>, bytes_max: u64) -> Self {
        Self { due: pages.into(), at_work: None, outcomes: Vec::new(), identity, bytes_max }
    }

    /// Proves that the pages were all there is: a run that failed may have ended before it had asked for the rest, and a
    /// part must not be taken for the whole.
    pub(super) fn prove_complete(&self, dataset: &Dataset, window: &Window) -> Result<(), LoadError> {
        let mut pager = pager(dataset, window);
        let mut last = None;
        for outcome in &self.outcomes {
            if pager.next(last).map_err(LoadError::Moved)?.is_none() {
                let what = "the page size was another when the run asked: set page_rows to what it was".to_owned();
                return Err(LoadError::Request(what));
            }
            last = Some(outcome);
        }
        match pager.next(last).map_err(LoadError::Moved)? {
            None => Ok(()),
            Some(_) => {
                let what = format!("page {} of {}, where the run failed,", self.outcomes.len() + 1, window.date);
                Err(crate::warehouse::WarehouseError::from(ArchiveError::Missing { what }).into())
            }
        }
    }
}

#[async_trait]
impl PageSource for ArchivedPages<'_> {
    fn next(&mut self, last: Option<&PageOutcome>) -> Result<Option<PageAsk>, String> {
        self.outcomes.extend(last.copied());
        let Some(ReplayedPage { archived, parameters }) = self.due.pop_front() else { return Ok(None) };
        let shown = archived.page.url.clone();
        let raw = archived.page.raw.clone();
        self.at_work = Some(archived);
        Ok(Some(PageAsk { shown, parameters, raw, target: Target::Archive }))
    }

    async fn open(&self, ask: &PageAsk) -> Result<Answer, FetchError> {
        let archived = self.at_work.as_ref().expect("a page is opened after it was asked for");
        let unreadable =
            |error: ArchiveError| FetchError::Unreadable { name: ask.shown.clone(), reason: error.to_string() };
        let mut answer = if archived.page.bytes == 0 {
            Answer::from_reader(ask.shown.clone(), Box::new(std::io::empty()), self.bytes_max)
        } else {
            let reader = tokio::task::block_in_place(|| ArchiveReader::open(archived, self.identity));
            Answer::from_reader(ask.shown.clone(), Box::new(reader.map_err(unreadable)?), self.bytes_max)
        };
        answer.status = archived.page.http_status.unwrap_or(answer.status);
        Ok(answer)
    }
}
