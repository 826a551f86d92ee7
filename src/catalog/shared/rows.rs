//! The rows of a shared part: computed once, when they are first asked for.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayData, RecordBatch};
use arrow::buffer::Buffer;
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, Statistics};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, SessionState, TaskContext};
use datafusion::logical_expr::utils::{conjunction, disjunction};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PhysicalExpr, PlanProperties, execute_stream,
};
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
    wanted: Mutex<Wanted>,
    planned: OnceCell<Planned>,
    rows: OnceCell<Rows>,
}

/// What the places read, as far as the optimizer has seen them.
#[derive(Default)]
struct Wanted {
    /// The columns that some place reads.
    columns: BTreeSet<usize>,
    /// Each place by its table's name, with the filters on its rows.
    places: BTreeMap<String, Vec<Expr>>,
}

impl Wanted {
    /// Which rows some place reads; `None` where one reads all.
    fn rows(&self) -> Option<Expr> {
        let of_place = |filters: &Vec<Expr>| filters.iter().cloned().map(without_table).collect::<Option<Vec<_>>>();
        let mut each: Vec<Expr> = Vec::new();
        for filters in self.places.values() {
            let passes = conjunction(of_place(filters)?)?;
            if !each.contains(&passes) {
                each.push(passes);
            }
        }
        disjunction(each)
    }
}

/// `filter` with its columns under their names alone; `None` when it asks a subquery, which may read shared parts itself.
fn without_table(filter: Expr) -> Option<Expr> {
    let is_query = |expr: &Expr| {
        Ok(matches!(
            expr,
            Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_) | Expr::OuterReferenceColumn(..)
        ))
    };
    if filter.exists(is_query).unwrap_or(true) {
        return None;
    }
    let bare = |expr: Expr| {
        Ok(match expr {
            Expr::Column(column) => Transformed::yes(Expr::Column(Column::from_name(column.name))),
            other => Transformed::no(other),
        })
    };
    filter.transform(bare).ok().map(|done| done.data)
}

/// How the rows will be computed; it is planned when the first place is, so that joins know how many to expect.
struct Planned {
    /// Which columns of the part these are, in their order.
    columns: Vec<usize>,
    /// Which rows, where no place reads all.
    filter: Option<Expr>,
    plan: Arc<dyn ExecutionPlan>,
    /// Whether it was executed before, to its end or not.
    begun: AtomicBool,
    /// What it was planned from, and with.
    query: LogicalPlan,
    state: SessionState,
    /// What the engine expects of them.
    statistics: Statistics,
}

