//! Keeps filters above aggregates without GROUP BY.
//!
//! Such an aggregate gives one row whatever it reads, so a filter above it is not the same as one below. The engine
//! (DataFusion 55.2) pushes a filter below that has become a constant on its way, as the tag of a UNION's branch does, and the row
//! stays: `SELECT name FROM ops.data_tests WHERE name = 'x'` gave every test. No filter passes a limit, and LIMIT 1 takes
//! nothing away from one row.

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::Result;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

/// The optimizer rule; it comes before the engine's own.
#[derive(Debug)]
pub(crate) struct OneRowStays;

impl OptimizerRule for OneRowStays {
    fn name(&self) -> &'static str {
        "one_row_stays"
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        plan.transform_up(|node| match node {
            // It has its limit already: the rules run several times.
            LogicalPlan::Limit(_) => Ok(Transformed::no(node)),
            other => other.map_children(limited),
        })
    }
}

fn limited(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    match &plan {
        LogicalPlan::Aggregate(aggregate) if aggregate.group_expr.is_empty() => {
            LogicalPlanBuilder::from(plan).limit(0, Some(1))?.build().map(Transformed::yes)
        }
        _ => Ok(Transformed::no(plan)),
    }
}
