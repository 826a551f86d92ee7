//! A SQL session over what is committed.

use std::sync::Arc;
use std::time::Duration;

use arrow::util::display::array_value_to_string;
use async_trait::async_trait;
use tokio::sync::OnceCell;

use super::exit::Failure;
use super::{Context, cluster};
use crate::catalog::{
    Catalog, KeyColumns, MemoryTable, SessionLimits, SharedEngine, ViewSet, dataset_tables, ledger_tables,
    ledger_tables_of, reference_tables,
};
use crate::contract::Contract;
use crate::load::Loaded;
use crate::reference::Reference;
use crate::warehouse::{AsOf, CommittedSet, Moment, Warehouse};

/// The views of this deployment: embedded, and `queries/` beside the config folder's own.
pub(crate) fn views(context: &Context) -> Result<ViewSet, Failure> {
    let views = ViewSet::embedded();
    Ok(match context.folder.path().map(|folder| folder.join("queries")) {
        Some(queries) if queries.is_dir() => views.with_overrides(&queries)?,
        _ => views,
    })
}

/// A session over the snapshots as of `as_of`.
pub(crate) fn open(context: &Context, warehouse: &Warehouse, as_of: AsOf) -> Result<Catalog, Failure> {
    over(context, warehouse, &context.folder.contracts()?, as_of)
}

/// A session over the datasets of `contracts` as of `as_of`. A broken reference table keeps it from opening: a join
/// against half a list gives figures that look right.
pub(crate) fn over(
    context: &Context,
    warehouse: &Warehouse,
    contracts: &[Contract],
    as_of: AsOf,
) -> Result<Catalog, Failure> {
    let reference = Reference::load(&context.folder)?;
    with_reference(context, warehouse, (contracts, &reference), as_of)
}

/// [`over`] with reference tables that were read before.
pub(crate) fn with_reference(
    context: &Context,
    warehouse: &Warehouse,
    (contracts, reference): (&[Contract], &Reference),
    as_of: AsOf,
) -> Result<Catalog, Failure> {
    build(context, warehouse, (contracts, reference), as_of, &views(context)?)
}

fn build(
    context: &Context,
    warehouse: &Warehouse,
    (contracts, reference): (&[Contract], &Reference),
    as_of: AsOf,
    views: &ViewSet,
) -> Result<Catalog, Failure> {
    within(context, warehouse, (contracts, reference, views), (as_of, limits(context)?))
}

/// What a session of its own may use.
fn limits(context: &Context) -> Result<SessionLimits, Failure> {
    let sql = context.config.sql;
    let limits = SessionLimits {
        timeout: Duration::from_secs(sql.timeout_secs),
        rows: sql.rows_max,
        memory_bytes: usize::try_from(sql.memory_mb.saturating_mul(1 << 20)).unwrap_or(usize::MAX),
        ..SessionLimits::default()
    };
    match &context.cluster {
        Some(address) => cluster::put_into(limits, address, &context.warehouse),
        None => Ok(limits),
    }
}

/// The newest state for the SQL port, within what all its states share. Its mark ([`Warehouse::runs_ended`]) is taken first:
/// what ends meanwhile is in the state and will be looked for once more.
pub(crate) fn newest_state(
    context: &Context,
    warehouse: &Warehouse,
    over: (&[Contract], &Reference, &ViewSet),
    engine: Arc<SharedEngine>,
) -> Result<(u64, Catalog), Failure> {
    let mark = warehouse.runs_ended()?;
    let limits = SessionLimits { engine: Some(engine), ..SessionLimits::default() };
    Ok((mark, within(context, warehouse, over, (AsOf::Latest, limits))?))
}

fn within(
    context: &Context,
    warehouse: &Warehouse,
    (contracts, reference, views): (&[Contract], &Reference, &ViewSet),
    (as_of, limits): (AsOf, SessionLimits),
) -> Result<Catalog, Failure> {
    let files = Arc::new(warehouse.committed_set(as_of)?);
    let memory = ledger_tables(warehouse, &files, as_of);
    assemble(context, (contracts, reference, views), (&files, memory), limits)
}

/// A session over exactly the files of `moment`, whatever was committed or ended since.
pub(crate) fn of_moment(
    context: &Context,
    warehouse: &Warehouse,
    over: (&[Contract], &Reference, &ViewSet),
    moment: &Moment,
) -> Result<Catalog, Failure> {
    let memory = ledger_tables_of(warehouse, moment);
    assemble(context, over, (&moment.files, memory), limits(context)?)
}

fn assemble(
    context: &Context,
    (contracts, reference, views): (&[Contract], &Reference, &ViewSet),
    (files, mut memory): (&CommittedSet, Vec<MemoryTable>),
    limits: SessionLimits,
) -> Result<Catalog, Failure> {
    let mut tables = dataset_tables(files, contracts);
    let (imported, held) = reference_tables(files, reference);
    tables.extend(imported);
    memory.extend(held);
    let key = context.credentials.pii_key(context.config.privacy.key_file.as_deref());
    let keys = KeyColumns::new(contracts, key.map_err(|error| error.to_string()));
    Ok(Catalog::build_with(tables, memory, views, limits)?.with_keys(keys))
}

/// Answers what contracts ask of loaded rows (`for_each`), each time over the newest snapshots.
pub(crate) struct LoadedRows<'a> {
    pub(crate) context: &'a Context,
    pub(crate) warehouse: &'a Warehouse,
}

#[async_trait]
impl Loaded for LoadedRows<'_> {
    async fn rows(&self, sql: &str) -> Result<Vec<Vec<(String, String)>>, String> {
        let catalog = open(self.context, self.warehouse, AsOf::Latest).map_err(|failure| failure.message)?;
        texts(&catalog, sql).await
    }
}

/// Answers several questions over the same snapshots: those of the first one.
pub(crate) struct LoadedOnce<'a> {
    context: &'a Context,
    warehouse: &'a Warehouse,
    catalog: OnceCell<Catalog>,
}

impl<'a> LoadedOnce<'a> {
    pub(crate) fn new(context: &'a Context, warehouse: &'a Warehouse) -> Self {
        Self { context, warehouse, catalog: OnceCell::new() }
    }
}

#[async_trait]
impl Loaded for LoadedOnce<'_> {
    async fn rows(&self, sql: &str) -> Result<Vec<Vec<(String, String)>>, String> {
        let opened = self.catalog.get_or_try_init(async || open(self.context, self.warehouse, AsOf::Latest));
        texts(opened.await.map_err(|failure| failure.message)?, sql).await
    }
}

/// The rows of a query as names and texts; NULL is an empty text.
async fn texts(catalog: &Catalog, sql: &str) -> Result<Vec<Vec<(String, String)>>, String> {
    let result = catalog.query_read_only(sql).await.map_err(|error| error.to_string())?;
    let names: Vec<String> = result.schema.fields().iter().map(|field| field.name().clone()).collect();
    let mut rows = Vec::new();
    for batch in result.collect().await.map_err(|error| error.to_string())? {
        for i in 0..batch.num_rows() {
            let values = batch
                .columns()
                .iter()
                .map(|column| array_value_to_string(column, i).map_err(|error| error.to_string()));
            let values: Vec<String> = values.collect::<Result<_, String>>()?;
            rows.push(names.iter().cloned().zip(values).collect());
        }
    }
    Ok(rows)
}
