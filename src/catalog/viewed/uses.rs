//! What an expression does with a text: compares it with a text that is written there, which a view does as well, or something
//! else, which may need plain texts.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{
    BinaryExpr, Column, InListExpr, IsNotNullExpr, IsNullExpr, LikeExpr, Literal, in_list,
};
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_plan::PhysicalExpr;
use datafusion::scalar::ScalarValue;

use super::Columns;
use arrow::datatypes::Schema;

/// What the engine does with views as with plain texts.
const COMPARISONS: [Operator; 8] = [
    Operator::Eq,
    Operator::NotEq,
    Operator::Lt,
    Operator::LtEq,
    Operator::Gt,
    Operator::GtEq,
    Operator::IsDistinctFrom,
    Operator::IsNotDistinctFrom,
];

type Part = Arc<dyn PhysicalExpr>;

/// Adds every column that `part` names.
pub(super) fn mentioned(part: &Part, columns: &mut Columns) {
    columns.extend(collect_columns(part).iter().map(Column::index));
}

/// Adds every column that `part` does more with than compare it with written texts.
pub(super) fn computed(part: &Part, columns: &mut Columns) {
    if compared(part).is_some() {
        return;
    }
    if let Some(column) = super::column(part) {
        columns.insert(column);
    }
    part.children().into_iter().for_each(|child| computed(child, columns));
}

/// The column of a comparison with written texts.
fn compared(part: &Part) -> Option<usize> {
    if let Some(binary) = part.downcast_ref::<BinaryExpr>() {
        if !COMPARISONS.contains(binary.op()) {
            return None;
        }
        return match (super::column(binary.left()), super::column(binary.right())) {
            (Some(column), None) if is_written(binary.right()) => Some(column),
            (None, Some(column)) if is_written(binary.left()) => Some(column),
            _ => None,
        };
    }
    if let Some(like) = part.downcast_ref::<LikeExpr>() {
        return super::column(like.expr()).filter(|_| is_written(like.pattern()));
    }
    if let Some(list) = part.downcast_ref::<InListExpr>() {
        return super::column(list.expr()).filter(|_| list.list().iter().all(is_written));
    }
    if let Some(null) = part.downcast_ref::<IsNullExpr>() {
        return super::column(null.arg());
    }
    part.downcast_ref::<IsNotNullExpr>().and_then(|null| super::column(null.arg()))
}

/// Whether it is a plain text, or NULL in its place, that stands in the query.
fn is_written(part: &Part) -> bool {
    part.downcast_ref::<Literal>().is_some_and(|literal| matches!(literal.value(), ScalarValue::Utf8(_)))
}

/// A written text as a view; what is none stays as it is.
pub(super) fn written_view(part: &Part) -> Part {
    match part.downcast_ref::<Literal>().map(Literal::value) {
        Some(ScalarValue::Utf8(text)) => Arc::new(Literal::new(ScalarValue::Utf8View(text.clone()))),
        _ => Arc::clone(part),
    }
}

/// `part`, of which [`computed`] names none of the columns `viewed`, with these as views; `schema` has them as such.
pub(super) fn retyped(part: &Part, viewed: &Columns, schema: &Schema) -> Result<Part> {
    let retype = |part: Part| {
        if compared(&part).is_none_or(|column| !viewed.contains(&column)) {
            return Ok(Transformed::no(part));
        }
        let part = match part.downcast_ref::<InListExpr>() {
            // A list looks its column's kind up when it is made.
            Some(list) => {
                let texts = list.list().iter().map(written_view).collect();
                in_list(Arc::clone(list.expr()), texts, &list.negated(), schema)?
            }
            None => {
                let children = part.children().into_iter().map(written_view).collect();
                part.with_new_children(children)?
            }
        };
        Ok(Transformed::new(part, true, TreeNodeRecursion::Jump))
    };
    Arc::clone(part).transform_down(retype).map(|done| done.data)
}
