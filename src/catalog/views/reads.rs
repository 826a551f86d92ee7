//! Which view reads which table: from the SQL itself.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::common::TableReference;
use datafusion::sql::parser::DFParserBuilder;
use datafusion::sql::resolve::resolve_table_references;
use datafusion::sql::sqlparser::dialect::GenericDialect;

use super::{MART, ViewFile, ViewSet};

impl ViewSet {
    /// The tables and views that each view names itself, as `schema.table`, by the view's `mart.<name>`; a view that
    /// cannot be parsed has none.
    #[must_use]
    pub fn reads(&self) -> BTreeMap<String, Vec<String>> {
        let reads = |view: &ViewFile| tables(&view.sql).unwrap_or_default();
        self.views.values().map(|view| (format!("{MART}.{}", view.name), reads(view).into_iter().collect())).collect()
    }
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
}
