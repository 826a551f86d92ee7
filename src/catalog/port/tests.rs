//! A catalog as its clients see it: roles, parameters, types, listings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::util::pretty::pretty_format_batches;
use serde_json::json;

use super::super::fixture::Fixture;
use super::super::{CatalogError, KeyColumns};
use super::value::Parameter;
use super::{Audience, Port, PortStatement, SessionFacts, parse};
use crate::privacy::PiiKey;

fn audience(schemas: Option<&[&str]>, hidden: &[&str]) -> Audience {
    let set = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let plans = schemas.is_none();
    Audience { role: "tester".to_owned(), schemas: schemas.map(set), hidden: set(hidden), plans }
}

fn facts() -> SessionFacts {
    SessionFacts {
        user: "ana".to_owned(),
        process: 7,
        search_path: vec!["mart".to_owned()],
        settings: BTreeMap::from([("timezone".to_owned(), "UTC".to_owned())]),
    }
}

/// A port over two lines of DIPA and a family, within `audience`.
async fn port(audience: Audience) -> (Fixture, Port) {
    let line = |satker: &str, amount: &str| json!({"kdsatker": satker, "akun": "521111", "budget_type": "2", "amount": amount});
    let fixture = Fixture::new().with("dipa_belanja", 2026, &[line("012345", "1.50"), line("098765", "2.25")]);
    let contracts = crate::config::ConfigFolder::embedded().contracts().unwrap();
    let key = PiiKey::from_text(&"07".repeat(32)).map_err(|error| error.to_string());
    let catalog = fixture.catalog().await.with_keys(KeyColumns::new(&contracts, key));
    let port = Port::open(Arc::new(catalog), audience).unwrap();
    (fixture, port)
}

async fn answer(port: &Port, sql: &str, declared: &[u32], values: &[Parameter]) -> Result<String, CatalogError> {
    let statement = parse(sql, 10_000)?.remove(0);
    let PortStatement::Query(query) = statement else { panic!("{sql}") };
    let planned = port.plan(&facts(), &query, declared).await?;
    let result = port.run(&planned, values).await?;
    assert_eq!(result.schema.fields().len(), planned.columns.len());
    let batches = result.collect().await?;
    let table = pretty_format_batches(&batches).unwrap().to_string();
    let rows = table.lines().skip(3).filter(|line| line.starts_with('|'));
    let cells = rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>().join(" "));
    Ok(cells.collect::<Vec<_>>().join("; "))
}

async fn ask(port: &Port, sql: &str) -> String {
    answer(port, sql, &[], &[]).await.unwrap_or_else(|error| format!("error: {error}"))
}

#[tokio::test]
async fn a_role_is_kept_to_its_schemas_where_names_are_resolved() {
    let (_files, leader) = port(audience(Some(&["mart"]), &["mart.oss_usaha"])).await;
    assert_eq!(ask(&leader, "SELECT sum(pagu) FROM mart.serapan_satker").await, "3.75");
    for (sql, wanted) in [
        ("SELECT * FROM omspan.dipa_belanja", "unknown table omspan.dipa_belanja"),
        ("SELECT * FROM mart.oss_usaha", "unknown table mart.oss_usaha"),
        ("SELECT * FROM dipa_belanja", "unknown table mart.dipa_belanja"),
        ("EXPLAIN SELECT 1", "does not see plans"),
    ] {
        let told = ask(&leader, sql).await;
        assert!(told.contains(wanted) && !told.contains("did you mean omspan"), "{sql}: {told}");
    }
    assert_eq!(
        ask(&leader, "SELECT nspname FROM pg_namespace ORDER BY 1").await,
        "information_schema; mart; pg_catalog"
    );
    let listed = ask(&leader, "SELECT table_schema, table_name FROM information_schema.tables").await;
    assert!(listed.contains("mart serapan_satker") && !listed.contains("oss_usaha"), "{listed}");
    let texts =
        ask(&leader, "SELECT view_definition FROM information_schema.views WHERE view_definition <> ''").await;
    assert_eq!(texts, "");

    let (_files, analyst) = port(audience(None, &[])).await;
    assert_eq!(ask(&analyst, "SELECT sum(amount) FROM omspan.dipa_belanja").await, "3.75");
    assert!(ask(&analyst, "EXPLAIN SELECT * FROM omspan.dipa_belanja").await.contains("omspan/dipa_belanja"));
    let view = "SELECT pg_get_viewdef(oid) FROM pg_class WHERE relname = 'serapan_satker'";
    assert!(ask(&analyst, view).await.contains("Purpose"));
}

