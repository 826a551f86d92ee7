//! What contracts ask of the warehouse: every query of theirs plans over empty tables, and the question of checkKomitmen finds
//! the documents it should.

use serde_json::json;

use super::super::fixture::Fixture;
use crate::config::ConfigFolder;
use crate::contract::{Contract, ForEach};

fn contracts() -> Vec<Contract> {
    ConfigFolder::embedded().contracts().unwrap_or_else(|problems| panic!("{problems}"))
}

#[tokio::test]
async fn every_query_of_a_contract_plans_over_empty_tables() {
    let catalog = Fixture::new().catalog().await;
    let mut asked = 0;
    for contract in contracts() {
        let repeated = contract.datasets.iter().filter_map(|dataset| match dataset.for_each.as_ref()? {
            ForEach::Sql(sql) | ForEach::List { sql: Some(sql), .. } => Some(sql.as_str()),
            ForEach::List { sql: None, .. } | ForEach::Values { .. } => None,
        });
        let sent = contract.methods.iter().filter_map(|method| method.submit.as_ref());
        let checks = sent.flat_map(|submission| &submission.checks);
        for sql in repeated.chain(checks.clone().map(|check| check.sql.as_str())) {
            let plan = catalog.query(&sql.replace("{tahun}", "2026")).await;
            assert!(plan.is_ok(), "{}: {sql}: {:?}", contract.source, plan.err());
            asked += 1;
        }
        for check in checks {
            let rows = catalog.query(&check.sql).await.unwrap();
            assert_eq!(rows.schema.fields().len(), check.columns.len(), "{}", check.sql);
        }
    }
    assert!(asked > 10, "{asked}");
}

#[tokio::test]
async fn a_document_is_found_by_its_number_and_its_day() {
    let fixture = Fixture::new().with_reference(
        "oss_dokumen_komitmen",
        &[
            json!({"nib": "0220001234567", "id_izin": "I-1", "no_dokumen": "503/12/2026", "tgl_dokumen": "2026-03-01"}),
            json!({"nib": "0220001234567", "no_dokumen": "503/13/2026", "tgl_dokumen": "2026-03-02"}),
        ],
    );
    let catalog = fixture.catalog().await;
    let oss = contracts().into_iter().find(|contract| contract.source == "oss").unwrap();
    let (dataset, receive) = oss.received().find(|(dataset, _)| dataset.name == "komitmen").unwrap();
    let mut sql = receive.lookup.clone().unwrap();
    for column in &dataset.columns {
        sql = sql.replace(&format!("{{{}}}", column.name), &format!("${}", column.name));
    }
    let found = async |id_izin: Option<&str>, number: &str, day: &str| {
        let text = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
        let values = [
            text("nib", Some("0220001234567")),
            text("id_izin", id_izin),
            text("no_dokumen", Some(number)),
            text("tgl_dokumen", Some(day)),
        ];
        catalog.has_row(&sql, &values).await.unwrap()
    };
    assert!(found(Some("I-1"), "503/12/2026", "2026-03-01").await);
    assert!(found(None, "503/12/2026", "2026-03-01").await, "no permit is asked about");
    assert!(found(Some(""), "503/12/2026", "2026-03-01 10:00:00").await, "an empty one, and a time behind the day");
    assert!(found(Some("I-9"), "503/13/2026", "2026-03-02").await, "a document of no particular permit");
    assert!(!found(Some("I-2"), "503/12/2026", "2026-03-01").await, "another permit's");
    assert!(!found(Some("I-1"), "503/12/2026", "2026-03-02").await, "another day");
    assert!(!found(Some("I-1"), "' OR 1=1 --", "2026-03-01").await);
}
