//! A schema of the session whose tables come into being when they are first asked for: views are planned, the ledger's
//! tables are read, the lists of old snapshots' files are put together.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::TableType;

use super::super::check::{DATA_TESTS, OPS};
use super::MART;
use super::planner::Planner;

/// `mart`, `ops`, `ref` or `history`.
#[derive(Debug)]
pub(crate) struct LazySchema {
    name: String,
    planner: Arc<Planner>,
    tables: Mutex<BTreeMap<String, Table>>,
}

/// A table that is there, or can be made.
#[derive(Clone)]
enum Table {
    There(Arc<dyn TableProvider>),
    Later(Make),
}

/// Makes a table.
type Make = Arc<dyn Fn() -> Result<Arc<dyn TableProvider>> + Send + Sync>;

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::There(table) => f.debug_tuple("There").field(table).finish(),
            Self::Later(_) => f.write_str("Later"),
        }
    }
}

impl LazySchema {
    /// A schema without tables but the planner's views (`mart`) and data tests (`ops`).
    pub(crate) fn new(name: &str, planner: &Arc<Planner>) -> Self {
        Self { name: name.to_owned(), planner: Arc::clone(planner), tables: Mutex::default() }
    }

    /// Adds a table that `make` makes when somebody asks for it.
    pub(crate) fn add(&self, name: &str, make: impl Fn() -> Result<Arc<dyn TableProvider>> + Send + Sync + 'static) {
        self.tables().insert(name.to_owned(), Table::Later(Arc::new(make)));
    }

    /// Adds a table that is there.
    pub(crate) fn put(&self, name: String, table: Arc<dyn TableProvider>) {
        self.tables().insert(name, Table::There(table));
    }

    fn tables(&self) -> MutexGuard<'_, BTreeMap<String, Table>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_views(&self) -> bool {
        self.name == MART
    }

    fn is_data_tests(&self, name: &str) -> bool {
        self.name == OPS && name == DATA_TESTS
    }

    /// The table that `make` makes, once.
    fn make(&self, name: &str, make: &Make) -> Result<Arc<dyn TableProvider>> {
        let made = make()?;
        let mut tables = self.tables();
        // Whoever else made it meanwhile was first: a session shows one state.
        if let Some(Table::There(first)) = tables.get(name) {
            return Ok(Arc::clone(first));
        }
        tables.insert(name.to_owned(), Table::There(Arc::clone(&made)));
        Ok(made)
    }
}

#[async_trait]
impl SchemaProvider for LazySchema {
    fn table_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.tables().keys().cloned().collect();
        if self.has_views() {
            names.extend(self.planner.names());
        }
        if self.name == OPS {
            names.push(DATA_TESTS.to_owned());
        }
        names
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if self.is_data_tests(name) {
            let tests = self.planner.data_tests().await;
            return tests.map(Some).map_err(|error| DataFusionError::External(Box::new(error)));
        }
        let known = self.tables().get(name).cloned();
        match known {
            Some(Table::There(table)) => Ok(Some(table)),
            Some(Table::Later(make)) => self.make(name, &make).map(Some),
            None if self.has_views() => Ok(self.planner.view(name).await),
            None => Ok(None),
        }
    }

    /// Says what a view is without planning it: whoever lists the tables wants to know no more.
    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        let there = self.tables().contains_key(name);
        Ok(match there {
            true => Some(TableType::Base),
            false if self.is_data_tests(name) || self.has_views() && self.planner.has(name) => Some(TableType::View),
            false => None,
        })
    }

    fn table_exist(&self, name: &str) -> bool {
        self.tables().contains_key(name)
            || self.is_data_tests(name)
            || self.has_views() && self.planner.names().iter().any(|view| view == name)
    }
}
