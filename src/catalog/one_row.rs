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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::catalog::fixture::{Fixture, json_rows};

    async fn answer(sql: &str) -> Vec<Value> {
        let row = json!({"kdsatker": "012345", "akun": "521111", "amount": "1.50"});
        json_rows(&Fixture::new().with("dipa_belanja", 2026, &[row]).catalog().await, sql).await
    }

    #[tokio::test]
    async fn a_filter_on_a_constant_beside_an_aggregate_takes_its_row_away() {
        let counted = "SELECT * FROM (SELECT 'b' AS k, count(*) AS n
            FROM (SELECT sum(amount) AS s FROM omspan.dipa_belanja) CROSS JOIN (VALUES (1), (2)) AS two (x))";
        assert_eq!(answer(&format!("{counted} WHERE k = 'x' AND n > 0")).await, [json!(null); 0]);
        assert_eq!(answer(&format!("{counted} WHERE k = 'b' AND n > 0")).await, [json!({"k": "b", "n": 2})]);
    }

    #[tokio::test]
    async fn a_branch_of_a_union_is_left_out_by_its_tag() {
        let tagged = "SELECT * FROM (SELECT 'a' AS k, count(*) AS n FROM omspan.dipa_belanja
            UNION ALL SELECT 'b', count(*) FROM omspan.dipa_belanja WHERE amount > 100)";
        assert_eq!(answer(&format!("{tagged} WHERE k = 'b'")).await, [json!({"k": "b", "n": 0})]);
        assert_eq!(answer(&format!("{tagged} WHERE k = 'x'")).await, [json!(null); 0]);
        assert_eq!(answer("SELECT name FROM ops.data_tests WHERE name = 'x'").await, [json!(null); 0]);
        let mutu = "SELECT objek FROM mart.mutu_data WHERE kelompok = 'tidak ada' AND jumlah >= 0";
        assert_eq!(answer(mutu).await, [json!(null); 0]);
    }
}
