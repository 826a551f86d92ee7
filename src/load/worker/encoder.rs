//! The writing thread: batches in, one staged Parquet file out. It is started by the first batch, so that a window
//! without rows stages nothing.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::WorkerError;
use crate::contract::{Dataset, file_schema};
use crate::warehouse::{Carried, Partition, Run, StagedFile, WarehouseError};

/// Batches that may wait for the writer.
const QUEUED_BATCHES: usize = 2;

enum Message {
    Batch(RecordBatch),
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
    thread: Option<(SyncSender<Message>, JoinHandle<Written>)>,
}

impl Encoder {
    pub(super) fn new(run: Arc<Run>, partition: Partition, dataset: &Dataset, carries: bool) -> Self {
        Self { run, partition, schema: file_schema(dataset), carries, thread: None }
    }

    pub(super) fn send(&mut self, batch: RecordBatch) -> Result<(), WorkerError> {
        if self.thread.is_none() {
            let (queue, inbox) = sync_channel(QUEUED_BATCHES);
            let (run, partition, schema) = (Arc::clone(&self.run), self.partition.clone(), Arc::clone(&self.schema));
            let carries = self.carries;
            let write = move || write(&run, (partition, schema), carries, &inbox);
            let thread = std::thread::Builder::new().name("lumbung-encode".to_owned()).spawn(write);
            let thread = thread.map_err(|error| WorkerError::Died(format!("no thread to write with: {error}")))?;
            self.thread = Some((queue, thread));
        }
        let (queue, _) = self.thread.as_ref().expect("started above");
        if queue.send(Message::Batch(batch)).is_err() {
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
            Message::Batch(batch) => writer.write(&batch)?,
            Message::Finish => return writer.finish().map(|staged| Some((staged, carried))),
        }
    }
    Ok(None)
}
