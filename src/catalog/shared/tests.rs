//! What is shared and what is not, and that rows stay the same.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::util::display::array_value_to_string;

use crate::catalog::{Catalog, MemoryTable, Rows, SessionLimits, ViewSet};

/// A session over `src.lines`: 6 rows of the groups a, b and c.
fn catalog() -> Catalog {
    let columns = Arc::new(Schema::new(vec![
        Field::new("name", DataType::Utf8, true),
        Field::new("amount", DataType::Int64, true),
    ]));
    let names = StringArray::from(vec!["a", "a", "b", "b", "b", "c"]);
    let amounts = Int64Array::from(vec![1, 2, 3, 4, 5, 6]);
    let batch = RecordBatch::try_new(Arc::clone(&columns), vec![Arc::new(names), Arc::new(amounts)]).unwrap();
    let lines = MemoryTable { schema: "src".into(), table: "lines".into(), columns, rows: Rows::Held(vec![batch]) };
    let views = ViewSet::default()
        .with_view("groups", "SELECT name, count(*) AS n, sum(amount) AS total FROM src.lines GROUP BY name")
        .with_view("all_lines", "SELECT name, amount FROM src.lines WHERE amount > 0")
        .with_view(
            "pairs",
            "SELECT g.name, g.n, o.total FROM mart.groups AS g JOIN mart.groups AS o ON o.name = g.name",
        );
    Catalog::build_with(Vec::new(), vec![lines], &views, SessionLimits::default()).unwrap()
}

/// Rows as texts, sorted.
async fn rows(catalog: &Catalog, sql: &str) -> Vec<String> {
    let batches = catalog.query(sql).await.unwrap().collect().await.unwrap();
    let mut rows = Vec::new();
    for batch in &batches {
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().map(|column| array_value_to_string(column, row).unwrap());
            rows.push(cells.collect::<Vec<_>>().join("|"));
        }
    }
    rows.sort();
    rows
}

/// How many places of the plan read a shared part.
async fn shared_reads(catalog: &Catalog, sql: &str) -> usize {
    let plan = rows(catalog, &format!("EXPLAIN {sql}")).await.join("\n");
    plan.matches("TableScan: shared_").count()
}

#[tokio::test]
async fn a_grouped_view_that_is_read_twice_is_computed_once() {
    let catalog = catalog();
    let sql = "SELECT * FROM mart.pairs";
    assert_eq!(shared_reads(&catalog, sql).await, 2);
    assert_eq!(rows(&catalog, sql).await, ["a|2|3", "b|3|12", "c|1|6"]);
}

#[tokio::test]
async fn each_reader_gets_the_columns_it_asks_for_also_through_another_shared_part() {
    let catalog = catalog();
    // pairs is shared and reads groups, which is read beside it as well.
    let sql = "SELECT p.name, q.total, g.n FROM mart.pairs AS p JOIN mart.pairs AS q ON q.name = p.name \
        JOIN mart.groups AS g ON g.name = p.name";
    assert!(shared_reads(&catalog, sql).await >= 3);
    assert_eq!(rows(&catalog, sql).await, ["a|3|2", "b|12|3", "c|6|1"]);
    let none = "SELECT count(*) FROM mart.groups AS a CROSS JOIN mart.groups AS b";
    assert_eq!(rows(&catalog, none).await, ["9"]);
}

#[tokio::test]
async fn a_part_is_computed_for_the_rows_that_its_places_read() {
    let catalog = catalog();
    let explained = async |sql: &str| rows(&catalog, &format!("EXPLAIN {sql}")).await.join("\n");
    let one = "SELECT p.total, q.n FROM mart.groups AS p JOIN mart.groups AS q ON q.name = p.name WHERE p.name = 'b'";
    assert!(explained(one).await.contains(", filter=c0 = Utf8(\"b\")"), "{}", explained(one).await);
    assert_eq!(rows(&catalog, one).await, ["12|3"]);
    let either =
        "SELECT total FROM mart.groups WHERE name = 'a' UNION ALL SELECT n FROM mart.groups WHERE total > 10";
    assert!(explained(either).await.contains(" OR "), "{}", explained(either).await);
    assert_eq!(rows(&catalog, either).await, ["3", "3"]);
    // A place without a filter reads all of them.
    let all = "SELECT g.name, t.n FROM mart.groups AS g CROSS JOIN (SELECT count(*) AS n FROM mart.groups) AS t \
        WHERE g.name = 'a'";
    assert!(!explained(all).await.contains(", filter="), "{}", explained(all).await);
    assert_eq!(rows(&catalog, all).await, ["a|3"]);
}

#[tokio::test]
async fn a_list_in_the_sql_is_not_shared() {
    let catalog = catalog();
    let list = "(VALUES (1), (2)) AS v(n)";
    let sql = format!("SELECT a.n FROM (SELECT n FROM {list}) AS a JOIN (SELECT n FROM {list}) AS b ON b.n = a.n");
    assert_eq!((shared_reads(&catalog, &sql).await, rows(&catalog, &sql).await), (0, vec!["1".into(), "2".into()]));
}

#[tokio::test]
async fn plain_reads_and_what_differs_each_time_are_not_shared() {
    let catalog = catalog();
    let plain = "SELECT count(*) FROM mart.all_lines AS a JOIN mart.all_lines AS b ON b.amount = a.amount";
    assert_eq!((shared_reads(&catalog, plain).await, rows(&catalog, plain).await), (0, vec!["6".to_owned()]));
    let dice = "SELECT a.r FROM (SELECT max(random()) AS r FROM src.lines) AS a \
        CROSS JOIN (SELECT max(random()) AS r FROM src.lines) AS b";
    assert_eq!(shared_reads(&catalog, dice).await, 0);
    let other = "SELECT a.n FROM (SELECT count(*) AS n FROM src.lines WHERE name = 'a') AS a \
        CROSS JOIN (SELECT count(*) AS n FROM src.lines WHERE name = 'b') AS b";
    assert_eq!((shared_reads(&catalog, other).await, rows(&catalog, other).await), (0, vec!["2".to_owned()]));
}

#[tokio::test]
async fn lists_that_begin_alike_are_not_taken_for_each_other() {
    let catalog = catalog();
    // A plan prints only the first five rows of a list.
    let list = |last: u8| format!("(VALUES (1), (2), (3), (4), (5), ({last}))");
    let sum = |last: u8| format!("(SELECT sum(v) AS s FROM {} AS t(v))", list(last));
    let sql = format!("SELECT a.s, b.s AS other FROM {} AS a CROSS JOIN {} AS b", sum(6), sum(7));
    assert_eq!(rows(&catalog, &sql).await, ["21|22"]);
}
