//! Where a column's values come from: the committed columns behind a plan's output.
//!
//! `SELECT min(nik) AS penerima FROM …` shows the values of `sipp.bantuan.nik`; `100 * realisasi / pagu` is computed from
//! two columns. The catalog needs the first to know that a comparison is with a hashed column, under whatever name a view
//! shows it, and both to say in the dictionary what a view's column means.

use std::collections::BTreeSet;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::{Aggregate, Distinct, Expr, LogicalPlan, TableScan};

/// A column of a table; of a view only where that is what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Origin {
    /// SQL schema.
    pub(crate) schema: String,
    /// SQL table.
    pub(crate) table: String,
    /// The column.
    pub(crate) column: String,
}

/// The columns whose values the output column at `index` shows unchanged; several after a UNION, none for computed ones.
pub(crate) fn origins(plan: &LogicalPlan, index: usize) -> BTreeSet<Origin> {
    Walk::Unchanged.output(plan, index)
}

/// The columns whose values `expr` shows unchanged, over the plans it is evaluated on.
pub(crate) fn origins_of(expr: &Expr, inputs: &[&LogicalPlan]) -> BTreeSet<Origin> {
    Walk::Unchanged.expr(expr, inputs)
}

/// The columns that the output column at `index` is computed from, changed or not. What joins and filters ask does not
/// count.
pub(crate) fn sources(plan: &LogicalPlan, index: usize) -> BTreeSet<Origin> {
    Walk::Computed.output(plan, index)
}

/// The columns that the output column at `index` is computed from, of the tables and views that the plan itself names.
pub(crate) fn direct(plan: &LogicalPlan, index: usize) -> BTreeSet<Origin> {
    Walk::Direct.output(plan, index)
}

/// Functions that give one of their arguments as it is.
const PASSING: [&str; 8] = ["min", "max", "first_value", "last_value", "nth_value", "lag", "lead", "coalesce"];

/// Which expressions are followed.
#[derive(Clone, Copy)]
enum Walk {
    /// Those that hand a value on as it is.
    Unchanged,
    /// All.
    Computed,
    /// All, and no view is looked into.
    Direct,
}

impl Walk {
    fn output(self, plan: &LogicalPlan, index: usize) -> BTreeSet<Origin> {
        match plan {
            LogicalPlan::TableScan(scan) => self.scan(scan, index),
            LogicalPlan::SubqueryAlias(alias) => match alias.alias.schema() {
                // Only the engine names a schema here: it puts a view's plan in the place of the view's name.
                Some(schema) if matches!(self, Self::Direct) => {
                    let column = plan.schema().field(index).name().clone();
                    BTreeSet::from([Origin {
                        schema: schema.to_owned(),
                        table: alias.alias.table().to_owned(),
                        column,
                    }])
                }
                _ => self.output(&alias.input, index),
            },
            LogicalPlan::Subquery(subquery) => self.output(&subquery.subquery, index),
            LogicalPlan::Projection(projection) => self.nth(&projection.expr, index, &projection.input),
            LogicalPlan::Distinct(Distinct::On(on)) => self.nth(&on.select_expr, index, &on.input),
            LogicalPlan::Distinct(Distinct::All(input)) => self.output(input, index),
            LogicalPlan::Aggregate(aggregate) => self.aggregate(aggregate, index),
            LogicalPlan::Window(window) => match index.checked_sub(window.input.schema().fields().len()) {
                None => self.output(&window.input, index),
                Some(own) => self.nth(&window.window_expr, own, &window.input),
            },
            LogicalPlan::Union(union) => union.inputs.iter().flat_map(|input| self.output(input, index)).collect(),
            LogicalPlan::RecursiveQuery(query) => self.output(&query.static_term, index),
            // Joins, filters, sorts and the like hand columns on under their names.
            other => match column_at(other.schema(), index) {
                Some(column) => self.column(&column, &other.inputs()),
                None => BTreeSet::new(),
            },
        }
    }