/// Computed rows.
#[derive(Debug)]
struct Rows {
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
        Self { part, schema, wanted: Mutex::default(), planned: OnceCell::new(), rows: OnceCell::new() }
    }

    /// What is computed.
    pub(super) fn part(&self) -> &LogicalPlan {
        &self.part
    }

    /// Computes all columns and rows, whatever the optimizer sees of the place named `name`.
    pub(super) fn want_all(&self, name: &str) {
        self.want(name, 0..self.schema.fields().len(), &[]);
    }

    /// Says what the place named `name` reads: these columns of the rows that pass all of `filters`. Every place has to be known
    /// before the first one is planned.
    pub(super) fn want(&self, name: &str, columns: impl IntoIterator<Item = usize>, filters: &[Expr]) {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.columns.extend(columns);
        wanted.places.insert(name.to_owned(), filters.to_vec());
    }

    /// Says that there is a place named `name`, which may read any row until the optimizer has seen its filters.
    pub(super) fn add_place(&self, name: &str) {
        self.want(name, [], &[]);
    }

    async fn plan(&self, state: &dyn Session) -> Result<Planned> {
        let (columns, filter) = {
            let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
            (wanted.columns.iter().copied().collect::<Vec<_>>(), wanted.rows())
        };
        let all = (0..self.schema.fields().len()).map(|i| {
            let (qualifier, field) = self.part.schema().qualified_field(i);
            Expr::Column(Column::new(qualifier.cloned(), field.name())).alias(column_name(i))
        });
        let mut plan = LogicalPlanBuilder::from(self.part.clone()).project(all.collect::<Vec<_>>())?;
        if let Some(filter) = &filter {
            plan = plan.filter(filter.clone())?;
        }
        let named = columns.iter().map(|i| Expr::Column(Column::from_name(column_name(*i))));
        let query = plan.project(named.collect::<Vec<_>>())?.build()?;
        let state = state.as_any().downcast_ref::<SessionState>().cloned();
        let state = state.ok_or_else(|| DataFusionError::Internal("a shared part needs a session of ours".into()))?;
        let plan = state.create_physical_plan(&query).await?;
        let statistics = StatisticsContext::new().compute(plan.as_ref(), &StatisticsArgs::new())?;
        let statistics = Arc::unwrap_or_clone(statistics).to_inexact();
        Ok(Planned { columns, filter, plan, begun: AtomicBool::new(false), query, state, statistics })
    }

    async fn rows(&self, context: &Arc<TaskContext>) -> Result<&Rows> {
        self.rows.get_or_try_init(|| self.compute(context)).await
    }

    async fn compute(&self, context: &Arc<TaskContext>) -> Result<Rows> {
        let planned =
            self.planned.get().ok_or_else(|| DataFusionError::Internal("a shared part is not planned".into()))?;
        // A reader that ends early leaves a plan that has begun: its state and its dynamic filters are no good to the next one.
        let plan = match planned.begun.swap(true, Ordering::Relaxed) {
            true => planned.state.create_physical_plan(&planned.query).await?,
            false => Arc::clone(&planned.plan),
        };
        let mut stream = execute_stream(plan, Arc::clone(context))?;
        let memory = MemoryConsumer::new("shared part of a query").register(context.memory_pool());
        let mut batches = Vec::new();
        let mut buffers = Buffers::default();
        while let Some(batch) = stream.try_next().await? {
            memory.try_grow(buffers.add(&batch))?;
            batches.push(batch);
        }
        Ok(Rows { batches, _memory: memory })
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

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // Where every place has one, the part is computed with the rows of some place alone. Each filters again itself.
        let judge = |filter: &&Expr| match filter.is_volatile() {
            true => TableProviderFilterPushDown::Unsupported,
            false => TableProviderFilterPushDown::Inexact,
        };
        Ok(filters.iter().map(judge).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let shared = &self.0;
        let columns: Vec<usize> = match projection {
            Some(columns) => columns.clone(),
            None => (0..shared.schema.fields().len()).collect(),
        };
        let planned = shared.planned.get_or_try_init(|| shared.plan(state)).await?;
        let places = columns.iter().map(|column| planned.columns.binary_search(column));
        let places: Vec<usize> = places.collect::<Result<_, _>>().map_err(|_| {
            DataFusionError::Internal("a column of a shared part was asked for after it was planned".into())
        })?;
        let schema = Arc::new(shared.schema.project(&columns)?);
        let statistics = Arc::new(planned.statistics.clone().project(Some(&places)));
        let partitions = state.config().target_partitions();
        Ok(Arc::new(SharedExec::new(Arc::clone(shared), places, schema, statistics, partitions)))
    }
}

/// One place of a plan that reads the rows, each thread its share of them.
#[derive(Debug)]
struct SharedExec {
    shared: Arc<Shared>,
    /// The columns it reads, of the computed ones.
    places: Vec<usize>,
    statistics: Arc<Statistics>,
    properties: Arc<PlanProperties>,
}

impl SharedExec {
    fn new(
        shared: Arc<Shared>,
        places: Vec<usize>,
        schema: SchemaRef,
        statistics: Arc<Statistics>,
        partitions: usize,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self { shared, places, statistics, properties: Arc::new(properties) }
    }
}

impl DisplayAs for SharedExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedExec: columns={}, rows={}", self.places.len(), self.statistics.num_rows)?;
        match self.shared.planned.get().and_then(|planned| planned.filter.as_ref()) {
            Some(filter) => write!(f, ", filter={filter}"),
            None => Ok(()),
        }
    }
}

impl ExecutionPlan for SharedExec {
    fn name(&self) -> &'static str {
        "SharedExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, _children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn statistics_from_inputs(&self, _inputs: &[Arc<Statistics>], args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        Ok(match args.partition() {
            None => Arc::clone(&self.statistics),
            Some(_) => Arc::new(Statistics::new_unknown(&self.schema())),
        })
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (shared, places, schema) = (Arc::clone(&self.shared), self.places.clone(), self.schema());
        let partitions = self.properties.partitioning.partition_count();
        let batches = async move {
            let rows = shared.rows(&context).await?;
            let mine = rows.batches.iter().skip(partition).step_by(partitions);
            let mine: Vec<Result<RecordBatch>> = mine.map(|batch| projected(batch, &places, &schema)).collect();
            Ok::<_, DataFusionError>(futures::stream::iter(mine))
        };
        let stream = futures::stream::once(batches).try_flatten().boxed();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), stream)))
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
