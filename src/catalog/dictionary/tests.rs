//! The dictionary of the shipped contracts, reference tables and views.

use serde_json::{Value, json};

use super::{Access, Dictionary, DictionarySources, Kind, Publisher, labelled};
use crate::catalog::fixture::Fixture;
use crate::catalog::ops::{empty_ledger_tables, submissions_table};
use crate::catalog::reference::in_memory;
use crate::catalog::{Catalog, MemoryTable, SessionLimits, ViewSet};
use crate::config::ConfigFolder;
use crate::reference::Reference;
use crate::warehouse::{CommitMode, CommittedFile, DatasetId, Partition, RunId, Sums};

fn committed(source: &str, dataset: &str, day: &str, rows: u64) -> CommittedFile {
    let date = day.parse().unwrap();
    let at = chrono::DateTime::parse_from_rfc3339(&format!("{day}T01:00:00Z")).unwrap().to_utc();
    CommittedFile {
        dataset: DatasetId::new(source, dataset).unwrap(),
        partition: Partition::of_snapshot(None, date),
        mode: CommitMode::Snapshot,
        path: "unused".into(),
        history_path: "unused".into(),
        rows,
        bytes: rows * 10,
        run: RunId::new(at),
        snapshot_date: date,
        committed_at: at,
        sums: Sums::default(),
    }
}

async fn dictionary() -> Dictionary {
    let (contracts, reference) =
        (ConfigFolder::embedded().contracts().unwrap(), Reference::load(&ConfigFolder::embedded()).unwrap());
    let views = ViewSet::embedded();
    let mut memory: Vec<MemoryTable> = reference.tables.iter().map(in_memory).collect();
    memory.extend(empty_ledger_tables());
    memory.push(submissions_table(&[]));
    let tables = Fixture::new().tables;
    let catalog = Catalog::build_with(tables, memory, &views, SessionLimits::default()).unwrap();
    let old = [("omspan", "dipa_belanja", "2026-10-01", 1), ("omspan", "realisasi_belanja", "2026-10-01", 2)];
    let new = [("omspan", "dipa_belanja", "2026-10-31", 3), ("omspan", "realisasi_belanja", "2026-10-30", 4)];
    let file = |(source, dataset, day, rows): &(&str, &str, &str, u64)| committed(source, dataset, day, *rows);
    let latest: Vec<_> = new.iter().map(file).collect();
    let all: Vec<_> = old.iter().chain(&new).map(file).collect();
    let sources =
        DictionarySources { contracts: &contracts, reference: &reference, views: &views, latest: &latest, all: &all };
    Dictionary::new(&catalog.shapes().await.unwrap(), &sources)
}

#[tokio::test]
async fn every_column_of_a_contract_and_every_view_is_explained() {
    let dictionary = dictionary().await;
    for table in dictionary.tables.iter().filter(|table| table.kind != Kind::Ledger) {
        assert!(!table.title.is_empty() && !table.grain.is_empty() && !table.source.is_empty(), "{table:?}");
        if table.kind != Kind::View {
            for column in &table.columns {
                assert!(!column.meaning.is_empty(), "{}.{}", table.name(), column.name);
            }
        }
    }
    let p3ke = dictionary.find("sipp.p3ke").unwrap();
    assert_eq!((p3ke.kind, p3ke.access, p3ke.grain.as_str()), (Kind::Dataset, Access::NonPublic, "one family"));
    assert!(p3ke.source.starts_with("GET p3ke; Dokumentasi API SIPP"), "{}", p3ke.source);
    let class = |name: &str| p3ke.columns.iter().find(|column| column.name == name).map(|column| column.class);
    assert_eq!(
        (class("nik"), class("tanggal_lahir"), class("kecamatan")),
        (Some("key"), Some("coarse"), Some("public"))
    );
    assert_eq!((class("alamat"), class("kepala_keluarga")), (None, None), "what is dropped is in no table");
    let dipa = dictionary.find("dipa_belanja").unwrap();
    let amount = dipa.columns.iter().find(|column| column.name == "amount").unwrap();
    assert_eq!((amount.sql_type.as_str(), amount.unit), ("DECIMAL(20,2)", "rupiah"));
    let state = dipa.state.as_ref().unwrap();
    assert_eq!(
        (state.first.to_string(), state.newest.to_string(), state.rows),
        ("2026-10-01".into(), "2026-10-31".into(), 3)
    );
    let bagian = dictionary.find("ref.bagian_anggaran").unwrap();
    assert_eq!((bagian.kind, bagian.grain.as_str()), (Kind::Reference, "one kode"));
}

