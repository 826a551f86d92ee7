//! Questions about the catalog, in words that the engine has. They come from drivers and tools, word for word the same each
//! time, and ask for things that nothing here has: defaults, constraints, identities, composite values.
//!
//! These rules never touch a question about data.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{self, Expr, Query, SelectItem, SetExpr, Statement, Value};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;

use super::listing::PG_CATALOG;

/// Tables in which nothing stands: a scalar subquery from one is NULL.
const EMPTY: [&str; 5] = ["pg_attrdef", "pg_constraint", "pg_description", "pg_index", "pg_sequence"];

/// Functions that make one value of many rows.
const AGGREGATES: [&str; 10] =
    ["count", "max", "min", "sum", "avg", "array_agg", "string_agg", "bool_and", "bool_or", "any_value"];

/// `statement` as the engine can plan it.
pub(super) fn for_catalog(mut statement: Statement) -> Statement {
    // PostgreSQL looks into its own schema first, wherever a name stands.
    let _: ControlFlow<()> = ast::visit_relations_mut(&mut statement, |name| {
        if let [ast::ObjectNamePart::Identifier(table)] = name.0.as_slice()
            && table.value.starts_with("pg_")
        {
            name.0.insert(0, ast::ObjectNamePart::Identifier(ast::Ident::new(PG_CATALOG)));
        }
        ControlFlow::Continue(())
    });
    let _: ControlFlow<()> = ast::visit_expressions_mut(&mut statement, |expr| {
        if let Some(new) = instead_of(expr) {
            *expr = new;
        }
        ControlFlow::Continue(())
    });
    statement
}

/// Writes `typinput = 'array_in'` for `typinput = 'pg_catalog.array_in'::regproc`: columns that hold a function hold its name
/// here. Whether there was any.
pub(super) fn name_functions(statement: &mut Statement) -> bool {
    let mut found = false;
    let _: ControlFlow<()> = ast::visit_expressions_mut(statement, |expr| {
        if let Expr::BinaryOp { left, op: ast::BinaryOperator::Eq, right } = expr {
            for side in [left, right] {
                if let Some(name) = function_name(side) {
                    **side = Expr::Value(Value::SingleQuotedString(name).into());
                    found = true;
                }
            }
        }
        ControlFlow::Continue(())
    });
    found
}

/// What stands in the place of `expr`; inner expressions were done before.
fn instead_of(expr: &mut Expr) -> Option<Expr> {
    match expr {
        Expr::Like { .. } => {
            escape_by_backslash(expr);
            None
        }
        Expr::Subquery(query) => one_row(query).then(null),
        // No composite type is here, so there is no field of one.
        Expr::CompoundFieldAccess { root, .. } if matches!(root.as_ref(), Expr::Nested(_)) => Some(null()),
        Expr::Function(call) => match last_name(call).as_str() {
            "_pg_expandarray" => Some(null()),
            "array" if matches!(call.args, ast::FunctionArguments::Subquery(_)) => Some(null()),
            "array_to_string" if first_argument(call).is_some_and(is_null) => Some(null()),
            _ => None,
        },
        Expr::BinaryOp { left, op: ast::BinaryOperator::StringConcat, right } if is_null(left) || is_null(right) => {
            Some(null())
        }
        _ => None,
    }
}

/// `array_in` for `'pg_catalog.array_in'::regproc`.
fn function_name(expr: &Expr) -> Option<String> {
    let Expr::Cast { expr, data_type, .. } = expr else { return None };
    let Expr::Value(ast::ValueWithSpan { value: Value::SingleQuotedString(name), .. }) = expr.as_ref() else {
        return None;
    };
    let is_function = data_type.to_string().to_lowercase().ends_with("regproc");
    is_function.then(|| name.rsplit('.').next().unwrap_or(name).to_owned())
}

/// `LIKE 'pg/_%' ESCAPE '/'`: the engine knows the backslash only.
fn escape_by_backslash(expr: &mut Expr) {
    let Expr::Like { pattern, escape_char, .. } = expr else { return };
    let Some(ast::ValueWithSpan { value: Value::SingleQuotedString(sign), .. }) = escape_char else { return };
    let mut chars = sign.chars();
    let (Some(sign), None) = (chars.next(), chars.next()) else { return };
    if sign == '\\' || sign == '\'' {
        return;
    }
    if let Some(new) = parsed(&format!("replace({pattern}, '{sign}', '\\')")) {
        **pattern = new;
        *escape_char = None;
    }
}

