//! Which view reads which table: from the SQL itself.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::common::TableReference;
use datafusion::sql::parser::DFParserBuilder;
use datafusion::sql::resolve::resolve_table_references;
use datafusion::sql::sqlparser::dialect::GenericDialect;

use super::super::check::{DATA_TESTS, OPS};
use super::{CHECK, MART, ViewFile, ViewSet};

impl ViewSet {
    /// The tables and views that each view names itself, as `schema.table`, by the view's `mart.<name>`; a view that
    /// cannot be parsed has none.
    #[must_use]
    pub fn reads(&self) -> BTreeMap<String, Vec<String>> {
        let reads = |view: &ViewFile| tables(&view.sql).unwrap_or_default();
        self.views.values().map(|view| (format!("{MART}.{}", view.name), reads(view).into_iter().collect())).collect()
    }

    /// What the view `name` is made of, all the way down. What reads `ops.data_tests` is made of every test.
    #[must_use]
    pub fn below(&self, name: &str) -> Below {
        self.all_below(vec![format!("{MART}.{name}")])
    }

    /// What a query is made of, all the way down: views, data tests and tables; `None` where it is not one statement.
    #[must_use]
    pub fn below_query(&self, sql: &str) -> Option<Below> {
        Some(self.all_below(tables(sql)?.into_iter().collect()))
    }

    fn all_below(&self, mut open: Vec<String>) -> Below {
        let (mut below, tests) = (Below::default(), format!("{OPS}.{DATA_TESTS}"));
        while let Some(next) = open.pop() {
            if below.sql.contains_key(&next) || below.tables.contains(&next) {
                continue;
            }
            if next == tests {
                open.extend(self.checks.keys().map(|check| format!("{CHECK}.{check}")));
            }
            let view = next.strip_prefix("mart.").and_then(|name| self.views.get(name));
            match view.or_else(|| next.strip_prefix("check.").and_then(|name| self.checks.get(name))) {
                Some(file) => {
                    open.extend(tables(&file.sql).unwrap_or_default());
                    below.sql.insert(next, file.sql.clone());
                }
                None => drop(below.tables.insert(next)),
            }
        }
        below
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

/// The tables that `sql` names, as `schema.table`; `None` where it is not one statement.
pub(super) fn tables(sql: &str) -> Option<BTreeSet<String>> {
    let mut parser = DFParserBuilder::new(sql).with_dialect(&GenericDialect {}).build().ok()?;
    let mut statements = parser.parse_statements().ok()?;
    let statement = statements.pop_front().filter(|_| statements.is_empty())?;
    let (tables, _) = resolve_table_references(&statement, true).ok()?;
    let name = |table: &TableReference| format!("{}.{}", table.schema().unwrap_or(MART), table.table());
    Some(tables.iter().map(name).collect())
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
        let query =
            set.below_query("WITH x AS (SELECT * FROM mart.a) SELECT * FROM x, ref.wilayah WHERE d < $tanggal");
        let query = query.unwrap();
        assert_eq!(query.sql.keys().collect::<Vec<_>>(), ["mart.a"]);
        assert_eq!(query.tables.iter().collect::<Vec<_>>(), ["omspan.dipa_belanja", "ref.wilayah"]);
        assert_eq!(set.below_query("SELECT 1; SELECT 2"), None);
    }
}
