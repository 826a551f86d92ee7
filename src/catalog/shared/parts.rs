//! The parts of a plan: which are the same, which are worth sharing.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::{JoinType, LogicalPlan};

use crate::catalog::table::CommittedTable;

/// One part of a plan, however often it occurs.
struct Part<'a> {
    /// One of its occurrences.
    plan: &'a LogicalPlan,
    /// Its inputs; always of lower numbers.
    children: Vec<usize>,
    /// Whether its result is small beside what is read for it, or costly beside its size.
    reduced: bool,
    /// Whether it gives the same rows each time.
    stable: bool,
    /// Whether it reads a table: a list of values in the SQL costs nothing to make again, and its length is known.
    reads: bool,
    /// How often it would be computed.
    uses: u64,
    shared: bool,
}

/// All parts of a plan, the root last.
pub(super) struct Parts<'a> {
    parts: Vec<Part<'a>>,
    by_hash: HashMap<u64, Vec<usize>>,
}

impl<'a> Parts<'a> {
    /// The parts of `plan`; `None` where nothing may be shared.
    pub(super) fn of(plan: &'a LogicalPlan) -> Option<Self> {
        let mut parts = Self { parts: Vec::new(), by_hash: HashMap::new() };
        let root = parts.enter(plan)?;
        parts.count(root);
        Some(parts)
    }

    pub(super) fn len(&self) -> usize {
        self.parts.len()
    }

    pub(super) fn root(&self) -> usize {
        self.parts.len() - 1
    }

    pub(super) fn plan(&self, id: usize) -> &'a LogicalPlan {
        self.parts[id].plan
    }

    pub(super) fn children(&self, id: usize) -> &[usize] {
        &self.parts[id].children
    }

    pub(super) fn is_shared(&self, id: usize) -> bool {
        self.parts[id].shared
    }

    pub(super) fn any_shared(&self) -> bool {
        self.parts.iter().any(|part| part.shared)
    }

    /// The number of `plan`, the inputs entered before it.
    fn enter(&mut self, plan: &'a LogicalPlan) -> Option<usize> {
        // The rows that a recursive query reads of itself are others each time.
        if matches!(plan, LogicalPlan::RecursiveQuery(_)) {
            return None;
        }
        let children = plan.inputs().into_iter().map(|input| self.enter(input)).collect::<Option<Vec<_>>>()?;
        let mut hasher = DefaultHasher::new();
        plan.display().to_string().hash(&mut hasher);
        children.hash(&mut hasher);
        let known = self.by_hash.entry(hasher.finish()).or_default();
        let same = |id: &usize| self.parts[*id].children == children && is_same(self.parts[*id].plan, plan);
        if let Some(id) = known.iter().copied().find(same) {
            return Some(id);
        }
        known.push(self.parts.len());
        let stable = children.iter().all(|id| self.parts[*id].stable)
            && !plan.expressions().iter().any(|expr| expr.is_volatile())
            && !matches!(plan, LogicalPlan::Subquery(_) | LogicalPlan::Extension(_));
        let reduced = self.is_reduced(plan, &children);
        let reads = matches!(plan, LogicalPlan::TableScan(_)) || children.iter().any(|id| self.parts[*id].reads);
        self.parts.push(Part { plan, children, reduced, stable, reads, uses: 0, shared: false });
        Some(self.parts.len() - 1)
    }

    fn is_reduced(&self, plan: &LogicalPlan, children: &[usize]) -> bool {
        let child = |i: usize| self.parts[children[i]].reduced;
        match plan {
            LogicalPlan::Aggregate(_) | LogicalPlan::Distinct(_) | LogicalPlan::Window(_) => true,
            LogicalPlan::Projection(_)
            | LogicalPlan::Filter(_)
            | LogicalPlan::SubqueryAlias(_)
            | LogicalPlan::Sort(_)
            | LogicalPlan::Limit(_) => child(0),
            LogicalPlan::Union(_) => (0..children.len()).any(child),
            LogicalPlan::Join(join) => match join.join_type {
                JoinType::Inner if join.on.is_empty() => child(0) && child(1),
                JoinType::Inner => child(0) || child(1),
                JoinType::Full => child(0) && child(1),
                JoinType::Right | JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => child(1),
                JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => child(0),
            },
            LogicalPlan::Values(_) => true,
            LogicalPlan::TableScan(scan) => source_as_provider(&scan.source)
                .is_ok_and(|table| table.downcast_ref::<CommittedTable>().is_some_and(CommittedTable::is_scattered)),
            _ => false,
        }
    }

    /// Counts from the root down how often each part would be computed, and shares those that would be twice: what is
    /// below a shared part is needed once for all of its uses.
    fn count(&mut self, root: usize) {
        self.parts[root].uses = 1;
        for id in (0..=root).rev() {
            let part = &mut self.parts[id];
            let leaf = part.children.is_empty();
            part.shared = part.uses > 1 && part.reduced && part.stable && part.reads && !leaf;
            let uses = if part.shared { 1 } else { part.uses };
            for child in part.children.clone() {
                self.parts[child].uses = self.parts[child].uses.saturating_add(uses);
            }
        }
    }
}

/// Do two plans with the same inputs do the same with them? Their words are the same already.
fn is_same(a: &LogicalPlan, b: &LogicalPlan) -> bool {
    match (a, b) {
        (LogicalPlan::Projection(_), LogicalPlan::Projection(_))
        | (LogicalPlan::Filter(_), LogicalPlan::Filter(_))
        | (LogicalPlan::SubqueryAlias(_), LogicalPlan::SubqueryAlias(_))
        | (LogicalPlan::Aggregate(_), LogicalPlan::Aggregate(_))
        | (LogicalPlan::Window(_), LogicalPlan::Window(_))
        | (LogicalPlan::Union(_), LogicalPlan::Union(_)) => {
            a.expressions() == b.expressions() && a.schema() == b.schema()
        }
        (LogicalPlan::Join(one), LogicalPlan::Join(other)) => {
            let words =
                |join: &datafusion::logical_expr::Join| (join.join_type, join.join_constraint, join.null_equality);
            words(one) == words(other) && a.expressions() == b.expressions() && a.schema() == b.schema()
        }
        // Leaves, and what is rare.
        _ => a == b,
    }
}
