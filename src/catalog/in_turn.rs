//! Runs the branches of a long UNION one after the other.
//!
//! The engine starts all branches of a union at once. `ops.data_tests` has one for every data test, and several dozen
//! joins that hold their tables at the same time need several dozen times the memory of one, for no gain: each branch
//! uses every thread by itself.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::config::ConfigOptions;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PhysicalExpr, PlanProperties,
};
use futures::{StreamExt, TryStreamExt};

/// From so many branches on a union is a long one.
const BRANCHES_MIN: usize = 6;

/// The optimizer rule; it comes last, when every branch has the partitions it will have.
#[derive(Debug)]
pub(crate) struct LongUnions;

impl PhysicalOptimizerRule for LongUnions {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let in_turn = |plan: Arc<dyn ExecutionPlan>| {
            let Some(union) = (plan.as_ref() as &dyn std::any::Any).downcast_ref::<UnionExec>() else {
                return Ok(Transformed::no(plan));
            };
            let branches = union.inputs();
            let single = branches.iter().all(|branch| branch.output_partitioning().partition_count() == 1);
            Ok(match single && branches.len() >= BRANCHES_MIN {
                true => Transformed::yes(Arc::new(InTurnExec::new(branches.clone())) as Arc<dyn ExecutionPlan>),
                false => Transformed::no(plan),
            })
        };
        plan.transform_up(in_turn).map(|done| done.data)
    }

    fn name(&self) -> &'static str {
        "long_unions"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// One partition: the rows of the first branch, then those of the second, which begins when the first has ended.
#[derive(Debug)]
struct InTurnExec {
    branches: Vec<Arc<dyn ExecutionPlan>>,
    properties: Arc<PlanProperties>,
}

impl InTurnExec {
    /// Of at least one branch; all have the columns of the first.
    fn new(branches: Vec<Arc<dyn ExecutionPlan>>) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(branches[0].schema()),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self { branches, properties: Arc::new(properties) }
    }
}

impl DisplayAs for InTurnExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InTurnExec: branches={}", self.branches.len())
    }
}

impl ExecutionPlan for InTurnExec {
    fn name(&self) -> &'static str {
        "InTurnExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.branches.iter().collect()
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        match children.len() == self.branches.len() {
            true => Ok(Arc::new(Self::new(children))),
            false => Err(DataFusionError::Internal("a union has other branches than before".to_owned())),
        }
    }

    fn execute(&self, _partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let begin =
            move |branch: Arc<dyn ExecutionPlan>| futures::future::ready(branch.execute(0, Arc::clone(&context)));
        let rows = futures::stream::iter(self.branches.clone()).then(begin).try_flatten().boxed();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }
}
