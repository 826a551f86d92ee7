//! `pg_catalog`: what clients ask when they draw their trees of schemas, tables and columns.
//!
//! Tables of PostgreSQL's own objects (types, operators, functions) are those of `datafusion-pg-catalog`. What speaks of this
//! warehouse is made here: that library numbers tables anew in every session, tells no decimal's digits, and lists what a
//! role may not see.

use std::sync::{Arc, OnceLock};

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::TableType;
use datafusion_postgres::datafusion_pg_catalog::pg_catalog::catalog_info::CatalogInfo;
use datafusion_postgres::datafusion_pg_catalog::pg_catalog::context::EmptyContextProvider;
use datafusion_postgres::datafusion_pg_catalog::pg_catalog::{
    PG_CATALOG_TABLES, PgCatalogSchemaProvider, PgCatalogStaticTables,
};

use super::super::session::CATALOG;
use super::fill::{self, Row, row};
use super::lazy::LazyListing;
use super::listing::{Listed, Listing, oid_of};

/// The library's tables over a catalog without any table.
type Library = PgCatalogSchemaProvider<Nothing, EmptyContextProvider>;

/// Tables that clients ask for and the library does not have, and their columns.
const FURTHER: [(&str, &[&str]); 6] = [
    ("pg_user", &["usename", "#usesysid", "usecreatedb", "usesuper"]),
    ("pg_indexes", &["schemaname", "tablename", "indexname", "tablespace", "indexdef"]),
    ("pg_stat_activity", &["#datid", "datname", "#pid", "usename", "application_name", "state", "query"]),
    ("pg_locks", &["locktype", "#database", "#relation", "#pid", "mode"]),
    ("pg_timezone_names", &["name", "abbrev", "utc_offset", "is_dst"]),
    ("pg_available_extensions", &["name", "default_version", "installed_version", "comment"]),
];

/// Columns that clients ask for and the library's tables do not have; nothing stands in them.
const FURTHER_COLUMNS: [(&str, &[&str]); 4] = [
    ("pg_class", &["relacl", "reloptions"]),
    ("pg_namespace", &["nspacl"]),
    ("pg_roles", &["rolvaliduntil", "rolconfig", "rolbypassrls"]),
    ("pg_attribute", &["attacl"]),
];

/// Columns that are lists of numbers: the library has them as texts, and whoever takes them apart would fail.
const VECTORS: [&str; 8] =
    ["conkey", "confkey", "conexclop", "indkey", "indclass", "indcollation", "indoption", "partattrs"];

/// Columns that are lists of texts.
const TEXT_LISTS: [&str; 6] = ["relacl", "reloptions", "nspacl", "attacl", "proacl", "rolconfig"];

/// What `pg_settings` tells everybody; SHOW tells a session's own.
const SETTINGS: [(&str, &str); 6] = [
    ("max_index_keys", "32"),
    ("max_identifier_length", "63"),
    ("server_encoding", "UTF8"),
    ("server_version", super::SERVER_VERSION),
    ("server_version_num", "160006"),
    ("standard_conforming_strings", "on"),
];

/// `pg_catalog` for one role.
#[derive(Debug)]
pub(super) struct PgCatalog {
    listing: Arc<LazyListing>,
    /// The role's name: the one user there is.
    role: String,
    library: Library,
}

impl PgCatalog {
    pub(super) fn new(listing: Arc<LazyListing>, role: &str) -> Result<Self> {
        let library = PgCatalogSchemaProvider::try_new(Nothing, static_tables()?, EmptyContextProvider)?;
        Ok(Self { listing, role: role.to_owned(), library })
    }

    /// The library's columns of `table`.
    fn columns(&self, table: &str) -> Result<SchemaRef> {
        let found = self
            .library
            .build_table_by_name(table)?
            .ok_or_else(|| DataFusionError::Internal(format!("the catalog library has no table {table} any more")))?;
        let schema = found.schema();
        let further = FURTHER_COLUMNS.iter().find(|(name, _)| *name == table).map_or(&[][..], |(_, columns)| columns);
        let further = fill::schema(further);
        let numbers = Arc::new(Field::new("item", DataType::Int16, true));
        let texts = Arc::new(Field::new("item", DataType::Utf8, true));
        let list = |field: &FieldRef, item| Arc::new(Field::new(field.name(), DataType::List(item), true));
        let typed = |field: &FieldRef| match field.name().as_str() {
            name if VECTORS.contains(&name) => list(field, Arc::clone(&numbers)),
            name if TEXT_LISTS.contains(&name) => list(field, Arc::clone(&texts)),
            _ => Arc::clone(field),
        };
        let missing = further.fields().iter().filter(|field| schema.index_of(field.name()).is_err());
        let fields: Vec<_> = schema.fields().iter().chain(missing).map(typed).collect();
        Ok(Arc::new(Schema::new(fields)))
    }

    fn rows(&self, table: &str, listing: &Listing) -> Option<Vec<Row>> {
        Some(match table {
            "pg_namespace" => namespaces(listing),
            "pg_class" => listing.tables.iter().map(|table| class(table, listing)).collect(),
            "pg_attribute" => listing.tables.iter().flat_map(attributes).collect(),
            "pg_tables" => listing.tables.iter().filter(|table| !table.is_view).map(plain_table).collect(),
            "pg_views" => listing.tables.iter().filter(|table| table.is_view).map(view).collect(),
            "pg_database" => vec![database()],
            "pg_settings" => {
                SETTINGS.map(|(name, value)| row([("name", name.to_owned()), ("setting", value.to_owned())])).to_vec()
            }
            "pg_roles" => vec![row([
                ("oid", "10".to_owned()),
                ("rolname", self.role.clone()),
                ("rolcanlogin", "true".to_owned()),
                ("rolinherit", "true".to_owned()),
                ("rolconnlimit", "-1".to_owned()),
            ])],
            // They would tell of PostgreSQL's own tables, which nobody has here.
            "pg_description" | "pg_attrdef" | "pg_constraint" | "pg_index" | "pg_sequence" | "pg_authid" => {
                Vec::new()
            }
            _ => return None,
        })
    }
}

