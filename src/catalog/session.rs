//! The catalog: one DataFusion session over committed files, with the views registered, under limits.

mod engine;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::{Date32Type, SchemaRef};
use datafusion::catalog::{CatalogProviderList, MemTable, SchemaProvider, TableProvider};
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use tokio::time::Instant;

use super::check::{self, CheckReport, OPS};
use super::error::{CatalogError, did_you_mean, nearest};
use super::guard;
use super::keyed::{self, KeyColumns};
use super::plain::{plain_batch, plain_schema};
use super::planned;
use super::pool::SharedEngine;
use super::store::CommittedFiles;
use super::table::{CommittedTable, HISTORY, MemoryTable, Rows, TableSource};
use super::views::{LazySchema, MART, Planner, Problem, ViewFile, ViewSet};

/// Name of the one SQL catalog.
pub(super) const CATALOG: &str = "lumbung";

/// What a session may use. `timeout`, `rows` and `sql_bytes` bind SQL from outside; the rest binds every query.
#[derive(Debug, Clone)]
pub struct SessionLimits {
    /// Longest time a query from outside may take, planning and reading its rows included.
    pub timeout: Duration,
    /// Most rows a query from outside may give; more is an error, never a silent cut.
    pub rows: u64,
    /// Longest SQL text from outside.
    pub sql_bytes: usize,
    /// Memory for sorts, joins and aggregates.
    pub memory_bytes: usize,
    /// Threads a query is spread over.
    pub threads: usize,
    /// Folder into which sorts and aggregates may spill; without one they fail at `memory_bytes`.
    pub spill_dir: Option<PathBuf>,
    /// Memory and spill space shared with other catalogs, instead of `memory_bytes` and `spill_dir`.
    pub engine: Option<Arc<SharedEngine>>,
    /// Other machines that compute the heavy parts of queries.
    #[cfg(feature = "cluster")]
    pub cluster: Option<super::cluster::Cluster>,
}

impl Default for SessionLimits {
    /// 60 s, 1,000,000 rows, 256 KiB of SQL, 1 GiB of memory, 2 threads, no spilling.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(60),
            rows: 1_000_000,
            sql_bytes: 256 * 1024,
            memory_bytes: 1024 * 1024 * 1024,
            threads: 2,
            spill_dir: None,
            engine: None,
            #[cfg(feature = "cluster")]
            cluster: None,
        }
    }
}

/// A value for a `$name` in a statement of our own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// NULL.
    Null,
    /// A text.
    Text(String),
    /// An exact decimal: `unscaled / 10^scale`.
    Decimal(i128, i8),
    /// A date.
    Date(chrono::NaiveDate),
}

impl From<&Bound> for ScalarValue {
    fn from(value: &Bound) -> Self {
        match value {
            Bound::Null => Self::Null,
            Bound::Text(text) => Self::Utf8(Some(text.clone())),
            Bound::Decimal(unscaled, scale) => Self::Decimal128(Some(*unscaled), 38, *scale),
            Bound::Date(date) => Self::Date32(Some(Date32Type::from_naive_date(*date))),
        }
    }
}

/// Rows of a query, in plain types (no string views, no dictionaries).
pub struct QueryResult {
    /// Names and types of the columns, known before the first row.
    pub schema: SchemaRef,
    /// The rows; every batch has `schema`.
    pub batches: BoxStream<'static, Result<RecordBatch, CatalogError>>,
}

impl QueryResult {
    /// A result from rows that are there already.
    #[must_use]
    pub fn from_batches(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Self { schema, batches: futures::stream::iter(batches.into_iter().map(Ok)).boxed() }
    }

    /// All rows in memory.
    pub async fn collect(self) -> Result<Vec<RecordBatch>, CatalogError> {
        self.batches.try_collect().await
    }
}

impl std::fmt::Debug for QueryResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QueryResult").field("schema", &self.schema).finish_non_exhaustive()
    }
}

