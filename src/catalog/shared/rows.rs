//! The rows of a shared part: computed once, when they are first asked for.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow::array::{Array, ArrayData, RecordBatch};
use arrow::buffer::Buffer;
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Column;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, SessionState, TaskContext};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, TableType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::{StreamExt, TryStreamExt};
use tokio::sync::OnceCell;

/// The name of column `i` of a shared part: its own columns may share names.
pub(super) fn column_name(i: usize) -> String {
    format!("c{i}")
}

/// A part of a query that is read in several places.
pub(super) struct Shared {
    part: LogicalPlan,
    /// The part's columns under names of ours.
    schema: SchemaRef,
    /// The columns that some place reads; all places are planned before the first one runs.
    wanted: Mutex<BTreeSet<usize>>,
    /// What it is planned with.
    state: OnceLock<SessionState>,
    rows: OnceCell<Rows>,
}

/// Computed rows.
#[derive(Debug)]
struct Rows {
    /// Which columns of the part these are.
    columns: Vec<usize>,
    batches: Vec<RecordBatch>,
    /// Keeps the memory accounted for.
    _memory: MemoryReservation,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Shared {
    pub(super) fn new(part: LogicalPlan) -> Self {
        let fields = part.schema().fields().iter().enumerate();
        let fields = fields.map(|(i, f)| Field::new(column_name(i), f.data_type().clone(), f.is_nullable()));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Self { part, schema, wanted: Mutex::default(), state: OnceLock::new(), rows: OnceCell::new() }
    }

    /// What is computed.
    pub(super) fn part(&self) -> &LogicalPlan {
        &self.part
    }

    /// Computes all columns, whoever asks for which.
    pub(super) fn want_all(&self) {
        self.want(0..self.schema.fields().len());
    }

    fn want(&self, columns: impl IntoIterator<Item = usize>) {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner).extend(columns);
    }

    async fn rows(&self, context: &Arc<TaskContext>) -> Result<&Rows> {
        self.rows.get_or_try_init(|| self.compute(context)).await
    }

    async fn compute(&self, context: &Arc<TaskContext>) -> Result<Rows> {
        let columns: Vec<usize> =
            self.wanted.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        let state =
            self.state.get().ok_or_else(|| DataFusionError::Internal("a shared part is not planned".into()))?;
        let exprs = columns.iter().map(|i| {
            let (qualifier, field) = self.part.schema().qualified_field(*i);
            Expr::Column(Column::new(qualifier.cloned(), field.name())).alias(column_name(*i))
        });
        let plan = LogicalPlanBuilder::from(self.part.clone()).project(exprs.collect::<Vec<_>>())?.build()?;
        let plan = state.create_physical_plan(&plan).await?;
        let mut stream = execute_stream(plan, Arc::clone(context))?;
        let memory = MemoryConsumer::new("shared part of a query").register(context.memory_pool());
        let mut batches = Vec::new();
        let mut buffers = Buffers::default();
        while let Some(batch) = stream.try_next().await? {
            memory.try_grow(buffers.add(&batch))?;
            batches.push(batch);
        }
        Ok(Rows { columns, batches, _memory: memory })
    }
}

/// The memory that batches hold. Grouping hands out one large array in slices: each of them would count as the whole.
#[derive(Default)]
struct Buffers {
    /// Where each begins.
    known: HashSet<usize>,
}

impl Buffers {
    /// The bytes that `batch` holds and no batch before it did.
    fn add(&mut self, batch: &RecordBatch) -> usize {
        batch.columns().iter().map(|column| self.add_data(&column.to_data())).sum()
    }

    fn add_data(&mut self, data: &ArrayData) -> usize {
        let nulls = data.nulls().map(|nulls| nulls.buffer());
        let own: usize = data.buffers().iter().chain(nulls).map(|buffer| self.add_buffer(buffer)).sum();
        own + data.child_data().iter().map(|child| self.add_data(child)).sum::<usize>()
    }

    fn add_buffer(&mut self, buffer: &Buffer) -> usize {
        let begin = buffer.data_ptr().as_ptr().addr();
        if self.known.insert(begin) { buffer.capacity() } else { 0 }
    }
}

/// One table in a plan that stands for a shared part.
#[derive(Debug)]
pub(super) struct SharedTable(pub(super) Arc<Shared>);

#[async_trait::async_trait]
impl TableProvider for SharedTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.0.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let shared = &self.0;
        if let Some(state) = state.as_any().downcast_ref::<SessionState>() {
            shared.state.get_or_init(|| state.clone());
        }
        let columns: Vec<usize> = match projection {
            Some(columns) => columns.clone(),
            None => (0..shared.schema.fields().len()).collect(),
        };
        shared.want(columns.iter().copied());
        let schema = Arc::new(shared.schema.project(&columns)?);
        let partitions = state.config().target_partitions();
        let share = |i: usize| {
            let (shared, schema, columns) = (Arc::clone(shared), Arc::clone(&schema), columns.clone());
            Arc::new(Share { shared, schema, columns, share: (i, partitions) }) as Arc<dyn PartitionStream>
        };
        let shares = (0..partitions).map(share).collect();
        Ok(Arc::new(StreamingTableExec::try_new(schema, shares, None, Vec::new(), false, limit)?))
    }
}

/// One thread's share of the rows, for one reader.
#[derive(Debug)]
struct Share {
    shared: Arc<Shared>,
    schema: SchemaRef,
    /// The columns it reads, of the part's.
    columns: Vec<usize>,
    /// Which one of how many.
    share: (usize, usize),
}

impl PartitionStream for Share {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (shared, columns, schema) = (Arc::clone(&self.shared), self.columns.clone(), Arc::clone(&self.schema));
        let (first, step) = self.share;
        let batches = async move {
            let rows = shared.rows(&context).await?;
            let places = columns.iter().map(|column| rows.columns.binary_search(column));
            let places: Vec<usize> = places.collect::<Result<_, _>>().map_err(|_| {
                DataFusionError::Internal("a column of a shared part was asked for after it was computed".into())
            })?;
            let mine = rows.batches.iter().skip(first).step_by(step);
            let mine: Vec<Result<RecordBatch>> = mine.map(|batch| projected(batch, &places, &schema)).collect();
            Ok::<_, DataFusionError>(futures::stream::iter(mine))
        };
        let stream = futures::stream::once(batches).try_flatten().boxed();
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), stream))
    }
}

fn projected(batch: &RecordBatch, places: &[usize], schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = places.iter().map(|place| Arc::clone(batch.column(*place))).collect();
    let rows = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &rows)?)
}

#[cfg(test)]
mod tests {
    use super::Buffers;
    use arrow::array::{Int64Array, RecordBatch};
    use std::sync::Arc;

    #[test]
    fn slices_of_one_array_count_once() {
        let whole = Int64Array::from((0..10_000).collect::<Vec<i64>>());
        let batch = RecordBatch::try_from_iter([("n", Arc::new(whole) as _)]).unwrap();
        let mut buffers = Buffers::default();
        let bytes: usize = (0..10).map(|i| buffers.add(&batch.slice(i * 1_000, 1_000))).sum();
        assert!((80_000..90_000).contains(&bytes), "{bytes}");
        assert_eq!(Buffers::default().add(&batch), bytes);
    }
}
