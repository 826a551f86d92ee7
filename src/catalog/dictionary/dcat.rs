//! The dictionary as DCAT-AP JSON-LD, for the catalogue of Satu Data Indonesia.
//!
//! One dataset for each table a source or a list fills, and for each view; history is the temporal extent of a dataset,
//! not one of its own. Rows about persons are marked non-public, and what is computed from them restricted. Only words go
//! in: never a value of a row.
//!
//! Titles are Indonesian, as the contracts have them; descriptions are English.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{Access, Dictionary, Kind, Periodicity, TableEntry};

/// Who publishes the catalogue.
#[derive(Debug, Clone)]
pub struct Publisher {
    /// The body.
    pub agency: String,
    /// The unit within it.
    pub unit: String,
    /// Where readers turn to.
    pub contact: String,
    /// Where others find the files of `warehouse/latest`, without a trailing slash.
    pub data_url: String,
}

/// Controlled vocabularies that DCAT-AP asks for.
const AUTHORITY: &str = "http://publications.europa.eu/resource/authority";
/// The type of Parquet files.
const PARQUET: &str = "https://www.iana.org/assignments/media-types/application/vnd.apache.parquet";

impl Dictionary {
    /// A `dcat:Catalog` with every dataset and view.
    #[must_use]
    pub fn dcat(&self, publisher: &Publisher) -> Value {
        let is_listed = |table: &&TableEntry| matches!(table.kind, Kind::Dataset | Kind::View | Kind::Reference);
        let listed: Vec<&TableEntry> = self.tables.iter().filter(is_listed).collect();
        // What a view may read under two names; the ledger is nobody's source.
        let names: BTreeMap<String, String> = listed
            .iter()
            .flat_map(|table| {
                let history = format!("history.{}_{}", table.schema, table.table);
                [table.name(), history].map(|name| (name, format!("{}#{}", publisher.data_url, table.name())))
            })
            .collect();
        json!({
            "@context": {
                "dcat": "http://www.w3.org/ns/dcat#",
                "dct": "http://purl.org/dc/terms/",
                "foaf": "http://xmlns.com/foaf/0.1/",
                "vcard": "http://www.w3.org/2006/vcard/ns#",
                "csvw": "http://www.w3.org/ns/csvw#",
                "xsd": "http://www.w3.org/2001/XMLSchema#",
            },
            "@id": publisher.data_url,
            "@type": "dcat:Catalog",
            "dct:title": indonesian(&format!("Katalog data {}", publisher.agency)),
            "dct:description": indonesian(&format!("Data yang dikelola {}, {}", publisher.unit, publisher.agency)),
            "dct:language": [
                { "@id": format!("{AUTHORITY}/language/IND") },
                { "@id": format!("{AUTHORITY}/language/ENG") },
            ],
            "dct:publisher": {
                "@id": format!("{}#publisher", publisher.data_url),
                "@type": "foaf:Agent",
                "foaf:name": publisher.agency,
            },
            "dcat:dataset": listed.iter().map(|table| dataset(table, &names, publisher)).collect::<Vec<_>>(),
        })
    }
}