#[async_trait]
impl SchemaProvider for PgCatalog {
    fn table_names(&self) -> Vec<String> {
        let further = FURTHER.iter().map(|(name, _)| *name);
        PG_CATALOG_TABLES.iter().copied().chain(further).map(str::to_owned).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if let Some((_, columns)) = FURTHER.iter().find(|(further, _)| *further == name) {
            let rows = match name {
                "pg_user" => vec![row([("usename", self.role.clone()), ("usesysid", "10".to_owned())])],
                _ => Vec::new(),
            };
            return fill::table(fill::schema(columns), &rows).map(Some);
        }
        let listing = self.listing.get().await?;
        if let Some(rows) = self.rows(name, &listing) {
            return fill::table(self.columns(name)?, &rows).map(Some);
        }
        self.library.table(name).await
    }

    async fn table_type(&self, _name: &str) -> Result<Option<TableType>> {
        Ok(Some(TableType::Base))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.library.table_exist(name) || FURTHER.iter().any(|(further, _)| *further == name)
    }
}

/// PostgreSQL's own types, functions and operators; read once.
fn static_tables() -> Result<Arc<PgCatalogStaticTables>> {
    static TABLES: OnceLock<Arc<PgCatalogStaticTables>> = OnceLock::new();
    if let Some(tables) = TABLES.get() {
        return Ok(Arc::clone(tables));
    }
    let tables = Arc::new(PgCatalogStaticTables::try_new()?);
    Ok(Arc::clone(TABLES.get_or_init(|| tables)))
}

/// `pg_get_keywords()`: the one table function of the library.
pub(super) fn keywords() -> Result<Arc<dyn datafusion::catalog::TableFunctionImpl>> {
    Ok(Arc::clone(&static_tables()?.pg_get_keywords) as _)
}

fn namespaces(listing: &Listing) -> Vec<Row> {
    let one = |(name, oid): (&String, &i32)| {
        row([("oid", oid.to_string()), ("nspname", name.clone()), ("nspowner", "10".to_owned())])
    };
    listing.schemas.iter().map(one).collect()
}

fn class(table: &Listed, listing: &Listing) -> Row {
    let namespace = listing.schemas.get(&table.schema).copied().unwrap_or_default();
    row([
        ("oid", table.oid.to_string()),
        ("relname", table.name.clone()),
        ("relnamespace", namespace.to_string()),
        ("relowner", "10".to_owned()),
        ("relfilenode", table.oid.to_string()),
        ("reltuples", "-1".to_owned()),
        ("relpersistence", "p".to_owned()),
        ("relkind", if table.is_view { "v" } else { "r" }.to_owned()),
        ("relnatts", table.columns.len().to_string()),
        ("relispopulated", "true".to_owned()),
        ("relreplident", "n".to_owned()),
    ])
}

fn attributes(table: &Listed) -> Vec<Row> {
    let one = |(i, column): (usize, &super::listing::ListedColumn)| {
        row([
            ("attrelid", table.oid.to_string()),
            ("attname", column.name.clone()),
            ("atttypid", column.info.oid.to_string()),
            ("attstattarget", "-1".to_owned()),
            ("attlen", column.info.size.to_string()),
            ("attnum", (i + 1).to_string()),
            ("attcacheoff", "-1".to_owned()),
            ("atttypmod", column.info.modifier.to_string()),
            ("attalign", "i".to_owned()),
            ("attstorage", "p".to_owned()),
            ("attnotnull", (!column.nullable).to_string()),
            ("attislocal", "true".to_owned()),
        ])
    };
    table.columns.iter().enumerate().map(one).collect()
}

fn plain_table(table: &Listed) -> Row {
    row([("schemaname", table.schema.clone()), ("tablename", table.name.clone()), ("tableowner", CATALOG.to_owned())])
}

fn view(table: &Listed) -> Row {
    row([
        ("schemaname", table.schema.clone()),
        ("viewname", table.name.clone()),
        ("viewowner", CATALOG.to_owned()),
        ("definition", table.definition.clone().unwrap_or_default()),
    ])
}

fn database() -> Row {
    row([
        ("oid", oid_of(CATALOG, &mut std::collections::BTreeSet::new()).to_string()),
        ("datname", CATALOG.to_owned()),
        ("datdba", "10".to_owned()),
        ("encoding", "6".to_owned()),
        ("datlocprovider", "c".to_owned()),
        ("datcollate", "C.UTF-8".to_owned()),
        ("datctype", "C.UTF-8".to_owned()),
        ("datallowconn", "true".to_owned()),
        ("datconnlimit", "-1".to_owned()),
    ])
}

/// No table: the library lists nothing by itself.
#[derive(Debug, Clone)]
struct Nothing;

#[async_trait]
impl CatalogInfo for Nothing {
    async fn catalog_names(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    async fn schema_names(&self, _catalog: &str) -> Result<Option<Vec<String>>> {
        Ok(None)
    }

    async fn table_names(&self, _catalog: &str, _schema: &str) -> Result<Option<Vec<String>>> {
        Ok(None)
    }

    async fn table_schema(&self, _catalog: &str, _schema: &str, _table: &str) -> Result<Option<SchemaRef>> {
        Ok(None)
    }

    async fn table_type(&self, _catalog: &str, _schema: &str, _table: &str) -> Result<Option<TableType>> {
        Ok(None)
    }
}
