//! A part of a plan that the cluster computes.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use ballista_core::serde::protobuf::PartitionLocation;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PhysicalExpr, PlanProperties, displayable,
};
use futures::{StreamExt, TryStreamExt};

use super::Cluster;
use super::job::{Job, fetch};

/// So often a part is asked for: an executor may be lost after the work is done and before its rows are fetched. One that is lost
/// earlier is the scheduler's matter.
const ATTEMPTS: u32 = 3;

/// One partition: the rows of `part`, computed by the cluster, held here and given when all have come.
#[derive(Debug)]
pub(super) struct RemoteExec {
    cluster: Cluster,
    part: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl RemoteExec {
    /// `part` as the executors can run it.
    pub(super) fn new(cluster: Cluster, part: Arc<dyn ExecutionPlan>) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(part.schema()),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        Self { cluster, part, properties: Arc::new(properties) }
    }
}

impl DisplayAs for RemoteExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operators = displayable(self.part.as_ref()).indent(false).to_string();
        let names = operators.lines().map(|line| line.trim_start().split([':', ' ']).next().unwrap_or_default());
        let names: Vec<&str> = names.filter(|name| name.ends_with("Exec")).collect();
        write!(f, "RemoteExec: cluster={}, operators=[{}]", self.cluster.address, names.join(", "))
    }
}

impl ExecutionPlan for RemoteExec {
    fn name(&self) -> &'static str {
        "RemoteExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    /// None: nothing of the part is for this machine's optimizer any more.
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

    fn execute(&self, _partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (cluster, part) = (self.cluster.clone(), Arc::clone(&self.part));
        let memory = MemoryConsumer::new("rows from the cluster").register(context.memory_pool());
        let rows = async move {
            let batches = collected(&cluster, &part, |bytes| memory.try_grow(bytes)).await?;
            // The reservation lives as long as the rows.
            Ok::<_, DataFusionError>(futures::stream::iter(batches.into_iter().map(Ok)).inspect(move |_| {
                let _held = &memory;
            }))
        };
        let stream = futures::stream::once(rows).try_flatten().boxed();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), stream)))
    }
}

/// All rows of `part`, asked for until they come. What the scheduler refuses, or cannot have done, is not asked for again.
async fn collected(
    cluster: &Cluster,
    part: &Arc<dyn ExecutionPlan>,
    reserve: impl Fn(usize) -> Result<()>,
) -> Result<Vec<RecordBatch>> {
    let mut attempt = 1;
    loop {
        let locations = Job::submit(cluster, part).await?.finished().await?;
        match fetched(cluster, locations, &reserve).await {
            Err(error @ DataFusionError::ResourcesExhausted(_)) => return Err(error),
            Err(error) if attempt < ATTEMPTS => {
                tracing::warn!(cluster = %cluster.address, attempt, %error, "the rows were lost; the cluster is asked again");
                attempt += 1;
            }
            other => return other,
        }
    }
}

async fn fetched(
    cluster: &Cluster,
    locations: Vec<PartitionLocation>,
    reserve: impl Fn(usize) -> Result<()>,
) -> Result<Vec<RecordBatch>> {
    let mut batches = Vec::new();
    for location in locations {
        let mut rows = fetch(cluster, location).await?;
        while let Some(batch) = rows.try_next().await.map_err(|error| cluster.fault(&error.strip_backtrace()))? {
            reserve(batch.get_array_memory_size())?;
            batches.push(batch);
        }
    }
    Ok(batches)
}
