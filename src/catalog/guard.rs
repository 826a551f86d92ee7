//! What SQL may do. Our own queries may only read, too: nothing in a session can be written.
//!
//! SQL from outside is judged twice: its statement against a short list of kinds, then its plan, so that what hides
//! inside a query (an INSERT in a WITH, SELECT INTO) is found as well.

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{SQLOptions, SessionContext};
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast;
use datafusion::sql::sqlparser::dialect::GenericDialect;

use super::error::CatalogError;

/// Plans one statement of our own; it has to be a query.
pub(crate) async fn plan_trusted(context: &SessionContext, sql: &str) -> Result<LogicalPlan, CatalogError> {
    let state = context.state();
    plan_statement(&state, single_statement(&state, sql)?).await
}

/// Plans a parsed statement of our own; it has to be a query.
pub(crate) async fn plan_statement(state: &SessionState, statement: Statement) -> Result<LogicalPlan, CatalogError> {
    let plan = state.statement_to_plan(statement).await.map_err(|e| CatalogError::from_engine(&e))?;
    verify(&plan)?;
    Ok(plan)
}

/// Plans one statement from outside, or refuses it.
pub(crate) async fn plan_read_only(
    context: &SessionContext,
    sql: &str,
    sql_bytes: usize,
) -> Result<LogicalPlan, CatalogError> {
    if sql.len() > sql_bytes {
        return Err(CatalogError::Refused(format!("the SQL text is longer than {sql_bytes} bytes")));
    }
    let state = context.state();
    let statement = single_statement(&state, sql)?;
    if !is_reading(&statement) {
        return Err(CatalogError::Refused(format!("{} is not a query", first_word(sql))));
    }
    let plan = plan_statement(&state, statement).await?;
    if shows_settings(&plan).map_err(|e| CatalogError::from_engine(&e))? {
        return Err(CatalogError::Refused("the settings of the engine are not shown".to_owned()));
    }
    Ok(plan)
}

/// The one statement in `sql`; a closing semicolon and comments are fine.
pub(crate) fn single_statement(state: &SessionState, sql: &str) -> Result<Statement, CatalogError> {
    let limit = state.config().options().sql_parser.recursion_limit.get();
    let mut statements = DFParserBuilder::new(sql)
        .with_dialect(&GenericDialect {})
        .with_recursion_limit(limit)
        .build()
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|e| CatalogError::from_engine(&e))?;
    match (statements.pop_front(), statements.len()) {
        (Some(statement), 0) => Ok(statement),
        (None, _) => Err(CatalogError::Query("there is no SQL in the text".to_owned())),
        (Some(_), more) => Err(CatalogError::Refused(format!("{} statements instead of one", more + 1))),
    }
}

fn is_reading(statement: &Statement) -> bool {
    match statement {
        Statement::Explain(explain) => is_reading(&explain.statement),
        Statement::Statement(statement) => match statement.as_ref() {
            ast::Statement::Explain { statement, .. } => matches!(statement.as_ref(), ast::Statement::Query(_)),
            ast::Statement::Query(_)
            | ast::Statement::ExplainTable { .. }
            | ast::Statement::ShowTables { .. }
            | ast::Statement::ShowColumns { .. }
            | ast::Statement::ShowFunctions { .. }
            | ast::Statement::ShowCreate { .. }
            | ast::Statement::ShowVariable { .. } => true,
            _ => false,
        },
        Statement::CreateExternalTable(_) | Statement::CopyTo(_) | Statement::Reset(_) => false,
    }
}

fn verify(plan: &LogicalPlan) -> Result<(), CatalogError> {
    let reading = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    reading.verify_plan(plan).map_err(|e| CatalogError::Refused(e.message().into_owned()))
}

/// Does the plan read the engine's settings? They name folders of the machine.
fn shows_settings(plan: &LogicalPlan) -> Result<bool, DataFusionError> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            found |= scan.table_name.table() == "df_settings";
        }
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}

fn first_word(sql: &str) -> String {
    let word = sql.split_whitespace().next().unwrap_or_default();
    word.chars().filter(char::is_ascii_alphabetic).take(20).collect::<String>().to_uppercase()
}
