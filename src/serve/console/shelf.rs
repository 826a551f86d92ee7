//! The catalog as pages show it: made once for a state of the warehouse, and kept. While a newer one is made, the one before is shown:
//! planning every view takes longer than anybody wants to wait for a page.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::json;
use tokio::sync::Mutex;

use super::ConsoleServer;
use super::busy::Busy;
use super::problem::Problem;
use crate::catalog::tokens::KEYWORDS;
use crate::catalog::{Dictionary, DictionarySources, TableEntry, TableShape};
use crate::contract::Class;
use crate::warehouse::{AsOf, CommittedFile};

/// Most days of row counts that are kept of a table, the newest.
const DAYS_MAX: usize = 120;

/// The catalog of one state of the warehouse.
pub(super) struct Stock {
    mark: u64,
    /// Tables, columns, meanings, freshness.
    pub(super) dictionary: Dictionary,
    /// By `schema.table`: what is needed to profile it.
    pub(super) shapes: BTreeMap<String, TableShape>,
    /// Rows by day of snapshot, oldest first, by `source.dataset`.
    pub(super) counts: BTreeMap<String, Vec<(NaiveDate, u64)>>,
    /// Columns of contracts that hold values of persons, hashed or not.
    pub(super) personal: BTreeSet<String>,
    /// What the editor completes, as JSON: keywords, and columns by table.
    pub(super) vocabulary: String,
}

/// Where it is kept.
#[derive(Default)]
pub(super) struct Shelf {
    newest: std::sync::RwLock<Option<Arc<Stock>>>,
    /// One is made at a time.
    making: Mutex<()>,
    renewing: Busy,
}

impl Shelf {
    fn newest(&self) -> Option<Arc<Stock>> {
        // Whoever panicked left a pointer that is whole.
        self.newest.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn put(&self, stock: Arc<Stock>) {
        *self.newest.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(stock);
    }
}

impl Stock {
    /// The table called `schema.table`.
    pub(super) fn table(&self, name: &str) -> Option<&TableEntry> {
        self.dictionary.tables.iter().find(|table| table.name() == name)
    }

    /// The tables that read `name`, sorted.
    pub(super) fn readers(&self, name: &str) -> Vec<String> {
        let reads = |table: &&TableEntry| table.reads.iter().any(|read| read == name);
        self.dictionary.tables.iter().filter(reads).map(TableEntry::name).collect()
    }
}

impl ConsoleServer {
    /// The catalog: of the newest state, or of the one before while the newest is made.
    pub(super) async fn stock(self: &Arc<Self>) -> Result<Arc<Stock>, Problem> {
        let mark =
            self.blocking(|server| server.parts.warehouse.runs_ended().map_err(|e| Problem::internal(&e))).await?;
        let Some(stock) = self.shelf.newest() else { return self.make_stock(mark).await };
        if stock.mark < mark
            && let Some(begun) = self.shelf.renewing.begin()
        {
            let server = Arc::clone(self);
            tokio::spawn(async move {
                let _begun = begun;
                // What goes wrong is logged; the next page tries again.
                let _ = server.make_stock(mark).await;
            });
        }
        Ok(stock)
    }

    async fn make_stock(self: &Arc<Self>, wanted: u64) -> Result<Arc<Stock>, Problem> {
        let _making = self.shelf.making.lock().await;
        if let Some(stock) = self.shelf.newest().filter(|stock| stock.mark >= wanted) {
            return Ok(stock);
        }
        let (mark, catalog) = self.parts.sql.newest().await.map_err(|told| Problem::internal(&told.message))?;
        let shapes = catalog.shapes().await.map_err(|error| Problem::internal(&error))?;
        let stock = self.blocking(move |server| server.stock_of(mark, shapes)).await?;
        let stock = Arc::new(stock);
        self.shelf.put(Arc::clone(&stock));
        Ok(stock)
    }

    fn stock_of(&self, mark: u64, shapes: Vec<TableShape>) -> Result<Stock, Problem> {
        let parts = &self.parts;
        let files = |as_of| parts.warehouse.committed_files(as_of).map_err(|error| Problem::internal(&error));
        let (latest, all) = (files(AsOf::Latest)?, files(AsOf::All)?);
        let sources = DictionarySources {
            contracts: &parts.contracts,
            reference: &parts.reference,
            views: &parts.views,
            latest: &latest,
            all: &all,
        };
        let dictionary = Dictionary::new(&shapes, &sources);
        let columns = parts.contracts.iter().flat_map(|contract| &contract.datasets).flat_map(|set| &set.columns);
        let personal = columns.filter(|column| column.class != Class::Public);
        Ok(Stock {
            mark,
            personal: personal.map(|column| column.name.to_lowercase()).collect(),
            counts: counts(&all),
            vocabulary: vocabulary(&shapes),
            shapes: shapes.into_iter().map(|shape| (shape.name(), shape)).collect(),
            dictionary,
        })
    }
}

/// The rows of each dataset, by day of snapshot: several fiscal years of a day are added up.
fn counts(files: &[CommittedFile]) -> BTreeMap<String, Vec<(NaiveDate, u64)>> {
    let mut days: BTreeMap<String, BTreeMap<NaiveDate, u64>> = BTreeMap::new();
    for file in files {
        *days.entry(file.dataset.to_string()).or_default().entry(file.snapshot_date).or_default() += file.rows;
    }
    let newest = |days: BTreeMap<NaiveDate, u64>| {
        let skipped = days.len().saturating_sub(DAYS_MAX);
        days.into_iter().skip(skipped).collect()
    };
    days.into_iter().map(|(name, days)| (name, newest(days))).collect()
}

fn vocabulary(shapes: &[TableShape]) -> String {
    let one = |shape: &TableShape| {
        let columns: Vec<&str> = shape.columns.iter().map(|column| column.name.as_str()).collect();
        (shape.name(), json!(columns))
    };
    let tables: serde_json::Map<String, serde_json::Value> = shapes.iter().map(one).collect();
    json!({ "keywords": &KEYWORDS[..], "tables": tables }).to_string()
}
