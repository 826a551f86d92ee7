//! Tests of the view set: order, overrides, broken files.

use std::path::Path;

use super::super::fixture::json_rows;
use super::super::{Catalog, SessionLimits, ViewSet};

fn build(views: &ViewSet) -> Catalog {
    Catalog::build(Vec::new(), views, SessionLimits::default()).unwrap()
}

async fn reasons(catalog: &Catalog) -> Vec<String> {
    catalog.problems().await.unwrap().iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn views_read_each_other_in_any_order_and_without_the_schema() {
    let views = ViewSet::default()
        .with_view("a", "SELECT n + 1 AS n FROM b")
        .with_view("b", "WITH a AS (SELECT n FROM mart.c) SELECT n + 10 AS n FROM a")
        .with_view("c", "SELECT 100 AS n");
    let catalog = build(&views);
    assert_eq!(reasons(&catalog).await, Vec::<String>::new());
    assert_eq!(json_rows(&catalog, "SELECT n FROM mart.a").await, [serde_json::json!({"n": 111})]);
}

#[tokio::test]
async fn a_broken_view_names_its_file_and_spares_the_others() {
    let views = ViewSet::default()
        .with_view("baik", "SELECT 1 AS n")
        .with_view("buta", "SELECT * FROM mart.bakk")
        .with_view("dua", "SELECT 1; SELECT 2")
        .with_view("ikut", "SELECT * FROM mart.buta")
        .with_view("kolom", "SELECT m FROM mart.baik")
        .with_view("tulis", "CREATE TABLE t AS SELECT 1")
        .with_view("BESAR", "SELECT 1");
    let catalog = build(&views);
    let found = reasons(&catalog).await;
    assert_eq!(catalog.table_names(), ["mart.baik", "ops.data_tests"]);
    let expected = [
        "queries/mart/BESAR.sql: a query's file name may hold only a-z, 0-9 and _",
        "queries/mart/buta.sql: unknown table mart.bakk; did you mean mart.baik?",
        "queries/mart/dua.sql: refused: 2 statements instead of one",
        "queries/mart/ikut.sql: it reads mart.buta, which is broken (queries/mart/buta.sql)",
        "queries/mart/kolom.sql: unknown column m; did you mean n?",
        "queries/mart/tulis.sql: refused: ",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}");
    }
}

#[tokio::test]
async fn a_circle_is_shown_and_what_hangs_on_it_too() {
    let views = ViewSet::default()
        .with_view("a", "SELECT * FROM b")
        .with_view("b", "SELECT * FROM c")
        .with_view("c", "SELECT * FROM b")
        .with_view("d", "SELECT * FROM d");
    let found = reasons(&build(&views)).await;
    assert_eq!(found.len(), 4, "{found:#?}");
    assert!(found[1].ends_with("in a circle: b -> c -> b"), "{found:#?}");
    assert!(found[3].ends_with("in a circle: d -> d"), "{found:#?}");
}

#[tokio::test]
async fn what_hangs_on_a_broken_view_is_told_up_to_the_top() {
    let views = ViewSet::default()
        .with_view("dasar", "SELECT n FROM mart.tiada")
        .with_view("tengah", "SELECT n FROM mart.dasar")
        .with_view("atas", "SELECT n FROM mart.tengah");
    assert_eq!(
        reasons(&build(&views)).await,
        [
            "queries/mart/atas.sql: it reads mart.tengah, which is broken (queries/mart/tengah.sql)",
            "queries/mart/dasar.sql: unknown table mart.tiada; SHOW TABLES lists them all",
            "queries/mart/tengah.sql: it reads mart.dasar, which is broken (queries/mart/dasar.sql)",
        ]
    );
}

#[tokio::test]
async fn the_data_tests_are_a_table_that_views_can_read() {
    let views = ViewSet::default()
        .with_view("angka", "SELECT 1 AS n UNION ALL SELECT 2")
        .with_view("mutu", "SELECT name, severity, rule, rows FROM ops.data_tests WHERE rows > 0 OR rows IS NULL")
        .with_check("benar", "-- Nothing is above two.\nSELECT n FROM angka WHERE n > 2 ORDER BY n")
        .with_check(
            "salah",
            "-- severity: error\n-- Nothing is above one.\nSELECT n FROM angka WHERE n > 1 ORDER BY n",
        )
        .with_check("buta", "SELECT m FROM mart.angka")
        .with_check("putar", "SELECT * FROM mart.mutu")
        .with_check("keras", "-- severity: fatal\nSELECT n FROM angka");
    let catalog = build(&views);
    assert_eq!(
        reasons(&catalog).await,
        [
            "queries/check/buta.sql: unknown column m; did you mean n?",
            "queries/check/keras.sql: unknown severity fatal; write error or warning",
            "queries/check/putar.sql: a data test cannot read mart.mutu, which reads ops.data_tests: that is a circle",
        ]
    );
    let line = |name: &str, severity: &str, rule: &str, rows: Option<u64>| serde_json::json!({"name": name, "severity": severity, "rule": rule, "rows": rows});
    assert_eq!(
        json_rows(&catalog, "SELECT * FROM mart.mutu ORDER BY name").await,
        [
            line("buta", "warning", "", None),
            line("keras", "warning", "", Some(2)),
            line("putar", "warning", "", None),
            line("salah", "error", "Nothing is above one.", Some(1)),
        ]
    );
}

#[test]
fn a_folder_replaces_and_adds() {
    let dir = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &str| {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    put("mart/sisa_dana.sql", "SELECT 1 AS n");
    put("mart/baru.sql", "-- Purpose: new.\n--Grain: one.\nSELECT 2 AS n");
    put("mart/README.md", "not SQL");
    put("check/baru.sql", "SELECT 3 AS n WHERE false");
    let base = ViewSet::embedded();
    let set = base.clone().with_overrides(dir.path()).unwrap();
    assert_eq!(set.views().count(), base.views().count() + 1);
    assert_eq!(set.checks().count(), base.checks().count() + 1);
    let replaced = set.views().find(|v| v.name == "sisa_dana").unwrap();
    assert_eq!(replaced.sql, "SELECT 1 AS n");
    assert!(replaced.file.starts_with(&*dir.path().to_string_lossy()));
    let added = set.views().find(|v| v.name == "baru").unwrap();
    assert_eq!(added.comment(), "Purpose: new.\nGrain: one.");

    let same = ViewSet::embedded().with_overrides(Path::new("/nonexistent")).unwrap();
    assert_eq!(same.views().count(), base.views().count());
}
