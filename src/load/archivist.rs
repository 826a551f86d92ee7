//! The thread that archives a page while it is decoded: what arrives is compressed and sealed beside the road, behind a
//! short queue, so that memory stays flat.

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::LoadError;
use crate::warehouse::{ArchiveWriter, RawPage, RunArchive, WarehouseError};

/// Chunks of a body that may wait for the archive.
const QUEUED_CHUNKS: usize = 8;

/// What became of a page in the archive; `None` where the run keeps none.
type Kept = Result<Option<RawPage>, WarehouseError>;

enum Message {
    /// A page begins, with what is noted beside it.
    Begin(Option<String>),
    Chunk(Bytes),
    Keep(oneshot::Sender<Kept>),
    Drop,
    Stop(oneshot::Sender<Result<(), WarehouseError>>),
}

/// Archives the pages of a window, one after the other.
pub(super) struct Archivist {
    /// `None` where the run keeps no pages.
    messages: Option<mpsc::Sender<Message>>,
}

impl Archivist {
    pub(super) fn start(archive: &RunArchive) -> Self {
        if !archive.keeps_pages() {
            return Self { messages: None };
        }
        let (messages, inbox) = mpsc::channel(QUEUED_CHUNKS);
        let archive = archive.clone();
        // It ends with the queue, so nobody has to wait for it.
        tokio::task::spawn_blocking(move || work(&archive, inbox));
        Self { messages: Some(messages) }
    }

    /// A page begins. `note` is kept with it where pages are sealed.
    pub(super) async fn begin(&self, note: Option<String>) -> Result<(), LoadError> {
        self.send(|| Message::Begin(note)).await
    }

    /// Takes the next bytes of the page.
    pub(super) async fn chunk(&self, bytes: &Bytes) -> Result<(), LoadError> {
        self.send(|| Message::Chunk(bytes.clone())).await
    }

    /// The page is whole: it is kept or forgotten. `None` also where it had no bytes or the run keeps none.
    pub(super) async fn end(&self, keep: bool) -> Result<Option<RawPage>, LoadError> {
        if self.messages.is_none() {
            return Ok(None);
        }
        if !keep {
            return self.drop_page().await.map(|()| None);
        }
        let (reply, answer) = oneshot::channel();
        self.send(|| Message::Keep(reply)).await?;
        Ok(answer.await.map_err(|_| gone())??)
    }

    /// Forgets the page.
    pub(super) async fn drop_page(&self) -> Result<(), LoadError> {
        self.send(|| Message::Drop).await
    }

    /// Ends the thread; a page that was not kept is gone when this returns, and an error is what the disk said while pages
    /// were made durable.
    pub(super) async fn stop(&self) -> Result<(), LoadError> {
        if self.messages.is_none() {
            return Ok(());
        }
        let (reply, answer) = oneshot::channel();
        self.send(|| Message::Stop(reply)).await?;
        Ok(answer.await.map_err(|_| gone())??)
    }

    async fn send(&self, message: impl FnOnce() -> Message) -> Result<(), LoadError> {
        match &self.messages {
            Some(messages) => messages.send(message()).await.map_err(|_| gone()),
            None => Ok(()),
        }
    }
}

fn gone() -> LoadError {
    LoadError::Worker("the archiving thread is gone".to_owned())
}

fn work(archive: &RunArchive, mut inbox: mpsc::Receiver<Message>) {
    let mut page: Result<Option<ArchiveWriter>, WarehouseError> = Ok(None);
    let (mut note, mut durable) = (None, Ok(()));
    while let Some(message) = inbox.blocking_recv() {
        match message {
            Message::Begin(parameters) => (page, note) = (Ok(None), parameters),
            // A page without bytes has no file.
            Message::Chunk(bytes) => {
                page = page
                    .and_then(|writer| if writer.is_none() { archive.page(note.as_deref()) } else { Ok(writer) })
                    .and_then(|writer| take(writer, &bytes));
            }
            Message::Drop => page = Ok(None),
            Message::Stop(reply) => {
                drop(page);
                let _ = reply.send(durable);
                return;
            }
            Message::Keep(reply) => {
                let kept = std::mem::replace(&mut page, Ok(None))
                    .and_then(|writer| writer.map(ArchiveWriter::finish).transpose());
                let settled = kept.as_ref().ok().cloned().flatten();
                // A reply that nobody waits for belongs to a load that was given up.
                let _ = reply.send(kept);
                // The load goes on meanwhile. A disk says only once that it could not: the end of the window hears of it.
                if let Some(page) = settled {
                    durable = durable.and_then(|()| archive.settle(&page));
                }
            }
        }
    }
}

fn take(mut writer: Option<ArchiveWriter>, bytes: &[u8]) -> Result<Option<ArchiveWriter>, WarehouseError> {
    if let Some(writer) = &mut writer {
        writer.write(bytes)?;
    }
    Ok(writer)
}
