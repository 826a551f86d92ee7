//! A catalog as clients of PostgreSQL see it: their statements, their system tables, and only what their role may see.
//!
//! | file | what |
//! |---|---|
//! | [`statement`] | the SQL of clients, sorted into the few kinds a read-only port knows |
//! | [`value`] | the values of parameters |
//! | [`types`] | what PostgreSQL calls the engine's types |
//! | [`literals`] | SQL without the values in it, for logs |
//! | `binding` | parameters: their types, and values in their places |
//! | `listing`, `lazy` | schemas, tables and columns with PostgreSQL's object ids |
//! | `pg_catalog`, `information` | the two catalogs that clients ask |
//! | `functions` | `version()`, `current_schema()` and the like |
//! | `rewrite` | questions about the catalog, in words that the engine has |
//! | `naming` | what columns without a name are called |
//! | `fill` | catalog tables from a few values a row |
//!
//! A role is kept to its schemas where names are resolved: the session it gets has no others. Views were planned against
//! the whole catalog and so still read what the role itself cannot name. What it may not see, no listing shows and no
//! error names.

mod binding;
mod fill;
mod functions;
mod information;
mod lazy;
mod listing;
pub mod literals;
mod naming;
mod pg_catalog;
mod rewrite;
pub mod statement;
pub mod types;
pub mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, SchemaProvider,
    TableProvider,
};
use datafusion::error::{DataFusionError, Result as EngineResult};
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{LogicalPlan, TableType};
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement as EngineStatement;
use datafusion_postgres::datafusion_pg_catalog::pg_catalog::generate_series_arg_coercion::CoerceIntArgsToBigInt;
use datafusion_postgres::datafusion_pg_catalog::pg_catalog::oid_type_planner::PgOidTypePlanner;

use super::error::CatalogError;
use super::guard;
use super::keyed;
use super::plain::plain_schema;
use super::session::{CATALOG, Catalog, QueryResult, hint_unknown_table, plain};
pub use functions::SERVER_VERSION;
use lazy::LazyListing;
use listing::{INFORMATION_SCHEMA, PG_CATALOG};
pub use statement::{PortQuery, PortStatement, PortValue, parse};
use types::TypeInfo;
use value::Parameter;

/// How the engine begins to say that there is no such schema.
const NO_SCHEMA: &str = "failed to resolve schema: ";

/// What a role may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    /// The role's name.
    pub role: String,
    /// Its schemas; `None` = all.
    pub schemas: Option<BTreeSet<String>>,
    /// Tables and views (`schema.name`) that it does not see in them.
    pub hidden: BTreeSet<String>,
    /// Whether it may see how a question is answered (EXPLAIN, the SQL of views): plans name every table below a view.
    pub plans: bool,
}

impl Audience {
    fn sees(&self, schema: &str) -> bool {
        self.schemas.as_ref().is_none_or(|schemas| schemas.contains(schema))
    }
}

/// What a statement may learn of the connection it came by.
#[derive(Debug, Clone)]
pub struct SessionFacts {
    /// Who is connected.
    pub user: String,
    /// The number of the connection.
    pub process: i32,
    /// Schemas that names without one are looked for in; the first one that there is counts.
    pub search_path: Vec<String>,
    /// What SHOW shows, by name in lower case.
    pub settings: BTreeMap<String, String>,
}

/// One state of the warehouse as one role sees it.
pub struct Port {
    catalog: Arc<Catalog>,
    audience: Audience,
    state: SessionState,
    listing: Arc<LazyListing>,
    /// The role's schemas without the system's.
    tables: Arc<dyn CatalogProvider>,
}

impl std::fmt::Debug for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Port").field("audience", &self.audience).finish_non_exhaustive()
    }
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortColumn {
    /// Its name.
    pub name: String,
    /// Its type as PostgreSQL describes it.
    pub info: TypeInfo,
}

/// A planned question: its columns and parameters are known, its rows are not there yet.
pub struct Planned {
    context: SessionContext,
    plan: LogicalPlan,
    targets: Vec<binding::Target>,
    /// The columns of its rows.
    pub columns: Vec<PortColumn>,
    /// The rows' schema in Arrow's words, in the order of `columns`.
    pub schema: SchemaRef,
    /// Object ids of its parameters' types.
    pub parameters: Vec<u32>,
}