/// One consistent set of committed files and the views over them.
pub struct Catalog {
    pub(super) context: SessionContext,
    limits: SessionLimits,
    checks: Vec<ViewFile>,
    planner: Arc<Planner>,
    pub(super) keys: Option<KeyColumns>,
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalog").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Catalog {
    /// A catalog of these tables and views. A view is planned when somebody asks for it; one that does not plan is not
    /// there, and [`Catalog::problems`] says why. A table that does not fit its files is an error.
    ///
    /// # Errors
    /// When a table does not fit its files, or the engine cannot start.
    pub fn build(tables: Vec<TableSource>, views: &ViewSet, limits: SessionLimits) -> Result<Self, CatalogError> {
        Self::build_with(tables, Vec::new(), views, limits)
    }

    /// [`Catalog::build`] with tables held in memory beside them (`ops.runs`, `ref.*`).
    ///
    /// # Errors
    /// As [`Catalog::build`].
    pub fn build_with(
        tables: Vec<TableSource>,
        memory: Vec<MemoryTable>,
        views: &ViewSet,
        limits: SessionLimits,
    ) -> Result<Self, CatalogError> {
        let store = CommittedFiles::new();
        let context = SessionContext::new_with_state(engine::state(&limits, &store)?);
        context.register_udf(planned::function());
        let planner = Arc::new(Planner::new(&context, views.clone()));
        for (name, schema) in schemas(tables, memory, &planner, &store)? {
            register_schema(&context, &name, Arc::new(schema))?;
        }
        Ok(Self { context, limits, checks: views.checks().cloned().collect(), planner, keys: None })
    }

    /// This catalog, hashing the personal numbers that SQL from outside compares with key columns.
    #[must_use]
    pub fn with_keys(mut self, keys: KeyColumns) -> Self {
        self.keys = Some(keys);
        self
    }

    /// Runs one SQL statement of our own: no time-out, no row limit.
    pub async fn query(&self, sql: &str) -> Result<QueryResult, CatalogError> {
        let plan = guard::plan_trusted(&self.context, sql).await.map_err(|e| self.with_hint(e))?;
        Ok(plain(self.execute(plan).await?, None))
    }

    /// Runs one SQL statement from outside: reading only, within [`SessionLimits`].
    pub async fn query_read_only(&self, sql: &str) -> Result<QueryResult, CatalogError> {
        let deadline = Instant::now() + self.limits.timeout;
        let run = async {
            let plan = guard::plan_read_only(&self.context, sql, self.limits.sql_bytes).await;
            let plan = plan.map_err(|e| self.with_hint(e))?;
            self.execute(match &self.keys {
                Some(keys) => keyed::hash_literals(plan, keys)?,
                None => plan,
            })
            .await
        };
        let stream = tokio::time::timeout_at(deadline, run).await.map_err(|_| self.timed_out())??;
        Ok(plain(stream, Some((deadline, self.limits.clone()))))
    }

    /// Runs one SQL statement of our own with `values` in the places of its `$name`s. A value is never SQL, whatever stands
    /// in it.
    pub async fn query_bound(&self, sql: &str, values: &[(String, Bound)]) -> Result<QueryResult, CatalogError> {
        Ok(plain(self.execute(self.plan_bound(sql, values).await?).await?, None))
    }

    /// The columns that [`Catalog::query_bound`] would give, without running anything.
    pub async fn columns_bound(&self, sql: &str, values: &[(String, Bound)]) -> Result<SchemaRef, CatalogError> {
        let plan = self.plan_bound(sql, values).await?;
        let physical = self.context.state().create_physical_plan(&plan).await;
        Ok(plain_schema(&physical.map_err(|e| CatalogError::from_engine(&e))?.schema()))
    }

    pub(super) async fn plan_bound(
        &self,
        sql: &str,
        values: &[(String, Bound)],
    ) -> Result<LogicalPlan, CatalogError> {
        let given = values.iter().map(|(name, value)| (name.clone(), ScalarValue::from(value).into()));
        let plan = guard::plan_trusted(&self.context, sql).await.map_err(|e| self.with_hint(e))?;
        plan.with_param_values(ParamValues::Map(given.collect())).map_err(|e| CatalogError::from_engine(&e))
    }

