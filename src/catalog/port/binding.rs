//! Parameters: what their types are, and values in their places.
//!
//! The engine infers the type of a parameter from what it is compared with. Where it cannot (`SELECT $1`), the type that the
//! client declares is written into the question as a cast, and text where it declares none, as PostgreSQL does.

use std::collections::HashMap;
use std::ops::ControlFlow;

use arrow::datatypes::DataType;
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::sqlparser::ast::{self, Expr, Statement, Value, visit_expressions_mut};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;

use super::super::error::CatalogError;
use super::statement::{PortQuery, PortValue};
use super::types;
use super::value::Parameter;

/// Type of what a parameter is compared with, where it is known.
pub(super) type Target = Option<DataType>;

/// Most parameters of a question.
const PARAMETERS_MAX: usize = 1_000;

/// `declared`, with lists of texts for parameters that stand in `= ANY($1)` and were left open: the engine cannot tell that
/// they are lists.
pub(super) fn completed(statement: &Statement, declared: &[u32]) -> Vec<u32> {
    let mut lists = Vec::new();
    let _: ControlFlow<()> = ast::visit_expressions(statement, |expr| {
        if let Expr::AnyOp { right, .. } | Expr::AllOp { right, .. } = expr
            && let Expr::Value(ast::ValueWithSpan { value: Value::Placeholder(name), .. }) = inner(right)
        {
            lists.extend(number_of(name));
        }
        ControlFlow::Continue(())
    });
    let mut declared = declared.to_vec();
    for number in lists.into_iter().filter(|number| *number <= PARAMETERS_MAX) {
        declared.resize(declared.len().max(number), 0);
        if declared[number - 1] == 0 {
            declared[number - 1] = types::TEXT_LIST;
        }
    }
    declared
}

/// `expr` without the brackets around it.
fn inner(expr: &Expr) -> &Expr {
    if let Expr::Nested(nested) = expr { inner(nested) } else { expr }
}

/// The ways to write `statement`: as it is, with the declared types as casts, with a cast for every parameter.
pub(super) fn spellings(statement: &Statement, declared: &[u32]) -> Vec<Statement> {
    let mut ways = vec![statement.clone()];
    let mut placeholders = 0;
    let mut counted = statement.clone();
    replace(&mut counted, |_| {
        placeholders += 1;
        None
    });
    if placeholders == 0 {
        return ways;
    }
    let cast = |number: usize, name: &str| parsed(&format!("CAST(${number} AS {name})"));
    let known = |number: usize| declared.get(number - 1).copied().and_then(types::sql_name);
    if declared.iter().any(|oid| *oid != 0) {
        let mut typed = statement.clone();
        replace(&mut typed, |number| cast(number, known(number)?));
        ways.push(typed);
    }
    let mut all = statement.clone();
    replace(&mut all, |number| cast(number, known(number).unwrap_or("TEXT")));
    ways.push(all);
    ways
}

/// Whether the engine knows the type of every parameter.
pub(super) fn all_typed(plan: &LogicalPlan) -> bool {
    plan.get_parameter_types().is_ok_and(|types| types.values().all(Option::is_some))
}

/// What the parameters of `plan` are compared with, and the object ids of the types that the client is told.
pub(super) fn parameters(plan: &LogicalPlan, declared: &[u32]) -> Result<(Vec<Target>, Vec<u32>), CatalogError> {
    let types = plan.get_parameter_types().map_err(|error| CatalogError::from_engine(&error))?;
    let numbered: HashMap<usize, Target> =
        types.into_iter().filter_map(|(name, target)| Some((number_of(&name)?, target))).collect();
    let count = numbered.keys().copied().max().unwrap_or(0).max(declared.len());
    if count > PARAMETERS_MAX {
        return Err(CatalogError::Refused(format!("more than {PARAMETERS_MAX} parameters")));
    }
    let targets: Vec<Target> = (1..=count).map(|number| numbered.get(&number).cloned().flatten()).collect();
    let told = targets.iter().enumerate().map(|(i, target)| match declared.get(i) {
        Some(oid) if *oid != 0 => *oid,
        _ => target.as_ref().map_or(types::TEXT, |target| types::of(target).oid),
    });
    let told = told.collect();
    Ok((targets, told))
}

/// `plan` with `values` in the places of its parameters.
pub(super) fn bound(
    plan: LogicalPlan,
    targets: &[Target],
    values: &[Parameter],
) -> Result<LogicalPlan, CatalogError> {
    if targets.len() != values.len() {
        let (wanted, given) = (targets.len(), values.len());
        return Err(CatalogError::Query(format!("{given} values for {wanted} parameters")));
    }
    if targets.is_empty() {
        return Ok(plan);
    }
    let scalars = targets.iter().zip(values).map(|(target, value)| value.scalar(target.as_ref()));
    let scalars = scalars.collect::<Result<Vec<ScalarValue>, _>>()?;
    let values = ParamValues::List(scalars.into_iter().map(Into::into).collect());
    plan.replace_params_with_values(&values).map_err(|error| CatalogError::from_engine(&error))
}

impl PortQuery {
    /// This question with the values of an EXECUTE written into it; `declared` are the object ids of a PREPARE.
    ///
    /// # Errors
    /// When there are more or fewer values than parameters.
    pub fn with_values(&self, values: &[PortValue], declared: &[u32]) -> Result<Self, CatalogError> {
        let mut filled = self.clone();
        let mut highest = 0;
        replace(&mut filled.statement, |number| {
            highest = highest.max(number);
            let PortValue(value) = values.get(number - 1)?;
            match declared.get(number - 1).copied().and_then(types::sql_name) {
                Some(name) => parsed(&format!("CAST({value} AS {name})")),
                None => Some(Expr::Nested(Box::new(value.clone()))),
            }
        });
        let wanted = highest.max(declared.len());
        if wanted == values.len() {
            return Ok(filled);
        }
        Err(CatalogError::Query(format!("{} values for {wanted} parameters", values.len())))
    }
}

/// Puts what `with` gives for a parameter's number in its place.
fn replace(statement: &mut Statement, mut with: impl FnMut(usize) -> Option<Expr>) {
    let _: ControlFlow<()> = visit_expressions_mut(statement, |expr| {
        if let Expr::Value(ast::ValueWithSpan { value: Value::Placeholder(name), .. }) = expr
            && let Some(number) = number_of(name)
            && let Some(new) = with(number)
        {
            *expr = new;
        }
        ControlFlow::Continue(())
    });
}

fn parsed(expression: &str) -> Option<Expr> {
    Parser::new(&PostgreSqlDialect {}).try_with_sql(expression).ok()?.parse_expr().ok()
}

/// 2 of `$2`.
fn number_of(placeholder: &str) -> Option<usize> {
    placeholder.strip_prefix('$')?.parse().ok().filter(|number| *number > 0)
}
