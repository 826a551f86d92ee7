//! Texts between a file and the first grouping are read as views.
//!
//! The columns of the catalog are plain texts (`Utf8`). Of a grouping over millions of rows, half of the time goes into copying each
//! value: out of the page, through every filter and join. A view (`Utf8View`) is sixteen bytes, whatever the text; but where a plan mixes both,
//! functions of the engine fail, and a table of a join would hold whole pages of the file. So the kinds are mixed nowhere that
//! a query can see: this rule, the last one, looks at each grouping, follows the columns that it groups by down to the file, and reads as
//! views those that nobody on the way computes with ([`uses`]). Above the grouping, where rows are few, they are plain texts again.
//!
//! Names, order and number of columns stay as they are at every step ([`operators`]).

mod operators;
mod uses;

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Schema};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_expr::expressions::{CastExpr, Column};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, PhysicalExpr};

/// Numbers of columns of one operator's output.
type Columns = BTreeSet<usize>;

/// The optimizer rule.
#[derive(Debug)]
pub(crate) struct ViewedTexts;

impl PhysicalOptimizerRule for ViewedTexts {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let group = |plan: Arc<dyn ExecutionPlan>| {
            let Some(grouping) = downcast::<AggregateExec>(&plan) else { return Ok(Transformed::no(plan)) };
            Ok(match grouped_by_views(grouping)? {
                Some(viewed) => Transformed::yes(viewed),
                None => Transformed::no(plan),
            })
        };
        plan.transform_up(group).map(|done| done.data)
    }

    fn name(&self) -> &'static str {
        "viewed_texts"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn downcast<T: 'static>(plan: &Arc<dyn ExecutionPlan>) -> Option<&T> {
    (plan.as_ref() as &dyn std::any::Any).downcast_ref()
}

/// The plain texts among the columns of `schema`.
fn texts(schema: &Schema) -> Columns {
    let fields = schema.fields().iter().enumerate();
    fields.filter(|(_, field)| *field.data_type() == DataType::Utf8).map(|(i, _)| i).collect()
}

/// This grouping over views, and plain texts again above it; `None` where no column can be one.
fn grouped_by_views(grouping: &AggregateExec) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let reads_rows =
        matches!(grouping.mode(), AggregateMode::Partial | AggregateMode::Single | AggregateMode::SinglePartitioned);
    if !reads_rows || grouping.group_expr().has_grouping_set() || !grouping.dynamic_expressions_produced().is_empty()
    {
        return Ok(None);
    }
    let wanted = wanted(grouping);
    let Some((input, viewed)) = operators::viewed(grouping.input(), &wanted)? else { return Ok(None) };
    let raw = match grouping.mode() {
        AggregateMode::Partial => grouping.input_schema(),
        _ => input.schema(),
    };
    let over_views = AggregateExec::try_new(
        *grouping.mode(),
        grouping.group_expr().clone(),
        grouping.aggr_expr().to_vec(),
        grouping.filter_expr().to_vec(),
        input,
        raw,
    )?
    .with_limit_options(grouping.limit_options());
    let keys = grouping.group_expr().expr().iter().enumerate();
    let views: Columns = keys
        .filter(|(_, (key, _))| column(key).is_some_and(|key| viewed.contains(&key)))
        .map(|(place, _)| place)
        .collect();
    let viewed = plain(Arc::new(over_views), &views, &grouping.schema())?;
    Ok(knows_as_much(&viewed, grouping)?.then_some(viewed))
}

/// Whether it is known of `new` all that is known of `old`: what stands above was planned by that.
fn knows_as_much(new: &Arc<dyn ExecutionPlan>, old: &AggregateExec) -> Result<bool> {
    let (new, old) = (new.equivalence_properties(), old.properties().equivalence_properties());
    let is_constant =
        |of: &EquivalenceProperties, column: &Arc<dyn PhysicalExpr>| of.is_expr_constant(column).is_some();
    let fields = old.schema().fields().iter().enumerate();
    let mut columns = fields.map(|(i, field)| Arc::new(Column::new(field.name(), i)) as Arc<dyn PhysicalExpr>);
    let constants = columns.all(|column| !is_constant(old, &column) || is_constant(new, &column));
    let is_sorted = match old.output_ordering() {
        Some(ordering) => new.ordering_satisfy(ordering)?,
        None => true,
    };
    Ok(constants && is_sorted && new.eq_group().len() >= old.eq_group().len())
}

/// The texts of the input that it groups by and does not compute with.
fn wanted(grouping: &AggregateExec) -> Columns {
    let mut computed = Columns::new();
    for aggregate in grouping.aggr_expr() {
        let all = aggregate.all_expressions();
        all.args.iter().chain(&all.order_by_exprs).for_each(|part| uses::mentioned(part, &mut computed));
    }
    grouping.filter_expr().iter().flatten().for_each(|filter| uses::mentioned(filter, &mut computed));
    let keys = grouping.group_expr().expr().iter();
    keys.clone().filter(|(key, _)| column(key).is_none()).for_each(|(key, _)| uses::mentioned(key, &mut computed));
    let texts = texts(&grouping.input().schema());
    // A column of one value is not known as such any more when it is made a plain text again.
    let known = grouping.input().equivalence_properties();
    let varying = keys.filter(|(key, _)| known.is_expr_constant(key).is_none()).filter_map(|(key, _)| column(key));
    varying.filter(|key| texts.contains(key) && !computed.contains(key)).collect()
}

/// The number of the column, where the expression is nothing but one.
fn column(part: &Arc<dyn PhysicalExpr>) -> Option<usize> {
    part.downcast_ref::<Column>().map(Column::index)
}

/// `plan` with `views` of its columns as plain texts, which gives it the columns `schema`.
fn plain(plan: Arc<dyn ExecutionPlan>, views: &Columns, schema: &Schema) -> Result<Arc<dyn ExecutionPlan>> {
    cast(plan, views, schema, &DataType::Utf8)
}

/// `plan` with these `columns`, named as in `schema`, of the kind `to`.
fn cast(
    plan: Arc<dyn ExecutionPlan>,
    columns: &Columns,
    schema: &Schema,
    to: &DataType,
) -> Result<Arc<dyn ExecutionPlan>> {
    let parts = schema.fields().iter().enumerate().map(|(i, field)| {
        let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(field.name(), i));
        let part = match columns.contains(&i) {
            true => Arc::new(CastExpr::new(column, to.clone(), None)),
            false => column,
        };
        ProjectionExpr::new(part, field.name())
    });
    Ok(Arc::new(ProjectionExec::try_new(parts.collect::<Vec<_>>(), plan)?))
}

#[cfg(test)]
mod tests;