    /// Whether a statement of our own has a row, with `values` in the places of its `$name`s. A value is never SQL, whatever
    /// stands in it; `None` is NULL.
    pub async fn has_row(&self, sql: &str, values: &[(String, Option<String>)]) -> Result<bool, CatalogError> {
        let given = values.iter().map(|(name, value)| (name.clone(), ScalarValue::Utf8(value.clone()).into()));
        let plan = guard::plan_trusted(&self.context, sql).await.map_err(|e| self.with_hint(e))?;
        let plan = plan.with_param_values(ParamValues::Map(given.collect()));
        let mut rows = self.execute(plan.map_err(|e| CatalogError::from_engine(&e))?).await?;
        while let Some(batch) = rows.next().await {
            if batch.map_err(|e| CatalogError::from_engine(&e))?.num_rows() > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Runs every data test of the view set, in the order of their names.
    pub async fn run_checks(&self) -> Vec<CheckReport> {
        let mut reports = Vec::with_capacity(self.checks.len());
        for file in &self.checks {
            reports.push(check::run(self, file).await);
        }
        reports
    }

    /// Plans every view and data test and says which ones cannot be, with the reason.
    ///
    /// # Errors
    /// When the data tests cannot be put together.
    pub async fn problems(&self) -> Result<Vec<Problem>, CatalogError> {
        self.planner.problems().await
    }

    /// `schema.table` of every table and view, sorted; the engine's own schema is left out.
    #[must_use]
    pub fn table_names(&self) -> Vec<String> {
        table_names(self.context.state().catalog_list())
    }

    /// The table or view `schema.table`.
    pub(super) async fn provider(&self, schema: &str, table: &str) -> Result<Arc<dyn TableProvider>, CatalogError> {
        let found = self.context.table_provider(format!("\"{schema}\".\"{table}\"")).await;
        found.map_err(|e| CatalogError::from_engine(&e))
    }

    async fn execute(&self, plan: LogicalPlan) -> Result<SendableRecordBatchStream, CatalogError> {
        let run = async { self.context.execute_logical_plan(plan).await?.execute_stream().await };
        run.await.map_err(|e: DataFusionError| CatalogError::from_engine(&e))
    }

    fn timed_out(&self) -> CatalogError {
        CatalogError::Timeout { seconds: self.limits.timeout.as_secs() }
    }

    /// Words an unknown table: a view may be there, but broken.
    pub(super) fn why_unknown(&self, text: &str) -> String {
        let view = unknown_table(text).and_then(|name| name.strip_prefix("mart."));
        match view.and_then(|view| self.planner.problem(view)) {
            Some(problem) => format!("the view {MART}.{} is broken: {problem}", problem.name),
            None => hint_unknown_table(text, &self.table_names()),
        }
    }

    fn with_hint(&self, error: CatalogError) -> CatalogError {
        match error {
            CatalogError::Query(text) => CatalogError::Query(self.why_unknown(&text)),
            other => other,
        }
    }
}

/// `schema.table` of everything registered, sorted, without the engine's own schema.
pub(crate) fn table_names(catalogs: &Arc<dyn CatalogProviderList>) -> Vec<String> {
    let Some(catalog) = catalogs.catalog(CATALOG) else { return Vec::new() };
    let schemas = catalog.schema_names();
    let mut names: Vec<String> = schemas
        .iter()
        .filter(|schema| *schema != "information_schema")
        .filter_map(|schema| Some((schema, catalog.schema(schema)?)))
        .flat_map(|(schema, tables)| tables.table_names().into_iter().map(move |t| format!("{schema}.{t}")))
        .collect();
    names.sort();
    names
}

/// The name in `table 'lumbung.mart.x' not found`: `mart.x`.
fn unknown_table(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("table '")?;
    let (name, _) = rest.split_once("' not found")?;
    Some(name.strip_prefix(CATALOG).and_then(|n| n.strip_prefix('.')).unwrap_or(name))
}

/// Words `table 'lumbung.mart.x' not found` with the nearest names; other messages stay.
pub(crate) fn hint_unknown_table(text: &str, names: &[String]) -> String {
    let Some(unknown) = unknown_table(text) else { return text.to_owned() };
    let near = nearest(unknown, names);
    let hint = if near.is_empty() { "SHOW TABLES lists them all".to_owned() } else { did_you_mean(&near) };
    format!("unknown table {unknown}; {hint}")
}

fn register_schema(
    context: &SessionContext,
    name: &str,
    schema: Arc<dyn SchemaProvider>,
) -> Result<(), CatalogError> {
    let fail = |error: DataFusionError| CatalogError::from_engine(&error);
    let missing = || DataFusionError::Internal("the session has no default catalog".to_owned());
    let catalog = context.catalog(CATALOG).ok_or_else(missing).map_err(fail)?;
    catalog.register_schema(name, schema).map(drop).map_err(fail)
}

/// The schemas of a session with their tables.
fn schemas(
    tables: Vec<TableSource>,
    memory: Vec<MemoryTable>,
    planner: &Arc<Planner>,
    store: &Arc<CommittedFiles>,
) -> Result<BTreeMap<String, LazySchema>, CatalogError> {
    let new = |name: &str| LazySchema::new(name, planner);
    let mut schemas: BTreeMap<String, LazySchema> = [MART, OPS].map(|name| (name.to_owned(), new(name))).into();
    for table in tables {
        let schema = schemas.entry(table.schema.clone()).or_insert_with_key(|name| new(name));
        let (name, store) = (table.table.clone(), Arc::clone(store));
        if table.schema == HISTORY {
            let make = move || CommittedTable::new(&table, &store).map_err(|e| DataFusionError::External(e.into()));
            schema.add(&name, move || Ok(Arc::new(make()?)));
        } else {
            schema.put(name, Arc::new(CommittedTable::new(&table, &store)?));
        }
    }
    for table in memory {
        let schema = schemas.entry(table.schema.clone()).or_insert_with_key(|name| new(name));
        let MemoryTable { table: name, columns, rows, .. } = table;
        schema.add(&name, move || {
            let batches = match &rows {
                Rows::Held(batches) => batches.clone(),
                Rows::Later(read) => read().map_err(DataFusionError::External)?,
            };
            Ok(Arc::new(MemTable::try_new(Arc::clone(&columns), vec![batches])?))
        });
    }
    Ok(schemas)
}

/// Turns the engine's stream into plain batches; with `limits` it stops at the deadline and at too many rows.
pub(super) fn plain(stream: SendableRecordBatchStream, limits: Option<(Instant, SessionLimits)>) -> QueryResult {
    let schema = plain_schema(&stream.schema());
    let target = Arc::clone(&schema);
    let batches = futures::stream::try_unfold((stream, 0_u64), move |(mut stream, rows)| {
        let (target, limits) = (Arc::clone(&target), limits.clone());
        async move {
            let next = match &limits {
                Some((deadline, limits)) => tokio::time::timeout_at(*deadline, stream.next())
                    .await
                    .map_err(|_| CatalogError::Timeout { seconds: limits.timeout.as_secs() })?,
                None => stream.next().await,
            };
            let Some(batch) = next else { return Ok(None) };
            let batch = batch.map_err(|e| CatalogError::from_engine(&e))?;
            let rows = rows + batch.num_rows() as u64;
            if let Some((_, limits)) = limits.filter(|(_, limits)| rows > limits.rows) {
                return Err(CatalogError::TooManyRows { limit: limits.rows });
            }
            let batch = plain_batch(&batch, &target).map_err(|e| CatalogError::Internal(e.to_string()))?;
            Ok(Some((batch, (stream, rows))))
        }
    });
    QueryResult { schema, batches: batches.boxed() }
}

#[cfg(test)]
mod tests;