    fn expr(self, expr: &Expr, inputs: &[&LogicalPlan]) -> BTreeSet<Origin> {
        match (self, expr) {
            (_, Expr::Column(column)) => self.column(column, inputs),
            (_, Expr::ScalarSubquery(subquery)) => self.output(&subquery.subquery, 0),
            (_, Expr::GroupingSet(set)) => {
                set.distinct_expr().into_iter().flat_map(|expr| self.expr(expr, inputs)).collect()
            }
            (Self::Computed | Self::Direct, expr) => self.inside(expr, inputs),
            (Self::Unchanged, Expr::Alias(alias)) => self.expr(&alias.expr, inputs),
            (Self::Unchanged, Expr::Cast(cast)) => self.expr(&cast.expr, inputs),
            (Self::Unchanged, Expr::TryCast(cast)) => self.expr(&cast.expr, inputs),
            (Self::Unchanged, Expr::AggregateFunction(call)) => {
                self.passed(call.func.name(), &call.params.args, inputs)
            }
            (Self::Unchanged, Expr::WindowFunction(call)) => self.passed(call.fun.name(), &call.params.args, inputs),
            (Self::Unchanged, Expr::ScalarFunction(call)) => self.passed(call.name(), &call.args, inputs),
            (Self::Unchanged, _) => BTreeSet::new(),
        }
    }

    /// The columns anywhere in `expr`, and what the scalar subqueries in it give.
    fn inside(self, expr: &Expr, inputs: &[&LogicalPlan]) -> BTreeSet<Origin> {
        let mut found: BTreeSet<Origin> =
            expr.column_refs().into_iter().flat_map(|column| self.column(column, inputs)).collect();
        let walked = expr.apply(|part| {
            if let Expr::ScalarSubquery(subquery) = part {
                found.extend(self.output(&subquery.subquery, 0));
            }
            Ok(TreeNodeRecursion::Continue)
        });
        debug_assert!(walked.is_ok(), "nothing in it fails");
        found
    }

    /// What a call of `name` hands on; arguments that are offsets or defaults are no columns.
    fn passed(self, name: &str, args: &[Expr], inputs: &[&LogicalPlan]) -> BTreeSet<Origin> {
        let args = if PASSING.contains(&name) { args } else { &[] };
        args.iter().flat_map(|arg| self.expr(arg, inputs)).collect()
    }

    fn nth(self, exprs: &[Expr], index: usize, input: &LogicalPlan) -> BTreeSet<Origin> {
        exprs.get(index).map(|expr| self.expr(expr, &[input])).unwrap_or_default()
    }

    fn scan(self, scan: &TableScan, index: usize) -> BTreeSet<Origin> {
        let field = scan.projected_schema.field(index);
        if let Some(view) = scan.source.get_logical_plan().filter(|_| !matches!(self, Self::Direct)) {
            let place = view.schema().fields().iter().position(|own| own.name() == field.name());
            return place.map(|place| self.output(&view, place)).unwrap_or_default();
        }
        let schema = scan.table_name.schema().unwrap_or(super::views::MART).to_owned();
        BTreeSet::from([Origin { schema, table: scan.table_name.table().to_owned(), column: field.name().clone() }])
    }

    fn aggregate(self, aggregate: &Aggregate, index: usize) -> BTreeSet<Origin> {
        let groups: Vec<&Expr> = match aggregate.group_expr.as_slice() {
            [Expr::GroupingSet(set)] => set.distinct_expr(),
            exprs => exprs.iter().collect(),
        };
        if let Some(group) = groups.get(index) {
            return self.expr(group, &[&aggregate.input]);
        }
        // Grouping sets put a column of their own between the groups and the aggregates.
        let before = aggregate.schema.fields().len() - aggregate.aggr_expr.len();
        index.checked_sub(before).map(|own| self.nth(&aggregate.aggr_expr, own, &aggregate.input)).unwrap_or_default()
    }

    fn column(self, column: &Column, inputs: &[&LogicalPlan]) -> BTreeSet<Origin> {
        let found = inputs.iter().find_map(|plan| Some((*plan, plan.schema().maybe_index_of_column(column)?)));
        found.map(|(plan, index)| self.output(plan, index)).unwrap_or_default()
    }
}

fn column_at(schema: &DFSchema, index: usize) -> Option<Column> {
    (index < schema.fields().len()).then(|| Column::from(schema.qualified_field(index)))
}
