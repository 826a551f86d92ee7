//! What a query needs twice is computed once.
//!
//! Views are made of views: `mart.wilayah_ringkas` reads the satkers four times by different ways, a WITH that is named
//! three times is planned three times. The engine computes each of them anew. This rule looks at the plan before the
//! engine's own rules do, finds parts that are the same and whose result is small beside what they read (they group,
//! number or join grouped rows), and puts a table in their place whose rows are computed when they are first asked for,
//! and held until the query ends ([`rows`]): the columns and rows that some place reads.
//!
//! A part is not shared when it is one table filtered, or joins and unions of such: reading it again costs less than
//! holding it, unless the table is few rows in many files. Nor is anything with a volatile function in it, whose two results may differ.

mod parts;
mod rows;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

use parts::Parts;
use rows::{Shared, SharedTable};

/// Numbers the shared parts of the process: two plans never have tables of one name and different rows.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// The optimizer rule.
#[derive(Debug)]
pub(crate) struct SharedParts;

impl OptimizerRule for SharedParts {
    fn name(&self) -> &'static str {
        "shared_parts"
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let Some(parts) = Parts::of(&plan) else { return Ok(Transformed::no(plan)) };
        if !parts.any_shared() {
            return Ok(Transformed::no(plan));
        }
        let mut building = Building { made: vec![None; parts.len()], parts };
        let root = building.parts.root();
        building.build(root, false).map(Transformed::yes)
    }
}

/// The rule that comes last: it tells every shared part which columns its places read, because the part is planned with the
/// first of them.
#[derive(Debug)]
pub(crate) struct SharedColumns;

impl OptimizerRule for SharedColumns {
    fn name(&self) -> &'static str {
        "shared_columns"
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        plan.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node
                && let Ok(table) = source_as_provider(&scan.source)
                && let Some(SharedTable(shared)) = table.downcast_ref::<SharedTable>()
            {
                let name = scan.table_name.table();
                match &scan.projection {
                    Some(columns) => shared.want(name, columns.iter().copied(), &scan.filters),
                    None => shared.want_all(name),
                }
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(Transformed::no(plan))
    }
}

/// The plan being made anew.
struct Building<'a> {
    parts: Parts<'a>,
    /// The shared parts met so far.
    made: Vec<Option<Arc<Shared>>>,
}

impl Building<'_> {
    /// The part `id`, its shared parts replaced; `within` a shared part, or not.
    fn build(&mut self, id: usize, within: bool) -> Result<LogicalPlan> {
        if !self.parts.is_shared(id) {
            return self.copy(id, within);
        }
        let shared = match &self.made[id] {
            Some(shared) => Arc::clone(shared),
            None => {
                let shared = Arc::new(Shared::new(self.copy(id, true)?));
                self.made[id] = Some(Arc::clone(&shared));
                shared
            }
        };
        table(&shared, within)
    }

    fn copy(&mut self, id: usize, within: bool) -> Result<LogicalPlan> {
        let children = self.parts.children(id).to_vec();
        let plan = self.parts.plan(id).clone();
        let mut next = children.into_iter();
        let build = |_: LogicalPlan| {
            let child = next.next().expect("a part has as many children as its plan has inputs");
            self.build(child, within).map(Transformed::yes)
        };
        plan.map_children(build).map(|done| done.data)
    }
}

/// A scan of the shared rows, its columns named as the part's own are; `within` another shared part, or not.
fn table(shared: &Arc<Shared>, within: bool) -> Result<LogicalPlan> {
    let name = format!("shared_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    match within {
        // The part around it is optimized when its own first place is planned, which may be too late for this one.
        true => shared.want_all(&format!("{name} within")),
        false => shared.add_place(&name),
    }
    let scan =
        LogicalPlanBuilder::scan(name.clone(), provider_as_source(Arc::new(SharedTable(Arc::clone(shared)))), None)?;
    let columns = shared.part().schema().iter().enumerate().map(|(i, (qualifier, field))| {
        let column = Expr::Column(Column::new(Some(name.clone()), rows::column_name(i)));
        column.alias_qualified(qualifier.cloned(), field.name())
    });
    scan.project(columns.collect::<Vec<_>>())?.build()
}

#[cfg(test)]
mod tests;
