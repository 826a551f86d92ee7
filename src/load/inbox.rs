//! Pushed data on its way into tables: what waits in the inbox becomes pages, and takes the road of every load.
//!
//! A run claims what waits; each day of it is a window. A page is a list of pushes, each under [`PUSH_BODY`] beside what
//! the inbox knows of it. The day's file so far is carried into the new one, so that a day stays one file however often
//! it is added to. When the run is over the ledger says what became of the claim: committed, and the pushes are loaded;
//! anything else, and they wait again. So each push is in the tables exactly once, wherever a process dies.

use std::io::Cursor;

use async_trait::async_trait;
use chrono::SecondsFormat;

use super::ask::{PageAsk, PageSource, Target};
use super::group::Group;
use super::{LoadError, Loader, pages};
use crate::contract::{CHANGE, Dataset, PUSH_BODY, PUSH_ID, RECEIVED_AT};
use crate::seal::vault::Vault;
use crate::source::fetch::{Answer, FetchError};
use crate::source::paging::{PageOutcome, Window};
use crate::warehouse::{ClaimedPush, DatasetId, Inbox, RunId, WarehouseError};

/// Most pushes that one load takes; the next one takes the rest.
const PUSHES_A_LOAD_MAX: u64 = 100_000;
/// Sealed bytes of the pushes of one page, beyond which no further push is added.
const PAGE_BYTES: u64 = 4 << 20;

/// What a push is sealed for: it opens nowhere else.
#[must_use]
pub fn push_context(source: &str, dataset: &str) -> Vec<u8> {
    format!("{source}/{dataset}").into_bytes()
}

/// A list of pushes as a page has it; the bodies are JSON values, which the door has seen to.
#[derive(Debug, Default)]
pub struct PushPage(Vec<u8>);

impl PushPage {
    /// Adds a push.
    pub fn add(&mut self, id: &str, received_at: chrono::DateTime<chrono::Utc>, change: u64, body: &[u8]) {
        self.0.push(if self.0.is_empty() { b'[' } else { b',' });
        let at = received_at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let head =
            format!("{{\"{PUSH_ID}\":\"{id}\",\"{RECEIVED_AT}\":\"{at}\",\"{CHANGE}\":{change},\"{PUSH_BODY}\":");
        self.0.extend_from_slice(head.as_bytes());
        self.0.extend_from_slice(body);
        self.0.push(b'}');
    }

    /// The page.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        if self.0.is_empty() {
            self.0.push(b'[');
        }
        self.0.push(b']');
        self.0
    }
}

/// Reads what waits for the dataset into every table of the group; false when nothing does.
pub(super) async fn land(loader: &Loader<'_>, group: &mut Group) -> Result<bool, LoadError> {
    let (id, run) = (group.tables[0].id.clone(), group.tables[0].run.id().clone());
    let inbox = loader.warehouse.inbox()?;
    // What a dead process claimed is either loaded or waits again.
    loader.warehouse.settle_inbox(&id)?;
    if inbox.claim(&id, &run, PUSHES_A_LOAD_MAX)? == 0 {
        return Ok(false);
    }
    let key = match &group.pii_key {
        Some(key) => key.clone(),
        None => std::sync::Arc::new(loader.credentials.pii_key(loader.privacy.key_file.as_deref())?),
    };
    let vault = Vault::new(&key);
    let days = inbox.claimed_days(&run)?;
    loader.progress.begin(&id, days.len());
    for (i, date) in days.into_iter().map(|claimed| claimed.day).enumerate() {
        let window = Window { fiscal_year: None, date };
        let mut source = InboxPages::new((&inbox, &vault), (&id, &run), date);
        pages::land_window(loader, group, (&window, i), &mut source).await?;
    }
    Ok(true)
}

/// Lets the ledger say what became of the pushes that the load of `dataset` claimed.
pub(super) fn settle(loader: &Loader<'_>, dataset: &Dataset, id: &DatasetId) {
    if dataset.receive.is_none() {
        return;
    }
    if let Err(error) = loader.warehouse.settle_inbox(id) {
        tracing::warn!(dataset = %id, %error, "the inbox could not be told how the load ended; the next load does");
    }
}

/// The claimed pushes of one day.
struct InboxPages<'a> {
    inbox: &'a Inbox,
    vault: &'a Vault,
    context: Vec<u8>,
    run: &'a RunId,
    name: String,
    day: chrono::NaiveDate,
    page: u32,
    /// The last push read.
    after: Option<u64>,
}

impl<'a> InboxPages<'a> {
    fn new(
        (inbox, vault): (&'a Inbox, &'a Vault),
        (id, run): (&'a DatasetId, &'a RunId),
        day: chrono::NaiveDate,
    ) -> Self {
        let context = push_context(id.source(), id.dataset());
        let name = format!("inbox/{}/{} {day}", id.source(), id.dataset());
        Self { inbox, vault, context, run, name, day, page: 0, after: None }
    }

    fn claimed(&mut self) -> Result<Vec<ClaimedPush>, WarehouseError> {
        let pushes = self.inbox.claimed(self.run, self.day, self.after, PAGE_BYTES)?;
        self.after = pushes.last().map_or(self.after, |push| Some(push.seq));
        Ok(pushes)
    }

    /// Opens the pushes of a page.
    fn page_of(&self, pushes: &[ClaimedPush]) -> Result<Vec<u8>, String> {
        let mut page = PushPage::default();
        for push in pushes {
            if push.key_id != self.vault.key_id() {
                return Err(format!(
                    "push {} is sealed under the key {}, and the key here is {}: load it with that key first",
                    push.id,
                    push.key_id,
                    self.vault.key_id()
                ));
            }
            let body =
                self.vault.open(&self.context, &push.sealed).map_err(|error| format!("push {}: {error}", push.id))?;
            page.add(push.id.as_str(), push.received_at, push.change, &body);
        }
        Ok(page.finish())
    }
}

#[async_trait]
impl PageSource for InboxPages<'_> {
    fn next(&mut self, _last: Option<&PageOutcome>) -> Result<Option<PageAsk>, String> {
        let pushes = tokio::task::block_in_place(|| self.claimed());
        if pushes.as_ref().is_ok_and(Vec::is_empty) {
            return Ok(None);
        }
        self.page += 1;
        Ok(Some(PageAsk {
            shown: format!("{} page {}", self.name, self.page),
            parameters: std::sync::Arc::default(),
            // What went wrong is told when the page is opened: it is no sign of a source that moved.
            target: Target::Pushes(pushes.map_err(|error| error.to_string())),
            raw: None,
        }))
    }

    async fn open(&self, ask: &PageAsk) -> Result<Answer, FetchError> {
        let Target::Pushes(pushes) = &ask.target else { unreachable!("these pages are pushes") };
        let unreadable = |reason: String| FetchError::Unreadable { name: ask.shown.clone(), reason };
        let pushes = pushes.as_ref().map_err(|reason| unreadable(reason.clone()))?;
        let page = tokio::task::block_in_place(|| self.page_of(pushes)).map_err(unreadable)?;
        let bytes_max = page.len() as u64;
        Ok(Answer::from_reader(ask.shown.clone(), Box::new(Cursor::new(page)), bytes_max))
    }

    fn adds(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