#[tokio::test]
async fn a_view_is_explained_by_its_comment_and_its_columns_by_where_they_come_from() {
    let dictionary = dictionary().await;
    let view = dictionary.find("serapan_satker").unwrap();
    assert_eq!(view.name(), "mart.serapan_satker");
    assert!(view.reads.contains(&"mart.baris_anggaran".to_owned()), "{:?}", view.reads);
    // As fresh as the stalest of what is below.
    assert_eq!(view.state.as_ref().unwrap().newest.to_string(), "2026-10-30");
    let column = |name: &str| view.columns.iter().find(|column| column.name == name).unwrap();
    assert_eq!(column("pagu").unit, "rupiah", "{:?}", column("pagu"));
    assert_eq!(column("serapan_pct").unit, "%");
    assert!(column("pagu").meaning.starts_with("computed from omspan.dipa_belanja.amount"), "{:?}", column("pagu"));
    assert!(!column("kdsatker").meaning.starts_with("computed"), "{:?}", column("kdsatker"));
    assert_eq!(view.access, Access::Public);
    // Counts of people may be shown once small cells are gone.
    assert_eq!(dictionary.find("mart.bantuan_cakupan").unwrap().access, Access::Restricted);
}

#[tokio::test]
async fn a_typing_error_is_met_with_candidates() {
    let dictionary = dictionary().await;
    assert_eq!(dictionary.find("omspan.dipa_belanj").unwrap_err(), ["omspan.dipa_belanja"]);
    assert!(dictionary.find("qqqqqq").unwrap_err().is_empty());
}

#[test]
fn the_head_of_a_view_is_read_by_its_labels() {
    let comment = "Purpose: one\nand a half.\nMore words: not these.\nGrain: one unit and month; ba is the code.\nOwner: Biro. Formula: x";
    assert_eq!(labelled(comment, "Purpose"), "one and a half.");
    assert_eq!(labelled(comment, "Grain"), "one unit and month; ba is the code.");
    assert_eq!(labelled(comment, "Owner"), "Biro. Formula: x");
    assert_eq!(labelled(comment, "Nothing"), "");
}

#[tokio::test]
async fn the_catalogue_of_satu_data_marks_what_is_personal() {
    let publisher = Publisher {
        agency: "Kementerian Contoh".into(),
        unit: "Biro".into(),
        contact: "data@contoh.go.id".into(),
        data_url: "https://data.contoh.go.id/lumbung".into(),
    };
    let dcat = dictionary().await.dcat(&publisher);
    assert_eq!(dcat["@type"], "dcat:Catalog");
    let datasets = dcat["dcat:dataset"].as_array().unwrap();
    let of =
        |name: &str| datasets.iter().find(|node| node["dct:identifier"] == name).unwrap_or_else(|| panic!("{name}"));
    let access =
        |name: &str| of(name)["dct:accessRights"]["@id"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    assert_eq!(access("omspan.dipa_belanja"), "PUBLIC");
    assert_eq!(access("sipp.p3ke"), "NON_PUBLIC");
    assert_eq!(access("mart.bantuan_cakupan"), "RESTRICTED");
    assert!(!datasets.iter().any(|node| node["dct:identifier"].as_str().unwrap().starts_with("history.")));
    let dipa = of("omspan.dipa_belanja");
    assert_eq!(
        dipa["dcat:distribution"][0]["dcat:accessURL"]["@id"],
        "https://data.contoh.go.id/lumbung/omspan/dipa_belanja/"
    );
    assert_eq!(
        dipa["dcat:distribution"][0]["dcat:byteSize"],
        json!({"@value": "30", "@type": "xsd:nonNegativeInteger"})
    );
    assert_eq!(dipa["dct:temporal"]["dcat:endDate"]["@value"], "2026-10-31");
    assert_eq!(of("sipp.p3ke")["dcat:distribution"], Value::Null);
    assert_eq!(of("mart.satker")["dct:publisher"]["@id"], dcat["dct:publisher"]["@id"]);
}
