//! A part of a plan that the cluster computes.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use ballista_core::config::BallistaConfig;
use ballista_core::execution_plans::execute_physical_plan;
use ballista_core::extension::SessionConfigExt;
use ballista_core::serde::BallistaPhysicalExtensionCodec;
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
use datafusion_proto::protobuf::PhysicalPlanNode;
use futures::{StreamExt, TryStreamExt};

use super::{Cluster, ClusterFault, settings};

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
        let rows = computed(cluster, part).await.map_err(|error| fault(cluster, &error))?;
        match fetched(rows, &reserve).await {
            Err(error @ DataFusionError::ResourcesExhausted(_)) => return Err(error),
            Err(error) if attempt < ATTEMPTS => {
                tracing::warn!(cluster = %cluster.address, attempt, %error, "the rows were lost; the cluster is asked again");
                attempt += 1;
            }
            Err(error) => return Err(fault(cluster, &error)),
            Ok(batches) => return Ok(batches),
        }
    }
}

/// The rows of `part`, once they are computed.
async fn computed(cluster: &Cluster, part: &Arc<dyn ExecutionPlan>) -> Result<SendableRecordBatchStream> {
    let settings = settings();
    let ballista: BallistaConfig = settings.ballista_config();
    execute_physical_plan::<PhysicalPlanNode>(
        format!("http://{}:{}", cluster.address.host, cluster.address.port),
        &ballista,
        Arc::clone(part),
        &BallistaPhysicalExtensionCodec::default(),
        cluster.session.clone(),
        settings,
    )
    .await
}

async fn fetched(
    mut rows: SendableRecordBatchStream,
    reserve: impl Fn(usize) -> Result<()>,
) -> Result<Vec<RecordBatch>> {
    let mut batches = Vec::new();
    while let Some(batch) = rows.try_next().await? {
        reserve(batch.get_array_memory_size())?;
        batches.push(batch);
    }
    Ok(batches)
}

fn fault(cluster: &Cluster, error: &DataFusionError) -> DataFusionError {
    let fault =
        ClusterFault::Answer { address: cluster.address.to_string(), reason: reason(&error.strip_backtrace()) };
    DataFusionError::External(fault.into())
}

/// What matters in the words of the library, which prints whole structs of its own.
fn reason(text: &str) -> String {
    if text.contains("ConnectError") {
        return "nobody listens there".to_owned();
    }
    let message = text.split_once("message: \"").and_then(|(_, rest)| rest.split_once("\", "));
    let words = message.map_or(text, |(message, _)| message);
    words.split("\\n").next().unwrap_or_default().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn of_a_printed_struct_the_message_is_left() {
        let refused = r#"Execution error: Status { code: InvalidArgument, message: "Could not parse plan: no store\nPlease help us", metadata: MetadataMap {} }"#;
        assert_eq!(reason(refused), "Could not parse plan: no store");
        let absent =
            "Execution error: tonic::transport::Error(Transport, ConnectError(ConnectError(\"tcp connect error\")))";
        assert_eq!(reason(absent), "nobody listens there");
        assert_eq!(reason("Job 7 failed: a task\nfailed four times"), "Job 7 failed: a task");
    }
}
