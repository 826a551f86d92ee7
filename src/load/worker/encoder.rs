//! The writing thread: batches in, one staged Parquet file out. It is started by the first batch, so that a window
//! without rows stages nothing.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::executor::block_on;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::WorkerError;
use crate::contract::{Dataset, file_schema};
use crate::warehouse::{Carried, Partition, Run, StagedFile, WarehouseError};

/// Room for batches that wait for the writer, in KiB: a page that was held back goes in at once, so that it is written while
/// the next one is decoded. A batch that is larger has the room for itself.
const QUEUED_KIB: u32 = 16 << 10;

enum Message {
    /// With the room that it takes until it is written.
    Batch(RecordBatch, OwnedSemaphorePermit),
    /// All batches were sent. A queue that closes without it is an abandoned window.
    Finish,
}

type Written = Result<Option<(StagedFile, Carried)>, WarehouseError>;

/// Writes the rows of one window.
pub(super) struct Encoder {
    run: Arc<Run>,
    partition: Partition,
    schema: SchemaRef,
    carries: bool,
    room: Arc<Semaphore>,
    thread: Option<(Sender<Message>, JoinHandle<Written>)>,
}

impl Encoder {
    pub(super) fn new(run: Arc<Run>, partition: Partition, dataset: &Dataset, carries: bool) -> Self {
        let room = Arc::new(Semaphore::new(QUEUED_KIB as usize));
        Self { run, partition, schema: file_schema(dataset), carries, room, thread: None }
    }

    pub(super) fn send(&mut self, batch: RecordBatch) -> Result<(), WorkerError> {
        if self.thread.is_none() {
            let (queue, inbox) = channel();
            let (run, partition, schema) = (Arc::clone(&self.run), self.partition.clone(), Arc::clone(&self.schema));
            let carries = self.carries;
            let write = move || write(&run, (partition, schema), carries, &inbox);
            let thread = std::thread::Builder::new().name("lumbung-encode".to_owned()).spawn(write);
            let thread = thread.map_err(|error| WorkerError::Died(format!("no thread to write with: {error}")))?;
            self.thread = Some((queue, thread));
        }
        let (queue, _) = self.thread.as_ref().expect("started above");
        let kib = u32::try_from(batch.get_array_memory_size() >> 10).unwrap_or(QUEUED_KIB).clamp(1, QUEUED_KIB);
        // A writer that ends drops what waits for it, which makes room.
        let room = block_on(Arc::clone(&self.room).acquire_many_owned(kib)).expect("nobody closes the room");
        if queue.send(Message::Batch(batch, room)).is_err() {
            // The writer is gone: what it has to say is why.
            self.finish()?;
            return Err(WorkerError::Died("the writing thread ended early".to_owned()));
        }
        Ok(())
    }

    /// Closes the file; `None` when there were no rows.
    pub(super) fn finish(&mut self) -> Result<Option<(StagedFile, Carried)>, WorkerError> {
        let Some((queue, thread)) = self.thread.take() else { return Ok(None) };
        // A writer that is gone has its reason in what it returns.
        let _ = queue.send(Message::Finish);
        drop(queue);
        let written = thread.join().map_err(|_| WorkerError::Died("the writing thread panicked".to_owned()))?;
        Ok(written?)
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        if let Some((queue, thread)) = self.thread.take() {
            drop(queue);
            // An abandoned window: the run removes what was staged.
            let _ = thread.join();
        }
    }
}

fn write(
    run: &Run,
    (partition, schema): (Partition, SchemaRef),
    carries: bool,
    inbox: &Receiver<Message>,
) -> Written {
    let mut writer = run.stage(partition, schema, Vec::new())?;
    let carried = if carries { writer.carry()? } else { Carried::default() };
    while let Ok(message) = inbox.recv() {
        match message {
            Message::Batch(batch, _room) => writer.write(&batch)?,
            Message::Finish => return writer.finish().map(|staged| Some((staged, carried))),
        }
    }
    Ok(None)
}
