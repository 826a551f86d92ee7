//! The writing thread: batches in, one staged Parquet file out. It is started by the first batch, so that a window
//! without rows stages nothing.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::WorkerError;
use crate::contract::{Dataset, file_schema};
use crate::warehouse::{Carried, Partition, Run, StagedFile, WarehouseError};

/// Bytes of batches that may wait for the writer when another one is decoded. A page that was held back goes in at once,
/// however long it is: it is written while the next one is asked for, and decoded.
const QUEUED_BYTES: usize = 16 << 20;

/// Bytes of the batches that wait.
#[derive(Default)]
struct Queued {
    n_bytes: Mutex<usize>,
    fewer: Condvar,
}

/// A batch's share of what waits, until it is written or dropped.
struct Share {
    queued: Arc<Queued>,
    n_bytes: usize,
}

impl Share {
    fn of(queued: &Arc<Queued>, batch: &RecordBatch) -> Self {
        let n_bytes = batch.get_array_memory_size();
        *queued.n_bytes.lock().unwrap_or_else(PoisonError::into_inner) += n_bytes;
        Self { queued: Arc::clone(queued), n_bytes }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        *self.queued.n_bytes.lock().unwrap_or_else(PoisonError::into_inner) -= self.n_bytes;
        self.queued.fewer.notify_one();
    }
}

enum Message {
    Batch(RecordBatch, Share),
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
    queued: Arc<Queued>,
    thread: Option<(Sender<Message>, JoinHandle<Written>)>,
}

impl Encoder {
    pub(super) fn new(run: Arc<Run>, partition: Partition, dataset: &Dataset, carries: bool) -> Self {
        Self { run, partition, schema: file_schema(dataset), carries, queued: Arc::default(), thread: None }
    }

    /// Waits until few enough batches wait for the writer. One that ends drops what waits for it.
    pub(super) fn wait(&self) {
        let n_bytes = self.queued.n_bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let few = self.queued.fewer.wait_while(n_bytes, |n_bytes| *n_bytes > QUEUED_BYTES);
        drop(few.unwrap_or_else(PoisonError::into_inner));
    }

    /// Hands a batch to the writer.
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
        let share = Share::of(&self.queued, &batch);
        if queue.send(Message::Batch(batch, share)).is_err() {
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
            Message::Batch(batch, _share) => writer.write(&batch)?,
            Message::Finish => return writer.finish().map(|staged| Some((staged, carried))),
        }
    }
    Ok(None)
}