impl std::fmt::Debug for Planned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Planned").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl Port {
    /// `catalog` within what `audience` may see.
    ///
    /// # Errors
    /// When the system tables cannot be made.
    pub fn open(catalog: Arc<Catalog>, audience: Audience) -> Result<Self, CatalogError> {
        let own = |error: DataFusionError| CatalogError::from_engine(&error);
        let whole = catalog.context.catalog(CATALOG);
        let whole = whole.ok_or_else(|| CatalogError::Internal("the session has no default catalog".to_owned()))?;
        let (bare, seen) = (MemoryCatalogProvider::new(), MemoryCatalogProvider::new());
        let mut names = BTreeSet::new();
        for name in whole.schema_names() {
            let Some(schema) = whole.schema(&name).filter(|_| name != INFORMATION_SCHEMA && audience.sees(&name))
            else {
                continue;
            };
            let schema: Arc<dyn SchemaProvider> = Arc::new(Within::new(schema, &name, &audience.hidden));
            bare.register_schema(&name, Arc::clone(&schema)).map_err(own)?;
            seen.register_schema(&name, schema).map_err(own)?;
            names.insert(name);
        }
        let bare: Arc<dyn CatalogProvider> = Arc::new(bare);
        let listing = LazyListing::new(Arc::clone(&bare), names, audience.plans);
        let system = pg_catalog::PgCatalog::new(Arc::clone(&listing), &audience.role).map_err(own)?;
        seen.register_schema(PG_CATALOG, Arc::new(system)).map_err(own)?;
        let standard = information::InformationSchema::new(Arc::clone(&listing));
        seen.register_schema(INFORMATION_SCHEMA, Arc::new(standard)).map_err(own)?;
        let state = state_over(&catalog.context, Arc::new(seen)).map_err(own)?;
        Ok(Self { catalog, audience, state, listing, tables: bare })
    }

    /// Plans `query`; `declared` are the object ids of the types that the client gives its parameters, 0 where it does not.
    ///
    /// # Errors
    /// What is wrong with the question, or that it asks for more than reading.
    pub async fn plan(
        &self,
        session: &SessionFacts,
        query: &PortQuery,
        declared: &[u32],
    ) -> Result<Planned, CatalogError> {
        if query.is_explain() && !self.audience.plans {
            return Err(CatalogError::Denied(format!("the role {} does not see plans", self.audience.role)));
        }
        let declared = &binding::completed(&query.statement, declared)[..];
        let context = self.context(session, query).await?;
        let mut refused = None;
        let mut found = None;
        for statement in binding::spellings(&query.statement, declared) {
            match read_only_plan(&context, statement).await {
                Ok(plan) => {
                    let whole = binding::all_typed(&plan);
                    found = Some(plan);
                    if whole {
                        break;
                    }
                }
                Err(error) => {
                    refused.get_or_insert(error);
                }
            }
        }
        let Some(plan) = found else {
            let error = refused.unwrap_or_else(|| CatalogError::Internal("nothing was planned".to_owned()));
            return Err(self.with_hint(error));
        };
        let (targets, parameters) = binding::parameters(&plan, declared)?;
        let schema = plain_schema(coerced(&context, &plan).schema().as_arrow());
        let names = naming::names(&query.statement, schema.fields().len());
        let columns = plan.schema().fields().iter().zip(schema.fields()).enumerate();
        let columns = columns
            .map(|(i, (engine, plain))| {
                let field = plain.as_ref().clone().with_metadata(engine.metadata().clone());
                let name = names.get(i).cloned().flatten().unwrap_or_else(|| field.name().clone());
                PortColumn { name, info: types::of_field(&field) }
            })
            .collect();
        Ok(Planned { context, plan, targets, columns, schema, parameters })
    }

    /// Answers a planned question, with `values` in the places of its parameters. NIK and the like that it compares with
    /// are hashed first.
    ///
    /// # Errors
    /// When values are missing or do not fit, or the engine refuses.
    pub async fn run(&self, planned: &Planned, values: &[Parameter]) -> Result<QueryResult, CatalogError> {
        let plan = binding::bound(planned.plan.clone(), &planned.targets, values)?;
        let plan = match &self.catalog.keys {
            Some(keys) => keyed::hash_literals(plan, keys)?,
            None => plan,
        };
        let run = async { planned.context.execute_logical_plan(plan).await?.execute_stream().await };
        let stream = run.await.map_err(|error: DataFusionError| CatalogError::from_engine(&error))?;
        Ok(plain(stream, None))
    }

    /// The session of one statement.
    async fn context(&self, session: &SessionFacts, query: &PortQuery) -> Result<SessionContext, CatalogError> {
        let mut state = self.state.clone();
        let first = session.search_path.iter().find(|name| self.tables.schema(name).is_some());
        if let Some(first) = first {
            state.config_mut().options_mut().catalog.default_schema.clone_from(first);
        }
        // Only a question about the catalog alone needs the listing, which plans every view.
        let listing = match query.is_about_catalog() {
            true => Some(self.listing.get().await.map_err(|error| CatalogError::from_engine(&error))?),
            false => None,
        };
        functions::register(&mut state, session, &self.audience.role, listing.as_deref())
            .map_err(|error| CatalogError::from_engine(&error))?;
        Ok(SessionContext::new_with_state(state))
    }

    fn with_hint(&self, error: CatalogError) -> CatalogError {
        let CatalogError::Query(text) = error else { return error };
        if self.audience.plans && !text.starts_with(NO_SCHEMA) {
            return CatalogError::Query(self.catalog.why_unknown(&text));
        }
        let mut schemas = self.tables.schema_names();
        schemas.sort();
        if let Some(schema) = text.strip_prefix(NO_SCHEMA) {
            return CatalogError::Query(format!("unknown schema {schema}; there are {}", schemas.join(", ")));
        }
        let mut names = Vec::new();
        for name in &schemas {
            let tables = self.tables.schema(name).map(|schema| schema.table_names()).unwrap_or_default();
            names.extend(tables.iter().map(|table| format!("{name}.{table}")));
        }
        names.sort();
        CatalogError::Query(hint_unknown_table(&text, &names))
    }
}