#[tokio::test]
async fn object_ids_are_the_same_for_every_role_and_join() {
    let (_files, analyst) = port(audience(None, &[])).await;
    let (_files, leader) = port(audience(Some(&["mart"]), &[])).await;
    let sql = "SELECT c.oid, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
        WHERE c.relname = 'serapan_satker'";
    let seen = ask(&analyst, sql).await;
    assert!(seen.ends_with(" mart") && !seen.contains(';'), "{seen}");
    assert_eq!(seen, ask(&leader, sql).await);
    let sql = "SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull FROM pg_attribute a \
        JOIN pg_class c ON c.oid = a.attrelid WHERE c.relname = 'dipa_belanja' AND a.attname IN ('amount', 'tahun_anggaran') \
        ORDER BY 1";
    assert_eq!(ask(&analyst, sql).await, "amount numeric(20,2) false; tahun_anggaran integer true");
    let sql = "SELECT data_type, numeric_precision, numeric_scale FROM information_schema.columns \
        WHERE table_schema = 'omspan' AND table_name = 'dipa_belanja' AND column_name = 'amount'";
    assert_eq!(ask(&analyst, sql).await, "numeric 20 2");
}

#[tokio::test]
async fn parameters_get_the_type_of_what_they_are_compared_with() {
    let (_files, port) = port(audience(None, &[])).await;
    let text = |text: &str| Parameter::Text(text.to_owned());
    let count = "SELECT count(*) FROM omspan.dipa_belanja WHERE";
    for (condition, declared, values, wanted) in [
        ("kdsatker = $1", vec![], vec![text("012345")], "1"),
        ("amount >= $1", vec![], vec![text("2.25")], "1"),
        // Nothing is rounded: 1.50 is not 1.505.
        ("amount = $1", vec![1700], vec![Parameter::Decimal { unscaled: 1_505, scale: 3 }], "0"),
        ("tahun_anggaran = $1", vec![23], vec![Parameter::Int(2026)], "2"),
        ("snapshot_date < $1", vec![], vec![text("2026-12-31 +07")], "2"),
        ("kdsatker = ANY($1)", vec![], vec![Parameter::List(vec![text("012345"), text("x")])], "1"),
        ("kdsatker LIKE $1 OR $2", vec![0, 16], vec![text("09%"), Parameter::Bool(false)], "1"),
        ("kdsatker = $1 AND kdsatker = $1", vec![], vec![Parameter::Null], "0"),
    ] {
        let found = answer(&port, &format!("{count} {condition}"), &declared, &values).await;
        assert_eq!(found.as_deref().ok(), Some(wanted), "{condition}: {found:?}");
    }
    assert_eq!(answer(&port, "SELECT $1", &[], &[text("x")]).await.unwrap(), "x");
    assert_eq!(
        answer(&port, "SELECT $1 + $2", &[23, 23], &[Parameter::Int(1), Parameter::Int(2)]).await.unwrap(),
        "3"
    );
    let limited = "SELECT count(*) FROM (SELECT 1 FROM omspan.dipa_belanja LIMIT $1) t";
    assert_eq!(answer(&port, limited, &[20], &[Parameter::Int(1)]).await.unwrap(), "1");
    let missing = answer(&port, &format!("{count} kdsatker = $1"), &[], &[]).await.unwrap_err();
    assert!(missing.to_string().contains("0 values for 1 parameters"), "{missing}");
}

#[tokio::test]
async fn a_number_of_a_person_is_hashed_when_it_is_bound_too() {
    let (_files, port) = port(audience(None, &[])).await;
    let nik = [Parameter::Text("3514120101800001".to_owned())];
    assert_eq!(answer(&port, "SELECT count(*) FROM sipp.p3ke WHERE nik = $1", &[], &nik).await.unwrap(), "0");
    let half = [Parameter::Text("351412".to_owned())];
    for (condition, values) in [("nik LIKE $1", &half), ("nik = $1", &half), ("nik > $1", &nik)] {
        let sql = format!("SELECT count(*) FROM sipp.p3ke WHERE {condition}");
        let refused = answer(&port, &sql, &[], values).await.unwrap_err();
        assert!(matches!(refused, CatalogError::KeyColumn { .. }), "{condition}: {refused}");
        assert!(!refused.to_string().contains("351412"), "{refused}");
    }
}

#[tokio::test]
async fn a_session_is_told_of_itself() {
    let (_files, port) = port(audience(None, &[])).await;
    let sql =
        "SELECT current_user, current_schema(), current_database(), pg_backend_pid(), current_setting('TimeZone')";
    assert_eq!(ask(&port, sql).await, "ana mart lumbung 7 UTC");
    assert!(ask(&port, "SELECT version()").await.starts_with("PostgreSQL 16"));
    assert_eq!(ask(&port, "SELECT current_user, kdsatker FROM omspan.dipa_belanja LIMIT 1").await, "ana 012345");
    let visible = "SELECT count(*) FROM pg_class WHERE relname = 'dipa_belanja' AND pg_table_is_visible(oid)";
    assert_eq!(ask(&port, visible).await, "0", "it is not in the search path");
}
