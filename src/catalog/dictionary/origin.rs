//! What contracts and reference definitions say of tables and columns.

use std::collections::BTreeMap;

use arrow::datatypes::DataType;

use super::super::check::OPS;
use super::super::lineage::Origin;
use super::super::ops::words::WORDS;
use super::super::shape::ColumnShape;
use super::Kind;
use crate::contract::{Class, ColumnType, Contract, Dataset, Direction, EXTRA_COLUMN, HttpMethod, Transport};
use crate::reference::{REF, Reference};

/// What is known of the tables that are no views.
pub(super) struct Known {
    places: BTreeMap<(String, String), Place>,
    columns: BTreeMap<Origin, KnownColumn>,
}

/// What is said of a table.
pub(super) struct Place {
    pub(super) kind: Kind,
    pub(super) title: String,
    pub(super) grain: String,
    pub(super) source: String,
    pub(super) personal: bool,
    /// Source and dataset in the ledger.
    pub(super) dataset: (String, String),
}

/// What is said of a column.
#[derive(Debug, Clone)]
pub(super) struct KnownColumn {
    pub(super) meaning: String,
    pub(super) class: &'static str,
    pub(super) unit: &'static str,
}

impl KnownColumn {
    fn public(meaning: &str) -> Self {
        Self { meaning: meaning.to_owned(), class: "public", unit: "" }
    }
}

/// The unit of money.
const RUPIAH: &str = "rupiah";

impl Known {
    pub(super) fn new(contracts: &[Contract], reference: &Reference) -> Self {
        let mut known = Self { places: BTreeMap::new(), columns: BTreeMap::new() };
        for contract in contracts {
            for dataset in &contract.datasets {
                known.add_dataset(contract, dataset);
            }
        }
        for table in &reference.tables {
            let definition = &table.definition;
            for (schema, name, kind) in [
                (REF.to_owned(), definition.name.clone(), Kind::Reference),
                ("history".to_owned(), format!("{REF}_{}", definition.name), Kind::History),
            ] {
                let place = Place {
                    kind,
                    title: definition.title.clone(),
                    grain: format!("one {}", definition.key_names()),
                    source: definition.source.clone(),
                    personal: false,
                    dataset: (REF.to_owned(), definition.name.clone()),
                };
                known.places.insert((schema.clone(), name.clone()), place);
                let columns = definition.columns.iter();
                let columns = columns.map(|column| (column.name.clone(), KnownColumn::public(&column.meaning)));
                known.add_columns(&schema, &name, columns.chain([snapshot_date()]));
            }
        }
        for words in &WORDS {
            let place = Place {
                kind: Kind::Ledger,
                title: words.title.to_owned(),
                grain: words.grain.to_owned(),
                source: "the ledger".to_owned(),
                personal: false,
                dataset: (OPS.to_owned(), words.table.to_owned()),
            };
            known.places.insert((OPS.to_owned(), words.table.to_owned()), place);
            let columns = words.columns.iter().map(|(name, words)| ((*name).to_owned(), KnownColumn::public(words)));
            known.add_columns(OPS, words.table, columns);
        }
        known
    }

    fn add_dataset(&mut self, contract: &Contract, dataset: &Dataset) {
        let columns: Vec<(String, KnownColumn)> = dataset
            .columns
            .iter()
            .filter(|column| column.is_stored())
            .map(|column| {
                let (class, meaning) = match column.class {
                    Class::Public | Class::Drop => ("public", column.meaning.clone()),
                    Class::Coarse => ("coarse", column.meaning.clone()),
                    Class::Key(_) => ("key", format!("{} (hashed)", column.meaning)),
                };
                let unit = if column.ty == ColumnType::Money { RUPIAH } else { "" };
                (column.name.clone(), KnownColumn { meaning, class, unit })
            })
            .chain([
                ("tahun_anggaran".to_owned(), KnownColumn::public("fiscal year asked for")),
                (dataset.date_key().to_owned(), KnownColumn::public("day of the events")),
                snapshot_date(),
                (EXTRA_COLUMN.to_owned(), KnownColumn::public("keys that the contract does not know, as JSON")),
            ])
            .collect();
        for (schema, name, kind) in [
            (contract.source.clone(), dataset.name.clone(), Kind::Dataset),
            ("history".to_owned(), format!("{}_{}", contract.source, dataset.name), Kind::History),
        ] {
            let place = Place {
                kind,
                title: dataset.title.clone(),
                grain: dataset.grain.clone(),
                source: endpoint(contract, dataset),
                personal: dataset.personal,
                dataset: (contract.source.clone(), dataset.name.clone()),
            };
            self.places.insert((schema.clone(), name.clone()), place);
            self.add_columns(&schema, &name, columns.iter().cloned());
        }
    }

    /// The first word on a column counts: what the contract says before what all tables have.
    fn add_columns(&mut self, schema: &str, table: &str, columns: impl Iterator<Item = (String, KnownColumn)>) {
        for (column, known) in columns {
            let origin = Origin { schema: schema.to_owned(), table: table.to_owned(), column };
            self.columns.entry(origin).or_insert(known);
        }
    }

    pub(super) fn place(&self, schema: &str, table: &str) -> Option<&Place> {
        self.places.get(&(schema.to_owned(), table.to_owned()))
    }

    pub(super) fn column(&self, origin: &Origin) -> Option<&KnownColumn> {
        self.columns.get(origin)
    }

    /// The unit of `column`: that of what it shows; of a computed decimal, rupiah when all it is made of is money.
    pub(super) fn unit(&self, column: &ColumnShape, unchanged: &[&KnownColumn]) -> &'static str {
        if let Some(known) = unchanged.first() {
            return if unchanged.iter().all(|other| other.unit == known.unit) { known.unit } else { "" };
        }
        let DataType::Decimal128(_, scale) = column.data_type else { return "" };
        if column.name.ends_with("_pct") {
            return "%";
        }
        let mut units = column.made_of.iter().filter_map(|origin| self.column(origin)).map(|known| known.unit);
        // A quotient has more decimals than its parts.
        if scale == 2 && !column.made_of.is_empty() && units.all(|unit| unit == RUPIAH) { RUPIAH } else { "" }
    }
}

fn snapshot_date() -> (String, KnownColumn) {
    ("snapshot_date".to_owned(), KnownColumn::public("day of the snapshot"))
}

/// `GET CapaianIKKLRe; OMSPAN document, "CapaianIKKL"`
fn endpoint(contract: &Contract, dataset: &Dataset) -> String {
    let asked = contract.asked_with(dataset);
    let request = match (dataset.direction, asked.transport, &asked.receive) {
        (Direction::Receive, _, Some(receive)) | (_, Transport::Inbox, Some(receive)) => {
            format!("pushed to {}", receive.path)
        }
        (_, Transport::Folder, _) => "files of the drop folder".to_owned(),
        _ => {
            let method = if asked.request.method == HttpMethod::Get { "GET" } else { "POST" };
            format!("{method} {}", asked.request.path)
        }
    };
    format!("{request}; {}: {}", contract.document, asked.document_section)
}