fn dataset(table: &TableEntry, names: &BTreeMap<String, String>, publisher: &Publisher) -> Value {
    let id = format!("{}#{}", publisher.data_url, table.name());
    let access = match table.access {
        Access::Public => "PUBLIC",
        Access::Restricted => "RESTRICTED",
        Access::NonPublic => "NON_PUBLIC",
    };
    let mut node = Map::new();
    let mut put = |key: &str, value: Value| drop(node.insert(key.to_owned(), value));
    put("@id", json!(id));
    put("@type", json!("dcat:Dataset"));
    put("dct:identifier", json!(table.name()));
    put("dct:title", indonesian(&title(table)));
    put("dct:description", english(&description(table)));
    put("dcat:keyword", json!([indonesian(&table.schema), indonesian(&table.table.replace('_', " "))]));
    put("dct:publisher", json!({ "@id": format!("{}#publisher", publisher.data_url) }));
    put("dcat:contactPoint", contact(table, publisher));
    put("dct:accessRights", json!({ "@id": format!("{AUTHORITY}/access-right/{access}") }));
    put("dct:provenance", json!({ "@type": "dct:ProvenanceStatement", "dct:description": table.source }));
    let read: BTreeSet<&String> = table.reads.iter().filter_map(|name| names.get(name)).collect();
    if !read.is_empty() {
        put("dct:source", read.into_iter().map(|id| json!({ "@id": id })).collect());
    }
    if let Some(state) = &table.state {
        let frequency = format!("{AUTHORITY}/frequency/{}", frequency(state.periodicity));
        put("dct:accrualPeriodicity", json!({ "@id": frequency }));
        put("dct:modified", json!({ "@value": state.committed_at.to_rfc3339(), "@type": "xsd:dateTime" }));
        put(
            "dct:temporal",
            json!({
                "@type": "dct:PeriodOfTime",
                "dcat:startDate": { "@value": state.first.to_string(), "@type": "xsd:date" },
                "dcat:endDate": { "@value": state.newest.to_string(), "@type": "xsd:date" },
            }),
        );
    }
    let columns = table.columns.iter().map(|column| {
        json!({
            "@type": "csvw:Column", "csvw:name": column.name, "csvw:datatype": column.sql_type,
            "dct:description": english(&column.words()),
        })
    });
    put("csvw:tableSchema", json!({ "@type": "csvw:Schema", "csvw:column": columns.collect::<Vec<_>>() }));
    if let Some(distribution) = distribution(table, publisher) {
        put("dcat:distribution", json!([distribution]));
    }
    Value::Object(node)
}

/// The purpose of a view is a sentence, and describes it: its title is its name.
fn title(table: &TableEntry) -> String {
    if table.kind != Kind::View && !table.title.is_empty() {
        return table.title.clone();
    }
    let words = table.table.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn description(table: &TableEntry) -> String {
    let purpose = if table.kind == Kind::View { &table.title } else { &table.source };
    [purpose.trim_end_matches('.'), &table.grain]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join(". Row: ")
}

/// How often there is new data, in the words of the vocabulary.
fn frequency(periodicity: Periodicity) -> &'static str {
    match periodicity {
        Periodicity::Daily => "DAILY",
        Periodicity::Weekly => "WEEKLY",
        Periodicity::Monthly => "MONTHLY",
        Periodicity::Annual => "ANNUAL",
        Periodicity::Irregular => "IRREG",
        Periodicity::Unknown => "UNKNOWN",
    }
}

fn contact(table: &TableEntry, publisher: &Publisher) -> Value {
    let unit = if table.owner.is_empty() { &publisher.unit } else { &table.owner };
    json!({
        "@type": "vcard:Organization",
        "vcard:fn": unit,
        "vcard:hasEmail": { "@id": format!("mailto:{}", publisher.contact) },
    })
}

/// The files of a dataset, where there are any that others may have.
fn distribution(table: &TableEntry, publisher: &Publisher) -> Option<Value> {
    let state = table.state.as_ref()?;
    if table.kind != Kind::Dataset || table.access != Access::Public {
        return None;
    }
    let url = format!("{}/{}/{}/", publisher.data_url, table.schema, table.table);
    Some(json!({
        "@id": format!("{}#{}.parquet", publisher.data_url, table.name()),
        "@type": "dcat:Distribution",
        "dct:title": indonesian(&format!("{}, Parquet", title(table))),
        "dcat:accessURL": { "@id": url },
        "dcat:mediaType": { "@id": PARQUET },
        "dct:format": { "@id": format!("{AUTHORITY}/file-type/PARQUET") },
        "dcat:byteSize": { "@value": state.bytes.to_string(), "@type": "xsd:nonNegativeInteger" },
    }))
}

fn indonesian(words: &str) -> Value {
    json!({ "@value": words, "@language": "id" })
}

fn english(words: &str) -> Value {
    json!({ "@value": words, "@language": "en" })
}