/// The engine of `context` over another catalog, with the functions and types of PostgreSQL.
fn state_over(context: &SessionContext, seen: Arc<dyn CatalogProvider>) -> EngineResult<SessionState> {
    let list = MemoryCatalogProviderList::new();
    list.register_catalog(CATALOG.to_owned(), seen);
    let mut state = SessionStateBuilder::new_from_existing(context.state())
        .with_catalog_list(Arc::new(list))
        .with_type_planner(Arc::new(PgOidTypePlanner))
        .build();
    // Ours stands in its place.
    state.config_mut().options_mut().catalog.information_schema = false;
    // Without a zone now() would be a reading of a clock.
    state.config_mut().options_mut().execution.time_zone = Some("+00:00".to_owned());
    let now = datafusion::functions::datetime::now(state.config_options());
    let context = SessionContext::new_with_state(state);
    context.register_udf(now.as_ref().clone());
    context.register_udtf("pg_get_keywords", pg_catalog::keywords()?);
    CoerceIntArgsToBigInt::widen(&context);
    functions::register_fixed(&context);
    Ok(context.state())
}

async fn read_only_plan(
    context: &SessionContext,
    statement: datafusion::sql::sqlparser::ast::Statement,
) -> Result<LogicalPlan, CatalogError> {
    let statement = EngineStatement::Statement(Box::new(statement));
    let plan = context.state().statement_to_plan(statement).await;
    let plan = plan.map_err(|error| CatalogError::from_engine(&error))?;
    guard::verify(&plan)?;
    Ok(plan)
}

/// `plan` with the types that its rows will have: only then is it known what CASE, UNION and arithmetic come to. One whose
/// parameters are open stays as it is.
fn coerced(context: &SessionContext, plan: &LogicalPlan) -> LogicalPlan {
    let state = context.state();
    let analyzed = state.analyzer().execute_and_check(plan.clone(), state.config_options(), |_, _| {});
    analyzed.unwrap_or_else(|_| plan.clone())
}

/// A schema without the tables that a role does not see.
#[derive(Debug)]
struct Within {
    inner: Arc<dyn SchemaProvider>,
    hidden: BTreeSet<String>,
}

impl Within {
    fn new(inner: Arc<dyn SchemaProvider>, schema: &str, hidden: &BTreeSet<String>) -> Self {
        let own = hidden.iter().filter_map(|name| name.strip_prefix(schema)?.strip_prefix('.'));
        Self { hidden: own.map(str::to_owned).collect(), inner }
    }
}

#[async_trait]
impl SchemaProvider for Within {
    fn table_names(&self) -> Vec<String> {
        self.inner.table_names().into_iter().filter(|name| !self.hidden.contains(name)).collect()
    }

    async fn table(&self, name: &str) -> EngineResult<Option<Arc<dyn TableProvider>>> {
        if self.hidden.contains(name) { Ok(None) } else { self.inner.table(name).await }
    }

    async fn table_type(&self, name: &str) -> EngineResult<Option<TableType>> {
        if self.hidden.contains(name) { Ok(None) } else { self.inner.table_type(name).await }
    }

    fn table_exist(&self, name: &str) -> bool {
        !self.hidden.contains(name) && self.inner.table_exist(name)
    }
}

#[cfg(test)]
mod tests;
