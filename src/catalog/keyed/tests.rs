//! What is typed beside a column of hashes.

use serde_json::{Value, json};

use super::KeyColumns;
use crate::catalog::fixture::Fixture;
use crate::catalog::{Catalog, CatalogError, SessionLimits, ViewSet};
use crate::config::ConfigFolder;
use crate::privacy::{KeyForm, PiiKey};

const NIK: &str = "3514140101900001";
const OTHER: &str = "3514140101900002";

fn key() -> PiiKey {
    PiiKey::from_text(&"07".repeat(32)).unwrap()
}

fn hash(text: &str) -> String {
    key().keyed(KeyForm::Nik, text).unwrap()
}

/// Two families and one recipient, hashed; a view that shows the NIK under another name, and history.
async fn catalog(key: Result<PiiKey, String>) -> (Fixture, Catalog) {
    let family = |id: &str, nik: &str| json!({"id_keluarga_p3ke": id, "nik": nik, "kode_kemdagri": "3514141005"});
    let fixture = Fixture::new().with("p3ke", 2026, &[family("1", &hash(NIK)), family("2", &hash(OTHER))]).with(
        "bantuan",
        2026,
        &[json!({"nik": hash(NIK), "kecamatan": "Gempol"})],
    );
    let mut tables = fixture.tables.clone();
    let mut history = tables.iter().find(|table| table.table == "p3ke").unwrap().clone();
    history.files.clear();
    (history.schema, history.table) = ("history".to_owned(), "sipp_p3ke".to_owned());
    tables.push(history);
    let views = ViewSet::default().with_view(
        "penerima",
        "SELECT min(nik) AS penerima, kecamatan FROM (SELECT * FROM sipp.bantuan UNION ALL BY NAME
            SELECT * FROM sipp.bantuan) GROUP BY kecamatan",
    );
    let catalog = Catalog::build(tables, &views, SessionLimits::default()).unwrap();
    assert_eq!(catalog.problems().await.unwrap(), []);
    let contracts = ConfigFolder::embedded().contracts().unwrap();
    (fixture, catalog.with_keys(KeyColumns::new(&contracts, key)))
}

