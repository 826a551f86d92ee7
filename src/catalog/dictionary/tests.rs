//! The dictionary of the shipped contracts, reference tables and views.

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::meaning::{common, explained};
use super::{Access, Dictionary, DictionarySources, Kind, Publisher, labelled};
use crate::catalog::ViewSet;
use crate::catalog::fixture::Fixture;
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

/// Planning every view takes a moment: all tests look at one dictionary.
async fn dictionary() -> &'static Dictionary {
    static DICTIONARY: OnceCell<Dictionary> = OnceCell::const_new();
    DICTIONARY.get_or_init(made).await
}

async fn made() -> Dictionary {
    let (contracts, reference) =
        (ConfigFolder::embedded().contracts().unwrap(), Reference::load(&ConfigFolder::embedded()).unwrap());
    let (views, fixture) = (ViewSet::embedded(), Fixture::new());
    let catalog = fixture.catalog().await;
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
    for table in &dictionary.tables {
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
    assert!(view.reads.contains(&"mart.jumlah_anggaran".to_owned()), "{:?}", view.reads);
    // As fresh as the stalest of what is below.
    assert_eq!(view.state.as_ref().unwrap().newest.to_string(), "2026-10-30");
    let column = |name: &str| view.columns.iter().find(|column| column.name == name).unwrap();
    assert_eq!(column("pagu").unit, "rupiah", "{:?}", column("pagu"));
    assert_eq!(column("serapan_pct").unit, "%");
    // The words of all views, of the view below, and of the contract.
    assert!(column("pagu").meaning.starts_with("budget in rupiah"), "{:?}", column("pagu"));
    assert!(column("sisa_pagu").meaning.contains("pagu"), "{:?}", column("sisa_pagu"));
    assert_eq!(column("sisa_pagu").from, ["mart.jumlah_anggaran.pagu", "mart.jumlah_anggaran.realisasi"]);
    assert!(!column("sisa_pagu").unchanged);
    let lines = dictionary.find("mart.jumlah_anggaran").unwrap();
    let below = lines.columns.iter().find(|column| column.name == "blokir").unwrap();
    assert!(!below.meaning.is_empty() && below.meaning == column("blokir").meaning, "{below:?}");
    assert!(column("kdsatker").meaning.starts_with("work unit (satker)"), "{:?}", column("kdsatker"));
    assert!(column("nmsatker").unchanged && column("nmsatker").from == ["mart.satker.nmsatker"]);
    assert_eq!(view.access, Access::Public);
    // Counts of people may be shown once small cells are gone.
    assert_eq!(dictionary.find("mart.kesejahteraan_desa").unwrap().access, Access::Restricted);
}

#[tokio::test]
async fn a_typing_error_is_met_with_candidates() {
    let dictionary = dictionary().await;
    assert_eq!(dictionary.find("omspan.dipa_belanj").unwrap_err(), ["omspan.dipa_belanja"]);
    assert_eq!(dictionary.find("serapan_saker").unwrap_err(), ["mart.serapan_satker"]);
    assert!(dictionary.find("qqqqqq").unwrap_err().is_empty());
}

#[tokio::test]
async fn no_column_of_a_view_is_left_without_a_meaning() {
    let dictionary = dictionary().await;
    let columns = dictionary.tables.iter().filter(|table| table.kind == Kind::View);
    let columns = columns.flat_map(|table| table.columns.iter().map(move |column| (table.name(), column)));
    let silent: Vec<String> = columns
        .filter(|(_, column)| column.meaning.is_empty())
        .map(|(table, column)| format!("{table}.{} ({})", column.name, column.words()))
        .collect();
    // There were 313 once. Who adds a column says what it means: in the head of the view, or in queries/words.toml.
    assert!(silent.is_empty(), "{}:\n{}", silent.len(), silent.join("\n"));
}

#[test]
fn the_head_of_a_view_explains_columns_that_it_has() {
    let comment =
        "Purpose: x.\nColumns:\npagu: the budget\nof the year: all of it\nsisa_pagu: pagu - realisasi\nOwner: Biro.";
    let words = |name: &str, words: &str| (name.to_owned(), words.to_owned());
    assert_eq!(
        explained(comment),
        [words("pagu", "the budget of the year: all of it"), words("sisa_pagu", "pagu - realisasi")]
    );
    assert_eq!(labelled(comment, "Owner"), "Biro.");
    assert_eq!(explained("Purpose: x.\nOwner: y."), []);
}

#[tokio::test]
async fn no_word_is_about_a_column_that_is_not_there() {
    let dictionary = dictionary().await;
    let mut lost = Vec::new();
    for view in ViewSet::embedded().views() {
        let entry = dictionary.find(&format!("mart.{}", view.name)).unwrap();
        let is_there = |name: &str| entry.columns.iter().any(|column| column.name == name);
        let words = explained(&view.comment()).into_iter().filter(|(name, _)| !is_there(name));
        lost.extend(words.map(|(name, _)| format!("{}: {name}", view.file)));
    }
    let views = || dictionary.tables.iter().filter(|table| table.kind == Kind::View);
    let is_word = |name: &str| views().any(|view| view.columns.iter().any(|column| column.name == name));
    lost.extend(common().into_keys().filter(|name| !is_word(name)).map(|name| format!("queries/words.toml: {name}")));
    assert_eq!(lost, [""; 0]);
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
    assert_eq!(access("mart.kesejahteraan_desa"), "RESTRICTED");
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
    assert!(dipa["dct:accrualPeriodicity"]["@id"].as_str().unwrap().ends_with("/frequency/MONTHLY"));
    assert_eq!(dipa["dct:title"], json!({"@value": "DIPA Belanja", "@language": "id"}));
    assert_eq!(of("mart.satker")["dct:title"]["@value"], "Satker");
    // History is the dataset it belongs to; the ledger is nobody's source.
    assert!(of("mart.perubahan_pagu")["dct:source"].as_array().unwrap().contains(&json!({
        "@id": "https://data.contoh.go.id/lumbung#omspan.dipa_belanja"
    })));
    assert!(!dcat.to_string().contains("#ops."));
    assert_eq!(of("mart.satker")["dct:publisher"]["@id"], dcat["dct:publisher"]["@id"]);
}
