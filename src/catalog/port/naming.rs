//! What columns without a name are called: `count`, `?column?`. The engine calls them by their whole expression, literals and
//! hidden tables in it.

use datafusion::sql::sqlparser::ast::{Expr, Query, SelectItem, SetExpr, Statement};

/// What PostgreSQL calls an expression that has no better name.
const NAMELESS: &str = "?column?";

/// The names of the `count` columns of `statement`; `None` where the engine's own is right. No name at all where it cannot be
/// said which expression makes which column (`*`).
pub(super) fn names(statement: &Statement, count: usize) -> Vec<Option<String>> {
    let Statement::Query(query) = statement else { return Vec::new() };
    let Some(items) = projection(query).filter(|items| items.len() == count) else { return Vec::new() };
    let wild = |item: &SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..));
    if items.iter().any(wild) {
        return Vec::new();
    }
    let name = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(expr) => of(expr),
        _ => None,
    };
    items.iter().map(name).collect()
}

/// The expressions that make the columns; those of a union are its first part's.
fn projection(query: &Query) -> Option<&[SelectItem]> {
    let mut body = query.body.as_ref();
    loop {
        match body {
            SetExpr::Select(select) => return Some(&select.projection),
            SetExpr::Query(query) => return projection(query),
            SetExpr::SetOperation { left, .. } => body = left,
            _ => return None,
        }
    }
}

fn of(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => None,
        Expr::Function(function) => {
            let last = function.name.0.last()?.to_string();
            Some(last.trim_matches('"').to_lowercase())
        }
        Expr::Nested(inner) => of(inner),
        // A cast column keeps its name; the engine calls it by the whole cast.
        Expr::Cast { expr, data_type, .. } => match expr.as_ref() {
            Expr::Identifier(name) => Some(folded(name.quote_style.is_some(), &name.value)),
            Expr::CompoundIdentifier(names) => {
                names.last().map(|name| folded(name.quote_style.is_some(), &name.value))
            }
            Expr::Value(_) => Some(data_type.to_string().split(['(', ' ']).next().unwrap_or_default().to_lowercase()),
            other => of(other),
        },
        Expr::TypedString(typed) => Some(typed.data_type.to_string().to_lowercase()),
        Expr::Case { .. } => Some("case".to_owned()),
        Expr::Extract { .. } => Some("extract".to_owned()),
        Expr::Substring { .. } => Some("substring".to_owned()),
        Expr::Trim { .. } => Some("btrim".to_owned()),
        Expr::Exists { .. } => Some("exists".to_owned()),
        _ => Some(NAMELESS.to_owned()),
    }
}

fn folded(quoted: bool, name: &str) -> String {
    if quoted { name.to_owned() } else { name.to_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::names;
    use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    fn named(sql: &str, count: usize) -> Vec<Option<String>> {
        names(&Parser::parse_sql(&PostgreSqlDialect {}, sql).unwrap()[0], count)
    }

    #[test]
    fn columns_are_called_as_in_postgresql() {
        let sql =
            "SELECT a, b AS x, count(*), 1, 'secret', c::text, DATE '2026-01-01', (1 + 1), CASE WHEN a THEN 1 END";
        let found = named(sql, 9);
        let found: Vec<Option<&str>> = found.iter().map(Option::as_deref).collect();
        let nameless = Some("?column?");
        assert_eq!(
            found,
            [None, None, Some("count"), nameless, nameless, Some("c"), Some("date"), nameless, Some("case")]
        );
        assert!(named("SELECT *, count(*) FROM t", 2).is_empty());
        assert_eq!(named("SELECT 1 UNION SELECT 2", 1), [Some("?column?".to_owned())]);
    }
}
