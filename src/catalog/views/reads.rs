//! Which view reads which table, and which views a query needs: from the SQL itself.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::common::TableReference;
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::resolve::resolve_table_references;
use datafusion::sql::sqlparser::ast;
use datafusion::sql::sqlparser::dialect::GenericDialect;

use super::{ALL_TESTS as DATA_TESTS, CHECK, MART, ViewFile, ViewSet};

impl ViewSet {
    /// The tables and views that each view names itself, as `schema.table`, by the view's `mart.<name>`; a view that
    /// cannot be parsed has none.
    #[must_use]
    pub fn reads(&self) -> BTreeMap<String, Vec<String>> {
        let reads = |view: &ViewFile| tables(&view.sql).map(|(_, names)| names).unwrap_or_default();
        self.views.values().map(|view| (format!("{MART}.{}", view.name), reads(view).into_iter().collect())).collect()
    }

    /// What the view `name` is made of, all the way down. What reads `ops.data_tests` is made of every test.
    #[must_use]
    pub fn below(&self, name: &str) -> Below {
        let mut below = Below::default();
        let mut open = vec![format!("{MART}.{name}")];
        while let Some(next) = open.pop() {
            if below.sql.contains_key(&next) || below.tables.contains(&next) {
                continue;
            }
            if next == DATA_TESTS {
                open.extend(self.checks.keys().map(|check| format!("{CHECK}.{check}")));
            }
            let view = next.strip_prefix("mart.").and_then(|name| self.views.get(name));
            match view.or_else(|| next.strip_prefix("check.").and_then(|name| self.checks.get(name))) {
                Some(file) => {
                    open.extend(tables(&file.sql).map(|(_, names)| names).unwrap_or_default());
                    below.sql.insert(next, file.sql.clone());
                }
                None => drop(below.tables.insert(next)),
            }
        }
        below
    }

    /// Only the views that `sql` needs, those below them included. All of them where the SQL asks about tables rather
    /// than rows (SHOW TABLES, `information_schema`) or names a table that is no view, so that the error can name what
    /// resembles it; data tests stay.
    #[must_use]
    pub fn needed_by(&self, sql: &str) -> Self {
        let Some((true, named)) = tables(sql) else { return self.clone() };
        let of_views = |names: &BTreeSet<String>| -> Option<Vec<String>> {
            let views = names.iter().filter_map(|name| name.strip_prefix("mart."));
            views.map(|view| self.views.contains_key(view).then(|| view.to_owned())).collect()
        };
        let Some(mut open) = of_views(&named).filter(|_| !named.iter().any(|n| n.starts_with("information_schema")))
        else {
            return self.clone();
        };
        let mut views = BTreeMap::new();
        while let Some(name) = open.pop() {
            let Some(view) = self.views.get(&name).filter(|_| !views.contains_key(&name)) else { continue };
            views.insert(name, view.clone());
            let Some((_, below)) = tables(&view.sql) else { return self.clone() };
            open.extend(below.iter().filter_map(|name| name.strip_prefix("mart.")).map(str::to_owned));
        }
        Self { views, checks: self.checks.clone() }
    }
}

/// What a view is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Below {
    /// Its SQL and that of the views and data tests below it, by `mart.<name>` and `check.<name>`.
    pub sql: BTreeMap<String, String>,
    /// The tables that are no views, as `schema.table`.
    pub tables: BTreeSet<String>,
}

/// Whether `sql` is one query, and the tables it names as `schema.table`; `None` where it is not one statement.
fn tables(sql: &str) -> Option<(bool, BTreeSet<String>)> {
    let mut parser = DFParserBuilder::new(sql).with_dialect(&GenericDialect {}).build().ok()?;
    let mut statements = parser.parse_statements().ok()?;
    let statement = statements.pop_front().filter(|_| statements.is_empty())?;
    let (tables, _) = resolve_table_references(&statement, true).ok()?;
    let name = |table: &TableReference| format!("{}.{}", table.schema().unwrap_or(MART), table.table());
    Some((is_query(&statement), tables.iter().map(name).collect()))
}

fn is_query(statement: &Statement) -> bool {
    match statement {
        Statement::Explain(explain) => is_query(&explain.statement),
        Statement::Statement(statement) => match statement.as_ref() {
            ast::Statement::Query(_) => true,
            ast::Statement::Explain { statement, .. } => matches!(statement.as_ref(), ast::Statement::Query(_)),
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::ViewSet;

    fn set() -> ViewSet {
        ViewSet::default()
            .with_view("a", "SELECT * FROM omspan.dipa_belanja")
            .with_view("b", "WITH w AS (SELECT * FROM a) SELECT * FROM w JOIN mart.c ON true")
            .with_view("c", "SELECT 1 AS n")
            .with_view("d", "SELECT * FROM nowhere")
    }

    fn needed(sql: &str) -> Vec<String> {
        set().needed_by(sql).views().map(|view| view.name.clone()).collect()
    }

    #[test]
    fn each_view_names_what_it_reads_itself() {
        let reads = set().reads();
        assert_eq!(reads["mart.b"], ["mart.a", "mart.c"]);
        assert_eq!(reads["mart.a"], ["omspan.dipa_belanja"]);
        assert_eq!(reads["mart.c"], [""; 0]);
    }

    #[test]
    fn a_view_is_made_of_everything_below_it() {
        let set = set()
            .with_view("e", "SELECT name FROM ops.data_tests JOIN b ON true")
            .with_check("t", "SELECT * FROM sipp.p3ke, ref.wilayah");
        let below = set.below("e");
        assert_eq!(below.sql.keys().collect::<Vec<_>>(), ["check.t", "mart.a", "mart.b", "mart.c", "mart.e"]);
        let tables: Vec<&str> = below.tables.iter().map(String::as_str).collect();
        assert_eq!(tables, ["omspan.dipa_belanja", "ops.data_tests", "ref.wilayah", "sipp.p3ke"]);
        assert_eq!(set.below("c").tables.len(), 0);
    }

    #[test]
    fn a_query_needs_its_views_and_those_below() {
        assert_eq!(needed("SELECT 1"), [""; 0]);
        assert_eq!(needed("SELECT * FROM omspan.dipa_belanja"), [""; 0]);
        assert_eq!(needed("SELECT * FROM mart.b"), ["a", "b", "c"]);
        assert_eq!(needed("EXPLAIN SELECT (SELECT max(n) FROM c)"), ["c"]);
    }

    #[test]
    fn who_asks_about_tables_sees_all_views() {
        for sql in
            ["SHOW TABLES", "SELECT * FROM information_schema.tables", "SELECT * FROM mart.e", "DESCRIBE a", "("]
        {
            assert_eq!(needed(sql).len(), 4, "{sql}");
        }
    }
}