/// Makes sure that a scalar subquery gives one row at most; true when it gives none. PostgreSQL notices too many rows when they
/// come, the engine wants to see beforehand that there is one: of one row the greatest value is the value.
fn one_row(query: &mut Query) -> bool {
    let SetExpr::Select(select) = query.body.as_mut() else { return false };
    let from_empty = select.from.iter().any(|table| match &table.relation {
        ast::TableFactor::Table { name, .. } => {
            name.0.last().is_some_and(|last| EMPTY.contains(&last.to_string().to_lowercase().as_str()))
        }
        _ => false,
    });
    if from_empty {
        return true;
    }
    let grouped = !matches!(&select.group_by, ast::GroupByExpr::Expressions(by, _) if by.is_empty());
    if grouped || query.limit_clause.is_some() || select.from.is_empty() {
        return false;
    }
    if let [SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }] = select.projection.as_mut_slice()
    {
        let is_aggregate = matches!(expr, Expr::Function(call) if AGGREGATES.contains(&last_name(call).as_str()));
        if !is_aggregate && let Some(new) = parsed(&format!("max({expr})")) {
            *expr = new;
            query.order_by = None;
        }
    }
    false
}

fn parsed(expression: &str) -> Option<Expr> {
    Parser::new(&PostgreSqlDialect {}).try_with_sql(expression).ok()?.parse_expr().ok()
}

fn null() -> Expr {
    Expr::Value(Value::Null.into())
}

fn is_null(expr: &Expr) -> bool {
    match expr {
        Expr::Value(value) => value.value == Value::Null,
        Expr::Nested(inner) => is_null(inner),
        _ => false,
    }
}

fn last_name(call: &ast::Function) -> String {
    call.name.0.last().map(ToString::to_string).unwrap_or_default().to_lowercase()
}

fn first_argument(call: &ast::Function) -> Option<&Expr> {
    let ast::FunctionArguments::List(list) = &call.args else { return None };
    match list.args.first()? {
        ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{for_catalog, name_functions};
    use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    fn rewritten(sql: &str) -> String {
        for_catalog(Parser::parse_sql(&PostgreSqlDialect {}, sql).unwrap().remove(0)).to_string()
    }

    #[test]
    fn what_nothing_here_has_is_null() {
        for (sql, wanted) in [
            ("SELECT (SELECT d.adbin FROM pg_catalog.pg_attrdef d WHERE d.adnum = a.n) FROM a", "SELECT NULL FROM a"),
            ("SELECT (i.keys).n FROM i", "SELECT NULL FROM i"),
            ("SELECT array_to_string(x || ARRAY(SELECT 1), ',') FROM i", "SELECT NULL FROM i"),
            (
                "SELECT (SELECT count(*) FROM pg_class) FROM i",
                "SELECT (SELECT count(*) FROM pg_catalog.pg_class) FROM i",
            ),
            (
                "SELECT 1 FROM t WHERE (SELECT c.relkind = 'c' FROM pg_class c WHERE c.oid = t.typrelid)",
                "SELECT 1 FROM t WHERE (SELECT max(c.relkind = 'c') FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid)",
            ),
        ] {
            assert_eq!(rewritten(sql), wanted);
        }
    }

    #[test]
    fn functions_are_compared_by_name() {
        let sql = "SELECT typinput = 'pg_catalog.array_in'::regproc FROM i";
        let mut statement = Parser::parse_sql(&PostgreSqlDialect {}, sql).unwrap().remove(0);
        assert!(name_functions(&mut statement));
        assert_eq!(statement.to_string(), "SELECT typinput = 'array_in' FROM i");
        assert!(!name_functions(&mut statement));
    }

    #[test]
    fn patterns_are_escaped_by_the_backslash() {
        assert_eq!(
            rewritten("SELECT 1 FROM n WHERE a NOT LIKE $1 || '%' ESCAPE '/'"),
            "SELECT 1 FROM n WHERE a NOT LIKE replace($1 || '%', '/', '\\')"
        );
        assert_eq!(rewritten("SELECT 1 FROM n WHERE a LIKE 'b'"), "SELECT 1 FROM n WHERE a LIKE 'b'");
    }
}