async fn ids(catalog: &Catalog, sql: &str) -> Vec<Value> {
    let result = catalog.query_read_only(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    let batches = result.collect().await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    let texts = batches.iter().flat_map(|batch| {
        let shown = |row| arrow::util::display::array_value_to_string(batch.column(0), row).unwrap();
        (0..batch.num_rows()).map(shown).map(Value::String).collect::<Vec<_>>()
    });
    texts.collect()
}

async fn refusal(catalog: &Catalog, sql: &str) -> String {
    let error = match catalog.query_read_only(sql).await {
        Ok(_) => panic!("{sql}: not refused"),
        Err(error) => error,
    };
    assert!(matches!(error, CatalogError::KeyColumn { .. }), "{sql}: {error}");
    error.to_string()
}

#[tokio::test]
async fn a_number_beside_a_key_column_finds_its_hash() {
    let (_files, catalog) = catalog(Ok(key())).await;
    let from = "SELECT id_keluarga_p3ke FROM sipp.p3ke";
    for (condition, expected) in [
        (format!("nik = '{NIK}'"), vec!["1"]),
        (format!("'{NIK}' = nik"), vec!["1"]),
        (format!("nik = {NIK}"), vec!["1"]),
        (format!("nik = ' {NIK} '"), vec!["1"]),
        (format!("CAST(nik AS VARCHAR) = '{NIK}'"), vec!["1"]),
        (format!("coalesce(nik, '') = '{NIK}'"), vec!["1"]),
        (format!("nik IN ('{NIK}', '{OTHER}')"), vec!["1", "2"]),
        (format!("nik NOT IN ('{NIK}')"), vec!["2"]),
        (format!("nik <> '{NIK}' AND nik <> ''"), vec!["2"]),
        (format!("nik IS NOT DISTINCT FROM '{NIK}'"), vec!["1"]),
        (format!("nik = '{}'", hash(NIK)), vec!["1"]),
        (format!("nik IN (SELECT penerima FROM mart.penerima WHERE penerima = '{NIK}')"), vec!["1"]),
        (format!("EXISTS (SELECT 1 FROM sipp.bantuan b WHERE b.nik = p3ke.nik AND b.nik = '{NIK}')"), vec!["1"]),
        ("length(nik) = 64 AND kode_kemdagri = '3514141005'".to_owned(), vec!["1", "2"]),
        ("substr(kode_kemdagri, 1, 4) = '3514' AND nik IS NOT NULL".to_owned(), vec!["1", "2"]),
        ("CASE WHEN nik IS NULL THEN 'tanpa' ELSE 'ada' END = 'ada'".to_owned(), vec!["1", "2"]),
    ] {
        let sql = format!("{from} WHERE {condition} ORDER BY 1");
        assert_eq!(ids(&catalog, &sql).await, expected, "{sql}");
    }
    for sql in [
        format!(
            "WITH k AS (SELECT nik AS n, id_keluarga_p3ke AS id FROM sipp.p3ke) SELECT id FROM k WHERE n = '{NIK}'"
        ),
        format!(
            "SELECT p.id_keluarga_p3ke FROM sipp.p3ke p JOIN sipp.bantuan b ON b.nik = p.nik AND b.nik = '{NIK}'"
        ),
        format!("SELECT min(id_keluarga_p3ke) FROM sipp.p3ke GROUP BY nik HAVING nik = '{NIK}'"),
        format!("SELECT id_keluarga_p3ke FROM sipp.p3ke WHERE CASE WHEN nik = '{NIK}' THEN true ELSE false END"),
        format!("SELECT id FROM (SELECT id_keluarga_p3ke AS id, nik = '{NIK}' AS ini FROM sipp.p3ke) WHERE ini"),
    ] {
        assert_eq!(ids(&catalog, &sql).await, ["1"], "{sql}");
    }
}

#[tokio::test]
async fn the_number_stands_in_no_plan() {
    let (_files, catalog) = catalog(Ok(key())).await;
    for table in ["sipp.p3ke", "history.sipp_p3ke"] {
        let sql = format!("EXPLAIN SELECT id_keluarga_p3ke FROM {table} WHERE nik = '{NIK}'");
        let batches = catalog.query_read_only(&sql).await.unwrap().collect().await.unwrap();
        let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
        assert!(!text.contains(NIK), "{text}");
        // The history is empty here: its plan has no filter left to show.
        assert!(table != "sipp.p3ke" || text.contains(&hash(NIK)), "{text}");
    }
}

#[tokio::test]
async fn what_a_hash_cannot_answer_is_refused_without_repeating_it() {
    let (_files, catalog) = catalog(Ok(key())).await;
    for (condition, says) in [
        ("nik = '351414010190000'", "whole NIK (16 digits)"),
        ("nik = '35141401019000xx'", "whole NIK"),
        ("nik IN ('3514140101900001', 'tidak')", "whole NIK"),
        ("nik LIKE '3514%'", "use = or IN"),
        ("nik > '3514140101900001'", "use = or IN"),
        ("nik BETWEEN '3514' AND '3515'", "use = or IN"),
        ("nik ~ '^3514'", "use = or IN"),
        ("starts_with(nik, '3514')", "use = or IN"),
        ("substr(nik, 1, 4) = '3514'", "whole NIK"),
        ("trim(nik) = '3514140101900001'", "whole NIK"),
        ("trim(nik) IN ('3514140101900001')", "whole NIK"),
        ("CASE nik WHEN '3514140101900001' THEN true ELSE false END", "CASE WHEN"),
    ] {
        let error = refusal(&catalog, &format!("SELECT 1 FROM sipp.p3ke WHERE {condition}")).await;
        assert!(error.starts_with("column nik holds hashes") && error.contains(says), "{condition}: {error}");
        assert!(!error.contains("3514"), "{condition}: {error}");
    }
    let error = refusal(&catalog, "SELECT * FROM mart.penerima WHERE penerima = '1'").await;
    assert!(error.contains("column penerima"), "{error}");
}

#[tokio::test]
async fn without_the_key_a_number_is_refused_and_a_hash_is_not() {
    let (_files, catalog) = catalog(Err("no key for personal data: set LUMBUNG_PII_KEY".to_owned())).await;
    let error = refusal(&catalog, &format!("SELECT 1 FROM sipp.p3ke WHERE nik = '{NIK}'")).await;
    assert!(error.contains("set LUMBUNG_PII_KEY") && error.contains("lumbung key hash"), "{error}");
    assert!(!error.contains(NIK), "{error}");
    let sql = format!("SELECT id_keluarga_p3ke FROM sipp.p3ke WHERE nik = '{}'", hash(OTHER));
    assert_eq!(ids(&catalog, &sql).await, ["2"]);
}
